//! The registry of one shard: finds the account's actor or starts it, and keeps the number in memory bounded.
//!
//! An account is loaded when it is first asked for; the loads that gather while one read is under way are the next read.
//! Retiring an account is forgetting its address here: what was forwarded before is still worked off.

use std::collections::{HashMap, VecDeque};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use domain::{AccountId, Recorded};
use futures_util::FutureExt as _;
use store::{Journal, JournalError, Loaded};
use tokio::sync::oneshot;

use crate::account::{AccountActor, Decide, Expire, Gathering, Pin};
use crate::decision::{Lineage, Order, Settled};
use crate::writer::Writer;

/// Accounts loaded by one read.
const LOADS_PER_READ_MAX: usize = 512;
/// An account that nobody asked for in this time leaves memory.
const IDLE_AFTER: Duration = Duration::from_secs(300);
/// How often the registry looks for idle accounts, and in how many sweeps at all: meanwhile every command waits.
const SWEEP_EVERY: Duration = Duration::from_millis(100);
const SWEEPS_PER_ROUND: usize = 100;
/// How many residents one newcomer looks at to find one to retire.
const LOOKS_PER_NEWCOMER: usize = 4;

/// The registry's own counts, over all shards.
#[derive(Debug, Default)]
pub(crate) struct RegistryCounts {
    pub(crate) resident: AtomicU64,
    pub(crate) loaded: AtomicU64,
    pub(crate) retired: AtomicU64,
}

/// The registry of one shard.
pub(crate) struct Registry {
    journal: Arc<dyn Journal>,
    writer: Writer,
    residents: HashMap<AccountId, Resident>,
    residents_max: usize,
    /// Every live resident once, the longest unseen in front: the hand of a second-chance clock.
    hand: VecDeque<AccountId>,
    /// Asked for and not being read yet.
    wanted: Vec<AccountId>,
    reading: bool,
    counts: Arc<RegistryCounts>,
}

enum Resident {
    /// `in_hand`: it has its place with the hand already, from the life before.
    Loading {
        jobs: Vec<Job>,
        in_hand: bool,
    },
    Live {
        addr: Addr<AccountActor>,
        lineage: Arc<Lineage>,
        asked_at: Instant,
        asked: bool,
    },
}

/// What is wanted of an account; from the ledger's handle.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(crate) struct Deliver {
    pub(crate) account: AccountId,
    pub(crate) job: Job,
}

#[derive(Debug)]
pub(crate) enum Job {
    /// Decide a command on it alone.
    Decide(Order),
    /// Bring it to memory for a meeting, where it has that place.
    Gather(Arc<Gathering>, usize),
    /// Bring it to memory for whoever waits.
    Pin(oneshot::Sender<Result<Pin, Settled>>),
    /// End its holds that are over.
    Expire,
}

/// Events that were read from the log, so some may be another process's; from the hub.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(crate) struct Moved(pub(crate) Arc<[Arc<Recorded>]>);

impl Job {
    fn is_awaited(&self) -> bool {
        match self {
            Self::Decide(order) => !order.reply.is_closed(),
            Self::Gather(gathering, _) => gathering.is_awaited(),
            Self::Pin(reply) => !reply.is_closed(),
            Self::Expire => false,
        }
    }

    pub(crate) fn fail(self, settled: Settled) {
        // Nobody may be waiting any more.
        match self {
            Self::Decide(order) => order.settle(settled),
            Self::Gather(gathering, _) => gathering.fail(settled),
            Self::Pin(reply) => drop(reply.send(Err(settled))),
            // Whoever keeps an eye on the clock comes again.
            Self::Expire => {}
        }
    }
}

impl Registry {
    pub(crate) fn new(
        journal: Arc<dyn Journal>,
        writer: Writer,
        residents_max: usize,
        counts: Arc<RegistryCounts>,
    ) -> Self {
        let (residents, hand) = (HashMap::new(), VecDeque::new());
        Self { journal, writer, residents, residents_max, hand, wanted: Vec::new(), reading: false, counts }
    }
}

impl Actor for Registry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(SWEEP_EVERY, |registry, _| registry.sweep());
    }
}

impl Handler<Deliver> for Registry {
    type Result = ();

