//! Subscribers that don't read, read slowly, or stop: they cost no memory, slow nobody, and go when their time is up.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use socket2::{SockFilter, SockRef};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::client::Client;
use crate::server::{Kind, Server, breathe, until};
use crate::socket::Socket;

on_both_stores!(
    who_does_not_read_costs_no_memory_and_slows_nobody,
    what_subscribers_took_is_given_back_when_they_are_gone,
    who_stops_reading_is_closed_in_time,
    who_is_gone_without_a_word_is_closed_in_time,
    who_takes_nothing_of_an_answer_is_closed_in_time,
);

/// How many never read: a copy of what is written for each of them would be a gigabyte.
const NEVER_READ: usize = 50;
const EVENTS: u64 = 20_000;
/// How many come and go.
const SUBSCRIBERS: u64 = 1_000;
/// By how much the server may grow while it writes them: its recent events, caches, windows; not a queue per subscriber.
const GROWTH_MAX_BYTES: u64 = 128 * 1024 * 1024;
/// How long after the last event was written everybody who reads has it.
const DELIVERED_WITHIN: Duration = Duration::from_secs(5);

/// Deposits from many clients at once, each event about a kilobyte.
async fn write(client: &Client, events: u64) {
    const WRITERS: u64 = 50;
    let description = "d".repeat(500);
    join_all((0..WRITERS).map(async |writer| {
        let body =
            json!({"accountId": format!("acc-{}", writer % 10), "amount": 1, "description": description});
        for _ in 0..events / WRITERS {
            client.post("/commands/deposit", &body).await.accepted();
        }
    }))
    .await;
}

async fn accounts(client: &Client) {
    for account in 0..10 {
        client.create(&format!("acc-{account}"), 0).await.accepted();
    }
}

/// Reads up to the last event, with a pause after each until the time is up; fails on a gap, a double or a disorder.
async fn read_all(socket: &mut Socket, last: u64, pause: Duration, slow_until: Instant) -> Instant {
    let mut reached = 0;
    while reached < last {
        let message = socket.next().await;
        if message["type"] == "NEW_EVENT" {
            assert_eq!(message["event"]["sequenceNumber"], reached + 1);
            reached += 1;
            if Instant::now() < slow_until {
                tokio::time::sleep(pause).await;
            }
        }
    }
    Instant::now()
}

async fn who_does_not_read_costs_no_memory_and_slows_nobody(kind: Kind) {
    let server = Server::start_with(kind, &["--feed-timeout-seconds", "120"]).await;
    accounts(&server).await;
    let before = server.resident_bytes();
    let mut deaf = Vec::new();
    for _ in 0..NEVER_READ {
        deaf.push(Socket::connect_narrow(&server, "/?fromSequence=0").await);
    }
    let mut healthy = Socket::connect(&server, "/?fromSequence=0").await;
    let mut slow = Socket::connect_narrow(&server, "/?fromSequence=0").await;
    let writing = async {
        write(&server, EVENTS).await;
        Instant::now()
    };
    let (now, last) = (Instant::now(), 10 + EVENTS);
    let healthy = read_all(&mut healthy, last, Duration::ZERO, now);
    // A hundred events a second, far less than are written; then as fast as it can.
    let slow = read_all(&mut slow, last, Duration::from_millis(10), now + Duration::from_secs(5));
    let (written, delivered, _) = tokio::join!(writing, healthy, slow);
    let late = delivered.saturating_duration_since(written);
    let growth = server.resident_bytes().saturating_sub(before);
    eprintln!(
        "{EVENTS} events in {:?}, delivered {late:?} later, grown by {} KiB",
        written - now,
        growth / 1024
    );
    assert!(late < DELIVERED_WITHIN, "delivered {late:?} later");
    assert!(growth < GROWTH_MAX_BYTES, "grown by {growth} bytes");
    // They are all still there: what was measured is what they cost.
    assert!(deaf.iter().all(|socket| is_established(&server, socket)));
    assert_eq!(server.get("/livez").await.status, 200);
}

/// Nobody asks the server for anything then.
async fn what_subscribers_took_is_given_back_when_they_are_gone(kind: Kind) {
    let server = Server::start(kind).await;
    let before = server.resident_bytes();
    let sockets = join_all((0..SUBSCRIBERS).map(async |_| Socket::connect(&server, "/").await)).await;
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(grown > SUBSCRIBERS * 4096, "{grown} bytes for {SUBSCRIBERS} subscribers");
    drop(sockets);
    until("most of it is back", async || {
        (server.resident_bytes().saturating_sub(before) < grown / 2).then_some(())
    })
    .await;
}

