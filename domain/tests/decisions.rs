//! How accounts decide: what was given, what is asked, what follows.

use std::collections::BTreeMap;

use domain::{
    Account, AccountId, Amount, AmountField, Command, Currency, Event, Money, Participants, Quantity,
    Refusal, Scope, Timestamp, Version, decide,
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

fn freeze(name: &str, scope: Scope) -> Command {
    Command::FreezeAccount { account: id(name), scope, reason: None }
}

fn unfreeze(name: &str, scope: Scope) -> Command {
    Command::UnfreezeAccount { account: id(name), scope, reason: None }
}

fn close(name: &str, sweep_to: Option<&str>) -> Command {
    Command::CloseAccount { account: id(name), sweep_to: sweep_to.map(id), reason: None }
}

fn reopen(name: &str) -> Command {
    Command::ReopenAccount { account: id(name), reason: None }
}

#[test]
fn closing_with_a_sweep_moves_everything_in_the_same_decision() {
    let mut world = given(&[create("a", "10"), create("b", "1")]);
    let events = world.when(&close("a", Some("b"))).unwrap();
    let sent = Event::MoneyTransferred { to: id("b"), amount: amount(1000), description: None };
    let received = Event::TransferReceived { from: id("a"), amount: amount(1000) };
    let closed = Event::AccountClosed { reason: None };
    assert_eq!(events, [(id("a"), sent), (id("b"), received), (id("a"), closed)]);
    assert_eq!((world.balance("a"), world.balance("b")), (0, 1100));
    let events = world.when(&reopen("a")).unwrap();
    assert_eq!(events, [(id("a"), Event::AccountReopened { reason: None })]);
    assert!(world.when(&deposit("a", "1")).is_ok());
}

#[test]
fn what_the_status_forbids_is_refused_by_name_and_comes_before_funds() {
    let (all, debits, credits) = (Scope::All, Scope::Debits, Scope::Credits);
    let mut world = given(&[
        create("a", "1"),
        create("debits", "1"),
        freeze("debits", debits),
        create("credits", "1"),
        freeze("credits", credits),
        create("closed", "0"),
        close("closed", None),
        create_in("below", "0", Currency::USD, "5"),
        withdraw("below", "1"),
    ]);
    for (command, expected) in [
        (withdraw("debits", "5"), "account-frozen"),
        (deposit("credits", "1"), "account-frozen"),
        (transfer("debits", "a", "5"), "account-frozen"),
        (transfer("a", "credits", "5"), "account-frozen"),
        (transfer("a", "closed", "5"), "account-closed"),
        (deposit("closed", "1"), "account-closed"),
        (freeze("closed", all), "account-closed"),
        (unfreeze("closed", all), "account-closed"),
        (freeze("debits", debits), "no-change"),
        (unfreeze("debits", credits), "no-change"),
        (unfreeze("a", all), "no-change"),
        (close("closed", None), "no-change"),
        (close("closed", Some("a")), "no-change"),
        (reopen("a"), "no-change"),
        (close("a", None), "account-not-empty"),
        (close("below", Some("a")), "account-not-empty"),
        (close("debits", Some("a")), "account-frozen"),
        (close("credits", None), "account-frozen"),
        (close("a", Some("credits")), "account-frozen"),
        (close("a", Some("closed")), "account-closed"),
        (close("a", Some("a")), "same-account"),
        (close("a", Some("nobody")), "account-not-found"),
    ] {
        let refusal = serde_json::to_value(world.when(&command).unwrap_err()).unwrap();
        assert_eq!(refusal["code"], expected, "{command:?}");
    }
    for command in
        [deposit("debits", "1"), withdraw("credits", "0.50"), transfer("credits", "debits", "0.50")]
    {
        assert!(world.when(&command).is_ok(), "{command:?}");
    }
}

fn any_command() -> impl Strategy<Value = Command> {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let text = prop::sample::select(vec!["0.01", "1", "2.5", "10", "99.99", "9999999999999.99"]);
    let scope = prop::sample::select(Scope::ALL.to_vec());
    (0..16, name.clone(), name, text, scope).prop_map(|(kind, from, to, text, scope)| match kind {
        0..3 => create_in(from, text, Currency::USD, "5"),
        3..6 => deposit(from, text),
        6..9 => withdraw(from, text),
        9..11 => transfer(from, to, text),
        11 => freeze(from, scope),
        12 => unfreeze(from, scope),
        13 => close(from, Some(to)),
        14 => close(from, None),
        _ => reopen(from),
    })
}

/// An account, told again in as few words as possible.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Model {
    balance: i64,
    no_debits: bool,
    no_credits: bool,
    closed: bool,
}

