//! The log as an archive: audited as it is stored, exported and imported.

use std::io::{BufReader, Write};

use domain::audit::Finding;
use domain::chain::{GENESIS, link, root};
use domain::rows::{BatchRow, EventRow, HeadRow, RefusalRow, Rows};
use domain::{Change, LimitsChange, Scope, Target};
use parking_lot::Mutex;
use store::archive::{ImportError, Imported, Source, Verified, export, import, verify};
use store::{FROM_THE_FIRST, Past, Recalled, Restore, RestoreError, SqliteJournal, UNFINISHED};

use super::holding::{capture, place, release};
use super::*;

/// Changes of one byte that are tried on each store.
const TRIES: usize = 100;

/// Every kind of event, refusals at several places, batches of several sizes.
async fn eventful(journal: &dyn Journal) {
    let mut book = Book::default();
    let early = book.withdraw("refused-0", "nobody", 1);
    book.commit(journal, vec![early]).await;
    let mut units: Vec<Unit> = ["a", "b", "c"]
        .iter()
        .map(|account| book.create(&format!("create-{account}"), account, 1000))
        .collect();
    units.push(book.unit(
        "create-yen",
        Command::CreateAccount {
            account: account_id("yen"),
            initial_balance: Quantity::parse("7").unwrap(),
            currency: Currency::parse("JPY").unwrap(),
            owner: None,
            overdraft_limit: Quantity::parse("50").unwrap(),
        },
    ));
    book.commit(journal, units).await;
    for round in 0..6 {
        let mut units: Vec<Unit> =
            (0..=round).map(|n| book.deposit(&format!("in-{round}-{n}"), "a", n + 1)).collect();
        units.push(book.transfer(&format!("move-{round}"), "a", "b", 3));
        units.push(book.withdraw(&format!("refused-{round}-much"), "b", 100_000));
        units.push(book.unit_in(&format!("out-{round}"), withdraw("c", 1), Some("talk \"\u{e9}\"")));
        book.commit(journal, units).await;
    }
    let (account, reason) = (account_id("c"), Some(Arc::from("lost card")));
    let commands = [
        Command::FreezeAccount { account: account.clone(), scope: Scope::Debits, reason: reason.clone() },
        Command::FreezeAccount { account: account.clone(), scope: Scope::Credits, reason: None },
        Command::UnfreezeAccount { account: account.clone(), scope: Scope::Debits, reason: None },
        Command::UnfreezeAccount { account: account.clone(), scope: Scope::All, reason: None },
        Command::CloseAccount { account: account.clone(), sweep_to: Some(account_id("b")), reason },
        Command::ReopenAccount { account: account.clone(), reason: None },
        Command::FreezeAccount { account, scope: Scope::All, reason: None },
    ];
    for (n, command) in commands.into_iter().enumerate() {
        let unit = book.unit(&format!("turn-{n}"), command);
        book.commit(journal, vec![unit]).await;
    }
    let units = vec![
        book.unit("hold-1", place("a", "room", 20, Some(600))),
        book.unit("hold-2", place("a", "car", 30, None)),
        book.unit("hold-3", place("b", "boat", 5, None)),
        book.unit("capture", capture("a", "room", Some("b"))),
        book.unit("release", release("b", "boat")),
    ];
    book.commit(journal, units).await;
    let change = LimitsChange {
        overdraft_limit: Change::Set(quantity(100)),
        per_day: Change::Set(quantity(5000)),
        ..LimitsChange::default()
    };
    let limits = book.unit("limits", Command::SetLimits { account: account_id("a"), change });
    book.commit(journal, vec![limits]).await;
    let moved = journal.command(&command_id("move-2")).await.unwrap();
    let Some(Recalled::Accepted { events, .. }) = moved else { panic!("{moved:?}") };
    let target = Target::Event(events[0].sequence);
    book.reversed = Found::among(&target, &events);
    let reversal = Command::Reverse { target, amount: Some(quantity(1)), currency: None, reason: None };
    let units = vec![book.unit("back", reversal), book.withdraw("spent", "a", 2)];
    book.commit(journal, units).await;
    let late = book.withdraw("refused-late", "c", 1);
    book.commit(journal, vec![late]).await;
}

