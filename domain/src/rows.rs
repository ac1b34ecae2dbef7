//! The log's rows as they are stored: every fact, unjudged. What is damaged comes as it is, so that it can be told where.
//!
//! Numbers are those of the columns: microseconds, minor units, places. Text that is no UTF-8 comes with U+FFFD in the
//! place of what is wrong, which no stored fact has, and so differs from what it should be.

use crate::chain::Hash;

/// A row of the batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// The first event's sequence.
    pub first: i64,
    /// The last event's sequence.
    pub last: i64,
    /// The Merkle root.
    pub root: Hash,
    /// The chain at the last event.
    pub chain: Hash,
    /// When it was committed.
    pub committed_at: i64,
}

/// A row of the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// The event's sequence.
    pub sequence: i64,
    /// Its account's key.
    pub account: i64,
    /// Its account's row, where the event is the first version.
    pub opened: Option<AccountRow>,
    /// Its account's version.
    pub version: i64,
    /// Whether the store finds it by its kind, and by its account and version, where it keeps indexes of its own of them.
    pub indexed: bool,
    /// Its type.
    pub kind: String,
    /// How many events of its unit stand before it, where the store keeps that.
    pub place: Option<i64>,
    /// The command, with the unit's first event only.
    pub command: CommandColumns,
    /// The conversation, where it is not the command's id.
    pub correlation: Option<String>,
    /// Its account after it.
    pub standing: StandingColumns,
    /// The movement that it reverses.
    pub reverses: Option<i64>,
    /// The stored JSON.
    pub body: String,
}

/// What is stored of a command, with the first event of its unit; all `None` with the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandColumns {
    /// Its id.
    pub id: Option<String>,
    /// What was asked under it.
    pub fingerprint: Option<Vec<u8>>,
    /// Its name.
    pub name: Option<String>,
    /// How many events the unit has.
    pub events: Option<i64>,
}

/// An account as an event row holds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandingColumns {
    /// Money in it.
    pub balance: i64,
    /// Of it, what is held.
    pub held: i64,
    /// How far below nothing the balance may go.
    pub overdraft_limit: i64,
    /// Movements of money.
    pub transactions: i64,
    /// The status, by its number.
    pub status: i64,
    /// What clients took out, or had held, on the day of the event.
    pub spent: i64,
    /// What bounds it beside the overdraft, where anything does.
    pub limits: Option<String>,
    /// When the event was decided.
    pub decided_at: i64,
}

/// A row of the accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// Its id.
    pub id: String,
    /// Its currency's code.
    pub currency: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// When it was created.
    pub created_at: i64,
}

/// A row of the remembered refusals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// Its number, rising over the whole log.
    pub number: i64,
    /// The last event before it.
    pub sequence: i64,
    /// When it was decided.
    pub decided_at: i64,
    /// The command's id.
    pub command_id: String,
    /// What was asked under it.
    pub fingerprint: Vec<u8>,
    /// The command's name.
    pub name: String,
    /// The command's fields, a JSON object.
    pub facts: String,
    /// Why, a JSON object.
    pub reason: String,
    /// The accounts that the command names.
    pub accounts: [Option<String>; 2],
    /// Whether an event has the same command id.
    pub accepted: bool,
}

/// The row of the log's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadRow {
    /// The last event's sequence.
    pub last: i64,
    /// The last account's key.
    pub last_account: i64,
    /// The last refusal's number.
    pub last_refusal: i64,
    /// The chain.
    pub chain: Hash,
    /// When the last batch was committed.
    pub committed_at: i64,
    /// Whether there is an account with a key that was never given.
    pub stray_account: bool,
}

/// A part of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Whole batches, in order; none where only events are left, which belong to none.
    pub batches: Vec<BatchRow>,
    /// The events up to the last batch's end, in order.
    pub events: Vec<EventRow>,
    /// Where the part ends, for the next one to go on from.
    pub through: i64,
}
