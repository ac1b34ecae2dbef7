//! How connections are made, and the thread that they live on.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Fuse, FusedFuture as _};
use tokio::runtime::{Handle, Id};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Error, NoTls};

use super::ConnectError;

/// How long one address may take to answer.
const TCP_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long sent bytes may stay unacknowledged.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(4);
/// How long a connection may be silent before it is probed.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// How long between two probes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(3);
/// How many probes may go without an answer.
const KEEPALIVE_RETRIES: u32 = 3;

/// Reads an address, and adds the bounds that tokio-postgres leaves out.
pub(super) fn config(url: &str) -> Result<Config, ConnectError> {
    let mut config: Config = url.parse().map_err(ConnectError::Url)?;
    match config.get_ssl_mode() {
        SslMode::Disable | SslMode::Prefer => {}
        // Never in plain text where TLS was asked for.
        SslMode::Require | _ => return Err(ConnectError::Tls),
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(ConnectError::NoHost);
    }
    config
        .connect_timeout(TCP_CONNECT_TIMEOUT)
        .tcp_user_timeout(TCP_USER_TIMEOUT)
        .keepalives(true)
        .keepalives_idle(KEEPALIVE_IDLE)
        .keepalives_interval(KEEPALIVE_INTERVAL)
        .keepalives_retries(KEEPALIVE_RETRIES);
    if config.get_application_name().is_none() {
        config.application_name("bursar");
    }
    Ok(config)
}

/// Makes connections.
#[derive(Clone)]
pub(super) struct Connector {
    config: Config,
    background: Arc<Background>,
}

/// The thread on which all connections are served; it ends with the last connector.
struct Background {
    handle: Handle,
    _running: oneshot::Sender<()>,
}

impl Connector {
    pub(super) fn new(url: &str) -> Result<Self, ConnectError> {
        let background = Background::start().map_err(ConnectError::Thread)?;
        Ok(Self { config: config(url)?, background: Arc::new(background) })
    }

    pub(super) fn config(&self) -> Config {
        self.config.clone()
    }

    /// Lets something run on the connections' thread, for as long as there is a connector.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.background.handle.spawn(task);
    }

    pub(super) async fn client(&self) -> Result<Client, Error> {
        let (client, _) = self.open().await?;
        Ok(client)
    }

    /// A connection that nobody serves but who waits for its answers.
    pub(super) async fn client_here(&self) -> Result<(Client, Connection), Error> {
        let (client, connection) = self.config.connect(NoTls).await?;
        Ok((client, Connection { at: Handle::current().id(), served: served(connection).boxed().fuse() }))
    }

    async fn open(&self) -> Result<(Client, JoinHandle<()>), Error> {
        let handle = &self.background.handle;
        let mut connecting = std::pin::pin!(self.config.connect(NoTls));
        // The socket belongs to the reactor that is entered when it is made.
        let (client, connection) = std::future::poll_fn(|context| {
            let _entered = handle.enter();
            match connecting.as_mut().poll(context) {
                Poll::Ready(made) => Poll::Ready(made),
                Poll::Pending => Poll::Pending,
            }
        })
        .await?;
        let serve = handle.spawn(served(connection));
        Ok((client, serve))
    }
}

/// The end of a connection at which bytes come and go, in the hands of who waits for its answers: what is asked is on its
/// way when the asking was first polled, and an answer wakes nobody between.
pub(super) struct Connection {
    /// The runtime that hears of what arrives.
    at: Id,
    served: Fuse<BoxFuture<'static, ()>>,
}

impl Connection {
    /// Waits for what was asked of the client of this connection.
    pub(super) async fn serving<T>(&mut self, asked: impl Future<Output = T>) -> T {
        let mut asked = std::pin::pin!(asked);
        std::future::poll_fn(|context| {
            if let Poll::Ready(answer) = asked.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            // Where it has ended, what was asked ends with an error.
            let _ = self.served.poll_unpin(context);
            asked.as_mut().poll(context)
        })
        .await
    }

    /// Whether the server has ended it, as far as that has come to be known since somebody last waited for an answer.
    pub(super) fn has_ended(&mut self) -> bool {
        let _ = self.served.poll_unpin(&mut Context::from_waker(Waker::noop()));
        self.served.is_terminated()
    }

    /// Whether it is another runtime that hears of what arrives, whose thread may have other things to do.
    pub(super) fn is_elsewhere(&self) -> bool {
        self.at != Handle::current().id()
    }
}

async fn served(connection: impl Future<Output = Result<(), Error>>) {
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection to Postgres has ended");
    }
}

impl Connect for Connector {
    fn connect(&self, _config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        self.open().boxed()
    }
}

impl Background {
    fn start() -> std::io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (running, ended) = oneshot::channel();
        std::thread::Builder::new().name("postgres".to_owned()).spawn(move || {
            let _ = runtime.block_on(ended);
        })?;
        Ok(Self { handle, _running: running })
    }
}
