//! The accounts as they are: one document per account, listed by id, balance or time of the last event.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Document, Prior, Projection};
use crate::account::{Profile, Standing};
use crate::ids::Sequence;
use crate::json::Object;
use crate::money::{Currency, DECIMALS_MAX, Money};
use crate::record::{Recorded, write_limits};

/// The projection `accounts`.
#[derive(Debug)]
pub struct Accounts;

/// Its name.
pub const NAME: &str = "accounts";

/// The place, among a document's ranks, of the balance.
pub const BY_BALANCE: usize = 0;
/// The place, among a document's ranks, of the time of the last event.
pub const BY_LAST_UPDATED: usize = 1;

impl Projection for Accounts {
    fn name(&self) -> &'static str {
        NAME
    }

    fn needs(&self, _: &[Arc<Recorded>]) -> Vec<String> {
        Vec::new()
    }

    fn fold(&self, _: &Prior, events: &[Arc<Recorded>]) -> Result<Vec<Document>, String> {
        // Each event carries its account after it, so the last one of an account says all.
        let last: BTreeMap<&str, &Recorded> =
            events.iter().map(|event| (event.profile.id.as_str(), &**event)).collect();
        Ok(last.into_values().map(document).collect())
    }
}

fn document(event: &Recorded) -> Document {
    let standing = &event.standing;
    Document {
        key: event.profile.id.as_str().to_owned(),
        tag: standing.status.name(),
        ranks: Some([
            balance_rank(standing.balance, event.profile.currency),
            format!("{:020}", standing.updated_at.as_micros()),
        ]),
        body: render(&event.profile, standing, event.sequence),
    }
}

/// The account as the query service answers it. Amounts are numbers as JavaScript prints them.
pub fn render(profile: &Profile, standing: &Standing, sequence: Sequence) -> String {
    let currency = profile.currency;
    let mut object = Object::with_capacity(448);
    object.quoted("accountId", &profile.id);
    object.bare("balance", standing.balance.in_units(currency));
    object.bare("transactionCount", standing.transactions);
    object.quoted("createdAt", profile.created_at);
    object.quoted("lastUpdated", standing.updated_at);
    object.bare("available", standing.available().in_units(currency));
    object.bare("held", standing.held.in_units(currency));
    object.bare("overdraftLimit", standing.overdraft_limit.in_units(currency));
    write_limits(&mut object, &standing.limits, currency);
    object.quoted("currency", currency);
    object.quoted("status", standing.status.name());
    if let Some(scope) = standing.status.frozen() {
        object.quoted("frozen", scope.name());
    }
    match &profile.owner {
        Some(owner) => object.text("owner", owner),
        None => object.raw("owner", "null"),
    };
    object.bare("version", standing.version);
    object.bare("sequence", sequence);
    object.into_string()
}

/// Twenty digits that sort as the balance reads, whatever the currency: ten-thousandths of a unit above the least.
fn balance_rank(balance: Money, currency: Currency) -> String {
    let missing = u32::from(DECIMALS_MAX.saturating_sub(currency.decimals()));
    let offset = 10_i128.saturating_pow(19);
    let parts =
        i128::from(balance.minor()).saturating_mul(10_i128.saturating_pow(missing)).saturating_add(offset);
    format!("{parts:020}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_sort_as_balances_read() {
        let rank =
            |minor, code| balance_rank(Money::from_minor(minor).unwrap(), Currency::parse(code).unwrap());
        let rising = [
            rank(-crate::money::MONEY_MAX, "JPY"),
            rank(-1, "JPY"),
            rank(-1, "USD"),
            rank(0, "USD"),
            rank(1, "CLF"),
            rank(1, "USD"),
            rank(100, "USD"),
            rank(1001, "BHD"),
            rank(2, "JPY"),
            rank(crate::money::MONEY_MAX, "JPY"),
        ];
        assert!(rising.windows(2).all(|pair| pair[0] < pair[1]), "{rising:?}");
        assert!(rising.iter().all(|rank| rank.len() == 20));
        assert_eq!(rank(100, "USD"), rank(1, "JPY"));
    }
}
