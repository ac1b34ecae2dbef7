//! The projector: folds the log into the read models, each projection at its own pace, under its own supervision.
//!
//! A projection goes on from its checkpoint, from the feed where that still has what follows, else from the log. An error
//! or a panic starts it again after a pause; an event that it can't apply faults it there, and nothing is skipped. A
//! replay fills a new generation beside the served one, which goes on following the log; when both are at one place, the
//! new one is served.
//!
//! Of several nodes' projectors one applies. Whoever finds the checkpoint ahead of where it left it stands by: it looks at
//! the checkpoint now and then, and takes over when that stands still behind the head. Nothing rests on there being only
//! one: every apply is compare-and-set on the checkpoint.

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
use crate::generations::{Generations, Served, Unserved};
use crate::pages::{Pages, Reader};
use crate::progress::Progress;
use crate::words::{chain_of, panic_words};
use crate::writer::end_exchanged;

/// Events applied in one step where nothing is written meanwhile.
const EVENTS_PER_STEP: usize = 8192;
/// Events applied in one step beside commands, where that is enough to catch up: while it is under way, the processors and
/// Redis have less time for others.
const EVENTS_PER_STEP_BESIDE: usize = 256;
/// Such a step is followed by a pause so many times as long as it took, its wait for the log's page left out: others may
/// pause meanwhile.
const PAUSE_BESIDE: u32 = 7;
/// The longest of these pauses: the store was slow for once, perhaps.
const PAUSE_BESIDE_MAX: Duration = Duration::from_millis(250);
/// The log is quiet when nothing came for so long.
const QUIET_AFTER: Duration = Duration::from_millis(250);
/// A step far behind the head applies at least so many times what came since the last one, so that it catches up soon.
const CATCHES_UP_BY: usize = 4;
/// The pause before a failed projection starts again: from, and at the most.
const RESTART_PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// How long a projection waits for the head to move before it looks around.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A step that reaches the head is followed by a pause so many times as long as it took, at the most so long: what gathers
/// meanwhile is merged per account, and the projection leaves most of a core to those it follows.
const PAUSE_AFTER_STEP: (u32, Duration) = (6, Duration::from_millis(80));
/// That pause is at least so long per event of the step, at the most so long: many events are few steps, and one alone is
/// there at once.
const PAUSE_PER_EVENT: (Duration, Duration) = (Duration::from_micros(500), Duration::from_millis(20));
/// How often a projector that stands by looks at the checkpoint.
const STANDBY_LOOKS_EVERY: Duration = Duration::from_millis(200);
/// How often one that is filled and at the head is looked at that can't be served yet.
const FILLING_LOOKS_EVERY: Duration = Duration::from_millis(10);
/// For how long the checkpoint stands still behind the head until whoever stands by takes over: longer than a step of a
/// projector at work and its pause.
const TAKES_OVER_AFTER: Duration = Duration::from_secs(2);
/// A generation that is not served and was not moved on in this time is dropped: nobody reads it any more, or whoever
/// filled it is gone.
const KEEP_UNSERVED: Duration = Duration::from_secs(10);

/// The supervisor of one projection.
pub(crate) struct Projector {
    pub(crate) projection: &'static dyn Projection,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) views: Arc<dyn Views>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) pages: Arc<Pages>,
    pub(crate) progress: Arc<Progress>,
}

/// Why a projection stopped.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Views(#[from] ViewsError),
    #[error("another generation is served")]
    Switched,
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
            generations: Generations::new(self.projection.name(), Arc::clone(&self.views)),
            feed: Arc::clone(&self.feed),
            pages: Arc::clone(&self.pages),
            progress: Arc::clone(&self.progress),
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
            Ok(Err(Stopped::Switched)) => {
                tracing::info!(projection = work.projection.name(), "goes on in another generation");
                continue;
            }
            Ok(Err(Stopped::Journal(JournalError::Unknown(unknown)))) => {
                let UnknownEvent { sequence, .. } = unknown;
                work.progress.fault(Some(sequence), &unknown.to_string());
                tracing::error!(projection = work.projection.name(), %unknown, "faulted");
                work.progress.until_resumed().await;
                continue;
            }
            Ok(Err(Stopped::Journal(error))) if error.is_exchanged() => end_exchanged(),
            Ok(Err(Stopped::Journal(error @ (JournalError::Unavailable(_) | JournalError::Damaged(_))))) => {
                chain_of(&error)
            }
            Ok(Err(Stopped::Views(error))) => chain_of(&error),
            Err(panic) => panic_words(&*panic),
        };
        tracing::warn!(projection = work.projection.name(), reason, "the projection starts again");
        work.progress.restarted(&reason);
        // It worked for a while: that was another trouble.
        pause = if began.elapsed() > RESTART_PAUSE.1 * 2 { RESTART_PAUSE.0 } else { pause };
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(RESTART_PAUSE.1);
    }
}

