//! The command line: how the program starts, what it says, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{ANY_PORTS, Kind, Server, program};
use crate::socket::Socket;
use crate::stores::PASSWORD;

on_both_stores!(
    the_start_says_where_everything_is,
    an_end_is_orderly,
    the_schema_can_be_made_beforehand,
    the_settings_in_force_can_be_seen,
    a_password_is_not_shown,
    a_supervisor_learns_by_an_exit_code_whether_it_is_ready,
    demo_data_is_there_once_and_a_replay_can_be_waited_for,
    the_tail_of_the_log_can_be_watched,
);

/// What a program that ends by itself says; one that doesn't is ended.
pub fn output(command: &mut Command) -> Output {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(20);
    while process.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            process.kill().unwrap();
        }
        std::thread::park_timeout(Duration::from_millis(5));
    }
    process.wait_with_output().unwrap()
}

/// All that it said.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Dashboard, API documentation, metrics, data, a first command.
async fn the_start_says_where_everything_is(kind: Kind) {
    let server = Server::start(kind).await;
    let printed = server.printed();
    let lines: Vec<&str> = printed.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 5, "{printed}");
    let dashboard = server.ports.dashboard;
    for needed in [&format!(":{dashboard}"), "/docs", "/metrics", "Data ", "curl"] {
        assert!(printed.contains(needed), "{needed} in {printed}");
    }
    // The first command works as it is printed, though no shell runs it here.
    assert!(lines[4].contains("curl") && lines[4].contains("create-account"), "{printed}");
}

/// `SIGTERM`: the sockets are told, the exit code is 0, nothing is lost.
async fn an_end_is_orderly(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    let mut socket = Socket::connect(&server, "/").await;
    server.deposit("acc-1", 5).await.accepted();
    socket.event().await;
    let (status, closed) = tokio::join!(server.terminate(), socket.close_code());
    assert_eq!((status.code(), closed), (Some(0), Some(1001)));
    server.start_again().await;
    assert_eq!(server.account("acc-1", 2).await["balance"], 10);
}

/// By whoever owns it; twice is once.
async fn the_schema_can_be_made_beforehand(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    server.terminate().await;
    for _ in 0..2 {
        let migrate = output(program().arg("migrate").args(server.flags()));
        assert!(migrate.status.success() && said(&migrate).contains("up to date"), "{}", said(&migrate));
    }
    server.start_again().await;
    assert_eq!(server.account("acc-1", 1).await["balance"], 5);
}

/// Each with its value and where that came from; passwords are not shown.
async fn the_settings_in_force_can_be_seen(kind: Kind) {
    let server = Server::start(kind).await;
    let folder = server.stores.folder.path();
    let file = folder.join("bursar.toml");
    std::fs::write(&file, "events-port = 3101\ncommands-port = 3102\nqueries-port = 3103\n").unwrap();
    let mut command = program();
    command.arg("config").arg("--config").arg(&file).args(["--queries-port", "3303"]);
    command.env("BURSAR_COMMANDS_PORT", "3202").env("BURSAR_QUERIES_PORT", "3203");
    command
        .env("DATABASE_URL", "postgres://ada:secret@db.example/ledger")
        .env("REDIS_URL", "redis://:secret@r.example/");
    let shown = output(&mut command);
    let text = said(&shown);
    assert!(shown.status.success(), "{text}");
    for (setting, value) in [
        ("events-port", "3101"),
        ("commands-port", "3202"),
        ("queries-port", "3303"),
        ("database-url", "db.example"),
    ] {
        let line =
            text.lines().find(|line| line.contains(setting)).unwrap_or_else(|| panic!("{setting} in {text}"));
        assert!(line.contains(value), "{line}");
    }
    assert!(!text.contains("secret"), "{text}");
    // What is wrong is found out from them.
    let wrong = output(command.env("BURSAR_COMMANDS_PORT", "x"));
    assert_eq!(wrong.status.code(), Some(78));
    assert!(
        said(&wrong).contains("events-port") && said(&wrong).contains("$BURSAR_COMMANDS_PORT)"),
        "{}",
        said(&wrong)
    );
}

