//! The log over HTTP: pages, filters, streams.

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::server::{Kind, Server};

on_both_stores!(
    the_log_comes_in_pages_after_a_sequence,
    the_log_can_be_filtered,
    a_place_beyond_the_head_is_an_error,
    an_accounts_events_come_after_a_version,
    the_whole_log_is_one_stream,
    sequences_and_versions_have_no_gap,
    who_knows_no_chunks_gets_none,
    who_asks_for_the_head_of_a_stream_gets_that_alone,
);

/// Two accounts, a transfer, deposits: ten events, the first five on `acc-1` and `acc-2` in turns.
async fn some_events(client: &Client) {
    client.create("acc-1", 100).await.accepted();
    client.create("acc-2", 100).await.accepted();
    client.deposit("acc-1", 1).await.accepted();
    client.transfer("acc-1", "acc-2", 5).await.accepted();
    for amount in 2..=5 {
        client.deposit("acc-1", amount).await.accepted();
    }
    client.withdraw("acc-2", 1).await.accepted();
}

async fn sequences(client: &Client, path: &str) -> Vec<u64> {
    let events = client.json(path).await;
    events.as_array().unwrap().iter().map(|event| event["sequenceNumber"].as_u64().unwrap()).collect()
}

async fn the_log_comes_in_pages_after_a_sequence(kind: Kind) {
    let server = Server::start(kind).await;
    let empty = server.get("/events").await;
    assert_eq!((empty.expect(200), empty.number("X-Head-Sequence")), (json!([]), 0));
    some_events(&server).await;
    assert_eq!(sequences(&server, "/events").await, (1..=10).collect::<Vec<_>>());
    assert_eq!(sequences(&server, "/events?fromSequence=7").await, [8, 9, 10]);
    assert_eq!(sequences(&server, "/events?fromSequence=10").await, [0; 0]);
    let page = server.get("/events?fromSequence=2&limit=3").await;
    assert_eq!(page.number("X-Head-Sequence"), 10);
    assert_eq!(sequences(&server, &page.next_page().unwrap()).await, [6, 7, 8]);
    assert_eq!(server.pages("/events?limit=3").await.len(), 10);
    assert_eq!(server.get("/events?fromSequence=7").await.next_page(), None);
    for query in
        ["limit=1001", "limit=-1", "limit=x", "fromSequence=-1", "fromSequence=x", "fromSequence=1.5"]
    {
        let problem = server.get(&format!("/events?{query}")).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], query.split('=').next().unwrap());
    }
}

async fn the_log_can_be_filtered(kind: Kind) {
    let server = Server::start(kind).await;
    some_events(&server).await;
    assert_eq!(sequences(&server, "/events?accountId=acc-2").await, [2, 5, 10]);
    assert_eq!(sequences(&server, "/events?type=MONEY_DEPOSITED").await, [3, 6, 7, 8, 9]);
    assert_eq!(sequences(&server, "/events?type=MONEY_DEPOSITED&fromSequence=6&limit=2").await, [7, 8]);
    assert_eq!(sequences(&server, "/events?accountId=acc-2&type=MONEY_WITHDRAWN").await, [10]);
    assert_eq!(sequences(&server, "/events?accountId=nobody").await, [0; 0]);
    let all = server.pages("/events?accountId=acc-1&limit=2").await;
    assert_eq!(all.len(), 7);
    let request = server.request(Method::POST, "/commands/transfer").header("X-Correlation-Id", "c/1");
    let body = json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 1});
    server.send(request.json(&body)).await.accepted();
    assert_eq!(sequences(&server, "/events?correlationId=c%2F1").await, [11, 12]);
}

/// The log was restored, or is another one.
async fn a_place_beyond_the_head_is_an_error(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    assert_eq!(sequences(&server, "/events?fromSequence=1").await, [0; 0]);
    let problem = server.get("/events?fromSequence=2").await.refused(400, "invalid-field");
    assert_eq!(problem["field"], "fromSequence");
}

