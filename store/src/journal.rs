//! The port to the log, and what every adapter of it promises.
//!
//! * **Whole units.** All events of a command are in the log, or none. What [`Journal::append`] answers with
//!   [`Append::Committed`] is on disk (fsync).
//! * **Sequence.** 1, 2, 3… without gap, in the order of commit, for any number of writers: who has read up to *n* never
//!   later finds a new event at or below *n*.
//! * **Version.** 1, 2, 3… per account without gap; an append that was decided on another version is named as a
//!   [`Fault::Conflict`] and changes nothing.
//! * **One effect per command id**, for ever; keyed refusals are remembered in the same way.
//! * **Account after.** Each event row holds its account as it is after it: loading an account is reading one row, at any
//!   length of its stream. That row is the snapshot; there is no other. Its open holds stand in a table beside it, which
//!   moves in the same transaction.
//! * **Proof.** A leaf per event, a Merkle root per batch, a chain over the batches ([`domain::chain`]). Every stored row can
//!   be read as it is ([`Journal::rows`]), and a log can be written again elsewhere, batch by batch, with the times and the
//!   chain that it has ([`Journal::restore`]).
//! * **Append-only**, by triggers, and on Postgres by privileges as well.

mod kinds;
// The log on a server.
pub mod postgres;
// The embedded log: one file, no server.
pub mod sqlite;
mod streams;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::chain::{Hash, commands_leaf, link, root};
use domain::record::Stored;
use domain::rows::{BatchRow, HeadRow, RefusalRow, Rows};
use domain::{
    Account, AccountId, CommandId, Event, Fingerprint, HoldId, HoldRecord, Profile, Recorded, Refusal,
    Sequence, Standing, Timestamp, UnknownEvent, Version,
};
use foldhash::HashMapExt as _;
use uuid::Uuid;

/// A batch that has so many events is full; the unit that fills it may have more of them.
pub const EVENTS_PER_BATCH_MAX: usize = 1024;

/// How long a read may take that no command waits for. (Postgres gives up before: `reader_session.sql`.)
pub(crate) const READ_DEADLINE: Duration = Duration::from_millis(4500);
/// How many accounts are looked at, at least, before a page of those at a place of the log ends without being full.
pub(crate) const ACCOUNTS_LOOKED_AT_MAX: usize = 65_536;

/// The store's own number for an account, short in indexes: 1 for the first one, and so on. Assigned in the commit that
/// creates the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountKey(pub i64);

/// What one command wants of the log.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The command's id.
    pub command_id: CommandId,
    /// What was asked under it.
    pub fingerprint: Fingerprint,
    /// Whether the id may be in the log already: a client's key, or a unit that is submitted again. (One that may not be when
    /// the append begins may still come into it before it is done: the whole batch fails then, with
    /// [`AppendError::Collision`].)
    pub may_repeat: bool,
    /// Every account that the decision rests on, with the version that it had.
    pub touches: Vec<Touch>,
    /// What was decided.
    pub contents: Contents,
}

/// An account that a decision rests on.
#[derive(Clone, Debug)]
pub struct Touch {
    /// The account.
    pub account: AccountId,
    /// Its key, unless it is new or was created by a unit that was not committed when this one was decided.
    pub key: Option<AccountKey>,
    /// The version that the decision was made on, 0 where it did not exist.
    pub version: Version,
}

/// What was decided.
#[derive(Clone, Debug)]
pub enum Contents {
    /// Yes: the command's name and its events, in order, at least one.
    Events(Cow<'static, str>, Vec<Draft>),
    /// No, without anything to remember; the append checks that the versions are current, and writes nothing.
    Refusal,
    /// No, and to be remembered under the command's id.
    KeyedRefusal {
        /// The command's name.
        name: Cow<'static, str>,
        /// The command's fields, a JSON object ([`domain::Command::facts`]).
        facts: String,
        /// Why.
        refusal: Refusal,
        /// The decision's time.
        at: Timestamp,
    },
}

/// An event before its commit.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What its account is.
    pub profile: Arc<Profile>,
    /// Its account after it; the event's version is this one's.
    pub standing: Standing,
    /// What happened.
    pub event: Event,
    /// The conversation that the command belongs to.
    pub correlation: Arc<str>,
    /// What the log stores of it ([`domain::record::encode`]).
    pub stored: Stored,
}

