//! The actors on a real log: what is told is true, whatever fails on the way.

mod stores;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::System;
use actors::{Answer, Failure, Ledger, NotReady, ProjectionState, Settings};
use async_trait::async_trait;
use domain::account::POSTINGS_MAX;
use domain::chain::Hash;
use domain::projection::{Document, Prior};
use domain::rows::{BatchRow, HeadRow, RefusalRow, Rows};
use domain::{
    Account, AccountId, Command, CommandId, Currency, HoldId, HoldRecord, Posting, Quantity, Recorded,
    Refusal, Request, Sequence, Timestamp, Version,
};
use futures_util::future::{join, join_all};
use store::journal::EVENTS_PER_BATCH_MAX;
use store::{
    Append, AppendError, Applied, Batch, Checkpoint, EventFilter, Generation, Head, Journal, JournalError,
    List, Listing, Loaded, LogEntry, LogQuery, Page, Read, Recalled, Restore, RestoreError, Views,
    ViewsError,
};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::stores::{journal, views};

type Events = Vec<Arc<Recorded>>;

fn settings() -> Settings {
    Settings {
        shards: 2,
        commands_in_flight_max: 4096,
        residents_max: 1000,
        feed_timeout: Duration::from_secs(30),
        audit: true,
    }
}

async fn ledger(folder: &TempDir) -> Ledger {
    Ledger::start(journal(folder), views(folder), &settings()).await.unwrap()
}

fn id(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

fn request(command: Command, key: Option<&str>) -> Request {
    let made = || CommandId::from(Uuid::now_v7());
    Request {
        id: key.map_or_else(made, |key| CommandId::parse(key).unwrap()),
        keyed: key.is_some(),
        command,
        if_match: None,
        metadata: None,
        correlation: None,
        trace: None,
        batch: None,
    }
}

fn create(name: &str, balance: &str) -> Request {
    let command = Command::CreateAccount {
        account: id(name),
        initial_balance: Quantity::parse(balance).unwrap(),
        currency: Currency::USD,
        owner: None,
        overdraft_limit: Quantity::ZERO,
    };
    request(command, None)
}

fn deposit(name: &str, text: &str, key: Option<&str>) -> Request {
    let amount = Quantity::parse(text).unwrap();
    request(Command::Deposit { account: id(name), amount, currency: None, description: None }, key)
}

fn withdraw(name: &str, text: &str, key: Option<&str>) -> Request {
    let amount = Quantity::parse(text).unwrap();
    request(Command::Withdraw { account: id(name), amount, currency: None, description: None }, key)
}

fn transfer(from: &str, to: &str, text: &str) -> Request {
    let amount = Quantity::parse(text).unwrap();
    request(Command::Transfer { from: id(from), to: id(to), amount, currency: None, description: None }, None)
}

fn accepted(answer: Result<Answer, Failure>) -> (Sequence, bool) {
    match answer {
        Ok(Answer::Accepted(accepted)) => (accepted.events.last().unwrap().sequence, accepted.replayed),
        other => panic!("not accepted: {other:?}"),
    }
}

async fn balance(journal: &dyn Journal, name: &str) -> i64 {
    match &journal.load(&[id(name)]).await.unwrap()[0].account {
        Account::Present(_, standing, _) => standing.balance.minor(),
        Account::Absent => panic!("no account {name}"),
    }
}

/// Waits until something holds; what never does fails the test.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// However many large postings wait for an append: the next one is never so large that it would be given up before it is
/// done.
#[test]
fn many_large_postings_are_several_batches() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        static LEAVE: Semaphore = Semaphore::const_new(0);
        const FAULTS: &[Fault] = &[Fault::Succeeds, Fault::Succeeds, Fault::Waits(&LEAVE)];
        let journal = Faulty::journal(&folder, FAULTS);
        let ledger = Ledger::start(journal, views(&folder), &settings()).await.unwrap();
        for (name, balance) in [("a", "1"), ("b", "0")] {
            accepted(ledger.execute(create(name, balance)).await);
        }
        let amount = Quantity::parse("1").unwrap();
        let posting = |n: usize| match n % 2 {
            0 => Posting { from: id("a"), to: id("b"), amount },
            _ => Posting { from: id("b"), to: id("a"), amount },
        };
        let all = join_all((0..50).map(|_| {
            let postings = (0..POSTINGS_MAX).map(posting).collect();
            ledger.execute(request(Command::Post { postings, currency: None, description: None }, None))
        }));
        let release = async {
            until("many wait", || ledger.counts().1["queued"].as_u64() >= Some(20)).await;
            LEAVE.add_permits(1);
        };
        let (all, ()) = join(all, release).await;
        assert!(all.into_iter().map(accepted).all(|(_, replayed)| !replayed));
        let batches = ledger.journal().batches(Sequence::ZERO, usize::MAX).await.unwrap();
        let largest = batches.iter().map(|batch| batch.last - batch.first + 1).max();
        let most = EVENTS_PER_BATCH_MAX + 2 * POSTINGS_MAX;
        assert!(largest.is_some_and(|events| events < i64::try_from(most).unwrap()), "{largest:?}");
    });
}

