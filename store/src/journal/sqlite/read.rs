//! Reading the log.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use domain::chain::{GENESIS, Hash};
use domain::{
    Account, AccountId, Amount, Hold, HoldEnd, HoldId, HoldRecord, Holds, Money, Profile, Recorded, Sequence,
    Timestamp, Version,
};
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use uuid::Uuid;

use super::integer;
use super::streams::{Stream, Streams, reach_of};
use super::values::{profile, recorded, sequence};
use crate::journal::kinds::run_of;
use crate::journal::streams::Reach;
use crate::journal::{
    ACCOUNTS_LOOKED_AT_MAX, AccountKey, AccountsAt, Deadlines, EventFilter, Head, JournalError, Loaded, Page,
    READ_DEADLINE, account_id,
};

const LOG: &str = include_str!("../../../../sql/sqlite/journal/log.sql");
pub(super) const ACCOUNT_KEY: &str = include_str!("../../../../sql/sqlite/journal/account_key.sql");
const ACCOUNTS_LAST_KEY: &str = include_str!("../../../../sql/sqlite/journal/accounts_last_key.sql");
const ACCOUNTS_AFTER: &str = include_str!("../../../../sql/sqlite/journal/accounts_after.sql");
const HOLDS_OPEN: &str = include_str!("../../../../sql/sqlite/journal/holds_open.sql");
const HOLD_ENDED_AS: &str = include_str!("../../../../sql/sqlite/journal/hold_ended_as.sql");
const HOLD_DEADLINES: &str = include_str!("../../../../sql/sqlite/journal/hold_deadlines.sql");
const EVENT_LAST_REVERSAL: &str = include_str!("../../../../sql/sqlite/journal/event_last_reversal.sql");
const CHAIN_AT: &str = include_str!("../../../../sql/sqlite/journal/chain_at.sql");
pub(super) const PAGE_END: &str = include_str!("../../../../sql/sqlite/journal/page_end.sql");
pub(super) const EVENTS_BETWEEN: &str = include_str!("../../../../sql/sqlite/journal/events_between.sql");
const EVENTS_OF_CORRELATION: &str = include_str!("../../../../sql/sqlite/journal/events_of_correlation.sql");
const EVENT_KIND: &str = include_str!("../../../../sql/sqlite/journal/event_kind.sql");
const SEQUENCE_AT: &str = include_str!("../../../../sql/sqlite/journal/sequence_at.sql");
const RUNS_OF_KIND: &str = include_str!("../../../../sql/sqlite/journal/runs_of_kind.sql");
const KIND_IN_RUN: &str = include_str!("../../../../sql/sqlite/journal/kind_in_run.sql");
const SEQUENCES_OF_KIND: &str = include_str!("../../../../sql/sqlite/journal/sequences_of_kind.sql");

/// A connection that only reads, and what it need not read twice.
pub(super) struct Reader {
    connection: Connection,
    streams: Arc<Streams>,
    /// What accounts are never changes.
    profiles: HashMap<i64, Arc<Profile>>,
}

/// The log as it is at one moment.
pub(super) struct Moment<'a> {
    connection: &'a Connection,
    streams: &'a Streams,
    reach: Option<Reach>,
    /// Until when all of it is to be read.
    until: Instant,
    profiles: &'a mut HashMap<i64, Arc<Profile>>,
}

impl Reader {
    pub(super) fn new(connection: Connection, streams: Arc<Streams>) -> Self {
        Self { connection, streams, profiles: HashMap::new() }
    }

    pub(super) fn at_one_moment<T>(
        &mut self,
        read: impl FnOnce(&mut Moment<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        if !self.connection.is_autocommit() {
            // Left over from an error of the end of a read.
            self.connection.execute_batch("ROLLBACK")?;
        }
        let Self { connection, streams, profiles } = self;
        let connection = &*connection;
        // Its drop ends it.
        let _transaction = connection.unchecked_transaction()?;
        let until = Instant::now() + READ_DEADLINE;
        read(&mut Moment { connection, streams, reach: None, until, profiles })
    }
}

impl<'a> Moment<'a> {
    pub(super) fn connection(&self) -> &'a Connection {
        self.connection
    }

