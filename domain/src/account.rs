//! One account: the commands it takes, the events that follow, the refusals, its state, how it decides and evolves.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, Timestamp, Version};
use crate::lifecycle::{Scope, Status};
use crate::money::{Amount, Currency, Money, Quantity};

/// The longest description, owner or reason, in characters.
pub const TEXT_LENGTH_MAX: usize = 500;

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
    /// The account is as it was when it was opened, but for its history.
    ReopenAccount {
        /// The account.
        account: AccountId,
        /// In the client's words.
        reason: Option<Arc<str>>,
    },
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
    },
    /// Money went out.
    MoneyWithdrawn {
        /// How much.
        amount: Amount,
        /// In the client's words.
        description: Option<Arc<str>>,
    },
    /// Money went to another account; this event stands on the from-account.
    MoneyTransferred {
        /// Where to.
        to: AccountId,
        /// How much.
        amount: Amount,
        /// In the client's words.
        description: Option<Arc<str>>,
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
}

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
    /// There is one already.
    AccountExists {
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
    /// The balance would leave what can be counted exactly.
    BalanceLimit {
        /// The account.
        account: AccountId,
        /// Its currency.
        currency: Currency,
        /// Its balance.
        balance: Money,
        /// What was to be added.
        amount: Money,
        /// The version that decided.
        version: Version,
    },
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
}

impl AmountField {
    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Amount => "amount",
            Self::InitialBalance => "initialBalance",
            Self::OverdraftLimit => "overdraftLimit",
        }
    }
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
    /// The time of its last event.
    pub updated_at: Timestamp,
}

impl Standing {
    fn turn(&mut self, status: Status, at: Timestamp) {
        self.status = status;
        self.version = self.version.next();
        self.updated_at = at;
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
    /// It was created.
    Present(Arc<Profile>, Standing),
}

impl Account {
    /// 0 for an absent one.
    pub fn version(&self) -> Version {
        match self {
            Self::Absent => Version::ZERO,
            Self::Present(_, standing) => standing.version,
        }
    }

    /// The time of the last event; decisions are never dated before it.
    pub fn updated_at(&self) -> Timestamp {
        match self {
            Self::Absent => Timestamp::default(),
            Self::Present(_, standing) => standing.updated_at,
        }
    }

    /// Decides a command on this account alone; changes nothing.
    ///
    /// # Errors
    /// The first refusal that applies, in the order of [`Refusal`].
    pub fn decide(&self, command: &Command, if_match: Option<Version>) -> Result<Event, Refusal> {
        match (self, command) {
            (_, Command::CreateAccount { account, initial_balance, currency, owner, overdraft_limit }) => {
                let money = |field, quantity: &Quantity| money_of(field, *quantity, *currency);
                let initial_balance = money(AmountField::InitialBalance, initial_balance)?;
                let overdraft_limit = money(AmountField::OverdraftLimit, overdraft_limit)?;
                if let Self::Present(..) = self {
                    return Err(Refusal::AccountExists { account: account.clone() });
                }
                check_version(account, if_match, Version::ZERO)?;
                let (currency, owner) = (*currency, owner.clone());
                Ok(Event::AccountCreated { initial_balance, currency, owner, overdraft_limit })
            }
            (_, Command::Deposit { account, amount, currency, description }) => {
                let side = self.side(account)?;
                let amount = side.amount(*amount)?;
                check_version(account, if_match, side.standing.version)?;
                side.check_currency(*currency)?;
                side.check_movable(Scope::Credits)?;
                side.check_credit(amount)?;
                Ok(Event::MoneyDeposited { amount, description: description.clone() })
            }
            (_, Command::Withdraw { account, amount, currency, description }) => {
                let side = self.side(account)?;
                let amount = side.amount(*amount)?;
                check_version(account, if_match, side.standing.version)?;
                side.check_currency(*currency)?;
                side.check_movable(Scope::Debits)?;
                side.check_debit(amount)?;
                Ok(Event::MoneyWithdrawn { amount, description: description.clone() })
            }
            // A transfer to the same account is the one transfer that touches one account alone.
            (_, Command::Transfer { from, amount, .. }) => {
                let side = self.side(from)?;
                side.amount(*amount)?;
                check_version(from, if_match, side.standing.version)?;
                Err(Refusal::SameAccount { account: from.clone() })
            }
            (_, Command::FreezeAccount { account, scope, reason }) => {
                self.side_at(account, if_match)?.freeze(*scope, reason.clone())
            }
            (_, Command::UnfreezeAccount { account, scope, reason }) => {
                self.side_at(account, if_match)?.unfreeze(*scope, reason.clone())
            }
            // Sweeping to itself is the one sweep that touches one account alone.
            (_, Command::CloseAccount { account, sweep_to: Some(_), .. }) => {
                self.side_at(account, if_match)?;
                Err(Refusal::SameAccount { account: account.clone() })
            }
            (_, Command::CloseAccount { account, sweep_to: None, reason }) => {
                self.side_at(account, if_match)?.close(Money::ZERO, reason.clone())
            }
            (_, Command::ReopenAccount { account, reason }) => {
                self.side_at(account, if_match)?.reopen(reason.clone())
            }
        }
    }

