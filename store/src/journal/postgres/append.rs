//! A batch as the arrays that `bursar.append` takes, and its answer.

use std::collections::HashSet;

use bytes::BytesMut;
use domain::request::accounts_named;
use domain::{HoldChange, Sequence, Timestamp, chain};
use foldhash::HashSetExt as _;
use tokio_postgres::Row;
use tokio_postgres::error::{Severity, SqlState};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use super::streams::Standpoint;
use super::{Failure, values};
use crate::journal::kinds::Noted;
use crate::journal::streams::Entry;
use crate::journal::{
    AccountKey, Append, AppendError, Batch, Commit, Contents, Draft, Fault, Touch, Unit, leaves,
};

/// The indexes whose violation says that a command id was not new.
const COMMAND_ID_INDEXES: [&str; 2] = ["events_command_id", "rejections_command_id"];

/// The arrays, in the order of the function's parameters.
#[derive(Default)]
pub(super) struct Columns<'a> {
    repeat_id: Vec<&'a str>,
    /// The places in the batch of the units above.
    repeat_unit: Vec<usize>,
    touch_key: Vec<Option<i64>>,
    touch_id: Vec<&'a str>,
    touch_version: Vec<i64>,
    /// The accounts above, as a conflict names them.
    touches: Vec<&'a Touch>,
    /// The versions that they come to, and those whose versions do not follow one another, counted from 1.
    touch_last: Vec<i64>,
    touch_torn: Vec<i32>,
    new_touch: Vec<i32>,
    new_currency: Vec<&'a str>,
    new_owner: Vec<Option<&'a str>>,
    new_created_at: Vec<i64>,
    root: Option<Vec<u8>>,
    event_touch: Vec<i32>,
    event_version: Vec<i64>,
    event_balance: Vec<i64>,
    event_held: Vec<i64>,
    event_overdraft_limit: Vec<i64>,
    event_spent: Vec<i64>,
    event_transactions: Vec<i64>,
    event_decided_at: Vec<i64>,
    event_reverses: Vec<Option<i64>>,
    event_unit_size: Vec<Option<i32>>,
    event_status: Vec<i16>,
    event_kind: Vec<&'static str>,
    event_command_id: Vec<Option<&'a str>>,
    event_fingerprint: Vec<Option<&'a [u8]>>,
    event_command: Vec<Option<&'a str>>,
    event_correlation: Vec<Option<&'a str>>,
    event_limits: Vec<Option<String>>,
    event_body: Vec<&'a str>,
    hold_event: Vec<i32>,
    hold_id: Vec<&'a str>,
    hold_amount: Vec<i64>,
    hold_expires_at: Vec<Option<i64>>,
    hold_description: Vec<Option<&'a str>>,
    end_event: Vec<i32>,
    end_hold: Vec<&'a str>,
    end_as: Vec<i16>,
    refusal_decided_at: Vec<i64>,
    refusal_command_id: Vec<&'a str>,
    refusal_fingerprint: Vec<&'a [u8]>,
    refusal_command: Vec<&'a str>,
    refusal_facts: Vec<&'a str>,
    refusal_reason: Vec<String>,
    refusal_from_account: Vec<Option<String>>,
    refusal_to_account: Vec<Option<String>>,
    known_last: i64,
    known_chain: Vec<u8>,
    touch_stale: Vec<i32>,
    kinds_known: bool,
    known_refusal: i64,
}

/// What the function says.
pub(super) enum Answer {
    Append(Append),
    /// The log was not known well enough: nothing was written.
    Lost,
}

/// Units whose id is recorded by an earlier unit of the same batch.
pub(super) fn repeated_within(batch: &Batch) -> Vec<(usize, Fault)> {
    let mut recorded = foldhash::HashSet::with_capacity(batch.units.len());
    let mut repeated = Vec::new();
    for (place, unit) in batch.units.iter().enumerate() {
        let fresh = match unit.contents {
            Contents::Events(..) | Contents::KeyedRefusal { .. } => recorded.insert(&unit.command_id),
            Contents::Refusal => !recorded.contains(&unit.command_id),
        };
        if !fresh {
            repeated.push((place, Fault::Duplicate));
        }
    }
    repeated
}

/// What an error of the statement says about the batch.
pub(super) fn error(error: tokio_postgres::Error) -> AppendError {
    let Some(answer) = error.as_db_error() else {
        return AppendError::Unknown(Box::new(error));
    };
    // Only a plain error is a rolled back statement. A server that shuts down, or a backend that is ended while it
    // waits for a standby, may have committed.
    if answer.parsed_severity() != Some(Severity::Error) {
        return AppendError::Unknown(Box::new(error));
    }
    let index = answer.constraint().unwrap_or_default();
    if *answer.code() == SqlState::UNIQUE_VIOLATION && COMMAND_ID_INDEXES.contains(&index) {
        return AppendError::Collision;
    }
    AppendError::Unavailable(Box::new(error))
}

