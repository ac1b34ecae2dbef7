//! How accounts decide: what was given, what is asked, what follows.

mod holds;
mod limits;
mod model;
mod movements;
mod world;

use domain::{AmountField, Cause, Command, Currency, Event, Money, Refusal, Scope, Version};

use crate::world::*;

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
    let standing = world.standing("a");
    assert_eq!(standing.balance, minor(129_999));
    assert_eq!(standing.transactions, 2);
    assert_eq!(standing.version, Version::new(3));
}

#[test]
fn a_transfer_is_one_event_on_each_side_and_money_is_conserved() {
    let mut world = given(&[create("b", "10"), create("a", "1")]);
    let events = world.when(&transfer("b", "a", "4.50")).unwrap();
    let sent =
        Event::MoneyTransferred { to: id("a"), amount: amount(450), description: None, cause: Cause::Client };
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
    // Limits come before funds.
    let mut world = given(&[create_in("below", "0", Currency::USD, "5"), withdraw("below", "1")]);
    let refusal = world.when(&withdraw("below", "9999999999999.99")).unwrap_err();
    assert!(matches!(refusal, Refusal::BalanceLimit { .. }), "{refusal:?}");
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
    let refusal = world.when(&deposit("b", "99999999999999")).unwrap_err();
    assert!(matches!(refusal, Refusal::InvalidAmount { too_precise: false, .. }));
}

/// Each row breaks one rule more than the row below it; the first rule broken is the answer.
#[test]
fn the_first_rule_broken_is_the_answer() {
    let yen = Currency::parse("JPY").unwrap();
    let mut world = given(&[create("a", "1"), create("b", "1"), create_in("y", "1", yen, "0")]);
    let stale = Some(Version::new(9));
    let told = |refusal: Refusal| {
        let json = serde_json::to_value(&refusal).unwrap();
        (code(&refusal), json["account"].as_str().unwrap_or_default().to_owned())
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
        let (found, account) = told(world.when_at(&command, if_match).unwrap_err());
        assert_eq!((found.as_str(), account.as_str()), expected, "{command:?}");
    }
}

#[test]
fn a_condition_that_holds_changes_nothing_about_the_decision() {
    let mut world = given(&[create("a", "1")]);
    assert!(world.when_at(&deposit("a", "1"), Some(Version::new(1))).is_ok());
    assert!(world.when_at(&create("b", "1"), Some(Version::ZERO)).is_ok());
}

#[test]
fn closing_with_a_sweep_moves_everything_in_the_same_decision() {
    let mut world = given(&[create("a", "10"), create("b", "1")]);
    let events = world.when(&close("a", Some("b"))).unwrap();
    let sent =
        Event::MoneyTransferred { to: id("b"), amount: amount(1000), description: None, cause: Cause::Sweep };
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
        assert_eq!(code(&world.when(&command).unwrap_err()), expected, "{command:?}");
    }
    for command in
        [deposit("debits", "1"), withdraw("credits", "0.50"), transfer("credits", "debits", "0.50")]
    {
        assert!(world.when(&command).is_ok(), "{command:?}");
    }
}
