//! The rows as they are stored, whatever has become of them. The columns stand here, and in `append.rs`, in the order of
//! their statements.

use std::collections::HashMap;

use domain::rows::{
    AccountRow, BatchRow, CommandColumns, EventRow, HeadRow, RefusalRow, Rows, StandingColumns,
};
use tokio_postgres::Row;

use super::{PostgresJournal, read};
use crate::journal::{JournalError, ROWS_MAX};

impl PostgresJournal {
    pub(super) async fn stored_rows(&self, after: i64, about: usize) -> Result<Option<Rows>, JournalError> {
        let rows = self.rows_now(after, about).await?;
        match &rows {
            // Their batch may have been committed since it was looked for.
            Some(Rows { batches, .. }) if batches.is_empty() => self.rows_now(after, about).await,
            Some(_) | None => Ok(rows),
        }
    }

    async fn rows_now(&self, after: i64, about: usize) -> Result<Option<Rows>, JournalError> {
        let about = read::limit(about);
        let sql = include_str!("../../../../sql/postgres/page_end.sql");
        // Below the first sequence there is nothing that the reach is to be counted from.
        let ends = self.query(sql, &[&after.max(i64::MIN / 2), &about]).await?;
        let end: Option<i64> = ends.first().map(|row| read::column(row, 0)).transpose()?;
        let (through, limit) = end.map_or((i64::MAX, about), |end| (end, ROWS_MAX));
        let mut batches = Vec::new();
        if end.is_some() {
            let sql = include_str!("../../../../sql/postgres/rows_batches.sql");
            let rows = self.query(sql, &[&after, &through, &i64::MAX]).await?;
            batches = rows.iter().map(batch).collect::<Result<_, _>>()?;
        }
        let sql = include_str!("../../../../sql/postgres/rows_events.sql");
        let rows = self.query(sql, &[&after, &through, &limit]).await?;
        let mut events = rows.iter().map(event).collect::<Result<Vec<_>, _>>()?;
        self.add_accounts(&mut events).await?;
        let cut = i64::try_from(events.len()).unwrap_or(i64::MAX) >= limit;
        let last = events.last().map(|event| event.sequence);
        let through = last.filter(|_| cut || end.is_none()).or(end);
        Ok(through.map(|through| Rows { batches, events, through }))
    }

    pub(super) async fn stored_batches(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<BatchRow>, JournalError> {
        let sql = include_str!("../../../../sql/postgres/rows_batches.sql");
        self.query(sql, &[&after, &i64::MAX, &read::limit(limit)]).await?.iter().map(batch).collect()
    }

    /// The rows of the accounts that are opened.
    async fn add_accounts(&self, events: &mut [EventRow]) -> Result<(), JournalError> {
        let keys: Vec<i64> =
            events.iter().filter(|event| event.version == 1).map(|event| event.account).collect();
        if keys.is_empty() {
            return Ok(());
        }
        let rows =
            self.query(include_str!("../../../../sql/postgres/accounts_profiles.sql"), &[&keys]).await?;
        let accounts: HashMap<i64, AccountRow> = rows
            .iter()
            .map(|row| Ok((read::column(row, 0)?, account(row)?)))
            .collect::<Result<_, JournalError>>()?;
        for event in events.iter_mut().filter(|event| event.version == 1) {
            event.opened = accounts.get(&event.account).cloned();
        }
        Ok(())
    }

    pub(super) async fn stored_refusals(
        &self,
        after: i64,
        limit: usize,
    ) -> Result<Vec<RefusalRow>, JournalError> {
        let sql = include_str!("../../../../sql/postgres/rows_refusals.sql");
        self.query(sql, &[&after, &read::limit(limit)]).await?.iter().map(refusal).collect()
    }

    pub(super) async fn stored_head(&self) -> Result<HeadRow, JournalError> {
        let rows = self.query(include_str!("../../../../sql/postgres/rows_head.sql"), &[]).await?;
        let row = rows.first().ok_or_else(|| JournalError::Damaged("the head is missing".to_owned()))?;
        Ok(HeadRow {
            last: read::column(row, 0)?,
            last_account: read::column(row, 1)?,
            last_refusal: read::column(row, 2)?,
            chain: read::hash(row, 3)?,
            committed_at: read::column(row, 4)?,
            stray_account: read::column(row, 5)?,
        })
    }

    pub(super) async fn stored_ids(&self, from: &str, limit: usize) -> Result<Vec<String>, JournalError> {
        let sql = include_str!("../../../../sql/postgres/rows_command_ids.sql");
        let rows = self.query(sql, &[&from, &read::limit(limit)]).await?;
        rows.iter().map(|row| read::column(row, 0)).collect()
    }
}

fn batch(row: &Row) -> Result<BatchRow, JournalError> {
    Ok(BatchRow {
        last: read::column(row, 0)?,
        first: read::column(row, 1)?,
        root: read::hash(row, 2)?,
        chain: read::hash(row, 3)?,
        committed_at: read::column(row, 4)?,
    })
}

fn event(row: &Row) -> Result<EventRow, JournalError> {
    let events: Option<i32> = read::column(row, 7)?;
    let status: i16 = read::column(row, 13)?;
    Ok(EventRow {
        sequence: read::column(row, 0)?,
        account: read::column(row, 1)?,
        opened: None,
        version: read::column(row, 2)?,
        indexed: read::column(row, 19)?,
        kind: read::column(row, 3)?,
        place: None,
        command: CommandColumns {
            id: read::column(row, 4)?,
            fingerprint: read::column(row, 5)?,
            name: read::column(row, 6)?,
            events: events.map(i64::from),
        },
        correlation: read::column(row, 8)?,
        standing: StandingColumns {
            balance: read::column(row, 9)?,
            held: read::column(row, 10)?,
            overdraft_limit: read::column(row, 11)?,
            transactions: read::column(row, 12)?,
            status: i64::from(status),
            spent: read::column(row, 14)?,
            limits: read::column(row, 15)?,
            decided_at: read::column(row, 16)?,
        },
        reverses: read::column(row, 17)?,
        body: read::column(row, 18)?,
    })
}

fn account(row: &Row) -> Result<AccountRow, JournalError> {
    Ok(AccountRow {
        id: read::column(row, 1)?,
        currency: read::column(row, 2)?,
        owner: read::column(row, 3)?,
        created_at: read::column(row, 4)?,
    })
}

fn refusal(row: &Row) -> Result<RefusalRow, JournalError> {
    Ok(RefusalRow {
        number: read::column(row, 0)?,
        sequence: read::column(row, 1)?,
        decided_at: read::column(row, 2)?,
        command_id: read::column(row, 3)?,
        fingerprint: read::column(row, 4)?,
        name: read::column(row, 5)?,
        facts: read::column(row, 6)?,
        reason: read::column(row, 7)?,
        accounts: [read::column(row, 8)?, read::column(row, 9)?],
        accepted: read::column(row, 10)?,
    })
}
