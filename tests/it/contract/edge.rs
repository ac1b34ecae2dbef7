//! The edge of the server: routes, hosts, origins, health, metrics, problems.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::client::{Client, Ports};
use crate::server::{Kind, Server};
use crate::socket::Socket;

on_both_stores!(
    what_does_not_exist_is_a_problem,
    a_command_that_there_is_not_is_told_which_there_are,
    a_method_that_does_not_fit_is_told_which_do,
    each_port_has_its_own_routes,
    a_host_that_is_not_ours_is_forbidden,
    who_asks_for_another_protocol_is_told_that_the_connection_ends,
    a_body_that_nobody_reads_is_not_taken_for_a_head,
    an_origin_that_is_not_ours_is_forbidden,
    every_port_can_be_watched,
    every_problem_is_explained,
    too_many_at_once_are_turned_away_at_once,
);

async fn what_does_not_exist_is_a_problem(kind: Kind) {
    let server = Server::start(kind).await;
    for path in [
        "/nothing",
        "/commands",
        "/commands/",
        "/accounts/a/nothing",
        "/projections/accounts",
        "/replays/nothing",
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 404, "{path}: {}", reply.text);
        let code = reply.json()["code"].as_str().unwrap().to_owned();
        reply.refused(404, &code);
    }
    server.get("/nothing").await.refused(404, "not-found");
    let unknown = server.request(Method::POST, "/projections/nothing/pause");
    server.send(unknown).await.refused(404, "projection-not-found");
    server.get("/replays/01890000-0000-7000-8000-000000000000").await.refused(404, "not-found");
}

/// A typing error is not told as a method that does not fit.
async fn a_command_that_there_is_not_is_told_which_there_are(kind: Kind) {
    let server = Server::start(kind).await;
    let problem = server.post("/commands/deposti", &json!({"accountId": "a", "amount": 1})).await;
    let problem = problem.refused(404, "not-found");
    let names = problem["commands"].as_array().unwrap().iter();
    let mut names: Vec<&str> = names.map(|name| name.as_str().unwrap()).collect();
    names.sort_unstable();
    let document = server.json("/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    let mut known: Vec<&str> = paths
        .iter()
        .filter(|(_, methods)| methods.get("post").is_some())
        .filter_map(|(path, _)| path.strip_prefix("/commands/"))
        .collect();
    known.sort_unstable();
    assert_eq!(names, known);
    let words = problem["error"].as_str().unwrap();
    assert!(words.contains("deposti") && names.iter().all(|name| words.contains(name)), "{words}");
}

async fn a_method_that_does_not_fit_is_told_which_do(kind: Kind) {
    let server = Server::start(kind).await;
    for (method, path, allowed) in [
        (Method::PUT, "/commands/deposit", "POST"),
        // Where nothing is recorded under that id.
        (Method::GET, "/commands/deposit", "POST"),
        (Method::POST, "/commands/log", "GET"),
        (Method::PUT, "/commands/k-1", "GET"),
        (Method::DELETE, "/accounts/acc-1", "GET"),
        (Method::POST, "/accounts", "GET"),
        (Method::PATCH, "/events", "GET"),
        (Method::DELETE, "/events/all/stream", "GET"),
        (Method::POST, "/stats", "GET"),
        (Method::GET, "/replay", "POST"),
        (Method::GET, "/projections/accounts/pause", "POST"),
    ] {
        let reply = server.send(server.request(method.clone(), path)).await;
        assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text);
        reply.refused(405, "method-not-allowed");
        assert!(reply.header("Allow").unwrap().contains(allowed), "{path}");
    }
}

