//! What the process says of itself: log lines on stderr, metrics for Prometheus, spans where they are wanted.

use std::io::IsTerminal as _;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Latencies from 100 µs to 10 s.
const SECONDS: [f64; 16] =
    [0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Events in one batch.
const EVENTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// Log lines go to stderr from here on.
pub fn log_to_stderr(filter: &str, json: bool) {
    let filter = filter_of(filter);
    // A line that can't be written, on a full disk say, is lost; complaining about that would panic.
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(is_coloured())
        .log_internal_errors(false);
    if json {
        lines.json().init();
    } else {
        lines.init();
    }
}

/// The same, and the spans of commands to a collector, for as long as what this returns lives.
#[cfg(feature = "otlp")]
pub fn log_and_export(filter: &str, json: bool, endpoint: &str) -> anyhow::Result<crate::otlp::Export> {
    use tracing_subscriber::Layer as _;
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;

    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(is_coloured())
        .log_internal_errors(false);
    let lines = if json { lines.json().boxed() } else { lines.boxed() };
    let (export, spans) = crate::otlp::export(endpoint)?;
    tracing_subscriber::registry().with(spans).with(lines.with_filter(filter_of(filter))).init();
    Ok(export)
}

/// Whether a person reads the lines who does not mind colours (<https://no-color.org>).
fn is_coloured() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// What is counted and measured, in words for whoever reads `/metrics`.
const COUNTERS: [(&str, &str); 6] = [
    (
        "bursar_commands_total",
        "Commands: accepted; refused for a reason that the client has to do with; failed for the server's",
    ),
    ("bursar_audit_violations_total", "What the auditor found that can't be right"),
    ("bursar_feed_restarts_total", "How often a part of the live feed panicked and started again"),
    ("http_requests_refused_total", "Requests answered with 4xx"),
    ("http_requests_failed_total", "Requests answered with 5xx"),
    ("http_heads_late_total", "Connections closed because a request's head did not come in time"),
];
const GAUGES: [(&str, &str); 3] = [
    ("bursar_projection_lag_events", "How many events a read model is behind the log"),
    ("bursar_feed_subscribers", "Live feeds that are open"),
    ("bursar_audit_sequence", "Up to where the auditor has checked the log"),
];
const HISTOGRAMS: [(&str, &str); 4] = [
    ("bursar_command_seconds", "From a command's arrival to its answer"),
    ("bursar_commit_seconds", "From the beginning of an append to its end on disk"),
    ("bursar_batch_events", "Events per append"),
    ("http_request_seconds", "From a request's head to its answer's"),
];
const RARE: [&str; 3] =
    ["bursar_audit_violations_total", "bursar_feed_restarts_total", "http_heads_late_total"];

fn filter_of(filter: &str) -> EnvFilter {
    EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Counts from here on.
pub fn count() -> anyhow::Result<PrometheusHandle> {
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_events".to_owned()), &EVENTS)?
        .install_recorder()?;
    for (name, words) in COUNTERS {
        metrics::describe_counter!(name, words);
    }
    for (name, words) in GAUGES {
        metrics::describe_gauge!(name, words);
    }
    for (name, words) in HISTOGRAMS {
        metrics::describe_histogram!(name, words);
    }
    // What is rare is there from the beginning, so that the first time is seen as a rise.
    for name in RARE {
        metrics::counter!(name).increment(0);
    }
    Ok(metrics)
}

/// Folds the samples of histograms now and then, so that they don't pile up while nobody scrapes.
pub async fn keep_up(metrics: PrometheusHandle) {
    let mut every = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        every.tick().await;
        metrics.run_upkeep();
    }
}
