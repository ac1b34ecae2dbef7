//! The live feed as Server-Sent Events: what a client that only listens gets, and how it goes on and goes.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;

use crate::client::Client;
use crate::server::{Kind, Server, until};

on_both_stores!(
    history_comes_first_and_then_what_happens,
    a_filter_passes_over_the_rest,
    who_hears_nothing_is_pinged_whatever_goes_on_beside,
    who_comes_back_goes_on_after_the_last_event_it_had,
    what_is_asked_wrongly_is_refused,
    who_takes_nothing_is_closed_and_who_goes_is_forgotten,
    an_end_of_the_server_ends_the_feed,
);

/// How long the next event may take.
const SPEAKS_WITHIN: Duration = Duration::from_secs(30);

/// A client of `/events/live`.
struct Listener {
    response: Response,
    text: String,
}

/// What stands between two blank lines.
#[derive(Debug, Default, PartialEq)]
struct Said {
    id: Option<u64>,
    event: String,
    data: Value,
}

impl Listener {
    async fn connect(client: &Client, query: &str, last: Option<&str>) -> Self {
        let path = format!("/events/live{query}");
        let mut request = client.request(Method::GET, &path).timeout(Duration::from_secs(120));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["Content-Type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<Said> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                let mut said = Said::default();
                for line in block.lines().filter(|line| !line.is_empty() && !line.starts_with(':')) {
                    match line.split_once(": ").unwrap() {
                        ("id", id) => said.id = Some(id.parse().unwrap()),
                        ("event", event) => event.clone_into(&mut said.event),
                        ("data", data) => said.data = serde_json::from_str(data).unwrap(),
                        _ => panic!("{line}"),
                    }
                }
                if said != Said::default() {
                    return Some(said);
                }
                continue;
            }
            let chunk = tokio::time::timeout(SPEAKS_WITHIN, self.response.chunk()).await;
            let chunk = chunk.expect("the feed is silent").unwrap()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The ids of the events up to the end of history.
    async fn history(&mut self) -> Vec<u64> {
        let mut ids = Vec::new();
        loop {
            let said = self.next().await.unwrap();
            match &*said.event {
                "WELCOME" => assert!(said.data["headSequence"].is_u64() && said.id.is_none()),
                "NEW_EVENT" => {
                    assert_eq!(said.data["sequenceNumber"], said.id.unwrap());
                    ids.extend(said.id);
                }
                "CAUGHT_UP" => {
                    assert_eq!(said.data["sequence"], said.id.unwrap());
                    return ids;
                }
                _ => panic!("{said:?}"),
            }
        }
    }
}

async fn subscribers(client: &Client) -> Value {
    client.json("/stats").await["feed"].clone()
}

/// Out of memory and, after a restart, out of the log.
async fn history_comes_first_and_then_what_happens(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    join_all((0..599).map(async |_| server.deposit("acc-1", 1).await.accepted())).await;
    for _ in 0..2 {
        let head = server.head().await;
        for client in [Client::clone(&server), server.on_one_port()] {
            let mut listener = Listener::connect(&client, "?fromSequence=0", None).await;
            assert_eq!(listener.history().await, (1..=head).collect::<Vec<_>>());
        }
        let mut listener = Listener::connect(&server, "", None).await;
        assert_eq!(listener.history().await, [0; 0]);
        let event = server.deposit("acc-1", 1).await.accepted()["event"].clone();
        let said = Said { id: Some(head + 1), event: "NEW_EVENT".to_owned(), data: event };
        assert_eq!(listener.next().await, Some(said));
        server.kill();
        server.start_again().await;
    }
}

async fn a_filter_passes_over_the_rest(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    server.transfer("acc-1", "acc-2", 1).await.accepted();
    for (query, expected) in [
        ("accountId=acc-2", vec![2, 4]),
        ("accountId=acc-2&accountId=acc-1&type=ACCOUNT_CREATED", vec![1, 2]),
        ("type=MONEY_TRANSFERRED", vec![3]),
        ("correlationId=nothing", vec![]),
    ] {
        let mut listener = Listener::connect(&server, &format!("?fromSequence=0&{query}"), None).await;
        assert_eq!(listener.history().await, expected, "{query}");
    }
}

async fn who_hears_nothing_is_pinged_whatever_goes_on_beside(kind: Kind) {
    let server = Server::start_with(kind, &["--feed-timeout-seconds", "1"]).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    let mut quiet = Listener::connect(&server, "?accountId=acc-2", None).await;
    while !quiet.text.contains("\n: ping\n\n") {
        let heard = tokio::time::timeout(Duration::from_millis(20), quiet.response.chunk()).await;
        let chunk = heard.map(|chunk| chunk.unwrap().expect("the feed goes on")).unwrap_or_default();
        quiet.text.push_str(std::str::from_utf8(&chunk).unwrap());
        server.deposit("acc-1", 1).await.accepted();
    }
}

/// As browsers do: the address stays the one of the first time, the header says how far they are.
async fn who_comes_back_goes_on_after_the_last_event_it_had(kind: Kind) {
    const EVENTS: u64 = 1000;
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let writing = async {
        for _ in 1..EVENTS {
            server.deposit("acc-1", 1).await.accepted();
        }
    };
    let reading = async {
        let (mut last, mut connections) = (0, 0);
        while last < EVENTS {
            connections += 1;
            let id = (last > 0).then(|| last.to_string());
            let mut listener = Listener::connect(&server, "?fromSequence=0", id.as_deref()).await;
            let enough = EVENTS.min(last + 90);
            while last < enough {
                let said = listener.next().await.unwrap();
                if said.event == "NEW_EVENT" {
                    assert_eq!(said.id, Some(last + 1));
                    last += 1;
                }
            }
        }
        assert!(connections > 10, "{connections} connections");
    };
    tokio::join!(writing, reading);
}

async fn what_is_asked_wrongly_is_refused(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for (query, last, field) in [
        ("?fromSequence=2", None, "fromSequence"),
        ("?fromSequence=x", None, "fromSequence"),
        ("?frames=batch", None, "frames"),
        ("?type=deposit", None, "type"),
        ("?fromSequence=0", Some("2"), "Last-Event-ID"),
        ("?fromSequence=0", Some("abc"), "Last-Event-ID"),
    ] {
        let mut request = server.request(Method::GET, &format!("/events/live{query}"));
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let problem = server.send(request).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], field, "{query} {last:?}");
    }
    let head = server.send(server.request(Method::HEAD, "/events/live")).await;
    assert_eq!((head.status, head.header("Content-Type")), (200, Some("text/event-stream")));
    server.post("/events/live", &json!({})).await.refused(405, "method-not-allowed");
}

