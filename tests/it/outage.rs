//! Servers that fail: connections lost in the middle of a commit, a log that can't be reached, read models that may lose
//! data, an event that nobody knows.

use std::cell::Cell;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fold::Fold;
use crate::load::{Dice, assert_outcomes, is_long, open_accounts, settle_until};
use crate::proxy::{Cut, Proxy};
use crate::server::{Kind, Server, until};
use crate::stores::{Database, Redis, Stores};

on_servers!(
    an_append_of_unknown_fate_is_settled,
    connections_that_the_server_ends_are_made_again,
    reads_go_on_while_the_log_is_away,
    commands_go_on_while_the_read_models_come_and_go,
    read_models_that_may_lose_data_are_not_ready,
    an_event_that_nobody_knows_is_not_skipped,
);

fn servers(server: &Server) -> (&Database, &Redis) {
    let (database, redis) = server.stores.servers.as_ref().unwrap();
    (database, redis)
}

/// Appends are lost before they arrive, answers on the way back, whole or in half, and appends arrive when they were sent
/// again already; whoever is told to ask again does, with the same key.
async fn an_append_of_unknown_fate_is_settled() {
    let cuts = if is_long() { 500 } else { 20 };
    let mut stores = Stores::new(Kind::Servers).await;
    let database = &mut stores.servers.as_mut().unwrap().0;
    let proxy = Proxy::to(database.address());
    database.lead_by(proxy.address);
    let server = Server::start_on(stores).await;
    open_accounts(&server).await;
    let mut dice = Dice::new();
    let mut chance = dice.split();
    let is_over = Cell::new(false);
    let saboteur = async {
        for _ in 0..cuts {
            // Now and then the append that is sent again is cut as well.
            tokio::time::sleep(Duration::from_millis(100 * chance.below(3))).await;
            proxy.cut_next(Cut::ALL[usize::try_from(chance.below(4)).unwrap()]);
            until("the line is back", async || proxy.is_calm().then_some(())).await;
        }
        is_over.set(true);
        Instant::now()
    };
    let (sent, back) = tokio::join!(settle_until(&server, &mut dice, &is_over), saboteur);
    assert!(back.elapsed() < Duration::from_secs(10), "settled after {:?}", back.elapsed());
    let unknown = server.json("/stats").await["journal"]["unknownOutcomes"].as_u64().unwrap();
    eprintln!("{} commands, {cuts} cuts, {unknown} appends of unknown fate", sent.len());
    assert!(unknown >= cuts && sent.len() as u64 > 3 * cuts);
    assert_outcomes(&server, &sent).await;
}

/// Every connection is ended by the server, in the middle of whatever it is doing.
async fn connections_that_the_server_ends_are_made_again() {
    let server = Server::start(Kind::Servers).await;
    open_accounts(&server).await;
    let mut dice = Dice::new();
    let mut chance = dice.split();
    let is_over = Cell::new(false);
    let saboteur = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(20 + chance.below(80))).await;
            servers(&server).0.cut().await;
        }
        is_over.set(true);
    };
    let (sent, ()) = tokio::join!(settle_until(&server, &mut dice, &is_over), saboteur);
    assert!(sent.len() > 100, "{} commands are no load", sent.len());
    until("the log can be read again", async || server.get("/events").await.status.eq(&200).then_some(()))
        .await;
    assert_outcomes(&server, &sent).await;
}

/// Commands are refused for the time being; nothing has to be started again.
async fn reads_go_on_while_the_log_is_away() {
    let server = Server::start(Kind::Servers).await;
    let sequence = server.create("acc-1", 5).await.sequence();
    server.fresh("/accounts", sequence).await;
    servers(&server).0.open(false).await;
    let deposit = json!({"accountId": "acc-1", "amount": 1});
    let reply = server.keyed("k-1", "/commands/deposit", &deposit).await;
    let code = reply.json()["code"].as_str().unwrap().to_owned();
    assert!(matches!(code.as_str(), "log-unavailable" | "outcome-unknown"), "{}", reply.text);
    assert_eq!(reply.refused(503, &code)["commandId"], "k-1");
    assert_eq!(server.json("/accounts/acc-1").await["balance"], 5);
    assert_eq!(server.json("/accounts").await[0]["balance"], 5);
    assert_eq!(server.get("/readyz").await.status, 503);
    assert_eq!(server.get("/livez").await.status, 200);
    servers(&server).0.open(true).await;
    until("it is ready again", async || (server.get("/readyz").await.status == 200).then_some(())).await;
    until("the command is done", async || {
        (server.keyed("k-1", "/commands/deposit", &deposit).await.status == 200).then_some(())
    })
    .await;
    server.deposit("acc-1", 1).await.accepted();
    assert_eq!(server.account("acc-1", 3).await["balance"], 7);
}

