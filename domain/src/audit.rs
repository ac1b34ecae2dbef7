//! The audit: takes the log's rows as they are stored and says where one can't be right.
//!
//! What it proves of each batch: that its sequences follow on, its root is that of its events and commands, its chain that of
//! all before it; of each event: that its columns say what its text says, and that its account after it is what a second,
//! independent [`fold`] of the texts gives; of each unit, that the money it moves between accounts is conserved. A
//! finding names the batch and the event. After one, the audit goes on as if the rest could be relied on, so that one damage
//! is one finding, or a few in one batch.
//!
//! It remembers the accounts, about 300 bytes for each, and more where holds are open, and nothing of the events.

mod fold;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::fold::{Flow, State, differences};
use crate::chain::{GENESIS, Hash, commands_leaf, leaf, link, root};
use crate::ids::{AccountId, CommandId, Sequence, Timestamp};
use crate::money::{Currency, Units};
use crate::record;
use crate::refusal::Refusal;
use crate::request::{Fingerprint, accounts_named};
use crate::rows::{AccountRow, BatchRow, CommandColumns, EventRow, HeadRow, RefusalRow, Rows};

/// Something that can't be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The batch, by its first and last sequence; the same for the end of the log and a refusal's place.
    pub batch: (i64, i64),
    /// The event, where it is about one.
    pub event: Option<i64>,
    /// What it is.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.batch;
        write!(f, "batch {first}..{last}, ")?;
        if let Some(event) = self.event {
            write!(f, "event {event}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// The sums of one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Its accounts.
    pub accounts: u64,
    /// What is in them.
    pub balances: i128,
    /// What came in from outside.
    pub money_in: i128,
    /// What went out.
    pub money_out: i128,
}

impl Sums {
    /// Whether what came in and did not go out is there.
    pub fn conserved(&self) -> bool {
        self.money_in.saturating_sub(self.money_out) == self.balances
    }
}

/// The log as far as it was audited.
#[derive(Debug)]
pub struct Audit {
    /// Where each account's state is.
    places: HashMap<Arc<str>, usize>,
    /// The accounts in the order in which they were opened.
    states: Vec<State>,
    /// The key of the account that was opened last; the first is 1.
    last_key: i64,
    /// Where an account was opened under another key than is next, that key: either it is wrong, or some are missing.
    other_key: Option<i64>,
    /// Accounts whose beginning is missing.
    lost: HashSet<Arc<str>>,
    last: i64,
    chain: Hash,
    committed_at: i64,
    refusals: i64,
    /// The place of the last refusal.
    refused_at: i64,
    sums: BTreeMap<Currency, Sums>,
    batches: u64,
    unproved: u64,
    findings: Vec<Finding>,
}

impl Default for Audit {
    fn default() -> Self {
        Self {
            places: HashMap::new(),
            states: Vec::new(),
            last_key: 0,
            other_key: None,
            lost: HashSet::new(),
            last: 0,
            chain: GENESIS,
            committed_at: 0,
            refusals: 0,
            refused_at: 0,
            sums: BTreeMap::new(),
            batches: 0,
            unproved: 0,
            findings: Vec::new(),
        }
    }
}

/// A command's events, as they come by.
struct Unit<'a> {
    id: Cow<'a, str>,
    first: i64,
    claimed: Option<i64>,
    events: i64,
    /// What was sent and not yet received.
    sent: Vec<(Arc<str>, Arc<str>, i64)>,
}

impl Unit<'_> {
    /// Notes what was sent, and takes off what was received; from whom, where that was not sent.
    fn pair<'e>(&mut self, account: &str, flow: Flow<'e>) -> Option<&'e AccountId> {
        match flow {
            Flow::Sent(to, amount) => {
                self.sent.push((Arc::from(account), Arc::from(to.as_str()), amount));
                None
            }
            Flow::Received(from, amount) => {
                let is_it = |sent: &(Arc<str>, Arc<str>, i64)| {
                    (&*sent.0, &*sent.1, sent.2) == (from.as_str(), account, amount)
                };
                match self.sent.iter().position(is_it) {
                    Some(place) => {
                        self.sent.swap_remove(place);
                        None
                    }
                    None => Some(from),
                }
            }
            Flow::In(_) | Flow::Out(_) | Flow::None => None,
        }
    }
}

