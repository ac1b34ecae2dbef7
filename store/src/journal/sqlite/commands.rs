//! The commands that the log tells of: one by its id, and the command log.

use std::ops::ControlFlow;

use domain::{CommandId, Sequence};
use rusqlite::{OptionalExtension as _, Params};

use super::integer;
use super::read::{EVENTS_BETWEEN, Moment};
use super::values::{rejection, sequence};
use crate::journal::{JournalError, LogEntry, LogPlace, LogQuery, Recalled, Rejection};

const EVENT_COMMAND: &str = include_str!("../../../../sql/sqlite/journal/event_command.sql");
const COMMAND_ACCEPTED: &str = include_str!("../../../../sql/sqlite/journal/command_accepted.sql");
const COMMAND_REJECTED: &str = include_str!("../../../../sql/sqlite/journal/command_rejected.sql");
const COMMANDS_ACCEPTED: &str = include_str!("../../../../sql/sqlite/journal/commands_accepted.sql");
const REFUSAL_FROM: &str = include_str!("../../../../sql/sqlite/journal/refusal_from.sql");
const REJECTIONS_BEFORE: &str = include_str!("../../../../sql/sqlite/journal/rejections_before.sql");
const REJECTIONS_OF_ACCOUNT: &str = include_str!("../../../../sql/sqlite/journal/rejections_of_account.sql");

/// The command that an event is of.
struct OfCommand {
    /// Its first event's place, and its last one's.
    first: i64,
    last: i64,
    name: String,
}

impl Moment<'_> {
    pub(super) fn command(&mut self, id: &CommandId) -> Result<Option<Recalled>, JournalError> {
        let accepted = self
            .connection()
            .prepare_cached(COMMAND_ACCEPTED)?
            .query_row([id.as_str()], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        if let Some((first, size, fingerprint, name)) = accepted {
            let last = first.saturating_add(size).saturating_sub(1);
            let events = self.events(EVENTS_BETWEEN, (first, last, size))?;
            return Ok(Some(Recalled::Accepted { fingerprint, name, events }));
        }
        let rejected = self.rejections(COMMAND_REJECTED, [id.as_str()])?.pop();
        Ok(rejected.map(Recalled::Rejected))
    }

    pub(super) fn first_recorded(&mut self, ids: Vec<CommandId>) -> Result<Option<CommandId>, JournalError> {
        let mut accepted = self.connection().prepare_cached(COMMAND_ACCEPTED)?;
        let mut rejected = self.connection().prepare_cached(COMMAND_REJECTED)?;
        for id in ids {
            if accepted.exists([id.as_str()])? || rejected.exists([id.as_str()])? {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    pub(super) fn commands(&mut self, query: &LogQuery) -> Result<Vec<LogEntry>, JournalError> {
        let mut entries = Vec::new();
        if query.accepted {
            for place in self.accepted_places(query)? {
                let OfCommand { last, name, .. } = self.command_of(place)?;
                let (event, last) = (self.event(place)?, sequence(last)?);
                let at = LogPlace { sequence: last, refusal: 0 };
                entries.push((at, LogEntry::Accepted { name, event, last }));
            }
        }
        if query.rejected {
            let refused = self.refused(query)?;
            entries.extend(refused.into_iter().map(|refused| (refused.place, LogEntry::Rejected(refused))));
        }
        entries.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
        entries.truncate(query.limit);
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    /// The first events of the commands that were done.
    fn accepted_places(&mut self, query: &LogQuery) -> Result<Vec<i64>, JournalError> {
        // At a refusal's place, the command at the same sequence comes before it.
        let before = query.before.map_or(Sequence::new(u64::MAX), |place| match place.refusal {
            0 => place.sequence,
            _ => place.sequence.next(),
        });
        let mut places: Vec<i64> = Vec::new();
        if query.limit == 0 {
            return Ok(places);
        }
        let Some(id) = &query.account else {
            let rows = i64::try_from(query.limit).unwrap_or(i64::MAX);
            self.column(COMMANDS_ACCEPTED, (integer(before.get()), rows), |place| {
                places.push(place);
                ControlFlow::Continue(())
            })?;
            return Ok(places);
        };
        let Some((_, stream)) = self.stream_of(id)? else { return Ok(places) };
        let version =
            self.versions_before(&stream, before, |moment, place| Ok(moment.command_of(place)?.last))?;
        stream.each_up_to(version, |place| {
            let place = self.command_of(place)?.first;
            // One with two events on the account comes twice.
            if places.last() != Some(&place) {
                places.push(place);
            }
            Ok(if places.len() < query.limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(places)
    }

    /// The commands that were refused.
    fn refused(&mut self, query: &LogQuery) -> Result<Vec<Rejection>, JournalError> {
        let before = match query.before {
            Some(LogPlace { sequence, refusal }) => {
                // Refusals rise with the sequence: all before this head, and of those at this head the earlier ones.
                let here: Option<i64> = self.one(REFUSAL_FROM, [integer(sequence.get())])?;
                let beyond: Option<i64> = self.one(REFUSAL_FROM, [integer(sequence.next().get())])?;
                let beyond = beyond.unwrap_or(i64::MAX);
                integer(refusal).max(here.unwrap_or(beyond)).min(beyond)
            }
            None => i64::MAX,
        };
        let rows = i64::try_from(query.limit).unwrap_or(i64::MAX);
        match &query.account {
            Some(id) => self.rejections(REJECTIONS_OF_ACCOUNT, (id.as_str(), before, rows)),
            None => self.rejections(REJECTIONS_BEFORE, (before, rows)),
        }
    }

    /// The command that an event is of.
    fn command_of(&self, place: i64) -> Result<OfCommand, JournalError> {
        self.row(EVENT_COMMAND, [place], |row| {
            Ok(OfCommand { first: row.get(0)?, last: row.get(1)?, name: row.get(2)? })
        })
    }

    fn rejections(
        &mut self,
        statement: &'static str,
        parameters: impl Params,
    ) -> Result<Vec<Rejection>, JournalError> {
        let mut statement = self.connection().prepare_cached(statement)?;
        let mut rows = statement.query(parameters)?;
        let mut rejections = Vec::new();
        while let Some(row) = rows.next()? {
            rejections.push(rejection(row)?);
        }
        Ok(rejections)
    }
}