#[test]
fn a_key_sent_many_times_among_others_on_the_account_has_one_effect() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("a", "0")).await);
        let first = accepted(ledger.execute(deposit("a", "1", Some("k"))).await);
        let answers = join_all((0..200_u32).map(|n| {
            let key = n.is_multiple_of(10).then_some("k");
            ledger.execute(deposit("a", "1", key))
        }))
        .await;
        let replayed = answers.into_iter().map(accepted).filter(|(_, replayed)| *replayed);
        assert!(replayed.clone().all(|answer| answer == (first.0, true)));
        assert_eq!(replayed.count(), 20);
        assert_eq!(balance(ledger.journal(), "a").await, 18_100);
        let others = join_all((0..10).map(|_| ledger.execute(deposit("a", "2", Some("k"))))).await;
        assert!(others.iter().all(|other| matches!(other, Err(Failure::KeyReused))), "{others:?}");
        let batch = vec![deposit("a", "2", Some("k")), deposit("a", "1", None)];
        let answers = ledger.execute_batch(batch).await.unwrap();
        assert!(matches!(&answers[..], [Err(Failure::KeyReused), Ok(Answer::Accepted(_))]), "{answers:?}");
        // Nobody else is decided again for it.
        assert_eq!(ledger.counts().1["duplicates"], 0);
    });
}

#[test]
fn a_refusal_is_told_only_when_what_it_rests_on_is_committed_and_a_key_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("a", "10")).await);
        let answers = join_all((0..50).map(|_| ledger.execute(withdraw("a", "1", None)))).await;
        let refused = answers.iter().filter(|answer| {
            matches!(answer, Ok(Answer::Refused(refused)) if matches!(refused.refusal, Refusal::InsufficientFunds { .. }))
        });
        assert_eq!(refused.count(), 40);
        let keyed = || ledger.execute(withdraw("a", "1", Some("no")));
        assert!(matches!(keyed().await, Ok(Answer::Refused(refused)) if !refused.replayed));
        accepted(ledger.execute(deposit("a", "5", None)).await);
        assert!(matches!(keyed().await, Ok(Answer::Refused(refused)) if refused.replayed));
        let other = ledger.execute(withdraw("a", "2", Some("no"))).await;
        assert!(matches!(other, Err(Failure::KeyReused)));
    });
}

#[test]
fn a_batch_on_an_account_that_is_not_in_memory_keeps_its_order() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        accepted(ledger(&folder).await.execute(create("awaited", "0")).await);
        let journal = Faulty::journal(&folder, &[]);
        let ledger = Ledger::start(journal, views(&folder), &settings()).await.unwrap();
        let item = |place| match place % 2 {
            0 => deposit("awaited", "1", None),
            _ => withdraw("awaited", "1", None),
        };
        let batch = ledger.execute_batch((0..1000).map(item).collect());
        // All of it is sent when the other future is polled.
        let (answers, ()) = futures_util::future::join(batch, async { LOADS.add_permits(1) }).await;
        for answer in answers.unwrap() {
            accepted(answer);
        }
        let batches = ledger.journal().batches(Sequence::ZERO, usize::MAX).await.unwrap();
        assert!(batches.len() < 200, "{} commits", batches.len());
    });
}

