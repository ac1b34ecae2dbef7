//! A log that goes away under load, in every way that a Postgres can, and one that can only be read: nothing is lost,
//! nobody waits for long, and all goes on by itself.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::task::spawn_blocking;

use crate::client::Client;
use crate::load::{Dice, Sent, assert_outcomes, open_accounts, settle_until};
use crate::postgres::Postgres;
use crate::proxy::Proxy;
use crate::server::{Kind, Server, until};
use crate::stores::Stores;

on_servers!(
    a_log_that_goes_away_under_load_comes_back,
    a_log_whose_packets_vanish_under_load_comes_back,
    a_log_that_can_only_be_read_is_not_ready,
    a_log_to_which_nothing_can_be_appended_is_not_ready,
    a_standby_takes_over_when_it_is_promoted,
);

/// How soon commands are done again.
const GOES_ON_WITHIN: Duration = Duration::from_secs(2);

/// How soon whoever asks is told that it is away.
const TURNED_AWAY_WITHIN: Duration = Duration::from_secs(3);
/// How long one of them is waited for.
const PROBE_FOR: Duration = Duration::from_millis(500);

const GOING_AWAY: [fn(&Postgres); 3] =
    [|postgres| postgres.stop("fast"), |postgres| postgres.stop("immediate"), Postgres::kill];

/// The server is to be dropped first.
async fn with_own_postgres() -> (Arc<Postgres>, Server) {
    let postgres = Arc::new(spawn_blocking(Postgres::start).await.unwrap());
    let server = Server::start_on(Stores::on(&postgres.url()).await).await;
    (postgres, server)
}

/// Stopped in both ways, and killed. Who asks meanwhile is turned away soon, and the first to ask afterwards is not.
async fn a_log_that_goes_away_under_load_comes_back() {
    let (postgres, server) = with_own_postgres().await;
    open_accounts(&server).await;
    let mut dice = Dice::new();
    let mut chance = dice.split();
    let is_over = Cell::new(false);
    let saboteur = async {
        let mut probes: Vec<Sent> = Vec::new();
        for go_away in GOING_AWAY {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let gone = Arc::clone(&postgres);
            spawn_blocking(move || go_away(&gone)).await.unwrap();
            let away = Instant::now();
            probe_until_turned_away(&server, &mut chance, &mut probes).await;
            assert!(away.elapsed() < TURNED_AWAY_WITHIN, "turned away after {:?}", away.elapsed());
            let returning = Arc::clone(&postgres);
            spawn_blocking(move || returning.start_again()).await.unwrap();
            let back = Instant::now();
            probes.last_mut().unwrap().settle(&server).await;
            assert!(back.elapsed() < GOES_ON_WITHIN, "done after {:?}", back.elapsed());
        }
        is_over.set(true);
        join_all(probes.iter_mut().map(|probe| probe.settle(&server))).await;
        probes
    };
    let (mut sent, probes) = tokio::join!(settle_until(&server, &mut dice, &is_over), saboteur);
    sent.extend(probes);
    assert!(sent.len() > 100, "{} commands are no load", sent.len());
    assert_outcomes(&server, &sent).await;
}

/// One that was under way when the log went is not told that it was not done; the next one is.
async fn probe_until_turned_away(client: &Client, chance: &mut Dice, probes: &mut Vec<Sent>) {
    loop {
        let probe = Sent::any(chance, format!("probe-{}", probes.len()));
        let reply = tokio::time::timeout(PROBE_FOR, probe.try_send(client)).await;
        probes.push(probe);
        if reply.is_ok_and(|reply| reply.unwrap().json()["code"] == "log-unavailable") {
            return;
        }
    }
}

