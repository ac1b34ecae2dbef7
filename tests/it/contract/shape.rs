//! What a request must look like, and how it is told what is wrong with it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::server::{Kind, Server};

on_both_stores!(
    an_unknown_field_is_named,
    a_field_of_the_wrong_type_is_named,
    a_missing_field_is_named,
    text_has_bounds,
    account_ids_are_plain_words,
    what_is_not_json_is_refused,
    a_body_has_a_type_and_a_size,
    a_body_that_does_not_come_is_not_waited_for,
);

const ROUTES: [(&str, &str); 4] = [
    ("create-account", r#"{"accountId":"acc-1"}"#),
    ("deposit", r#"{"accountId":"acc-1","amount":1}"#),
    ("withdraw", r#"{"accountId":"acc-1","amount":1}"#),
    ("transfer", r#"{"fromAccountId":"acc-1","toAccountId":"acc-2","amount":1}"#),
];

/// A typing error does not turn into a silent default.
async fn an_unknown_field_is_named(kind: Kind) {
    let server = Server::start(kind).await;
    for (route, body) in ROUTES {
        let mut body: Value = serde_json::from_str(body).unwrap();
        body["ammount"] = json!(5);
        let problem = server.post(&format!("/commands/{route}"), &body).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], "ammount", "{problem}");
    }
    assert_eq!(server.head().await, 0);
}

async fn a_field_of_the_wrong_type_is_named(kind: Kind) {
    let server = Server::start(kind).await;
    for (route, field, value) in [
        ("create-account", "accountId", json!(5)),
        ("create-account", "accountId", json!(null)),
        ("create-account", "currency", json!(5)),
        ("create-account", "owner", json!({})),
        ("create-account", "metadata", json!([])),
        ("create-account", "metadata", json!("text")),
        ("create-account", "overdraftLimit", json!([])),
        ("create-account", "initialBalance", json!(true)),
        ("deposit", "accountId", json!(["acc-1"])),
        ("deposit", "description", json!(5)),
        ("deposit", "commandId", json!(5)),
        ("withdraw", "amount", json!({})),
        ("transfer", "fromAccountId", json!(5)),
        ("transfer", "toAccountId", json!(false)),
    ] {
        let mut body: Value =
            serde_json::from_str(ROUTES.iter().find(|(name, _)| *name == route).unwrap().1).unwrap();
        body[field] = value;
        let problem = server.post(&format!("/commands/{route}"), &body).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], field, "{problem}");
    }
}

async fn a_missing_field_is_named(kind: Kind) {
    let server = Server::start(kind).await;
    for (route, body) in ROUTES {
        let whole: Value = serde_json::from_str(body).unwrap();
        for field in whole.as_object().unwrap().keys() {
            let mut body = whole.clone();
            body.as_object_mut().unwrap().remove(field);
            let problem =
                server.post(&format!("/commands/{route}"), &body).await.refused(400, "invalid-field");
            assert_eq!(&problem["field"], field, "{problem}");
        }
    }
}

async fn text_has_bounds(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let deposit = |field: &str, value: Value| json!({"accountId": "acc-1", "amount": 1, field: value});
    let fits = "é".repeat(500);
    server.post("/commands/deposit", &deposit("description", json!(fits))).await.accepted();
    server.post("/commands/deposit", &deposit("metadata", json!({"x": "y".repeat(4000)}))).await.accepted();
    for (field, value) in [
        ("description", json!("é".repeat(501))),
        ("description", json!("nul \0 in it")),
        ("metadata", json!({"x": "y".repeat(4096)})),
        ("metadata", json!({"x": "nul \0 in it"})),
    ] {
        let problem =
            server.post("/commands/deposit", &deposit(field, value)).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], field, "{problem}");
    }
    let unpaired = r#"{"accountId":"acc-1","amount":1,"description":"\ud800"}"#;
    assert_eq!(server.post_text("/commands/deposit", unpaired).await.status, 400);
    assert_eq!(server.head().await, 3);
}

