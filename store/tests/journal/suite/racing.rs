//! Several writers and readers at once.

use domain::{Account, Money};

use super::appending::opened;
use super::*;

/// How many writers race.
const WRITERS: u64 = 4;
/// How many commands each of them gets through.
const COMMANDS: u64 = 40;

/// A command that is decided again on every conflict until it is in the log.
async fn insist(journal: &dyn Journal, book: &mut Book, id: &str, command: Command) {
    let names: Vec<AccountId> = command.accounts();
    let names: Vec<&str> = names.iter().map(AccountId::as_str).collect();
    loop {
        let unit = book.unit(id, command.clone());
        match append(journal, vec![unit]).await {
            Append::Committed(commit) => return book.learn(&commit),
            Append::Refused(faults) => assert_eq!(faults, [(0, Fault::Conflict)], "{id}"),
        }
        book.reload(journal, &names).await;
    }
}

pub async fn several_writers_leave_no_gap(fixture: &impl Fixture) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let journal = fixture.journal().await;
        writers.spawn(async move {
            let mut book = Book::default();
            let name = format!("acc-{writer}");
            let unit = book.create(&format!("create-{writer}"), &name, 0);
            let mut ranges = vec![book.commit(&*journal, vec![unit]).await];
            for round in 0..COMMANDS {
                let units = (0..=round % 5).map(|n| book.deposit(&format!("{writer}-{round}-{n}"), &name, 1));
                let units = units.collect();
                ranges.push(book.commit(&*journal, units).await);
            }
            (name, book, ranges)
        });
    }
    let done = writers.join_all().await;
    let journal = fixture.journal().await;
    let events = everything(&*journal).await;
    let fold = folded(&events);
    for (name, book, _) in &done {
        assert_eq!(fold[name.as_str()], book.account(name));
    }
    let mut ranges: Vec<_> = done.iter().flat_map(|(_, _, ranges)| ranges).collect();
    ranges.sort_by_key(|commit| commit.first);
    let mut before = Sequence::ZERO;
    for commit in ranges {
        assert_eq!(commit.first, before.next());
        before = commit.last;
    }
    assert_eq!(journal.head().await.unwrap().last, before);
    let mut keys: Vec<_> =
        done.iter().flat_map(|(_, _, ranges)| &ranges[0].created).map(|(_, key)| *key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), done.len());
}

pub async fn losers_of_a_race_load_and_try_again(fixture: &impl Fixture) {
    let first = fixture.journal().await;
    opened(&*first).await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..2 {
        let journal = fixture.journal().await;
        writers.spawn(async move {
            let mut book = Book::default();
            book.reload(&*journal, &["a", "b"]).await;
            for round in 0..COMMANDS {
                let account = if round % 2 == 0 { "a" } else { "b" };
                insist(&*journal, &mut book, &format!("{writer}-{round}"), deposit(account, 1)).await;
            }
        });
    }
    writers.join_all().await;
    let events = everything(&*first).await;
    assert_eq!(u64::try_from(events.len()).unwrap(), 2 + 2 * COMMANDS);
    let fold = folded(&events);
    let loaded = first.load(&[account_id("a"), account_id("b")]).await.unwrap();
    for (name, loaded) in ["a", "b"].iter().zip(loaded) {
        assert_eq!(loaded.account, fold[*name]);
        let Account::Present(_, standing, _) = loaded.account else { panic!("{name} is gone") };
        assert_eq!(standing.version, version(1 + COMMANDS));
        assert_eq!(Some(standing.balance), Money::from_minor(14_000));
    }
}

pub async fn a_reader_never_misses_an_event(fixture: &impl Fixture) {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let journal = fixture.journal().await;
        writers.spawn(async move {
            let mut book = Book::default();
            let name = format!("acc-{writer}");
            let unit = book.create(&format!("create-{writer}"), &name, 0);
            book.commit(&*journal, vec![unit]).await;
            for round in 0..COMMANDS {
                let units =
                    (0..3).map(|n| book.deposit(&format!("{writer}-{round}-{n}"), &name, 1)).collect();
                book.commit(&*journal, units).await;
            }
        });
    }
    let journal = fixture.journal().await;
    let total = WRITERS * (1 + 3 * COMMANDS);
    let mut position = Sequence::ZERO;
    let reading = async {
        while position.get() < total {
            let events = journal.read(position, 50, &EventFilter::default()).await.unwrap();
            for event in &events {
                assert_eq!(event.sequence, position.next(), "a gap, or an event that came late");
                position = event.sequence;
            }
            if events.is_empty() {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), reading).await.unwrap();
    writers.join_all().await;
    assert_eq!(journal.head().await.unwrap().last, position);
}

