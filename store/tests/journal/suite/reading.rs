//! What reads of the log answer.

use domain::audit::Finding;
use domain::chain::GENESIS;
use store::{JournalError, Page};

use super::appending::opened;
use super::archive::verified;
use super::*;

pub async fn an_empty_log_has_a_head_and_nothing_else(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let head = journal.head().await.unwrap();
    assert_eq!((head.last, head.chain, head.committed_at), (Sequence::ZERO, GENESIS, Timestamp::default()));
    assert_eq!(journal.chain_at(Sequence::ZERO).await.unwrap(), Some(GENESIS));
    assert_eq!(journal.chain_at(Sequence::new(1)).await.unwrap(), None);
    assert!(everything(&*journal).await.is_empty());
    assert!(journal.page(Sequence::ZERO, 10).await.unwrap().is_none());
    assert!(journal.stream(&account_id("a"), Version::ZERO, 10).await.unwrap().is_empty());
}

pub async fn a_log_keeps_its_id(fixture: &impl Fixture) {
    let first = fixture.journal().await.head().await.unwrap();
    let journal = fixture.journal().await;
    opened(&*journal).await;
    assert_eq!(journal.head().await.unwrap().log_id, first.log_id);
    assert_ne!(first.log_id, Uuid::nil());
}

pub async fn events_are_read_after_a_place_up_to_a_limit(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = (0..8).map(|n| book.deposit(&format!("k-{n}"), "a", 1)).collect();
    book.commit(&*journal, units).await;
    for (after, limit, expected) in [
        (0, 100, (1..=10).collect::<Vec<u64>>()),
        (0, 3, vec![1, 2, 3]),
        (4, 2, vec![5, 6]),
        (9, 5, vec![10]),
        (10, 5, vec![]),
        (99, 5, vec![]),
    ] {
        let events = journal.read(Sequence::new(after), limit, &EventFilter::default()).await.unwrap();
        assert_eq!(sequences(&events), expected, "{limit} after {after}");
    }
}

pub async fn events_are_read_through_a_filter(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let commands = [
        ("k-1", deposit("a", 1), None),
        ("k-2", transfer("a", "b", 1), Some("talk")),
        ("k-3", deposit("b", 1), Some("talk")),
        ("k-4", transfer("b", "a", 1), None),
        // In the conversation that is named after another command.
        ("k-5", deposit("a", 1), Some("k-4")),
        ("talk", deposit("b", 1), None),
        ("k-6", withdraw("a", 1), Some("other")),
        // A command whose id is the name of a conversation that it is not in.
        ("other", deposit("b", 1), Some("talk")),
    ];
    for (id, command, correlation) in commands {
        let unit = book.unit_in(id, command, correlation);
        book.commit(&*journal, vec![unit]).await;
    }
    let all = everything(&*journal).await;
    let accounts = [vec![], vec!["a"], vec!["b"], vec!["a", "b"], vec!["nobody"], vec!["a", "nobody"]];
    let kinds = [
        vec![],
        vec!["MONEY_DEPOSITED"],
        vec!["TRANSFER_RECEIVED", "ACCOUNT_CREATED"],
        vec!["MONEY_PRINTED"],
        vec!["MONEY_PRINTED", "MONEY_WITHDRAWN"],
    ];
    let correlations =
        [None, Some("talk"), Some("k-4"), Some("other"), Some("k-1"), Some("k-5"), Some("silence")];
    let mut found = 0;
    for accounts in &accounts {
        for kinds in &kinds {
            for correlation in correlations {
                let filter = EventFilter {
                    accounts: accounts.iter().map(|id| account_id(id)).collect(),
                    kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
                    correlation: correlation.map(str::to_owned),
                };
                for (after, limit) in [(0, 100), (0, 2), (5, 100), (5, 1)] {
                    let expected: Vec<_> = all
                        .iter()
                        .filter(|event| event.sequence.get() > after && filter.wants(event))
                        .take(limit)
                        .map(|event| event.sequence.get())
                        .collect();
                    let events = journal.read(Sequence::new(after), limit, &filter).await.unwrap();
                    assert_eq!(sequences(&events), expected, "{filter:?}, {limit} after {after}");
                    found += expected.len();
                }
            }
        }
    }
    assert!(found > 100, "the filters found too little to mean anything");
}

