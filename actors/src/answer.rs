//! What becomes of a command, or why there is no answer to it.

use std::sync::Arc;

use domain::{CommandId, Profile, Recorded, Refusal, Standing};

/// What became of a command.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It was done.
    Accepted(Accepted),
    /// It was refused.
    Refused(Refused),
}

impl Answer {
    /// The same, given again.
    pub(crate) fn replayed(mut self) -> Self {
        match &mut self {
            Self::Accepted(accepted) => accepted.replayed = true,
            Self::Refused(refused) => refused.replayed = true,
        }
        self
    }

    /// Whether it was given before.
    pub fn is_replayed(&self) -> bool {
        match self {
            Self::Accepted(accepted) => accepted.replayed,
            Self::Refused(refused) => refused.replayed,
        }
    }
}

/// A command that was done.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// Its id.
    pub command_id: CommandId,
    /// Its events, the one that it is known by first. Of a preview: as they would be if nobody else
    /// appended, and without `sequenceNumber` in their JSON.
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
    #[error("{0}")]
    Views(String),
    /// A projection is not served yet.
    #[error("the projection {0} is not filled yet")]
    Filling(&'static str),
    /// The clocks differ by more than a second.
    #[error("this node's clock is {0} ms off the log's")]
    Clock(u64),
    /// The process is going down.
    #[error("shutting down")]
    Draining,
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
