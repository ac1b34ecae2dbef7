//! The log on Postgres: one server process appends with one statement per batch, on a connection of its own.
//!
//! * The append is `SELECT … FROM bursar.append(…)`: one round trip, one transaction, whole or not at all. Its connection is
//!   thrown away after any error and when its future is dropped: a late answer must never be taken for that of the next
//!   append.
//! * Reads have a small pool, no transaction of their own, and a deadline.
//! * One connection tells other processes of what is appended, and listens for what they append.
//! * Every other connection lives on a thread of this adapter, so that it does not die with the runtime that asked for it.
//!   The one that appends belongs to the runtime that appends, and is served by whoever waits for its answers; where
//!   another runtime has opened it, or that has ended, the next append opens another.

mod append;
mod commands;
mod connection;
mod events;
mod migrate;
mod news;
mod readers;
mod restore;
mod rows;
mod streams;
mod values;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use deadpool_postgres::Pool;
use domain::chain::{GENESIS, Hash};
use domain::rows::{BatchRow, HeadRow, RefusalRow, Rows};
use domain::{
    AccountId, CommandId, HoldEnd, HoldId, HoldRecord, Profile, Recorded, Sequence, Timestamp, Version,
};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Statement};

use self::connection::{Connection, Connector};
use self::news::News;
use self::readers::{KEPT_FOR_COMMANDS, LOOK_UP_DEADLINE};
use self::streams::Streams;
use super::kinds::Noted;
use super::streams::RUN;
use super::{
    AccountsAt, Append, AppendError, Batch, Deadlines, EventFilter, Head, Journal, JournalError, Loaded,
    LogEntry, LogPlace, LogQuery, Page, READ_DEADLINE, Recalled, Restore, RestoreError, account_id,
};

pub use self::migrate::{MigrateError, Migrated, SchemaError, migrate};
pub use self::readers::READERS_MAX;

/// How long a connection may take to be made and prepared.
const CONNECT_DEADLINE: Duration = Duration::from_secs(3);
/// After how long a second connection is tried beside one that is being made: a line that swallowed the first one may
/// carry that.
const CONNECT_ANOTHER_AFTER: Duration = Duration::from_millis(500);
/// How long an append may take until its fate is called unknown; the server gives up before (`writer_session.sql`).
/// Short of what a client waits for, so that an append that a line swallowed is settled within that.
const APPEND_DEADLINE: Duration = Duration::from_millis(1600);

/// How long after an append failed the next one is expected to fail as well.
const FAILS_FOR: Duration = Duration::from_secs(3);

/// Where the log is.
#[derive(Clone)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:port/database`, or the same as key=value pairs.
    pub url: String,
}

impl PostgresSettings {
    /// Reads the URL, without connecting.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), ConnectError> {
        connection::config(&self.url).map(drop)
    }
}

impl fmt::Debug for PostgresSettings {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings").finish_non_exhaustive()
    }
}

