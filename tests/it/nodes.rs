//! Several nodes on one Postgres and one Redis: they write at once, and none rests on being the only one.

use std::cell::{Cell, RefCell};

use futures_util::future::join_all;
use serde_json::json;

use crate::client::Client;
use crate::demo::session;
use crate::load::{Dice, Sent, assert_outcomes, open_accounts};
use crate::server::{Kind, Server};
use crate::socket::Socket;

on_servers!(
    two_nodes_write_to_the_same_accounts_at_once,
    a_key_sent_to_both_nodes_has_one_effect,
    what_one_node_writes_the_other_reads,
    a_node_that_dies_leaves_nothing_undecided,
    a_process_per_facade_is_one_ledger,
);

const WORKERS: usize = 10;
const COMMANDS: usize = 30;

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
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
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
