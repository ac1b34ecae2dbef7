//! The five HTTP facades, the live feed and the dashboard: what clients say becomes calls of one [`Ledger`], and its
//! answers become JSON.

mod analytics;
mod assets;
mod audit;
mod batch;
mod body;
mod code;
mod commands;
mod config;
mod description;
mod events;
mod fields;
mod guard;
mod health;
mod history;
mod live;
mod pace;
mod params;
mod problem;
mod projections;
mod queries;

use std::future::Future;
use std::io;
use std::net::{IpAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, KeepAlive, Protocol};
use actix_service::{IntoServiceFactory as _, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::dev::{AppConfig, Extensions, Server};
use actix_web::rt::net::TcpStream;
use actix_web::web::{self, Data};
use actix_web::{App, FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder};
use actors::Ledger;
use domain::proof::CheckpointKey;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;

pub use code::Code;
pub use description::openapi;
pub use pace::Patience;
pub use problem::Problem;

use pace::{Pace, Paced};

/// How long requests under way may take to finish when the server stops, in seconds.
const DRAIN_SECONDS: u64 = 5;
/// How long the end of a connection may take whose request was not read to its end.
const DISCONNECT_WITHIN: Duration = Duration::from_secs(1);

/// One of the five faces of the server, each on a port of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facade {
    /// The page, and every route of the others.
    Dashboard,
    /// `/events…`, `/audit…` and the live feed.
    Events,
    /// `/commands/…`.
    Commands,
    /// `/accounts…`, `/ledger` and `/analytics…`.
    Queries,
    /// `/stats`, `/replay…` and `/projections…`.
    Projections,
}

/// Who may use the server, and how its feeds behave.
#[derive(Clone, Debug)]
pub struct WebSettings {
    /// Names of this server beside the loopback ones, with or without a port.
    pub allowed_hosts: Vec<String>,
    /// Origins whose pages may use it, such as `https://app.example`.
    pub allowed_origins: Vec<String>,
    /// Whether pages of any local port may use it: so where it is bound to loopback and no origins were named.
    pub loopback: bool,
    /// How much time clients have.
    pub patience: Patience,
    /// What signs checkpoints; without it they are not signed.
    pub checkpoint_key: Option<Arc<CheckpointKey>>,
    /// How often a live feed without traffic is pinged.
    pub ping_every: Duration,
    /// The settings in force, as they are shown: without secrets.
    pub config: Vec<Setting>,
    /// Makes a command's span part of the trace that a `traceparent` names, where spans are exported.
    pub join_trace: Option<fn(&tracing::Span, &str)>,
    /// Turns true when the process goes down: live feeds are then closed with 1001.
    pub draining: watch::Receiver<bool>,
}

impl Default for WebSettings {
    fn default() -> Self {
        Self {
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            loopback: true,
            patience: Patience::default(),
            checkpoint_key: None,
            ping_every: Duration::from_secs(20),
            config: Vec::new(),
            join_trace: None,
            draining: watch::Sender::new(false).subscribe(),
        }
    }
}

/// A setting in force.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its value, with what is secret masked.
    pub value: String,
    /// Where the value came from: `default`, `flag`, `$VARIABLE` or the file.
    pub source: String,
}

/// What every handler works with.
struct Api {
    ledger: Ledger,
    settings: Arc<WebSettings>,
    metrics: PrometheusHandle,
    shown: queries::Shown,
}

/// What is known of a connection.
struct Connection {
    facade: Facade,
    /// The address that the client connected to.
    ip: Option<IpAddr>,
    /// A duplicate of the socket, for ending a live feed whose client reads nothing. It lives as long as the connection.
    socket: Option<Arc<std::net::TcpStream>>,
    pace: Rc<Pace>,
}

/// The threads that serve.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// How many.
    pub count: usize,
    /// Connections of each; others wait to be taken.
    pub connections_max: usize,
}

