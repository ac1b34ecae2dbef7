//! The live feed: who gets what, in which order, and how one goes on after a lost connection.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::Client;
use crate::server::{Kind, Server};
use crate::socket::Socket;

on_both_stores!(
    without_parameters_there_is_nothing_but_new_events,
    from_a_sequence_there_is_history_and_then_what_happens,
    what_is_older_than_the_process_comes_from_the_log,
    a_feed_can_be_filtered,
    frames_can_be_packed,
    a_subscriber_can_go_over_to_other_events,
    who_resumes_misses_nothing_and_gets_nothing_twice,
    a_place_beyond_the_head_is_an_error,
    every_door_leads_to_the_same_feed,
    who_says_too_much_is_let_go,
    a_message_may_come_in_parts,
    who_answers_no_ping_is_served_for_a_while_and_closed,
    the_connection_ends_with_its_close_frame,
);

/// As the demo's clients expect; and the event is the one of the reply and of the log.
async fn without_parameters_there_is_nothing_but_new_events(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let mut socket = Socket::connect(&server, "/").await;
    for amount in 1..=5 {
        let answer = server.deposit("acc-1", amount).await.accepted();
        let message = socket.next().await;
        assert_eq!(message, json!({"type": "NEW_EVENT", "event": answer["event"]}));
    }
}

async fn from_a_sequence_there_is_history_and_then_what_happens(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for _ in 0..499 {
        server.deposit("acc-1", 1).await.accepted();
    }
    for from in [0_u64, 123, 500] {
        let mut socket = Socket::connect(&server, &format!("/?fromSequence={from}")).await;
        let head = server.head().await;
        let welcome = socket.next().await;
        assert_eq!((&welcome["type"], &welcome["headSequence"]), (&json!("WELCOME"), &json!(head)));
        assert_eq!(socket.sequences((head - from) as usize).await, (from + 1..=head).collect::<Vec<_>>());
        let caught_up = socket.next().await;
        assert_eq!((&caught_up["type"], &caught_up["sequence"]), (&json!("CAUGHT_UP"), &json!(head)));
        let event = server.deposit("acc-1", 1).await.accepted()["event"].clone();
        assert_eq!(socket.event().await, event);
    }
}

/// Nothing of it is in memory after a restart; filters may want all of it, little, or nothing at its end.
async fn what_is_older_than_the_process_comes_from_the_log(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("rare", 0).await.accepted();
    server.create("acc-1", 0).await.accepted();
    for _ in 0..6 {
        join_all((0..250).map(async |_| server.deposit("acc-1", 1).await.accepted())).await;
        server.deposit("rare", 1).await.accepted();
    }
    server.kill();
    server.start_again().await;
    let log = server.log().await;
    let wanted = |field: &str, value: &str| -> Vec<u64> {
        let events = log.iter().filter(|event| event[field] == value);
        events.map(|event| event["sequenceNumber"].as_u64().unwrap()).collect()
    };
    for (query, expected) in [
        ("", (1..=log.len() as u64).collect()),
        ("&frames=batch", (1..=log.len() as u64).collect()),
        ("&accountId=rare", wanted("aggregateId", "rare")),
        ("&accountId=acc-1", wanted("aggregateId", "acc-1")),
        ("&type=ACCOUNT_CREATED", vec![1, 2]),
        ("&accountId=nobody", Vec::new()),
    ] {
        let mut socket = Socket::connect(&server, &format!("/?fromSequence=0{query}")).await;
        assert_eq!(history(&mut socket).await, expected, "{query}");
    }
    // What happens meanwhile follows without a gap.
    let mut socket = Socket::connect(&server, "/?fromSequence=0&accountId=rare").await;
    let last = server.deposit("rare", 1).await.sequence();
    let mut seen = Vec::new();
    while seen.last() != Some(&last) {
        let message = socket.next().await;
        if message["type"] == "NEW_EVENT" {
            seen.push(message["event"]["sequenceNumber"].as_u64().unwrap());
        }
    }
    assert_eq!(seen, [wanted("aggregateId", "rare"), vec![last]].concat());
}

/// The events up to `CAUGHT_UP`, as sequences.
async fn history(socket: &mut Socket) -> Vec<u64> {
    let mut sequences = Vec::new();
    loop {
        let message = socket.next().await;
        match message["type"].as_str().unwrap() {
            "WELCOME" => {}
            "NEW_EVENT" => sequences.push(message["event"]["sequenceNumber"].as_u64().unwrap()),
            "NEW_EVENTS" => {
                let events = message["events"].as_array().unwrap();
                assert!(!events.is_empty());
                sequences.extend(events.iter().map(|event| event["sequenceNumber"].as_u64().unwrap()));
            }
            "CAUGHT_UP" => return sequences,
            _ => panic!("{message}"),
        }
    }
}

/// Creations 1 and 2; then a deposit on each, a transfer from `acc-1` to `acc-2`, a withdrawal from `acc-1`.
async fn some_events(client: &Client) {
    client.create("acc-1", 10).await.accepted();
    client.create("acc-2", 10).await.accepted();
    client.deposit("acc-1", 1).await.accepted();
    client.deposit("acc-2", 1).await.accepted();
    client.transfer("acc-1", "acc-2", 1).await.accepted();
    client.withdraw("acc-1", 1).await.accepted();
}