/// The line swallows everything, without a word to either side: for a moment, for less than an append may take, for
/// longer than that. Connections that were there are lost for good; new ones are carried again.
async fn a_log_whose_packets_vanish_under_load_comes_back() {
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
        let mut probes: Vec<Sent> = Vec::new();
        for lasts in [100, 1000, 6000 + chance.below(1000)].map(Duration::from_millis) {
            tokio::time::sleep(Duration::from_millis(200)).await;
            proxy.swallow(true);
            let away = Instant::now();
            if lasts > TURNED_AWAY_WITHIN {
                probe_until_turned_away(&server, &mut chance, &mut probes).await;
                assert!(away.elapsed() < TURNED_AWAY_WITHIN, "turned away after {:?}", away.elapsed());
                let reads = server.get("/events/acc-1").await;
                assert_eq!(reads.status, 503, "{}", reads.text);
                assert!(server.get("/readyz").await.status == 503);
            }
            tokio::time::sleep(lasts.saturating_sub(away.elapsed())).await;
            proxy.swallow(false);
            let back = Instant::now();
            let mut first = Sent::any(&mut chance, format!("first-{}", probes.len()));
            first.settle(&server).await;
            eprintln!("away for {lasts:?}, done {:?} later", back.elapsed());
            assert!(back.elapsed() < GOES_ON_WITHIN, "done after {:?}", back.elapsed());
            probes.push(first);
        }
        is_over.set(true);
        join_all(probes.iter_mut().map(|probe| probe.settle(&server))).await;
        probes
    };
    let (mut sent, probes) = tokio::join!(settle_until(&server, &mut dice, &is_over), saboteur);
    sent.extend(probes);
    assert!(sent.len() > 100, "{} commands are no load", sent.len());
    assert_outcomes(&server, &sent).await;
}

/// Commands are refused and reads go on; an operator's word, or that of a provider whose disk is nearly full, is heard.
async fn a_log_that_can_only_be_read_is_not_ready() {
    let server = Server::start(Kind::Servers).await;
    let (database, _) = server.stores.servers.as_ref().unwrap();
    let sequence = server.create("acc-1", 5).await.sequence();
    server.fresh("/accounts", sequence).await;
    database.make_read_only(true).await;
    assert_only_reads(&server).await;
    database.make_read_only(false).await;
    assert_goes_on(&server).await;
}

/// By somebody's session, say: that it can be read says nothing.
async fn a_log_to_which_nothing_can_be_appended_is_not_ready() {
    let server = Server::start(Kind::Servers).await;
    let sequence = server.create("acc-1", 5).await.sequence();
    server.fresh("/accounts", sequence).await;
    let (database, _) = server.stores.servers.as_ref().unwrap();
    let lock = database.lock_head().await;
    assert_eq!(server.deposit("acc-1", 1).await.status, 503);
    let at = server.ports.commands;
    assert_eq!(server.try_get_at(at, "/readyz").await.unwrap().status, 503);
    drop(lock);
    assert_goes_on(&server).await;
}

/// The primary becomes a standby and a primary again, as in a failover.
async fn a_standby_takes_over_when_it_is_promoted() {
    let (postgres, server) = with_own_postgres().await;
    let sequence = server.create("acc-1", 5).await.sequence();
    server.fresh("/accounts", sequence).await;
    let demoted = Arc::clone(&postgres);
    spawn_blocking(move || {
        demoted.stop("fast");
        demoted.demote();
        demoted.start_again();
    })
    .await
    .unwrap();
    assert_only_reads(&server).await;
    let promoted = Arc::clone(&postgres);
    spawn_blocking(move || promoted.promote()).await.unwrap();
    assert_goes_on(&server).await;
}

async fn assert_only_reads(server: &Server) {
    until("it is not ready", async || (server.get("/readyz").await.status == 503).then_some(())).await;
    let deposit = json!({"accountId": "acc-1", "amount": 1});
    server.keyed("k-1", "/commands/deposit", &deposit).await.refused(503, "log-unavailable");
    assert_eq!(server.json("/accounts/acc-1").await["balance"], 5);
    assert_eq!(server.json("/events").await.as_array().unwrap().len(), 1);
    assert_eq!(server.get("/readyz").await.status, 503);
}

async fn assert_goes_on(server: &Server) {
    until("it is ready", async || (server.get("/readyz").await.status == 200).then_some(())).await;
    let deposit = json!({"accountId": "acc-1", "amount": 1});
    server.keyed("k-1", "/commands/deposit", &deposit).await.accepted();
    assert_eq!(server.account("acc-1", 2).await["balance"], 6);
}
