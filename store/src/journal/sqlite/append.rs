//! Appending a batch: check everything, write everything, commit once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::chain::{Hash, link, root};
use domain::request::accounts_named;
use domain::{AccountId, CommandId, HoldChange, Sequence, Timestamp};
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, ffi};

use super::read::ACCOUNT_KEY;
use super::streams::{Merge, Streams};
use super::{integer, now};
use crate::journal::kinds::{Noted, run_of};
use crate::journal::streams::{Entry, Reach};
use crate::journal::{
    AccountKey, Append, AppendError, Batch, Commit, Contents, Fault, Restore, RestoreError, Touch, Unit,
    leaves,
};

const LOG: &str = include_str!("../../../../sql/sqlite/journal/log.sql");
const LOG_TOUCH: &str = include_str!("../../../../sql/sqlite/journal/log_touch.sql");
const LOG_UPDATE: &str = include_str!("../../../../sql/sqlite/journal/log_update.sql");
const LOG_NAME: &str = include_str!("../../../../sql/sqlite/journal/log_name.sql");
const ID_RECORDED: &str = include_str!("../../../../sql/sqlite/journal/id_recorded.sql");
const ID_REJECTED: &str = include_str!("../../../../sql/sqlite/journal/id_rejected.sql");
const ACCOUNT_INSERT: &str = include_str!("../../../../sql/sqlite/journal/account_insert.sql");
const EVENT_INSERT: &str = include_str!("../../../../sql/sqlite/journal/event_insert.sql");
const KIND_INSERT: &str = include_str!("../../../../sql/sqlite/journal/kind_insert.sql");
const HOLD_INSERT: &str = include_str!("../../../../sql/sqlite/journal/hold_insert.sql");
const HOLD_END: &str = include_str!("../../../../sql/sqlite/journal/hold_end.sql");
const BATCH_INSERT: &str = include_str!("../../../../sql/sqlite/journal/batch_insert.sql");
const REJECTION_INSERT: &str = include_str!("../../../../sql/sqlite/journal/rejection_insert.sql");

/// The end of the log, as the writer moves it.
struct End {
    sequence: u64,
    account: i64,
    refusal: i64,
    chain: Hash,
    committed_at: i64,
    indexed: i64,
}

impl End {
    fn reach(&self) -> Reach {
        Reach { indexed: self.indexed, last: integer(self.sequence) }
    }
}

/// An account of the batch, as it is before the next unit.
struct Standpoint {
    key: Option<i64>,
    version: u64,
    /// The log is not where the batch thinks it is: no unit on this account can go through.
    stale: bool,
}

/// The connection that writes, and what it knows of the log.
pub(super) struct Appender {
    connection: Connection,
    streams: Arc<Streams>,
    merge: Merge,
    /// What is committed; forgotten when something is not.
    kinds: Noted,
}

impl Appender {
    pub(super) fn new(connection: Connection, streams: Arc<Streams>) -> Self {
        Self { connection, streams, merge: Merge::default(), kinds: Noted::default() }
    }

    /// Finds out whether the file can be written, and changes nothing.
    pub(super) fn try_out(&mut self) -> Result<Append, AppendError> {
        roll_back(&self.connection)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(refused_by_database)?;
        transaction.execute_batch(LOG_TOUCH).map_err(refused_by_database)?;
        transaction.commit().map_err(refused_by_database)?;
        Ok(Append::Refused(Vec::new()))
    }

