use std::sync::Arc;

use domain::Sequence;
use store::{Generation, SqliteViews, Views, ViewsError};
use tempfile::TempDir;

use crate::suite::{at, document, served_with, step};

fn fixture() -> (SqliteViews, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (SqliteViews::open(&folder.path().join("views.sqlite")).unwrap(), folder)
}

crate::promises!(fixture);

#[tokio::test]
async fn what_is_stored_is_there_after_a_restart() {
    let (views, folder) = fixture();
    let generation = served_with(&views, &[document("a", "open", ["1", "1"], "body")]).await;
    drop(views);
    let views = SqliteViews::open(&folder.path().join("views.sqlite")).unwrap();
    assert_eq!(views.served("accounts").await.unwrap(), Some(generation));
    assert_eq!(views.get("accounts", "a").await.unwrap().value.as_deref(), Some("body"));
    step(&views, generation, 1, &[], 2).await;
    assert_eq!(views.create("accounts", at(0).log_id).await.unwrap(), Generation(2));
}

/// Readers don't wait for whoever writes, and an apply doesn't wait for the disk.
#[tokio::test]
async fn the_file_has_a_write_ahead_log() {
    let (_views, folder) = fixture();
    let connection = rusqlite::Connection::open(folder.path().join("views.sqlite")).unwrap();
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_file_that_is_not_ours_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |name: &str| match SqliteViews::open(&folder.path().join(name)) {
        Err(ViewsError::Damaged(what)) => assert!(what.contains(name), "{what}"),
        other => panic!("{name}: {other:?}"),
    };
    std::fs::write(folder.path().join("text.sqlite"), "this is no database ".repeat(100)).unwrap();
    refused("text.sqlite");

    rusqlite::Connection::open(folder.path().join("foreign.sqlite"))
        .unwrap()
        .execute_batch("CREATE TABLE schema_files (version INTEGER, checksum TEXT); INSERT INTO schema_files VALUES (1, 'x');")
        .unwrap();
    refused("foreign.sqlite");

    let later = folder.path().join("later.sqlite");
    drop(SqliteViews::open(&later).unwrap());
    rusqlite::Connection::open(&later)
        .unwrap()
        .execute_batch("INSERT INTO schema_files VALUES (2, 'from the future');")
        .unwrap();
    refused("later.sqlite");

    rusqlite::Connection::open(folder.path().join("other.sqlite"))
        .unwrap()
        .execute_batch("CREATE TABLE t (x);")
        .unwrap();
    refused("other.sqlite");
}

/// More readers at once than connections for them.
#[tokio::test(flavor = "multi_thread", worker_threads = 16)]
async fn many_read_at_once() {
    let (views, _folder) = fixture();
    let views = Arc::new(views);
    served_with(&*views, &[document("a", "open", ["1", "1"], "body")]).await;
    let read = |views: Arc<SqliteViews>| async move {
        for _ in 0..500 {
            let read = views.get("accounts", "a").await.unwrap();
            assert_eq!((read.sequence, read.value.as_deref()), (Sequence::new(1), Some("body")));
        }
    };
    let readers: Vec<_> = (0..32).map(|_| tokio::spawn(read(Arc::clone(&views)))).collect();
    for reader in readers {
        reader.await.unwrap();
    }
}
