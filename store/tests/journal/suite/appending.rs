//! What an append does, and what it refuses to do.

use domain::chain::{GENESIS, commands_leaf, leaf, link, root};
use domain::{Account, Sequence, Version};
use store::{AppendError, Batch, Contents, Fault, Journal, Recalled, Unit};

use super::*;

/// Two accounts with 100 each, and the book that knows them.
pub async fn opened(journal: &dyn Journal) -> Book {
    let mut book = Book::default();
    let units = vec![book.create("create-a", "a", 100), book.create("create-b", "b", 100)];
    book.commit(journal, units).await;
    book
}

pub async fn a_batch_is_in_the_log_as_it_was_given(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = Book::default();
    let units = vec![
        book.create("k-1", "a", 100),
        book.create("k-2", "b", 0),
        book.transfer("k-3", "a", "b", 30),
        book.withdraw("k-4", "b", 10),
    ];
    let drafts: Vec<_> = units.iter().flat_map(|unit| unit.drafts().to_vec()).collect();
    let commit = book.commit(&*journal, units).await;
    assert_eq!((commit.first, commit.last), (Sequence::new(1), Sequence::new(5)));

    let events = everything(&*fixture.journal().await).await;
    assert_eq!(events.len(), 5);
    for (event, draft) in events.iter().zip(&drafts) {
        assert_eq!(event.event, draft.event);
        assert_eq!(event.standing, draft.standing);
        assert_eq!(event.profile, draft.profile);
        assert_eq!(event.correlation, draft.correlation);
        assert_eq!(event.json, domain::record::publish(event.sequence, &draft.stored));
    }
    let ids: Vec<_> = events.iter().map(|event| event.command_id.as_str()).collect();
    assert_eq!(ids, ["k-1", "k-2", "k-3", "k-3", "k-4"]);
    folded(&events);

    let next = book.deposit("k-5", "a", 1);
    let commit = book.commit(&*journal, vec![next]).await;
    assert_eq!((commit.first, commit.last), (Sequence::new(6), Sequence::new(6)));
    assert!(commit.created.is_empty());
}

pub async fn accounts_get_keys_and_are_loaded_as_they_are_after_their_last_event(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = Book::default();
    let units = vec![
        book.create("k-1", "a", 100),
        book.create("k-2", "b", 50),
        book.transfer("k-3", "b", "a", 7),
        book.deposit("k-4", "a", 3),
    ];
    let commit = book.commit(&*journal, units).await;
    let created: Vec<_> = commit.created.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(created, ["a", "b"]);
    assert_ne!(commit.created[0].1, commit.created[1].1);

    let loaded = journal.load(&[account_id("b"), account_id("nobody"), account_id("a")]).await.unwrap();
    let sequences: Vec<_> = loaded.iter().map(|loaded| loaded.sequence.get()).collect();
    assert_eq!(sequences, [3, 0, 5]);
    assert_eq!(loaded[0].account, book.account("b"));
    assert_eq!(loaded[0].key, Some(commit.created[1].1));
    assert_eq!((loaded[1].key, &loaded[1].account), (None, &Account::Absent));
    assert_eq!(loaded[2].account, book.account("a"));
    assert_eq!(loaded[2].key, Some(commit.created[0].1));
    let fold = folded(&everything(&*journal).await);
    assert_eq!(fold["a"], loaded[2].account);
    assert!(journal.load(&[]).await.unwrap().is_empty());
}

pub async fn a_version_conflict_is_named_and_changes_nothing(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let stale = book.deposit("k-stale", "a", 1);
    book.reload(&*journal, &["a"]).await;
    let current = book.deposit("k-current", "a", 2);
    book.commit(&*journal, vec![current]).await;

    let other = book.deposit("k-other", "b", 1);
    let faults = refused(append(&*journal, vec![other, stale]).await);
    assert_eq!(faults, [(1, Fault::Conflict)]);
    assert_eq!(everything(&*journal).await.len(), 3);
    assert!(journal.command(&command_id("k-other")).await.unwrap().is_none());
    assert!(journal.command(&command_id("k-stale")).await.unwrap().is_none());

    // From the future as well.
    book.reload(&*journal, &["a", "b"]).await;
    book.deposit("never-sent", "a", 1);
    let ahead = book.deposit("k-ahead", "a", 1);
    assert_eq!(refused(append(&*journal, vec![ahead]).await), [(0, Fault::Conflict)]);
}