/// The dashboard's has them all; the others are no back doors.
async fn each_port_has_its_own_routes(kind: Kind) {
    let server = Server::start(kind).await;
    let Ports { events, commands, queries, projections, .. } = server.ports;
    for (path, at_home) in
        [("/events", events), ("/commands/log", commands), ("/accounts", queries), ("/stats", projections)]
    {
        for port in [events, commands, queries, projections] {
            let ports =
                Ports { dashboard: port, events: port, commands: port, queries: port, projections: port };
            let status = Client::new(ports).get(path).await.status;
            assert_eq!(status, if port == at_home { 200 } else { 404 }, "{path}");
        }
        assert_eq!(server.on_one_port().get(path).await.status, 200, "{path}");
    }
}

/// A foreign name that resolves to this machine is an attack (DNS rebinding).
async fn a_host_that_is_not_ours_is_forbidden(kind: Kind) {
    let server = Server::start(kind).await;
    let with_host = async |path: &str, host: &str| {
        server.send(server.request(Method::GET, path).header("Host", host)).await
    };
    for path in ["/accounts", "/events", "/commands/log", "/stats", "/", "/ledger"] {
        for host in ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.evil.example"]
        {
            with_host(path, host).await.refused(403, "forbidden");
        }
        for host in ["localhost", "localhost:3000", "127.0.0.1:1", "[::1]:3000"] {
            assert_eq!(with_host(path, host).await.status, 200, "{path} {host}");
        }
    }
    for path in ["/health", "/livez", "/readyz", "/metrics"] {
        assert_eq!(with_host(path, "evil.example").await.status, 200, "{path}");
    }
    let post = server.request(Method::POST, "/commands/create-account").header("Host", "evil.example");
    server.send(post.json(&json!({"accountId": "acc-1"}))).await.refused(403, "forbidden");
    assert_eq!(server.head().await, 0);
    // In the request line it counts more than in a header.
    let named = "GET http://evil.example/accounts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = server.raw(server.ports.dashboard, named).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
}

/// As Java's client does, and keeps the connection where nothing else is said.
async fn who_asks_for_another_protocol_is_told_that_the_connection_ends(kind: Kind) {
    let server = Server::start(kind).await;
    let upgrade =
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAA\r\n";
    let body = r#"{"accountId":"acc-1"}"#;
    let asked = format!(
        "POST /commands/create-account HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n{upgrade}\r\n{body}",
        body.len()
    );
    let answer = server.raw(server.ports.dashboard, &asked).await.to_lowercase();
    assert!(answer.starts_with("http/1.1 201 "), "{answer}");
    assert!(answer.contains("\r\nconnection: close\r\n"), "{answer}");
}

/// It may come behind the answer, when there is nobody to read it.
async fn a_body_that_nobody_reads_is_not_taken_for_a_head(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let chunked = "Host: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (path, status) in
        [("/commands/deposits", "404"), ("/accounts", "405"), ("/commands/deposit?x=1", "400")]
    {
        let asked = format!("POST {path} HTTP/1.1\r\n{chunked}");
        let answers = server.raw(server.ports.dashboard, &asked).await;
        assert!(answers.starts_with(&format!("HTTP/1.1 {status} ")), "{answers}");
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
        assert!(answers.to_lowercase().contains("\r\nconnection: close\r\n"), "{answers}");
    }
    // What was read is no reason to close.
    let refused = r#"{"accountId":"acc-1","amount":1}"#;
    let refused = format!("{:x}\r\n{refused}\r\n0\r\n\r\n", refused.len());
    let ask = |end: &str| format!("POST /commands/withdraw HTTP/1.1\r\n{end}{chunked}{refused}");
    let answers = server.raw(server.ports.dashboard, &(ask("") + &ask("Connection: close\r\n"))).await;
    assert_eq!(answers.matches("HTTP/1.1 422 ").count(), 2, "{answers}");
}

