//! A few accounts, what has happened to them, and short words for what is asked of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{
    Account, AccountId, Amount, Circumstances, Command, CommandId, Currency, Event, Found, HoldChange,
    HoldId, HoldRecord, Money, Movement, Participants, Precedents, Quantity, Recorded, Refusal, Scope,
    Sequence, Subject, Target, Timestamp, Version, decide,
};

/// A ledger without actors and stores.
#[derive(Default)]
pub struct World {
    pub accounts: BTreeMap<AccountId, Account>,
    pub log: Vec<Arc<Recorded>>,
    /// Seconds since 1970.
    pub now: u32,
    commands: usize,
}

pub fn id(name: &str) -> AccountId {
    AccountId::parse(name).unwrap()
}

pub fn hold_id(name: &str) -> HoldId {
    HoldId::parse(name).unwrap()
}

pub fn quantity(text: &str) -> Quantity {
    Quantity::parse(text).unwrap()
}

pub fn minor(minor: i64) -> Money {
    Money::from_minor(minor).unwrap()
}

pub fn amount(units: i64) -> Amount {
    Amount::new(minor(units)).unwrap()
}

pub fn create(name: &str, balance: &str) -> Command {
    create_in(name, balance, Currency::USD, "0")
}

pub fn create_in(name: &str, balance: &str, currency: Currency, overdraft: &str) -> Command {
    Command::CreateAccount {
        account: id(name),
        initial_balance: quantity(balance),
        currency,
        owner: None,
        overdraft_limit: quantity(overdraft),
    }
}

pub fn deposit(name: &str, text: &str) -> Command {
    Command::Deposit { account: id(name), amount: quantity(text), currency: None, description: None }
}

pub fn withdraw(name: &str, text: &str) -> Command {
    Command::Withdraw { account: id(name), amount: quantity(text), currency: None, description: None }
}

pub fn transfer(from: &str, to: &str, text: &str) -> Command {
    Command::Transfer {
        from: id(from),
        to: id(to),
        amount: quantity(text),
        currency: None,
        description: None,
    }
}

pub fn freeze(name: &str, scope: Scope) -> Command {
    Command::FreezeAccount { account: id(name), scope, reason: None }
}

pub fn unfreeze(name: &str, scope: Scope) -> Command {
    Command::UnfreezeAccount { account: id(name), scope, reason: None }
}

pub fn close(name: &str, sweep_to: Option<&str>) -> Command {
    Command::CloseAccount { account: id(name), sweep_to: sweep_to.map(id), reason: None }
}

pub fn reopen(name: &str) -> Command {
    Command::ReopenAccount { account: id(name), reason: None }
}

pub fn place_hold(name: &str, hold: &str, text: &str, expires_in: Option<u32>) -> Command {
    Command::PlaceHold {
        account: id(name),
        hold: Some(hold_id(hold)),
        amount: quantity(text),
        currency: None,
        expires_in,
        description: None,
    }
}

pub fn capture(name: &str, hold: &str, text: Option<&str>, to: Option<&str>) -> Command {
    Command::CaptureHold {
        account: id(name),
        hold: hold_id(hold),
        amount: text.map(quantity),
        currency: None,
        to: to.map(id),
        description: None,
    }
}

pub fn release(name: &str, hold: &str) -> Command {
    Command::ReleaseHold { account: id(name), hold: hold_id(hold), reason: None }
}

pub fn reverse(target: Target, text: Option<&str>) -> Command {
    Command::Reverse { target, amount: text.map(quantity), currency: None, reason: None }
}

/// The event at a place of the log.
pub fn at(sequence: u64) -> Target {
    Target::Event(Sequence::new(sequence))
}

pub fn post(postings: &[(&str, &str, &str)]) -> Command {
    let posting = |(from, to, text): &(&str, &str, &str)| domain::Posting {
        from: id(from),
        to: id(to),
        amount: quantity(text),
    };
    Command::Post { postings: postings.iter().map(posting).collect(), currency: None, description: None }
}

pub fn given(commands: &[Command]) -> World {
    let mut world = World::default();
    for command in commands {
        world.when(command).expect("what is given is possible");
    }
    world
}

/// The code of a refusal.
pub fn code(refusal: &Refusal) -> String {
    let json = serde_json::to_value(refusal).unwrap();
    json["code"].as_str().unwrap().to_owned()
}

