//! What every request passes first: is it for this server and from an allowed page, is the path one of this port's;
//! and what every answer gets: headers for browsers, a count, and a problem in place of a panic.

use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BodySize, BoxBody, MessageBody as _};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::uri::Authority;
use actix_web::http::{ConnectionType, Method, StatusCode, Uri, Version};
use actix_web::{Error, HttpResponse, ResponseError as _};
use actors::panic_words;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use metrics::{Counter, Histogram};

use crate::code::Code;
use crate::pace::{Answer, Answering};
use crate::problem::Problem;
use crate::{Connection, Facade, WebSettings};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, OPTIONS");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Correlation-Id, traceparent, Last-Event-ID",
);
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "Link, ETag, Location, X-Sequence, X-Total-Count, X-Head-Sequence, Idempotent-Replayed, Retry-After",
);
const PREFLIGHT_SECONDS: HeaderValue = HeaderValue::from_static("600");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const ORIGIN: HeaderValue = HeaderValue::from_static("Origin");

/// The middleware around every route.
#[derive(Clone)]
pub(crate) struct Guard {
    settings: Arc<WebSettings>,
    counts: Rc<Counts>,
}

impl Guard {
    pub(crate) fn new(settings: Arc<WebSettings>) -> Self {
        Self { settings, counts: Rc::new(Counts::new()) }
    }
}

/// The service that [`Guard`] makes.
pub(crate) struct Guarded<S> {
    inner: S,
    guard: Guard,
}

impl<S> Transform<S, ServiceRequest> for Guard
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    S::Future: 'static,
{
    type Response = ServiceResponse<Answer>;
    type Error = Error;
    type Transform = Guarded<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(Guarded { inner, guard: self.clone() }))
    }
}

impl<S> Service<ServiceRequest> for Guarded<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<BoxBody>, Error = Error>,
    S::Future: 'static,
{
    type Response = ServiceResponse<Answer>;
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Error>>;

    fn poll_ready(&self, context: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        let started = Instant::now();
        drop_last_slash(&mut request);
        let mut answering =
            request.conn_data::<Connection>().map(|connection| connection.pace.begin(has_body(&request)));
        let group = Group::of(request.path());
        let origin = match self.guard.admit(&request, group) {
            Ok(origin) => origin,
            Err(problem) => return self.refuse(request, group, started, &problem, None, answering),
        };
        let elsewhere = |connection: &Connection| !group.is_on(connection.facade);
        if request.conn_data::<Connection>().is_some_and(elsewhere) {
            let problem = Problem::not_found(request.path());
            return self.refuse(request, group, started, &problem, origin, answering);
        }
        if let Some(origin) = origin.as_ref().filter(|_| is_preflight(&request)) {
            return Box::pin(ready(Ok(timed(request.into_response(preflight(origin)), answering))));
        }
        let counts = Rc::clone(&self.guard.counts);
        let knows_chunks = request.version() >= Version::HTTP_11;
        let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
        Box::pin(async move {
            match answer.await {
                Ok(Ok(mut response)) => {
                    decorate(response.headers_mut(), origin);
                    if !knows_chunks && response.response().body().size() == BodySize::Stream {
                        // The end of the connection is the end of the body then.
                        let head = response.response_mut().head_mut();
                        head.no_chunking(true);
                        head.set_connection_type(ConnectionType::Close);
                    }
                    counts.note(group, response.status(), started);
                    Ok(timed(response, answering))
                }
                Ok(Err(error)) => Err(error),
                Err(panic) => {
                    let mut problem = Problem::internal(&panic_words(&*panic)).closing();
                    let mut headers = HeaderMap::new();
                    decorate(&mut headers, origin);
                    for (name, value) in headers {
                        problem = problem.header(name, value);
                    }
                    counts.note(group, problem.status_code(), started);
                    answering.iter_mut().for_each(Answering::is_last);
                    Err(problem.into())
                }
            }
        })
    }
}

/// A path with a slash at its end is the one without, as clients of Express are used to.
fn drop_last_slash(request: &mut ServiceRequest) {
    let uri = request.uri();
    let Some(path) = uri.path().strip_suffix('/').filter(|path| !path.is_empty()) else { return };
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    let Ok(path_and_query) = text.parse() else { return };
    parts.path_and_query = Some(path_and_query);
    if let Ok(uri) = Uri::from_parts(parts) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
}

fn has_body(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH).is_some_and(|length| length != "0");
    length || headers.contains_key(header::TRANSFER_ENCODING)
}

