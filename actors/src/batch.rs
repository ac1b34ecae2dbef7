//! Batches: many commands in one request, each on its own, decided in order without waiting for each other's commit.

use std::sync::Arc;
use std::time::Instant;

use domain::{CommandId, Fingerprint, Request, Subject};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::RecvError;

use crate::answer::{Answer, Failure};
use crate::decision::{Order, Settled};
use crate::execute::{ANSWER_WITHIN, Permit, failure};
use crate::keys::{Guard, Turn};
use crate::ledger::Ledger;

/// Batches under way at once; more are turned away. Each brings at most as many commands as the facade lets in.
pub(crate) const BATCHES_IN_FLIGHT_MAX: usize = 16;

/// A command of the batch on its way.
struct Item {
    request: Arc<Request>,
    fingerprint: Fingerprint,
    outcome: Outcome,
    key: Option<Guard<CommandId>>,
}

/// What becomes of an item.
enum Outcome {
    /// A command with the same key was under way: it is done when its turn comes.
    Later,
    Awaited(oneshot::Receiver<Settled>),
    Known(Result<Settled, RecvError>),
}

impl Item {
    async fn settle(&mut self) {
        if let Outcome::Awaited(settled) = &mut self.outcome {
            self.outcome = Outcome::Known(settled.await);
        }
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
        let mut items = Vec::with_capacity(requests.len());
        let to_send: Vec<_> = requests.iter().filter(|request| refused(request).is_none()).cloned().collect();
        // What was not sent by then is not done.
        let _ = tokio::time::timeout_at(deadline, self.send_all(&to_send, &mut items)).await;
        let mut items = items.into_iter();
        let mut answers = Vec::with_capacity(requests.len());
        for request in &requests {
            if let Some(failure) = refused(request) {
                answers.push(self.conclude(request, Err(failure), started));
                continue;
            }
            let answer = match items.next() {
                Some(item) => {
                    let answer = tokio::time::timeout_at(deadline, self.finish(item)).await;
                    answer.unwrap_or(Err(Failure::OutcomeUnknown))
                }
                None => Err(Failure::Overloaded),
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
        let known = self.inner.journal.first_recorded(&ids).await.map_err(failure)?;
        if let Some(known) = derived().find(|request| Some(&request.id) == known.as_ref()) {
            self.recorded(known, known.fingerprint()).await?;
        }
        Ok(())
    }

    /// Has the commands decided in order. Those on one account each go to it in order by themselves; before and behind one
    /// with several accounts, whatever came before is decided first.
    async fn send_all(&self, requests: &[Arc<Request>], items: &mut Vec<Item>) {
        let mut undecided: Vec<oneshot::Receiver<()>> = Vec::new();
        for request in requests {
            let request = Arc::clone(request);
            let fingerprint = request.fingerprint();
            let key = request.keyed.then(|| self.inner.keys.enter(&request.id));
            let key = match key {
                Some(Turn::Mine(guard)) => Some(guard),
                Some(Turn::After(_)) => {
                    items.push(Item { request, fingerprint, outcome: Outcome::Later, key: None });
                    continue;
                }
                None => None,
            };
            let accounts = request.command.accounts();
            let alone = accounts.len() == 1 && request.command.subject(&request.id) == Subject::Nothing;
            if !alone {
                wait_for(&mut undecided).await;
            }
            if matches!(request.command.subject(&request.id), Subject::Movements(_)) {
                // What came before may be what goes back.
                for item in items.iter_mut() {
                    item.settle().await;
                }
            }
            let (reply, settled) = oneshot::channel();
            let (guard, decided) = oneshot::channel();
            let mut order =
                Order::new(Arc::clone(&request), fingerprint, self.inner.mailboxes.enter(), reply);
            order.undecided = Some(guard);
            undecided.push(decided);
            items.push(Item { request, fingerprint, outcome: Outcome::Awaited(settled), key });
            self.deliver(&accounts, order).await;
            if !alone {
                wait_for(&mut undecided).await;
            }
        }
    }

    /// The answer to an item, when all before it have theirs: so what has to be decided again is so in order, too.
    async fn finish(&self, item: Item) -> Result<Answer, Failure> {
        let Item { request, fingerprint, outcome, key } = item;
        let settled = match outcome {
            Outcome::Later => return self.execute_as(&request, fingerprint).await,
            Outcome::Awaited(settled) => settled.await,
            Outcome::Known(settled) => settled,
        };
        match self.answer(&request, fingerprint, settled).await {
            Some(answer) => answer,
            None => {
                let answer = self.decide_until_settled(&request, fingerprint).await;
                drop(key);
                answer
            }
        }
    }
}

async fn wait_for(undecided: &mut Vec<oneshot::Receiver<()>>) {
    for decided in undecided.drain(..) {
        // Nothing is ever sent; the sender is dropped.
        let _ = decided.await;
    }
}
