//! The account's actor: decides at once on its state in memory, which may be ahead of the log, and never waits for the disk.
//!
//! What it decides goes to the journal writer in the order of decision; whoever asked is told by the writer. When a
//! unit fails, everything decided on top of it fails too, the registry drops the actor, and the account comes back from
//! the log with its next command. State in memory is never trusted over the log.

use std::sync::Arc;

use actix::prelude::*;
use domain::{Account, AccountId};
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::decision::{Lineage, Order, Settled, decide_order, expire_due};
use crate::writer::Writer;

/// The actor of one account.
#[derive(Debug)]
pub(crate) struct AccountActor {
    /// The account as decided so far; alone in an array, because decisions are made on several.
    state: [(AccountId, Account); 1],
    lineage: Arc<Lineage>,
    writer: Writer,
}

impl AccountActor {
    pub(crate) fn start_on(
        id: AccountId,
        account: Account,
        lineage: Arc<Lineage>,
        writer: Writer,
    ) -> Addr<Self> {
        Self::create(|ctx| {
            // Not when it has started: whoever waits for it is forwarded before its first poll.
            ctx.set_mailbox_capacity(crate::ledger::MAILBOX_CAPACITY);
            Self { state: [(id, account)], lineage, writer }
        })
    }
}

impl Actor for AccountActor {
    type Context = Context<Self>;
}

/// A command on this account alone; from the registry.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(crate) struct Decide(pub(crate) Order);

/// Holds may be over; from whoever keeps an eye on the clock.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(crate) struct Expire;

/// A place in a meeting of several accounts: from the ledger's handle to the first, then from each to the next, in the
/// order of their ids, so that two meetings can't wait for each other.
#[derive(Message, Debug)]
#[rtype(result = "()")]
pub(crate) struct Meet {
    pub(crate) order: Order,
    /// Everyone in the meeting, pinned to memory until it is over.
    pub(crate) pins: Arc<[Pin]>,
    /// The states of those who are in already; they hold their mailboxes until they are told what became of it.
    pub(crate) gathered: Vec<(AccountId, Account)>,
    /// Tells the one before: the states as they are now, or nothing if nothing was decided.
    pub(crate) back: Option<oneshot::Sender<Vec<(AccountId, Account)>>>,
}

/// An account that stays in memory while this exists.
#[derive(Debug)]
pub(crate) struct Pin {
    pub(crate) addr: Addr<AccountActor>,
    pub(crate) lineage: Arc<Lineage>,
}

impl Handler<Decide> for AccountActor {
    type Result = ();

    fn handle(&mut self, Decide(order): Decide, _: &mut Self::Context) {
        if self.lineage.is_broken() || !order.may_follow(&self.state, std::slice::from_ref(&self.lineage)) {
            return order.settle(Settled::Retry);
        }
        let (now, lineages) = (self.writer.clock.now(), vec![Arc::clone(&self.lineage)]);
        expire_due(&mut self.state, &lineages, now).into_iter().for_each(|over| self.writer.push(over));
        self.writer.push(decide_order(order, &mut self.state, lineages, now));
    }
}

impl Handler<Expire> for AccountActor {
    type Result = ();

    fn handle(&mut self, _: Expire, _: &mut Self::Context) {
        if !self.lineage.is_broken() {
            let lineage = std::slice::from_ref(&self.lineage);
            let now = self.writer.clock.now();
            expire_due(&mut self.state, lineage, now).into_iter().for_each(|over| self.writer.push(over));
        }
    }
}

impl Handler<Meet> for AccountActor {
    type Result = AtomicResponse<Self, ()>;

    fn handle(&mut self, mut meet: Meet, _: &mut Self::Context) -> Self::Result {
        if self.lineage.is_broken() {
            meet.order.settle(Settled::Retry);
            return AtomicResponse::new(Box::pin(fut::ready(())));
        }
        let place = meet.gathered.len();
        meet.gathered.extend(self.state.iter().cloned());
        let next = place + 1;
        if next == meet.pins.len() {
            self.conclude(meet);
            return AtomicResponse::new(Box::pin(fut::ready(())));
        }
        // The mailbox is held until the next one answers; it answers after one hop, without any input or output.
        let (back, answer) = oneshot::channel();
        let before = meet.back.replace(back);
        let addr = meet.pins.get(next).map(|pin| pin.addr.clone());
        if let Some(addr) = addr
            && let Err(error) = addr.try_send(meet)
        {
            let meet = match error {
                SendError::Full(meet) | SendError::Closed(meet) => meet,
            };
            meet.order.settle(Settled::Retry);
        }
        AtomicResponse::new(Box::pin(answer.into_actor(self).map(move |answer, actor, _| {
            // No answer: nothing was decided, or the next one is gone, and what it may have pushed is settled by the
            // versions that this account goes on from.
            let Ok(states) = answer else { return };
            if let Some(state) = states.get(place) {
                actor.state = [state.clone()];
            }
            if let Some(before) = before {
                let _ = before.send(states);
            }
        })))
    }
}

