//! How far the projections are, for whoever asks or waits.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Sequence;
use parking_lot::Mutex;
use store::Generation;
use tokio::sync::{Notify, watch};
use uuid::Uuid;

/// What a projection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectionState {
    /// It follows the log.
    Running,
    /// Another node's projector follows the log; it takes over when that one stands still.
    Standby,
    /// It fills a new generation beside the served one.
    Replaying,
    /// It waits for a person to resume it.
    Paused,
    /// It met an event that it can't apply, or the store failed it for long; nothing is skipped.
    Faulted,
}

impl ProjectionState {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Standby => "standby",
            Self::Replaying => "replaying",
            Self::Paused => "paused",
            Self::Faulted => "faulted",
        }
    }
}

/// One projection, as `/stats` shows it.
#[derive(Clone, Debug)]
pub struct ProjectionStats {
    /// Its name.
    pub name: &'static str,
    /// What it is doing.
    pub state: ProjectionState,
    /// The last event applied.
    pub checkpoint: Sequence,
    /// Events behind the head.
    pub lag_events: u64,
    /// How old the oldest event that it has not applied is at the most, in ms; 0 when it is at the head.
    pub lag_ms: u64,
    /// Events applied since the start of the process.
    pub processed: u64,
    /// Over the last seconds.
    pub events_per_second: u64,
    /// Failed steps since the start of the process.
    pub errors: u64,
    /// How often it was started again after an error or a panic.
    pub restarts: u64,
    /// What went wrong last, in words.
    pub last_error: Option<String>,
    /// The event that it can't apply, when faulted by one.
    pub poison: Option<Sequence>,
    /// The number of the generation that is served.
    pub generation: Option<u64>,
}

/// What became of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayState {
    /// The new generation is being filled.
    Running,
    /// It is served.
    Done,
    /// It was given up; the old one is still served.
    Failed,
}

