//! How commands are decided: on the accounts that they name, as they are, and on what the log knows beyond those.

use std::sync::Arc;

use crate::account::{Account, Cause, Command, Event, Posting, Profile, Standing};
use crate::hold::{HoldRecord, Holds};
use crate::ids::{AccountId, CommandId, HoldId, Timestamp, Version};
use crate::lifecycle::Scope;
use crate::money::{Amount, Currency, Money, Quantity, QuantityError};
use crate::refusal::{AmountField, Refusal};
use crate::reversal::{Found, Movement, Path, Target};

/// The accounts that a command is decided on, as they are, in the order of their ids.
#[derive(Debug)]
pub struct Participants<'a>(pub &'a [(AccountId, Account)]);

impl<'a> Participants<'a> {
    fn place(&self, id: &AccountId) -> (usize, &'a Account) {
        const NOWHERE: (usize, &Account) = (0, &Account::Absent);
        let found = self.0.iter().enumerate().find(|(_, (name, _))| name == id);
        found.map_or(NOWHERE, |(place, (_, account))| (place, account))
    }
}

/// What a decision rests on beside the accounts.
#[derive(Debug)]
pub struct Circumstances<'a> {
    /// The clock.
    pub now: Timestamp,
    /// The command's id.
    pub command_id: &'a CommandId,
    /// The version of the (first) account that the client expects.
    pub if_match: Option<Version>,
    /// What the log knows.
    pub precedents: &'a Precedents,
}

/// What the log knows of what a command names beyond the accounts' own, bounded states.
#[derive(Clone, Debug)]
pub enum Precedents {
    /// It names nothing of the kind.
    None,
    /// A hold, if there ever was one of that name.
    Hold(Option<HoldRecord>),
    /// What is to be reversed.
    Reversal(Found),
}

impl Precedents {
    fn hold(&self) -> Option<HoldRecord> {
        match self {
            Self::Hold(record) => *record,
            Self::None | Self::Reversal(_) => None,
        }
    }
}

/// An event and the place, among the participants, of the account that it stands on.
pub type Placed = (usize, Event);

