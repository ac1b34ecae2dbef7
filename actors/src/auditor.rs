//! The auditor: audits the log behind its head, row by row as it is stored, and the read model of the accounts beside it.
//!
//! It is the audit of `bursar verify`, without an end. It begins at the first event with each start of the process and takes
//! its time: while commands come in it works a twentieth of it, else a tenth, on a thread of its own. What it finds it logs as an
//! error, once, counts, and shows at `/audit`; it changes nothing. It remembers the accounts, about 300 bytes for each.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use domain::Sequence;
use domain::audit::{Audit, Finding};
use domain::rows::RefusalRow;
use futures_util::FutureExt as _;
use parking_lot::Mutex;
use store::{Direction, FROM_THE_FIRST, Journal, JournalError, Listing, Order, Views, ViewsError};

use crate::feed::Feed;
use crate::words::{chain_of, panic_words};

/// Events audited in one step.
const EVENTS_PER_STEP: usize = 512;
/// Refusals looked at in one step.
const REFUSALS_PER_STEP: usize = 256;
/// Documents of the read model compared in one step.
const DOCUMENTS_PER_STEP: usize = 128;
/// A step is followed by a pause so many times as long as it took, while commands come in.
const PAUSE_WHEN_BUSY: u32 = 19;
/// The same while none do.
const PAUSE_WHEN_IDLE: u32 = 9;
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// What comes at the head gathers for so long.
const GATHERS_FOR: Duration = Duration::from_millis(200);
/// How long it waits at the head before it looks around, and after an error before it tries again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long until the read model is compared again from its beginning.
const COMPARE_EVERY: Duration = Duration::from_secs(60);
/// The violations that are shown: the first ones, which the others may follow from.
const VIOLATIONS_SHOWN_MAX: usize = 100;
/// As many are told apart, and counted, at the most.
const VIOLATIONS_COUNTED_MAX: usize = 1 << 16;

/// What the auditor says.
#[derive(Clone, Debug, Default)]
pub struct AuditStats {
    /// The last event audited.
    pub audited_to: Sequence,
    /// How many violations were found since the start of the process.
    pub violations_total: u64,
    /// The first of them.
    pub violations: VecDeque<Finding>,
    /// By currency, whether what came in and did not go out is there.
    pub conserved: BTreeMap<String, bool>,
    /// Accounts that were opened.
    pub accounts: usize,
    /// How many of the read model's documents were compared with the log.
    pub compared: u64,
    /// Why it stands still, where it does.
    pub error: Option<String>,
}

/// The auditor's stats, shared with who asks.
pub(crate) type Shown = Arc<Mutex<AuditStats>>;

/// The actor.
pub(crate) struct Auditor(Option<Work>);

impl Auditor {
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        views: Arc<dyn Views>,
        feed: Arc<Feed>,
        shown: Shown,
    ) -> Self {
        Self(Some(Work {
            journal,
            views,
            feed,
            shown,
            audit: Audit::default(),
            after: FROM_THE_FIRST,
            refusals: VecDeque::new(),
            refusals_after: FROM_THE_FIRST,
            stray: false,
            told: HashSet::new(),
            hasher: RandomState::new(),
            round: Round { after: None, total: 0, documents: 0, accounts: 0, next: Instant::now() },
        }))
    }
}

impl Actor for Auditor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(work) = self.0.take() {
            let shown = Arc::clone(&work.shown);
            ctx.spawn(AssertUnwindSafe(work.run()).catch_unwind().into_actor(self).map(
                move |ended, _, _| {
                    // What it has worked out so far may be half done: it stays ended until the process starts anew.
                    if let Err(panic) = ended {
                        shown.lock().error = Some(format!("the auditor panicked: {}", panic_words(&*panic)));
                    }
                },
            ));
        }
    }
}

struct Work {
    journal: Arc<dyn Journal>,
    views: Arc<dyn Views>,
    feed: Arc<Feed>,
    shown: Shown,
    audit: Audit,
    /// Where the next rows are.
    after: i64,
    /// Refusals that stand beyond what was audited, and where the next ones are.
    refusals: VecDeque<RefusalRow>,
    refusals_after: i64,
    /// Whether events in no batch were reported; they stay at the end.
    stray: bool,
    /// Hashes of what was told.
    told: HashSet<u64>,
    hasher: RandomState,
    round: Round,
}

/// A comparison of the read model with the audit, page by page.
struct Round {
    after: Option<(String, String)>,
    /// Over all rounds.
    total: u64,
    /// In this one, and how many accounts there were at its beginning.
    documents: u64,
    accounts: u64,
    /// When the next one begins.
    next: Instant,
}