    pub(super) fn load(&mut self, id: &AccountId) -> Result<Loaded, JournalError> {
        let Some((key, stream)) = self.stream_of(id)? else {
            return Ok(Loaded { key: None, account: Account::Absent, sequence: Sequence::ZERO });
        };
        // The last event holds the account as it is: loading is one row at any length of the stream.
        let event = self.event(stream.place(stream.versions)?)?;
        let holds = match event.standing.held {
            Money::ZERO => Holds::default(),
            _ => self.holds(key)?,
        };
        let account = Account::restored(Arc::clone(&event.profile), event.standing, holds);
        let account = account
            .ok_or_else(|| JournalError::Damaged(format!("the open holds of {id} are not what is held")))?;
        Ok(Loaded { key: Some(AccountKey(key)), account, sequence: event.sequence })
    }

    fn holds(&mut self, key: i64) -> Result<Holds, JournalError> {
        let mut statement = self.connection.prepare_cached(HOLDS_OPEN)?;
        let mut rows = statement.query([key])?;
        let mut holds = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, amount): (String, i64) = (row.get(0)?, row.get(1)?);
            let damaged = || JournalError::Damaged(format!("hold {id} of account {key}"));
            let hold = Hold {
                amount: Money::from_minor(amount).and_then(Amount::new).ok_or_else(damaged)?,
                placed_at: Timestamp::from_micros(row.get(2)?),
                expires_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_micros),
                description: row.get::<_, Option<String>>(4)?.map(Arc::from),
            };
            holds.push((HoldId::parse(&id).map_err(|_| damaged())?, hold));
        }
        Ok(holds.into_iter().collect())
    }

    pub(super) fn hold(&mut self, id: &AccountId, hold: &HoldId) -> Result<Option<HoldRecord>, JournalError> {
        let ended: Option<Option<u8>> = self.one(HOLD_ENDED_AS, [id.as_str(), hold.as_str()])?;
        let damaged = || JournalError::Damaged(format!("hold {hold} of account {id}"));
        match ended {
            None => Ok(None),
            Some(None) => Ok(Some(HoldRecord::Open)),
            Some(Some(number)) => {
                Ok(Some(HoldRecord::Ended(HoldEnd::from_number(number).ok_or_else(damaged)?)))
            }
        }
    }

    pub(super) fn hold_deadlines(&mut self, limit: usize) -> Result<Deadlines, JournalError> {
        let mut statement = self.connection.prepare_cached(HOLD_DEADLINES)?;
        let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
        let mut deadlines = Vec::new();
        while let Some(row) = rows.next()? {
            let id: String = row.get(1)?;
            deadlines.push((Timestamp::from_micros(row.get(0)?), account_id(&id)?));
        }
        Ok(deadlines)
    }

    pub(super) fn last_reversal(
        &mut self,
        movement: Sequence,
    ) -> Result<Option<Arc<Recorded>>, JournalError> {
        Ok(self.events(EVENT_LAST_REVERSAL, [integer(movement.get())])?.pop())
    }

    pub(super) fn event_at(&mut self, sequence: Sequence) -> Result<Option<Arc<Recorded>>, JournalError> {
        let place = integer(sequence.get());
        Ok(self.events(EVENTS_BETWEEN, (place, place, 1))?.pop())
    }

    pub(super) fn accounts_at(
        &mut self,
        at: Sequence,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<AccountsAt, JournalError> {
        // Keys rise along the log, without gaps.
        let last_key: i64 = self.one(ACCOUNTS_LAST_KEY, [integer(at.get())])?.unwrap_or(0);
        let connection = self.connection;
        let mut statement = connection.prepare_cached(ACCOUNTS_AFTER)?;
        let mut rows = statement.query([after.map_or("", AccountId::as_str)])?;
        let mut page = AccountsAt { total: last_key.unsigned_abs(), ..AccountsAt::default() };
        let mut looked_at: usize = 0;
        while let Some(row) = rows.next()? {
            let key = row.get(1)?;
            if key <= last_key {
                if page.events.len() == limit {
                    page.rest = page.events.last().map(|event| event.profile.id.clone());
                    break;
                }
                let stream = self.stream_by(key)?;
                let version = self.versions_before(&stream, at.next(), |_, place| Ok(place))?;
                page.events.push(self.event(stream.place(version)?)?);
            }
            looked_at = looked_at.saturating_add(1);
            if looked_at >= ACCOUNTS_LOOKED_AT_MAX {
                page.rest = Some(account_id(&row.get::<_, String>(0)?)?);
                break;
            }
        }
        if after.is_none() && page.events.len() as u64 == page.total {
            page.rest = None;
        }
        Ok(page)
    }

    pub(super) fn head(&mut self) -> Result<Head, JournalError> {
        let (log_id, last, chain, committed_at) =
            self.row(LOG, [], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(4)?, row.get(5)?)))?;
        let log_id =
            Uuid::parse_str(&log_id).map_err(|error| JournalError::Damaged(format!("log id: {error}")))?;
        Ok(Head { log_id, last: sequence(last)?, chain, committed_at: Timestamp::from_micros(committed_at) })
    }

    pub(super) fn chain_at(&mut self, place: Sequence) -> Result<Option<Hash>, JournalError> {
        match place {
            Sequence::ZERO => Ok(Some(GENESIS)),
            _ => self.one(CHAIN_AT, [integer(place.get())]),
        }
    }

    pub(super) fn read(
        &mut self,
        after: Sequence,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        if let Some(correlation) = &filter.correlation {
            return self.conversation(correlation, after, limit, filter);
        }
        let rows = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut places: Vec<i64> = Vec::new();
        if !filter.accounts.is_empty() {
            for id in &filter.accounts {
                let Some((_, stream)) = self.stream_of(id)? else { continue };
                let version = self.versions_before(&stream, after.next(), |_, place| Ok(place))?;
                let mut left = limit;
                // A run, and whether it has any of the kinds.
                let mut run = (-1, false);
                let mut wanted = |place| -> Result<bool, JournalError> {
                    self.check_time()?;
                    if filter.kinds.is_empty() {
                        return Ok(true);
                    }
                    if run.0 != run_of(place) {
                        run = (run_of(place), self.run_has(run_of(place), &filter.kinds)?);
                    }
                    Ok(run.1 && filter.kinds.contains(&self.row(EVENT_KIND, [place], first)?))
                };
                stream.each_after(version, |place| {
                    if wanted(place)? {
                        places.push(place);
                        left = left.saturating_sub(1);
                    }
                    Ok(if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
                })?;
            }
        } else if !filter.kinds.is_empty() {
            for kind in &filter.kinds {
                self.places_of_kind(kind, after, limit, &mut places)?;
            }
        } else {
            return self.events(EVENTS_BETWEEN, (integer(after.next().get()), i64::MAX, rows));
        }
        // Each source gave its first ones, so that the first ones of all are among them.
        places.sort_unstable();
        places.dedup();
        places.truncate(limit);
        let mut events = Vec::with_capacity(places.len());
        for place in places {
            events.push(self.event(place)?);
        }
        Ok(events)
    }

    /// Whether a run has events of some kinds.
    fn run_has(&self, run: i64, kinds: &[String]) -> Result<bool, JournalError> {
        for kind in kinds {
            if self.row(KIND_IN_RUN, (kind, run), first)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Fails where a read takes too long, so that it ends although nobody may wait for it any more.
    fn check_time(&self) -> Result<(), JournalError> {
        match Instant::now() > self.until {
            true => Err(JournalError::Unavailable("the read takes too long".into())),
            false => Ok(()),
        }
    }

    /// The places of the first events of a kind after a sequence: its runs are looked through.
    fn places_of_kind(
        &self,
        kind: &str,
        after: Sequence,
        limit: usize,
        places: &mut Vec<i64>,
    ) -> Result<(), JournalError> {
        let full = places.len().saturating_add(limit);
        let (after, first) = (integer(after.get()), run_of(integer(after.next().get())));
        let mut statement = self.connection.prepare_cached(RUNS_OF_KIND)?;
        let mut runs = statement.query((kind, first))?;
        while places.len() < full
            && let Some(run) = runs.next()?
        {
            self.column(SEQUENCES_OF_KIND, (kind, after, run.get::<_, i64>(0)?), |place| {
                places.push(place);
                if places.len() < full { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
        }
        Ok(())
    }

    fn conversation(
        &mut self,
        correlation: &str,
        after: Sequence,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let mut events = Vec::new();
        if limit == 0 {
            return Ok(events);
        }
        self.each_event(EVENTS_OF_CORRELATION, (correlation, integer(after.get())), |event| {
            if filter.wants(&event) {
                events.push(Arc::new(event));
            }
            if events.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        Ok(events)
    }

    pub(super) fn page(&mut self, after: Sequence, about: usize) -> Result<Option<Page>, JournalError> {
        let reach = after.plus(u64::try_from(about).unwrap_or(u64::MAX));
        let parameters = (integer(after.get()), integer(reach.get()));
        let end = self
            .connection
            .prepare_cached(PAGE_END)?
            .query_row(parameters, |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
            .optional()?;
        let Some((last, chain)) = end else { return Ok(None) };
        let events = self.events(EVENTS_BETWEEN, (integer(after.next().get()), last, i64::MAX))?;
        Ok(Some(Page { events, chain }))
    }

    pub(super) fn stream(
        &mut self,
        id: &AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let Some((_, stream)) = self.stream_of(id)? else { return Ok(Vec::new()) };
        let mut places = Vec::new();
        stream.each_after(integer(after.get()), |place| {
            places.push(place);
            Ok(if places.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        places.truncate(limit);
        places.into_iter().map(|place| self.event(place)).collect()
    }

    pub(super) fn last_event(
        &mut self,
        id: &AccountId,
        at: Sequence,
    ) -> Result<Option<Arc<Recorded>>, JournalError> {
        let Some((_, stream)) = self.stream_of(id)? else { return Ok(None) };
        match self.versions_before(&stream, at.next(), |_, place| Ok(place))? {
            0 => Ok(None),
            version => Ok(Some(self.event(stream.place(version)?)?)),
        }
    }

    pub(super) fn sequence_at(&mut self, moment: Timestamp) -> Result<Sequence, JournalError> {
        sequence(self.row(SEQUENCE_AT, [moment.as_micros()], |row| row.get(0))?)
    }

    /// An account's key and stream.
    pub(super) fn stream_of(&mut self, id: &AccountId) -> Result<Option<(i64, Stream<'a>)>, JournalError> {
        let key: Option<i64> = self.one(ACCOUNT_KEY, [id.as_str()])?;
        key.map(|key| Ok((key, self.stream_by(key)?))).transpose()
    }

    fn stream_by(&mut self, key: i64) -> Result<Stream<'a>, JournalError> {
        let reach = match self.reach {
            Some(reach) => reach,
            None => *self.reach.insert(reach_of(self.connection)?),
        };
        Ok(self.streams.of(self.connection, reach, key)?)
    }

    /// How many events of a stream stand before a place, by their own or their commands' places: found by halving,
    /// because versions have no gaps and both places rise with them.
    pub(super) fn versions_before(
        &self,
        stream: &Stream<'_>,
        before: Sequence,
        by: impl Fn(&Self, i64) -> Result<i64, JournalError>,
    ) -> Result<i64, JournalError> {
        let before = integer(before.get());
        // Up to `low` all are before, above `high` none is.
        let (mut low, mut high) = (0, stream.versions);
        while low < high {
            let middle = high - (high - low) / 2;
            if by(self, stream.place(middle)?)? < before {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        Ok(low)
    }

    /// The event at a place.
    pub(super) fn event(&mut self, place: i64) -> Result<Arc<Recorded>, JournalError> {
        let event = self.events(EVENTS_BETWEEN, (place, place, 1))?.pop();
        event.ok_or_else(|| JournalError::Damaged(format!("there is no event {place}")))
    }

    pub(super) fn events(
        &mut self,
        statement: &'static str,
        parameters: impl Params,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let mut events = Vec::new();
        self.each_event(statement, parameters, |event| {
            events.push(Arc::new(event));
            ControlFlow::Continue(())
        })?;
        Ok(events)
    }

    /// Calls for each event that a statement finds.
    fn each_event(
        &mut self,
        statement: &'static str,
        parameters: impl Params,
        mut call: impl FnMut(Recorded) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            let key = row.get(1)?;
            let profile = profile(self.connection, self.profiles, key)?;
            self.check_time()?;
            if call(recorded(row, &profile)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls for each value of a statement's one column.
    pub(super) fn column(
        &self,
        statement: &'static str,
        parameters: impl Params,
        mut call: impl FnMut(i64) -> ControlFlow<()>,
    ) -> Result<(), JournalError> {
        let mut statement = self.connection.prepare_cached(statement)?;
        let mut rows = statement.query(parameters)?;
        while let Some(row) = rows.next()? {
            if call(row.get(0)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The one value of a statement that may find nothing.
    pub(super) fn one<T: FromSql>(
        &self,
        statement: &'static str,
        parameters: impl Params,
    ) -> Result<Option<T>, JournalError> {
        let mut statement = self.connection.prepare_cached(statement)?;
        Ok(statement.query_row(parameters, |row| row.get(0)).optional()?)
    }

    /// The row of a statement that always finds one.
    pub(super) fn row<T>(
        &self,
        statement: &'static str,
        parameters: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        Ok(self.connection.prepare_cached(statement)?.query_row(parameters, read)?)
    }
}

/// A row's first column.
fn first<T: FromSql>(row: &Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}
