//! Projections: how far they are, pausing, resuming, replaying.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Kind, Server, until};

on_both_stores!(
    stats_say_how_far_the_projections_are,
    a_paused_projection_waits_until_it_is_resumed,
    a_replay_can_be_followed_to_its_end,
    a_replay_of_nothing_is_done_as_well,
    what_a_path_does_not_know_is_no_reason_to_do_all,
    a_replay_catches_up_with_what_was_paused,
    one_replay_runs_at_a_time,
);

async fn stats_say_how_far_the_projections_are(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for _ in 0..20 {
        server.deposit("acc-1", 1).await.accepted();
    }
    let stats = until("the projections are at the head", async || {
        let stats = server.json("/stats").await;
        (stats["lastProcessedSequence"] == 21 && stats["lagEvents"] == 0).then_some(stats)
    })
    .await;
    for name in ["totalProcessed", "errors", "lagMs", "headSequence", "eventsPerSecond", "restarts"] {
        assert!(stats[name].is_u64(), "{name} in {stats}");
    }
    assert_eq!((&stats["headSequence"], &stats["errors"]), (&json!(21), &json!(0)));
    let projections = stats["projections"].as_array().unwrap();
    let names: Vec<&Value> = projections.iter().map(|projection| &projection["name"]).collect();
    assert!(names.contains(&&json!("accounts")) && names.contains(&&json!("ledger")), "{names:?}");
    for projection in projections {
        assert_eq!((&projection["state"], &projection["checkpoint"]), (&json!("running"), &json!(21)));
    }
    assert!(stats["actors"].is_object() && stats["journal"].is_object(), "{stats}");
}

async fn tell(client: &Client, projection: &str, what: &str) {
    client.send(client.request(Method::POST, &format!("/projections/{projection}/{what}"))).await.expect(200);
}

async fn state(client: &Client, projection: &str) -> Value {
    let stats = client.json("/stats").await;
    let found = stats["projections"].as_array().unwrap().iter().find(|one| one["name"] == projection);
    found.unwrap()["state"].clone()
}

/// Nobody who asks for what it has not reached gets an old answer for a new one.
async fn a_paused_projection_waits_until_it_is_resumed(kind: Kind) {
    let server = Server::start(kind).await;
    let sequence = server.create("acc-1", 0).await.sequence();
    server.account("acc-1", sequence).await;
    tell(&server, "accounts", "pause").await;
    assert_eq!(state(&server, "accounts").await, "paused");
    assert_eq!(state(&server, "ledger").await, "running");
    let sequence = server.deposit("acc-1", 7).await.sequence();
    let path = format!("/accounts/acc-1?atLeast={sequence}&timeout=200ms");
    server.get(&path).await.refused(503, "not-caught-up");
    let old = server.get("/accounts").await;
    assert_eq!((&old.expect(200)[0]["balance"], old.number("X-Sequence")), (&json!(0), 1));
    // Who was told of the log's end once need not wait for what comes before it.
    let told = server.create("acc-2", 0).await.sequence();
    assert_eq!(server.get("/accounts/acc-2").await.number("X-Sequence"), told);
    assert_eq!(server.json(&path).await["balance"], 7);
    tell(&server, "accounts", "resume").await;
    assert_eq!(server.account("acc-1", sequence).await["balance"], 7);
    assert_eq!(state(&server, "accounts").await, "running");
}

async fn replay(client: &Client) -> String {
    let reply = client.send(client.request(Method::POST, "/replay")).await;
    let answer = reply.expect(202);
    assert_eq!(answer["success"], true);
    let path = format!("/replays/{}", answer["replayId"].as_str().unwrap());
    assert!(reply.header("Location").unwrap().ends_with(&path));
    path
}

async fn done(client: &Client, path: &str) -> Value {
    until("the replay is done", async || {
        let replay = client.json(path).await;
        assert!(replay["done"].as_u64().unwrap() <= replay["total"].as_u64().unwrap(), "{replay}");
        (replay["state"] == "done").then_some(replay)
    })
    .await
}

async fn a_replay_can_be_followed_to_its_end(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for _ in 0..300 {
        server.deposit("acc-1", 1).await.accepted();
    }
    let path = replay(&server).await;
    let end = done(&server, &path).await;
    assert!(end["total"].as_u64().unwrap() >= 301, "{end}");
    assert_eq!(end["done"], end["total"]);
    assert_eq!(server.account("acc-1", 301).await["balance"], 300);
    let again = replay(&server).await;
    assert_ne!(path, again);
    done(&server, &again).await;
}

async fn a_replay_of_nothing_is_done_as_well(kind: Kind) {
    let server = Server::start(kind).await;
    done(&server, &replay(&server).await).await;
    server.create("acc-1", 3).await.accepted();
    assert_eq!(server.account("acc-1", 1).await["balance"], 3);
}

async fn what_a_path_does_not_know_is_no_reason_to_do_all(kind: Kind) {
    let server = Server::start(kind).await;
    for path in ["/replay", "/projections/accounts/pause", "/projections/accounts/resume"] {
        let refused = server.post(path, &json!({"projection": "ledger"})).await.refused(400, "invalid-field");
        assert_eq!(refused["field"], "projection");
        server.post(path, &json!([])).await.refused(400, "invalid-field");
        let text = server.request(Method::POST, path).body("ledger");
        server.send(text).await.refused(415, "unsupported-media-type");
    }
    assert_eq!(state(&server, "accounts").await, "running");
    server.post("/projections/accounts/pause", &json!({})).await.expect(200);
    assert_eq!(state(&server, "accounts").await, "paused");
}

/// Or says that it can't; either way the projection is right once it is resumed.
async fn a_replay_catches_up_with_what_was_paused(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    tell(&server, "accounts", "pause").await;
    let sequence = server.deposit("acc-1", 7).await.sequence();
    server.send(server.request(Method::POST, "/replay")).await;
    tell(&server, "accounts", "resume").await;
    assert_eq!(server.account("acc-1", sequence).await["balance"], 7);
    let sequence = server.deposit("acc-1", 7).await.sequence();
    let account = server.account("acc-1", sequence).await;
    assert_eq!((&account["balance"], &account["transactionCount"]), (&json!(14), &json!(2)));
}

/// The others are told which one.
async fn one_replay_runs_at_a_time(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    join_all((0..2000).map(async |_| server.deposit("acc-1", 1).await.accepted())).await;
    let replies = join_all((0..10).map(|_| server.send(server.request(Method::POST, "/replay")))).await;
    let started: Vec<String> = replies
        .iter()
        .filter(|reply| reply.status == 202)
        .map(|reply| reply.header("Location").unwrap().to_owned())
        .collect();
    let refused = replies.iter().filter(|reply| reply.status != 202);
    let refused: Vec<Value> = refused.map(|reply| reply.refused(409, "replay-running")).collect();
    assert!(!started.is_empty() && !refused.is_empty(), "{} started", started.len());
    for path in started {
        done(&server, &path).await;
    }
    assert_eq!(server.account("acc-1", 2001).await["balance"], 2000);
}