impl ReplayState {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// The refilling of every projection from the log.
#[derive(Clone, Debug)]
pub struct Replay {
    /// Its id.
    pub id: Uuid,
    /// What became of it.
    pub state: ReplayState,
    /// Events applied, over all projections.
    pub done: u64,
    /// Events to apply, over all projections.
    pub total: u64,
    /// Since it started.
    pub events_per_second: u64,
    /// At that rate; before it is known, at one that a server like this reaches.
    pub seconds_left: u64,
    /// Why it failed.
    pub error: Option<String>,
}

/// How often the head is noted in the time of a lag: how exactly that is known.
const HEADS_PER_LAG: u32 = 32;
/// Replays that are remembered.
const REPLAYS_MAX: usize = 100;

/// One projection's progress: written by the projector, read by everyone, with a person's wishes in it.
#[derive(Debug)]
pub(crate) struct Progress {
    name: &'static str,
    inner: Mutex<Inner>,
    compared: watch::Sender<bool>,
    wish: Notify,
    moved: watch::Sender<Sequence>,
    replays: Arc<Replays>,
}

#[derive(Debug)]
struct Inner {
    paused: bool,
    standby: bool,
    fault: Option<Option<Sequence>>,
    checkpoint: Sequence,
    /// What was there then is applied.
    current_at: Instant,
    /// Where the head was, and when, as long as that is not applied.
    heads: VecDeque<(Sequence, Instant)>,
    processed: u64,
    window: (Instant, u64),
    rate: u64,
    errors: u64,
    restarts: u64,
    last_error: Option<String>,
    generation: Option<Generation>,
    replay: Option<Uuid>,
}

impl Progress {
    pub(crate) fn new(name: &'static str, replays: Arc<Replays>) -> Self {
        let now = Instant::now();
        let inner = Inner {
            paused: false,
            standby: false,
            fault: None,
            checkpoint: Sequence::ZERO,
            current_at: now,
            heads: VecDeque::new(),
            processed: 0,
            window: (now, 0),
            rate: 0,
            errors: 0,
            restarts: 0,
            last_error: None,
            generation: None,
            replay: None,
        };
        let (wish, moved) = (Notify::new(), watch::Sender::new(Sequence::ZERO));
        let compared = watch::Sender::new(false);
        Self { name, inner: Mutex::new(inner), compared, wish, moved, replays }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn stats(&self, head: Sequence) -> ProjectionStats {
        let inner = self.inner.lock();
        let lag_events = head.ahead_of(inner.checkpoint);
        let state = if inner.fault.is_some() {
            ProjectionState::Faulted
        } else if inner.paused {
            ProjectionState::Paused
        } else if inner.replay.is_some() {
            ProjectionState::Replaying
        } else if inner.standby {
            ProjectionState::Standby
        } else {
            ProjectionState::Running
        };
        ProjectionStats {
            name: self.name,
            state,
            checkpoint: inner.checkpoint,
            lag_events,
            lag_ms: if lag_events == 0 { 0 } else { millis(inner.current_at) },
            processed: inner.processed,
            // A window that was not renewed says that nothing moved since.
            events_per_second: if millis(inner.window.0) > 3000 { 0 } else { inner.rate },
            errors: inner.errors,
            restarts: inner.restarts,
            last_error: inner.last_error.clone(),
            poison: inner.fault.flatten(),
            generation: inner.generation.map(|generation| generation.0),
        }
    }

    /// Resolves when the projection moves.
    pub(crate) fn watch(&self) -> watch::Receiver<Sequence> {
        self.moved.subscribe()
    }

    /// A person's wish; resuming also lets a faulted projection try again.
    pub(crate) fn set_paused(&self, paused: bool) {
        let mut inner = self.inner.lock();
        inner.paused = paused;
        if !paused {
            inner.fault = None;
        }
        drop(inner);
        self.wish.notify_one();
    }

    pub(crate) fn want_replay(&self, id: Uuid) {
        let mut inner = self.inner.lock();
        inner.replay = Some(id);
        inner.fault = None;
        drop(inner);
        self.wish.notify_one();
    }

    pub(crate) fn wanted_replay(&self) -> Option<Uuid> {
        self.inner.lock().replay
    }

    /// Resolves when a person wished something.
    pub(crate) async fn wished(&self) {
        self.wish.notified().await;
    }

    /// Resolves at once, unless the projection is paused or faulted.
    pub(crate) async fn until_resumed(&self) {
        loop {
            let wished = self.wish.notified();
            {
                let inner = self.inner.lock();
                if !inner.paused && inner.fault.is_none() {
                    return;
                }
            }
            wished.await;
        }
    }

    pub(crate) fn stand_by(&self, standby: bool) {
        self.inner.lock().standby = standby;
    }

    pub(crate) fn serving(&self, generation: Generation) {
        self.inner.lock().generation = Some(generation);
    }

    /// What is served was compared with the log in the life of this process, and is not served if it is of another.
    pub(crate) fn compared(&self) {
        self.compared.send_replace(true);
    }

    pub(crate) fn watch_compared(&self) -> watch::Receiver<bool> {
        self.compared.subscribe()
    }

    /// So many events were applied, up to that place.
    pub(crate) fn reached(&self, place: Sequence, events: u64, head: Sequence) {
        let mut inner = self.inner.lock();
        inner.checkpoint = place;
        inner.processed += events;
        inner.window.1 += events;
        let elapsed = millis(inner.window.0);
        if elapsed >= 1000 {
            inner.rate = inner.window.1 * 1000 / elapsed;
            inner.window = (Instant::now(), 0);
        }
        inner.follow(place, head, Instant::now());
        drop(inner);
        self.moved.send_replace(place);
    }

    /// Nothing is left to apply.
    pub(crate) fn at_head(&self) {
        let mut inner = self.inner.lock();
        inner.current_at = Instant::now();
        inner.heads.clear();
    }

    pub(crate) fn fault(&self, poison: Option<Sequence>, reason: &str) {
        let mut inner = self.inner.lock();
        inner.fault = Some(poison);
        inner.errors += 1;
        inner.last_error = Some(reason.to_owned());
        let replay = inner.replay.take();
        drop(inner);
        if let Some(id) = replay {
            self.replays.failed(id, reason);
        }
    }

    pub(crate) fn restarted(&self, reason: &str) {
        let mut inner = self.inner.lock();
        inner.errors += 1;
        inner.restarts += 1;
        inner.last_error = Some(reason.to_owned());
    }

    /// A replay begins, for the first time or again.
    pub(crate) fn replaying(&self, id: Uuid) {
        self.replays.began(id, self.name);
    }

    pub(crate) fn replayed(&self, id: Uuid, events: u64) {
        self.replays.progressed(id, self.name, events);
    }

    pub(crate) fn replay_done(&self, id: Uuid) {
        let mut inner = self.inner.lock();
        if inner.replay == Some(id) {
            inner.replay = None;
        }
        drop(inner);
        self.replays.finished(id, self.name);
    }
}

impl Inner {
    /// Finds out how current a place is. The further it is behind, the less often the head is noted.
    fn follow(&mut self, place: Sequence, head: Sequence, now: Instant) {
        let often = now.duration_since(self.current_at) / HEADS_PER_LAG;
        let last = self.heads.back();
        if last.is_none_or(|(last, seen_at)| head > *last && now.duration_since(*seen_at) >= often) {
            self.heads.push_back((head, now));
        }
        while let Some((_, seen_at)) = self.heads.pop_front_if(|(head, _)| *head <= place) {
            self.current_at = seen_at;
        }
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// The replays of this process.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    inner: Mutex<VecDeque<Running>>,
}

#[derive(Debug)]
struct Running {
    id: Uuid,
    started: Instant,
    /// How long it took, once it has ended.
    took: Option<Duration>,
    state: ReplayState,
    /// Events to apply, per projection.
    each: u64,
    /// Per projection, how many were applied, and whether it is served.
    parts: BTreeMap<&'static str, (u64, bool)>,
    error: Option<String>,
}

/// Events per second, until the first of a replay are applied.
const REPLAY_RATE_EXPECTED: u64 = 100_000;

impl Replays {
    /// A new one, unless one is running.
    pub(crate) fn start(&self, names: &[&'static str], head: Sequence) -> Result<Replay, Uuid> {
        let mut inner = self.inner.lock();
        if let Some(running) = inner.iter().find(|replay| replay.state == ReplayState::Running) {
            return Err(running.id);
        }
        let replay = Running {
            id: Uuid::now_v7(),
            started: Instant::now(),
            took: None,
            state: ReplayState::Running,
            each: head.get(),
            parts: names.iter().map(|name| (*name, (0, false))).collect(),
            error: None,
        };
        let shown = replay.show();
        if inner.len() >= REPLAYS_MAX {
            inner.pop_front();
        }
        inner.push_back(replay);
        Ok(shown)
    }

    pub(crate) fn find(&self, id: Uuid) -> Option<Replay> {
        self.inner.lock().iter().find(|replay| replay.id == id).map(Running::show)
    }

    fn change(&self, id: Uuid, change: impl FnOnce(&mut Running)) {
        if let Some(replay) = self.inner.lock().iter_mut().find(|replay| replay.id == id) {
            change(replay);
        }
    }

    fn progressed(&self, id: Uuid, name: &'static str, events: u64) {
        self.change(id, |replay| {
            if let Some((done, _)) = replay.parts.get_mut(name) {
                *done += events;
            }
        });
    }

    fn began(&self, id: Uuid, name: &'static str) {
        self.change(id, |replay| {
            replay.parts.insert(name, (0, false));
        });
    }

    fn finished(&self, id: Uuid, name: &'static str) {
        self.change(id, |replay| {
            if let Some((_, served)) = replay.parts.get_mut(name) {
                *served = true;
            }
            if replay.state == ReplayState::Running && replay.parts.values().all(|(_, served)| *served) {
                replay.state = ReplayState::Done;
                replay.took = Some(replay.started.elapsed());
            }
        });
    }

    fn failed(&self, id: Uuid, reason: &str) {
        self.change(id, |replay| {
            replay.state = ReplayState::Failed;
            replay.took = Some(replay.started.elapsed());
            replay.error = Some(reason.to_owned());
        });
    }
}

impl Running {
    fn show(&self) -> Replay {
        let done: u64 = self.parts.values().map(|(done, _)| *done).sum();
        // The log grows under a replay; what came since is part of the work.
        let total = (self.each * self.parts.len() as u64).max(done);
        let millis = self.took.unwrap_or_else(|| self.started.elapsed()).as_millis().max(1);
        let rate = u64::try_from(u128::from(done) * 1000 / millis).unwrap_or(u64::MAX);
        let left = if self.state == ReplayState::Running { total - done } else { 0 };
        let expected = if done == 0 { REPLAY_RATE_EXPECTED } else { rate.max(1) };
        Replay {
            id: self.id,
            state: self.state,
            done,
            total,
            events_per_second: rate,
            seconds_left: left.div_ceil(expected),
            error: self.error.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_that_has_just_begun_is_not_expected_to_last_for_ever() {
        let replays = Replays::default();
        let begun =
            replays.start(&["accounts", "volume"], Sequence::new(1_000_000)).expect("none is running");
        assert_eq!((begun.done, begun.total, begun.seconds_left), (0, 2_000_000, 20));
    }

    #[test]
    fn the_lag_is_that_of_what_is_not_applied_and_not_the_time_since_the_head_was_reached() {
        let progress = Progress::new("accounts", Arc::default());
        let mut inner = progress.inner.lock();
        let started = inner.current_at;
        let at = |second| started + Duration::from_secs(second);
        // Ten events a second, always five seconds behind.
        for second in 1..=1000_u64 {
            let place = Sequence::new(10 * second.saturating_sub(5));
            inner.follow(place, Sequence::new(10 * second), at(second));
            let lag = at(second).duration_since(inner.current_at).as_secs();
            assert!((second.min(5)..=second.min(6)).contains(&lag), "{lag} s behind in second {second}");
            assert!(inner.heads.len() <= 2 * HEADS_PER_LAG as usize);
        }
        // It stands still while the head goes on.
        for second in 1001..=100_000 {
            inner.follow(Sequence::new(9950), Sequence::new(10 * second), at(second));
        }
        let lag = at(100_000).duration_since(inner.current_at).as_secs();
        assert!((99_000..=99_005).contains(&lag), "{lag} s");
        assert!(inner.heads.len() < 1000, "{} heads", inner.heads.len());
    }
}
