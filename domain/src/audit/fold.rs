//! The second fold: what each event does to its account, written down once more, so that one mistake does not confirm
//! itself. It shares the events with [`crate::Account::evolve`], and nothing else: plain numbers, a status of three bits.

use std::collections::BTreeMap;

use crate::account::{Cause, Event};
use crate::hold::HOLDS_MAX;
use crate::ids::{AccountId, HoldId};
use crate::lifecycle::Scope;
use crate::limits::Limits;
use crate::money::{Amount, Currency, MONEY_MAX, Money};
use crate::rows::StandingColumns;

/// No money may be taken out.
const DEBITS: u8 = 1;
/// No money may be brought in.
const CREDITS: u8 = 2;
/// Nothing may happen.
const CLOSED: u8 = 4;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// An account, in a few words of memory.
#[derive(Debug)]
pub(super) struct State {
    /// The store's own number for the account.
    pub(super) key: i64,
    /// Whether it is another one than was next.
    pub(super) is_key_doubtful: bool,
    pub(super) version: i64,
    pub(super) currency: Currency,
    balance: i64,
    held: i64,
    overdraft_limit: i64,
    transactions: i64,
    stopped: u8,
    spent: i64,
    /// What bounds it; most accounts have nothing of the kind.
    limits: Option<Box<Limits>>,
    /// The open holds, and what each has set aside.
    holds: BTreeMap<HoldId, i64>,
    pub(super) decided_at: i64,
}