/// The index of kinds is one of runs of 1,024 events: rare kinds at their edges and far apart, by writers that know nothing
/// of each other, and what one of them took back.
pub async fn events_of_a_kind_are_found_wherever_they_are(fixture: &impl Fixture) {
    let [journal, other] = [fixture.journal().await, fixture.journal().await];
    let mut book = opened(&*journal).await;
    for (round, deposits) in [1020, 0, 1, 3000, 700, 1].into_iter().enumerate() {
        let writer = if round % 2 == 0 { &journal } else { &other };
        let mut units = vec![book.withdraw(&format!("w-{round}"), "a", 1)];
        units.extend((0..deposits).map(|n| book.deposit(&format!("d-{round}-{n}"), "a", 1)));
        units.push(book.transfer(&format!("t-{round}"), "a", "b", 1));
        book.commit(&**writer, units).await;
    }
    let mut lost = vec![book.withdraw("lost", "a", 1)];
    lost[0].touches[0].version = version(1);
    assert!(matches!(append(&*journal, lost).await, Append::Refused(_)));
    let all = everything(&*other).await;
    for kinds in
        [vec!["MONEY_WITHDRAWN"], vec!["TRANSFER_RECEIVED", "MONEY_WITHDRAWN"], vec!["MONEY_DEPOSITED"]]
    {
        let filter = EventFilter {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            ..EventFilter::default()
        };
        for (after, limit) in
            [(0, 100), (0, 1), (1021, 4), (1022, 4), (1023, 4), (1030, 5), (2050, 2), (4000, 100), (4040, 7)]
        {
            let wanted = all.iter().filter(|event| event.sequence.get() > after && filter.wants(event));
            let expected: Vec<_> = wanted.take(limit).map(|event| event.sequence.get()).collect();
            let events = journal.read(Sequence::new(after), limit, &filter).await.unwrap();
            assert_eq!(sequences(&events), expected, "{kinds:?}, {limit} after {after}");
        }
    }
    fixture.unlock().await;
    fixture.execute("DELETE FROM kinds WHERE run = 1 AND kind = 'MONEY_DEPOSITED'").await.unwrap();
    let (_, found) = verified(&*journal).await;
    let lacking = |finding: &Finding| finding.what.contains("the index lacks MONEY_DEPOSITED");
    assert!(!found.is_empty() && found.iter().all(lacking), "{found:?}");
}

pub async fn a_page_ends_where_a_batch_ends(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let mut commits = Vec::new();
    // Batches that end at 2, 6, 7, 15, 18.
    for (round, size) in [4, 1, 8, 3].into_iter().enumerate() {
        let units = (0..size).map(|n| book.deposit(&format!("k-{round}-{n}"), "a", 1)).collect();
        commits.push(book.commit(&*journal, units).await);
    }
    for (after, about, expected) in [
        (0, 1, 2),
        (0, 2, 2),
        (0, 6, 6),
        (2, 4, 6),
        (2, 5, 7),
        (7, 3, 15),
        (15, 100, 18),
        (0, 100, 18),
        (8, 100, 18),
    ] {
        let page = journal.page(Sequence::new(after), about).await.unwrap();
        let Some(Page { events, chain }) = page else { panic!("nothing after {after}") };
        assert_eq!(sequences(&events), (after + 1..=expected).collect::<Vec<_>>(), "{about} after {after}");
        assert_eq!(journal.chain_at(Sequence::new(expected)).await.unwrap(), Some(chain));
    }
    for after in [18, 19, 100] {
        assert!(journal.page(Sequence::new(after), 10).await.unwrap().is_none());
    }
    // Page by page, the whole log.
    let (mut position, mut read) = (Sequence::ZERO, Vec::new());
    while let Some(page) = journal.page(position, 3).await.unwrap() {
        position = page.events.last().unwrap().sequence;
        read.extend(page.events);
    }
    folded(&read);
    assert_eq!(read.len(), 18);
}

