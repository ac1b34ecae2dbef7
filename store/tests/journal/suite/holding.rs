//! What stands beside the log: holds, limits, reversals.

use domain::{Cause, Change, HoldEnd, HoldId, HoldRecord, LimitsChange, Money, Target};

use super::appending::opened;
use store::JournalError;

use super::*;

fn hold_id(name: &str) -> HoldId {
    HoldId::parse(name).unwrap()
}

pub fn place(account: &str, hold: &str, amount: u32, expires_in: Option<u32>) -> Command {
    Command::PlaceHold {
        account: account_id(account),
        hold: Some(hold_id(hold)),
        amount: quantity(amount),
        currency: None,
        expires_in,
        description: Some("room \"7\"".into()),
    }
}

pub fn capture(account: &str, hold: &str, to: Option<&str>) -> Command {
    Command::CaptureHold {
        account: account_id(account),
        hold: hold_id(hold),
        amount: Some(quantity(1)),
        currency: None,
        to: to.map(account_id),
        description: None,
    }
}

pub fn release(account: &str, hold: &str) -> Command {
    Command::ReleaseHold { account: account_id(account), hold: hold_id(hold), reason: None }
}

async fn account(journal: &dyn Journal, id: &str) -> Account {
    journal.load(&[account_id(id)]).await.unwrap().remove(0).account
}

pub async fn open_holds_are_loaded_with_their_account(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![
        book.unit("k-1", place("a", "h", 2, Some(60))),
        book.unit("k-2", place("a", "i", 3, None)),
        // Placed and over in one batch.
        book.unit("k-3", place("a", "j", 1, None)),
        book.unit("k-4", release("a", "j")),
    ];
    book.commit(&*journal, units).await;
    assert_eq!(account(&*journal, "a").await, book.account("a"));
    let units = vec![book.unit("k-5", capture("a", "h", Some("b")))];
    book.commit(&*journal, units).await;
    let Account::Present(_, standing, holds) = account(&*journal, "a").await else { panic!("no account") };
    assert_eq!(Account::Present(book_profile(&book), standing, holds.clone()), book.account("a"));
    assert_eq!(holds.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["i"]);
    folded(&everything(&*journal).await);
}

fn book_profile(book: &Book) -> Arc<domain::Profile> {
    match book.account("a") {
        Account::Present(profile, ..) => profile,
        Account::Absent => panic!("no account"),
    }
}

pub async fn what_became_of_a_hold_is_known(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![
        book.unit("k-1", place("a", "open", 1, None)),
        book.unit("k-2", place("a", "captured", 1, None)),
        book.unit("k-3", capture("a", "captured", None)),
        book.unit("k-4", place("a", "released", 1, None)),
        book.unit("k-5", release("a", "released")),
    ];
    book.commit(&*journal, units).await;
    for (id, name, expected) in [
        ("a", "open", Some(HoldRecord::Open)),
        ("a", "captured", Some(HoldRecord::Ended(HoldEnd::Captured))),
        ("a", "released", Some(HoldRecord::Ended(HoldEnd::Released))),
        ("a", "never", None),
        ("b", "open", None),
        ("nobody", "open", None),
    ] {
        let known = journal.hold(&account_id(id), &hold_id(name)).await.unwrap();
        assert_eq!(known, expected, "{name} of {id}");
    }
}

pub async fn the_holds_that_are_over_first_are_found(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![
        book.unit("k-1", place("a", "late", 1, Some(600))),
        book.unit("k-2", place("b", "early", 1, Some(60))),
        book.unit("k-3", place("a", "never", 1, None)),
        book.unit("k-4", place("a", "gone", 1, Some(1))),
        book.unit("k-5", release("a", "gone")),
    ];
    book.commit(&*journal, units).await;
    let (now, deadlines) = journal.hold_deadlines(10).await.unwrap();
    assert!(now.as_micros().abs_diff(journal.now().await.unwrap().as_micros()) < 20_000_000);
    assert_eq!(deadlines.iter().map(|(_, id)| id.as_str()).collect::<Vec<_>>(), ["b", "a"]);
    let Account::Present(_, _, holds) = book.account("b") else { panic!("no account") };
    let expires_at = holds.get(&hold_id("early")).and_then(|hold| hold.expires_at);
    assert_eq!(deadlines.first().map(|(at, _)| *at), expires_at);
    assert_eq!(journal.hold_deadlines(1).await.unwrap().1.len(), 1);
}

