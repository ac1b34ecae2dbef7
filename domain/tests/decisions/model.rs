//! The ledger told again by other means: whatever is asked, both say the same.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Change, Command, Currency, Event, LimitsChange, Scope, Sequence, Target};
use proptest::prelude::*;

use crate::world::*;

/// What a property asks for: a command, or a reversal of something that happened before.
#[derive(Clone, Debug)]
enum Asked {
    Command(Command),
    /// The place in the log, counted from the end, and how much; by its command or by itself.
    Reverse(usize, Option<&'static str>, bool),
    Wait(u32),
}

fn asked() -> impl Strategy<Value = Asked> {
    let name = || prop::sample::select(vec!["a", "b", "c"]);
    let text = || prop::sample::select(vec!["0.01", "1", "2.5", "10", "99.99", "9999999999999.99"]);
    let part = || prop::option::of(prop::sample::select(vec!["0.01", "1", "2.5"]));
    let hold = prop::sample::select(vec!["h", "i", "j", "k"]);
    let scope = prop::sample::select(Scope::ALL.to_vec());
    let change = || {
        prop_oneof![
            4 => Just(Change::Keep),
            2 => Just(Change::Lift),
            2 => prop::sample::select(vec!["0", "1", "20", "0.5"]).prop_map(|text| Change::Set(quantity(text))),
        ]
    };
    let limits = (change(), change(), change(), change());
    let legs = prop::collection::vec((name(), name(), text()), 1..4);
    let rare =
        (limits, legs, prop::sample::select(vec!["USD", "USD", "USD", "JPY"]), 0..12_usize, any::<bool>());
    (0..32, (name(), name()), text(), part(), hold, scope, rare).prop_map(
        |(kind, (one, other), text, part, hold, scope, (limits, legs, currency, back, whole))| {
            let change = LimitsChange {
                overdraft_limit: limits.0,
                max_balance: limits.1,
                per_transaction: limits.2,
                per_day: limits.3,
            };
            let to = (one != other).then_some(other);
            Asked::Command(match kind {
                0..4 => create_in(one, text, Currency::parse(currency).unwrap(), "5"),
                4..7 => deposit(one, text),
                7..10 => withdraw(one, text),
                10..13 => transfer(one, other, text),
                13..16 => place_hold(one, hold, text, back.checked_sub(4).map(|seconds| seconds as u32 * 9)),
                16 | 17 => capture(one, hold, part, to.filter(|_| whole)),
                18 => release(one, hold),
                19 => freeze(one, scope),
                20 => unfreeze(one, scope),
                21 => close(one, Some(other)),
                22 => close(one, None),
                23 => reopen(one),
                24 | 25 => Command::SetLimits { account: id(one), change },
                26 | 27 => post(&legs),
                28..31 => return Asked::Reverse(back, part, whole),
                _ => return Asked::Wait(if whole { 20 } else { 40_000 }),
            })
        },
    )
}

/// An account, told again in as few words as possible. Money in minor units.
#[derive(Clone, Debug, Default, PartialEq)]
struct Model {
    decimals: u32,
    balance: i64,
    overdraft: i64,
    max: Option<i64>,
    once: Option<i64>,
    daily: Option<i64>,
    /// Day and sum of what clients took out.
    spent: (u32, i64),
    /// Amount and end of each open hold.
    holds: BTreeMap<String, (i64, Option<u32>)>,
    ended: BTreeMap<String, &'static str>,
    no_debits: bool,
    no_credits: bool,
    closed: bool,
}

type Told<T> = Result<T, &'static str>;

/// What of a movement is left: from, to, amount, reversed.
#[derive(Clone, Debug, PartialEq)]
struct Moved {
    command: usize,
    from: Option<String>,
    to: Option<String>,
    amount: i64,
    reversed: i64,
    is_reversal: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Models {
    accounts: BTreeMap<String, Model>,
    /// By the events that tell of them, a capture's and a credit's included.
    moved: Vec<Moved>,
    /// Of each event of the log: its command, and the movement that it tells of.
    events: Vec<(usize, Option<usize>)>,
    now: u32,
    command: usize,
}

fn check(holds: bool, or: &'static str) -> Told<()> {
    if holds { Ok(()) } else { Err(or) }
}

impl Model {
    fn minor(&self, text: &str) -> Told<i64> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        check(fraction.len() <= self.decimals as usize, "invalid-amount")?;
        let minor = format!("{whole}{fraction:0<width$}", width = self.decimals as usize).parse().unwrap();
        check(minor <= domain::money::MONEY_MAX, "invalid-amount")?;
        Ok(minor)
    }

