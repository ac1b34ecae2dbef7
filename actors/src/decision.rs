//! From a command and the accounts that it names to one unit for the journal writer.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use domain::record::encode;
use domain::{
    Account, AccountId, Circumstances, CommandId, Envelope, Event, Fingerprint, Participants, Placed,
    Recorded, Refusal, Request, Timestamp, Version, decide,
};
use parking_lot::Mutex;
use store::{AccountKey, Contents, Draft, Touch, Unit};
use tokio::sync::oneshot;
use tracing::Span;
use uuid::Uuid;

use crate::SPANS;
use crate::background::{Background, Topic};
use crate::keys::Guard;

/// The name in the command log of what ends a hold whose time is over.
const EXPIRE_HOLD: &str = "EXPIRE_HOLD";

/// One life of an account in memory, from its loading to its retirement: what the account's actor, the registry and the
/// journal writer share of it. Who else has a share (a unit that is not settled, a meeting) keeps the account in memory.
#[derive(Debug)]
pub(crate) struct Lineage {
    pub(crate) key: OnceLock<AccountKey>,
    /// Set when a unit that this state rests on was not committed. Whatever was decided on it is decided again, and the
    /// account is loaded anew.
    broken: AtomicBool,
    /// The version that was decided last, or loaded.
    version: AtomicU64,
}

impl Lineage {
    pub(crate) fn new(key: Option<AccountKey>, version: Version) -> Self {
        let lineage = Self {
            key: OnceLock::new(),
            broken: AtomicBool::new(false),
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
}

/// The commands that wait in mailboxes, over all accounts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mailboxes(Arc<AtomicUsize>);

/// A command that waits in a mailbox, until it is decided, or will not be.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<AtomicUsize>);

impl Mailboxes {
    /// One more waits.
    pub(crate) fn enter(&self) -> Waiting {
        self.0.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(&self.0))
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A command on its way to a decision.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) request: Arc<Request>,
    pub(crate) fingerprint: Fingerprint,
    /// When it came, and got an id where it had none.
    pub(crate) came_at: Instant,
    /// Nothing for what names nothing but its accounts.
    pub(crate) background: Option<Box<Background>>,
    /// Dropped when it is decided, or will not be.
    pub(crate) undecided: Option<oneshot::Sender<()>>,
    pub(crate) waiting: Waiting,
    /// Where it is one of several that are to be decided one after the other.
    pub(crate) series: Option<Arc<Series>>,
    pub(crate) reply: oneshot::Sender<Settled>,
    /// The command's, where spans are wanted.
    pub(crate) span: Span,
}

impl Order {
    pub(crate) fn new(
        request: Arc<Request>,
        fingerprint: Fingerprint,
        came_at: Instant,
        waiting: Waiting,
        reply: oneshot::Sender<Settled>,
    ) -> Self {
        Self {
            request,
            fingerprint,
            came_at,
            background: None,
            undecided: None,
            waiting,
            series: None,
            reply,
            span: Span::current(),
        }
    }

    /// Whether it may be decided on these accounts, which are in the order of their lives: not where one that comes before it
    /// in its series is to be decided again.
    pub(crate) fn may_follow(
        &self,
        participants: &[(AccountId, Account)],
        lineages: &[Arc<Lineage>],
    ) -> bool {
        self.series.as_ref().is_none_or(|series| series.take_up(participants, lineages))
    }

    /// Tells whoever waits, without a decision.
    pub(crate) fn settle(self, settled: Settled) {
        if let Some(series) = &self.series {
            series.break_off();
        }
        // Nobody may be waiting any more.
        let _ = self.reply.send(settled);
    }
}

/// Commands that are decided one after the other, ahead of their commits. When what one of them was decided on does not hold,
/// it is decided again; then the ones behind it on its accounts are as well, so that the order is kept.
#[derive(Debug, Default)]
pub(crate) struct Series {
    broken: AtomicBool,
    /// The lives that they were decided on so far.
    lineages: Mutex<foldhash::HashMap<AccountId, Arc<Lineage>>>,
}

impl Series {
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Nothing of it is decided any more.
    pub(crate) fn break_off(&self) {
        self.broken.store(true, Ordering::Release);
    }