/// Decides any command; changes nothing. The first event is the one that the command is known by. Holds that are over by
/// the clock are expected to have ended before ([`Account::expiries`]).
///
/// # Errors
/// The first refusal that applies, in the order of [`Refusal`], the from-account before the to-account.
pub fn decide(
    command: &Command,
    circumstances: &Circumstances<'_>,
    participants: &Participants<'_>,
) -> Result<Vec<Placed>, Refusal> {
    let Circumstances { now, command_id, if_match, precedents } = *circumstances;
    let alone = |account, decision: Result<Event, Refusal>| {
        let (place, _) = participants.place(account);
        decision.map(|event| vec![(place, event)])
    };
    let state = |account| participants.place(account).1;
    match command {
        Command::CreateAccount { account, initial_balance, currency, owner, overdraft_limit } => {
            let initial_balance = money_of(AmountField::InitialBalance, *initial_balance, *currency)?;
            let overdraft_limit = money_of(AmountField::OverdraftLimit, *overdraft_limit, *currency)?;
            if let Account::Present(..) = state(account) {
                return Err(Refusal::AccountExists { account: account.clone() });
            }
            check_version(account, if_match, Version::ZERO)?;
            let (currency, owner) = (*currency, owner.clone());
            alone(account, Ok(Event::AccountCreated { initial_balance, currency, owner, overdraft_limit }))
        }
        Command::Deposit { account, amount, currency, description } => {
            let side = state(account).side(account)?;
            let amount = side.amount(AmountField::Amount, *amount)?;
            side.check_version(if_match)?;
            side.check_currency(*currency)?;
            side.check_movable(Scope::Credits)?;
            side.check_credit(amount)?;
            let description = description.clone();
            alone(account, Ok(Event::MoneyDeposited { amount, description, cause: Cause::Client }))
        }
        Command::Withdraw { account, amount, currency, description } => {
            let side = state(account).side(account)?;
            let amount = side.amount(AmountField::Amount, *amount)?;
            side.check_version(if_match)?;
            side.check_currency(*currency)?;
            side.check_movable(Scope::Debits)?;
            side.check_spending(amount, now)?;
            side.check_debit(amount)?;
            let description = description.clone();
            alone(account, Ok(Event::MoneyWithdrawn { amount, description, cause: Cause::Client }))
        }
        Command::Transfer { from, to, amount, currency, description } => {
            let (from_place, from_account) = participants.place(from);
            let (to_place, to_account) = participants.place(to);
            let debit = from_account.side(from)?;
            let credit = to_account.side(to)?;
            let amount = debit.amount(AmountField::Amount, *amount)?;
            debit.check_version(if_match)?;
            debit.check_other(&credit)?;
            debit.check_currency(*currency)?;
            check_transfer(&debit, &credit, amount, now)?;
            // No refusal from here on.
            let sent = Event::MoneyTransferred {
                to: to.clone(),
                amount,
                description: description.clone(),
                cause: Cause::Client,
            };
            Ok(vec![(from_place, sent), (to_place, Event::TransferReceived { from: from.clone(), amount })])
        }
        Command::FreezeAccount { account, scope, reason } => {
            alone(account, state(account).side_at(account, if_match)?.freeze(*scope, reason.clone()))
        }
        Command::UnfreezeAccount { account, scope, reason } => {
            alone(account, state(account).side_at(account, if_match)?.unfreeze(*scope, reason.clone()))
        }
        Command::CloseAccount { account, sweep_to: None, reason } => {
            alone(account, state(account).side_at(account, if_match)?.close(Money::ZERO, reason.clone()))
        }
        Command::CloseAccount { account, sweep_to: Some(to), reason } => {
            let (place, closing) = participants.place(account);
            let (to_place, to_account) = participants.place(to);
            let closing = closing.side(account)?;
            let credit = to_account.side(to)?;
            closing.check_version(if_match)?;
            closing.check_other(&credit)?;
            credit.check_currency(Some(closing.profile.currency))?;
            closing.check_closable()?;
            let Some(amount) = Amount::new(closing.standing.balance) else {
                return Ok(vec![(place, closing.close(Money::ZERO, reason.clone())?)]);
            };
            credit.check_movable(Scope::Credits)?;
            let closed = closing.close(amount.money(), reason.clone())?;
            credit.check_credit(amount)?;
            // No refusal from here on.
            let (to, description) = (to.clone(), None);
            let sent = Event::MoneyTransferred { to, amount, description, cause: Cause::Sweep };
            let received = Event::TransferReceived { from: account.clone(), amount };
            Ok(vec![(place, sent), (to_place, received), (place, closed)])
        }
        Command::ReopenAccount { account, reason } => {
            alone(account, state(account).side_at(account, if_match)?.reopen(reason.clone()))
        }
        Command::SetLimits { account, change } => {
            alone(account, state(account).side(account)?.set_limits(change, if_match))
        }
        Command::PlaceHold { account, hold, amount, currency, expires_in, description } => {
            let hold = hold.clone().unwrap_or_else(|| HoldId::of_command(command_id));
            let side = state(account).side(account)?;
            let amount = side.amount(AmountField::Amount, *amount)?;
            side.check_hold_is_new(&hold, precedents.hold())?;
            side.check_version(if_match)?;
            side.check_currency(*currency)?;
            side.check_movable(Scope::Debits)?;
            side.check_holds_left()?;
            side.check_spending(amount, now)?;
            side.check_held(amount)?;
            side.check_funds(amount)?;
            let expires_at = expires_in.map(|seconds| now.plus_seconds(seconds));
            let description = description.clone();
            alone(account, Ok(Event::HoldPlaced { hold, amount, expires_at, description }))
        }
        Command::CaptureHold { account, hold, amount, currency, to, description } => {
            let (place, holding) = participants.place(account);
            let side = holding.side(account)?;
            let credit = to.as_ref().map(|to| (to, participants.place(to)));
            let credit = credit.map(|(to, (place, state))| Ok((place, state.side(to)?))).transpose()?;
            let part = amount.map(|amount| side.amount(AmountField::Amount, amount)).transpose()?;
            let found = side.hold(hold, precedents.hold())?;
            side.check_version(if_match)?;
            side.check_currency(*currency)?;
            if let Some((_, credit)) = &credit {
                side.check_other(credit)?;
                credit.check_currency(Some(side.profile.currency))?;
            }
            side.check_movable(Scope::Debits)?;
            credit.as_ref().map_or(Ok(()), |(_, credit)| credit.check_movable(Scope::Credits))?;
            let held = side.unexpired(hold, found)?.amount;
            let amount = part.unwrap_or(held);
            side.check_captured(hold, held.money(), amount.money())?;
            side.check_counted(amount)?;
            credit.as_ref().map_or(Ok(()), |(_, credit)| credit.check_credit(amount))?;
            // No refusal from here on.
            let (to, description) = (to.clone(), description.clone());
            let cause = Cause::Capture(hold.clone());
            let captured = Event::HoldCaptured { hold: hold.clone(), amount, held, to: to.clone() };
            Ok(match (credit, to) {
                (Some((to_place, _)), Some(to)) => {
                    let sent = Event::MoneyTransferred { to, amount, description, cause };
                    let received = Event::TransferReceived { from: account.clone(), amount };
                    vec![(place, captured), (place, sent), (to_place, received)]
                }
                _ => vec![(place, captured), (place, Event::MoneyWithdrawn { amount, description, cause })],
            })
        }
        Command::ReleaseHold { account, hold, reason } => {
            let side = state(account).side(account)?;
            let found = side.hold(hold, precedents.hold())?;
            side.check_version(if_match)?;
            let amount = side.unexpired(hold, found)?.amount;
            let (hold, reason) = (hold.clone(), reason.clone());
            alone(account, Ok(Event::HoldReleased { hold, amount, reason }))
        }
        Command::Reverse { target, amount, currency, reason } => {
            let found = match precedents {
                Precedents::Reversal(found) => found,
                Precedents::None | Precedents::Hold(_) => &Found::Nothing,
            };
            let movements = match (found, target) {
                (Found::Movements(movements), _) => movements,
                (Found::Nothing, Target::Command(id)) => {
                    return Err(Refusal::CommandNotFound { target: id.clone() });
                }
                (Found::Nothing, Target::Event(sequence)) => {
                    return Err(Refusal::EventNotFound { target: *sequence });
                }
                (Found::NotReversible(why), _) => {
                    return Err(Refusal::NotReversible { why: (*why).into() });
                }
            };
            let mut course = Course::new(participants, now);
            course.reverse(movements, *amount, *currency, reason.as_ref())?;
            Ok(course.placed)
        }
        Command::Post { postings, currency, description } => {
            let mut course = Course::new(participants, now);
            course.post(postings, *currency, description.as_ref())?;
            Ok(course.placed)
        }
    }
}

