//! What the log's rows say, and what SQLite's errors mean.

use std::collections::HashMap;
use std::sync::Arc;

use domain::{
    CommandId, Currency, Fingerprint, Limits, Money, Profile, Recorded, Sequence, Standing, Status,
    Timestamp, UnknownEvent, Version,
};
use rusqlite::{Connection, ErrorCode, Row};

use crate::journal::{JournalError, LogPlace, Rejection, account_id};

pub(super) const PROFILE: &str = include_str!("../../../../sql/sqlite/journal/profile.sql");

/// Profiles that a reader remembers; when there are more, it forgets all of them.
const PROFILES_KEPT_MAX: usize = 50_000;

pub(super) fn profile(
    connection: &Connection,
    profiles: &mut HashMap<i64, Arc<Profile>>,
    key: i64,
) -> Result<Arc<Profile>, JournalError> {
    if let Some(profile) = profiles.get(&key) {
        return Ok(Arc::clone(profile));
    }
    let damaged = || JournalError::Damaged(format!("account {key}"));
    let (id, currency, owner, created_at): (String, String, Option<String>, i64) = connection
        .prepare_cached(PROFILE)?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    let profile = Arc::new(Profile {
        id: account_id(&id)?,
        currency: Currency::parse(&currency).ok_or_else(damaged)?,
        owner: owner.map(Arc::from),
        created_at: Timestamp::from_micros(created_at),
    });
    if profiles.len() >= PROFILES_KEPT_MAX {
        profiles.clear();
    }
    profiles.insert(key, Arc::clone(&profile));
    Ok(profile)
}

pub(super) fn recorded(row: &Row<'_>, profile: &Arc<Profile>) -> Result<Recorded, JournalError> {
    let place = sequence(row.get(0)?)?;
    let damaged = |what: &str| JournalError::Damaged(format!("event {place}: {what}"));
    let money = |column| -> Result<Money, JournalError> {
        Money::from_minor(row.get(column)?).ok_or_else(|| damaged("money out of bounds"))
    };
    let count = |column| -> Result<u64, JournalError> {
        u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged("a number below zero"))
    };
    let status: u8 = row.get(7)?;
    let status = Status::from_number(status).ok_or_else(|| UnknownEvent {
        sequence: place,
        kind: String::new(),
        schema: 0,
        reason: format!("its account has the status {status}"),
    })?;
    let limits = row.get_ref(11)?.as_str_or_null().map_err(|error| damaged(&error.to_string()))?;
    let standing = Standing {
        version: Version::new(count(2)?),
        balance: money(3)?,
        held: money(4)?,
        overdraft_limit: money(5)?,
        transactions: count(6)?,
        status,
        limits: Limits::from_stored(limits).ok_or_else(|| damaged("its account's limits"))?,
        spent: money(10)?,
        updated_at: Timestamp::from_micros(row.get(8)?),
    };
    let body = row.get_ref(9)?.as_str().map_err(|error| damaged(&error.to_string()))?;
    Ok(domain::record::decode(place, body, profile, standing)?)
}

pub(super) fn rejection(row: &Row<'_>) -> Result<Rejection, JournalError> {
    let number: i64 = row.get(0)?;
    let damaged = || JournalError::Damaged(format!("refusal {number}"));
    let refusal = u64::try_from(number).map_err(|_| damaged())?;
    let command_id: String = row.get(2)?;
    let fingerprint: Fingerprint = row.get(3)?;
    let reason: String = row.get(6)?;
    Ok(Rejection {
        command_id: CommandId::parse(&command_id).map_err(|_| damaged())?,
        fingerprint,
        name: row.get(4)?,
        facts: row.get(5)?,
        refusal: serde_json::from_str(&reason).map_err(|_| damaged())?,
        at: Timestamp::from_micros(row.get(7)?),
        place: LogPlace { sequence: sequence(row.get(1)?)?, refusal },
    })
}

pub(super) fn sequence(number: i64) -> Result<Sequence, JournalError> {
    let number = u64::try_from(number).map_err(|_| JournalError::Damaged(format!("sequence {number}")))?;
    Ok(Sequence::new(number))
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        let damaged = matches!(
            error,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::QueryReturnedNoRows
        ) || matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        );
        if damaged { Self::Damaged(error.to_string()) } else { Self::Unavailable(Box::new(error)) }
    }
}
