use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Sequence;
use futures_util::FutureExt;
use futures_util::future::join_all;
use store::{Applied, Direction, Generation, Listing, Order, RedisSettings, RedisViews, Views, ViewsError};
use tempfile::TempDir;

use crate::suite::{NAME, at, document, served_with, step};

fn url() -> String {
    std::env::var("BURSAR_TEST_REDIS_URL").expect("set BURSAR_TEST_REDIS_URL or run tests/run.sh")
}

/// Removes what a test has stored.
struct Cleanup(String);

impl Drop for Cleanup {
    fn drop(&mut self) {
        let Ok(mut connection) = redis::Client::open(url()).and_then(|client| client.get_connection()) else {
            return;
        };
        let keys: Vec<String> =
            redis::cmd("KEYS").arg(format!("{}:*", self.0)).query(&mut connection).unwrap_or_default();
        for keys in keys.chunks(1000) {
            let _: Result<(), _> = redis::cmd("UNLINK").arg(keys).query(&mut connection);
        }
    }
}

fn fixture() -> (RedisViews, Cleanup) {
    let prefix = format!("test-{}", uuid::Uuid::now_v7());
    let views = RedisViews::connect(RedisSettings { url: url(), prefix: prefix.clone() }).unwrap();
    (views, Cleanup(prefix))
}

crate::promises!(fixture);

/// A server of the test's own, to be treated badly.
struct Server {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(more: &[&str]) -> Self {
        let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // A cluster's nodes speak to each other ten thousand ports above.
        let port = std::iter::repeat_with(free).find(|port| *port < 55_000).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let process = Self::run(port, &folder, more);
        let server = Self { process, port, folder };
        server.wait();
        server
    }

    fn run(port: u16, folder: &TempDir, more: &[&str]) -> Child {
        let port = port.to_string();
        Command::new("redis-server")
            .args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .expect("the program redis-server is needed")
    }

