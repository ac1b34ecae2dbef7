//! Where a server under test keeps its data: a folder, and for the kind with servers a Postgres database and a Redis.

use std::cell::RefCell;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a Redis may take to answer after its start.
const REDIS_STARTS_WITHIN: Duration = Duration::from_secs(10);

/// What nobody may read in a log.
pub const PASSWORD: &str = "not-to-be-shown";

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
        match kind {
            Kind::Embedded => Self { folder: folder(), servers: None },
            Kind::Servers => Self::on(&admin_url()).await,
        }
    }

    /// New and empty ones on the Postgres with that URL.
    pub async fn on(postgres: &str) -> Self {
        let folder = folder();
        let servers = Some((Database::new(postgres).await, Redis::start(folder.path())));
        Self { folder, servers }
    }

    /// What a program with that folder is to be told.
    pub fn flags(&self, data: &Path) -> Vec<String> {
        let mut flags = vec!["--data-dir".to_owned(), data.display().to_string()];
        if let Some((database, redis)) = &self.servers {
            flags.extend(["--database-url".to_owned(), database.url.clone()]);
            flags.extend(["--redis-url".to_owned(), redis.url()]);
        }
        flags
    }

    /// Copies the log as it is. No program may be using it; so with the other two.
    pub async fn back_up_log(&self, data: &Path) {
        match &self.servers {
            Some((Database { name, .. }, _)) => {
                administer(&admin_url(), &[format!("CREATE DATABASE {name}_copy TEMPLATE {name}")]).await;
            }
            None => {
                let copies = data.join("copy");
                std::fs::create_dir(&copies).unwrap();
                log_files(data).for_each(|file| {
                    std::fs::copy(&file, copies.join(file.file_name().unwrap())).unwrap();
                });
            }
        }
    }

    /// Puts the copy in the place of the log.
    pub async fn restore_log(&self, data: &Path) {
        self.drop_log(data).await;
        match &self.servers {
            Some((Database { name, .. }, _)) => {
                let statements =
                    [format!("DROP DATABASE {name}"), format!("ALTER DATABASE {name}_copy RENAME TO {name}")];
                administer(&admin_url(), &statements).await;
            }
            None => log_files(&data.join("copy")).for_each(|file| {
                std::fs::rename(&file, data.join(file.file_name().unwrap())).unwrap();
            }),
        }
    }

    /// Changes an event as no client of the program ever could.
    pub async fn tamper(&self, data: &Path, statement: &str) {
        match &self.servers {
            Some((database, _)) => database.tamper(&format!("SET search_path = bursar; {statement}")).await,
            None => {
                let log = rusqlite::Connection::open(data.join("journal.sqlite3")).unwrap();
                log.execute_batch(&format!("DROP TRIGGER IF EXISTS events_are_not_updated; {statement}"))
                    .unwrap();
            }
        }
    }

    /// Takes an account out of its read model, as no program should.
    pub async fn lose_account(&self, data: &Path, account: &str) {
        match &self.servers {
            Some((_, redis)) => {
                let script = "return redis.call('DEL', unpack(redis.call('KEYS', ARGV[1])))";
                redis.tell(&["EVAL", script, "0", &format!("*:doc:{account}")]).await;
            }
            None => {
                let views = rusqlite::Connection::open(data.join("views.sqlite3")).unwrap();
                let lost = views.execute("DELETE FROM documents WHERE key = ?1", [account]).unwrap();
                assert_eq!(lost, 1);
            }
        }
    }

    /// Removes the log; the next start begins another one.
    pub async fn drop_log(&self, data: &Path) {
        match &self.servers {
            Some((database, _)) => {
                administer(&database.url, &["DROP SCHEMA bursar CASCADE".to_owned()]).await;
            }
            None => log_files(data).for_each(|file| std::fs::remove_file(file).unwrap()),
        }
    }
}

/// The files of an embedded log.
fn log_files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("journal.sqlite3"))
}

fn folder() -> TempDir {
    TempDir::with_prefix("bursar-test-").unwrap()
}

