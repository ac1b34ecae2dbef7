//! From a command and the accounts that it names to one unit for the journal writer.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use domain::record::encode;
use domain::{
    Account, AccountId, CommandId, Envelope, Fingerprint, Participants, Placed, Recorded, Refusal, Request,
    Timestamp, Version, decide,
};
use store::{AccountKey, Contents, Draft, Touch, Unit};
use tokio::sync::oneshot;
use tracing::Span;
use uuid::Uuid;

use crate::SPANS;

/// One life of an account in memory, from its loading to its retirement: what the account's actor, the registry and the
/// journal writer share of it.
#[derive(Debug)]
pub(crate) struct Lineage {
    pub(crate) key: OnceLock<AccountKey>,
    /// Set when a unit that this state rests on was not committed. Whatever was decided on it is decided again, and the
    /// account is loaded anew.
    broken: AtomicBool,
    /// Units pushed and not settled; an account with some is not retired.
    in_flight: AtomicUsize,
    /// The version that was decided last, or loaded.
    version: AtomicU64,
}

impl Lineage {
    pub(crate) fn new(key: Option<AccountKey>, version: Version) -> Self {
        let lineage = Self {
            key: OnceLock::new(),
            broken: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            version: AtomicU64::new(version.get()),
        };
        if let Some(key) = key {
            let _ = lineage.key.set(key);
        }
        lineage
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    pub(crate) fn break_off(&self) {
        self.broken.store(true, Ordering::Release);
    }

    /// Whether the account in memory lacks an event of that version: then it can't be this process's.
    pub(crate) fn is_before(&self, version: Version) -> bool {
        self.version.load(Ordering::Acquire) < version.get()
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.in_flight.load(Ordering::Acquire) == 0
    }
}

/// A command on its way to a decision.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: Arc<Request>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) reply: oneshot::Sender<Settled>,
    /// The command's, where spans are wanted.
    pub(crate) span: Span,
}

/// What became of an order.
#[derive(Clone, Debug)]
pub(crate) enum Settled {
    /// The events are on disk.
    Committed(Vec<Arc<Recorded>>),
    /// The refusal rests on what is on disk and current.
    Refused(Refusal),
    /// Something is recorded under the id already.
    Duplicate,
    /// What it was decided on does not hold; nothing happened. Decide again.
    Retry,
    /// The log can't be reached; nothing happened.
    Unavailable,
    /// The log holds what can't be read; nothing happened.
    Fault(String),
}

/// A decided unit on its way into the log, with whom to tell.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) unit: Unit,
    pub(crate) ticket: Ticket,
}

/// What a unit's outcome means in this process.
#[derive(Debug)]
pub(crate) struct Ticket {
    /// The lives that the decision rests on, beside the unit's touches.
    pub(crate) lineages: Vec<Arc<Lineage>>,
    /// What to answer when the unit is a refusal.
    pub(crate) refusal: Option<Refusal>,
    /// When the unit joined the queue.
    pub(crate) decided_at: Instant,
    /// Taken when it is answered.
    reply: Option<oneshot::Sender<Settled>>,
    /// From the decision to the answer.
    _commit: Span,
}

impl Ticket {
    /// Tells whoever waits.
    pub(crate) fn settle(mut self, settled: Settled) {
        if let Some(reply) = self.reply.take() {
            // Nobody may be waiting any more; what happened, happened.
            let _ = reply.send(settled);
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.lineages.iter().any(|lineage| lineage.is_broken())
    }

    /// What rests on this unit's events does not hold.
    pub(crate) fn break_off(&self) {
        self.lineages.iter().for_each(|lineage| lineage.break_off());
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        for lineage in &self.lineages {
            lineage.in_flight.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Decides an order on the accounts as they are in memory, applies what follows to them, and makes the unit of it.
/// `participants` and `lineages` are in the same order.
pub(crate) fn decide_order(
    order: Order,
    participants: &mut [(AccountId, Account)],
    lineages: Vec<Arc<Lineage>>,
    now: Timestamp,
) -> Submission {
    let Order { request, fingerprint, reply, span } = order;
    let deciding = tracing::debug_span!(target: SPANS, parent: &span, "decision").entered();
    let touches = participants
        .iter()
        .zip(&lineages)
        .map(|((account, state), lineage)| Touch {
            account: account.clone(),
            key: lineage.key.get().copied(),
            version: state.version(),
        })
        .collect();
    let decided = decide(&request.command, request.if_match, &Participants(participants));
    let at = decision_time(participants, now);
    let (contents, refusal) = match decided {
        Ok(placed) => {
            // No refusal from here on: the state in memory is ahead of the log until the unit is committed.
            let drafts = drafts(&request, participants, placed, at);
            (Contents::Events(request.command.name(), drafts), None)
        }
        Err(refusal) => (remembered(&request, &refusal, at), Some(refusal)),
    };
    for (lineage, (_, state)) in lineages.iter().zip(participants.iter()) {
        lineage.in_flight.fetch_add(1, Ordering::AcqRel);
        lineage.version.store(state.version().get(), Ordering::Release);
    }
    let unit =
        Unit { command_id: request.id.clone(), fingerprint, may_repeat: request.keyed, touches, contents };
    drop(deciding);
    let commit = tracing::debug_span!(target: SPANS, parent: &span, "commit");
    let (decided_at, reply) = (Instant::now(), Some(reply));
    Submission { unit, ticket: Ticket { lineages, refusal, decided_at, reply, _commit: commit } }
}

/// The node's clock, but never before the last event of an account that the decision is about.
pub(crate) fn decision_time(participants: &[(AccountId, Account)], now: Timestamp) -> Timestamp {
    participants.iter().map(|(_, account)| account.updated_at()).fold(now, Timestamp::max)
}

/// Applies decided events to the accounts and writes down how they will stand in the log.
pub(crate) fn drafts(
    request: &Request,
    participants: &mut [(AccountId, Account)],
    placed: Vec<Placed>,
    at: domain::Timestamp,
) -> Vec<Draft> {
    let correlation = correlation_of(request.correlation.as_ref(), &request.id);
    let mut drafts = Vec::with_capacity(placed.len());
    for (place, event) in placed {
        let Some((id, account)) = participants.get_mut(place) else { continue };
        account.evolve(id, &event, at);
        let Account::Present(profile, standing) = account else { continue };
        let envelope = Envelope {
            event_id: Uuid::now_v7(),
            command_id: request.id.clone(),
            correlation: Arc::clone(&correlation),
            metadata: request.metadata.clone(),
            trace: request.trace.clone(),
            at,
        };
        drafts.push(Draft {
            profile: Arc::clone(profile),
            standing: *standing,
            stored: encode(profile, standing.version, &event, &envelope),
            event,
            correlation: Arc::clone(&correlation),
        });
    }
    drafts
}

fn correlation_of(given: Option<&Arc<str>>, id: &CommandId) -> Arc<str> {
    given.cloned().unwrap_or_else(|| Arc::from(id.as_str()))
}

/// A keyed refusal is remembered, except one that is about the request's form alone.
fn remembered(request: &Request, refusal: &Refusal, at: Timestamp) -> Contents {
    if !request.keyed || matches!(refusal, Refusal::InvalidAmount { .. }) {
        return Contents::Refusal;
    }
    Contents::KeyedRefusal {
        name: request.command.name(),
        facts: request.command.facts(),
        refusal: refusal.clone(),
        at,
    }
}

/// The node's clock.
pub fn clock() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
