//! Holds: money that is set aside in an account until it is captured, released, or its time is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::decide::Side;
use crate::ids::{HoldId, Timestamp};
use crate::money::{Amount, Money};
use crate::refusal::Refusal;

/// The most open holds of one account, which keeps its state bounded.
pub const HOLDS_MAX: usize = 1000;
/// The longest time that a hold may be placed for, in seconds: ten years.
pub const HOLD_SECONDS_MAX: u32 = 315_360_000;

/// An open hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// How much is held.
    pub amount: Amount,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// In the client's words.
    pub description: Option<Arc<str>>,
}

/// How a hold ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HoldEnd {
    /// Money moved.
    Captured,
    /// By a client, without a movement.
    Released,
    /// By itself.
    Expired,
}

impl HoldEnd {
    /// Every end.
    pub const ALL: [Self; 3] = [Self::Captured, Self::Released, Self::Expired];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Released => "released",
            Self::Expired => "expired",
        }
    }

    /// The number that the log stores.
    pub fn number(self) -> u8 {
        match self {
            Self::Captured => 1,
            Self::Released => 2,
            Self::Expired => 3,
        }
    }

    /// The end with that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.number() == number)
    }
}

/// What an event does to the holds of its account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HoldChange<'a> {
    /// There is one more.
    Placed {
        /// Its name.
        hold: &'a HoldId,
        /// How much.
        amount: Amount,
        /// When it ends by itself.
        expires_at: Option<Timestamp>,
        /// In the client's words.
        description: Option<&'a Arc<str>>,
    },
    /// There is one less.
    Ended(&'a HoldId, HoldEnd),
}

/// What the log knows of a hold's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldRecord {
    /// There is such a hold.
    Open,
    /// There was one.
    Ended(HoldEnd),
}

/// The open holds of an account, which most have none of. Cloning shares them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holds(Option<Arc<Open>>);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Open {
    /// Never empty.
    holds: BTreeMap<HoldId, Hold>,
    /// The earliest end, so that a decision need not look at each hold.
    next_expiry: Option<Timestamp>,
}

impl FromIterator<(HoldId, Hold)> for Holds {
    fn from_iter<T: IntoIterator<Item = (HoldId, Hold)>>(holds: T) -> Self {
        let mut all = Self::default();
        holds.into_iter().for_each(|(id, hold)| all.insert(id, hold));
        all
    }
}

impl Holds {
    /// By name.
    pub fn iter(&self) -> impl Iterator<Item = (&HoldId, &Hold)> {
        self.0.iter().flat_map(|open| &open.holds)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |open| open.holds.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The hold of that name.
    pub fn get(&self, hold: &HoldId) -> Option<&Hold> {
        self.0.as_ref().and_then(|open| open.holds.get(hold))
    }

    /// Those whose time is over at that moment, the earliest first.
    pub fn due(&self, at: Timestamp) -> impl Iterator<Item = (&HoldId, Amount)> {
        let mut due = Vec::new();
        if self.0.as_ref().and_then(|open| open.next_expiry).is_some_and(|next| next <= at) {
            let over = |(id, hold): (_, &Hold)| {
                let expires_at = hold.expires_at.filter(|expires_at| *expires_at <= at)?;
                Some((expires_at, id, hold.amount))
            };
            due.extend(self.iter().filter_map(over));
            due.sort_unstable();
        }
        due.into_iter().map(|(_, id, amount)| (id, amount))
    }

    pub(crate) fn insert(&mut self, id: HoldId, hold: Hold) {
        let open = Arc::make_mut(self.0.get_or_insert_default());
        open.next_expiry = open.next_expiry.into_iter().chain(hold.expires_at).min();
        open.holds.insert(id, hold);
    }

    pub(crate) fn remove(&mut self, id: &HoldId) {
        let Some(open) = self.0.as_mut().map(Arc::make_mut) else { return };
        let removed = open.holds.remove(id);
        if open.holds.is_empty() {
            self.0 = None;
        } else if removed.is_some_and(|hold| hold.expires_at.is_some() && hold.expires_at == open.next_expiry)
        {
            open.next_expiry = open.holds.values().filter_map(|hold| hold.expires_at).min();
        }
    }
}

impl<'a> Side<'a> {
    /// The open hold of that name; none where its time is over, which is a later refusal. What the account has not any
    /// more is in `record`: a hold that is open there and not here can only have expired in between, since whatever else
    /// ends it waits for its turn.
    pub(crate) fn hold(
        &self,
        hold: &HoldId,
        record: Option<HoldRecord>,
    ) -> Result<Option<&'a Hold>, Refusal> {
        let (account, name) = (self.profile.id.clone(), hold.clone());
        match (self.holds.get(hold), record) {
            (Some(open), _) => Ok(Some(open)),
            (None, None) => Err(Refusal::HoldNotFound { account, hold: name }),
            (None, Some(HoldRecord::Open | HoldRecord::Ended(HoldEnd::Expired))) => Ok(None),
            (None, Some(HoldRecord::Ended(ended @ (HoldEnd::Captured | HoldEnd::Released)))) => {
                Err(Refusal::HoldAlreadySettled { account, hold: name, ended })
            }
        }
    }

    /// A hold that was found to be over is refused for that.
    pub(crate) fn unexpired(&self, hold: &HoldId, found: Option<&'a Hold>) -> Result<&'a Hold, Refusal> {
        let expired = || Refusal::HoldExpired { account: self.profile.id.clone(), hold: hold.clone() };
        found.ok_or_else(expired)
    }

    pub(crate) fn check_hold_is_new(&self, hold: &HoldId, record: Option<HoldRecord>) -> Result<(), Refusal> {
        if record.is_some() || self.holds.get(hold).is_some() {
            return Err(Refusal::HoldExists { account: self.profile.id.clone(), hold: hold.clone() });
        }
        Ok(())
    }

    pub(crate) fn check_holds_left(&self) -> Result<(), Refusal> {
        let holds = self.holds.len();
        if holds >= HOLDS_MAX {
            let (account, version) = (self.profile.id.clone(), self.standing.version);
            return Err(Refusal::TooManyHolds { account, holds, version });
        }
        Ok(())
    }

    pub(crate) fn check_no_holds(&self) -> Result<(), Refusal> {
        if self.holds.is_empty() {
            return Ok(());
        }
        Err(Refusal::HoldsOpen {
            account: self.profile.id.clone(),
            currency: self.profile.currency,
            holds: self.holds.len(),
            held: self.standing.held,
            version: self.standing.version,
        })
    }

    pub(crate) fn check_captured(&self, hold: &HoldId, held: Money, amount: Money) -> Result<(), Refusal> {
        if amount <= held {
            return Ok(());
        }
        Err(Refusal::HoldExceeded {
            account: self.profile.id.clone(),
            hold: hold.clone(),
            currency: self.profile.currency,
            held,
            required: amount,
            version: self.standing.version,
        })
    }
}