async fn who_stops_reading_is_closed_in_time(kind: Kind) {
    let server = Server::start_with(kind, &["--feed-timeout-seconds", "2"]).await;
    accounts(&server).await;
    let deaf = Socket::connect_narrow(&server, "/").await;
    let mut stopping = Socket::connect_narrow(&server, "/?fromSequence=0").await;
    let mut healthy = Socket::connect(&server, "/?fromSequence=0").await;
    assert_eq!(stopping.next().await["type"], "WELCOME");
    stopping.sequences(5).await;
    let last = 10 + 3000;
    let healthy_one = async {
        read_all(&mut healthy, last, Duration::ZERO, Instant::now()).await;
        // Whoever answers pings stays; the next event comes when the others are gone.
        loop {
            let message = healthy.next().await;
            if message["type"] == "NEW_EVENT" {
                return message;
            }
        }
    };
    let others = async {
        write(&server, 3000).await;
        let written = Instant::now();
        while is_established(&server, &deaf) || is_established(&server, &stopping) {
            assert!(written.elapsed() < Duration::from_secs(8), "a dead subscriber stays");
            breathe().await;
        }
        eprintln!("closed {:?} after the last event", written.elapsed());
        server.deposit("acc-0", 7).await.accepted();
    };
    let (message, ()) = tokio::join!(healthy_one, others);
    assert_eq!(message["event"]["data"]["amount"], 7);
}

/// What the kernel runs on whatever arrives at a socket: keep nothing of it (a BPF program of one return).
const LOSE_ALL: [SockFilter; 1] = [SockFilter::new(0x06, 0, 0, 0)];

/// A client with the smallest buffer that has sent this, when the answer begins: a feed has its place in the log then.
async fn say(client: &Client, head: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(([127, 0, 0, 1], client.ports.events).into()).await.unwrap();
    stream.write_all(format!("{head} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await.unwrap();
    stream.readable().await.unwrap();
    stream
}

async fn assert_is_closed(client: &Client, stream: &TcpStream) {
    let started = Instant::now();
    while is_open(client, stream.local_addr().unwrap()) {
        assert!(started.elapsed() < Duration::from_secs(10), "a dead client's connection stays");
        breathe().await;
    }
    eprintln!("closed after {:?}", started.elapsed());
}

/// As behind a network that is cut: its machine answers nothing any more, and says no goodbye.
async fn who_is_gone_without_a_word_is_closed_in_time(kind: Kind) {
    let server = Server::start_with(kind, &["--feed-timeout-seconds", "2"]).await;
    accounts(&server).await;
    let gone = say(&server, "GET /events/live").await;
    let mut here = say(&server, "GET /events/live").await;
    let mut said = Vec::new();
    SockRef::from(&gone).attach_filter(&LOSE_ALL).unwrap();
    server.deposit("acc-0", 7).await.accepted();
    assert_is_closed(&server, &gone).await;
    server.deposit("acc-0", 8).await.accepted();
    while String::from_utf8_lossy(&said).matches("MONEY_DEPOSITED").count() < 2 {
        assert!(here.read_buf(&mut said).await.unwrap() > 0, "a healthy one is closed");
    }
}

/// Of any answer, not only of feeds.
async fn who_takes_nothing_of_an_answer_is_closed_in_time(kind: Kind) {
    let server = Server::start_with(kind, &["--feed-timeout-seconds", "2"]).await;
    accounts(&server).await;
    write(&server, 6000).await;
    let deaf = say(&server, "GET /events/all/stream").await;
    assert_is_closed(&server, &deaf).await;
}

/// Whether the server's end of a connection is open, as the kernel has it; the client's end would tell by reading only.
fn is_established(client: &Client, socket: &Socket) -> bool {
    is_open(client, socket.local)
}

fn is_open(client: &Client, local: SocketAddr) -> bool {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let (server, peer) = (format!(":{:04X}", client.ports.events), format!(":{:04X}", local.port()));
    table.lines().any(|line| {
        let mut fields = line.split_whitespace().skip(1);
        let mut field = || fields.next().unwrap_or_default();
        field().ends_with(&server) && field().ends_with(&peer) && field() == "01"
    })
}
