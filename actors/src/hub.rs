//! The event hub: keeps the feed whole, counts its live subscribers, and closes those that are gone.
//!
//! The journal writer publishes this process's commits itself. What another process committed, and whatever was missed,
//! the hub reads from the log, in pages: when the log hints at it, and now and then without a hint.
//!
//! A panic starts what it broke off again after a pause; following begins where the feed ends, so nothing is passed over.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use store::{Journal, JournalError};
use tokio::sync::Notify;

use crate::feed::Feed;
use crate::registry::Moved;
use crate::shards::Shards;
use crate::writer::end_exchanged;

/// How often the log is asked, without a hint, for what this process did not write.
const POLL_EVERY: Duration = Duration::from_millis(200);
/// The pause after a look at the log: what other processes commit meanwhile is read together.
const GATHERS_FOR: Duration = Duration::from_millis(5);
/// How often subscribers are looked at.
const REAP_EVERY: Duration = Duration::from_millis(500);
/// The pause before a part of the hub is started again after a panic: from, and at the most.
const RESTART_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// Events read at once to follow the log.
const PAGE: usize = 2048;

/// How long a subscriber that is told to go may take to do so.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What a subscriber's session and the reaper show each other.
#[derive(Debug, Default)]
pub struct Vitals {
    /// When it last heard from its client, in ms on the hub's clock.
    pub last_heard_ms: AtomicU64,
    /// Whether something was sent that the client has not answered for.
    pub in_flight: AtomicBool,
    /// That has been so for too long: the session is to end.
    pub overdue: Notify,
}

/// A cloneable handle to the hub.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

struct Shared {
    started: Instant,
    next_id: AtomicU64,
    members: Mutex<Vec<Seat>>,
    reaped: AtomicU64,
    restarts: AtomicU64,
}

struct Seat {
    id: u64,
    vitals: Arc<Vitals>,
    close: Box<dyn Fn() + Send + Sync>,
    told: bool,
    closed: bool,
}

/// A live subscriber, until dropped.
pub struct Member {
    /// What the reaper watches.
    pub vitals: Arc<Vitals>,
    id: u64,
    shared: Arc<Shared>,
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shared.members.lock().retain(|seat| seat.id != self.id);
    }
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            shared: Arc::new(Shared {
                started: Instant::now(),
                next_id: AtomicU64::new(0),
                members: Mutex::default(),
                reaped: AtomicU64::new(0),
                restarts: AtomicU64::new(0),
            }),
        }
    }

    /// Ms since the hub started: the clock of [`Vitals`].
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.shared.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Adds a live subscriber. `close` shuts its socket, which is the only way to end a session whose client reads
    /// nothing; it is called once, when the client has left something unanswered for too long and its session has not
    /// ended when it was told so ([`Vitals::overdue`]).
    pub fn join(&self, close: Box<dyn Fn() + Send + Sync>) -> Member {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let vitals = Arc::new(Vitals::default());
        vitals.last_heard_ms.store(self.now_ms(), Ordering::Relaxed);
        let seat = Seat { id, vitals: Arc::clone(&vitals), close, told: false, closed: false };
        self.shared.members.lock().push(seat);
        Member { vitals, id, shared: Arc::clone(&self.shared) }
    }

    /// How many live subscribers there are.
    pub fn members(&self) -> usize {
        self.shared.members.lock().len()
    }

    /// How many subscribers were closed because they left something unanswered.
    pub fn reaped(&self) -> u64 {
        self.shared.reaped.load(Ordering::Relaxed)
    }

    /// How often a part of the hub was started again after a panic.
    pub fn restarts(&self) -> u64 {
        self.shared.restarts.load(Ordering::Relaxed)
    }

    /// Lets a part of the hub work for ever, whatever comes.
    async fn supervise(&self, part: &'static str, work: impl AsyncFn() -> Never) {
        let mut pause = RESTART_PAUSE.0;
        loop {
            let began = Instant::now();
            let Err(_told_by_the_hook) = AssertUnwindSafe(work()).catch_unwind().await;
            self.shared.restarts.fetch_add(1, Ordering::Relaxed);
            metrics::counter!("bursar_feed_restarts_total").increment(1);
            tracing::error!(part, "the hub panicked, and starts again");
            // It worked for a while: that was another trouble.
            pause = if began.elapsed() > RESTART_PAUSE.1 * 2 { RESTART_PAUSE.0 } else { pause };
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(RESTART_PAUSE.1);
        }
    }

    /// Closes every subscriber that has left something unanswered for that long.
    fn reap(&self, timeout: Duration) {
        let now = self.now_ms();
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        for seat in self.shared.members.lock().iter_mut() {
            let silent = now.saturating_sub(seat.vitals.last_heard_ms.load(Ordering::Relaxed));
            if !seat.vitals.in_flight.load(Ordering::Relaxed) || silent <= millis(timeout) {
                continue;
            }
            if !std::mem::replace(&mut seat.told, true) {
                self.shared.reaped.fetch_add(1, Ordering::Relaxed);
                seat.vitals.overdue.notify_one();
            }
            if silent > millis(timeout + LAST_WORDS) && !std::mem::replace(&mut seat.closed, true) {
                (seat.close)();
            }
        }
    }
}

/// The actor behind [`Hub`].
pub(crate) struct HubActor {
    pub(crate) hub: Hub,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) feed: Arc<Feed>,
    /// Who has accounts in memory that other processes may move.
    pub(crate) shards: Shards,
    pub(crate) timeout: Duration,
}

impl Actor for HubActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (hub, timeout) = (self.hub.clone(), self.timeout);
        let reaping = async move {
            hub.supervise("reaper", async || {
                loop {
                    tokio::time::sleep(REAP_EVERY).await;
                    hub.reap(timeout);
                    metrics::gauge!("bursar_feed_subscribers").set(hub.members() as f64);
                }
            })
            .await;
        };
        ctx.spawn(reaping.into_actor(self));
        let hub = self.hub.clone();
        let follower = Follower {
            journal: Arc::clone(&self.journal),
            feed: Arc::clone(&self.feed),
            shards: self.shards.clone(),
        };
        let following = async move { hub.supervise("follower", async || follower.follow().await).await };
        ctx.spawn(following.into_actor(self));
    }
}

enum Never {}

/// Brings the feed to the log's head.
struct Follower {
    journal: Arc<dyn Journal>,
    feed: Arc<Feed>,
    shards: Shards,
}

impl Follower {
    async fn follow(&self) -> Never {
        loop {
            // A hint that was lost costs one interval.
            let _ = tokio::time::timeout(POLL_EVERY, self.journal.hint()).await;
            if let Err(error) = self.catch_up().await {
                if error.is_exchanged() {
                    end_exchanged();
                }
                tracing::warn!(error = &error as &dyn std::error::Error, "the feed can't follow the log");
                tokio::time::sleep(POLL_EVERY).await;
            }
            tokio::time::sleep(GATHERS_FOR).await;
        }
    }

    async fn catch_up(&self) -> Result<(), JournalError> {
        while let Some(page) = self.journal.page(self.feed.head(), PAGE).await? {
            let events: Arc<[_]> = page.events.as_slice().into();
            for shard in self.shards.all() {
                // Where there is no room, a conflict says the same later.
                let _ = shard.try_send(Moved(Arc::clone(&events)));
            }
            // Whatever the writer published meanwhile is passed over.
            let _ = self.feed.publish(&page);
        }
        Ok(())
    }
}
