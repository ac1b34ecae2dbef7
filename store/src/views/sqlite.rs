//! The read models in one SQLite file: the embedded default, without a server.
//!
//! One thread writes. Lists and everything else that may take a while are read on a few threads with a connection each;
//! a single document is read where it is asked for, because that takes less time than waking a thread.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::Sequence;
use domain::chain::GENESIS;
use domain::projection::{Document, Prior};
use parking_lot::Mutex;
use rusqlite::{
    CachedStatement, Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params,
};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use super::{Applied, Checkpoint, Direction, Generation, List, Listing, Order, Read, Views, ViewsError};
use crate::schema::checksum;
use crate::statements::keep_statements;

/// Changes that wait for the writing thread.
const WRITES_QUEUED_MAX: usize = 64;
/// Reads that wait for a reading thread.
const READS_QUEUED_MAX: usize = 256;
/// Threads that read lists.
const READING_THREADS: usize = 4;
/// Connections for reading one document where it is asked for; beyond that it waits for a thread.
const POINT_CONNECTIONS: usize = 8;
/// Documents of a dropped generation that are deleted in one transaction, while applies wait.
const DELETES_PER_TRANSACTION: i64 = 1000;
/// The file belongs to one process (its folder is locked), so connections share locks and the index of the write-ahead log
/// in memory: a read of one document has no system call for a lock (<https://sqlite.org/vfs.html#standard_unix_vfses>).
const VFS: &std::ffi::CStr = c"unix-excl";
/// Statements that a connection keeps compiled: more than there are.
const STATEMENTS_CACHED: usize = 64;
/// Greater than every text that is stored, as SQLite compares texts.
const LAST: &str = "\u{10FFFF}";

/// The schema files, in order, by version and name.
const SCHEMA: [(i64, &str, &str); 1] =
    [(1, "0001_views.sql", include_str!("../../../sql/sqlite/views/0001_views.sql"))];

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The adapter; see the module.
pub struct SqliteViews {
    writer: mpsc::Sender<Job>,
    readers: mpsc::Sender<Job>,
    /// Reading connections that nobody uses at the moment.
    points: Mutex<Vec<Connection>>,
}

impl std::fmt::Debug for SqliteViews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteViews").finish_non_exhaustive()
    }
}

impl SqliteViews {
    /// Opens the file, creating it with its schema where it is missing. Blocks for as long as that takes.
    ///
    /// # Errors
    /// [`ViewsError::Unavailable`] where it can't be opened; [`ViewsError::Damaged`], naming the file, where it is no
    /// database of this program, or of a later one.
    pub fn open(path: &Path) -> Result<Self, ViewsError> {
        let named = |error| match error {
            ViewsError::Damaged(what) => ViewsError::Damaged(format!("{}: {what}", path.display())),
            other @ (ViewsError::Unavailable(_) | ViewsError::Evicting(_) | ViewsError::NotServed(_)) => {
                other
            }
        };
        let writing = open_writer(path).map_err(named)?;
        let points =
            (0..POINT_CONNECTIONS).map(|_| open_reader(path)).collect::<Result<_, _>>().map_err(named)?;

        let (writer, writes) = mpsc::channel::<Job>(WRITES_QUEUED_MAX);
        // A process that ended in the middle of it has left documents of generations that it had dropped.
        work_in_thread("views-writer", writing, Arc::new(Mutex::new(writes)), sweep)?;
        let (readers, reads) = mpsc::channel::<Job>(READS_QUEUED_MAX);
        let reads = Arc::new(Mutex::new(reads));
        for _ in 0..READING_THREADS {
            let reader = open_reader(path).map_err(named)?;
            work_in_thread("views-reader", reader, Arc::clone(&reads), |_| Ok(false))?;
        }
        Ok(Self { writer, readers, points: Mutex::new(points) })
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<T, ViewsError> {
        run(&self.writer, work).await
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, ViewsError> + Send + 'static,
    ) -> Result<T, ViewsError> {
        run(&self.readers, work).await
    }

    /// Reads at once, on this thread; `None` if all connections for that are in use.
    fn read_here<T>(&self, work: impl FnOnce(&Connection) -> T) -> Option<T> {
        let connection = self.points.lock().pop()?;
        let answer = work(&connection);
        self.points.lock().push(connection);
        Some(answer)
    }
}

#[async_trait]
impl Views for SqliteViews {
    async fn served(&self, projection: &str) -> Result<Option<Generation>, ViewsError> {
        let projection = projection.to_owned();
        self.read(move |connection| served(connection, &projection)).await
    }

