//! Connections to Redis. One server has everything; in a cluster the node that is asked first says which one has a
//! projection, and is asked no more for that.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use parking_lot::RwLock;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{
    Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue, IntoConnectionInfo, RedisError,
    RedisResult, ScriptInvocation, ServerErrorKind,
};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::views::ViewsError;

/// How long the answer to a client may take.
const CLIENT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the answer to the projector may take: Redis may be busy with pages of many thousand documents.
const PROJECTOR_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connecting may take. It is tried twice, then the requests that waited for it fail, and the next one tries
/// again.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How often one question is sent on to another node.
const REDIRECTS_MAX: usize = 4;

/// The connections of an adapter.
pub(super) struct Links {
    home: ConnectionInfo,
    first: Link,
    /// By projection, the server that has it, as far as is known.
    of: RwLock<HashMap<String, Link>>,
    /// The runtime that the connections live on. Those of the callers come and go, and a connection ends with the runtime
    /// that it was made on.
    runtime: Handle,
    /// Ends that runtime when it is dropped.
    _runtime_ends: oneshot::Sender<()>,
}

/// The connections to one server.
#[derive(Clone)]
struct Link {
    client: ConnectionManager,
    /// One of its own, so that no read waits behind a long page on the wire.
    projector: ConnectionManager,
}

/// Whose question it is: a client hears soon that Redis is busy, the projector waits for its own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Client,
    Projector,
}

/// What is asked: about the keys of one projection.
pub(super) enum Question<'a> {
    Command(&'a Cmd),
    Script(&'a ScriptInvocation<'a>),
}

impl Question<'_> {
    async fn ask<T: FromRedisValue>(&self, connection: &mut ConnectionManager) -> RedisResult<T> {
        match self {
            Self::Command(command) => command.query_async(connection).await,
            Self::Script(script) => script.invoke_async(connection).await,
        }
    }
}

impl Links {
    /// Gets ready to connect; the first question does.
    pub(super) fn new(url: String) -> Result<Self, ViewsError> {
        let home = url.into_connection_info()?;
        let (runtime_ends, ends) = oneshot::channel::<()>();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unavailable)?;
        let handle = runtime.handle().clone();
        std::thread::Builder::new()
            .name("views-redis".to_owned())
            .spawn(move || {
                // It ends by being dropped: there is no message.
                let _ = runtime.block_on(ends);
            })
            .map_err(unavailable)?;
        let first = Link::new(home.clone(), &handle)?;
        Ok(Self { home, first, of: RwLock::default(), runtime: handle, _runtime_ends: runtime_ends })
    }

    /// Runs something where the connections live, whatever becomes of who wanted it.
    pub(super) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(work);
    }

    /// Asks the server that has the projection.
    pub(super) async fn ask<T: FromRedisValue>(
        &self,
        projection: &str,
        way: Way,
        question: Question<'_>,
    ) -> Result<T, ViewsError> {
        for _ in 0..REDIRECTS_MAX {
            let link = self.link(projection);
            let mut connection = match way {
                Way::Client => link.client,
                Way::Projector => link.projector,
            };
            let error = match self.inside(question.ask(&mut connection)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            match moved_to(&error) {
                Some(address) => self.follow(projection, address)?,
                None => {
                    // The node may be gone from the cluster for good: the first one knows who came after it.
                    if error.is_io_error() {
                        self.of.write().remove(projection);
                    }
                    return Err(error.into());
                }
            }
        }
        Err(ViewsError::unavailable("the cluster keeps redirecting"))
    }

    /// Asks every server in use, on both of its connections: one that broke while nobody used it shows and mends itself
    /// here, not in the next apply. The answers of those for clients.
    pub(super) async fn ask_all<T: FromRedisValue>(&self, command: &Cmd) -> Result<Vec<T>, ViewsError> {
        let mut links: Vec<Link> = self.of.read().values().cloned().collect();
        if links.is_empty() {
            links.push(self.first.clone());
        }
        let mut answers = Vec::with_capacity(links.len());
        for Link { mut client, mut projector } in links {
            self.inside(redis::cmd("PING").exec_async(&mut projector)).await?;
            answers.push(self.inside(command.query_async(&mut client)).await?);
        }
        Ok(answers)
    }

    fn link(&self, projection: &str) -> Link {
        if let Some(link) = self.of.read().get(projection) {
            return link.clone();
        }
        self.of.write().entry(projection.to_owned()).or_insert_with(|| self.first.clone()).clone()
    }

    /// From now on that node is asked about the projection.
    fn follow(&self, projection: &str, address: (String, u16)) -> Result<(), ViewsError> {
        let (host, port) = address;
        let address = match self.home.addr().clone() {
            ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
                ConnectionAddr::TcpTls { host, port, insecure, tls_params }
            }
            ConnectionAddr::Tcp(..) | ConnectionAddr::Unix(_) | _ => ConnectionAddr::Tcp(host, port),
        };
        let link = Link::new(self.home.clone().set_addr(address), &self.runtime)?;
        self.of.write().insert(projection.to_owned(), link);
        Ok(())
    }

    /// Waits for something of a connection. It is polled on this thread, without a hop, but inside the connections'
    /// runtime: a reconnect may start in any poll, and must not live on the caller's.
    async fn inside<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| {
            let _inside = self.runtime.enter();
            future.as_mut().poll(context)
        })
        .await
    }
}

impl Link {
    fn new(info: ConnectionInfo, runtime: &Handle) -> Result<Self, ViewsError> {
        let client = Client::open(info)?;
        let manager = |timeout| {
            let _inside = runtime.enter();
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT_TIMEOUT))
                .set_response_timeout(Some(timeout))
                .set_number_of_retries(1);
            ConnectionManager::new_lazy_with_config(client.clone(), config)
        };
        Ok(Self { client: manager(CLIENT_TIMEOUT)?, projector: manager(PROJECTOR_TIMEOUT)? })
    }
}

/// Where a cluster's node says that the keys are.
fn moved_to(error: &RedisError) -> Option<(String, u16)> {
    if error.kind() != ErrorKind::Server(ServerErrorKind::Moved) {
        return None;
    }
    let (host, port) = error.redirect_node()?.0.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

fn unavailable(error: std::io::Error) -> ViewsError {
    ViewsError::unavailable(error)
}
