//! Holds: placed, captured, released, over.

use domain::{Cause, Command, Event, HoldChange, HoldEnd, Money, Refusal, Scope, Timestamp};

use crate::world::*;

#[test]
fn a_hold_sets_money_aside_without_moving_it() {
    let mut world = given(&[create("a", "10"), place_hold("a", "h", "6", None)]);
    let standing = world.standing("a");
    assert_eq!(
        (standing.balance, standing.held, standing.available()),
        (minor(1000), minor(600), minor(400))
    );
    assert_eq!(standing.transactions, 0);
    let refusal = world.when(&withdraw("a", "4.01")).unwrap_err();
    assert!(matches!(refusal, Refusal::InsufficientFunds { available, held, .. }
        if available == minor(400) && held == minor(600)));
    assert_eq!(code(&world.when(&place_hold("a", "i", "4.01", None)).unwrap_err()), "insufficient-funds");
    assert!(world.when(&withdraw("a", "4")).is_ok());
}

#[test]
fn a_capture_moves_the_money_and_releases_the_rest() {
    let mut world = given(&[create("a", "10"), create("b", "0"), place_hold("a", "h", "6", None)]);
    let events = world.when(&capture("a", "h", Some("4"), Some("b"))).unwrap();
    let captured =
        Event::HoldCaptured { hold: hold_id("h"), amount: amount(400), held: amount(600), to: Some(id("b")) };
    let sent = Event::MoneyTransferred {
        to: id("b"),
        amount: amount(400),
        description: None,
        cause: Cause::Capture(hold_id("h")),
    };
    let received = Event::TransferReceived { from: id("a"), amount: amount(400) };
    assert_eq!(events, [(id("a"), captured), (id("a"), sent), (id("b"), received)]);
    let standing = world.standing("a");
    assert_eq!((standing.balance, standing.held), (minor(600), Money::ZERO));

    world.when(&place_hold("a", "all", "6", None)).unwrap();
    let events = world.when(&capture("a", "all", None, None)).unwrap();
    assert!(matches!(&events[1].1, Event::MoneyWithdrawn { amount: moved, cause: Cause::Capture(_), .. }
        if *moved == amount(600)));
    assert_eq!(world.balance("a"), 0);
}

#[test]
fn a_hold_ends_once() {
    let mut world = given(&[
        create("a", "10"),
        place_hold("a", "captured", "1", None),
        capture("a", "captured", None, None),
        place_hold("a", "released", "1", None),
        release("a", "released"),
        place_hold("a", "over", "1", Some(5)),
        place_hold("a", "open", "1", None),
    ]);
    world.now = 5;
    for (name, again) in [
        ("captured", "hold-already-settled"),
        ("released", "hold-already-settled"),
        ("over", "hold-expired"),
        ("never", "hold-not-found"),
    ] {
        assert_eq!(code(&world.when(&capture("a", name, None, None)).unwrap_err()), again);
        assert_eq!(code(&world.when(&release("a", name)).unwrap_err()), again);
        if name != "never" {
            assert_eq!(code(&world.when(&place_hold("a", name, "1", None)).unwrap_err()), "hold-exists");
        }
    }
    assert_eq!(code(&world.when(&place_hold("a", "open", "1", None)).unwrap_err()), "hold-exists");
    assert_eq!(code(&world.when(&capture("a", "open", Some("1.01"), None)).unwrap_err()), "hold-exceeded");
    // What is no amount of the currency is so whatever the hold is.
    for wrong in [place_hold("a", "open", "0.001", None), capture("a", "never", Some("0.001"), None)] {
        assert_eq!(code(&world.when(&wrong).unwrap_err()), "invalid-amount");
    }
}

#[test]
fn a_hold_that_is_over_ends_by_an_event_before_the_next_decision() {
    let mut world = given(&[create("a", "10"), place_hold("a", "late", "5", Some(20))]);
    world.when(&place_hold("a", "early", "5", Some(10))).unwrap();
    world.now = 9;
    assert!(world.when(&withdraw("a", "1")).is_err());
    world.now = 20;
    assert!(world.when(&withdraw("a", "10")).is_ok());
    let ended: Vec<_> = world
        .log
        .iter()
        .filter_map(|event| match event.event.hold_change()? {
            HoldChange::Ended(hold, HoldEnd::Expired) => Some((hold.as_str(), event.standing.updated_at)),
            HoldChange::Ended(..) | HoldChange::Placed { .. } => None,
        })
        .collect();
    let at = Timestamp::default().plus_seconds(20);
    assert_eq!(ended, [("early", at), ("late", at)]);
}

#[test]
fn a_freeze_stops_captures_and_new_holds_but_no_release() {
    let mut world = given(&[
        create("a", "10"),
        place_hold("a", "h", "1", None),
        place_hold("a", "i", "1", None),
        freeze("a", Scope::Debits),
    ]);
    assert_eq!(code(&world.when(&capture("a", "h", None, None)).unwrap_err()), "account-frozen");
    assert_eq!(code(&world.when(&place_hold("a", "j", "1", None)).unwrap_err()), "account-frozen");
    assert!(world.when(&release("a", "i")).is_ok());
}

#[test]
fn an_account_with_holds_is_not_closed() {
    let mut world = given(&[create("a", "10"), create("b", "0"), place_hold("a", "h", "1", Some(5))]);
    let refusal = world.when(&close("a", Some("b"))).unwrap_err();
    assert!(matches!(refusal, Refusal::HoldsOpen { holds: 1, held, .. } if held == minor(100)));
    world.now = 5;
    assert!(world.when(&close("a", Some("b"))).is_ok());
}

#[test]
fn an_account_has_a_bounded_number_of_holds() {
    let mut world = given(&[create("a", "1000")]);
    for number in 0..domain::hold::HOLDS_MAX {
        world.when(&place_hold("a", &format!("h{number}"), "0.01", None)).unwrap();
    }
    let more = place_hold("a", "more", "0.01", None);
    assert!(matches!(world.when(&more).unwrap_err(), Refusal::TooManyHolds { holds: 1000, .. }));
    world.when(&release("a", "h7")).unwrap();
    assert!(world.when(&more).is_ok());
}

#[test]
fn a_hold_without_a_name_has_the_commands() {
    let mut world = given(&[create("a", "10")]);
    let mut place = place_hold("a", "x", "1", None);
    if let Command::PlaceHold { hold, .. } = &mut place {
        *hold = None;
    }
    let events = world.when(&place).unwrap();
    assert!(matches!(&events[0].1, Event::HoldPlaced { hold, .. } if hold.as_str() == "c-2"));
}
