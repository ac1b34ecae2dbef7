//! Idempotency keys: one effect and one answer per key, whatever happens in between.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Kind, Server};

on_both_stores!(
    the_same_key_gets_the_first_answer_again,
    a_key_may_come_in_three_ways,
    a_key_is_compared_after_parsing,
    a_key_belongs_to_one_command,
    a_key_has_a_form,
    a_retry_does_not_turn_a_refusal_into_a_success,
    twenty_at_once_with_one_key_have_one_effect,
    answers_outlive_the_process,
    a_command_can_be_looked_up_by_its_key,
    a_command_without_a_key_gets_an_id,
);

const DEPOSIT: &str = "/commands/deposit";

/// Word for word, though the account has moved on.
async fn the_same_key_gets_the_first_answer_again(kind: Kind) {
    let server = Server::start(kind).await;
    let create =
        json!({"accountId": "acc-1", "initialBalance": 10, "owner": "Ada", "metadata": {"a": [1, 2.50]}});
    let commands = [
        ("k-1", "/commands/create-account", create),
        ("k-2", DEPOSIT, json!({"accountId": "acc-1", "amount": 5.5, "description": "salary"})),
        ("k-3", "/commands/withdraw", json!({"accountId": "acc-1", "amount": "1.25"})),
        ("k-4", "/commands/create-account", json!({"accountId": "acc-2"})),
        ("k-5", "/commands/transfer", json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 3})),
    ];
    let mut answers = Vec::new();
    for (key, path, body) in &commands {
        let first = server.keyed(key, path, body).await;
        assert_eq!(first.accepted()["commandId"], *key);
        assert!(!first.is_replayed());
        answers.push(first);
    }
    let head = server.head().await;
    for ((key, path, body), first) in commands.iter().zip(answers) {
        let again = server.keyed(key, path, body).await;
        assert!(again.is_replayed());
        assert_eq!((again.status, again.json()), (first.status, first.json()));
        assert_eq!(again.header("Location"), first.header("Location"));
    }
    assert_eq!(server.head().await, head);
}

/// As a header, in the body, or for load tools in the query; a header and a body that differ are a mistake.
async fn a_key_may_come_in_three_ways(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let body = json!({"accountId": "acc-1", "amount": 1});
    let with_key = json!({"accountId": "acc-1", "amount": 1, "commandId": "k-1"});
    let first = server.keyed("k-1", DEPOSIT, &body).await;
    for again in [
        server.post(DEPOSIT, &with_key).await,
        server.post("/commands/deposit?idempotencyKey=k-1", &body).await,
        server.keyed("k-1", DEPOSIT, &with_key).await,
    ] {
        assert!(again.is_replayed());
        assert_eq!((again.status, again.json()), (200, first.json()));
    }
    server.keyed("k-2", DEPOSIT, &with_key).await.refused(400, "invalid-field");
    assert_eq!(server.head().await, 2);
}

