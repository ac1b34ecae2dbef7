//! Connections to Redis. One server has everything; in a cluster the node that is asked first says which one has a
//! projection, and is asked no more for that.

use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, FromRedisValue,
    IntoConnectionInfo, Pipeline, RedisError, RedisResult, ScriptInvocation, ServerErrorKind, Value,
};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, oneshot};

use crate::views::ViewsError;

/// How long the answer to a client may take.
const CLIENT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long the answer to the projector may take: Redis may be busy with pages of many thousand documents.
const PROJECTOR_TIMEOUT: Duration = Duration::from_secs(10);
/// How long connecting may take. It is tried twice, then the requests that waited for it fail, and the next one tries
/// again.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// How long sent bytes may stay unacknowledged: a line that swallows everything is given up then, and made anew.
#[cfg(target_os = "linux")]
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(4);
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
    /// One for transactions, while none is under way: what is watched is watched by the connection, so nobody else asks on
    /// it in between, and it never becomes another one. Where a transaction was not finished, it is gone.
    alone: Arc<Mutex<Option<MultiplexedConnection>>>,
    /// Makes that.
    opener: Client,
}

/// What an answer calls for.
pub(super) enum Next<N> {
    /// A transaction, whose commands each say what became of them.
    Do(Pipeline),
    /// Nothing, for a reason.
    Nothing(N),
}

/// What became of a transaction.
pub(super) enum Transacted<N> {
    Done,
    /// It was not to be.
    Not(N),
    /// What was watched had changed.
    Overtaken,
    /// Some of its commands failed, the others were done: Redis takes nothing back.
    Half(RedisError),
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
        #[cfg(target_os = "linux")]
        let home =
            home.set_tcp_settings(redis::io::tcp::TcpSettings::default().set_user_timeout(TCP_USER_TIMEOUT));
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
            match self.inside(question.ask(&mut connection)).await {
                Ok(answer) => return Ok(answer),
                Err(error) => self.redirect(projection, error)?,
            }
        }
        Err(keeps_redirecting())
    }

    /// Asks, and then does what the answer calls for, if what was watched by the question (`WATCH` is its first command) is
    /// still as it was.
    pub(super) async fn transact<A: FromRedisValue + Send, N: Send>(
        &self,
        projection: &str,
        question: &Pipeline,
        next: impl Fn(&A) -> Result<Next<N>, ViewsError> + Sync,
    ) -> Result<Transacted<N>, ViewsError> {
        for _ in 0..REDIRECTS_MAX {
            let link = self.link(projection);
            let mut place = link.alone.lock().await;
            let (mut connection, answer) =
                match self.inside(link.ask_alone::<A>(place.take(), question)).await {
                    Ok(asked) => asked,
                    Err(error) => {
                        self.redirect(projection, error)?;
                        continue;
                    }
                };
            let transaction = match next(&answer)? {
                Next::Do(transaction) => transaction,
                Next::Nothing(why) => {
                    let unwatch = redis::cmd("UNWATCH");
                    let unwatched = self.inside(unwatch.exec_async(&mut connection)).await;
                    *place = unwatched.is_ok().then_some(connection);
                    return Ok(Transacted::Not(why));
                }
            };
            match self.inside(transaction.query_async::<Option<Vec<Value>>>(&mut connection)).await {
                Ok(done) => {
                    // It watches nothing any more.
                    *place = Some(connection);
                    let Some(answers) = done else { return Ok(Transacted::Overtaken) };
                    let failed =
                        answers.into_iter().try_for_each(|answer| answer.extract_error().map(drop)).err();
                    return Ok(failed.map_or(Transacted::Done, Transacted::Half));
                }
                Err(error) => self.redirect(projection, error)?,
            }
        }
        Err(keeps_redirecting())
    }

    /// Follows to where the projection is, or gives the error back.
    fn redirect(&self, projection: &str, error: RedisError) -> Result<(), ViewsError> {
        // Of a pipeline it is every command's.
        let first = error.clone().into_server_errors().and_then(|all| all.first().cloned());
        let first = first.map(|(_, error)| RedisError::from(error));
        if let Some(address) = first.as_ref().and_then(moved_to) {
            return self.follow(projection, address);
        }
        // The node may be gone from the cluster for good: the first one knows who came after it.
        if error.is_io_error() {
            self.of.write().remove(projection);
        }
        // It was made a replica, and its connections live on: the address may by now be another server's.
        if first.is_some_and(|error| error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)) {
            let anew = Link::new(self.home.clone(), &self.runtime)?;
            self.of.write().insert(projection.to_owned(), anew);
        }
        Err(error.into())
    }

    /// Asks every server in use, on both of its shared connections: one that broke while nobody used it shows and mends itself
    /// here, not in the next apply. The answers of those for clients.
    pub(super) async fn ask_all<T: FromRedisValue>(&self, command: &Cmd) -> Result<Vec<T>, ViewsError> {
        let mut links: Vec<Link> = self.of.read().values().cloned().collect();
        if links.is_empty() {
            links.push(self.first.clone());
        }
        let mut answers = Vec::with_capacity(links.len());
        for Link { mut client, mut projector, .. } in links {
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
        Ok(Self {
            client: manager(CLIENT_TIMEOUT)?,
            projector: manager(PROJECTOR_TIMEOUT)?,
            alone: Arc::default(),
            opener: client,
        })
    }

    /// Asks on a connection for transactions, on a new one where there is none, or that one has broken since.
    async fn ask_alone<A: FromRedisValue>(
        &self,
        connection: Option<MultiplexedConnection>,
        question: &Pipeline,
    ) -> RedisResult<(MultiplexedConnection, A)> {
        if let Some(mut connection) = connection {
            match question.query_async(&mut connection).await {
                Ok(answer) => return Ok((connection, answer)),
                Err(error) if error.is_connection_dropped() => {}
                Err(error) => return Err(error),
            }
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(PROJECTOR_TIMEOUT));
        let mut connection = self.opener.get_multiplexed_async_connection_with_config(&config).await?;
        let answer = question.query_async(&mut connection).await?;
        Ok((connection, answer))
    }
}

fn keeps_redirecting() -> ViewsError {
    ViewsError::unavailable("the cluster keeps redirecting")
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