/// What is found, and the audit.
pub async fn verified(journal: &dyn Journal) -> (Verified, Vec<Finding>) {
    let found = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&found);
    let verified = verify(journal, move |finding| told.lock().push(finding.clone())).await.unwrap();
    let found = std::mem::take(&mut *found.lock());
    assert_eq!(verified.findings, found.len() as u64);
    (verified, found)
}

async fn assert_sound(journal: &dyn Journal) -> Verified {
    let (verified, found) = verified(journal).await;
    assert_eq!(found, []);
    verified
}

/// Everything that is stored, except what is the store's own: how many events of a unit stand before one.
async fn stored(journal: &dyn Journal) -> (Vec<BatchRow>, Vec<EventRow>, Vec<RefusalRow>, HeadRow) {
    let (mut batches, mut events, mut after) = (Vec::new(), Vec::new(), FROM_THE_FIRST);
    while let Some(rows) = journal.rows(after, 5).await.unwrap() {
        let Rows { batches: more, events: of_batches, through } = rows;
        assert_eq!(more.last().map(|batch| batch.last), Some(through), "a page ends where a batch does");
        batches.extend(more);
        events.extend(of_batches.into_iter().map(|row| EventRow { place: None, ..row }));
        after = through;
    }
    let refusals = journal.refusal_rows(0, 1000).await.unwrap();
    (batches, events, refusals, journal.head_row().await.unwrap())
}

pub async fn a_sound_log_is_found_sound(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    assert_eq!(assert_sound(&*journal).await.audit.last(), 0);
    eventful(&*journal).await;
    let Verified { audit, .. } = assert_sound(&*journal).await;
    let head = journal.head().await.unwrap();
    assert_eq!((audit.last(), *audit.chain()), (head.last.get() as i64, head.chain));
    assert_eq!((audit.accounts(), audit.refusals(), audit.unproved_commands()), (4, 8, 0));
    let usd = audit.sums()[&Currency::USD];
    assert!(usd.conserved() && usd.accounts == 3 && usd.money_out == 800, "{usd:?}");
    let (batches, events, refusals, _) = stored(&*journal).await;
    assert_eq!((batches.len() as u64, events.len() as i64), (audit.batches(), audit.last()));
    assert_eq!(refusals.len(), 8);
    assert_eq!(journal.refusal_rows(refusals[2].number, 3).await.unwrap(), refusals[3..6]);
    assert_eq!(journal.batches(Sequence::ZERO, 3).await.unwrap(), batches[..3]);
    let holds = journal.batches(Sequence::new(batches[2].first as u64), 100).await.unwrap();
    assert_eq!(holds, batches[2..]);
    let ids = journal.command_ids("in-", 4).await.unwrap();
    assert_eq!(ids, ["in-0-0", "in-1-0", "in-1-1", "in-2-0"]);
}

/// A number that is never the same twice in a row.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) as usize % bound
    }
}

/// A stored fact of a row.
#[derive(Clone, Debug)]
enum Fact {
    Number(i64, u32),
    Text(Vec<u8>),
    Bytes(Vec<u8>),
}

impl Fact {
    fn constant(&self, fixture: &impl Fixture) -> String {
        match self {
            Self::Number(number, _) => number.to_string(),
            Self::Text(bytes) => fixture.text(bytes),
            Self::Bytes(bytes) => fixture.blob(bytes),
        }
    }

    /// The same with another byte somewhere.
    fn changed(&self, dice: &mut Dice) -> Self {
        let mut other = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let place = dice.below(bytes.len());
            bytes[place] ^= 1 + dice.below(255) as u8;
            bytes
        };
        match self {
            Self::Number(number, width) => {
                let place = 8 * dice.below(*width as usize / 8);
                Self::Number(number ^ ((1 + dice.below(255) as i64) << place), *width)
            }
            Self::Text(bytes) => Self::Text(other(bytes)),
            Self::Bytes(bytes) => Self::Bytes(other(bytes)),
        }
    }
}