    async fn checkpoint(
        &self,
        projection: &str,
        generation: Generation,
    ) -> Result<Option<Checkpoint>, ViewsError> {
        let projection = projection.to_owned();
        self.read(move |connection| {
            Ok(place(connection, &projection, generation)?.map(|(_, checkpoint)| checkpoint))
        })
        .await
    }

    async fn create(&self, projection: &str, log_id: Uuid) -> Result<Generation, ViewsError> {
        let projection = projection.to_owned();
        self.write(move |connection| create(connection, &projection, log_id)).await
    }

    async fn apply(
        &self,
        projection: &str,
        generation: Generation,
        from: Sequence,
        documents: &[Document],
        to: &Checkpoint,
    ) -> Result<Applied, ViewsError> {
        let projection = projection.to_owned();
        let documents = documents.to_vec();
        let to = to.clone();
        self.write(move |connection| apply(connection, &projection, generation, from, &documents, &to)).await
    }

    async fn prior(
        &self,
        projection: &str,
        generation: Generation,
        keys: &[String],
    ) -> Result<Prior, ViewsError> {
        if keys.is_empty() {
            return Ok(Prior::new());
        }
        let projection = projection.to_owned();
        let keys = keys.to_vec();
        self.read(move |connection| prior(connection, &projection, generation, keys)).await
    }

    async fn serve(&self, projection: &str, generation: Generation) -> Result<(), ViewsError> {
        let projection = projection.to_owned();
        self.write(move |connection| serve(connection, &projection, generation)).await
    }

    async fn generations(&self, projection: &str) -> Result<Vec<Generation>, ViewsError> {
        let projection = projection.to_owned();
        self.read(move |connection| generations(connection, &projection)).await
    }

    async fn discard(&self, projection: &str, generation: Generation) -> Result<(), ViewsError> {
        let projection = projection.to_owned();
        self.write(move |connection| take_away(connection, &projection, generation)).await?;
        // One job per transaction, so that applies come in between.
        while self.write(sweep).await? {}
        Ok(())
    }

    async fn get(&self, projection: &str, key: &str) -> Result<Read<Option<String>>, ViewsError> {
        match self.read_here(|connection| get(connection, projection, key)) {
            Some(answer) => answer,
            None => {
                let projection = projection.to_owned();
                let key = key.to_owned();
                self.read(move |connection| get(connection, &projection, &key)).await
            }
        }
    }

    async fn list(&self, projection: &str, listing: &Listing) -> Result<Read<List>, ViewsError> {
        let projection = projection.to_owned();
        let listing = listing.clone();
        self.read(move |connection| list(connection, &projection, &listing)).await
    }

    async fn check(&self) -> Result<(), ViewsError> {
        // Through both queues, so that a thread that hangs is noticed.
        self.read(|connection| schema_files(connection).map(drop)).await?;
        self.write(|connection| schema_files(connection).map(drop)).await
    }
}

fn open_writer(path: &Path) -> Result<Connection, ViewsError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = open(path, flags, include_str!("../../../sql/sqlite/views/open_writer.sql"))?;
    migrate(&mut connection)?;
    Ok(connection)
}

fn open_reader(path: &Path) -> Result<Connection, ViewsError> {
    // Without the right to write, it would take locks of its own, and give the writer's away with them (see VFS).
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open(path, flags, include_str!("../../../sql/sqlite/views/open_reader.sql"))
}

fn open(path: &Path, flags: OpenFlags, settings: &str) -> Result<Connection, ViewsError> {
    let connection = Connection::open_with_flags_and_vfs(path, flags, VFS)?;
    keep_statements(&connection, STATEMENTS_CACHED)?;
    connection.execute_batch(settings)?;
    Ok(connection)
}

