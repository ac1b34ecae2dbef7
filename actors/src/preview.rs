//! Dry runs: the same decision, on what is committed, and nothing is written.

use std::collections::HashMap;
use std::sync::Arc;

use bytestring::ByteString;
use domain::{
    Account, AccountId, Cause, Circumstances, CommandId, Fingerprint, Found, HoldChange, HoldEnd, HoldId,
    HoldRecord, Money, Participants, Precedents, Recorded, Request, Sequence, Subject, Target, decide,
};
use store::Draft;

use crate::answer::{Accepted, Answer, Failure, Refused};
use crate::background::{LookedUp, REFUSED};
use crate::batch::BATCHES_IN_FLIGHT_MAX;
use crate::decision::{Origin, drafts, is_of_form};
use crate::execute::{ANSWER_WITHIN, Permit, failure};
use crate::ledger::Ledger;

/// What the commands before would have changed.
struct Course {
    accounts: HashMap<AccountId, Account>,
    ended: HashMap<(AccountId, HoldId), HoldEnd>,
    reversed: HashMap<Sequence, Money>,
    /// What would be recorded under their keys.
    answers: HashMap<CommandId, (Fingerprint, Answer)>,
    /// The last of their events, as far as nobody else appends any.
    last: Sequence,
}

impl Ledger {
    /// Decides a command as [`execute`](Self::execute) would, on what is committed, and writes nothing.
    ///
    /// # Errors
    /// See [`Failure`].
    pub async fn preview(&self, request: Request) -> Result<Answer, Failure> {
        let _permit = self.admit()?;
        let mut course = Course::behind(self.inner.feed.head());
        let answer = tokio::time::timeout(ANSWER_WITHIN, self.preview_next(&request, &mut course)).await;
        answer.unwrap_or(Err(Failure::Overloaded))
    }

    /// Decides commands one after the other as [`execute_batch`](Self::execute_batch) would, on what is committed and what
    /// the ones before would change, and writes nothing.
    ///
    /// # Errors
    /// [`Failure::Overloaded`] where too many batches are under way.
    pub async fn preview_batch(
        &self,
        requests: Vec<Request>,
    ) -> Result<Vec<Result<Answer, Failure>>, Failure> {
        let _permit = Permit::take(&self.inner.batches, BATCHES_IN_FLIGHT_MAX)?;
        let deadline = tokio::time::Instant::now() + ANSWER_WITHIN;
        let requests: Vec<Arc<Request>> = requests.into_iter().map(Arc::new).collect();
        let (_turn, not_done) = self.enter_batch(&requests, deadline).await;
        let mut course = Course::behind(self.inner.feed.head());
        let mut answers = Vec::with_capacity(requests.len());
        for request in &requests {
            if let Some(failure) = not_done.clone().filter(|_| request.batch.is_some()) {
                answers.push(Err(failure));
                continue;
            }
            let answer = tokio::time::timeout_at(deadline, self.preview_next(request, &mut course)).await;
            answers.push(answer.unwrap_or(Err(Failure::Overloaded)));
        }
        Ok(answers)
    }

    /// What a command is refused for before anything else is looked at.
    pub(crate) async fn refused_for_form(&self, request: &Request) -> Option<Answer> {
        let mut course = Course::behind(self.inner.feed.head());
        let answer = self.preview_next(request, &mut course).await.ok()?;
        matches!(&answer, Answer::Refused(refused) if is_of_form(&refused.refusal)).then_some(answer)
    }

