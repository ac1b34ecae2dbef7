//! The rows as they are stored, whatever has become of them. The columns stand here, and in `append.rs`, in the order of
//! their statements.

use std::collections::HashMap;

use domain::chain::GENESIS;
use domain::rows::{
    AccountRow, BatchRow, CommandColumns, EventRow, HeadRow, RefusalRow, Rows, StandingColumns,
};
use tokio_postgres::Row;

use super::{PostgresJournal, values};
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
        let about = values::limit(about);
        // Below the first sequence there is nothing that the reach is to be counted from. What is audited need not be what was
        // known.
        let end = self.page_end(after.max(i64::MIN / 2), about, (0, GENESIS)).await?;
        let end = end.map(|(end, _)| end);
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
        self.query(sql, &[&after, &i64::MAX, &values::limit(limit)]).await?.iter().map(batch).collect()
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
            .map(|row| Ok((values::column(row, 0)?, account(row)?)))
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
        self.query(sql, &[&after, &values::limit(limit)]).await?.iter().map(refusal).collect()
    }

    pub(super) async fn stored_head(&self) -> Result<HeadRow, JournalError> {
        let rows = self.query(include_str!("../../../../sql/postgres/rows_head.sql"), &[]).await?;
        let row = rows.first().ok_or_else(|| JournalError::Damaged("the head is missing".to_owned()))?;
        Ok(HeadRow {
            last: values::column(row, 0)?,
            last_account: values::column(row, 1)?,
            last_refusal: values::column(row, 2)?,
            chain: values::hash(row, 3)?,
            committed_at: values::column(row, 4)?,
            stray_account: values::column(row, 5)?,
        })
    }

    pub(super) async fn stored_ids(&self, from: &str, limit: usize) -> Result<Vec<String>, JournalError> {
        let sql = include_str!("../../../../sql/postgres/rows_command_ids.sql");
        let rows = self.query(sql, &[&from, &values::limit(limit)]).await?;
        rows.iter().map(|row| values::column(row, 0)).collect()
    }
}

fn batch(row: &Row) -> Result<BatchRow, JournalError> {
    Ok(BatchRow {
        last: values::column(row, 0)?,
        first: values::column(row, 1)?,
        root: values::hash(row, 2)?,
        chain: values::hash(row, 3)?,
        committed_at: values::column(row, 4)?,
    })
}

fn event(row: &Row) -> Result<EventRow, JournalError> {
    let events: Option<i32> = values::column(row, 7)?;
    let status: i16 = values::column(row, 13)?;
    Ok(EventRow {
        sequence: values::column(row, 0)?,
        account: values::column(row, 1)?,
        opened: None,
        version: values::column(row, 2)?,
        indexed: values::column(row, 19)?,
        kind: values::column(row, 3)?,
        place: None,
        command: CommandColumns {
            id: values::column(row, 4)?,
            fingerprint: values::column(row, 5)?,
            name: values::column(row, 6)?,
            events: events.map(i64::from),
        },
        correlation: values::column(row, 8)?,
        standing: StandingColumns {
            balance: values::column(row, 9)?,
            held: values::column(row, 10)?,
            overdraft_limit: values::column(row, 11)?,
            transactions: values::column(row, 12)?,
            status: i64::from(status),
            spent: values::column(row, 14)?,
            limits: values::column(row, 15)?,
            decided_at: values::column(row, 16)?,
        },
        reverses: values::column(row, 17)?,
        body: values::column(row, 18)?,
    })
}

fn account(row: &Row) -> Result<AccountRow, JournalError> {
    Ok(AccountRow {
        id: values::column(row, 1)?,
        currency: values::column(row, 2)?,
        owner: values::column(row, 3)?,
        created_at: values::column(row, 4)?,
    })
}

fn refusal(row: &Row) -> Result<RefusalRow, JournalError> {
    Ok(RefusalRow {
        number: values::column(row, 0)?,
        sequence: values::column(row, 1)?,
        decided_at: values::column(row, 2)?,
        command_id: values::column(row, 3)?,
        fingerprint: values::column(row, 4)?,
        name: values::column(row, 5)?,
        facts: values::column(row, 6)?,
        reason: values::column(row, 7)?,
        accounts: [values::column(row, 8)?, values::column(row, 9)?],
        accepted: values::column(row, 10)?,
    })
}
