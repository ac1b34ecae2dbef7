//! How accounts decide: what was given, what is asked, what follows.

use std::collections::BTreeMap;

use domain::{
    Account, AccountId, Amount, AmountField, Command, Currency, Event, Money, Participants, Quantity,
    Refusal, Timestamp, Version, decide,
};
use proptest::prelude::*;

/// A few accounts and what has happened to them.
#[derive(Default)]
struct World(BTreeMap<AccountId, Account>);

fn id(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

fn minor(minor: i64) -> Money {
    Money::from_minor(minor).unwrap()
}

fn amount(units: i64) -> Amount {
    Amount::new(minor(units)).unwrap()
}

fn create(name: &str, balance: &str) -> Command {
    create_in(name, balance, Currency::USD, "0")
}

fn create_in(name: &str, balance: &str, currency: Currency, overdraft: &str) -> Command {
    Command::CreateAccount {
        account: id(name),
        initial_balance: quantity(balance),
        currency,
        owner: None,
        overdraft_limit: quantity(overdraft),
    }
}

fn deposit(name: &str, text: &str) -> Command {
    Command::Deposit { account: id(name), amount: quantity(text), currency: None, description: None }
}

fn withdraw(name: &str, text: &str) -> Command {
    Command::Withdraw { account: id(name), amount: quantity(text), currency: None, description: None }
}

fn transfer(from: &str, to: &str, text: &str) -> Command {
    Command::Transfer {
        from: id(from),
        to: id(to),
        amount: quantity(text),
        currency: None,
        description: None,
    }
}

fn given(commands: &[Command]) -> World {
    let mut world = World::default();
    for command in commands {
        world.when(command).expect("what is given is possible");
    }
    world
}

impl World {
    fn when(&mut self, command: &Command) -> Result<Vec<(AccountId, Event)>, Refusal> {
        self.when_at(command, None)
    }

    fn when_at(
        &mut self,
        command: &Command,
        if_match: Option<Version>,
    ) -> Result<Vec<(AccountId, Event)>, Refusal> {
        let participants: Vec<(AccountId, Account)> = command
            .accounts()
            .into_iter()
            .map(|account| (account.clone(), self.0.get(&account).cloned().unwrap_or_default()))
            .collect();
        let placed = decide(command, if_match, &Participants(&participants))?;
        let events: Vec<(AccountId, Event)> =
            placed.into_iter().map(|(place, event)| (participants[place].0.clone(), event)).collect();
        for (account, event) in &events {
            self.0.entry(account.clone()).or_default().evolve(account, event, Timestamp::from_micros(1));
        }
        Ok(events)
    }

    fn balance(&self, name: &str) -> i64 {
        match self.0.get(&id(name)) {
            Some(Account::Present(_, standing)) => standing.balance.minor(),
            Some(Account::Absent) | None => panic!("no account {name}"),
        }
    }
}

#[test]
fn an_account_is_created_with_what_it_starts_with() {
    let events = given(&[]).when(&create("a", "1000")).unwrap();
    let created = Event::AccountCreated {
        initial_balance: minor(100_000),
        currency: Currency::USD,
        owner: None,
        overdraft_limit: Money::ZERO,
    };
    assert_eq!(events, [(id("a"), created)]);
}

#[test]
fn deposits_and_withdrawals_move_the_balance_and_count() {
    let world = given(&[create("a", "1000"), deposit("a", "500"), withdraw("a", "200.01")]);
    let Some(Account::Present(_, standing)) = world.0.get(&id("a")) else { panic!("absent") };
    assert_eq!(standing.balance, minor(129_999));
    assert_eq!(standing.transactions, 2);
    assert_eq!(standing.version, Version::new(3));
}

#[test]
fn a_transfer_is_one_event_on_each_side_and_money_is_conserved() {
    let mut world = given(&[create("b", "10"), create("a", "1")]);
    let events = world.when(&transfer("b", "a", "4.50")).unwrap();
    let sent = Event::MoneyTransferred { to: id("a"), amount: amount(450), description: None };
    let received = Event::TransferReceived { from: id("b"), amount: amount(450) };
    assert_eq!(events, [(id("b"), sent), (id("a"), received)]);
    assert_eq!((world.balance("b"), world.balance("a")), (550, 550));
}

#[test]
fn a_withdrawal_beyond_the_available_balance_is_refused_with_the_numbers() {
    let refusal = given(&[create("a", "10")]).when(&withdraw("a", "10.01")).unwrap_err();
    let expected = Refusal::InsufficientFunds {
        account: id("a"),
        currency: Currency::USD,
        balance: minor(1000),
        held: Money::ZERO,
        overdraft_limit: Money::ZERO,
        available: minor(1000),
        required: minor(1001),
        version: Version::new(1),
    };
    assert_eq!(refusal, expected);
}

#[test]
fn an_overdraft_limit_lets_the_balance_go_below_nothing_and_no_further() {
    let mut world = given(&[create_in("a", "10", Currency::USD, "5")]);
    world.when(&withdraw("a", "15")).unwrap();
    assert_eq!(world.balance("a"), -500);
    let refusal = world.when(&withdraw("a", "0.01")).unwrap_err();
    assert!(matches!(refusal, Refusal::InsufficientFunds { available, .. } if available == Money::ZERO));
}

#[test]
fn a_balance_never_leaves_what_can_be_counted_exactly() {
    let mut world = given(&[create("a", "9999999999999.99"), create("b", "1")]);
    for command in [deposit("a", "0.01"), transfer("b", "a", "1")] {
        assert!(matches!(world.when(&command), Err(Refusal::BalanceLimit { .. })), "{command:?}");
    }
}

#[test]
fn amounts_must_be_amounts_of_the_accounts_currency() {
    let yen = Currency::parse("JPY").unwrap();
    let mut world = given(&[create_in("a", "10", yen, "0"), create("b", "10")]);
    for (command, field) in [
        (deposit("a", "1.0"), AmountField::Amount),
        (deposit("b", "0.001"), AmountField::Amount),
        (create_in("c", "0.5", yen, "0"), AmountField::InitialBalance),
        (create_in("a", "0", yen, "0.5"), AmountField::OverdraftLimit),
    ] {
        let refusal = world.when(&command).unwrap_err();
        assert!(
            matches!(refusal, Refusal::InvalidAmount { field: found, too_precise: true, .. } if found == field)
        );
    }
    let refusal = world.when(&deposit("b", "99999999999999999")).unwrap_err();
    assert!(matches!(refusal, Refusal::InvalidAmount { too_precise: false, .. }));
}

/// Each row breaks one rule more than the row below it; the first rule broken is the answer.
#[test]
fn the_first_rule_broken_is_the_answer() {
    let yen = Currency::parse("JPY").unwrap();
    let mut world = given(&[create("a", "1"), create("b", "1"), create_in("y", "1", yen, "0")]);
    let stale = Some(Version::new(9));
    let code = |refusal: Refusal| {
        let json = serde_json::to_value(&refusal).unwrap();
        (json["code"].as_str().unwrap().to_owned(), json["account"].as_str().unwrap_or_default().to_owned())
    };
    let asserted = |currency| Command::Transfer {
        from: id("a"),
        to: id("b"),
        amount: quantity("5"),
        currency: Some(currency),
        description: None,
    };
    for (command, if_match, expected) in [
        (transfer("x", "z", "0.001"), stale, ("account-not-found", "x")),
        (transfer("a", "z", "0.001"), stale, ("account-not-found", "z")),
        (transfer("a", "y", "0.001"), stale, ("invalid-amount", "")),
        (transfer("a", "y", "5"), stale, ("version-mismatch", "a")),
        (transfer("a", "a", "5"), None, ("same-account", "a")),
        (transfer("a", "y", "5"), None, ("currency-mismatch", "y")),
        (asserted(yen), None, ("currency-mismatch", "a")),
        (transfer("a", "b", "5"), None, ("insufficient-funds", "a")),
        (create("a", "5"), stale, ("account-exists", "a")),
        (create("n", "5"), stale, ("version-mismatch", "n")),
    ] {
        let (found, account) = code(world.when_at(&command, if_match).unwrap_err());
        assert_eq!((found.as_str(), account.as_str()), expected, "{command:?}");
    }
}

#[test]
fn a_condition_that_holds_changes_nothing_about_the_decision() {
    let mut world = given(&[create("a", "1")]);
    assert!(world.when_at(&deposit("a", "1"), Some(Version::new(1))).is_ok());
    assert!(world.when_at(&create("b", "1"), Some(Version::ZERO)).is_ok());
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let text = prop::sample::select(vec!["0.01", "1", "2.5", "10", "99.99", "9999999999999.99"]);
    (0..4, name.clone(), name, text).prop_map(|(kind, from, to, text)| match kind {
        0 => create_in(from, text, Currency::USD, "5"),
        1 => deposit(from, text),
        2 => withdraw(from, text),
        _ => transfer(from, to, text),
    })
}

proptest! {
    /// Against a model of balances alone: the same is accepted, money is conserved, versions have no gap.
    #[test]
    fn whatever_is_asked_money_is_conserved(commands in prop::collection::vec(any_command(), 1..60)) {
        const MOST: i64 = domain::money::MONEY_MAX;
        let mut world = World::default();
        let mut model: BTreeMap<String, i64> = BTreeMap::new();
        for command in &commands {
            let fits = |balance: i64, change: i64| (-500..=MOST).contains(&(balance + change));
            let moves: Option<Vec<(String, i64)>> = match command {
                Command::CreateAccount { account, initial_balance, .. } => {
                    let start = initial_balance.in_currency(Currency::USD).unwrap().minor();
                    (!model.contains_key(account.as_str())).then(|| vec![(account.to_string(), start)])
                }
                Command::Deposit { account, amount, .. } => {
                    Some(vec![(account.to_string(), amount.in_currency(Currency::USD).unwrap().minor())])
                }
                Command::Withdraw { account, amount, .. } => {
                    Some(vec![(account.to_string(), -amount.in_currency(Currency::USD).unwrap().minor())])
                }
                Command::Transfer { from, to, amount, .. } => {
                    let amount = amount.in_currency(Currency::USD).unwrap().minor();
                    (from != to).then(|| vec![(from.to_string(), -amount), (to.to_string(), amount)])
                }
            };
            let creates = matches!(command, Command::CreateAccount { .. });
            let possible = moves.filter(|moves| moves.iter().all(|(account, change)| {
                creates || model.get(account).is_some_and(|balance| fits(*balance, *change))
            }));
            let before = world.0.clone();
            let decided = world.when(command);
            prop_assert_eq!(decided.is_ok(), possible.is_some(), "{:?} {:?}", command, decided);
            match possible {
                Some(moves) => for (account, change) in moves { *model.entry(account).or_default() += change; },
                None => prop_assert_eq!(&before, &world.0, "a refusal changes nothing"),
            }
            for (account, balance) in &model {
                prop_assert_eq!(world.balance(account), *balance);
            }
        }
    }
}
