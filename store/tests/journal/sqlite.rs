//! The suite on SQLite: the writers are journals opened on one file.

use std::sync::Arc;

use async_trait::async_trait;
use store::{Journal, SqliteJournal};

use crate::suite::appending::opened;
use crate::suite::archive::verified;
use crate::suite::{Fixture, account_id, everything, journal_suite, sequences, version};

/// Few, so that streams are indexed while they are read.
const EVENTS_PER_RUN: u32 = 5;

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
    }

    fn text(&self, bytes: &[u8]) -> String {
        format!("CAST({} AS TEXT)", self.blob(bytes))
    }

    fn blob(&self, bytes: &[u8]) -> String {
        format!("x'{}'", domain::chain::Hex(bytes))
    }
}

journal_suite!(Sqlite);

/// Streams as they are read, against the events themselves, while writers come and go in the middle of a run.
#[tokio::test]
async fn streams_are_whole_wherever_the_index_is() {
    let fixture = Sqlite::start().await.unwrap();
    let reader = fixture.journal().await;
    let mut book = opened(&*reader).await;
    for round in 0..40 {
        let writer = fixture.journal().await;
        let units = (0..=round % 7).map(|n| book.transfer(&format!("k-{round}-{n}"), "a", "b", 1)).collect();
        book.commit(&*writer, units).await;
        if round % 3 == 0 {
            let paid = book.deposit(&format!("d-{round}"), "a", 1);
            book.commit(&*reader, vec![paid]).await;
        }
        let all = everything(&*reader).await;
        for id in ["a", "b"] {
            let own: Vec<_> = all.iter().filter(|event| event.profile.id.as_str() == id).cloned().collect();
            let after = version(own.len() as u64 / 2);
            let read = reader.stream(&account_id(id), after, 1000).await.unwrap();
            assert_eq!(sequences(&read), sequences(&own[own.len() / 2..]), "{id} in round {round}");
            let then = own[own.len() / 3].sequence;
            let last = reader.last_event(&account_id(id), then).await.unwrap().unwrap();
            assert_eq!(last.sequence, then);
            let loaded = reader.load(&[account_id(id)]).await.unwrap();
            assert_eq!(loaded[0].sequence, own.last().unwrap().sequence);
        }
    }
    let (_, found) = verified(&*reader).await;
    assert_eq!(found, []);
    fixture.execute("UPDATE streams SET sequence = 7 WHERE account = 1 AND version = 9").await.unwrap();
    fixture.execute("DELETE FROM streams WHERE account = 2 AND version = 3").await.unwrap();
    let (_, found) = verified(&*reader).await;
    assert!(found.iter().all(|finding| finding.what.contains("the index lacks")), "{found:?}");
    assert_eq!(found.len(), 2);
}
