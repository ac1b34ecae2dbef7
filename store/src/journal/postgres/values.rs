//! Values of rows as what they stand for, and of parameters. Events' columns are in one order in every statement.

use std::collections::HashMap;
use std::sync::Arc;

use domain::chain::Hash;
use domain::{
    Account, Amount, CommandId, Currency, Fingerprint, Hold, HoldId, Holds, Limits, Money, Profile, Recorded,
    Sequence, Standing, Status, Timestamp, UnknownEvent, Version, record,
};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::journal::{AccountKey, JournalError, Loaded, LogPlace, Rejection, account_id};

/// A column, of the type that the schema gives it.
pub(super) fn column<'a, T: FromSql<'a>>(row: &'a Row, index: usize) -> Result<T, JournalError> {
    row.try_get(index).map_err(|error| JournalError::Damaged(format!("column {index}: {error}")))
}

/// A number that is never negative.
pub(super) fn number(row: &Row, index: usize) -> Result<u64, JournalError> {
    let number: i64 = column(row, index)?;
    u64::try_from(number).map_err(|_| JournalError::Damaged(format!("{number} in column {index}")))
}

/// Microseconds since 1970.
pub(super) fn time(row: &Row, index: usize) -> Result<Timestamp, JournalError> {
    column(row, index).map(Timestamp::from_micros)
}

/// A SHA-256 digest.
pub(super) fn hash(row: &Row, index: usize) -> Result<Hash, JournalError> {
    let bytes: &[u8] = column(row, index)?;
    bytes.try_into().map_err(|_| JournalError::Damaged(format!("{} bytes for a digest", bytes.len())))
}

/// What was asked under a command id.
pub(super) fn fingerprint(row: &Row, index: usize) -> Result<Fingerprint, JournalError> {
    let bytes: &[u8] = column(row, index)?;
    bytes.try_into().map_err(|_| JournalError::Damaged(format!("{} bytes for a fingerprint", bytes.len())))
}

/// A place as a parameter; beyond what the database counts is beyond the end of every log.
pub(super) fn place(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A bound as a parameter. It is added to places, which leaves room for it.
pub(super) fn limit(limit: usize) -> i64 {
    i64::from(u32::try_from(limit).unwrap_or(u32::MAX))
}

/// The key of the account that an event row is about.
pub(super) fn account_key(row: &Row) -> Result<i64, JournalError> {
    column(row, 1)
}

/// An event row.
pub(super) fn event(row: &Row, profiles: &HashMap<i64, Arc<Profile>>) -> Result<Recorded, JournalError> {
    let key = account_key(row)?;
    let profile =
        profiles.get(&key).ok_or_else(|| JournalError::Damaged(format!("account {key} is missing")))?;
    let (sequence, standing) = standing(row)?;
    Ok(record::decode(sequence, column(row, 9)?, profile, standing)?)
}

fn standing(row: &Row) -> Result<(Sequence, Standing), JournalError> {
    let sequence = Sequence::new(number(row, 0)?);
    let money = |index| {
        let minor = column(row, index)?;
        Money::from_minor(minor).ok_or_else(|| JournalError::Damaged(format!("{minor} at event {sequence}")))
    };
    let status: i16 = column(row, 7)?;
    let standing = Standing {
        version: Version::new(number(row, 2)?),
        balance: money(3)?,
        held: money(4)?,
        overdraft_limit: money(5)?,
        transactions: number(row, 6)?,
        status: u8::try_from(status).ok().and_then(Status::from_number).ok_or_else(|| UnknownEvent {
            sequence,
            kind: String::new(),
            schema: 0,
            reason: format!("status {status}"),
        })?,
        limits: Limits::from_stored(column(row, 11)?)
            .ok_or_else(|| JournalError::Damaged(format!("limits at event {sequence}")))?,
        spent: money(10)?,
        updated_at: time(row, 8)?,
    };
    Ok((sequence, standing))
}

/// Id, currency, owner and time of creation, in this order from a column on.
pub(super) fn profile(row: &Row, from: usize) -> Result<Profile, JournalError> {
    let (id, currency): (&str, &str) = (column(row, from)?, column(row, from + 1)?);
    let owner: Option<&str> = column(row, from + 2)?;
    Ok(Profile {
        id: account_id(id)?,
        currency: Currency::parse(currency)
            .ok_or_else(|| JournalError::Damaged(format!("currency {currency} of account {id}")))?,
        owner: owner.map(Arc::from),
        created_at: time(row, from + 3)?,
    })
}

/// Where nothing has happened.
pub(super) fn absent() -> Loaded {
    Loaded { key: None, account: Account::Absent, sequence: Sequence::ZERO }
}

/// An account by its last event, which must be one that this program knows; nothing where its holds are of another moment.
pub(super) fn loaded(row: &Row, key: i64, profile: Arc<Profile>) -> Result<Option<Loaded>, JournalError> {
    let (sequence, standing) = standing(row)?;
    record::decode(sequence, column(row, 9)?, &profile, standing)?;
    let holds = column::<Option<&str>>(row, 17)?.map(holds).transpose()?.unwrap_or_default();
    let account = Account::restored(profile, standing, holds);
    Ok(account.map(|account| Loaded { key: Some(AccountKey(key)), account, sequence }))
}

/// Open holds, as `accounts_load.sql` writes them.
fn holds(json: &str) -> Result<Holds, JournalError> {
    type Written = (HoldId, Money, i64, Option<i64>, Option<Arc<str>>);
    let damaged = |what: &dyn std::fmt::Display| JournalError::Damaged(format!("open holds: {what}"));
    let written: Vec<Written> = serde_json::from_str(json).map_err(|error| damaged(&error))?;
    let hold = |(id, amount, placed_at, expires_at, description): Written| {
        let amount = Amount::new(amount).ok_or_else(|| damaged(&id))?;
        let (placed_at, expires_at) =
            (Timestamp::from_micros(placed_at), expires_at.map(Timestamp::from_micros));
        Ok((id, Hold { amount, placed_at, expires_at, description }))
    };
    written.into_iter().map(hold).collect()
}

/// A remembered refusal.
pub(super) fn rejection(row: &Row) -> Result<Rejection, JournalError> {
    let id: &str = column(row, 3)?;
    let damaged = |what: &dyn std::fmt::Display| JournalError::Damaged(format!("refusal of {id}: {what}"));
    Ok(Rejection {
        command_id: CommandId::parse(id).map_err(|error| damaged(&error))?,
        fingerprint: fingerprint(row, 4)?,
        name: column(row, 5)?,
        facts: column(row, 6)?,
        refusal: serde_json::from_str(column(row, 7)?).map_err(|error| damaged(&error))?,
        at: time(row, 2)?,
        place: LogPlace { sequence: Sequence::new(number(row, 1)?), refusal: number(row, 0)? },
    })
}
