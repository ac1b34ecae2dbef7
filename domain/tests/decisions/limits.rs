//! Limits: what stops what comes, and never undoes what is.

use domain::{Change, Command, Event, LimitsChange, Money, Refusal};

use crate::world::*;

fn limits(name: &str, change: LimitsChange) -> Command {
    Command::SetLimits { account: id(name), change }
}

fn per_transaction(text: &str) -> LimitsChange {
    LimitsChange { per_transaction: Change::Set(quantity(text)), ..LimitsChange::default() }
}

fn per_day(text: &str) -> LimitsChange {
    LimitsChange { per_day: Change::Set(quantity(text)), ..LimitsChange::default() }
}

#[test]
fn what_is_absent_stays_and_null_lifts() {
    let mut world = given(&[create("a", "10"), limits("a", per_day("5"))]);
    let overdraft = LimitsChange { overdraft_limit: Change::Set(quantity("3")), ..LimitsChange::default() };
    world.when(&limits("a", overdraft)).unwrap();
    let standing = world.standing("a");
    assert_eq!((standing.overdraft_limit, standing.limits.per_day), (minor(300), Some(minor(500))));
    let lift =
        LimitsChange { overdraft_limit: Change::Lift, per_day: Change::Lift, ..LimitsChange::default() };
    let events = world.when(&limits("a", lift)).unwrap();
    let cleared = Event::LimitsSet { overdraft_limit: Money::ZERO, limits: Default::default() };
    assert_eq!(events, [(id("a"), cleared)]);
    assert_eq!(code(&world.when(&limits("a", lift)).unwrap_err()), "no-change");
    assert_eq!(code(&world.when(&limits("a", per_day("0.001"))).unwrap_err()), "invalid-amount");
    assert_eq!(code(&world.when(&limits("z", lift)).unwrap_err()), "account-not-found");
}

#[test]
fn a_debit_by_a_client_is_bounded_at_once_and_by_the_day() {
    let mut world = given(&[
        create("a", "100"),
        create("b", "0"),
        limits("a", per_transaction("10")),
        limits("a", per_day("15")),
    ]);
    for command in [withdraw("a", "10.01"), transfer("a", "b", "10.01"), place_hold("a", "h", "10.01", None)]
    {
        assert_eq!(code(&world.when(&command).unwrap_err()), "transaction-limit", "{command:?}");
    }
    world.when(&withdraw("a", "4")).unwrap();
    world.when(&transfer("a", "b", "5")).unwrap();
    world.when(&place_hold("a", "h", "6", None)).unwrap();
    let refusal = world.when(&withdraw("a", "0.01")).unwrap_err();
    assert!(matches!(refusal, Refusal::DailyLimit { limit, spent, required, .. }
        if (limit, spent, required) == (minor(1500), minor(1500), minor(1))));
    // What was held was counted when it was placed, and is not given back.
    world.when(&capture("a", "h", None, None)).unwrap();
    assert_eq!(world.standing("a").spent, minor(1500));
    world.now = 86_399;
    assert!(world.when(&withdraw("a", "0.01")).is_err());
    world.now = 86_400;
    assert!(world.when(&withdraw("a", "0.01")).is_ok());
    assert_eq!(world.standing("a").spent, minor(1));
}

#[test]
fn what_was_taken_before_a_limit_was_set_counts() {
    let mut world = given(&[create("a", "100"), withdraw("a", "20"), limits("a", per_day("25"))]);
    assert_eq!(code(&world.when(&withdraw("a", "5.01")).unwrap_err()), "daily-limit");
    assert!(world.when(&withdraw("a", "5")).is_ok());
}

#[test]
fn sweeps_and_reversals_are_not_bounded() {
    let mut world = given(&[
        create("a", "100"),
        create("b", "0"),
        deposit("a", "50"),
        limits("a", per_transaction("1")),
        limits("a", per_day("1")),
    ]);
    world.when(&reverse(at(3), None)).unwrap();
    world.when(&close("a", Some("b"))).unwrap();
    assert_eq!((world.balance("b"), world.standing("a").spent), (10_000, Money::ZERO));
}

#[test]
fn credits_stop_at_the_largest_balance() {
    let most = LimitsChange { max_balance: Change::Set(quantity("10")), ..LimitsChange::default() };
    let mut world = given(&[create("a", "9"), create("b", "5"), limits("a", most)]);
    let refusal = world.when(&deposit("a", "1.01")).unwrap_err();
    assert!(matches!(refusal, Refusal::BalanceLimit { limit: Some(limit), .. } if limit == minor(1000)));
    assert_eq!(code(&world.when(&transfer("b", "a", "1.01")).unwrap_err()), "balance-limit");
    assert!(world.when(&deposit("a", "1")).is_ok());
}

#[test]
fn a_lower_bound_than_what_is_blocks_only_what_comes() {
    let lift = LimitsChange { overdraft_limit: Change::Lift, ..LimitsChange::default() };
    let low = LimitsChange { max_balance: Change::Set(quantity("1")), ..LimitsChange::default() };
    let mut world = given(&[
        create_in("a", "0", domain::Currency::USD, "10"),
        place_hold("a", "h", "3", None),
        withdraw("a", "5"),
        limits("a", lift),
        create("rich", "9"),
        limits("rich", low),
    ]);
    assert_eq!(world.standing("a").available(), minor(-800));
    assert_eq!(code(&world.when(&withdraw("a", "0.01")).unwrap_err()), "insufficient-funds");
    // What was promised is kept.
    assert!(world.when(&capture("a", "h", None, None)).is_ok());
    assert!(world.when(&withdraw("rich", "1")).is_ok());
    assert_eq!(code(&world.when(&deposit("rich", "0.01")).unwrap_err()), "balance-limit");
}
