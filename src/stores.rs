//! Which stores the settings mean, opened: Postgres or SQLite for the log, Redis or SQLite for the read models.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use store::journal::postgres::{ConnectError, SchemaError};
use store::journal::sqlite::OpenError;
use store::{
    FolderLock, Journal, PostgresJournal, PostgresSettings, RedisSettings, RedisViews, SqliteJournal,
    SqliteViews, Views,
};

use crate::settings::{Settings, WrongSetting, masked};

/// The stores of a process.
pub struct Stores {
    /// The log.
    pub journal: Arc<dyn Journal>,
    /// The read models.
    pub views: Arc<dyn Views>,
    /// Held while something embedded is open.
    pub _lock: Option<FolderLock>,
}

/// The log alone, for who works on it while no server does.
pub struct Log {
    /// The log.
    pub journal: Arc<dyn Journal>,
    /// Held while it is embedded.
    pub _lock: Option<FolderLock>,
}

/// Opens the log, and begins it if there is none; on Postgres as its owner, where one is named.
pub async fn open_log(settings: &Settings) -> anyhow::Result<Log> {
    let lock = settings.database_url.is_none().then(|| lock(settings)).transpose()?;
    Ok(Log { journal: journal(settings, owner(settings)).await?, _lock: lock })
}

/// Opens the log that is there, as it is: one that was begun for it would be sound, and say nothing of the one that was
/// meant.
pub async fn open_existing_log(settings: &Settings) -> anyhow::Result<Log> {
    let holds_none = |name: &str, place: &dyn std::fmt::Display| WrongSetting {
        name: name.to_owned(),
        reason: format!("{place} holds no log"),
    };
    if let Some(owner) = owner(settings) {
        let name = if settings.migrate_url.is_some() { "migrate-url" } else { "database-url" };
        return match PostgresJournal::connect(PostgresSettings { url: owner.to_owned() }).await {
            Err(ConnectError::Schema(SchemaError::Absent)) => Err(holds_none(name, &masked(owner)).into()),
            connected => {
                let journal = connected.with_context(|| format!("the log at {}", masked(owner)))?;
                Ok(Log { journal: Arc::new(journal), _lock: None })
            }
        };
    }
    let path = embedded_log(settings);
    let none = || holds_none("data-dir", &settings.data_dir.display());
    // Where that can't be told, the lock says why.
    if path.try_exists().is_ok_and(|is_there| !is_there) {
        return Err(none().into());
    }
    let lock = lock(settings)?;
    match SqliteJournal::open_existing(&path) {
        Err(OpenError::Empty(_)) => Err(none().into()),
        opened => {
            let journal = opened.with_context(|| path.display().to_string())?;
            Ok(Log { journal: Arc::new(journal), _lock: Some(lock) })
        }
    }
}

/// The role that owns the log on Postgres.
fn owner(settings: &Settings) -> Option<&str> {
    settings.migrate_url.as_deref().or(settings.database_url.as_deref())
}

fn embedded_log(settings: &Settings) -> PathBuf {
    settings.data_dir.join("journal.sqlite3")
}

fn lock(settings: &Settings) -> Result<FolderLock, WrongSetting> {
    store::lock_folder(&settings.data_dir).map_err(|error| {
        // With its causes.
        let reason = format!("{:#}", anyhow::Error::from(error));
        WrongSetting { name: "data-dir".to_owned(), reason }
    })
}

/// The log, as that role on Postgres.
async fn journal(settings: &Settings, role: Option<&str>) -> anyhow::Result<Arc<dyn Journal>> {
    match (&settings.database_url, role) {
        (Some(url), Some(role)) => {
            migrate_postgres(settings, url).await?;
            let connected = PostgresJournal::connect(PostgresSettings { url: role.to_owned() }).await;
            Ok(Arc::new(connected.with_context(|| format!("the log at {}", masked(role)))?))
        }
        (None, _) | (_, None) => {
            let path = embedded_log(settings);
            Ok(Arc::new(SqliteJournal::open(&path).with_context(|| path.display().to_string())?))
        }
    }
}

/// Opens both.
pub async fn open(settings: &Settings) -> anyhow::Result<Stores> {
    let folder = &settings.data_dir;
    let embedded = settings.database_url.is_none() || settings.redis_url.is_none();
    let lock = embedded.then(|| lock(settings)).transpose()?;
    let journal = journal(settings, settings.database_url.as_deref()).await?;
    if journal.head().await?.log_id == store::UNFINISHED {
        anyhow::bail!("the log holds an import that was not finished: import the same file again");
    }
    let views: Arc<dyn Views> = match &settings.redis_url {
        Some(url) => {
            let redis = RedisSettings { url: url.clone(), prefix: settings.redis_prefix.clone() };
            let connected = RedisViews::connect(redis);
            Arc::new(connected.with_context(|| format!("the read models at {}", masked(url)))?)
        }
        None => {
            let path = folder.join("views.sqlite3");
            Arc::new(SqliteViews::open(&path).with_context(|| path.display().to_string())?)
        }
    };
    Ok(Stores { journal, views, _lock: lock })
}

async fn migrate_postgres(settings: &Settings, url: &str) -> anyhow::Result<()> {
    let owner = settings.migrate_url.as_deref().unwrap_or(url);
    let migrated =
        store::journal::postgres::migrate(owner, role_of(url).as_deref().filter(|_| owner != url)).await;
    let migrated = migrated.with_context(|| format!("the schema at {}", masked(owner)))?;
    if owner == url && migrated.is_owner {
        tracing::info!("database-url owns the schema: triggers alone guard the log (see migrate-url)");
    }
    Ok(())
}

/// The role that a URL signs in as.
fn role_of(url: &str) -> Option<String> {
    url.parse::<tokio_postgres::Config>().ok()?.get_user().map(str::to_owned)
}

/// Brings the log's schema up to date.
pub fn migrate(settings: &Settings) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match &settings.database_url {
            Some(url) => migrate_postgres(settings, url).await,
            // Opening the embedded store migrates it.
            None => open(settings).await.map(drop),
        }
    })
}
