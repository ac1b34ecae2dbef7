//! Several nodes on one Postgres and one Redis: they write at once, and none rests on being the only one.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::Client;
use crate::demo::session;
use crate::fold::Fold;
use crate::load::{Dice, Sent, assert_outcomes, open_accounts};
use crate::server::{Kind, Server, until};
use crate::socket::Socket;

on_servers!(
    two_nodes_write_to_the_same_accounts_at_once,
    a_key_sent_to_both_nodes_has_one_effect,
    what_one_node_writes_the_other_reads,
    a_node_that_dies_leaves_nothing_undecided,
    an_event_reaches_the_other_node_by_a_hint,
    an_account_that_the_other_node_moved_is_decided_on_as_it_is,
    one_node_fills_the_read_models_and_the_other_takes_over,
    a_process_per_facade_is_one_ledger,
);

const WORKERS: usize = 10;
const COMMANDS: usize = 30;
/// Within which the other node takes over the read models.
const TAKES_OVER_WITHIN: Duration = Duration::from_secs(5);
/// How often a node looks for events that it was not told of.
const POLL_EVERY: Duration = Duration::from_millis(200);

async fn two_nodes() -> (Server, Server) {
    let one = Server::start(Kind::Servers).await;
    let two = Server::start_beside(&one).await;
    open_accounts(&one).await;
    (one, two)
}

/// A loser of a race is decided again; the client notices nothing.
async fn two_nodes_write_to_the_same_accounts_at_once() {
    let (one, two) = two_nodes().await;
    let mut dice = Dice::new();
    let workers: Vec<Dice> = (0..2 * WORKERS).map(|_| dice.split()).collect();
    let sent = join_all(workers.into_iter().enumerate().map(async |(worker, mut dice)| {
        let node: &Client = if worker % 2 == 0 { &one } else { &two };
        let mut sent = Vec::new();
        for number in 0..COMMANDS {
            let mut command = Sent::any(&mut dice, format!("{worker}-{number}"));
            let reply = command.try_send(node).await.unwrap();
            assert!(matches!(reply.status, 200 | 422), "{} {}", reply.status, reply.text);
            command.answer = Some(reply.status);
            sent.push(command);
        }
        sent
    }))
    .await;
    let sent: Vec<Sent> = sent.into_iter().flatten().collect();
    assert_outcomes(&one, &sent).await;
    assert_outcomes(&two, &sent).await;
}

/// Both give the same answer, whichever was first.
async fn a_key_sent_to_both_nodes_has_one_effect() {
    let (one, two) = two_nodes().await;
    let mut dice = Dice::new();
    let mut sent = Vec::new();
    for number in 0..50 {
        let mut command = Sent::any(&mut dice, format!("k-{number}"));
        let (here, there) = tokio::join!(command.try_send(&one), command.try_send(&two));
        let (here, there) = (here.unwrap(), there.unwrap());
        assert_eq!((here.status, here.json()), (there.status, there.json()));
        assert!(here.is_replayed() != there.is_replayed(), "one of them was the first");
        command.answer = Some(here.status);
        sent.push(command);
    }
    assert_outcomes(&two, &sent).await;
}

/// By sequence, in the log, in the read model and on the feed; and what it decides on is what the other wrote.
async fn what_one_node_writes_the_other_reads() {
    let (one, two) = two_nodes().await;
    let mut socket = Socket::connect(&two, "/?fromSequence=10").await;
    assert_eq!(socket.next().await["type"], "WELCOME");
    assert_eq!(socket.next().await["type"], "CAUGHT_UP");
    for round in 0..20 {
        let (writer, reader) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let answer = writer.deposit("acc-3", 1).await.accepted();
        let sequence = answer["sequence"].as_u64().unwrap();
        assert_eq!(reader.account("acc-3", sequence).await["balance"], 1001 + round);
        assert_eq!(
            reader.json(&format!("/events?fromSequence={}", sequence - 1)).await,
            json!([answer["event"]])
        );
        assert_eq!(socket.event().await, answer["event"]);
    }
    one.withdraw("acc-4", 1000).await.accepted();
    two.withdraw("acc-4", 1).await.refused(422, "insufficient-funds");
    two.deposit("acc-4", 5).await.accepted();
    one.withdraw("acc-4", 5).await.accepted();
    assert_eq!(one.create("acc-4", 0).await.refused(409, "account-exists")["status"], 409);
}

/// The other goes on, and settles what the dead one's clients ask again.
async fn a_node_that_dies_leaves_nothing_undecided() {
    let (one, mut two) = two_nodes().await;
    let mut dice = Dice::new();
    let mut sent = Vec::new();
    for round in 0..5 {
        let node = Client::clone(&two);
        let (gathered, is_dead) = (RefCell::new(Vec::new()), Cell::new(false));
        let workers: Vec<Dice> = (0..2 * WORKERS).map(|_| dice.split()).collect();
        let load = join_all(workers.into_iter().enumerate().map(async |(worker, mut dice)| {
            let mut number = 0;
            while !is_dead.get() {
                number += 1;
                let mut command = Sent::any(&mut dice, format!("{round}-{worker}-{number}"));
                let reply = command.try_send(if worker % 2 == 0 { &one } else { &node }).await;
                command.answer = reply.as_ref().ok().map(|reply| reply.status);
                gathered.borrow_mut().push(command);
            }
        }));
        let killer = async {
            tokio::time::sleep(Duration::from_millis(200)).await;
            two.kill();
            is_dead.set(true);
        };
        tokio::join!(load, killer);
        for mut command in gathered.into_inner() {
            if command.answer.is_none() {
                command.settle(&one).await;
            }
            sent.push(command);
        }
        two.start_again().await;
    }
    assert_outcomes(&one, &sent).await;
    assert_outcomes(&two, &sent).await;
}