/// Why the log can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address can't be read.
    #[error("the Postgres URL can't be read")]
    Url(#[source] tokio_postgres::Error),
    /// The address names no host.
    #[error("the Postgres URL names no host")]
    NoHost,
    /// The address asks for TLS.
    #[error("sslmode=require: TLS to Postgres is not built in yet; use sslmode=disable on a trusted network")]
    Tls,
    /// The adapter's thread can't be started.
    #[error("the thread of the Postgres connections can't be started")]
    Thread(#[source] std::io::Error),
    /// The server can't be reached, or refuses.
    #[error("Postgres can't be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The schema is not the one that this program knows.
    #[error(transparent)]
    Schema(#[from] migrate::SchemaError),
}

/// The log on Postgres.
pub struct PostgresJournal {
    connector: Connector,
    /// The one connection that appends; nobody's while an append is under way, so that a dropped append drops it.
    writer: tokio::sync::Mutex<Option<Writer>>,
    /// When an append failed, if none was done since.
    failed: Mutex<Option<Instant>>,
    /// The connection that writes a log again; most processes never do.
    restorer: tokio::sync::Mutex<Option<Client>>,
    readers: Pool,
    /// For reads that no command waits for.
    turns: Semaphore,
    /// What accounts are: never changes once it is committed.
    profiles: Mutex<HashMap<i64, Arc<Profile>>>,
    streams: Arc<Streams>,
    news: Arc<News>,
    in_touch: Once,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

struct Writer {
    client: Client,
    connection: Connection,
    append: Statement,
    /// What this connection's appends have seen noted.
    kinds: Noted,
    /// The last refusal that they have seen.
    last_refusal: i64,
}

/// Whether the log has the furthest place at which this process has known it; a standby may only be behind.
fn check_known(knows: bool, is_standby: bool) -> Result<(), Failure> {
    match (knows, is_standby) {
        (true, _) => Ok(()),
        (false, true) => Err("the database is a standby that is behind".into()),
        (false, false) => Err(AppendError::Exchanged.into()),
    }
}

impl PostgresJournal {
    /// Opens the log. The schema must be there ([`migrate`]); it is checked, not changed.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(settings: PostgresSettings) -> Result<Self, ConnectError> {
        Self::connect_with_runs(settings, RUN).await
    }

    /// The same with another number of events after which streams are indexed, so that tests reach it.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect_with_runs(settings: PostgresSettings, events: u32) -> Result<Self, ConnectError> {
        let connector = Connector::new(&settings.url)?;
        let readers = readers::pool(&connector)?;
        let journal = Self {
            connector,
            writer: tokio::sync::Mutex::default(),
            failed: Mutex::default(),
            restorer: tokio::sync::Mutex::default(),
            readers,
            turns: Semaphore::new(READERS_MAX - KEPT_FOR_COMMANDS),
            profiles: Mutex::default(),
            streams: Arc::new(Streams::new(events)),
            news: Arc::default(),
            in_touch: Once::new(),
        };
        let client = journal.readers.get().await.map_err(|error| ConnectError::Unavailable(error.into()))?;
        migrate::verify(&client).await?;
        drop(client);
        // So that the first command need not. A log that is damaged there is opened all the same: it is to be audited.
        if let Err(error) = journal.read_on().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the end of the log can't be read");
        }
        Ok(journal)
    }

    /// The connection that appends, taken out of its slot; a new one where there is none.
    async fn writer(&self, slot: &mut Option<Writer>) -> Result<Writer, Failure> {
        if let Some(mut writer) = slot.take()
            && !writer.connection.has_ended()
        {
            return Ok(writer);
        }
        let deadline = tokio::time::Instant::now() + CONNECT_DEADLINE;
        let mut tries = FuturesUnordered::new();
        loop {
            tries.push(self.connect_writer());
            tokio::select! {
                Some(made) = tries.next() => return made,
                () = tokio::time::sleep(CONNECT_ANOTHER_AFTER) => {}
                () = tokio::time::sleep_until(deadline) => return Err("Postgres does not answer".into()),
            }
        }
    }

    /// What goes to and fro between the processes at the log; not before somebody appends or follows.
    fn news(&self) -> &News {
        self.in_touch.call_once(|| {
            self.connector.spawn(news::exchange(self.connector.config(), Arc::clone(&self.news)));
        });
        &self.news
    }

    /// A connection for appends.
    async fn connect_writer(&self) -> Result<Writer, Failure> {
        let (client, mut connection) = self.connector.client_here().await?;
        let seen = self.streams.seen();
        let (last, known) = seen;
        let prepare = async {
            client.batch_execute(include_str!("../../../sql/postgres/writer_session.sql")).await?;
            // Unnamed, since nobody asks on this connection again.
            let sql = include_str!("../../../sql/postgres/writer_knows.sql");
            let server =
                client.query_typed(sql, &[(&last, Type::INT8), (&known.as_slice(), Type::BYTEA)]).await?;
            Ok::<_, tokio_postgres::Error>((
                client.prepare(include_str!("../../../sql/postgres/append.sql")).await?,
                server,
            ))
        };
        let (append, server) = connection.serving(prepare).await?;
        let server = server.first().ok_or("the head is missing")?;
        // Another server answers than before, perhaps, and one that lacks what this process decides on.
        check_known(server.try_get(0)?, server.try_get(1)?)?;
        self.streams.confirm(seen);
        Ok(Writer { client, connection, append, kinds: Noted::default(), last_refusal: 0 })
    }

    async fn append_now(&self, batch: &Batch) -> Result<Append, AppendError> {
        let repeated = append::repeated_within(batch);
        if !repeated.is_empty() {
            return Ok(Append::Refused(repeated));
        }
        let mut columns = append::Columns::of(batch).map_err(AppendError::Unavailable)?;
        let mut slot = self.writer.lock().await;
        // Whoever asked whether the log is there may have made the connection.
        drop(slot.take_if(|writer| writer.connection.is_elsewhere()));
        let unread = |error: JournalError| AppendError::Unavailable(error.into());
        let unkeyed = columns.unkeyed();
        if !unkeyed.is_empty() {
            let keys = self.keys(&unkeyed).await.map_err(unread)?;
            columns.key(|id| keys.get(id).copied());
        }
        let expected = columns.expected();
        loop {
            let standpoint = self.standpoint(&expected).await.map_err(unread)?;
            let turn = standpoint.turn;
            let mut writer = self.writer(&mut slot).await.map_err(|error| match error.downcast() {
                Ok(known) => *known,
                Err(other) => AppendError::Unavailable(other),
            })?;
            columns.stand(standpoint, &writer.kinds, writer.last_refusal);
            // From here on the batch may be in the log, and only an answer to this very statement says so.
            let values = columns.values();
            let answer = writer.connection.serving(writer.client.query_one(&writer.append, &values));
            let row = match tokio::time::timeout(APPEND_DEADLINE, answer).await {
                Ok(Ok(row)) => row,
                Ok(Err(error)) => return Err(append::error(error)),
                Err(late) => {
                    self.distrust_line();
                    return Err(AppendError::Unknown(Box::new(late)));
                }
            };
            match columns.answer(batch, &row).map_err(AppendError::Unknown)? {
                append::Answer::Append(append) => {
                    let mut entries = columns.missed(&row).map_err(AppendError::Unknown)?;
                    let chain = values::hash(&row, 4).map_err(|error| AppendError::Unknown(error.into()))?;
                    writer.last_refusal =
                        append::Columns::last_refusal(&row).map_err(AppendError::Unknown)?;
                    if let Append::Committed(commit) = &append {
                        columns.note_kinds(commit.first, &mut writer.kinds);
                        entries.extend(columns.entries(commit));
                        if commit.first <= commit.last {
                            self.news().tell();
                        }
                    }
                    self.streams.note(turn, &entries, chain);
                    self.index_when_full();
                    *slot = Some(writer);
                    return Ok(append);
                }
                append::Answer::Lost => {
                    // Whether it is still the log that it was is asked on a new connection.
                    drop(writer);
                    self.reach().await.map_err(unread)?;
                }
            }
        }
    }
}

