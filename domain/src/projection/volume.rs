//! How much happened when: the number of events and the sum of what they moved, per type and currency, by second, minute,
//! hour and day of their decision. One document holds a minute by its seconds, another one a day by its hours.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Document, Prior, Projection};
use crate::ids::Timestamp;
use crate::money::Currency;
use crate::record::Recorded;

/// The projection `volume`.
#[derive(Debug)]
pub struct Volume;

/// How wide a bucket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// 60 to a document.
    Second,
    /// The sum of its seconds.
    Minute,
    /// 24 to a document.
    Hour,
    /// The sum of its hours, in UTC.
    Day,
}

/// What happened in one bucket, by type and currency: events, and minor units moved one way or the other.
pub type Totals = BTreeMap<(String, Currency), (u64, i128)>;

/// A document's text: what happened in each of its slots (seconds or hours), by type and currency code.
#[derive(Default, Serialize, Deserialize)]
struct Span {
    /// Which minute or day since 1970 it is.
    number: i64,
    slots: BTreeMap<u8, BTreeMap<String, ByCode>>,
}

/// Events, and minor units moved (a text, since sums may be larger than JSON's numbers), by currency code.
type ByCode = BTreeMap<String, (u64, String)>;

const SECOND: i64 = 1_000_000;

impl Width {
    /// Every width.
    pub const ALL: [Self; 4] = [Self::Second, Self::Minute, Self::Hour, Self::Day];

    /// The name in queries.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// In µs.
    fn micros(self) -> i64 {
        match self {
            Self::Second => SECOND,
            Self::Minute => SECOND.saturating_mul(60),
            Self::Hour => SECOND.saturating_mul(3_600),
            Self::Day => SECOND.saturating_mul(86_400),
        }
    }

    /// The number of the bucket that a time is in, counted from 1970.
    pub fn number_of(self, at: Timestamp) -> i64 {
        at.as_micros().div_euclid(self.micros())
    }

    /// When a bucket begins.
    pub fn start_of(self, number: i64) -> Timestamp {
        Timestamp::from_micros(number.saturating_mul(self.micros()))
    }

    /// The width of the document that holds a bucket, and how many slots it has.
    fn document(self) -> (Self, i64) {
        match self {
            Self::Second | Self::Minute => (Self::Minute, 60),
            Self::Hour | Self::Day => (Self::Day, 24),
        }
    }

    /// The keys of the documents with the buckets of those numbers: what they start with, a key right before the first,
    /// and how many there may be.
    pub fn documents(self, first: i64, last: i64) -> (String, String, usize) {
        let (width, _) = self.document();
        let of = |number| width.number_of(self.start_of(number));
        let count = of(last).saturating_sub(of(first)).saturating_add(1);
        let before = key(width, of(first).saturating_sub(1));
        (format!("{}:", width.name()), before, usize::try_from(count).unwrap_or(0))
    }

    /// The buckets of a document, by their numbers.
    ///
    /// # Errors
    /// In words, where the text is none of this projection's.
    pub fn read(self, body: &str) -> Result<BTreeMap<i64, Totals>, String> {
        let span = Span::read(body)?;
        let (width, slots) = self.document();
        let mut buckets: BTreeMap<i64, Totals> = BTreeMap::new();
        for (slot, kinds) in span.slots {
            let number = match self == width {
                true => span.number,
                false => span.number.saturating_mul(slots).saturating_add(i64::from(slot)),
            };
            let bucket = buckets.entry(number).or_default();
            for (kind, currencies) in kinds {
                for (code, (count, moved)) in currencies {
                    let currency = Currency::parse(&code).ok_or_else(|| format!("{code} is no currency"))?;
                    let total = bucket.entry((kind.clone(), currency)).or_default();
                    total.0 = total.0.saturating_add(count);
                    total.1 = total.1.saturating_add(minor(&moved)?);
                }
            }
        }
        Ok(buckets)
    }
}

