//! `kill -9` at any moment, again and again under load: what was acknowledged is there once, what was not is there at most
//! once, and everything that is derived from the log agrees with it.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::future::join_all;

use crate::client::Client;
use crate::load::{Dice, Sent, assert_outcomes, is_long, open_accounts};
use crate::server::{Kind, Server};

on_both_stores!(nothing_acknowledged_is_lost_and_nothing_is_done_twice, it_is_ready_again_soon);

const ROUNDS: usize = 20;
const WORKERS: usize = 16;
async fn nothing_acknowledged_is_lost_and_nothing_is_done_twice(kind: Kind) {
    let mut dice = Dice::new();
    let mut server = Server::start(kind).await;
    open_accounts(&server).await;
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let sent = load_until_killed(&mut server, &mut dice, round).await;
        server.start_again().await;
        all.extend(settle(&server, sent).await);
    }
    assert!(all.len() > ROUNDS * WORKERS, "{} commands are no load", all.len());
    assert_outcomes(&server, &all).await;
}

/// Workers send commands until the server is dead.
async fn load_until_killed(server: &mut Server, dice: &mut Dice, round: usize) -> Vec<Sent> {
    let client = Client::clone(server);
    let (sent, is_dead) = (RefCell::new(Vec::new()), Cell::new(false));
    let after = Duration::from_millis(50 + dice.below(350));
    let dice: Vec<Dice> = (0..WORKERS).map(|_| dice.split()).collect();
    let workers = join_all(dice.into_iter().enumerate().map(async |(worker, mut dice)| {
        for number in 0.. {
            let mut command = Sent::any(&mut dice, format!("{round}-{worker}-{number}"));
            let reply = command.try_send(&client).await;
            command.answer = reply.as_ref().ok().map(|reply| reply.status);
            sent.borrow_mut().push(command);
            match reply {
                Ok(reply) => assert!(matches!(reply.status, 200 | 422), "{} {}", reply.status, reply.text),
                Err(error) => {
                    assert!(is_dead.get(), "no answer from a living server: {error}");
                    return;
                }
            }
        }
    }));
    let killer = async {
        tokio::time::sleep(after).await;
        server.kill();
        is_dead.set(true);
    };
    tokio::join!(workers, killer);
    sent.into_inner()
}

/// Sends again what had no answer, and the last that had one; each has an outcome then.
async fn settle(client: &Client, mut sent: Vec<Sent>) -> Vec<Sent> {
    let newest = sent.len().saturating_sub(2 * WORKERS);
    for command in &mut sent[newest..] {
        let reply = command.try_send(client).await.unwrap();
        assert!(matches!(reply.status, 200 | 422), "{} {}", reply.status, reply.text);
        if let Some(first) = command.answer {
            assert!(
                reply.is_replayed() && reply.status == first,
                "{} was {first}: {}",
                command.key,
                reply.text
            );
        }
        command.answer = Some(reply.status);
    }
    assert!(sent.iter().all(|command| command.answer.is_some()), "an unanswered command is among the newest");
    sent
}

/// However long the log is: accounts come from their last event.
async fn it_is_ready_again_soon(kind: Kind) {
    let (events, within) = if is_long() { (100_000, 1000) } else { (5_000, 5000) };
    let mut server = Server::start(kind).await;
    join_all((0..100).map(async |account| {
        let account = format!("acc-{account}");
        server.create(&account, 0).await.accepted();
        for _ in 1..events / 100 {
            server.deposit(&account, 1).await.accepted();
        }
    }))
    .await;
    server.kill();
    let took = server.start_again().await;
    eprintln!("ready {took:?} after the start, with {events} events");
    assert!(took < Duration::from_millis(within), "{took:?}");
    assert_eq!(server.deposit("acc-7", 1).await.sequence(), events + 1);
    assert_eq!(server.account("acc-7", events + 1).await["balance"], events / 100);
}