/// What a transfer needs of its two sides, beside that they exist.
fn check_transfer(
    debit: &Side<'_>,
    credit: &Side<'_>,
    amount: Amount,
    now: Timestamp,
) -> Result<(), Refusal> {
    credit.check_currency(Some(debit.profile.currency))?;
    debit.check_movable(Scope::Debits)?;
    credit.check_movable(Scope::Credits)?;
    debit.check_spending(amount, now)?;
    credit.check_credit(amount)?;
    debit.check_debit(amount)
}

/// Several movements decided one after the other, each on what the ones before it leave.
struct Course {
    running: Vec<(AccountId, Account)>,
    now: Timestamp,
    placed: Vec<Placed>,
}

impl Course {
    fn new(participants: &Participants<'_>, now: Timestamp) -> Self {
        Self { running: participants.0.to_vec(), now, placed: Vec::new() }
    }

    fn side<'a>(&'a self, id: &'a AccountId) -> Result<Side<'a>, Refusal> {
        Participants(&self.running).place(id).1.side(id)
    }

    fn happen(&mut self, id: &AccountId, event: Event) {
        let found = self.running.iter_mut().enumerate().find(|(_, (name, _))| name == id);
        if let Some((place, (_, account))) = found {
            account.evolve(id, &event, self.now);
            self.placed.push((place, event));
        }
    }

