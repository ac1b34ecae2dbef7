//! What may be done with an account: freezing it, closing it, and back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::account::Event;
use crate::decide::Side;
use crate::money::Money;
use crate::refusal::Refusal;

/// Which movements of money a freeze stops.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// Those that take money out.
    Debits,
    /// Those that bring money in.
    Credits,
}

/// What may be done with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything.
    Open,
    /// Everything but those movements of money.
    Frozen(Scope),
    /// Nothing but being opened again. A closed account is empty.
    Closed,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 3] = [Self::All, Self::Debits, Self::Credits];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Debits => "debits",
            Self::Credits => "credits",
        }
    }

    /// Whether movements in the one scope are among those in the other.
    fn covers(self, other: Self) -> bool {
        self == Self::All || self == other
    }

    fn with(self, other: Self) -> Self {
        if self == other { self } else { Self::All }
    }

    /// What is left of it; nothing, where the other covers it.
    fn without(self, other: Self) -> Option<Self> {
        match (self, other) {
            (Self::All, Self::Debits) => Some(Self::Credits),
            (Self::All, Self::Credits) => Some(Self::Debits),
            (_, other) if other.covers(self) => None,
            (_, _) => Some(self),
        }
    }
}

impl Status {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Frozen(_) => "frozen",
            Self::Closed => "closed",
        }
    }

    /// The number that the log stores.
    pub fn number(self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Frozen(Scope::All) => 1,
            Self::Frozen(Scope::Debits) => 2,
            Self::Frozen(Scope::Credits) => 3,
            Self::Closed => 4,
        }
    }

    /// The status with that number, if this version of the program knows it.
    pub fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Open),
            1 => Some(Self::Frozen(Scope::All)),
            2 => Some(Self::Frozen(Scope::Debits)),
            3 => Some(Self::Frozen(Scope::Credits)),
            4 => Some(Self::Closed),
            _ => None,
        }
    }

    /// What a freeze stops; nothing for an account that is not frozen.
    pub fn frozen(self) -> Option<Scope> {
        match self {
            Self::Frozen(scope) => Some(scope),
            Self::Open | Self::Closed => None,
        }
    }

    /// As it is after a freeze.
    pub(crate) fn with_frozen(self, scope: Scope) -> Self {
        Self::Frozen(self.frozen().map_or(scope, |frozen| frozen.with(scope)))
    }

    /// As it is after an unfreeze.
    pub(crate) fn without_frozen(self, scope: Scope) -> Self {
        match self {
            Self::Frozen(frozen) => frozen.without(scope).map_or(Self::Open, Self::Frozen),
            Self::Open | Self::Closed => self,
        }
    }
}

impl Side<'_> {
    /// Money may move in one of the directions, [`Scope::Debits`] or [`Scope::Credits`].
    pub(crate) fn check_movable(&self, direction: Scope) -> Result<(), Refusal> {
        self.check_not_closed()?;
        match self.standing.status.frozen().filter(|frozen| frozen.covers(direction)) {
            Some(scope) => Err(Refusal::AccountFrozen {
                account: self.profile.id.clone(),
                scope,
                version: self.standing.version,
            }),
            None => Ok(()),
        }
    }

    pub(crate) fn check_not_closed(&self) -> Result<(), Refusal> {
        let (account, version) = (self.profile.id.clone(), self.standing.version);
        match self.standing.status {
            Status::Closed => Err(Refusal::AccountClosed { account, version }),
            Status::Open | Status::Frozen(_) => Ok(()),
        }
    }

    pub(crate) fn no_change(&self) -> Refusal {
        let (account, version) = (self.profile.id.clone(), self.standing.version);
        Refusal::NoChange { account, status: self.standing.status.name().into(), version }
    }

    pub(crate) fn freeze(&self, scope: Scope, reason: Option<Arc<str>>) -> Result<Event, Refusal> {
        self.check_not_closed()?;
        let status = self.standing.status;
        if status.with_frozen(scope) == status {
            return Err(self.no_change());
        }
        Ok(Event::AccountFrozen { scope, reason })
    }

    pub(crate) fn unfreeze(&self, scope: Scope, reason: Option<Arc<str>>) -> Result<Event, Refusal> {
        self.check_not_closed()?;
        let status = self.standing.status;
        if status.without_frozen(scope) == status {
            return Err(self.no_change());
        }
        Ok(Event::AccountUnfrozen { scope, reason })
    }

    /// A frozen account is not closed, or reopening it would be a way out of the freeze.
    pub(crate) fn check_closable(&self) -> Result<(), Refusal> {
        let (account, version) = (self.profile.id.clone(), self.standing.version);
        match self.standing.status {
            Status::Open => Ok(()),
            Status::Frozen(scope) => Err(Refusal::AccountFrozen { account, scope, version }),
            Status::Closed => Err(self.no_change()),
        }
    }

    /// Closes an account that is empty once so much was swept from it.
    pub(crate) fn close(&self, swept: Money, reason: Option<Arc<str>>) -> Result<Event, Refusal> {
        self.check_closable()?;
        self.check_no_holds()?;
        let standing = self.standing;
        if standing.balance != swept {
            return Err(Refusal::AccountNotEmpty {
                account: self.profile.id.clone(),
                currency: self.profile.currency,
                balance: standing.balance,
                held: standing.held,
                version: standing.version,
            });
        }
        Ok(Event::AccountClosed { reason })
    }

    pub(crate) fn reopen(&self, reason: Option<Arc<str>>) -> Result<Event, Refusal> {
        match self.standing.status {
            Status::Closed => Ok(Event::AccountReopened { reason }),
            Status::Open | Status::Frozen(_) => Err(self.no_change()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn freezes_add_up_and_come_off_by_direction() {
        let (all, debits, credits) = (Scope::All, Scope::Debits, Scope::Credits);
        let table = [
            (Status::Open.with_frozen(debits), Status::Frozen(debits)),
            (Status::Frozen(debits).with_frozen(debits), Status::Frozen(debits)),
            (Status::Frozen(debits).with_frozen(credits), Status::Frozen(all)),
            (Status::Frozen(all).with_frozen(credits), Status::Frozen(all)),
            (Status::Frozen(all).without_frozen(debits), Status::Frozen(credits)),
            (Status::Frozen(all).without_frozen(all), Status::Open),
            (Status::Frozen(debits).without_frozen(all), Status::Open),
            (Status::Frozen(debits).without_frozen(credits), Status::Frozen(debits)),
            (Status::Open.without_frozen(all), Status::Open),
        ];
        for (place, (is, expected)) in table.into_iter().enumerate() {
            assert_eq!(is, expected, "line {place}");
        }
        for number in 0..=u8::MAX {
            assert!(Status::from_number(number).is_none_or(|status| status.number() == number));
        }
    }
}
