//! Why the answer is no.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::hold::HoldEnd;
use crate::ids::{AccountId, CommandId, HoldId, Sequence, Version};
use crate::lifecycle::Scope;
use crate::money::{Currency, Money};

/// Why the answer is no, in order of precedence: where several apply, the first variant is the answer. A refusal carries
/// the numbers that decided, so that it can be told again, word for word, when the command is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Refusal {
    /// There is no such account.
    AccountNotFound {
        /// The account named.
        account: AccountId,
    },
    /// The amount is no amount of the account's currency.
    InvalidAmount {
        /// The request's field.
        field: AmountField,
        /// The account's currency.
        currency: Currency,
        /// Whether it has too many decimals; else it is too large.
        too_precise: bool,
    },
    /// The account never had such a hold.
    HoldNotFound {
        /// The account named.
        account: AccountId,
        /// The hold named.
        hold: HoldId,
    },
    /// Nothing is recorded under the command's id.
    CommandNotFound {
        /// The id.
        target: CommandId,
    },
    /// The log does not reach so far.
    EventNotFound {
        /// The event's place.
        target: Sequence,
    },
    /// There is one already.
    AccountExists {
        /// The account named.
        account: AccountId,
    },
    /// The account has, or had, a hold of that name.
    HoldExists {
        /// The account named.
        account: AccountId,
        /// The hold named.
        hold: HoldId,
    },
    /// The hold was captured or released before.
    HoldAlreadySettled {
        /// The account named.
        account: AccountId,
        /// The hold named.
        hold: HoldId,
        /// How it ended.
        ended: HoldEnd,
    },
    /// No more of the movement is left than that.
    AlreadyReversed {
        /// The movement's place in the log.
        movement: Sequence,
        /// Its currency.
        currency: Currency,
        /// How much it moved.
        amount: Money,
        /// How much of that is reversed.
        reversed: Money,
        /// What was asked for.
        required: Money,
    },
    /// The command was to hold for another version of the account.
    VersionMismatch {
        /// The account named.
        account: AccountId,
        /// What the client expected.
        expected: Version,
        /// What it is.
        actual: Version,
    },
    /// From and to are one account.
    SameAccount {
        /// The account named.
        account: AccountId,
    },
    /// The account has another currency.
    CurrencyMismatch {
        /// The account that differs.
        account: AccountId,
        /// What was asked for, or the other account's.
        expected: Currency,
        /// What the account has.
        actual: Currency,
    },
    /// It is no deposit, withdrawal, transfer or capture, or not one of them.
    NotReversible {
        /// In words that follow "this can't be reversed: ".
        why: Arc<str>,
    },
    /// The account is closed.
    AccountClosed {
        /// The account.
        account: AccountId,
        /// The version that decided.
        version: Version,
    },
    /// The account is frozen in that direction.
    AccountFrozen {
        /// The account.
        account: AccountId,
        /// What the freeze stops.
        scope: Scope,
        /// The version that decided.
        version: Version,
    },
    /// What is asked for is so already.
    NoChange {
        /// The account.
        account: AccountId,
        /// Its status, by name.
        status: Arc<str>,
        /// The version that decided.
        version: Version,
    },
    /// The hold's time is over.
    HoldExpired {
        /// The account.
        account: AccountId,
        /// The hold.
        hold: HoldId,
    },
    /// More is to be captured than is held.
    HoldExceeded {
        /// The account.
        account: AccountId,
        /// The hold.
        hold: HoldId,
        /// Its currency.
        currency: Currency,
        /// What is held by it.
        held: Money,
        /// What was asked for.
        required: Money,
        /// The version that decided.
        version: Version,
    },
    /// Only an account without holds can be closed.
    HoldsOpen {
        /// The account.
        account: AccountId,
        /// Its currency.
        currency: Currency,
        /// How many there are.
        holds: usize,
        /// What is held by them.
        held: Money,
        /// The version that decided.
        version: Version,
    },
    /// An account has at most [`HOLDS_MAX`](crate::hold::HOLDS_MAX) open holds.
    TooManyHolds {
        /// The account.
        account: AccountId,
        /// How many there are.
        holds: usize,
        /// The version that decided.
        version: Version,
    },
    /// Only an empty account can be closed.
    AccountNotEmpty {
        /// The account.
        account: AccountId,
        /// Its currency.
        currency: Currency,
        /// Its balance.
        balance: Money,
        /// Of it, what is held.
        held: Money,
        /// The version that decided.
        version: Version,
    },
    /// More was asked for than may be taken out at once.
    TransactionLimit {
        /// The account.
        account: AccountId,
        /// Its currency.
        currency: Currency,
        /// How much that is.
        limit: Money,
        /// What was asked for.
        required: Money,
        /// The version that decided.
        version: Version,
    },
    /// More was asked for than may be taken out on one day.
    DailyLimit {
        /// The account.
        account: AccountId,
        /// Its currency.
        currency: Currency,
        /// How much that is.
        limit: Money,
        /// How much was taken out, or held, on this UTC day.
        spent: Money,
        /// What was asked for.
        required: Money,
        /// The version that decided.
        version: Version,
    },
    /// The balance would exceed the account's own bound, or leave what can be counted exactly.
    BalanceLimit {
        /// The account.
        account: AccountId,
        /// Its currency.
        currency: Currency,
        /// Its balance.
        balance: Money,
        /// What was to be added.
        amount: Money,
        /// The account's own bound, where that is what was exceeded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<Money>,
        /// The version that decided.
        version: Version,
    },
    /// More was asked for than is available.
    InsufficientFunds {
        /// The account that lacks them.
        account: AccountId,
        /// Its currency.
        currency: Currency,
        /// Its balance.
        balance: Money,
        /// Of it, what is held.
        held: Money,
        /// How far below nothing it may go.
        overdraft_limit: Money,
        /// What could be taken.
        available: Money,
        /// What was asked for.
        required: Money,
        /// The version that decided.
        version: Version,
    },
}