/// Serves the facades on their listeners, all from one set of worker threads. To be called on an actix system; the server
/// runs when it is awaited or spawned, and stops by its handle.
///
/// # Errors
/// Where a listener can't be used.
pub fn serve(
    listeners: Vec<(Facade, TcpListener)>,
    ledger: Ledger,
    settings: Arc<WebSettings>,
    workers: Workers,
    metrics: PrometheusHandle,
) -> io::Result<Server> {
    let shown = queries::Shown::default();
    let api = Data::new(Api { ledger, settings: Arc::clone(&settings), metrics, shown });
    let mut server = Server::build()
        .workers(workers.count)
        .max_concurrent_connections(workers.connections_max)
        .shutdown_timeout(DRAIN_SECONDS)
        .disable_signals();
    for (facade, listener) in listeners {
        let (api, settings) = (api.clone(), Arc::clone(&settings));
        server = server.listen(format!("{facade:?}"), listener, move || {
            let (patience, draining) = (settings.patience, settings.draining.clone());
            let guard = guard::Guard::new(Arc::clone(&settings));
            let app = App::new().app_data(api.clone()).wrap(guard).configure(routes);
            let app = app.into_factory().map_err(|error: actix_web::Error| error.error_response());
            let http = HttpService::build()
                // Both are the matter of `Paced`.
                .client_request_timeout(Duration::ZERO)
                .keep_alive(KeepAlive::Os)
                .client_disconnect_timeout(DISCONNECT_WITHIN)
                .graceful_shutdown_signal(move || drains(draining.clone()))
                .on_connect_ext(move |socket: &Paced, data: &mut Extensions| greet(facade, socket, data))
                .finish(map_config(app, |()| AppConfig::default()));
            fn_service(move |stream: TcpStream| async move {
                let peer = stream.peer_addr().ok();
                Ok((Paced::new(stream, patience), Protocol::Http1, peer))
            })
            .and_then(http)
        })?;
    }
    Ok(server.run())
}

fn routes(config: &mut web::ServiceConfig) {
    config
        // The busiest paths first: the router tries them in order, and patterns take their time.
        .configure(commands::routes)
        .configure(queries::routes)
        .configure(commands::recalled)
        .configure(analytics::routes)
        .configure(health::routes)
        .configure(events::routes)
        .configure(audit::routes)
        .configure(projections::routes)
        .configure(code::routes)
        .configure(description::routes)
        .configure(config::routes)
        .service(get("/", root))
        .service(get("/ws", feed))
        .default_service(web::to(other));
}

/// Resolves when the process goes down: connections without a request under way are then closed.
async fn drains(mut draining: watch::Receiver<bool>) {
    if draining.wait_for(|draining| *draining).await.is_err() {
        // Nobody is left who could say it.
        std::future::pending::<()>().await;
    }
}

/// Notes at the start of a connection which facade it came to.
fn greet(facade: Facade, paced: &Paced, data: &mut Extensions) {
    let has_feed = match facade {
        Facade::Dashboard | Facade::Events => true,
        Facade::Commands | Facade::Queries | Facade::Projections => false,
    };
    let stream = paced.stream();
    let ip = stream.local_addr().ok().map(|local| local.ip().to_canonical());
    let socket = has_feed.then(|| stream.as_fd().try_clone_to_owned().ok()).flatten();
    let socket = socket.map(|socket| Arc::new(std::net::TcpStream::from(socket)));
    data.insert(Connection { facade, ip, socket, pace: Rc::clone(paced.pace()) });
}

/// A path that answers GET and HEAD.
fn get<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A> + Clone,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
    F::Future: Future,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(async || Err::<HttpResponse, _>(problem::method_not_allowed("GET, HEAD"))))
}

/// A path that answers POST.
fn post<F, A>(path: &str, handler: F) -> Resource
where
    F: Handler<A>,
    A: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::post().to(handler))
        .default_service(web::to(async || Err::<HttpResponse, _>(problem::method_not_allowed("POST"))))
}

/// The page on the dashboard's port; the live feed for whoever asks for a WebSocket.
async fn root(api: Data<Api>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    let facade = request.conn_data::<Connection>().map(|connection| connection.facade);
    if live::is_upgrade(&request) || facade == Some(Facade::Events) {
        return live::connect(api, &request, payload, live::Manner::Bare).await;
    }
    assets::serve(&request)
}

async fn feed(api: Data<Api>, request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Problem> {
    live::connect(api, &request, payload, live::Manner::Talking).await
}

/// What no route takes: a file of the dashboard, or nothing.
async fn other(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let facade = request.conn_data::<Connection>().map(|connection| connection.facade);
    match facade {
        Some(Facade::Dashboard) => assets::serve(&request),
        Some(Facade::Events | Facade::Commands | Facade::Queries | Facade::Projections) | None => {
            Err(Problem::not_found(request.path()))
        }
    }
}
