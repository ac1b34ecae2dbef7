//! The journal writer: one FIFO of decided units, appended in batches, one commit at a time.
//!
//! Whatever gathered while the last commit was under way is the next batch: group commit without a timer. Only when a
//! batch is on disk is anyone told. A unit that can't be appended is taken out with everything that rests on it, and
//! the rest of the batch is sent again at once.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use domain::record::publish;
use domain::{AccountId, CommandId, Recorded, Version};
use foldhash::HashMapExt as _;
use futures_util::FutureExt as _;
use futures_util::future::join;
use parking_lot::Mutex;
use store::journal::EVENTS_PER_BATCH_MAX;
use store::{Append, AppendError, Batch, Commit, Contents, Fault, Journal, Page, Recalled, Touch, Unit};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::clock::Clock;
use crate::decision::{Settled, Submission, Ticket, is_of_form};
use crate::feed::Feed;

/// Units that may wait for a commit; admission keeps the number far below.
const UNITS_QUEUED_MAX: usize = crate::ledger::MAILBOX_CAPACITY;
/// The pause before an append of unknown fate is submitted again: from, and at the most.
const RESUBMIT_PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// An append that takes longer may never be answered: from then on who comes is turned away, and looked for so often.
const STALLS_AFTER: Duration = Duration::from_secs(2);
const TURN_AWAY_EVERY: Duration = Duration::from_millis(50);
/// A command that came so long before its append may have been sent again under its id: less than the time within which a
/// client is answered. Of one that came later nobody knows the id before the append begins.
const MAY_BE_REPEATED_AFTER: Duration = Duration::from_secs(2);

/// What the writer counts.
#[derive(Debug, Default)]
pub(crate) struct WriterCounts {
    pub(crate) batches: AtomicU64,
    pub(crate) events: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) unknown: AtomicU64,
    pub(crate) commit_micros: AtomicU64,
    pub(crate) last_commit_micros: AtomicU64,
    pub(crate) queued: AtomicU64,
}

/// The commands of an append whose fate is not known yet: nobody may be told that they were not done.
pub(crate) type InDoubt = Arc<Mutex<HashSet<CommandId>>>;

/// The way into the log, for everyone who decides.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    /// What they decide by.
    pub(crate) clock: Arc<Clock>,
    queue: mpsc::Sender<Submission>,
    counts: Arc<WriterCounts>,
}

impl Writer {
    /// Puts a unit behind those that were decided before it.
    pub(crate) fn push(&self, submission: Submission) {
        self.counts.queued.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.queue.try_send(submission) {
            self.counts.queued.fetch_sub(1, Ordering::Relaxed);
            let (ticket, settled) = match error {
                TrySendError::Full(submission) => (submission.ticket, Settled::Retry),
                TrySendError::Closed(submission) => (submission.ticket, Settled::Unavailable),
            };
            ticket.break_off();
            ticket.settle(settled);
        }
    }
}

/// The actor that owns the end of the log, as far as this process writes it.
pub(crate) struct JournalWriter(Option<(Desk, mpsc::Receiver<Submission>)>);

impl JournalWriter {
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        feed: Arc<Feed>,
        counts: Arc<WriterCounts>,
        in_doubt: InDoubt,
    ) -> (Self, Writer) {
        let (sender, queue) = mpsc::channel(UNITS_QUEUED_MAX);
        let writer = Writer { clock: Arc::default(), queue: sender, counts: Arc::clone(&counts) };
        (Self(Some((Desk { journal, feed, counts, in_doubt }, queue))), writer)
    }
}

impl Actor for JournalWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Some((desk, queue)) = self.0.take() else { return };
        ctx.spawn(AssertUnwindSafe(desk.work(queue)).catch_unwind().into_actor(self).map(|ended, _, _| {
            if ended.is_err() {
                // What is speculated on can't be known any more; a new process starts from the log.
                tracing::error!("the journal writer panicked; the process ends");
                std::process::exit(70);
            }
        }));
    }
}

