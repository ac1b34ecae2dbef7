//! The handle to everything: commands go in here, and what else the facades ask of the actors.

use std::sync::Arc;
use std::time::Duration;

use domain::{CommandId, Profile, Recorded, Refusal, Request, Standing};
use store::{Journal, JournalError, LogPlace, Views};
use uuid::Uuid;

use crate::feed::Feed;
use crate::hub::Hub;
use crate::progress::{ProjectionStats, Replay};
use crate::recent::{Line, LineQuery};

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
    _inner: Arc<()>,
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

impl Ledger {
    /// Does a command: answered when its events are on disk, or its refusal is certain.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn execute(&self, _request: Request) -> Result<Answer, Failure> {
        unimplemented!()
    }

    /// Decides a command as [`execute`](Self::execute) would, and writes nothing.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn preview(&self, _request: Request) -> Result<Answer, Failure> {
        unimplemented!()
    }

    /// What is recorded under a command id so far.
    ///
    /// # Errors
    /// Where the log can't be read.
    pub async fn recall(&self, _id: &CommandId) -> Result<Option<Answer>, JournalError> {
        unimplemented!()
    }

    /// The command log, newest first.
    ///
    /// # Errors
    /// Where the log can't be read.
    pub async fn command_log(&self, _query: &LineQuery) -> Result<Vec<Line>, JournalError> {
        unimplemented!()
    }

    /// The log, for reading.
    pub fn journal(&self) -> &dyn Journal {
        unimplemented!()
    }

    /// The read models, for reading.
    pub fn views(&self) -> &dyn Views {
        unimplemented!()
    }

    /// The recent end of the log.
    pub fn feed(&self) -> &Feed {
        unimplemented!()
    }

    /// The event hub.
    pub fn hub(&self) -> &Hub {
        unimplemented!()
    }

    /// The projections, in the order of [`domain::projection::ALL`].
    pub fn projections(&self) -> Vec<ProjectionStats> {
        unimplemented!()
    }

    /// Resolves whenever a projection may have moved; at the latest after a few ms.
    pub async fn projection_moved(&self, _name: &str) {
        unimplemented!()
    }

    /// Starts refilling every projection; `Err` with the running one's id if one is under way.
    ///
    /// # Errors
    /// The id of the replay that is running.
    pub fn start_replay(&self) -> Result<Replay, Uuid> {
        unimplemented!()
    }

    /// A replay of this process, or `None`.
    pub fn replay(&self, _id: Uuid) -> Option<Replay> {
        unimplemented!()
    }

    /// Pauses or resumes a projection (resuming also tries a faulted one again); false if there is none of that name.
    pub fn set_paused(&self, _projection: &str, _paused: bool) -> bool {
        unimplemented!()
    }

    /// What the actors and the journal writer count, as the JSON members `actors` and `journal` of `/stats`.
    pub fn counts(&self) -> (serde_json::Value, serde_json::Value) {
        unimplemented!()
    }

    /// Whether the process can do its work: really asks the stores.
    ///
    /// # Errors
    /// See [`NotReady`].
    pub async fn ready(&self) -> Result<(), NotReady> {
        unimplemented!()
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
