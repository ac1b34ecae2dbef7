//! The way of a command through the actors: admission, its key, its decision, its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use actix::prelude::*;
use bytestring::ByteString;
use domain::{
    Account, AccountId, CommandId, Fingerprint, Participants, Recorded, Refusal, Request, Sequence, decide,
};
use store::{JournalError, LogQuery, Recalled};
use tokio::sync::oneshot;
use tracing::Span;

use crate::account::{Pin, start_meeting};
use crate::answer::{Accepted, Answer, Failure, Refused};
use crate::decision::{Order, Settled, clock, decision_time, drafts};
use crate::keys::Turn;
use crate::ledger::{Inner, Ledger};
use crate::recent::{Line, LineQuery};
use crate::registry::{Deliver, Job, Registry};

/// How long a client waits for the fate of its command.
const ANSWER_WITHIN: Duration = Duration::from_millis(4500);
/// How often a command is decided again before the client is told to come back.
const DECISIONS_MAX: u32 = 100;
/// Decided again at once so often; after that with a pause.
const DECISIONS_AT_ONCE: u32 = 3;
/// The pause, per decision beyond those.
const DECISION_PAUSE: Duration = Duration::from_millis(2);

/// A place among the commands under way.
struct Permit<'a>(&'a AtomicUsize);

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
        let answer = match answer.unwrap_or(Err(Failure::OutcomeUnknown)) {
            // An earlier attempt may have done it.
            Err(Failure::LogUnavailable) if self.inner.in_doubt.lock().contains(&request.id) => {
                Err(Failure::OutcomeUnknown)
            }
            answer => answer,
        };
        self.note(&request, &answer, started);
        answer
    }

    fn admit(&self) -> Result<Permit<'_>, Failure> {
        let in_flight = &self.inner.in_flight;
        let permit = Permit(in_flight);
        if in_flight.fetch_add(1, Ordering::AcqRel) >= self.inner.in_flight_max {
            return Err(Failure::Overloaded);
        }
        Ok(permit)
    }

    fn note(&self, request: &Request, answer: &Result<Answer, Failure>, started: Instant) {
        let elapsed = started.elapsed();
        let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
        let Inner { meters, memory, feed, .. } = &*self.inner;
        meters.seconds.record(elapsed.as_secs_f64());
        match answer {
            Ok(Answer::Accepted(_)) => {
                meters.accepted.increment(1);
                memory.answered(&request.id, micros);
            }
            Ok(Answer::Refused(refused)) => {
                meters.refused.increment(1);
                if request.keyed && !matches!(refused.refusal, Refusal::InvalidAmount { .. }) {
                    memory.answered(&request.id, micros);
                } else {
                    memory.refused(request, &refused.refusal, feed.head(), clock(), micros);
                }
            }
            Err(_) => meters.failed.increment(1),
        }
    }

    async fn execute_as(&self, request: &Arc<Request>, fingerprint: Fingerprint) -> Result<Answer, Failure> {
        if !request.keyed {
            return self.decide_until_settled(request, fingerprint).await;
        }
        loop {
            match self.inner.keys.enter(&request.id) {
                Turn::Mine(_until_answered) => return self.decide_until_settled(request, fingerprint).await,
                Turn::After(first) => {
                    first.over().await;
                    if let Some(answer) = self.settled(request, fingerprint).await? {
                        return Ok(answer);
                    }
                }
            }
        }
    }

    async fn decide_until_settled(
        &self,
        request: &Arc<Request>,
        fingerprint: Fingerprint,
    ) -> Result<Answer, Failure> {
        let accounts = request.command.accounts();
        for decision in 0..DECISIONS_MAX {
            if decision > DECISIONS_AT_ONCE {
                tokio::time::sleep(DECISION_PAUSE * (decision - DECISIONS_AT_ONCE)).await;
            }
            let (reply, settled) = oneshot::channel();
            let order = Order { request: Arc::clone(request), fingerprint, reply, span: Span::current() };
            self.deliver(&accounts, order).await;
            match settled.await {
                Ok(Settled::Committed(events)) => {
                    return Ok(Answer::Accepted(Accepted {
                        command_id: request.id.clone(),
                        events,
                        replayed: false,
                    }));
                }
                Ok(Settled::Refused(refusal)) => {
                    return Ok(Answer::Refused(Refused {
                        command_id: request.id.clone(),
                        refusal,
                        replayed: false,
                    }));
                }
                Ok(Settled::Duplicate) => {
                    if let Some(answer) = self.settled(request, fingerprint).await? {
                        return Ok(answer);
                    }
                }
                Ok(Settled::Retry) => {}
                Ok(Settled::Unavailable) => return Err(Failure::LogUnavailable),
                Ok(Settled::Fault(reason)) => return Err(Failure::Fault(reason)),
                Err(_) => return Err(Failure::Fault("an actor ended before it answered".to_owned())),
            }
        }
        Err(Failure::Overloaded)
    }

    /// Hands an order to the account's actor, or to a meeting of them.
    async fn deliver(&self, accounts: &[AccountId], order: Order) {
        if let [account] = accounts {
            let deliver = Deliver { account: account.clone(), job: Job::Decide(order) };
            if let Err(SendError::Full(deliver) | SendError::Closed(deliver)) =
                self.shard(account).try_send(deliver)
                && let Job::Decide(order) = deliver.job
            {
                let _ = order.reply.send(Settled::Unavailable);
            }
            return;
        }
        let mut pins: Vec<Pin> = Vec::with_capacity(accounts.len());
        let asked: Vec<_> = accounts
            .iter()
            .map(|account| {
                let (reply, pin) = oneshot::channel();
                let deliver = Deliver { account: account.clone(), job: Job::Pin(reply) };
                // A mailbox that is full or closed drops the reply, which is seen below.
                let _ = self.shard(account).try_send(deliver);
                pin
            })
            .collect();
        for pin in asked {
            match pin.await {
                Ok(Ok(pin)) => pins.push(pin),
                Ok(Err(settled)) => return drop(order.reply.send(settled)),
                Err(_) => return drop(order.reply.send(Settled::Unavailable)),
            }
        }
        start_meeting(order, pins);
    }

    fn shard(&self, account: &AccountId) -> &Addr<Registry> {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let shards = &self.inner.shards;
        if let [only] = &**shards {
            return only;
        }
        let mut hasher = DefaultHasher::new();
        account.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % shards.len() as u64).unwrap_or(0);
        shards.get(place).unwrap_or(&shards[0])
    }

    /// The same where something may be recorded that can't be read right now.
    async fn settled(&self, request: &Request, fingerprint: Fingerprint) -> Result<Option<Answer>, Failure> {
        match self.recorded(request, fingerprint).await {
            Err(Failure::LogUnavailable) => Err(Failure::OutcomeUnknown),
            answer => answer,
        }
    }

    /// What is recorded under the request's id, if it is what the request asks.
    async fn recorded(&self, request: &Request, fingerprint: Fingerprint) -> Result<Option<Answer>, Failure> {
        let Some((recorded, answer)) = self.recall_with_fingerprint(&request.id).await.map_err(failure)?
        else {
            return Ok(None);
        };
        if recorded == fingerprint { Ok(Some(answer)) } else { Err(Failure::KeyReused) }
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

    /// Decides a command as [`execute`](Self::execute) would, on what is committed, and writes nothing.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn preview(&self, request: Request) -> Result<Answer, Failure> {
        if request.keyed
            && let Some(answer) = self.recorded(&request, request.fingerprint()).await?
        {
            return Ok(answer);
        }
        let accounts = request.command.accounts();
        let loaded = self.inner.journal.load(&accounts).await.map_err(failure)?;
        let mut participants: Vec<(AccountId, Account)> =
            accounts.into_iter().zip(loaded).map(|(id, loaded)| (id, loaded.account)).collect();
        let command_id = request.id.clone();
        match decide(&request.command, request.if_match, &Participants(&participants)) {
            Ok(placed) => {
                let at = decision_time(&participants, clock());
                let events = drafts(&request, &mut participants, placed, at)
                    .into_iter()
                    .map(|draft| {
                        Arc::new(Recorded {
                            sequence: Sequence::ZERO,
                            profile: draft.profile,
                            standing: draft.standing,
                            event: draft.event,
                            command_id: command_id.clone(),
                            correlation: draft.correlation,
                            json: ByteString::from(draft.stored.into_json()),
                        })
                    })
                    .collect();
                Ok(Answer::Accepted(Accepted { command_id, events, replayed: false }))
            }
            Err(refusal) => Ok(Answer::Refused(Refused { command_id, refusal, replayed: false })),
        }
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
        let logged =
            self.inner.journal.commands(&LogQuery { limit, before, account, accepted, rejected }).await?;
        Ok(self.inner.memory.lines(query, logged))
    }
}

fn failure(error: JournalError) -> Failure {
    match error {
        JournalError::Unavailable(_) => Failure::LogUnavailable,
        JournalError::Unknown(_) | JournalError::Damaged(_) => Failure::Fault(error.to_string()),
    }
}
