//! Money that moves between accounts, by a transfer or a sweep: one decision over both, one commit.

use crate::account::{Account, Command, Event, Refusal, check_version};
use crate::ids::{AccountId, Version};
use crate::lifecycle::Scope;
use crate::money::{Amount, Money};

/// The accounts that a command is decided on, as they are, in the order of their ids.
#[derive(Debug)]
pub struct Participants<'a>(pub &'a [(AccountId, Account)]);

impl Participants<'_> {
    fn place(&self, id: &AccountId) -> (usize, &Account) {
        const NOWHERE: (usize, &Account) = (0, &Account::Absent);
        let found = self.0.iter().enumerate().find(|(_, (name, _))| name == id);
        found.map_or(NOWHERE, |(place, (_, account))| (place, account))
    }
}

/// An event and the place, among the participants, of the account that it stands on.
pub type Placed = (usize, Event);

/// Decides any command on the accounts that it names; changes nothing. The first event is the one that the command is
/// known by.
///
/// # Errors
/// The first refusal that applies, in the order of [`Refusal`], the from-account before the to-account.
pub fn decide(
    command: &Command,
    if_match: Option<Version>,
    participants: &Participants<'_>,
) -> Result<Vec<Placed>, Refusal> {
    match command {
        Command::CreateAccount { account, .. }
        | Command::Deposit { account, .. }
        | Command::Withdraw { account, .. }
        | Command::FreezeAccount { account, .. }
        | Command::UnfreezeAccount { account, .. }
        | Command::CloseAccount { account, sweep_to: None, .. }
        | Command::ReopenAccount { account, .. } => {
            let (place, state) = participants.place(account);
            Ok(vec![(place, state.decide(command, if_match)?)])
        }
        Command::Transfer { from, to, .. } if from == to => {
            let (place, state) = participants.place(from);
            Ok(vec![(place, state.decide(command, if_match)?)])
        }
        Command::Transfer { from, to, amount, currency, description } => {
            let (from_place, from_account) = participants.place(from);
            let (to_place, to_account) = participants.place(to);
            let debit = from_account.side(from)?;
            let credit = to_account.side(to)?;
            let amount = debit.amount(*amount)?;
            check_version(from, if_match, debit.standing.version)?;
            debit.check_currency(*currency)?;
            credit.check_currency(Some(debit.profile.currency))?;
            debit.check_movable(Scope::Debits)?;
            credit.check_movable(Scope::Credits)?;
            debit.check_debit(amount)?;
            credit.check_credit(amount)?;
            // No refusal from here on.
            let description = description.clone();
            let sent = Event::MoneyTransferred { to: to.clone(), amount, description };
            let received = Event::TransferReceived { from: from.clone(), amount };
            Ok(vec![(from_place, sent), (to_place, received)])
        }
        Command::CloseAccount { account, sweep_to: Some(to), .. } if account == to => {
            let (place, state) = participants.place(account);
            Ok(vec![(place, state.decide(command, if_match)?)])
        }
        Command::CloseAccount { account, sweep_to: Some(to), reason } => {
            let (place, state) = participants.place(account);
            let (to_place, to_account) = participants.place(to);
            let closing = state.side(account)?;
            let credit = to_account.side(to)?;
            check_version(account, if_match, closing.standing.version)?;
            credit.check_currency(Some(closing.profile.currency))?;
            let swept = Amount::new(closing.standing.balance);
            closing.check_closable()?;
            let Some(amount) = swept else {
                return Ok(vec![(place, closing.close(Money::ZERO, reason.clone())?)]);
            };
            credit.check_movable(Scope::Credits)?;
            let closed = closing.close(amount.money(), reason.clone())?;
            credit.check_credit(amount)?;
            // No refusal from here on.
            let sent = Event::MoneyTransferred { to: to.clone(), amount, description: None };
            let received = Event::TransferReceived { from: account.clone(), amount };
            Ok(vec![(place, sent), (to_place, received), (place, closed)])
        }
    }
}
