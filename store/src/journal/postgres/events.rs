//! Which events a read means, and those events with their accounts' profiles.

use std::collections::HashMap;
use std::sync::Arc;

use domain::chain::Hash;
use domain::{AccountId, Profile, Recorded};
use futures_util::future::try_join;
use tokio_postgres::Row;

use super::{PostgresJournal, check_known, values};
use crate::journal::kinds::run_of;
use crate::journal::streams::Entry;
use crate::journal::{ACCOUNTS_LOOKED_AT_MAX, AccountsAt, JournalError, Loaded, account_id};

/// The most runs that are looked through at once for the events of a kind: a few ms.
const RUNS_AT_ONCE_MAX: i64 = 32;
/// The most accounts that are looked at at once for how they were at a place.
const ACCOUNTS_AT_ONCE_MAX: usize = 8192;
/// How often accounts are looked for whose last events are not found.
const LOADS_MAX: usize = 10;
/// The most profiles in memory; at about 200 bytes each.
const PROFILES_MAX: usize = 100_000;

impl PostgresJournal {
    /// The first events of some kinds after a place, up to the log's end: their runs are looked through, few at first.
    pub(super) async fn rows_of_kinds(
        &self,
        after: i64,
        limit: i64,
        kinds: &[String],
    ) -> Result<Vec<Row>, JournalError> {
        let mut rows: Vec<Row> = Vec::new();
        let (mut from, mut at_once) = (run_of(after.saturating_add(1)), 1_i64);
        let mut first_end = None;
        loop {
            let sql = include_str!("../../../../sql/postgres/kind_runs.sql");
            let found = self.query(sql, &[&from, &kinds, &at_once]).await?;
            let runs = found.iter().map(|row| values::column(row, 0)).collect::<Result<Vec<i64>, _>>()?;
            let (Some(last), Some(row)) = (runs.last(), found.last()) else { return Ok(rows) };
            // What has come since the first look may be in a run that was looked through already.
            let end = *first_end.get_or_insert(values::column::<i64>(row, 1)?);
            let left = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
            let sql = include_str!("../../../../sql/postgres/events_read_kinds.sql");
            rows.extend(self.query(sql, &[&after, &kinds, &left, &runs, &end]).await?);
            let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
            if is_full || i64::try_from(runs.len()).is_ok_and(|count| count < at_once) {
                return Ok(rows);
            }
            (from, at_once) = (last.saturating_add(1), (at_once * 2).min(RUNS_AT_ONCE_MAX));
        }
    }

    pub(super) async fn load_now(&self, accounts: &[AccountId]) -> Result<Vec<Loaded>, JournalError> {
        let ids: Vec<&str> = accounts.iter().map(AccountId::as_str).collect();
        'again: for _ in 0..LOADS_MAX {
            let (keys, _) = try_join(self.keys(&ids), self.reach()).await?;
            let found: Vec<(i64, i64)> = ids
                .iter()
                .zip(0_i64..)
                .filter_map(|(id, place)| keys.get(*id).map(|key| (*key, place)))
                .collect();
            let (keys, places): (Vec<i64>, Vec<i64>) = found.into_iter().unzip();
            let turn = self.streams.turn();
            let last: Vec<Option<i64>> = keys.iter().map(|key| self.streams.last_of(*key)).collect();
            let sql = include_str!("../../../../sql/postgres/accounts_load.sql");
            let rows = match keys.is_empty() {
                true => Vec::new(),
                false => self.look_up(sql, &[&keys, &places, &last]).await?,
            };
            // One that was opened just now may have come behind what was read on.
            if rows.len() < keys.len() {
                continue;
            }
            let mut loaded = vec![values::absent(); accounts.len()];
            let mut learnt = Vec::new();
            for row in &rows {
                let place: i64 = values::column(row, 12)?;
                let key = values::account_key(row)?;
                let profile = Arc::new(values::profile(row, 13)?);
                self.remember(key, &profile);
                learnt.push(Entry {
                    account: key,
                    version: values::column(row, 2)?,
                    sequence: values::column(row, 0)?,
                });
                let Some(found) = values::loaded(row, key, profile)? else { continue 'again };
                if let Some(slot) = usize::try_from(place).ok().and_then(|place| loaded.get_mut(place)) {
                    *slot = found;
                }
            }
            self.streams.learn(turn, learnt);
            return Ok(loaded);
        }
        let what = "the last event of an account is missing, or its open holds are not what is held";
        Err(JournalError::Damaged(what.to_owned()))
    }

