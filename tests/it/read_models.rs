//! Read models that are lost, go back or may be thrown away, under load: commands go on, what is read is what the log says
//! at the sequence that is told with it, and in the end everything is there.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Client, cents};
use crate::fold::{Fold, Folded};
use crate::load::{Dice, Sent, assert_outcomes, grace, is_long, open_accounts};
use crate::server::{Kind, Server, breathe, until};
use crate::stores::Redis;
use crate::wire::{self, Wire, median, p99};

on_servers!(
    what_is_read_is_true_while_redis_is_lost_and_goes_back,
    what_may_be_thrown_away_is_not_read,
    read_models_that_went_back_while_nobody_wrote_are_noticed,
    commands_hardly_notice_what_becomes_of_redis,
);

const WRITERS: usize = 4;
const READERS: usize = 4;

fn redis(server: &Server) -> &Redis {
    &server.stores.servers.as_ref().unwrap().1
}

/// What a reader was told.
struct Told {
    sequence: u64,
    /// All accounts, or one of them.
    accounts: BTreeMap<String, Folded>,
    is_all: bool,
}

/// Reads accounts, alone and all together, while something happens; what was told in the end.
struct Readers {
    is_over: Cell<bool>,
    told: RefCell<Vec<Told>>,
    /// Lists that were put off.
    put_off: Cell<u32>,
}

impl Readers {
    fn new() -> Self {
        Self { is_over: Cell::new(false), told: RefCell::default(), put_off: Cell::new(0) }
    }

    async fn read(&self, client: &Client, mut dice: Dice) {
        let (mut one, mut all) = (0, 0);
        while !self.is_over.get() {
            let reply = client.get(&format!("/accounts/acc-{}", dice.below(10))).await;
            // The log knows what the read models don't: never "no such account", never "later".
            assert_eq!(reply.status, 200, "{}", reply.text);
            self.note(&mut one, reply.number("X-Sequence"), &[reply.json()], false);

            let sort = ["accountId", "balance"][usize::try_from(dice.below(2)).unwrap()];
            let reply = client.get(&format!("/accounts?limit=1000&sort={sort}")).await;
            if reply.status == 200 {
                assert_eq!(reply.number("X-Total-Count"), 10, "{}", reply.text);
                let accounts = reply.json();
                self.note(&mut all, reply.number("X-Sequence"), accounts.as_array().unwrap(), true);
            } else {
                reply.refused(503, "views-unavailable");
                self.put_off.set(self.put_off.get() + 1);
                breathe().await;
            }
        }
    }

    fn note(&self, last: &mut u64, sequence: u64, accounts: &[Value], is_all: bool) {
        assert!(sequence >= *last, "told {sequence} after {last}");
        *last = sequence;
        let accounts = accounts.iter().map(|account| {
            let count = account["transactionCount"].as_u64().unwrap();
            let folded = Folded { balance: cents(&account["balance"]), count };
            (account["accountId"].as_str().unwrap().to_owned(), folded)
        });
        self.told.borrow_mut().push(Told { sequence, accounts: accounts.collect(), is_all });
    }

    /// Fails where the log says something else.
    fn assert_were_told_the_truth(self, log: &[Value]) {
        let mut told = self.told.into_inner();
        told.sort_by_key(|told| told.sequence);
        let (mut fold, mut log) = (Fold::default(), log.iter());
        for Told { sequence, accounts, is_all } in told {
            while fold.last < sequence {
                fold.apply(log.next().unwrap());
            }
            if is_all {
                assert_eq!(accounts, fold.accounts, "all at {sequence}");
            } else {
                let (id, account) = accounts.first_key_value().unwrap();
                assert_eq!(account, &fold.accounts[id], "{id} at {sequence}");
            }
        }
    }
}

/// Two nodes on the same stores.
async fn two_nodes() -> (Server, Server) {
    let server = Server::start(Kind::Servers).await;
    let other = Server::start_beside(&server).await;
    (server, other)
}

