//! The connections for reads: a small pool, a deadline for each, and no transaction of their own.

use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime};
use futures_util::future::select_ok;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::connection::Connector;
use super::{CONNECT_DEADLINE, ConnectError, Failure, PostgresJournal};
use crate::journal::{JournalError, READ_DEADLINE};

/// The most connections for reads.
pub const READERS_MAX: usize = 8;
/// How many of them are kept for what commands wait for, however slow other reads are.
pub(super) const KEPT_FOR_COMMANDS: usize = 2;
/// How long what a command waits for may take to be read, with its wait for a connection. A command may wait for two in a
/// row, the one under way and its own.
pub(super) const LOOK_UP_DEADLINE: Duration = Duration::from_millis(1250);
/// After how long that is read a second time, on a new connection.
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(500);

/// The pool, empty so far.
pub(super) fn pool(connector: &Connector) -> Result<Pool, ConnectError> {
    let manager = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    Pool::builder(Manager::from_connect(connector.config(), connector.clone(), manager))
        .max_size(READERS_MAX)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(READ_DEADLINE))
        .create_timeout(Some(CONNECT_DEADLINE))
        .recycle_timeout(Some(CONNECT_DEADLINE))
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                let session = include_str!("../../../../sql/postgres/reader_session.sql");
                client.batch_execute(session).await.map_err(HookError::Backend)
            })
        }))
        .build()
        .map_err(|error| ConnectError::Unavailable(Box::new(error)))
}

/// A connection for reads, which goes back to the others only when it is given back.
struct Lent(Option<Object>);

impl Lent {
    fn client(&self) -> Result<&Object, Failure> {
        self.0.as_ref().ok_or_else(|| "a connection was given back before".into())
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}

impl PostgresJournal {
    /// One statement on a connection for reads.
    pub(super) async fn query(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, JournalError> {
        let ask = async {
            let _turn = self.turns.acquire().await?;
            self.ask(sql, values).await
        };
        let found = tokio::time::timeout(READ_DEADLINE, ask).await;
        let late = |late: tokio::time::error::Elapsed| {
            self.distrust_line();
            Err(late.into())
        };
        found.unwrap_or_else(late).map_err(JournalError::Unavailable)
    }

    /// The same for a few rows that are found at once, where the line is in order: what is late is asked again.
    pub(super) async fn look_up(
        &self,
        sql: &str,
        values: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, JournalError> {
        let look = async {
            let mut first = Box::pin(self.ask(sql, values));
            if let Ok(rows) = tokio::time::timeout(LOOK_AGAIN_AFTER, &mut first).await {
                return rows;
            }
            self.distrust_line();
            select_ok([first, Box::pin(self.ask(sql, values))]).await.map(|(rows, _)| rows)
        };
        let found = tokio::time::timeout(LOOK_UP_DEADLINE, look).await;
        found.unwrap_or_else(|late| Err(late.into())).map_err(JournalError::Unavailable)
    }

    async fn ask(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Failure> {
        // One that has not answered, or has failed, is thrown away: a prepared statement may be what is wrong with it,
        // after a migration say.
        let lent = Lent(Some(self.readers.get().await?));
        let client = lent.client()?;
        let statement = client.prepare_cached(sql).await?;
        let rows = client.query(&statement, values).await?;
        lent.give_back();
        Ok(rows)
    }

    /// Something was not answered. The line may swallow what is sent, and those that idle are behind the same one.
    pub(super) fn distrust_line(&self) {
        self.readers.retain(|_, _| false);
    }
}
