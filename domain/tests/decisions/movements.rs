//! Reversals, and several movements in one decision.

use domain::{Cause, Command, CommandId, Currency, Event, Money, Refusal, Scope, Sequence, Target};

use crate::world::*;

fn of(command: &str) -> Target {
    Target::Command(CommandId::parse(command).unwrap())
}

#[test]
fn movements_go_back_the_way_they_came() {
    let mut world = given(&[
        create("a", "10"),
        create("b", "0"),
        deposit("a", "5"),
        withdraw("a", "2"),
        transfer("a", "b", "3"),
    ]);
    let events = world.when(&reverse(of("c-5"), None)).unwrap();
    let sent = Event::MoneyTransferred {
        to: id("a"),
        amount: amount(300),
        description: None,
        cause: Cause::Reversal { of: Sequence::new(5), total: minor(300) },
    };
    assert_eq!(
        events,
        [(id("b"), sent), (id("a"), Event::TransferReceived { from: id("b"), amount: amount(300) })]
    );
    world.when(&reverse(of("c-4"), None)).unwrap();
    world.when(&reverse(at(3), None)).unwrap();
    assert_eq!((world.balance("a"), world.balance("b")), (1000, 0));
    for target in [of("c-3"), of("c-4"), at(5), at(6)] {
        assert_eq!(code(&world.when(&reverse(target, None)).unwrap_err()), "already-reversed");
    }
}

#[test]
fn never_more_goes_back_than_is_left() {
    let mut world = given(&[create("a", "10"), deposit("a", "5")]);
    world.when(&reverse(at(2), Some("2"))).unwrap();
    let yen = Currency::parse("JPY");
    let asserting = Command::Reverse { target: at(2), amount: None, currency: yen, reason: None };
    assert_eq!(code(&world.when(&asserting).unwrap_err()), "currency-mismatch");
    let refusal = world.when(&reverse(at(2), Some("3.01"))).unwrap_err();
    assert!(matches!(refusal, Refusal::AlreadyReversed { amount, reversed, required, .. }
        if (amount, reversed, required) == (minor(500), minor(200), minor(301))));
    let events = world.when(&reverse(at(2), None)).unwrap();
    let rest = Cause::Reversal { of: Sequence::new(2), total: minor(500) };
    assert!(matches!(&events[0].1, Event::MoneyWithdrawn { amount: back, cause, .. }
        if *back == amount(300) && *cause == rest));
    assert_eq!(world.balance("a"), 1000);
    // What is all back is so whatever else is wrong.
    assert_eq!(code(&world.when(&asserting).unwrap_err()), "already-reversed");
}

#[test]
fn a_reversal_needs_funds_and_accounts_that_move() {
    let mut world = given(&[create("a", "0"), create("b", "5"), deposit("a", "5"), withdraw("a", "1")]);
    assert_eq!(code(&world.when(&reverse(at(3), None)).unwrap_err()), "insufficient-funds");
    world.when(&freeze("a", Scope::Credits)).unwrap();
    assert_eq!(code(&world.when(&reverse(at(4), None)).unwrap_err()), "account-frozen");
    assert!(world.when(&reverse(at(3), Some("4"))).is_ok());
}

#[test]
fn what_is_no_movement_of_money_is_not_reversible() {
    let mut world = given(&[
        create("a", "10"),
        create("b", "0"),
        deposit("a", "1"),
        reverse(at(3), None),
        place_hold("a", "h", "4", None),
        capture("a", "h", Some("3"), Some("b")),
        place_hold("a", "i", "1", None),
    ]);
    for (target, expected) in [
        (at(1), "not-reversible"),
        (of("c-1"), "not-reversible"),
        (of("c-4"), "not-reversible"),
        (at(5), "not-reversible"),
        (at(99), "event-not-found"),
        (of("nothing"), "command-not-found"),
    ] {
        assert_eq!(code(&world.when(&reverse(target.clone(), None)).unwrap_err()), expected, "{target:?}");
    }
    // A capture is: its movement goes back, the hold does not come again.
    world.when(&reverse(at(6), None)).unwrap();
    assert_eq!((world.balance("a"), world.balance("b"), world.standing("a").held), (1000, 0, minor(100)));
}

#[test]
fn postings_are_decided_in_order_on_what_the_ones_before_leave() {
    let mut world = given(&[create("a", "5"), create("b", "0"), create("c", "0")]);
    let through = post(&[("a", "b", "5"), ("b", "c", "4"), ("c", "a", "1")]);
    let events = world.when(&through).unwrap();
    assert_eq!(events.len(), 6);
    assert_eq!((world.balance("a"), world.balance("b"), world.balance("c")), (100, 100, 300));
    let before = world.accounts.clone();
    for (postings, expected) in [
        (&[("a", "b", "1"), ("b", "z", "1")][..], "account-not-found"),
        (&[("a", "b", "1"), ("b", "c", "0.001")], "invalid-amount"),
        (&[("a", "b", "1"), ("b", "b", "1")], "same-account"),
        (&[("a", "b", "1"), ("b", "c", "2.01")], "insufficient-funds"),
    ] {
        assert_eq!(code(&world.when(&post(postings)).unwrap_err()), expected, "{postings:?}");
    }
    assert_eq!(before, world.accounts);
    let part = |text| reverse(of("c-4"), Some(text));
    assert_eq!(code(&world.when(&part("1")).unwrap_err()), "not-reversible");
    assert_eq!(code(&world.when(&part("0.001")).unwrap_err()), "invalid-amount");
    world.when(&reverse(of("c-4"), None)).unwrap();
    assert_eq!((world.balance("a"), world.balance("b"), world.balance("c")), (500, 0, 0));
    assert_eq!(code(&world.when(&part("1")).unwrap_err()), "already-reversed");
    assert_eq!(world.standing("a").held, Money::ZERO);
}