    fn connection(&self) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(self.url())?.get_connection()
    }

    fn wait(&self) {
        let start = Instant::now();
        while self.connection().is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "redis-server does not start");
            std::thread::yield_now();
        }
    }

    fn stop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn restart(&mut self) {
        self.process = Self::run(self.port, &self.folder, &[]);
        self.wait();
    }

    fn ask(&self, words: &[&str]) {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.exec(&mut self.connection().unwrap()).unwrap();
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    fn views(&self) -> RedisViews {
        RedisViews::connect(RedisSettings { url: self.url(), prefix: "bursar".to_owned() }).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn a_step_of_which_a_part_fails_is_not_taken_for_done() {
    let server = Server::start();
    let views = server.views();
    let generation = served_with(&views, &[document("a", "", ["1", "2"], "{}")]).await;
    server.ask(&["SET", "bursar:{accounts}:g1:rank0", "no sorted set"]);
    let later = [document("a", "", ["2", "2"], "{}")];
    let applied = views.apply(NAME, generation, Sequence::new(1), &later, &at(2)).await;
    assert!(matches!(applied, Err(ViewsError::Damaged(_))), "{applied:?}");
    assert_eq!(views.checkpoint(NAME, generation).await.unwrap(), None);
}

fn all() -> Listing {
    Listing {
        order: Order::Key,
        direction: Direction::Ascending,
        tag: None,
        prefix: String::new(),
        after: None,
        limit: 10,
    }
}

#[tokio::test]
async fn emptied_it_says_so() {
    let server = Server::start();
    let views = server.views();
    let generation = served_with(&views, &[document("a", "open", ["1", "1"], "body")]).await;
    assert!(views.get("accounts", "a").await.unwrap().value.is_some());
    server.ask(&["FLUSHALL"]);
    server.ask(&["SCRIPT", "FLUSH"]);
    assert!(matches!(views.get("accounts", "a").await, Err(ViewsError::NotServed(_))));
    assert!(matches!(views.list("accounts", &all()).await, Err(ViewsError::NotServed(_))));
    assert_eq!(views.served("accounts").await.unwrap(), None);
    assert_eq!(views.checkpoint("accounts", generation).await.unwrap(), None);
    let applied = views.apply("accounts", generation, Sequence::new(1), &[], &at(2)).await.unwrap();
    assert_eq!(applied, Applied::Elsewhere(None));

    // And is filled again, under a number that it once had.
    served_with(&views, &[document("a", "open", ["1", "1"], "again")]).await;
    assert_eq!(views.get("accounts", "a").await.unwrap().value.as_deref(), Some("again"));
}

/// Who asks while an answer is under way shares the next question with others, and is answered even where the first one of
/// them has left.
#[tokio::test]
async fn documents_are_asked_for_together() {
    const MANY: usize = 2000;
    let server = Server::start();
    let views = server.views();
    let body = |number: usize| format!("body {number}");
    let documents: Vec<_> =
        (0..MANY).map(|number| document(&number.to_string(), "open", ["1", "1"], &body(number))).collect();
    served_with(&views, &documents).await;
    server.ask(&["CONFIG", "RESETSTAT"]);
    assert!(views.get("accounts", "0").now_or_never().is_none());
    let keys: Vec<_> = (0..=MANY).map(|number| number.to_string()).collect();
    let answers = join_all(keys.iter().map(|key| views.get("accounts", key))).await;
    for (number, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().value, (number < MANY).then(|| body(number)));
    }
    let stats: String =
        redis::cmd("INFO").arg("commandstats").query(&mut server.connection().unwrap()).unwrap();
    let (_, calls) = stats.split_once("cmdstat_mget:calls=").unwrap();
    let calls: usize = calls.split(',').next().unwrap().parse().unwrap();
    assert!((MANY / 256..MANY / 4).contains(&calls), "{calls}");
}

#[tokio::test]
async fn one_that_throws_away_is_not_well() {
    let server = Server::start();
    let views = server.views();
    views.check().await.unwrap();
    for policy in ["allkeys-lru", "volatile-ttl"] {
        server.ask(&["CONFIG", "SET", "maxmemory-policy", policy]);
        match views.check().await {
            Err(ViewsError::Evicting(what)) => assert!(what.contains(policy), "{what}"),
            other => panic!("{other:?}"),
        }
    }
    server.ask(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    views.check().await.unwrap();
}

#[tokio::test]
async fn a_full_one_refuses_the_whole_step() {
    let server = Server::start();
    let views = server.views();
    let generation = served_with(&views, &[document("a", "open", ["1", "1"], "first")]).await;
    server.ask(&["CONFIG", "SET", "maxmemory", "1"]);
    let change = [document("a", "closed", ["2", "2"], "second")];
    let applied = views.apply("accounts", generation, Sequence::new(1), &change, &at(2)).await;
    assert!(matches!(applied, Err(ViewsError::Unavailable(_))), "{applied:?}");
    let read = views.get("accounts", "a").await.unwrap();
    assert_eq!((read.sequence.get(), read.value.as_deref()), (1, Some("first")));
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    step(&views, generation, 1, &change, 2).await;
}

#[tokio::test]
async fn down_it_fails_soon_and_comes_back_by_itself() {
    let mut server = Server::start();
    let views = Arc::new(server.views());
    served_with(&*views, &[document("a", "open", ["1", "1"], "body")]).await;
    server.stop();
    for _ in 0..3 {
        let start = Instant::now();
        assert!(matches!(views.get("accounts", "a").await, Err(ViewsError::Unavailable(_))));
        assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    }
    assert!(views.check().await.is_err());
    server.restart();
    // The first request after it may still meet the connection that failed.
    let start = Instant::now();
    while views.check().await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "it does not come back");
        tokio::task::yield_now().await;
    }
    // It has lost everything, being without a disk.
    assert!(matches!(views.get("accounts", "a").await, Err(ViewsError::NotServed(_))));
    served_with(&*views, &[document("a", "open", ["1", "1"], "again")]).await;
    assert_eq!(views.get("accounts", "a").await.unwrap().value.as_deref(), Some("again"));
}

/// A failover behind one address, in which the old primary goes on as a replica with all of its connections.
#[tokio::test]
async fn made_a_replica_it_is_left_for_who_came_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let at_socket = |name| folder.path().join(name).to_str().unwrap().to_owned();
    let [old_socket, new_socket, address] = [at_socket("old"), at_socket("new"), at_socket("address")];
    let old = Server::start_with(&["--unixsocket", &old_socket]);
    std::os::unix::fs::symlink(&old_socket, &address).unwrap();
    let url = format!("redis+unix://{address}");
    let views = RedisViews::connect(RedisSettings { url, prefix: "bursar".to_owned() }).unwrap();
    let new = Server::start_with(&["--unixsocket", &new_socket]);
    let first = [document("a", "open", ["1", "1"], "first")];
    let generation = served_with(&views, &first).await;
    assert_eq!(served_with(&new.views(), &first).await, generation);

    std::fs::remove_file(&address).unwrap();
    std::os::unix::fs::symlink(&new_socket, &address).unwrap();
    old.ask(&["REPLICAOF", "127.0.0.1", &new.port.to_string()]);
    let second = [document("a", "open", ["1", "1"], "second")];
    let start = Instant::now();
    while views.apply(NAME, generation, Sequence::new(1), &second, &at(2)).await.is_err() {
        assert!(start.elapsed() < Duration::from_secs(5), "it stays with the replica");
    }
    assert_eq!(views.get(NAME, "a").await.unwrap().value.as_deref(), Some("second"));
    views.create(NAME, at(0).log_id).await.unwrap();
}

