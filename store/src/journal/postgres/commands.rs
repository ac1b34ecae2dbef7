//! The command log: what was accepted, by its first events, and the keyed refusals.

use domain::{AccountId, Sequence};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::{PostgresJournal, values};
use crate::journal::{JournalError, LogEntry, LogPlace, LogQuery};

/// A line of it and its place.
type Line = (LogPlace, LogEntry);

impl PostgresJournal {
    pub(super) async fn accepted(&self, query: &LogQuery) -> Result<Vec<Line>, JournalError> {
        let before = match query.before {
            // Commands stand before the refusals at their head.
            Some(place) => values::place(place.sequence.get().saturating_add(u64::from(place.refusal > 0))),
            None => i64::MAX,
        };
        match &query.account {
            Some(account) => self.accepted_of(account, before, query.limit).await,
            None => {
                let sql = include_str!("../../../../sql/postgres/commands_accepted.sql");
                self.lines(&self.query(sql, &[&before, &values::limit(query.limit)]).await?).await
            }
        }
    }

    /// Those that touch an account.
    async fn accepted_of(
        &self,
        account: &AccountId,
        before: i64,
        limit: usize,
    ) -> Result<Vec<Line>, JournalError> {
        let Some(key) = self.stream_of(account).await? else { return Ok(Vec::new()) };
        let (mut lines, mut events_before) = (Vec::new(), before);
        while lines.len() < limit {
            let (indexed, beyond) = self.streams.beyond_table(&[key]);
            let newest = beyond.iter().rev().map(|entry| entry.sequence);
            let newest: Vec<i64> = newest.filter(|place| *place < events_before).take(limit).collect();
            let sql = include_str!("../../../../sql/postgres/commands_accepted_of_account.sql");
            let values: [&(dyn ToSql + Sync); 5] =
                [&events_before, &values::limit(limit), &key, &indexed, &newest];
            let rows = self.query(sql, &values).await?;
            let Some(oldest) = rows.last() else { break };
            let is_all = values::column::<i64>(oldest, 14)? < values::limit(limit);
            events_before = values::column(oldest, 0)?;
            let found = self.lines(&rows).await?;
            // The first of them may have an event before the place, and end behind it.
            lines.extend(found.into_iter().filter(|(place, _)| values::place(place.sequence.get()) < before));
            if is_all {
                break;
            }
        }
        lines.truncate(limit);
        Ok(lines)
    }

    async fn lines(&self, rows: &[Row]) -> Result<Vec<Line>, JournalError> {
        let events = self.events(rows).await?;
        let lines = rows.iter().zip(events).map(|(row, event)| {
            let others = u64::try_from(values::column::<i32>(row, 13)? - 1).unwrap_or_default();
            let last = Sequence::new(event.sequence.get().saturating_add(others));
            let place = LogPlace { sequence: last, refusal: 0 };
            Ok((place, LogEntry::Accepted { name: values::column(row, 12)?, event, last }))
        });
        lines.collect()
    }

    pub(super) async fn rejected(&self, query: &LogQuery) -> Result<Vec<Line>, JournalError> {
        let (sequence, refusal) = match query.before {
            Some(place) => (values::place(place.sequence.get()), values::place(place.refusal)),
            None => (i64::MAX, i64::MAX),
        };
        let limit = values::limit(query.limit);
        let rows = match &query.account {
            Some(account) => {
                let sql = include_str!("../../../../sql/postgres/commands_rejected_of_account.sql");
                self.query(sql, &[&sequence, &refusal, &limit, &account.as_str()]).await?
            }
            None => {
                let sql = include_str!("../../../../sql/postgres/commands_rejected.sql");
                self.query(sql, &[&sequence, &refusal, &limit]).await?
            }
        };
        let lines = rows.iter().map(|row| {
            let rejection = values::rejection(row)?;
            Ok((rejection.place, LogEntry::Rejected(rejection)))
        });
        lines.collect()
    }
}
