//! What time it is: by this machine, or by the log's clock where the two are far apart.
//!
//! A process whose clock is wrong would end the holds of all, and begin their days.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// How far apart, in µs, this machine's clock and the log's may be: more than any exchange of time leaves between two.
const SKEW_MAX: i64 = 1_000_000;

/// The clock that decisions are made by.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// How far, in µs, the log's clock is ahead of this machine's, where that is more than it may be.
    ahead: AtomicI64,
}

/// This machine's clock, before the log's was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    clock: Timestamp,
    at: Instant,
}

impl Reading {
    pub(crate) fn now() -> Self {
        Self { clock: machine(), at: Instant::now() }
    }
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let micros = machine().as_micros().saturating_add(self.ahead.load(Ordering::Relaxed));
        Timestamp::from_micros(micros)
    }

    /// Takes in what the log's clock said since a look at this machine's. Gives how far they are apart, in µs, where that
    /// is more than it may be.
    pub(crate) fn compare(&self, before: Reading, theirs: Timestamp) -> Option<u64> {
        let took = i64::try_from(before.at.elapsed().as_micros()).unwrap_or(i64::MAX);
        self.take(theirs.as_micros().saturating_sub(before.clock.as_micros()), took)
    }

    /// The log's clock was so far ahead, in µs, at some time within those that the question took.
    fn take(&self, ahead: i64, took: i64) -> Option<u64> {
        let skew = ahead.saturating_sub(ahead.clamp(0, took));
        let too_far = skew.saturating_abs() > SKEW_MAX;
        // What took long says little.
        if !too_far && took > SKEW_MAX {
            return None;
        }
        let gone_by = self.ahead.swap(if too_far { skew } else { 0 }, Ordering::Relaxed);
        if too_far && gone_by == 0 {
            tracing::warn!(
                milliseconds = skew / 1000,
                "the log's clock is ahead of this machine's; it is gone by"
            );
        }
        too_far.then_some(skew.unsigned_abs())
    }
}

/// This machine's clock.
pub(crate) fn machine() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logs_clock_is_gone_by_while_it_is_too_far_away() {
        let clock = Clock::default();
        let is_near = |ahead: i64| (clock.now().as_micros() - machine().as_micros() - ahead).abs() < 500_000;
        // What may just be the time that the question took.
        assert_eq!(clock.take(2_900_000, 2_000_000), None);
        assert!(is_near(0));
        assert_eq!(clock.take(-4_000_000, 1_000), Some(4_000_000));
        assert!(is_near(-4_000_000));
        assert_eq!(clock.take(85_000_000, 1_000_000), Some(84_000_000));
        assert!(is_near(84_000_000));
        // That says nothing of a few seconds.
        assert_eq!(clock.take(1_000_000, 3_000_000), None);
        assert!(is_near(84_000_000));
        assert_eq!(clock.take(0, 1_000), None);
        assert!(is_near(0));
    }
}