/// A refusal that is remembered would be wrong for ever.
#[test]
fn nothing_is_decided_behind_what_a_batch_could_not_do_for_now() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        System::new().block_on(async {
            for request in [create("a", "0"), create("b", "100"), create("c", "0")] {
                accepted(ledger(&folder).await.execute(request).await);
            }
            let journal = Faulty::journal(&folder, &[Fault::IsAway]);
            let ledger = Ledger::start(journal, views(&folder), &settings()).await.unwrap();
            let batch = || {
                let between = (0..20).map(|_| transfer("b", "c", "1"));
                let (first, last) = (deposit("a", "1", Some("in")), withdraw("a", "1", Some("out")));
                std::iter::once(first).chain(between).chain([last]).collect()
            };
            let answers: Vec<_> = ledger.execute_batch(batch()).await.unwrap();
            assert!(matches!(answers.first(), Some(Err(Failure::LogUnavailable))), "{answers:?}");
            assert!(matches!(answers.last(), Some(Err(_))), "{answers:?}");
            for answer in ledger.execute_batch(batch()).await.unwrap() {
                accepted(answer);
            }
        });
    }
}

#[test]
fn two_processes_on_one_log_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let one = ledger(&folder).await;
        let two = Ledger::start(journal(&folder), views(&folder), &settings()).await.unwrap();
        for name in ["a", "b", "c", "d"] {
            accepted(one.execute(create(name, "1000")).await);
        }
        let names = ["a", "b", "c", "d"];
        for round in 0..10 {
            let work = (0..40).map(|n: usize| {
                let ledger = if n.is_multiple_of(2) { &one } else { &two };
                let (from, to) = (names[n % 4], names[(n + round) % 4]);
                let request = if from == to { deposit(from, "1", None) } else { transfer(from, to, "1") };
                async move { (from == to, accepted(ledger.execute(request).await)) }
            });
            join_all(work).await;
        }
        let mut sum = 0;
        for name in names {
            sum += balance(one.journal(), name).await;
        }
        // Where round is a multiple of four, every command is a deposit.
        assert_eq!(sum, 400_000 + 3 * 40 * 100);
        let events = one.journal().read(Sequence::ZERO, 2000, &EventFilter::default()).await.unwrap();
        assert!(events.iter().zip(1..).all(|(event, place)| event.sequence.get() == place));
        // Each process's feed has the other's events too.
        until("both feeds are whole", || {
            one.feed().head().get() == events.len() as u64 && two.feed().head() == one.feed().head()
        })
        .await;
    });
}

#[test]
fn accounts_beyond_the_bound_leave_memory_and_come_back() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let few = Settings { shards: 1, residents_max: 8, ..settings() };
        let ledger = Ledger::start(journal(&folder), views(&folder), &few).await.unwrap();
        for round in 0..3 {
            for n in 0..64 {
                let name = format!("acc-{n}");
                let request = if round == 0 { create(&name, "1") } else { deposit(&name, "1", None) };
                accepted(ledger.execute(request).await);
            }
        }
        let (actors, _) = ledger.counts();
        assert!(actors["resident"].as_u64().unwrap() <= 9, "{actors}");
        for n in 0..64 {
            assert_eq!(balance(ledger.journal(), &format!("acc-{n}")).await, 300);
        }
    });
}