    fn transfer(&mut self, [from, to]: [&AccountId; 2], amount: Amount, why: (Option<&Arc<str>>, Cause)) {
        let (description, cause) = (why.0.cloned(), why.1);
        self.happen(from, Event::MoneyTransferred { to: to.clone(), amount, description, cause });
        self.happen(to, Event::TransferReceived { from: from.clone(), amount });
    }

    fn post(
        &mut self,
        postings: &[Posting],
        currency: Option<Currency>,
        description: Option<&Arc<str>>,
    ) -> Result<(), Refusal> {
        for Posting { from, to, .. } in postings {
            self.side(from)?;
            self.side(to)?;
        }
        let mut amounts = Vec::with_capacity(postings.len());
        for (place, Posting { from, amount, .. }) in postings.iter().enumerate() {
            amounts.push(self.side(from)?.amount(AmountField::Posting(place), *amount)?);
        }
        for (Posting { from, to, .. }, amount) in postings.iter().zip(amounts) {
            let (debit, credit) = (self.side(from)?, self.side(to)?);
            debit.check_other(&credit)?;
            debit.check_currency(currency)?;
            check_transfer(&debit, &credit, amount, self.now)?;
            self.transfer([from, to], amount, (description, Cause::Client));
        }
        Ok(())
    }

    /// The last movement goes back first, so that whatever passed through an account is there again when it goes on.
    fn reverse(
        &mut self,
        movements: &[Movement],
        amount: Option<Quantity>,
        currency: Option<Currency>,
        reason: Option<&Arc<str>>,
    ) -> Result<(), Refusal> {
        let mut part = None;
        for movement in movements {
            let side = self.side(movement.account())?;
            part = amount.map(|amount| side.amount(AmountField::Amount, amount)).transpose()?;
        }
        // Of several movements none goes back in part.
        let is_part_of_many = part.is_some() && movements.len() > 1;
        let nothing_left = movements.iter().all(|movement| movement.left() == Money::ZERO);
        for movement in movements.iter().rev() {
            let back = part.map_or(movement.left(), Amount::money);
            if nothing_left || back > movement.left() && !is_part_of_many {
                return Err(Refusal::AlreadyReversed {
                    movement: movement.sequence,
                    currency: self.side(movement.account())?.profile.currency,
                    amount: movement.amount.money(),
                    reversed: movement.reversed,
                    required: part.unwrap_or(movement.amount).money(),
                });
            }
        }
        for movement in movements.iter().rev() {
            self.side(movement.account())?.check_currency(currency)?;
        }
        if is_part_of_many {
            let why = "it has several movements, of which one in part is reversed by its sequenceNumber";
            return Err(Refusal::NotReversible { why: why.into() });
        }
        for movement in movements.iter().rev() {
            if let Some(amount) = Amount::new(part.map_or(movement.left(), Amount::money)) {
                self.send_back(movement, amount, reason)?;
            }
        }
        Ok(())
    }

    fn send_back(
        &mut self,
        movement: &Movement,
        amount: Amount,
        reason: Option<&Arc<str>>,
    ) -> Result<(), Refusal> {
        let total = movement.reversed.plus(amount.money()).unwrap_or(movement.amount.money());
        let cause = Cause::Reversal { of: movement.sequence, total };
        match &movement.path {
            Path::In(account) => {
                let side = self.side(account)?;
                side.check_movable(Scope::Debits)?;
                side.check_debit(amount)?;
                let description = reason.cloned();
                self.happen(account, Event::MoneyWithdrawn { amount, description, cause });
            }
            Path::Out(account) => {
                let side = self.side(account)?;
                side.check_movable(Scope::Credits)?;
                side.check_credit(amount)?;
                let description = reason.cloned();
                self.happen(account, Event::MoneyDeposited { amount, description, cause });
            }
            Path::Between { from, to } => {
                let (debit, credit) = (self.side(to)?, self.side(from)?);
                debit.check_movable(Scope::Debits)?;
                credit.check_movable(Scope::Credits)?;
                credit.check_credit(amount)?;
                debit.check_debit(amount)?;
                self.transfer([to, from], amount, (reason, cause));
            }
        }
        Ok(())
    }
}