/// Much sooner than by looking now and then; and again after the connections were lost.
async fn an_event_reaches_the_other_node_by_a_hint() {
    let (one, two) = two_nodes().await;
    let mut socket = Socket::connect(&two, "/?fromSequence=10").await;
    assert_eq!(socket.next().await["type"], "WELCOME");
    assert_eq!(socket.next().await["type"], "CAUGHT_UP");
    let mut usual = async |count: usize| {
        let mut waits = Vec::new();
        while waits.len() < count {
            let reply = one.deposit("acc-1", 1).await;
            if reply.status != 200 {
                continue;
            }
            let (sequence, answered) = (reply.sequence(), Instant::now());
            while socket.event().await["sequenceNumber"] != sequence {}
            waits.push(answered.elapsed());
        }
        waits.sort();
        waits[count / 2]
    };
    let median = usual(31).await;
    assert!(median < POLL_EVERY / 4, "{median:?}");
    one.stores.servers.as_ref().unwrap().0.cut().await;
    until("hints are heard again", async || (usual(5).await < POLL_EVERY / 4).then_some(())).await;
}

/// Not tried on an old state and decided again.
async fn an_account_that_the_other_node_moved_is_decided_on_as_it_is() {
    let (one, two) = two_nodes().await;
    for round in 0..40 {
        let (writer, reader) = if round % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let reply = match round % 3 {
            0 => writer.transfer("acc-2", "acc-1", 1).await,
            _ => writer.deposit("acc-1", 1).await,
        };
        let sequence = reply.sequence();
        until("the other has heard of it", async || {
            (reader.json("/stats").await["headSequence"].as_u64() >= Some(sequence)).then_some(())
        })
        .await;
    }
    for node in [&one, &two] {
        assert_eq!(node.json("/stats").await["journal"]["conflicts"], 0);
    }
}

async fn projection(node: &Client, name: &str) -> Value {
    let projections = node.json("/projections").await;
    projections.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap().clone()
}

/// Writes until one of two nodes stands by for a projection; the one that applies is told first.
async fn at_work<'a>(nodes: [&'a Server; 2], name: &str) -> [&'a Server; 2] {
    until("one of them stands by", async || {
        nodes[0].deposit("acc-1", 1).await.accepted();
        let states = [projection(nodes[0], name).await, projection(nodes[1], name).await];
        match states.each_ref().map(|one| one["state"].as_str().unwrap()) {
            ["running", "standby"] => Some(nodes),
            ["standby", "running"] => Some([nodes[1], nodes[0]]),
            _ => None,
        }
    })
    .await
}

/// When the one at work is frozen, and when it is killed; one that thaws does no harm, and one that stands by no work.
async fn one_node_fills_the_read_models_and_the_other_takes_over() {
    let (mut one, mut two) = two_nodes().await;
    for is_killed in [false, true] {
        let [applies, stands_by] = at_work([&one, &two], "accounts").await;
        at_work([&one, &two], "ledger").await;
        let before = projection(stands_by, "accounts").await["totalProcessed"].clone();
        for _ in 0..20 {
            let sequence = applies.deposit("acc-2", 1).await.sequence();
            stands_by.fresh("/accounts?limit=1", sequence).await;
        }
        assert_eq!(projection(stands_by, "accounts").await["totalProcessed"], before);

        applies.freeze();
        let sequence = stands_by.deposit("acc-3", 1).await.sequence();
        let since = Instant::now();
        stands_by.fresh("/accounts?limit=1", sequence).await;
        stands_by.fresh("/ledger", sequence).await;
        assert!(since.elapsed() < TAKES_OVER_WITHIN, "{:?}", since.elapsed());
        if is_killed {
            let dead = if std::ptr::eq(applies, &one) { &mut one } else { &mut two };
            dead.kill();
            dead.start_again().await;
        } else {
            applies.thaw();
        }
        for _ in 0..20 {
            one.deposit("acc-4", 1).await.accepted();
            two.withdraw("acc-4", 1).await.accepted();
        }
        let fold = Fold::of(&one.log().await);
        fold.assert_is_what_is_read(&one).await;
        fold.assert_is_what_is_read(&two).await;
    }
    for name in ["accounts", "ledger"] {
        at_work([&one, &two], name).await;
        assert_eq!(projection(&one, name).await["errors"], 0);
        assert_eq!(projection(&two, name).await["errors"], 0);
    }
}

/// The demo's layout: five processes, each with one port. What one doesn't serve is not there.
async fn a_process_per_facade_is_one_ledger() {
    let (nodes, client) = Server::start_apart().await;
    for (place, node) in nodes.iter().enumerate() {
        let served: Vec<usize> = (0..5).filter(|other| node.ports.all()[*other] != 0).collect();
        assert_eq!(served, [place]);
        assert!(node.printed().contains(&format!(":{}/metrics", node.ports.any())), "{}", node.printed());
    }
    session(&client).await;
    let deposit = client.deposit("acc-1", 1).await.accepted();
    let mut socket = Socket::connect(&client, "/?fromSequence=7").await;
    let mut message = socket.next().await;
    while message["type"] != "NEW_EVENT" {
        message = socket.next().await;
    }
    assert_eq!(message["event"], deposit["event"]);
}