impl World {
    pub fn when(&mut self, command: &Command) -> Result<Vec<(AccountId, Event)>, Refusal> {
        self.when_at(command, None)
    }

    pub fn when_at(
        &mut self,
        command: &Command,
        if_match: Option<Version>,
    ) -> Result<Vec<(AccountId, Event)>, Refusal> {
        let precedents = self.precedents(command);
        let named = match &precedents {
            Precedents::Reversal(found) => found.accounts(),
            Precedents::None | Precedents::Hold(_) => command.accounts(),
        };
        let at = Timestamp::default().plus_seconds(self.now);
        for account in &named {
            let expiries = self.accounts.get(account).map(|state| state.expiries(at)).unwrap_or_default();
            for expired in expiries {
                let command = CommandId::recorded("expire").unwrap();
                self.happen(account, expired, &command, at);
            }
        }
        let participants: Vec<(AccountId, Account)> = named
            .into_iter()
            .map(|account| (account.clone(), self.accounts.get(&account).cloned().unwrap_or_default()))
            .collect();
        self.commands += 1;
        let command_id = CommandId::parse(&format!("c-{}", self.commands)).unwrap();
        let circumstances =
            Circumstances { now: at, command_id: &command_id, if_match, precedents: &precedents };
        let placed = decide(command, &circumstances, &Participants(&participants))?;
        let events: Vec<(AccountId, Event)> =
            placed.into_iter().map(|(place, event)| (participants[place].0.clone(), event)).collect();
        for (account, event) in &events {
            self.happen(account, event.clone(), &command_id, at);
        }
        Ok(events)
    }

    fn happen(&mut self, account: &AccountId, event: Event, command_id: &CommandId, at: Timestamp) {
        let state = self.accounts.entry(account.clone()).or_default();
        state.evolve(account, &event, at);
        let Account::Present(profile, standing, _) = state else { panic!("an event on no account") };
        self.log.push(Arc::new(Recorded {
            sequence: Sequence::new(self.log.len() as u64 + 1),
            profile: Arc::clone(profile),
            standing: *standing,
            event,
            command_id: command_id.clone(),
            correlation: "".into(),
            json: String::new().into(),
        }));
    }

    /// What the log knows, as the actors would look it up.
    fn precedents(&self, command: &Command) -> Precedents {
        let id = CommandId::parse("c").unwrap();
        match command.subject(&id) {
            Subject::Nothing => Precedents::None,
            Subject::Hold(account, hold) => Precedents::Hold(self.hold_record(account, &hold)),
            Subject::Movements(target) => {
                let command = match target {
                    Target::Command(id) => Some(id),
                    Target::Event(sequence) => {
                        let found = self.log.iter().find(|event| event.sequence == *sequence);
                        found.map(|event| &event.command_id)
                    }
                };
                let of_command = |event: &&Arc<Recorded>| Some(&event.command_id) == command;
                let events: Vec<Arc<Recorded>> = self.log.iter().filter(of_command).cloned().collect();
                let mut found = Found::among(target, &events);
                if let Found::Movements(movements) = &mut found {
                    movements.iter_mut().for_each(|movement| self.count_reversed(movement));
                }
                Precedents::Reversal(found)
            }
        }
    }

    fn hold_record(&self, account: &AccountId, hold: &HoldId) -> Option<HoldRecord> {
        let of_account = self.log.iter().filter(|event| event.profile.id == *account);
        let changes = of_account.filter_map(|event| event.event.hold_change());
        let mut of_hold = changes.filter_map(|change| match change {
            HoldChange::Placed { hold: named, .. } => (named == hold).then_some(HoldRecord::Open),
            HoldChange::Ended(named, end) => (named == hold).then_some(HoldRecord::Ended(end)),
        });
        of_hold.next_back()
    }

    fn count_reversed(&self, movement: &mut Movement) {
        for event in &self.log {
            if let Some(domain::Cause::Reversal { of, total }) = event.event.cause()
                && *of == movement.sequence
            {
                movement.reversed = *total;
            }
        }
    }

    pub fn standing(&self, name: &str) -> domain::Standing {
        match self.accounts.get(&id(name)) {
            Some(Account::Present(_, standing, _)) => *standing,
            Some(Account::Absent) | None => panic!("no account {name}"),
        }
    }

    pub fn balance(&self, name: &str) -> i64 {
        self.standing(name).balance.minor()
    }
}
