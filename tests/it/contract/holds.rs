//! Holds over HTTP: placed, captured, released, over.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Client, Reply};
use crate::fold::Fold;
use crate::server::{Kind, Server, until};

on_both_stores!(
    money_is_set_aside_captured_and_released,
    a_hold_ends_by_itself_when_its_time_is_over,
    a_hold_that_is_not_open_says_why,
    of_two_clients_that_capture_one_hold_one_does,
    an_account_with_holds_is_not_closed,
    an_account_has_a_bounded_number_of_holds,
    a_hold_command_is_answered_again_under_its_key,
);

async fn told(client: &Client, command: &str, body: Value) -> Reply {
    client.post(&format!("/commands/{command}"), &body).await
}

async fn place(client: &Client, hold: &str, amount: impl Into<Value>) -> Reply {
    told(client, "place-hold", json!({"accountId": "acc-1", "holdId": hold, "amount": amount.into()})).await
}

async fn money_is_set_aside_captured_and_released(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    server.create("acc-2", 0).await.accepted();
    let placed = json!({
        "accountId": "acc-1", "holdId": "hotel", "amount": "60.50", "expiresInSeconds": 3600, "description": "room 7",
    });
    let answer = told(&server, "place-hold", placed).await.accepted();
    assert_eq!(answer["event"]["type"], "HOLD_PLACED");
    assert_eq!(
        answer["account"],
        json!({"accountId": "acc-1", "balance": 100, "available": 39.5, "version": 2})
    );
    let problem = server.withdraw("acc-1", 40).await.refused(422, "insufficient-funds");
    assert_eq!((&problem["held"], &problem["available"]), (&json!(60.5), &json!(39.5)));
    place(&server, "bar", 10).await.accepted();

    let holds = server.json("/accounts/acc-1/holds").await;
    let names: Vec<&Value> = holds.as_array().unwrap().iter().map(|hold| &hold["holdId"]).collect();
    assert_eq!(names, ["bar", "hotel"]);
    assert_eq!((&holds[1]["amount"], &holds[1]["description"]), (&json!(60.5), &json!("room 7")));
    assert!(holds[0]["expiresAt"].is_null() && holds[1]["expiresAt"].is_string());
    // As fresh as the log is, not as the account's last event.
    assert_eq!(server.get("/accounts/acc-2/holds?atLeast=1").await.number("X-Sequence"), server.head().await);
    server.get("/accounts/acc-2/holds?atLeast=1000&timeout=50ms").await.refused(503, "not-caught-up");
    assert_eq!(server.json("/accounts/acc-2/holds").await, json!([]));
    let nobody = server.get("/accounts/nobody/holds").await;
    assert_eq!(nobody.header("X-Sequence"), Some(&*server.head().await.to_string()));
    nobody.refused(404, "account-not-found");

    let part = json!({"accountId": "acc-1", "holdId": "hotel", "amount": 50, "toAccountId": "acc-2"});
    let dry = told(&server, "capture-hold?dryRun=true", part.clone()).await.accepted();
    let answer = told(&server, "capture-hold", part).await.accepted();
    for answer in [&dry, &answer] {
        let types: Vec<&Value> =
            answer["events"].as_array().unwrap().iter().map(|event| &event["type"]).collect();
        assert_eq!(types, ["HOLD_CAPTURED", "MONEY_TRANSFERRED", "TRANSFER_RECEIVED"]);
        let after = json!({"accountId": "acc-1", "balance": 50, "available": 40, "version": 5});
        assert_eq!(answer["account"], after);
    }
    assert_eq!(answer["events"][1]["data"]["holdId"], "hotel");
    let last = told(&server, "release-hold", json!({"accountId": "acc-1", "holdId": "bar"})).await.sequence();
    let account = server.account("acc-1", last).await;
    assert_eq!((&account["held"], &account["available"]), (&json!(0), &json!(50)));
    assert_eq!(account["transactionCount"], 1);
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

async fn a_hold_ends_by_itself_when_its_time_is_over(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    let short = json!({"accountId": "acc-1", "holdId": "h", "amount": 10, "expiresInSeconds": 1});
    told(&server, "place-hold", short).await.accepted();
    until("the hold has ended", async || {
        (server.json("/accounts/acc-1/holds").await == json!([])).then_some(())
    })
    .await;
    let account = server.account("acc-1", 3).await;
    assert_eq!((&account["held"], &account["version"]), (&json!(0), &json!(3)));
    let events = server.json("/events/acc-1").await;
    let expired = &events[2];
    assert_eq!((&expired["type"], &expired["commandId"]), (&json!("HOLD_EXPIRED"), &json!("expire acc-1 h")));
    // What the server does of itself is in the command log, and can be asked for by its id.
    let recalled = server.json("/commands/expire%20acc-1%20h").await;
    assert_eq!(recalled["events"][0], *expired);
    let log = server.json("/commands/log?limit=1").await;
    assert_eq!((&log[0]["command"], &log[0]["holdId"]), (&json!("EXPIRE_HOLD"), &json!("h")));
    server.withdraw("acc-1", 10).await.accepted();
}

async fn a_hold_that_is_not_open_says_why(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    place(&server, "h", 2).await.accepted();
    let problem =
        told(&server, "capture-hold", json!({"accountId": "acc-1", "holdId": "h", "amount": "2.01"}))
            .await
            .refused(422, "hold-exceeded");
    assert_eq!((&problem["held"], &problem["required"]), (&json!(2), &json!(2.01)));
    place(&server, "h", 1).await.refused(409, "hold-exists");
    let settle = json!({"accountId": "acc-1", "holdId": "h"});
    told(&server, "release-hold", settle.clone()).await.accepted();
    let problem = told(&server, "capture-hold", settle.clone()).await.refused(409, "hold-already-settled");
    assert_eq!((&problem["holdId"], &problem["ended"]), (&json!("h"), &json!("released")));
    place(&server, "h", 1).await.refused(409, "hold-exists");
    told(&server, "release-hold", json!({"accountId": "acc-1", "holdId": "i"}))
        .await
        .refused(404, "hold-not-found");
    let short = json!({"accountId": "acc-1", "holdId": "short", "amount": 1, "expiresInSeconds": 1});
    told(&server, "place-hold", short).await.accepted();
    until("the hold has ended", async || {
        (server.json("/accounts/acc-1/holds").await == json!([])).then_some(())
    })
    .await;
    told(&server, "release-hold", json!({"accountId": "acc-1", "holdId": "short"}))
        .await
        .refused(422, "hold-expired");
    let same = json!({"accountId": "acc-1", "holdId": "j", "toAccountId": "acc-1"});
    place(&server, "j", 1).await.accepted();
    told(&server, "capture-hold", same).await.refused(422, "same-account");
    told(&server, "freeze-account", json!({"accountId": "acc-1", "scope": "debits"})).await.accepted();
    told(&server, "capture-hold", json!({"accountId": "acc-1", "holdId": "j"}))
        .await
        .refused(422, "account-frozen");
    told(&server, "release-hold", json!({"accountId": "acc-1", "holdId": "j"})).await.accepted();
}

async fn of_two_clients_that_capture_one_hold_one_does(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    for round in 0..10 {
        let hold = format!("h-{round}");
        place(&server, &hold, 1).await.accepted();
        let settle = json!({"accountId": "acc-1", "holdId": hold});
        let replies = join_all((0..6).map(|n| {
            told(&server, if n % 3 == 0 { "release-hold" } else { "capture-hold" }, settle.clone())
        }))
        .await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            reply.refused(409, "hold-already-settled");
        }
    }
    let fold = Fold::of(&server.log().await);
    fold.assert_is_what_is_read(&server).await;
    assert_eq!(server.json("/accounts/acc-1").await["held"], 0);
}

