//! How connections are made, and the thread that they live on.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use deadpool_postgres::Connect;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
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

    /// A connection that is served by the runtime that asks for it, and ends with it: nobody else need be woken for it.
    pub(super) async fn client_here(&self) -> Result<Client, Error> {
        let (client, connection) = self.config.connect(NoTls).await?;
        tokio::spawn(served(connection));
        Ok(client)
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
