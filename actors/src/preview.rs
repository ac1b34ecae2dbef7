//! Dry runs: the same decision, on what is committed, and nothing is written.

use std::collections::HashMap;
use std::sync::Arc;

use bytestring::ByteString;
use domain::{
    Account, AccountId, Cause, Circumstances, Found, HoldChange, HoldEnd, HoldId, HoldRecord, Money,
    Participants, Precedents, Recorded, Request, Sequence, Subject, decide,
};
use store::{Draft, JournalError};

use crate::answer::{Accepted, Answer, Failure, Refused};
use crate::background::LookedUp;
use crate::decision::{Origin, clock, decision_time, drafts};
use crate::execute::failure;
use crate::ledger::Ledger;

/// What the commands before would have changed.
#[derive(Default)]
struct Course {
    accounts: HashMap<AccountId, Account>,
    ended: HashMap<(AccountId, HoldId), HoldEnd>,
    reversed: HashMap<Sequence, Money>,
}

impl Ledger {
    /// Decides commands one after the other as [`execute_batch`](Self::execute_batch) would, on what is committed and what
    /// the ones before would change, and writes nothing.
    pub async fn preview(&self, requests: Vec<Request>) -> Vec<Result<Answer, Failure>> {
        let mut course = Course::default();
        let mut answers = Vec::with_capacity(requests.len());
        for request in requests {
            answers.push(self.preview_next(&request, &mut course).await);
        }
        answers
    }

    async fn preview_next(&self, request: &Request, course: &mut Course) -> Result<Answer, Failure> {
        if request.keyed
            && let Some(answer) = self.recorded(request, request.fingerprint()).await?
        {
            return Ok(answer);
        }
        let journal = &*self.inner.journal;
        let subject = request.command.subject(&request.id);
        let looked_up = LookedUp::of(journal, subject.clone(), request.command.accounts()).await;
        let LookedUp { mut precedents, causation, accounts } = looked_up.map_err(failure)?;
        course.correct(&subject, &mut precedents);
        let mut participants = self.participants(accounts, course).await.map_err(failure)?;
        let command_id = request.id.clone();
        let at = decision_time(&participants, clock());
        for (id, account) in &mut participants {
            account.expiries(at).iter().for_each(|over| account.evolve(id, over, at));
        }
        let circumstances = Circumstances {
            at,
            command_id: &request.id,
            if_match: request.if_match,
            precedents: &precedents,
        };
        let placed = match decide(&request.command, &circumstances, &Participants(&participants)) {
            Ok(placed) => placed,
            Err(refusal) => {
                return Ok(Answer::Refused(Refused { command_id, refusal, replayed: false }));
            }
        };
        let as_recorded = |draft: Draft| {
            Arc::new(Recorded {
                sequence: Sequence::ZERO,
                profile: draft.profile,
                standing: draft.standing,
                event: draft.event,
                command_id: command_id.clone(),
                correlation: draft.correlation,
                json: ByteString::from(draft.stored.into_json()),
            })
        };
        let drafts = drafts(&Origin::of(request, causation), &mut participants, placed, at);
        let events: Vec<_> = drafts.into_iter().map(as_recorded).collect();
        course.go_on(participants, &events);
        Ok(Answer::Accepted(Accepted { command_id, events, replayed: false }))
    }

    async fn participants(
        &self,
        accounts: Vec<AccountId>,
        course: &Course,
    ) -> Result<Vec<(AccountId, Account)>, JournalError> {
        let loaded = self.inner.journal.load(&accounts).await?;
        let as_it_would_be = |(id, loaded): (AccountId, store::Loaded)| {
            let account = course.accounts.get(&id).cloned().unwrap_or(loaded.account);
            (id, account)
        };
        Ok(accounts.into_iter().zip(loaded).map(as_it_would_be).collect())
    }
}

impl Course {
    fn correct(&self, subject: &Subject<'_>, precedents: &mut Precedents) {
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

    fn go_on(&mut self, participants: Vec<(AccountId, Account)>, events: &[Arc<Recorded>]) {
        self.accounts.extend(participants);
        for event in events {
            if let Some(HoldChange::Ended(hold, end)) = event.event.hold_change() {
                self.ended.insert((event.profile.id.clone(), hold.clone()), end);
            }
            if let Some(Cause::Reversal { of, total }) = event.event.cause() {
                self.reversed.insert(*of, *total);
            }
        }
    }
}
