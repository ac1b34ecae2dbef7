//! The rows as they are stored, whatever has become of them. The columns stand here, and in `append.rs`, in the order of
//! their statements.

use domain::rows::{
    AccountRow, BatchRow, CommandColumns, EventRow, HeadRow, RefusalRow, Rows, StandingColumns,
};
use rusqlite::{OptionalExtension as _, Row};

use super::read::{Moment, PAGE_END};
use super::values::PROFILE;
use crate::journal::{JournalError, ROWS_MAX};

const BATCHES: &str = include_str!("../../../../sql/sqlite/journal/rows_batches.sql");
const EVENTS: &str = include_str!("../../../../sql/sqlite/journal/rows_events.sql");
const REFUSALS: &str = include_str!("../../../../sql/sqlite/journal/rows_refusals.sql");
const HEAD: &str = include_str!("../../../../sql/sqlite/journal/rows_head.sql");
const COMMAND_IDS: &str = include_str!("../../../../sql/sqlite/journal/rows_command_ids.sql");

impl Moment<'_> {
    pub(super) fn rows(&mut self, after: i64, about: usize) -> Result<Option<Rows>, JournalError> {
        let about = i64::try_from(about).unwrap_or(i64::MAX);
        let reach = after.max(0).saturating_add(about);
        let end: Option<i64> = self
            .connection()
            .prepare_cached(PAGE_END)?
            .query_row([after, reach], |row| row.get(0))
            .optional()?;
        let (through, limit) = end.map_or((i64::MAX, about), |end| (end, ROWS_MAX));
        let mut batches = Vec::new();
        if end.is_some() {
            let mut statement = self.connection().prepare_cached(BATCHES)?;
            let mut rows = statement.query([after, through, i64::MAX])?;
            while let Some(row) = rows.next()? {
                batches.push(batch(row)?);
            }
        }
        let mut events = Vec::new();
        let mut statement = self.connection().prepare_cached(EVENTS)?;
        let mut rows = statement.query([after, through, limit])?;
        while let Some(row) = rows.next()? {
            let mut event = event(row)?;
            if event.version == 1 {
                event.opened = self.account_row(event.account)?;
            }
            events.push(event);
        }
        let cut = i64::try_from(events.len()).unwrap_or(i64::MAX) >= limit;
        let last = events.last().map(|event| event.sequence);
        let through = last.filter(|_| cut || end.is_none()).or(end);
        Ok(through.map(|through| Rows { batches, events, through }))
    }

    pub(super) fn batches(&mut self, after: i64, limit: usize) -> Result<Vec<BatchRow>, JournalError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection().prepare_cached(BATCHES)?;
        let rows = statement.query_map([after, i64::MAX, limit], batch)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn account_row(&self, key: i64) -> Result<Option<AccountRow>, JournalError> {
        let mut statement = self.connection().prepare_cached(PROFILE)?;
        let found = statement.query_row([key], |row| {
            Ok(AccountRow {
                id: text(row, 0)?,
                currency: text(row, 1)?,
                owner: optional(row, 2)?,
                created_at: row.get(3)?,
            })
        });
        Ok(found.optional()?)
    }

    pub(super) fn refusal_rows(&mut self, after: i64, limit: usize) -> Result<Vec<RefusalRow>, JournalError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection().prepare_cached(REFUSALS)?;
        let rows = statement.query_map([after, limit], refusal)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    pub(super) fn head_row(&mut self) -> Result<HeadRow, JournalError> {
        let mut statement = self.connection().prepare_cached(HEAD)?;
        Ok(statement.query_row([], |row| {
            Ok(HeadRow {
                last: row.get(0)?,
                last_account: row.get(1)?,
                last_refusal: row.get(2)?,
                chain: row.get(3)?,
                committed_at: row.get(4)?,
                stray_account: row.get(5)?,
            })
        })?)
    }

    pub(super) fn command_ids(&mut self, from: &str, limit: usize) -> Result<Vec<String>, JournalError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self.connection().prepare_cached(COMMAND_IDS)?;
        let rows = statement.query_map((from, limit), |row| text(row, 0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn batch(row: &Row<'_>) -> rusqlite::Result<BatchRow> {
    Ok(BatchRow {
        last: row.get(0)?,
        first: row.get(1)?,
        root: row.get(2)?,
        chain: row.get(3)?,
        committed_at: row.get(4)?,
    })
}

fn event(row: &Row<'_>) -> rusqlite::Result<EventRow> {
    Ok(EventRow {
        sequence: row.get(0)?,
        account: row.get(1)?,
        opened: None,
        version: row.get(2)?,
        indexed: row.get(20)?,
        kind: text(row, 3)?,
        place: row.get(4)?,
        command: CommandColumns {
            id: optional(row, 5)?,
            fingerprint: row.get(6)?,
            name: optional(row, 7)?,
            events: row.get(8)?,
        },
        correlation: optional(row, 9)?,
        standing: StandingColumns {
            balance: row.get(10)?,
            held: row.get(11)?,
            overdraft_limit: row.get(12)?,
            transactions: row.get(13)?,
            status: row.get(14)?,
            spent: row.get(15)?,
            limits: optional(row, 16)?,
            decided_at: row.get(17)?,
        },
        reverses: row.get(18)?,
        body: text(row, 19)?,
    })
}

fn refusal(row: &Row<'_>) -> rusqlite::Result<RefusalRow> {
    Ok(RefusalRow {
        number: row.get(0)?,
        sequence: row.get(1)?,
        decided_at: row.get(2)?,
        command_id: text(row, 3)?,
        fingerprint: row.get(4)?,
        name: text(row, 5)?,
        facts: text(row, 6)?,
        reason: text(row, 7)?,
        accounts: [optional(row, 8)?, optional(row, 9)?],
        accepted: row.get(10)?,
    })
}

/// Text, which SQLite does not check to be UTF-8.
fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<String> {
    Ok(optional(row, column)?.unwrap_or_default())
}

fn optional(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<String>> {
    let bytes = row.get_ref(column)?.as_bytes_or_null()?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
}