#[async_trait]
impl Journal for PostgresJournal {
    async fn append(&self, batch: &Arc<Batch>) -> Result<Append, AppendError> {
        let appended = self.append_now(batch).await;
        let failed = matches!(appended, Err(AppendError::Unavailable(_) | AppendError::Unknown(_)));
        *self.failed.lock() = failed.then(Instant::now);
        appended
    }

    async fn load(&self, accounts: &[AccountId]) -> Result<Vec<Loaded>, JournalError> {
        // Two look-ups in a row take no longer together than one may.
        let loaded = tokio::time::timeout(LOOK_UP_DEADLINE, self.load_now(accounts)).await;
        loaded.unwrap_or_else(|late| Err(JournalError::Unavailable(late.into())))
    }

    async fn head(&self) -> Result<Head, JournalError> {
        let rows = self.query(include_str!("../../../sql/postgres/head.sql"), &[]).await?;
        let row = rows.first().ok_or_else(|| JournalError::Damaged("the head is missing".to_owned()))?;
        Ok(Head {
            log_id: values::column(row, 0)?,
            last: Sequence::new(values::number(row, 1)?),
            chain: values::hash(row, 2)?,
            committed_at: values::time(row, 3)?,
        })
    }

    async fn chain_at(&self, sequence: Sequence) -> Result<Option<Hash>, JournalError> {
        if sequence == Sequence::ZERO {
            return Ok(Some(GENESIS));
        }
        let sql = include_str!("../../../sql/postgres/chain_at.sql");
        let rows = self.query(sql, &[&values::place(sequence.get())]).await?;
        rows.first().map(|row| values::hash(row, 0)).transpose()
    }