/// What stands in every stored event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    #[serde(borrow)]
    aggregate_id: Cow<'a, str>,
    version: i64,
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    schema_version: u32,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
    #[serde(borrow)]
    command_id: Cow<'a, str>,
    #[serde(borrow)]
    correlation_id: Cow<'a, str>,
}

impl Audit {
    /// The last event audited.
    pub fn last(&self) -> i64 {
        self.last
    }

    /// The chain there.
    pub fn chain(&self) -> &Hash {
        &self.chain
    }

    /// When the last batch was committed, in microseconds since 1970.
    pub fn committed_at(&self) -> i64 {
        self.committed_at
    }

    /// How many batches were audited.
    pub fn batches(&self) -> u64 {
        self.batches
    }

    /// How many of them prove their events alone: they were written before batches proved their commands as well.
    pub fn unproved_commands(&self) -> u64 {
        self.unproved
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> usize {
        self.states.len()
    }

    /// How many refusals were audited.
    pub fn refusals(&self) -> i64 {
        self.refusals
    }

    /// The sums, by currency.
    pub fn sums(&self) -> &BTreeMap<Currency, Sums> {
        &self.sums
    }

    /// What was found since this was asked last.
    pub fn findings(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.findings)
    }

    /// Takes the next part of the log.
    pub fn rows(&mut self, rows: &Rows) {
        let mut events = rows.events.as_slice();
        for batch in &rows.batches {
            let (of_batch, rest) = events.split_at(events.partition_point(|row| row.sequence <= batch.last));
            self.batch(batch, of_batch);
            events = rest;
        }
        if let (Some(first), Some(last)) = (events.first(), events.last()) {
            let place = (first.sequence, last.sequence);
            self.found(place, None, format!("{} events are in no batch", events.len()));
        }
    }

    /// Takes the next batch with its events.
    pub fn batch(&mut self, batch: &BatchRow, events: &[EventRow]) {
        let place = (batch.first, batch.last);
        let next = self.last.saturating_add(1);
        if batch.first != next {
            let place = (batch.first.min(next), batch.last);
            self.found(place, None, format!("it begins at {}, where {next} is next", batch.first));
        }
        self.check_sequences(place, events);
        let sound = self.check_root(batch, events);
        let sequence = |number: i64| Sequence::new(u64::try_from(number).unwrap_or_default());
        let committed_at = Timestamp::from_micros(batch.committed_at);
        let (first, last) = (sequence(batch.first), sequence(batch.last));
        if batch.chain != link(&self.chain, &batch.root, first, last, committed_at) {
            self.found(place, None, "its chain is not that of the chain before, root, places and time");
        }
        if batch.committed_at < self.committed_at {
            self.found(place, None, "it was committed before the batch before it");
        }
        let mut unit: Option<Unit<'_>> = None;
        for row in events {
            self.event(place, sound, row, &mut unit);
        }
        self.close(place, unit);
        (self.last, self.chain, self.committed_at) = (batch.last, batch.chain, batch.committed_at);
        self.batches = self.batches.saturating_add(1);
    }

    fn check_sequences(&mut self, place: (i64, i64), events: &[EventRow]) {
        let (mut next, last) = place;
        for row in events {
            if row.sequence < next {
                self.found(place, Some(row.sequence), "it is in no batch, or there twice");
                continue;
            }
            if row.sequence > next {
                self.found(place, Some(next), format!("it is missing, and all before {}", row.sequence));
            }
            next = row.sequence.saturating_add(1);
        }
        if next <= last {
            self.found(place, Some(next), "it is missing, and all that follow in the batch");
        } else if last < place.0 {
            self.found(place, None, "it ends before it begins");
        }
    }

    /// Whether the texts of the batch are those that were committed.
    fn check_root(&mut self, batch: &BatchRow, events: &[EventRow]) -> bool {
        let Some(leaves) = leaves(&batch.root, events) else {
            self.found((batch.first, batch.last), None, "its root is not that of its events and commands");
            return false;
        };
        if leaves.len() == events.len() {
            self.unproved = self.unproved.saturating_add(1);
        }
        true
    }