    pub(super) fn append(&mut self, batch: &Batch) -> Result<Append, AppendError> {
        let Self { connection, streams, merge, kinds } = self;
        let mut noted = std::mem::take(kinds);
        roll_back(connection)?;
        let writes = batch.units.iter().any(|unit| !matches!(unit.contents, Contents::Refusal));
        let behavior = if writes { TransactionBehavior::Immediate } else { TransactionBehavior::Deferred };
        // Dropping the transaction on any way out but the last one rolls it back.
        let transaction = connection.transaction_with_behavior(behavior).map_err(refused_by_database)?;
        let mut end = end(&transaction).map_err(refused_by_database)?;
        let (touches, places) = batch.first_touches();
        let mut standpoints = standpoints(&transaction, streams, end.reach(), &touches, &HashMap::new())
            .map_err(refused_by_database)?;
        let place_of = |account| places.get(account).copied();

        let faults = faults(&transaction, batch, &mut standpoints, place_of).map_err(refused_by_database)?;
        if !faults.is_empty() {
            return Ok(Append::Refused(faults));
        }
        collisions(&transaction, batch, &end)?;
        let first = end.sequence.saturating_add(1);
        let committed_at = now().as_micros().max(end.committed_at);
        // The head's time is that of the last batch in the chain; refusals are not in it.
        if batch.event_count() > 0 {
            end.committed_at = committed_at;
        }
        let mut created = Vec::new();
        if writes {
            let before = end.reach();
            let mut entries = Vec::with_capacity(batch.event_count());
            write(&transaction, batch, &mut end, &mut standpoints, place_of, &mut created, &mut entries)
                .map_err(refused_by_database)?;
            if end.sequence >= first {
                note_kinds(&transaction, batch, first, &mut noted).map_err(refused_by_database)?;
                prove(&transaction, batch, first, &mut end).map_err(refused_by_database)?;
            }
            let merged =
                merge.advance(&transaction, streams, before, entries.len()).map_err(refused_by_database)?;
            end.indexed = merged.indexed;
            move_end(&transaction, &end).map_err(refused_by_database)?;
            // The point of no return.
            transaction.commit().map_err(failed_commit)?;
            merge.note(&merged);
            streams.note(&entries, end.reach());
        }
        *kinds = noted;
        Ok(Append::Committed(Commit {
            first: Sequence::new(first),
            last: Sequence::new(end.sequence),
            chain: end.chain,
            committed_at: Timestamp::from_micros(committed_at),
            created,
        }))
    }

    /// Writes batches as they were committed elsewhere: the same checks and the same rows, another clock.
    pub(super) fn restore(&mut self, part: Restore) -> Result<(), RestoreError> {
        let Self { connection, streams, merge, kinds } = self;
        let mut noted = std::mem::take(kinds);
        let failed = |error: rusqlite::Error| RestoreError::Unavailable(Box::new(error));
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK").map_err(failed)?;
        }
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let mut end = end(&transaction).map_err(failed)?;
        if (Sequence::new(end.sequence), end.chain) != part.after {
            return Err(RestoreError::Elsewhere);
        }
        let before = end.reach();
        let (mut entries, mut written): (Vec<Entry>, HashMap<i64, i64>) = (Vec::new(), HashMap::new());
        for mut past in part.batches {
            if !past.holds_after(&end.chain) {
                return Err(RestoreError::Chain(past.first, past.last));
            }
            let batch = Batch { units: std::mem::take(&mut past.units) };
            let (touches, places) = batch.first_touches();
            let mut standpoints =
                standpoints(&transaction, streams, before, &touches, &written).map_err(failed)?;
            let place_of = |account| places.get(account).copied();
            let faults = faults(&transaction, &batch, &mut standpoints, place_of).map_err(failed)?;
            if !faults.is_empty() {
                return Err(RestoreError::Taken);
            }
            collisions(&transaction, &batch, &end).map_err(not_restored)?;
            let (first, known) = (end.sequence.saturating_add(1), entries.len());
            write(&transaction, &batch, &mut end, &mut standpoints, place_of, &mut Vec::new(), &mut entries)
                .map_err(|error| not_restored(refused_by_database(error)))?;
            let places = (Sequence::new(first), Sequence::new(end.sequence));
            if places != (past.first, past.last) {
                return Err(RestoreError::Chain(past.first, past.last));
            }
            note_kinds(&transaction, &batch, first, &mut noted).map_err(failed)?;
            let new = entries.get(known..).unwrap_or_default();
            written.extend(new.iter().map(|entry| (entry.account, entry.version)));
            (end.chain, end.committed_at) = (past.chain, past.committed_at.as_micros());
            prove_by(&transaction, first, &past.root, &end).map_err(failed)?;
        }
        for (place, unit) in &part.refusals {
            let taken: bool = transaction
                .prepare_cached(ID_RECORDED)
                .and_then(|mut statement| statement.query_row([unit.command_id.as_str()], |row| row.get(0)))
                .map_err(failed)?;
            if taken {
                return Err(RestoreError::Taken);
            }
            reject(&transaction, unit, integer(place.get()), &mut end).map_err(failed)?;
        }
        let merged = merge.advance(&transaction, streams, before, entries.len()).map_err(failed)?;
        end.indexed = merged.indexed;
        move_end(&transaction, &end).map_err(failed)?;
        transaction.execute(LOG_NAME, [part.log_id.to_string()]).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        merge.note(&merged);
        streams.note(&entries, end.reach());
        *kinds = noted;
        Ok(())
    }
}