    fn take_up(&self, participants: &[(AccountId, Account)], lineages: &[Arc<Lineage>]) -> bool {
        let mut known = self.lineages.lock();
        let is_sound = |((account, _), lineage): (&(AccountId, Account), &Arc<Lineage>)| {
            known.get(account).is_none_or(|before| Arc::ptr_eq(before, lineage) || !before.is_broken())
        };
        if self.is_broken() || !participants.iter().zip(lineages).all(is_sound) {
            return false;
        }
        let accounts = participants.iter().map(|(account, _)| account.clone());
        known.extend(accounts.zip(lineages.iter().cloned()));
        true
    }
}

/// What became of an order.
#[derive(Clone, Debug)]
pub(crate) enum Settled {
    /// The events are on disk.
    Committed(Vec<Arc<Recorded>>),
    /// The refusal rests on what is on disk and current.
    Refused(Refusal),
    /// Something is recorded under the id already. Where the request's form was refused, that refusal: it is the answer if
    /// another command is recorded.
    Duplicate(Option<Refusal>),
    /// What it was decided on does not hold; nothing happened. Decide again.
    Retry,
    /// The log can't be reached; nothing happened.
    Unavailable,
    /// The same, but an earlier attempt may have done it.
    InDoubt,
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
    /// When the command came.
    pub(crate) came_at: Instant,
    /// Taken when it is answered.
    reply: Option<oneshot::Sender<Settled>>,
    /// Over when the unit is settled.
    _turn: Option<Guard<Topic>>,
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

/// Decides an order on the accounts as they are in memory, applies what follows to them, and makes the unit of it.
/// `participants` and `lineages` are in the same order.
pub(crate) fn decide_order(
    order: Order,
    participants: &mut [(AccountId, Account)],
    lineages: Vec<Arc<Lineage>>,
    now: Timestamp,
) -> Submission {
    let Order { request, fingerprint, came_at, background, undecided, waiting, series: _, reply, span } =
        order;
    let _decided = (undecided, waiting);
    let deciding = tracing::debug_span!(target: SPANS, parent: &span, "decision").entered();
    let Background { precedents, causation, turn } = background.map_or(Background::NONE, |known| *known);
    let touches = touches(participants, &lineages);
    let circumstances =
        Circumstances { now, command_id: &request.id, if_match: request.if_match, precedents: &precedents };
    let decided = decide(&request.command, &circumstances, &Participants(participants));
    let (contents, refusal) = match decided {
        Ok(placed) => {
            // No refusal from here on: the state in memory is ahead of the log until the unit is committed.
            let origin = Origin::of(&request, causation);
            (
                Contents::Events(request.command.name().into(), drafts(&origin, participants, placed, now)),
                None,
            )
        }
        Err(refusal) => (remembered(&request, &refusal, now), Some(refusal)),
    };
    let unit =
        Unit { command_id: request.id.clone(), fingerprint, may_repeat: request.keyed, touches, contents };
    drop(deciding);
    let commit = tracing::debug_span!(target: SPANS, parent: &span, "commit");
    submission(unit, participants, lineages, refusal, (came_at, Some(reply), turn, commit))
}

/// Ends the holds that are over, each by a unit of its own, before anything else is decided on their accounts. Its id is the
/// same wherever it is found out, so that it happens once.
pub(crate) fn expire_due(
    participants: &mut [(AccountId, Account)],
    lineages: &[Arc<Lineage>],
    now: Timestamp,
) -> Vec<Submission> {
    let mut submissions = Vec::new();
    for (participant, lineage) in participants.iter_mut().zip(lineages) {
        for event in participant.1.expiries(now) {
            let Event::HoldExpired { hold, .. } = &event else { continue };
            let own = std::slice::from_mut(participant);
            let lineages = vec![Arc::clone(lineage)];
            let touches = touches(own, &lineages);
            let command_id = CommandId::of_expiry(&own[0].0, hold);
            let origin = Origin {
                correlation: Arc::from(command_id.as_str()),
                command_id: command_id.clone(),
                causation: None,
                request: None,
            };
            let contents = Contents::Events(EXPIRE_HOLD.into(), drafts(&origin, own, vec![(0, event)], now));
            let fingerprint = Fingerprint::default();
            let unit = Unit { command_id, fingerprint, may_repeat: true, touches, contents };
            submissions.push(submission(
                unit,
                own,
                lineages,
                None,
                (Instant::now(), None, None, Span::none()),
            ));
        }
    }
    submissions
}

fn touches(participants: &[(AccountId, Account)], lineages: &[Arc<Lineage>]) -> Vec<Touch> {
    let touch = |((account, state), lineage): (&(AccountId, Account), &Arc<Lineage>)| Touch {
        account: account.clone(),
        key: lineage.key.get().copied(),
        version: state.version(),
    };
    participants.iter().zip(lineages).map(touch).collect()
}

/// A unit that is decided, and so counts as under way.
fn submission(
    unit: Unit,
    participants: &[(AccountId, Account)],
    lineages: Vec<Arc<Lineage>>,
    refusal: Option<Refusal>,
    (came_at, reply, turn, commit): (Instant, Option<oneshot::Sender<Settled>>, Option<Guard<Topic>>, Span),
) -> Submission {
    for (lineage, (_, state)) in lineages.iter().zip(participants) {
        lineage.version.store(state.version().get(), Ordering::Release);
    }
    Submission { unit, ticket: Ticket { lineages, refusal, came_at, reply, _turn: turn, _commit: commit } }
}

/// Where events come from.
pub(crate) struct Origin<'a> {
    command_id: CommandId,
    correlation: Arc<str>,
    causation: Option<CommandId>,
    /// None where no client asked.
    request: Option<&'a Request>,
}

impl<'a> Origin<'a> {
    pub(crate) fn of(request: &'a Request, causation: Option<CommandId>) -> Self {
        let correlation = request.correlation.clone().unwrap_or_else(|| Arc::from(request.id.as_str()));
        Self { command_id: request.id.clone(), correlation, causation, request: Some(request) }
    }
}

/// Applies decided events to the accounts and writes down how they will stand in the log.
pub(crate) fn drafts(
    origin: &Origin<'_>,
    participants: &mut [(AccountId, Account)],
    placed: Vec<Placed>,
    now: Timestamp,
) -> Vec<Draft> {
    let mut drafts = Vec::with_capacity(placed.len());
    for (place, event) in placed {
        let Some((id, account)) = participants.get_mut(place) else { continue };
        account.evolve(id, &event, now);
        let Account::Present(profile, standing, _) = account else { continue };
        let envelope = Envelope {
            event_id: Uuid::now_v7(),
            command_id: origin.command_id.clone(),
            correlation: Arc::clone(&origin.correlation),
            metadata: origin.request.and_then(|request| request.metadata.clone()),
            trace: origin.request.and_then(|request| request.trace.clone()),
            causation: origin.causation.clone(),
            at: standing.updated_at,
        };
        drafts.push(Draft {
            profile: Arc::clone(profile),
            standing: *standing,
            stored: encode(profile, standing.version, &event, &envelope),
            event,
            correlation: Arc::clone(&origin.correlation),
        });
    }
    drafts
}

/// Whether a refusal is about the request's form alone.
pub(crate) fn is_of_form(refusal: &Refusal) -> bool {
    matches!(refusal, Refusal::InvalidAmount { .. })
}

/// A keyed refusal is remembered, except one that is about the request's form alone.
fn remembered(request: &Request, refusal: &Refusal, at: Timestamp) -> Contents {
    if !request.keyed || is_of_form(refusal) {
        return Contents::Refusal;
    }
    Contents::KeyedRefusal {
        name: request.command.name().into(),
        facts: request.command.refused_facts(refusal),
        refusal: refusal.clone(),
        at,
    }
}
