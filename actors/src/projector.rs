//! The projector: folds the log into the read models, each projection at its own pace, under its own supervision.
//!
//! A projection goes on from its checkpoint, from the feed where that still has what follows, else from the log. An error
//! or a panic starts it again after a pause; an event that it can't apply faults it there, and nothing is skipped. A
//! replay fills a new generation beside the served one, which goes on following the log; when both are at one place, the
//! new one is served.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use domain::projection::{Prior, Projection};
use domain::{Sequence, UnknownEvent};
use futures_util::FutureExt as _;
use store::{Applied, Checkpoint, Generation, Journal, JournalError, Page, Views, ViewsError};
use uuid::Uuid;

use crate::feed::{Feed, Recent};
use crate::progress::Progress;

/// Events applied in one step.
const EVENTS_PER_STEP: usize = 8192;
/// The pause before a failed projection starts again: from, and at the most.
const RESTART_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long a projection waits for the head to move before it looks around.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A step on the way of live events is followed by a pause so many times as long as it took, at the most so long: what
/// gathers meanwhile is merged per account, and the projection leaves most of a core to those it follows.
const PAUSE_AFTER_STEP: (u32, Duration) = (6, Duration::from_millis(150));
/// How long a generation stays after it is no longer served, for readers that are under way in it.
const KEEP_OLD: Duration = Duration::from_secs(60);

/// The supervisor of one projection.
pub(crate) struct Projector {
    pub(crate) projection: &'static dyn Projection,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) views: Arc<dyn Views>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) progress: Arc<Progress>,
}

/// Why a projection stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error("the events after {after} can't be applied: {reason}")]
    Poison { after: Sequence, reason: String },
}

impl Actor for Projector {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let work = Work {
            projection: self.projection,
            journal: Arc::clone(&self.journal),
            views: Arc::clone(&self.views),
            feed: Arc::clone(&self.feed),
            progress: Arc::clone(&self.progress),
            abandoned: Cell::new(false),
        };
        ctx.spawn(supervise(work).into_actor(self));
    }
}

async fn supervise(work: Work) {
    let mut pause = RESTART_PAUSE.0;
    loop {
        let began = Instant::now();
        let reason = match AssertUnwindSafe(work.run()).catch_unwind().await {
            Ok(Ok(never)) => match never {},
            Ok(Err(Stopped::Poison { after, reason })) => {
                work.progress.fault(Some(after.next()), &reason);
                tracing::error!(projection = work.projection.name(), %after, reason, "faulted");
                work.progress.until_resumed().await;
                continue;
            }
            Ok(Err(Stopped::Journal(JournalError::Unknown(unknown)))) => {
                let UnknownEvent { sequence, .. } = unknown;
                work.progress.fault(Some(sequence), &unknown.to_string());
                tracing::error!(projection = work.projection.name(), %unknown, "faulted");
                work.progress.until_resumed().await;
                continue;
            }
            Ok(Err(Stopped::Journal(error @ (JournalError::Unavailable(_) | JournalError::Damaged(_))))) => {
                chain_of(&error)
            }
            Ok(Err(Stopped::Views(error))) => chain_of(&error),
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
                text.or_else(|| panic.downcast_ref::<String>().cloned())
                    .unwrap_or_else(|| "a panic".to_owned())
            }
        };
        tracing::warn!(projection = work.projection.name(), reason, "the projection starts again");
        work.progress.restarted(&reason);
        // It worked for a while: that was another trouble.
        pause = if began.elapsed() > RESTART_PAUSE.1 * 2 { RESTART_PAUSE.0 } else { pause };
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RESTART_PAUSE.1);
    }
}