fn move_end(transaction: &Transaction<'_>, end: &End) -> rusqlite::Result<()> {
    let values = (integer(end.sequence), end.account, end.refusal, end.chain, end.committed_at, end.indexed);
    transaction.prepare_cached(LOG_UPDATE)?.execute(values).map(|_| ())
}

fn not_restored(error: AppendError) -> RestoreError {
    match error {
        AppendError::Collision | AppendError::Exchanged => RestoreError::Taken,
        AppendError::Unavailable(error) | AppendError::Unknown(error) => RestoreError::Unavailable(error),
    }
}

fn end(transaction: &Transaction<'_>) -> rusqlite::Result<End> {
    transaction.prepare_cached(LOG)?.query_row([], |row| {
        let sequence: i64 = row.get(1)?;
        Ok(End {
            sequence: u64::try_from(sequence)
                .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, sequence))?,
            account: row.get(2)?,
            refusal: row.get(3)?,
            chain: row.get(4)?,
            committed_at: row.get(5)?,
            indexed: row.get(6)?,
        })
    })
}

/// Where the accounts are in the log, with what the transaction has `written` on them (the last versions by key), and
/// whether the batch knows.
fn standpoints(
    transaction: &Transaction<'_>,
    streams: &Streams,
    reach: Reach,
    touches: &[&Touch],
    written: &HashMap<i64, i64>,
) -> rusqlite::Result<Vec<Standpoint>> {
    let key = |touch: &&Touch| match touch.key {
        Some(AccountKey(key)) => Ok(Some(key)),
        None => {
            let mut account_key = transaction.prepare_cached(ACCOUNT_KEY)?;
            account_key.query_row([touch.account.as_str()], |row| row.get(0)).optional()
        }
    };
    let keys = touches.iter().map(key).collect::<rusqlite::Result<Vec<Option<i64>>>>()?;
    let versions = streams.versions(transaction, reach, &keys)?;
    let standpoint = |((touch, key), version): ((&&Touch, Option<i64>), i64)| {
        let version = key.and_then(|key| written.get(&key).copied()).unwrap_or(version);
        let known = touch.version.get();
        Standpoint { key, version: known, stale: version != integer(known) }
    };
    Ok(touches.iter().zip(keys).zip(versions).map(standpoint).collect())
}

/// Which units can't be appended, and why. A unit that is there already is told so whatever has happened to its accounts
/// since.
fn faults<'a>(
    transaction: &Transaction<'_>,
    batch: &'a Batch,
    standpoints: &mut [Standpoint],
    place_of: impl Fn(&'a domain::AccountId) -> Option<usize>,
) -> rusqlite::Result<Vec<(usize, Fault)>> {
    let mut faults = Vec::new();
    let mut ids: HashSet<&CommandId> = HashSet::with_capacity(batch.units.len());
    let mut id_recorded = transaction.prepare_cached(ID_RECORDED)?;
    for (number, unit) in batch.units.iter().enumerate() {
        let mut stale = false;
        for touch in &unit.touches {
            let Some(standpoint) = place_of(&touch.account).and_then(|place| standpoints.get_mut(place))
            else {
                continue;
            };
            // The caller keeps versions in step within a batch; a gap would be for ever, so it is not left to trust.
            standpoint.stale |= standpoint.version != touch.version.get();
            stale |= standpoint.stale;
        }
        for draft in unit.drafts() {
            let standpoint = place_of(&draft.profile.id).and_then(|place| standpoints.get_mut(place));
            match standpoint {
                Some(standpoint) if draft.standing.version.get() == standpoint.version.saturating_add(1) => {
                    standpoint.version = draft.standing.version.get();
                }
                Some(_) | None => stale = true,
            }
        }
        let records = !matches!(unit.contents, Contents::Refusal);
        let seen = if records { !ids.insert(&unit.command_id) } else { ids.contains(&unit.command_id) };
        let duplicate = unit.may_repeat
            && (seen || id_recorded.query_row([unit.command_id.as_str()], |row| row.get::<_, bool>(0))?);
        if duplicate {
            faults.push((number, Fault::Duplicate));
        } else if stale {
            faults.push((number, Fault::Conflict));
        }
    }
    Ok(faults)
}