/// A conflict makes an account come back from the log; it keeps the one place that it has among the residents.
#[test]
fn accounts_that_another_process_moved_stay_bounded_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let few = Settings { shards: 1, residents_max: 8, ..settings() };
        let here = Ledger::start(journal(&folder), views(&folder), &few).await.unwrap();
        let there = ledger(&folder).await;
        let name = |n: u32| format!("acc-{}", n % 64);
        for n in 0..64 {
            accepted(here.execute(create(&name(n), "0")).await);
        }
        for n in 0..40 {
            // Six that are in memory here move there; they come back from the log together with six newcomers.
            let six = |first: u32| (first..first + 6).map(|n| deposit(&name(n), "1", None));
            let here = |requests: Vec<Request>| join_all(requests.into_iter().map(|one| here.execute(one)));
            here(six(n * 6).collect()).await.into_iter().for_each(|answer| {
                accepted(answer);
            });
            let moved = join_all(six(n * 6).map(|one| there.execute(one))).await;
            let both = here(six(n * 6).chain(six(n * 6 + 32)).collect()).await;
            moved.into_iter().chain(both).for_each(|answer| {
                accepted(answer);
            });
        }
        let (actors, written) = here.counts();
        assert!(written["conflicts"].as_u64().unwrap() > 0, "{written}");
        assert_eq!(actors["mailboxes"], 0, "{actors}");
        // Beyond the bound are at the most the twelve that were under way together.
        assert!(actors["resident"].as_u64().unwrap() <= 8 + 12, "{actors}");
    });
}

/// What an append comes to.
enum Fault {
    /// None.
    Succeeds,
    /// None, as soon as it may.
    Waits(&'static Semaphore),
    LosesTheAnswer,
    IsAway,
    Panics,
}

/// As often may the account `awaited` be loaded.
static LOADS: Semaphore = Semaphore::const_new(0);

/// A log whose first appends come to these faults; the others succeed. Loading the account `unreadable` panics, and so do
/// so many of the first pages. Its clock is so many days behind this machine's.
struct Faulty {
    inner: Arc<dyn Journal>,
    faults: &'static [Fault],
    appends: AtomicUsize,
    bad_pages: AtomicUsize,
    days_behind: i64,
}

impl Faulty {
    fn journal(folder: &TempDir, faults: &'static [Fault]) -> Arc<dyn Journal> {
        Self::with_bad_pages(folder, faults, 0)
    }

    fn with_bad_pages(folder: &TempDir, faults: &'static [Fault], bad_pages: usize) -> Arc<dyn Journal> {
        let (appends, bad_pages) = (AtomicUsize::new(0), AtomicUsize::new(bad_pages));
        Arc::new(Self { inner: journal(folder), faults, appends, bad_pages, days_behind: 0 })
    }

    fn of_another_time(folder: &TempDir, days_behind: i64) -> Arc<dyn Journal> {
        let (appends, bad_pages) = Default::default();
        Arc::new(Self { inner: journal(folder), faults: &[], appends, bad_pages, days_behind })
    }

