//! What time it is: by this machine, or by the log's clock where the two are far apart.
//!
//! All processes at a log go by one clock, else one whose clock is wrong would end the holds of all, and begin their days.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::Timestamp;

/// How far apart, in µs, this machine's clock and the log's may be: more than any exchange of time leaves between two.
const SKEW_MAX: i64 = 1_000_000;

/// The clock that decisions are made by.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// How far, in µs, the log's clock is ahead of this machine's, where that is more than it may be.
    ahead: AtomicI64,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        let micros = machine().as_micros().saturating_add(self.ahead.load(Ordering::Relaxed));
        Timestamp::from_micros(micros)
    }

    /// Takes in what the log's clock said between two looks at this machine's. Gives how far they are apart, in µs, where
    /// that is more than it may be.
    pub(crate) fn compare(&self, before: Timestamp, theirs: Timestamp, after: Timestamp) -> Option<u64> {
        let micros = theirs.as_micros();
        let nearest = micros.clamp(before.as_micros(), after.as_micros().max(before.as_micros()));
        let skew = micros.saturating_sub(nearest);
        let too_far = skew.saturating_abs() > SKEW_MAX;
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
        let at = Timestamp::from_micros;
        let clock = Clock::default();
        let is_near = |ahead: i64| (clock.now().as_micros() - machine().as_micros() - ahead).abs() < 500_000;
        // What may just be the time that the question took.
        assert_eq!(clock.compare(at(0), at(2_900_000), at(2_000_000)), None);
        assert!(is_near(0));
        assert_eq!(clock.compare(at(5_000_000), at(1_000_000), at(6_000_000)), Some(4_000_000));
        assert!(is_near(-4_000_000));
        assert_eq!(clock.compare(at(5_000_000), at(90_000_000), at(6_000_000)), Some(84_000_000));
        assert!(is_near(84_000_000));
        assert_eq!(clock.compare(at(5_000_000), at(5_000_000), at(6_000_000)), None);
        assert!(is_near(0));
    }
}