    async fn read(
        &self,
        after: Sequence,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let (after, limit) = (values::place(after.get()), values::limit(limit));
        let EventFilter { accounts, kinds, correlation } = filter;
        let mut accounts: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
        accounts.sort_unstable();
        accounts.dedup();
        let rows = match correlation {
            Some(correlation) => {
                let sql = include_str!("../../../sql/postgres/events_read_correlation.sql");
                self.query(sql, &[&after, kinds, &limit, &accounts, correlation]).await?
            }
            None if !accounts.is_empty() => self.rows_of_accounts(after, limit, kinds, &accounts).await?,
            None if !kinds.is_empty() => {
                let mut kinds = kinds.clone();
                kinds.sort_unstable();
                kinds.dedup();
                self.rows_of_kinds(after, limit, &kinds).await?
            }
            None => {
                let sql = include_str!("../../../sql/postgres/events_read.sql");
                self.query(sql, &[&after, &limit]).await?
            }
        };
        self.events(&rows).await
    }

    async fn page(&self, after: Sequence, about: usize) -> Result<Option<Page>, JournalError> {
        let from = values::place(after.get());
        let Some((end, chain)) = self.page_end(from, values::limit(about), self.streams.seen()).await? else {
            return Ok(None);
        };
        let last = end.unsigned_abs();
        let sql = include_str!("../../../sql/postgres/events_between.sql");
        let rows = self.query(sql, &[&from.saturating_add(1), &end]).await?;
        let events = self.events(&rows).await?;
        for (expected, event) in (after.get().saturating_add(1)..).zip(&events) {
            if event.sequence.get() != expected {
                return Err(JournalError::Damaged(format!("event {expected} is missing")));
            }
        }
        if events.last().is_none_or(|event| event.sequence.get() != last) {
            return Err(JournalError::Damaged(format!("event {last} is missing")));
        }
        Ok(Some(Page { events, chain }))
    }

    async fn stream(
        &self,
        account: &AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let Some(key) = self.stream_of(account).await? else { return Ok(Vec::new()) };
        let after = values::place(after.get());
        let (indexed, beyond) = self.streams.beyond_table(&[key]);
        let mut rows = Vec::new();
        if beyond.first().is_none_or(|first| first.version > after.saturating_add(1)) {
            let sql = include_str!("../../../sql/postgres/events_stream.sql");
            rows = self.query(sql, &[&key, &after, &values::limit(limit), &indexed]).await?;
        }
        let places = beyond.iter().filter(|entry| entry.version > after).map(|entry| entry.sequence);
        let places: Vec<i64> = places.take(limit.saturating_sub(rows.len())).collect();
        rows.extend(self.rows_at(&places, &[], i64::MAX).await?);
        self.events(&rows).await
    }