enum Never {}

/// One projection at work.
struct Work {
    projection: &'static dyn Projection,
    journal: Arc<dyn Journal>,
    views: Arc<dyn Views>,
    generations: Generations,
    feed: Arc<Feed>,
    pages: Arc<Pages>,
    progress: Arc<Progress>,
}

/// A generation being written, with what is known of its documents.
struct Filling {
    generation: Generation,
    place: Sequence,
    /// The documents that the fold needs again, as they were last written.
    known: Prior,
    /// Who reads the log for it, where it is behind the feed.
    reader: Option<Reader>,
    /// The head at its last step.
    head: Sequence,
    /// What is due before its next step.
    pause: Duration,
}

impl Filling {
    fn at(generation: Generation, place: Sequence, head: Sequence) -> Self {
        Self { generation, place, known: BTreeMap::new(), reader: None, head, pause: Duration::ZERO }
    }

    /// The pause of one that is not served yet: where it has reached the head it is to be served at once.
    async fn give_way(&self) {
        if self.place < self.head {
            tokio::time::sleep(self.pause).await;
        }
    }
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Something was applied, or the place was read again.
    Moved,
    /// Nothing follows.
    AtHead,
    /// Another projector was faster.
    Overtaken,
}

/// What a projector that stands by has seen.
struct Standby {
    /// Since when the checkpoint stands still behind the head.
    still_since: Instant,
    /// The head at the last look.
    head: Sequence,
}

