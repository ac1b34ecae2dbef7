//! Load: chance that can be repeated, and how long a test may run.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// How long a load lasts: `BURSAR_TEST_SECONDS`, else three seconds.
pub fn seconds() -> Duration {
    let seconds =
        std::env::var("BURSAR_TEST_SECONDS").map_or(3, |text| text.parse().expect("BURSAR_TEST_SECONDS"));
    Duration::from_secs(seconds)
}

/// Whether the long form of the tests was asked for.
pub fn is_long() -> bool {
    seconds() >= Duration::from_secs(30)
}

/// Chance, different in every run; the seed is printed for the report of a failure (xorshift64*).
pub struct Dice(u64);

impl Dice {
    /// Another seed every time, or `BURSAR_TEST_SEED`.
    pub fn new() -> Self {
        let seed = std::env::var("BURSAR_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0)).max(1);
        eprintln!("BURSAR_TEST_SEED={seed}");
        Self(seed)
    }

    /// Dice of its own for a worker.
    pub fn split(&mut self) -> Self {
        Self(self.roll().max(1))
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }
}
