//! Two nodes under load, one of which is frozen, thawed, killed and started again by chance: the other notices nothing, and
//! nobody misses anything.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::client::Client;
use crate::load::{Dice, Sent, assert_outcomes, is_long, open_accounts, seconds};
use crate::server::{Kind, Server, breathe};
use crate::socket::Socket;

on_servers!(a_node_that_is_frozen_and_killed_holds_nobody_up);

/// Clients of each node; more in the long form.
const WORKERS_PER_NODE: (usize, usize) = (6, 16);
/// Subscribers on each node, half of them with many events in a frame; more in the long form.
const SUBSCRIBERS_PER_NODE: (usize, usize) = (2, 24);
/// Events delivered in the long form, at least.
const DELIVERIES: u64 = 1_000_000;
/// How long the healthy node may go without an answer.
const STALLS_FOR: Duration = Duration::from_secs(2);

/// What the load shares on one thread.
struct Scene {
    one: Client,
    /// The node that suffers, while it is there.
    two: RefCell<Option<Client>>,
    /// How often it was frozen, thawed, killed or started: an even number while it is well.
    upsets: Cell<u32>,
    is_over: Cell<bool>,
    /// The last event, once the load is over.
    goal: Cell<Option<u64>>,
    /// Events that subscribers were given.
    deliveries: Cell<u64>,
}

/// One of two numbers: that of the short or that of the long form.
fn by_form((short, long): (usize, usize)) -> usize {
    if is_long() { long } else { short }
}

/// Of the requests that were sent to a node that was alive until it answered.
#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    decided: u32,
    put_off: u32,
}

async fn a_node_that_is_frozen_and_killed_holds_nobody_up() {
    let one = Server::start(Kind::Servers).await;
    let mut two = Server::start_beside(&one).await;
    open_accounts(&one).await;
    let scene = Scene {
        one: Client::clone(&one),
        two: RefCell::new(Some(Client::clone(&two))),
        upsets: Cell::new(0),
        is_over: Cell::new(false),
        goal: Cell::new(None),
        deliveries: Cell::new(0),
    };
    let mut dice = Dice::new();
    let workers: Vec<Dice> = (0..2 * by_form(WORKERS_PER_NODE)).map(|_| dice.split()).collect();
    let (answers, stall) = (Cell::new(Answers::default()), Cell::new(Duration::ZERO));
    let last_answer = Cell::new(Instant::now());
    let load = async {
        let sent = join_all(workers.into_iter().enumerate().map(async |(worker, mut dice)| {
            let mut sent = Vec::new();
            while !scene.is_over.get() {
                let healthy = worker % 2 == 0;
                let two = scene.two.borrow().clone();
                let Some(node) = (if healthy { Some(scene.one.clone()) } else { two }) else {
                    breathe().await;
                    continue;
                };
                let mut command = Sent::any(&mut dice, format!("{worker}-{}", sent.len()));
                let upsets = scene.upsets.get();
                let reply = command.try_send(&node).await;
                let decided = reply.as_ref().is_ok_and(|reply| matches!(reply.status, 200 | 422));
                if healthy || (upsets.is_multiple_of(2) && upsets == scene.upsets.get()) {
                    let mut counted = answers.get();
                    *(if decided { &mut counted.decided } else { &mut counted.put_off }) += 1;
                    answers.set(counted);
                    if !decided {
                        eprintln!("put off by node {}: {reply:?}", worker % 2 + 1);
                    }
                }
                if healthy && decided {
                    stall.set(stall.get().max(last_answer.replace(Instant::now()).elapsed()));
                }
                match reply {
                    Ok(reply) if decided => command.answer = Some(reply.status),
                    Ok(reply) => assert_eq!(reply.status, 503, "{}", reply.text),
                    Err(_) => assert!(!healthy, "the healthy node does not answer"),
                }
                sent.push(command);
            }
            sent
        }))
        .await;
        let mut sent: Vec<Sent> = sent.into_iter().flatten().collect();
        for command in sent.iter_mut().filter(|command| command.answer.is_none()) {
            command.settle(&one).await;
        }
        scene.goal.set(Some(one.head().await));
        sent
    };
    let subscribers = join_all((0..by_form(SUBSCRIBERS_PER_NODE)).map(async |number| {
        let frames = ["single", "batch"][number % 2];
        tokio::join!(
            follow(&scene, frames, || Some(scene.one.clone())),
            follow(&scene, frames, || scene.two.borrow().clone()),
        )
    }));
    let (sent, (), _) = tokio::join!(load, upset(&scene, &mut two, &mut dice), subscribers);
    let (Answers { decided, put_off }, stall) = (answers.get(), stall.get());
    let (upsets, events) = (scene.upsets.get(), scene.goal.get());
    let deliveries = scene.deliveries.get();
    eprintln!("{decided} decided, {put_off} put off, {upsets} upsets, stall {stall:?}, events {events:?}");
    eprintln!("{deliveries} deliveries, none missed, reordered or doubled");
    assert!(deliveries >= DELIVERIES || !is_long(), "{deliveries} deliveries are no load");
    assert!(put_off * 1000 <= decided, "{put_off} of {decided} were put off");
    assert!(stall < STALLS_FOR, "{stall:?} without an answer");
    assert_outcomes(&one, &sent).await;
    assert_outcomes(&two, &sent).await;
}

/// Freezes, thaws, kills and restarts a node; every way once, then by chance.
async fn upset(scene: &Scene, node: &mut Server, dice: &mut Dice) {
    let frozen_for = if is_long() { 6000 } else { 500 };
    let end = Instant::now() + seconds();
    let mut round = 0;
    while round < 3 || Instant::now() < end {
        tokio::time::sleep(Duration::from_millis(200 + dice.below(300))).await;
        let way = if round < 3 { round } else { dice.below(3) };
        round += 1;
        let (is_frozen, is_killed) = (way != 1, way != 0);
        scene.upsets.set(scene.upsets.get() + 1);
        if is_frozen {
            node.freeze();
            tokio::time::sleep(Duration::from_millis(100 + dice.below(frozen_for))).await;
        }
        if is_killed {
            scene.two.replace(None);
            node.kill();
            node.start_again().await;
            scene.two.replace(Some(Client::clone(node)));
        } else {
            node.thaw();
        }
        scene.upsets.set(scene.upsets.get() + 1);
    }
    scene.is_over.set(true);
}

/// A subscriber who comes back after every loss with the last sequence it has: nothing is missed, reordered or doubled.
async fn follow(scene: &Scene, frames: &str, node: impl Fn() -> Option<Client>) {
    let mut last = 0;
    while scene.goal.get() != Some(last) {
        breathe().await;
        let Some(client) = node() else { continue };
        let path = format!("/?fromSequence={last}&frames={frames}");
        let Ok(mut socket) = Socket::try_connect(&client, &path, None).await else { continue };
        while scene.goal.get() != Some(last) {
            match tokio::time::timeout(Duration::from_millis(100), socket.try_text()).await {
                Ok(Some(message)) => {
                    for number in Socket::numbers_in(&message) {
                        last += 1;
                        assert_eq!(number, last);
                        scene.deliveries.set(scene.deliveries.get() + 1);
                    }
                }
                Err(_) => {}
                Ok(None) => break,
            }
        }
    }
}
