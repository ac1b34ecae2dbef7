//! The log in one SQLite file: one thread writes, a few read, and the async runtime never waits for the disk.
//!
//! Whoever appends holds the database's only write lock from before its checks to its commit (`BEGIN IMMEDIATE`), so that
//! several journals on one file, as the contract suite has them, are several writers like any others.

mod append;
mod commands;
mod read;
mod rows;
mod schema;
mod streams;
mod values;
mod wal;

use std::os::unix::fs::MetadataExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use domain::chain::Hash;
use domain::rows::{BatchRow, HeadRow, RefusalRow, Rows};
use domain::{AccountId, CommandId, HoldId, HoldRecord, Recorded, Sequence, Timestamp, Version};
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use self::append::Appender;
use self::read::{Moment, Reader};
use self::streams::Streams;
use super::streams::RUN;
use crate::journal::{
    AccountsAt, Append, AppendError, Batch, Deadlines, EventFilter, Head, Journal, JournalError, Loaded,
    LogEntry, LogQuery, Page, Recalled, Restore, RestoreError,
};
use crate::statements::keep_statements;

const PRAGMAS: &str = include_str!("../../../sql/sqlite/journal/pragmas.sql");
const PRAGMAS_READ: &str = include_str!("../../../sql/sqlite/journal/pragmas_read.sql");

/// Appends that wait for the one under way. The program's journal writer has one at a time.
const APPENDS_WAITING_MAX: usize = 16;
/// Threads that read, each with a connection.
const READERS: usize = 4;
/// Threads that look up what commands wait for, so that none waits behind a long read.
const LOOK_UPS: usize = 2;
/// Reads that wait for a thread.
const READS_WAITING_MAX: usize = 256;
/// Statements that a connection keeps prepared: more than this adapter has.
const STATEMENTS_KEPT_MAX: usize = 64;

type AppendJob = Box<dyn FnOnce(&mut Appender) + Send>;
type ReadJob = Box<dyn FnOnce(&mut Reader) + Send>;

/// The log in one SQLite file. Dropping it ends its threads once they are done with what they were given.
#[derive(Debug)]
pub struct SqliteJournal {
    appends: mpsc::Sender<AppendJob>,
    reads: mpsc::Sender<ReadJob>,
    look_ups: mpsc::Sender<ReadJob>,
    /// Whether an append has failed since the file was last known to be writable.
    unwritable: AtomicBool,
    file: Arc<LogFile>,
}

/// The file that was opened.
#[derive(Debug)]
struct LogFile {
    path: PathBuf,
    id: Option<(u64, u64)>,
}

impl LogFile {
    fn at(path: &Path) -> Self {
        Self { path: path.to_owned(), id: Self::id_at(path).ok() }
    }

    fn id_at(path: &Path) -> std::io::Result<(u64, u64)> {
        std::fs::metadata(path).map(|file| (file.dev(), file.ino()))
    }

    /// Whether somebody has removed or replaced it, so that what is written is for nobody.
    fn is_gone(&self) -> bool {
        match Self::id_at(&self.path) {
            Ok(id) => Some(id) != self.id,
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        }
    }
}