pub async fn an_account_that_exists_now_is_a_conflict_for_who_saw_none(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let create = Book::default().create("k-1", "a", 1);
    let refusal = Book::default().deposit("k-2", "a", 1);
    opened(&*journal).await;
    let faults = refused(append(&*journal, vec![create]).await);
    assert_eq!(faults, [(0, Fault::Conflict)]);
    let faults = refused(append(&*journal, vec![refusal.clone()]).await);
    assert_eq!(faults, [(0, Fault::Conflict)]);
    let faults = refused(append(&*journal, vec![unkeyed(refusal)]).await);
    assert_eq!(faults, [(0, Fault::Conflict)]);
    assert_eq!(everything(&*journal).await.len(), 2);
}

pub async fn an_account_that_does_not_exist_is_a_conflict_for_who_saw_one(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = Book::default();
    book.create("never-sent", "a", 1);
    let deposit = book.deposit("k-1", "a", 1);
    assert_eq!(refused(append(&*journal, vec![deposit]).await), [(0, Fault::Conflict)]);
    assert!(everything(&*journal).await.is_empty());
}

pub async fn a_command_has_one_effect(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let first = book.deposit("k-1", "a", 1);
    book.commit(&*journal, vec![first.clone()]).await;
    // As it was, and decided again on the account as it is: by another writer, too.
    let again = book.deposit("k-1", "a", 1);
    let other = fixture.journal().await;
    assert_eq!(refused(append(&*journal, vec![first]).await), [(0, Fault::Duplicate)]);
    assert_eq!(refused(append(&*other, vec![again]).await), [(0, Fault::Duplicate)]);
    assert_eq!(everything(&*journal).await.len(), 3);
}

pub async fn the_second_of_two_units_with_one_id_in_a_batch_is_named(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![book.deposit("k-1", "a", 1), book.deposit("k-2", "a", 1), book.deposit("k-1", "b", 1)];
    assert_eq!(refused(append(&*journal, units.clone()).await), [(2, Fault::Duplicate)]);
    assert_eq!(everything(&*journal).await.len(), 2);
    book.commit(&*journal, units[..2].to_vec()).await;

    // A refusal takes its id as well.
    book.reload(&*journal, &["a", "b"]).await;
    let units = vec![book.withdraw("k-3", "a", 999), book.deposit("k-3", "b", 1)];
    assert_eq!(refused(append(&*journal, units).await), [(1, Fault::Duplicate)]);
}

pub async fn an_id_that_was_thought_new_fails_the_batch(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let first = book.deposit("k-1", "a", 1);
    book.commit(&*journal, vec![first]).await;
    let mut units = vec![book.deposit("k-2", "b", 1), book.deposit("k-1", "a", 1)];
    units.iter_mut().for_each(|unit| unit.may_repeat = false);
    let answer = journal.append(&Arc::new(Batch { units: units.clone() })).await;
    assert!(matches!(answer, Err(AppendError::Collision)), "{answer:?}");
    assert_eq!(everything(&*journal).await.len(), 3);
    assert_eq!(journal.head().await.unwrap().last, Sequence::new(3));

    units.iter_mut().for_each(|unit| unit.may_repeat = true);
    assert_eq!(refused(append(&*journal, units.clone()).await), [(1, Fault::Duplicate)]);
    units.truncate(1);
    units[0].may_repeat = false;
    assert_eq!(book.commit(&*journal, units).await.last, Sequence::new(4));
}

pub async fn a_keyed_refusal_is_remembered(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let before = journal.head().await.unwrap();
    let refusal = book.withdraw("k-1", "a", 999);
    let commit = book.commit(&*journal, vec![refusal.clone()]).await;
    assert_eq!((commit.first, commit.last), (Sequence::new(3), Sequence::new(2)));
    assert_eq!(commit.chain, before.chain);
    let head = journal.head().await.unwrap();
    assert_eq!((head.last, head.chain), (before.last, before.chain));

    let Some(Recalled::Rejected(rejection)) = journal.command(&command_id("k-1")).await.unwrap() else {
        panic!("not remembered")
    };
    let Contents::KeyedRefusal { name, facts, refusal: why, at } = &refusal.contents else { panic!() };
    assert_eq!(rejection.command_id, refusal.command_id);
    assert_eq!(rejection.fingerprint, refusal.fingerprint);
    assert_eq!(rejection.name, *name);
    assert_eq!(rejection.facts, *facts);
    assert_eq!(&rejection.refusal, why);
    assert_eq!(rejection.at, *at);
    assert_eq!(rejection.place.sequence, Sequence::new(2));
    assert!(rejection.place.refusal > 0);
    assert_eq!(refused(append(&*journal, vec![refusal]).await), [(0, Fault::Duplicate)]);
}

