//! The command log.

use domain::{CommandId, Posting};
use store::{LogEntry, LogPlace, LogQuery, Recalled};

use super::appending::opened;
use super::*;

fn query(limit: usize) -> LogQuery {
    LogQuery { limit, before: None, account: None, accepted: true, rejected: true }
}

fn place(entry: &LogEntry) -> LogPlace {
    match entry {
        LogEntry::Accepted { last, .. } => LogPlace { sequence: *last, refusal: 0 },
        LogEntry::Rejected(rejection) => rejection.place,
    }
}

fn id(entry: &LogEntry) -> &CommandId {
    match entry {
        LogEntry::Accepted { event, .. } => &event.command_id,
        LogEntry::Rejected(rejection) => &rejection.command_id,
    }
}

async fn listed(journal: &dyn Journal, query: &LogQuery) -> Vec<String> {
    let entries = journal.commands(query).await.unwrap();
    entries.iter().map(|entry| id(entry).to_string()).collect()
}

/// Ten commands, each in a batch of its own: creations, deposits, a transfer, refusals.
async fn busy(journal: &dyn Journal) -> Book {
    let mut book = opened(journal).await;
    let commands = [
        ("d-1", deposit("a", 1)),
        ("r-1", withdraw("a", 999)),
        ("r-2", transfer("b", "a", 999)),
        ("t-1", transfer("a", "b", 5)),
        ("r-3", deposit("nobody", 1)),
        ("d-2", deposit("b", 1)),
        ("d-3", deposit("a", 1)),
        ("r-4", transfer("a", "b", 999)),
    ];
    for (id, command) in commands {
        let unit = book.unit(id, command);
        book.commit(journal, vec![unit]).await;
    }
    book
}

pub async fn a_command_is_known_by_its_id(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    busy(&*journal).await;
    let Some(Recalled::Accepted { name, events, .. }) = journal.command(&command_id("t-1")).await.unwrap()
    else {
        panic!("t-1 was accepted")
    };
    assert_eq!(name, "TRANSFER");
    let kinds: Vec<_> = events.iter().map(|event| event.event.kind()).collect();
    assert_eq!(kinds, ["MONEY_TRANSFERRED", "TRANSFER_RECEIVED"]);
    let Some(Recalled::Rejected(rejection)) = journal.command(&command_id("r-3")).await.unwrap() else {
        panic!("r-3 was refused")
    };
    assert_eq!(rejection.name, "DEPOSIT");
    assert!(journal.command(&command_id("unheard-of")).await.unwrap().is_none());
}

pub async fn the_command_log_is_newest_first(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    busy(&*journal).await;
    let all = ["r-4", "d-3", "d-2", "r-3", "t-1", "r-2", "r-1", "d-1", "create-b", "create-a"];
    assert_eq!(listed(&*journal, &query(100)).await, all);
    assert_eq!(listed(&*journal, &query(3)).await, all[..3]);
    let accepted = LogQuery { rejected: false, ..query(100) };
    assert_eq!(listed(&*journal, &accepted).await, ["d-3", "d-2", "t-1", "d-1", "create-b", "create-a"]);
    let rejected = LogQuery { accepted: false, ..query(100) };
    assert_eq!(listed(&*journal, &rejected).await, ["r-4", "r-3", "r-2", "r-1"]);
    let neither = LogQuery { accepted: false, rejected: false, ..query(100) };
    assert!(listed(&*journal, &neither).await.is_empty());

    let entries = journal.commands(&query(100)).await.unwrap();
    let LogEntry::Accepted { name, event, last } = &entries[4] else { panic!("t-1 was accepted") };
    assert_eq!((name.as_str(), event.event.kind()), ("TRANSFER", "MONEY_TRANSFERRED"));
    assert_eq!(*last, event.sequence.next());
}

pub async fn the_command_log_goes_on_before_a_place(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    busy(&*journal).await;
    let all = listed(&*journal, &query(100)).await;
    for limit in 1..4 {
        for account in [None, Some(account_id("a"))] {
            let whole = LogQuery { account: account.clone(), ..query(100) };
            let whole = listed(&*journal, &whole).await;
            let mut gathered = Vec::new();
            let mut before = None;
            loop {
                let query = LogQuery { before, account: account.clone(), ..query(limit) };
                let entries = journal.commands(&query).await.unwrap();
                let Some(last) = entries.last() else { break };
                before = Some(place(last));
                gathered.extend(entries.iter().map(|entry| id(entry).to_string()));
            }
            assert_eq!(gathered, whole, "{limit} at a time");
            assert!(whole.len() <= all.len());
        }
    }
}

pub async fn the_command_log_of_one_account(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    busy(&*journal).await;
    for (account, expected) in [
        ("a", vec!["r-4", "d-3", "t-1", "r-2", "r-1", "d-1", "create-a"]),
        ("b", vec!["r-4", "d-2", "t-1", "r-2", "create-b"]),
        ("nobody", vec!["r-3"]),
        ("unheard-of", vec![]),
    ] {
        let query = LogQuery { account: Some(account_id(account)), ..query(100) };
        assert_eq!(listed(&*journal, &query).await, expected, "{account}");
    }
}

pub async fn a_command_of_many_events_is_one_line(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let post = |legs: usize| {
        let (from, to) = (account_id("a"), account_id("b"));
        let postings = vec![Posting { from, to, amount: quantity(1) }; legs];
        Command::Post { postings, currency: None, description: None }
    };
    for (id, command) in [("p-1", post(7)), ("d-1", deposit("a", 1)), ("p-2", post(5)), ("p-3", post(2))] {
        let unit = book.unit(id, command);
        book.commit(&*journal, vec![unit]).await;
    }
    let all = ["p-3", "p-2", "d-1", "p-1", "create-a"];
    for limit in 1..=all.len() {
        let query = LogQuery { account: Some(account_id("a")), ..query(limit) };
        assert_eq!(listed(&*journal, &query).await, all[..limit]);
        let LogEntry::Accepted { last, event, .. } = &journal.commands(&query).await.unwrap()[0] else {
            panic!("p-3 was accepted")
        };
        // It is not before a place that is among its events.
        for place in [*last, event.sequence.next()] {
            let before = Some(LogPlace { sequence: place, refusal: 0 });
            assert_eq!(
                listed(&*journal, &LogQuery { before, ..query.clone() }).await.first().unwrap(),
                "p-2"
            );
        }
    }
}
