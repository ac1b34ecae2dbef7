//! Holds, reversals and batches on a real log, with others at the same time.

mod stores;

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::System;
use actors::{Answer, Failure, Ledger, Settings};
use domain::{
    Account, AccountId, Command, CommandId, Currency, Event, HoldId, Posting, Quantity, Refusal, Request,
    Sequence, Standing, Target,
};
use futures_util::future::{join, join_all};
use store::{EventFilter, Journal};
use tempfile::TempDir;
use uuid::Uuid;

use crate::stores::{journal, views};

fn settings() -> Settings {
    Settings {
        shards: 2,
        commands_in_flight_max: 4096,
        residents_max: 1000,
        feed_timeout: Duration::from_secs(30),
        audit: true,
    }
}

async fn ledger(folder: &TempDir) -> Ledger {
    Ledger::start(journal(folder), views(folder), &settings()).await.unwrap()
}

fn id(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

fn request(command: Command) -> Request {
    Request {
        id: CommandId::from(Uuid::now_v7()),
        keyed: false,
        command,
        if_match: None,
        metadata: None,
        correlation: None,
        trace: None,
        batch: None,
    }
}

fn create(name: &str, balance: &str) -> Request {
    request(Command::CreateAccount {
        account: id(name),
        initial_balance: quantity(balance),
        currency: Currency::USD,
        owner: None,
        overdraft_limit: Quantity::ZERO,
    })
}

fn deposit(name: &str, text: &str) -> Request {
    let amount = quantity(text);
    request(Command::Deposit { account: id(name), amount, currency: None, description: None })
}

fn withdraw(name: &str, text: &str) -> Request {
    let amount = quantity(text);
    request(Command::Withdraw { account: id(name), amount, currency: None, description: None })
}

fn transfer(from: &str, to: &str, text: &str) -> Request {
    let amount = quantity(text);
    request(Command::Transfer { from: id(from), to: id(to), amount, currency: None, description: None })
}

fn place(name: &str, hold: &str, text: &str, expires_in: Option<u32>) -> Request {
    request(Command::PlaceHold {
        account: id(name),
        hold: Some(HoldId::parse(hold).unwrap()),
        amount: quantity(text),
        currency: None,
        expires_in,
        description: None,
    })
}

fn capture(name: &str, hold: &str) -> Request {
    request(Command::CaptureHold {
        account: id(name),
        hold: HoldId::parse(hold).unwrap(),
        amount: None,
        currency: None,
        to: None,
        description: None,
    })
}

fn reverse(target: Target, text: Option<&str>) -> Request {
    request(Command::Reverse { target, amount: text.map(quantity), currency: None, reason: None })
}

fn post(postings: &[(&str, &str, &str)]) -> Request {
    let posting = |(from, to, text): &(&str, &str, &str)| Posting {
        from: id(from),
        to: id(to),
        amount: quantity(text),
    };
    let postings = postings.iter().map(posting).collect();
    request(Command::Post { postings, currency: None, description: None })
}

fn accepted(answer: Result<Answer, Failure>) -> Sequence {
    match answer {
        Ok(Answer::Accepted(accepted)) => accepted.events[0].sequence,
        other => panic!("not accepted: {other:?}"),
    }
}

/// `ok`, or the code of the refusal.
fn told(answer: &Result<Answer, Failure>) -> String {
    match answer {
        Ok(Answer::Accepted(_)) => "ok".to_owned(),
        Ok(Answer::Refused(refused)) => {
            serde_json::to_value(&refused.refusal).unwrap()["code"].as_str().unwrap().to_owned()
        }
        Err(failure) => failure.to_string(),
    }
}

async fn standing(journal: &dyn Journal, name: &str) -> Standing {
    match &journal.load(&[id(name)]).await.unwrap()[0].account {
        Account::Present(_, standing, _) => *standing,
        Account::Absent => panic!("no account {name}"),
    }
}

#[test]
fn of_many_that_end_a_hold_at_the_same_time_one_does() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("a", "100")).await);
        for round in 0..20 {
            let hold = format!("h-{round}");
            accepted(ledger.execute(place("a", &hold, "1", None)).await);
            let answers = join_all((0..8).map(|_| ledger.execute(capture("a", &hold)))).await;
            let mut outcomes: Vec<String> = answers.iter().map(told).collect();
            outcomes.sort();
            assert_eq!(outcomes[..7], ["hold-already-settled"; 7]);
            assert_eq!(outcomes[7], "ok");
            // Its name is taken for ever.
            let again = join_all((0..4).map(|_| ledger.execute(place("a", &hold, "1", None)))).await;
            assert_eq!(again.iter().map(told).collect::<Vec<_>>(), ["hold-exists"; 4]);
        }
        let standing = standing(ledger.journal(), "a").await;
        assert_eq!((standing.balance.minor(), standing.held.minor()), (8_000, 0));
    });
}

