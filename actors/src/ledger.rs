//! The handle to everything: commands go in here, and what else the facades ask of the actors.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use bytestring::ByteString;
use domain::{
    Account, AccountId, CommandId, Fingerprint, Participants, Profile, Recorded, Refusal, Request, Sequence,
    Standing, decide,
};
use store::{Journal, JournalError, LogPlace, LogQuery, Recalled, Views};
use tokio::sync::oneshot;
use uuid::Uuid;

use crate::account::{Pin, start_meeting};
use crate::decision::{Order, Settled, clock, decision_time, drafts};
use crate::feed::Feed;
use crate::hub::{Hub, HubActor};
use crate::keys::{Keys, Turn};
use crate::progress::{Progress, ProjectionStats, Replay, Replays};
use crate::projector::Projector;
use crate::recent::{Line, LineQuery, Memory};
use crate::registry::{Deliver, Job, Registry, RegistryCounts};
use crate::writer::{JournalWriter, WriterCounts};

/// What any mailbox and queue on a command's way can hold: far more than admission lets in, with its retries.
pub(crate) const MAILBOX_CAPACITY: usize = 65_536;
/// How long a client waits for the fate of its command.
const ANSWER_WITHIN: Duration = Duration::from_millis(4500);
/// How often a command is decided again before the client is told to come back.
const DECISIONS_MAX: u32 = 100;
/// Decided again at once so often; after that with a pause.
const DECISIONS_AT_ONCE: u32 = 3;
/// The pause, per decision beyond those.
const DECISION_PAUSE: Duration = Duration::from_millis(2);
/// How far a node's clock may be off the log's.
const CLOCK_SKEW_MAX_MS: i64 = 1000;

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
}

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It was done.
    Accepted(Accepted),
    /// It was refused.
    Refused(Refused),
}

/// A command that was done.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its id.
    pub command_id: CommandId,
    /// Its events, the one that it is known by first. Of a preview: as they would be, with sequence 0, and without
    /// `sequenceNumber` in their JSON.
    pub events: Vec<Arc<Recorded>>,
    /// Whether the answer was given before.
    pub replayed: bool,
}

/// A command that was refused.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Its id.
    pub command_id: CommandId,
    /// Why.
    pub refusal: Refusal,
    /// Whether the answer was given before.
    pub replayed: bool,
}

/// Why there is no answer to a command.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// Something else was asked under the same key before.
    #[error("the idempotency key was used for another command")]
    KeyReused,
    /// Too many commands are under way.
    #[error("too many commands are under way")]
    Overloaded,
    /// The log can't be written; nothing happened.
    #[error("the log can't be reached")]
    LogUnavailable,
    /// It is not known yet whether it happened.
    #[error("it is not known yet whether the command was done")]
    OutcomeUnknown,
    /// The log holds an event that this version can't read, or is damaged.
    #[error("{0}")]
    Fault(String),
}

/// Why the process should get no traffic yet.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotReady {
    /// The log does not answer.
    #[error("the log can't be reached")]
    Log,
    /// The read models don't answer, or are set up to lose data.
    #[error("the read models can't be reached or may lose data: {0}")]
    Views(String),
    /// A projection is not served yet.
    #[error("the projection {0} is not filled yet")]
    Filling(&'static str),
    /// The clocks differ by more than a second.
    #[error("this node's clock is {0} ms off the log's")]
    Clock(i64),
    /// The process is going down.
    #[error("shutting down")]
    Draining,
}

/// The handle. Clones share everything.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

struct Inner {
    journal: Arc<dyn Journal>,
    views: Arc<dyn Views>,
    feed: Arc<Feed>,
    hub: Hub,
    shards: Vec<Addr<Registry>>,
    keys: Keys,
    memory: Memory,
    in_flight: AtomicUsize,
    in_flight_max: usize,
    projections: Vec<Arc<Progress>>,
    replays: Arc<Replays>,
    registry_counts: Arc<RegistryCounts>,
    writer_counts: Arc<WriterCounts>,
    draining: AtomicBool,
    meters: Meters,
    /// The threads that the actors live on.
    arbiters: Vec<Arbiter>,
}

/// Handles to the metrics of the hot path.
struct Meters {
    accepted: metrics::Counter,
    refused: metrics::Counter,
    failed: metrics::Counter,
    seconds: metrics::Histogram,
}

impl Accepted {
    /// Every account that the command touched, as it is after it, in the order of the events.
    pub fn accounts(&self) -> Vec<(&Arc<Profile>, &Standing)> {
        let mut accounts: Vec<(&Arc<Profile>, &Standing)> = Vec::with_capacity(self.events.len());
        for event in &self.events {
            match accounts.iter_mut().find(|(profile, _)| profile.id == event.profile.id) {
                Some(known) => known.1 = &event.standing,
                None => accounts.push((&event.profile, &event.standing)),
            }
        }
        accounts
    }
}

