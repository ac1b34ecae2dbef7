//! A full disk under the embedded store: commands are turned away, reads go on, and so does everything once there is room.

use std::cell::Cell;
use std::time::Duration;

use crate::load::{Dice, Sent, assert_outcomes, open_accounts, settle_until};
use crate::server::{Kind, Server, run, until};

mod embedded {
    #[test]
    fn a_full_disk_loses_nothing_and_is_got_over() {
        super::run(super::a_full_disk_loses_nothing_and_is_got_over());
    }
}

async fn a_full_disk_loses_nothing_and_is_got_over() {
    let server = Server::start(Kind::Embedded).await;
    open_accounts(&server).await;
    server.fresh("/accounts", 10).await;
    let mut dice = Dice::new();
    let mut chance = dice.split();
    let is_over = Cell::new(false);
    let saboteur = async {
        let mut probes = Vec::new();
        // With no room for a byte, nor for a line about it, and with some that ends in the middle of a commit.
        for room in [None, Some(10_000), Some(100_000)] {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let log = std::fs::metadata(server.data().join("journal.sqlite3-wal")).unwrap();
            server.limit_files(Some(room.map_or(0, |room| log.len() + room)));
            until("commands are turned away", async || {
                let mut probe = Sent::any(&mut chance, format!("probe-{}", probes.len()));
                let reply = probe.try_send(&server).await.unwrap();
                probe.answer = Some(reply.status);
                probes.push(probe);
                (reply.status == 503).then(|| reply.refused(503, "log-unavailable"))
            })
            .await;
            assert_eq!(server.json("/accounts").await.as_array().unwrap().len(), 10);
            server.json("/accounts/acc-1").await;
            assert!(server.head().await >= 10);
            if room.is_none() {
                assert_eq!(server.get("/readyz").await.refused(503, "log-unavailable")["status"], 503);
            }
            server.limit_files(None);
            assert_eq!(server.get("/readyz").await.status, 200);
            probes.last_mut().unwrap().settle(&server).await;
        }
        is_over.set(true);
        probes
    };
    let (mut sent, probes) = tokio::join!(settle_until(&server, &mut dice, &is_over), saboteur);
    sent.extend(probes);
    assert!(sent.len() > 100, "{} commands are no load", sent.len());
    assert_outcomes(&server, &sent).await;
}
