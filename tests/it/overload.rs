//! More commands than the server takes, and more connections than it needs: who is turned away hears it at once, and the
//! others notice nothing.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::client::Client;
use crate::server::{Kind, Server};

on_both_stores!(an_overload_does_not_bring_it_down, connections_that_say_nothing_harm_nobody);

/// Commands that the server takes at once.
const IN_FLIGHT_MAX: &str = "16";
const LASTS: Duration = Duration::from_secs(1);
/// What a client that was turned away waits: less than it is told, so that the overload is one.
const PAUSE: Duration = Duration::from_millis(100);
/// How long it may take to be turned away, on a busy machine.
const TURNED_AWAY_WITHIN: Duration = Duration::from_secs(1);

/// What many clients achieve.
struct Outcome {
    done: u64,
    turned_away: u64,
}

async fn load(client: &Client, clients: u64) -> Outcome {
    let end = Instant::now() + LASTS;
    let each = join_all((0..clients).map(async |number| {
        let body = json!({"accountId": format!("acc-{}", number % 10), "amount": 1});
        let (mut done, mut turned_away) = (0, 0);
        while Instant::now() < end {
            let asked = Instant::now();
            let reply = client.post("/commands/deposit", &body).await;
            if reply.status == 200 {
                done += 1;
                continue;
            }
            reply.refused(503, "overloaded");
            assert!(asked.elapsed() < TURNED_AWAY_WITHIN, "turned away after {:?}", asked.elapsed());
            turned_away += 1;
            tokio::time::sleep(PAUSE).await;
        }
        Outcome { done, turned_away }
    }))
    .await;
    let sum = |count: fn(&Outcome) -> u64| each.iter().map(count).sum();
    Outcome { done: sum(|one| one.done), turned_away: sum(|one| one.turned_away) }
}

/// Ten times more clients than it can take.
async fn an_overload_does_not_bring_it_down(kind: Kind) {
    let server = Server::start_with(kind, &["--commands-in-flight", IN_FLIGHT_MAX]).await;
    join_all((0..10).map(async |account| server.create(&format!("acc-{account}"), 0).await.accepted())).await;
    let [before, overload, after] =
        [load(&server, 16).await, load(&server, 160).await, load(&server, 16).await];
    eprintln!("{} done, {} in the overload, {} afterwards", before.done, overload.done, after.done);
    assert_eq!((before.turned_away, after.turned_away), (0, 0));
    assert!(overload.turned_away > 160, "{} turned away", overload.turned_away);
    // Clients, server and whatever else runs share the machine: a quarter of what it does beside it is no collapse.
    let usual = before.done.min(after.done);
    assert!(usual >= 16 && 4 * overload.done > usual);
    assert_eq!(server.head().await, 10 + before.done + overload.done + after.done);
}

/// Half of them send nothing, the others half a request.
async fn connections_that_say_nothing_harm_nobody(kind: Kind) {
    const CONNECTIONS: usize = 2_000;
    rlimit::increase_nofile_limit(u64::MAX).unwrap();
    let server = Server::start(kind).await;
    server.create("acc-0", 0).await.accepted();
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for number in 0..CONNECTIONS {
        let mut connection = TcpStream::connect(("127.0.0.1", server.ports.commands)).await.unwrap();
        if number % 2 == 0 {
            connection.write_all(b"POST /commands/deposit HTTP/1.1\r\nHost: loc").await.unwrap();
        }
        connections.push(connection);
    }
    let started = Instant::now();
    join_all((0..10).map(async |_| {
        for _ in 0..10 {
            server.deposit("acc-0", 1).await.accepted();
        }
    }))
    .await;
    assert!(started.elapsed() < Duration::from_secs(5), "100 deposits took {:?}", started.elapsed());
    assert_eq!(server.account("acc-0", 101).await["balance"], 100);
}