/// Reads and writes on both nodes while something is done to the read models; it has to be without a trace in the end.
async fn under_load(server: &Server, other: &Server, upset: impl AsyncFnOnce(&Readers)) {
    open_accounts(server).await;
    other.fresh("/accounts", 10).await;
    server.fresh("/accounts", 10).await;
    let (readers, mut dice) = (Readers::new(), Dice::new());
    let dices: Vec<Dice> = (0..WRITERS + READERS).map(|_| dice.split()).collect();
    let sent = RefCell::new(Vec::new());
    let load = join_all(dices.into_iter().enumerate().map(async |(worker, mut dice)| {
        let node = if worker % 2 == 0 { server } else { other };
        if worker >= WRITERS {
            return readers.read(node, dice).await;
        }
        let mut number = 0;
        while !readers.is_over.get() {
            number += 1;
            let mut command = Sent::any(&mut dice, format!("{worker}-{number}"));
            let reply = command.try_send(node).await.unwrap();
            assert!(matches!(reply.status, 200 | 422), "{} {}", reply.status, reply.text);
            command.answer = Some(reply.status);
            sent.borrow_mut().push(command);
        }
    }));
    let upset = async {
        upset(&readers).await;
        readers.is_over.set(true);
    };
    tokio::join!(load, upset);
    let sent = sent.into_inner();
    assert_outcomes(server, &sent).await;
    assert_outcomes(other, &sent).await;
    readers.assert_were_told_the_truth(&server.log().await);
}

async fn replay(client: &Client) {
    let replay = client.post("/replay", &json!({})).await.expect(202)["replayId"].clone();
    let path = format!("/replays/{}", replay.as_str().unwrap());
    until("the replay is done", async || (client.json(&path).await["state"] == "done").then_some(())).await;
}

/// Killed and started empty, flushed, and swapped for an older copy of itself, with and without another generation in it.
async fn what_is_read_is_true_while_redis_is_lost_and_goes_back() {
    let (server, other) = two_nodes().await;
    let (redis, folder) = (redis(&server), server.stores.folder.path());
    under_load(&server, &other, async |_| {
        for way in 0..4 {
            let a_while = Duration::from_millis(300);
            tokio::time::sleep(a_while).await;
            match way {
                0 => {
                    redis.kill();
                    tokio::time::sleep(a_while).await;
                    redis.start_empty(folder);
                }
                1 => {
                    redis.tell(&["FLUSHALL"]).await;
                }
                _ => {
                    redis.tell(&["SAVE"]).await;
                    if way == 3 {
                        replay(&server).await;
                    }
                    tokio::time::sleep(a_while).await;
                    redis.kill();
                    redis.start_as_saved(folder);
                }
            }
            let head = server.head().await;
            server.fresh("/accounts?limit=1", head).await;
            other.fresh("/accounts?limit=1", head).await;
        }
    })
    .await;
}

/// A Redis that evicts is not filled, and what is in it is dropped, until it keeps what it is given.
async fn what_may_be_thrown_away_is_not_read() {
    let (server, other) = two_nodes().await;
    let redis = redis(&server);
    under_load(&server, &other, async |readers| {
        redis.tell(&["CONFIG", "SET", "maxmemory-policy", "allkeys-random"]).await;
        for node in [&server, &other] {
            until("lists are put off", async || (node.get("/accounts").await.status == 503).then_some(()))
                .await;
        }
        redis.tell(&["CONFIG", "SET", "maxmemory", "1"]).await;
        let before = readers.told.borrow().len();
        until("much is read", async || (readers.told.borrow().len() > before + 50).then_some(())).await;
        assert_eq!(server.get("/accounts").await.status, 503);
        redis.tell(&["CONFIG", "SET", "maxmemory", "0"]).await;
        redis.tell(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]).await;
        server.fresh("/accounts?limit=1", server.head().await).await;
        assert!(readers.put_off.get() > 0);
    })
    .await;
}

