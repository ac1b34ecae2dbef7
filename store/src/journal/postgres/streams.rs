//! Where each account's events stand: in the table `streams` up to a place in the log, in memory from there on.
//!
//! A run that is full goes into the table beside the appends, on a connection of its own and a part at a time, by whichever
//! process comes first; `bursar.indexed` moves on behind the last part. The memory ends at a batch's end, whose chain tells
//! whether it is still of this log.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::AccountId;
use domain::chain::{GENESIS, Hash};
use futures_util::future::try_join;
use parking_lot::Mutex;
use tokio_postgres::types::ToSql;

use super::connection::Connector;
use super::{CONNECT_DEADLINE, Failure, PostgresJournal, values};
use crate::journal::JournalError;
use crate::journal::READ_DEADLINE;
use crate::journal::streams::{Entry, Latest, Reach};

/// Versions of a row of the table: a KiB.
const VERSIONS_PER_ROW: usize = 128;
/// Rows that are indexed by one statement: a ms or two.
const ROWS_PER_PART: usize = 128;
/// A part is followed by a pause so many times as long as it took, while no second run is full.
const PAUSE_AFTER_PART: u32 = 3;
/// How long after a run could not be indexed it is tried again.
const INDEX_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Accounts whose versions are remembered beyond the runs in memory; at about 20 bytes each.
const VERSIONS_KEPT_MAX: usize = 200_000;

/// The streams, as far as this process knows them.
pub(super) struct Streams {
    run: i64,
    memory: Mutex<Memory>,
    /// Whoever reads on has it, and leaves there when that began and how far it came: those who came before it began take
    /// that.
    reading_on: tokio::sync::Mutex<Option<(Instant, Reach)>>,
    indexing: AtomicBool,
}

struct Memory {
    latest: Latest,
    /// The chain at the end of the latest.
    chain: Hash,
    /// The furthest place at which this process has known the log, and the chain there.
    seen: (i64, Hash),
    /// Whoever answered a read lacks that place, or has another one there: until it is known what it is, that place stays.
    in_doubt: bool,
    indexed: i64,
    /// The versions that accounts had before the latest runs, of some that were asked for.
    versions: foldhash::HashMap<i64, i64>,
    /// How often what is before the latest runs has become another: what was asked of the table before that is out of date.
    turn: u64,
}

/// What the log has behind a place, up to a batch's end.
struct Missing {
    /// The log's last event.
    head: i64,
    indexed: i64,
    /// Whether the place was of this log.
    is_of_this_log: bool,
    /// The place before the first entry.
    after: i64,
    /// The place of the last entry, and the chain there.
    last: i64,
    chain: Hash,
    accounts: Vec<i64>,
    versions: Vec<i64>,
}

impl Streams {
    pub(super) fn new(run: u32) -> Self {
        let run = i64::from(run.max(1));
        let memory = Memory {
            latest: Latest::from(run, 0),
            chain: GENESIS,
            seen: (0, GENESIS),
            in_doubt: false,
            indexed: 0,
            versions: foldhash::HashMap::default(),
            turn: 0,
        };
        Self {
            run,
            memory: Mutex::new(memory),
            reading_on: tokio::sync::Mutex::default(),
            indexing: AtomicBool::new(false),
        }
    }

    /// Where the memory ends, and the chain there.
    fn end(&self) -> (i64, Hash) {
        let memory = self.memory.lock();
        (memory.latest.last, memory.chain)
    }

    /// The furthest place at which this process has known the log, and the chain there.
    pub(super) fn seen(&self) -> (i64, Hash) {
        self.memory.lock().seen
    }

    /// The log has that place.
    pub(super) fn confirm(&self, seen: (i64, Hash)) {
        let mut memory = self.memory.lock();
        if memory.seen == seen {
            memory.in_doubt = false;
        }
    }

    /// Takes in what was read; gives how far the log is known now.
    fn take(&self, missing: &Missing) -> Reach {
        let mut memory = self.memory.lock();
        memory.in_doubt |= !missing.is_of_this_log;
        // The table may lack what it had: a server that went down loses the end of what was indexed, not of the log.
        let is_whole =
            memory.latest.reaches_back_to(missing.indexed) && memory.latest.last >= missing.indexed;
        if !missing.is_of_this_log || !is_whole {
            memory.latest = Latest::from(self.run, missing.indexed);
            memory.versions.clear();
            memory.turn += 1;
        }
        memory.indexed = missing.indexed;
        let entries = missing.accounts.iter().zip(&missing.versions).zip(missing.after + 1..);
        for ((&account, &version), sequence) in entries {
            if sequence == memory.latest.last + 1 {
                memory.latest.push(Entry { account, version, sequence });
            }
        }
        if memory.latest.last == missing.last {
            memory.end_with(missing.chain);
        }
        memory.move_indexed(missing.indexed);
        Reach { indexed: memory.indexed, last: memory.latest.last }
    }