    fn held(&self) -> i64 {
        self.holds.values().map(|(amount, _)| amount).sum()
    }

    fn movable(&self, frozen: bool) -> Told<()> {
        check(!self.closed, "account-closed")?;
        check(!frozen, "account-frozen")
    }

    fn spend(&mut self, amount: i64, now: u32) -> Told<()> {
        let before = if self.spent.0 == now / 86_400 { self.spent.1 } else { 0 };
        check(self.once.is_none_or(|limit| amount <= limit), "transaction-limit")?;
        check(self.daily.is_none_or(|limit| before + amount <= limit), "daily-limit")?;
        self.spent = (now / 86_400, (before + amount).min(domain::money::MONEY_MAX));
        Ok(())
    }

    fn debit(&mut self, amount: i64) -> Told<()> {
        check(self.balance - amount >= -domain::money::MONEY_MAX, "balance-limit")?;
        self.funded(amount)?;
        self.balance -= amount;
        Ok(())
    }

    fn funded(&self, amount: i64) -> Told<()> {
        check(amount <= self.balance - self.held() + self.overdraft, "insufficient-funds")
    }

    fn credit(&mut self, amount: i64) -> Told<()> {
        self.balance += amount;
        check(self.balance <= self.max.unwrap_or(domain::money::MONEY_MAX), "balance-limit")
    }

    fn freeze(&mut self, scope: Scope, frozen: bool) -> Told<()> {
        let before = self.clone();
        self.no_debits = if scope == Scope::Credits { self.no_debits } else { frozen };
        self.no_credits = if scope == Scope::Debits { self.no_credits } else { frozen };
        check(!self.closed, "account-closed")?;
        check(*self != before, "no-change")
    }

    fn find_hold(&self, hold: &str) -> Told<Option<i64>> {
        match (self.holds.get(hold), self.ended.get(hold)) {
            (Some((amount, _)), _) => Ok(Some(*amount)),
            (None, Some(&"expired")) => Ok(None),
            (None, Some(_)) => Err("hold-already-settled"),
            (None, None) => Err("hold-not-found"),
        }
    }

    fn end_hold(&mut self, hold: &str, how: &'static str) {
        self.holds.remove(hold);
        self.ended.insert(hold.to_owned(), how);
    }
}

impl Models {
    fn get(&mut self, name: &str) -> Told<&mut Model> {
        self.accounts.get_mut(name).ok_or("account-not-found")
    }

    /// Ends what is over, by an event each.
    fn expire(&mut self, name: &str) {
        let now = self.now;
        let Some(account) = self.accounts.get_mut(name) else { return };
        let over: Vec<String> = account
            .holds
            .iter()
            .filter(|(_, (_, end))| end.is_some_and(|end| end <= now))
            .map(|(hold, _)| hold.clone())
            .collect();
        for hold in over {
            account.end_hold(&hold, "expired");
            self.events.push((usize::MAX, None));
        }
    }

    /// One event, or a transfer's two, that tell of a movement.
    fn moves(&mut self, from: Option<&str>, to: Option<&str>, amount: i64, is_reversal: bool) {
        let (from, to) = (from.map(str::to_owned), to.map(str::to_owned));
        let events = if from.is_some() && to.is_some() { 2 } else { 1 };
        self.moved.push(Moved { command: self.command, from, to, amount, reversed: 0, is_reversal });
        for _ in 0..events {
            self.events.push((self.command, Some(self.moved.len() - 1)));
        }
    }

    fn other_event(&mut self) {
        self.events.push((self.command, None));
    }

    fn transfer(&mut self, from: &str, to: &str, amount: i64, by_client: bool) -> Told<()> {
        let now = self.now;
        let (mut debit, mut credit) = (self.get(from)?.clone(), self.get(to)?.clone());
        check(debit.decimals == credit.decimals, "currency-mismatch")?;
        debit.movable(debit.no_debits)?;
        credit.movable(credit.no_credits)?;
        if by_client {
            debit.spend(amount, now)?;
        }
        credit.credit(amount)?;
        debit.debit(amount)?;
        *self.get(from)? = debit;
        *self.get(to)? = credit;
        Ok(())
    }

