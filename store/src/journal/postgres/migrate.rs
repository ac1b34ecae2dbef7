//! The schema's versions: which are there, which are missing, and how they get there.

use tokio_postgres::{Client, GenericClient};

use super::ConnectError;
use super::connection::Connector;
use crate::schema::checksum;

/// Every migration in order; the first is version 1. Their text never changes.
const MIGRATIONS: [&str; 1] = [include_str!("../../../../sql/postgres/0001_log.sql")];

/// How the schema stands after [`migrate`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version before, 0 for none.
    pub from: i32,
    /// The version now.
    pub to: i32,
    /// Whether whoever asked may do what the schema's owner may.
    pub is_owner: bool,
}

/// Why a schema is none that this program can work on.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// It is somebody else's.
    #[error("the database has a schema bursar that is not Bursar's; it is left alone")]
    Foreign,
    /// There is none.
    #[error("the database has no schema bursar: bursar migrate makes it")]
    Absent,
    /// It lacks migrations.
    #[error("schema bursar is at version {found}, {needed} is needed: bursar migrate brings it up to date")]
    Behind {
        /// The version found.
        found: i32,
        /// The version that this program needs.
        needed: i32,
    },
    /// It has migrations of a newer program.
    #[error("schema bursar is at version {found}, this program knows {known} at the most")]
    Ahead {
        /// The version found.
        found: i32,
        /// The last that this program knows.
        known: i32,
    },
    /// A migration is not what this program has under that version.
    #[error("migration {version} of schema bursar has another checksum than this program's")]
    Changed {
        /// Which one.
        version: i32,
    },
    /// The server does not answer, or refuses.
    #[error("the schema's version can't be read")]
    Unavailable(#[from] tokio_postgres::Error),
}

/// Why a migration did not happen. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The server can't be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There is a schema to which nothing may be added.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A statement failed.
    #[error("migration {version} of schema bursar failed")]
    Failed {
        /// Which one; 0 for what surrounds them.
        version: i32,
        /// Why.
        source: tokio_postgres::Error,
    },
}

/// Brings the schema to this program's version as its owner, and lets a role append and read, and nothing else. Any number
/// of nodes may do this at once; one does it, the others wait for it.
///
/// # Errors
/// See [`MigrateError`].
pub async fn migrate(owner_url: &str, grant_to: Option<&str>) -> Result<Migrated, MigrateError> {
    let connector = Connector::new(owner_url)?;
    let connect = tokio::time::timeout(super::CONNECT_DEADLINE, connector.client());
    let mut client = match connect.await {
        Ok(made) => made.map_err(|error| ConnectError::Unavailable(Box::new(error)))?,
        Err(late) => return Err(ConnectError::Unavailable(Box::new(late)).into()),
    };
    run(&mut client, grant_to).await
}

async fn run(client: &mut Client, grant_to: Option<&str>) -> Result<Migrated, MigrateError> {
    let failed = |version| move |source| MigrateError::Failed { version, source };
    client
        .batch_execute(include_str!("../../../../sql/postgres/migrator_session.sql"))
        .await
        .map_err(failed(0))?;
    let transaction = client.transaction().await.map_err(failed(0))?;
    // A statement of its own: what follows sees what those before us did.
    transaction
        .execute(include_str!("../../../../sql/postgres/migrations_lock.sql"), &[])
        .await
        .map_err(failed(0))?;
    let found = if schema_is_ours(&transaction).await? {
        check(&transaction).await?
    } else {
        let create = include_str!("../../../../sql/postgres/migrations_create.sql");
        transaction.batch_execute(create).await.map_err(failed(0))?;
        0
    };
    for (version, text) in numbered().filter(|(version, _)| *version > found) {
        transaction.batch_execute(text).await.map_err(failed(version))?;
        let insert = include_str!("../../../../sql/postgres/migrations_insert.sql");
        transaction.execute(insert, &[&version, &checksum(text)]).await.map_err(failed(version))?;
    }
    if let Some(role) = grant_to {
        let admit = include_str!("../../../../sql/postgres/migrations_admit.sql");
        transaction.execute(admit, &[&role]).await.map_err(failed(0))?;
    }
    let owned = include_str!("../../../../sql/postgres/migrations_owned.sql");
    let owned = transaction.query_one(owned, &[]).await.map_err(failed(0))?;
    let is_owner = owned.try_get(0).map_err(failed(0))?;
    // COMMIT's answer does not tell a commit from a rollback; but a statement that failed above never comes here.
    transaction.commit().await.map_err(failed(0))?;
    Ok(Migrated { from: found, to: known(), is_owner })
}

/// Whether the schema is exactly what this program knows.
pub(super) async fn verify(client: &Client) -> Result<(), SchemaError> {
    if !schema_is_ours(client).await? {
        return Err(SchemaError::Absent);
    }
    let found = check(client).await?;
    if found == known() { Ok(()) } else { Err(SchemaError::Behind { found, needed: known() }) }
}

async fn schema_is_ours(client: &impl GenericClient) -> Result<bool, SchemaError> {
    let row = client.query_one(include_str!("../../../../sql/postgres/migrations_found.sql"), &[]).await?;
    match (row.try_get(0)?, row.try_get(1)?) {
        (_, true) => Ok(true),
        (false, false) => Ok(false),
        (true, false) => Err(SchemaError::Foreign),
    }
}

/// The version that is there, if all that is there is known.
async fn check(client: &impl GenericClient) -> Result<i32, SchemaError> {
    let sql = include_str!("../../../../sql/postgres/migrations_select.sql");
    let mut found = 0;
    for row in client.query(sql, &[]).await? {
        found = row.try_get(0)?;
        let stored: String = row.try_get(1)?;
        match numbered().find(|(version, _)| *version == found) {
            Some((_, text)) if checksum(text) == stored => {}
            Some(_) => return Err(SchemaError::Changed { version: found }),
            None => return Err(SchemaError::Ahead { found, known: known() }),
        }
    }
    Ok(found)
}

fn numbered() -> impl Iterator<Item = (i32, &'static str)> {
    (1..).zip(MIGRATIONS)
}

fn known() -> i32 {
    numbered().last().map_or(0, |(version, _)| version)
}