/// What it asks between two steps is no reason to throw a generation away that is nearly filled.
#[tokio::test]
async fn the_projector_waits_where_a_client_does_not() {
    let server = Server::start();
    let views = server.views();
    let generation = served_with(&views, &[document("a", "open", ["1", "1"], "body")]).await;
    let paused = || server.ask(&["CLIENT", "PAUSE", "900", "ALL"]);
    paused();
    assert!(matches!(views.get("accounts", "a").await, Err(ViewsError::Unavailable(_))));
    paused();
    assert_eq!(views.served("accounts").await.unwrap(), Some(generation));
    paused();
    assert_eq!(views.generations("accounts").await.unwrap(), [generation]);
}

#[tokio::test]
async fn nobody_listening_is_no_reason_not_to_start() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("redis://127.0.0.1:{port}/");
    let views = RedisViews::connect(RedisSettings { url, prefix: "bursar".to_owned() }).unwrap();
    assert!(matches!(views.check().await, Err(ViewsError::Unavailable(_))));
    let bad = RedisSettings { url: "nonsense".to_owned(), prefix: "bursar".to_owned() };
    assert!(matches!(RedisViews::connect(bad), Err(ViewsError::Unavailable(_))));
}

/// A generation that is dropped leaves no key behind.
#[tokio::test]
async fn dropped_generations_leave_nothing_behind() {
    let server = Server::start();
    let views = server.views();
    let documents: Vec<_> = (0..1200)
        .map(|n| document(&format!("k{n}"), ["open", "closed"][n % 2], ["1", "2"], "body"))
        .collect();
    served_with(&views, &documents).await;
    let empty = views.create("accounts", at(0).log_id).await.unwrap();
    assert_eq!(empty, Generation(2));
    for generation in views.generations("accounts").await.unwrap() {
        views.discard("accounts", generation).await.unwrap();
    }
    let mut keys: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut server.connection().unwrap()).unwrap();
    keys.sort();
    assert_eq!(keys, ["bursar:{accounts}:latest", "bursar:{accounts}:served"]);
}

/// Three nodes that share the slots.
struct Cluster(Vec<Server>);

impl Cluster {
    fn start() -> Self {
        let nodes: Vec<Server> = (0..3).map(|_| Server::start_with(&["--cluster-enabled", "yes"])).collect();
        let create = Command::new("redis-cli")
            .args(["--cluster", "create", "--cluster-yes"])
            .args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port)))
            .output()
            .expect("the program redis-cli is needed");
        assert!(create.status.success(), "{}", String::from_utf8_lossy(&create.stdout));
        let start = Instant::now();
        let is_up = |node: &Server| {
            let info: String =
                redis::cmd("CLUSTER").arg("INFO").query(&mut node.connection().unwrap()).unwrap();
            info.contains("cluster_state:ok")
        };
        while !nodes.iter().all(is_up) {
            assert!(start.elapsed() < Duration::from_secs(20), "the cluster does not come up");
            std::thread::yield_now();
        }
        Self(nodes)
    }
}

/// Whichever node is asked first.
#[tokio::test]
async fn a_cluster_is_as_good_as_one_server() {
    let cluster = Cluster::start();
    for (round, node) in (1..).zip(&cluster.0) {
        let views = node.views();
        views.check().await.unwrap();
        let documents = [document("a", "open", ["1", "1"], "a"), document("b", "closed", ["2", "2"], "b")];
        let generation = served_with(&views, &documents).await;
        assert_eq!(generation, Generation(round));
        let listing = Listing {
            order: Order::Rank(0),
            direction: Direction::Descending,
            tag: None,
            prefix: String::new(),
            after: None,
            limit: 10,
        };
        assert_eq!(views.list("accounts", &listing).await.unwrap().value.bodies, ["b", "a"]);
        assert_eq!(views.get("accounts", "a").await.unwrap().value.as_deref(), Some("a"));
        // It has another slot.
        assert_eq!(views.create("ledger", at(0).log_id).await.unwrap(), Generation(round));
        views.check().await.unwrap();
        views.discard("accounts", generation).await.unwrap();
        assert_eq!(views.generations("accounts").await.unwrap(), []);
    }
}
