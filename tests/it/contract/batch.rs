//! Batches over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::fold::Fold;
use crate::server::{Kind, Server};

on_both_stores!(
    each_item_has_its_own_result_in_order,
    a_batch_whose_answer_would_be_huge_is_refused,
    a_batch_is_sent_again_under_its_key,
    a_dry_run_of_a_batch_goes_on_from_item_to_item,
    what_is_wrong_with_a_batch_is_named,
);

fn statuses(answer: &Value) -> Vec<u64> {
    answer["results"].as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect()
}

async fn each_item_has_its_own_result_in_order(kind: Kind) {
    let server = Server::start(kind).await;
    let commands = json!([
        {"type": "create-account", "accountId": "acc-1"},
        {"type": "create-account", "accountId": "acc-2"},
        {"type": "withdraw", "accountId": "acc-1", "amount": 1},
        {"type": "deposit", "accountId": "acc-1", "amount": 1, "commandId": "own"},
        {"type": "transfer", "fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 1},
        {"type": "deposit", "accountId": "acc-1", "amount": "much"},
        {"type": "print-money", "accountId": "acc-1"},
        {"type": "reverse", "commandId": "own", "idempotencyKey": "back"},
        {"type": "withdraw", "accountId": "acc-2", "amount": 1},
    ]);
    let answer = server.post("/commands/batch", &json!({"commands": commands})).await.expect(200);
    assert_eq!(statuses(&answer), [201, 201, 422, 200, 200, 400, 400, 422, 200]);
    assert_eq!(answer["success"], false);
    let results = answer["results"].as_array().unwrap();
    assert_eq!((&results[2]["code"], &results[2]["available"]), (&json!("insufficient-funds"), &json!(0)));
    assert_eq!((&results[3]["commandId"], &results[3]["account"]["balance"]), (&json!("own"), &json!(1)));
    assert_eq!((&results[5]["field"], &results[6]["field"]), (&json!("amount"), &json!("type")));
    assert_eq!(
        (&results[7]["commandId"], &results[7]["code"]),
        (&json!("back"), &json!("insufficient-funds"))
    );
    let fold = Fold::of(&server.log().await);
    assert!(fold.accounts.values().all(|account| account.balance == 0));
    fold.assert_is_what_is_read(&server).await;
}

/// A few bytes for a leg are two events in the answer, each with what the client wrote for the whole.
async fn a_batch_whose_answer_would_be_huge_is_refused(kind: Kind) {
    let server = Server::start(kind).await;
    let legs = vec![json!({"fromAccountId": "a", "toAccountId": "b", "amount": 1}); 100];
    let post = json!({"type": "post", "postings": legs});
    let mut large = post.clone();
    large["metadata"] = json!({"m": "x".repeat(4000)});
    for (post, count) in [(post, 120), (large, 20)] {
        let refused = server.post("/commands/batch", &json!({"commands": vec![&post; count]})).await;
        assert_eq!(refused.refused(413, "payload-too-large")["limit"], 16 * 1024 * 1024);
        let few = server.post("/commands/batch", &json!({"commands": [post]})).await.expect(200);
        assert_eq!(statuses(&few), [404]);
    }
}

async fn a_batch_is_sent_again_under_its_key(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let commands = |amount: u32| {
        json!({"commands": [
            {"type": "deposit", "accountId": "acc-1", "amount": amount},
            {"type": "deposit", "accountId": "nobody", "amount": 1},
            {"type": "deposit", "accountId": "acc-1", "amount": 1},
        ]})
    };
    let first = server.keyed("b", "/commands/batch", &commands(5)).await;
    assert_eq!(first.header("Idempotent-Replayed"), None);
    let first = first.expect(200);
    assert_eq!((statuses(&first), &first["commandId"]), (vec![200, 404, 200], &json!("b")));
    let again = server.keyed("b", "/commands/batch", &commands(5)).await;
    assert_eq!(again.header("Idempotent-Replayed"), Some("true"));
    let again = again.expect(200);
    for (first, again) in
        first["results"].as_array().unwrap().iter().zip(again["results"].as_array().unwrap())
    {
        let mut expected = first.clone();
        expected["idempotentReplayed"] = json!(true);
        assert_eq!(*again, expected);
    }
    // The key stands for the whole: a batch that differs anywhere is another one.
    let other = server.keyed("b", "/commands/batch", &commands(6)).await.expect(200);
    assert_eq!(statuses(&other), [422, 422, 422]);
    assert_eq!(other["results"][2]["code"], "idempotency-key-reused");
    // Also where it begins otherwise or goes on, in form or not: nothing of it is done.
    let sent = commands(5)["commands"].as_array().unwrap().clone();
    let one = || json!({"type": "deposit", "accountId": "acc-1", "amount": 1});
    for other in [
        [sent.clone(), vec![one()]].concat(),
        [vec![one()], sent.clone()].concat(),
        [vec![json!(7), one(), one(), one(), one()], sent].concat(),
    ] {
        let keyless = other.iter().filter(|item| item.is_object()).count();
        let other = server.keyed("b", "/commands/batch", &json!({"commands": other})).await.expect(200);
        let refused = statuses(&other).into_iter().filter(|status| *status == 422).count();
        assert_eq!(refused, keyless, "{other}");
    }
    // An item with a key of its own is no part of that.
    let own = json!({"commands": [one(), {"type": "deposit", "accountId": "acc-1", "amount": 1, "commandId": "own"}]});
    let other = server.keyed("b", "/commands/batch", &own).await.expect(200);
    assert_eq!(statuses(&other), [422, 200]);
    assert_eq!(Fold::of(&server.log().await).accounts["acc-1"].balance, 700);
    // What left nothing in the log tells nothing; whatever else did, does.
    let formless = json!({"type": "deposit", "accountId": "acc-1", "amount": "0.001"});
    let begun =
        server.keyed("c", "/commands/batch", &json!({"commands": [formless, one()]})).await.expect(200);
    assert_eq!(statuses(&begun), [400, 200]);
    let spelled = r#"{"commands":[{"amount" : "0.001","type":"deposit","accountId":"acc-1"},
        {"type":"deposit","accountId":"acc-1","amount":"1.00"}]}"#;
    let request = server.request(Method::POST, "/commands/batch").header("Idempotency-Key", "c");
    let request = request.header("Content-Type", "application/json").body(spelled);
    assert_eq!(statuses(&server.send(request).await.expect(200)), [400, 200]);
    let longer = json!({"commands": [formless, one(), one()]});
    for path in ["/commands/batch?dryRun=true", "/commands/batch"] {
        assert_eq!(statuses(&server.keyed("c", path, &longer).await.expect(200)), [422, 422, 422], "{path}");
    }
    assert_eq!(Fold::of(&server.log().await).accounts["acc-1"].balance, 800);
}

