//! One run of the server: stores, actors, listeners, the lines that say where things are, and the way down.

use std::io::{self, ErrorKind, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::System;
use actors::Ledger;
use anyhow::Context as _;
use domain::proof::CheckpointKey;
use socket2::{Domain, Socket, Type};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use web::{Facade, WebSettings};

use crate::settings::{FACADES, Settings, WrongSetting, masked};
use crate::{memory, stores, telemetry};

/// How long commands under way may take when the process is to end.
const DRAIN_WITHIN: Duration = Duration::from_secs(4);
/// How long the whole end may take; requests that are not done then are cut off.
const END_WITHIN: Duration = Duration::from_secs(5);
/// Connections that may wait until a worker takes them; the system may allow fewer.
const CONNECTIONS_WAITING_MAX: i32 = 4096;
/// Descriptors that the stores may come to need, with those of the process itself.
const FILES_KEPT_BACK: usize = 128;
/// Those of a worker's thread and of a shard's.
const FILES_PER_WORKER: usize = 8;
/// A connection on which a live feed can be asked for takes two: its socket, and the hub's duplicate of it.
const FILES_PER_CONNECTION: usize = 2;
/// With fewer, it is not worth starting.
const CONNECTIONS_AT_LEAST: usize = 64;
const CONNECTIONS_PER_WORKER_MAX: usize = 25_600;
/// How many ports are tried until one is free at every host.
const FREE_PORTS_TRIED_MAX: u32 = 16;

/// Runs until SIGTERM or SIGINT. `config` is what is told of the settings.
pub fn run(settings: &Settings, config: Vec<web::Setting>) -> anyhow::Result<()> {
    let metrics = telemetry::count()?;
    let connections_max = connections_per_worker(settings.workers)?;
    let checkpoint_key = settings.checkpoint_key.as_deref().map(read_key).transpose()?.map(Arc::new);
    System::new().block_on(async {
        actix_web::rt::spawn(telemetry::keep_up(metrics.clone()));
        actix_web::rt::spawn(memory::give_back());
        let bound = bind(settings)?;
        // Of each facade the first, which is there on every machine.
        let mut addresses: Vec<(Facade, SocketAddr)> = Vec::with_capacity(FACADES.len());
        for Bound { facade, address, .. } in &bound {
            if addresses.last().is_none_or(|(last, _)| last != facade) {
                addresses.push((*facade, *address));
            }
        }
        let stores = stores::open(settings).await?;
        let ledger = Ledger::start(stores.journal, stores.views, &settings.ledger).await?;
        let (ending, draining) = watch::channel(false);
        let web = WebSettings {
            allowed_hosts: settings.allowed_hosts.clone(),
            allowed_origins: settings.allowed_origins.clone(),
            loopback: settings.hosts.iter().all(IpAddr::is_loopback) && settings.allowed_origins.is_empty(),
            config,
            patience: settings.patience,
            checkpoint_key,
            #[cfg(feature = "otlp")]
            join_trace: settings.otlp_endpoint.as_ref().map(|_| crate::otlp::join as fn(&_, &_)),
            #[cfg(not(feature = "otlp"))]
            join_trace: None,
            draining,
            ping_every: WebSettings::default().ping_every.min(settings.ledger.feed_timeout),
        };
        // Until now connections are refused, rather than taken and left without an answer.
        let listeners = bound.into_iter().map(Bound::listen).collect::<Result<_, _>>()?;
        let workers = web::Workers { count: settings.workers, connections_max };
        let server = web::serve(listeners, ledger.clone(), Arc::new(web), workers, metrics)?;
        let handle = server.handle();
        let serving = actix_web::rt::spawn(server);
        store::make_folder(&settings.data_dir).with_context(|| settings.data_dir.display().to_string())?;
        write_ports(&settings.data_dir, &addresses)?;
        if let Err(error) = say(&where_things_are(settings, &addresses)) {
            tracing::warn!(error = format!("{error:#}"), "it can't be said where things are");
        }

        wait_for_the_end().await?;
        tracing::info!("ending: commands under way are finished first");
        let deadline = Instant::now() + END_WITHIN;
        ledger.drain();
        ledger.drained(DRAIN_WITHIN).await;
        let _ = ending.send(true);
        let stopped = async {
            handle.stop(true).await;
            serving.await
        };
        let stopped = timeout_at(deadline, stopped).await;
        ledger.stop();
        match stopped {
            Ok(served) => Ok(served??),
            Err(_) => {
                tracing::warn!("requests that are still under way are cut off");
                Ok(())
            }
        }
    })
}

/// The key that signs checkpoints.
fn read_key(path: &Path) -> Result<CheckpointKey, WrongSetting> {
    let wrong = |reason: &dyn std::fmt::Display| WrongSetting {
        name: "checkpoint-key".to_owned(),
        reason: format!("{} {reason}", path.display()),
    };
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(&format_args!("can't be read: {error}")))?;
    CheckpointKey::parse(&text).map_err(|error| wrong(&error))
}