/// The answer, over when all of its body is on its way.
fn timed(
    mut response: ServiceResponse<BoxBody>,
    mut answering: Option<Answering>,
) -> ServiceResponse<Answer> {
    // Actix-http closes a connection that was asked for another protocol, whatever came of it; the client is to know.
    if response.request().head().connection_type() == ConnectionType::Upgrade
        && response.status() != StatusCode::SWITCHING_PROTOCOLS
    {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    if answering.as_ref().is_some_and(Answering::is_early)
        && response.response().head().connection_type() == ConnectionType::KeepAlive
    {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    // Behind an upgraded connection nothing else is asked.
    if response.response().head().connection_type() != ConnectionType::KeepAlive {
        answering.iter_mut().for_each(Answering::is_last);
    }
    let is_head = response.request().method() == Method::HEAD;
    response.map_body(|_, body| Answer { body, is_head, _answering: answering })
}

impl<S> Guarded<S> {
    /// Answers in place of the route.
    fn refuse(
        &self,
        request: ServiceRequest,
        group: Group,
        started: Instant,
        problem: &Problem,
        origin: Option<HeaderValue>,
        answering: Option<Answering>,
    ) -> LocalBoxFuture<'static, Result<ServiceResponse<Answer>, Error>> {
        self.guard.counts.note(group, problem.status_code(), started);
        let mut response = problem.error_response();
        decorate(response.headers_mut(), origin);
        Box::pin(ready(Ok(timed(request.into_response(response), answering))))
    }
}

impl Guard {
    /// The request's origin, if it has one and may be here.
    fn admit(&self, request: &ServiceRequest, group: Group) -> Result<Option<HeaderValue>, Problem> {
        let connection = request.conn_data::<Connection>();
        let host = request.headers().get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or("");
        // One in the request line counts more than the header (RFC 9112 §3.2.2).
        let named = request.uri().authority().map(Authority::as_str);
        let mut origins = request.headers().get_all(header::ORIGIN);
        let (origin, single) = (origins.next(), origins.next().is_none());
        let allowed = |origin: &&HeaderValue| {
            single && origin.to_str().is_ok_and(|origin| self.allows_origin(origin, host))
        };
        let known =
            self.knows_host(host, connection) && named.is_none_or(|named| self.knows_host(named, connection));
        if group == Group::Health {
            return Ok(origin.filter(|_| known).filter(allowed).cloned());
        }
        if !known {
            let words = "the Host header does not name this server (--allowed-hosts)";
            return Err(Problem::new(Code::Forbidden, words));
        }
        if !origin.as_ref().is_none_or(allowed) {
            let words = "the Origin header is not one that may use this server (--allowed-origins)";
            return Err(Problem::new(Code::Forbidden, words));
        }
        Ok(origin.cloned())
    }

    fn knows_host(&self, host: &str, connection: Option<&Connection>) -> bool {
        let name = without_port(host);
        let local = ["localhost", "127.0.0.1", "[::1]"].iter().any(|known| name.eq_ignore_ascii_case(known));
        let listed = |known: &String| name.eq_ignore_ascii_case(known) || host.eq_ignore_ascii_case(known);
        // A bare address can't be made to point elsewhere, so the address that was connected to is a name of this server.
        let address = || {
            let bare = name.trim_start_matches('[').trim_end_matches(']');
            bare.parse().is_ok_and(|ip| connection.is_some_and(|connection| connection.ip == Some(ip)))
        };
        local || self.settings.allowed_hosts.iter().any(listed) || address()
    }

    fn allows_origin(&self, origin: &str, host: &str) -> bool {
        let listed = |known: &String| origin.eq_ignore_ascii_case(known);
        let authority = origin.split_once("://").map_or("", |(_, authority)| authority);
        // The host was checked: a page of this very server.
        let same = !host.is_empty() && authority.eq_ignore_ascii_case(host);
        let local = || {
            let rest = origin.strip_prefix("http://").unwrap_or("");
            matches!(without_port(rest), "localhost" | "127.0.0.1" | "[::1]")
        };
        same || (self.settings.loopback && local()) || self.settings.allowed_origins.iter().any(listed)
    }
}

/// A host without its port, if what follows the last colon is one.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        Some(_) | None => host,
    }
}

fn is_preflight(request: &ServiceRequest) -> bool {
    *request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn preflight(origin: &HeaderValue) -> HttpResponse {
    let mut response = HttpResponse::NoContent();
    response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS));
    response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS));
    response.insert_header((header::ACCESS_CONTROL_MAX_AGE, PREFLIGHT_SECONDS));
    let mut response = response.finish();
    decorate(response.headers_mut(), Some(origin.clone()));
    response
}

/// What browsers need to know of every answer.
fn decorate(headers: &mut HeaderMap, origin: Option<HeaderValue>) {
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    // Beside what the route said.
    headers.append(header::VARY, ORIGIN);
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
    }
}

/// The paths that belong together: they are on the same ports, and are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Root,
    Commands,
    Accounts,
    Events,
    Projections,
    Health,
    Problems,
    Description,
    Other,
}

impl Group {
    const ALL: [Self; 9] = [
        Self::Root,
        Self::Commands,
        Self::Accounts,
        Self::Events,
        Self::Projections,
        Self::Health,
        Self::Problems,
        Self::Description,
        Self::Other,
    ];

