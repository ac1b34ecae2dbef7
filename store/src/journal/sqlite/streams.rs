//! Where each account's events stand: in the table `streams` up to a place in the log, in memory from there on.
//!
//! A full run goes into the table in the order of accounts, a part of it with each append, which changes few pages, and
//! `log.indexed` moves on in the commit that puts its last part in.

use std::cmp::Reverse;
use std::ops::ControlFlow;
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction};

use crate::journal::JournalError;
use crate::journal::streams::{Entry, Latest, Reach};

const LOG_REACH: &str = include_str!("../../../../sql/sqlite/journal/log_reach.sql");
const EVENTS_UNINDEXED: &str = include_str!("../../../../sql/sqlite/journal/events_unindexed.sql");
const STREAM_INSERT: &str = include_str!("../../../../sql/sqlite/journal/stream_insert.sql");
const STREAM_LAST: &str = include_str!("../../../../sql/sqlite/journal/stream_last.sql");
const STREAM_AFTER: &str = include_str!("../../../../sql/sqlite/journal/stream_after.sql");
const STREAM_BEFORE: &str = include_str!("../../../../sql/sqlite/journal/stream_before.sql");

/// Versions of a row of the table: half a KiB.
const VERSIONS_PER_ROW: usize = 256;

/// How far the log reaches in the transaction that is open.
pub(super) fn reach_of(connection: &Connection) -> rusqlite::Result<Reach> {
    let mut statement = connection.prepare_cached(LOG_REACH)?;
    statement.query_row([], |row| Ok(Reach { indexed: row.get(0)?, last: row.get(1)? }))
}

/// The latest events of every account, for all connections of a journal.
#[derive(Debug)]
pub(super) struct Streams {
    /// Events of a run. Runs end at its multiples.
    run: i64,
    latest: Mutex<Latest>,
}

impl Streams {
    pub(super) fn new(run: u32) -> Self {
        let run = i64::from(run.max(1));
        Self { run, latest: Mutex::new(Latest::from(run, 0)) }
    }

    /// Reads what is not indexed, so that the first command need not.
    pub(super) fn warm(&self, connection: &Connection) -> rusqlite::Result<()> {
        let reach = reach_of(connection)?;
        cover(&mut self.latest.lock(), self.run, connection, reach).map(|_| ())
    }

    /// An account's stream, as a view of the log has it.
    pub(super) fn of<'a>(
        &self,
        connection: &'a Connection,
        reach: Reach,
        account: i64,
    ) -> rusqlite::Result<Stream<'a>> {
        let mut latest = self.latest.lock();
        let covered = cover(&mut latest, self.run, connection, reach)?;
        let mut runs: Vec<Arc<Vec<Entry>>> = match covered {
            true => latest.runs_of(account),
            false => Vec::new(),
        };
        drop(latest);
        if !covered {
            // A view so old that the memory has gone on.
            let mut entries = Vec::new();
            let own = |entry: Entry| entries.extend((entry.account == account).then_some(entry));
            each_unindexed(connection, reach, own)?;
            runs.push(Arc::new(entries));
        }
        let mut stream = Stream { connection, account, versions: 0, last: reach.last, runs };
        let in_memory = stream.latest_after(0).next_back().map(|entry| entry.version);
        stream.versions = match in_memory {
            Some(version) => version,
            None => last_indexed(connection, account)?,
        };
        Ok(stream)
    }

    /// How many events each of some accounts has, as the writer sees it.
    pub(super) fn versions(
        &self,
        transaction: &Transaction<'_>,
        reach: Reach,
        accounts: &[Option<i64>],
    ) -> rusqlite::Result<Vec<i64>> {
        let mut latest = self.latest.lock();
        if latest.last > reach.last || !cover(&mut latest, self.run, transaction, reach)? {
            // The log has gone back.
            *latest = Latest::from(self.run, 0);
            cover(&mut latest, self.run, transaction, reach)?;
        }
        let version = |account: &Option<i64>| match account {
            Some(account) => match latest.of(*account, reach.last).next_back() {
                Some(entry) => Ok(entry.version),
                None => last_indexed(transaction, *account),
            },
            None => Ok(0),
        };
        accounts.iter().map(version).collect()
    }

    /// Notes what was committed, and where the table reaches now.
    pub(super) fn note(&self, entries: &[Entry], reach: Reach) {
        let mut latest = self.latest.lock();
        // Where another process wrote before this, whoever asks next reads both from the log.
        if entries.first().is_some_and(|first| first.sequence == latest.last + 1) {
            entries.iter().for_each(|entry| latest.push(*entry));
        }
        latest.forget(reach.indexed).for_each(drop);
    }
}