impl Work {
    async fn run(mut self) {
        let mut head = self.feed.watch();
        loop {
            let (before, began) = (self.feed.head(), Instant::now());
            let stepped = self.step().await;
            let took = began.elapsed();
            self.report(stepped.as_ref().err().map(|error| chain_of(error)));
            match stepped {
                Ok(true) => {
                    let busy = self.feed.head() != before;
                    let factor = if busy { PAUSE_WHEN_BUSY } else { PAUSE_WHEN_IDLE };
                    tokio::time::sleep((took * factor).min(PAUSE_MAX)).await;
                }
                Ok(false) => {
                    let _ = tokio::time::timeout(LOOK_EVERY, head.changed()).await;
                    tokio::time::sleep(GATHERS_FOR).await;
                }
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the auditor can't read the log"
                    );
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    /// Takes what follows; false where nothing does.
    async fn step(&mut self) -> Result<bool, JournalError> {
        let rows = self.journal.rows(self.after, EVENTS_PER_STEP).await?;
        let moved = match rows {
            Some(rows) if !rows.batches.is_empty() => {
                self.after = rows.through;
                self.audit.rows(&rows);
                true
            }
            // They are in no batch, and no batch that comes later will have them.
            Some(rows) if !self.stray => {
                self.stray = true;
                self.audit.rows(&rows);
                false
            }
            Some(_) | None => false,
        };
        let refused = self.take_refusals().await?;
        if moved || refused {
            return Ok(true);
        }
        Ok(self.compare().await)
    }

    /// Takes the refusals up to the last event audited; false where there are none.
    async fn take_refusals(&mut self) -> Result<bool, JournalError> {
        if self.refusals.is_empty() {
            let rows = self.journal.refusal_rows(self.refusals_after, REFUSALS_PER_STEP).await?;
            self.refusals_after = rows.last().map_or(self.refusals_after, |row| row.number);
            self.refusals = rows.into();
        }
        let last = self.audit.last();
        let count = self.refusals.iter().take_while(|row| row.sequence <= last).count();
        self.refusals.drain(..count).for_each(|row| self.audit.refusal(&row));
        Ok(count > 0)
    }

    /// Compares a page of the read model, if it is where the audit is; false where there is nothing to compare now.
    async fn compare(&mut self) -> bool {
        if Instant::now() < self.round.next {
            return false;
        }
        let listing = Listing {
            order: Order::Key,
            direction: Direction::Ascending,
            tag: None,
            prefix: String::new(),
            after: self.round.after.clone(),
            limit: DOCUMENTS_PER_STEP,
        };
        let read = match self.views.list(domain::projection::accounts::NAME, &listing).await {
            Ok(read) => read,
            Err(ViewsError::Damaged(what)) => {
                self.note_of_accounts(vec![what]);
                self.round.next = Instant::now() + COMPARE_EVERY;
                return false;
            }
            // The projector says so.
            Err(ViewsError::Unavailable(_) | ViewsError::Evicting(_) | ViewsError::NotServed(_)) => {
                return false;
            }
        };
        if i64::try_from(read.sequence.get()) != Ok(self.audit.last()) {
            return false;
        }
        let list = read.value;
        let mut found: Vec<String> = list.bodies.iter().filter_map(|body| self.audit.compare(body)).collect();
        let accounts = self.audit.accounts() as u64;
        if self.round.after.is_none() {
            (self.round.documents, self.round.accounts) = (0, accounts);
        }
        if list.total != accounts {
            found.push(format!("{} accounts are shown, {accounts} were opened", list.total));
        }
        self.round.total += list.bodies.len() as u64;
        self.round.documents += list.bodies.len() as u64;
        self.round.after = list.next;
        let documents = self.round.documents;
        // Where none was opened meanwhile, which may have come before the page that is looked at.
        if self.round.after.is_none() && self.round.accounts == accounts && documents != accounts {
            found.push(format!("{documents} accounts are in the list, {accounts} were opened"));
        }
        self.note_of_accounts(found);
        if self.round.after.is_none() {
            // Where there was nothing yet, there will be soon.
            let pause = if self.round.total == 0 { LOOK_EVERY } else { COMPARE_EVERY };
            self.round.next = Instant::now() + pause;
        }
        true
    }

    fn note_of_accounts(&mut self, found: Vec<String>) {
        let place = (self.audit.last(), self.audit.last());
        let found = found.into_iter().map(|what| format!("the read model of the accounts: {what}"));
        self.note(found.map(|what| Finding { batch: place, event: None, what }).collect());
    }

    /// Shows where the audit is.
    fn report(&mut self, error: Option<String>) {
        let found = self.audit.findings();
        self.note(found);
        let last = self.audit.last();
        metrics::gauge!("bursar_audit_sequence").set(last as f64);
        let mut shown = self.shown.lock();
        shown.audited_to = Sequence::new(u64::try_from(last).unwrap_or_default());
        shown.accounts = self.audit.accounts();
        shown.compared = self.round.total;
        shown.conserved = self
            .audit
            .sums()
            .iter()
            .map(|(currency, sums)| (currency.to_string(), sums.conserved()))
            .collect();
        shown.error = error;
    }

    /// Tells what was found, once.
    fn note(&mut self, found: Vec<Finding>) {
        for finding in found {
            let hash = self.hasher.hash_one((&finding.what, finding.event));
            if self.told.len() >= VIOLATIONS_COUNTED_MAX || !self.told.insert(hash) {
                continue;
            }
            let mut shown = self.shown.lock();
            shown.violations_total += 1;
            metrics::counter!("bursar_audit_violations_total").increment(1);
            if shown.violations.len() < VIOLATIONS_SHOWN_MAX {
                tracing::error!(violation = %finding, "the audit has found what can't be right");
                shown.violations.push_back(finding);
            } else if shown.violations_total == VIOLATIONS_SHOWN_MAX as u64 + 1 {
                tracing::error!("the audit finds more than that, which it counts and does not tell");
            }
        }
    }
}