/// The id of an account as a log has it.
pub(crate) fn account_id(text: &str) -> Result<AccountId, JournalError> {
    AccountId::parse(text).map_err(|_| JournalError::Damaged(format!("account {text}")))
}

/// Accounts as they were at a place of the log.
#[derive(Clone, Debug, Default)]
pub struct AccountsAt {
    /// Their last events there, each of which holds its account.
    pub events: Vec<Arc<Recorded>>,
    /// How many there were in all.
    pub total: u64,
    /// The id behind which there may be more. Among very many that were opened later there are few, or none, at a time.
    pub rest: Option<AccountId>,
}

/// Units for one commit, in the order in which they were decided.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// The units.
    pub units: Vec<Unit>,
}

impl Batch {
    /// How many events the units have.
    pub fn event_count(&self) -> usize {
        self.units.iter().map(|unit| unit.drafts().len()).sum()
    }

    /// Every account of the batch once, as its first unit expects it to be, with its place.
    pub fn first_touches(&self) -> (Vec<&Touch>, foldhash::HashMap<&AccountId, usize>) {
        let mut touches: Vec<&Touch> = Vec::new();
        let mut places = foldhash::HashMap::with_capacity(self.units.len());
        for touch in self.units.iter().flat_map(|unit| &unit.touches) {
            places.entry(&touch.account).or_insert_with(|| {
                touches.push(touch);
                touches.len() - 1
            });
        }
        (touches, places)
    }
}

impl Unit {
    /// The unit's events; none for a refusal.
    pub fn drafts(&self) -> &[Draft] {
        match &self.contents {
            Contents::Events(_, drafts) => drafts,
            Contents::Refusal | Contents::KeyedRefusal { .. } => &[],
        }
    }
}

/// What became of a batch.
#[derive(Clone, Debug)]
pub enum Append {
    /// Every unit is in the log.
    Committed(Commit),
    /// Nothing is, and these units (by place in the batch, rising) are why. The others may be sent again without them.
    Refused(Vec<(usize, Fault)>),
}

/// A committed batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The first event's sequence; one more than `last` where the batch had no events.
    pub first: Sequence,
    /// The last event's sequence; the head, where the batch had no events.
    pub last: Sequence,
    /// The chain at `last`.
    pub chain: Hash,
    /// When the database committed it.
    pub committed_at: Timestamp,
    /// The keys of the accounts that the batch created.
    pub created: Vec<(AccountId, AccountKey)>,
}

/// Why a unit can't be appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something is recorded under its command id already.
    Duplicate,
    /// An account is not at the version that the unit was decided on.
    Conflict,
}

/// Why an append has no answer.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The store can't be reached or can't write; nothing of the batch is in the log.
    #[error("the log can't be written")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is not known whether the batch is in the log: submit it again, each unit with `may_repeat`.
    #[error("the fate of an append is unknown")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A unit without `may_repeat` met its own id in the log; nothing of the batch is in it. Submit it again, each unit with
    /// `may_repeat`.
    #[error("a command id that was thought new is in the log")]
    Collision,
    /// The log is not the one that this process knows: a standby took over without the end of it, or it was restored.
    /// Nothing of the batch is in it, and what was decided, read and remembered so far holds no more.
    #[error("the log lacks what was committed to it")]
    Exchanged,
}

/// The most events of a part of rows, where a batch that is damaged claims to have more.
const ROWS_MAX: i64 = 262_144;

/// The place before every row.
pub const FROM_THE_FIRST: i64 = i64::MIN;