    /// Notes what the log has behind the place that was known in a turn, with the chain at the end of it. Nothing where
    /// another turn has come, perhaps with another log: whoever asks next reads on.
    pub(super) fn note(&self, turn: u64, entries: &[Entry], chain: Hash) {
        let mut memory = self.memory.lock();
        if memory.turn != turn {
            return;
        }
        for entry in entries {
            // Somebody may have read on meanwhile.
            if entry.sequence == memory.latest.last + 1 {
                memory.latest.push(*entry);
            }
        }
        if entries.last().is_some_and(|last| last.sequence == memory.latest.last) {
            memory.end_with(chain);
        }
    }

    /// An account's last event that is in memory.
    pub(super) fn last_of(&self, account: i64) -> Option<i64> {
        self.memory.lock().latest.of(account, i64::MAX).next_back().map(|entry| entry.sequence)
    }

    /// An account's last event that is in memory, at or before a place.
    pub(super) fn last_before(&self, account: i64, place: i64) -> Option<i64> {
        self.memory.lock().latest.of(account, place).next_back().map(|entry| entry.sequence)
    }

    /// Where the table ends, and some accounts' events behind that, of each in order: both of one moment, since the memory
    /// drops what it finds in the table.
    pub(super) fn beyond_table(&self, accounts: &[i64]) -> (i64, Vec<Entry>) {
        let memory = self.memory.lock();
        let own = accounts.iter().flat_map(|account| memory.latest.of(*account, i64::MAX));
        (memory.indexed, own.filter(|entry| entry.sequence > memory.indexed).copied().collect())
    }

    /// Which turn it is, for what is asked of the table now.
    pub(super) fn turn(&self) -> u64 {
        self.memory.lock().turn
    }

    /// Notes the last events that accounts have in the table, as they were asked for in a turn. Gives whether the log is
    /// known as far as that: the table goes on while others append, and index.
    pub(super) fn learn(&self, turn: u64, entries: impl IntoIterator<Item = Entry>) -> bool {
        let mut memory = self.memory.lock();
        let mut is_known = true;
        for Entry { account, version, sequence } in entries {
            if sequence > memory.latest.last {
                is_known = false;
            } else if memory.turn == turn {
                memory.keep_version(account, version);
            }
        }
        is_known
    }

    /// Whether a run waits to be indexed, and nobody is at it; whoever is told so is to be.
    fn wants_index(&self) -> bool {
        let memory = self.memory.lock();
        memory.latest.last >= memory.indexed + self.run && !self.indexing.swap(true, Ordering::AcqRel)
    }
}

impl Memory {
    /// The version of an account at the end of the latest; `None` where it must be looked up in the table.
    fn version(&self, account: i64) -> Option<i64> {
        let latest = self.latest.of(account, i64::MAX).next_back().map(|entry| entry.version);
        latest.or_else(|| self.versions.get(&account).copied())
    }

    fn end_with(&mut self, chain: Hash) {
        self.chain = chain;
        if self.latest.last > self.seen.0 && !self.in_doubt {
            self.seen = (self.latest.last, chain);
        }
    }

    fn keep_version(&mut self, account: i64, version: i64) {
        if self.versions.len() >= VERSIONS_KEPT_MAX {
            self.versions.clear();
        }
        self.versions.insert(account, version);
    }

    fn move_indexed(&mut self, indexed: i64) {
        self.indexed = indexed;
        let dropped: Vec<_> = self.latest.forget(indexed).collect();
        self.turn += u64::from(!dropped.is_empty());
        for (account, entries) in dropped.into_iter().flatten() {
            if let Some(last) = entries.last() {
                self.keep_version(account, last.version);
            }
        }
    }
}

/// The accounts of a batch, as the log has them at a place: what an append is decided on.
pub(super) struct Standpoint {
    /// The place, and the chain there.
    pub(super) last: i64,
    pub(super) chain: Hash,
    /// Which of the accounts are at another version, counted from 1.
    pub(super) stale: Vec<i32>,
    /// The memory's turn.
    pub(super) turn: u64,
}