impl Refusal {
    /// The account that it is about, where it is about one.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::AccountNotFound { account }
            | Self::HoldNotFound { account, .. }
            | Self::AccountExists { account }
            | Self::HoldExists { account, .. }
            | Self::HoldAlreadySettled { account, .. }
            | Self::VersionMismatch { account, .. }
            | Self::SameAccount { account }
            | Self::CurrencyMismatch { account, .. }
            | Self::AccountClosed { account, .. }
            | Self::AccountFrozen { account, .. }
            | Self::NoChange { account, .. }
            | Self::HoldExpired { account, .. }
            | Self::HoldExceeded { account, .. }
            | Self::HoldsOpen { account, .. }
            | Self::TooManyHolds { account, .. }
            | Self::AccountNotEmpty { account, .. }
            | Self::TransactionLimit { account, .. }
            | Self::DailyLimit { account, .. }
            | Self::InsufficientFunds { account, .. }
            | Self::BalanceLimit { account, .. } => Some(account),
            Self::InvalidAmount { .. }
            | Self::CommandNotFound { .. }
            | Self::EventNotFound { .. }
            | Self::AlreadyReversed { .. }
            | Self::NotReversible { .. } => None,
        }
    }
}

/// The field of a request that holds an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AmountField {
    /// `amount`
    Amount,
    /// `initialBalance`
    InitialBalance,
    /// `overdraftLimit`
    OverdraftLimit,
    /// `maxBalance`
    MaxBalance,
    /// `perTransaction`
    PerTransaction,
    /// `perDay`
    PerDay,
    /// `amount` of one of `postings`, by its place
    Posting(usize),
}

impl AmountField {
    /// The name in JSON.
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Amount => "amount".into(),
            Self::InitialBalance => "initialBalance".into(),
            Self::OverdraftLimit => "overdraftLimit".into(),
            Self::MaxBalance => "maxBalance".into(),
            Self::PerTransaction => "perTransaction".into(),
            Self::PerDay => "perDay".into(),
            Self::Posting(place) => format!("postings[{place}].amount").into(),
        }
    }
}
