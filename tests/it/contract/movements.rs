//! Reversals and postings over HTTP.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Reply, cents};
use crate::fold::Fold;
use crate::server::{Kind, Server};

on_both_stores!(
    what_was_moved_goes_back_whole_or_in_part,
    what_can_not_go_back_says_why,
    of_two_clients_that_reverse_one_transfer_one_does,
    a_posting_is_all_or_nothing,
    what_is_wrong_with_a_posting_is_named,
    the_demos_projection_arrives_where_the_ledger_is,
);

async fn reverse(client: &Client, body: Value) -> Reply {
    client.post("/commands/reverse", &body).await
}

async fn what_was_moved_goes_back_whole_or_in_part(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 0).await.accepted();
    let moved = json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 5});
    server.keyed("pay", "/commands/transfer", &moved).await.accepted();
    let part = json!({"sequenceNumber": 3, "amount": "1.50", "reason": "discount"});
    let dry = server.post("/commands/reverse?dryRun=true", &part).await.accepted();
    let answer = reverse(&server, part).await.accepted();
    let expected = json!({
        "fromAccountId": "acc-2", "toAccountId": "acc-1", "amount": 1.5, "description": "discount",
        "reverses": 3, "reversed": 1.5,
    });
    assert_eq!((&dry["event"]["data"], &answer["event"]["data"]), (&expected, &expected));
    assert_eq!(answer["event"]["causationId"], "pay");
    // By the command, and by the event on the other account.
    reverse(&server, json!({"commandId": "pay", "amount": 1})).await.accepted();
    let rest = reverse(&server, json!({"sequenceNumber": 4})).await.accepted();
    assert_eq!(
        (&rest["event"]["data"]["amount"], &rest["event"]["data"]["reversed"]),
        (&json!(2.5), &json!(5))
    );
    let problem = reverse(&server, json!({"commandId": "pay"})).await.refused(409, "already-reversed");
    assert_eq!(
        (&problem["reverses"], &problem["amount"], &problem["reversed"]),
        (&json!(3), &json!(5), &json!(5))
    );
    let log = server.json("/commands/log?limit=2").await;
    assert_eq!((&log[0]["command"], &log[0]["reverses"]), (&json!("REVERSE"), &json!(3)));
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

async fn what_can_not_go_back_says_why(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let paid = server.deposit("acc-1", 5).await.sequence();
    server.withdraw("acc-1", 5).await.accepted();
    reverse(&server, json!({"sequenceNumber": paid})).await.refused(422, "insufficient-funds");
    reverse(&server, json!({"sequenceNumber": 1})).await.refused(422, "not-reversible");
    let problem = reverse(&server, json!({"sequenceNumber": 99})).await.refused(404, "not-found");
    assert_eq!(problem["reverses"], 99);
    reverse(&server, json!({"commandId": "nothing"})).await.refused(404, "command-not-found");
    let too_much = json!({"accountId": "acc-1", "amount": 1});
    server.keyed("refused", "/commands/withdraw", &too_much).await.refused(422, "insufficient-funds");
    reverse(&server, json!({"commandId": "refused"})).await.refused(422, "not-reversible");
    let back = reverse(&server, json!({"sequenceNumber": 3})).await.sequence();
    reverse(&server, json!({"sequenceNumber": back})).await.refused(422, "not-reversible");
    let conditional = server.request(Method::POST, "/commands/reverse").header("If-Match", "\"1\"");
    let reply = server.send(conditional.json(&json!({"sequenceNumber": paid}))).await;
    assert_eq!(reply.refused(400, "invalid-field")["field"], "If-Match");
    // A refusal about nothing that there is is remembered as well.
    let body = json!({"commandId": "later"});
    server.keyed("k", "/commands/reverse", &body).await.refused(404, "command-not-found");
    server.keyed("later", "/commands/deposit", &json!({"accountId": "acc-1", "amount": 1})).await.accepted();
    let again = server.keyed("k", "/commands/reverse", &body).await;
    again.refused(404, "command-not-found");
    assert!(again.is_replayed());
}

async fn of_two_clients_that_reverse_one_transfer_one_does(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    server.create("acc-2", 100).await.accepted();
    for _ in 0..10 {
        let last = server.transfer("acc-1", "acc-2", 10).await.sequence();
        let replies =
            join_all((0..6).map(|n| reverse(&server, json!({"sequenceNumber": last - n % 2})))).await;
        assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
        for reply in replies.iter().filter(|reply| reply.status != 200) {
            reply.refused(409, "already-reversed");
        }
    }
    let fold = Fold::of(&server.log().await);
    assert!(fold.accounts.values().all(|account| account.balance == 10_000));
    fold.assert_is_what_is_read(&server).await;
}