/// An error with all of its causes.
pub(crate) fn chain_of(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

enum Never {}

/// One projection at work.
struct Work {
    projection: &'static dyn Projection,
    journal: Arc<dyn Journal>,
    views: Arc<dyn Views>,
    feed: Arc<Feed>,
    progress: Arc<Progress>,
    /// Whether a generation was begun that is not served.
    abandoned: Cell<bool>,
}

/// A generation being written, with what is known of its documents.
struct Filling {
    generation: Generation,
    place: Sequence,
    /// The documents that the fold needs again, as they were last written.
    known: Prior,
}

impl Work {
    fn name(&self) -> &'static str {
        self.projection.name()
    }

    async fn run(&self) -> Result<Never, Stopped> {
        let log_id = self.journal.head().await?.log_id;
        let served = self.sound_generation(log_id).await?;
        let mut live = match served {
            Some(filling) => filling,
            None => self.fill_first(log_id).await?,
        };
        self.progress.serving(live.generation);
        self.progress.reached(live.place, 0, self.feed.head());
        if self.abandoned.take() {
            // A replay failed half way, in this life; what it filled is not used again.
            self.views.retain(self.name(), &[live.generation]).await?;
        }
        let mut retired: Option<Instant> = None;
        let mut looked = Instant::now();
        let mut replaying: Option<(Uuid, Filling)> = None;
        let mut head = self.feed.watch();
        loop {
            self.progress.until_resumed().await;
            let began = Instant::now();
            let before = live.place;
            let moved = match self.step(log_id, &mut live, true).await {
                // A replay may be what mends it.
                Err(Stopped::Poison { .. }) if self.progress.wanted_replay().is_some() => false,
                stepped => stepped?,
            };
            let took = began.elapsed();
            if let Some(wanted) = self.progress.wanted_replay()
                && replaying.as_ref().is_none_or(|(id, _)| *id != wanted)
            {
                self.abandoned.set(true);
                let generation = self.views.create(self.name(), log_id).await?;
                replaying =
                    Some((wanted, Filling { generation, place: Sequence::ZERO, known: BTreeMap::new() }));
            }
            if let Some((id, filling)) = &mut replaying {
                let before = filling.place;
                self.step(log_id, filling, false).await?;
                self.progress.replayed(*id, filling.place.ahead_of(before));
                if filling.place >= live.place && self.served_place().await? <= filling.place {
                    self.views.serve(self.name(), filling.generation).await?;
                    self.check_served(filling).await?;
                    self.abandoned.set(false);
                    retired = Some(Instant::now());
                    if let Some((id, filling)) = replaying.take() {
                        live = filling;
                        self.progress.serving(live.generation);
                        self.progress.replay_done(id);
                    }
                }
                continue;
            }
            // One that is far behind goes on at once.
            if moved && live.place.ahead_of(before) < EVENTS_PER_STEP as u64 / 2 {
                tokio::time::sleep((took * PAUSE_AFTER_STEP.0).min(PAUSE_AFTER_STEP.1)).await;
            }
            if let Some(since) = retired
                && since.elapsed() > KEEP_OLD
            {
                retired = None;
                self.drop_all_but(live.generation);
            }
            if looked.elapsed() > LOOK_EVERY {
                looked = Instant::now();
                self.check_served(&live).await?;
            }
            if !moved {
                self.progress.at_head();
                // Woken by the next commit, by a person's wish, or to look around.
                tokio::select! {
                    _ = head.changed() => {}
                    () = self.progress.wished() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
                self.progress.at_head();
            }
        }
    }

    /// The generation that is served, if it was filled from this log as it is.
    async fn sound_generation(&self, log_id: Uuid) -> Result<Option<Filling>, Stopped> {
        let Some(generation) = self.views.served(self.name()).await? else { return Ok(None) };
        let Some(checkpoint) = self.views.checkpoint(self.name(), generation).await? else { return Ok(None) };
        let chain = self.journal.chain_at(checkpoint.sequence).await?;
        if checkpoint.log_id != log_id || chain != Some(checkpoint.chain) {
            tracing::warn!(projection = self.name(), "the read model is not of this log and is filled anew");
            // Until then nothing is served, rather than what is wrong.
            self.views.retain(self.name(), &[]).await?;
            return Ok(None);
        }
        Ok(Some(Filling { generation, place: checkpoint.sequence, known: BTreeMap::new() }))
    }

    /// Fills a generation up to the head and serves it.
    async fn fill_first(&self, log_id: Uuid) -> Result<Filling, Stopped> {
        let generation = self.views.create(self.name(), log_id).await?;
        let mut filling = Filling { generation, place: Sequence::ZERO, known: BTreeMap::new() };
        while self.step(log_id, &mut filling, true).await? {}
        self.views.serve(self.name(), generation).await?;
        self.views.retain(self.name(), &[generation]).await?;
        Ok(filling)
    }

    /// Applies what follows a generation's place, once; false where nothing follows.
    async fn step(&self, log_id: Uuid, filling: &mut Filling, live: bool) -> Result<bool, Stopped> {
        let page = match self.feed.page_after(filling.place, EVENTS_PER_STEP) {
            Recent::AtHead => return Ok(false),
            Recent::Next(page) => page,
            Recent::InLog => match self.journal.page(filling.place, EVENTS_PER_STEP).await? {
                Some(page) => page,
                None => return Ok(false),
            },
        };
        self.apply(log_id, filling, &page).await?;
        if live {
            self.progress.reached(filling.place, page.events.len() as u64, self.feed.head());
        }
        Ok(true)
    }

    async fn apply(&self, log_id: Uuid, filling: &mut Filling, page: &Page) -> Result<(), Stopped> {
        let Some(last) = page.events.last().map(|event| event.sequence) else { return Ok(()) };
        let needs = self.projection.needs(&page.events);
        let missing: Vec<String> =
            needs.iter().filter(|key| !filling.known.contains_key(*key)).cloned().collect();
        if !missing.is_empty() {
            let read = self.views.prior(self.name(), filling.generation, &missing).await?;
            filling.known.extend(read);
        }
        let documents = self
            .projection
            .fold(&filling.known, &page.events)
            .map_err(|reason| Stopped::Poison { after: filling.place, reason })?;
        let to = Checkpoint { log_id, sequence: last, chain: page.chain };
        match self.views.apply(self.name(), filling.generation, filling.place, &documents, &to).await? {
            Applied::Done => {
                filling.place = last;
                for document in documents {
                    if needs.contains(&document.key) {
                        filling.known.insert(document.key, document.body);
                    }
                }
                Ok(())
            }
            // Another projector is at work, or the store went back. Neither is guessed: the place is read again.
            Applied::Elsewhere(Some(checkpoint)) => {
                let known_chain = self.journal.chain_at(checkpoint.sequence).await?;
                if checkpoint.log_id != log_id || known_chain != Some(checkpoint.chain) {
                    return Err(ViewsError::Damaged("the checkpoint is not of this log".to_owned()).into());
                }
                filling.place = checkpoint.sequence;
                filling.known.clear();
                Ok(())
            }
            Applied::Elsewhere(None) => {
                Err(ViewsError::Damaged("the generation is gone; it is filled anew".to_owned()).into())
            }
        }
    }

    /// Notices that another generation is served, or that the store lost what it had.
    async fn check_served(&self, live: &Filling) -> Result<(), Stopped> {
        if self.views.served(self.name()).await? != Some(live.generation) {
            return Err(ViewsError::Damaged("another generation is served".to_owned()).into());
        }
        if self.served_place().await? < live.place {
            return Err(ViewsError::Damaged("the read model went back".to_owned()).into());
        }
        Ok(())
    }

    /// How far the served generation is; another process may have moved it on.
    async fn served_place(&self) -> Result<Sequence, Stopped> {
        let Some(generation) = self.views.served(self.name()).await? else { return Ok(Sequence::ZERO) };
        let checkpoint = self.views.checkpoint(self.name(), generation).await?;
        Ok(checkpoint.map_or(Sequence::ZERO, |checkpoint| checkpoint.sequence))
    }

    /// Drops what is no longer served, beside the work: that may take a while.
    fn drop_all_but(&self, generation: Generation) {
        let (views, name) = (Arc::clone(&self.views), self.name());
        actix::spawn(async move {
            if let Err(error) = views.retain(name, &[generation]).await {
                tracing::warn!(
                    projection = name,
                    error = &error as &dyn std::error::Error,
                    "an old read model stays"
                );
            }
        });
    }
}