/// An existing account in a decision, with the checks that decisions are made of.
pub(crate) struct Side<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) standing: &'a Standing,
    pub(crate) holds: &'a Holds,
}

impl Side<'_> {
    pub(crate) fn amount(&self, field: AmountField, quantity: Quantity) -> Result<Amount, Refusal> {
        let currency = self.profile.currency;
        let money = money_of(field, quantity, currency)?;
        Amount::new(money).ok_or(Refusal::InvalidAmount { field, currency, too_precise: false })
    }

    pub(crate) fn check_version(&self, if_match: Option<Version>) -> Result<(), Refusal> {
        check_version(&self.profile.id, if_match, self.standing.version)
    }

    /// Money moves between two accounts.
    fn check_other(&self, other: &Side<'_>) -> Result<(), Refusal> {
        if self.profile.id == other.profile.id {
            return Err(Refusal::SameAccount { account: self.profile.id.clone() });
        }
        Ok(())
    }

    fn check_currency(&self, expected: Option<Currency>) -> Result<(), Refusal> {
        let (account, actual) = (self.profile.id.clone(), self.profile.currency);
        match expected.filter(|expected| *expected != actual) {
            Some(expected) => Err(Refusal::CurrencyMismatch { account, expected, actual }),
            None => Ok(()),
        }
    }

    fn check_debit(&self, amount: Amount) -> Result<(), Refusal> {
        self.check_counted(amount)?;
        self.check_funds(amount)
    }

    fn check_funds(&self, amount: Amount) -> Result<(), Refusal> {
        let Standing { balance, held, overdraft_limit, version, .. } = *self.standing;
        let available = self.standing.available();
        if amount.money() <= available {
            return Ok(());
        }
        Err(Refusal::InsufficientFunds {
            account: self.profile.id.clone(),
            currency: self.profile.currency,
            balance,
            held,
            overdraft_limit,
            available,
            required: amount.money(),
            version,
        })
    }

    /// Without the amount, the balance can be counted.
    fn check_counted(&self, amount: Amount) -> Result<(), Refusal> {
        match self.standing.balance.minus(amount.money()) {
            Some(_) => Ok(()),
            None => Err(self.balance_limit(amount, None)),
        }
    }

    /// With the amount, what is held can be counted.
    fn check_held(&self, amount: Amount) -> Result<(), Refusal> {
        match self.standing.held.plus(amount.money()) {
            Some(_) => Ok(()),
            None => Err(self.balance_limit(amount, None)),
        }
    }

    fn check_credit(&self, amount: Amount) -> Result<(), Refusal> {
        let Some(after) = self.standing.balance.plus(amount.money()) else {
            return Err(self.balance_limit(amount, None));
        };
        match self.standing.limits.max_balance.filter(|limit| after > *limit) {
            Some(limit) => Err(self.balance_limit(amount, Some(limit))),
            None => Ok(()),
        }
    }

    fn balance_limit(&self, amount: Amount, limit: Option<Money>) -> Refusal {
        Refusal::BalanceLimit {
            account: self.profile.id.clone(),
            currency: self.profile.currency,
            balance: self.standing.balance,
            amount: amount.money(),
            limit,
            version: self.standing.version,
        }
    }
}

fn check_version(account: &AccountId, if_match: Option<Version>, actual: Version) -> Result<(), Refusal> {
    match if_match.filter(|expected| *expected != actual) {
        Some(expected) => Err(Refusal::VersionMismatch { account: account.clone(), expected, actual }),
        None => Ok(()),
    }
}

pub(crate) fn money_of(field: AmountField, quantity: Quantity, currency: Currency) -> Result<Money, Refusal> {
    quantity.in_currency(currency).map_err(|error| {
        let too_precise = matches!(error, QuantityError::TooPrecise { .. });
        Refusal::InvalidAmount { field, currency, too_precise }
    })
}