    async fn preview_next(&self, request: &Request, course: &mut Course) -> Result<Answer, Failure> {
        let subject = request.command.subject(&request.id);
        let journal = &*self.inner.journal;
        let looked_up = match course.movements(&subject) {
            Some((found, causation)) => LookedUp::with(journal, found, causation).await,
            None => LookedUp::of(journal, subject.clone(), request.command.accounts()).await,
        };
        let LookedUp { mut precedents, causation, mut participants } = looked_up.map_err(failure)?;
        course.correct(&subject, &mut precedents, &mut participants);
        let command_id = request.id.clone();
        let now = self.inner.writer.clock.now();
        for (id, account) in &mut participants {
            account.expiries(now).iter().for_each(|over| account.evolve(id, over, now));
        }
        let circumstances = Circumstances {
            now,
            command_id: &request.id,
            if_match: request.if_match,
            precedents: &precedents,
        };
        let decided = decide(&request.command, &circumstances, &Participants(&participants));
        let is_form = decided.as_ref().is_err_and(is_of_form);
        if request.keyed {
            match self.answered(request, course).await {
                Ok(Some(answer)) => return Ok(answer),
                Ok(None) => {}
                Err(Failure::KeyReused) if is_form => {}
                Err(failure) => return Err(failure),
            }
        }
        let answer = match decided {
            Ok(placed) => {
                let drafts = drafts(&Origin::of(request, causation), &mut participants, placed, now);
                let events = course.go_on(participants, drafts, &command_id);
                Answer::Accepted(Accepted { command_id, events, replayed: false })
            }
            Err(refusal) => Answer::Refused(Refused { command_id, refusal, replayed: false }),
        };
        if request.keyed && !is_form {
            course.answers.insert(request.id.clone(), (request.fingerprint(), answer.clone()));
        }
        Ok(answer)
    }

    /// What is recorded under the request's key, or would be.
    async fn answered(&self, request: &Request, course: &Course) -> Result<Option<Answer>, Failure> {
        let fingerprint = request.fingerprint();
        match course.answers.get(&request.id) {
            Some((first, answer)) if *first == fingerprint => Ok(Some(answer.clone().replayed())),
            Some(_) => Err(Failure::KeyReused),
            None => self.recorded(request, fingerprint).await,
        }
    }
}

impl Course {
    /// Nothing so far, at the end of the log.
    fn behind(last: Sequence) -> Self {
        Self {
            accounts: HashMap::new(),
            ended: HashMap::new(),
            reversed: HashMap::new(),
            answers: HashMap::new(),
            last,
        }
    }

    /// The movements of a command before this one, and its id.
    fn movements(&self, subject: &Subject<'_>) -> Option<(Found, Option<CommandId>)> {
        let Subject::Movements(target @ Target::Command(id)) = subject else { return None };
        match &self.answers.get(id)?.1 {
            Answer::Accepted(Accepted { events, .. }) => {
                Some((Found::among(target, events), Some(id.clone())))
            }
            Answer::Refused(_) => Some((REFUSED, None)),
        }
    }

    fn correct(
        &self,
        subject: &Subject<'_>,
        precedents: &mut Precedents,
        participants: &mut [(AccountId, Account)],
    ) {
        for (id, account) in participants {
            if let Some(changed) = self.accounts.get(id) {
                account.clone_from(changed);
            }
        }
        match (subject, precedents) {
            (Subject::Hold(account, hold), Precedents::Hold(record)) => {
                if let Some(end) = self.ended.get(&((*account).clone(), hold.clone())) {
                    *record = Some(HoldRecord::Ended(*end));
                }
            }
            (Subject::Movements(_), Precedents::Reversal(Found::Movements(movements))) => {
                for movement in movements {
                    if let Some(total) = self.reversed.get(&movement.sequence) {
                        movement.reversed = *total;
                    }
                }
            }
            (Subject::Nothing | Subject::Hold(..) | Subject::Movements(_), _) => {}
        }
    }

    /// The events that the log would have then.
    fn go_on(
        &mut self,
        participants: Vec<(AccountId, Account)>,
        drafts: Vec<Draft>,
        command_id: &CommandId,
    ) -> Vec<Arc<Recorded>> {
        self.accounts.extend(participants);
        let mut events = Vec::with_capacity(drafts.len());
        for draft in drafts {
            self.last = self.last.next();
            if let Some(HoldChange::Ended(hold, end)) = draft.event.hold_change() {
                self.ended.insert((draft.profile.id.clone(), hold.clone()), end);
            }
            if let Some(Cause::Reversal { of, total }) = draft.event.cause() {
                self.reversed.insert(*of, *total);
            }
            events.push(Arc::new(Recorded {
                sequence: self.last,
                profile: draft.profile,
                standing: draft.standing,
                event: draft.event,
                command_id: command_id.clone(),
                correlation: draft.correlation,
                json: ByteString::from(draft.stored.into_json()),
            }));
        }
        events
    }
}
