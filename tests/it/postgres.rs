//! A Postgres of a test's own, which it may stop, kill, and start again.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::stores::read_tail;

/// How often a start is tried: what a killed one leaves behind takes a moment to go, and a port may be taken.
const STARTS_MAX: usize = 20;

/// A server with its data; stopped when dropped.
pub struct Postgres {
    folder: TempDir,
    bin: PathBuf,
    port: u16,
}

impl Postgres {
    /// A new and empty one that accepts connections.
    pub fn start() -> Self {
        let folder = TempDir::with_prefix("bursar-postgres-").unwrap();
        std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let data = folder.path().join("own");
        std::fs::create_dir(&data).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let postgres = Self { bin: bin(), folder, port };
        if postgres.is_root() {
            assert!(Command::new("chown").arg("postgres").arg(&data).status().unwrap().success());
        }
        let made = postgres.run(
            "initdb",
            &["--no-sync", "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C"],
        );
        assert!(made, "initdb fails");
        postgres.start_again();
        postgres
    }

    /// The URL of its first database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it after it was stopped or killed, and waits until it accepts connections.
    pub fn start_again(&self) {
        let options = format!(
            "--options=-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories= -c shared_buffers=16MB",
            self.port
        );
        let log = format!("--log={}", self.log().display());
        let start = || self.run("pg_ctl", &["start", "--wait", "--silent", "--timeout=60", &log, &options]);
        let started = (0..STARTS_MAX).any(|_| start());
        assert!(started, "Postgres does not start: {}", read_tail(&self.log()));
    }

    /// Stops it: `fast` ends the connections, `immediate` does not even write down what is in memory.
    pub fn stop(&self, mode: &str) {
        let mode = format!("--mode={mode}");
        assert!(self.run("pg_ctl", &["stop", "--wait", "--silent", &mode]), "Postgres does not stop");
    }

    /// `kill -9`.
    pub fn kill(&self) {
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        assert!(Command::new("kill").args(["-9", pid]).status().unwrap().success());
    }

    /// At the next start it is a standby, which only reads.
    pub fn demote(&self) {
        std::fs::write(self.data().join("standby.signal"), "").unwrap();
    }

    /// Makes a standby the one that writes.
    pub fn promote(&self) {
        assert!(self.run("pg_ctl", &["promote", "--wait", "--silent"]), "Postgres is not promoted");
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("own/data")
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("own/log")
    }

    /// Its programs refuse to run as root.
    fn is_root(&self) -> bool {
        self.folder.path().metadata().unwrap().uid() == 0
    }

    /// Runs one of its programs on its data; whether it says that all is well.
    fn run(&self, program: &str, arguments: &[&str]) -> bool {
        let path = self.bin.join(program);
        let mut command = if self.is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.arg("--pgdata").arg(self.data()).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "--wait", "--silent", "--mode=immediate"]);
    }
}

/// Where the newest Postgres of the system has its programs: Debian keeps them out of the `PATH`.
fn bin() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let number = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let newest =
        versions.map(|entry| entry.path()).filter(|path| path.join("bin/initdb").exists()).max_by_key(number);
    newest.map_or_else(PathBuf::new, |version| version.join("bin"))
}
