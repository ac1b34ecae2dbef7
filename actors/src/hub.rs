//! The event hub: keeps the feed whole, counts its live subscribers, and closes those that are gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

/// What a subscriber's session shows of itself to the reaper.
#[derive(Debug, Default)]
pub struct Vitals {
    /// When it last heard from its client, in ms on the hub's clock.
    pub last_heard_ms: AtomicU64,
    /// Whether something was sent that the client has not answered for.
    pub in_flight: AtomicBool,
}

/// A cloneable handle to the hub.
#[derive(Clone, Debug)]
pub struct Hub {}

/// A live subscriber, until dropped.
#[derive(Debug)]
pub struct Member {
    /// What the reaper watches.
    pub vitals: Arc<Vitals>,
}

impl Hub {
    /// Ms since the hub started: the clock of [`Vitals`].
    pub fn now_ms(&self) -> u64 {
        unimplemented!()
    }

    /// Adds a live subscriber. `close` shuts its socket, which is the only way to end a session whose client reads
    /// nothing; it is called once, when the client has left something unanswered for too long.
    pub fn join(&self, _close: Box<dyn Fn() + Send + Sync>) -> Member {
        unimplemented!()
    }

    /// How many live subscribers there are.
    pub fn members(&self) -> usize {
        unimplemented!()
    }
}