    async fn event(&self, sequence: Sequence) -> Result<Option<Arc<Recorded>>, JournalError> {
        let place = values::place(sequence.get());
        let sql = include_str!("../../../sql/postgres/events_between.sql");
        let rows = self.look_up(sql, &[&place, &place]).await?;
        Ok(self.events(&rows).await?.pop())
    }

    async fn last_event(
        &self,
        account: &AccountId,
        at: Sequence,
    ) -> Result<Option<Arc<Recorded>>, JournalError> {
        let Some(key) = self.stream_of(account).await? else { return Ok(None) };
        let at = values::place(at.get());
        let rows = match self.streams.last_before(key, at) {
            Some(place) => self.rows_at(&[place], &[], 1).await?,
            None => self.query(include_str!("../../../sql/postgres/event_last.sql"), &[&key, &at]).await?,
        };
        Ok(self.events(&rows).await?.pop())
    }

    async fn accounts_at(
        &self,
        at: Sequence,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<AccountsAt, JournalError> {
        let look = self.accounts_then(values::place(at.get()), after, limit);
        let found = tokio::time::timeout(READ_DEADLINE, look).await;
        found.unwrap_or_else(|late| Err(JournalError::Unavailable(late.into())))
    }

    async fn hold(&self, account: &AccountId, hold: &HoldId) -> Result<Option<HoldRecord>, JournalError> {
        let sql = include_str!("../../../sql/postgres/hold.sql");
        let rows = self.look_up(sql, &[&account.as_str(), &hold.as_str()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let damaged = || JournalError::Damaged(format!("hold {hold} of account {account}"));
        match values::column::<Option<i16>>(row, 0)? {
            None => Ok(Some(HoldRecord::Open)),
            Some(number) => {
                let end = u8::try_from(number).ok().and_then(HoldEnd::from_number);
                Ok(Some(HoldRecord::Ended(end.ok_or_else(damaged)?)))
            }
        }
    }

    async fn hold_deadlines(&self, limit: usize) -> Result<(Timestamp, Deadlines), JournalError> {
        let sql = include_str!("../../../sql/postgres/hold_deadlines.sql");
        let rows = self.query(sql, &[&values::limit(limit)]).await?;
        let now = rows.first().ok_or_else(|| JournalError::Damaged("no clock".to_owned()))?;
        let mut deadlines = Vec::with_capacity(rows.len());
        for row in &rows {
            let Some(id) = values::column::<Option<&str>>(row, 2)? else { continue };
            deadlines.push((values::time(row, 1)?, account_id(id)?));
        }
        Ok((values::time(now, 0)?, deadlines))
    }

    async fn last_reversal(&self, movement: Sequence) -> Result<Option<Arc<Recorded>>, JournalError> {
        let sql = include_str!("../../../sql/postgres/event_last_reversal.sql");
        let rows = self.look_up(sql, &[&values::place(movement.get())]).await?;
        Ok(self.events(&rows).await?.pop())
    }

    async fn sequence_at(&self, moment: Timestamp) -> Result<Sequence, JournalError> {
        let sql = include_str!("../../../sql/postgres/sequence_at.sql");
        let rows = self.query(sql, &[&moment.as_micros()]).await?;
        let row = rows.first().ok_or_else(|| JournalError::Damaged("times run backwards".to_owned()))?;
        Ok(Sequence::new(values::number(row, 0)?))
    }

    async fn command(&self, id: &CommandId) -> Result<Option<Recalled>, JournalError> {
        let sql = include_str!("../../../sql/postgres/command_events.sql");
        let rows = self.look_up(sql, &[&id.as_str()]).await?;
        if let Some(first) = rows.first() {
            return Ok(Some(Recalled::Accepted {
                fingerprint: values::fingerprint(first, 12)?,
                name: values::column(first, 13)?,
                events: self.events(&rows).await?,
            }));
        }
        let sql = include_str!("../../../sql/postgres/command_rejection.sql");
        let rows = self.look_up(sql, &[&id.as_str()]).await?;
        rows.first().map(|row| values::rejection(row).map(Recalled::Rejected)).transpose()
    }

    async fn first_recorded(&self, ids: &[CommandId]) -> Result<Option<CommandId>, JournalError> {
        let texts: Vec<&str> = ids.iter().map(CommandId::as_str).collect();
        let sql = include_str!("../../../sql/postgres/command_first_recorded.sql");
        let place =
            self.look_up(sql, &[&texts]).await?.first().map(|row| values::number(row, 0)).transpose()?;
        Ok(place.and_then(|place| ids.get(usize::try_from(place).ok()?.checked_sub(1)?).cloned()))
    }

    async fn commands(&self, query: &LogQuery) -> Result<Vec<LogEntry>, JournalError> {
        // Both up to one place, so that none is missing between the others.
        let before = match query.before {
            Some(before) => before,
            None => LogPlace { sequence: self.head().await?.last, refusal: u64::MAX },
        };
        let query = &LogQuery { before: Some(before), ..query.clone() };
        let mut lines = Vec::new();
        if query.accepted {
            lines.extend(self.accepted(query).await?);
        }
        if query.rejected {
            lines.extend(self.rejected(query).await?);
        }
        lines.sort_unstable_by_key(|(place, _)| std::cmp::Reverse(*place));
        lines.truncate(query.limit);
        Ok(lines.into_iter().map(|(_, line)| line).collect())
    }

    /// Asked on the connection that appends: whether it could is the news. What only an append finds out, such as that
    /// somebody holds the head's lock, is believed for a while.
    async fn now(&self) -> Result<Timestamp, JournalError> {
        if self.failed.lock().is_some_and(|at| at.elapsed() < FAILS_FOR) {
            return Err(JournalError::Unavailable("an append has just failed".into()));
        }
        let ask = async {
            let mut slot = self.writer.lock().await;
            let mut writer = self.writer(&mut slot).await?;
            let (last, known) = self.streams.seen();
            let values: [(&(dyn ToSql + Sync), Type); 2] =
                [(&last, Type::INT8), (&known.as_slice(), Type::BYTEA)];
            let sql = include_str!("../../../sql/postgres/now.sql");
            let row = writer.connection.serving(writer.client.query_typed(sql, &values)).await?;
            let row = row.into_iter().next().ok_or("no clock")?;
            if row.try_get(1)? {
                // Whether it can write again is seen on a new connection.
                return Err("the database is read-only".into());
            }
            check_known(row.try_get(2)?, false)?;
            *slot = Some(writer);
            Ok::<_, Failure>(row)
        };
        let answer = tokio::time::timeout(LOOK_UP_DEADLINE, ask).await;
        let row = answer.unwrap_or_else(|late| Err(late.into())).map_err(JournalError::Unavailable)?;
        values::time(&row, 0)
    }

    async fn rows(&self, after: i64, about: usize) -> Result<Option<Rows>, JournalError> {
        self.stored_rows(after, about).await
    }

    async fn batches(&self, after: Sequence, limit: usize) -> Result<Vec<BatchRow>, JournalError> {
        self.stored_batches(values::place(after.get()), limit).await
    }

    async fn refusal_rows(&self, after: i64, limit: usize) -> Result<Vec<RefusalRow>, JournalError> {
        self.stored_refusals(after, limit).await
    }

    async fn head_row(&self) -> Result<HeadRow, JournalError> {
        self.stored_head().await
    }

    async fn command_ids(&self, from: &str, limit: usize) -> Result<Vec<String>, JournalError> {
        self.stored_ids(from, limit).await
    }

    async fn restore(&self, part: Restore) -> Result<(), RestoreError> {
        self.write_again(part).await
    }

    async fn hint(&self) {
        self.news().something().await;
    }
}