/// The id of a log that is being written again and is not whole yet. Nothing serves such a log.
pub const UNFINISHED: Uuid = Uuid::nil();

/// A part of a log that was committed before, in another place.
#[derive(Clone, Debug)]
pub struct Restore {
    /// Where the log must end before it, and with which chain: nobody else has written.
    pub after: (Sequence, Hash),
    /// Its batches.
    pub batches: Vec<Past>,
    /// Its refusals, each with its place: the last event before it.
    pub refusals: Vec<(Sequence, Unit)>,
    /// The log's id, with the last part; [`UNFINISHED`] before.
    pub log_id: Uuid,
}

/// A batch as it was committed.
#[derive(Clone, Debug)]
pub struct Past {
    /// Its units, all with events, and with accounts that are named by key unless this part opens them.
    pub units: Vec<Unit>,
    /// Its first event's sequence.
    pub first: Sequence,
    /// Its last event's sequence.
    pub last: Sequence,
    /// Its root.
    pub root: Hash,
    /// The chain after it.
    pub chain: Hash,
    /// When it was committed.
    pub committed_at: Timestamp,
}

impl Past {
    /// Whether its root and chain are those of its events after a chain, whether its root has the commands in it or, as of
    /// old, not.
    fn holds_after(&self, previous: &Hash) -> bool {
        let mut leaves = leaves(&self.units);
        let mut roots = [root(&leaves), None];
        leaves.pop();
        roots[1] = root(&leaves);
        roots.contains(&Some(self.root))
            && self.chain == link(previous, &self.root, self.first, self.last, self.committed_at)
    }
}

/// The leaves of a batch's tree: its events', and that of its commands; none for a batch without events.
fn leaves(units: &[Unit]) -> Vec<Hash> {
    let mut leaves: Vec<Hash> =
        units.iter().flat_map(Unit::drafts).map(|draft| *draft.stored.leaf()).collect();
    if !leaves.is_empty() {
        leaves.push(commands_leaf(units.iter().filter_map(|unit| match &unit.contents {
            Contents::Events(name, drafts) => Some((&**name, unit.fingerprint.as_slice(), drafts.len())),
            Contents::Refusal | Contents::KeyedRefusal { .. } => None,
        })));
    }
    leaves
}

/// Why a part of a log is not written again.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The store can't be reached or can't write.
    #[error("the log can't be written")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Somebody else has written.
    #[error("the log does not end where it was left: somebody else writes to it")]
    Elsewhere,
    /// A unit's account is at another version, or its command id is taken.
    #[error("the log has something of this part already")]
    Taken,
    /// A batch is not what it is said to be.
    #[error("root and chain of the batch {0}..{1} are not those of its events")]
    Chain(Sequence, Sequence),
}

/// Why a read has no answer.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The store can't be reached or can't answer.
    #[error("the log can't be read")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The log holds what this program can't read.
    #[error(transparent)]
    Unknown(#[from] UnknownEvent),
    /// What is stored is damaged.
    #[error("the log is damaged: {0}")]
    Damaged(String),
}

impl JournalError {
    /// Whether it is [`AppendError::Exchanged`], found without an append.
    pub fn is_exchanged(&self) -> bool {
        let Self::Unavailable(source) = self else { return false };
        matches!(source.downcast_ref(), Some(AppendError::Exchanged))
    }
}

/// An account as the log has it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Its key, if it exists.
    pub key: Option<AccountKey>,
    /// Its state after its last event.
    pub account: Account,
    /// The sequence of its last event.
    pub sequence: Sequence,
}

/// The end of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which log this is: made when it was created.
    pub log_id: Uuid,
    /// The last event's sequence.
    pub last: Sequence,
    /// The chain there.
    pub chain: Hash,
    /// When the last batch was committed; the epoch for an empty log.
    pub committed_at: Timestamp,
}