/// What a row of the events has, by column.
fn facts_of_event(row: &EventRow) -> Vec<(&'static str, Fact)> {
    let text = |text: &str| Fact::Text(text.as_bytes().to_vec());
    let standing = &row.standing;
    let mut facts = vec![
        ("sequence", Fact::Number(row.sequence, 64)),
        ("account", Fact::Number(row.account, 64)),
        ("version", Fact::Number(row.version, 64)),
        ("kind", text(&row.kind)),
        ("balance", Fact::Number(standing.balance, 64)),
        ("held", Fact::Number(standing.held, 64)),
        ("overdraft_limit", Fact::Number(standing.overdraft_limit, 64)),
        ("transactions", Fact::Number(standing.transactions, 64)),
        ("status", Fact::Number(standing.status, 16)),
        ("spent", Fact::Number(standing.spent, 64)),
        ("decided_at", Fact::Number(standing.decided_at, 64)),
        ("body", text(&row.body)),
    ];
    facts.extend(row.place.map(|place| ("place", Fact::Number(place, 64))));
    facts.extend(row.command.id.as_ref().map(|id| ("command_id", text(id))));
    facts.extend(row.command.fingerprint.clone().map(|bytes| ("fingerprint", Fact::Bytes(bytes))));
    facts.extend(row.command.name.as_ref().map(|name| ("command", text(name))));
    facts.extend(row.command.events.map(|events| ("unit_size", Fact::Number(events, 32))));
    facts.extend(row.reverses.map(|movement| ("reverses", Fact::Number(movement, 64))));
    facts.extend(standing.limits.as_ref().map(|limits| ("limits", text(limits))));
    facts.extend(row.correlation.as_ref().map(|correlation| ("correlation", text(correlation))));
    facts
}

fn facts_of_batch(row: &BatchRow) -> Vec<(&'static str, Fact)> {
    vec![
        ("last_sequence", Fact::Number(row.last, 64)),
        ("first_sequence", Fact::Number(row.first, 64)),
        ("committed_at", Fact::Number(row.committed_at, 64)),
        ("root", Fact::Bytes(row.root.to_vec())),
        ("chain", Fact::Bytes(row.chain.to_vec())),
    ]
}

/// Of any fact of an event or a batch. What the database itself refuses, such as text that is none or a key that is taken, is
/// no try.
pub async fn any_byte_that_is_changed_is_found_in_its_batch(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    eventful(&*journal).await;
    fixture.unlock().await;
    let rows = journal.rows(FROM_THE_FIRST, 1000).await.unwrap().unwrap();
    let mut dice = Dice(7);
    let (mut tried, mut columns) = (0, std::collections::BTreeSet::new());
    while tried < TRIES {
        let batch = &rows.batches[dice.below(rows.batches.len())];
        let of_batch = |row: &&EventRow| (batch.first..=batch.last).contains(&row.sequence);
        let events: Vec<&EventRow> = rows.events.iter().filter(of_batch).collect();
        let (table, key, facts) = if dice.below(4) == 0 {
            ("batches", ("last_sequence", batch.last), facts_of_batch(batch))
        } else {
            let event = events[dice.below(events.len())];
            ("events", ("sequence", event.sequence), facts_of_event(event))
        };
        let (column, fact) = &facts[dice.below(facts.len())];
        let changed = fact.changed(&mut dice);
        let (name, number) = key;
        let set = |fact: &Fact, number: i64| {
            format!("UPDATE {table} SET {column} = {} WHERE {name} = {number}", fact.constant(fixture))
        };
        if fixture.execute(&set(&changed, number)).await.is_err() {
            continue;
        }
        tried += 1;
        columns.insert((table, *column));
        let (_, found) = verified(&*journal).await;
        let there = |finding: &Finding| finding.batch.0 <= batch.last && batch.first <= finding.batch.1;
        let what = format!("{table} {number} {column}: {fact:?} -> {changed:?}, batch {batch:?}");
        assert!(found.iter().any(there), "{what}: {found:?}");
        assert!(found.len() < 30, "{what} is found too often: {found:?}");
        let number = match (&changed, *column == name) {
            (Fact::Number(moved, _), true) => *moved,
            _ => number,
        };
        fixture.execute(&set(fact, number)).await.unwrap();
    }
    assert!(columns.len() > 18, "{columns:?}");
    assert_sound(&*journal).await;
}