impl PostgresJournal {
    /// Reads on to the end of the log; gives how far it is known and indexed then.
    pub(super) async fn reach(&self) -> Result<Reach, JournalError> {
        let read = tokio::time::timeout(READ_DEADLINE, self.read_on()).await;
        read.unwrap_or_else(|late| Err(JournalError::Unavailable(late.into())))
    }

    /// The same for as long as it takes: what was never indexed is, run by run.
    pub(super) async fn read_on(&self) -> Result<Reach, JournalError> {
        let came = Instant::now();
        let mut read = self.streams.reading_on.lock().await;
        if let Some((began, reach)) = *read
            && began >= came
        {
            return Ok(reach);
        }
        let began = Instant::now();
        loop {
            let (last, chain) = self.streams.end();
            let missing = self.missing(last, &chain).await?;
            let reach = self.streams.take(&missing);
            if !missing.is_of_this_log {
                self.profiles.lock().clear();
            }
            if reach.last >= missing.head {
                *read = Some((began, reach));
                self.index_when_full();
                return Ok(reach);
            }
            // Far behind: what was read is indexed first, so that the memory stays small. A standby can't.
            if let Err(error) = index(&self.connector, &self.streams).await {
                warn_of(&error);
            }
        }
    }

    async fn missing(&self, last: i64, chain: &Hash) -> Result<Missing, JournalError> {
        let sql = include_str!("../../../../sql/postgres/streams_reach.sql");
        let rows = self.look_up(sql, &[&last, &chain.as_slice(), &(2 * self.streams.run)]).await?;
        let row = rows.first().ok_or_else(|| JournalError::Damaged("the head is missing".to_owned()))?;
        let missing = Missing {
            head: values::column(row, 0)?,
            indexed: values::column(row, 1)?,
            is_of_this_log: values::column(row, 2)?,
            after: values::column(row, 3)?,
            last: values::column(row, 4)?,
            chain: values::hash(row, 5)?,
            accounts: values::column::<Option<_>>(row, 6)?.unwrap_or_default(),
            versions: values::column::<Option<_>>(row, 7)?.unwrap_or_default(),
        };
        let count = i64::try_from(missing.accounts.len()).unwrap_or(i64::MAX);
        if count != (missing.last - missing.after).max(0) {
            let (after, last) = (missing.after, missing.last);
            return Err(JournalError::Damaged(format!("{count} events after {after} up to {last}")));
        }
        Ok(missing)
    }

    /// The keys of accounts, by their ids; those that are not there are left out.
    pub(super) async fn keys(&self, ids: &[&str]) -> Result<HashMap<String, i64>, JournalError> {
        let sql = include_str!("../../../../sql/postgres/accounts_keys.sql");
        let rows = self.look_up(sql, &[&ids]).await?;
        rows.iter().map(|row| Ok((values::column(row, 0)?, values::column(row, 1)?))).collect()
    }

    /// An account's key, when the streams are known to the end of the log.
    pub(super) async fn stream_of(&self, account: &AccountId) -> Result<Option<i64>, JournalError> {
        let ids = [account.as_str()];
        let (keys, _) = try_join(self.keys(&ids), self.reach()).await?;
        Ok(keys.get(account.as_str()).copied())
    }

    /// How some accounts (keys, and the versions that are expected of them) stand at a place that is known; keys below 1
    /// are those of accounts that are not there yet.
    pub(super) async fn standpoint(
        &self,
        touches: &[(Option<i64>, i64)],
    ) -> Result<Standpoint, JournalError> {
        let mut has_read_on = false;
        loop {
            let mut unknown = Vec::new();
            let mut is_behind = false;
            let standpoint = {
                let memory = self.streams.memory.lock();
                let mut stale = Vec::new();
                for ((key, expected), place) in touches.iter().zip(1..) {
                    let Some(key) = key.filter(|key| *key > 0) else {
                        // Of one that is to be there nothing was found.
                        stale.extend((key.is_none() && *expected > 0).then_some(place));
                        continue;
                    };
                    match memory.version(key) {
                        Some(version) if version == *expected => {}
                        Some(version) => {
                            is_behind |= version < *expected;
                            stale.push(place);
                        }
                        None => unknown.push(key),
                    }
                }
                Standpoint { last: memory.latest.last, chain: memory.chain, stale, turn: memory.turn }
            };
            if !unknown.is_empty() {
                self.look_versions_up(&unknown).await?;
            } else if is_behind && !has_read_on {
                // Who decided knows more than is known here, since others have appended.
                has_read_on = true;
                self.reach().await?;
            } else {
                return Ok(standpoint);
            }
        }
    }

