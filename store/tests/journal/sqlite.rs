//! The suite on SQLite: the writers are journals opened on one file.

use std::sync::Arc;

use async_trait::async_trait;
use store::{AppendError, Batch, Journal, SqliteJournal};

use crate::suite::archive::verified;
use crate::suite::reading;
use crate::suite::{Book, EVENTS_PER_RUN, Fixture, journal_suite};

struct Sqlite {
    folder: tempfile::TempDir,
}

impl Sqlite {
    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("journal.db")
    }
}

#[async_trait]
impl Fixture for Sqlite {
    async fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        Some(Self { folder })
    }

    async fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(SqliteJournal::open_with_runs(&self.path(), EVENTS_PER_RUN).unwrap())
    }

    async fn execute(&self, statement: &str) -> Result<(), String> {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.execute_batch(statement).map_err(|error| error.to_string())
    }

    async fn unlock(&self) {
        for table in ["events", "accounts", "kinds", "batches", "rejections"] {
            let drop = |what: &str| format!("DROP TRIGGER {table}_are_not_{what};");
            self.execute(&[drop("updated"), drop("deleted")].concat()).await.unwrap();
        }
        self.execute("DROP TRIGGER holds_end_once").await.unwrap();
    }

    fn text(&self, bytes: &[u8]) -> String {
        format!("CAST({} AS TEXT)", self.blob(bytes))
    }

    fn blob(&self, bytes: &[u8]) -> String {
        format!("x'{}'", domain::chain::Hex(bytes))
    }
}

journal_suite!(Sqlite);

#[tokio::test]
async fn what_the_index_of_streams_lacks_is_found() {
    let fixture = Sqlite::start().await.unwrap();
    let journal = fixture.journal().await;
    reading::streams_are_whole_wherever_the_index_is(&fixture).await;
    for damage in [
        "UPDATE streams SET distances = CAST(x'0007' || substr(distances, 3) AS BLOB)
        WHERE account = 1 AND first_version = 9",
        // Two versions.
        "DELETE FROM streams WHERE account = 2 AND first_version = (SELECT first_version FROM streams
        WHERE account = 2 AND length(distances) = 4 ORDER BY first_version LIMIT 1)",
    ] {
        fixture.execute(damage).await.unwrap();
    }
    let (_, found) = verified(&*journal).await;
    assert!(found.iter().all(|finding| finding.what.contains("the index lacks")), "{found:?}");
    assert_eq!(found.len(), 3);
}

/// A copy that was put in its place, or nothing: what is appended to the file that was opened is for nobody.
#[tokio::test]
async fn a_log_whose_file_was_replaced_takes_no_more() {
    let fixture = Sqlite::start().await.unwrap();
    let journal = fixture.journal().await;
    let mut book = Book::default();
    let create = book.create("create", "a", 1);
    book.commit(&*journal, vec![create]).await;
    journal.now().await.unwrap();
    let copy = fixture.folder.path().join("copy");
    std::fs::copy(fixture.path(), &copy).unwrap();
    std::fs::rename(&copy, fixture.path()).unwrap();
    assert!(journal.now().await.unwrap_err().is_exchanged());
    let deposit = Arc::new(Batch { units: vec![book.deposit("deposit", "a", 1)] });
    assert!(matches!(journal.append(&deposit).await, Err(AppendError::Exchanged)));
}