    /// The first events of some accounts after a place.
    pub(super) async fn rows_of_accounts(
        &self,
        after: i64,
        limit: i64,
        kinds: &[String],
        accounts: &[&str],
    ) -> Result<Vec<Row>, JournalError> {
        // Up to one place, where all that are there by then are known.
        let end = self.reach().await?.last;
        let keys: Vec<i64> = self.keys(accounts).await?.into_values().collect();
        let (indexed, beyond) = self.streams.beyond_table(&keys);
        let indexed = indexed.min(end);
        let sql = include_str!("../../../../sql/postgres/events_read_accounts.sql");
        let mut rows = match after < indexed {
            true => self.query(sql, &[&after, &kinds, &limit, &keys, &indexed]).await?,
            false => Vec::new(),
        };
        // Whatever is not in the table comes after what is.
        let left = limit.saturating_sub(i64::try_from(rows.len()).unwrap_or(i64::MAX));
        let beyond =
            beyond.iter().map(|entry| entry.sequence).filter(|place| *place > after && *place <= end);
        let mut places: Vec<i64> = beyond.collect();
        if kinds.is_empty() {
            places.sort_unstable();
            places.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        rows.extend(self.rows_at(&places, kinds, left).await?);
        Ok(rows)
    }

    /// The accounts behind an id that were there at a place, by their last events there.
    pub(super) async fn accounts_then(
        &self,
        at: i64,
        after: Option<&AccountId>,
        limit: usize,
    ) -> Result<AccountsAt, JournalError> {
        self.reach().await?;
        let sql = include_str!("../../../../sql/postgres/accounts_last_key.sql");
        // Keys rise along the log, without gaps.
        let last_key: i64 = match self.query(sql, &[&at]).await?.first() {
            Some(row) => values::column(row, 0)?,
            None => 0,
        };
        let (mut rows, mut rest, mut looked_at) = (Vec::new(), after.cloned(), 0);
        let wanted = limit.saturating_add(1);
        let mut about = wanted;
        while rows.len() < wanted && looked_at < ACCOUNTS_LOOKED_AT_MAX {
            let sql = include_str!("../../../../sql/postgres/accounts_after.sql");
            let behind = rest.as_ref().map_or("", AccountId::as_str);
            let page = self.query(sql, &[&behind, &values::limit(about)]).await?;
            let mut keys = Vec::new();
            for row in &page {
                let key: i64 = values::column(row, 1)?;
                if key <= last_key && rows.len().saturating_add(keys.len()) < wanted {
                    keys.push(key);
                }
            }
            if !keys.is_empty() {
                let last: Vec<Option<i64>> =
                    keys.iter().map(|key| self.streams.last_before(*key, at)).collect();
                let sql = include_str!("../../../../sql/postgres/accounts_at.sql");
                rows.extend(self.query(sql, &[&at, &keys, &last]).await?);
            }
            let end = page.get(about.saturating_sub(1));
            rest = end.map(|end| account_id(values::column(end, 0)?)).transpose()?;
            if rest.is_none() {
                break;
            }
            looked_at = looked_at.saturating_add(page.len());
            about = about.saturating_mul(2).min(ACCOUNTS_AT_ONCE_MAX);
        }
        let mut events = self.events(&rows).await?;
        if events.len() > limit {
            events.truncate(limit);
            rest = events.last().map(|event| event.profile.id.clone());
        } else if after.is_none() && events.len() as u64 == last_key.unsigned_abs() {
            rest = None;
        }
        Ok(AccountsAt { events, total: last_key.unsigned_abs(), rest })
    }

    /// Where a page ends, and the chain there, if any does; fails where the log lacks a place that is known, with its chain.
    pub(super) async fn page_end(
        &self,
        after: i64,
        about: i64,
        (known, chain): (i64, Hash),
    ) -> Result<Option<(i64, Hash)>, JournalError> {
        let sql = include_str!("../../../../sql/postgres/page_end.sql");
        let rows = self.query(sql, &[&after, &about, &known, &chain.as_slice()]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        check_known(values::column(row, 2)?, values::column(row, 3)?).map_err(JournalError::Unavailable)?;
        let last: Option<i64> = values::column(row, 0)?;
        last.map(|last| Ok((last, values::hash(row, 1)?))).transpose()
    }

    /// The events at some places that are of some kinds, or of any.
    pub(super) async fn rows_at(
        &self,
        places: &[i64],
        kinds: &[String],
        limit: i64,
    ) -> Result<Vec<Row>, JournalError> {
        if places.is_empty() || limit <= 0 {
            return Ok(Vec::new());
        }
        self.query(include_str!("../../../../sql/postgres/events_at.sql"), &[&places, &kinds, &limit]).await
    }

    /// Reads event rows, whose accounts' profiles are fetched where they are not known yet.
    pub(super) async fn events(&self, rows: &[Row]) -> Result<Vec<Arc<Recorded>>, JournalError> {
        let keys = rows.iter().map(values::account_key).collect::<Result<Vec<_>, _>>()?;
        let profiles = self.profiles(keys).await?;
        rows.iter().map(|row| values::event(row, &profiles).map(Arc::new)).collect()
    }

    async fn profiles(&self, mut keys: Vec<i64>) -> Result<HashMap<i64, Arc<Profile>>, JournalError> {
        keys.sort_unstable();
        keys.dedup();
        let mut found = HashMap::with_capacity(keys.len());
        {
            let known = self.profiles.lock();
            keys.retain(|key| match known.get(key) {
                Some(profile) => found.insert(*key, Arc::clone(profile)).is_some(),
                None => true,
            });
        }
        if !keys.is_empty() {
            let sql = include_str!("../../../../sql/postgres/accounts_profiles.sql");
            for row in self.look_up(sql, &[&keys]).await? {
                let key = values::column(&row, 0)?;
                let profile = Arc::new(values::profile(&row, 1)?);
                self.remember(key, &profile);
                found.insert(key, profile);
            }
        }
        Ok(found)
    }

    fn remember(&self, key: i64, profile: &Arc<Profile>) {
        let mut known = self.profiles.lock();
        if known.len() >= PROFILES_MAX {
            known.clear();
        }
        known.insert(key, Arc::clone(profile));
    }
}