    /// Applies what has happened. It judges nothing and cannot fail.
    pub fn evolve(&mut self, account: &AccountId, event: &Event, at: Timestamp) {
        match (&mut *self, event) {
            (_, Event::AccountCreated { initial_balance, currency, owner, overdraft_limit }) => {
                let profile = Profile {
                    id: account.clone(),
                    currency: *currency,
                    owner: owner.clone(),
                    created_at: at,
                };
                let standing = Standing {
                    version: Version::new(1),
                    balance: *initial_balance,
                    held: Money::ZERO,
                    overdraft_limit: *overdraft_limit,
                    transactions: 0,
                    status: Status::Open,
                    updated_at: at,
                };
                *self = Self::Present(Arc::new(profile), standing);
            }
            (
                Self::Present(_, standing),
                Event::MoneyDeposited { .. }
                | Event::MoneyWithdrawn { .. }
                | Event::MoneyTransferred { .. }
                | Event::TransferReceived { .. },
            ) => {
                standing.version = standing.version.next();
                standing.updated_at = at;
                // Bounds were proved when the event was decided.
                standing.balance = standing.balance.plus(event.movement()).unwrap_or(standing.balance);
                standing.transactions = standing.transactions.saturating_add(1);
            }
            (Self::Present(_, standing), Event::AccountFrozen { scope, .. }) => {
                standing.turn(standing.status.with_frozen(*scope), at);
            }
            (Self::Present(_, standing), Event::AccountUnfrozen { scope, .. }) => {
                standing.turn(standing.status.without_frozen(*scope), at);
            }
            (Self::Present(_, standing), Event::AccountClosed { .. }) => standing.turn(Status::Closed, at),
            (Self::Present(_, standing), Event::AccountReopened { .. }) => standing.turn(Status::Open, at),
            (
                Self::Absent,
                Event::MoneyDeposited { .. }
                | Event::MoneyWithdrawn { .. }
                | Event::MoneyTransferred { .. }
                | Event::TransferReceived { .. }
                | Event::AccountFrozen { .. }
                | Event::AccountUnfrozen { .. }
                | Event::AccountClosed { .. }
                | Event::AccountReopened { .. },
            ) => {}
        }
    }

    /// The existing account, at the version that the client expects.
    pub(crate) fn side_at<'a>(
        &'a self,
        id: &'a AccountId,
        if_match: Option<Version>,
    ) -> Result<Side<'a>, Refusal> {
        let side = self.side(id)?;
        check_version(id, if_match, side.standing.version)?;
        Ok(side)
    }

    /// The account as one side of a movement.
    pub(crate) fn side<'a>(&'a self, id: &'a AccountId) -> Result<Side<'a>, Refusal> {
        match self {
            Self::Absent => Err(Refusal::AccountNotFound { account: id.clone() }),
            Self::Present(profile, standing) => Ok(Side { profile, standing }),
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
            | Self::AccountReopened { .. } => Money::ZERO,
        }
    }
}

/// An existing account as one side of a movement of money.
pub(crate) struct Side<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) standing: &'a Standing,
}

impl Side<'_> {
    pub(crate) fn amount(&self, quantity: Quantity) -> Result<Amount, Refusal> {
        let currency = self.profile.currency;
        let money = money_of(AmountField::Amount, quantity, currency)?;
        Amount::new(money).ok_or(Refusal::InvalidAmount {
            field: AmountField::Amount,
            currency,
            too_precise: false,
        })
    }

    pub(crate) fn check_currency(&self, expected: Option<Currency>) -> Result<(), Refusal> {
        match expected {
            Some(expected) if expected != self.profile.currency => Err(Refusal::CurrencyMismatch {
                account: self.profile.id.clone(),
                expected,
                actual: self.profile.currency,
            }),
            Some(_) | None => Ok(()),
        }
    }

    pub(crate) fn check_debit(&self, amount: Amount) -> Result<(), Refusal> {
        let Profile { id, currency, .. } = self.profile;
        let Standing { balance, held, overdraft_limit, version, .. } = *self.standing;
        let available = self.standing.available();
        if amount.money() > available {
            return Err(Refusal::InsufficientFunds {
                account: id.clone(),
                currency: *currency,
                balance,
                held,
                overdraft_limit,
                available,
                required: amount.money(),
                version,
            });
        }
        balance.minus(amount.money()).map(|_| ()).ok_or_else(|| self.balance_limit(amount))
    }

    pub(crate) fn check_credit(&self, amount: Amount) -> Result<(), Refusal> {
        self.standing.balance.plus(amount.money()).map(|_| ()).ok_or_else(|| self.balance_limit(amount))
    }

    fn balance_limit(&self, amount: Amount) -> Refusal {
        Refusal::BalanceLimit {
            account: self.profile.id.clone(),
            currency: self.profile.currency,
            balance: self.standing.balance,
            amount: amount.money(),
            version: self.standing.version,
        }
    }
}

pub(crate) fn check_version(
    account: &AccountId,
    if_match: Option<Version>,
    actual: Version,
) -> Result<(), Refusal> {
    match if_match {
        Some(expected) if expected != actual => {
            Err(Refusal::VersionMismatch { account: account.clone(), expected, actual })
        }
        Some(_) | None => Ok(()),
    }
}

fn money_of(field: AmountField, quantity: Quantity, currency: Currency) -> Result<Money, Refusal> {
    quantity.in_currency(currency).map_err(|error| {
        let too_precise = matches!(error, crate::money::QuantityError::TooPrecise { .. });
        Refusal::InvalidAmount { field, currency, too_precise }
    })
}
