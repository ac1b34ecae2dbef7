//! The journal writer: one FIFO of decided units, appended in batches, one commit at a time.
//!
//! Whatever gathered while the last commit was under way is the next batch: group commit without a timer. Only when a
//! batch is on disk is anyone told. A unit that can't be appended is taken out with everything that rests on it, and
//! the rest of the batch is sent again at once.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use domain::record::publish;
use domain::{AccountId, Recorded, Version};
use futures_util::FutureExt as _;
use store::journal::EVENTS_PER_BATCH_MAX;
use store::{Append, AppendError, Batch, Commit, Contents, Fault, Journal, Page, Recalled, Touch};
use tokio::sync::mpsc;

use crate::decision::{Settled, Submission};
use crate::feed::Feed;

/// Units that may wait for a commit; admission keeps the number far below.
const UNITS_QUEUED_MAX: usize = crate::ledger::MAILBOX_CAPACITY;
/// The pause before an append of unknown fate is submitted again: from, and at the most.
const RESUBMIT_PAUSE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

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

/// The way into the log, for everyone who decides.
#[derive(Clone, Debug)]
pub(crate) struct Writer {
    queue: mpsc::Sender<Submission>,
    counts: Arc<WriterCounts>,
}

impl Writer {
    /// Puts a unit behind those that were decided before it.
    pub(crate) fn push(&self, submission: Submission) {
        self.counts.queued.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.queue.try_send(submission) {
            self.counts.queued.fetch_sub(1, Ordering::Relaxed);
            let submission = error.into_inner();
            submission.break_off();
            submission.settle(Settled::Unavailable);
        }
    }
}

/// The actor that owns the end of the log, as far as this process writes it.
pub(crate) struct JournalWriter {
    journal: Arc<dyn Journal>,
    feed: Arc<Feed>,
    counts: Arc<WriterCounts>,
    queue: Option<mpsc::Receiver<Submission>>,
}

impl JournalWriter {
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        feed: Arc<Feed>,
        counts: Arc<WriterCounts>,
    ) -> (Self, Writer) {
        let (sender, queue) = mpsc::channel(UNITS_QUEUED_MAX);
        let writer = Writer { queue: sender, counts: Arc::clone(&counts) };
        (Self { journal, feed, counts, queue: Some(queue) }, writer)
    }
}

impl Actor for JournalWriter {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let Some(mut queue) = self.queue.take() else { return };
        let desk = Desk {
            journal: Arc::clone(&self.journal),
            feed: Arc::clone(&self.feed),
            counts: Arc::clone(&self.counts),
        };
        let work = async move {
            let mut gathered = Vec::new();
            loop {
                if queue.recv_many(&mut gathered, EVENTS_PER_BATCH_MAX / 2).await == 0 {
                    return;
                }
                desk.counts.queued.fetch_sub(gathered.len() as u64, Ordering::Relaxed);
                desk.append(std::mem::take(&mut gathered)).await;
            }
        };
        ctx.spawn(AssertUnwindSafe(work).catch_unwind().into_actor(self).map(|ended, _, _| {
            if ended.is_err() {
                // What is speculated on can't be known any more; a new process starts from the log.
                tracing::error!("the journal writer panicked; the process ends");
                std::process::exit(70);
            }
        }));
    }
}

/// The writer at work on one batch after the other.
struct Desk {
    journal: Arc<dyn Journal>,
    feed: Arc<Feed>,
    counts: Arc<WriterCounts>,
}

