//! The reference demo's clients, unchanged: its README's session, its shell test, its page, its projection.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, cents};
use crate::fold::{Fold, Folded};
use crate::server::{Kind, Server, until};
use crate::socket::Socket;

on_both_stores!(
    the_readme_session_works_word_for_word,
    the_shell_test_sees_1000_then_1500_then_1300,
    the_page_shows_the_words_of_a_refusal,
    the_command_log_is_the_newest_twenty_oldest_first,
    every_port_is_healthy_in_the_demos_words,
    a_page_from_port_3000_may_speak_to_every_port,
    the_demos_own_projection_arrives_at_the_right_balances,
);

/// Every line of the README's session, on the services' own ports and on the dashboard's.
async fn the_readme_session_works_word_for_word(kind: Kind) {
    for one_port in [false, true] {
        let server = Server::start(kind).await;
        let client = if one_port { server.on_one_port() } else { server.clone() };
        session(&client).await;
        // In one process there is no waiting: what was answered can be read.
        client.create("test-2", 7).await.accepted();
        assert_eq!(client.json("/accounts/test-2").await["balance"], 7);
    }
}

/// The session itself, for whoever is to pass it.
pub async fn session(client: &Client) {
    let created =
        client.post_text("/commands/create-account", r#"{"accountId":"test-1","initialBalance":1000}"#).await;
    assert_accepted(&created.expect(201), "test-1", "ACCOUNT_CREATED");
    let account = client.account("test-1", created.sequence()).await;
    assert_account(&account);
    assert_eq!((&account["accountId"], &account["balance"]), (&json!("test-1"), &json!(1000)));
    assert_eq!(account["transactionCount"], 0);

    for account in ["acc-1", "acc-2"] {
        client.create(account, 1000).await.accepted();
    }
    let deposit =
        client.post_text("/commands/deposit", r#"{"accountId":"acc-1","amount":500}"#).await.expect(200);
    assert_accepted(&deposit, "acc-1", "MONEY_DEPOSITED");
    assert_eq!(deposit["event"]["data"], json!({"accountId": "acc-1", "amount": 500}));
    let withdrawal =
        client.post_text("/commands/withdraw", r#"{"accountId":"acc-1","amount":200}"#).await.expect(200);
    assert_accepted(&withdrawal, "acc-1", "MONEY_WITHDRAWN");
    assert_eq!(withdrawal["event"]["data"], json!({"accountId": "acc-1", "amount": 200}));
    let transfer = r#"{"fromAccountId":"acc-1","toAccountId":"acc-2","amount":100}"#;
    let transfer = client.post_text("/commands/transfer", transfer).await;
    let sequence = transfer.sequence();
    let transfer = transfer.expect(200);
    assert_accepted(&transfer, "acc-1", "MONEY_TRANSFERRED");
    let data = json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 100});
    assert_eq!(transfer["event"]["data"], data);

    let log = client.json("/commands/log").await;
    let names: Vec<&str> =
        log.as_array().unwrap().iter().map(|line| line["command"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["CREATE_ACCOUNT", "CREATE_ACCOUNT", "CREATE_ACCOUNT", "DEPOSIT", "WITHDRAW", "TRANSFER"]
    );
    assert_eq!((&log[3]["accountId"], &log[3]["amount"]), (&json!("acc-1"), &json!(500)));
    assert_eq!((&log[5]["fromAccountId"], &log[5]["toAccountId"]), (&json!("acc-1"), &json!("acc-2")));
    assert!(log.as_array().unwrap().iter().all(|line| is_time(&line["timestamp"])), "{log}");

    let accounts = client.fresh("/accounts", sequence).await;
    let accounts = accounts.as_array().unwrap();
    assert_eq!(accounts.len(), 3);
    accounts.iter().for_each(assert_account);
    let account = client.json("/accounts/acc-1").await;
    assert_eq!((&account["balance"], &account["transactionCount"]), (&json!(1200), &json!(3)));
    let to = client.json("/accounts/acc-2").await;
    assert_eq!((&to["balance"], &to["transactionCount"]), (&json!(1100), &json!(1)));
    client.get("/accounts/nobody").await.refused(404, "account-not-found");

    let all = client.json("/events/all/stream").await;
    let all = all.as_array().unwrap();
    all.iter().for_each(assert_event);
    assert_eq!(&client.json("/events?fromSequence=0&limit=100").await, &json!(all));
    let of_account = client.json("/events/acc-1").await;
    let types: Vec<&str> =
        of_account.as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["ACCOUNT_CREATED", "MONEY_DEPOSITED", "MONEY_WITHDRAWN", "MONEY_TRANSFERRED"]);

    let stats = client.json("/stats").await;
    for name in ["lastProcessedSequence", "totalProcessed", "errors", "lagMs"] {
        assert!(stats[name].is_u64(), "{name} in {stats}");
    }
    let replay = client.send(client.request(Method::POST, "/replay")).await;
    assert_eq!(replay.expect(202)["success"], true);
}

/// The demo's integration test: create, deposit and withdraw, look after each.
async fn the_shell_test_sees_1000_then_1500_then_1300(kind: Kind) {
    let server = Server::start(kind).await;
    let balance_becomes = async |expected: i64| {
        until("the balance is as expected", async || {
            let reply = server.get("/accounts/test-acc").await;
            (reply.status == 200 && reply.json()["balance"] == expected).then_some(())
        })
        .await;
    };
    server.create("test-acc", 1000).await.accepted();
    balance_becomes(1000).await;
    server.deposit("test-acc", 500).await.accepted();
    balance_becomes(1500).await;
    server.withdraw("test-acc", 200).await.accepted();
    balance_becomes(1300).await;
}

/// Each kind of refusal is a 4xx with one sentence in `error`.
async fn the_page_shows_the_words_of_a_refusal(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    let refusals = [
        server.create("acc-1", 10).await,
        server.deposit("nobody", 1).await,
        server.deposit("acc-1", -5).await,
        server.withdraw("acc-1", 11).await,
        server.transfer("acc-1", "nobody", 1).await,
        server.post_text("/commands/deposit", "{").await,
        server.get("/accounts/nobody").await,
    ];
    for refusal in refusals {
        assert!((400..500).contains(&refusal.status), "{}", refusal.text);
        let words = refusal.json()["error"].as_str().unwrap().to_owned();
        assert!(words.len() > 10 && !words.contains("::"), "{words}");
    }
}

/// However many commands there were.
async fn the_command_log_is_the_newest_twenty_oldest_first(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for amount in 1..=25 {
        server.deposit("acc-1", amount).await.accepted();
    }
    let log = server.json("/commands/log").await;
    let amounts: Vec<u64> =
        log.as_array().unwrap().iter().map(|line| line["amount"].as_u64().unwrap()).collect();
    assert_eq!(amounts, (6..=25).collect::<Vec<_>>());
}

/// Container health checks look for it.
async fn every_port_is_healthy_in_the_demos_words(kind: Kind) {
    let server = Server::start(kind).await;
    for port in server.ports.all() {
        let client = on_port(&server, port);
        assert_eq!(client.get("/health").await.expect(200), json!({"status": "healthy"}));
    }
}

/// The demo's page is served on 3000 and calls the other four.
async fn a_page_from_port_3000_may_speak_to_every_port(kind: Kind) {
    let server = Server::start(kind).await;
    let origin = "http://localhost:3000";
    for path in ["/accounts", "/commands/log", "/events?fromSequence=0", "/stats", "/health"] {
        let reply = server.send(server.request(Method::GET, path).header("Origin", origin)).await;
        assert_eq!(
            (reply.status, reply.header("Access-Control-Allow-Origin")),
            (200, Some(origin)),
            "{path}"
        );
    }
    let body = json!({"accountId": "acc-1"});
    let create =
        server.request(Method::POST, "/commands/create-account").header("Origin", origin).json(&body);
    let reply = server.send(create).await;
    assert_eq!((reply.status, reply.header("Access-Control-Allow-Origin")), (201, Some(origin)));
    // A browser asks first, since JSON is no form.
    let preflight = server
        .request(Method::OPTIONS, "/commands/deposit")
        .header("Origin", origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", "content-type,idempotency-key");
    let reply = server.send(preflight).await;
    assert!(matches!(reply.status, 200 | 204), "{}", reply.text);
    assert_eq!(reply.header("Access-Control-Allow-Origin"), Some(origin));
    assert!(reply.header("Access-Control-Allow-Methods").unwrap().contains("POST"));
    let headers = reply.header("Access-Control-Allow-Headers").unwrap().to_ascii_lowercase();
    assert!(headers.contains("content-type") && headers.contains("idempotency-key"), "{headers}");
    Socket::try_connect(&server, "/", Some(origin)).await.map(drop).unwrap();
}

/// It listens on the socket, catches up by pages of 100 after the last sequence that it has, and folds four types; what
/// comes both ways it passes over.
async fn the_demos_own_projection_arrives_at_the_right_balances(kind: Kind) {
    let server = Server::start(kind).await;
    for account in ["acc-1", "acc-2"] {
        server.create(account, 1000).await.accepted();
    }
    for _ in 0..125 {
        server.deposit("acc-1", 0.1).await.accepted();
        server.transfer("acc-1", "acc-2", "0.05").await.accepted();
    }
    let mut socket = Socket::connect(&server, "/").await;
    let (mut fold, mut pages) = (Fold::default(), 0);
    loop {
        let page = server.json(&format!("/events?fromSequence={}&limit=100", fold.last)).await;
        let page = page.as_array().unwrap();
        page.iter().for_each(|event| assert!(fold.apply(event)));
        pages += 1;
        // Between two pages the socket gets what a later page has as well.
        server.withdraw("acc-2", 0.01).await.accepted();
        if page.len() < 100 {
            break;
        }
    }
    assert!(pages >= 4, "{pages} pages");
    let last = server.deposit("acc-2", 2.5).await.sequence();
    let mut overlapped = 0;
    while fold.last < last {
        overlapped += usize::from(!fold.apply(&socket.event().await));
    }
    assert!(overlapped > 0);
    let withdrawn = i64::try_from(pages).unwrap();
    let expected = [
        ("acc-1".to_owned(), Folded { balance: 100_000 + 125 * 5, count: 250 }),
        ("acc-2".to_owned(), Folded { balance: 100_000 + 125 * 5 - withdrawn + 250, count: 126 + pages }),
    ];
    assert_eq!(fold.accounts, expected.into());
    fold.assert_is_what_is_read(&server).await;
}

/// A client whose every request goes to one port.
fn on_port(client: &Client, port: u16) -> Client {
    let mut elsewhere = client.clone();
    elsewhere.ports.dashboard = port;
    elsewhere.on_one_port()
}

#[track_caller]
fn assert_accepted(answer: &Value, account: &str, event_type: &str) {
    assert_eq!(answer["success"], true, "{answer}");
    let event = &answer["event"];
    assert_event(event);
    assert_eq!((&event["aggregateId"], &event["type"]), (&json!(account), &json!(event_type)));
}

#[track_caller]
fn assert_event(event: &Value) {
    assert!(event["sequenceNumber"].is_u64(), "{event}");
    assert!(event["data"].is_object() && is_time(&event["timestamp"]), "{event}");
    for name in ["eventId", "aggregateId", "type"] {
        assert!(event[name].is_string(), "{name} in {event}");
    }
}

#[track_caller]
fn assert_account(account: &Value) {
    assert!(account["accountId"].is_string() && account["balance"].is_number(), "{account}");
    assert!(account["transactionCount"].is_u64() && cents(&account["balance"]) >= 0, "{account}");
    assert!(is_time(&account["createdAt"]) && is_time(&account["lastUpdated"]), "{account}");
}

/// RFC 3339 in UTC with microseconds.
fn is_time(value: &Value) -> bool {
    let pattern = b"dddd-dd-ddTdd:dd:dd.ddddddZ";
    let text = value.as_str().unwrap_or_default().as_bytes();
    let fits = |(have, want): (&u8, &u8)| if *want == b'd' { have.is_ascii_digit() } else { have == want };
    text.len() == pattern.len() && text.iter().zip(pattern).all(fits)
}