type Models = BTreeMap<AccountId, Model>;

impl Model {
    /// Moves money, if that is possible.
    fn add(&mut self, change: i64) -> Option<()> {
        let frozen = if change < 0 { self.no_debits } else { self.no_credits };
        self.balance += change;
        (!frozen && !self.closed && (-500..=domain::money::MONEY_MAX).contains(&self.balance)).then_some(())
    }

    fn set(&mut self, scope: Scope, frozen: bool) -> Option<()> {
        let before = *self;
        self.no_debits = if scope == Scope::Credits { self.no_debits } else { frozen };
        self.no_credits = if scope == Scope::Debits { self.no_credits } else { frozen };
        (!self.closed && *self != before).then_some(())
    }
}

/// What a command does to the model; nothing where it is impossible.
fn model(models: &Models, command: &Command) -> Option<Models> {
    let cents = |amount: &Quantity| amount.in_currency(Currency::USD).unwrap().minor();
    let mut after = models.clone();
    match command {
        Command::CreateAccount { account, initial_balance, .. } => {
            let created = Model { balance: cents(initial_balance), ..Model::default() };
            after.insert(account.clone(), created).is_none().then_some(())?;
        }
        Command::Deposit { account, amount, .. } => after.get_mut(account)?.add(cents(amount))?,
        Command::Withdraw { account, amount, .. } => after.get_mut(account)?.add(-cents(amount))?,
        Command::Transfer { from, to, amount, .. } => {
            (from != to).then_some(())?;
            after.get_mut(from)?.add(-cents(amount))?;
            after.get_mut(to)?.add(cents(amount))?;
        }
        Command::FreezeAccount { account, scope, .. } => after.get_mut(account)?.set(*scope, true)?,
        Command::UnfreezeAccount { account, scope, .. } => after.get_mut(account)?.set(*scope, false)?,
        Command::CloseAccount { account, sweep_to, .. } => {
            let balance = after.get(account)?.balance;
            if let Some(to) = sweep_to {
                (account != to && after.contains_key(to)).then_some(())?;
                if balance > 0 {
                    after.get_mut(account)?.add(-balance)?;
                    after.get_mut(to)?.add(balance)?;
                }
            }
            let closing = after.get_mut(account)?;
            let frozen = closing.no_debits || closing.no_credits;
            (closing.balance == 0 && !frozen && !closing.closed).then_some(())?;
            *closing = Model { closed: true, ..Model::default() };
        }
        Command::ReopenAccount { account, .. } => {
            let closed = after.get_mut(account)?;
            closed.closed.then_some(())?;
            *closed = Model::default();
        }
    }
    Some(after)
}

proptest! {
    /// Against the model: the same is accepted, balances are the same, and so money is conserved.
    #[test]
    fn whatever_is_asked_money_is_conserved(commands in prop::collection::vec(any_command(), 1..60)) {
        let mut world = World::default();
        let mut models = Models::new();
        for command in &commands {
            let possible = model(&models, command);
            let before = world.0.clone();
            let decided = world.when(command);
            prop_assert_eq!(decided.is_ok(), possible.is_some(), "{:?} {:?}", command, decided);
            match possible {
                Some(after) => models = after,
                None => prop_assert_eq!(&before, &world.0, "a refusal changes nothing"),
            }
            for (account, model) in &models {
                prop_assert_eq!(world.balance(account.as_str()), model.balance);
            }
        }
    }
}
