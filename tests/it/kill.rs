//! `kill -9` at any moment, again and again under load: what was acknowledged is there once, what was not is there at most
//! once, and everything that is derived from the log agrees with it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::client::{Client, amount};
use crate::fold::Fold;
use crate::load::{Dice, is_long};
use crate::server::{Kind, Server};

on_both_stores!(nothing_acknowledged_is_lost_and_nothing_is_done_twice, it_is_ready_again_soon);

const ROUNDS: usize = 20;
const WORKERS: usize = 16;
const ACCOUNTS: u64 = 10;
/// What each account starts with, in cents.
const INITIAL: i64 = 100_000;

/// A command that was sent.
struct Sent {
    key: String,
    path: &'static str,
    body: Value,
    /// The status of its answer, if one came.
    answer: Option<u16>,
}

/// Any command on some of the accounts; now and then one that will be refused.
fn any_command(dice: &mut Dice, key: String) -> Sent {
    let (one, other) = (dice.below(ACCOUNTS), dice.below(ACCOUNTS - 1));
    let other = if other >= one { other + 1 } else { other };
    let most = if dice.below(10) == 0 { 10_000_000 } else { 5_000 };
    let cents = 1 + i64::try_from(dice.below(most)).unwrap();
    let single = json!({"accountId": format!("acc-{one}"), "amount": amount(cents)});
    let (path, body) = match dice.below(10) {
        0..4 => ("/commands/deposit", single),
        4..6 => ("/commands/withdraw", single),
        _ => {
            let (from, to) = (format!("acc-{one}"), format!("acc-{other}"));
            ("/commands/transfer", json!({"fromAccountId": from, "toAccountId": to, "amount": amount(cents)}))
        }
    };
    Sent { key, path, body, answer: None }
}

async fn nothing_acknowledged_is_lost_and_nothing_is_done_twice(kind: Kind) {
    let mut dice = Dice::new();
    let mut server = Server::start(kind).await;
    for account in 0..ACCOUNTS {
        server.create(&format!("acc-{account}"), amount(INITIAL)).await.accepted();
    }
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        let sent = load_until_killed(&mut server, &mut dice, round).await;
        server.start_again().await;
        all.extend(settle(&server, sent).await);
    }
    assert!(all.len() > ROUNDS * WORKERS, "{} commands are no load", all.len());
    compare(&server, &all).await;
}

/// Workers send commands until the server is dead.
async fn load_until_killed(server: &mut Server, dice: &mut Dice, round: usize) -> Vec<Sent> {
    let client = Client::clone(server);
    let (sent, is_dead) = (RefCell::new(Vec::new()), Cell::new(false));
    let after = Duration::from_millis(50 + dice.below(350));
    let dice: Vec<Dice> = (0..WORKERS).map(|_| dice.split()).collect();
    let workers = join_all(dice.into_iter().enumerate().map(async |(worker, mut dice)| {
        for number in 0.. {
            let mut command = any_command(&mut dice, format!("{round}-{worker}-{number}"));
            let request = client.request(reqwest::Method::POST, command.path);
            let reply =
                Client::try_send(request.header("Idempotency-Key", &command.key).json(&command.body)).await;
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
        let reply = client.keyed(&command.key, command.path, &command.body).await;
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

/// The log against what was answered; the read models against the log.
async fn compare(server: &Server, all: &[Sent]) {
    let log = server.log().await;
    let mut effects: HashMap<&str, Vec<&str>> = HashMap::new();
    for event in log.iter().filter(|event| event["type"] != "ACCOUNT_CREATED") {
        effects
            .entry(event["commandId"].as_str().unwrap())
            .or_default()
            .push(event["type"].as_str().unwrap());
    }
    for command in all {
        let expected: &[&str] = match (command.answer, command.path) {
            (Some(200), "/commands/deposit") => &["MONEY_DEPOSITED"],
            (Some(200), "/commands/withdraw") => &["MONEY_WITHDRAWN"],
            (Some(200), _) => &["MONEY_TRANSFERRED", "TRANSFER_RECEIVED"],
            _ => &[],
        };
        assert_eq!(effects.remove(command.key.as_str()).unwrap_or_default(), expected, "{}", command.key);
    }
    assert!(effects.is_empty(), "nobody sent these: {effects:?}");
    let fold = Fold::of(&log);
    assert!(fold.accounts.values().all(|account| account.balance >= 0));
    fold.assert_is_what_is_read(server).await;
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
