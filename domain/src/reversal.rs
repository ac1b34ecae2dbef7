//! Reversals: a movement of money goes back the way it came, whole or in parts, never more than it moved.

use std::sync::Arc;

use crate::account::{Cause, Event};
use crate::ids::{AccountId, CommandId, Sequence};
use crate::money::{Amount, Money};
use crate::record::Recorded;

/// What is to be reversed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every movement of a command.
    Command(CommandId),
    /// One movement: the event itself, its counterpart, or the capture that it followed from.
    Event(Sequence),
}

/// What the log has of a [`Target`].
#[derive(Clone, Debug)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// Something that can't be reversed, in words that follow "this can't be reversed: ".
    NotReversible(&'static str),
    /// These movements, in order, at least one.
    Movements(Vec<Movement>),
}

/// A movement of money that can go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// Its place in the log.
    pub sequence: Sequence,
    /// The way that the money took.
    pub path: Path,
    /// How much.
    pub amount: Amount,
    /// How much of that went back already.
    pub reversed: Money,
}

/// The way that money took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Path {
    /// From outside.
    In(AccountId),
    /// Out.
    Out(AccountId),
    /// From one account to another.
    Between {
        /// Where from.
        from: AccountId,
        /// Where to.
        to: AccountId,
    },
}

impl Found {
    /// The movements that a target means, among the events of its command; none of them reversed so far.
    pub fn among(target: &Target, events: &[Arc<Recorded>]) -> Self {
        match target {
            Target::Command(_) => {
                let movements: Vec<Movement> =
                    events.iter().filter_map(|event| Movement::of(event).ok()).collect();
                match (movements.is_empty(), events.first()) {
                    (false, _) => Self::Movements(movements),
                    (true, Some(first)) => Movement::of(first).map_or_else(Self::NotReversible, Self::one),
                    (true, None) => Self::Nothing,
                }
            }
            Target::Event(sequence) => {
                let Some(place) = events.iter().position(|event| event.sequence == *sequence) else {
                    return Self::Nothing;
                };
                // A capture's movement follows it; a transfer's first half stands before the second.
                let meant = match events.get(place).map(|event| &event.event) {
                    Some(Event::HoldCaptured { .. }) => place.saturating_add(1),
                    Some(Event::TransferReceived { .. }) => place.saturating_sub(1),
                    Some(_) | None => place,
                };
                match events.get(meant) {
                    Some(event) => Movement::of(event).map_or_else(Self::NotReversible, Self::one),
                    None => Self::Nothing,
                }
            }
        }
    }

    fn one(movement: Movement) -> Self {
        Self::Movements(vec![movement])
    }

    /// The accounts that a decision about it needs, sorted, each once.
    pub fn accounts(&self) -> Vec<AccountId> {
        let Self::Movements(movements) = self else { return Vec::new() };
        let mut accounts: Vec<AccountId> = movements.iter().flat_map(Movement::accounts).collect();
        accounts.sort_unstable();
        accounts.dedup();
        accounts
    }
}

impl Movement {
    /// The movement that an event is, or why it is none that can be reversed.
    fn of(recorded: &Recorded) -> Result<Self, &'static str> {
        let own = recorded.profile.id.clone();
        let (path, amount) = match &recorded.event {
            Event::MoneyDeposited { cause: Cause::Reversal { .. }, .. }
            | Event::MoneyWithdrawn { cause: Cause::Reversal { .. }, .. }
            | Event::MoneyTransferred { cause: Cause::Reversal { .. }, .. } => {
                return Err("it is a reversal itself");
            }
            Event::MoneyDeposited { amount, .. } => (Path::In(own), *amount),
            Event::MoneyWithdrawn { amount, .. } => (Path::Out(own), *amount),
            Event::MoneyTransferred { to, amount, .. } => {
                (Path::Between { from: own, to: to.clone() }, *amount)
            }
            Event::AccountCreated { .. }
            | Event::TransferReceived { .. }
            | Event::AccountFrozen { .. }
            | Event::AccountUnfrozen { .. }
            | Event::AccountClosed { .. }
            | Event::AccountReopened { .. }
            | Event::HoldPlaced { .. }
            | Event::HoldCaptured { .. }
            | Event::HoldReleased { .. }
            | Event::HoldExpired { .. }
            | Event::LimitsSet { .. } => return Err("it is no deposit, withdrawal, transfer or capture"),
        };
        Ok(Self { sequence: recorded.sequence, path, amount, reversed: Money::ZERO })
    }

    /// The account on whose stream every reversal of it leaves an event.
    pub fn account(&self) -> &AccountId {
        match &self.path {
            Path::In(account) | Path::Out(account) | Path::Between { from: account, .. } => account,
        }
    }

    fn accounts(&self) -> Vec<AccountId> {
        match &self.path {
            Path::In(account) | Path::Out(account) => vec![account.clone()],
            Path::Between { from, to } => vec![from.clone(), to.clone()],
        }
    }

    /// How much can still go back.
    pub fn left(&self) -> Money {
        self.amount.money().minus(self.reversed).unwrap_or_default()
    }
}
