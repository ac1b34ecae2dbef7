//! The recent end of the log in memory: every listener reads from here by sequence, and from the log what is older.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::chain::Hash;
use domain::{Recorded, Sequence};
use parking_lot::RwLock;
use store::Page;
use tokio::sync::watch;

/// How many events are kept.
const RECENT_EVENTS_MAX: usize = 16_384;

/// The committed events of late, in order, without gap. What is published here is in the log.
#[derive(Debug)]
pub struct Feed {
    ring: RwLock<Ring>,
    head: watch::Sender<Sequence>,
}

#[derive(Debug)]
struct Ring {
    /// The sequence before the first event kept.
    before: Sequence,
    events: VecDeque<Arc<Recorded>>,
    /// Where batches end, and the chain there.
    ends: VecDeque<(Sequence, Hash)>,
    /// When something was added last.
    moved_at: Option<Instant>,
}

/// What the feed has for a listener.
#[derive(Debug)]
pub enum Recent<T> {
    /// What follows the listener's place.
    Next(T),
    /// Nothing yet: the listener is at the end.
    AtHead,
    /// What follows is only in the log by now.
    InLog,
}

impl Feed {
    /// A feed that goes on from the end of the log.
    pub fn new(head: Sequence) -> Self {
        let ring = Ring { before: head, events: VecDeque::new(), ends: VecDeque::new(), moved_at: None };
        Self { ring: RwLock::new(ring), head: watch::Sender::new(head) }
    }

    /// The last event published.
    pub fn head(&self) -> Sequence {
        *self.head.borrow()
    }

    /// Whether something was committed in the last while.
    pub(crate) fn moved_within(&self, a_while: Duration) -> bool {
        self.ring.read().moved_at.is_some_and(|moved_at| moved_at.elapsed() < a_while)
    }

    /// Wakes whenever the head moves.
    pub fn watch(&self) -> watch::Receiver<Sequence> {
        self.head.subscribe()
    }

    /// The events after a place, at most so many.
    pub fn after(&self, place: Sequence, limit: usize) -> Recent<Vec<Arc<Recorded>>> {
        let ring = self.ring.read();
        match ring.skip(place) {
            None => Recent::InLog,
            Some(skip) if skip >= ring.events.len() => Recent::AtHead,
            Some(skip) => Recent::Next(ring.events.range(skip..).take(limit).cloned().collect()),
        }
    }

    /// The events after a place up to the end of a batch: about so many, at least one batch.
    pub fn page_after(&self, place: Sequence, about: usize) -> Recent<Page> {
        let ring = self.ring.read();
        let Some(skip) = ring.skip(place) else { return Recent::InLog };
        if skip >= ring.events.len() {
            return Recent::AtHead;
        }
        let most = place.plus(about as u64);
        let first_end = ring.ends.partition_point(|(end, _)| *end <= place);
        let beyond = ring.ends.partition_point(|(end, _)| *end <= most);
        let Some((end, chain)) = ring.ends.get(beyond.max(first_end + 1) - 1) else { return Recent::InLog };
        let count = end.ahead_of(place) as usize;
        Recent::Next(Page { events: ring.events.range(skip..skip + count).cloned().collect(), chain: *chain })
    }

    /// Adds a committed batch (or several, with the chain at the end). False where something before it is missing: then
    /// nothing is added, and the missing part is to be read from the log. What is here already is passed over.
    #[must_use]
    pub fn publish(&self, page: &Page) -> bool {
        let mut ring = self.ring.write();
        let last = ring.last();
        let Some((first, end)) = page.events.first().zip(page.events.last()) else { return true };
        if first.sequence > last.next() {
            return false;
        }
        if end.sequence <= last {
            return true;
        }
        let known = last.next().ahead_of(first.sequence) as usize;
        ring.events.extend(page.events.iter().skip(known).cloned());
        ring.ends.push_back((end.sequence, page.chain));
        ring.moved_at = Some(Instant::now());
        let surplus = ring.events.len().saturating_sub(RECENT_EVENTS_MAX);
        ring.events.drain(..surplus);
        ring.before = ring.before.plus(surplus as u64);
        let gone = ring.before;
        while ring.ends.front().is_some_and(|(end, _)| *end <= gone) {
            ring.ends.pop_front();
        }
        let head = ring.last();
        drop(ring);
        // Two publishers may arrive here in either order; the head only moves forward.
        self.head.send_if_modified(|known| {
            let moved = head > *known;
            *known = head.max(*known);
            moved
        });
        true
    }
}

impl Ring {
    fn last(&self) -> Sequence {
        self.before.plus(self.events.len() as u64)
    }

    /// How many of the events kept are at or before a place; `None` if some after it are no longer kept.
    fn skip(&self, place: Sequence) -> Option<usize> {
        (place >= self.before).then(|| place.ahead_of(self.before) as usize)
    }
}