/// Neither for requests nor for sockets, on loopback either.
async fn an_origin_that_is_not_ours_is_forbidden(kind: Kind) {
    let server = Server::start(kind).await;
    for origin in
        ["https://evil.example", "http://localhost.evil.example", "http://evil.example:3000", "null"]
    {
        let get = server.request(Method::GET, "/accounts").header("Origin", origin);
        let reply = server.send(get).await;
        reply.refused(403, "forbidden");
        assert_eq!(reply.header("Access-Control-Allow-Origin"), None);
        let post = server.request(Method::POST, "/commands/create-account").header("Origin", origin);
        server.send(post.json(&json!({"accountId": "acc-1"}))).await.refused(403, "forbidden");
        let socket = Socket::try_connect(&server, "/", Some(origin)).await;
        match socket.err() {
            Some(tokio_tungstenite::tungstenite::Error::Http(reply)) => assert_eq!(reply.status(), 403),
            other => panic!("{origin}: {other:?}"),
        }
    }
    let both = server.request(Method::GET, "/accounts").header("Origin", "http://localhost");
    server.send(both.header("Origin", "https://evil.example")).await.refused(403, "forbidden");
    for origin in ["http://localhost:8080", "http://127.0.0.1:3000", "http://localhost"] {
        let get = server.request(Method::GET, "/accounts").header("Origin", origin);
        let reply = server.send(get).await;
        assert_eq!((reply.status, reply.header("Access-Control-Allow-Origin")), (200, Some(origin)));
    }
    assert_eq!(server.head().await, 0);
}

async fn every_port_can_be_watched(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 1).await.accepted();
    for port in server.ports.all() {
        let ports = Ports { dashboard: port, events: port, commands: port, queries: port, projections: port };
        let client = Client::new(ports);
        for path in ["/health", "/livez", "/readyz"] {
            assert_eq!(client.get(path).await.status, 200, "{path}");
        }
        let metrics = client.get("/metrics").await;
        assert!(metrics.header("Content-Type").unwrap().starts_with("text/plain"));
        let lines = metrics.text.lines().filter(|line| line.starts_with("bursar_"));
        assert!(lines.count() > 5, "{}", metrics.text);
        assert_eq!(client.get("/problems/account-not-found").await.status, 200);
    }
}

async fn every_problem_is_explained(kind: Kind) {
    let server = Server::start(kind).await;
    for code in [
        "malformed-json",
        "invalid-field",
        "unauthenticated",
        "forbidden",
        "account-not-found",
        "command-not-found",
        "projection-not-found",
        "not-found",
        "method-not-allowed",
        "payload-too-large",
        "unsupported-media-type",
        "request-timeout",
        "upgrade-required",
        "account-exists",
        "replay-running",
        "version-mismatch",
        "insufficient-funds",
        "currency-mismatch",
        "same-account",
        "balance-limit",
        "idempotency-key-reused",
        "rate-limited",
        "internal-error",
        "log-unavailable",
        "views-unavailable",
        "overloaded",
        "outcome-unknown",
        "not-caught-up",
    ] {
        let reply = server.get(&format!("/problems/{code}")).await;
        assert!(reply.status == 200 && reply.text.contains(code), "{code}: {} {}", reply.status, reply.text);
    }
    server.get("/problems/nothing").await.refused(404, "not-found");
}

/// With the key under which to ask again; nothing queues up unseen.
async fn too_many_at_once_are_turned_away_at_once(kind: Kind) {
    let server = Server::start_with(kind, &["--commands-in-flight", "2"]).await;
    server.create("acc-1", 0).await.accepted();
    let body = json!({"accountId": "acc-1", "amount": 1});
    let replies = join_all((0..200).map(async |n| {
        let key = format!("k-{n}");
        let reply = server.keyed(&key, "/commands/deposit", &body).await;
        if reply.status != 200 {
            assert_eq!(reply.refused(503, "overloaded")["commandId"], key);
        }
        reply.status
    }))
    .await;
    let done = replies.iter().filter(|&&status| status == 200).count() as u64;
    assert!((2..200).contains(&done), "{done} of 200");
    assert_eq!(server.head().await, 1 + done);
}