/// Everywhere the same.
async fn account_ids_are_plain_words(kind: Kind) {
    let server = Server::start(kind).await;
    let longest = "x".repeat(128);
    for good in ["a", "A.b_c:9-", "...", "log", &longest] {
        server.create(good, 1).await.accepted();
        let account = server.account(good, 1).await;
        assert_eq!(account["accountId"], good);
        assert_eq!(server.json(&format!("/events/{good}")).await.as_array().unwrap().len(), 1);
    }
    let too_long = "x".repeat(129);
    for bad in
        ["", " ", "a b", "a/b", "ä", "a\n", "a%", "all", "live", ".", "..", "<script>", "a'--", &too_long]
    {
        let problem = server.create(bad, 1).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], "accountId", "{bad}");
        let problem = server.transfer("a", bad, 1).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], "toAccountId", "{bad}");
    }
    for bad in ["a%20b", "%C3%A4", "all", "a%00", &too_long] {
        server.get(&format!("/accounts/{bad}")).await.refused(400, "invalid-field");
    }
    server.get("/events/a%20b").await.refused(400, "invalid-field");
    server.get("/events?accountId=a%20b").await.refused(400, "invalid-field");
}

async fn what_is_not_json_is_refused(kind: Kind) {
    let server = Server::start(kind).await;
    for body in
        ["", "{", "[[", "{\"accountId\":", "nothing", "{\"accountId\":\"a\",}", "{} {}", "{'accountId':'a'}"]
    {
        server.post_text("/commands/create-account", body).await.refused(400, "malformed-json");
    }
    for body in ["[]", "5", "null", "\"text\"", "{\"accountId\":\"a\",\"accountId\":\"b\"}"] {
        assert_eq!(server.post_text("/commands/create-account", body).await.status, 400, "{body}");
    }
    let not_utf8 =
        server.request(Method::POST, "/commands/create-account").header("Content-Type", "application/json");
    let reply = server.send(not_utf8.body(b"{\"accountId\":\"\xff\"}".to_vec())).await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    let deep = "[".repeat(100_000);
    for body in [format!("{{\"accountId\":{deep}"), deep] {
        assert_eq!(server.post_text("/commands/create-account", &body).await.status, 400);
    }
    assert_eq!(server.head().await, 0);
}

async fn a_body_has_a_type_and_a_size(kind: Kind) {
    let server = Server::start(kind).await;
    let body = r#"{"accountId":"acc-1"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        let request = server.request(Method::POST, "/commands/create-account").header("Content-Type", kind);
        server.send(request.body(body)).await.refused(415, "unsupported-media-type");
    }
    let request = server.request(Method::POST, "/commands/create-account");
    server.send(request.body(body)).await.refused(415, "unsupported-media-type");
    let request = server.request(Method::POST, "/commands/create-account");
    let request = request.header("Content-Type", "application/json").header("Content-Type", "text/plain");
    server.send(request.body(body)).await.refused(400, "invalid-field");
    let request = server.request(Method::POST, "/commands/create-account");
    let request = request.header("Content-Type", "application/json").header("Content-Encoding", "gzip");
    let reply = server.send(request.body(body)).await;
    assert_eq!(reply.header("Accept-Encoding"), Some("identity"));
    reply.refused(415, "unsupported-media-type");
    let long = format!(r#"{{"accountId":"acc-1","owner":"{}"}}"#, "x".repeat(257 * 1024));
    server.post_text("/commands/create-account", &long).await.refused(413, "payload-too-large");
    // Without a length it is counted on the way.
    let chunks = futures_util::stream::iter((0..70).map(|_| Ok::<_, std::io::Error>(vec![b' '; 4096])));
    let request =
        server.request(Method::POST, "/commands/create-account").header("Content-Type", "application/json");
    let request = request.body(reqwest::Body::wrap_stream(chunks));
    server.send(request).await.refused(413, "payload-too-large");
    let spaced = format!("{}{body}", " ".repeat(200 * 1024));
    let request = server.request(Method::POST, "/commands/create-account");
    server
        .send(request.header("Content-Type", "application/json; charset=utf-8").body(spaced))
        .await
        .accepted();
}

/// Whoever holds connections open without saying anything holds nothing else.
async fn a_body_that_does_not_come_is_not_waited_for(kind: Kind) {
    let server = Server::start(kind).await;
    let mut stream = TcpStream::connect(("127.0.0.1", server.ports.commands)).await.unwrap();
    let head = "POST /commands/deposit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    let reading = tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut answer));
    reading.await.expect("it is waited for").unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("\"request-timeout\""), "{answer}");
}
