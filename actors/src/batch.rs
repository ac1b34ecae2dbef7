//! Batches: many commands in one request, each on its own, decided in order without waiting for each other's commit.

use std::sync::Arc;
use std::time::Instant;

use domain::{CommandId, Fingerprint, Request, Subject};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use crate::answer::{Answer, Failure};
use crate::decision::{Order, Series, Settled};
use crate::execute::{ANSWER_WITHIN, DECISIONS_MAX, Permit, pause_before};
use crate::keys::{First, Guard, Turn};
use crate::ledger::Ledger;

/// Batches under way at once; more are turned away. Each brings at most as many commands as the facade lets in.
pub(crate) const BATCHES_IN_FLIGHT_MAX: usize = 16;

/// A command of the batch on its way.
struct Item {
    request: Arc<Request>,
    fingerprint: Fingerprint,
    came_at: Instant,
    outcome: Outcome,
    /// While it is sent.
    key: Option<Guard<CommandId>>,
}

/// What becomes of an item.
enum Outcome {
    /// Nothing yet, or it is to be decided again.
    Open,
    /// A command with the same key is under way.
    Behind(First),
    Awaited(oneshot::Receiver<Settled>),
    Known(Result<Settled, RecvError>),
    Answered(Result<Answer, Failure>),
}

impl Item {
    fn new(request: &Arc<Request>) -> Self {
        let (request, fingerprint) = (Arc::clone(request), request.fingerprint());
        Self { request, fingerprint, came_at: Instant::now(), outcome: Outcome::Open, key: None }
    }

    fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Answered(_)) && !self.is_put_off()
    }

    /// Whether it may be done another time.
    fn is_put_off(&self) -> bool {
        let Outcome::Answered(Err(failure)) = &self.outcome else { return false };
        matches!(failure, Failure::LogUnavailable | Failure::OutcomeUnknown | Failure::Overloaded)
    }

    fn is_reversal(&self) -> bool {
        matches!(self.request.command.subject(&self.request.id), Subject::Movements(_))
    }
}

impl Ledger {
    /// Does commands in order; answers each as [`execute`](Self::execute) would, all together when all are done.
    ///
    /// # Errors
    /// [`Failure::Overloaded`] where too many batches are under way; nothing of it was done.
    pub async fn execute_batch(
        &self,
        requests: Vec<Request>,
    ) -> Result<Vec<Result<Answer, Failure>>, Failure> {
        let _permit = Permit::take(&self.inner.batches, BATCHES_IN_FLIGHT_MAX)?;
        let started = Instant::now();
        let deadline = tokio::time::Instant::now() + ANSWER_WITHIN;
        let requests: Vec<Arc<Request>> = requests.into_iter().map(Arc::new).collect();
        // The batch's own, until all of it is answered: another one under the same key comes after it.
        let (_turn, not_done) = self.enter_batch(&requests, deadline).await;
        let refused = |request: &Request| not_done.clone().filter(|_| request.batch.is_some());
        let to_do = requests.iter().filter(|request| refused(request).is_none());
        let mut items: Vec<Item> = to_do.map(Item::new).collect();
        let _ = tokio::time::timeout_at(deadline, self.do_all(&mut items)).await;
        let mut items = items.into_iter();
        let mut answers = Vec::with_capacity(requests.len());
        for request in &requests {
            let answer = match refused(request) {
                Some(failure) => Err(failure),
                None => match items.next() {
                    Some(item) => self.outcome(item, deadline).await,
                    None => Err(Failure::Overloaded),
                },
            };
            answers.push(self.conclude(request, answer, started));
        }
        Ok(answers)
    }

    /// Waits for the turn of the batch's key, and says why nothing may be done under ids made of it: another batch was sent
    /// under it before, so that what this one has more than that one, or at another place, would be done under ids that
    /// nothing is recorded under; or whether that is so can't be found out.
    pub(crate) async fn enter_batch(
        &self,
        requests: &[Arc<Request>],
        deadline: tokio::time::Instant,
    ) -> (Option<Guard<CommandId>>, Option<Failure>) {
        let Some(first) = requests.iter().find(|request| request.batch.is_some()) else {
            return (None, None);
        };
        let entered = async {
            let turn = self.inner.batch_keys.wait(&first.id).await;
            (turn, self.recorded_of(requests).await)
        };
        match tokio::time::timeout_at(deadline, entered).await {
            Ok((turn, recorded)) => (Some(turn), recorded.err()),
            // It may be under way.
            Err(_) => (None, Some(Failure::OutcomeUnknown)),
        }
    }

    /// Fails where another command is recorded under the first of the ids made of the batch's key under which anything is.
    async fn recorded_of(&self, requests: &[Arc<Request>]) -> Result<(), Failure> {
        let derived = || requests.iter().filter(|request| request.batch.is_some());
        let ids: Vec<CommandId> = derived().map(|request| request.id.clone()).collect();
        // An earlier attempt may be under way.
        let known = self.inner.journal.first_recorded(&ids).await.map_err(|_| Failure::OutcomeUnknown)?;
        if let Some(known) = derived().find(|request| Some(&request.id) == known.as_ref()) {
            self.settled(known, known.fingerprint()).await?;
        }
        Ok(())
    }