/// Order, spaces and spelling are not what is asked.
async fn a_key_is_compared_after_parsing(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let first =
        server.post_text(DEPOSIT, r#"{"accountId":"acc-1","amount":5,"commandId":"k"}"#).await.accepted();
    for spelling in [
        r#"{ "commandId" : "k", "amount" : 5, "accountId" : "acc-1" }"#,
        r#"{"accountId":"acc\u002d1","amount":"5","commandId":"k"}"#,
        r#"{"accountId":"acc-1","amount":5.00,"commandId":"k"}"#,
    ] {
        let again = server.post_text(DEPOSIT, spelling).await;
        assert!(again.is_replayed(), "{spelling}: {}", again.text);
        assert_eq!(again.json(), first);
    }
    // What is no amount of the currency is so under the key of another command.
    for path in [DEPOSIT, &format!("{DEPOSIT}?dryRun=true")] {
        let wrong = json!({"accountId": "acc-1", "amount": "0.001", "commandId": "k"});
        assert_eq!(server.post(path, &wrong).await.refused(400, "invalid-field")["field"], "amount");
    }
    // But what was answered stays the answer, whatever the account has become.
    let early = json!({"accountId": "yen", "amount": "0.5", "commandId": "early"});
    server.post(DEPOSIT, &early).await.refused(404, "account-not-found");
    server.post("/commands/create-account", &json!({"accountId": "yen", "currency": "JPY"})).await.accepted();
    server.post(DEPOSIT, &early).await.refused(404, "account-not-found");
    // Numbers of metadata are compared to the last digit.
    let body = |digit| {
        format!(
            r#"{{"accountId":"acc-1","amount":1,"commandId":"m","metadata":{{"n":2000000000000000000{digit}.0}}}}"#
        )
    };
    server.post_text(DEPOSIT, &body(1)).await.accepted();
    assert!(server.post_text(DEPOSIT, &body(1)).await.is_replayed());
    server.post_text(DEPOSIT, &body(2)).await.refused(422, "idempotency-key-reused");
}

/// Any difference in what is asked is another command.
async fn a_key_belongs_to_one_command(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    server.create("acc-2", 100).await.accepted();
    let body = json!({"accountId": "acc-1", "amount": 1});
    server.keyed("k", DEPOSIT, &body).await.accepted();
    let others = [
        (DEPOSIT, json!({"accountId": "acc-1", "amount": 2})),
        (DEPOSIT, json!({"accountId": "acc-2", "amount": 1})),
        (DEPOSIT, json!({"accountId": "acc-1", "amount": 1, "description": "x"})),
        (DEPOSIT, json!({"accountId": "acc-1", "amount": 1, "metadata": {"x": 1}})),
        ("/commands/withdraw", body.clone()),
        ("/commands/create-account", json!({"accountId": "acc-3"})),
    ];
    for (path, other) in others {
        server.keyed("k", path, &other).await.refused(422, "idempotency-key-reused");
    }
    let conditional =
        server.request(Method::POST, DEPOSIT).header("Idempotency-Key", "k").header("If-Match", "\"1\"");
    server.send(conditional.json(&body)).await.refused(422, "idempotency-key-reused");
    assert_eq!(server.head().await, 3);
    assert!(server.keyed("k", DEPOSIT, &body).await.is_replayed(), "the first command keeps it");
}

/// 1 to 255 visible ASCII characters that are no part of a path.
async fn a_key_has_a_form(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let body = |key: &str| json!({"accountId": "acc-1", "amount": 1, "commandId": key});
    let too_long = "k".repeat(256);
    for key in ["", "a b", "tab\t", "ä", "log", ".", "..", &too_long] {
        let problem = server.post(DEPOSIT, &body(key)).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], "commandId", "{key}");
    }
    server
        .keyed("log", DEPOSIT, &json!({"accountId": "acc-1", "amount": 1}))
        .await
        .refused(400, "invalid-field");
    let longest = "k".repeat(255);
    for key in ["!\"#%&/()=?`+", "a/b?c#d", &longest] {
        assert_eq!(server.post(DEPOSIT, &body(key)).await.accepted()["commandId"], key);
        assert!(server.post(DEPOSIT, &body(key)).await.is_replayed());
    }
}

/// Each kind of refusal is remembered, even when its reason has gone.
async fn a_retry_does_not_turn_a_refusal_into_a_success(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    let overdraft = json!({"accountId": "acc-1", "amount": 10});
    let unknown = json!({"accountId": "later", "amount": 10});
    let duplicate = json!({"accountId": "acc-1"});
    let stale = server
        .request(Method::POST, DEPOSIT)
        .header("If-Match", "\"2\"")
        .header("Idempotency-Key", "k-stale");
    let stale = || stale.try_clone().unwrap().json(&json!({"accountId": "acc-1", "amount": 1}));
    let refuse = async || {
        [
            server.keyed("k-funds", "/commands/withdraw", &overdraft).await,
            server.keyed("k-404", DEPOSIT, &unknown).await,
            server.keyed("k-409", "/commands/create-account", &duplicate).await,
            server.send(stale()).await,
        ]
    };
    let first = refuse().await;
    let codes = ["insufficient-funds", "account-not-found", "account-exists", "version-mismatch"];
    for ((reply, status), code) in first.iter().zip([422, 404, 409, 412]).zip(codes) {
        reply.refused(status, code);
        assert!(!reply.is_replayed());
    }
    server.deposit("acc-1", 100).await.accepted();
    server.create("later", 0).await.accepted();
    for (again, first) in refuse().await.iter().zip(first) {
        assert!(again.is_replayed());
        assert_eq!((again.status, again.json()), (first.status, first.json()));
    }
    // Under another key it is another command.
    server.keyed("k-funds-2", "/commands/withdraw", &overdraft).await.accepted();
    server.keyed("k-404-2", DEPOSIT, &unknown).await.accepted();
    server.keyed("k-funds", "/commands/withdraw", &unknown).await.refused(422, "idempotency-key-reused");
}

