//! One server under test: the real program, started, killed and started again on the same data.

use std::ffi::OsString;
use std::fs::File;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::{Client, Ports};
pub use crate::stores::Kind;
use crate::stores::{Stores, read_tail};

/// How long the program may take until it is ready, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long a shutdown may take: draining has 5 s.
const ENDS_WITHIN: Duration = Duration::from_secs(15);
/// No test takes longer, the long forms included.
const TEST_WITHIN: Duration = Duration::from_secs(240);

/// Declares the tests of a file: each runs once per kind of stores.
macro_rules! on_both_stores {
    ($($name:ident),* $(,)?) => {
        mod embedded {
            $(#[test] fn $name() { crate::server::run(super::$name(crate::server::Kind::Embedded)); })*
        }
        mod servers {
            $(#[test] fn $name() { crate::server::run(super::$name(crate::server::Kind::Servers)); })*
        }
    };
}

/// Declares tests of what only stores with servers of their own can do.
macro_rules! on_servers {
    ($($name:ident),* $(,)?) => {
        mod servers {
            $(#[test] fn $name() { crate::server::run(super::$name()); })*
        }
    };
}

/// Runs a test to its end.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { tokio::time::timeout(TEST_WITHIN, test).await.expect("the test hangs") });
}

/// A running server. It derefs to a [`Client`] of it.
pub struct Server {
    process: Child,
    client: Client,
    /// Where it keeps what is its own.
    home: PathBuf,
    flags: Vec<String>,
    // Last, so that the program is gone before its data.
    /// Its data; another node may have the same.
    pub stores: Rc<Stores>,
}

impl Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Server {
    /// Starts one on empty stores and waits until it is ready.
    pub async fn start(kind: Kind) -> Self {
        Self::start_with(kind, &[]).await
    }

    /// The same with more flags.
    pub async fn start_with(kind: Kind, flags: &[&str]) -> Self {
        Self::start_in("one", Rc::new(Stores::new(kind).await), flags).await
    }

    /// Starts one on those stores.
    pub async fn start_on(stores: Stores) -> Self {
        Self::start_in("one", Rc::new(stores), &[]).await
    }

    /// Another node on the same Postgres and Redis.
    pub async fn start_beside(other: &Self) -> Self {
        assert!(other.stores.servers.is_some(), "the embedded store belongs to one process");
        Self::start_in("two", Rc::clone(&other.stores), &[]).await
    }

    /// One process per facade on one Postgres and one Redis, and a client that knows where each is.
    pub async fn start_apart() -> (Vec<Self>, Client) {
        let stores = Rc::new(Stores::new(Kind::Servers).await);
        let mut nodes = Vec::new();
        for facade in ["dashboard", "events", "commands", "queries", "projections"] {
            nodes.push(Self::start_in(facade, Rc::clone(&stores), &["--facades", facade]).await);
        }
        let port = |place: usize| nodes[place].ports.all()[place];
        let ports = Ports {
            dashboard: port(0),
            events: port(1),
            commands: port(2),
            queries: port(3),
            projections: port(4),
        };
        (nodes, Client::new(ports))
    }

    async fn start_in(name: &str, stores: Rc<Stores>, more: &[&str]) -> Self {
        let home = stores.folder.path().join(name);
        std::fs::create_dir_all(&home).unwrap();
        let mut flags = stores.flags(&home.join("data"));
        flags.extend(more.iter().map(|&flag| flag.to_owned()));
        let process = spawn(&home, &flags);
        let mut server = Self { process, client: Client::new(Ports::default()), home, flags, stores };
        server.await_ready().await;
        server
    }

    /// `kill -9`, in the middle of whatever it is doing.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end (`SIGTERM`) and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        let deadline = Instant::now() + ENDS_WITHIN;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "the server does not end");
            breathe().await;
        }
    }

    /// Stops it in the middle of whatever it is doing (`SIGSTOP`), until it is thawed or killed.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Starts it again on the same data after it has ended. Returns how long it took until it was ready.
    pub async fn start_again(&mut self) -> Duration {
        // What it wrote before it ended is not what it writes when it is ready.
        let _ = std::fs::remove_file(self.ports_file());
        let started = Instant::now();
        self.process = spawn(&self.home, &self.flags);
        self.await_ready().await;
        started.elapsed()
    }

    /// Lets no file grow beyond that many bytes, `None` for any number, as if the disk was full.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let limit = (bytes.unwrap_or(rlimit::INFINITY), rlimit::INFINITY);
        let pid = i32::try_from(self.pid()).unwrap();
        rlimit::prlimit(pid, rlimit::Resource::FSIZE, Some(limit), None).unwrap();
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// How much memory it has, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes * 1024
    }

    /// What it printed on standard output.
    pub fn printed(&self) -> String {
        std::fs::read_to_string(self.home.join("stdout.log")).unwrap()
    }

    /// What it logged.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(self.home.join("stderr.log")).unwrap()
    }

    /// Its folder.
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// The flags that it was started with.
    pub fn flags(&self) -> &[String] {
        &self.flags
    }

    fn ports_file(&self) -> PathBuf {
        self.data().join("ports.json")
    }

    async fn await_ready(&mut self) {
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                panic!("the server ended with {status}");
            }
            if let Some(ports) = self.ports() {
                self.client = Client::new(ports);
                let ready = self.client.try_get_at(ports.any(), "/readyz").await;
                if ready.is_ok_and(|reply| reply.status == 200) {
                    return;
                }
            }
            assert!(Instant::now() < deadline, "the server is not ready after {READY_WITHIN:?}");
            breathe().await;
        }
    }

    /// The ports in use, once the file that names them is this process's.
    fn ports(&self) -> Option<Ports> {
        let text = std::fs::read_to_string(self.ports_file()).ok()?;
        let ports: Value = serde_json::from_str(&text).expect("ports.json is written in one piece");
        (ports["pid"] == self.pid()).then(|| Ports::of(&ports))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("--- the server's last words ---\n{}\n---", read_tail(&self.home.join("stderr.log")));
        }
    }
}

/// The program with a clean environment.
pub fn program() -> Command {
    without_our_settings(Command::new(program_path()))
}

/// The program that was built beside the tests, or another build of it: `BURSAR_TEST_PROGRAM`.
fn program_path() -> OsString {
    std::env::var_os("BURSAR_TEST_PROGRAM").unwrap_or_else(|| env!("CARGO_BIN_EXE_bursar").into())
}

fn without_our_settings(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("BURSAR_") || name == "DATABASE_URL" || name == "REDIS_URL" {
            command.env_remove(&*name);
        }
    }
    command.env("RUST_BACKTRACE", "1").stdin(Stdio::null());
    command
}

/// The flags for ports that nobody else has.
pub const ANY_PORTS: [&str; 10] = [
    "--dashboard-port",
    "0",
    "--events-port",
    "0",
    "--commands-port",
    "0",
    "--queries-port",
    "0",
    "--projections-port",
    "0",
];

fn spawn(home: &Path, flags: &[String]) -> Child {
    let append = |name: &str| File::options().create(true).append(true).open(home.join(name)).unwrap();
    // Files that may not grow are an error to it, as a full disk is, and not a signal (`Server::limit_files`).
    without_our_settings(Command::new("sh"))
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(program_path())
        .arg("serve")
        .args(ANY_PORTS)
        .args(flags)
        .current_dir(home)
        .stdout(append("stdout.log"))
        .stderr(append("stderr.log"))
        .spawn()
        .unwrap()
}

/// Between two looks at something that is about to happen.
pub async fn breathe() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

/// Looks until something has happened; fails with what was awaited when it takes too long.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        breathe().await;
    }
}
