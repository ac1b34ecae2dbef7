//! What a command names beyond its accounts' own states, looked up in the log: holds that may have ended, movements that
//! are to be reversed.

use domain::{Account, AccountId, Cause, CommandId, Found, HoldId, Precedents, Subject, Target};
use store::{Journal, JournalError, Recalled};

use crate::account::Pin;
use crate::decision::Settled;
use crate::keys::Guard;
use crate::ledger::Ledger;
use crate::registry::settled;

/// What a command that was refused has moved.
pub(crate) const REFUSED: Found = Found::NotReversible("the command was refused");

/// What somebody is at work on, so that others wait.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// A hold's name.
    Hold(AccountId, HoldId),
    /// The movements of a command.
    Movements(CommandId),
}

/// What an order has with it.
#[derive(Debug)]
pub(crate) struct Background {
    pub(crate) precedents: Precedents,
    /// The command that it reverses.
    pub(crate) causation: Option<CommandId>,
    /// Keeps others from the same until the command is settled.
    pub(crate) turn: Option<Guard<Topic>>,
}

impl Background {
    /// Of a command that names nothing else.
    pub(crate) const NONE: Self = Self { precedents: Precedents::None, causation: None, turn: None };
}

/// What was found, and the accounts that the decision needs as they stood before: what is missing in them by then is in what
/// was found.
pub(crate) struct LookedUp {
    pub(crate) precedents: Precedents,
    pub(crate) causation: Option<CommandId>,
    pub(crate) participants: Vec<(AccountId, Account)>,
}

impl LookedUp {
    /// As the log has it now.
    pub(crate) async fn of(
        journal: &dyn Journal,
        subject: Subject<'_>,
        accounts: Vec<AccountId>,
    ) -> Result<Self, JournalError> {
        match subject {
            Subject::Nothing => {
                let participants = load(journal, accounts).await?;
                Ok(Self { precedents: Precedents::None, causation: None, participants })
            }
            Subject::Hold(account, hold) => {
                let participants = load(journal, accounts).await?;
                let precedents = Precedents::Hold(journal.hold(account, &hold).await?);
                Ok(Self { precedents, causation: None, participants })
            }
            Subject::Movements(target) => {
                let (causation, mut found) = find(journal, target).await?;
                let participants = load(journal, found.accounts()).await?;
                count_reversed(journal, &mut found).await?;
                Ok(Self { precedents: Precedents::Reversal(found), causation, participants })
            }
        }
    }

    /// With movements that are not in the log.
    pub(crate) async fn with(
        journal: &dyn Journal,
        found: Found,
        causation: Option<CommandId>,
    ) -> Result<Self, JournalError> {
        let participants = load(journal, found.accounts()).await?;
        Ok(Self { precedents: Precedents::Reversal(found), causation, participants })
    }
}

async fn load(
    journal: &dyn Journal,
    accounts: Vec<AccountId>,
) -> Result<Vec<(AccountId, Account)>, JournalError> {
    let loaded = journal.load(&accounts).await?;
    Ok(accounts.into_iter().zip(loaded.into_iter().map(|loaded| loaded.account)).collect())
}

impl Ledger {
    /// Looks up when it is the command's turn with its subject and its accounts are in memory: whatever then is missing in
    /// the one is in the other, or is another process's, which the versions find out.
    pub(crate) async fn look_up(
        &self,
        subject: Subject<'_>,
        accounts: &[AccountId],
    ) -> Result<(Background, Vec<Pin>), Settled> {
        let journal = &*self.inner.journal;
        let unread = |error: JournalError| settled(&error);
        match subject {
            Subject::Nothing => Ok((Background::NONE, self.pin(accounts).await?)),
            Subject::Hold(account, hold) => {
                let topic = Topic::Hold(account.clone(), hold.clone());
                let turn = Some(self.inner.topics.wait(&topic).await);
                let pins = self.pin(accounts).await?;
                let precedents = Precedents::Hold(journal.hold(account, &hold).await.map_err(unread)?);
                Ok((Background { precedents, causation: None, turn }, pins))
            }
            Subject::Movements(target) => {
                let (causation, mut found) = find(journal, target).await.map_err(unread)?;
                let turn = match &causation {
                    Some(command) => Some(self.inner.topics.wait(&Topic::Movements(command.clone())).await),
                    None => None,
                };
                let pins = self.pin(&found.accounts()).await?;
                count_reversed(journal, &mut found).await.map_err(unread)?;
                Ok((Background { precedents: Precedents::Reversal(found), causation, turn }, pins))
            }
        }
    }
}

/// What is to be reversed, and its command; how much of it went back already is not looked up yet.
async fn find(journal: &dyn Journal, target: &Target) -> Result<(Option<CommandId>, Found), JournalError> {
    let command = match target {
        Target::Command(id) => Some(id.clone()),
        Target::Event(sequence) => journal.event(*sequence).await?.map(|event| event.command_id.clone()),
    };
    let recalled = match &command {
        Some(id) => journal.command(id).await?,
        None => None,
    };
    match recalled {
        Some(Recalled::Accepted { events, .. }) => Ok((command, Found::among(target, &events))),
        Some(Recalled::Rejected(_)) => Ok((None, REFUSED)),
        None => Ok((None, Found::Nothing)),
    }
}

async fn count_reversed(journal: &dyn Journal, found: &mut Found) -> Result<(), JournalError> {
    let Found::Movements(movements) = found else { return Ok(()) };
    for movement in movements {
        let last = journal.last_reversal(movement.sequence).await?;
        if let Some(Cause::Reversal { total, .. }) = last.as_ref().and_then(|last| last.event.cause()) {
            movement.reversed = *total;
        }
    }
    Ok(())
}