    fn of(path: &str) -> Self {
        let path = path.strip_prefix('/').unwrap_or(path);
        match path.split('/').next().unwrap_or("") {
            "commands" => Self::Commands,
            "accounts" | "ledger" | "analytics" => Self::Accounts,
            "livez" | "health" | "readyz" | "metrics" => Self::Health,
            "" | "ws" => Self::Root,
            "events" | "audit" => Self::Events,
            "stats" | "replay" | "replays" | "projections" => Self::Projections,
            "problems" => Self::Problems,
            "openapi.json" | "asyncapi.json" => Self::Description,
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::Commands => "commands",
            Self::Accounts => "accounts",
            Self::Events => "events",
            Self::Projections => "projections",
            Self::Health => "health",
            Self::Problems => "problems",
            Self::Description => "description",
            Self::Other => "other",
        }
    }

    /// Whether the paths are on a facade; the dashboard has all.
    fn is_on(self, facade: Facade) -> bool {
        let own = match self {
            Self::Health | Self::Problems | Self::Description => return true,
            Self::Root | Self::Events => Facade::Events,
            Self::Commands => Facade::Commands,
            Self::Accounts => Facade::Queries,
            Self::Projections => Facade::Projections,
            Self::Other => Facade::Dashboard,
        };
        facade == Facade::Dashboard || facade == own
    }
}

/// Per group of paths: how long answers take, and how many failed on whose side.
struct Counts([(Histogram, Counter, Counter); Group::ALL.len()]);

impl Counts {
    fn new() -> Self {
        Self(Group::ALL.map(|group| {
            let route = group.name();
            (
                metrics::histogram!("http_request_seconds", "route" => route),
                metrics::counter!("http_requests_refused_total", "route" => route),
                metrics::counter!("http_requests_failed_total", "route" => route),
            )
        }))
    }

    fn note(&self, group: Group, status: StatusCode, started: Instant) {
        let place = Group::ALL.iter().position(|other| *other == group);
        let Some((seconds, refused, failed)) = place.and_then(|place| self.0.get(place)) else { return };
        seconds.record(started.elapsed().as_secs_f64());
        if status.is_client_error() {
            refused.increment(1);
        } else if status.is_server_error() {
            failed.increment(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(loopback: bool) -> Guard {
        let settings = WebSettings {
            allowed_hosts: vec!["ledger.example".to_owned()],
            allowed_origins: vec!["https://app.example".to_owned()],
            loopback,
            ..WebSettings::default()
        };
        Guard::new(Arc::new(settings))
    }

    #[test]
    fn hosts_are_this_servers_names() {
        for (host, known) in [
            ("localhost:3000", true),
            ("LOCALHOST", true),
            ("127.0.0.1:3001", true),
            ("[::1]:3000", true),
            ("[::1]", true),
            ("ledger.example", true),
            ("ledger.example:443", true),
            ("evil.example", false),
            ("localhost.evil.example:3000", false),
            ("10.0.0.7:3000", false),
            ("", false),
        ] {
            assert_eq!(guard(true).knows_host(host, None), known, "{host}");
        }
    }

    #[test]
    fn origins_are_local_pages_own_pages_and_listed_ones() {
        for (origin, loopback, allowed) in [
            ("http://localhost:5173", true, true),
            ("http://127.0.0.1:9", true, true),
            ("http://[::1]:9", true, true),
            ("http://localhost:5173", false, false),
            ("https://app.example", false, true),
            ("http://ledger.example:3000", false, true),
            ("http://localhost.evil.example", true, false),
            ("https://evil.example", true, false),
            ("null", true, false),
        ] {
            assert_eq!(guard(loopback).allows_origin(origin, "ledger.example:3000"), allowed, "{origin}");
        }
    }

    #[test]
    fn each_port_has_its_paths_and_the_dashboard_all() {
        for (path, facade, there) in [
            ("/commands/deposit", Facade::Commands, true),
            ("/commands/deposit", Facade::Queries, false),
            ("/accounts/a", Facade::Queries, true),
            ("/livez", Facade::Events, true),
            ("/", Facade::Events, true),
            ("/", Facade::Commands, false),
            ("/app.js", Facade::Events, false),
            ("/app.js", Facade::Dashboard, true),
            ("/audit/checkpoints", Facade::Events, true),
            ("/audit", Facade::Queries, false),
            ("/stats", Facade::Dashboard, true),
            ("/openapi.json", Facade::Queries, true),
            ("/config", Facade::Dashboard, true),
            ("/config", Facade::Commands, false),
        ] {
            assert_eq!(Group::of(path).is_on(facade), there, "{path} {facade:?}");
        }
    }
    #[actix_web::test]
    async fn a_panic_is_a_problem_with_a_correlation_id() {
        use actix_web::{App, test, web};
        async fn broken() -> HttpResponse {
            panic!("a bug")
        }
        let app = App::new().wrap(guard(true)).route("/stats", web::get().to(broken));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri("/stats").insert_header((header::HOST, "localhost"));
        let request = request.insert_header((header::ORIGIN, "http://localhost:1")).to_request();
        let error = test::try_call_service(&app, request).await.expect_err("an error");
        let response = error.error_response();
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
        let body = actix_web::body::to_bytes(response.into_body()).await.expect("a body");
        let json: serde_json::Value = serde_json::from_slice(&body).expect("json");
        assert_eq!(json["code"], "internal-error");
        assert!(json["correlationId"].is_string() && !body.windows(5).any(|part| part == b"a bug"));
    }
}