/// Neither at the start nor in what is logged.
async fn a_password_is_not_shown(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    for flag in server.flags().iter().filter(|flag| flag.contains(PASSWORD)) {
        let seen = format!("{}{}{}", server.printed(), server.logged(), server.get("/metrics").await.text);
        assert!(!seen.contains(PASSWORD), "{flag} in {seen}");
    }
}

/// A subcommand that is told no more of the server than the server was.
fn beside(server: &Server, subcommand: &str) -> Command {
    let mut command = program();
    command.arg(subcommand).args(ANY_PORTS).args(server.flags());
    command
}

/// It finds the port that the server chose.
async fn a_supervisor_learns_by_an_exit_code_whether_it_is_ready(kind: Kind) {
    let mut server = Server::start(kind).await;
    let health = output(&mut beside(&server, "health"));
    assert_eq!(health.status.code(), Some(0), "{}", said(&health));
    let url = format!("http://localhost:{}/", server.ports.queries);
    assert!(output(program().args(["health", "--url", &url])).status.success());
    server.terminate().await;
    assert_eq!(output(&mut beside(&server, "health")).status.code(), Some(1));
}

/// The second time, every command is answered as before.
async fn demo_data_is_there_once_and_a_replay_can_be_waited_for(kind: Kind) {
    let server = Server::start(kind).await;
    let first = said(&output(&mut beside(&server, "demo-data")));
    assert!(first.ends_with(" commands done, 0 were done before\n"), "{first}");
    let head = server.head().await;
    let accounts = server.fresh("/accounts", head).await;
    let second = said(&output(&mut beside(&server, "demo-data")));
    assert!(second.starts_with("0 commands done, "), "{second}");
    server.send(server.request(Method::POST, "/projections/accounts/pause")).await.expect(200);
    let mut waiting = beside(&server, "replay").arg("--wait").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(waiting.stdout.take().unwrap()).lines().map(Result::unwrap);
    let why = lines.find(|line| line.contains("projection accounts, which is paused"));
    assert!(why.is_some_and(|why| why.ends_with("POST /projections/accounts/resume")));
    server.send(server.request(Method::POST, "/projections/accounts/resume")).await.expect(200);
    waiting.wait().unwrap();
    let replay = output(beside(&server, "replay").arg("--wait"));
    assert!(replay.status.success() && said(&replay).contains("\ndone: "), "{}", said(&replay));
    assert_eq!((server.head().await, server.fresh("/accounts", head).await), (head, accounts));
}

/// The same lines as the log has, the new ones as they come; an interrupt ends it, or that nobody reads on.
async fn the_tail_of_the_log_can_be_watched(kind: Kind) {
    let server = Server::start(kind).await;
    for account in ["acc-1", "acc-2"] {
        server.create(account, 100).await.accepted();
    }
    server.transfer("acc-1", "acc-2", 1).await.accepted();
    let watch = |more: &[&str]| {
        let mut process = beside(&server, "tail").args(more).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        (process, move || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() })
    };
    let (mut all, mut next) = watch(&["--from", "1"]);
    let (mut some, mut next_of_some) =
        watch(&["--from", "0", "--account", "acc-2", "--type", "MONEY_DEPOSITED"]);
    let mut log = server.log().await;
    log.remove(0);
    for event in log {
        assert_eq!(next(), event);
    }
    for (account, is_wanted) in [("acc-1", false), ("acc-2", true)] {
        let event = server.deposit(account, 5).await.accepted()["event"].take();
        assert_eq!(next(), event);
        if is_wanted {
            assert_eq!(next_of_some(), event);
        }
    }
    let pid = all.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    all.wait().unwrap();
    drop(next_of_some);
    assert!(some.wait().unwrap().success());
}