/// Rows that are gone, or stand where none should.
pub async fn what_is_not_in_a_batch_is_found(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    eventful(&*journal).await;
    fixture.unlock().await;
    let (batches, events, refusals, _) = stored(&*journal).await;
    let (batch, last) = (&batches[3], events.last().unwrap().sequence);
    for (statement, first, to) in [
        (format!("DELETE FROM events WHERE sequence = {last}"), last, last),
        (format!("DELETE FROM batches WHERE last_sequence = {last}"), last, last),
        (format!("DELETE FROM batches WHERE last_sequence = {}", batch.last), batch.first, batch.last),
        (format!("DELETE FROM events WHERE sequence = {}", batch.first), batch.first, batch.last),
        (format!("DELETE FROM rejections WHERE refusal = {}", refusals[3].number), 0, last),
        ("DELETE FROM accounts WHERE id = 'yen'".to_owned(), batches[0].first, batches[0].last),
    ] {
        fixture.execute(&statement).await.unwrap();
        let (_, found) = verified(&*journal).await;
        let there = |finding: &Finding| finding.batch.0 <= to && first <= finding.batch.1;
        assert!(found.iter().any(there), "{statement}: {found:?}");
    }
}

/// A file in memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub async fn exported(journal: &dyn Journal) -> String {
    let file = Memory::default();
    export(journal, "test", file.clone()).await.unwrap();
    let bytes = std::mem::take(&mut *file.0.lock());
    String::from_utf8(bytes).unwrap()
}

/// More of them than are read at once.
pub async fn refusals_follow_their_batches_however_many_there_are(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let mut book = Book::default();
    let create = book.create("create", "a", 1);
    book.commit(&*journal, vec![create]).await;
    for round in 0..6 {
        let mut units = vec![book.deposit(&format!("in-{round}"), "a", 1)];
        let refused = |n: usize| book.withdraw(&format!("refused-{round}-{n}"), "a", 100_000);
        units.extend((0..400 * (round % 4)).map(refused));
        book.commit(&*journal, units).await;
    }
    let file = exported(&*journal).await;
    let mut last = 0;
    for line in file.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()) {
        if let Some(place) = line["batch"]["last"].as_i64() {
            last = place;
        } else if let Some(place) = line["refusal"]["sequence"].as_i64() {
            assert_eq!(place, last, "{line}");
        }
    }
    assert_eq!(last, 7);
    assert_eq!(file.matches("\"refusal\":").count(), 2800);
    assert_sound(&*journal).await;
}

pub async fn imported(journal: &dyn Journal, file: &str) -> Result<Imported, ImportError> {
    import(journal, Source::begin(BufReader::new(std::io::Cursor::new(file.to_owned())))?).await
}

/// Into a log of the same kind, from there into an embedded one, and back: every stored fact, the id of the log, and so the
/// file.
pub async fn the_log_is_the_same_when_it_was_exported_and_imported<F: Fixture>(fixture: &F) {
    let journal = fixture.journal().await;
    eventful(&*journal).await;
    let (file, before) = (exported(&*journal).await, stored(&*journal).await);
    let log_id = journal.head().await.unwrap().log_id;

    let folder = tempfile::tempdir().unwrap();
    let embedded: Arc<dyn Journal> = Arc::new(SqliteJournal::open(&folder.path().join("j")).unwrap());
    let other = F::start().await.unwrap();
    let same_kind = other.journal().await;
    for target in [embedded, same_kind] {
        let done = imported(&*target, &file).await.unwrap();
        assert_eq!((done.log_id, done.resumed_at, done.refusals), (log_id, Sequence::ZERO, 8));
        assert_eq!(target.head().await.unwrap(), journal.head().await.unwrap());
        assert_eq!(stored(&*target).await, before);
        assert_sound(&*target).await;
        assert_eq!(exported(&*target).await, file);
        // It is known what was asked under each key, and what was said.
        for id in ["move-3", "refused-0", "refused-late"].map(command_id) {
            let (theirs, ours) = (journal.command(&id).await.unwrap(), target.command(&id).await.unwrap());
            match (theirs.unwrap(), ours.unwrap()) {
                (
                    Recalled::Accepted { fingerprint, name, events },
                    Recalled::Accepted { fingerprint: print, name: called, events: same },
                ) => {
                    assert_eq!((fingerprint, name), (print, called));
                    let json = |events: &[Arc<Recorded>]| -> Vec<String> {
                        events.iter().map(|event| event.json.to_string()).collect()
                    };
                    assert_eq!(json(&events), json(&same));
                }
                (Recalled::Rejected(one), Recalled::Rejected(other)) => {
                    assert_eq!(
                        (one.refusal, one.place, one.facts),
                        (other.refusal, other.place, other.facts)
                    );
                }
                (one, other) => panic!("{one:?}, {other:?}"),
            }
        }
        // And it goes on from there.
        let mut book = Book::default();
        book.reload(&*target, &["a"]).await;
        let unit = book.deposit("later", "a", 1);
        let commit = book.commit(&*target, vec![unit]).await;
        assert_eq!(commit.first.get() as i64, before.3.last + 1);
        assert_sound(&*target).await;
    }
}