impl Desk {
    async fn append(&self, submissions: Vec<Submission>) {
        // Those that fail are told after the rest is committed, so that what they are decided on again is current.
        let mut failed: Vec<(Submission, Settled)> = Vec::new();
        let mut line = sound(submissions, &mut failed);
        let mut pause = RESUBMIT_PAUSE.0;
        let mut unsure = false;
        while !line.is_empty() {
            let started = Instant::now();
            let batch = Batch { units: line.iter().map(|submission| submission.unit.clone()).collect() };
            match self.journal.append(&batch).await {
                Ok(Append::Committed(commit)) => {
                    self.count(&batch, started);
                    self.tell(std::mem::take(&mut line), &commit);
                }
                Ok(Append::Refused(faults)) if unsure => {
                    line = self.settle_unsure(line, &faults, &mut failed).await;
                }
                Ok(Append::Refused(faults)) => {
                    self.take_out(&mut line, &faults, &mut failed);
                    line = sound(line, &mut failed);
                }
                Err(AppendError::Unavailable(error)) => {
                    tracing::warn!(error = &*error as &dyn std::error::Error, "an append failed");
                    for submission in line.drain(..) {
                        submission.break_off();
                        failed.push((submission, Settled::Unavailable));
                    }
                }
                Err(AppendError::Collision) => {
                    line.iter_mut().for_each(|submission| submission.unit.may_repeat = true);
                }
                Err(AppendError::Unknown(error)) => {
                    tracing::warn!(
                        error = &*error as &dyn std::error::Error,
                        "the fate of an append is unknown"
                    );
                    self.counts.unknown.fetch_add(1, Ordering::Relaxed);
                    unsure = true;
                    line.iter_mut().for_each(|submission| submission.unit.may_repeat = true);
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(RESUBMIT_PAUSE.1);
                }
            }
        }
        failed.into_iter().for_each(|(submission, settled)| submission.settle(settled));
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

    /// The batch is on disk: answers everyone, and hands the events on.
    fn tell(&self, line: Vec<Submission>, commit: &Commit) {
        let keys: HashMap<&AccountId, _> = commit.created.iter().map(|(id, key)| (id, *key)).collect();
        let mut sequence = commit.first;
        let mut page = Page { events: Vec::with_capacity(line.len()), chain: commit.chain };
        for mut submission in line {
            if !keys.is_empty() {
                for (touch, lineage) in submission.unit.touches.iter().zip(&submission.lineages) {
                    if let Some(key) = keys.get(&touch.account) {
                        let _ = lineage.key.set(*key);
                    }
                }
            }
            let contents = std::mem::replace(&mut submission.unit.contents, Contents::Refusal);
            let settled = match (contents, submission.refusal.take()) {
                (Contents::Events(_, drafts), _) => {
                    let start = page.events.len();
                    for draft in drafts {
                        page.events.push(Arc::new(Recorded {
                            sequence,
                            json: publish(sequence, &draft.stored),
                            profile: draft.profile,
                            standing: draft.standing,
                            event: draft.event,
                            command_id: submission.unit.command_id.clone(),
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
            submission.settle(settled);
        }
        // Where the feed lacks something before this, the hub reads both from the log.
        let _ = self.feed.publish(&page);
    }

    /// Takes the named units out of the line.
    fn take_out(
        &self,
        line: &mut Vec<Submission>,
        faults: &[(usize, Fault)],
        failed: &mut Vec<(Submission, Settled)>,
    ) {
        for (place, fault) in faults.iter().rev() {
            if *place >= line.len() {
                continue;
            }
            let submission = line.remove(*place);
            let settled = match fault {
                Fault::Duplicate => {
                    self.counts.duplicates.fetch_add(1, Ordering::Relaxed);
                    // A refusal changed nothing that others rest on.
                    if submission.refusal.is_none() {
                        submission.break_off();
                    }
                    Settled::Duplicate
                }
                Fault::Conflict => {
                    self.counts.conflicts.fetch_add(1, Ordering::Relaxed);
                    submission.break_off();
                    Settled::Retry
                }
            };
            failed.push((submission, settled));
        }
    }

    /// After an append of unknown fate the same units were sent again and some were named. Those that are in the log
    /// by the first append are done; the others are decided again. All memory of these accounts is dropped.
    async fn settle_unsure(
        &self,
        line: Vec<Submission>,
        faults: &[(usize, Fault)],
        failed: &mut Vec<(Submission, Settled)>,
    ) -> Vec<Submission> {
        let mut rest = Vec::new();
        for (place, submission) in line.into_iter().enumerate() {
            let fault = faults.iter().find(|(faulty, _)| *faulty == place).map(|(_, fault)| *fault);
            if fault == Some(Fault::Duplicate)
                && let Some(settled) = self.own_outcome(&submission).await
            {
                submission.break_off();
                failed.push((submission, settled));
            } else if let Some(fault) = fault {
                submission.break_off();
                let settled = if fault == Fault::Duplicate { Settled::Duplicate } else { Settled::Retry };
                failed.push((submission, settled));
            } else {
                rest.push(submission);
            }
        }
        sound(rest, failed)
    }

    /// What the log holds under the unit's id, if it is this very unit.
    async fn own_outcome(&self, submission: &Submission) -> Option<Settled> {
        let recalled = loop {
            match self.journal.command(&submission.unit.command_id).await {
                Ok(recalled) => break recalled?,
                // The append knew more than the read can tell right now; the fate is not to be guessed.
                Err(store::JournalError::Unavailable(_)) => tokio::time::sleep(RESUBMIT_PAUSE.1).await,
                Err(store::JournalError::Unknown(_) | store::JournalError::Damaged(_)) => return None,
            }
        };
        match (recalled, &submission.unit.contents) {
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

/// The submissions that rest on sound memory, in order: whatever rests on a broken lineage is taken out, and breaks what
/// it touches in turn; so is a unit that does not follow on the one before it.
fn sound(line: Vec<Submission>, failed: &mut Vec<(Submission, Settled)>) -> Vec<Submission> {
    let mut versions: HashMap<AccountId, Version> = HashMap::with_capacity(line.len());
    let mut kept: Vec<Submission> = Vec::with_capacity(line.len());
    for submission in line {
        let follows =
            |touch: &Touch| versions.get(&touch.account).is_none_or(|version| *version == touch.version);
        if submission.is_broken() || !submission.unit.touches.iter().all(follows) {
            submission.break_off();
            failed.push((submission, Settled::Retry));
            continue;
        }
        for touch in &submission.unit.touches {
            let moved =
                submission.unit.drafts().iter().filter(|draft| draft.profile.id == touch.account).count();
            versions.insert(touch.account.clone(), touch.version.plus(moved as u64));
        }
        kept.push(submission);
    }
    kept
}
