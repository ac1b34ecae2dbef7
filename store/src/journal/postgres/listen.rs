//! Listens for what other processes append. Only a hint: nothing rests on hearing it.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use futures_util::future::try_join;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Config, NoTls};

use super::Failure;

/// The pause before a connection that was lost is made again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a connection may take to be made, or to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// How often a connection on which nothing is heard is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(5);

/// What was heard.
#[derive(Debug, Default)]
pub(super) struct Heard {
    appended: Notify,
    /// The server process of this journal's own appends, which are no news.
    own: AtomicI32,
}

impl Heard {
    /// Resolves when something was heard since the last call.
    pub(super) async fn something(&self) {
        self.appended.notified().await;
    }

    /// Takes what that server process appends for this journal's own.
    pub(super) fn ignore(&self, backend: i32) {
        self.own.store(backend, Ordering::Relaxed);
    }
}

/// Listens for ever, on one connection after the other.
pub(super) async fn listen(config: Config, heard: Arc<Heard>) {
    loop {
        if let Err(error) = hear(&config, &heard).await {
            tracing::debug!(%error, "the log's notifications can't be heard");
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// Listens until the connection ends.
async fn hear(config: &Config, heard: &Heard) -> Result<(), Failure> {
    let (client, mut connection) = timeout(ANSWERS_WITHIN, config.connect(NoTls)).await??;
    let ask = async {
        let listen = client.batch_execute(include_str!("../../../../sql/postgres/listen.sql"));
        timeout(ANSWERS_WITHIN, listen).await??;
        // What came before is not heard.
        heard.appended.notify_one();
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            timeout(ANSWERS_WITHIN, client.check_connection()).await??;
        }
    };
    let serve = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message?
                && notification.process_id() != heard.own.load(Ordering::Relaxed)
            {
                heard.appended.notify_one();
            }
        }
        Ok(())
    };
    try_join(ask, serve).await.map(|((), ())| ())
}