    fn handle(&mut self, Deliver { account, job }: Deliver, ctx: &mut Self::Context) {
        let job = match self.residents.get_mut(&account) {
            Some(Resident::Loading { jobs, .. }) => {
                // While the log is slow, clients come, give up and come again: there is room for those who are here.
                if jobs.len() == jobs.capacity() {
                    jobs.retain(Job::is_awaited);
                }
                return jobs.push(job);
            }
            Some(Resident::Live { addr, lineage, asked_at, asked }) if !lineage.is_broken() => {
                (*asked, *asked_at) = (true, Instant::now());
                match forward(addr, lineage, job) {
                    Ok(()) => return,
                    Err(SendError::Full(job)) => return job.fail(Settled::Retry),
                    Err(SendError::Closed(job)) => job,
                }
            }
            Some(Resident::Live { .. }) | None => job,
        };
        // Unknown here, or dropped because what it rested on failed, or gone by a panic: it comes from the log.
        let in_hand = self.residents.contains_key(&account);
        if in_hand {
            self.counts.resident.fetch_sub(1, Ordering::Relaxed);
        }
        self.residents.insert(account.clone(), Resident::Loading { jobs: vec![job], in_hand });
        self.wanted.push(account);
        self.read(ctx);
    }
}

/// An account that another process moved comes from the log with its next command, instead of failing there first.
impl Handler<Moved> for Registry {
    type Result = ();

    fn handle(&mut self, Moved(events): Moved, _: &mut Self::Context) {
        for event in events.iter() {
            if let Some(Resident::Live { lineage, .. }) = self.residents.get(&event.profile.id)
                && lineage.is_before(event.standing.version)
            {
                lineage.break_off();
            }
        }
    }
}

impl Registry {
    /// Reads the accounts wanted by now, unless a read is under way.
    fn read(&mut self, ctx: &mut Context<Self>) {
        if self.reading || self.wanted.is_empty() {
            return;
        }
        self.reading = true;
        let count = self.wanted.len().min(LOADS_PER_READ_MAX);
        let accounts: Vec<AccountId> = self.wanted.drain(..count).collect();
        let journal = Arc::clone(&self.journal);
        let reading = async move {
            let asked = accounts.clone();
            // A registry that panics would leave its accounts to nobody.
            let loaded = AssertUnwindSafe(load(&*journal, accounts)).catch_unwind().await;
            loaded.unwrap_or_else(|_| {
                let fault = || Err(Settled::Fault("reading the account panicked".to_owned()));
                asked.into_iter().map(|account| (account, fault())).collect()
            })
        };
        ctx.spawn(reading.into_actor(self).map(|loaded, registry, ctx| {
            registry.reading = false;
            loaded.into_iter().for_each(|(account, loaded)| registry.admit(account, loaded));
            registry.read(ctx);
        }));
    }

    fn admit(&mut self, account: AccountId, loaded: Result<Loaded, Settled>) {
        match loaded {
            Ok(loaded) => self.start(account, loaded),
            Err(settled) => {
                let Some(Resident::Loading { jobs, in_hand }) = self.residents.remove(&account) else {
                    return;
                };
                if in_hand {
                    self.hand.retain(|known| *known != account);
                }
                jobs.into_iter().for_each(|job| job.fail(settled.clone()));
            }
        }
    }

    fn start(&mut self, account: AccountId, loaded: Loaded) {
        let lineage = Arc::new(Lineage::new(loaded.key, loaded.account.version()));
        let (id, writer) = (account.clone(), self.writer.clone());
        let addr = AccountActor::start_on(id, loaded.account, Arc::clone(&lineage), writer);
        // Before the account is taken out: as long as it is loading, it keeps its place with the hand.
        self.make_room();
        let (jobs, in_hand) = match self.residents.remove(&account) {
            Some(Resident::Loading { jobs, in_hand }) => (jobs, in_hand),
            Some(Resident::Live { .. }) | None => (Vec::new(), false),
        };
        for job in jobs {
            if let Err(SendError::Full(job) | SendError::Closed(job)) = forward(&addr, &lineage, job) {
                job.fail(Settled::Retry);
            }
        }
        if !in_hand {
            self.hand.push_back(account.clone());
        }
        let live = Resident::Live { addr, lineage, asked_at: Instant::now(), asked: false };
        self.residents.insert(account, live);
        self.counts.resident.fetch_add(1, Ordering::Relaxed);
        self.counts.loaded.fetch_add(1, Ordering::Relaxed);
    }