/// Why a file can't be opened as a log.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite says no.
    #[error("{path} can't be opened")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// The file system can't keep a write-ahead log (a network share, usually).
    #[error("{0} can't have a write-ahead log where it lies")]
    NoWal(PathBuf),
    /// It is another program's database.
    #[error("{0} is a database of something else")]
    Foreign(PathBuf),
    /// There is no log in it.
    #[error("{0} holds no log")]
    Empty(PathBuf),
    /// It was written by an earlier version of the program.
    #[error("{path} lacks schema file {version}: bursar migrate brings it up to date")]
    Behind {
        /// The file.
        path: PathBuf,
        /// The first schema file that it lacks.
        version: u32,
    },
    /// It was written by a later version of the program.
    #[error("{path} has schema {version}, which this version of Bursar does not know")]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema file's number.
        version: u32,
    },
    /// A schema file is not what it was when it was applied.
    #[error("{path} was set up with another schema file {version}")]
    Changed {
        /// The database file.
        path: PathBuf,
        /// The schema file's number.
        version: u32,
    },
    /// A thread can't be started.
    #[error("no thread for {path}")]
    Thread {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What becomes of the schema when a log is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Schema {
    /// It is made, or brought up to date.
    Made,
    /// It is left as it is, and must be this program's.
    AsItIs,
}

impl SqliteJournal {
    /// Opens the log in that file, and begins it if there is none. Blocks for as long as the disk takes.
    ///
    /// # Errors
    /// See [`OpenError`]; the file is unchanged then.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::open_with_runs(path, RUN)
    }

    /// Opens the log that is in that file, and is this program's; it is neither begun nor brought up to date.
    ///
    /// # Errors
    /// [`OpenError::Empty`] where there is none, [`OpenError::Behind`] where it is of an older program, and as above.
    pub fn open_existing(path: &Path) -> Result<Self, OpenError> {
        Self::open_as(path, RUN, Schema::AsItIs)
    }

    /// The same with another number of events after which streams are indexed, so that tests reach it.
    ///
    /// # Errors
    /// See [`OpenError`]; the file is unchanged then.
    pub fn open_with_runs(path: &Path, events: u32) -> Result<Self, OpenError> {
        Self::open_as(path, events, Schema::Made)
    }

    fn open_as(path: &Path, events: u32, schema: Schema) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
        let no_thread = |source| OpenError::Thread { path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut writing = flags | OpenFlags::SQLITE_OPEN_READ_WRITE;
        writing.set(OpenFlags::SQLITE_OPEN_CREATE, schema == Schema::Made);
        let mut writer = Connection::open_with_flags(path, writing).map_err(failed)?;
        schema::refuse_foreign(&writer, path)?;
        if schema == Schema::AsItIs {
            schema::check(&writer, path)?;
        }
        writer.execute_batch(PRAGMAS).map_err(failed)?;
        let mode: String =
            writer.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(failed)?;
        if mode != "wal" {
            return Err(OpenError::NoWal(path.to_owned()));
        }
        if schema == Schema::Made {
            schema::migrate(&mut writer, path)?;
        }
        keep_statements(&writer, STATEMENTS_KEPT_MAX).map_err(failed)?;
        let beside = Connection::open_with_flags(path, writing).map_err(failed)?;
        beside.execute_batch(PRAGMAS).map_err(failed)?;
        wal::fold_beside(&mut writer, beside, wal::FOLDED_FROM).map_err(|error| match error {
            wal::Error::Sqlite(source) => failed(source),
            wal::Error::Thread(source) => no_thread(source),
        })?;

        let streams = Arc::new(Streams::new(events));
        streams.warm(&writer).map_err(failed)?;
        let readers = |name: &str, count: usize| -> Result<mpsc::Sender<ReadJob>, OpenError> {
            let (reads, jobs) = mpsc::channel(READS_WAITING_MAX);
            let jobs = Arc::new(Mutex::new(jobs));
            for number in 0..count {
                let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY)
                    .map_err(failed)?;
                connection.execute_batch(PRAGMAS_READ).map_err(failed)?;
                keep_statements(&connection, STATEMENTS_KEPT_MAX).map_err(failed)?;
                let (jobs, reader) = (Arc::clone(&jobs), Reader::new(connection, Arc::clone(&streams)));
                thread(format!("{name}-{number}"), move || serve_reads(&jobs, reader)).map_err(no_thread)?;
            }
            Ok(reads)
        };
        let (reads, look_ups) = (readers("journal-read", READERS)?, readers("journal-look", LOOK_UPS)?);
        let (appends, jobs) = mpsc::channel(APPENDS_WAITING_MAX);
        thread("journal-write".to_owned(), move || serve_appends(jobs, Appender::new(writer, streams)))
            .map_err(no_thread)?;
        let (unwritable, file) = (AtomicBool::new(false), Arc::new(LogFile::at(path)));
        Ok(Self { appends, reads, look_ups, unwritable, file })
    }

    /// Does a read on one of the threads that are there for it; all of it sees the log as it is at one moment.
    async fn read_with<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Moment<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        Self::ask(&self.reads, read).await
    }

    /// The same for what commands wait for, a few rows.
    async fn look_up<T: Send + 'static>(
        &self,
        read: impl FnOnce(&mut Moment<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        Self::ask(&self.look_ups, read).await
    }

    async fn ask<T: Send + 'static>(
        readers: &mpsc::Sender<ReadJob>,
        read: impl FnOnce(&mut Moment<'_>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let gone = || JournalError::Unavailable("the journal's readers are gone".into());
        let (reply, answer) = oneshot::channel();
        let job: ReadJob = Box::new(move |reader| {
            // Who asked may have gone.
            if !reply.is_closed() {
                let _ = reply.send(caught(|| reader.at_one_moment(read)));
            }
        });
        readers.send(job).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Does an append on the thread that is there for it.
    async fn append_with(
        &self,
        append: impl FnOnce(&mut Appender) -> Result<Append, AppendError> + Send + 'static,
    ) -> Result<Append, AppendError> {
        let (reply, answer) = oneshot::channel();
        let job: AppendJob = Box::new(move |appender| {
            let _ = reply.send(caught(|| append(appender)));
        });
        let gone = |_| AppendError::Unavailable("the journal's writer is gone".into());
        self.appends.send(job).await.map_err(gone)?;
        let appended = answer.await.map_err(|lost| AppendError::Unknown(lost.into()))?;
        let appended = appended.unwrap_or_else(|panic| resume_unwind(panic));
        if matches!(appended, Err(AppendError::Unavailable(_) | AppendError::Unknown(_))) {
            self.unwritable.store(true, Ordering::Release);
        }
        appended
    }
}

