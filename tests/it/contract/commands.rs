//! Commands: their answers, conditions, dry runs, and the command log.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::server::{Kind, Server};
use crate::socket::Socket;

on_both_stores!(
    an_answer_has_everything_that_happened,
    a_trace_stands_on_the_events_of_its_command,
    optional_fields_are_kept,
    a_condition_on_the_version_holds_or_refuses,
    a_condition_has_a_form,
    a_dry_run_decides_and_writes_nothing,
    the_command_log_can_be_filtered,
    the_command_log_is_in_order_however_it_is_paged,
    the_command_log_says_what_became_of_each,
);

/// And the account after it.
async fn an_answer_has_everything_that_happened(kind: Kind) {
    let server = Server::start(kind).await;
    let created = server.create("acc-1", 1000).await;
    assert_eq!(created.status, 201);
    let location = created.header("Location").unwrap().to_owned();
    assert!(location.ends_with("/accounts/acc-1"), "{location}");
    let body = json!({"accountId": "acc-1", "amount": 500, "description": "salary", "metadata": {"shop": 7}});
    let request =
        server.request(Method::POST, "/commands/deposit").header("X-Correlation-Id", "conversation-1");
    let answer = server.send(request.json(&body)).await.expect(200);
    assert_eq!((&answer["success"], &answer["sequence"]), (&json!(true), &json!(2)));
    let event = &answer["event"];
    assert_eq!(event["data"], json!({"accountId": "acc-1", "amount": 500, "description": "salary"}));
    assert_eq!((&event["sequenceNumber"], &event["version"]), (&json!(2), &json!(2)));
    assert_eq!((&event["commandId"], &event["causationId"]), (&answer["commandId"], &answer["commandId"]));
    assert_eq!(
        (&event["correlationId"], &event["metadata"]),
        (&json!("conversation-1"), &json!({"shop": 7}))
    );
    assert_eq!(answer["events"], json!([event]));
    let account = json!({"accountId": "acc-1", "balance": 1500, "available": 1500, "version": 2});
    for (name, value) in account.as_object().unwrap() {
        assert_eq!(&answer["account"][name], value, "{name}");
    }
    assert_eq!(answer["accounts"], json!([answer["account"]]));
    // The same object in the log.
    assert_eq!(&server.json("/events?fromSequence=1").await[0], event);
    assert_eq!(&server.json("/events?correlationId=conversation-1").await[0], event);
}

/// On both sides of a transfer, in the answer, the log and the feed; a header that is none of the specification's stops
/// nothing.
async fn a_trace_stands_on_the_events_of_its_command(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 0).await.accepted();
    let mut socket = Socket::connect(&server, "/").await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let body = json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 1});
    let traced = async |trace: &str| {
        let request = server.request(Method::POST, "/commands/transfer").header("traceparent", trace);
        server.send(request.json(&body)).await.accepted()["events"].clone()
    };
    let events = traced(trace).await;
    assert_eq!((&events[0]["traceparent"], &events[1]["traceparent"]), (&json!(trace), &json!(trace)));
    assert_eq!(server.json("/events?fromSequence=2").await, events);
    assert_eq!(json!([socket.event().await, socket.event().await]), events);
    for wrong in ["", "x", "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"] {
        assert!(traced(wrong).await[0].get("traceparent").is_none(), "{wrong}");
    }
}

/// Owner, currency, overdraft limit.
async fn optional_fields_are_kept(kind: Kind) {
    let server = Server::start(kind).await;
    let body = json!({"accountId": "acc-1", "currency": "JPY", "owner": "Zoë \"Z\" \u{1F600}", "overdraftLimit": 300});
    server.post("/commands/create-account", &body).await.accepted();
    let account = server.account("acc-1", 1).await;
    let expected = json!({
        "accountId": "acc-1", "balance": 0, "available": 300, "held": 0, "overdraftLimit": 300, "currency": "JPY",
        "status": "open", "owner": "Zoë \"Z\" \u{1F600}", "version": 1, "sequence": 1, "transactionCount": 0,
    });
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&account[name], value, "{name}");
    }
    let answer = server.withdraw("acc-1", 300).await.accepted();
    assert_eq!((&answer["account"]["balance"], &answer["account"]["available"]), (&json!(-300), &json!(0)));
    let problem = server.withdraw("acc-1", 1).await.refused(422, "insufficient-funds");
    for (name, value) in
        json!({"available": 0, "held": 0, "overdraftLimit": 300, "required": 1, "version": 2})
            .as_object()
            .unwrap()
    {
        assert_eq!(&problem[name], value, "{name} in {problem}");
    }
}