async fn who_takes_nothing_is_closed_and_who_goes_is_forgotten(kind: Kind) {
    let server = Server::start_with(kind, &["--feed-timeout-seconds", "2"]).await;
    server.create("acc-1", 0).await.accepted();
    let body = json!({"accountId": "acc-1", "amount": 1, "metadata": {"text": "m".repeat(4000)}});
    // More than the kernel holds for a connection, whatever it is set to.
    const EVENTS: u64 = 2000;
    join_all((0..20).map(async |_| {
        for _ in 0..EVENTS / 20 {
            server.post("/commands/deposit", &body).await.accepted();
        }
    }))
    .await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut deaf = socket.connect(([127, 0, 0, 1], server.ports.events).into()).await.unwrap();
    deaf.write_all(b"GET /events/live?fromSequence=0 HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut healthy = Listener::connect(&server, "?fromSequence=0", None).await;
    assert_eq!(healthy.history().await, (1..=EVENTS + 1).collect::<Vec<_>>());
    until("the deaf one is closed", async || {
        let feed = subscribers(&server).await;
        (feed == json!({"subscribers": 1, "reaped": 1, "restarts": 0})).then_some(())
    })
    .await;
    // Who has everything owes nothing.
    let last = server.deposit("acc-1", 1).await.sequence();
    assert_eq!(healthy.next().await.unwrap().id, Some(last));
    drop(healthy);
    until("the other one is forgotten, once there was something to tell it", async || {
        server.deposit("acc-1", 1).await.accepted();
        (subscribers(&server).await["subscribers"] == 0).then_some(())
    })
    .await;
}

async fn an_end_of_the_server_ends_the_feed(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let mut listener = Listener::connect(&server, "?fromSequence=0", None).await;
    assert_eq!(listener.history().await, [1]);
    let (status, end) = tokio::join!(server.terminate(), listener.next());
    assert_eq!((status.code(), end), (Some(0), None));
}