async fn a_posting_is_all_or_nothing(kind: Kind) {
    let server = Server::start(kind).await;
    for account in ["buyer", "seller", "fees"] {
        server.create(account, if account == "buyer" { 100 } else { 0 }).await.accepted();
    }
    let body = json!({
        "postings": [
            {"fromAccountId": "buyer", "toAccountId": "seller", "amount": 90},
            {"fromAccountId": "buyer", "toAccountId": "fees", "amount": 10},
            {"fromAccountId": "seller", "toAccountId": "fees", "amount": "0.50"},
        ],
        "description": "order 7", "currency": "USD",
    });
    let reply = server.keyed("order-7", "/commands/post", &body).await;
    let answer = reply.accepted();
    assert_eq!(answer["events"].as_array().unwrap().len(), 6);
    let balances: Vec<i64> =
        answer["accounts"].as_array().unwrap().iter().map(|account| cents(&account["balance"])).collect();
    assert_eq!(balances, [0, 8950, 1050]);
    assert_eq!(answer["event"]["data"]["description"], "order 7");
    let again = server.keyed("order-7", "/commands/post", &body).await;
    assert_eq!((again.is_replayed(), again.json()), (true, reply.json()));
    let head = server.head().await;
    let too_much = json!({"postings": [
        {"fromAccountId": "seller", "toAccountId": "buyer", "amount": 1},
        {"fromAccountId": "buyer", "toAccountId": "fees", "amount": "1.01"},
    ]});
    server.post("/commands/post", &too_much).await.refused(422, "insufficient-funds");
    assert_eq!(server.head().await, head);
    // All of it goes back by the command's id.
    reverse(&server, json!({"commandId": "order-7"})).await.accepted();
    let fold = Fold::of(&server.log().await);
    assert_eq!(fold.accounts["buyer"].balance, 10_000);
    fold.assert_is_what_is_read(&server).await;
}

async fn what_is_wrong_with_a_posting_is_named(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    server.create("acc-2", 10).await.accepted();
    let leg = |amount: Value| json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": amount});
    for (body, field) in [
        (json!({}), "postings"),
        (json!({"postings": []}), "postings"),
        (json!({"postings": vec![leg(json!(1)); 101]}), "postings"),
        (json!({"postings": [leg(json!(1)), leg(json!(0))]}), "postings[1].amount"),
        (json!({"postings": [leg(json!(1)), leg(json!("0.001"))]}), "postings[1].amount"),
        (json!({"postings": [{"fromAccountId": "acc-1", "amount": 1}]}), "postings[0].toAccountId"),
    ] {
        let problem = server.post("/commands/post", &body).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], field);
    }
    server.post("/commands/post", &json!({"postings": vec![leg(json!("0.01")); 100]})).await.accepted();
    let own = json!({"postings": [{"fromAccountId": "acc-1", "toAccountId": "acc-1", "amount": 1}]});
    server.post("/commands/post", &own).await.refused(422, "same-account");
    let assertion = json!({"postings": [leg(json!(1))], "currency": "EUR"});
    server.post("/commands/post", &assertion).await.refused(422, "currency-mismatch");
}

/// Whatever moves money moves it in the demo's four types.
async fn the_demos_projection_arrives_where_the_ledger_is(kind: Kind) {
    let server = Server::start(kind).await;
    for account in ["a", "b", "c"] {
        server.create(account, 100).await.accepted();
    }
    let commands = json!([
        {"type": "place-hold", "accountId": "a", "holdId": "h", "amount": 30},
        {"type": "capture-hold", "accountId": "a", "holdId": "h", "amount": 20, "toAccountId": "b"},
        {"type": "place-hold", "accountId": "b", "holdId": "h", "amount": 30},
        {"type": "capture-hold", "accountId": "b", "holdId": "h"},
        {"type": "place-hold", "accountId": "c", "holdId": "h", "amount": 30},
        {"type": "release-hold", "accountId": "c", "holdId": "h"},
        {"type": "deposit", "accountId": "a", "amount": "0.10"},
        {"type": "withdraw", "accountId": "b", "amount": "0.20"},
        {"type": "post", "postings": [
            {"fromAccountId": "a", "toAccountId": "b", "amount": 5},
            {"fromAccountId": "b", "toAccountId": "c", "amount": 6},
        ]},
        {"type": "set-limits", "accountId": "c", "overdraftLimit": 10},
        {"type": "freeze-account", "accountId": "c", "scope": "debits"},
        {"type": "unfreeze-account", "accountId": "c"},
        {"type": "close-account", "accountId": "c", "sweepTo": "a"},
    ]);
    let answer = server.post("/commands/batch", &json!({"commands": commands})).await.expect(200);
    assert_eq!(answer["success"], true, "{answer}");
    // Each movement by a client, back again: the capture to outside and the sweep among them.
    for event in server.log().await {
        let moves = ["MONEY_DEPOSITED", "MONEY_WITHDRAWN"].contains(&event["type"].as_str().unwrap());
        if moves {
            reverse(&server, json!({"sequenceNumber": event["sequenceNumber"]})).await.accepted();
        }
    }
    let fold = Fold::of(&server.log().await);
    assert_eq!(fold.total(), 30_000);
    fold.assert_is_what_is_read(&server).await;
}
