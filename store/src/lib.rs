//! What touches disk or network: the log ([`Journal`]) and the read models ([`Views`]), each with two adapters that pass
//! one suite.

pub mod archive;
pub mod folder;
pub mod journal;
mod schema;
mod statements;
pub mod views;

pub use folder::{FolderLock, FolderLockError, lock_folder, make_folder};
pub use journal::postgres::{PostgresJournal, PostgresSettings};
pub use journal::sqlite::SqliteJournal;
pub use journal::{
    AccountKey, AccountsAt, Append, AppendError, Batch, Commit, Contents, Deadlines, Draft, EventFilter,
    FROM_THE_FIRST, Fault, Head, Journal, JournalError, Loaded, LogEntry, LogPlace, LogQuery, Page, Past,
    Recalled, Rejection, Restore, RestoreError, Touch, UNFINISHED, Unit,
};
pub use views::redis::{RedisSettings, RedisViews};
pub use views::sqlite::SqliteViews;
pub use views::{Applied, Checkpoint, Direction, Generation, List, Listing, Order, Read, Views, ViewsError};