pub async fn a_stream_is_read_after_a_version(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = (0..6).map(|n| book.transfer(&format!("k-{n}"), "a", "b", 1)).collect();
    book.commit(&*journal, units).await;
    for (after, limit, expected) in [
        (0, 100, vec![2, 4, 6, 8, 10, 12, 14]),
        (3, 2, vec![8, 10]),
        (6, 9, vec![14]),
        (7, 9, vec![]),
        (99, 9, vec![]),
    ] {
        let events = journal.stream(&account_id("b"), version(after), limit).await.unwrap();
        assert_eq!(sequences(&events), expected, "{limit} after {after}");
        assert!(events.iter().all(|event| event.profile.id == account_id("b")));
    }
    assert!(journal.stream(&account_id("nobody"), Version::ZERO, 9).await.unwrap().is_empty());
}

pub async fn an_account_is_read_as_it_was_at_a_place(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    for round in 0..3 {
        let transfer = book.transfer(&format!("t-{round}"), "a", "b", 1);
        let deposits = (0..round * 2).map(|n| book.deposit(&format!("d-{round}-{n}"), "a", 1));
        let units = deposits.collect::<Vec<_>>();
        book.commit(&*journal, [vec![transfer], units].concat()).await;
    }
    let all = everything(&*journal).await;
    for id in ["a", "b", "nobody"] {
        for place in (0..=all.len() as u64 + 1).chain([u64::MAX]) {
            let there = |event: &&Arc<Recorded>| event.sequence.get() <= place;
            let expected = all.iter().filter(there).rfind(|event| event.profile.id == account_id(id));
            let found = journal.last_event(&account_id(id), Sequence::new(place)).await.unwrap();
            let what = |event: &Arc<Recorded>| (event.sequence, event.standing, event.json.clone());
            assert_eq!(found.as_ref().map(what), expected.map(what), "{id} at {place}");
        }
    }
}

pub async fn a_moment_is_a_place_where_a_batch_ends(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let at = async |micros| journal.sequence_at(Timestamp::from_micros(micros)).await.unwrap().get();
    assert_eq!((at(0).await, at(i64::MAX).await), (0, 0), "an empty log");
    let mut book = Book::default();
    let mut batches: Vec<(i64, u64)> = Vec::new();
    for (round, size) in [1, 4, 1, 1, 8, 3, 2, 1, 1].into_iter().enumerate() {
        let units = (0..size).map(|n| {
            let (id, account) = (format!("k-{round}-{n}"), format!("a-{round}-{n}"));
            book.create(&id, &account, 1)
        });
        let units = units.collect();
        let commit = book.commit(&*journal, units).await;
        batches.push((commit.committed_at.as_micros(), commit.last.get()));
    }
    let moments: Vec<i64> = batches.iter().flat_map(|(time, _)| [time - 1, *time, time + 1]).collect();
    for moment in moments.into_iter().chain([i64::MIN, 0, i64::MAX]) {
        let expected = batches.iter().rfind(|(time, _)| *time <= moment).map_or(0, |(_, last)| *last);
        assert_eq!(at(moment).await, expected, "{moment} in {batches:?}");
    }
}

pub async fn the_clock_of_the_log_runs(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let before = journal.now().await.unwrap();
    let mut book = Book::default();
    let unit = book.create("k-1", "a", 0);
    let commit = book.commit(&*journal, vec![unit]).await;
    let after = journal.now().await.unwrap();
    assert!(before <= commit.committed_at && commit.committed_at <= after);
    assert!(before.as_micros() > 1_700_000_000_000_000, "microseconds since 1970");
}

