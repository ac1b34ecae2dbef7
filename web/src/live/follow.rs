//! A listener's place in the log, and what follows it: from the feed in memory, or from the log where it is older.

use std::sync::Arc;

use actix_web::web::Data;
use actors::{Feed, Recent};
use domain::{Recorded, Sequence};
use store::{EventFilter, JournalError};

use super::window::{CATCH_UP, Chosen, LIVE, Window};
use crate::Api;

/// Where a listener is, and what it wants.
pub(super) struct Follower {
    /// The last event that was sent or passed over.
    pub(super) cursor: Sequence,
    pub(super) filter: EventFilter,
    /// Whether the end of the log has yet to be reached.
    catching_up: bool,
}

/// What is sent at once: at most a window of events, none where nothing new is wanted.
pub(super) struct Portion {
    pub(super) events: Vec<Arc<Recorded>>,
    /// Whether the end of the log is reached with it for the first time.
    pub(super) caught_up: bool,
}

/// What was read from the log for a follower that has not moved since.
pub(super) struct FromLog {
    events: Vec<Arc<Recorded>>,
    /// An end of the log that the read has seen.
    head: Sequence,
    window: Window,
}

impl Follower {
    pub(super) fn new(cursor: Sequence, filter: EventFilter) -> Self {
        Self { cursor, filter, catching_up: true }
    }

    fn window(&self) -> Window {
        if self.catching_up { CATCH_UP } else { LIVE }
    }

    /// What follows in memory; `None` where it is only in the log.
    pub(super) fn recent(&mut self, feed: &Feed) -> Option<Portion> {
        let window = self.window();
        let mut chosen = Chosen::new(window);
        let at_head = loop {
            if chosen.is_full() {
                break false;
            }
            match feed.after(self.cursor, window.events) {
                Recent::AtHead => break true,
                Recent::Next(recent) => self.cursor = chosen.choose(&recent, &self.filter, self.cursor),
                Recent::InLog if chosen.events.is_empty() => return None,
                Recent::InLog => break false,
            }
        };
        let caught_up = at_head && std::mem::take(&mut self.catching_up);
        Some(Portion { events: chosen.events, caught_up })
    }

    /// Reads what is no longer in memory, for [`Follower::take`].
    pub(super) fn read(&self, api: Data<Api>) -> impl Future<Output = Result<FromLog, JournalError>> + use<> {
        let (cursor, filter, window) = (self.cursor, self.filter.clone(), self.window());
        async move {
            // Taken before the read, which therefore sees everything up to here.
            let head = api.ledger.feed().head();
            let events = api.ledger.journal().read(cursor, window.events, &filter).await?;
            Ok(FromLog { events, head, window })
        }
    }

    /// Goes on by what was read; the events are those to be sent.
    pub(super) fn take(&mut self, read: &FromLog) -> Vec<Arc<Recorded>> {
        let mut chosen = Chosen::new(read.window);
        self.cursor = chosen.choose(&read.events, &self.filter, self.cursor);
        if read.events.len() < read.window.events && chosen.events.len() == read.events.len() {
            // The log had no more that is wanted, up to its end at the time.
            self.cursor = self.cursor.max(read.head);
        }
        chosen.events
    }

    /// What follows, wherever it is.
    pub(super) async fn next(&mut self, api: &Data<Api>) -> Result<Portion, JournalError> {
        loop {
            if let Some(portion) = self.recent(api.ledger.feed()) {
                return Ok(portion);
            }
            let read = self.read(api.clone()).await?;
            let events = self.take(&read);
            if !events.is_empty() {
                return Ok(Portion { events, caught_up: false });
            }
        }
    }
}