async fn conditional(client: &Client, version: &str, path: &str, body: Value) -> Reply {
    client.send(client.request(Method::POST, path).header("If-Match", version).json(&body)).await
}

/// For a transfer the from-account's.
async fn a_condition_on_the_version_holds_or_refuses(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    let tag = server.get("/accounts/acc-1?atLeast=2").await.header("ETag").unwrap().to_owned();
    assert_eq!(tag, "\"1\"");
    let deposit = json!({"accountId": "acc-1", "amount": 1});
    conditional(&server, &tag, "/commands/deposit", deposit.clone()).await.accepted();
    let problem =
        conditional(&server, &tag, "/commands/deposit", deposit).await.refused(412, "version-mismatch");
    assert!(problem.to_string().contains('2'), "it says what the version is: {problem}");
    let transfer = json!({"fromAccountId": "acc-2", "toAccountId": "acc-1", "amount": 1});
    conditional(&server, "\"2\"", "/commands/transfer", transfer.clone())
        .await
        .refused(412, "version-mismatch");
    conditional(&server, "\"1\"", "/commands/transfer", transfer).await.accepted();
    conditional(&server, "\"0\"", "/commands/create-account", json!({"accountId": "acc-3"})).await.accepted();
    assert_eq!(server.head().await, 6);
}

/// A quoted number.
async fn a_condition_has_a_form(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    for version in ["\"one\"", "\"1", "\"-1\"", "\"1.0\"", "W/\"1\"", "\"1\", \"2\""] {
        let reply =
            conditional(&server, version, "/commands/deposit", json!({"accountId": "acc-1", "amount": 1}))
                .await;
        reply.refused(400, "invalid-field");
    }
    assert_eq!(server.head().await, 1);
}

/// The events that would follow, the account as it would be, or the refusal.
async fn a_dry_run_decides_and_writes_nothing(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    let transfer = json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 4, "commandId": "k"});
    let preview = server.post("/commands/transfer?dryRun=true", &transfer).await.expect(200);
    let types: Vec<&Value> =
        preview["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["MONEY_TRANSFERRED", "TRANSFER_RECEIVED"]);
    assert_eq!(preview["account"]["balance"], 6);
    assert_eq!(preview["accounts"][1]["balance"], 14);
    server
        .post("/commands/withdraw?dryRun=true", &json!({"accountId": "acc-1", "amount": 11}))
        .await
        .refused(422, "insufficient-funds");
    server
        .post("/commands/deposit?dryRun=true", &json!({"accountId": "nobody", "amount": 11}))
        .await
        .refused(404, "account-not-found");
    let create = server.post("/commands/create-account?dryRun=true", &json!({"accountId": "acc-3"})).await;
    assert!(matches!(create.status, 200 | 201), "{}", create.text);
    assert_eq!(server.head().await, 2);
    server.get("/commands/k").await.refused(404, "command-not-found");
    server.get("/accounts/acc-3").await.refused(404, "account-not-found");
    let log = server.json("/commands/log").await;
    assert_eq!(log.as_array().unwrap().len(), 2, "it is no command: {log}");
    server.post("/commands/transfer", &transfer).await.accepted();
    server.post("/commands/transfer?dryRun=perhaps", &transfer).await.refused(400, "invalid-field");
}