    fn ask(&mut self, command: &Command) -> Told<()> {
        let now = self.now;
        match command {
            Command::CreateAccount { account, initial_balance, currency, .. } => {
                let decimals = if *currency == Currency::USD { 2 } else { 0 };
                let mut created = Model { decimals, ..Model::default() };
                created.balance = created.minor(&initial_balance.to_string())?;
                created.overdraft = created.minor("5")?;
                check(!self.accounts.contains_key(account.as_str()), "account-exists")?;
                self.accounts.insert(account.to_string(), created);
                self.other_event();
            }
            Command::Deposit { account, amount, .. } => {
                let credited = self.get(account.as_str())?;
                let amount = credited.minor(&amount.to_string())?;
                credited.movable(credited.no_credits)?;
                credited.credit(amount)?;
                self.moves(None, Some(account.as_str()), amount, false);
            }
            Command::Withdraw { account, amount, .. } => {
                let debited = self.get(account.as_str())?;
                let amount = debited.minor(&amount.to_string())?;
                debited.movable(debited.no_debits)?;
                debited.spend(amount, now)?;
                debited.debit(amount)?;
                self.moves(Some(account.as_str()), None, amount, false);
            }
            Command::Transfer { from, to, amount, .. } => {
                self.get(from.as_str())?;
                self.get(to.as_str())?;
                let amount = self.get(from.as_str())?.minor(&amount.to_string())?;
                check(from != to, "same-account")?;
                self.transfer(from.as_str(), to.as_str(), amount, true)?;
                self.moves(Some(from.as_str()), Some(to.as_str()), amount, false);
            }
            Command::FreezeAccount { account, scope, .. } => {
                self.get(account.as_str())?.freeze(*scope, true)?;
                self.other_event();
            }
            Command::UnfreezeAccount { account, scope, .. } => {
                self.get(account.as_str())?.freeze(*scope, false)?;
                self.other_event();
            }
            Command::CloseAccount { account, sweep_to, .. } => {
                self.close(account.as_str(), sweep_to.as_ref().map(|to| to.as_str()))?;
            }
            Command::ReopenAccount { account, .. } => {
                let closed = self.get(account.as_str())?;
                check(closed.closed, "no-change")?;
                closed.closed = false;
                self.other_event();
            }
            Command::PlaceHold { account, hold, amount, expires_in, .. } => {
                let name = hold.as_ref().unwrap().to_string();
                let holder = self.get(account.as_str())?;
                let amount = holder.minor(&amount.to_string())?;
                let fresh = !holder.holds.contains_key(&name) && !holder.ended.contains_key(&name);
                check(fresh, "hold-exists")?;
                holder.movable(holder.no_debits)?;
                holder.spend(amount, now)?;
                check(holder.held() + amount <= domain::money::MONEY_MAX, "balance-limit")?;
                holder.funded(amount)?;
                holder.holds.insert(name, (amount, expires_in.map(|seconds| now + seconds)));
                self.other_event();
            }
            Command::CaptureHold { account, hold, amount, to, .. } => {
                self.capture(account.as_str(), hold.as_str(), amount.map(|amount| amount.to_string()), to)?;
            }
            Command::ReleaseHold { account, hold, .. } => {
                let holder = self.get(account.as_str())?;
                holder.find_hold(hold.as_str())?.ok_or("hold-expired")?;
                holder.end_hold(hold.as_str(), "released");
                self.other_event();
            }
            Command::SetLimits { account, change } => {
                let bounded = self.get(account.as_str())?;
                let before = bounded.clone();
                let after = |change, is| match change {
                    Change::Keep => Ok(is),
                    Change::Lift => Ok(None),
                    Change::Set(quantity) => before.minor(&quantity.to_string()).map(Some),
                };
                let overdraft = after(change.overdraft_limit, Some(before.overdraft))?.unwrap_or(0);
                let max = after(change.max_balance, before.max)?;
                let once = after(change.per_transaction, before.once)?;
                let daily = after(change.per_day, before.daily)?;
                check(!before.closed, "account-closed")?;
                *bounded = Model { overdraft, max, once, daily, ..before.clone() };
                check(*bounded != before, "no-change")?;
                self.other_event();
            }
            Command::Post { postings, .. } => {
                for posting in postings {
                    self.get(posting.from.as_str())?;
                    self.get(posting.to.as_str())?;
                }
                let mut amounts = Vec::new();
                for posting in postings {
                    amounts.push(self.get(posting.from.as_str())?.minor(&posting.amount.to_string())?);
                }
                for (posting, amount) in postings.iter().zip(amounts) {
                    check(posting.from != posting.to, "same-account")?;
                    self.transfer(posting.from.as_str(), posting.to.as_str(), amount, true)?;
                    self.moves(Some(posting.from.as_str()), Some(posting.to.as_str()), amount, false);
                }
            }
            Command::Reverse { .. } => unreachable!("asked for by its place"),
        }
        Ok(())
    }