/// Creates the schema in an empty file, and refuses a file whose schema is not ours.
fn migrate(connection: &mut Connection) -> Result<(), ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_new: bool =
        transaction.query_row(include_str!("../../../sql/sqlite/views/is_new.sql"), [], |row| row.get(0))?;
    let applied = if is_new { Vec::new() } else { schema_files(&transaction)? };
    for (version, name, text) in SCHEMA {
        let checksum = checksum(text);
        match applied.iter().find(|(known, _)| *known == version) {
            Some((_, before)) if *before == checksum => {}
            Some(_) => return Err(ViewsError::Damaged(format!("it was made with another {name}"))),
            None => {
                transaction.execute_batch(text)?;
                transaction.execute(
                    include_str!("../../../sql/sqlite/views/schema_file_applied.sql"),
                    params![version, checksum],
                )?;
            }
        }
    }
    if let Some((later, _)) =
        applied.iter().find(|(version, _)| SCHEMA.iter().all(|(ours, ..)| ours != version))
    {
        return Err(ViewsError::Damaged(format!("its schema has version {later}, from a later program")));
    }
    transaction.commit()?;
    Ok(())
}

fn schema_files(connection: &Connection) -> Result<Vec<(i64, String)>, ViewsError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../../sql/sqlite/views/schema_files.sql"))?;
    let files = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<Result<_, _>>()?;
    Ok(files)
}

