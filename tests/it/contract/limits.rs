//! Limits over HTTP.

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::server::{Kind, Server};

on_both_stores!(
    limits_are_set_shown_and_lifted,
    what_a_limit_stops_is_said_in_numbers,
    a_limit_is_an_amount_of_its_currency
);

async fn limit(client: &Client, change: Value) -> Reply {
    let mut body = json!({"accountId": "acc-1"});
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    client.post("/commands/set-limits", &body).await
}

async fn limits_are_set_shown_and_lifted(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    let answer = limit(&server, json!({"overdraftLimit": "5.50", "perDay": 20, "maxBalance": 100})).await;
    let data = &answer.accepted()["event"]["data"];
    let expected = json!({
        "accountId": "acc-1", "overdraftLimit": 5.5, "maxBalance": 100, "perTransaction": null, "perDay": 20,
    });
    assert_eq!(*data, expected);
    let account = server.account("acc-1", answer.sequence()).await;
    for name in ["overdraftLimit", "maxBalance", "perTransaction", "perDay"] {
        assert_eq!(account[name], expected[name], "{name}");
    }
    assert_eq!(account["available"], 15.5);
    // What is absent stays; null lifts; of the overdraft nothing is left.
    let last = limit(&server, json!({"overdraftLimit": null, "perDay": null})).await.sequence();
    let account = server.account("acc-1", last).await;
    assert_eq!(
        (&account["overdraftLimit"], &account["perDay"], &account["maxBalance"]),
        (&json!(0), &Value::Null, &json!(100))
    );
    limit(&server, json!({"maxBalance": "100.00"})).await.refused(422, "no-change");
    limit(&server, json!({})).await.refused(422, "no-change");
    let log = server.json("/commands/log?limit=3").await;
    assert_eq!((&log[0]["command"], &log[0]["maxBalance"]), (&json!("SET_LIMITS"), &json!(100)));
}

async fn what_a_limit_stops_is_said_in_numbers(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    server.create("acc-2", 100).await.accepted();
    limit(&server, json!({"perTransaction": 10, "perDay": 15, "maxBalance": 101})).await.accepted();
    let problem = server.withdraw("acc-1", "10.01").await.refused(422, "transaction-limit");
    assert_eq!((&problem["limit"], &problem["required"]), (&json!(10), &json!(10.01)));
    server.transfer("acc-1", "acc-2", 10).await.accepted();
    let problem = server.withdraw("acc-1", 6).await.refused(422, "daily-limit");
    assert_eq!(
        (&problem["limit"], &problem["spent"], &problem["required"]),
        (&json!(15), &json!(10), &json!(6))
    );
    let problem = server.transfer("acc-2", "acc-1", "11.01").await.refused(422, "balance-limit");
    assert_eq!((&problem["limit"], &problem["balance"]), (&json!(101), &json!(90)));
    // Money that goes back is no spending: neither does it count nor is it stopped.
    let paid = server.deposit("acc-1", 11).await.sequence();
    server.post("/commands/reverse", &json!({"sequenceNumber": paid})).await.accepted();
    server.withdraw("acc-1", 5).await.accepted();
    server.withdraw("acc-1", "0.01").await.refused(422, "daily-limit");
}

async fn a_limit_is_an_amount_of_its_currency(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 1).await.accepted();
    for (change, field) in [
        (json!({"perDay": "0.001"}), "perDay"),
        (json!({"maxBalance": -1}), "maxBalance"),
        (json!({"perTransaction": "many"}), "perTransaction"),
        (json!({"overdraftLimit": 10_000_000_000_000_i64}), "overdraftLimit"),
        (json!({"perWeek": 1}), "perWeek"),
    ] {
        assert_eq!(limit(&server, change).await.refused(400, "invalid-field")["field"], field);
    }
    server
        .post("/commands/set-limits", &json!({"accountId": "nobody", "perDay": 1}))
        .await
        .refused(404, "account-not-found");
}
