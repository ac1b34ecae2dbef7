//! The handle to everything: commands go in here, and what else the facades ask of the actors.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use domain::{CommandId, Sequence, Timestamp};
use store::{Journal, JournalError, LogPlace, Views, ViewsError};
use uuid::Uuid;

use crate::answer::NotReady;
use crate::auditor::{self, AuditStats, Auditor};
use crate::background::Topic;
use crate::clock::Reading;
use crate::decision::Mailboxes;
use crate::expiry::Expiry;
use crate::feed::Feed;
use crate::hub::{Hub, HubActor};
use crate::keys::{Answered, Turns};
use crate::pages::Pages;
use crate::progress::{Progress, ProjectionStats, Replay, Replays};
use crate::projector::Projector;
use crate::recent::{LinePlace, Memory};
use crate::registry::{Registry, RegistryCounts};
use crate::shards::Shards;

use crate::words::chain_of;
use crate::writer::{InDoubt, JournalWriter, Writer, WriterCounts, end_exchanged};

/// What any mailbox and queue on a command's way can hold: far more than admission lets in by itself, with its retries. Who
/// finds one full is decided again.
pub(crate) const MAILBOX_CAPACITY: usize = 65_536;
/// How long the read models may take to say how they are.
const VIEWS_ANSWER_WITHIN: Duration = Duration::from_secs(1);
/// How long a reader waits for the read models to be compared with the log, which happens once, after the start.
const COMPARED_WITHIN: Duration = Duration::from_millis(250);

/// What a ledger is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads for account actors.
    pub shards: usize,
    /// Commands under way at once; more are turned away.
    pub commands_in_flight_max: usize,
    /// Accounts in memory at once.
    pub residents_max: usize,
    /// How long a subscriber may leave something unanswered.
    pub feed_timeout: Duration,
    /// Whether the log is audited behind its head.
    pub audit: bool,
}

/// The handle. Clones share everything.
#[derive(Clone)]
pub struct Ledger {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) views: Arc<dyn Views>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) hub: Hub,
    pub(crate) shards: Shards,
    pub(crate) writer: Writer,
    pub(crate) keys: Turns<CommandId>,
    pub(crate) answered_keys: Answered,
    /// By the ids of the first items whose ids are made of the batches' keys.
    pub(crate) batch_keys: Turns<CommandId>,
    pub(crate) topics: Turns<Topic>,
    pub(crate) memory: Memory,
    pub(crate) mailboxes: Mailboxes,
    pub(crate) in_flight: AtomicUsize,
    pub(crate) in_flight_max: usize,
    pub(crate) batches: AtomicUsize,
    pub(crate) projections: Vec<Arc<Progress>>,
    /// What the auditor says, where there is one.
    pub(crate) audit: Option<auditor::Shown>,
    pub(crate) replays: Arc<Replays>,
    pub(crate) registry_counts: Arc<RegistryCounts>,
    pub(crate) writer_counts: Arc<WriterCounts>,
    pub(crate) in_doubt: InDoubt,
    pub(crate) draining: AtomicBool,
    pub(crate) meters: Meters,
    /// The threads that the actors live on.
    pub(crate) arbiters: Vec<Arbiter>,
}

/// Handles to the metrics of the hot path.
pub(crate) struct Meters {
    pub(crate) accepted: metrics::Counter,
    pub(crate) refused: metrics::Counter,
    pub(crate) failed: metrics::Counter,
    pub(crate) seconds: metrics::Histogram,
}