/// A database of its own.
pub struct Database {
    name: String,
    url: String,
    /// The URL of the database from which others are made and dropped.
    admin: String,
}

impl Database {
    /// Lets nobody in any more, or everybody again; who is in is thrown out.
    pub async fn open(&self, is_open: bool) {
        let open = format!("ALTER DATABASE {} WITH ALLOW_CONNECTIONS {is_open}", self.name);
        administer(&self.admin, &[open]).await;
        if !is_open {
            self.cut().await;
        }
    }

    /// Ends every connection, in the middle of whatever it is doing.
    pub async fn cut(&self) {
        let of_ours =
            format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'", self.name);
        administer(&self.admin, &[of_ours]).await;
    }

    /// Lets new connections only read, or write again; ends those that are there.
    pub async fn make_read_only(&self, is_read_only: bool) {
        let set = format!("ALTER DATABASE {} SET default_transaction_read_only = {is_read_only}", self.name);
        administer(&self.admin, &[set]).await;
        self.cut().await;
    }

    /// The server's address.
    pub fn address(&self) -> SocketAddr {
        let config: tokio_postgres::Config = self.admin.parse().unwrap();
        ([127, 0, 0, 1], config.get_ports()[0]).into()
    }

    /// From now on the program is to reach it by way of that address.
    pub fn lead_by(&mut self, address: SocketAddr) {
        let (user, place) = self.url.rsplit_once('@').unwrap();
        let (_, name) = place.split_once('/').unwrap();
        self.url = format!("{user}@{address}/{name}");
    }

    /// Changes what a client of the program never could, as the owner of the database.
    pub async fn tamper(&self, statement: &str) {
        let triggers = |what: &str| format!("ALTER TABLE bursar.events {what} TRIGGER append_only");
        let statements = [triggers("DISABLE"), statement.to_owned(), triggers("ENABLE ALWAYS")];
        administer(&self.url, &statements).await;
    }

    async fn new(admin: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("bursar_test_{}_{number}", std::process::id());
        // A process of that number may have been killed before it could clean up.
        administer(admin, &[format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")])
            .await;
        let (server, _) = admin.rsplit_once('/').unwrap();
        // Whoever trusts its clients takes any password.
        let (user, host) = server.split_once('@').unwrap();
        let user =
            if user.matches(':').count() == 1 { format!("{user}:{PASSWORD}") } else { user.to_owned() };
        Self { url: format!("{user}@{host}/{name}"), name, admin: admin.to_owned() }
    }
}

impl Database {
    /// Keeps everybody from appending, until what it gives is dropped.
    pub async fn lock_head(&self) -> tokio_postgres::Client {
        let (client, connection) = tokio_postgres::connect(&self.url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute("BEGIN; SELECT FROM bursar.head FOR UPDATE").await.unwrap();
        client
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let admin = self.admin.clone();
        // A thread of its own, since the test's runtime can't wait within itself.
        let dropping = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(administer(&admin, &[statement]));
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
    process: RefCell<Child>,
}

impl Redis {
    fn start(folder: &Path) -> Self {
        for _ in 0..5 {
            // Somebody else may take the port in between; then the next one is tried.
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            if let Some(process) = Self::start_on(port, folder) {
                return Self { port, process: RefCell::new(process) };
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
    pub fn kill(&self) {
        let mut process = self.process.borrow_mut();
        let _ = process.kill();
        let _ = process.wait();
    }

    /// Starts an empty one in the place of a killed one.
    pub fn start_empty(&self, folder: &Path) {
        let _ = std::fs::remove_file(folder.join("dump.rdb"));
        self.start_as_saved(folder);
    }

    /// Starts one in the place of a killed one, with what that had at its last `SAVE`.
    pub fn start_as_saved(&self, folder: &Path) {
        let process = Self::start_on(self.port, folder).expect("the port of the old Redis is still free");
        *self.process.borrow_mut() = process;
    }

    /// Says something to it directly.
    pub async fn tell(&self, command: &[&str]) -> String {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await.unwrap()
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
