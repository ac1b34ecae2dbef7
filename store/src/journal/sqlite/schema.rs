//! The database's schema: numbered files, each applied once and never edited.

use std::path::Path;

use domain::chain::GENESIS;
use rusqlite::{Connection, TransactionBehavior};
use uuid::Uuid;

use super::{OpenError, now};
use crate::schema::checksum;

const TABLES: &str = include_str!("../../../../sql/sqlite/journal/tables.sql");
const MIGRATIONS_CREATE: &str = include_str!("../../../../sql/sqlite/journal/migrations_create.sql");
const MIGRATIONS_ALL: &str = include_str!("../../../../sql/sqlite/journal/migrations_all.sql");
const MIGRATION_INSERT: &str = include_str!("../../../../sql/sqlite/journal/migration_insert.sql");
const LOG_CREATE: &str = include_str!("../../../../sql/sqlite/journal/log_create.sql");

/// Every schema file, by its number.
const FILES: [(u32, &str); 1] = [(1, include_str!("../../../../sql/sqlite/journal/0001_log.sql"))];

/// Stops before anything is written to a database that is not ours.
pub(super) fn refuse_foreign(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let (tables, ours): (i64, i64) =
        connection.query_row(TABLES, [], |row| Ok((row.get(0)?, row.get(1)?))).map_err(failed)?;
    if tables > 0 && ours == 0 {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    Ok(())
}

/// Whether the database has a log, and this program's schema; nothing is written.
pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let tables: i64 = connection.query_row(TABLES, [], |row| row.get(0)).map_err(failed)?;
    if tables == 0 {
        return Err(OpenError::Empty(path.to_owned()));
    }
    let seen = seen(connection, path)?;
    match FILES.iter().find(|(version, _)| !seen.contains(version)) {
        Some((version, _)) => Err(OpenError::Behind { path: path.to_owned(), version: *version }),
        None => Ok(()),
    }
}

/// The schema files that the database has seen, all of which this program knows.
fn seen(connection: &Connection, path: &Path) -> Result<Vec<u32>, OpenError> {
    let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let seen: Vec<(u32, String)> = connection
        .prepare(MIGRATIONS_ALL)
        .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .map_err(failed)?;
    for (version, noted) in &seen {
        let Some((_, file)) = FILES.iter().find(|(number, _)| number == version) else {
            return Err(OpenError::Newer { path: path.to_owned(), version: *version });
        };
        if *noted != checksum(file) {
            return Err(OpenError::Changed { path: path.to_owned(), version: *version });
        }
    }
    Ok(seen.into_iter().map(|(version, _)| version).collect())
}

/// Applies what the database has not seen, and begins the log, in one transaction.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    transaction.execute_batch(MIGRATIONS_CREATE).map_err(failed)?;
    let seen = seen(&transaction, path)?;
    for (version, file) in FILES.iter().filter(|(version, _)| !seen.contains(version)) {
        transaction.execute_batch(file).map_err(failed)?;
        let noted = (version, checksum(file), now().as_micros());
        transaction.execute(MIGRATION_INSERT, noted).map_err(failed)?;
    }
    transaction.execute(LOG_CREATE, (Uuid::now_v7().to_string(), GENESIS)).map_err(failed)?;
    transaction.commit().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::super::SqliteJournal;
    use super::*;

    fn file(statements: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        if !statements.is_empty() {
            Connection::open(&path).unwrap().execute_batch(statements).unwrap();
        }
        (folder, path)
    }

    #[test]
    fn a_database_of_another_program_is_refused_and_left_as_it_was() {
        let (_folder, path) = file("CREATE TABLE bookmarks (url TEXT)");
        let before = std::fs::read(&path).unwrap();
        let error = SqliteJournal::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Foreign(_)), "{error:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.db");
        std::fs::write(&path, "not a database, but long enough to be taken for one ".repeat(40)).unwrap();
        let error = SqliteJournal::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Sqlite { .. }), "{error:?}");
    }

    #[test]
    fn what_is_there_is_opened_and_what_is_not_is_not_begun() {
        let (folder, path) = file("");
        assert!(matches!(SqliteJournal::open_existing(&path), Err(OpenError::Sqlite { .. })));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        std::fs::write(&path, "").unwrap();
        let error = SqliteJournal::open_existing(&path).unwrap_err();
        assert!(matches!(error, OpenError::Empty(_)), "{error:?}");
        assert_eq!(std::fs::read(&path).unwrap(), b"");

        drop(SqliteJournal::open(&path).unwrap());
        drop(SqliteJournal::open_existing(&path).unwrap());
        Connection::open(&path).unwrap().execute("DELETE FROM migrations", []).unwrap();
        let error = SqliteJournal::open_existing(&path).unwrap_err();
        assert!(matches!(error, OpenError::Behind { version: 1, .. }), "{error:?}");
    }

    #[test]
    fn a_schema_that_was_changed_or_is_newer_is_named() {
        let (_folder, path) = file("");
        drop(SqliteJournal::open(&path).unwrap());
        drop(SqliteJournal::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection.execute("INSERT INTO migrations VALUES (7, 'x', 0)", []).unwrap();
        let error = SqliteJournal::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Newer { version: 7, .. }), "{error:?}");
        connection.execute("DELETE FROM migrations WHERE version = 7", []).unwrap();
        connection.execute("UPDATE migrations SET checksum = 'x'", []).unwrap();
        let error = SqliteJournal::open(&path).unwrap_err();
        assert!(matches!(error, OpenError::Changed { version: 1, .. }), "{error:?}");
    }
}