impl AccountActor {
    /// The last one to arrive decides for all.
    fn conclude(&mut self, meet: Meet) {
        let Meet { order, pins, mut gathered, back } = meet;
        let lineages: Vec<_> = pins.iter().map(|pin| Arc::clone(&pin.lineage)).collect();
        if !order.may_follow(&gathered, &lineages) {
            return order.settle(Settled::Retry);
        }
        let now = self.writer.clock.now();
        expire_due(&mut gathered, &lineages, now).into_iter().for_each(|over| self.writer.push(over));
        self.writer.push(decide_order(order, &mut gathered, lineages, now));
        if let Some(own) = gathered.last() {
            self.state = [own.clone()];
        }
        if let Some(back) = back {
            let _ = back.send(gathered);
        }
    }
}

/// Accounts on their way to memory for a meeting, which the last one to be there starts: whoever asks for it waits once, for
/// the outcome.
#[derive(Debug)]
pub(crate) struct Gathering(Mutex<Option<Gathered>>);

#[derive(Debug)]
struct Gathered {
    order: Order,
    /// In the order of the accounts.
    pins: Vec<Option<Pin>>,
}

impl Gathering {
    pub(crate) fn new(order: Order, accounts: usize) -> Arc<Self> {
        let pins = (0..accounts).map(|_| None).collect();
        Arc::new(Self(Mutex::new(Some(Gathered { order, pins }))))
    }

    /// The account at that place is there.
    pub(crate) fn arrive(&self, place: usize, pin: Pin) {
        let mut gathered = self.0.lock();
        // Nobody is waited for where another one failed.
        let Some(Gathered { pins, .. }) = &mut *gathered else { return };
        if let Some(seat) = pins.get_mut(place) {
            *seat = Some(pin);
        }
        if pins.iter().all(Option::is_some)
            && let Some(Gathered { order, pins }) = gathered.take()
        {
            drop(gathered);
            start_meeting(order, pins.into_iter().flatten().collect());
        }
    }

    /// Whether it is still to come, and somebody waits for its outcome.
    pub(crate) fn is_awaited(&self) -> bool {
        self.0.lock().as_ref().is_some_and(|gathered| !gathered.order.reply.is_closed())
    }

    /// One of them can't come.
    pub(crate) fn fail(&self, settled: Settled) {
        if let Some(Gathered { order, .. }) = self.0.lock().take() {
            order.settle(settled);
        }
    }
}