/// What the unique indexes can't see of ids that were thought new: they may be refusals.
fn collisions(transaction: &Transaction<'_>, batch: &Batch, end: &End) -> Result<(), AppendError> {
    let is_refusal = |unit: &&Unit| matches!(unit.contents, Contents::KeyedRefusal { .. });
    let refused: HashSet<&CommandId> =
        batch.units.iter().filter(is_refusal).map(|unit| &unit.command_id).collect();
    let is_both = |unit: &Unit| !unit.drafts().is_empty() && refused.contains(&unit.command_id);
    if !refused.is_empty() && batch.units.iter().any(is_both) {
        return Err(AppendError::Collision);
    }
    for unit in batch.units.iter().filter(|unit| !unit.may_repeat) {
        let statement = match unit.contents {
            Contents::Events(..) if end.refusal > 0 => ID_REJECTED,
            Contents::KeyedRefusal { .. } => ID_RECORDED,
            Contents::Events(..) | Contents::Refusal => continue,
        };
        let taken = transaction
            .prepare_cached(statement)
            .and_then(|mut statement| statement.query_row([unit.command_id.as_str()], |row| row.get(0)))
            .map_err(refused_by_database)?;
        if taken {
            return Err(AppendError::Collision);
        }
    }
    Ok(())
}

fn write<'a>(
    transaction: &Transaction<'_>,
    batch: &'a Batch,
    end: &mut End,
    standpoints: &mut [Standpoint],
    place_of: impl Fn(&'a domain::AccountId) -> Option<usize>,
    created: &mut Vec<(domain::AccountId, AccountKey)>,
    entries: &mut Vec<Entry>,
) -> rusqlite::Result<()> {
    let mut event_insert = transaction.prepare_cached(EVENT_INSERT)?;
    for unit in &batch.units {
        let Contents::Events(name, drafts) = &unit.contents else {
            let place = integer(end.sequence);
            reject(transaction, unit, place, end)?;
            continue;
        };
        for (place, draft) in (0_i64..).zip(drafts) {
            let standpoint = place_of(&draft.profile.id).and_then(|place| standpoints.get_mut(place));
            let key = match standpoint {
                Some(Standpoint { key: Some(key), .. }) => *key,
                Some(standpoint) => {
                    end.account = end.account.saturating_add(1);
                    standpoint.key = Some(end.account);
                    let profile = &draft.profile;
                    let mut account_insert = transaction.prepare_cached(ACCOUNT_INSERT)?;
                    account_insert.execute((
                        end.account,
                        profile.id.as_str(),
                        profile.currency.code(),
                        profile.owner.as_deref(),
                        profile.created_at.as_micros(),
                    ))?;
                    created.push((profile.id.clone(), AccountKey(end.account)));
                    end.account
                }
                // Such a unit was named by the check.
                None => return Err(rusqlite::Error::QueryReturnedNoRows),
            };
            end.sequence = end.sequence.saturating_add(1);
            let command = (place == 0).then_some((unit, &**name));
            let standing = &draft.standing;
            let correlation =
                (*draft.correlation != *unit.command_id.as_str()).then_some(&*draft.correlation);
            event_insert.execute(rusqlite::params![
                integer(end.sequence),
                key,
                integer(standing.version.get()),
                draft.event.kind(),
                place,
                command.map(|(unit, _)| unit.command_id.as_str()),
                command.map(|(unit, _)| &unit.fingerprint[..]),
                command.map(|(_, name)| name),
                command.map(|_| i64::try_from(drafts.len()).unwrap_or(i64::MAX)),
                correlation,
                standing.balance.minor(),
                standing.held.minor(),
                standing.overdraft_limit.minor(),
                integer(standing.transactions),
                standing.status.number(),
                standing.spent.minor(),
                standing.limits.stored(),
                standing.updated_at.as_micros(),
                draft.event.reverses().map(|movement| integer(movement.get())),
                &*draft.stored,
            ])?;
            entries.push(Entry {
                account: key,
                version: integer(standing.version.get()),
                sequence: integer(end.sequence),
            });
            if let Some(change) = draft.event.hold_change() {
                change_holds(transaction, key, integer(end.sequence), standing.updated_at, &change)?;
            }
        }
    }
    Ok(())
}