pub async fn an_event_that_is_not_known_is_never_skipped(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    // As a later version of the program would write it.
    let mut unit = book.deposit("k-1", "a", 1);
    if let Contents::Events(_, drafts) = &mut unit.contents {
        drafts[0].stored = drafts[0].stored.replace("\"schemaVersion\":1", "\"schemaVersion\":2").into();
    }
    book.commit(&*journal, vec![unit]).await;
    let unknown = |error: JournalError| match error {
        JournalError::Unknown(unknown) => {
            assert_eq!((unknown.sequence, unknown.schema), (Sequence::new(3), 2))
        }
        JournalError::Unavailable(_) | JournalError::Damaged(_) => panic!("{error}"),
    };
    unknown(journal.read(Sequence::ZERO, 10, &EventFilter::default()).await.unwrap_err());
    unknown(journal.page(Sequence::ZERO, 10).await.unwrap_err());
    unknown(journal.stream(&account_id("a"), Version::ZERO, 10).await.unwrap_err());
    unknown(journal.load(&[account_id("a")]).await.unwrap_err());
    unknown(journal.command(&command_id("k-1")).await.unwrap_err());
    // Only that account stands still.
    let deposit = book.deposit("k-2", "b", 1);
    book.commit(&*journal, vec![deposit]).await;
    assert_eq!(journal.load(&[account_id("b")]).await.unwrap()[0].account, book.account("b"));
}

pub async fn all_accounts_are_read_as_they_were_at_a_place(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![book.deposit("k-1", "a", 1), book.create("k-2", "c", 7), book.deposit("k-3", "b", 1)];
    book.commit(&*journal, units).await;
    let at = async |place: u64, after: Option<&str>, limit| {
        let after = after.map(account_id);
        let page = journal.accounts_at(Sequence::new(place), after.as_ref(), limit).await.unwrap();
        let told = |event: &Arc<Recorded>| format!("{}@{}", event.profile.id, event.sequence);
        let events: Vec<String> = page.events.iter().map(told).collect();
        let rest = page.rest.map_or(String::new(), |rest| format!(" behind {rest}"));
        format!("{} of {}{rest}", events.join(" "), page.total)
    };
    assert_eq!(at(0, None, 10).await, " of 0");
    assert_eq!(at(1, None, 10).await, "a@1 of 1");
    assert_eq!(at(3, None, 10).await, "a@3 b@2 of 2");
    assert_eq!(at(4, None, 10).await, "a@3 b@2 c@4 of 3");
    assert_eq!(at(99, None, 2).await, "a@3 b@5 of 3 behind b");
    assert_eq!(at(99, Some("b"), 2).await, "c@4 of 3");
}

/// Streams as they are read, against the events themselves, while writers come and go in the middle of a run.
pub async fn streams_are_whole_wherever_the_index_is(fixture: &impl Fixture) {
    let reader = fixture.journal().await;
    let mut book = opened(&*reader).await;
    for round in 0..40 {
        let writer = fixture.journal().await;
        let units = (0..=round % 7).map(|n| book.transfer(&format!("k-{round}-{n}"), "a", "b", 1)).collect();
        book.commit(&*writer, units).await;
        if round % 3 == 0 {
            let paid = book.deposit(&format!("d-{round}"), "a", 1);
            book.commit(&*reader, vec![paid]).await;
        }
        let all = everything(&*reader).await;
        for id in ["a", "b"] {
            let own: Vec<_> = all.iter().filter(|event| event.profile.id.as_str() == id).cloned().collect();
            let after = version(own.len() as u64 / 2);
            let read = reader.stream(&account_id(id), after, 1000).await.unwrap();
            assert_eq!(sequences(&read), sequences(&own[own.len() / 2..]), "{id} in round {round}");
            for then in [0, own.len() / 3, own.len() - 1].map(|place| own[place].sequence) {
                let last = reader.last_event(&account_id(id), then).await.unwrap().unwrap();
                assert_eq!(last.sequence, then);
            }
            let loaded = reader.load(&[account_id(id)]).await.unwrap();
            assert_eq!(loaded[0].sequence, own.last().unwrap().sequence);
            let filter = EventFilter { accounts: vec![account_id(id)], ..EventFilter::default() };
            let middle = own[own.len() / 2].sequence;
            let read = reader.read(middle, 1000, &filter).await.unwrap();
            assert_eq!(sequences(&read), sequences(&own[own.len() / 2 + 1..]), "{id} in round {round}");
        }
    }
    let (_, found) = verified(&*reader).await;
    assert_eq!(found, []);
}
