//! The way of a command through the actors: admission, its key, its decision, its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use domain::{AccountId, CommandId, Fingerprint, Request, Subject};
use store::{JournalError, LogQuery, Recalled};
use tokio::sync::oneshot;

use crate::account::{Gathering, Pin, start_meeting};
use crate::answer::{Accepted, Answer, Failure, Refused};
use crate::decision::{Order, Settled, decide_order, is_of_form};
use crate::keys::Turn;
use crate::ledger::{Inner, Ledger};
use crate::recent::{Line, LineQuery};
use crate::registry::{Deliver, Job};

/// How long a client waits for the fate of its command.
pub(crate) const ANSWER_WITHIN: Duration = Duration::from_millis(4500);
/// How often a command is decided before the client is told to come back: two seconds of pauses, so that it is told before
/// its time is over, and knows that nothing was done.
pub(crate) const DECISIONS_MAX: u32 = 50;
/// Decided again at once so often; after that with a pause.
const DECISIONS_AT_ONCE: u32 = 3;
/// The pause, per decision beyond those.
const DECISION_PAUSE: Duration = Duration::from_millis(2);

/// A place among those under way.
pub(crate) struct Permit<'a>(&'a AtomicUsize);

impl<'a> Permit<'a> {
    pub(crate) fn take(under_way: &'a AtomicUsize, max: usize) -> Result<Self, Failure> {
        let permit = Self(under_way);
        if under_way.fetch_add(1, Ordering::AcqRel) >= max {
            return Err(Failure::Overloaded);
        }
        Ok(permit)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Ledger {
    /// Does a command: answered when its events are on disk, or its refusal is certain.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn execute(&self, request: Request) -> Result<Answer, Failure> {
        let _permit = self.admit()?;
        let started = Instant::now();
        let request = Arc::new(request);
        let fingerprint = request.fingerprint();
        // Whatever is under way when the time is over goes on without the client.
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.execute_as(&request, fingerprint)).await;
        self.conclude(&request, answer.unwrap_or(Err(Failure::OutcomeUnknown)), started)
    }

    /// What the client is told in the end.
    pub(crate) fn conclude(
        &self,
        request: &Request,
        answer: Result<Answer, Failure>,
        started: Instant,
    ) -> Result<Answer, Failure> {
        let answer = match answer {
            // An earlier attempt may have done it.
            Err(Failure::LogUnavailable | Failure::Overloaded)
                if self.inner.in_doubt.lock().contains(&request.id) =>
            {
                Err(Failure::OutcomeUnknown)
            }
            answer => answer,
        };
        self.note(request, &answer, started);
        answer
    }