/// Reads what is missing up to the end of a view; false where what the view needs is no longer here.
fn cover(latest: &mut Latest, run: i64, connection: &Connection, reach: Reach) -> rusqlite::Result<bool> {
    if latest.last < reach.indexed {
        *latest = Latest::from(run, reach.indexed);
    }
    if latest.last < reach.last {
        let missing = Reach { indexed: latest.last, last: reach.last };
        let read = each_unindexed(connection, missing, |entry| latest.push(entry));
        if read.is_err() {
            *latest = Latest::from(run, 0);
        }
        read?;
        latest.last = reach.last;
    }
    latest.forget(reach.indexed).for_each(drop);
    Ok(latest.reaches_back_to(reach.indexed))
}

/// What a transaction puts into the table, until it is committed.
pub(super) struct Merged {
    /// How many accounts of the run are left then.
    left: usize,
    /// Where the table reaches then.
    pub(super) indexed: i64,
}

/// A full run on its way into the table.
#[derive(Debug, Default)]
pub(super) struct Merge {
    /// The sequence before the run.
    after: i64,
    /// The entries of each account that are not in the table yet, the last account first.
    left: Vec<Arc<Vec<Entry>>>,
}

impl Merge {
    /// Puts a part of the run into the table, in proportion to what is appended, so that it is done before the next one is
    /// full.
    pub(super) fn advance(
        &mut self,
        transaction: &Transaction<'_>,
        streams: &Streams,
        reach: Reach,
        appended: usize,
    ) -> rusqlite::Result<Merged> {
        if self.after != reach.indexed || self.left.is_empty() {
            let full = streams.latest.lock().full_run(reach.indexed);
            let Some(mut left) = full else {
                return Ok(Merged { left: 0, indexed: reach.indexed });
            };
            left.sort_unstable_by_key(|entries| Reverse(entries.first().map(|entry| entry.account)));
            *self = Self { after: reach.indexed, left };
        }
        let wanted = appended + appended / 4 + 1;
        let mut insert = transaction.prepare_cached(STREAM_INSERT)?;
        let (mut left, mut done) = (self.left.as_slice(), 0);
        while done < wanted
            && let Some((entries, others)) = left.split_last()
        {
            for row in entries.chunks(VERSIONS_PER_ROW) {
                let Some(first) = row.first() else { continue };
                insert.execute((first.account, first.version, self.after, distances(self.after, row)?))?;
            }
            done += entries.len();
            left = others;
        }
        let indexed = if left.is_empty() { reach.indexed + streams.run } else { reach.indexed };
        Ok(Merged { left: left.len(), indexed })
    }

    /// Notes what was committed of it.
    pub(super) fn note(&mut self, merged: &Merged) {
        self.left.truncate(merged.left);
    }
}

/// How far behind a place some events stand, as the table has it.
fn distances(after: i64, entries: &[Entry]) -> rusqlite::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(2 * entries.len());
    for entry in entries {
        let distance = u16::try_from(entry.sequence - after)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        bytes.extend(distance.to_be_bytes());
    }
    Ok(bytes)
}

/// The versions and places that a row of the table has.
fn row_of(row: &Row<'_>) -> rusqlite::Result<Vec<(i64, i64)>> {
    let (first, after): (i64, i64) = (row.get(0)?, row.get(1)?);
    let distances = row.get_ref(2)?.as_blob()?.chunks_exact(2);
    let place = |distance: &[u8]| after + distance.iter().fold(0, |sum, byte| 256 * sum + i64::from(*byte));
    Ok((first..).zip(distances.map(place)).collect())
}

/// One account's events, as a view of the log has them.
pub(super) struct Stream<'a> {
    connection: &'a Connection,
    account: i64,
    /// How many there are.
    pub(super) versions: i64,
    /// The last event of the view: the runs may go on behind it.
    last: i64,
    /// At least what is not in the table, in order.
    runs: Vec<Arc<Vec<Entry>>>,
}