pub async fn a_hold_ends_once_and_is_kept(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![book.unit("k-1", place("a", "h", 1, None)), book.unit("k-2", place("a", "i", 1, None))];
    book.commit(&*journal, units).await;
    let units = vec![book.unit("k-3", release("a", "h"))];
    book.commit(&*journal, units).await;
    let table = fixture.append_only()[0].0.replace("events", "holds");
    for change in [
        format!("DELETE FROM {table}"),
        format!("UPDATE {table} SET amount = 1 WHERE hold_id = 'i'"),
        format!("UPDATE {table} SET ended_sequence = NULL, ended_as = NULL WHERE hold_id = 'h'"),
    ] {
        assert!(fixture.execute(&change).await.is_err(), "{change}");
    }
    assert_eq!(account(&*journal, "a").await, book.account("a"));
    // Nothing is decided on what was changed all the same.
    fixture.unlock().await;
    fixture.execute(&format!("UPDATE {table} SET amount = 1000 WHERE hold_id = 'i'")).await.unwrap();
    let loaded = journal.load(&[account_id("a")]).await;
    assert!(matches!(loaded, Err(JournalError::Damaged(_))), "{loaded:?}");
}

pub async fn limits_and_what_was_spent_come_back(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let change = LimitsChange {
        overdraft_limit: Change::Set(quantity(3)),
        per_day: Change::Set(quantity(5)),
        ..LimitsChange::default()
    };
    let units = vec![
        book.unit("k-1", Command::SetLimits { account: account_id("a"), change }),
        book.withdraw("k-2", "a", 2),
    ];
    book.commit(&*journal, units).await;
    let loaded = account(&*journal, "a").await;
    assert_eq!(loaded, book.account("a"));
    let Account::Present(_, standing, _) = loaded else { panic!("no account") };
    assert_eq!(standing.spent, Money::from_minor(200).unwrap());
    assert_eq!(standing.limits.per_day, Money::from_minor(500));
    folded(&everything(&*journal).await);
}

pub async fn the_last_reversal_says_how_much_is_reversed(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![book.transfer("k-1", "a", "b", 5)];
    let commit = book.commit(&*journal, units).await;
    assert!(journal.last_reversal(commit.first).await.unwrap().is_none());
    for (number, expected) in [(2, 100), (3, 200)] {
        let events = journal.read(Sequence::ZERO, 100, &EventFilter::default()).await.unwrap();
        let target = Target::Event(commit.first);
        let of_transfer: Vec<_> =
            events.into_iter().filter(|event| event.command_id == command_id("k-1")).collect();
        book.reversed = Found::among(&target, &of_transfer);
        let known = journal.last_reversal(commit.first).await.unwrap();
        if let (Found::Movements(movements), Some(known)) = (&mut book.reversed, known)
            && let Some(Cause::Reversal { total, .. }) = known.event.cause()
        {
            movements[0].reversed = *total;
        }
        let amount = Some(quantity(1));
        let reversal = Command::Reverse { target, amount, currency: None, reason: None };
        let units = vec![book.unit(&format!("k-{number}"), reversal)];
        book.commit(&*journal, units).await;
        let last = journal.last_reversal(commit.first).await.unwrap().expect("a reversal");
        let total = Money::from_minor(expected).unwrap();
        assert_eq!(last.event.cause(), Some(&Cause::Reversal { of: commit.first, total }));
    }
}