    pub(crate) fn admit(&self) -> Result<Permit<'_>, Failure> {
        Permit::take(&self.inner.in_flight, self.inner.in_flight_max)
    }

    fn note(&self, request: &Request, answer: &Result<Answer, Failure>, started: Instant) {
        let elapsed = started.elapsed();
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let Inner { meters, memory, feed, answered_keys, writer, .. } = &*self.inner;
        meters.seconds.record(elapsed.as_secs_f64());
        let is_recorded = match answer {
            Ok(Answer::Accepted(_)) => true,
            Ok(Answer::Refused(refused)) => !is_of_form(&refused.refusal),
            Err(failure) => matches!(failure, Failure::KeyReused),
        };
        if request.keyed && is_recorded {
            answered_keys.note(&request.id);
        }
        match answer {
            Ok(Answer::Accepted(accepted)) => {
                meters.accepted.increment(1);
                if !accepted.replayed {
                    memory.answered(&request.id, micros);
                }
            }
            Ok(Answer::Refused(refused)) => {
                meters.refused.increment(1);
                if !request.keyed || is_of_form(&refused.refusal) {
                    let now = writer.clock.now();
                    memory.refused(request, &refused.refusal, feed.head(), now, micros);
                } else if !refused.replayed {
                    memory.answered(&request.id, micros);
                }
            }
            Err(Failure::KeyReused) => meters.refused.increment(1),
            Err(_) => meters.failed.increment(1),
        }
    }

    pub(crate) async fn execute_as(
        &self,
        request: &Arc<Request>,
        fingerprint: Fingerprint,
    ) -> Result<Answer, Failure> {
        if !request.keyed {
            return self.decide_until_settled(request, fingerprint).await;
        }
        if self.inner.answered_keys.may_have(&request.id)
            && let Some(answer) = self.known_already(request, fingerprint).await
        {
            return answer;
        }
        loop {
            match self.inner.keys.enter(&request.id) {
                Turn::Mine(_until_answered) => return self.decide_until_settled(request, fingerprint).await,
                Turn::After(first) => {
                    first.over().await;
                    if let Some(answer) = self.known(request, fingerprint).await {
                        return answer;
                    }
                }
            }
        }
    }

    pub(crate) async fn decide_until_settled(
        &self,
        request: &Arc<Request>,
        fingerprint: Fingerprint,
    ) -> Result<Answer, Failure> {
        let accounts = request.command.accounts();
        let came_at = Instant::now();
        for decision in 0..DECISIONS_MAX {
            pause_before(decision).await;
            let (reply, settled) = oneshot::channel();
            let waiting = self.inner.mailboxes.enter();
            let order = Order::new(Arc::clone(request), fingerprint, came_at, waiting, reply);
            self.deliver(&accounts, order).await;
            if let Some(answer) = self.answer(request, fingerprint, settled.await).await {
                return answer;
            }
        }
        Err(Failure::Overloaded)
    }

    /// What a settled order is answered with; nothing where it is to be decided again.
    pub(crate) async fn answer(
        &self,
        request: &Request,
        fingerprint: Fingerprint,
        settled: Result<Settled, oneshot::error::RecvError>,
    ) -> Option<Result<Answer, Failure>> {
        let command_id = request.id.clone();
        match settled {
            Ok(Settled::Committed(events)) => {
                Some(Ok(Answer::Accepted(Accepted { command_id, events, replayed: false })))
            }
            Ok(Settled::Refused(refusal)) => {
                Some(Ok(Answer::Refused(Refused { command_id, refusal, replayed: false })))
            }
            Ok(Settled::Duplicate(wrong_form)) => {
                match (self.settled(request, fingerprint).await, wrong_form) {
                    (Err(Failure::KeyReused), Some(refusal)) => {
                        Some(Ok(Answer::Refused(Refused { command_id, refusal, replayed: false })))
                    }
                    (answer, _) => answer.transpose(),
                }
            }
            Ok(Settled::Retry) => None,
            Ok(Settled::Unavailable) => Some(Err(Failure::LogUnavailable)),
            Ok(Settled::InDoubt) => Some(Err(Failure::OutcomeUnknown)),
            Ok(Settled::Fault(reason)) => Some(Err(Failure::Fault(reason))),
            // A panic, before or behind the commit: whoever sends it again finds out.
            Err(_) => Some(Err(Failure::OutcomeUnknown)),
        }
    }

    /// Hands an order to the account's actor, or to a meeting of them.
    pub(crate) async fn deliver(&self, accounts: &[AccountId], mut order: Order) {
        let request = Arc::clone(&order.request);
        let pins = match (request.command.subject(&request.id), accounts) {
            (Subject::Nothing, [account]) => {
                return self.send(account, Job::Decide(order));
            }
            (Subject::Nothing, [_, _, ..]) => return self.gather(accounts, order),
            (Subject::Nothing, []) => Ok(Vec::new()),
            (subject, accounts) => self.look_up(subject, accounts).await.map(|(background, pins)| {
                order.background = Some(Box::new(background));
                pins
            }),
        };
        match pins {
            // About nothing that there is.
            Ok(pins) if pins.is_empty() => {
                self.inner.writer.push(decide_order(
                    order,
                    &mut [],
                    Vec::new(),
                    self.inner.writer.clock.now(),
                ));
            }
            Ok(pins) => start_meeting(order, pins),
            Err(settled) => order.settle(settled),
        }
    }

    /// Brings accounts to memory and lets them meet.
    fn gather(&self, accounts: &[AccountId], order: Order) {
        let gathering = Gathering::new(order, accounts.len());
        for (place, account) in accounts.iter().enumerate() {
            self.send(account, Job::Gather(Arc::clone(&gathering), place));
            if !gathering.is_awaited() {
                return;
            }
        }
    }

    fn send(&self, account: &AccountId, job: Job) {
        let deliver = Deliver { account: account.clone(), job };
        if let Err(SendError::Full(deliver) | SendError::Closed(deliver)) =
            self.inner.shards.of(account).try_send(deliver)
        {
            deliver.job.fail(Settled::Retry);
        }
    }

    /// Brings accounts to memory, in the order given, to stay until the pins are dropped.
    pub(crate) async fn pin(&self, accounts: &[AccountId]) -> Result<Vec<Pin>, Settled> {
        let ask = |account: &AccountId| {
            let (reply, pin) = oneshot::channel();
            self.send(account, Job::Pin(reply));
            pin
        };
        let asked: Vec<_> = accounts.iter().map(ask).collect();
        let mut pins = Vec::with_capacity(accounts.len());
        for pin in asked {
            pins.push(pin.await.unwrap_or(Err(Settled::Unavailable))?);
        }
        Ok(pins)
    }

    /// The same where something may be recorded that can't be read right now, or not by this version.
    pub(crate) async fn settled(
        &self,
        request: &Request,
        fingerprint: Fingerprint,
    ) -> Result<Option<Answer>, Failure> {
        match self.recorded(request, fingerprint).await {
            Err(Failure::LogUnavailable) => Err(Failure::OutcomeUnknown),
            Err(Failure::Fault(error)) => {
                tracing::error!(%error, id = %request.id, "what is recorded under a command's id can't be read");
                Err(Failure::OutcomeUnknown)
            }
            answer => answer,
        }
    }

    /// What is recorded under the request's id, if it is what the request asks.
    pub(crate) async fn recorded(
        &self,
        request: &Request,
        fingerprint: Fingerprint,
    ) -> Result<Option<Answer>, Failure> {
        let Some((recorded, answer)) = self.recall_with_fingerprint(&request.id).await.map_err(failure)?
        else {
            return Ok(None);
        };
        if recorded == fingerprint { Ok(Some(answer)) } else { Err(Failure::KeyReused) }
    }

    /// The answer to a command under whose key something is known to be recorded. It is not decided once more: what others
    /// decide on the same accounts meanwhile would rest on that, and be decided again. Only whether its form is wrong comes
    /// before that its key was used for another one.
    pub(crate) async fn known(
        &self,
        request: &Request,
        fingerprint: Fingerprint,
    ) -> Option<Result<Answer, Failure>> {
        match self.settled(request, fingerprint).await {
            Err(Failure::KeyReused) => Some(self.refused_for_form(request).await.ok_or(Failure::KeyReused)),
            answer => answer.transpose(),
        }
    }

    /// The same before the command is decided: what can't be read now is found out by the append.
    pub(crate) async fn known_already(
        &self,
        request: &Request,
        fingerprint: Fingerprint,
    ) -> Option<Result<Answer, Failure>> {
        let known = self.known(request, fingerprint).await;
        known.filter(|answer| !matches!(answer, Err(Failure::OutcomeUnknown)))
    }

    async fn recall_with_fingerprint(
        &self,
        id: &CommandId,
    ) -> Result<Option<(Fingerprint, Answer)>, JournalError> {
        let recalled = self.inner.journal.command(id).await?;
        Ok(recalled.map(|recalled| match recalled {
            Recalled::Accepted { fingerprint, events, .. } => {
                (fingerprint, Answer::Accepted(Accepted { command_id: id.clone(), events, replayed: true }))
            }
            Recalled::Rejected(rejection) => {
                let refusal = rejection.refusal;
                let refused = Refused { command_id: id.clone(), refusal, replayed: true };
                (rejection.fingerprint, Answer::Refused(refused))
            }
        }))
    }

    /// What is recorded under a command id so far.
    ///
    /// # Errors
    /// Where the log can't be read.
    pub async fn recall(&self, id: &CommandId) -> Result<Option<Answer>, JournalError> {
        Ok(self.recall_with_fingerprint(id).await?.map(|(_, answer)| answer))
    }

    /// The command log, newest first.
    ///
    /// # Errors
    /// Where the log can't be read.
    pub async fn command_log(&self, query: &LineQuery) -> Result<Vec<Line>, JournalError> {
        let LineQuery { limit, before, account, accepted, rejected } = query.clone();
        let before = before.map(|place| place.logged);
        let logged =
            self.inner.journal.commands(&LogQuery { limit, before, account, accepted, rejected }).await?;
        Ok(self.inner.memory.lines(query, logged))
    }
}

/// Waits until a command may be decided that was decided so often.
pub(crate) async fn pause_before(decision: u32) {
    if decision > DECISIONS_AT_ONCE {
        tokio::time::sleep(DECISION_PAUSE * (decision - DECISIONS_AT_ONCE)).await;
    }
}

pub(crate) fn failure(error: JournalError) -> Failure {
    match error {
        JournalError::Unavailable(_) => Failure::LogUnavailable,
        JournalError::Unknown(_) | JournalError::Damaged(_) => Failure::Fault(error.to_string()),
    }
}