/// Redis dies and comes back empty, again and again.
async fn commands_go_on_while_the_read_models_come_and_go() {
    let server = Server::start(Kind::Servers).await;
    server.create("acc-1", 0).await.accepted();
    for round in 1..=3 {
        servers(&server).1.kill();
        for _ in 0..20 {
            server.deposit("acc-1", 1).await.accepted();
        }
        servers(&server).1.start_empty(server.stores.folder.path());
        server.deposit("acc-1", 1).await.accepted();
        let account = server.fresh("/accounts", 1 + 21 * round).await[0].clone();
        assert_eq!(
            (&account["balance"], &account["transactionCount"]),
            (&json!(21 * round), &json!(21 * round))
        );
    }
    // Emptied, but alive.
    servers(&server).1.tell(&["FLUSHALL"]).await;
    assert_eq!(server.json("/accounts/acc-1").await["balance"], 63);
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

/// An evicting Redis would drop accounts silently.
async fn read_models_that_may_lose_data_are_not_ready() {
    let server = Server::start(Kind::Servers).await;
    for (policy, status) in [("allkeys-lru", 503), ("noeviction", 200), ("volatile-lru", 503)] {
        servers(&server).1.tell(&["CONFIG", "SET", "maxmemory-policy", policy]).await;
        let told = until("readiness follows", async || {
            let reply = server.get("/readyz").await;
            (reply.status == status).then_some(reply.text)
        })
        .await;
        assert_eq!(told.contains(policy), status == 503, "{told}");
        // Commands and feeds do without them.
        for port in [server.ports.commands, server.ports.events] {
            assert_eq!(server.try_get_at(port, "/readyz").await.unwrap().status, 200);
        }
    }
    // It answers, but what happens does not come in; how much that is, is told.
    let redis = &servers(&server).1;
    redis.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
    redis.tell(&["CONFIG", "SET", "maxmemory", "1"]).await;
    server.create("acc-1", 5).await.accepted();
    until("it is told that Redis is full", async || {
        let reply = server.get("/readyz").await;
        (reply.status == 503 && reply.text.contains("Redis is full")).then_some(())
    })
    .await;
    let lag = async || {
        let metrics = server.get("/metrics").await.text;
        let line = metrics.lines().find(|line| line.contains("_lag_events{projection=\"accounts\"}"));
        line.and_then(|line| line.rsplit_once(' ')).map(|(_, lag)| lag.to_owned())
    };
    assert_eq!(lag().await.as_deref(), Some("1"));
    redis.tell(&["CONFIG", "SET", "maxmemory", "0"]).await;
    until("it is ready", async || (server.get("/readyz").await.status == 200).then_some(())).await;
    server.fresh("/accounts", 1).await;
    assert_eq!(lag().await.as_deref(), Some("0"));
}

async fn projection(client: &Client) -> Value {
    let stats = client.json("/stats").await;
    stats["projections"].as_array().unwrap().iter().find(|one| one["name"] == "accounts").unwrap().clone()
}

/// It stops its account and the projections, is shown, and everything goes on once it is known.
async fn an_event_that_nobody_knows_is_not_skipped() {
    let mut server = Server::start(Kind::Servers).await;
    server.create("acc-1", 0).await.accepted();
    server.create("acc-2", 0).await.accepted();
    server.fresh("/accounts", 2).await;
    for projection in ["accounts", "ledger"] {
        server
            .send(server.request(Method::POST, &format!("/projections/{projection}/pause")))
            .await
            .expect(200);
    }
    server.deposit("acc-1", 7).await.accepted();
    server.deposit("acc-2", 8).await.accepted();
    server.kill();
    let rename = |from: &str, to: &str| {
        format!(
            "UPDATE bursar.events SET kind = '{to}', body = replace(body, '{from}', '{to}') WHERE sequence = 3"
        )
    };
    servers(&server).0.tamper(&rename("MONEY_DEPOSITED", "MONEY_TELEPORTED")).await;
    server.start_again().await;
    let faulted = until("the projection is faulted", async || {
        let projection = projection(&server).await;
        (projection["state"] == "faulted").then_some(projection)
    })
    .await;
    assert_eq!(faulted["checkpoint"], 2);
    assert!(faulted["lastError"].to_string().contains("MONEY_TELEPORTED"), "{faulted}");
    assert!(server.deposit("acc-1", 1).await.status >= 500, "an account with an unknown event");
    server.deposit("acc-2", 1).await.accepted();
    server.get("/accounts/acc-2?atLeast=5&timeout=300ms").await.refused(503, "not-caught-up");

    servers(&server).0.tamper(&rename("MONEY_TELEPORTED", "MONEY_DEPOSITED")).await;
    for projection in ["accounts", "ledger"] {
        server
            .send(server.request(Method::POST, &format!("/projections/{projection}/resume")))
            .await
            .expect(200);
    }
    server.deposit("acc-1", 1).await.accepted();
    let fold = Fold::of(&server.log().await);
    assert_eq!(fold.total(), 1700);
    fold.assert_is_what_is_read(&server).await;
}