/// A thread that does jobs with its connection until the adapter is dropped. Several may share a queue. First, and while there
/// is no job, it does what was left over, part by part for as long as there may be more.
fn work_in_thread(
    name: &str,
    mut connection: Connection,
    jobs: Arc<Mutex<mpsc::Receiver<Job>>>,
    left_over: fn(&mut Connection) -> Result<bool, ViewsError>,
) -> Result<(), ViewsError> {
    let work = move || {
        let mut is_left = true;
        loop {
            let is_idle = || {
                let jobs = jobs.lock();
                jobs.is_empty() && !jobs.is_closed()
            };
            while is_left && is_idle() {
                is_left = left_over(&mut connection).unwrap_or(false);
            }
            // The lock is let go before the job is done, so the next thread waits for the next job.
            let Some(job) = jobs.lock().blocking_recv() else { return };
            job(&mut connection);
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(work).map(drop).map_err(ViewsError::unavailable)
}

async fn run<T: Send + 'static>(
    queue: &mpsc::Sender<Job>,
    work: impl FnOnce(&mut Connection) -> Result<T, ViewsError> + Send + 'static,
) -> Result<T, ViewsError> {
    let (reply, answer) = oneshot::channel();
    let job: Job = Box::new(move |connection| {
        // Who asked may have gone away. A panic is his matter, and the thread is there for the next one.
        let _ = reply.send(catch_unwind(AssertUnwindSafe(|| work(connection))));
    });
    queue.send(job).await.map_err(|_| ViewsError::unavailable("the thread for it has ended"))?;
    let done = answer.await.map_err(|_| ViewsError::unavailable("the thread for it has ended"))?;
    done.unwrap_or_else(|panic| resume_unwind(panic))
}

fn served(connection: &Connection, projection: &str) -> Result<Option<Generation>, ViewsError> {
    let mut statement = connection.prepare_cached(include_str!("../../../sql/sqlite/views/served.sql"))?;
    let number: Option<i64> = statement.query_row([projection], |row| row.get(0)).optional()?;
    number.map(|number| unsigned(number).map(Generation)).transpose()
}

/// A generation's short id and how far it is.
fn place(
    connection: &Connection,
    projection: &str,
    generation: Generation,
) -> Result<Option<(i64, Checkpoint)>, ViewsError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../../sql/sqlite/views/checkpoint.sql"))?;
    let row = statement
        .query_row(params![projection, signed(generation.0)?], |row| {
            Ok((row.get(0)?, row.get::<_, [u8; 16]>(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((id, log_id, sequence, chain)) = row else { return Ok(None) };
    let sequence = Sequence::new(unsigned(sequence)?);
    Ok(Some((id, Checkpoint { log_id: Uuid::from_bytes(log_id), sequence, chain })))
}

fn create(connection: &mut Connection, projection: &str, log_id: Uuid) -> Result<Generation, ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number: i64 = transaction
        .prepare_cached(include_str!("../../../sql/sqlite/views/next_generation.sql"))?
        .query_row([projection], |row| row.get(0))?;
    transaction
        .prepare_cached(include_str!("../../../sql/sqlite/views/create_generation.sql"))?
        .execute(params![projection, number, log_id.as_bytes(), GENESIS])?;
    transaction.commit()?;
    unsigned(number).map(Generation)
}

fn apply(
    connection: &mut Connection,
    projection: &str,
    generation: Generation,
    from: Sequence,
    documents: &[Document],
    to: &Checkpoint,
) -> Result<Applied, ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some((id, at)) = place(&transaction, projection, generation)? else {
        return Ok(Applied::Elsewhere(None));
    };
    if at.sequence != from || at.log_id != to.log_id || to.sequence < from {
        return Ok(Applied::Elsewhere(Some(at)));
    }
    {
        let mut rewrite =
            transaction.prepare_cached(include_str!("../../../sql/sqlite/views/rewrite_document.sql"))?;
        let mut put =
            transaction.prepare_cached(include_str!("../../../sql/sqlite/views/put_document.sql"))?;
        for document in documents {
            let [rank0, rank1] = match &document.ranks {
                Some([rank0, rank1]) => [Some(rank0), Some(rank1)],
                None => [None, None],
            };
            let values = params![id, document.key, document.tag, rank0, rank1, document.body];
            if rewrite.execute(values)? == 0 {
                put.execute(values)?;
            }
        }
    }
    transaction
        .prepare_cached(include_str!("../../../sql/sqlite/views/move_checkpoint.sql"))?
        .execute(params![id, signed(to.sequence.get())?, to.chain])?;
    transaction.commit()?;
    Ok(Applied::Done)
}

fn prior(
    connection: &mut Connection,
    projection: &str,
    generation: Generation,
    keys: Vec<String>,
) -> Result<Prior, ViewsError> {
    let transaction = connection.transaction()?;
    let mut statement =
        transaction.prepare_cached(include_str!("../../../sql/sqlite/views/get_of_generation.sql"))?;
    let generation = signed(generation.0)?;
    let mut found = Prior::new();
    for key in keys {
        let body = statement.query_row(params![projection, generation, key], |row| row.get(0)).optional()?;
        if let Some(body) = body {
            found.insert(key, body);
        }
    }
    Ok(found)
}

fn serve(connection: &Connection, projection: &str, generation: Generation) -> Result<(), ViewsError> {
    let mut statement = connection.prepare_cached(include_str!("../../../sql/sqlite/views/serve.sql"))?;
    statement.execute(params![projection, signed(generation.0)?])?;
    Ok(())
}

fn generations(connection: &Connection, projection: &str) -> Result<Vec<Generation>, ViewsError> {
    let mut statement =
        connection.prepare_cached(include_str!("../../../sql/sqlite/views/generations.sql"))?;
    let numbers = statement.query_map([projection], |row| row.get(0))?;
    numbers.map(|number| Ok(Generation(unsigned(number?)?))).collect()
}

fn take_away(
    connection: &mut Connection,
    projection: &str,
    generation: Generation,
) -> Result<(), ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Some((id, _)) = place(&transaction, projection, generation)? {
        for step in [
            include_str!("../../../sql/sqlite/views/drop_generation.sql"),
            include_str!("../../../sql/sqlite/views/drop_totals.sql"),
            include_str!("../../../sql/sqlite/views/remember_dropped.sql"),
        ] {
            transaction.prepare_cached(step)?.execute([id])?;
        }
    }
    transaction.commit()?;
    Ok(())
}

/// Deletes some documents of dropped generations; whether there may be more.
fn sweep(connection: &mut Connection) -> Result<bool, ViewsError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let dropped: Option<i64> = transaction
        .prepare_cached(include_str!("../../../sql/sqlite/views/dropped.sql"))?
        .query_row([], |row| row.get(0))
        .optional()?;
    let Some(id) = dropped else { return Ok(false) };
    let deleted = transaction
        .prepare_cached(include_str!("../../../sql/sqlite/views/delete_documents.sql"))?
        .execute(params![id, DELETES_PER_TRANSACTION])?;
    if deleted == 0 {
        transaction
            .prepare_cached(include_str!("../../../sql/sqlite/views/forget_dropped.sql"))?
            .execute([id])?;
    }
    transaction.commit()?;
    Ok(true)
}

fn get(connection: &Connection, projection: &str, key: &str) -> Result<Read<Option<String>>, ViewsError> {
    let mut statement = connection.prepare_cached(include_str!("../../../sql/sqlite/views/get.sql"))?;
    let row = statement.query_row([projection, key], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((sequence, value)) = row else { return Err(ViewsError::NotServed(projection.to_owned())) };
    Ok(Read { sequence: Sequence::new(unsigned(sequence)?), value })
}

fn list(connection: &mut Connection, projection: &str, listing: &Listing) -> Result<Read<List>, ViewsError> {
    // One transaction, so that checkpoint, total and page are of one moment.
    let transaction = connection.transaction()?;
    let place = transaction
        .prepare_cached(include_str!("../../../sql/sqlite/views/served_place.sql"))?
        .query_row([projection], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)))
        .optional()?;
    let Some((id, sequence)) = place else { return Err(ViewsError::NotServed(projection.to_owned())) };
    let total = total(&transaction, id, listing)?;

    let mut statement = transaction.prepare_cached(list_statement(listing)?)?;
    // One more than wanted shows whether there is more.
    let mut found = page(&mut statement, id, listing, signed(as_u64(listing.limit).saturating_add(1))?)?;
    let more = found.len() > listing.limit;
    found.truncate(listing.limit);
    let next = if more { found.last().map(|(rank, key, _)| (rank.clone(), key.clone())) } else { None };
    let bodies = found.into_iter().map(|(_, _, body)| body).collect();
    Ok(Read { sequence: Sequence::new(unsigned(sequence)?), value: List { bodies, next, total } })
}