    /// One event: its columns against its text, its account against the fold.
    fn event<'a>(&mut self, place: (i64, i64), sound: bool, row: &'a EventRow, unit: &mut Option<Unit<'a>>) {
        let body: Body<'a> = match serde_json::from_str(&row.body) {
            Ok(body) => body,
            Err(error) => {
                self.found(place, Some(row.sequence), format!("its text can't be read: {error}"));
                self.pass_over(row);
                return;
            }
        };
        for what in row_differences(row, &body) {
            self.found(place, Some(row.sequence), what);
        }
        self.follow(place, row, &body, unit);
        let Some((number, currency)) = self.account_of(place, sound, row, &body) else { return };
        let event = match record::current(&body.kind, body.schema_version, body.data.get(), currency) {
            Ok(event) => event,
            Err(reason) => {
                self.found(place, Some(row.sequence), format!("its text can't be read: {reason}"));
                self.pass_over(row);
                return;
            }
        };
        let Some(mut state) = self.states.get_mut(number).map(State::take) else { return };
        let (version_before, balance_before, decided_before) =
            (state.version, state.balance(), state.decided_at);
        let applied = state.apply(&event, row.standing.decided_at);
        if body.version != state.version {
            let what = format!("it is version {} of its account, {} is next", body.version, state.version);
            self.found(place, Some(row.sequence), what);
            state.version = body.version;
        }
        if row.standing.decided_at < decided_before {
            self.found(place, Some(row.sequence), "it was decided before the account's event before it");
        }
        let reverses = event.reverses().map(|movement| i64::try_from(movement.get()).unwrap_or(i64::MAX));
        if row.reverses != reverses {
            let what = format!("reverses is {:?}, by the text it is {reverses:?}", row.reverses);
            self.found(place, Some(row.sequence), what);
        }
        match &applied {
            Ok(flow) => {
                let change = i128::from(state.balance()).saturating_sub(i128::from(balance_before));
                self.sum(state.currency, version_before == 0, change, *flow);
            }
            Err(what) => self.found(place, Some(row.sequence), *what),
        }
        let differ = differences(&row.standing, &state.columns());
        if !differ.is_empty() {
            self.found(place, Some(row.sequence), differ.join("; "));
            if !sound {
                state.adopt(&row.standing);
            }
        }
        if let (Some(unit), Ok(flow)) = (unit, applied)
            && let Some(from) = unit.pair(&body.aggregate_id, flow)
            && !self.lost.contains(from.as_str())
        {
            self.found(place, Some(row.sequence), "nothing of its unit sent what it received");
        }
        if let Some(slot) = self.states.get_mut(number) {
            *slot = state;
        }
    }

    /// Where the state is that an event goes on from, and in what currency; a new one for an account that is opened.
    fn account_of(
        &mut self,
        place: (i64, i64),
        sound: bool,
        row: &EventRow,
        body: &Body<'_>,
    ) -> Option<(usize, Currency)> {
        if let Some(number) = self.places.get(&*body.aggregate_id).copied() {
            let state = self.states.get_mut(number)?;
            let (key, currency, doubtful) = (state.key, state.currency, state.is_key_doubtful);
            if key != row.account {
                if doubtful {
                    (state.key, state.is_key_doubtful) = (row.account, false);
                } else {
                    let what = format!("account is {}, by the text it is {key}", row.account);
                    self.found(place, Some(row.sequence), what);
                }
            }
            return Some((number, currency));
        }
        let number = self.states.len();
        if body.kind != "ACCOUNT_CREATED" {
            if self.lost.insert(Arc::from(&*body.aggregate_id)) {
                let what = format!(
                    "account {} was not opened; what follows on it is not audited",
                    body.aggregate_id
                );
                self.found(place, Some(row.sequence), what);
            }
            return None;
        }
        let next = self.last_key.saturating_add(1);
        let other = self.other_key.take().map(|other| other.saturating_add(1));
        let fits = row.account == next || Some(row.account) == other;
        if !fits {
            let what = format!("account is {}, where {next} is the next key", row.account);
            self.found(place, Some(row.sequence), what);
        }
        match (fits, sound) {
            (true, _) => self.last_key = row.account,
            (false, true) => (self.last_key, self.other_key) = (next, Some(row.account)),
            // One that opened an account may be among the events that are not those that were committed.
            (false, false) => (self.last_key, self.other_key) = (next.max(row.account), Some(next)),
        }
        // What currency its amounts are in is said by the event itself.
        if let Some(what) = account_differs(row.opened.as_ref(), row, body) {
            self.found(place, Some(row.sequence), what);
        }
        self.places.insert(Arc::from(&*body.aggregate_id), number);
        let mut state = State::new(row.account, Currency::USD);
        state.is_key_doubtful = !fits;
        self.states.push(state);
        Some((number, Currency::USD))
    }

    /// Goes on behind an event that can't be read.
    fn pass_over(&mut self, row: &EventRow) {
        match self.states.iter_mut().find(|state| state.key == row.account) {
            Some(state) => {
                state.version = state.version.saturating_add(1);
                state.adopt(&row.standing);
            }
            // The row of an account says what its first event would have.
            None => {
                let Some(opened) = &row.opened else { return };
                let Some(currency) = Currency::parse(&opened.currency) else { return };
                let mut state = State::new(row.account, currency);
                state.version = 1;
                state.adopt(&row.standing);
                self.last_key = self.last_key.max(row.account);
                self.places.insert(Arc::from(opened.id.as_str()), self.states.len());
                self.states.push(state);
            }
        }
    }

    /// Keeps to the units: which events belong together, by their texts, and what their columns say of it.
    fn follow<'a>(
        &mut self,
        place: (i64, i64),
        row: &'a EventRow,
        body: &Body<'a>,
        unit: &mut Option<Unit<'a>>,
    ) {
        let same = unit.as_mut().filter(|unit| unit.id == body.command_id);
        let before = same.as_ref().map_or(0, |unit| unit.events);
        if let Some(unit) = same {
            unit.events = unit.events.saturating_add(1);
            if row.command != CommandColumns::default() {
                self.found(place, Some(row.sequence), "its command stands with an earlier event of its unit");
            }
        } else {
            if let Some(what) = command_differs(&row.command, &body.command_id) {
                self.found(place, Some(row.sequence), what);
            }
            let begun = Unit {
                id: body.command_id.clone(),
                first: row.sequence,
                claimed: row.command.events,
                events: 1,
                sent: Vec::new(),
            };
            let done = unit.replace(begun);
            self.close(place, done);
        }
        if row.place.is_some_and(|place| place != before) {
            self.found(
                place,
                Some(row.sequence),
                format!("place is not {before}, where it stands in its unit"),
            );
        }
    }

    /// The end of a unit.
    fn close(&mut self, place: (i64, i64), unit: Option<Unit<'_>>) {
        let Some(unit) = unit else { return };
        if let Some(claimed) = unit.claimed.filter(|claimed| *claimed != unit.events) {
            let what = format!("unit_size is {claimed}, the unit has {} events", unit.events);
            self.found(place, Some(unit.first), what);
        }
        let known = |(_, to, _): &&(_, Arc<str>, _)| !self.lost.contains(to);
        if let Some((from, to, amount)) = unit.sent.iter().find(known) {
            let what = format!("{amount} minor units from {from} did not arrive at {to}");
            self.found(place, Some(unit.first), what);
        }
    }

    fn sum(&mut self, currency: Currency, opened: bool, change: i128, flow: Flow<'_>) {
        let sums = self.sums.entry(currency).or_default();
        sums.balances = sums.balances.saturating_add(change);
        if opened {
            sums.accounts = sums.accounts.saturating_add(1);
        }
        match flow {
            Flow::In(amount) => sums.money_in = sums.money_in.saturating_add(i128::from(amount)),
            Flow::Out(amount) => sums.money_out = sums.money_out.saturating_add(i128::from(amount)),
            // What one account sends another receives, or the sums don't agree.
            Flow::Sent(..) | Flow::Received(..) | Flow::None => {}
        }
    }

    /// Takes the next refusal, when all batches up to its place were taken.
    pub fn refusal(&mut self, row: &RefusalRow) {
        let place = (row.sequence, row.sequence);
        let next = self.refusals.saturating_add(1);
        let mut found = |what: &dyn fmt::Display| {
            let what = format!("refusal {}: {what}", row.number);
            self.findings.push(Finding { batch: place, event: None, what });
        };
        if row.number != next {
            found(&format_args!("its number is not {next}, which is next"));
        }
        if row.sequence < self.refused_at {
            found(&"it stands before the refusal before it");
        }
        if row.sequence > self.last {
            found(&"it stands beyond the end of the log");
        }
        if row.accepted {
            found(&format_args!("its command id {} is also that of an event", row.command_id));
        }
        if let Err(error) = CommandId::parse(&row.command_id) {
            found(&format_args!("its command id {error}"));
        }
        if row.fingerprint.len() != size_of::<Fingerprint>() || row.name.is_empty() {
            found(&"it has no fingerprint or no name");
        }
        if let Err(error) = serde_json::from_str::<Refusal>(&row.reason) {
            found(&format_args!("its reason can't be read: {error}"));
        }
        let named = accounts_named(&row.facts).map(|id| id.map(String::from));
        if named != row.accounts {
            found(&"its accounts are not those that its facts name");
        }
        self.refusals = row.number;
        self.refused_at = row.sequence;
    }

    /// Compares with the log's end, which is to be read after everything before it was taken.
    pub fn end(&mut self, head: &HeadRow) {
        let place = (head.last, head.last);
        let mut found = |what: String| self.findings.push(Finding { batch: place, event: None, what });
        if head.last != self.last {
            found(format!("the head is at {}, the last batch ends at {}", head.last, self.last));
        }
        if head.chain != self.chain {
            found("the head's chain is not that of the last batch".to_owned());
        }
        // Refusals once moved the time of the embedded log's head.
        let refused_since = self.refusals > 0 && self.refused_at == self.last;
        if head.committed_at < self.committed_at || (head.committed_at > self.committed_at && !refused_since)
        {
            found("the head's time is not that of the last batch".to_owned());
        }
        let other = self.other_key.filter(|other| *other == head.last_account);
        let (last, opened) = (other.unwrap_or(self.last_key), self.states.len());
        if head.last_account != last {
            found(format!("the head's last account is {}, that of the log {last}", head.last_account));
        }
        if head.stray_account || usize::try_from(last) != Ok(opened) {
            found(format!("there are accounts beside the {opened} that were opened"));
        }
        if head.last_refusal != self.refusals {
            found(format!(
                "the head's last refusal is {}, that of the log {}",
                head.last_refusal, self.refusals
            ));
        }
        let torn: Vec<String> = self
            .sums
            .iter()
            .filter(|(_, sums)| !sums.conserved())
            .map(|(currency, sums)| {
                let units = |minor| Units { minor, currency: *currency };
                let (there, came) = (sums.balances, sums.money_in.saturating_sub(sums.money_out));
                format!("{currency} is not conserved: {} in accounts, {} came in", units(there), units(came))
            })
            .collect();
        torn.into_iter().for_each(found);
    }

    /// Compares an account as a read model shows it with the account as it was audited last; the answer is what differs.
    ///
    /// The read model must be at the place that was audited last.
    pub fn compare(&self, document: &str) -> Option<String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Document<'a> {
            account_id: String,
            #[serde(borrow)]
            balance: &'a RawValue,
            #[serde(borrow)]
            held: &'a RawValue,
            #[serde(borrow)]
            overdraft_limit: &'a RawValue,
            version: i64,
            transaction_count: i64,
            status: String,
            currency: String,
        }
        let read: Document<'_> = match serde_json::from_str(document) {
            Ok(read) => read,
            Err(error) => return Some(format!("a document can't be read: {error}")),
        };
        let state = self.places.get(&*read.account_id).and_then(|number| self.states.get(*number));
        let Some(state) = state else { return Some(format!("{} is not in the log", read.account_id)) };
        let should = state.shown();
        let is = fold::Shown {
            balance: read.balance.get().to_owned(),
            held: read.held.get().to_owned(),
            overdraft_limit: read.overdraft_limit.get().to_owned(),
            version: read.version,
            transactions: read.transaction_count,
            status: match read.status.as_str() {
                "open" => "open",
                "closed" => "closed",
                _ => "frozen",
            },
            currency: read.currency,
        };
        (is != should).then(|| format!("{} is shown as {is:?}, by the log it is {should:?}", read.account_id))
    }

    fn found(&mut self, batch: (i64, i64), event: Option<i64>, what: impl Into<String>) {
        self.findings.push(Finding { batch, event, what: what.into() });
    }
}

