//! Folding the write-ahead log into the database beside the commits.
//!
//! A commit that folds it, which is SQLite's own way, lets everybody wait until 64 MiB are written and synced: some 100 ms.
//! So a thread with a connection of its own folds what is there while commits go on (`PASSIVE` waits for nobody and keeps
//! nobody waiting), again and again until little is left, and the next commit folds that: only when all of it is folded
//! does the write-ahead log begin again at its front (<https://sqlite.org/wal.html#avoiding_excessively_large_wal_files>).

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;

use rusqlite::Connection;
use rusqlite::hooks::Wal;

use super::thread;

const FOLD: &str = include_str!("../../../../sql/sqlite/journal/wal_fold.sql");

/// The pages in the write-ahead log from which on it is folded: index pages are written again and again until then.
pub(super) const FOLDED_FROM: i32 = 16_384;
/// The thread goes on until a round is about no more pages than these, which takes a few ms.
const PAGES_LEFT_MAX: i64 = 1024;
/// But not for ever: a reader may look at the log as it was long ago.
const ROUNDS_MAX: usize = 8;

/// Lets the write-ahead log of the connection that writes be folded by a thread with another one, from so many pages on,
/// until the first is closed.
pub(super) fn fold_beside(writer: &mut Connection, beside: Connection, from: i32) -> Result<(), Error> {
    let (ask, asked) = sync_channel::<()>(1);
    let is_done = Arc::new(AtomicBool::new(false));
    let done = Arc::clone(&is_done);
    thread("journal-fold".to_owned(), move || {
        for () in asked {
            fold(&beside);
            done.store(true, Ordering::Release);
        }
    })
    .map_err(Error::Thread)?;
    let mut is_asked = false;
    let hook = move |wal: &mut Wal, pages| {
        // What can't be folded, for want of room say, is folded later: the commit is done.
        if is_asked {
            if is_done.swap(false, Ordering::AcqRel) {
                is_asked = false;
                let _ = wal.checkpoint();
            }
        } else if pages >= from {
            is_asked = ask.try_send(()).is_ok();
            if !is_asked {
                let _ = wal.checkpoint();
            }
        }
        Ok(())
    };
    writer.wal_hook(Some(hook)).map_err(Error::Sqlite)
}

/// Why it can't be.
#[derive(Debug)]
pub(super) enum Error {
    Sqlite(rusqlite::Error),
    Thread(io::Error),
}

fn fold(beside: &Connection) {
    let mut folded = 0;
    for _ in 0..ROUNDS_MAX {
        // How far it came, in pages of the write-ahead log.
        let reach: rusqlite::Result<i64> = beside.query_row(FOLD, [], |row| row.get(2));
        let reach = match reach {
            Ok(reach) => reach,
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log of the embedded log can't be folded, and grows");
                return;
            }
        };
        if reach - folded <= PAGES_LEFT_MAX {
            return;
        }
        folded = reach;
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// While commits go on without a pause, it begins again at its front, and again.
    #[test]
    fn the_write_ahead_log_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let open = || {
            let connection = Connection::open(&path).unwrap();
            connection.execute_batch(super::super::PRAGMAS).unwrap();
            connection
        };
        let mut writer = open();
        fold_beside(&mut writer, open(), 100).unwrap();
        writer.execute_batch("CREATE TABLE filled (bytes BLOB)").unwrap();
        // How often it began, by its header (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
        let begun = || {
            let bytes = std::fs::read(folder.path().join("log.db-wal")).unwrap();
            u32::from_be_bytes(bytes[12..16].try_into().unwrap())
        };
        let (first, deadline) = (begun(), Instant::now() + Duration::from_secs(20));
        while begun() < first + 2 {
            assert!(Instant::now() < deadline, "it only grows");
            for _ in 0..20 {
                writer.execute("INSERT INTO filled VALUES (randomblob(4000))", []).unwrap();
            }
        }
    }
}
