//! How much is sent before the client has answered for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// How long a window waits for the Pong of the one before.
const PATIENCE: Duration = Duration::from_millis(250);
/// What may be unanswered when it goes out without that, in bytes.
const UNANSWERED_BYTES_MAX: usize = 32 * 1024;

/// What was sent and the client has not answered for.
#[derive(Default)]
pub(super) struct InFlight {
    /// The numbers of Pings without a Pong, each with the bytes that went out before it.
    pings: VecDeque<(u64, usize)>,
    /// How many there were so far.
    pinged: u64,
    last: Option<Instant>,
}

impl InFlight {
    pub(super) fn is_empty(&self) -> bool {
        self.pings.is_empty()
    }

    /// How long the next window is to wait; `None` for a Pong.
    pub(super) fn pause(&self) -> Option<Duration> {
        let Some(last) = self.last.filter(|_| !self.is_empty()) else { return Some(Duration::ZERO) };
        let bytes: usize = self.pings.iter().map(|(_, bytes)| bytes).sum();
        (bytes < UNANSWERED_BYTES_MAX).then(|| PATIENCE.saturating_sub(last.elapsed()))
    }

    /// Notes a Ping behind so many bytes; gives what it is to carry.
    pub(super) fn ping(&mut self, bytes: usize) -> u64 {
        self.pinged += 1;
        self.pings.push_back((self.pinged, bytes));
        self.last = Some(Instant::now());
        self.pinged
    }

    /// Notes a Pong, which answers for the Pings before its own as well; gives whether one was waited for.
    pub(super) fn pong(&mut self, carried: &[u8]) -> bool {
        let place = self.pings.iter().position(|(number, _)| number.to_string().as_bytes() == carried);
        if let Some(place) = place {
            self.pings.drain(..=place);
        }
        place.is_some()
    }
}

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
