//! Clients that dawdle, by intent or for want of a network: nobody holds a connection for ever by saying little or nothing,
//! and who is answered is told why.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::server::{Kind, Server};
use crate::socket::Socket;

on_both_stores!(
    a_head_that_trickles_is_ended,
    a_body_that_trickles_is_ended,
    a_body_has_a_least_rate,
    a_connection_on_which_nothing_is_said_is_closed,
    live_feeds_have_all_the_time,
);

const IMPATIENT: [&str; 4] = ["--request-timeout-seconds", "1", "--idle-timeout-seconds", "1"];
/// What the clients of an impatient server get.
const PATIENCE: Duration = Duration::from_secs(1);
/// By how much it may be exceeded, on a busy machine.
const SLACK: Duration = Duration::from_secs(3);
/// How often a dawdling client sends a byte.
const DAWDLES: Duration = Duration::from_millis(50);

const GET: &str = "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
const POST: &str = "POST /commands/deposit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";

async fn connect(client: &Client) -> TcpStream {
    TcpStream::connect(("127.0.0.1", client.ports.dashboard)).await.unwrap()
}

/// Sends a request and reads the answer, after which the connection is there for the next one.
async fn ask(stream: &mut TcpStream) {
    stream.write_all(GET.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}") {
        assert!(stream.read_buf(&mut answer).await.unwrap() > 0, "closed behind an answer");
    }
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
}

/// Sends again and again the same until the server closes the connection; what it said, and after what time.
async fn trickle(stream: &mut TcpStream, bytes: &[u8]) -> (String, Duration) {
    let started = Instant::now();
    let (mut said, mut ticks) = (Vec::new(), tokio::time::interval(DAWDLES));
    let (mut reader, mut writer) = stream.split();
    let mut is_open = true;
    while is_open {
        tokio::select! {
            read = reader.read_buf(&mut said) => is_open = read.is_ok_and(|bytes| bytes > 0),
            _ = ticks.tick() => {
                let _ = writer.write_all(bytes).await;
            }
        }
        assert!(started.elapsed() < Duration::from_secs(30), "it can go on for ever");
    }
    (String::from_utf8(said).unwrap(), started.elapsed())
}

#[track_caller]
fn assert_too_slow((said, took): &(String, Duration), at_least: Duration) {
    assert!(said.starts_with("HTTP/1.1 408 "), "{said}");
    assert!(said.contains("application/problem+json") && said.contains("\"request-timeout\""), "{said}");
    assert!(*took > at_least && *took < at_least + SLACK, "{took:?}");
}

async fn a_head_that_trickles_is_ended(kind: Kind) {
    let server = Server::start_with(kind, &IMPATIENT).await;
    let head = async |again: bool| {
        let mut stream = connect(&server).await;
        if again {
            ask(&mut stream).await;
        }
        stream.write_all(b"GET /livez HTTP/1.1\r\nX-Dawdle: ").await.unwrap();
        assert_too_slow(&trickle(&mut stream, b"x").await, PATIENCE);
    };
    tokio::join!(head(false), head(true));
    let metrics = server.get("/metrics").await.text;
    assert!(metrics.contains("http_heads_late_total 2"), "{metrics}");
}

async fn a_body_that_trickles_is_ended(kind: Kind) {
    let server = Server::start_with(kind, &IMPATIENT).await;
    let whole = async {
        let mut stream = connect(&server).await;
        stream.write_all(format!("{POST}Content-Length: 100000\r\n\r\n").as_bytes()).await.unwrap();
        assert_too_slow(&trickle(&mut stream, b" ").await, PATIENCE);
    };
    let chunked = async {
        let mut stream = connect(&server).await;
        stream.write_all(format!("{POST}Transfer-Encoding: chunked\r\n\r\n").as_bytes()).await.unwrap();
        assert_too_slow(&trickle(&mut stream, b"1\r\n \r\n").await, PATIENCE);
    };
    // Nobody wants it, and the answer does not wait for its end; the connection does not either.
    let unwanted = async {
        let mut stream = connect(&server).await;
        let head = "GET /livez HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        let (said, took) = trickle(&mut stream, b"1\r\n \r\n").await;
        assert!(said.starts_with("HTTP/1.1 200 ") && took < PATIENCE + SLACK, "{took:?}: {said}");
    };
    tokio::join!(whole, chunked, unwanted);
}

/// With half a minute for the whole, a client that sends twenty bytes a second is ended all the same.
async fn a_body_has_a_least_rate(kind: Kind) {
    let server = Server::start_with(kind, &["--request-timeout-seconds", "30"]).await;
    let mut stream = connect(&server).await;
    stream.write_all(format!("{POST}Content-Length: 100000\r\n\r\n").as_bytes()).await.unwrap();
    assert_too_slow(&trickle(&mut stream, b" ").await, Duration::from_secs(3));
}

/// Without a word: it might cross with a request.
async fn a_connection_on_which_nothing_is_said_is_closed(kind: Kind) {
    let server = Server::start_with(kind, &IMPATIENT).await;
    // Patient with heads, which must not count between requests.
    let patient = Server::start_with(kind, &["--idle-timeout-seconds", "1"]).await;
    let silent = async |server: &Server, after_one: bool| {
        let mut stream = connect(server).await;
        if after_one {
            ask(&mut stream).await;
        }
        let (started, mut said) = (Instant::now(), Vec::new());
        stream.read_to_end(&mut said).await.unwrap();
        let took = started.elapsed();
        assert!(said.is_empty() && took > PATIENCE / 2 && took < PATIENCE + SLACK, "{took:?} {said:?}");
    };
    tokio::join!(silent(&server, false), silent(&server, true), silent(&patient, true));
}

async fn live_feeds_have_all_the_time(kind: Kind) {
    let server = Server::start_with(kind, &IMPATIENT).await;
    server.create("acc-1", 0).await.accepted();
    let mut socket = Socket::connect(&server, "/").await;
    let mut stream = connect(&server).await;
    stream.write_all(b"GET /events/live HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    // As long as others get, twice over.
    for _ in 0..2 {
        let mut silent = connect(&server).await;
        ask(&mut silent).await;
        silent.read_to_end(&mut Vec::new()).await.unwrap();
    }
    server.post("/commands/deposit", &json!({"accountId": "acc-1", "amount": 7})).await.accepted();
    assert_eq!(socket.event().await["data"]["amount"], 7);
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains("MONEY_DEPOSITED") {
        assert!(stream.read_buf(&mut said).await.unwrap() > 0, "{}", String::from_utf8_lossy(&said));
    }
}