impl Work {
    fn name(&self) -> &'static str {
        self.projection.name()
    }

    async fn run(&self) -> Result<Never, Stopped> {
        self.progress.stand_by(false);
        let log_id = self.journal.head().await?.log_id;
        let served = self.sound_generation(log_id).await?;
        self.progress.compared();
        self.generations.give_up(served.as_ref().map(|filling| filling.generation)).await?;
        let mut live = match served {
            Some(filling) => filling,
            None => self.fill_first(log_id).await?,
        };
        self.progress.serving(live.generation);
        self.progress.reached(live.place, 0, self.feed.head());
        let mut standby: Option<Standby> = None;
        let mut unserved = self.generations.tidy(&Unserved::new()).await?;
        let mut tidied = Instant::now();
        let mut looked = Instant::now();
        let mut replaying: Option<(Uuid, Filling)> = None;
        let mut head = self.feed.watch();
        loop {
            self.progress.until_resumed().await;
            let stands_by = match &mut standby {
                Some(seen) => self.still_stands_by(seen, &mut live).await?,
                None => false,
            };
            let step = match stands_by {
                true => Step::AtHead,
                false => match self.step(log_id, &mut live, true).await {
                    // A replay may be what mends it.
                    Err(Stopped::Poison { .. }) if self.progress.wanted_replay().is_some() => Step::AtHead,
                    stepped => stepped?,
                },
            };
            if step == Step::Moved && standby.take().is_some() {
                tracing::info!(projection = self.name(), place = %live.place, "takes over");
                self.progress.stand_by(false);
            }
            if step == Step::Overtaken {
                standby = Some(Standby { still_since: Instant::now(), head: live.place });
                self.progress.stand_by(true);
            }
            if let Some(wanted) = self.progress.wanted_replay()
                && replaying.as_ref().is_none_or(|(id, _)| *id != wanted)
            {
                replaying = Some((wanted, self.begin(log_id).await?));
                self.progress.replaying(wanted);
            }
            if let Some((id, filling)) = &mut replaying {
                let before = filling.place;
                let filled = self.step(log_id, filling, false).await?;
                self.progress.replayed(*id, filling.place.ahead_of(before));
                if filling.place >= live.place && self.serve(filling).await? {
                    if let Some((id, filling)) = replaying.take() {
                        live = filling;
                        standby = None;
                        self.progress.stand_by(false);
                        self.progress.serving(live.generation);
                        self.progress.replay_done(id);
                    }
                } else if filled == Step::AtHead {
                    // What is served is further on than this process has heard.
                    tokio::time::sleep(FILLING_LOOKS_EVERY).await;
                } else {
                    filling.give_way().await;
                }
                continue;
            }
            if step == Step::Moved {
                tokio::time::sleep(live.pause).await;
            }
            if tidied.elapsed() > KEEP_UNSERVED {
                unserved = self.generations.tidy(&unserved).await?;
                tidied = Instant::now();
            }
            if looked.elapsed() > LOOK_EVERY && standby.is_none() {
                looked = Instant::now();
                self.check_served(&live).await?;
                self.views.check().await?;
            }
            if standby.is_some() {
                tokio::select! {
                    () = self.progress.wished() => {}
                    () = tokio::time::sleep(STANDBY_LOOKS_EVERY) => {}
                }
            } else if step == Step::AtHead {
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

    /// Looks how far the projector at work is; false where it stands still for long.
    async fn still_stands_by(&self, seen: &mut Standby, live: &mut Filling) -> Result<bool, Stopped> {
        let place = self.check_served(live).await?;
        let head = self.feed.head();
        self.progress.reached(place, 0, head);
        // It is at what was the head a moment ago.
        if place >= seen.head {
            self.progress.at_head();
        }
        if place > live.place || place >= head {
            seen.still_since = Instant::now();
        }
        live.place = place;
        seen.head = head;
        Ok(seen.still_since.elapsed() < TAKES_OVER_AFTER)
    }

    /// The generation that is served, if it was filled from this log as it is.
    async fn sound_generation(&self, log_id: Uuid) -> Result<Option<Filling>, Stopped> {
        let served = self.views.served(self.name()).await?;
        if let Err(error) = self.views.check().await {
            // What may have lost documents is not served, nor filled again until it keeps them.
            if let (ViewsError::Evicting(_), Some(generation)) = (&error, served) {
                self.views.discard(self.name(), generation).await?;
            }
            return Err(error.into());
        }
        let Some(generation) = served else { return Ok(None) };
        let Some(checkpoint) = self.views.checkpoint(self.name(), generation).await? else { return Ok(None) };
        let chain = self.journal.chain_at(checkpoint.sequence).await?;
        if checkpoint.log_id != log_id || chain != Some(checkpoint.chain) {
            tracing::warn!(projection = self.name(), "the read model is not of this log and is filled anew");
            // Until then nothing is served, rather than what is wrong.
            self.views.discard(self.name(), generation).await?;
            return Ok(None);
        }
        Ok(Some(Filling::at(generation, checkpoint.sequence, self.feed.head())))
    }

    /// Fills a generation up to the head and serves it.
    async fn fill_first(&self, log_id: Uuid) -> Result<Filling, Stopped> {
        let mut filling = self.begin(log_id).await?;
        while self.step(log_id, &mut filling, true).await? != Step::AtHead {
            filling.give_way().await;
            self.progress.until_resumed().await;
        }
        if self.serve(&filling).await? { Ok(filling) } else { Err(Stopped::Switched) }
    }

    async fn begin(&self, log_id: Uuid) -> Result<Filling, Stopped> {
        let generation = self.generations.begin(log_id).await?;
        Ok(Filling::at(generation, Sequence::ZERO, self.feed.head()))
    }

    /// Whether it is served now; not where the one that is served is further on.
    async fn serve(&self, filling: &Filling) -> Result<bool, Stopped> {
        match self.generations.serve(filling.generation, filling.place).await? {
            Served::Still(_) => Ok(true),
            Served::NotYet => Ok(false),
            Served::Another => Err(Stopped::Switched),
        }
    }

    /// How far the served generation is, which must be this one still.
    async fn check_served(&self, live: &Filling) -> Result<Sequence, Stopped> {
        match self.generations.look(live.generation, live.place).await? {
            Served::Still(place) => Ok(place),
            Served::NotYet | Served::Another => Err(Stopped::Switched),
        }
    }

    /// Applies what follows a generation's place, once.
    async fn step(&self, log_id: Uuid, filling: &mut Filling, live: bool) -> Result<Step, Stopped> {
        let head = self.feed.head();
        let came = head.ahead_of(filling.head);
        filling.head = head;
        let beside = self.feed.moved_within(QUIET_AFTER);
        let about = if beside { events_beside(came) } else { EVENTS_PER_STEP };
        let recent = self.feed.page_after(filling.place, about);
        if !matches!(recent, Recent::InLog) {
            filling.reader = None;
        }
        let page = match recent {
            Recent::AtHead => return Ok(Step::AtHead),
            Recent::Next(page) => Arc::new(page),
            Recent::InLog => {
                let reader = filling.reader.get_or_insert_with(|| self.pages.reader());
                let Some(page) = reader.after(filling.place, about).await? else { return Ok(Step::AtHead) };
                page
            }
        };
        let began = Instant::now();
        let step = self.apply(log_id, filling, &page).await?;
        let (took, events) = (began.elapsed(), page.events.len());
        filling.pause = match filling.place >= head {
            true => pause_at_head(took, events),
            false if beside => pause_beside(took, events, came),
            false => Duration::ZERO,
        };
        if live {
            let applied = if step == Step::Overtaken { 0 } else { page.events.len() as u64 };
            self.progress.reached(filling.place, applied, self.feed.head());
        }
        Ok(step)
    }

    async fn apply(&self, log_id: Uuid, filling: &mut Filling, page: &Page) -> Result<Step, Stopped> {
        let Some(last) = page.events.last().map(|event| event.sequence) else { return Ok(Step::Moved) };
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
                // What it needs next is what it needed last, more or less.
                filling.known.retain(|key, _| needs.contains(key));
                for document in documents {
                    if needs.contains(&document.key) {
                        filling.known.insert(document.key, document.body);
                    }
                }
                Ok(Step::Moved)
            }
            // Another projector is at work, or the store went back. Neither is guessed: the place is read again.
            Applied::Elsewhere(Some(checkpoint)) => {
                let known_chain = self.journal.chain_at(checkpoint.sequence).await?;
                if checkpoint.log_id != log_id || known_chain != Some(checkpoint.chain) {
                    return Err(ViewsError::Damaged("the checkpoint is not of this log".to_owned()).into());
                }
                let overtaken = checkpoint.sequence > filling.place;
                filling.place = checkpoint.sequence;
                filling.known.clear();
                Ok(if overtaken { Step::Overtaken } else { Step::Moved })
            }
            Applied::Elsewhere(None) => {
                Err(ViewsError::Damaged("the generation is gone; it is filled anew".to_owned()).into())
            }
        }
    }
}

