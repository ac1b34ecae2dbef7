//! More commands than the server takes, and more connections than it needs: who is turned away hears it at once, and the
//! others notice nothing.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::load::{grace, is_long};
use crate::server::{Kind, Server};
use crate::socket::Socket;
use crate::wire::{Wire, median, p99};

on_both_stores!(
    an_overload_does_not_bring_it_down,
    connections_that_say_nothing_harm_nobody,
    many_that_come_at_once_are_let_in,
);

/// Commands that the server takes at once, and clients that it serves without turning one away.
const IN_FLIGHT_MAX: u64 = 16;
/// Ten times more clients than it can take.
const OVERLOAD: u64 = 10 * IN_FLIGHT_MAX;
/// What a client that was turned away waits: less than it is told, so that the overload is one.
const PAUSE: Duration = Duration::from_millis(100);
/// How long it may take to be turned away, on a busy machine.
const TURNED_AWAY_WITHIN: Duration = Duration::from_secs(1);

/// What many clients achieve.
struct Outcome {
    done: u64,
    /// How long each took that was turned away.
    turned_away: Vec<Duration>,
}

async fn load(port: u16, clients: u64, lasts: Duration) -> Outcome {
    let mut wires = join_all((0..clients).map(|_| Wire::connect(port))).await;
    let end = Instant::now() + lasts;
    let each = join_all(wires.iter_mut().zip(0..).map(async |(wire, number)| {
        let (mut done, mut turned_away) = (0, Vec::new());
        while Instant::now() < end {
            let asked = Instant::now();
            let (status, body) = wire.deposit(number % 10).await;
            if status == 200 {
                done += 1;
                continue;
            }
            assert!(status == 503 && body.contains(r#""code":"overloaded""#), "{status} {body}");
            turned_away.push(asked.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        Outcome { done, turned_away }
    }))
    .await;
    let done = each.iter().map(|one| one.done).sum();
    Outcome { done, turned_away: each.into_iter().flat_map(|one| one.turned_away).collect() }
}

/// By turns with as many clients as it takes, so that whatever else the machine does is beside both.
async fn an_overload_does_not_bring_it_down(kind: Kind) {
    let (rounds, lasts) =
        if is_long() { (20, Duration::from_secs(1)) } else { (6, Duration::from_millis(300)) };
    let server = Server::start_with(kind, &["--commands-in-flight", &IN_FLIGHT_MAX.to_string()]).await;
    join_all((0..10).map(async |account| server.create(&format!("acc-{account}"), 0).await.accepted())).await;
    let port = server.ports.commands;
    let (mut usual, mut overloaded, mut turned_away) = (0, 0, Vec::new());
    for _ in 0..rounds {
        let calm = load(port, IN_FLIGHT_MAX, lasts).await;
        // It is back to normal at once.
        assert!(calm.turned_away.is_empty(), "{:?}", calm.turned_away);
        let overload = load(port, OVERLOAD, lasts).await;
        usual += calm.done;
        overloaded += overload.done;
        turned_away.extend(overload.turned_away);
    }
    let kept = 100 * overloaded / usual.max(1);
    let (count, slowest) = (turned_away.len(), *turned_away.iter().max().expect("nobody was turned away"));
    let quick = p99(turned_away);
    eprintln!("{kept} % of {usual} done; {count} turned away, 99 % within {quick:?}, all within {slowest:?}");
    assert!(count as u64 > OVERLOAD, "{count} turned away are no overload");
    assert!(slowest < TURNED_AWAY_WITHIN, "turned away after {slowest:?}");
    assert!(kept >= if is_long() { 80 } else { 60 }, "{kept} % of what is usual");
    assert_eq!(server.head().await, 10 + usual + overloaded);
}

/// Connections of every kind that cost a server without saying anything.
const CONNECTIONS: usize = 2_000;

/// A quarter each say nothing, say half a request, say a byte now and then, and listen to events without reading them.
struct Idlers {
    connections: Vec<TcpStream>,
    subscribers: Vec<Socket>,
}

impl Idlers {
    async fn connect(server: &Server) -> Self {
        const HALF: &[u8] = b"POST /commands/deposit HTTP/1.1\r\nHost: loc";
        let (mut connections, mut subscribers) = (Vec::new(), Vec::new());
        for number in 0..CONNECTIONS {
            if number % 4 == 3 {
                subscribers.push(Socket::connect_narrow(server, "/").await);
                continue;
            }
            let mut connection = TcpStream::connect(("127.0.0.1", server.ports.commands)).await.unwrap();
            if number % 4 == 1 {
                connection.write_all(HALF).await.unwrap();
            }
            connections.push(connection);
        }
        Self { connections, subscribers }
    }

    /// One byte each from a third of the connections; the server may have had enough of some.
    fn say_a_byte(&self) {
        for connection in self.connections.iter().skip(2).step_by(3) {
            let _ = connection.try_write(b"P");
        }
    }
}

/// How long 99 of 100 deposits take that ten clients make one after the other.
async fn usual_wait(port: u16) -> Duration {
    let each = if is_long() { 200 } else { 30 };
    let waits = join_all((0..10).map(async |account| {
        let mut wire = Wire::connect(port).await;
        let mut waits = Vec::new();
        for _ in 0..each {
            let asked = Instant::now();
            let (status, body) = wire.deposit(account).await;
            assert_eq!(status, 200, "{body}");
            waits.push(asked.elapsed());
        }
        waits
    }))
    .await;
    p99(waits.into_iter().flatten().collect())
}

/// By turns with and without them.
async fn connections_that_say_nothing_harm_nobody(kind: Kind) {
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let rounds = if is_long() { 9 } else { 3 };
    let server = Server::start(kind).await;
    join_all((0..10).map(async |account| server.create(&format!("acc-{account}"), 0).await.accepted())).await;
    let port = server.ports.commands;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        alone.push(usual_wait(port).await);
        let idlers = Idlers::connect(&server).await;
        idlers.say_a_byte();
        // What subscribers are sent until they owe an answer is no idleness.
        usual_wait(port).await;
        beside.push(usual_wait(port).await);
        assert_eq!(idlers.connections.len() + idlers.subscribers.len(), CONNECTIONS);
    }
    let (alone, beside) = (median(alone), median(beside));
    eprintln!("p99 {beside:?} beside {CONNECTIONS} connections, {alone:?} without");
    assert!(beside <= 2 * alone + grace(), "{beside:?} beside them, {alone:?} without");
}

/// However busy it is: of whom the kernel keeps no room for, it drops the first packet, and that one tries again after a
/// second.
async fn many_that_come_at_once_are_let_in(kind: Kind) {
    let server = Server::start(kind).await;
    server.freeze();
    let connect = async |_| TcpStream::connect(("127.0.0.1", server.ports.commands)).await;
    let all = join_all((0..500).map(connect));
    let connected = tokio::time::timeout(Duration::from_millis(900), all).await;
    server.thaw();
    assert!(connected.is_ok_and(|all| all.iter().all(Result::is_ok)), "some wait for their second packet");
}