async fn an_accounts_events_come_after_a_version(kind: Kind) {
    let server = Server::start(kind).await;
    some_events(&server).await;
    assert_eq!(sequences(&server, "/events/acc-1").await, [1, 3, 4, 6, 7, 8, 9]);
    assert_eq!(sequences(&server, "/events/acc-1?fromVersion=4").await, [7, 8, 9]);
    assert_eq!(sequences(&server, "/events/acc-1?fromVersion=1&limit=2").await, [3, 4]);
    assert_eq!(sequences(&server, "/events/nobody").await, [0; 0]);
    server.get("/events/acc-1?limit=1001").await.refused(400, "invalid-field");
    // Without a limit it is the whole stream, however long.
    for _ in 0..150 {
        server.deposit("acc-2", 1).await.accepted();
    }
    assert_eq!(sequences(&server, "/events/acc-2").await.len(), 153);
}

/// A JSON array, or a line per event.
async fn the_whole_log_is_one_stream(kind: Kind) {
    let server = Server::start(kind).await;
    assert_eq!(server.json("/events/all/stream").await, json!([]));
    assert!(server.log().await.is_empty());
    some_events(&server).await;
    for _ in 0..1200 {
        server.deposit("acc-1", 1).await.accepted();
    }
    let array = server.json("/events/all/stream").await;
    let lines = server.log().await;
    assert_eq!(lines.len(), 1210);
    assert_eq!(array, Value::Array(lines));
    let request = server.request(Method::GET, "/events/all/stream").header("Accept", "application/x-ndjson");
    let reply = server.send(request).await;
    assert!(reply.header("Content-Type").unwrap().starts_with("application/x-ndjson"));
    // However long it is.
    for path in ["/events/all/stream", "/events/acc-2"] {
        let told = server.get(path).await;
        assert!(told.header("Vary").is_some_and(|vary| vary.contains("Accept")), "{path}: {told:?}");
    }
}

/// From 1 on; and nobody can change an event.
async fn sequences_and_versions_have_no_gap(kind: Kind) {
    let server = Server::start(kind).await;
    some_events(&server).await;
    server.withdraw("acc-1", 1_000_000).await.refused(422, "insufficient-funds");
    server.deposit("nobody", 1).await.refused(404, "account-not-found");
    server.deposit("acc-1", 1).await.accepted();
    let events = server.json("/events").await;
    let mut versions = std::collections::HashMap::new();
    for (place, event) in events.as_array().unwrap().iter().enumerate() {
        assert_eq!(event["sequenceNumber"], place + 1);
        let version = versions.entry(event["aggregateId"].as_str().unwrap()).or_insert(0);
        *version += 1;
        assert_eq!(event["version"], *version);
    }
    assert_eq!(versions.values().sum::<i32>(), 11);
}

/// Whatever was asked behind it by then.
async fn who_asks_for_the_head_of_a_stream_gets_that_alone(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let deposits = vec![json!({"type": "deposit", "accountId": "acc-1", "amount": 1}); 600];
    server.post("/commands/batch", &json!({"commands": deposits})).await.expect(200);
    let next = "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let both = |path: &str| format!("HEAD {path} HTTP/1.1\r\nHost: localhost\r\n\r\n{next}");
    for _ in 0..20 {
        let answers = server.raw(server.ports.dashboard, &both("/events?limit=3")).await;
        // The connection may end there, which is no answer to be taken for another.
        let (_, second) = answers.split_once("\r\n\r\n").unwrap_or_default();
        assert!(second.is_empty() || second.starts_with("HTTP/1.1 200 OK\r\n"), "{second}");
    }
    let both = both("/events/all/stream");
    let answers = server.raw(server.ports.dashboard, &both).await;
    let (first, second) = answers.split_once("\r\n\r\n").unwrap();
    assert!(first.to_lowercase().contains("x-head-sequence: 601"), "{first}");
    assert!(second.starts_with("HTTP/1.1 200 OK\r\n"), "{second}");
}

/// As proxies ask that speak HTTP/1.0.
async fn who_knows_no_chunks_gets_none(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 1).await.accepted();
    let mut stream = TcpStream::connect(("127.0.0.1", server.ports.events)).await.unwrap();
    stream.write_all(b"GET /events/live?fromSequence=0 HTTP/1.0\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    while !answer.contains("CAUGHT_UP") {
        let mut bytes = [0; 4096];
        let length = stream.read(&mut bytes).await.unwrap();
        assert!(length > 0, "{answer}");
        answer.push_str(std::str::from_utf8(&bytes[..length]).unwrap());
    }
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
    assert!(body.lines().all(|line| line.is_empty() || line.contains(':')), "{body}");
}