    /// Retires somebody when there are too many: whoever was not asked for since the hand last came by.
    fn make_room(&mut self) {
        for _ in 0..LOOKS_PER_NEWCOMER {
            if self.residents.len() < self.residents_max {
                return;
            }
            self.turn(|asked, _| !std::mem::take(asked));
        }
    }

    /// Retires whoever was idle for long, among those whose turn it is.
    fn sweep(&mut self) {
        for _ in 0..self.hand.len().div_ceil(SWEEPS_PER_ROUND) {
            self.turn(|_, asked_at| asked_at.elapsed() > IDLE_AFTER);
        }
    }

    /// Looks at the resident in front: retires it where that is due and nothing of it is under way, else moves it back.
    fn turn(&mut self, due: impl Fn(&mut bool, Instant) -> bool) {
        let Some(account) = self.hand.pop_front() else { return };
        match self.residents.get_mut(&account) {
            Some(Resident::Live { lineage, asked_at, asked, .. }) => {
                // Nobody has a share but the registry and the actor.
                let free = Arc::strong_count(lineage) <= 2;
                let due = due(asked, *asked_at);
                if free && due {
                    self.residents.remove(&account);
                    self.counts.resident.fetch_sub(1, Ordering::Relaxed);
                    self.counts.retired.fetch_add(1, Ordering::Relaxed);
                } else {
                    self.hand.push_back(account);
                }
            }
            Some(Resident::Loading { .. }) => self.hand.push_back(account),
            None => {}
        }
    }
}

#[expect(clippy::result_large_err, reason = "a job that is not taken is handed back as it came")]
fn forward(addr: &Addr<AccountActor>, lineage: &Arc<Lineage>, job: Job) -> Result<(), SendError<Job>> {
    match job {
        Job::Decide(order) => addr.try_send(Decide(order)).map_err(|error| match error {
            SendError::Full(Decide(order)) => SendError::Full(Job::Decide(order)),
            SendError::Closed(Decide(order)) => SendError::Closed(Job::Decide(order)),
        }),
        Job::Gather(..) | Job::Pin(_) if !addr.connected() => Err(SendError::Closed(job)),
        Job::Gather(gathering, place) => {
            gathering.arrive(place, Pin { addr: addr.clone(), lineage: Arc::clone(lineage) });
            Ok(())
        }
        Job::Pin(reply) => {
            let _ = reply.send(Ok(Pin { addr: addr.clone(), lineage: Arc::clone(lineage) }));
            Ok(())
        }
        Job::Expire => addr.try_send(Expire).map_err(|error| match error {
            SendError::Full(Expire) => SendError::Full(Job::Expire),
            SendError::Closed(Expire) => SendError::Closed(Job::Expire),
        }),
    }
}

/// Reads accounts together; where one of them can't be read, each alone, so that the others can be used.
async fn load(journal: &dyn Journal, accounts: Vec<AccountId>) -> Vec<(AccountId, Result<Loaded, Settled>)> {
    match journal.load(&accounts).await {
        Ok(loaded) => accounts.into_iter().zip(loaded.into_iter().map(Ok)).collect(),
        Err(JournalError::Unknown(_) | JournalError::Damaged(_)) if accounts.len() > 1 => {
            let mut each = Vec::with_capacity(accounts.len());
            for account in accounts {
                let alone = journal.load(std::slice::from_ref(&account)).await;
                let first = alone.map_err(|error| settled(&error)).and_then(|loaded| {
                    loaded
                        .into_iter()
                        .next()
                        .ok_or_else(|| Settled::Fault("no answer for an account".to_owned()))
                });
                each.push((account, first));
            }
            each
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "accounts can't be loaded");
            accounts.into_iter().map(|account| (account, Err(settled(&error)))).collect()
        }
    }
}

/// What a command is told that needs what can't be read.
pub(crate) fn settled(error: &JournalError) -> Settled {
    match error {
        JournalError::Unavailable(_) => Settled::Unavailable,
        JournalError::Unknown(_) | JournalError::Damaged(_) => Settled::Fault(error.to_string()),
    }
}