fn total(connection: &Connection, id: i64, listing: &Listing) -> Result<u64, ViewsError> {
    let (least, beyond) = keys_with(&listing.prefix);
    let count: i64 = match (&listing.tag, listing.prefix.is_empty()) {
        (None, true) => connection
            .prepare_cached(include_str!("../../../sql/sqlite/views/total.sql"))?
            .query_row([id], |row| row.get(0))?,
        (Some(tag), true) => connection
            .prepare_cached(include_str!("../../../sql/sqlite/views/total_tag.sql"))?
            .query_row(params![id, tag], |row| row.get(0))?,
        (None, false) => connection
            .prepare_cached(include_str!("../../../sql/sqlite/views/total_prefix.sql"))?
            .query_row(params![id, least, beyond], |row| row.get(0))?,
        (Some(tag), false) => connection
            .prepare_cached(include_str!("../../../sql/sqlite/views/total_tag_prefix.sql"))?
            .query_row(params![id, least, beyond, tag], |row| row.get(0))?,
    };
    unsigned(count)
}

fn list_statement(listing: &Listing) -> Result<&'static str, ViewsError> {
    use Direction::{Ascending, Descending};
    use Order::{Key, Rank};
    Ok(match (listing.order, listing.direction, listing.tag.is_some()) {
        (Key, Ascending, false) => include_str!("../../../sql/sqlite/views/list_key_ascending.sql"),
        (Key, Ascending, true) => include_str!("../../../sql/sqlite/views/list_key_ascending_tag.sql"),
        (Key, Descending, false) => include_str!("../../../sql/sqlite/views/list_key_descending.sql"),
        (Key, Descending, true) => include_str!("../../../sql/sqlite/views/list_key_descending_tag.sql"),
        (Rank(0), Ascending, false) => include_str!("../../../sql/sqlite/views/list_rank0_ascending.sql"),
        (Rank(0), Ascending, true) => include_str!("../../../sql/sqlite/views/list_rank0_ascending_tag.sql"),
        (Rank(0), Descending, false) => include_str!("../../../sql/sqlite/views/list_rank0_descending.sql"),
        (Rank(0), Descending, true) => {
            include_str!("../../../sql/sqlite/views/list_rank0_descending_tag.sql")
        }
        (Rank(1), Ascending, false) => include_str!("../../../sql/sqlite/views/list_rank1_ascending.sql"),
        (Rank(1), Ascending, true) => include_str!("../../../sql/sqlite/views/list_rank1_ascending_tag.sql"),
        (Rank(1), Descending, false) => include_str!("../../../sql/sqlite/views/list_rank1_descending.sql"),
        (Rank(1), Descending, true) => {
            include_str!("../../../sql/sqlite/views/list_rank1_descending_tag.sql")
        }
        (Rank(place), _, _) => return Err(super::no_such_rank(place)),
    })
}

