//! One account: the commands it takes, the events that follow, its state, and how that evolves. How it decides is in
//! [`mod@crate::decide`].

use std::sync::Arc;

use crate::decide::Side;
use crate::hold::{Hold, HoldChange, HoldEnd, Holds};
use crate::ids::{AccountId, HoldId, Sequence, Timestamp, Version};
use crate::lifecycle::{Scope, Status};
use crate::limits::{Limits, LimitsChange};
use crate::money::{Amount, Currency, Money, Quantity};
use crate::refusal::Refusal;
use crate::reversal::Target;

/// The longest description, owner or reason, in characters.
pub const TEXT_LENGTH_MAX: usize = 500;
/// The most movements of one posting.
pub const POSTINGS_MAX: usize = 100;

/// What a client wants done. Amounts are as written: only the account knows its currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens an account.
    CreateAccount {
        /// The new account.
        account: AccountId,
        /// What it starts with; may be nothing.
        initial_balance: Quantity,
        /// Its currency, for good.
        currency: Currency,
        /// Whose it is, in the client's words.
        owner: Option<Arc<str>>,
        /// How far below nothing the balance may go.
        overdraft_limit: Quantity,
    },
    /// Money comes in from outside.
    Deposit {
        /// Where to.
        account: AccountId,
        /// How much.
        amount: Quantity,
        /// The currency that the client believes the account to have.
        currency: Option<Currency>,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
    /// Money goes out.
    Withdraw {
        /// Where from.
        account: AccountId,
        /// How much.
        amount: Quantity,
        /// The currency that the client believes the account to have.
        currency: Option<Currency>,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
    /// Money moves from one account to another.
    Transfer {
        /// Where from.
        from: AccountId,
        /// Where to.
        to: AccountId,
        /// How much.
        amount: Quantity,
        /// The currency that the client believes the accounts to have.
        currency: Option<Currency>,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
    /// No money moves in some directions, until it is unfrozen.
    FreezeAccount {
        /// The account.
        account: AccountId,
        /// The directions.
        scope: Scope,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// Money moves again.
    UnfreezeAccount {
        /// The account.
        account: AccountId,
        /// The directions.
        scope: Scope,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// Nothing happens on the account any more.
    CloseAccount {
        /// The account; empty, or to be swept.
        account: AccountId,
        /// Where its money goes first.
        sweep_to: Option<AccountId>,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// The account is open again, with the limits that it had.
    ReopenAccount {
        /// The account.
        account: AccountId,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// Money stays in the account, but is no longer available.
    PlaceHold {
        /// The account.
        account: AccountId,
        /// The hold's name; else it is made of the command's id.
        hold: Option<HoldId>,
        /// How much.
        amount: Quantity,
        /// The currency that the client believes the account to have.
        currency: Option<Currency>,
        /// For how long, in seconds; else until it is captured or released.
        expires_in: Option<u32>,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
    /// What is held goes out, or to another account; the rest is released.
    CaptureHold {
        /// The account.
        account: AccountId,
        /// The hold.
        hold: HoldId,
        /// How much of it; else all.
        amount: Option<Quantity>,
        /// The currency that the client believes the accounts to have.
        currency: Option<Currency>,
        /// Where to; else out.
        to: Option<AccountId>,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
    /// What is held is available again.
    ReleaseHold {
        /// The account.
        account: AccountId,
        /// The hold.
        hold: HoldId,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// Other bounds for what comes.
    SetLimits {
        /// The account.
        account: AccountId,
        /// The bounds.
        change: LimitsChange,
    },
    /// Money goes back the way it came.
    Reverse {
        /// What is reversed.
        target: Target,
        /// How much of it; else what is left.
        amount: Option<Quantity>,
        /// The currency that the client believes the accounts to have.
        currency: Option<Currency>,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// Money moves between several accounts, all or nothing.
    Post {
        /// The movements, in order: 1 to [`POSTINGS_MAX`].
        postings: Vec<Posting>,
        /// The currency that the client believes the accounts to have.
        currency: Option<Currency>,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
}

/// One movement of a [`Command::Post`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Where from.
    pub from: AccountId,
    /// Where to.
    pub to: AccountId,
    /// How much.
    pub amount: Quantity,
}

/// What happened to one account. Past tense; every event was valid when it was decided, and is true for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The account exists from here on.
    AccountCreated {
        /// What it started with, from outside.
        initial_balance: Money,
        /// Its currency.
        currency: Currency,
        /// Whose it is.
        owner: Option<Arc<str>>,
        /// How far below nothing the balance may go.
        overdraft_limit: Money,
    },
    /// Money came in from outside.
    MoneyDeposited {
        /// How much.
        amount: Amount,
        /// In the client's words.
        description: Option<Arc<str>>,
        /// Why.
        cause: Cause,
    },
    /// Money went out.
    MoneyWithdrawn {
        /// How much.
        amount: Amount,
        /// In the client's words.
        description: Option<Arc<str>>,
        /// Why.
        cause: Cause,
    },
    /// Money went to another account; this event stands on the from-account.
    MoneyTransferred {
        /// Where to.
        to: AccountId,
        /// How much.
        amount: Amount,
        /// In the client's words.
        description: Option<Arc<str>>,
        /// Why.
        cause: Cause,
    },
    /// Money came from another account; this event stands on the to-account, in the same commit as its counterpart.
    TransferReceived {
        /// Where from.
        from: AccountId,
        /// How much.
        amount: Amount,
    },
    /// No money moves in those directions from here on.
    AccountFrozen {
        /// The directions, beside those that were frozen before.
        scope: Scope,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// Money moves again in those directions.
    AccountUnfrozen {
        /// The directions; others stay frozen.
        scope: Scope,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// The account is empty, and stays so.
    AccountClosed {
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// The account is open again, and not frozen.
    AccountReopened {
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// Money is set aside: it is in the balance, but not available.
    HoldPlaced {
        /// The hold.
        hold: HoldId,
        /// How much.
        amount: Amount,
        /// When it ends by itself.
        expires_at: Option<Timestamp>,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
    /// The hold is over. What was captured moves with the event that follows, in the same commit.
    HoldCaptured {
        /// The hold.
        hold: HoldId,
        /// What was captured.
        amount: Amount,
        /// What was held; the rest is available again.
        held: Amount,
        /// Where to; else out.
        to: Option<AccountId>,
    },
    /// The hold is over, and what was held is available again.
    HoldReleased {
        /// The hold.
        hold: HoldId,
        /// What was held.
        amount: Amount,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
    /// The hold's time is over, and what was held is available again.
    HoldExpired {
        /// The hold.
        hold: HoldId,
        /// What was held.
        amount: Amount,
    },
    /// Other bounds hold from here on: all of them, as they are now.
    LimitsSet {
        /// How far below nothing the balance may go.
        overdraft_limit: Money,
        /// The others.
        limits: Limits,
    },
}

/// Why money moved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// A client asked for it: it counts against the account's limits.
    #[default]
    Client,
    /// A hold was captured; it was counted when it was placed.
    Capture(HoldId),
    /// The account was emptied to be closed.
    Sweep,
    /// A movement goes back.
    Reversal {
        /// The movement.
        of: Sequence,
        /// How much of it is reversed by now.
        total: Money,
    },
}

/// What an account is from its creation on, and never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The account's id.
    pub id: AccountId,
    /// Its currency.
    pub currency: Currency,
    /// Whose it is.
    pub owner: Option<Arc<str>>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// What changes with an account's events; the log stores it with every event, as it is after that event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How many events the account has.
    pub version: Version,
    /// Money in it, held or not.
    pub balance: Money,
    /// Of the balance, what is held.
    pub held: Money,
    /// How far below nothing the balance may go.
    pub overdraft_limit: Money,
    /// Movements of money since the creation, which is none itself.
    pub transactions: u64,
    /// What may be done with it.
    pub status: Status,
    /// The bounds of what comes.
    pub limits: Limits,
    /// What clients took out, or had held, on the UTC day of its last event.
    pub spent: Money,
    /// The time of its last event.
    pub updated_at: Timestamp,
}

impl Standing {
    /// Moves on to the next event.
    fn turn(&mut self, now: Timestamp) {
        self.spent = self.spent_on(now);
        self.version = self.version.next();
        self.updated_at = self.updated_at.max(now);
    }

    /// What clients took out, or had held, on the day of that moment, or of the last event if that is later.
    pub fn spent_on(&self, now: Timestamp) -> Money {
        if self.updated_at.max(now).day() == self.updated_at.day() { self.spent } else { Money::ZERO }
    }

    /// What can be taken out: every debit goes through this one function.
    pub fn available(&self) -> Money {
        // Within i64 by far; beyond the bounds of money it says the most that money can say.
        let available = self
            .balance
            .minor()
            .saturating_sub(self.held.minor())
            .saturating_add(self.overdraft_limit.minor())
            .min(crate::money::MONEY_MAX);
        Money::from_minor(available).unwrap_or_default()
    }
}

/// An account, or the place where one could be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Account {
    /// Nothing has happened under this id.
    #[default]
    Absent,
    /// It was created: what it is, how it stands, and its open holds.
    Present(Arc<Profile>, Standing, Holds),
}

impl Account {
    /// One that was read; nothing where its open holds are not what it says is held.
    pub fn restored(profile: Arc<Profile>, standing: Standing, holds: Holds) -> Option<Self> {
        let amounts = holds.iter().map(|(_, hold)| i128::from(hold.amount.money().minor()));
        let held = amounts.sum::<i128>() == i128::from(standing.held.minor());
        held.then_some(Self::Present(profile, standing, holds))
    }

    /// 0 for an absent one.
    pub fn version(&self) -> Version {
        match self {
            Self::Absent => Version::ZERO,
            Self::Present(_, standing, _) => standing.version,
        }
    }

    /// The events by which its holds end that are over by that moment, the earliest first.
    pub fn expiries(&self, now: Timestamp) -> Vec<Event> {
        match self {
            Self::Absent => Vec::new(),
            Self::Present(_, _, holds) => holds
                .due(now)
                .map(|(hold, amount)| Event::HoldExpired { hold: hold.clone(), amount })
                .collect(),
        }
    }

    /// Applies what has happened. It judges nothing and cannot fail. The event has the time of the clock, but never one
    /// before the last event of its account: another process may have written that one.
    pub fn evolve(&mut self, account: &AccountId, event: &Event, now: Timestamp) {
        let (standing, holds) = match (&mut *self, event) {
            (_, Event::AccountCreated { initial_balance, currency, owner, overdraft_limit }) => {
                let profile = Profile {
                    id: account.clone(),
                    currency: *currency,
                    owner: owner.clone(),
                    created_at: now,
                };
                let standing = Standing {
                    version: Version::new(1),
                    balance: *initial_balance,
                    held: Money::ZERO,
                    overdraft_limit: *overdraft_limit,
                    transactions: 0,
                    status: Status::Open,
                    limits: Limits::default(),
                    spent: Money::ZERO,
                    updated_at: now,
                };
                *self = Self::Present(Arc::new(profile), standing, Holds::default());
                return;
            }
            (Self::Absent, _) => return,
            (Self::Present(_, standing, holds), _) => (standing, holds),
        };
        standing.turn(now);
        standing.spent = standing.spent.plus(event.spending()).unwrap_or(Money::MAX);
        match event {
            Event::AccountCreated { .. } => {}
            Event::MoneyDeposited { .. }
            | Event::MoneyWithdrawn { .. }
            | Event::MoneyTransferred { .. }
            | Event::TransferReceived { .. } => {
                // Bounds were proved when the event was decided.
                standing.balance = standing.balance.plus(event.movement()).unwrap_or(standing.balance);
                standing.transactions = standing.transactions.saturating_add(1);
            }
            Event::AccountFrozen { scope, .. } => standing.status = standing.status.with_frozen(*scope),
            Event::AccountUnfrozen { scope, .. } => standing.status = standing.status.without_frozen(*scope),
            Event::AccountClosed { .. } => standing.status = Status::Closed,
            Event::AccountReopened { .. } => standing.status = Status::Open,
            Event::HoldPlaced { hold, amount, expires_at, description } => {
                standing.held = standing.held.plus(amount.money()).unwrap_or(standing.held);
                let description = description.clone();
                let placed = Hold {
                    amount: *amount,
                    placed_at: standing.updated_at,
                    expires_at: *expires_at,
                    description,
                };
                holds.insert(hold.clone(), placed);
            }
            Event::HoldCaptured { hold, held: amount, .. }
            | Event::HoldReleased { hold, amount, .. }
            | Event::HoldExpired { hold, amount } => {
                standing.held = standing.held.minus(amount.money()).unwrap_or(standing.held);
                holds.remove(hold);
            }
            Event::LimitsSet { overdraft_limit, limits } => {
                standing.overdraft_limit = *overdraft_limit;
                standing.limits = *limits;
            }
        }
    }

    /// The existing account, at the version that the client expects.
    pub(crate) fn side_at<'a>(
        &'a self,
        id: &'a AccountId,
        if_match: Option<Version>,
    ) -> Result<Side<'a>, Refusal> {
        let side = self.side(id)?;
        side.check_version(if_match)?;
        Ok(side)
    }

    /// The account as one side of a decision.
    pub(crate) fn side<'a>(&'a self, id: &'a AccountId) -> Result<Side<'a>, Refusal> {
        match self {
            Self::Absent => Err(Refusal::AccountNotFound { account: id.clone() }),
            Self::Present(profile, standing, holds) => Ok(Side { profile, standing, holds }),
        }
    }
}

impl Event {
    /// What the event does to the balance of the account that it stands on.
    pub fn movement(&self) -> Money {
        let negative = |amount: &Amount| Money::ZERO.minus(amount.money()).unwrap_or_default();
        match self {
            Self::AccountCreated { initial_balance, .. } => *initial_balance,
            Self::MoneyDeposited { amount, .. } | Self::TransferReceived { amount, .. } => amount.money(),
            Self::MoneyWithdrawn { amount, .. } | Self::MoneyTransferred { amount, .. } => negative(amount),
            Self::AccountFrozen { .. }
            | Self::AccountUnfrozen { .. }
            | Self::AccountClosed { .. }
            | Self::AccountReopened { .. }
            | Self::HoldPlaced { .. }
            | Self::HoldCaptured { .. }
            | Self::HoldReleased { .. }
            | Self::HoldExpired { .. }
            | Self::LimitsSet { .. } => Money::ZERO,
        }
    }

    /// What the event counts against the account's limits: what a client takes out, and what is held, once.
    pub fn spending(&self) -> Money {
        match self {
            Self::MoneyWithdrawn { amount, cause: Cause::Client, .. }
            | Self::MoneyTransferred { amount, cause: Cause::Client, .. }
            | Self::HoldPlaced { amount, .. } => amount.money(),
            Self::AccountCreated { .. }
            | Self::MoneyDeposited { .. }
            | Self::MoneyWithdrawn { .. }
            | Self::MoneyTransferred { .. }
            | Self::TransferReceived { .. }
            | Self::AccountFrozen { .. }
            | Self::AccountUnfrozen { .. }
            | Self::AccountClosed { .. }
            | Self::AccountReopened { .. }
            | Self::HoldCaptured { .. }
            | Self::HoldReleased { .. }
            | Self::HoldExpired { .. }
            | Self::LimitsSet { .. } => Money::ZERO,
        }
    }

    /// Why money moved; nothing where it did not, or where the event is the other half of one that says it.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::MoneyDeposited { cause, .. }
            | Self::MoneyWithdrawn { cause, .. }
            | Self::MoneyTransferred { cause, .. } => Some(cause),
            Self::AccountCreated { .. }
            | Self::TransferReceived { .. }
            | Self::AccountFrozen { .. }
            | Self::AccountUnfrozen { .. }
            | Self::AccountClosed { .. }
            | Self::AccountReopened { .. }
            | Self::HoldPlaced { .. }
            | Self::HoldCaptured { .. }
            | Self::HoldReleased { .. }
            | Self::HoldExpired { .. }
            | Self::LimitsSet { .. } => None,
        }
    }

    /// What it does to the holds of its account.
    pub fn hold_change(&self) -> Option<HoldChange<'_>> {
        match self {
            Self::HoldPlaced { hold, amount, expires_at, description } => Some(HoldChange::Placed {
                hold,
                amount: *amount,
                expires_at: *expires_at,
                description: description.as_ref(),
            }),
            Self::HoldCaptured { hold, .. } => Some(HoldChange::Ended(hold, HoldEnd::Captured)),
            Self::HoldReleased { hold, .. } => Some(HoldChange::Ended(hold, HoldEnd::Released)),
            Self::HoldExpired { hold, .. } => Some(HoldChange::Ended(hold, HoldEnd::Expired)),
            Self::AccountCreated { .. }
            | Self::MoneyDeposited { .. }
            | Self::MoneyWithdrawn { .. }
            | Self::MoneyTransferred { .. }
            | Self::TransferReceived { .. }
            | Self::AccountFrozen { .. }
            | Self::AccountUnfrozen { .. }
            | Self::AccountClosed { .. }
            | Self::AccountReopened { .. }
            | Self::LimitsSet { .. } => None,
        }
    }

    /// The movement that this one reverses.
    pub fn reverses(&self) -> Option<Sequence> {
        match self.cause() {
            Some(Cause::Reversal { of, .. }) => Some(*of),
            Some(Cause::Client | Cause::Capture(_) | Cause::Sweep) | None => None,
        }
    }
}
