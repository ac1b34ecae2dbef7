//! The defects of the reference demo, each shown to be impossible here.

use std::collections::BTreeMap;
use std::rc::Rc;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Reply, cents};
use crate::fold::Fold;
use crate::server::{Kind, Server, until};

on_both_stores!(
    no_event_is_applied_twice,
    no_update_is_lost_among_concurrent_deposits,
    no_event_is_skipped_when_the_read_model_is_lost,
    an_overdraft_is_refused_however_old_the_read_model_is,
    money_does_not_go_to_accounts_that_do_not_exist,
    an_account_is_created_once,
    a_transfer_stands_in_both_accounts_streams,
    no_event_commits_behind_a_reader,
    a_replay_is_not_seen_by_readers,
    money_is_exact,
    a_long_list_comes_in_pages,
    the_page_waits_for_events_and_can_transfer,
);

/// Live events, a replay and a restart all want to apply the same ones.
async fn no_event_is_applied_twice(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for round in 0..3 {
        let replay = server.send(server.request(Method::POST, "/replay")).await.expect(202);
        join_all((0..50).map(|_| server.deposit("acc-1", 1))).await.iter().for_each(|reply| {
            reply.accepted();
        });
        if round == 1 {
            server.kill();
            server.start_again().await;
        } else {
            until("the replay is done", async || {
                let state = server.json(&format!("/replays/{}", replay["replayId"].as_str().unwrap())).await;
                (state["state"] == "done").then_some(())
            })
            .await;
        }
    }
    let account = server.account("acc-1", 151).await;
    assert_eq!((&account["balance"], &account["transactionCount"]), (&json!(150), &json!(150)));
}

/// The demo read a balance, changed it and wrote it back.
async fn no_update_is_lost_among_concurrent_deposits(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    let replies = join_all((0..200).map(|_| server.deposit("acc-1", "0.01"))).await;
    let mut balances: Vec<i64> =
        replies.iter().map(|reply| cents(&reply.accepted()["account"]["balance"])).collect();
    balances.sort_unstable();
    assert_eq!(balances, (1..=200).collect::<Vec<_>>(), "each deposit saw another balance");
    let account = server.account("acc-1", 201).await;
    assert_eq!((&account["balance"], &account["transactionCount"]), (&json!(2), &json!(200)));
}

/// Commands go on without it; it comes back whole from the log.
async fn no_event_is_skipped_when_the_read_model_is_lost(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    server.deposit("acc-1", 5).await.accepted();
    match &Rc::clone(&server.stores).servers {
        Some((_, redis)) => {
            redis.kill();
            server.deposit("acc-1", 6).await.accepted();
            let account = server.json("/accounts/acc-1").await;
            assert_eq!(account["balance"], 11, "one account comes from the log meanwhile");
            server.get("/accounts").await.refused(503, "views-unavailable");
            server.get("/ledger").await.refused(503, "views-unavailable");
            redis.start_empty(server.stores.folder.path());
        }
        None => {
            server.kill();
            let data = std::fs::read_dir(server.data()).unwrap();
            let files = data.map(|entry| entry.unwrap().path());
            let views = files.filter(|path| path.file_name().unwrap().to_string_lossy().contains("views"));
            assert!(
                views.map(|path| std::fs::remove_file(path).unwrap()).count() > 0,
                "no file of the views"
            );
            server.start_again().await;
            server.deposit("acc-1", 6).await.accepted();
        }
    }
    server.deposit("acc-1", 7).await.accepted();
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
    let account = server.account("acc-1", 4).await;
    assert_eq!((&account["balance"], &account["transactionCount"]), (&json!(18), &json!(3)));
}

/// The demo asked the read model, which lagged.
async fn an_overdraft_is_refused_however_old_the_read_model_is(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    server.account("acc-1", 1).await;
    for projection in projections(&server).await {
        server
            .send(server.request(Method::POST, &format!("/projections/{projection}/pause")))
            .await
            .expect(200);
    }
    server.withdraw("acc-1", 100).await.accepted();
    assert_eq!(server.withdraw("acc-1", 1).await.refused(422, "insufficient-funds")["available"], 0);
    // All at once as well: exactly as many as there is money for.
    server.deposit("acc-1", 10).await.accepted();
    let replies = join_all((0..40).map(|_| server.withdraw("acc-1", 1))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 10);
    let refused = replies.iter().filter(|reply| reply.status != 200);
    refused.for_each(|reply| assert_eq!(reply.refused(422, "insufficient-funds")["available"], 0));
}

async fn projections(client: &Client) -> Vec<String> {
    let stats = client.json("/stats").await;
    let projections = stats["projections"].as_array().unwrap();
    projections.iter().map(|projection| projection["name"].as_str().unwrap().to_owned()).collect()
}

