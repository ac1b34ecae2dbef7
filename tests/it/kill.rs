//! `kill -9` at any moment, again and again under load, and an orderly end: what was acknowledged is there once, what was
//! not is there at most once, and everything that is derived from the log agrees with it.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::client::Client;
use crate::load::{Dice, Sent, assert_outcomes, is_long, open_accounts};
use crate::server::{Kind, Server};
use crate::socket::Socket;

on_both_stores!(
    nothing_acknowledged_is_lost_and_nothing_is_done_twice,
    an_end_under_load_is_orderly,
    it_is_ready_again_soon,
);

const ROUNDS: usize = 20;
const WORKERS: usize = 16;
const HALF_A_REQUEST: &[u8] = b"POST /commands/deposit HTTP/1.1\r\nHost: localhost\r\n\
    Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{";
/// How long an orderly end may take, however long commands keep coming in.
const ENDS_WITHIN: Duration = Duration::from_secs(6);

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
    let is_dead = Cell::new(false);
    let after = Duration::from_millis(50 + dice.below(350));
    let killer = async {
        tokio::time::sleep(after).await;
        server.kill();
        is_dead.set(true);
    };
    let name = round.to_string();
    let (sent, ()) = tokio::join!(load(&client, dice, &name, &is_dead), killer);
    sent
}

/// Workers send commands until nobody answers, which may be when the server ends only.
async fn load(client: &Client, dice: &mut Dice, name: &str, is_ending: &Cell<bool>) -> Vec<Sent> {
    let sent = RefCell::new(Vec::new());
    let dice: Vec<Dice> = (0..WORKERS).map(|_| dice.split()).collect();
    join_all(dice.into_iter().enumerate().map(async |(worker, mut dice)| {
        for number in 0.. {
            let mut command = Sent::any(&mut dice, format!("{name}-{worker}-{number}"));
            let reply = command.try_send(client).await;
            command.answer = reply.as_ref().ok().map(|reply| reply.status);
            sent.borrow_mut().push(command);
            match reply {
                Ok(reply) => assert!(matches!(reply.status, 200 | 422), "{} {}", reply.status, reply.text),
                Err(error) => {
                    assert!(is_ending.get(), "no answer from a living server: {error}");
                    return;
                }
            }
        }
    }))
    .await;
    sent.into_inner()
}

/// `SIGTERM`: not ready first, then the sockets are told, then it ends well, in time.
async fn an_end_under_load_is_orderly(kind: Kind) {
    let mut dice = Dice::new();
    let mut server = Server::start(kind).await;
    open_accounts(&server).await;
    let mut socket = Socket::connect(&server, "/").await;
    // One that never sends the rest.
    let mut half = TcpStream::connect(("127.0.0.1", server.ports.commands)).await.unwrap();
    half.write_all(HALF_A_REQUEST).await.unwrap();
    let client = Client::clone(&server);
    let is_ending = Cell::new(false);
    let end = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        is_ending.set(true);
        let asked = Instant::now();
        let status = server.terminate().await;
        (status.code(), asked.elapsed())
    };
    let closed = async {
        let code = socket.close_code().await;
        let is_ready = Client::try_send(client.request(reqwest::Method::GET, "/readyz"))
            .await
            .is_ok_and(|reply| reply.status == 200);
        (code, is_ready)
    };
    let (sent, (status, took), (code, is_ready)) =
        tokio::join!(load(&client, &mut dice, "end", &is_ending), end, closed);
    assert_eq!((status, code), (Some(0), Some(1001)));
    assert!(!is_ready, "the sockets were closed while it was ready");
    assert!(took < ENDS_WITHIN, "the end took {took:?}");
    server.start_again().await;
    let all = settle(&server, sent).await;
    assert!(all.len() > 5 * WORKERS, "{} commands are no load", all.len());
    assert_outcomes(&server, &all).await;
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