/// A part of the log that ends where a batch ends.
#[derive(Clone, Debug)]
pub struct Page {
    /// The events, at least one.
    pub events: Vec<Arc<Recorded>>,
    /// The chain at the last of them.
    pub chain: Hash,
}

/// Which events of the log are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of these accounts; empty for any.
    pub accounts: Vec<AccountId>,
    /// Of these types (`MONEY_DEPOSITED`); empty for any.
    pub kinds: Vec<String>,
    /// Of this conversation.
    pub correlation: Option<String>,
}

impl EventFilter {
    /// Whether an event is wanted.
    pub fn wants(&self, event: &Recorded) -> bool {
        (self.accounts.is_empty() || self.accounts.contains(&event.profile.id))
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind == event.event.kind()))
            && self.correlation.as_deref().is_none_or(|correlation| correlation == &*event.correlation)
    }
}

/// What is recorded under a command id.
#[derive(Clone, Debug)]
pub enum Recalled {
    /// It was done.
    Accepted {
        /// What was asked.
        fingerprint: Fingerprint,
        /// The command's name.
        name: String,
        /// Its events, in order.
        events: Vec<Arc<Recorded>>,
    },
    /// It was refused.
    Rejected(Rejection),
}

/// A refusal that the log remembers.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// Under which id.
    pub command_id: CommandId,
    /// What was asked.
    pub fingerprint: Fingerprint,
    /// The command's name.
    pub name: String,
    /// The command's fields, a JSON object.
    pub facts: String,
    /// Why.
    pub refusal: Refusal,
    /// The decision's time.
    pub at: Timestamp,
    /// Where it stands among the commands.
    pub place: LogPlace,
}

/// A command's place in the command log: at which head it was recorded, and as the how-manieth refusal there. An
/// accepted command stands at its last event, before the refusals that were recorded at that head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogPlace {
    /// The sequence of the last event, or of the head when the refusal was recorded.
    pub sequence: Sequence,
    /// 0 for an accepted command; the refusal's number, rising over the whole log, for a refused one.
    pub refusal: u64,
}

/// Which commands are wanted, newest first.
#[derive(Clone, Debug)]
pub struct LogQuery {
    /// How many at the most.
    pub limit: usize,
    /// Only those before this place.
    pub before: Option<LogPlace>,
    /// Only those that touch this account (for a refusal: name it).
    pub account: Option<AccountId>,
    /// Whether accepted ones are wanted.
    pub accepted: bool,
    /// Whether refused ones are wanted.
    pub rejected: bool,
}

/// A line of the command log.
#[derive(Clone, Debug)]
pub enum LogEntry {
    /// A command that was done, with its first event.
    Accepted {
        /// The command's name.
        name: String,
        /// The event that it is known by.
        event: Arc<Recorded>,
        /// Its last event's sequence.
        last: Sequence,
    },
    /// A keyed command that was refused.
    Rejected(Rejection),
}

/// Open holds: when each is over, and its account.
pub type Deadlines = Vec<(Timestamp, AccountId)>;