/// Late ones wait for the first and get its answer.
async fn twenty_at_once_with_one_key_have_one_effect(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    let transfer = json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 1});
    let refused = json!({"accountId": "acc-1", "amount": 1000});
    for (key, path, body, status) in [
        ("k-1", DEPOSIT, json!({"accountId": "acc-1", "amount": 1}), 200),
        ("k-2", "/commands/transfer", transfer, 200),
        ("k-3", "/commands/withdraw", refused, 422),
        ("k-4", "/commands/create-account", json!({"accountId": "acc-3"}), 201),
    ] {
        let replies = join_all((0..20).map(|_| server.keyed(key, path, &body))).await;
        assert_eq!(
            replies.iter().filter(|reply| !reply.is_replayed()).count(),
            1,
            "one of them was the first"
        );
        let answers: Vec<(u16, Value)> = replies.iter().map(|reply| (reply.status, reply.json())).collect();
        assert!(answers.iter().all(|answer| answer == &answers[0] && answer.0 == status), "{answers:?}");
    }
    assert_eq!(server.head().await, 2 + 1 + 2 + 1);
}

/// Successes and refusals alike.
async fn answers_outlive_the_process(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    let (deposit, overdraft) =
        (json!({"accountId": "acc-1", "amount": 1}), json!({"accountId": "acc-1", "amount": 99}));
    let ask = async |client: &Client| {
        [
            client.keyed("k-1", DEPOSIT, &deposit).await,
            client.keyed("k-2", "/commands/withdraw", &overdraft).await,
        ]
    };
    let first = ask(&server).await;
    first[0].accepted();
    first[1].refused(422, "insufficient-funds");
    server.deposit("acc-1", 100).await.accepted();
    server.kill();
    server.start_again().await;
    for (again, first) in ask(&server).await.iter().zip(first) {
        assert!(again.is_replayed());
        assert_eq!((again.status, again.json()), (first.status, first.json()));
    }
    assert_eq!(server.head().await, 3);
}

/// Accepted, rejected, or nothing recorded so far.
async fn a_command_can_be_looked_up_by_its_key(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    let done = server.keyed("a/b?c#d", DEPOSIT, &json!({"accountId": "acc-1", "amount": 1})).await.accepted();
    let found = server.json("/commands/a%2Fb%3Fc%23d").await;
    assert_eq!((&found["status"], &found["commandId"]), (&json!("accepted"), &json!("a/b?c#d")));
    assert!(found.to_string().contains(&done["event"].to_string()), "{found}");
    server
        .keyed("k-2", "/commands/withdraw", &json!({"accountId": "acc-1", "amount": 99}))
        .await
        .refused(422, "insufficient-funds");
    let found = server.json("/commands/k-2").await;
    assert_eq!((&found["status"], &found["commandId"]), (&json!("rejected"), &json!("k-2")));
    assert!(found.to_string().contains("insufficient-funds"), "{found}");
    server.get("/commands/k-3").await.refused(404, "command-not-found");
    // Also where its name is that of a path.
    server.get(DEPOSIT).await.refused(405, "method-not-allowed");
    server.keyed("deposit", DEPOSIT, &json!({"accountId": "acc-1", "amount": 1})).await.accepted();
    assert_eq!(server.json(DEPOSIT).await["commandId"], "deposit");
}

/// A UUID of its own each time.
async fn a_command_without_a_key_gets_an_id(kind: Kind) {
    let server = Server::start(kind).await;
    let first = server.create("acc-1", 5).await.accepted();
    let second = server.deposit("acc-1", 5).await.accepted();
    let id = |answer: &Value| answer["commandId"].as_str().unwrap().to_owned();
    assert_ne!(id(&first), id(&second));
    assert_eq!(id(&first).len(), 36);
    assert_eq!(first["event"]["commandId"], first["commandId"]);
    assert_eq!(first["event"]["correlationId"], first["commandId"]);
    assert_eq!(server.json(&format!("/commands/{}", id(&second))).await["status"], "accepted");
}