/// The leaves of a batch's tree: of its events, and of its commands unless it was written before they had one. `None` where
/// neither leads to that root.
pub fn leaves(expected: &Hash, events: &[EventRow]) -> Option<Vec<Hash>> {
    let mut leaves: Vec<Hash> = events.iter().map(|row| leaf(row.body.as_bytes())).collect();
    leaves.push(commands_leaf(events.iter().filter_map(|row| command_of(&row.command))));
    if root(&leaves) != Some(*expected) {
        leaves.pop();
        if root(&leaves) != Some(*expected) {
            return None;
        }
    }
    Some(leaves)
}

/// What the commands' leaf says of a unit, by its first event's columns.
fn command_of(command: &CommandColumns) -> Option<(&str, &[u8], usize)> {
    let CommandColumns { id, fingerprint, name, events } = command;
    (id.is_some() || fingerprint.is_some() || name.is_some() || events.is_some()).then(|| {
        let events = events.and_then(|events| usize::try_from(events).ok()).unwrap_or_default();
        (name.as_deref().unwrap_or_default(), fingerprint.as_deref().unwrap_or_default(), events)
    })
}

fn command_differs(command: &CommandColumns, id: &str) -> Option<String> {
    match command {
        CommandColumns {
            id: Some(stored),
            fingerprint: Some(fingerprint),
            name: Some(name),
            events: Some(_),
        } => {
            if stored != id {
                return Some(format!("command_id is {stored}, by the text it is {id}"));
            }
            let whole = fingerprint.len() == size_of::<Fingerprint>() && !name.is_empty();
            (!whole).then(|| "its command has no fingerprint or no name".to_owned())
        }
        CommandColumns { .. } => Some(format!("its command {id} does not stand with it")),
    }
}