impl<'a> Columns<'a> {
    pub(super) fn of(batch: &'a Batch) -> Result<Self, Failure> {
        let (touches, places) = batch.first_touches();
        let mut columns = Self::for_events(batch.event_count());
        for touch in &touches {
            columns.touch_key.push(touch.key.map(|AccountKey(key)| key));
            columns.touch_id.push(touch.account.as_str());
            columns.touch_version.push(values::place(touch.version.get()));
            columns.touch_last.push(values::place(touch.version.get()));
        }
        columns.touches = touches;
        for (place, unit) in batch.units.iter().enumerate() {
            if unit.may_repeat {
                columns.repeat_id.push(unit.command_id.as_str());
                columns.repeat_unit.push(place);
            }
            match &unit.contents {
                Contents::Events(name, drafts) => {
                    for (index, draft) in drafts.iter().enumerate() {
                        let touch = *places
                            .get(&draft.profile.id)
                            .ok_or_else(|| format!("{} is written but not touched", draft.profile.id))?;
                        columns.push_event(touch, draft, unit)?;
                        columns.push_command((index == 0).then_some((unit, name, drafts.len())))?;
                    }
                }
                Contents::Refusal => {}
                Contents::KeyedRefusal { name, facts, refusal, at } => {
                    let [from, to] = accounts_named(facts);
                    columns.refusal_decided_at.push(at.as_micros());
                    columns.refusal_command_id.push(unit.command_id.as_str());
                    columns.refusal_fingerprint.push(&unit.fingerprint);
                    columns.refusal_command.push(name);
                    columns.refusal_facts.push(facts);
                    columns.refusal_reason.push(serde_json::to_string(refusal)?);
                    columns.refusal_from_account.push(from.map(|from| from.to_string()));
                    columns.refusal_to_account.push(to.map(|to| to.to_string()));
                }
            }
        }
        columns.root = chain::root(&leaves(&batch.units)).map(Vec::from);
        Ok(columns)
    }

    fn for_events(count: usize) -> Self {
        Self {
            event_touch: Vec::with_capacity(count),
            event_version: Vec::with_capacity(count),
            event_balance: Vec::with_capacity(count),
            event_held: Vec::with_capacity(count),
            event_overdraft_limit: Vec::with_capacity(count),
            event_spent: Vec::with_capacity(count),
            event_transactions: Vec::with_capacity(count),
            event_decided_at: Vec::with_capacity(count),
            event_reverses: Vec::with_capacity(count),
            event_unit_size: Vec::with_capacity(count),
            event_status: Vec::with_capacity(count),
            event_kind: Vec::with_capacity(count),
            event_command_id: Vec::with_capacity(count),
            event_fingerprint: Vec::with_capacity(count),
            event_command: Vec::with_capacity(count),
            event_correlation: Vec::with_capacity(count),
            event_limits: Vec::with_capacity(count),
            event_body: Vec::with_capacity(count),
            ..Self::default()
        }
    }

    fn push_event(&mut self, touch: usize, draft: &'a Draft, unit: &'a Unit) -> Result<(), Failure> {
        let Draft { profile, standing, event, correlation, stored } = draft;
        // Places are counted from 1 there.
        let place = i32::try_from(touch + 1)?;
        if standing.version.get() == 1 {
            self.new_touch.push(place);
            self.new_currency.push(profile.currency.code());
            self.new_owner.push(profile.owner.as_deref());
            self.new_created_at.push(profile.created_at.as_micros());
            if let Some(key) = self.touch_key.get_mut(touch) {
                *key = Some(-i64::try_from(self.new_touch.len())?);
            }
        }
        let version = values::place(standing.version.get());
        // The caller keeps versions in step within a batch; a gap would be for ever, so it is not left to trust.
        if let Some(last) = self.touch_last.get_mut(touch) {
            if version != last.saturating_add(1) {
                self.touch_torn.push(place);
            }
            *last = version;
        }
        self.event_touch.push(place);
        self.event_version.push(version);
        self.event_balance.push(standing.balance.minor());
        self.event_held.push(standing.held.minor());
        self.event_overdraft_limit.push(standing.overdraft_limit.minor());
        self.event_spent.push(standing.spent.minor());
        self.event_transactions.push(values::place(standing.transactions));
        self.event_decided_at.push(standing.updated_at.as_micros());
        self.event_reverses.push(event.reverses().map(|movement| values::place(movement.get())));
        self.event_status.push(i16::from(standing.status.number()));
        self.event_kind.push(event.kind());
        let own = **correlation == *unit.command_id.as_str();
        self.event_correlation.push((!own).then_some(correlation));
        self.event_limits.push(standing.limits.stored());
        self.event_body.push(stored);
        if let Some(change) = event.hold_change() {
            self.push_hold_change(i32::try_from(self.event_body.len())?, &change);
        }
        Ok(())
    }