/// Notes the kinds of the batch's events for their runs.
fn note_kinds(
    transaction: &Transaction<'_>,
    batch: &Batch,
    first: u64,
    noted: &mut Noted,
) -> rusqlite::Result<()> {
    for (sequence, draft) in (integer(first)..).zip(batch.units.iter().flat_map(Unit::drafts)) {
        let kind = draft.event.kind();
        if noted.insert(sequence, kind) {
            transaction.prepare_cached(KIND_INSERT)?.execute((run_of(sequence), kind))?;
        }
    }
    Ok(())
}

/// Keeps the holds beside the log in step with it.
fn change_holds(
    transaction: &Transaction<'_>,
    account: i64,
    sequence: i64,
    at: Timestamp,
    change: &HoldChange<'_>,
) -> rusqlite::Result<()> {
    let changed = match change {
        HoldChange::Placed { hold, amount, expires_at, description } => {
            transaction.prepare_cached(HOLD_INSERT)?.execute((
                account,
                hold.as_str(),
                amount.money().minor(),
                description.map(|description| &**description),
                at.as_micros(),
                sequence,
                expires_at.map(Timestamp::as_micros),
            ))?
        }
        HoldChange::Ended(hold, end) => {
            transaction.prepare_cached(HOLD_END)?.execute((account, hold.as_str(), sequence, end.number()))?
        }
    };
    if changed == 1 { Ok(()) } else { Err(rusqlite::Error::StatementChangedRows(changed)) }
}

/// Remembers a refusal that is to be remembered.
fn reject(transaction: &Transaction<'_>, unit: &Unit, place: i64, end: &mut End) -> rusqlite::Result<()> {
    let Contents::KeyedRefusal { name, facts, refusal, at } = &unit.contents else { return Ok(()) };
    let unwritable = |error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let reason = serde_json::to_string(refusal).map_err(unwritable)?;
    let [from, to] = accounts_named(facts);
    end.refusal = end.refusal.saturating_add(1);
    let mut statement = transaction.prepare_cached(REJECTION_INSERT)?;
    statement.execute((
        end.refusal,
        place,
        unit.command_id.as_str(),
        &unit.fingerprint[..],
        name,
        facts,
        reason,
        from.as_ref().map(AccountId::as_str),
        to.as_ref().map(AccountId::as_str),
        at.as_micros(),
    ))?;
    Ok(())
}

/// Chains the batch to the log.
fn prove(transaction: &Transaction<'_>, batch: &Batch, first: u64, end: &mut End) -> rusqlite::Result<()> {
    let Some(root) = root(&leaves(&batch.units)) else { return Ok(()) };
    let at = Timestamp::from_micros(end.committed_at);
    end.chain = link(&end.chain, &root, Sequence::new(first), Sequence::new(end.sequence), at);
    prove_by(transaction, first, &root, end)
}

fn prove_by(transaction: &Transaction<'_>, first: u64, root: &Hash, end: &End) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(BATCH_INSERT)?;
    statement.execute((integer(end.sequence), integer(first), root, end.chain, end.committed_at))?;
    Ok(())
}

/// What a rollback that failed earlier has left; without it no transaction can begin.
fn roll_back(connection: &Connection) -> Result<(), AppendError> {
    if connection.is_autocommit() {
        return Ok(());
    }
    connection.execute_batch("ROLLBACK").map_err(refused_by_database)
}

/// An error before the commit: nothing of the batch is in the log, and the indexes have the last word on ids.
fn refused_by_database(error: rusqlite::Error) -> AppendError {
    if let rusqlite::Error::SqliteFailure(failure, Some(words)) = &error
        && failure.code == ErrorCode::ConstraintViolation
        && words.contains("command_id")
    {
        return AppendError::Collision;
    }
    AppendError::Unavailable(Box::new(error))
}

/// An error of the commit itself. The transaction is rolled back; but when the disk failed to sync, a crash that comes
/// before the next commit could bring the batch back from the write-ahead log. What could not even be written there, for
/// want of room say, is not in it: the page that makes it a commit is the last one.
fn failed_commit(error: rusqlite::Error) -> AppendError {
    let unwritten = error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_WRITE);
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) if !unwritten => AppendError::Unknown(Box::new(error)),
        Some(_) | None => AppendError::Unavailable(Box::new(error)),
    }
}