/// Its events may be in a run of the index that was looked through before they came.
pub async fn a_reader_of_a_kind_never_misses_an_event(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let mut position = journal.head().await.unwrap().last;
    let batches: Vec<Vec<_>> = (0..20)
        .map(|batch| (0..700).map(|n| book.deposit(&format!("d-{batch}-{n}"), "a", 1)).collect())
        .collect();
    let total = position.plus(20 * 700);
    let writing = async {
        for units in batches {
            book.commit(&*journal, units).await;
        }
    };
    let reader = fixture.journal().await;
    let filter = EventFilter { kinds: vec!["MONEY_DEPOSITED".to_owned()], ..EventFilter::default() };
    let reading = async {
        while position < total {
            for event in reader.read(position, 1000, &filter).await.unwrap() {
                assert_eq!(event.sequence, position.next(), "a gap");
                position = event.sequence;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(writing, reading);
}

pub async fn one_id_from_two_writers_is_committed_once(fixture: &impl Fixture) {
    let (one, two) = (fixture.journal().await, fixture.journal().await);
    let mut book = opened(&*one).await;
    for round in 0..20 {
        let id = format!("k-{round}");
        // On two accounts, so that only the id stands between them.
        let (first, second) = (book.deposit(&id, "a", 1), book.deposit(&id, "b", 1));
        let (first, second) = tokio::join!(append(&*one, vec![first]), append(&*two, vec![second]));
        let loser = match first {
            Append::Committed(_) => second,
            Append::Refused(_) => {
                committed(second);
                first
            }
        };
        assert_eq!(refused(loser), [(0, Fault::Duplicate)]);
        book.reload(&*one, &["a", "b"]).await;
    }
    assert_eq!(folded(&everything(&*one).await).len(), 2);
    assert_eq!(one.head().await.unwrap().last, Sequence::new(22));
}

pub async fn transfers_between_two_writers_conserve_money(fixture: &impl Fixture) {
    let first = fixture.journal().await;
    opened(&*first).await;
    let mut writers = tokio::task::JoinSet::new();
    for (from, to) in [("a", "b"), ("b", "a")] {
        let journal = fixture.journal().await;
        writers.spawn(async move {
            let mut book = Book::default();
            book.reload(&*journal, &["a", "b"]).await;
            for round in 0..COMMANDS {
                insist(&*journal, &mut book, &format!("{from}-{round}"), transfer(from, to, 1)).await;
            }
        });
    }
    writers.join_all().await;
    let fold = folded(&everything(&*first).await);
    let total: i64 = fold
        .values()
        .map(|account| match account {
            Account::Present(_, standing, _) => standing.balance.minor(),
            Account::Absent => 0,
        })
        .sum();
    assert_eq!(total, 20_000);
    assert_eq!(fold["a"].version(), version(1 + 2 * COMMANDS));
}

/// Further than a writer looks back in an append.
pub async fn who_is_far_behind_finds_out_what_has_changed(fixture: &impl Fixture) {
    let (behind, busy) = (fixture.journal().await, fixture.journal().await);
    let mut book = opened(&*behind).await;
    let mut theirs = Book::default();
    theirs.reload(&*busy, &["a"]).await;
    for round in 0..10 {
        let units = (0..1000).map(|n| theirs.deposit(&format!("{round}-{n}"), "a", 1)).collect();
        theirs.commit(&*busy, units).await;
    }
    let units = vec![book.deposit("stale", "a", 1), book.deposit("current", "b", 1)];
    let [stale, current] = <[Unit; 2]>::try_from(units).unwrap();
    let answer = append(&*behind, vec![stale, current.clone()]).await;
    assert_eq!(refused(answer), [(0, Fault::Conflict)]);
    let commit = committed(append(&*behind, vec![current]).await);
    assert_eq!(commit.first, Sequence::new(10_003));
    book.reload(&*behind, &["a"]).await;
    let unit = book.deposit("again", "a", 1);
    book.commit(&*behind, vec![unit]).await;
    theirs.reload(&*busy, &["a"]).await;
    assert_eq!(theirs.account("a"), book.account("a"));
}