    fn push_hold_change(&mut self, event: i32, change: &HoldChange<'a>) {
        match change {
            HoldChange::Placed { hold, amount, expires_at, description } => {
                self.hold_event.push(event);
                self.hold_id.push(hold.as_str());
                self.hold_amount.push(amount.money().minor());
                self.hold_expires_at.push(expires_at.map(Timestamp::as_micros));
                self.hold_description.push(description.map(|description| &**description));
            }
            HoldChange::Ended(hold, end) => {
                self.end_event.push(event);
                self.end_hold.push(hold.as_str());
                self.end_as.push(i16::from(end.number()));
            }
        }
    }

    /// What stands on the first event of a unit only.
    fn push_command(&mut self, first: Option<(&'a Unit, &'a str, usize)>) -> Result<(), Failure> {
        let size = first.map(|(_, _, size)| i32::try_from(size)).transpose()?;
        self.event_unit_size.push(size);
        self.event_command_id.push(first.map(|(unit, _, _)| unit.command_id.as_str()));
        self.event_fingerprint.push(first.map(|(unit, _, _)| unit.fingerprint.as_slice()));
        self.event_command.push(first.map(|(_, name, _)| name));
        Ok(())
    }

    /// The accounts that the batch rests on: their keys, below 1 or none where they are not there yet, and the versions that
    /// are expected.
    pub(super) fn expected(&self) -> Vec<(Option<i64>, i64)> {
        self.touch_key.iter().copied().zip(self.touch_version.iter().copied()).collect()
    }