/// Ends the process: every account in memory may be of what is not in the log any more.
pub(crate) fn end_exchanged() -> ! {
    tracing::error!(
        "the log lacks what was committed to it (it was restored, its file was replaced, or a standby took over without \
         the end of it); the process ends, to start anew from what there is"
    );
    std::process::exit(70);
}

/// Something is recorded under the id of a ticket's unit.
fn duplicate(ticket: &Ticket) -> Settled {
    Settled::Duplicate(ticket.refusal.clone().filter(is_of_form))
}

/// Adds what waits, until there is enough for a batch.
fn gather(queue: &mut mpsc::Receiver<Submission>, gathered: &mut Vec<Submission>) {
    let weight = |submission: &Submission| submission.unit.drafts().len().max(1);
    let mut events: usize = gathered.iter().map(weight).sum();
    while events < EVENTS_PER_BATCH_MAX
        && let Ok(submission) = queue.try_recv()
    {
        events += weight(&submission);
        gathered.push(submission);
    }
}

/// What became of a batch, until everyone is told.
#[derive(Default)]
struct Done {
    /// What is on disk, in order.
    committed: Option<(Vec<Unit>, Vec<Ticket>, Commit)>,
    failed: Vec<(Ticket, Settled)>,
}

impl Done {
    fn is_told(&self) -> bool {
        self.committed.is_none() && self.failed.is_empty()
    }
}

/// The writer at work on one batch after the other.
struct Desk {
    journal: Arc<dyn Journal>,
    feed: Arc<Feed>,
    counts: Arc<WriterCounts>,
    in_doubt: InDoubt,
}

impl Desk {
    async fn work(self, mut queue: mpsc::Receiver<Submission>) {
        let mut done = Done::default();
        // Nothing is appended, so that what the first command needs is there: a connection, statements, plans.
        let stalls_at = tokio::time::Instant::now() + STALLS_AFTER;
        let nothing = Arc::default();
        let _ = self.turning_away(stalls_at, self.journal.append(&nothing), &mut queue).await;
        loop {
            let mut gathered = Vec::new();
            if !done.is_told() {
                gather(&mut queue, &mut gathered);
            }
            if gathered.is_empty() {
                self.tell(std::mem::take(&mut done));
                let Some(first) = queue.recv().await else { return };
                gathered.push(first);
                gather(&mut queue, &mut gathered);
            }
            self.counts.queued.fetch_sub(gathered.len() as u64, Ordering::Relaxed);
            // The next batch is on its way before the last one's answers are.
            let tell = std::future::ready(done).map(|done| self.tell(done));
            (done, ()) = join(self.append(gathered, &mut queue), tell).await;
        }
    }