/// How many events a step beside commands applies, about, when so many came since the last one.
fn events_beside(came: u64) -> usize {
    let came = usize::try_from(came).unwrap_or(usize::MAX);
    came.saturating_mul(CATCHES_UP_BY).clamp(EVENTS_PER_STEP_BESIDE, EVENTS_PER_STEP)
}

fn pause_at_head(took: Duration, events: usize) -> Duration {
    let events = u32::try_from(events).unwrap_or(u32::MAX);
    let per_event = PAUSE_PER_EVENT.0.saturating_mul(events).min(PAUSE_PER_EVENT.1);
    (took * PAUSE_AFTER_STEP.0).min(PAUSE_AFTER_STEP.1).max(per_event)
}

/// In proportion to what the step took, but none where so much comes that it would not catch up.
fn pause_beside(took: Duration, events: usize, came: u64) -> Duration {
    let came = usize::try_from(came).unwrap_or(usize::MAX);
    if came.saturating_mul(CATCHES_UP_BY) <= events {
        (took * PAUSE_BESIDE).min(PAUSE_BESIDE_MAX)
    } else {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_beside_commands_gives_way_only_while_it_catches_up() {
        let took = Duration::from_millis(10);
        let pause = took * PAUSE_BESIDE;
        for (came, about, pause) in [
            (0, EVENTS_PER_STEP_BESIDE, pause),
            (1000, 4000, pause),
            (2048, EVENTS_PER_STEP, pause),
            (2049, EVENTS_PER_STEP, Duration::ZERO),
            (u64::MAX, EVENTS_PER_STEP, Duration::ZERO),
        ] {
            assert_eq!(events_beside(came), about, "{came}");
            assert_eq!(pause_beside(took, about, came), pause, "{came}");
        }
    }

    #[test]
    fn many_events_are_gathered_and_one_is_there_at_once() {
        let quick = Duration::from_micros(100);
        assert_eq!(pause_at_head(quick, 1), quick * 6);
        assert_eq!(pause_at_head(quick, 10), Duration::from_millis(5));
        assert_eq!(pause_at_head(quick, 8192), Duration::from_millis(20));
        assert_eq!(pause_at_head(Duration::from_millis(10), 8192), Duration::from_millis(60));
        assert_eq!(pause_at_head(Duration::from_secs(1), 1), PAUSE_AFTER_STEP.1);
    }
}