#[test]
fn of_many_that_reverse_a_transfer_at_the_same_time_no_more_goes_back_than_it_moved() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("a", "100")).await);
        accepted(ledger.execute(create("b", "100")).await);
        for _ in 0..10 {
            let moved = accepted(ledger.execute(transfer("a", "b", "10")).await);
            let whole_or_part = |n: u32| reverse(Target::Event(moved), n.is_multiple_of(2).then_some("3"));
            let answers = join_all((0..8).map(|n| ledger.execute(whole_or_part(n)))).await;
            assert!(answers.iter().all(|answer| matches!(&*told(answer), "ok" | "already-reversed")));
            let last = ledger.journal().last_reversal(moved).await.unwrap().expect("a reversal");
            assert!(last.event.cause().is_some());
            // One without an amount takes whatever was left, so all of it is back.
            let standing = standing(ledger.journal(), "a").await;
            assert_eq!(standing.balance.minor(), 10_000);
        }
    });
}

#[test]
fn a_hold_that_nobody_asks_for_ends_when_its_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        {
            let ledger = ledger(&folder).await;
            accepted(ledger.execute(create("a", "10")).await);
            accepted(ledger.execute(place("a", "h", "4", Some(1))).await);
            ledger.stop();
        }
        // Not even by the process that placed it.
        let ledger = ledger(&folder).await;
        let deadline = Instant::now() + Duration::from_secs(20);
        while standing(ledger.journal(), "a").await.held.minor() != 0 {
            assert!(Instant::now() < deadline, "the hold never ends");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let events = ledger.journal().read(Sequence::ZERO, 10, &EventFilter::default()).await.unwrap();
        assert!(matches!(events[2].event, Event::HoldExpired { .. }));
        assert_eq!(events[2].command_id.as_str(), "expire a h");
        assert!(ledger.journal().hold_deadlines(1).await.unwrap().1.is_empty());
        assert_eq!(told(&ledger.execute(capture("a", "h")).await), "hold-expired");
    });
}

#[test]
fn a_posting_moves_between_many_accounts_or_none() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        let names: Vec<String> = (0..100).map(|n| format!("a-{n:03}")).collect();
        let created = join_all(names.iter().map(|name| ledger.execute(create(name, "10")))).await;
        assert_eq!(created.iter().map(told).collect::<Vec<_>>(), ["ok"; 100]);
        // Around in a circle, both ways at once.
        let around: Vec<(&str, &str, &str)> =
            (0..100).map(|n| (&*names[n], &*names[(n + 1) % 100], "1")).collect();
        let back: Vec<(&str, &str, &str)> =
            (0..100).map(|n| (&*names[(n + 1) % 100], &*names[n], "1")).collect();
        let both = (0..20).map(|n| ledger.execute(post(if n % 2 == 0 { &around } else { &back })));
        assert_eq!(join_all(both).await.iter().map(told).collect::<Vec<_>>(), ["ok"; 20]);
        let broken = [("a-000", "a-001", "1"), ("a-001", "a-002", "99")];
        assert_eq!(told(&ledger.execute(post(&broken)).await), "insufficient-funds");
        for name in &names {
            assert_eq!(standing(ledger.journal(), name).await.balance.minor(), 1000);
        }
    });
}

