//! Where a server under test keeps its data: a folder, and for the kind with servers a Postgres database and a Redis.

use std::fs::File;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a Redis may take to answer after its start.
const REDIS_STARTS_WITHIN: Duration = Duration::from_secs(10);

/// Which stores a test runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// SQLite in the folder, no server.
    Embedded,
    /// Postgres for the log, Redis for the read models.
    Servers,
}

/// The data of one server under test; gone when dropped.
pub struct Stores {
    /// Everything on disk.
    pub folder: TempDir,
    /// `None` for the embedded kind.
    pub servers: Option<(Database, Redis)>,
}

impl Stores {
    /// New and empty ones.
    pub async fn new(kind: Kind) -> Self {
        let folder = TempDir::with_prefix("bursar-test-").unwrap();
        let servers = match kind {
            Kind::Embedded => None,
            Kind::Servers => Some((Database::new().await, Redis::start(folder.path()))),
        };
        Self { folder, servers }
    }

    /// What the program is to be told.
    pub fn flags(&self) -> Vec<String> {
        let mut flags = vec!["--data-dir".to_owned(), self.folder.path().join("data").display().to_string()];
        if let Some((database, redis)) = &self.servers {
            flags.extend(["--database-url".to_owned(), database.url.clone()]);
            flags.extend(["--redis-url".to_owned(), redis.url()]);
        }
        flags
    }
}

/// A database of its own on the Postgres that `tests/run.sh` started.
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    async fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("bursar_test_{}_{number}", std::process::id());
        let admin = admin_url();
        // A process of that number may have been killed before it could clean up.
        administer(&admin, &[format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")])
            .await;
        let (server, _) = admin.rsplit_once('/').unwrap();
        Self { url: format!("{server}/{name}"), name }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A thread of its own, since the test's runtime can't wait within itself.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administer(&admin_url(), &[statement]));
        });
        let _ = dropping.join();
    }
}

fn admin_url() -> String {
    std::env::var("BURSAR_TEST_POSTGRES_URL")
        .expect("BURSAR_TEST_POSTGRES_URL names the Postgres for tests; run tests/run.sh, which starts one")
}

async fn administer(url: &str, statements: &[String]) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap_or_else(|error| panic!("no Postgres at {url} ({error}); run tests/run.sh, which starts one"));
    let connection = tokio::spawn(connection);
    for statement in statements {
        client.batch_execute(statement).await.unwrap();
    }
    drop(client);
    let _ = connection.await;
}

/// A Redis of its own.
pub struct Redis {
    port: u16,
    process: Child,
}

impl Redis {
    fn start(folder: &Path) -> Self {
        for _ in 0..5 {
            // Somebody else may take the port in between; then the next one is tried.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if let Some(process) = Self::start_on(port, folder) {
                return Self { port, process };
            }
        }
        panic!("redis-server does not start: {}", read_tail(&folder.join("redis.log")));
    }

    fn start_on(port: u16, folder: &Path) -> Option<Child> {
        let log = File::create(folder.join("redis.log")).unwrap();
        let mut process = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--port", &port.to_string(), "--save", "", "--appendonly", "no"])
            .args(["--maxmemory-policy", "noeviction"])
            .arg("--dir")
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("no redis-server ({error}); run tests/run.sh, which installs one")
            });
        let deadline = Instant::now() + REDIS_STARTS_WITHIN;
        while Instant::now() < deadline && process.try_wait().unwrap().is_none() {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(process);
            }
            thread::yield_now();
        }
        let _ = process.kill();
        let _ = process.wait();
        None
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it at once; all that it held is gone.
    pub fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Starts an empty one in the place of a killed one.
    pub fn start_empty(&mut self, folder: &Path) {
        self.process = Self::start_on(self.port, folder).expect("the port of the old Redis is still free");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last lines of a file, for the report of a failure.
pub fn read_tail(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
