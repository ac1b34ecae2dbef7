//! Freezing, closing, and back.

use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::fold::Fold;
use crate::server::{Kind, Server};

on_both_stores!(
    a_frozen_account_moves_no_money_that_way,
    a_closed_account_is_swept_in_the_same_commit,
    what_the_status_forbids_is_said_with_its_reason,
);

async fn told(client: &Client, command: &str, body: Value) -> Reply {
    client.post(&format!("/commands/{command}"), &body).await
}

async fn a_frozen_account_moves_no_money_that_way(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    let freeze = json!({"accountId": "acc-1", "scope": "debits", "reason": "lost card"});
    let answer = told(&server, "freeze-account", freeze.clone()).await.accepted();
    assert_eq!(answer["event"]["type"], "ACCOUNT_FROZEN");
    assert_eq!(answer["event"]["data"], freeze);
    let problem = server.withdraw("acc-1", 1).await.refused(422, "account-frozen");
    assert_eq!(
        (&problem["accountId"], &problem["frozen"], &problem["version"]),
        (&json!("acc-1"), &json!("debits"), &json!(2))
    );
    server.transfer("acc-1", "acc-2", 1).await.refused(422, "account-frozen");
    server.transfer("acc-2", "acc-1", 1).await.accepted();
    let last = server.deposit("acc-1", 1).await.sequence();
    let account = server.account("acc-1", last).await;
    assert_eq!(
        (&account["status"], &account["frozen"], &account["balance"]),
        (&json!("frozen"), &json!("debits"), &json!(12))
    );
    let frozen = server.json("/accounts?status=frozen").await;
    assert_eq!(frozen.as_array().unwrap().iter().map(|one| &one["accountId"]).collect::<Vec<_>>(), ["acc-1"]);
    // Without a scope it is about everything.
    told(&server, "freeze-account", json!({"accountId": "acc-1"})).await.accepted();
    server.deposit("acc-1", 1).await.refused(422, "account-frozen");
    let last = told(&server, "unfreeze-account", json!({"accountId": "acc-1"})).await.sequence();
    let account = server.account("acc-1", last).await;
    assert_eq!((&account["status"], account.get("frozen")), (&json!("open"), None));
    assert_eq!(server.json("/accounts?status=frozen").await, json!([]));
    server.withdraw("acc-1", 12).await.accepted();
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

async fn a_closed_account_is_swept_in_the_same_commit(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 1).await.accepted();
    let body = json!({"accountId": "acc-1", "sweepTo": "acc-2", "reason": "moved"});
    let dry = told(&server, "close-account?dryRun=true", body.clone()).await.accepted();
    assert_eq!(dry["events"].as_array().unwrap().len(), 3);
    let reply = server.keyed("close", "/commands/close-account", &body).await;
    let answer = reply.accepted();
    let types: Vec<&Value> =
        answer["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["MONEY_TRANSFERRED", "TRANSFER_RECEIVED", "ACCOUNT_CLOSED"]);
    assert_eq!(
        answer["accounts"],
        json!([
            {"accountId": "acc-1", "balance": 0, "available": 0, "version": 3},
            {"accountId": "acc-2", "balance": 11, "available": 11, "version": 2},
        ])
    );
    assert!(server.keyed("close", "/commands/close-account", &body).await.is_replayed());
    server.deposit("acc-1", 1).await.refused(422, "account-closed");
    assert_eq!(server.account("acc-1", 5).await["status"], "closed");
    // What was refused is found under both accounts.
    server.keyed("again", "/commands/close-account", &body).await.refused(422, "no-change");
    for account in ["acc-1", "acc-2"] {
        let log = server.json(&format!("/commands/log?accountId={account}&status=rejected")).await;
        assert!(
            log.as_array()
                .unwrap()
                .iter()
                .any(|line| line["commandId"] == "again" && line["command"] == "CLOSE_ACCOUNT"),
            "{log}"
        );
    }
    told(&server, "reopen-account", json!({"accountId": "acc-1"})).await.accepted();
    server.deposit("acc-1", 3).await.accepted();
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

async fn what_the_status_forbids_is_said_with_its_reason(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    let only = |account: &str| json!({"accountId": account});
    let problem = told(&server, "close-account", only("acc-1")).await.refused(422, "account-not-empty");
    assert_eq!((&problem["balance"], &problem["held"]), (&json!(10), &json!(0)));
    let problem = told(&server, "reopen-account", only("acc-1")).await.refused(422, "no-change");
    assert_eq!(problem["accountStatus"], "open");
    told(&server, "close-account", json!({"accountId": "acc-1", "sweepTo": "acc-1"}))
        .await
        .refused(422, "same-account");
    told(&server, "close-account", json!({"accountId": "acc-1", "sweepTo": "nobody"}))
        .await
        .refused(404, "account-not-found");
    told(&server, "freeze-account", only("nobody")).await.refused(404, "account-not-found");
    let problem = told(&server, "freeze-account", json!({"accountId": "acc-1", "scope": "some"}))
        .await
        .refused(400, "invalid-field");
    assert_eq!(problem["field"], "scope");
}
