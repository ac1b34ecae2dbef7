//! The board that comes with the Compose file shows what the program counts.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::server::{Kind, Server, until};

on_both_stores!(every_metric_on_the_board_is_counted);

/// Words of the query language, and of the board, that have an underscore like the names of metrics.
const WORDS: [&str; 2] = ["histogram_quantile", "__rate_interval"];

async fn every_metric_on_the_board_is_counted(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana/bursar.json");
    let board: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let mut shown = BTreeSet::new();
    for panel in board["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let words = target["expr"].as_str().unwrap().split(|part| !is_part(part));
            shown.extend(words.filter(|word| word.contains('_') && !WORDS.contains(word)));
        }
    }
    assert!(shown.len() > 8, "{shown:?}");
    // Gauges are set now and then.
    until("every metric is counted", async || {
        let metrics = server.get("/metrics").await.text;
        let names = metrics.lines().filter_map(|line| line.split(|part| !is_part(part)).next());
        let missing: Vec<&str> = shown.difference(&names.collect()).copied().collect();
        missing.is_empty().then_some(())
    })
    .await;
    let metrics = server.get("/metrics").await.text;
    let of = |kind: &str| -> BTreeSet<&str> {
        metrics.lines().filter_map(|line| line.strip_prefix(kind)?.split(' ').next()).collect()
    };
    assert_eq!(of("# HELP "), of("# TYPE "));
}