/// Each subcommand has its page, and shells know the names.
#[test]
fn the_command_line_is_told_to_shells_and_man() {
    let page = output(program().arg("man"));
    assert!(page.status.success() && said(&page).contains(".TH bursar 1"), "{}", said(&page));
    let page = output(program().args(["man", "tail"]));
    assert!(page.status.success() && said(&page).contains("\\-\\-account"), "{}", said(&page));
    assert!(said(&output(program().args(["completions", "bash"]))).contains("demo-data"));
    assert_refused(program().args(["completions", "tcl"]), "tcl");
    assert_refused(program().args(["health", "--url", "localhost:3000"]), "url");
    // Of an unknown type nothing would ever come.
    assert_refused(program().args(["tail", "--type", "NOPE"]), "MONEY_DEPOSITED");
}

/// First what a subcommand takes itself, then what all of them do.
#[test]
fn the_settings_stand_below_a_heading_of_their_own() {
    for (args, options, heading) in [
        (["tail", "--help"], "\nOptions:\n", "\nSettings:\n"),
        (["man", "tail"], "\n.SH OPTIONS\n", "\n.SH SETTINGS\n"),
    ] {
        let help = said(&output(program().args(args))).replace("\\-", "-");
        let (usage, help) = help.split_once(options).unwrap();
        let (own, settings) = help.split_once(heading).unwrap();
        assert!(usage.find("--config").is_none_or(|at| usage[..at].contains("--url")), "{usage}");
        assert!(own.contains("--account") && !own.contains("--database-url"), "{own}");
        assert!(settings.contains("--database-url") && settings.contains("--config"), "{settings}");
    }
}

/// What was asked for is lost; but whoever closes a pipe has seen enough of it.
#[test]
fn a_full_disk_is_told_and_a_closed_pipe_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    assert!(output(program().args(["migrate", "--data-dir", data])).status.success());
    let verify = ["verify", "--data-dir", data];
    let one = [["openapi"], ["config"], ["--help"], ["man"]];
    for args in one.iter().map(|args| &args[..]).chain([&["completions", "bash"][..], &verify]) {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let lost = program().args(args).stdout(full).output().unwrap();
        assert_eq!(lost.status.code(), Some(1), "{args:?}: {}", said(&lost));
        assert!(said(&lost).contains("standard output: No space left"), "{args:?}: {}", said(&lost));
        let mut process = program().args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(process.stdout.take());
        let closed = process.wait_with_output().unwrap();
        assert!(closed.status.success() && said(&closed).is_empty(), "{args:?}: {}", said(&closed));
    }
}

/// 78 (`EX_CONFIG`) and the name of what is wrong.
#[track_caller]
fn assert_refused(command: &mut Command, name: &str) {
    let output = output(command);
    assert_eq!(output.status.code(), Some(78), "{}", said(&output));
    assert!(said(&output).contains(name), "{name} in {}", said(&output));
}

fn serve(folder: &Path) -> Command {
    let mut command = program();
    command.arg("serve").args(ANY_PORTS).arg("--data-dir").arg(folder).current_dir(folder);
    command
}

#[test]
fn a_setting_that_is_wrong_ends_the_start_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    assert_refused(serve(folder.path()).args(["--nonsense", "1"]), "nonsense");
    assert_refused(serve(folder.path()).args(["--feed-timeout-seconds", "soon"]), "feed-timeout-seconds");
    assert_refused(program().args(["serve", "--events-port", "70000"]), "events-port");
    assert_refused(serve(folder.path()).env("BURSAR_FEED_TIMEOUT_SECONDS", "soon"), "feed-timeout-seconds");
    let file = folder.path().join("bursar.toml");
    std::fs::write(&file, "evnts-port = 1\n").unwrap();
    assert_refused(serve(folder.path()).arg("--config").arg(&file), "evnts-port");
    assert_refused(serve(folder.path()).args(["--config", "nowhere.toml"]), "nowhere.toml");
    assert_refused(serve(folder.path()).args(["--database-url", "mysql://db/ledger"]), "database-url");
    assert_refused(serve(folder.path()).args(["--facades", "commands,nothing"]), "facades");
}