    fn by_its_clock(&self, time: Timestamp) -> Timestamp {
        Timestamp::from_micros(time.as_micros() - self.days_behind * 86_400_000_000)
    }
}

#[async_trait]
impl Journal for Faulty {
    async fn append(&self, batch: &Arc<Batch>) -> Result<Append, AppendError> {
        // What the writer begins with.
        if batch.units.is_empty() {
            return self.inner.append(batch).await;
        }
        match self.faults.get(self.appends.fetch_add(1, Ordering::SeqCst)) {
            Some(Fault::LosesTheAnswer) => {
                self.inner.append(batch).await?;
                Err(AppendError::Unknown("the line broke".into()))
            }
            Some(Fault::IsAway) => Err(AppendError::Unavailable("nobody listens".into())),
            Some(Fault::Panics) => panic!("a bug"),
            Some(Fault::Waits(leave)) => {
                leave.acquire().await.unwrap().forget();
                self.inner.append(batch).await
            }
            Some(Fault::Succeeds) | None => self.inner.append(batch).await,
        }
    }
    async fn load(&self, accounts: &[AccountId]) -> Result<Vec<Loaded>, JournalError> {
        assert!(!accounts.contains(&id("unreadable")), "a bug");
        if accounts.contains(&id("awaited")) {
            LOADS.acquire().await.unwrap().forget();
        }
        self.inner.load(accounts).await
    }
    async fn head(&self) -> Result<Head, JournalError> {
        self.inner.head().await
    }
    async fn chain_at(&self, sequence: Sequence) -> Result<Option<Hash>, JournalError> {
        self.inner.chain_at(sequence).await
    }
    async fn read(
        &self,
        after: Sequence,
        limit: usize,
        filter: &EventFilter,
    ) -> Result<Events, JournalError> {
        self.inner.read(after, limit, filter).await
    }
    async fn page(&self, after: Sequence, about: usize) -> Result<Option<Page>, JournalError> {
        let count = |bad: usize| bad.checked_sub(1);
        let bad = self.bad_pages.fetch_update(Ordering::SeqCst, Ordering::SeqCst, count);
        assert!(bad.is_err(), "a bug");
        self.inner.page(after, about).await
    }
    async fn stream(
        &self,
        account: &AccountId,
        after: Version,
        limit: usize,
    ) -> Result<Events, JournalError> {
        self.inner.stream(account, after, limit).await
    }
    async fn rows(&self, after: i64, about: usize) -> Result<Option<Rows>, JournalError> {
        self.inner.rows(after, about).await
    }
    async fn batches(&self, after: Sequence, limit: usize) -> Result<Vec<BatchRow>, JournalError> {
        self.inner.batches(after, limit).await
    }
    async fn refusal_rows(&self, after: i64, limit: usize) -> Result<Vec<RefusalRow>, JournalError> {
        self.inner.refusal_rows(after, limit).await
    }
    async fn head_row(&self) -> Result<HeadRow, JournalError> {
        self.inner.head_row().await
    }
    async fn command_ids(&self, from: &str, limit: usize) -> Result<Vec<String>, JournalError> {
        self.inner.command_ids(from, limit).await
    }
    async fn restore(&self, part: Restore) -> Result<(), RestoreError> {
        self.inner.restore(part).await
    }
    async fn event(&self, sequence: Sequence) -> Result<Option<Arc<Recorded>>, JournalError> {
        self.inner.event(sequence).await
    }
    async fn last_event(
        &self,
        account: &AccountId,
        at: Sequence,
    ) -> Result<Option<Arc<Recorded>>, JournalError> {
        self.inner.last_event(account, at).await
    }
    async fn accounts_at(
        &self,
        at: Sequence,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<store::AccountsAt, JournalError> {
        self.inner.accounts_at(at, after, limit).await
    }
    async fn hold(&self, account: &AccountId, hold: &HoldId) -> Result<Option<HoldRecord>, JournalError> {
        self.inner.hold(account, hold).await
    }
    async fn hold_deadlines(&self, limit: usize) -> Result<(Timestamp, store::Deadlines), JournalError> {
        let (now, deadlines) = self.inner.hold_deadlines(limit).await?;
        Ok((self.by_its_clock(now), deadlines))
    }
    async fn last_reversal(&self, movement: Sequence) -> Result<Option<Arc<Recorded>>, JournalError> {
        self.inner.last_reversal(movement).await
    }
    async fn sequence_at(&self, moment: Timestamp) -> Result<Sequence, JournalError> {
        self.inner.sequence_at(moment).await
    }
    async fn command(&self, id: &CommandId) -> Result<Option<Recalled>, JournalError> {
        self.inner.command(id).await
    }
    async fn first_recorded(&self, ids: &[CommandId]) -> Result<Option<CommandId>, JournalError> {
        self.inner.first_recorded(ids).await
    }
    async fn commands(&self, query: &LogQuery) -> Result<Vec<LogEntry>, JournalError> {
        self.inner.commands(query).await
    }
    async fn now(&self) -> Result<Timestamp, JournalError> {
        Ok(self.by_its_clock(self.inner.now().await?))
    }
}

/// Its own would end everybody's holds, and begin their days.
#[test]
fn a_process_whose_clock_is_wrong_goes_by_that_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let (journal, views) = (Faulty::of_another_time(&folder, 2), views(&folder));
        let ledger = Ledger::start(Arc::clone(&journal), views, &settings()).await.unwrap();
        accepted(ledger.execute(create("a", "10")).await);
        assert!(matches!(ledger.ready().await, Err(NotReady::Clock(off)) if off > 86_400_000));
        let there = journal.now().await.unwrap();
        let loaded = journal.load(&[id("a")]).await.unwrap();
        let Account::Present(profile, ..) = &loaded[0].account else { panic!("no account") };
        assert!(profile.created_at <= there, "{} {there}", profile.created_at);
    });
}