/// Cut off, changed, or of something else: the line is named, the log is no log until the right file is imported.
pub async fn a_file_that_is_not_whole_leaves_nothing_that_looks_so<F: Fixture>(fixture: &F) {
    let journal = fixture.journal().await;
    // Enough for several parts.
    let mut book = Book::default();
    let unit = book.create("create", "a", 1);
    book.commit(&*journal, vec![unit]).await;
    for round in 0..10 {
        let units = (0..2000).map(|n| book.deposit(&format!("in-{round}-{n}"), "a", 1)).collect();
        book.commit(&*journal, units).await;
    }
    let refusal = book.withdraw("refused", "a", 999_999);
    book.commit(&*journal, vec![refusal]).await;
    let file = exported(&*journal).await;
    let lines: Vec<&str> = file.lines().collect();
    let cut = |count: usize| lines[..count].iter().map(|line| format!("{line}\n")).collect::<String>();
    let with = |place: usize, line: &str| {
        let mut lines = lines.clone();
        lines[place] = line;
        lines.iter().map(|line| format!("{line}\n")).collect::<String>()
    };
    let last = lines.len() - 1;
    let other_amount =
        lines[15_000].replace("\"amount\":1,", "\"amount\":2,").replace("\"amount\":1}", "\"amount\":2}");
    assert_ne!(other_amount, lines[15_000]);
    let batch_of_it =
        lines[15_000..].iter().position(|line| line.starts_with("{\"batch\"")).unwrap() + 15_001;
    let other_root = lines[batch_of_it - 1].replace("\"root\":\"", "\"root\":\"0");
    for (text, line) in [
        (String::new(), 1),
        ("{\"accounts\":[]}\n".to_owned(), 1),
        (file.replace("\"format\":1", "\"format\":2"), 1),
        (cut(1), 2),
        (cut(15_000), 15_001),
        (cut(last), last + 1),
        (file[..file.len() - 5].to_owned(), last + 1),
        (with(15_000, &other_amount), batch_of_it),
        (with(batch_of_it - 1, &other_root), batch_of_it),
        (with(15_000, "{}"), 15_001),
        (with(15_000, lines[15_001]), 15_001),
        (with(15_000, lines[0]), 15_001),
        (format!("{file}{{}}\n"), last + 2),
    ] {
        let other = F::start().await.unwrap();
        let target = other.journal().await;
        match imported(&*target, &text).await {
            Err(ImportError::Line { line: named, what }) => assert_eq!(named, line as u64, "{what}"),
            other => panic!("line {line}: {other:?}"),
        }
        let head = target.head().await.unwrap();
        assert!(head.last == Sequence::ZERO || head.log_id == UNFINISHED, "{head:?}");
        if line > 10_000 {
            assert!(head.last > Sequence::ZERO, "nothing was written before line {line}");
        }
        let done = imported(&*target, &file).await.unwrap();
        assert_eq!((done.resumed_at, done.last), (head.last, 20_001));
        assert_eq!(target.head().await.unwrap(), journal.head().await.unwrap());
        if line == last + 1 {
            assert_eq!(exported(&*target).await, file);
            assert_sound(&*target).await;
        }
    }
}

/// Nor is one import taken for another.
pub async fn an_import_needs_an_empty_log<F: Fixture>(fixture: &F) {
    let journal = fixture.journal().await;
    eventful(&*journal).await;
    let file = exported(&*journal).await;
    assert!(matches!(imported(&*journal, &file).await, Err(ImportError::NotEmpty(_))));
    let other = F::start().await.unwrap();
    let target = other.journal().await;
    let mut book = Book::default();
    let refusal = book.withdraw("k-1", "a", 1);
    book.commit(&*target, vec![refusal]).await;
    assert!(matches!(imported(&*target, &file).await, Err(ImportError::NotEmpty(_))));
    // What another import left.
    let another = F::start().await.unwrap();
    let source = another.journal().await;
    let unit = book.create("k-2", "a", 1);
    book.commit(&*source, vec![unit]).await;
    let third = F::start().await.unwrap();
    let target = third.journal().await;
    let (batches, ..) = stored(&*source).await;
    let part = restored(&mut Book::default(), &batches[0], GENESIS, UNFINISHED);
    target.restore(part).await.unwrap();
    let failed = imported(&*target, &file).await;
    assert!(matches!(failed, Err(ImportError::AnotherImport)), "{failed:?}");
}

