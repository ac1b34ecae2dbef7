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

fn filter_of(filter: &str) -> EnvFilter {
    EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"))
}

/// Counts from here on.
pub fn count() -> anyhow::Result<PrometheusHandle> {
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_events".to_owned()), &EVENTS)?
        .install_recorder()?)
}

/// Folds the samples of histograms now and then, so that they don't pile up while nobody scrapes.
pub async fn keep_up(metrics: PrometheusHandle) {
    let mut every = tokio::time::interval(std::time::Duration::from_secs(5));
    loop {
        every.tick().await;
        metrics.run_upkeep();
    }
}
