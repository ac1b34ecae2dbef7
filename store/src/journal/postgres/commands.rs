//! The command log: what was accepted, by its first events, and the keyed refusals.

use super::{PostgresJournal, read};
use crate::journal::{JournalError, LogEntry, LogPlace, LogQuery};

/// A line of it and its place.
type Line = (LogPlace, LogEntry);

impl PostgresJournal {
    pub(super) async fn accepted(&self, query: &LogQuery) -> Result<Vec<Line>, JournalError> {
        let before = match query.before {
            // Commands stand before the refusals at their head.
            Some(place) => read::place(place.sequence.get().saturating_add(u64::from(place.refusal > 0))),
            None => i64::MAX,
        };
        let limit = read::limit(query.limit);
        let rows = match &query.account {
            Some(account) => {
                let Some(key) = self.stream_of(account).await? else { return Ok(Vec::new()) };
                let (indexed, beyond) = self.streams.beyond_table(&[key]);
                let newest = beyond.iter().rev().map(|entry| entry.sequence).filter(|place| *place < before);
                let newest: Vec<i64> = newest.take(query.limit).collect();
                let sql = include_str!("../../../../sql/postgres/commands_accepted_of_account.sql");
                self.query(sql, &[&before, &limit, &key, &indexed, &newest]).await?
            }
            None => {
                let sql = include_str!("../../../../sql/postgres/commands_accepted.sql");
                self.query(sql, &[&before, &limit]).await?
            }
        };
        let events = self.events(&rows).await?;
        let lines = rows.iter().zip(events).map(|(row, event)| {
            let place = LogPlace { sequence: event.sequence, refusal: 0 };
            Ok((place, LogEntry::Accepted { name: read::column(row, 12)?, event }))
        });
        lines.collect()
    }

    pub(super) async fn rejected(&self, query: &LogQuery) -> Result<Vec<Line>, JournalError> {
        let (sequence, refusal) = match query.before {
            Some(place) => (read::place(place.sequence.get()), read::place(place.refusal)),
            None => (i64::MAX, i64::MAX),
        };
        let limit = read::limit(query.limit);
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
            let rejection = read::rejection(row)?;
            Ok((rejection.place, LogEntry::Rejected(rejection)))
        });
        lines.collect()
    }
}
