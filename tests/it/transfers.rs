//! Transfers against each other on few accounts: no deadlock, no money lost.

use std::time::Instant;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use crate::client::amount;
use crate::fold::Fold;
use crate::load::{Dice, seconds};
use crate::server::{Kind, Server};

on_both_stores!(two_hundred_clients_move_money_back_and_forth, accounts_come_and_go_in_between);

const CLIENTS: usize = 200;
const ACCOUNTS: u64 = 10;
/// What each account starts with, in cents.
const INITIAL: i64 = 50_000;

async fn two_hundred_clients_move_money_back_and_forth(kind: Kind) {
    let mut dice = Dice::new();
    let server = Server::start(kind).await;
    for account in 0..ACCOUNTS {
        server.create(&format!("acc-{account}"), amount(INITIAL)).await.accepted();
    }
    let until = Instant::now() + seconds();
    let dice: Vec<Dice> = (0..CLIENTS).map(|_| dice.split()).collect();
    let counts = join_all(dice.into_iter().map(async |mut dice| {
        let (mut moved, mut refused) = (0_u64, 0_u64);
        while Instant::now() < until {
            let (from, to) = (dice.below(ACCOUNTS), dice.below(ACCOUNTS));
            let to = if from == to { (to + 1) % ACCOUNTS } else { to };
            let cents = 1 + i64::try_from(dice.below(30_000)).unwrap();
            let body = json!({
                "fromAccountId": format!("acc-{from}"), "toAccountId": format!("acc-{to}"), "amount": amount(cents),
            });
            let reply = server.send(server.request(Method::POST, "/commands/transfer").json(&body)).await;
            match reply.status {
                200 => moved += 1,
                _ => {
                    reply.refused(422, "insufficient-funds");
                    refused += 1;
                }
            }
        }
        (moved, refused)
    }))
    .await;
    let moved: u64 = counts.iter().map(|(moved, _)| moved).sum();
    let refused: u64 = counts.iter().map(|(_, refused)| refused).sum();
    eprintln!("{moved} transfers, {refused} refused");
    assert!(counts.iter().all(|(moved, refused)| moved + refused > 0), "a client got no answer");
    let log = server.log().await;
    assert_eq!(log.len() as u64, ACCOUNTS + 2 * moved);
    let fold = Fold::of(&log);
    assert_eq!(fold.total(), i64::try_from(ACCOUNTS).unwrap() * INITIAL);
    assert!(fold.accounts.values().all(|account| account.balance >= 0));
    fold.assert_is_what_is_read(&server).await;
}

/// Hardly more accounts fit into memory than are in use at a time: they retire and come back in the middle of it all.
async fn accounts_come_and_go_in_between(kind: Kind) {
    const ACCOUNTS: u64 = 100;
    let mut dice = Dice::new();
    let server = Server::start_with(kind, &["--resident-accounts", "16"]).await;
    join_all((0..ACCOUNTS).map(async |n| server.create(&format!("acc-{n}"), 10).await.accepted())).await;
    let dice: Vec<Dice> = (0..8).map(|_| dice.split()).collect();
    join_all(dice.into_iter().map(async |mut dice| {
        for _ in 0..100 {
            let (from, to) = (dice.below(ACCOUNTS), dice.below(ACCOUNTS - 1));
            let to = if from == to { ACCOUNTS - 1 } else { to };
            let reply =
                server.transfer(&format!("acc-{from}"), &format!("acc-{to}"), 1 + dice.below(5)).await;
            if reply.status != 200 {
                reply.refused(422, "insufficient-funds");
            }
        }
    }))
    .await;
    let fold = Fold::of(&server.log().await);
    assert_eq!(fold.total(), i64::try_from(ACCOUNTS).unwrap() * 1000);
    fold.assert_is_what_is_read(&server).await;
}
