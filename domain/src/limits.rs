//! What bounds an account's movements beside its balance. Lowering a bound never undoes what is; it stops what comes.

use serde::{Deserialize, Serialize};

use crate::account::Event;
use crate::decide::{Side, money_of};
use crate::ids::{Timestamp, Version};
use crate::money::{Amount, Money, Quantity};
use crate::refusal::{AmountField, Refusal};

/// The bounds of an account, but for the overdraft. What is absent does not bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// How high a credit may bring the balance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_balance: Option<Money>,
    /// How much a client may take out, or have held, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_transaction: Option<Money>,
    /// How much clients may take out, or have held, on one UTC day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_day: Option<Money>,
}

impl Limits {
    /// The text that the log stores; none where nothing is bounded.
    pub fn stored(&self) -> Option<String> {
        (*self != Self::default()).then(|| serde_json::to_string(self).unwrap_or_default())
    }

    /// What the log stores, read back; nothing where that is no such text.
    pub fn from_stored(text: Option<&str>) -> Option<Self> {
        text.map_or(Some(Self::default()), |text| serde_json::from_str(text).ok())
    }
}

/// What is to become of a bound: unchanged, lifted, or another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Change {
    /// As it is.
    #[default]
    Keep,
    /// None any more; of the overdraft, none.
    Lift,
    /// This one.
    Set(Quantity),
}

/// What is to become of an account's bounds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LimitsChange {
    /// How far below nothing the balance may go.
    pub overdraft_limit: Change,
    /// See [`Limits::max_balance`].
    pub max_balance: Change,
    /// See [`Limits::per_transaction`].
    pub per_transaction: Change,
    /// See [`Limits::per_day`].
    pub per_day: Change,
}

impl LimitsChange {
    /// Each with its name in JSON.
    pub fn named(&self) -> [(AmountField, Change); 4] {
        [
            (AmountField::OverdraftLimit, self.overdraft_limit),
            (AmountField::MaxBalance, self.max_balance),
            (AmountField::PerTransaction, self.per_transaction),
            (AmountField::PerDay, self.per_day),
        ]
    }
}

impl Side<'_> {
    pub(crate) fn set_limits(
        &self,
        change: &LimitsChange,
        if_match: Option<Version>,
    ) -> Result<Event, Refusal> {
        let currency = self.profile.currency;
        let after = |field, change, before: Option<Money>| match change {
            Change::Keep => Ok(before),
            Change::Lift => Ok(None),
            Change::Set(quantity) => money_of(field, quantity, currency).map(Some),
        };
        let Limits { max_balance, per_transaction, per_day } = self.standing.limits;
        let overdraft = Some(self.standing.overdraft_limit);
        let overdraft = after(AmountField::OverdraftLimit, change.overdraft_limit, overdraft)?;
        let limits = Limits {
            max_balance: after(AmountField::MaxBalance, change.max_balance, max_balance)?,
            per_transaction: after(AmountField::PerTransaction, change.per_transaction, per_transaction)?,
            per_day: after(AmountField::PerDay, change.per_day, per_day)?,
        };
        let overdraft_limit = overdraft.unwrap_or(Money::ZERO);
        self.check_version(if_match)?;
        self.check_not_closed()?;
        if limits == self.standing.limits && overdraft_limit == self.standing.overdraft_limit {
            return Err(self.no_change());
        }
        Ok(Event::LimitsSet { overdraft_limit, limits })
    }

    /// A client may take out so much at once, and today.
    pub(crate) fn check_spending(&self, amount: Amount, now: Timestamp) -> Result<(), Refusal> {
        let (account, currency) = (self.profile.id.clone(), self.profile.currency);
        let (required, version) = (amount.money(), self.standing.version);
        let Limits { per_transaction, per_day, .. } = self.standing.limits;
        if let Some(limit) = per_transaction.filter(|limit| required > *limit) {
            return Err(Refusal::TransactionLimit { account, currency, limit, required, version });
        }
        let spent = self.standing.spent_on(now);
        let exceeds = |limit: &Money| spent.plus(required).is_none_or(|sum| sum > *limit);
        match per_day.filter(exceeds) {
            Some(limit) => Err(Refusal::DailyLimit { account, currency, limit, spent, required, version }),
            None => Ok(()),
        }
    }
}
