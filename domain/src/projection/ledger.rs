//! The whole ledger in one line per currency: what came in, what went out, what is in the accounts, and whether they agree.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{Document, Prior, Projection};
use crate::account::Event;
use crate::json::Object;
use crate::money::{Currency, Units};
use crate::record::Recorded;

/// The projection `ledger`.
#[derive(Debug)]
pub struct Ledger;

/// One currency's line. Sums in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Line {
    accounts: u64,
    balances: i128,
    money_in: i128,
    money_out: i128,
}

impl Projection for Ledger {
    fn name(&self) -> &'static str {
        "ledger"
    }

    fn needs(&self, events: &[Arc<Recorded>]) -> Vec<String> {
        let currencies: BTreeSet<Currency> = events.iter().map(|event| event.profile.currency).collect();
        currencies.iter().map(Currency::to_string).collect()
    }

    fn fold(&self, prior: &Prior, events: &[Arc<Recorded>]) -> Result<Vec<Document>, String> {
        let mut lines: BTreeMap<Currency, Line> = BTreeMap::new();
        for event in events {
            let currency = event.profile.currency;
            let line = match lines.entry(currency) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let before = prior.get(currency.code()).map(|body| read(body)).transpose()?;
                    entry.insert(before.unwrap_or_default())
                }
            };
            apply(line, &event.event);
        }
        Ok(lines.into_iter().map(|(currency, line)| document(currency, &line)).collect())
    }
}

/// Every movement changes the balances; only one from or to outside changes in or out. A transfer's two sides must
/// cancel out for the line to agree.
fn apply(line: &mut Line, event: &Event) {
    let movement = i128::from(event.movement().minor());
    line.balances = line.balances.saturating_add(movement);
    match event {
        Event::AccountCreated { .. } => {
            line.accounts = line.accounts.saturating_add(1);
            line.money_in = line.money_in.saturating_add(movement);
        }
        Event::MoneyDeposited { .. } => line.money_in = line.money_in.saturating_add(movement),
        Event::MoneyWithdrawn { .. } => line.money_out = line.money_out.saturating_sub(movement),
        Event::MoneyTransferred { .. }
        | Event::TransferReceived { .. }
        | Event::AccountFrozen { .. }
        | Event::AccountUnfrozen { .. }
        | Event::AccountClosed { .. }
        | Event::AccountReopened { .. }
        | Event::HoldPlaced { .. }
        | Event::HoldCaptured { .. }
        | Event::HoldReleased { .. }
        | Event::HoldExpired { .. }
        | Event::LimitsSet { .. } => {}
    }
}

fn document(currency: Currency, line: &Line) -> Document {
    let units = |minor| Units { minor, currency };
    let mut object = Object::new();
    object.quoted("currency", currency);
    object.bare("accounts", line.accounts);
    object.quoted("balances", units(line.balances));
    object.quoted("in", units(line.money_in));
    object.quoted("out", units(line.money_out));
    object.bare("agrees", line.money_in == line.balances.saturating_add(line.money_out));
    Document { key: currency.to_string(), tag: "", ranks: None, body: object.into_string() }
}

fn read(body: &str) -> Result<Line, String> {
    #[derive(Deserialize)]
    struct Stored {
        currency: Currency,
        accounts: u64,
        balances: String,
        r#in: String,
        out: String,
    }
    let stored: Stored = serde_json::from_str(body).map_err(|error| error.to_string())?;
    let minor = |text: &str| minor_of(text, stored.currency).ok_or_else(|| format!("{text} is no sum"));
    Ok(Line {
        accounts: stored.accounts,
        balances: minor(&stored.balances)?,
        money_in: minor(&stored.r#in)?,
        money_out: minor(&stored.out)?,
    })
}

/// The way back from a displayed sum.
fn minor_of(text: &str, currency: Currency) -> Option<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let width = usize::from(currency.decimals());
    format!("{whole}{fraction:0<width$}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_come_back_as_they_were_displayed() {
        for code in ["USD", "JPY", "CLF"] {
            let currency = Currency::parse(code).unwrap();
            for minor in
                [0, 1, -1, 10, 105, -105, 100_000, i128::from(i64::MAX) * 1000, -i128::from(i64::MAX)]
            {
                assert_eq!(
                    minor_of(&Units { minor, currency }.to_string(), currency),
                    Some(minor),
                    "{minor} {code}"
                );
            }
        }
    }
}