/// The demo accepted such deposits and transfers, and the money was gone.
async fn money_does_not_go_to_accounts_that_do_not_exist(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    server.deposit("nobody", 1).await.refused(404, "account-not-found");
    server.withdraw("nobody", 1).await.refused(404, "account-not-found");
    server.transfer("acc-1", "nobody", 1).await.refused(404, "account-not-found");
    server.transfer("nobody", "acc-1", 1).await.refused(404, "account-not-found");
    assert_eq!(server.head().await, 1);
    assert_eq!(server.account("acc-1", 1).await["balance"], 100);
}

/// Also when many try at once.
async fn an_account_is_created_once(kind: Kind) {
    let server = Server::start(kind).await;
    let replies = join_all((0..20).map(|balance| server.create("acc-1", balance))).await;
    let winners: Vec<Value> =
        replies.iter().filter(|reply| reply.status == 201).map(|reply| reply.json()).collect();
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status != 201).collect();
    assert_eq!(refused.len(), 19);
    for reply in refused {
        reply.refused(409, "account-exists");
    }
    let account = server.account("acc-1", 1).await;
    assert_eq!(winners.len(), 1);
    assert_eq!(account["balance"], winners[0]["event"]["data"]["initialBalance"]);
    server.create("acc-1", 5).await.refused(409, "account-exists");
    assert_eq!(server.head().await, 1);
}

/// In one commit, next to each other in the log.
async fn a_transfer_stands_in_both_accounts_streams(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("from", 100).await.accepted();
    server.create("to", 0).await.accepted();
    let answer = server.transfer("from", "to", 30).await.accepted();
    assert_eq!(answer["event"]["sequenceNumber"], 3);
    assert_eq!(answer["sequence"], 4);
    let from = server.json("/events/from").await;
    let to = server.json("/events/to").await;
    assert_eq!((&from[1]["type"], &from[1]["sequenceNumber"]), (&json!("MONEY_TRANSFERRED"), &json!(3)));
    assert_eq!((&to[1]["type"], &to[1]["sequenceNumber"]), (&json!("TRANSFER_RECEIVED"), &json!(4)));
    let data = json!({"fromAccountId": "from", "toAccountId": "to", "amount": 30});
    assert_eq!((&from[1]["data"], &to[1]["data"]), (&data, &data));
    assert_eq!(from[1]["commandId"], to[1]["commandId"]);
    assert_eq!(answer["events"], json!([from[1], to[1]]));
    let balances = |account: &Value| account["balance"].clone();
    let accounts: Vec<Value> = answer["accounts"].as_array().unwrap().iter().map(balances).collect();
    assert_eq!(accounts, [json!(70), json!(30)]);
}

/// Sixteen writers, and a reader who asks again and again for what follows.
async fn no_event_commits_behind_a_reader(kind: Kind) {
    const WRITERS: usize = 16;
    const DEPOSITS: usize = 40;
    let server = Server::start(kind).await;
    let writers = join_all((0..WRITERS).map(async |writer| {
        let account = format!("acc-{writer}");
        server.create(&account, 0).await.accepted();
        for _ in 0..DEPOSITS {
            server.deposit(&account, 1).await.accepted();
        }
    }));
    let reader = async {
        let mut fold = Fold::default();
        while fold.last < (WRITERS * (DEPOSITS + 1)) as u64 {
            let page = server.json(&format!("/events?fromSequence={}&limit=50", fold.last)).await;
            // The fold fails on a gap; a late event would be one that is never seen.
            page.as_array().unwrap().iter().for_each(|event| assert!(fold.apply(event)));
        }
        fold
    };
    let (_, fold) = tokio::join!(writers, reader);
    assert_eq!(fold.total(), (WRITERS * DEPOSITS * 100) as i64);
    let versions = server.json("/events/acc-3").await;
    let versions: Vec<u64> =
        versions.as_array().unwrap().iter().map(|event| event["version"].as_u64().unwrap()).collect();
    assert_eq!(versions, (1..=DEPOSITS as u64 + 1).collect::<Vec<_>>());
}

