//! The log under the read models is not the one that they were made of: an older copy of it, or another one. What they
//! say of what never happened is not served, and they are made anew.

use std::cell::Cell;

use crate::client::Reply;
use crate::fold::Fold;
use crate::server::{Kind, Server};

on_both_stores!(an_older_copy_of_the_log, another_log);

/// Money that was paid in after the copy was made is gone from the log, and so from what is read.
async fn an_older_copy_of_the_log(kind: Kind) {
    let mut server = Server::start(kind).await;
    server.create("acc-1", 100).await.accepted();
    server.terminate().await;
    server.stores.back_up_log(&server.data()).await;
    server.start_again().await;
    server.deposit("acc-1", 50).await.accepted();
    let last = server.create("acc-2", 1).await.sequence();
    server.fresh("/accounts", last).await;
    server.terminate().await;
    server.stores.restore_log(&server.data()).await;
    server.start_again().await;
    never_meets(&server, "/accounts/acc-1", |reply| reply.status == 200 && reply.json()["balance"] != 100)
        .await;
    never_meets(&server, "/accounts/acc-2", |reply| reply.status == 200).await;
    never_meets(&server, "/accounts", |reply| reply.status == 200 && reply.text.contains("acc-2")).await;
    let last = server.deposit("acc-1", 1).await.sequence();
    assert_eq!(server.account("acc-1", last).await["balance"], 101);
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

/// The accounts of the log before are unknown to the new one.
async fn another_log(kind: Kind) {
    let mut server = Server::start(kind).await;
    for n in 0..20 {
        server.create(&format!("old-{n}"), 7).await.accepted();
    }
    server.fresh("/accounts", 20).await;
    server.terminate().await;
    server.stores.drop_log(&server.data()).await;
    server.start_again().await;
    never_meets(&server, "/accounts/old-1", |reply| reply.status == 200).await;
    never_meets(&server, "/accounts", |reply| reply.status == 200 && reply.text.contains("old-")).await;
    let last = server.create("new", 1).await.sequence();
    assert_eq!(server.account("new", last).await["balance"], 1);
    Fold::of(&server.log().await).assert_is_what_is_read(&server).await;
}

/// Reads a path until the read models have caught up with the log's head, and once more: no answer may be so.
async fn never_meets(server: &Server, path: &str, wrong: impl Fn(&Reply) -> bool) {
    let caught_up = Cell::new(false);
    crate::server::until("the read models are there again", async || {
        let done = caught_up.get();
        let stats = server.json("/stats").await;
        caught_up.set(stats["lagEvents"] == 0);
        let reply = server.get(path).await;
        assert!(!wrong(&reply), "{path}: {} {}", reply.status, reply.text);
        done.then_some(())
    })
    .await;
}