/// A part with one batch, whose root has its events alone.
fn restored(book: &mut Book, row: &BatchRow, before: domain::chain::Hash, log_id: Uuid) -> Restore {
    let unit = book.create("create-b", "b", 5);
    let leaves: Vec<_> = unit.drafts().iter().map(|draft| *draft.stored.leaf()).collect();
    let root = root(&leaves).unwrap();
    let (first, last) = (Sequence::new(1), Sequence::new(1));
    let committed_at = Timestamp::from_micros(row.committed_at);
    let chain = link(&before, &root, first, last, committed_at);
    let past = Past { units: vec![unit], first, last, root, chain, committed_at };
    let after = (Sequence::ZERO, before);
    Restore { after, batches: vec![past], refusals: Vec::new(), log_id }
}

/// What an import writes first: account `b`.
pub fn first_part() -> Restore {
    restored(&mut Book::default(), &some_batch(), GENESIS, UNFINISHED)
}

fn some_batch() -> BatchRow {
    BatchRow { first: 1, last: 1, root: [0; 32], chain: [0; 32], committed_at: 1_600_000_000_000_001 }
}

/// Before there was a leaf for the commands.
pub async fn batches_that_prove_their_events_alone_are_sound(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let part = restored(&mut Book::default(), &some_batch(), GENESIS, Uuid::max());
    let chain = part.batches[0].chain;
    journal.restore(part).await.unwrap();
    let head = journal.head().await.unwrap();
    let committed_at = Timestamp::from_micros(1_600_000_000_000_001);
    assert_eq!((head.chain, head.committed_at, head.log_id), (chain, committed_at, Uuid::max()));
    let mut book = Book::default();
    book.reload(&*journal, &["b"]).await;
    let unit = book.deposit("k-1", "b", 1);
    book.commit(&*journal, vec![unit]).await;
    let Verified { audit, .. } = assert_sound(&*journal).await;
    assert_eq!((audit.batches(), audit.unproved_commands()), (2, 1));
}

/// And nothing else: not on another head, not with another chain, not twice.
pub async fn what_is_written_again_is_what_was_committed(fixture: &impl Fixture) {
    let journal = fixture.journal().await;
    let empty = journal.head().await.unwrap();
    let wrong_head = restored(&mut Book::default(), &some_batch(), [1; 32], Uuid::max());
    assert!(matches!(journal.restore(wrong_head).await, Err(RestoreError::Elsewhere)));
    let mut wrong_chain = restored(&mut Book::default(), &some_batch(), GENESIS, Uuid::max());
    wrong_chain.batches[0].chain = [1; 32];
    assert!(matches!(journal.restore(wrong_chain).await, Err(RestoreError::Chain(..))));
    let mut wrong_place = restored(&mut Book::default(), &some_batch(), GENESIS, Uuid::max());
    let past = &mut wrong_place.batches[0];
    (past.first, past.last) = (Sequence::new(2), Sequence::new(2));
    past.chain = link(&GENESIS, &past.root, past.first, past.last, past.committed_at);
    assert!(matches!(journal.restore(wrong_place).await, Err(RestoreError::Chain(..))));
    let mut twice = restored(&mut Book::default(), &some_batch(), GENESIS, Uuid::max());
    let mut refusal = Book::default().withdraw("create-b", "x", 1);
    refusal.may_repeat = true;
    twice.refusals.push((Sequence::new(1), refusal));
    assert!(matches!(journal.restore(twice).await, Err(RestoreError::Taken)));
    assert_eq!(journal.head().await.unwrap(), empty);
    assert!(everything(&*journal).await.is_empty());
    // The log is closed again to whoever is not writing it anew.
    let part = restored(&mut Book::default(), &some_batch(), GENESIS, Uuid::max());
    journal.restore(part).await.unwrap();
    for (table, column) in fixture.append_only().into_iter().filter(|(table, _)| *table != "rejections") {
        let statement = format!("UPDATE {table} SET {column} = {column}");
        assert!(fixture.execute(&statement).await.unwrap_err().contains("append-only"), "{table}");
    }
}