    async fn append(&self, submissions: Vec<Submission>, queue: &mut mpsc::Receiver<Submission>) -> Done {
        let mut done = Done::default();
        let Done { committed, failed } = &mut done;
        let mut line = sound(submissions, failed);
        let mut pause = RESUBMIT_PAUSE.0;
        let mut unsure = false;
        let mut in_doubt = Doubts { of: &self.in_doubt, begun: false };
        let stalls_at = tokio::time::Instant::now() + STALLS_AFTER;
        while !line.is_empty() {
            let started = Instant::now();
            for Submission { unit, ticket } in &mut line {
                // Its client may have been told that the outcome is unknown, and may have sent the id to another process.
                unit.may_repeat |= ticket.came_at.elapsed() > MAY_BE_REPEATED_AFTER;
            }
            let (units, tickets): (Vec<Unit>, Vec<Ticket>) =
                line.into_iter().map(|submission| (submission.unit, submission.ticket)).unzip();
            let batch = Arc::new(Batch { units });
            let append = in_doubt.after(stalls_at, &batch.units, self.journal.append(&batch));
            let appended = self.turning_away(stalls_at, append, queue).await;
            let batch = Arc::unwrap_or_clone(batch);
            if let Ok(Append::Committed(commit)) = appended {
                self.count(&batch, started);
                *committed = Some((batch.units, tickets, commit));
                break;
            }
            let rejoined = batch.units.into_iter().zip(tickets);
            line = rejoined.map(|(unit, ticket)| Submission { unit, ticket }).collect();
            match appended {
                Ok(Append::Committed(_)) => {}
                Ok(Append::Refused(faults)) if unsure => {
                    let settled = self.settle_unsure(line, &faults, failed);
                    line = self.turning_away(stalls_at, settled, queue).await;
                }
                Ok(Append::Refused(faults)) => {
                    line = sound(self.take_out(line, &faults, failed), failed);
                }
                // Once an append's fate was unknown, an attempt that surely failed says nothing about the first one.
                Err(AppendError::Unavailable(error)) if !unsure => {
                    tracing::warn!(error = &*error as &dyn std::error::Error, "an append failed");
                    for Submission { ticket, .. } in line.drain(..) {
                        ticket.break_off();
                        failed.push((ticket, Settled::Unavailable));
                    }
                }
                Err(AppendError::Exchanged) => end_exchanged(),
                Err(AppendError::Collision) => {
                    line.iter_mut().for_each(|submission| submission.unit.may_repeat = true);
                }
                Err(AppendError::Unknown(error) | AppendError::Unavailable(error)) => {
                    tracing::warn!(
                        error = &*error as &dyn std::error::Error,
                        "the fate of an append is unknown"
                    );
                    self.counts.unknown.fetch_add(1, Ordering::Relaxed);
                    if unsure {
                        self.turn_away(queue);
                    } else {
                        in_doubt.add(line.iter().map(|submission| &submission.unit));
                    }
                    unsure = true;
                    line.iter_mut().for_each(|submission| submission.unit.may_repeat = true);
                    self.turning_away(stalls_at, tokio::time::sleep(pause), queue).await;
                    pause = (pause * 2).min(RESUBMIT_PAUSE.1);
                }
            }
        }
        in_doubt.end();
        done
    }

    fn count(&self, batch: &Batch, started: Instant) {
        let events = batch.event_count() as u64;
        if events == 0 {
            return;
        }
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.counts.batches.fetch_add(1, Ordering::Relaxed);
        self.counts.events.fetch_add(events, Ordering::Relaxed);
        self.counts.commit_micros.fetch_add(micros, Ordering::Relaxed);
        self.counts.last_commit_micros.store(micros, Ordering::Relaxed);
        metrics::histogram!("bursar_commit_seconds").record(started.elapsed().as_secs_f64());
        metrics::histogram!("bursar_batch_events").record(events as f64);
    }

    /// Hands the events on, then answers everyone. Who has an answer finds its events in the feed; who failed is told
    /// last, so that what it is decided on again is current.
    fn tell(&self, Done { committed, failed }: Done) {
        if let Some((units, tickets, commit)) = committed {
            self.tell_committed(units, tickets, &commit);
        }
        failed.into_iter().for_each(|(ticket, settled)| ticket.settle(settled));
    }