/// What the limit of open files leaves to clients. The stores' share is kept back: what breaks is to come back, however
/// many clients there are.
fn connections_per_worker(workers: usize) -> anyhow::Result<usize> {
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open files can't be raised");
    }
    let limit = rlimit::Resource::NOFILE.get_soft().context("the limit of open files")?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let kept_back = FILES_KEPT_BACK + FILES_PER_WORKER * workers;
    let connections = limit.saturating_sub(kept_back) / FILES_PER_CONNECTION;
    if connections < CONNECTIONS_AT_LEAST {
        let needed = kept_back + CONNECTIONS_AT_LEAST * FILES_PER_CONNECTION;
        anyhow::bail!("the limit of open files is {limit} (ulimit -n); {needed} are needed");
    }
    Ok((connections / workers).clamp(1, CONNECTIONS_PER_WORKER_MAX))
}

/// A facade's port at one of the hosts.
struct Bound {
    facade: Facade,
    address: SocketAddr,
    socket: Socket,
}

impl Bound {
    /// A listener for many clients that come at once: of those that its queue has no room for, the kernel drops the first
    /// packet, and they try again a second later.
    fn listen(self) -> Result<(Facade, TcpListener), WrongSetting> {
        let Self { facade, address, socket } = self;
        // Another process may have bound it as well, and been faster.
        socket.listen(CONNECTIONS_WAITING_MAX).map_err(|error| cannot_listen(facade, address, &error))?;
        Ok((facade, socket.into()))
    }
}

fn cannot_listen(facade: Facade, address: SocketAddr, error: &io::Error) -> WrongSetting {
    let reason = format!("can't listen on {address}: {error}");
    WrongSetting { name: format!("{}-port", name_of(facade)), reason }
}

/// Takes all ports. What is taken by others is found out before anything else is done.
fn bind(settings: &Settings) -> Result<Vec<Bound>, WrongSetting> {
    let mut all = Vec::with_capacity(settings.facades.len());
    let served = |facade: &Facade| settings.facades.contains(facade);
    for ((facade, _), port) in
        FACADES.into_iter().zip(settings.ports).filter(|((facade, _), _)| served(facade))
    {
        let bound = bind_all(&settings.hosts, port)
            .map_err(|(address, error)| cannot_listen(facade, address, &error))?;
        all.extend(bound.into_iter().map(|(address, socket)| Bound { facade, address, socket }));
    }
    Ok(all)
}

/// Sockets at one port of all hosts, but for those after the first that the machine does not have.
fn bind_all(hosts: &[IpAddr], port: u16) -> Result<Vec<(SocketAddr, Socket)>, (SocketAddr, io::Error)> {
    let mut tries_left = if port == 0 { FREE_PORTS_TRIED_MAX } else { 1 };
    loop {
        tries_left -= 1;
        match try_bind_all(hosts, port) {
            // What is free at one host may be taken at another.
            Err((_, error)) if error.kind() == ErrorKind::AddrInUse && tries_left > 0 => {}
            bound => return bound,
        }
    }
}

