//! How much is sent before the client has answered for it.

use std::sync::Arc;

use domain::{Recorded, Sequence};
use store::EventFilter;

/// What is sent before the next Pong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) events: usize,
    pub(super) bytes: usize,
}

/// For a client at the end of the log.
pub(super) const LIVE: Window = Window { events: 64, bytes: 64 * 1024 };
/// For a client that reads history.
pub(super) const CATCH_UP: Window = Window { events: 256, bytes: 256 * 1024 };

/// The events that go into one window.
pub(super) struct Chosen {
    window: Window,
    bytes: usize,
    full: bool,
    pub(super) events: Vec<Arc<Recorded>>,
}

impl Chosen {
    pub(super) fn new(window: Window) -> Self {
        Self { window, bytes: 0, full: false, events: Vec::new() }
    }

    pub(super) fn is_full(&self) -> bool {
        self.full || self.events.len() >= self.window.events
    }

    /// Takes what is wanted and fits, at least one; answers with the last event that was taken or passed over.
    pub(super) fn choose(
        &mut self,
        events: &[Arc<Recorded>],
        filter: &EventFilter,
        from: Sequence,
    ) -> Sequence {
        let mut cursor = from;
        for event in events {
            if filter.wants(event) {
                let size = event.json.len();
                self.full =
                    self.is_full() || (!self.events.is_empty() && self.bytes + size > self.window.bytes);
                if self.full {
                    break;
                }
                self.bytes += size;
                self.events.push(Arc::clone(event));
            }
            cursor = event.sequence;
        }
        cursor
    }
}