impl Stream<'_> {
    /// The events in memory after a version, in order.
    fn latest_after(&self, version: i64) -> impl DoubleEndedIterator<Item = &Entry> {
        self.runs.iter().flat_map(move |run| {
            let from = run.partition_point(|entry| entry.version <= version);
            let to = run.partition_point(|entry| entry.sequence <= self.last);
            run.get(from..to).unwrap_or_default()
        })
    }

    /// The first version that is in memory.
    fn first_in_memory(&self) -> i64 {
        self.latest_after(0).next().map_or(i64::MAX, |entry| entry.version)
    }

    /// Where an event stands.
    pub(super) fn place(&self, version: i64) -> rusqlite::Result<i64> {
        if version < self.first_in_memory() {
            let mut statement = self.connection.prepare_cached(STREAM_BEFORE)?;
            let row = statement.query_row((self.account, version), row_of)?;
            let own = row.into_iter().find(|(own, _)| *own == version);
            return own.map(|(_, place)| place).ok_or(rusqlite::Error::QueryReturnedNoRows);
        }
        let entry = self.latest_after(version - 1).next().filter(|entry| entry.version == version);
        entry.map(|entry| entry.sequence).ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// Calls with the places of the events after a version, in order.
    pub(super) fn each_after(
        &self,
        version: i64,
        mut call: impl FnMut(i64) -> Result<ControlFlow<()>, JournalError>,
    ) -> Result<(), JournalError> {
        let indexed = self.first_in_memory() - 1;
        if version < indexed {
            let mut statement = self.connection.prepare_cached(STREAM_AFTER)?;
            let mut rows = statement.query((self.account, version.saturating_add(1), indexed))?;
            while let Some(row) = rows.next()? {
                for (own, place) in row_of(row)? {
                    if own > version && own <= indexed && call(place)?.is_break() {
                        return Ok(());
                    }
                }
            }
        }
        for entry in self.latest_after(version) {
            if call(entry.sequence)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Calls with the places of the events up to a version, newest first.
    pub(super) fn each_up_to(
        &self,
        version: i64,
        mut call: impl FnMut(i64) -> Result<ControlFlow<()>, JournalError>,
    ) -> Result<(), JournalError> {
        for entry in self.latest_after(0).rev().filter(|entry| entry.version <= version) {
            if call(entry.sequence)?.is_break() {
                return Ok(());
            }
        }
        let mut statement = self.connection.prepare_cached(STREAM_BEFORE)?;
        let last = version.min(self.first_in_memory() - 1);
        let mut rows = statement.query((self.account, last))?;
        while let Some(row) = rows.next()? {
            for (own, place) in row_of(row)?.into_iter().rev() {
                if own <= last && call(place)?.is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// The last version of an account in the table, 0 where it has none.
fn last_indexed(connection: &Connection, account: i64) -> rusqlite::Result<i64> {
    let mut statement = connection.prepare_cached(STREAM_LAST)?;
    let version: Option<i64> = statement.query_row([account], |row| row.get(0)).optional()?;
    Ok(version.unwrap_or(0))
}

fn each_unindexed(
    connection: &Connection,
    Reach { indexed, last }: Reach,
    mut call: impl FnMut(Entry),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(EVENTS_UNINDEXED)?;
    let mut rows = statement.query([indexed, last])?;
    while let Some(row) = rows.next()? {
        call(Entry { sequence: row.get(0)?, account: row.get(1)?, version: row.get(2)? });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It reads what another process writes and indexes.
    #[test]
    fn who_never_writes_forgets_what_is_indexed() {
        let log = Connection::open_in_memory().unwrap();
        let tables = "CREATE TABLE events (sequence INTEGER PRIMARY KEY, account INTEGER, version INTEGER);
            CREATE TABLE streams (account INTEGER, first_version INTEGER, run_after INTEGER, distances BLOB);";
        log.execute_batch(tables).unwrap();
        let streams = Streams::new(10);
        for last in 1..=95 {
            log.execute("INSERT INTO events VALUES (?1, 1, ?1)", [last]).unwrap();
            let reach = Reach { indexed: (last - 5).max(0) / 10 * 10, last };
            let stream = streams.of(&log, reach, 1).unwrap();
            assert_eq!((stream.versions, stream.place(last).unwrap()), (last, last));
            assert!(streams.latest.lock().runs_of(1).len() <= 3);
        }
        // A view from before what is in memory has its events from the log.
        let stream = streams.of(&log, Reach { indexed: 20, last: 42 }, 1).unwrap();
        assert_eq!((stream.versions, stream.place(30).unwrap()), (42, 30));
    }
}