impl Projection for Volume {
    fn name(&self) -> &'static str {
        "volume"
    }

    fn needs(&self, events: &[Arc<Recorded>]) -> Vec<String> {
        let seconds: BTreeSet<i64> = events.iter().map(|event| second(event)).collect();
        let keys: BTreeSet<String> =
            seconds.into_iter().flat_map(|second| places(second).map(|(key, ..)| key)).collect();
        keys.into_iter().collect()
    }

    fn fold(&self, prior: &Prior, events: &[Arc<Recorded>]) -> Result<Vec<Document>, String> {
        // Many events are of few seconds, types and currencies: they are added up before a document is touched.
        let mut sums: BTreeMap<(i64, &str, Currency), (u64, i128)> = BTreeMap::new();
        for event in events {
            let (count, moved) =
                sums.entry((second(event), event.event.kind(), event.profile.currency)).or_default();
            *count = count.saturating_add(1);
            *moved = moved.saturating_add(i128::from(event.event.movement().minor()).saturating_abs());
        }
        let mut spans: BTreeMap<String, Span> = BTreeMap::new();
        for ((second, kind, currency), (events, by_these)) in sums {
            for (key, number, slot) in places(second) {
                let span = match spans.entry(key) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => {
                        let span = prior.get(entry.key()).map(|body| Span::read(body)).transpose()?;
                        entry.insert(span.unwrap_or(Span { number, slots: BTreeMap::new() }))
                    }
                };
                let currencies = span.slots.entry(slot).or_default().entry(kind.to_owned()).or_default();
                let (count, moved) =
                    currencies.entry(currency.code().to_owned()).or_insert((0, "0".to_owned()));
                *count = count.saturating_add(events);
                *moved = minor(moved)?.saturating_add(by_these).to_string();
            }
        }
        let document = |(key, span): (String, Span)| {
            let body = serde_json::to_string(&span).map_err(|error| error.to_string())?;
            Ok(Document { key, tag: "", ranks: None, body })
        };
        spans.into_iter().map(document).collect()
    }
}

impl Span {
    fn read(body: &str) -> Result<Self, String> {
        serde_json::from_str(body).map_err(|error| error.to_string())
    }
}

fn minor(text: &str) -> Result<i128, String> {
    text.parse().map_err(|_| format!("{text} is no sum"))
}

/// A key that sorts as the time does, from 1970 on.
fn key(width: Width, number: i64) -> String {
    format!("{}:{number:012}", width.name())
}

/// The second of an event's decision, counted from 1970.
fn second(event: &Recorded) -> i64 {
    Width::Second.number_of(event.standing.updated_at)
}

/// Where the events of a second are counted: the documents' keys and numbers, and the slots there.
fn places(second: i64) -> [(String, i64, u8); 2] {
    let at = Width::Second.start_of(second);
    [Width::Second, Width::Hour].map(|slot| {
        let (width, slots) = slot.document();
        let number = width.number_of(at);
        let place = slot.number_of(at).rem_euclid(slots);
        (key(width, number), number, u8::try_from(place).unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::{Account, Event};
    use crate::ids::{AccountId, CommandId, Sequence};
    use crate::money::{Amount, Money};

    fn deposit(seconds: i64, minor: i64) -> Arc<Recorded> {
        let id = AccountId::parse("a").unwrap();
        let at = Timestamp::from_micros(seconds * SECOND + 5);
        let mut account = Account::Absent;
        let created = Event::AccountCreated {
            initial_balance: Money::ZERO,
            currency: Currency::USD,
            owner: None,
            overdraft_limit: Money::ZERO,
        };
        let amount = Amount::new(Money::from_minor(minor).unwrap()).unwrap();
        let event = Event::MoneyDeposited { amount, description: None, cause: crate::Cause::Client };
        account.evolve(&id, &created, at);
        account.evolve(&id, &event, at);
        let Account::Present(profile, standing, _) = account else { panic!("absent") };
        Arc::new(Recorded {
            sequence: Sequence::new(1),
            profile,
            standing,
            event,
            command_id: CommandId::parse("k").unwrap(),
            correlation: "k".into(),
            json: "{}".into(),
        })
    }

    #[test]
    fn every_width_adds_up_to_the_same_across_steps() {
        let mut stored = Prior::new();
        // Two in one second, one later in the minute, one in the next hour, one on the next day.
        let seconds = [10, 10, 50, 3_600, 86_400];
        for (place, second) in seconds.into_iter().enumerate() {
            let events = [deposit(second, i64::try_from(place).unwrap() + 1)];
            assert!(Volume.needs(&events).len() == 2);
            for document in Volume.fold(&stored, &events).unwrap() {
                stored.insert(document.key, document.body);
            }
        }
        let of = |width: Width| {
            let (prefix, before, count) =
                width.documents(0, width.number_of(Timestamp::from_micros(86_400 * SECOND)));
            let found: Vec<&String> = stored
                .range(before..)
                .filter(|(key, _)| key.starts_with(&prefix))
                .map(|(_, body)| body)
                .collect();
            assert!(found.len() <= count);
            let buckets = found.into_iter().flat_map(|body| width.read(body).unwrap());
            buckets.map(|(number, totals)| (number, totals.into_values().next().unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(of(Width::Second), [(10, (2, 3)), (50, (1, 3)), (3_600, (1, 4)), (86_400, (1, 5))]);
        assert_eq!(of(Width::Minute), [(0, (3, 6)), (60, (1, 4)), (1_440, (1, 5))]);
        assert_eq!(of(Width::Hour), [(0, (3, 6)), (1, (1, 4)), (24, (1, 5))]);
        assert_eq!(of(Width::Day), [(0, (4, 10)), (1, (1, 5))]);
    }
}