/// By number, outcome and account, and page by page into the past.
async fn the_command_log_can_be_filtered(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    server.deposit("acc-1", 1).await.accepted();
    let overdraft = json!({"accountId": "acc-1", "amount": 99});
    server.keyed("k-1", "/commands/withdraw", &overdraft).await.refused(422, "insufficient-funds");
    server.withdraw("acc-2", 98).await.refused(422, "insufficient-funds");
    server.transfer("acc-1", "acc-2", 3).await.accepted();
    let amounts = async |path: &str| -> Vec<u64> {
        let log = server.json(path).await;
        log.as_array().unwrap().iter().map(|line| line["amount"].as_u64().unwrap()).collect()
    };
    assert_eq!(amounts("/commands/log").await, [10, 10, 1, 99, 98, 3]);
    assert_eq!(amounts("/commands/log?limit=2").await, [98, 3]);
    assert_eq!(amounts("/commands/log?status=accepted").await, [10, 10, 1, 3]);
    assert_eq!(amounts("/commands/log?status=rejected").await, [99, 98]);
    assert_eq!(amounts("/commands/log?accountId=acc-2").await, [10, 98, 3]);
    assert_eq!(amounts("/commands/log?accountId=acc-1&status=rejected").await, [99]);
    assert_eq!(amounts("/commands/log?accountId=acc-1&limit=2").await, [99, 3]);
    assert_eq!(amounts("/commands/log?accountId=nobody").await, [0; 0]);
    let mut page = server.get("/commands/log?limit=4").await;
    let mut lengths = vec![page.json().as_array().unwrap().len()];
    while let Some(next) = page.next_page() {
        page = server.get(&next).await;
        lengths.push(page.expect(200).as_array().unwrap().len());
    }
    assert_eq!(lengths, [4, 2]);
    let log = server.json("/commands/log?limit=1").await;
    assert_eq!(log[0]["sequence"], 5, "a transfer's is that of its last event, as in its answer");
    assert_eq!(amounts("/commands/log?before=5").await, [10, 10, 1, 99, 98]);
    for query in ["limit=1001", "limit=0x10", "status=maybe", "accountId=a%20b", "before=yesterday"] {
        server.get(&format!("/commands/log?{query}")).await.refused(400, "invalid-field");
    }
    // A reversal names no account; the one that refuses it does.
    server.withdraw("acc-1", 8).await.accepted();
    let reversal = json!({"sequenceNumber": 3, "amount": 1});
    server.keyed("k-2", "/commands/reverse", &reversal).await.refused(422, "insufficient-funds");
    server.post("/commands/reverse", &reversal).await.refused(422, "insufficient-funds");
    let log = server.json("/commands/log?accountId=acc-1&limit=2").await;
    assert_eq!(log.as_array().unwrap().len(), 2);
    for line in log.as_array().unwrap() {
        assert_eq!((&line["command"], &line["accountId"]), (&json!("REVERSE"), &json!("acc-1")), "{line}");
    }
}

/// Refusals with a key are remembered elsewhere than those without.
async fn the_command_log_is_in_order_however_it_is_paged(kind: Kind) {
    let server = Server::start(kind).await;
    for (round, balance) in [(0, 10), (10, 20)] {
        server.create(&format!("acc-{round}"), balance).await.accepted();
        for amount in 91..=96 {
            let overdraft = json!({"accountId": format!("acc-{round}"), "amount": round + amount});
            let reply = match amount % 3 {
                0 => server.post("/commands/withdraw", &overdraft).await,
                _ => server.keyed(&format!("k-{round}-{amount}"), "/commands/withdraw", &overdraft).await,
            };
            reply.refused(422, "insufficient-funds");
        }
    }
    let expected: Vec<u64> = [10].into_iter().chain(91..=96).chain([20]).chain(101..=106).collect();
    for limit in 1..=5 {
        let (mut amounts, mut path) = (Vec::new(), Some(format!("/commands/log?limit={limit}")));
        while let Some(next) = path {
            let page = server.get(&next).await;
            let lines = page.json();
            amounts
                .extend(lines.as_array().unwrap().iter().rev().map(|line| line["amount"].as_u64().unwrap()));
            path = page.next_page();
        }
        amounts.reverse();
        assert_eq!(amounts, expected, "{limit} at a time");
    }
}

/// With numbers for whoever looks for the reason.
async fn the_command_log_says_what_became_of_each(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server
        .keyed("k-1", "/commands/withdraw", &json!({"accountId": "acc-1", "amount": 99}))
        .await
        .refused(422, "insufficient-funds");
    let log = server.json("/commands/log").await;
    let (accepted, rejected) = (&log[0], &log[1]);
    assert_eq!((&accepted["status"], &accepted["sequence"]), (&json!("accepted"), &json!(1)));
    assert!(accepted["latencyMs"].is_number() && accepted["commandId"].is_string(), "{accepted}");
    assert_eq!((&rejected["status"], &rejected["code"]), (&json!("rejected"), &json!("insufficient-funds")));
    assert_eq!((&rejected["command"], &rejected["commandId"]), (&json!("WITHDRAW"), &json!("k-1")));
    assert_eq!((&rejected["accountId"], &rejected["amount"]), (&json!("acc-1"), &json!(99)));
}