    fn close(&mut self, name: &str, to: Option<&str>) -> Told<()> {
        let closing = self.get(name)?.clone();
        let other = to.map(|to| self.get(to).cloned()).transpose()?;
        check(to != Some(name), "same-account")?;
        let same = other.as_ref().is_none_or(|other| other.decimals == closing.decimals);
        check(same, "currency-mismatch")?;
        check(!closing.no_debits && !closing.no_credits, "account-frozen")?;
        check(!closing.closed, "no-change")?;
        let swept = if to.is_some() { closing.balance.max(0) } else { 0 };
        if let Some(other) = other.filter(|_| swept > 0) {
            other.movable(other.no_credits)?;
        }
        check(closing.holds.is_empty(), "holds-open")?;
        check(closing.balance == swept, "account-not-empty")?;
        if let Some(to) = to.filter(|_| swept > 0) {
            self.get(to)?.credit(swept)?;
            self.moves(Some(name), Some(to), swept, false);
        }
        let closed = self.get(name)?;
        closed.balance = 0;
        closed.closed = true;
        self.other_event();
        Ok(())
    }

    fn capture(
        &mut self,
        name: &str,
        hold: &str,
        part: Option<String>,
        to: &Option<domain::AccountId>,
    ) -> Told<()> {
        let mut holder = self.get(name)?.clone();
        let mut other = to.as_ref().map(|to| self.get(to.as_str()).cloned()).transpose()?;
        let part = part.map(|text| holder.minor(&text)).transpose()?;
        let found = holder.find_hold(hold)?;
        let same = other.as_ref().is_none_or(|other| other.decimals == holder.decimals);
        check(same, "currency-mismatch")?;
        holder.movable(holder.no_debits)?;
        if let Some(other) = &other {
            other.movable(other.no_credits)?;
        }
        let held = found.ok_or("hold-expired")?;
        let amount = part.unwrap_or(held);
        check(amount <= held, "hold-exceeded")?;
        holder.end_hold(hold, "captured");
        holder.balance -= amount;
        if let Some(other) = &mut other {
            other.credit(amount)?;
        }
        *self.get(name)? = holder;
        if let (Some(to), Some(other)) = (to, other) {
            *self.get(to.as_str())? = other;
        }
        // The capture's own event stands before those of the movement.
        self.events.push((self.command, Some(self.moved.len())));
        self.moves(Some(name), to.as_ref().map(|to| to.as_str()), amount, false);
        Ok(())
    }

    /// The movements that can go back, of those that an event of the log or its whole command tells of.
    fn reversible(&self, place: usize, whole: bool) -> Vec<usize> {
        let (command, movement) = self.events[place];
        let of_command = (0..self.moved.len()).filter(|index| self.moved[*index].command == command);
        let meant: Vec<usize> = if whole { of_command.collect() } else { movement.into_iter().collect() };
        meant.into_iter().filter(|index| !self.moved[*index].is_reversal).collect()
    }

    fn accounts_of(&self, moved: &[usize]) -> BTreeSet<String> {
        let ends = |index: &usize| [self.moved[*index].from.clone(), self.moved[*index].to.clone()];
        moved.iter().flat_map(ends).flatten().collect()
    }

