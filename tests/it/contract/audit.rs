//! What shows that the log is sound, over HTTP.

use serde_json::json;

use crate::server::{Kind, Server};

on_both_stores!(checkpoints_are_chained_and_come_in_pages, a_proof_is_of_an_event_that_is_there);

async fn checkpoints_are_chained_and_come_in_pages(kind: Kind) {
    let server = Server::start(kind).await;
    let empty = server.get("/audit/checkpoints").await;
    assert_eq!((empty.expect(200), empty.number("X-Head-Sequence")), (json!([]), 0));
    for account in ["acc-1", "acc-2", "acc-3"] {
        server.create(account, 10).await.accepted();
    }
    server.transfer("acc-1", "acc-2", 1).await.accepted();
    let all = server.json("/audit/checkpoints").await;
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 4);
    let mut previous = json!("0".repeat(64));
    for (checkpoint, (first, last)) in all.iter().zip([(1, 1), (2, 2), (3, 3), (4, 5)]) {
        assert_eq!(checkpoint["previous"], previous);
        assert_eq!(
            (&checkpoint["firstSequence"], &checkpoint["lastSequence"]),
            (&json!(first), &json!(last))
        );
        assert!(checkpoint.get("signature").is_none(), "{checkpoint}");
        previous = checkpoint["chain"].clone();
    }
    let paged = server.pages("/audit/checkpoints?limit=3").await;
    assert_eq!(&paged, all);
    // The one that holds the event behind the place.
    assert_eq!(server.json("/audit/checkpoints?fromSequence=4").await, json!([all[3]]));
    assert_eq!(server.json("/audit/checkpoints?fromSequence=5").await, json!([]));
    for (query, field) in
        [("fromSequence=6", "fromSequence"), ("limit=0", "limit"), ("limit=1001", "limit"), ("x=1", "x")]
    {
        let problem = server.get(&format!("/audit/checkpoints?{query}")).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], field);
    }
    server.get("/audit?x=1").await.refused(400, "invalid-field");
}

async fn a_proof_is_of_an_event_that_is_there(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 10).await.accepted();
    let proof = server.json("/audit/proofs/1").await;
    assert_eq!((&proof["sequence"], &proof["leaves"]), (&json!(1), &json!(2)));
    assert_eq!(proof["path"].as_array().unwrap().len(), 1);
    for sequence in ["0", "2", "18446744073709551615"] {
        server.get(&format!("/audit/proofs/{sequence}")).await.refused(404, "not-found");
    }
    for sequence in ["x", "-1", "1.5", "18446744073709551616"] {
        let problem = server.get(&format!("/audit/proofs/{sequence}")).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], "sequence");
    }
    server.get("/audit/proofs/1?x=1").await.refused(400, "invalid-field");
    server.get("/audit/proofs").await.refused(404, "not-found");
}