async fn a_dry_run_of_a_batch_goes_on_from_item_to_item(kind: Kind) {
    let server = Server::start(kind).await;
    let commands = json!({"commands": [
        {"type": "create-account", "accountId": "acc-1", "initialBalance": 5},
        {"type": "place-hold", "accountId": "acc-1", "holdId": "h", "amount": 4},
        {"type": "withdraw", "accountId": "acc-1", "amount": 2},
        {"type": "release-hold", "accountId": "acc-1", "holdId": "h"},
        {"type": "release-hold", "accountId": "acc-1", "holdId": "h"},
        {"type": "withdraw", "accountId": "acc-1", "amount": 5},
    ]});
    let dry = server.post("/commands/batch?dryRun=true", &commands).await.expect(200);
    assert_eq!(statuses(&dry), [200, 200, 422, 200, 409, 200]);
    assert_eq!((&dry["dryRun"], &dry["results"][5]["account"]["balance"]), (&json!(true), &json!(0)));
    assert_eq!(server.head().await, 0);
    let real = server.post("/commands/batch", &commands).await.expect(200);
    assert_eq!(statuses(&real), [201, 200, 422, 200, 409, 200]);
}

async fn what_is_wrong_with_a_batch_is_named(kind: Kind) {
    let server = Server::start(kind).await;
    let item = || json!({"type": "create-account", "accountId": "acc-1"});
    for (body, field) in [
        (json!({}), "commands"),
        (json!({"commands": []}), "commands"),
        (json!({"commands": 7}), "commands"),
        (json!({"commands": vec![item(); 1001]}), "commands"),
        (json!({"commands": [item()], "comands": []}), "comands"),
    ] {
        assert_eq!(server.post("/commands/batch", &body).await.refused(400, "invalid-field")["field"], field);
    }
    let conditional = server.request(Method::POST, "/commands/batch").header("If-Match", "\"1\"");
    let reply = server.send(conditional.json(&json!({"commands": [item()]}))).await;
    assert_eq!(reply.refused(400, "invalid-field")["field"], "If-Match");
    let answer = server.post("/commands/batch", &json!({"commands": [7, {}]})).await.expect(200);
    assert_eq!(statuses(&answer), [400, 400]);
    let long = format!(r#"{{"commands":[{{"type":"deposit","description":"{}"}}]}}"#, "x".repeat(5 << 20));
    let reply = server.post_text("/commands/batch", &long).await;
    assert_eq!(reply.refused(413, "payload-too-large")["limit"], 4 << 20);
    assert_eq!(server.head().await, 0);
}