    fn reverse(&mut self, able: Vec<usize>, part: Option<&str>) -> Told<()> {
        check(!able.is_empty(), "not-reversible")?;
        if let Some(text) = part {
            for index in &able {
                let Moved { from, to, .. } = self.moved[*index].clone();
                self.get(&from.or(to).unwrap())?.minor(text)?;
            }
        }
        let left: i64 =
            able.iter().map(|index| self.moved[*index].amount - self.moved[*index].reversed).sum();
        check(left > 0, "already-reversed")?;
        check(part.is_none() || able.len() == 1, "not-reversible")?;
        for index in able.into_iter().rev() {
            let Moved { from, to, amount, reversed, .. } = self.moved[index].clone();
            let stream = from.as_ref().or(to.as_ref()).unwrap();
            let part = part.map(|text| self.get(stream)?.minor(text)).transpose()?;
            let back = part.unwrap_or(amount - reversed);
            check(back <= amount - reversed, "already-reversed")?;
            if back == 0 {
                continue;
            }
            match (&from, &to) {
                (Some(from), Some(to)) => self.transfer(to, from, back, false)?,
                (None, Some(account)) => {
                    let account = self.get(account)?;
                    account.movable(account.no_debits)?;
                    account.debit(back)?;
                }
                (Some(account), None) => {
                    let account = self.get(account)?;
                    account.movable(account.no_credits)?;
                    account.credit(back)?;
                }
                (None, None) => unreachable!("money moves from or to somewhere"),
            }
            self.moved[index].reversed += back;
            self.moves(to.as_deref(), from.as_deref(), back, true);
        }
        Ok(())
    }
}

/// What the world holds of an account, as the model tells it.
fn compare(world: &World, models: &Models) -> Result<(), TestCaseError> {
    prop_assert_eq!(world.accounts.len(), models.accounts.len());
    for (name, model) in &models.accounts {
        let Some(domain::Account::Present(_, standing, holds)) = world.accounts.get(&id(name)) else {
            return Err(TestCaseError::fail(format!("no account {name}")));
        };
        let spent = if i64::from(model.spent.0) == standing.updated_at.day() { model.spent.1 } else { 0 };
        prop_assert_eq!(standing.balance.minor(), model.balance, "{}", name);
        prop_assert_eq!(standing.held.minor(), model.held(), "{}", name);
        prop_assert_eq!(standing.overdraft_limit.minor(), model.overdraft, "{}", name);
        prop_assert_eq!(standing.limits.max_balance.map(|limit| limit.minor()), model.max, "{}", name);
        prop_assert_eq!(standing.limits.per_transaction.map(|limit| limit.minor()), model.once, "{}", name);
        prop_assert_eq!(standing.limits.per_day.map(|limit| limit.minor()), model.daily, "{}", name);
        prop_assert_eq!(standing.spent.minor(), spent, "{}", name);
        let open: Vec<(String, i64)> =
            holds.iter().map(|(hold, open)| (hold.to_string(), open.amount.money().minor())).collect();
        let expected: Vec<(String, i64)> =
            model.holds.iter().map(|(hold, (amount, _))| (hold.clone(), *amount)).collect();
        prop_assert_eq!(open, expected, "{}", name);
    }
    Ok(())
}

/// After every event of the log: what came in from outside is what is in the accounts and what went out.
fn conserved(world: &World) -> Result<(), TestCaseError> {
    let mut outside: BTreeMap<Currency, i128> = BTreeMap::new();
    let mut balances: BTreeMap<(Currency, String), i128> = BTreeMap::new();
    let mut in_transit = 0_i128;
    for event in &world.log {
        let currency = event.profile.currency;
        let moved = i128::from(event.event.movement().minor());
        let own = balances.entry((currency, event.profile.id.to_string())).or_default();
        *own += moved;
        prop_assert_eq!(*own, i128::from(event.standing.balance.minor()));
        match matches!(event.event, Event::MoneyTransferred { .. } | Event::TransferReceived { .. }) {
            true => in_transit += moved,
            false => *outside.entry(currency).or_default() += moved,
        }
        if !matches!(event.event, Event::MoneyTransferred { .. }) {
            prop_assert_eq!(in_transit, 0);
            let sum: i128 =
                balances.iter().filter(|((of, _), _)| *of == currency).map(|(_, balance)| balance).sum();
            prop_assert_eq!(sum, outside.get(&currency).copied().unwrap_or(0));
        }
    }
    Ok(())
}

proptest! {
    /// Against the model: the same acceptance, the same refusal, the same balances, holds and limits, and money is
    /// conserved after every event. The long form: `PROPTEST_CASES=100000`.
    #[test]
    fn whatever_is_asked_both_say_the_same(all in prop::collection::vec(asked(), 1..60)) {
        let mut world = World::default();
        let mut models = Models::default();
        for asked in &all {
            models.command += 1;
            let (told, command) = match asked {
                Asked::Wait(seconds) => {
                    world.now += seconds;
                    models.now += seconds;
                    continue;
                }
                Asked::Command(command) => {
                    command.accounts().iter().for_each(|account| models.expire(account.as_str()));
                    let mut after = models.clone();
                    (after.ask(command).map(|()| after), command.clone())
                }
                Asked::Reverse(back, part, whole) => {
                    let Some(place) = world.log.len().checked_sub(back + 1) else { continue };
                    // What expires has no command that a client could name.
                    let whole = *whole && models.events[place].0 != usize::MAX;
                    let target = match whole {
                        true => Target::Command(world.log[place].command_id.clone()),
                        false => Target::Event(Sequence::new(place as u64 + 1)),
                    };
                    let able = models.reversible(place, whole);
                    models.accounts_of(&able).iter().for_each(|account| models.expire(account));
                    let mut after = models.clone();
                    (after.reverse(able, *part).map(|()| after), reverse(target, *part))
                }
            };
            let decided = world.when(&command);
            let refused = decided.as_ref().err().map(code);
            prop_assert_eq!(refused.as_deref(), told.as_ref().err().copied(), "{:?}", command);
            if let Ok(after) = told {
                models = after;
            }
            prop_assert_eq!(world.log.len(), models.events.len(), "{:?}", command);
            compare(&world, &models)?;
        }
        conserved(&world)?;
    }
}