pub async fn an_id_is_either_accepted_or_refused_for_ever(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = vec![book.deposit("accepted", "a", 1), book.withdraw("refused", "a", 999)];
    book.commit(&*journal, units).await;
    let refusal = book.withdraw("accepted", "a", 999);
    assert_eq!(refused(append(&*journal, vec![refusal]).await), [(0, Fault::Duplicate)]);
    let acceptance = book.deposit("refused", "a", 1);
    assert_eq!(refused(append(&*journal, vec![acceptance]).await), [(0, Fault::Duplicate)]);
    assert_eq!(everything(&*journal).await.len(), 3);
}

pub async fn a_refusal_holds_while_its_versions_are_current(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let refusal = book.withdraw("k-1", "a", 999);
    let (unkeyed_one, keyed_one) = (unkeyed(refusal.clone()), refusal);
    let absent = unkeyed(book.deposit("k-2", "nobody", 1));
    let commit = committed(append(&*journal, vec![unkeyed_one.clone(), absent.clone()]).await);
    assert_eq!((commit.first, commit.last), (Sequence::new(3), Sequence::new(2)));

    let deposit = book.deposit("k-3", "a", 1);
    book.commit(&*journal, vec![deposit]).await;
    let faults = refused(append(&*journal, vec![unkeyed_one, absent, keyed_one]).await);
    assert_eq!(faults, [(0, Fault::Conflict), (2, Fault::Conflict)]);
    assert!(journal.command(&command_id("k-1")).await.unwrap().is_none());

    // Decided on what the units before it in the batch leave.
    let units = vec![book.withdraw("k-4", "a", 101), unkeyed(book.withdraw("k-5", "a", 1))];
    let commit = book.commit(&*journal, units).await;
    assert_eq!((commit.first, commit.last), (Sequence::new(4), Sequence::new(4)));
}

pub async fn a_batch_of_refusals_writes_nothing(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let before = journal.head().await.unwrap();
    let refusal = unkeyed(book.withdraw("k-1", "a", 999));
    let commit = book.commit(&*journal, vec![refusal]).await;
    assert_eq!((commit.first, commit.last), (Sequence::new(3), Sequence::new(2)));
    assert_eq!(commit.chain, before.chain);
    assert_eq!(journal.head().await.unwrap(), before);
    assert!(journal.command(&command_id("k-1")).await.unwrap().is_none());
}

pub async fn the_faulty_units_of_a_batch_are_named_and_the_others_go_through(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = Book::default();
    let names: Vec<String> = (0..256).map(|place| format!("acc-{place}")).collect();
    let units = names.iter().map(|name| book.create(&format!("create-{name}"), name, 1)).collect();
    book.commit(&*journal, units).await;
    let other = book.deposit("k-100", "acc-100", 1);
    book.commit(&*journal, vec![other]).await;

    let mut units: Vec<Unit> =
        names.iter().zip(0..).map(|(name, place)| book.deposit(&format!("k-{place}"), name, 1)).collect();
    // Someone else deposits on the account of the unit at 200.
    book.reload(&*journal, &["acc-200"]).await;
    let other = book.deposit("someone-else", "acc-200", 1);
    book.commit(&*journal, vec![other]).await;

    let faults = refused(append(&*journal, units.clone()).await);
    assert_eq!(faults, [(100, Fault::Duplicate), (200, Fault::Conflict)]);
    assert_eq!(everything(&*journal).await.len(), 258);

    for (place, _) in faults.into_iter().rev() {
        units.remove(place);
    }
    let commit = book.commit(&*journal, units).await;
    assert_eq!((commit.first, commit.last), (Sequence::new(259), Sequence::new(512)));
    folded(&everything(&*journal).await);
}