async fn an_account_with_holds_is_not_closed(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 0).await.accepted();
    place(&server, "h", 3).await.accepted();
    let sweep = json!({"accountId": "acc-1", "sweepTo": "acc-2"});
    let problem = told(&server, "close-account", sweep.clone()).await.refused(422, "holds-open");
    assert_eq!((&problem["holds"], &problem["held"]), (&json!(1), &json!(3)));
    told(&server, "release-hold", json!({"accountId": "acc-1", "holdId": "h"})).await.accepted();
    told(&server, "close-account", sweep).await.accepted();
    place(&server, "i", 1).await.refused(422, "account-closed");
}

async fn an_account_has_a_bounded_number_of_holds(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    let items: Vec<Value> = (0..1000)
        .map(|n| json!({"type": "place-hold", "accountId": "acc-1", "holdId": format!("h-{n}"), "amount": 0.01}))
        .collect();
    for items in items.chunks(250) {
        let answer = told(&server, "batch", json!({"commands": items})).await.expect(200);
        assert_eq!(answer["success"], true, "{answer}");
    }
    let problem = place(&server, "more", 0.01).await.refused(422, "too-many-holds");
    assert_eq!(problem["holds"], 1000);
    let all = server.get("/accounts/acc-1/holds").await;
    assert_eq!((all.json().as_array().unwrap().len(), all.header("Link")), (1000, None));
    let first = server.get("/accounts/acc-1/holds?limit=600").await;
    let (path, _) = first.header("Link").unwrap()[1..].split_once('>').unwrap();
    let last = server.get(path).await;
    assert_eq!(last.header("Link"), None);
    let pages: Vec<Value> =
        [first.json(), last.json()].iter().flat_map(|page| page.as_array().unwrap().clone()).collect();
    assert_eq!(Value::from(pages), all.json());
}

async fn a_hold_command_is_answered_again_under_its_key(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    // Without a name, the hold has the command's.
    let body = json!({"accountId": "acc-1", "amount": 1});
    let first = server.keyed("k-1", "/commands/place-hold", &body).await;
    assert_eq!(first.accepted()["event"]["data"]["holdId"], "k-1");
    let again = server.keyed("k-1", "/commands/place-hold", &body).await;
    assert!(again.is_replayed());
    assert_eq!(again.json(), first.json());
    let capture = json!({"accountId": "acc-1", "holdId": "k-1"});
    let first = server.keyed("k-2", "/commands/capture-hold", &capture).await;
    let again = server.keyed("k-2", "/commands/capture-hold", &capture).await;
    assert_eq!((first.accepted(), again.is_replayed()), (again.accepted(), true));
    // A refusal stays one, whatever happens later.
    let early = json!({"accountId": "acc-1", "holdId": "later"});
    server.keyed("k-3", "/commands/capture-hold", &early).await.refused(404, "hold-not-found");
    place(&server, "later", 1).await.accepted();
    let again = server.keyed("k-3", "/commands/capture-hold", &early).await;
    again.refused(404, "hold-not-found");
    assert!(again.is_replayed());
}