/// Nothing is written that would show it.
async fn read_models_that_went_back_while_nobody_wrote_are_noticed() {
    let server = Server::start(Kind::Servers).await;
    open_accounts(&server).await;
    server.fresh("/accounts", 10).await;
    redis(&server).tell(&["SAVE"]).await;
    server.deposit("acc-1", 1).await.accepted();
    let fold = Fold::of(&server.log().await);
    fold.assert_is_what_is_read(&server).await;
    redis(&server).kill();
    redis(&server).start_as_saved(server.stores.folder.path());
    fold.assert_is_what_is_read(&server).await;
}

/// How many events each projection has applied.
async fn processed(server: &Server) -> Vec<u64> {
    let projections = server.json("/projections").await;
    let processed = projections.as_array().unwrap().iter().map(|projection| &projection["totalProcessed"]);
    processed.map(|count| count.as_u64().unwrap()).collect()
}

/// Deposits at a steady rate, by turns with a Redis that is well, away, and filled anew. What it was filled with is what
/// the log says, and in the long form of a release build it is there at fifty thousand events a second.
async fn commands_hardly_notice_what_becomes_of_redis() {
    let (history, per_second, rounds, lasts) = match is_long() {
        true => (100_000, 2_000, 31, Duration::from_secs(1)),
        false => (2_000, 200, 3, Duration::from_millis(500)),
    };
    let server = Server::start(Kind::Servers).await;
    open_accounts(&server).await;
    let (redis, folder) = (redis(&server), server.stores.folder.path());
    let port = server.ports.commands;
    join_all((0..100).map(async |number| {
        let mut wire = Wire::connect(port).await;
        for _ in 0..history / 100 {
            assert_eq!(wire.deposit(number % 10).await.0, 200);
        }
    }))
    .await;
    let (mut well, mut away, mut filled, mut beside) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        server.fresh("/accounts?limit=1", server.head().await).await;
        until("every projection is there", async || {
            (server.json("/stats").await["lagEvents"] == 0).then_some(())
        })
        .await;
        well.push(p99(wire::steadily(port, 64, per_second, lasts).await));
        redis.kill();
        away.push(p99(wire::steadily(port, 64, per_second, lasts).await));
        let before = processed(&server).await;
        redis.start_empty(folder);
        // Commands go on meanwhile: a projection that finds nobody at work fills faster.
        until("every projection is being filled", async || {
            wire::steadily(port, 64, per_second, lasts / 10).await;
            let now = processed(&server).await;
            now.iter().zip(&before).all(|(now, before)| now > before).then_some(())
        })
        .await;
        let before = processed(&server).await;
        filled.push(p99(wire::steadily(port, 64, per_second, lasts).await));
        let now = processed(&server).await;
        beside.push(now.iter().zip(&before).map(|(now, before)| now - before).min().unwrap());
        let lag = server.json("/stats").await["lagEvents"].as_u64().unwrap();
        assert!(lag > u64::from(per_second) || !is_long(), "filled before the round was over");
    }
    let head = server.head().await;
    server.fresh("/accounts?limit=1", head).await;
    redis.tell(&["FLUSHALL"]).await;
    let flushed = Instant::now();
    until("it is noticed", async || (server.get("/accounts").await.status == 503).then_some(())).await;
    server.fresh("/accounts?limit=1", head).await;
    let rate = head * 1000 / u64::try_from(flushed.elapsed().as_millis()).unwrap();
    let (well, away, filled) = (median(well), median(away), median(filled));
    eprintln!(
        "p99 {well:?} with Redis, {away:?} without, {filled:?} while it is filled; {rate} events/s alone, {} in a round beside",
        median(beside)
    );
    assert!(away.max(filled) <= 2 * well + grace(), "{away:?} without, {filled:?} filling, {well:?} else");
    assert!(rate >= 50_000 || !is_long() || cfg!(debug_assertions), "{rate} events/s");
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}