/// What an event moves beyond its account, for the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow<'a> {
    /// Nothing.
    None,
    /// In from outside.
    In(i64),
    /// Out.
    Out(i64),
    /// To another account.
    Sent(&'a AccountId, i64),
    /// From another account.
    Received(&'a AccountId, i64),
}

impl State {
    /// An account of which nothing is known but its currency.
    pub(super) fn new(key: i64, currency: Currency) -> Self {
        Self {
            key,
            is_key_doubtful: false,
            version: 0,
            currency,
            balance: 0,
            held: 0,
            overdraft_limit: 0,
            transactions: 0,
            stopped: 0,
            spent: 0,
            limits: None,
            holds: BTreeMap::new(),
            decided_at: 0,
        }
    }

    /// Takes the account out of its place, to be put back as it is then.
    pub(super) fn take(&mut self) -> Self {
        Self { limits: self.limits.take(), holds: std::mem::take(&mut self.holds), ..*self }
    }

    /// Applies an event of that time; the error says what could not have happened.
    pub(super) fn apply<'a>(&mut self, event: &'a Event, at: i64) -> Result<Flow<'a>, &'static str> {
        if at.div_euclid(DAY) != self.decided_at.div_euclid(DAY) {
            self.spent = 0;
        }
        self.decided_at = at;
        let first = self.version == 0;
        self.version = self.version.saturating_add(1);
        if first != matches!(event, Event::AccountCreated { .. }) {
            return Err(if first { "the account was not opened" } else { "the account was opened before" });
        }
        let closed = self.stopped == CLOSED;
        match event {
            Event::AccountCreated { initial_balance, currency, owner: _, overdraft_limit } => {
                self.currency = *currency;
                self.balance = initial_balance.minor();
                self.overdraft_limit = overdraft_limit.minor();
                Ok(Flow::In(self.balance))
            }
            Event::MoneyDeposited { amount, description: _, cause: _ } => {
                let amount = amount.money().minor();
                self.moved(amount, closed)?;
                Ok(Flow::In(amount))
            }
            Event::MoneyWithdrawn { amount, description: _, cause } => {
                let amount = amount.money().minor();
                self.spend(cause, amount);
                self.moved(amount.saturating_neg(), closed)?;
                Ok(Flow::Out(amount))
            }
            Event::MoneyTransferred { to, amount, description: _, cause } => {
                let amount = amount.money().minor();
                self.spend(cause, amount);
                self.moved(amount.saturating_neg(), closed)?;
                Ok(Flow::Sent(to, amount))
            }
            Event::TransferReceived { from, amount } => {
                let amount = amount.money().minor();
                self.moved(amount, closed)?;
                Ok(Flow::Received(from, amount))
            }
            Event::AccountFrozen { scope, reason: _ } => {
                self.stopped |= bits(*scope);
                if closed { Err("a closed account was frozen") } else { Ok(Flow::None) }
            }
            Event::AccountUnfrozen { scope, reason: _ } => {
                self.stopped &= !bits(*scope);
                if closed { Err("a closed account was unfrozen") } else { Ok(Flow::None) }
            }
            Event::AccountClosed { reason: _ } => {
                self.stopped = CLOSED;
                match (closed, self.balance, self.held) {
                    (true, _, _) => Err("the account was closed before"),
                    (false, 0, 0) => Ok(Flow::None),
                    (false, _, _) => Err("an account with money in it was closed"),
                }
            }
            Event::AccountReopened { reason: _ } => {
                self.stopped = 0;
                if closed { Ok(Flow::None) } else { Err("an account that was not closed was opened again") }
            }
            Event::HoldPlaced { hold, amount, expires_at: _, description: _ } => {
                let amount = amount.money().minor();
                self.spend(&Cause::Client, amount);
                self.held = self.held.saturating_add(amount);
                let holds = &mut self.holds;
                let there = holds.insert(hold.clone(), amount).is_some();
                match (closed, there, holds.len() > HOLDS_MAX) {
                    (true, _, _) => Err("money was held on a closed account"),
                    (_, true, _) => Err("a hold was placed that was open"),
                    (_, _, true) => Err("too many holds are open"),
                    (false, false, false) => Ok(Flow::None),
                }
            }
            Event::HoldCaptured { hold, amount, held, to: _ } => {
                let more = amount > held;
                self.let_go(hold, *held)?;
                if more { Err("more was captured than was held") } else { Ok(Flow::None) }
            }
            Event::HoldReleased { hold, amount, reason: _ } | Event::HoldExpired { hold, amount } => {
                self.let_go(hold, *amount).map(|()| Flow::None)
            }
            Event::LimitsSet { overdraft_limit, limits } => {
                self.overdraft_limit = overdraft_limit.minor();
                self.limits = (*limits != Limits::default()).then(|| Box::new(*limits));
                if closed { Err("a closed account was given limits") } else { Ok(Flow::None) }
            }
        }
    }

    fn moved(&mut self, by: i64, closed: bool) -> Result<(), &'static str> {
        self.balance = self.balance.saturating_add(by);
        self.transactions = self.transactions.saturating_add(1);
        if closed {
            return Err("money moved on a closed account");
        }
        if self.balance.saturating_abs() > MONEY_MAX {
            return Err("the balance left its bounds");
        }
        Ok(())
    }

    /// What a client takes out counts for the day; a capture was counted when it was held.
    fn spend(&mut self, cause: &Cause, amount: i64) {
        match cause {
            Cause::Client => self.spent = self.spent.saturating_add(amount).min(MONEY_MAX),
            Cause::Capture(_) | Cause::Sweep | Cause::Reversal { .. } => {}
        }
    }

    fn let_go(&mut self, hold: &HoldId, amount: Amount) -> Result<(), &'static str> {
        let amount = amount.money().minor();
        self.held = self.held.saturating_sub(amount);
        match self.holds.remove(hold) {
            None => Err("a hold ended that was not open"),
            Some(was) if was != amount => Err("another amount was held"),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn balance(&self) -> i64 {
        self.balance
    }

    /// The columns that the account's row must have.
    pub(super) fn columns(&self) -> StandingColumns {
        StandingColumns {
            balance: self.balance,
            held: self.held,
            overdraft_limit: self.overdraft_limit,
            transactions: self.transactions,
            status: match self.stopped {
                0 => 0,
                DEBITS => 2,
                CREDITS => 3,
                CLOSED => 4,
                _ => 1,
            },
            spent: self.spent,
            limits: self.limits.as_ref().and_then(|limits| limits.stored()),
            decided_at: self.decided_at,
        }
    }

    /// Goes on from what a row says, where the events can't be relied on.
    pub(super) fn adopt(&mut self, columns: &StandingColumns) {
        let StandingColumns {
            balance,
            held,
            overdraft_limit,
            transactions,
            status,
            spent,
            limits,
            decided_at,
        } = columns;
        (self.balance, self.held, self.overdraft_limit) = (*balance, *held, *overdraft_limit);
        (self.transactions, self.spent, self.decided_at) = (*transactions, *spent, *decided_at);
        self.limits = Limits::from_stored(limits.as_deref()).filter(|_| limits.is_some()).map(Box::new);
        self.stopped = match *status {
            1 => DEBITS | CREDITS,
            2 => DEBITS,
            3 => CREDITS,
            4 => CLOSED,
            _ => 0,
        };
    }

    /// What a read model must show of it: balance, held and overdraft limit as text, version, transactions, status.
    pub(super) fn shown(&self) -> Shown {
        let units = |minor| Money::from_minor(minor).unwrap_or_default().in_units(self.currency).to_string();
        Shown {
            balance: units(self.balance),
            held: units(self.held),
            overdraft_limit: units(self.overdraft_limit),
            version: self.version,
            transactions: self.transactions,
            status: match self.stopped {
                0 => "open",
                CLOSED => "closed",
                _ => "frozen",
            },
            currency: self.currency.to_string(),
        }
    }
}

fn bits(scope: Scope) -> u8 {
    match scope {
        Scope::All => DEBITS | CREDITS,
        Scope::Debits => DEBITS,
        Scope::Credits => CREDITS,
    }
}

/// An account as a read model must show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) balance: String,
    pub(super) held: String,
    pub(super) overdraft_limit: String,
    pub(super) version: i64,
    pub(super) transactions: i64,
    pub(super) status: &'static str,
    pub(super) currency: String,
}

/// How two rows differ, by the names of the columns.
pub(super) fn differences(is: &StandingColumns, should: &StandingColumns) -> Vec<String> {
    let StandingColumns { balance, held, overdraft_limit, transactions, status, spent, limits, decided_at } =
        should;
    let pairs = [
        ("balance", is.balance, *balance),
        ("held", is.held, *held),
        ("overdraft_limit", is.overdraft_limit, *overdraft_limit),
        ("transactions", is.transactions, *transactions),
        ("status", is.status, *status),
        ("spent", is.spent, *spent),
        ("decided_at", is.decided_at, *decided_at),
    ];
    let differ = pairs.into_iter().filter(|(_, is, should)| is != should);
    let mut differ: Vec<String> =
        differ.map(|(name, is, should)| format!("{name} is {is}, by the events it is {should}")).collect();
    if is.limits != *limits {
        differ.push(format!("limits are {:?}, by the events they are {limits:?}", is.limits));
    }
    differ
}