    /// What is known of an item when the time is over.
    async fn outcome(&self, mut item: Item, deadline: tokio::time::Instant) -> Result<Answer, Failure> {
        let _ = tokio::time::timeout_at(deadline, self.finish(&mut item)).await;
        match item.outcome {
            Outcome::Answered(answer) => answer,
            // Not decided, or not done.
            Outcome::Open => Err(Failure::Overloaded),
            Outcome::Behind(_) | Outcome::Awaited(_) | Outcome::Known(_) => Err(Failure::OutcomeUnknown),
        }
    }

    async fn do_all(&self, items: &mut [Item]) {
        // What comes before a reversal may be what goes back, so all of that is answered first.
        let mut rest = items;
        while !rest.is_empty() {
            let reversal = rest.iter().skip(1).position(Item::is_reversal);
            let (next, behind) = rest.split_at_mut(reversal.map_or(rest.len(), |place| place + 1));
            self.do_in_order(next).await;
            if !next.iter().all(Item::is_done) {
                return;
            }
            rest = behind;
        }
    }

    /// Has the commands decided in order, those that are to be decided again behind one another once more. Behind one that can't
    /// be done now nothing is: it may rest on that one.
    async fn do_in_order(&self, items: &mut [Item]) {
        let open = |items: &[Item]| items.iter().filter(|item| matches!(item.outcome, Outcome::Open)).count();
        let (mut left, mut in_vain, mut is_again) = (items.len(), 0, false);
        while left > 0 && in_vain < DECISIONS_MAX {
            pause_before(in_vain).await;
            self.send_all(items, is_again).await;
            for item in items.iter_mut() {
                self.finish(item).await;
            }
            if items.iter().any(Item::is_put_off) {
                return;
            }
            let still = open(items);
            in_vain = if still < left { 0 } else { in_vain + 1 };
            (left, is_again) = (still, true);
        }
    }

    /// Sends what is open. Commands on one account each go to it in order by themselves; before and behind one with several
    /// accounts, whatever came before is decided first. What may be recorded is looked up, where that is known or was found out.
    async fn send_all(&self, items: &mut [Item], is_again: bool) {
        let series = Arc::new(Series::default());
        let mut undecided: Vec<oneshot::Receiver<()>> = Vec::new();
        for place in 0..items.len() {
            let (before, rest) = items.split_at_mut(place);
            let Some(item) = rest.first_mut().filter(|item| matches!(item.outcome, Outcome::Open)) else {
                continue;
            };
            if series.is_broken() {
                return;
            }
            let Item { request, fingerprint, came_at, outcome, key } = item;
            if request.keyed {
                match self.inner.keys.enter(&request.id) {
                    Turn::Mine(guard) => *key = Some(guard),
                    Turn::After(first) => {
                        *outcome = Outcome::Behind(first);
                        // It does nothing where the other one is of this batch.
                        if !before.iter().any(|item| item.key.is_some() && item.request.id == request.id) {
                            series.break_off();
                        }
                        continue;
                    }
                }
                if (is_again || self.inner.answered_keys.may_have(&request.id))
                    && let Some(answer) = self.known_already(request, *fingerprint).await
                {
                    (*outcome, *key) = (Outcome::Answered(answer), None);
                    continue;
                }
            }
            let accounts = request.command.accounts();
            let alone = accounts.len() == 1 && request.command.subject(&request.id) == Subject::Nothing;
            if !alone {
                wait_for(&mut undecided).await;
            }
            let (reply, settled) = oneshot::channel();
            let (guard, decided) = oneshot::channel();
            let waiting = self.inner.mailboxes.enter();
            let mut order = Order::new(Arc::clone(request), *fingerprint, *came_at, waiting, reply);
            order.undecided = Some(guard);
            order.series = Some(Arc::clone(&series));
            undecided.push(decided);
            *outcome = Outcome::Awaited(settled);
            self.deliver(&accounts, order).await;
            if !alone {
                wait_for(&mut undecided).await;
            }
        }
    }

    /// Waits for what becomes of an item that was sent: its answer, or that it is open again. May be dropped and called again.
    async fn finish(&self, item: &mut Item) {
        let Item { request, fingerprint, outcome, key, .. } = item;
        if let Outcome::Awaited(settled) = outcome {
            *outcome = Outcome::Known(settled.await);
        }
        let answer = match outcome {
            Outcome::Behind(first) => {
                first.clone().over().await;
                self.known(request, *fingerprint).await
            }
            Outcome::Known(settled) => self.answer(request, *fingerprint, settled.clone()).await,
            Outcome::Open | Outcome::Awaited(_) | Outcome::Answered(_) => return,
        };
        *outcome = answer.map_or(Outcome::Open, Outcome::Answered);
        *key = None;
    }
}

async fn wait_for(undecided: &mut Vec<oneshot::Receiver<()>>) {
    for decided in undecided.drain(..) {
        // Nothing is ever sent; the sender is dropped.
        let _ = decided.await;
    }
}
