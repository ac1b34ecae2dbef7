//! Servers that fail: connections lost in the middle of a commit, a log that can't be reached, read models that may lose
//! data, an event that nobody knows.

use std::cell::Cell;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::fold::Fold;
use crate::load::{Dice, Sent, assert_outcomes, open_accounts};
use crate::server::{Kind, Server, until};
use crate::stores::{Database, Redis};

on_servers!(
    a_commit_whose_answer_is_lost_is_settled,
    reads_go_on_while_the_log_is_away,
    commands_go_on_while_the_read_models_come_and_go,
    read_models_that_may_lose_data_are_not_ready,
    an_event_that_nobody_knows_is_not_skipped,
);

fn servers(server: &Server) -> (&Database, &Redis) {
    let (database, redis) = server.stores.servers.as_ref().unwrap();
    (database, redis)
}

/// Every connection to the log is cut, thirty times, under load; who is told to ask again does, with the same key.
async fn a_commit_whose_answer_is_lost_is_settled() {
    let server = Server::start(Kind::Servers).await;
    open_accounts(&server).await;
    let mut dice = Dice::new();
    let is_over = Cell::new(false);
    let workers: Vec<Dice> = (0..16).map(|_| dice.split()).collect();
    let load = join_all(workers.into_iter().enumerate().map(async |(worker, mut dice)| {
        let mut sent = Vec::new();
        while !is_over.get() {
            let mut command = Sent::any(&mut dice, format!("{worker}-{}", sent.len()));
            command.settle(&server).await;
            sent.push(command);
        }
        sent
    }));
    let saboteur = async {
        for _ in 0..30 {
            tokio::time::sleep(Duration::from_millis(20 + dice.below(80))).await;
            servers(&server).0.cut().await;
        }
        is_over.set(true);
    };
    let (sent, ()) = tokio::join!(load, saboteur);
    let sent: Vec<Sent> = sent.into_iter().flatten().collect();
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
    }
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