fn try_bind_all(
    hosts: &[IpAddr],
    mut port: u16,
) -> Result<Vec<(SocketAddr, Socket)>, (SocketAddr, io::Error)> {
    let mut bound = Vec::with_capacity(hosts.len());
    for host in hosts {
        let wanted = SocketAddr::new(*host, port);
        match bind_one(wanted) {
            Ok((address, socket)) => {
                port = address.port();
                bound.push((address, socket));
            }
            Err(error) if bound.is_empty() || error.kind() == ErrorKind::AddrInUse => {
                return Err((wanted, error));
            }
            Err(error) => tracing::debug!(address = %wanted, %error, "not listened on"),
        }
    }
    Ok(bound)
}

fn bind_one(address: SocketAddr) -> io::Result<(SocketAddr, Socket)> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // As the standard library's listener has it, whose queue takes no more than 128.
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    let address = socket.local_addr()?.as_socket().unwrap_or(address);
    Ok((address, socket))
}

fn name_of(facade: Facade) -> &'static str {
    FACADES.iter().find(|(known, _)| *known == facade).map_or("", |(_, name)| name)
}

/// The ports in use, for whoever started with port 0.
fn write_ports(folder: &Path, addresses: &[(Facade, SocketAddr)]) -> anyhow::Result<()> {
    let mut ports = serde_json::Map::new();
    for (facade, address) in addresses {
        ports.insert(name_of(*facade).to_owned(), address.port().into());
    }
    ports.insert("pid".to_owned(), std::process::id().into());
    let (path, fresh) = (folder.join("ports.json"), folder.join("ports.json.new"));
    std::fs::write(&fresh, serde_json::Value::from(ports).to_string())
        .with_context(|| fresh.display().to_string())?;
    // Whoever waits for the file sees all of it or none.
    std::fs::rename(&fresh, &path).with_context(|| path.display().to_string())
}

/// The dashboard, or else what is served instead; the metrics, the data, a first command.
fn where_things_are(settings: &Settings, addresses: &[(Facade, SocketAddr)]) -> String {
    let at = |facade| addresses.iter().find(|(served, _)| *served == facade).map(|(_, address)| address);
    let mut lines = Vec::new();
    if let Some(dashboard) = at(Facade::Dashboard) {
        lines.push(("Dashboard", format!("http://{dashboard}/")));
        lines.push(("API", format!("http://{dashboard}/docs")));
    } else {
        let served = addresses.iter().map(|(facade, at)| format!("{} http://{at}", name_of(*facade)));
        lines.push(("Serves", served.collect::<Vec<_>>().join(", ")));
    }
    if let Some((_, first)) = addresses.first() {
        lines.push(("Metrics", format!("http://{first}/metrics")));
    }
    let data = match (&settings.database_url, &settings.redis_url) {
        (None, None) => settings.data_dir.display().to_string(),
        (Some(log), None) => format!("{} and {}", masked(log), settings.data_dir.display()),
        (None, Some(views)) => format!("{} and {}", settings.data_dir.display(), masked(views)),
        (Some(log), Some(views)) => format!("{} and {}", masked(log), masked(views)),
    };
    lines.push(("Data", data));
    if let Some(commands) = at(Facade::Commands).or_else(|| at(Facade::Dashboard)) {
        let first = format!(
            "curl -X POST http://{commands}/commands/create-account -H 'Content-Type: application/json' \
             -d '{{\"accountId\":\"acc-1\",\"initialBalance\":1000}}'"
        );
        lines.push(("First steps", first));
    }
    lines.into_iter().map(|(name, text)| format!("{name:<12} {text}\n")).collect()
}

async fn wait_for_the_end() -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Text for a person, on stdout.
pub fn say(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What became of text on stdout. A closed pipe is no reason to stop: whoever reads has seen enough.
pub fn written(outcome: io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("standard output"),
    }
}

/// Why the process ends, on stderr.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "bursar: {text}");
}