    fn tell_committed(&self, units: Vec<Unit>, tickets: Vec<Ticket>, commit: &Commit) {
        let keys: HashMap<&AccountId, _> = commit.created.iter().map(|(id, key)| (id, *key)).collect();
        let mut sequence = commit.first;
        let mut page = Page { events: Vec::with_capacity(units.len()), chain: commit.chain };
        let mut answers = Vec::with_capacity(units.len());
        for (unit, mut ticket) in units.into_iter().zip(tickets) {
            if !keys.is_empty() {
                for (touch, lineage) in unit.touches.iter().zip(&ticket.lineages) {
                    if let Some(key) = keys.get(&touch.account) {
                        let _ = lineage.key.set(*key);
                    }
                }
            }
            let settled = match (unit.contents, ticket.refusal.take()) {
                (Contents::Events(_, drafts), _) => {
                    let start = page.events.len();
                    for draft in drafts {
                        page.events.push(Arc::new(Recorded {
                            sequence,
                            json: publish(sequence, &draft.stored),
                            profile: draft.profile,
                            standing: draft.standing,
                            event: draft.event,
                            command_id: unit.command_id.clone(),
                            correlation: draft.correlation,
                        }));
                        sequence = sequence.next();
                    }
                    Settled::Committed(page.events.get(start..).unwrap_or_default().to_vec())
                }
                (Contents::Refusal | Contents::KeyedRefusal { .. }, Some(refusal)) => {
                    Settled::Refused(refusal)
                }
                (Contents::Refusal | Contents::KeyedRefusal { .. }, None) => Settled::Retry,
            };
            answers.push((ticket, settled));
        }
        // Where the feed lacks something before this, the hub reads both from the log.
        let _ = self.feed.publish(&page);
        answers.into_iter().for_each(|(ticket, settled)| ticket.settle(settled));
    }

    /// Waits for something; who comes after the line has stalled does not wait along.
    async fn turning_away<T>(
        &self,
        stalls_at: tokio::time::Instant,
        what: impl Future<Output = T>,
        queue: &mut mpsc::Receiver<Submission>,
    ) -> T {
        let mut what = std::pin::pin!(what);
        let mut until = stalls_at;
        loop {
            if let Ok(done) = tokio::time::timeout_at(until, &mut what).await {
                return done;
            }
            self.turn_away(queue);
            until = tokio::time::Instant::now() + TURN_AWAY_EVERY;
        }
    }

    /// The log stays away: who waits behind the append of unknown fate is told at once, since nothing of theirs was sent.
    fn turn_away(&self, queue: &mut mpsc::Receiver<Submission>) {
        while let Ok(Submission { unit, ticket }) = queue.try_recv() {
            self.counts.queued.fetch_sub(1, Ordering::Relaxed);
            ticket.break_off();
            let in_doubt = self.in_doubt.lock().contains(&unit.command_id);
            ticket.settle(if in_doubt { Settled::InDoubt } else { Settled::Unavailable });
        }
    }

    /// The line without the named units.
    fn take_out(
        &self,
        line: Vec<Submission>,
        faults: &[(usize, Fault)],
        failed: &mut Vec<(Ticket, Settled)>,
    ) -> Vec<Submission> {
        let mut rest = Vec::with_capacity(line.len());
        for (place, Submission { unit, ticket }) in line.into_iter().enumerate() {
            match fault_at(faults, place) {
                Some(Fault::Duplicate) => {
                    self.counts.duplicates.fetch_add(1, Ordering::Relaxed);
                    // A refusal changed nothing that others rest on.
                    if ticket.refusal.is_none() {
                        ticket.break_off();
                    }
                    let duplicate = duplicate(&ticket);
                    failed.push((ticket, duplicate));
                }
                Some(Fault::Conflict) => {
                    self.counts.conflicts.fetch_add(1, Ordering::Relaxed);
                    ticket.break_off();
                    failed.push((ticket, Settled::Retry));
                }
                None => rest.push(Submission { unit, ticket }),
            }
        }
        rest
    }

    /// After an append of unknown fate the same units were sent again and some were named. Those that are in the log
    /// by the first append are done; the others are decided again. All memory of these accounts is dropped.
    async fn settle_unsure(
        &self,
        line: Vec<Submission>,
        faults: &[(usize, Fault)],
        failed: &mut Vec<(Ticket, Settled)>,
    ) -> Vec<Submission> {
        let mut rest = Vec::new();
        for (place, Submission { unit, ticket }) in line.into_iter().enumerate() {
            let Some(fault) = fault_at(faults, place) else {
                rest.push(Submission { unit, ticket });
                continue;
            };
            let settled = match fault {
                Fault::Duplicate => self.own_outcome(&unit).await.unwrap_or_else(|| duplicate(&ticket)),
                Fault::Conflict => Settled::Retry,
            };
            ticket.break_off();
            failed.push((ticket, settled));
        }
        sound(rest, failed)
    }