/// Starts a meeting of the pinned accounts, which are in the order of their ids.
pub(crate) fn start_meeting(order: Order, pins: Vec<Pin>) {
    let pins: Arc<[Pin]> = pins.into();
    let Some(first) = pins.first().map(|pin| pin.addr.clone()) else { return };
    let count = pins.len();
    let meet = Meet { order, pins, gathered: Vec::with_capacity(count), back: None };
    if let Err(SendError::Full(meet) | SendError::Closed(meet)) = first.try_send(meet) {
        meet.order.settle(Settled::Retry);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{
        Circumstances, Command, CommandId, Currency, HoldId, Participants, Precedents, Quantity, Request,
        Version,
    };
    use futures_util::future::join_all;
    use store::{Batch, Contents, Touch, Unit};

    use super::*;
    use crate::clock::machine;
    use crate::decision::{Origin, drafts};
    use crate::registry::{Deliver, Job};
    use crate::{Answer, Failure, Ledger, Settings, stores};

    /// What no command is known to do.
    #[derive(Message)]
    #[rtype(result = "()")]
    struct Panic;

    impl Handler<Panic> for AccountActor {
        type Result = ();

        fn handle(&mut self, _: Panic, _: &mut Self::Context) {
            panic!("a bug");
        }
    }

    fn request(command: Command) -> Request {
        let id = CommandId::from(uuid::Uuid::now_v7());
        Request {
            id,
            keyed: false,
            command,
            if_match: None,
            metadata: None,
            correlation: None,
            trace: None,
            batch: None,
        }
    }

    fn settings() -> Settings {
        Settings {
            shards: 1,
            commands_in_flight_max: 100,
            residents_max: 100,
            feed_timeout: Duration::from_secs(30),
            audit: true,
        }
    }

    fn id(name: &str) -> AccountId {
        AccountId::parse(name).unwrap()
    }

    /// With 1.00 in it.
    fn create(name: &str) -> Command {
        Command::CreateAccount {
            account: id(name),
            initial_balance: Quantity::parse("1").unwrap(),
            currency: Currency::USD,
            owner: None,
            overdraft_limit: Quantity::ZERO,
        }
    }

    fn transfer(from: &str, to: &str, amount: &str) -> Command {
        let (from, to, amount) = (id(from), id(to), Quantity::parse(amount).unwrap());
        Command::Transfer { from, to, amount, currency: None, description: None }
    }

    #[test]
    fn what_a_wrong_clock_did_to_one_account_does_not_spread_to_others() {
        let folder = tempfile::tempdir().unwrap();
        let future = machine().plus_seconds(2 * 86_400);
        let early = {
            let request = request(create("early"));
            let mut own = [(id("early"), Account::Absent)];
            let circumstances = Circumstances {
                now: future,
                command_id: &request.id,
                if_match: None,
                precedents: &Precedents::None,
            };
            let placed = domain::decide(&request.command, &circumstances, &Participants(&own)).unwrap();
            let drafts = drafts(&Origin::of(&request, None), &mut own, placed, future);
            Unit {
                command_id: request.id.clone(),
                fingerprint: request.fingerprint(),
                may_repeat: false,
                touches: vec![Touch { account: id("early"), key: None, version: Version::new(0) }],
                contents: Contents::Events(request.command.name().into(), drafts),
            }
        };
        System::new().block_on(async {
            let (journal, views) = (stores::journal(&folder), stores::views(&folder));
            journal.append(&Arc::new(Batch { units: vec![early] })).await.unwrap();
            let ledger = Ledger::start(Arc::clone(&journal), views, &settings()).await.unwrap();
            let hold = HoldId::parse("rent").unwrap();
            let account = id("late");
            let place = Command::PlaceHold {
                account: account.clone(),
                hold: Some(hold.clone()),
                amount: Quantity::parse("1").unwrap(),
                currency: None,
                expires_in: Some(86_400),
                description: None,
            };
            let capture = Command::CaptureHold {
                account,
                hold,
                amount: None,
                currency: None,
                to: None,
                description: None,
            };
            let refused = transfer("early", "late", "5");
            for (command, is_refused) in [
                (create("late"), false),
                (place, false),
                (refused, true),
                (transfer("early", "late", "1"), false),
                (capture, false),
                (transfer("late", "early", "1"), false),
            ] {
                let name = command.name();
                let answer = ledger.execute(request(command)).await;
                let as_expected = match &answer {
                    Ok(Answer::Accepted(_)) => !is_refused,
                    Ok(Answer::Refused(_)) => is_refused,
                    Err(_) => false,
                };
                assert!(as_expected, "{name}: {answer:?}");
            }
            let loaded = journal.load(&[id("late"), id("early")]).await.unwrap();
            let times: Vec<_> = loaded
                .iter()
                .map(|loaded| match &loaded.account {
                    Account::Present(_, standing, _) => standing.updated_at,
                    Account::Absent => panic!("no account"),
                })
                .collect();
            assert!(times[0] <= machine() && times[1] == future, "{times:?}");
        });
    }

    #[test]
    fn an_account_whose_actor_panicked_comes_back_from_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let account = AccountId::parse("a").unwrap();
        let one = Quantity::parse("1").unwrap();
        let deposit = || {
            let account = account.clone();
            request(Command::Deposit { account, amount: one, currency: None, description: None })
        };
        System::new().block_on(async {
            let (journal, views) = (stores::journal(&folder), stores::views(&folder));
            let ledger = Ledger::start(Arc::clone(&journal), views, &settings()).await.unwrap();
            assert!(matches!(ledger.execute(request(create("a"))).await, Ok(Answer::Accepted(_))));
            let (reply, pin) = oneshot::channel();
            let job = Job::Pin(reply);
            ledger.inner.shards.all()[0].send(Deliver { account: account.clone(), job }).await.unwrap();
            let actor = pin.await.unwrap().unwrap().addr;
            // Some of these are decided before the panic, some wait for the actor, some find another one.
            let deposits = join_all((0..50).map(async |number| {
                if number == 25 {
                    actor.try_send(Panic).unwrap();
                }
                ledger.execute(deposit()).await
            }));
            let mut done = 0;
            for answer in deposits.await {
                match answer {
                    Ok(Answer::Accepted(_)) => done += 1,
                    Err(Failure::OutcomeUnknown) => {}
                    other => panic!("{other:?}"),
                }
            }
            assert!(!actor.connected(), "the actor lives on");
            assert!(matches!(ledger.execute(deposit()).await, Ok(Answer::Accepted(_))));
            let loaded = journal.load(std::slice::from_ref(&account)).await.unwrap();
            let Account::Present(_, standing, _) = &loaded[0].account else { panic!("no account") };
            assert_eq!(standing.balance.minor(), 100 * (1 + done + 1));
        });
    }
}
