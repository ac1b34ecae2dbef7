//! Tells other processes of appends, and listens for theirs. Only a hint: nothing rests on hearing it.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join3;
use tokio::sync::{Notify, OnceCell};
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Config, NoTls};

use super::Failure;

/// The pause before a connection that was lost is made again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// How long a connection may take to be made, or to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);
/// How often a connection on which nothing is heard is asked whether it is there.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// The pause behind a notification: what is appended meanwhile is told of by one.
const GATHERS_FOR: Duration = Duration::from_millis(5);

/// What was heard, and what is to be told.
#[derive(Debug, Default)]
pub(super) struct News {
    heard: Notify,
    appended: Notify,
}

impl News {
    /// Resolves when something was heard since the last call.
    pub(super) async fn something(&self) {
        self.heard.notified().await;
    }

    /// Lets other processes know of an append that has committed. Not by the append itself: its commit would wait for it.
    pub(super) fn tell(&self) {
        self.appended.notify_one();
    }
}

/// Tells and listens for ever, on one connection after the other.
pub(super) async fn exchange(config: Config, news: Arc<News>) {
    loop {
        if let Err(error) = exchange_once(&config, &news).await {
            tracing::debug!(%error, "the log's notifications neither come nor go");
        }
        // What was to be told may have gone with the connection.
        news.tell();
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

/// Tells and listens until the connection ends.
async fn exchange_once(config: &Config, news: &News) -> Result<(), Failure> {
    let (client, mut connection) = timeout(ANSWERS_WITHIN, config.connect(NoTls)).await??;
    // What this session tells comes back to it, and is no news.
    let own = OnceCell::new();
    let ask = async {
        let backend = client.query_one(include_str!("../../../../sql/postgres/backend.sql"), &[]);
        own.set(timeout(ANSWERS_WITHIN, backend).await??.try_get::<_, i32>(0)?)?;
        let listen = client.batch_execute(include_str!("../../../../sql/postgres/listen.sql"));
        timeout(ANSWERS_WITHIN, listen).await??;
        // What came before is not heard.
        news.heard.notify_one();
        loop {
            tokio::time::sleep(ASK_EVERY).await;
            timeout(ANSWERS_WITHIN, client.check_connection()).await??;
        }
    };
    let tell = async {
        loop {
            news.appended.notified().await;
            let notify = client.batch_execute(include_str!("../../../../sql/postgres/notify.sql"));
            timeout(ANSWERS_WITHIN, notify).await??;
            tokio::time::sleep(GATHERS_FOR).await;
        }
    };
    let serve = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(notification) = message?
                && own.get() != Some(&notification.process_id())
            {
                news.heard.notify_one();
            }
        }
        Ok(())
    };
    try_join3(ask, tell, serve).await.map(|((), (), ())| ())
}