/// The log.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Appends a batch in one transaction. Within a batch, units on the same account follow each other's versions; the
    /// first of them is checked against the log, the rest by the caller.
    ///
    /// # Errors
    /// See [`AppendError`]; dropping the future leaves the fate of the batch unknown.
    async fn append(&self, batch: &Arc<Batch>) -> Result<Append, AppendError>;

    /// The accounts as they are, in the order asked for.
    ///
    /// # Errors
    /// See [`JournalError`], as for every read below.
    async fn load(&self, accounts: &[AccountId]) -> Result<Vec<Loaded>, JournalError>;

    /// The end of the log.
    async fn head(&self) -> Result<Head, JournalError>;

    /// The chain at the end of the batch that ends with that event; `None` if none does. Genesis at 0.
    async fn chain_at(&self, sequence: Sequence) -> Result<Option<Hash>, JournalError>;

    /// The events after a place that a filter wants, in order, at most so many.
    async fn read(
        &self,
        after: Sequence,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Vec<Arc<Recorded>>, JournalError>;

    /// All events after a place up to the end of some batch: about so many, at least one batch; `None` at the head.
    async fn page(&self, after: Sequence, about: usize) -> Result<Option<Page>, JournalError>;

    /// One account's events after a version, in order, at most so many.
    async fn stream(
        &self,
        account: &AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Arc<Recorded>>, JournalError>;

    /// The event with that sequence number, which a reversal waits for.
    async fn event(&self, sequence: Sequence) -> Result<Option<Arc<Recorded>>, JournalError>;

    /// One account's last event at or before a place, which holds the account as it was there; `None` where it did not
    /// exist yet.
    async fn last_event(
        &self,
        account: &AccountId,
        at: Sequence,
    ) -> Result<Option<Arc<Recorded>>, JournalError>;

    /// Accounts as they were at a place of the log: those after an id, in the order of their ids, at most so many.
    async fn accounts_at(
        &self,
        at: Sequence,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<AccountsAt, JournalError>;

    /// What is known of a hold of that name; `None` where the account never had one.
    async fn hold(&self, account: &AccountId, hold: &HoldId) -> Result<Option<HoldRecord>, JournalError>;

    /// The open holds that are over first, with their accounts, at most so many; and what the log's clock says.
    async fn hold_deadlines(&self, limit: usize) -> Result<(Timestamp, Deadlines), JournalError>;

    /// The last event that reverses a movement: it says how much of it is reversed by then.
    async fn last_reversal(&self, movement: Sequence) -> Result<Option<Arc<Recorded>>, JournalError>;

    /// Where the last batch ends that was committed at or before a moment, by the database's clock; 0 where none was.
    async fn sequence_at(&self, moment: Timestamp) -> Result<Sequence, JournalError>;

    /// What is recorded under a command id so far.
    async fn command(&self, id: &CommandId) -> Result<Option<Recalled>, JournalError>;

    /// The first of some command ids under which something is recorded.
    async fn first_recorded(&self, ids: &[CommandId]) -> Result<Option<CommandId>, JournalError>;

    /// The command log, newest first.
    async fn commands(&self, query: &LogQuery) -> Result<Vec<LogEntry>, JournalError>;

    /// The database's clock, for comparison with the node's; an error where the log can't be written.
    async fn now(&self) -> Result<Timestamp, JournalError>;

    /// The rows as they are stored, after a place: about so many events, whole batches, at least one; events that are in no
    /// batch where there are no batches any more; `None` where nothing is left. [`FROM_THE_FIRST`] is before every row.
    async fn rows(&self, after: i64, about: usize) -> Result<Option<Rows>, JournalError>;

    /// The batches that end after a place, in order, at most so many; the first of them holds the event behind that place.
    async fn batches(&self, after: Sequence, limit: usize) -> Result<Vec<BatchRow>, JournalError>;

    /// The remembered refusals as they are stored, after a number, at most so many.
    async fn refusal_rows(&self, after: i64, limit: usize) -> Result<Vec<RefusalRow>, JournalError>;

    /// The end of the log as it is stored.
    async fn head_row(&self) -> Result<HeadRow, JournalError>;

    /// The command ids of events, in the order of their bytes, from one on, at most so many. One that is there twice comes
    /// twice.
    async fn command_ids(&self, from: &str, limit: usize) -> Result<Vec<String>, JournalError>;

    /// Writes the next part of a log that was committed in another place, in one transaction. On Postgres only the owner of
    /// the schema can: whoever may append has no say in what time it is.
    ///
    /// # Errors
    /// See [`RestoreError`]; nothing of the part is in the log then, except where its fate is unknown because the connection
    /// broke at the very end.
    async fn restore(&self, part: Restore) -> Result<(), RestoreError>;

    /// Resolves when another process may have appended something since the last call. A hint, for one caller: it may be
    /// lost, or wrong. Never where the log belongs to one process.
    async fn hint(&self) {
        std::future::pending().await
    }
}