async fn a_feed_can_be_filtered(kind: Kind) {
    let server = Server::start(kind).await;
    some_events(&server).await;
    for (query, expected) in [
        ("accountId=acc-2", vec![2, 4, 6]),
        ("type=MONEY_DEPOSITED", vec![3, 4]),
        ("accountId=acc-1&type=MONEY_WITHDRAWN", vec![7]),
        ("accountId=nobody", vec![]),
    ] {
        let mut socket = Socket::connect(&server, &format!("/?fromSequence=0&{query}")).await;
        assert_eq!(history(&mut socket).await, expected, "{query}");
    }
    let mut socket = Socket::connect(&server, "/?accountId=acc-2").await;
    assert_eq!(socket.next().await["type"], "WELCOME");
    let mut message = socket.next().await;
    if message["type"] == "CAUGHT_UP" {
        server.deposit("acc-1", 1).await.accepted();
        server.deposit("acc-2", 2).await.accepted();
        message = socket.next().await;
    }
    assert_eq!(message["event"]["data"], json!({"accountId": "acc-2", "amount": 2}));
}

/// For clients that want much at once.
async fn frames_can_be_packed(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    join_all((0..600).map(async |_| server.deposit("acc-1", 1).await.accepted())).await;
    let mut socket = Socket::connect(&server, "/?fromSequence=0&frames=batch").await;
    assert_eq!(socket.next().await["type"], "WELCOME");
    let (mut sequences, mut frames) = (Vec::new(), 0);
    while sequences.len() < 601 {
        let message = socket.next().await;
        assert_eq!(message["type"], "NEW_EVENTS");
        sequences.extend(
            message["events"]
                .as_array()
                .unwrap()
                .iter()
                .map(|event| event["sequenceNumber"].as_u64().unwrap()),
        );
        frames += 1;
    }
    assert_eq!(sequences, (1..=601).collect::<Vec<_>>());
    assert!(frames < 100, "{frames} frames");
}

async fn a_subscriber_can_go_over_to_other_events(kind: Kind) {
    let server = Server::start(kind).await;
    some_events(&server).await;
    let mut socket = Socket::connect(&server, "/").await;
    socket.subscribe(&json!({"fromSequence": 0})).await;
    assert_eq!(history(&mut socket).await, (1..=7).collect::<Vec<_>>());
    socket.subscribe(&json!({"fromSequence": 2, "accountIds": ["acc-1"], "eventTypes": ["MONEY_DEPOSITED", "MONEY_WITHDRAWN"]})).await;
    assert_eq!(history(&mut socket).await, [3, 7]);
    socket.subscribe(&json!({"fromSequence": 7, "accountIds": ["acc-2", "acc-3"]})).await;
    assert_eq!(history(&mut socket).await, [0; 0]);
    server.deposit("acc-1", 1).await.accepted();
    server.deposit("acc-2", 1).await.accepted();
    assert_eq!(socket.sequences(1).await, [9]);
    // What can't be understood is said so, and is the end.
    socket.say(&json!({"type": "SUBSCRIBE", "fromSequence": "x"})).await;
    assert_eq!(socket.next().await["type"], "ERROR");
    assert_eq!(socket.try_next().await, None);
}

/// Two thousand events are written while a reader loses its connection again and again.
async fn who_resumes_misses_nothing_and_gets_nothing_twice(kind: Kind) {
    const WRITERS: usize = 10;
    const DEPOSITS: usize = 200;
    let server = Server::start(kind).await;
    for writer in 0..WRITERS {
        server.create(&format!("acc-{writer}"), 0).await.accepted();
    }
    let writers = join_all((0..WRITERS).map(async |writer| {
        for _ in 0..DEPOSITS {
            server.deposit(&format!("acc-{writer}"), 1).await.accepted();
        }
    }));
    let reader = async {
        let (mut last, mut connections) = (0, 0_u64);
        while last < (WRITERS + WRITERS * DEPOSITS) as u64 {
            connections += 1;
            let frames = if connections.is_multiple_of(2) { "batch" } else { "single" };
            let query = if frames == "batch" { "&frames=batch" } else { "" };
            let mut socket = Socket::connect(&server, &format!("/?fromSequence={last}{query}")).await;
            // Each connection lasts for some events more than the one before.
            let enough = last + 20 + connections * 7;
            while last < enough.min((WRITERS + WRITERS * DEPOSITS) as u64) {
                let message = socket.next().await;
                let events = match message["type"].as_str().unwrap() {
                    "NEW_EVENT" => vec![message["event"].clone()],
                    "NEW_EVENTS" => message["events"].as_array().unwrap().clone(),
                    _ => Vec::new(),
                };
                for event in events {
                    assert_eq!(event["sequenceNumber"], last + 1);
                    last += 1;
                }
            }
        }
        assert!(connections > 10, "{connections} connections");
    };
    tokio::join!(writers, reader);
}