#[test]
fn an_answer_lost_after_the_commit_is_found_again_though_the_log_is_away_in_between() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let journal = Faulty::journal(&folder, &[Fault::LosesTheAnswer, Fault::IsAway]);
        let ledger = Ledger::start(journal, views(&folder), &settings()).await.unwrap();
        let (first, replayed) = accepted(ledger.execute(create("a", "1")).await);
        assert_eq!((first, replayed), (Sequence::new(1), false));
        let (second, _) = accepted(ledger.execute(deposit("a", "1", None)).await);
        assert_eq!(second, Sequence::new(2));
        assert_eq!(balance(ledger.journal(), "a").await, 200);
    });
}

#[test]
fn who_asks_again_while_the_outcome_is_unknown_is_not_told_that_nothing_was_done() {
    static STALLS: Semaphore = Semaphore::const_new(0);
    const WAITS: &[Fault] = &[Fault::Waits(&STALLS)];
    const IS_LOST: &[Fault] = &[
        Fault::LosesTheAnswer,
        Fault::IsAway,
        Fault::IsAway,
        Fault::IsAway,
        Fault::IsAway,
        Fault::IsAway,
        Fault::IsAway,
    ];
    asked_again_while(IS_LOST, || {});
    asked_again_while(WAITS, || STALLS.add_permits(1));
}

fn asked_again_while(faults: &'static [Fault], over: impl FnOnce()) {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        accepted(ledger(&folder).await.execute(create("a", "1")).await);
        let journal = Faulty::journal(&folder, faults);
        let ledger = Ledger::start(journal, views(&folder), &settings()).await.unwrap();
        let keyed = || ledger.execute(deposit("a", "1", Some("k")));
        // The client hangs up.
        let first = tokio::time::timeout(Duration::from_millis(50), keyed()).await;
        assert!(first.is_err(), "{first:?}");
        let (same, other) =
            futures_util::future::join(keyed(), ledger.execute(deposit("a", "1", None))).await;
        assert!(matches!(same, Err(Failure::OutcomeUnknown)), "{same:?}");
        assert!(matches!(other, Err(Failure::LogUnavailable)), "{other:?}");
        over();
        let answer = loop {
            match keyed().await {
                Err(Failure::OutcomeUnknown) => tokio::time::sleep(Duration::from_millis(20)).await,
                answer => break answer,
            }
        };
        assert_eq!(accepted(answer), (Sequence::new(2), true));
        assert_eq!(balance(ledger.journal(), "a").await, 200);
    });
}

#[test]
fn a_panic_while_an_account_is_loaded_leaves_the_others_alone() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let journal = Faulty::journal(&folder, &[]);
        let one_shard = Settings { shards: 1, ..settings() };
        let ledger = Ledger::start(journal, views(&folder), &one_shard).await.unwrap();
        for _ in 0..2 {
            let answer = ledger.execute(create("unreadable", "1")).await;
            assert!(matches!(answer, Err(Failure::Fault(_))), "{answer:?}");
        }
        accepted(ledger.execute(create("a", "1")).await);
    });
}