#[test]
fn a_batch_is_decided_in_order_and_each_item_has_its_answer() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        let keyed = |mut request: Request, key: &str| {
            (request.id, request.keyed) = (CommandId::parse(key).unwrap(), true);
            request
        };
        let items = || {
            vec![
                create("a", "0"),
                create("b", "0"),
                withdraw("a", "1"),
                keyed(deposit("a", "5"), "k"),
                transfer("a", "b", "4"),
                withdraw("b", "4"),
                transfer("b", "a", "0.01"),
                keyed(deposit("a", "5"), "k"),
                place("a", "h", "1", None),
                capture("a", "h"),
                capture("a", "h"),
                keyed(deposit("a", "6"), "k"),
                keyed(deposit("a", "3"), "back"),
                reverse(Target::Command(CommandId::parse("back").unwrap()), None),
                reverse(Target::Command(CommandId::parse("back").unwrap()), None),
                keyed(withdraw("a", "1"), "refused"),
                reverse(Target::Command(CommandId::parse("refused").unwrap()), None),
            ]
        };
        let expected = [
            "ok",
            "ok",
            "insufficient-funds",
            "ok",
            "ok",
            "ok",
            "insufficient-funds",
            "ok",
            "ok",
            "ok",
            "hold-already-settled",
            "the idempotency key was used for another command",
            "ok",
            "ok",
            "already-reversed",
            "insufficient-funds",
            "not-reversible",
        ];
        let previewed = ledger.preview_batch(items()).await.unwrap();
        assert_eq!(previewed.iter().map(told).collect::<Vec<_>>(), expected);
        assert_eq!(ledger.journal().head().await.unwrap().last, Sequence::ZERO);
        let answers = ledger.execute_batch(items()).await.unwrap();
        assert_eq!(answers.iter().map(told).collect::<Vec<_>>(), expected);
        let standing = standing(ledger.journal(), "a").await;
        assert_eq!((standing.balance.minor(), standing.held.minor()), (0, 0));

        let many = (0..1000).map(|n| if n % 3 == 0 { transfer("b", "a", "1") } else { deposit("b", "1") });
        let answers = ledger.execute_batch(many.collect()).await.unwrap();
        assert_eq!(told(&answers[0]), "insufficient-funds");
        assert!(answers[1..].iter().all(|answer| told(answer) == "ok"));
    });
}

/// Of the one that comes second nothing is done, not even what the first one has not.
#[test]
fn of_two_batches_at_once_under_one_key_one_is_done() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("a", "0")).await);
        for round in 0..20 {
            let key = CommandId::parse(&format!("batch-{round}")).unwrap();
            let batch = |items: usize| {
                let item = |place| Request {
                    id: CommandId::of_item(&key, place),
                    keyed: true,
                    batch: Some([items.try_into().unwrap(); 16]),
                    ..deposit("a", "1")
                };
                ledger.execute_batch((0..items).map(item).collect())
            };
            let answers = join_all([batch(5), batch(6)]).await;
            let done: Vec<usize> = answers
                .iter()
                .map(|answers| answers.as_ref().unwrap().iter().filter(|answer| told(answer) == "ok").count())
                .collect();
            assert!(done == [5, 0] || done == [0, 6], "{done:?}");
        }
    });
}

#[test]
fn a_dry_run_beside_the_end_of_a_hold_does_not_take_its_time_for_over() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("a", "1000")).await);
        for round in 0..100 {
            let hold = format!("h-{round}");
            accepted(ledger.execute(place("a", &hold, "1", None)).await);
            let previews = join_all((0..6).map(|_| ledger.preview(capture("a", &hold))));
            let (captured, previews) = join(ledger.execute(capture("a", &hold)), previews).await;
            accepted(captured);
            for preview in &previews {
                assert!(["ok", "hold-already-settled"].contains(&&*told(preview)), "{preview:?}");
            }
        }
    });
}

/// Whatever of it is done already, and whatever another process does on its accounts meanwhile.
#[test]
fn a_batch_keeps_its_order_where_items_are_decided_again() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let (other, elsewhere) = (tempfile::tempdir().unwrap(), journal(&folder));
        let elsewhere = Ledger::start(elsewhere, views(&other), &settings()).await.unwrap();
        let ledger = ledger(&folder).await;
        let keyed = |request: Request, key: &str| Request {
            id: CommandId::parse(key).unwrap(),
            keyed: true,
            ..request
        };
        let old = || keyed(deposit("a", "1"), "old");
        for request in [create("a", "0"), create("b", "1000"), create("c", "0"), old()] {
            accepted(ledger.execute(request).await);
        }
        for round in 0..30 {
            let (key, hold) = (format!("back-{round}"), format!("h-{round}"));
            let goes_back = reverse(Target::Command(CommandId::parse(&key).unwrap()), None);
            for (what, batch) in [
                ("reverse", vec![old(), keyed(deposit("a", "5"), &key), goes_back]),
                ("capture", vec![old(), place("a", &hold, "1", None), capture("a", &hold)]),
                ("withdraw", vec![old(), deposit("a", "900"), transfer("b", "c", "1"), withdraw("a", "901")]),
                ("refill", vec![deposit("a", "2"), transfer("c", "b", "1")]),
            ] {
                let beside = async {
                    for _ in 0..3 {
                        accepted(elsewhere.execute(deposit("a", "1")).await);
                    }
                };
                let (answers, ()) = join(ledger.execute_batch(batch), beside).await;
                let answers = answers.unwrap();
                let told: Vec<_> = answers.iter().map(told).collect();
                assert!(told.iter().all(|told| told == "ok"), "{round}, {what}: {told:?}");
            }
        }
    });
}