    /// What the log holds under the unit's id, if it is this very unit.
    async fn own_outcome(&self, unit: &Unit) -> Option<Settled> {
        let recalled = loop {
            match self.journal.command(&unit.command_id).await {
                Ok(recalled) => break recalled?,
                // The append knew more than the read can tell right now; the fate is not to be guessed.
                Err(store::JournalError::Unavailable(_)) => tokio::time::sleep(RESUBMIT_PAUSE.1).await,
                Err(store::JournalError::Unknown(_) | store::JournalError::Damaged(_)) => return None,
            }
        };
        match (recalled, &unit.contents) {
            (Recalled::Accepted { events, .. }, Contents::Events(_, drafts)) => {
                let own = drafts
                    .iter()
                    .zip(&events)
                    .all(|(draft, event)| publish(event.sequence, &draft.stored) == event.json);
                (own && drafts.len() == events.len()).then_some(Settled::Committed(events))
            }
            (Recalled::Rejected(rejection), Contents::KeyedRefusal { at, .. }) => {
                (rejection.at == *at).then_some(Settled::Refused(rejection.refusal))
            }
            (Recalled::Accepted { .. } | Recalled::Rejected(_), _) => None,
        }
    }
}

/// What an append does to the commands in doubt.
struct Doubts<'a> {
    of: &'a Mutex<HashSet<CommandId>>,
    /// Whether its own are in there, and not those of one before.
    begun: bool,
}

impl Doubts<'_> {
    fn add<'u>(&mut self, units: impl Iterator<Item = &'u Unit>) {
        let mut of = self.of.lock();
        if !std::mem::replace(&mut self.begun, true) {
            of.clear();
        }
        of.extend(units.map(|unit| unit.command_id.clone()));
    }

    /// Waits for an append; from that time on its commands are in doubt.
    async fn after<T>(
        &mut self,
        at: tokio::time::Instant,
        units: &[Unit],
        append: impl Future<Output = T>,
    ) -> T {
        let mut append = std::pin::pin!(append);
        if let Ok(done) = tokio::time::timeout_at(at, &mut append).await {
            return done;
        }
        self.add(units.iter());
        append.await
    }

    /// Who was turned away beside an append may still be about to be told when it ends, so they stay until the next one has.
    fn end(self) {
        if !self.begun {
            self.of.lock().clear();
        }
    }
}

fn fault_at(faults: &[(usize, Fault)], place: usize) -> Option<Fault> {
    let found = faults.binary_search_by_key(&place, |(faulty, _)| *faulty).ok()?;
    faults.get(found).map(|(_, fault)| *fault)
}

/// The submissions that rest on sound memory, in order: whatever rests on a broken lineage is taken out, and breaks what
/// it touches in turn; so is a unit that does not follow on the one before it.
fn sound(line: Vec<Submission>, failed: &mut Vec<(Ticket, Settled)>) -> Vec<Submission> {
    let mut versions = foldhash::HashMap::<AccountId, Version>::with_capacity(line.len());
    let mut kept: Vec<Submission> = Vec::with_capacity(line.len());
    for Submission { unit, ticket } in line {
        let follows =
            |touch: &Touch| versions.get(&touch.account).is_none_or(|version| *version == touch.version);
        if ticket.is_broken() || !unit.touches.iter().all(follows) {
            ticket.break_off();
            failed.push((ticket, Settled::Retry));
            continue;
        }
        for touch in &unit.touches {
            let moved = unit.drafts().iter().filter(|draft| draft.profile.id == touch.account).count();
            versions.insert(touch.account.clone(), touch.version.plus(moved as u64));
        }
        kept.push(Submission { unit, ticket });
    }
    kept
}