impl Ledger {
    /// Starts the actors on threads of their own, from the end of the log. To be called within an actix system.
    ///
    /// # Errors
    /// Where the log can't be read.
    pub async fn start(
        journal: Arc<dyn Journal>,
        views: Arc<dyn Views>,
        settings: &Settings,
    ) -> Result<Self, JournalError> {
        let head = journal.head().await?;
        let feed = Arc::new(Feed::new(head.last));
        let hub = Hub::new();
        let writer_counts = Arc::new(WriterCounts::default());
        let registry_counts = Arc::new(RegistryCounts::default());
        let mut arbiters = Vec::new();

        let in_doubt = InDoubt::default();
        let (desk, writer) = JournalWriter::new(
            Arc::clone(&journal),
            Arc::clone(&feed),
            Arc::clone(&writer_counts),
            Arc::clone(&in_doubt),
        );
        let desk_thread = Arbiter::new();
        JournalWriter::start_in_arbiter(&desk_thread.handle(), move |_| desk);

        let count = settings.shards.max(1);
        let residents_max = settings.residents_max.div_ceil(count).max(1);
        let mut shards = Vec::with_capacity(count);
        for _ in 0..count {
            // A single shard shares the journal writer's thread: one hop less where cores are few.
            let own_thread = (count > 1).then(Arbiter::new);
            let thread = own_thread.as_ref().unwrap_or(&desk_thread).handle();
            let (journal, writer, counts) =
                (Arc::clone(&journal), writer.clone(), Arc::clone(&registry_counts));
            shards.push(Registry::start_in_arbiter(&thread, move |ctx| {
                ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
                Registry::new(journal, writer, residents_max, counts)
            }));
            arbiters.extend(own_thread);
        }
        arbiters.push(desk_thread);
        let shards = Shards::new(shards);

        let listeners = Arbiter::new();
        // Apart from the hub: whoever fills the read models may be busy for a while.
        let projectors = Arbiter::new();
        let replays = Arc::new(Replays::default());
        let reading = Arbiter::new();
        let pages = Arc::new(Pages::new(Arc::clone(&journal), reading.handle()));
        let mut projections = Vec::new();
        for projection in domain::projection::ALL {
            let progress = Arc::new(Progress::new(projection.name(), Arc::clone(&replays)));
            projections.push(Arc::clone(&progress));
            let (journal, views, feed) = (Arc::clone(&journal), Arc::clone(&views), Arc::clone(&feed));
            let pages = Arc::clone(&pages);
            Projector::start_in_arbiter(&projectors.handle(), move |_| Projector {
                projection,
                journal,
                views,
                feed,
                pages,
                progress,
            });
        }
        let actor = HubActor {
            hub: hub.clone(),
            journal: Arc::clone(&journal),
            feed: Arc::clone(&feed),
            shards: shards.clone(),
            timeout: settings.feed_timeout,
        };
        HubActor::start_in_arbiter(&listeners.handle(), move |_| actor);
        let clock = Arc::clone(&writer.clock);
        let before = Reading::now();
        clock.compare(before, journal.hold_deadlines(0).await?.0);
        let expiry = Expiry { journal: Arc::clone(&journal), shards: shards.clone(), clock };
        Expiry::start_in_arbiter(&listeners.handle(), move |_| expiry);
        arbiters.extend([listeners, projectors, reading]);

        let audit = auditor::Shown::default();
        if settings.audit {
            let auditor =
                Auditor::new(Arc::clone(&journal), Arc::clone(&views), Arc::clone(&feed), Arc::clone(&audit));
            // Hashing a page takes ms, which nobody is to wait for.
            let thread = Arbiter::new();
            Auditor::start_in_arbiter(&thread.handle(), move |_| auditor);
            arbiters.push(thread);
        }

        let meters = Meters {
            accepted: metrics::counter!("bursar_commands_total", "outcome" => "accepted"),
            refused: metrics::counter!("bursar_commands_total", "outcome" => "refused"),
            failed: metrics::counter!("bursar_commands_total", "outcome" => "failed"),
            seconds: metrics::histogram!("bursar_command_seconds"),
        };
        let inner = Inner {
            journal,
            views,
            feed,
            hub,
            shards,
            writer,
            keys: Turns::default(),
            answered_keys: Answered::default(),
            batch_keys: Turns::default(),
            topics: Turns::default(),
            memory: Memory::default(),
            mailboxes: Mailboxes::default(),
            in_flight: AtomicUsize::new(0),
            in_flight_max: settings.commands_in_flight_max,
            batches: AtomicUsize::new(0),
            projections,
            audit: settings.audit.then_some(audit),
            replays,
            registry_counts,
            writer_counts,
            in_doubt,
            draining: AtomicBool::new(false),
            meters,
            arbiters,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The log, for reading.
    pub fn journal(&self) -> &dyn Journal {
        &*self.inner.journal
    }

    /// The read models of a projection: not before this process has found out whether they are of this log, which may
    /// have been exchanged since they were filled. A start finds that out in a few ms, which are waited for.
    ///
    /// # Errors
    /// [`ViewsError::NotServed`] where it is not known yet.
    pub async fn views(&self, projection: &str) -> Result<&dyn Views, ViewsError> {
        let mut projections = self.inner.projections.iter();
        let progress = projections.find(|progress| progress.name() == projection);
        let unknown = || ViewsError::NotServed(projection.to_owned());
        let mut compared = progress.ok_or_else(unknown)?.watch_compared();
        if !*compared.borrow() {
            let comparison = compared.wait_for(|compared| *compared);
            tokio::time::timeout(COMPARED_WITHIN, comparison)
                .await
                .map_err(|_| unknown())?
                .map_err(|_| unknown())?;
        }
        Ok(&*self.inner.views)
    }

    /// The recent end of the log.
    pub fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    /// The event hub.
    pub fn hub(&self) -> &Hub {
        &self.inner.hub
    }

    /// The projections, in the order of [`domain::projection::ALL`].
    pub fn projections(&self) -> Vec<ProjectionStats> {
        let head = self.inner.feed.head();
        self.inner.projections.iter().map(|progress| progress.stats(head)).collect()
    }

    /// What the auditor says; `None` where this process has none.
    pub fn audit(&self) -> Option<AuditStats> {
        self.inner.audit.as_ref().map(|shown| shown.lock().clone())
    }

    /// Waits until a projection comes to a place, as far as this process knows: another one may be the one that moves it.
    pub async fn projection_reaches(&self, name: &str, place: Sequence, at_the_most: Duration) {
        let found = self.inner.projections.iter().find(|progress| progress.name() == name);
        // Who asks though it is there found less in the store.
        match found.map(|progress| progress.watch()).filter(|moved| *moved.borrow() < place) {
            Some(mut moved) => {
                let _ = tokio::time::timeout(at_the_most, moved.wait_for(|at| *at >= place)).await;
            }
            None => tokio::time::sleep(at_the_most).await,
        }
    }

    /// Starts refilling every projection; `Err` with the running one's id if one is under way.
    ///
    /// # Errors
    /// The id of the replay that is running.
    pub fn start_replay(&self) -> Result<Replay, Uuid> {
        let names: Vec<&'static str> =
            self.inner.projections.iter().map(|progress| progress.name()).collect();
        let replay = self.inner.replays.start(&names, self.inner.feed.head())?;
        self.inner.projections.iter().for_each(|progress| progress.want_replay(replay.id));
        Ok(replay)
    }

    /// A replay of this process, or `None`.
    pub fn replay(&self, id: Uuid) -> Option<Replay> {
        self.inner.replays.find(id)
    }

    /// Pauses or resumes a projection (resuming also tries a faulted one again); false if there is none of that name.
    pub fn set_paused(&self, projection: &str, paused: bool) -> bool {
        let found = self.inner.projections.iter().find(|progress| progress.name() == projection);
        found.inspect(|progress| progress.set_paused(paused)).is_some()
    }

    /// What the actors and the journal writer count, as the JSON members `actors` and `journal` of `/stats`.
    pub fn counts(&self) -> (serde_json::Value, serde_json::Value) {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let Inner { registry_counts, writer_counts, mailboxes, in_flight, in_flight_max, shards, .. } =
            &*self.inner;
        let actors = serde_json::json!({
            "resident": count(&registry_counts.resident),
            "loaded": count(&registry_counts.loaded),
            "passivated": count(&registry_counts.retired),
            "shards": shards.all().len(),
            "mailboxes": mailboxes.waiting(),
            "commandsInFlight": in_flight.load(Ordering::Relaxed),
            "commandsInFlightMax": in_flight_max,
        });
        let batches = count(&writer_counts.batches);
        let events = count(&writer_counts.events);
        let journal = serde_json::json!({
            "batches": batches,
            "events": events,
            "eventsPerBatch": events.checked_div(batches).unwrap_or(0),
            "queued": count(&writer_counts.queued),
            "commitMicros": count(&writer_counts.commit_micros).checked_div(batches).unwrap_or(0),
            "lastCommitMicros": count(&writer_counts.last_commit_micros),
            "conflicts": count(&writer_counts.conflicts),
            "duplicates": count(&writer_counts.duplicates),
            "unknownOutcomes": count(&writer_counts.unknown),
        });
        (actors, journal)
    }

    /// Brings those metrics up to date that change while nothing is done.
    pub fn measure(&self) {
        let head = self.inner.feed.head();
        for progress in &self.inner.projections {
            let ProjectionStats { name, lag_events, generation, .. } = progress.stats(head);
            // Before, it is not known how far it is.
            if generation.is_some() {
                metrics::gauge!("bursar_projection_lag_events", "projection" => name).set(lag_events as f64);
            }
        }
    }

    /// The time by which commands are decided.
    pub fn now(&self) -> Timestamp {
        self.inner.writer.clock.now()
    }

    /// Whether the process can do its work: really asks the stores.
    ///
    /// # Errors
    /// See [`NotReady`].
    pub async fn ready(&self) -> Result<(), NotReady> {
        self.log_ready().await?;
        let late = |_| Err(NotReady::Views("no answer in time".to_owned()));
        tokio::time::timeout(VIEWS_ANSWER_WITHIN, self.views_ready()).await.unwrap_or_else(late)
    }

    /// The same of what commands and feeds need.
    ///
    /// # Errors
    /// See [`NotReady`].
    pub async fn log_ready(&self) -> Result<(), NotReady> {
        if self.inner.draining.load(Ordering::Acquire) {
            return Err(NotReady::Draining);
        }
        let before = Reading::now();
        let theirs = self.inner.journal.now().await.map_err(|error| match error {
            // A process that is asked for nothing else would never find out.
            error if error.is_exchanged() => end_exchanged(),
            _ => NotReady::Log,
        })?;
        if let Some(off) = self.inner.writer.clock.compare(before, theirs) {
            return Err(NotReady::Clock(off / 1000));
        }
        Ok(())
    }

    async fn views_ready(&self) -> Result<(), NotReady> {
        let Inner { views, projections, .. } = &*self.inner;
        let not_ready = |error: ViewsError| NotReady::Views(chain_of(&error));
        views.check().await.map_err(not_ready)?;
        views.has_room().await.map_err(not_ready)?;
        for progress in projections {
            match views.served(progress.name()).await {
                Ok(Some(_)) => {}
                Ok(None) => return Err(NotReady::Filling(progress.name())),
                Err(error) => return Err(NotReady::Views(chain_of(&error))),
            }
        }
        Ok(())
    }

    /// From now on not ready: load balancers send their traffic elsewhere.
    pub fn drain(&self) {
        self.inner.draining.store(true, Ordering::Release);
    }

    /// Resolves when no command is under way, or after that time.
    pub async fn drained(&self, within: Duration) {
        let deadline = Instant::now() + within;
        let under_way =
            || self.inner.in_flight.load(Ordering::Acquire) + self.inner.batches.load(Ordering::Acquire);
        while under_way() > 0 && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Ends the actors' threads.
    pub fn stop(&self) {
        for arbiter in &self.inner.arbiters {
            let _ = arbiter.stop();
        }
    }
}

/// Reads a place of the command log as [`place_text`] writes it.
pub fn parse_place(text: &str) -> Option<LinePlace> {
    let mut parts = text.split('.');
    let mut part = |absent: Option<&'static str>| parts.next().or(absent)?.parse().ok();
    let (sequence, refusal, unkeyed) = (part(None)?, part(Some("0"))?, part(Some("0"))?);
    let logged = LogPlace { sequence: domain::Sequence::new(sequence), refusal };
    parts.next().is_none().then_some(LinePlace { logged, unkeyed })
}

/// A place of the command log, as text.
pub fn place_text(place: LinePlace) -> String {
    let LinePlace { logged: LogPlace { sequence, refusal }, unkeyed } = place;
    format!("{sequence}.{refusal}.{unkeyed}")
}