#[test]
fn a_hub_that_panics_starts_again_and_misses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let shaky = Faulty::with_bad_pages(&folder, &[], 2);
        let impatient = Settings { feed_timeout: Duration::ZERO, ..settings() };
        let here = Ledger::start(shaky, views(&folder), &impatient).await.unwrap();
        let other = tempfile::tempdir().unwrap();
        let elsewhere = Ledger::start(journal(&folder), views(&other), &settings()).await.unwrap();
        accepted(elsewhere.execute(create("a", "1")).await);
        let (last, _) = accepted(elsewhere.execute(deposit("a", "1", None)).await);
        until("the feed is whole", || here.feed().head() == last).await;
        let before = here.hub().restarts();
        assert!(before > 0);

        let unheard = |close: Box<dyn Fn() + Send + Sync>| {
            let member = here.hub().join(close);
            member.vitals.in_flight.store(true, Ordering::SeqCst);
            member
        };
        let closed = Arc::new(AtomicUsize::new(0));
        let counts = Arc::clone(&closed);
        let _members = [
            unheard(Box::new(|| panic!("a bug"))),
            unheard(Box::new(move || {
                counts.fetch_add(1, Ordering::SeqCst);
            })),
        ];
        until("the other one is closed", || closed.load(Ordering::SeqCst) == 1).await;
        assert_eq!((here.hub().restarts(), here.hub().reaped()), (before + 1, 2));
    });
}

/// What the writer knew is lost; a new process starts from the log. A process of its own ends here.
#[test]
fn a_panic_of_the_journal_writer_ends_the_process() {
    const IN_THE_PROCESS_THAT_ENDS: &str = "BURSAR_TEST_PANIC";
    if std::env::var_os(IN_THE_PROCESS_THAT_ENDS).is_none() {
        let ended = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_panic_of_the_journal_writer_ends_the_process"])
            .env(IN_THE_PROCESS_THAT_ENDS, "1")
            .output()
            .unwrap();
        assert_eq!(ended.status.code(), Some(70), "{ended:?}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let journal = Faulty::journal(&folder, &[Fault::Panics]);
        let ledger = Ledger::start(journal, views(&folder), &settings()).await.unwrap();
        let answer = ledger.execute(create("a", "1")).await;
        // Who waits for the answer may be told before the process has ended.
        let ends = tokio::time::timeout(Duration::from_secs(30), std::future::pending::<()>()).await;
        panic!("the process goes on: {answer:?} {ends:?}");
    });
}

/// Read models that panic, then fail, then work.
struct Shaky {
    inner: Arc<dyn Views>,
    applies: AtomicU32,
}

#[async_trait]
impl Views for Shaky {
    async fn served(&self, projection: &str) -> Result<Option<Generation>, ViewsError> {
        self.inner.served(projection).await
    }
    async fn checkpoint(&self, projection: &str, at: Generation) -> Result<Option<Checkpoint>, ViewsError> {
        self.inner.checkpoint(projection, at).await
    }
    async fn create(&self, projection: &str, log_id: Uuid) -> Result<Generation, ViewsError> {
        self.inner.create(projection, log_id).await
    }
    async fn apply(
        &self,
        projection: &str,
        generation: Generation,
        from: Sequence,
        documents: &[Document],
        to: &Checkpoint,
    ) -> Result<Applied, ViewsError> {
        match self.applies.fetch_add(1, Ordering::SeqCst) {
            0 | 1 => panic!("a bug"),
            2..6 => Err(ViewsError::unavailable("a fault")),
            _ => self.inner.apply(projection, generation, from, documents, to).await,
        }
    }
    async fn prior(&self, projection: &str, at: Generation, keys: &[String]) -> Result<Prior, ViewsError> {
        self.inner.prior(projection, at, keys).await
    }
    async fn serve(&self, projection: &str, generation: Generation) -> Result<(), ViewsError> {
        self.inner.serve(projection, generation).await
    }
    async fn generations(&self, projection: &str) -> Result<Vec<Generation>, ViewsError> {
        self.inner.generations(projection).await
    }
    async fn discard(&self, projection: &str, generation: Generation) -> Result<(), ViewsError> {
        self.inner.discard(projection, generation).await
    }
    async fn get(&self, projection: &str, key: &str) -> Result<Read<Option<String>>, ViewsError> {
        self.inner.get(projection, key).await
    }
    async fn list(&self, projection: &str, listing: &Listing) -> Result<Read<List>, ViewsError> {
        self.inner.list(projection, listing).await
    }
    async fn check(&self) -> Result<(), ViewsError> {
        self.inner.check().await
    }
}