/// What the columns of an event say otherwise than its text.
fn row_differences(row: &EventRow, body: &Body<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if row.kind != body.kind {
        found.push(format!("kind is {}, by the text it is {}", row.kind, body.kind));
    }
    if row.version != body.version {
        found.push(format!("version is {}, by the text it is {}", row.version, body.version));
    }
    if !row.indexed {
        found.push(format!("the index lacks {} as version {} of its account", row.kind, row.version));
    }
    let correlation = match &row.correlation {
        Some(correlation) => *correlation == body.correlation_id && body.correlation_id != body.command_id,
        None => body.correlation_id == body.command_id,
    };
    if !correlation {
        found.push(format!("correlation is not {}, as in the text", body.correlation_id));
    }
    let decided_at = Timestamp::parse(&body.timestamp).map(Timestamp::as_micros);
    if decided_at != Some(row.standing.decided_at) {
        found
            .push(format!("decided_at is {}, by the text it is {}", row.standing.decided_at, body.timestamp));
    }
    found
}

/// What an account's row says otherwise than the event that opened it.
fn account_differs(opened: Option<&AccountRow>, row: &EventRow, body: &Body<'_>) -> Option<String> {
    let Some(opened) = opened else { return Some("its account has no row".to_owned()) };
    let data: serde_json::Value = serde_json::from_str(body.data.get()).unwrap_or_default();
    let text = |name: &str| data.get(name).and_then(serde_json::Value::as_str);
    let same = opened.id == body.aggregate_id
        && Some(opened.currency.as_str()) == text("currency")
        && opened.owner.as_deref() == text("owner")
        && opened.created_at == row.standing.decided_at;
    (!same)
        .then(|| format!("the row of account {} is not what the event says: {opened:?}", body.aggregate_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, Cause, Event};
    use crate::ids::HoldId;
    use crate::money::{Amount, Money};
    use crate::record::{Envelope, encode};
    use crate::rows::StandingColumns;
    use uuid::Uuid;

    /// Somebody who may write to all of the database, and whose chain is right.
    #[derive(Default)]
    struct Forger {
        accounts: HashMap<AccountId, (i64, Account)>,
        audit: Audit,
    }

    fn amount(minor: i64) -> Amount {
        Amount::new(Money::from_minor(minor).unwrap()).unwrap()
    }

    fn id(text: &str) -> AccountId {
        AccountId::parse(text).unwrap()
    }

    impl Forger {
        /// The rows of a unit, each as the program would write it, whether or not it would have decided so.
        fn rows(&mut self, events: &[(&str, Event)]) -> Vec<EventRow> {
            let first = self.audit.last().saturating_add(1);
            let command_id = CommandId::parse(&format!("k-{first}")).unwrap();
            let at = Timestamp::from_micros(1_700_000_000_000_000_i64.saturating_add(first));
            let rows = (first..).zip(events).map(|(sequence, (account, event))| {
                let key = i64::try_from(self.accounts.len()).unwrap().saturating_add(1);
                let (key, account) = {
                    let (key, known) = self.accounts.entry(id(account)).or_insert((key, Account::Absent));
                    known.evolve(&id(account), event, at);
                    (*key, known.clone())
                };
                let Account::Present(profile, standing, _) = account else {
                    panic!("an event on no account")
                };
                let envelope = Envelope {
                    event_id: Uuid::nil(),
                    command_id: command_id.clone(),
                    correlation: Arc::from(command_id.as_str()),
                    metadata: None,
                    trace: None,
                    causation: None,
                    at,
                };
                let version = i64::try_from(standing.version.get()).unwrap();
                let command = (sequence == first).then(|| CommandColumns {
                    id: Some(command_id.as_str().to_owned()),
                    fingerprint: Some(vec![7; 16]),
                    name: Some("NAME".to_owned()),
                    events: Some(i64::try_from(events.len()).unwrap()),
                });
                EventRow {
                    sequence,
                    account: key,
                    opened: (version == 1).then(|| AccountRow {
                        id: profile.id.to_string(),
                        currency: profile.currency.to_string(),
                        owner: None,
                        created_at: profile.created_at.as_micros(),
                    }),
                    version,
                    indexed: true,
                    kind: event.kind().to_owned(),
                    place: None,
                    command: command.unwrap_or_default(),
                    correlation: None,
                    standing: StandingColumns {
                        balance: standing.balance.minor(),
                        held: standing.held.minor(),
                        overdraft_limit: standing.overdraft_limit.minor(),
                        transactions: i64::try_from(standing.transactions).unwrap(),
                        status: i64::from(standing.status.number()),
                        spent: standing.spent.minor(),
                        limits: standing.limits.stored(),
                        decided_at: at.as_micros(),
                    },
                    reverses: event.reverses().map(|of| i64::try_from(of.get()).unwrap()),
                    body: encode(&profile, standing.version, event, &envelope).into_json(),
                }
            });
            rows.collect()
        }

        /// Commits a unit, and says what the audit finds in it.
        fn commits(&mut self, events: &[(&str, Event)]) -> Vec<String> {
            let rows = self.rows(events);
            let leaves: Vec<Hash> = rows.iter().map(|row| leaf(row.body.as_bytes())).collect();
            let root = root(&leaves).unwrap();
            let (first, last) = (rows.first().unwrap().sequence, rows.last().unwrap().sequence);
            let sequence = |number: i64| Sequence::new(u64::try_from(number).unwrap());
            let at = Timestamp::from_micros(first);
            let chain = link(self.audit.chain(), &root, sequence(first), sequence(last), at);
            self.audit.batch(&BatchRow { first, last, root, chain, committed_at: first }, &rows);
            self.found()
        }

        fn found(&mut self) -> Vec<String> {
            self.audit.findings().into_iter().map(|finding| finding.what).collect()
        }
    }

    fn created(balance: i64) -> Event {
        let (initial_balance, overdraft_limit) = (Money::from_minor(balance).unwrap(), Money::ZERO);
        Event::AccountCreated { initial_balance, currency: Currency::USD, owner: None, overdraft_limit }
    }

    fn sent(to: &str, minor: i64) -> Event {
        Event::MoneyTransferred { to: id(to), amount: amount(minor), description: None, cause: Cause::Client }
    }

    fn received(from: &str, minor: i64) -> Event {
        Event::TransferReceived { from: id(from), amount: amount(minor) }
    }

    fn hold(name: &str) -> HoldId {
        HoldId::parse(name).unwrap()
    }

    /// Whatever the keys of the accounts behind it are then.
    #[test]
    fn an_event_that_is_missing_is_found_once() {
        let mut forger = Forger::default();
        let deposited =
            || Event::MoneyDeposited { amount: amount(1), description: None, cause: Cause::Client };
        let rows = forger.rows(&[("a", created(0))]);
        let root = root(&[leaf(rows[0].body.as_bytes())]).unwrap();
        let (first, at) = (Sequence::new(1), Timestamp::from_micros(1));
        let chain = link(forger.audit.chain(), &root, first, first, at);
        forger.audit.batch(&BatchRow { first: 1, last: 1, root, chain, committed_at: 1 }, &[]);
        assert!(!forger.found().is_empty());
        let lost = "account is 2, where 1 is the next key";
        assert_eq!(forger.commits(&[("b", created(0))]), [lost]);
        let none: [String; 0] = [];
        for _ in 0..3 {
            assert_eq!(forger.commits(&[("b", deposited())]), none);
        }
        assert_eq!(forger.commits(&[("c", created(0))]), none);
        assert_eq!(forger.commits(&[("c", deposited())]), none);
    }

    /// Nor is the key of an account that was changed with it.
    #[test]
    fn a_wrong_key_is_found_once() {
        let mut forger = Forger::default();
        let none: [String; 0] = [];
        assert_eq!(forger.commits(&[("a", created(0))]), none);
        let mut rows = forger.rows(&[("b", created(0))]);
        let root = root(&[leaf(rows[0].body.as_bytes())]).unwrap();
        let (place, at) = (Sequence::new(2), Timestamp::from_micros(2));
        let chain = link(forger.audit.chain(), &root, place, place, at);
        rows[0].account = 1000;
        rows[0].body = rows[0].body.replace("USD", "EUR");
        forger.audit.batch(&BatchRow { first: 2, last: 2, root, chain, committed_at: 2 }, &rows);
        assert!(!forger.found().is_empty());
        for name in ["c", "d", "e"] {
            assert_eq!(forger.commits(&[(name, created(0))]), none, "{name}");
        }
    }

    /// A right chain makes no wrong event right.
    #[test]
    fn what_no_decision_allows_is_found_whatever_the_chain_says() {
        let mut forger = Forger::default();
        let none: [String; 0] = [];
        assert_eq!(forger.commits(&[("a", created(100))]), none);
        assert_eq!(forger.commits(&[("b", created(0))]), none);
        assert_eq!(forger.commits(&[("a", sent("b", 5)), ("b", received("a", 5))]), none);
        assert_eq!(forger.commits(&[("a", sent("b", 5))]), ["5 minor units from a did not arrive at b"]);
        let lost = "nothing of its unit sent what it received";
        assert_eq!(forger.commits(&[("b", received("a", 5))]), [lost]);
        assert_eq!(
            forger.commits(&[("a", sent("b", 5)), ("b", received("a", 6))]),
            [lost, "5 minor units from a did not arrive at b"]
        );
        let placed = |name: &str, minor| Event::HoldPlaced {
            hold: hold(name),
            amount: amount(minor),
            expires_at: None,
            description: None,
        };
        let released =
            |name: &str, minor| Event::HoldReleased { hold: hold(name), amount: amount(minor), reason: None };
        assert_eq!(forger.commits(&[("a", placed("h", 3))]), none);
        assert_eq!(forger.commits(&[("a", released("h", 2))]), ["another amount was held"]);
        assert_eq!(forger.commits(&[("a", released("h", 1))]), ["a hold ended that was not open"]);
        let closed = || Event::AccountClosed { reason: None };
        assert_eq!(forger.commits(&[("a", closed())]), ["an account with money in it was closed"]);
        let deposited =
            || Event::MoneyDeposited { amount: amount(1), description: None, cause: Cause::Client };
        assert_eq!(forger.commits(&[("a", deposited())]), ["money moved on a closed account"]);
        assert_eq!(forger.commits(&[("a", Event::AccountReopened { reason: None })]), none);
        assert_eq!(
            forger.commits(&[("b", Event::AccountReopened { reason: None })]),
            ["an account that was not closed was opened again"]
        );
        let head = HeadRow {
            last: forger.audit.last(),
            last_account: 2,
            last_refusal: 0,
            chain: *forger.audit.chain(),
            committed_at: forger.audit.committed_at(),
            stray_account: false,
        };
        forger.audit.end(&head);
        let found = forger.found();
        assert!(found.iter().any(|what| what.starts_with("USD is not conserved")), "{found:?}");
    }
}
