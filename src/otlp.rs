//! Spans of commands, exported over OTLP (HTTP, protobuf) to a collector; the other `OTEL_` variables hold as the
//! specification has them.

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use crate::settings::WrongSetting;

/// The one variable that could ask for what there is not.
const PROTOCOL: &str = "OTEL_EXPORTER_OTLP_PROTOCOL";
/// How long a collector may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long the last spans may take to go out when the process ends.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// The export, until dropped; what has gathered then goes out first.
pub struct Export(SdkTracerProvider);

impl Drop for Export {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(FLUSH_WITHIN) {
            tracing::warn!(%error, "the last spans were not exported");
        }
    }
}

/// What takes the spans of commands to the collector at that URL.
pub fn export<S>(endpoint: &str) -> anyhow::Result<(Export, impl Layer<S>)>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let protocol = std::env::var(PROTOCOL).unwrap_or_default();
    if !matches!(protocol.as_str(), "" | "http/protobuf") {
        let reason = format!("{protocol:?} is not built in; http/protobuf is");
        return Err(WrongSetting { name: PROTOCOL.to_owned(), reason }.into());
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new())
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
        .build()
        .with_context(|| format!("spans to {endpoint}"))?;
    let provider =
        SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource()).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("bursar"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(Targets::new().with_target(actors::SPANS, Level::DEBUG));
    Ok((Export(provider), layer))
}

/// Makes a span part of a client's trace.
pub fn join(span: &Span, traceparent: &str) {
    let headers = std::collections::HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &headers);
    // A span that nobody exports has no parent either.
    let _ = span.set_parent(parent);
}

/// What the spans are of: `bursar`, where the environment does not name it.
fn resource() -> Resource {
    let variable = |name| std::env::var(name).unwrap_or_default();
    let is_named = !variable("OTEL_SERVICE_NAME").is_empty()
        || variable("OTEL_RESOURCE_ATTRIBUTES").contains("service.name=");
    let resource = Resource::builder();
    if is_named { resource.build() } else { resource.with_service_name("bursar").build() }
}

/// The client that the program has anyway. It blocks; the export has a thread of its own.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new() -> Self {
        let config = ureq::Agent::config_builder().timeout_global(Some(ANSWERS_WITHIN));
        Self(config.http_status_as_error(false).build().into())
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, mut body) = self.0.run(request.map(Vec::from))?.into_parts();
        Ok(Response::from_parts(head, Bytes::from(body.read_to_vec()?)))
    }
}