/// Deposits only: whatever a reader sees may never shrink, during five replays under load.
async fn a_replay_is_not_seen_by_readers(kind: Kind) {
    const ACCOUNTS: usize = 20;
    let server = Server::start(kind).await;
    join_all((0..ACCOUNTS).map(async |account| server.create(&format!("acc-{account}"), 1).await.accepted()))
        .await;
    join_all((0..500).map(async |n| server.deposit(&format!("acc-{}", n % ACCOUNTS), 1).await.accepted()))
        .await;
    server.fresh("/ledger", (ACCOUNTS + 500) as u64).await;
    server.fresh("/accounts", (ACCOUNTS + 500) as u64).await;
    let over = std::cell::Cell::new(false);
    let replays = async {
        for _ in 0..5 {
            let replay = server.send(server.request(Method::POST, "/replay")).await.expect(202);
            let path = format!("/replays/{}", replay["replayId"].as_str().unwrap());
            until("the replay is done", async || (server.json(&path).await["state"] == "done").then_some(()))
                .await;
        }
        over.set(true);
    };
    let writer = async {
        let mut n = 0;
        while !over.get() {
            n += 1;
            server.deposit(&format!("acc-{}", n % ACCOUNTS), 1).await.accepted();
        }
    };
    let reader = async {
        let (mut total, mut one, mut sums, mut reached) = (0, 0, 0, 0);
        while !over.get() {
            let list = server.get("/accounts").await;
            let accounts = list.expect(200);
            let accounts = accounts.as_array().unwrap();
            assert_eq!(accounts.len(), ACCOUNTS, "never partial");
            assert_eq!(list.number("X-Total-Count"), ACCOUNTS as u64);
            let now: i64 = accounts.iter().map(|account| cents(&account["balance"])).sum();
            assert!(now >= total && list.number("X-Sequence") >= reached, "never backward");
            (total, reached) = (now, list.number("X-Sequence"));
            let now = cents(&server.json("/accounts/acc-1").await["balance"]);
            assert!(now >= one, "never backward");
            one = now;
            let ledger = server.json("/ledger").await;
            assert_eq!((&ledger[0]["accounts"], &ledger[0]["agrees"]), (&json!(ACCOUNTS), &json!(true)));
            assert!(cents(&ledger[0]["balances"]) >= sums, "never backward");
            sums = cents(&ledger[0]["balances"]);
        }
    };
    tokio::join!(replays, writer, reader);
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

/// No cent appears or disappears, and answers say it as JavaScript does.
async fn money_is_exact(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0.1).await.accepted();
    let reply = server.deposit("acc-1", 0.2).await;
    reply.accepted();
    assert!(reply.text.contains(r#""balance":0.3,"#), "{}", reply.text);
    for _ in 0..100 {
        server.deposit("acc-1", 0.01).await.accepted();
    }
    let reply = server.get("/accounts/acc-1?atLeast=102").await;
    assert!(reply.text.contains(r#""balance":1.3,"#), "{}", reply.text);
    server.withdraw("acc-1", "1.30").await.accepted();
    let reply = server.withdraw("acc-1", 0.01).await;
    assert_eq!(reply.refused(422, "insufficient-funds")["balance"], 0);
    server.create("big", "9999999999999.98").await.accepted();
    let reply = server.deposit("big", 0.01).await;
    assert!(reply.text.contains(r#""balance":9999999999999.99,"#), "{}", reply.text);
}

/// The demo asked Redis for `KEYS *` and got everything at once.
async fn a_long_list_comes_in_pages(kind: Kind) {
    let server = Server::start(kind).await;
    join_all((0..300).map(async |n| server.create(&format!("acc-{n:03}"), n).await.accepted())).await;
    server.fresh("/accounts", 300).await;
    let first = server.get("/accounts").await;
    assert_eq!((first.json().as_array().unwrap().len(), first.number("X-Total-Count")), (100, 300));
    let all = server.pages("/accounts").await;
    let ids: Vec<&str> = all.iter().map(|account| account["accountId"].as_str().unwrap()).collect();
    assert_eq!(ids, (0..300).map(|n| format!("acc-{n:03}")).collect::<Vec<_>>());
    if let Some((_, redis)) = &server.stores.servers {
        let commands = redis.tell(&["INFO", "commandstats"]).await;
        assert!(commands.contains("cmdstat_eval") && !commands.contains("cmdstat_keys"), "{commands}");
    }
}

/// The demo's page had no form for transfers and read the whole log every two seconds.
async fn the_page_waits_for_events_and_can_transfer(kind: Kind) {
    let server = Server::start(kind).await;
    let page = server.get("/").await;
    assert_eq!(page.status, 200);
    assert!(page.header("Content-Type").unwrap().starts_with("text/html"));
    // Every module that the page is made of.
    let mut modules: BTreeMap<String, String> = BTreeMap::new();
    let mut sources: Vec<String> = page.text.split("src=\"").skip(1).map(before_quote).collect();
    while let Some(path) = sources.pop() {
        if modules.contains_key(&path) {
            continue;
        }
        let script = server.get(&path).await;
        assert_eq!(script.status, 200, "{path}");
        let imports = script.text.split(" from \"").skip(1).map(before_quote);
        sources
            .extend(imports.filter(|import| import.starts_with('.')).map(|import| resolve(&path, &import)));
        modules.insert(path, script.text);
    }
    let scripts: String = modules.into_values().collect();
    assert!(scripts.contains("new WebSocket("), "no live feed");
    assert!(!scripts.contains("/events/all/stream"), "reads the whole log");
    // A form for each command of the contract.
    assert!(scripts.contains("/openapi.json"), "no forms");
    assert!(server.json("/openapi.json").await["paths"]["/commands/transfer"]["post"].is_object());
}

/// A relative path, seen from a module.
fn resolve(module: &str, import: &str) -> String {
    let mut parts: Vec<&str> = module.split('/').collect();
    parts.pop();
    for part in import.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}

fn before_quote(text: &str) -> String {
    text.split('"').next().unwrap_or_default().to_owned()
}