/// A place among the commands under way.
struct Permit<'a>(&'a AtomicUsize);

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
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

        let (desk, writer) =
            JournalWriter::new(Arc::clone(&journal), Arc::clone(&feed), Arc::clone(&writer_counts));
        let arbiter = Arbiter::new();
        JournalWriter::start_in_arbiter(&arbiter.handle(), move |_| desk);
        arbiters.push(arbiter);

        let count = settings.shards.max(1);
        let residents_max = settings.residents_max.div_ceil(count).max(1);
        let mut shards = Vec::with_capacity(count);
        for _ in 0..count {
            let arbiter = Arbiter::new();
            let (journal, writer, counts) =
                (Arc::clone(&journal), writer.clone(), Arc::clone(&registry_counts));
            shards.push(Registry::start_in_arbiter(&arbiter.handle(), move |_| {
                Registry::new(journal, writer, residents_max, counts)
            }));
            arbiters.push(arbiter);
        }

        let listeners = Arbiter::new();
        let replays = Arc::new(Replays::default());
        let mut projections = Vec::new();
        for projection in domain::projection::ALL {
            let progress = Arc::new(Progress::new(projection.name(), Arc::clone(&replays)));
            projections.push(Arc::clone(&progress));
            let (journal, views, feed) = (Arc::clone(&journal), Arc::clone(&views), Arc::clone(&feed));
            Projector::start_in_arbiter(&listeners.handle(), move |_| Projector {
                projection,
                journal,
                views,
                feed,
                progress,
            });
        }
        let actor = HubActor {
            hub: hub.clone(),
            journal: Arc::clone(&journal),
            feed: Arc::clone(&feed),
            timeout: settings.feed_timeout,
            following: false,
        };
        HubActor::start_in_arbiter(&listeners.handle(), move |_| actor);
        arbiters.push(listeners);

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
            keys: Keys::default(),
            memory: Memory::default(),
            in_flight: AtomicUsize::new(0),
            in_flight_max: settings.commands_in_flight_max,
            projections,
            replays,
            registry_counts,
            writer_counts,
            draining: AtomicBool::new(false),
            meters,
            arbiters,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Does a command: answered when its events are on disk, or its refusal is certain.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn execute(&self, request: Request) -> Result<Answer, Failure> {
        let _permit = self.admit()?;
        let started = Instant::now();
        let request = Arc::new(request);
        let fingerprint = request.fingerprint();
        // Whatever is under way when the time is over goes on without the client.
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.execute_as(&request, fingerprint)).await;
        let answer = answer.unwrap_or(Err(Failure::OutcomeUnknown));
        self.note(&request, &answer, started);
        answer
    }

    fn admit(&self) -> Result<Permit<'_>, Failure> {
        let in_flight = &self.inner.in_flight;
        let permit = Permit(in_flight);
        if in_flight.fetch_add(1, Ordering::AcqRel) >= self.inner.in_flight_max {
            return Err(Failure::Overloaded);
        }
        Ok(permit)
    }

    fn note(&self, request: &Request, answer: &Result<Answer, Failure>, started: Instant) {
        let elapsed = started.elapsed();
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let Inner { meters, memory, feed, .. } = &*self.inner;
        meters.seconds.record(elapsed.as_secs_f64());
        match answer {
            Ok(Answer::Accepted(_)) => {
                meters.accepted.increment(1);
                memory.answered(&request.id, micros);
            }
            Ok(Answer::Refused(refused)) => {
                meters.refused.increment(1);
                if request.keyed && !matches!(refused.refusal, Refusal::InvalidAmount { .. }) {
                    memory.answered(&request.id, micros);
                } else {
                    memory.refused(request, &refused.refusal, feed.head(), clock(), micros);
                }
            }
            Err(_) => meters.failed.increment(1),
        }
    }

    async fn execute_as(&self, request: &Arc<Request>, fingerprint: Fingerprint) -> Result<Answer, Failure> {
        if !request.keyed {
            return self.decide_until_settled(request, fingerprint).await;
        }
        loop {
            match self.inner.keys.enter(&request.id) {
                Turn::Mine(_until_answered) => return self.decide_until_settled(request, fingerprint).await,
                Turn::After(first) => {
                    first.over().await;
                    if let Some(answer) = self.recorded(request, fingerprint).await? {
                        return Ok(answer);
                    }
                }
            }
        }
    }

    async fn decide_until_settled(
        &self,
        request: &Arc<Request>,
        fingerprint: Fingerprint,
    ) -> Result<Answer, Failure> {
        let accounts = request.command.accounts();
        for decision in 0..DECISIONS_MAX {
            if decision > DECISIONS_AT_ONCE {
                tokio::time::sleep(DECISION_PAUSE * (decision - DECISIONS_AT_ONCE)).await;
            }
            let (reply, settled) = oneshot::channel();
            let order = Order { request: Arc::clone(request), fingerprint, reply };
            self.deliver(&accounts, order).await;
            match settled.await {
                Ok(Settled::Committed(events)) => {
                    return Ok(Answer::Accepted(Accepted {
                        command_id: request.id.clone(),
                        events,
                        replayed: false,
                    }));
                }
                Ok(Settled::Refused(refusal)) => {
                    return Ok(Answer::Refused(Refused {
                        command_id: request.id.clone(),
                        refusal,
                        replayed: false,
                    }));
                }
                Ok(Settled::Duplicate) => {
                    if let Some(answer) = self.recorded(request, fingerprint).await? {
                        return Ok(answer);
                    }
                }
                Ok(Settled::Retry) => {}
                Ok(Settled::Unavailable) => return Err(Failure::LogUnavailable),
                Ok(Settled::Fault(reason)) => return Err(Failure::Fault(reason)),
                Err(_) => return Err(Failure::Fault("an actor ended before it answered".to_owned())),
            }
        }
        Err(Failure::Overloaded)
    }

    /// Hands an order to the account's actor, or to a meeting of them.
    async fn deliver(&self, accounts: &[AccountId], order: Order) {
        if let [account] = accounts {
            let deliver = Deliver { account: account.clone(), job: Job::Decide(order) };
            if let Err(SendError::Full(deliver) | SendError::Closed(deliver)) =
                self.shard(account).try_send(deliver)
                && let Job::Decide(order) = deliver.job
            {
                let _ = order.reply.send(Settled::Unavailable);
            }
            return;
        }
        let mut pins: Vec<Pin> = Vec::with_capacity(accounts.len());
        let asked: Vec<_> = accounts
            .iter()
            .map(|account| {
                let (reply, pin) = oneshot::channel();
                let deliver = Deliver { account: account.clone(), job: Job::Pin(reply) };
                // A mailbox that is full or closed drops the reply, which is seen below.
                let _ = self.shard(account).try_send(deliver);
                pin
            })
            .collect();
        for pin in asked {
            match pin.await {
                Ok(Ok(pin)) => pins.push(pin),
                Ok(Err(settled)) => return drop(order.reply.send(settled)),
                Err(_) => return drop(order.reply.send(Settled::Unavailable)),
            }
        }
        start_meeting(order, pins);
    }

    fn shard(&self, account: &AccountId) -> &Addr<Registry> {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let shards = &self.inner.shards;
        if let [only] = &**shards {
            return only;
        }
        let mut hasher = DefaultHasher::new();
        account.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % shards.len() as u64).unwrap_or(0);
        shards.get(place).unwrap_or(&shards[0])
    }

    /// What is recorded under the request's id, if it is what the request asks.
    async fn recorded(&self, request: &Request, fingerprint: Fingerprint) -> Result<Option<Answer>, Failure> {
        let Some((recorded, answer)) = self.recall_with_fingerprint(&request.id).await.map_err(failure)?
        else {
            return Ok(None);
        };
        if recorded == fingerprint { Ok(Some(answer)) } else { Err(Failure::KeyReused) }
    }

    async fn recall_with_fingerprint(
        &self,
        id: &CommandId,
    ) -> Result<Option<(Fingerprint, Answer)>, JournalError> {
        let recalled = self.inner.journal.command(id).await?;
        Ok(recalled.map(|recalled| match recalled {
            Recalled::Accepted { fingerprint, events, .. } => {
                (fingerprint, Answer::Accepted(Accepted { command_id: id.clone(), events, replayed: true }))
            }
            Recalled::Rejected(rejection) => {
                let refusal = rejection.refusal;
                let refused = Refused { command_id: id.clone(), refusal, replayed: true };
                (rejection.fingerprint, Answer::Refused(refused))
            }
        }))
    }

    /// Decides a command as [`execute`](Self::execute) would, on what is committed, and writes nothing.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn preview(&self, request: Request) -> Result<Answer, Failure> {
        if request.keyed
            && let Some(answer) = self.recorded(&request, request.fingerprint()).await?
        {
            return Ok(answer);
        }
        let accounts = request.command.accounts();
        let loaded = self.inner.journal.load(&accounts).await.map_err(failure)?;
        let mut participants: Vec<(AccountId, Account)> =
            accounts.into_iter().zip(loaded).map(|(id, loaded)| (id, loaded.account)).collect();
        let command_id = request.id.clone();
        match decide(&request.command, request.if_match, &Participants(&participants)) {
            Ok(placed) => {
                let at = decision_time(&participants, clock());
                let events = drafts(&request, &mut participants, placed, at)
                    .into_iter()
                    .map(|draft| {
                        Arc::new(Recorded {
                            sequence: Sequence::ZERO,
                            profile: draft.profile,
                            standing: draft.standing,
                            event: draft.event,
                            command_id: command_id.clone(),
                            correlation: draft.correlation,
                            json: ByteString::from(draft.stored),
                        })
                    })
                    .collect();
                Ok(Answer::Accepted(Accepted { command_id, events, replayed: false }))
            }
            Err(refusal) => Ok(Answer::Refused(Refused { command_id, refusal, replayed: false })),
        }
    }

    /// What is recorded under a command id so far.
    ///
    /// # Errors
    /// Where the log can't be read.
    pub async fn recall(&self, id: &CommandId) -> Result<Option<Answer>, JournalError> {
        Ok(self.recall_with_fingerprint(id).await?.map(|(_, answer)| answer))
    }

    /// The command log, newest first.
    ///
    /// # Errors
    /// Where the log can't be read.
    pub async fn command_log(&self, query: &LineQuery) -> Result<Vec<Line>, JournalError> {
        let LineQuery { limit, before, account, accepted, rejected } = query.clone();
        let logged =
            self.inner.journal.commands(&LogQuery { limit, before, account, accepted, rejected }).await?;
        Ok(self.inner.memory.lines(query, logged))
    }

    /// The log, for reading.
    pub fn journal(&self) -> &dyn Journal {
        &*self.inner.journal
    }

    /// The read models, for reading.
    pub fn views(&self) -> &dyn Views {
        &*self.inner.views
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

    /// Resolves whenever a projection may have moved; at the latest after a few ms.
    pub async fn projection_moved(&self, name: &str) {
        // Another process may be the one that moves it.
        let look_again = Duration::from_millis(10);
        match self.inner.projections.iter().find(|progress| progress.name() == name) {
            Some(progress) => {
                let mut moved = progress.watch();
                let _ = tokio::time::timeout(look_again, moved.changed()).await;
            }
            None => tokio::time::sleep(look_again).await,
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
        let Inner { registry_counts, writer_counts, in_flight, in_flight_max, shards, .. } = &*self.inner;
        let actors = serde_json::json!({
            "resident": count(&registry_counts.resident),
            "loaded": count(&registry_counts.loaded),
            "passivated": count(&registry_counts.retired),
            "shards": shards.len(),
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

    /// Whether the process can do its work: really asks the stores.
    ///
    /// # Errors
    /// See [`NotReady`].
    pub async fn ready(&self) -> Result<(), NotReady> {
        if self.inner.draining.load(Ordering::Acquire) {
            return Err(NotReady::Draining);
        }
        let before = clock();
        let theirs = self.inner.journal.now().await.map_err(|_| NotReady::Log)?;
        let after = clock();
        // Their clock was read between our two readings.
        let off = if theirs > after {
            theirs.as_micros() - after.as_micros()
        } else {
            (before.as_micros() - theirs.as_micros()).max(0)
        };
        if off / 1000 > CLOCK_SKEW_MAX_MS {
            return Err(NotReady::Clock(off / 1000));
        }
        self.inner.views.check().await.map_err(|error| NotReady::Views(error.to_string()))?;
        for progress in &self.inner.projections {
            let served = self.inner.views.served(progress.name()).await;
            match served {
                Ok(Some(_)) => {}
                Ok(None) => return Err(NotReady::Filling(progress.name())),
                Err(error) => return Err(NotReady::Views(error.to_string())),
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
        while self.inner.in_flight.load(Ordering::Acquire) > 0 && Instant::now() < deadline {
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

fn failure(error: JournalError) -> Failure {
    match error {
        JournalError::Unavailable(_) => Failure::LogUnavailable,
        JournalError::Unknown(_) | JournalError::Damaged(_) => Failure::Fault(error.to_string()),
    }
}

/// Reads a place of the command log as [`place_text`] writes it.
pub fn parse_place(text: &str) -> Option<LogPlace> {
    let (sequence, refusal) = text.split_once('.').unwrap_or((text, "0"));
    Some(LogPlace { sequence: domain::Sequence::new(sequence.parse().ok()?), refusal: refusal.parse().ok()? })
}

/// A place of the command log, as text.
pub fn place_text(place: LogPlace) -> String {
    format!("{}.{}", place.sequence, place.refusal)
}