fn thread(name: String, body: impl FnOnce() + Send + 'static) -> Result<(), std::io::Error> {
    std::thread::Builder::new().name(name).spawn(body).map(|_| ())
}

fn serve_appends(mut jobs: mpsc::Receiver<AppendJob>, mut appender: Appender) {
    while let Some(job) = jobs.blocking_recv() {
        job(&mut appender);
    }
}

/// A panic is the matter of whoever asked for the work: it goes on there, and the thread is there for the next one.
fn caught<T>(work: impl FnOnce() -> T) -> std::thread::Result<T> {
    catch_unwind(AssertUnwindSafe(work))
}

fn serve_reads(jobs: &Mutex<mpsc::Receiver<ReadJob>>, mut reader: Reader) {
    loop {
        // One idle reader waits for work, the others for their turn to wait.
        let job = jobs.lock().blocking_recv();
        let Some(job) = job else { return };
        job(&mut reader);
    }
}

/// The clock of this machine, which is the database's as well.
fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

/// What the database stores a sequence or version as; beyond its integers, its largest.
fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&self, batch: &Arc<Batch>) -> Result<Append, AppendError> {
        let (batch, file) = (Arc::clone(batch), Arc::clone(&self.file));
        self.append_with(move |appender| {
            // The batch is the caller's alone again before he hears of it.
            let batch = batch;
            let appended = appender.append(&batch)?;
            if file.is_gone() { Err(AppendError::Exchanged) } else { Ok(appended) }
        })
        .await
    }

    async fn load(&self, accounts: &[AccountId]) -> Result<Vec<Loaded>, JournalError> {
        let accounts = accounts.to_vec();
        self.look_up(move |log| accounts.iter().map(|account| log.load(account)).collect()).await
    }

    async fn head(&self) -> Result<Head, JournalError> {
        self.read_with(|log| log.head()).await
    }

    async fn chain_at(&self, sequence: Sequence) -> Result<Option<Hash>, JournalError> {
        self.read_with(move |log| log.chain_at(sequence)).await
    }

    async fn read(
        &self,
        after: Sequence,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let filter = filter.clone();
        self.read_with(move |log| log.read(after, limit, &filter)).await
    }

    async fn page(&self, after: Sequence, about: usize) -> Result<Option<Page>, JournalError> {
        self.read_with(move |log| log.page(after, about)).await
    }

    async fn stream(
        &self,
        account: &AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let account = account.clone();
        self.read_with(move |log| log.stream(&account, after, limit)).await
    }

    async fn event(&self, sequence: Sequence) -> Result<Option<Arc<Recorded>>, JournalError> {
        self.look_up(move |log| log.event_at(sequence)).await
    }

    async fn last_event(
        &self,
        account: &AccountId,
        at: Sequence,
    ) -> Result<Option<Arc<Recorded>>, JournalError> {
        let account = account.clone();
        self.read_with(move |log| log.last_event(&account, at)).await
    }

    async fn accounts_at(
        &self,
        at: Sequence,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<AccountsAt, JournalError> {
        let after = after.cloned();
        self.read_with(move |log| log.accounts_at(at, after.as_ref(), limit)).await
    }

    async fn hold(&self, account: &AccountId, hold: &HoldId) -> Result<Option<HoldRecord>, JournalError> {
        let (account, hold) = (account.clone(), hold.clone());
        self.look_up(move |log| log.hold(&account, &hold)).await
    }

    async fn hold_deadlines(&self, limit: usize) -> Result<(Timestamp, Deadlines), JournalError> {
        self.read_with(move |log| Ok((now(), log.hold_deadlines(limit)?))).await
    }

    async fn last_reversal(&self, movement: Sequence) -> Result<Option<Arc<Recorded>>, JournalError> {
        self.look_up(move |log| log.last_reversal(movement)).await
    }

    async fn sequence_at(&self, moment: Timestamp) -> Result<Sequence, JournalError> {
        self.read_with(move |log| log.sequence_at(moment)).await
    }

    async fn command(&self, id: &CommandId) -> Result<Option<Recalled>, JournalError> {
        let id = id.clone();
        self.look_up(move |log| log.command(&id)).await
    }

    async fn first_recorded(&self, ids: &[CommandId]) -> Result<Option<CommandId>, JournalError> {
        let ids = ids.to_vec();
        self.look_up(move |log| log.first_recorded(ids)).await
    }

    async fn commands(&self, query: &LogQuery) -> Result<Vec<LogEntry>, JournalError> {
        let query = query.clone();
        self.read_with(move |log| log.commands(&query)).await
    }

    async fn rows(&self, after: i64, about: usize) -> Result<Option<Rows>, JournalError> {
        self.read_with(move |log| log.rows(after, about)).await
    }

    async fn batches(&self, after: Sequence, limit: usize) -> Result<Vec<BatchRow>, JournalError> {
        self.read_with(move |log| log.batches(integer(after.get()), limit)).await
    }

    async fn refusal_rows(&self, after: i64, limit: usize) -> Result<Vec<RefusalRow>, JournalError> {
        self.read_with(move |log| log.refusal_rows(after, limit)).await
    }

    async fn head_row(&self) -> Result<HeadRow, JournalError> {
        self.read_with(|log| log.head_row()).await
    }

    async fn command_ids(&self, from: &str, limit: usize) -> Result<Vec<String>, JournalError> {
        let from = from.to_owned();
        self.read_with(move |log| log.command_ids(&from, limit)).await
    }

    async fn restore(&self, part: Restore) -> Result<(), RestoreError> {
        let gone = || RestoreError::Unavailable("the journal's writer is gone".into());
        let (reply, answer) = oneshot::channel();
        let job: AppendJob = Box::new(move |appender| {
            let _ = reply.send(caught(|| appender.restore(part)));
        });
        self.appends.send(job).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?.unwrap_or_else(|panic| resume_unwind(panic))
    }

    async fn now(&self) -> Result<Timestamp, JournalError> {
        // The clock is the process's own; that the file can be read and the writing thread is there is the news.
        let file = Arc::clone(&self.file);
        let (_, is_gone) = self.look_up(move |log| Ok((log.head()?, file.is_gone()))).await?;
        if is_gone {
            return Err(JournalError::Unavailable(AppendError::Exchanged.into()));
        }
        if self.appends.is_closed() {
            return Err(JournalError::Unavailable("the writing thread has ended".into()));
        }
        // The disk is full, most likely.
        if self.unwritable.load(Ordering::Acquire) {
            let tried = self.append_with(Appender::try_out).await;
            tried.map_err(|error| JournalError::Unavailable(error.into()))?;
            self.unwritable.store(false, Ordering::Release);
        }
        Ok(now())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use futures_util::FutureExt as _;

    async fn panics<T>(work: impl Future<Output = T>) -> bool {
        AssertUnwindSafe(work).catch_unwind().await.is_err()
    }

    #[tokio::test]
    async fn commands_do_not_wait_for_slow_reads() {
        let folder = tempfile::tempdir().unwrap();
        let log = SqliteJournal::open(&folder.path().join("journal.db")).unwrap();
        let (done, until) = std::sync::mpsc::channel::<()>();
        let until = Arc::new(Mutex::new(until));
        let slow = |_| {
            let until = Arc::clone(&until);
            log.read_with(move |_| {
                let _ = until.lock().recv();
                Ok(())
            })
        };
        let reads = futures_util::future::join_all((0..32).map(slow));
        let command = async {
            let account = [AccountId::parse("a").unwrap()];
            let loaded = tokio::time::timeout(Duration::from_secs(10), log.load(&account)).await;
            drop(done);
            loaded.unwrap()
        };
        let (reads, loaded) = tokio::join!(reads, command);
        assert_eq!(loaded.unwrap().len(), 1);
        assert!(reads.iter().all(Result::is_ok));
    }

    #[tokio::test]
    async fn a_panic_comes_to_who_asked_and_leaves_the_threads_alone() {
        let folder = tempfile::tempdir().unwrap();
        let log = SqliteJournal::open(&folder.path().join("journal.db")).unwrap();
        assert!(panics(log.append_with(|_| panic!("a bug"))).await);
        for _ in 0..=READERS {
            assert!(panics(log.read_with::<()>(|_| panic!("a bug"))).await);
        }
        log.append(&Arc::new(Batch { units: Vec::new() })).await.unwrap();
        assert_eq!(log.head().await.unwrap().last, Sequence::ZERO);
    }
}
