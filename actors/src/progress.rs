//! How far the projections are, for whoever asks or waits.

use domain::Sequence;
use uuid::Uuid;

/// What a projection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProjectionState {
    /// It follows the log.
    Running,
    /// It follows the log and fills a new generation beside the served one.
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
    /// For how long it has been behind, in ms; 0 when it is at the head.
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
    /// At that rate.
    pub seconds_left: u64,
    /// Why it failed.
    pub error: Option<String>,
}