/// Each of which is known to be done only when it comes to be decided.
#[test]
fn a_long_batch_of_transfers_is_answered_again_under_its_keys() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let first = ledger(&folder).await;
        for name in ["a", "b"] {
            accepted(first.execute(create(name, "1000")).await);
        }
        let item = |place| Request {
            id: CommandId::parse(&format!("k-{place}")).unwrap(),
            keyed: true,
            ..transfer("a", "b", "1")
        };
        let batch = || (0..300).map(item).collect::<Vec<_>>();
        let done: Vec<_> = first.execute_batch(batch()).await.unwrap().into_iter().map(accepted).collect();
        // A process that remembers nothing of it, and then.
        let second = ledger(&folder).await;
        for ledger in [&second, &second, &first] {
            let again = ledger.execute_batch(batch()).await.unwrap();
            let again: Vec<_> = again.into_iter().map(accepted).collect();
            assert_eq!(again, done);
        }
        assert_eq!(standing(first.journal(), "b").await.balance.minor(), 130_000);
    });
}

#[test]
fn batches_at_the_same_time_leave_the_books_in_order() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        for name in ["a", "b", "c"] {
            accepted(ledger.execute(create(name, "1000")).await);
        }
        let batch = |n: usize| {
            let names = ["a", "b", "c"];
            let item = move |k: usize| {
                let (from, to) = (names[(n + k) % 3], names[(n + k + 1 + k % 2) % 3]);
                if k.is_multiple_of(4) { deposit(from, "1") } else { transfer(from, to, "0.50") }
            };
            ledger.execute_batch((0..100).map(item).collect())
        };
        let answers = join_all((0..10).map(batch)).await;
        let done: usize = answers
            .into_iter()
            .flat_map(|answers| answers.unwrap())
            .filter(|answer| told(answer) == "ok")
            .count();
        assert_eq!(done, 1000);
        let mut sum = 0;
        for name in ["a", "b", "c"] {
            sum += standing(ledger.journal(), name).await.balance.minor();
        }
        assert_eq!(sum, 300_000 + 10 * 25 * 100);
    });
}

#[test]
fn closing_and_depositing_at_the_same_time_leaves_no_money_in_a_closed_account() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("sink", "0")).await);
        for round in 0..20 {
            let name = format!("a-{round}");
            accepted(ledger.execute(create(&name, "1")).await);
            let close =
                Command::CloseAccount { account: id(&name), sweep_to: Some(id("sink")), reason: None };
            let (closed, paid) = futures_util::future::join(
                ledger.execute(request(close)),
                ledger.execute(deposit(&name, "1")),
            )
            .await;
            assert_eq!(told(&closed), "ok");
            assert!(matches!(&*told(&paid), "ok" | "account-closed"));
            assert_eq!(standing(ledger.journal(), &name).await.balance.minor(), 0);
        }
    });
}

#[test]
fn a_refusal_about_nothing_that_there_is_is_remembered_with_its_key() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        let ask = || {
            let mut asked = reverse(Target::Command(CommandId::parse("nothing").unwrap()), None);
            (asked.id, asked.keyed) = (CommandId::parse("k").unwrap(), true);
            asked
        };
        let replayed = |answer: Result<Answer, Failure>| match answer {
            Ok(Answer::Refused(refused)) => {
                assert!(matches!(refused.refusal, Refusal::CommandNotFound { .. }));
                refused.replayed
            }
            other => panic!("{other:?}"),
        };
        assert!(!replayed(ledger.execute(ask()).await));
        assert!(replayed(ledger.execute(ask()).await));
        let journal: Arc<dyn Journal> = journal(&folder);
        assert_eq!(journal.head().await.unwrap().last, Sequence::ZERO);
    });
}