/// Who asks for `localhost` may be sent to either, and Node before 20 does not try the other one.
#[test]
fn localhost_is_served_on_both_addresses_of_loopback() {
    crate::server::run(async {
        let server = Server::start(Kind::Embedded).await;
        // Not every machine has the second one.
        let other = TcpListener::bind((Ipv6Addr::LOCALHOST, 0));
        let hosts = if other.is_ok() { &["127.0.0.1", "[::1]"][..] } else { &["127.0.0.1"] };
        for port in server.ports.all() {
            for &host in hosts {
                let answer = reqwest::get(format!("http://{host}:{port}/livez")).await.unwrap();
                assert_eq!(answer.status(), 200, "{host}:{port}");
            }
        }
        let Ok(taken) = other else { return };
        let port = taken.local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        // The first of the ports that are listened on.
        let mut start = program();
        start.args(["serve", "--dashboard-port", &port.to_string()]).current_dir(folder.path());
        assert_refused(&mut start, &format!("on [::1]:{port}"));
    });
}

/// What breaks is to come back, however many clients there are.
#[test]
fn clients_leave_open_files_to_the_stores() {
    crate::server::run(async {
        let limited = |files: u32| {
            let mut command = Command::new("sh");
            let script = format!("ulimit -n {files}; exec \"$0\" \"$@\"");
            command.args(["-c", &script]).arg(program().get_program());
            command
        };
        let folder = tempfile::tempdir().unwrap();
        let few = output(limited(200).arg("serve").args(ANY_PORTS).current_dir(folder.path()));
        assert!(!few.status.success() && said(&few).contains("limit of open files is 200"), "{}", said(&few));
        let data = folder.path().join("data");
        let mut enough = limited(320);
        enough.args(["serve", "--workers", "2"]).args(ANY_PORTS).arg("--data-dir").arg(&data);
        let mut process = enough.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        let port = loop {
            let ports = std::fs::read_to_string(data.join("ports.json")).unwrap_or_default();
            match serde_json::from_str::<Value>(&ports) {
                Ok(ports) => break u16::try_from(ports["dashboard"].as_u64().unwrap()).unwrap(),
                Err(_) => assert!(Instant::now() < deadline, "no ports"),
            }
            crate::server::breathe().await;
        };
        let clients: Vec<TcpStream> =
            (0..300).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
        let open = || std::fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap().count();
        let (mut most, calm) = (0, Instant::now() + Duration::from_secs(1));
        while Instant::now() < calm {
            most = most.max(open());
            crate::server::breathe().await;
        }
        assert!((120..280).contains(&most), "{most} open files");
        drop(clients);
        let answer = reqwest::get(format!("http://127.0.0.1:{port}/readyz")).await.unwrap();
        assert_eq!(answer.status(), 200);
        process.kill().unwrap();
        process.wait().unwrap();
    });
}

/// An empty log would be sound, and a backup of it whole.
#[test]
fn where_no_log_is_none_is_verified_or_exported() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    for subcommand in ["verify", "export"] {
        assert_refused(program().args([subcommand, "--data-dir"]).arg(&nowhere), "data-dir");
        assert!(!nowhere.exists());
    }
    let empty = folder.path().join("journal.sqlite3");
    std::fs::write(&empty, "").unwrap();
    for subcommand in ["verify", "export"].repeat(2) {
        assert_refused(program().args([subcommand, "--data-dir"]).arg(folder.path()), "holds no log");
    }
    assert_eq!(empty.metadata().unwrap().len(), 0);
    // Whether there is one can't be told.
    for subcommand in ["verify", "serve"] {
        assert_refused(program().args([subcommand, "--data-dir"]).arg(&empty), "can't be used: File exists");
    }
}

/// Without authentication everybody on the network could move money.
#[test]
fn it_does_not_listen_to_the_network_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    assert_refused(serve(folder.path()).args(["--host", "0.0.0.0"]), "host");
}

/// The embedded store belongs to one process.
#[test]
fn a_folder_has_one_holder() {
    crate::server::run(async {
        let server = Server::start(Kind::Embedded).await;
        assert_refused(&mut serve(&server.data()), &server.pid().to_string());
        server.create("acc-1", 5).await.accepted();
        let replay = server.request(Method::POST, "/replay").json(&json!({}));
        server.send(replay).await.expect(202);
    });
}
