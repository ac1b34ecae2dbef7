//! The embedded stores, which the tests of the actors run on.

use std::sync::Arc;

use store::{Journal, SqliteJournal, SqliteViews, Views};
use tempfile::TempDir;

pub fn journal(folder: &TempDir) -> Arc<dyn Journal> {
    Arc::new(SqliteJournal::open(&folder.path().join("journal.sqlite3")).unwrap())
}

pub fn views(folder: &TempDir) -> Arc<dyn Views> {
    Arc::new(SqliteViews::open(&folder.path().join("views.sqlite3")).unwrap())
}