#[test]
fn a_projection_that_panics_or_fails_starts_again_and_skips_nothing() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let shaky = Shaky { inner: views(&folder), applies: AtomicU32::new(0) };
        let ledger = Ledger::start(journal(&folder), Arc::new(shaky), &settings()).await.unwrap();
        accepted(ledger.execute(create("a", "1")).await);
        let (last, _) = accepted(ledger.execute(deposit("a", "1", None)).await);
        until("the projections are there", || {
            ledger.projections().iter().all(|stats| stats.checkpoint == last)
        })
        .await;
        let stats = ledger.projections();
        assert_eq!(stats.iter().map(|stats| stats.restarts).sum::<u64>(), 6);
        assert!(stats.iter().all(|stats| stats.state == ProjectionState::Running));
        let read = ledger.views("accounts").await.unwrap().get("accounts", "a").await.unwrap();
        assert_eq!(read.sequence, last);
        assert!(read.value.unwrap().contains("\"balance\":2,"));
    });
}

#[test]
fn a_generation_that_nobody_fills_any_more_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    System::new().block_on(async {
        let (journal, views) = (journal(&folder), views(&folder));
        // What a process leaves that is killed in the middle of a replay.
        let log_id = journal.head().await.unwrap().log_id;
        let left = views.create("accounts", log_id).await.unwrap();
        let ledger = Ledger::start(journal, Arc::clone(&views), &settings()).await.unwrap();
        until("the projections are there", || {
            ledger.projections().iter().all(|stats| stats.generation.is_some())
        })
        .await;
        let served = views.served("accounts").await.unwrap().unwrap();
        assert_eq!(views.generations("accounts").await.unwrap(), [left, served]);
        while views.generations("accounts").await.unwrap() != [served] {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

#[test]
fn an_event_that_cant_be_read_faults_the_projection_there_and_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.sqlite3");
    System::new().block_on(async {
        let ledger = ledger(&folder).await;
        accepted(ledger.execute(create("a", "1")).await);
        until("the projections are there", || ledger.projections().iter().all(|stats| stats.lag_events == 0)).await;
        // What a newer version of the program would have written.
        let log = rusqlite::Connection::open(&path).unwrap();
        log.execute_batch(
            "BEGIN IMMEDIATE;
             INSERT INTO events (sequence, account, version, kind, place, command_id, fingerprint, command, unit_size,
                                 balance, held, overdraft_limit, transactions, status, spent, decided_at, body)
             SELECT 2, account, 2, 'MONEY_PRINTED', 0, 'print', fingerprint, 'PRINT', 1,
                    balance, held, overdraft_limit, transactions, status, spent, decided_at,
                    replace(body, 'ACCOUNT_CREATED', 'MONEY_PRINTED')
             FROM events WHERE sequence = 1;
             INSERT INTO batches SELECT 2, 2, root, chain, committed_at FROM batches;
             UPDATE log SET last_sequence = 2;
             COMMIT;",
        )
        .unwrap();
        let again = Ledger::start(journal(&folder), views(&folder), &settings()).await.unwrap();
        // Its account is stopped; one that is loaded beside it is not.
        let (stopped, goes_on) = futures_util::future::join(
            again.execute(deposit("a", "1", None)),
            again.execute(create("b", "1")),
        )
        .await;
        assert!(matches!(stopped, Err(Failure::Fault(reason)) if reason.contains("MONEY_PRINTED")));
        accepted(goes_on);
        let faulted = |stats: &actors::ProjectionStats| stats.state == ProjectionState::Faulted;
        until("the projections are faulted", || again.projections().iter().all(faulted)).await;
        for stats in again.projections() {
            assert_eq!(stats.checkpoint, Sequence::new(1));
            assert_eq!(stats.poison, Some(Sequence::new(2)));
            assert!(stats.last_error.unwrap().contains("MONEY_PRINTED"));
        }
    });
}