pub async fn an_unknown_outcome_is_settled_by_appending_again(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let mut unit = book.transfer("k-1", "a", "b", 5);
    unit.may_repeat = false;
    // The answer to this one is lost.
    append(&*journal, vec![unit.clone()]).await;
    unit.may_repeat = true;
    assert_eq!(refused(append(&*journal, vec![unit.clone()]).await), [(0, Fault::Duplicate)]);
    let Some(Recalled::Accepted { fingerprint, name, events }) =
        journal.command(&command_id("k-1")).await.unwrap()
    else {
        panic!("not there")
    };
    assert_eq!((fingerprint, name.as_str()), (unit.fingerprint, "TRANSFER"));
    assert_eq!(sequences(&events), [3, 4]);
    for (event, draft) in events.iter().zip(unit.drafts()) {
        assert_eq!(event.json, domain::record::publish(event.sequence, &draft.stored));
    }
}

pub async fn root_and_chain_are_those_of_the_events_that_are_read(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    assert_eq!(journal.chain_at(Sequence::ZERO).await.unwrap(), Some(GENESIS));
    let mut commits = Vec::new();
    let mut commands = Vec::new();
    for round in 0..5 {
        let units: Vec<Unit> =
            (0..=round * 3).map(|n| book.deposit(&format!("k-{round}-{n}"), "a", 1)).collect();
        commands.push(commands_leaf(units.iter().map(|unit| ("DEPOSIT", unit.fingerprint.as_slice(), 1))));
        commits.push(book.commit(&*journal, units).await);
    }
    let events = everything(&*journal).await;
    let mut chain = journal.chain_at(Sequence::new(2)).await.unwrap().unwrap();
    let mut before = Sequence::new(2);
    let mut committed_at = Timestamp::default();
    for (commit, commands) in commits.iter().zip(commands) {
        assert_eq!(commit.first, before.next());
        assert!(commit.committed_at >= committed_at, "the time went back");
        let leaves = events
            .iter()
            .filter(|event| (commit.first..=commit.last).contains(&event.sequence))
            .map(|event| {
                let (number, rest) = event.json.split_once(',').unwrap();
                assert_eq!(number, format!("{{\"sequenceNumber\":{}", event.sequence));
                leaf(format!("{{{rest}").as_bytes())
            });
        let leaves: Vec<_> = leaves.chain([commands]).collect();
        chain = link(&chain, &root(&leaves).unwrap(), commit.first, commit.last, commit.committed_at);
        assert_eq!(commit.chain, chain);
        assert_eq!(journal.chain_at(commit.last).await.unwrap(), Some(chain));
        (before, committed_at) = (commit.last, commit.committed_at);
    }
    // Within a batch and beyond the head there is no link.
    assert_eq!(journal.chain_at(Sequence::new(1)).await.unwrap(), None);
    assert_eq!(journal.chain_at(before.next()).await.unwrap(), None);
    let head = journal.head().await.unwrap();
    assert_eq!((head.last, head.chain, head.committed_at), (before, chain, committed_at));
}

pub async fn what_is_written_is_never_changed(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let refusal = book.withdraw("k-1", "a", 999);
    book.commit(&*journal, vec![refusal]).await;
    for (table, column) in fixture.append_only() {
        for statement in [format!("UPDATE {table} SET {column} = {column}"), format!("DELETE FROM {table}")] {
            let answer = fixture.execute(&statement).await;
            let words = answer.expect_err(&statement);
            assert!(words.contains("append-only"), "{statement}: {words}");
        }
    }
    assert_eq!(everything(&*journal).await.len(), 2);
}

pub async fn two_creations_of_one_account_in_two_writers_are_one(fixture: &impl Fixture) {
    let (one, two) = (fixture.journal().await, fixture.journal().await);
    let first = Book::default().create("k-1", "a", 1);
    let second = Book::default().create("k-2", "a", 1);
    let (first, second) = tokio::join!(append(&*one, vec![first]), append(&*two, vec![second]));
    let (winner, loser) = match first {
        Append::Committed(commit) => (commit, second),
        Append::Refused(_) => (committed(second), first),
    };
    assert_eq!(winner.created.len(), 1);
    assert_eq!(refused(loser), [(0, Fault::Conflict)]);
    let loaded = one.load(&[account_id("a")]).await.unwrap();
    assert_eq!(loaded[0].account.version(), Version::new(1));
}