/// Rank, key and body of each document.
fn page(
    statement: &mut CachedStatement<'_>,
    id: i64,
    listing: &Listing,
    limit: i64,
) -> Result<Vec<(String, String, String)>, ViewsError> {
    let (mut least, mut beyond) = keys_with(&listing.prefix);
    let after = listing.after.as_ref().map(|(rank, key)| (rank.as_str(), key.as_str()));
    let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let found: Result<_, rusqlite::Error> = match (listing.order, &listing.tag) {
        (Order::Key, tag) => {
            match (listing.direction, after) {
                // The first text after a key is that key and a NUL.
                (Direction::Ascending, Some((_, key))) => least = least.max(format!("{key}\0")),
                (Direction::Descending, Some((_, key))) => beyond = beyond.min(key.to_owned()),
                (Direction::Ascending | Direction::Descending, None) => {}
            }
            match tag {
                None => statement.query_map(params![id, least, beyond, limit], read)?.collect(),
                Some(tag) => statement.query_map(params![id, least, beyond, limit, tag], read)?.collect(),
            }
        }
        (Order::Rank(_), tag) => {
            let (rank, key) = after.unwrap_or(match listing.direction {
                Direction::Ascending => ("", ""),
                Direction::Descending => (LAST, LAST),
            });
            match tag {
                None => statement.query_map(params![id, least, beyond, limit, rank, key], read)?.collect(),
                Some(tag) => {
                    statement.query_map(params![id, least, beyond, limit, rank, key, tag], read)?.collect()
                }
            }
        }
    };
    Ok(found?)
}

/// The least key with the prefix, and the first text beyond all such keys.
fn keys_with(prefix: &str) -> (String, String) {
    (prefix.to_owned(), format!("{prefix}{LAST}"))
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn signed(number: u64) -> Result<i64, ViewsError> {
    i64::try_from(number).map_err(|_| ViewsError::Damaged(format!("{number} is no number of SQLite's")))
}

fn unsigned(number: i64) -> Result<u64, ViewsError> {
    u64::try_from(number).map_err(|_| ViewsError::Damaged(format!("{number} is less than 0")))
}

impl From<rusqlite::Error> for ViewsError {
    fn from(error: rusqlite::Error) -> Self {
        let damaged = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown)
        ) || matches!(
            error,
            rusqlite::Error::InvalidColumnType(..) | rusqlite::Error::FromSqlConversionFailure(..)
        );
        if damaged { Self::Damaged(error.to_string()) } else { Self::unavailable(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    /// A process may end while it deletes them.
    #[tokio::test]
    async fn documents_of_a_dropped_generation_are_deleted_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let open = || SqliteViews::open(&folder.path().join("views.db")).unwrap();
        let views = open();
        let generation = views.create("accounts", Uuid::nil()).await.unwrap();
        let document = |n| Document { key: format!("k{n}"), tag: "", ranks: None, body: "{}".to_owned() };
        let documents: Vec<Document> = (0..3000).map(document).collect();
        let end = Checkpoint { log_id: Uuid::nil(), sequence: Sequence::new(1), chain: GENESIS };
        views.apply("accounts", generation, Sequence::ZERO, &documents, &end).await.unwrap();
        views.write(move |connection| take_away(connection, "accounts", generation)).await.unwrap();
        drop(views);
        let views = open();
        let left = |connection: &mut Connection| {
            let count = "SELECT (SELECT count(*) FROM documents) + (SELECT count(*) FROM dropped)";
            Ok(connection.query_row(count, [], |row| row.get::<_, i64>(0))?)
        };
        let gone = async { while views.read(left).await.unwrap() > 0 {} };
        tokio::time::timeout(std::time::Duration::from_secs(10), gone).await.unwrap();
    }

    #[tokio::test]
    async fn a_panic_comes_to_who_asked_and_leaves_the_threads_alone() {
        let folder = tempfile::tempdir().unwrap();
        let views = SqliteViews::open(&folder.path().join("views.db")).unwrap();
        let write = views.write::<()>(|_| panic!("a bug"));
        assert!(AssertUnwindSafe(write).catch_unwind().await.is_err());
        for _ in 0..=READING_THREADS {
            let read = views.read::<()>(|_| panic!("a bug"));
            assert!(AssertUnwindSafe(read).catch_unwind().await.is_err());
        }
        views.check().await.unwrap();
    }
}
