//! The command log: what the log remembers of commands, and beside it what only this process knows.

use std::sync::Arc;

use domain::{AccountId, CommandId, Recorded, Refusal, Timestamp};
use store::LogPlace;

/// Which lines of the command log are wanted.
#[derive(Clone, Debug)]
pub struct LineQuery {
    /// How many at the most.
    pub limit: usize,
    /// Only those before this place.
    pub before: Option<LogPlace>,
    /// Only those that name this account.
    pub account: Option<AccountId>,
    /// Whether accepted ones are wanted.
    pub accepted: bool,
    /// Whether refused ones are wanted.
    pub rejected: bool,
}

/// A line of the command log.
#[derive(Clone, Debug)]
pub struct Line {
    /// The command's id.
    pub command_id: CommandId,
    /// Its name (`DEPOSIT`).
    pub name: String,
    /// When it was decided.
    pub at: Timestamp,
    /// From request to answer in µs, if this process did it, and lately.
    pub latency_us: Option<u64>,
    /// Where it stands; what `before` takes.
    pub place: LogPlace,
    /// What became of it.
    pub status: LineStatus,
}

/// What became of a command.
#[derive(Clone, Debug)]
pub enum LineStatus {
    /// It was done; this is the event that it is known by.
    Accepted(Arc<Recorded>),
    /// It was refused; `facts` are the command's fields, a JSON object (accountId or fromAccountId and toAccountId, amount…).
    Rejected {
        /// The command's fields.
        facts: String,
        /// Why.
        refusal: Refusal,
    },
}