    async fn look_versions_up(&self, accounts: &[i64]) -> Result<(), JournalError> {
        let turn = self.streams.turn();
        let sql = include_str!("../../../../sql/postgres/streams_versions.sql");
        let rows = self.look_up(sql, &[&accounts]).await?;
        let mut found: HashMap<i64, Entry> = HashMap::new();
        for row in &rows {
            let account = values::column(row, 0)?;
            let (version, sequence) = (values::column(row, 1)?, values::column(row, 2)?);
            found.insert(account, Entry { account, version, sequence });
        }
        let none = |account| Entry { account, version: 0, sequence: 0 };
        let entry = |account: &i64| found.get(account).copied().unwrap_or_else(|| none(*account));
        if !self.streams.learn(turn, accounts.iter().map(entry)) {
            self.reach().await?;
        }
        Ok(())
    }

    /// Has full runs indexed, beside whatever goes on.
    pub(super) fn index_when_full(&self) {
        if !self.streams.wants_index() {
            return;
        }
        let (connector, streams) = (self.connector.clone(), Arc::clone(&self.streams));
        self.connector.spawn(async move {
            let at_it = AtIt(streams);
            if let Err(error) = index(&connector, &at_it.0).await {
                warn_of(&error);
                // Each append would try again, where the server has no connection left perhaps.
                tokio::time::sleep(INDEX_AGAIN_AFTER).await;
            }
        });
    }
}

/// Whoever indexes beside the appends; its end is seen, whatever it was.
struct AtIt(Arc<Streams>);

impl Drop for AtIt {
    fn drop(&mut self) {
        self.0.indexing.store(false, Ordering::Release);
    }
}

/// Indexes the runs that are full.
pub(super) async fn index(connector: &Connector, streams: &Streams) -> Result<(), Failure> {
    let full = || {
        let memory = streams.memory.lock();
        let is_late = memory.latest.last >= memory.indexed + 2 * streams.run;
        let known = (memory.latest.last, memory.chain);
        memory.latest.full_run(memory.indexed).map(|accounts| (memory.indexed, accounts, known, is_late))
    };
    let Some(mut next) = full() else { return Ok(()) };
    let connect = async {
        let client = connector.client().await?;
        client.batch_execute(include_str!("../../../../sql/postgres/indexer_session.sql")).await?;
        let part = client.prepare(include_str!("../../../../sql/postgres/index_part.sql")).await?;
        Ok::<_, tokio_postgres::Error>((client, part))
    };
    let (client, part) = tokio::time::timeout(CONNECT_DEADLINE, connect).await??;
    loop {
        let (after, mut accounts, (last, chain), is_late) = next;
        accounts.sort_unstable_by_key(|entries| entries.first().map(|entry| entry.account));
        let end = after + streams.run;
        let rows: Vec<&[Entry]> =
            accounts.iter().flat_map(|entries| entries.chunks(VERSIONS_PER_ROW)).collect();
        let mut left = rows.chunks(ROWS_PER_PART).peekable();
        while let Some(rows) = left.next() {
            let began = Instant::now();
            let accounts: Vec<i64> =
                rows.iter().filter_map(|row| row.first()).map(|entry| entry.account).collect();
            let versions: Vec<i64> =
                rows.iter().filter_map(|row| row.first()).map(|entry| entry.version).collect();
            let counts = rows.iter().map(|row| i32::try_from(row.len())).collect::<Result<Vec<_>, _>>()?;
            let places: Vec<i64> =
                rows.iter().flat_map(|row| row.iter()).map(|entry| entry.sequence).collect();
            let ends = left.peek().is_none().then_some(end);
            let values: [&(dyn ToSql + Sync); 8] =
                [&last, &chain.as_slice(), &after, &ends, &accounts, &versions, &counts, &places];
            let row = tokio::time::timeout(READ_DEADLINE, client.query_one(&part, &values)).await??;
            let Some(indexed) = row.try_get::<_, Option<i64>>(0)? else { return Ok(()) };
            if indexed != after {
                // It is done, or another process was first.
                streams.memory.lock().move_indexed(indexed);
                break;
            }
            if !is_late {
                tokio::time::sleep(began.elapsed() * PAUSE_AFTER_PART).await;
            }
        }
        match full() {
            Some(another) => next = another,
            None => return Ok(()),
        }
    }
}

pub(super) fn warn_of(error: &Failure) {
    tracing::warn!(error = &**error as &dyn std::error::Error, "a run of streams can't be indexed yet");
}