/// Whoever is ahead of the log has read another one.
async fn a_place_beyond_the_head_is_an_error(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let mut socket = Socket::connect(&server, "/?fromSequence=2").await;
    let error = loop {
        let message = socket.next().await;
        if message["type"] != "WELCOME" {
            break message;
        }
    };
    assert_eq!((&error["type"], &error["code"]), (&json!("ERROR"), &json!("log-reset")), "{error}");
}

/// `/` and `/ws`, on the events port and on the dashboard's.
async fn every_door_leads_to_the_same_feed(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for client in [Client::clone(&server), server.on_one_port()] {
        for path in ["/", "/ws"] {
            let mut socket = Socket::connect(&client, &format!("{path}?fromSequence=0")).await;
            assert_eq!(history(&mut socket).await, (1..=server.head().await).collect::<Vec<_>>());
            let mut plain = Socket::connect(&client, path).await;
            // Only the demo's door is silent until something happens.
            if path == "/ws" {
                assert_eq!(history(&mut plain).await, [0; 0]);
            }
            let event = server.deposit("acc-1", 1).await.accepted()["event"].clone();
            assert_eq!(plain.event().await, event);
        }
    }
    server.get("/ws").await.refused(426, "upgrade-required");
}

async fn a_message_may_come_in_parts(kind: Kind) {
    let server = Server::start(kind).await;
    some_events(&server).await;
    let mut socket = Socket::connect(&server, "/").await;
    socket.say_in_parts(&json!({"type": "SUBSCRIBE", "fromSequence": 0})).await;
    assert_eq!(history(&mut socket).await, (1..=server.head().await).collect::<Vec<_>>());
    let mut socket = Socket::connect(&server, "/").await;
    socket.say_in_parts(&json!("x".repeat(40_000))).await;
    assert_eq!(socket.close_code().await, Some(1009));
}

/// A connection whose frames are read and written by hand.
async fn by_hand(server: &Server, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", server.ports.events)).await.unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    stream
}

/// Clients wait for the end of the connection before they say that it is closed.
async fn the_connection_ends_with_its_close_frame(kind: Kind) {
    const CONNECTIONS: u32 = 10;
    let server = Server::start(kind).await;
    let started = Instant::now();
    for _ in 0..CONNECTIONS {
        let mut stream = by_hand(&server, "/").await;
        // Close, masked by nothing, with code 1000.
        stream.write_all(&[0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]).await.unwrap();
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest, [0x88, 0x02, 0x03, 0xe8]);
    }
    let each = started.elapsed() / CONNECTIONS;
    assert!(each < Duration::from_millis(500), "{each:?}");
}

/// A frame as the server sends it: what it is, and what is in it.
async fn frame(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let first = stream.read_u8().await.unwrap();
    let length = match stream.read_u8().await.unwrap() {
        126 => stream.read_u16().await.unwrap().into(),
        length => usize::from(length),
    };
    let mut payload = vec![0; length];
    stream.read_exact(&mut payload).await.unwrap();
    (first & 0x0f, payload)
}

/// Small programs that know nothing of pings live that long.
async fn who_answers_no_ping_is_served_for_a_while_and_closed(kind: Kind) {
    const TEXT: u8 = 1;
    const CLOSE: u8 = 8;
    let server = Server::start_with(kind, &["--feed-timeout-seconds", "6"]).await;
    server.create("acc-1", 0).await.accepted();
    let mut stream = by_hand(&server, "/ws?fromSequence=0").await;
    let mut next = async || loop {
        match frame(&mut stream).await {
            (TEXT, text) => return Ok(serde_json::from_slice::<Value>(&text).unwrap()["type"].clone()),
            (CLOSE, reason) => return Err(u16::from_be_bytes([reason[0], reason[1]])),
            _ => {}
        }
    };
    for expected in ["WELCOME", "NEW_EVENT", "CAUGHT_UP"] {
        assert_eq!(next().await.unwrap(), expected);
    }
    for amount in 1..=2 {
        server.deposit("acc-1", amount).await.accepted();
        assert_eq!(next().await.unwrap(), "NEW_EVENT", "the one of {amount}");
    }
    assert_eq!(next().await, Err(1001));
}

/// Without harm to anybody else.
async fn who_says_too_much_is_let_go(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let mut other = Socket::connect(&server, "/").await;
    for noise in ["x".repeat(1 << 20), "[".repeat(20_000), "not JSON".to_owned()] {
        let mut socket = Socket::connect(&server, "/").await;
        socket.say(&json!(noise)).await;
        while let Some(message) = socket.try_next().await {
            assert_eq!(message["type"], "ERROR");
        }
    }
    // A frame that says that it is a TiB is not waited for.
    let mut endless = by_hand(&server, "/").await;
    endless.write_all(&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4]).await.unwrap();
    let (_, reason) = frame(&mut endless).await;
    assert_eq!(u16::from_be_bytes([reason[0], reason[1]]), 1009);
    let event = server.deposit("acc-1", 1).await.accepted()["event"].clone();
    assert_eq!(other.event().await, event);
}