    /// The ids of accounts whose keys were not known when the batch was decided, since they were just being created.
    pub(super) fn unkeyed(&self) -> Vec<&'a str> {
        let touches = self.touch_key.iter().zip(&self.touch_version).zip(&self.touch_id);
        touches.filter(|((key, version), _)| key.is_none() && **version > 0).map(|(_, id)| *id).collect()
    }

    /// Notes the keys of those.
    pub(super) fn key(&mut self, key: impl Fn(&str) -> Option<i64>) {
        for (slot, id) in self.touch_key.iter_mut().zip(&self.touch_id) {
            *slot = slot.or_else(|| key(id));
        }
    }

    /// Rests the batch on what is known of the log.
    pub(super) fn stand(&mut self, standpoint: Standpoint, noted: &Noted, refusal: i64) {
        let Standpoint { last, chain, stale, turn: _ } = standpoint;
        let mut kinds = self.event_kind.iter().zip(last + 1..);
        self.kinds_known = kinds.all(|(kind, sequence)| noted.has(sequence, kind));
        (self.known_last, self.known_chain, self.touch_stale) = (last, chain.to_vec(), stale);
        self.touch_stale.extend(&self.touch_torn);
        self.known_refusal = refusal;
    }

    /// Notes which kinds the runs have by now.
    pub(super) fn note_kinds(&self, first: Sequence, noted: &mut Noted) {
        for (kind, sequence) in self.event_kind.iter().zip(values::place(first.get())..) {
            noted.insert(sequence, kind);
        }
    }

    /// Where the events stand that were appended.
    pub(super) fn entries(&self, commit: &Commit) -> Vec<Entry> {
        let mut created = commit.created.iter();
        let mut keys = self.touch_key.clone();
        for place in &self.new_touch {
            let slot = usize::try_from(*place - 1).ok().and_then(|place| keys.get_mut(place));
            if let (Some(slot), Some((_, AccountKey(key)))) = (slot, created.next()) {
                *slot = Some(*key);
            }
        }
        let places =
            self.event_touch.iter().zip(&self.event_version).zip(values::place(commit.first.get())..);
        let entry = |((touch, version), sequence): ((&i32, &i64), i64)| Entry {
            account: item(&keys, *touch).copied().flatten().unwrap_or(0),
            version: *version,
            sequence,
        };
        places.map(entry).collect()
    }

    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 48] {
        [
            dense(&self.repeat_id),
            dense(&self.touch_key),
            dense(&self.touch_id),
            dense(&self.touch_version),
            dense(&self.new_touch),
            dense(&self.new_currency),
            dense(&self.new_owner),
            dense(&self.new_created_at),
            &self.root,
            dense(&self.event_touch),
            dense(&self.event_version),
            dense(&self.event_balance),
            dense(&self.event_held),
            dense(&self.event_overdraft_limit),
            dense(&self.event_spent),
            dense(&self.event_transactions),
            dense(&self.event_decided_at),
            sparse(&self.event_reverses),
            sparse(&self.event_unit_size),
            dense(&self.event_status),
            dense(&self.event_kind),
            sparse(&self.event_command_id),
            sparse(&self.event_fingerprint),
            sparse(&self.event_command),
            sparse(&self.event_correlation),
            sparse(&self.event_limits),
            dense(&self.event_body),
            dense(&self.hold_event),
            dense(&self.hold_id),
            dense(&self.hold_amount),
            dense(&self.hold_expires_at),
            dense(&self.hold_description),
            dense(&self.end_event),
            dense(&self.end_hold),
            dense(&self.end_as),
            dense(&self.refusal_decided_at),
            dense(&self.refusal_command_id),
            dense(&self.refusal_fingerprint),
            dense(&self.refusal_command),
            dense(&self.refusal_facts),
            dense(&self.refusal_reason),
            dense(&self.refusal_from_account),
            dense(&self.refusal_to_account),
            &self.known_last,
            &self.known_chain,
            dense(&self.touch_stale),
            &self.kinds_known,
            &self.known_refusal,
        ]
    }

    /// What others had appended since the place that was known.
    pub(super) fn missed(&self, row: &Row) -> Result<Vec<Entry>, Failure> {
        let accounts: Option<Vec<i64>> = values::column(row, 8)?;
        let versions: Option<Vec<i64>> = values::column(row, 9)?;
        let events = accounts.unwrap_or_default().into_iter().zip(versions.unwrap_or_default());
        let entry = |((account, version), sequence)| Entry { account, version, sequence };
        Ok(events.zip(self.known_last + 1..).map(entry).collect())
    }

    /// The log's last refusal.
    pub(super) fn last_refusal(row: &Row) -> Result<i64, Failure> {
        Ok(values::column(row, 10)?)
    }

    /// What the function's row says.
    pub(super) fn answer(&self, batch: &Batch, row: &Row) -> Result<Answer, Failure> {
        if values::column::<Option<bool>>(row, 7)? == Some(true) {
            return Ok(Answer::Lost);
        }
        let duplicates: Option<Vec<i32>> = values::column(row, 0)?;
        let conflicts: Option<Vec<i32>> = values::column(row, 1)?;
        if duplicates.is_some() || conflicts.is_some() {
            let duplicates = duplicates.unwrap_or_default();
            let conflicts = conflicts.unwrap_or_default();
            return Ok(Answer::Append(Append::Refused(self.faults(batch, &duplicates, &conflicts))));
        }
        let first_account: i64 = values::column(row, 6)?;
        let created =
            self.new_touch.iter().zip(first_account.saturating_add(1)..).filter_map(|(place, key)| {
                let touch = item(&self.touches, *place)?;
                Some((touch.account.clone(), AccountKey(key)))
            });
        Ok(Answer::Append(Append::Committed(Commit {
            first: Sequence::new(values::number(row, 2)?),
            last: Sequence::new(values::number(row, 3)?),
            chain: values::hash(row, 4)?,
            committed_at: values::time(row, 5)?,
            created: created.collect(),
        })))
    }

    fn faults(&self, batch: &Batch, duplicates: &[i32], conflicts: &[i32]) -> Vec<(usize, Fault)> {
        let duplicates: HashSet<usize> =
            duplicates.iter().filter_map(|place| item(&self.repeat_unit, *place).copied()).collect();
        let conflicts: HashSet<_> = conflicts
            .iter()
            .filter_map(|place| item(&self.touches, *place))
            .map(|touch| &touch.account)
            .collect();
        let fault = |(place, unit): (usize, &Unit)| {
            if duplicates.contains(&place) {
                Some((place, Fault::Duplicate))
            } else if unit.touches.iter().any(|touch| conflicts.contains(&touch.account)) {
                Some((place, Fault::Conflict))
            } else {
                None
            }
        };
        batch.units.iter().enumerate().filter_map(fault).collect()
    }
}

/// An array as the function wants it: NULL where there is nothing in it.
fn dense<T: ToSql + Sync>(items: &Vec<T>) -> &(dyn ToSql + Sync) {
    if items.is_empty() { &NULL } else { items }
}

/// A column of the events: NULL where it is NULL in all of them.
fn sparse<T: ToSql + Sync>(items: &Vec<Option<T>>) -> &(dyn ToSql + Sync) {
    if items.iter().all(Option::is_none) { &NULL } else { items }
}

/// NULL of any type.
#[derive(Debug)]
struct Null;

static NULL: Null = Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Failure> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// An item by its place, which SQL counts from 1.
fn item<T>(items: &[T], place: i32) -> Option<&T> {
    usize::try_from(place).ok()?.checked_sub(1).and_then(|index| items.get(index))
}
