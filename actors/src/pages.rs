//! The log's pages for those who are behind the feed. Readers that fill up together read each page once: who is ahead
//! waits for who follows, as long as that one keeps coming.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::Sequence;
use parking_lot::Mutex;
use store::{Journal, JournalError, Page};
use tokio::sync::{Notify, OnceCell};

/// How many pages one reader may be ahead of another.
const PAGES_KEPT: usize = 3;
/// A reader that did not come for so long is not waited for.
const COMES_WITHIN: Duration = Duration::from_millis(500);

/// What stands before a page, and the page, once it is read; nothing where the log ends.
type Shelved = (Sequence, Arc<OnceCell<Option<Arc<Page>>>>);

/// The pages that were read last.
pub(crate) struct Pages {
    journal: Arc<dyn Journal>,
    shelf: Mutex<Shelf>,
    /// A reader came or left.
    moved: Notify,
}

#[derive(Debug, Default)]
struct Shelf {
    pages: VecDeque<Shelved>,
    /// By reader: what it will ask for next, and when it came last.
    readers: HashMap<u64, (Sequence, Instant)>,
    readers_ever: u64,
}

/// Someone who reads one page after the other; to be dropped when it has caught up.
pub(crate) struct Reader {
    pages: Arc<Pages>,
    id: u64,
}

impl Pages {
    pub(crate) fn new(journal: Arc<dyn Journal>) -> Self {
        Self { journal, shelf: Mutex::default(), moved: Notify::new() }
    }

    pub(crate) fn reader(self: &Arc<Self>) -> Reader {
        let mut shelf = self.shelf.lock();
        shelf.readers_ever += 1;
        Reader { pages: Arc::clone(self), id: shelf.readers_ever }
    }
}

impl Reader {
    /// What follows a place, up to the end of a batch: about so many events where it was not read before.
    ///
    /// # Errors
    /// Those of [`Journal::page`].
    pub(crate) async fn after(
        &self,
        place: Sequence,
        about: usize,
    ) -> Result<Option<Arc<Page>>, JournalError> {
        let Pages { journal, shelf, moved } = &*self.pages;
        let cell = loop {
            let came = moved.notified();
            let found = shelf.lock().find(place);
            match found {
                Ok(cell) => break cell,
                Err(until) => drop(tokio::time::timeout_at(until.into(), came).await),
            }
        };
        let read =
            cell.get_or_try_init(async || journal.page(place, about).await.map(|page| page.map(Arc::new)));
        let read = read.await?;
        let mut shelf = shelf.lock();
        match read.as_ref().and_then(|page| page.events.last()) {
            Some(last) => drop(shelf.readers.insert(self.id, (last.sequence, Instant::now()))),
            // There will be more.
            None => shelf.pages.retain(|(after, _)| *after != place),
        }
        drop(shelf);
        moved.notify_waiters();
        Ok(read.clone())
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let mut shelf = self.pages.shelf.lock();
        shelf.readers.remove(&self.id);
        if shelf.readers.is_empty() {
            shelf.pages.clear();
        }
        drop(shelf);
        self.pages.moved.notify_waiters();
    }
}

impl Shelf {
    /// The page after a place, which may have to be read; or until when to wait for a reader of the oldest one.
    fn find(&mut self, place: Sequence) -> Result<Arc<OnceCell<Option<Arc<Page>>>>, Instant> {
        if let Some((_, cell)) = self.pages.iter().find(|(after, _)| *after == place) {
            return Ok(Arc::clone(cell));
        }
        if self.pages.len() >= PAGES_KEPT
            && let Some((oldest, _)) = self.pages.front()
        {
            let expected = self.readers.values().filter(|(next, _)| next == oldest);
            let until = expected.map(|(_, came_at)| *came_at + COMES_WITHIN).max();
            if let Some(until) = until.filter(|until| *until > Instant::now()) {
                return Err(until);
            }
            self.pages.pop_front();
        }
        let cell = Arc::<OnceCell<_>>::default();
        self.pages.push_back((place, Arc::clone(&cell)));
        Ok(cell)
    }
}

#[cfg(test)]
mod tests {
    use actix::System;
    use domain::{AccountId, Command, CommandId, Currency, Quantity, Request};
    use futures_util::FutureExt as _;
    use uuid::Uuid;

    use super::*;
    use crate::{Answer, Ledger, Settings, stores};

    /// A log of so many batches, one event each.
    async fn log(folder: &tempfile::TempDir, batches: usize) -> Arc<dyn Journal> {
        let journal = stores::journal(folder);
        let settings = Settings {
            shards: 1,
            commands_in_flight_max: 16,
            residents_max: 16,
            feed_timeout: Duration::from_secs(30),
            audit: false,
        };
        let ledger = Ledger::start(Arc::clone(&journal), stores::views(folder), &settings).await.unwrap();
        for number in 0..batches {
            let command = Command::CreateAccount {
                account: AccountId::parse(&format!("acc-{number}")).unwrap(),
                initial_balance: Quantity::ZERO,
                currency: Currency::USD,
                owner: None,
                overdraft_limit: Quantity::ZERO,
            };
            let id = CommandId::from(Uuid::now_v7());
            let (keyed, if_match, metadata, correlation) = (false, None, None, None);
            let request =
                Request { id, keyed, command, if_match, metadata, correlation, trace: None, batch: None };
            assert!(matches!(ledger.execute(request).await, Ok(Answer::Accepted(_))));
        }
        journal
    }

    async fn read(reader: &Reader, place: u64) -> Option<Arc<Page>> {
        reader.after(Sequence::new(place), 1).await.unwrap()
    }

    #[test]
    fn who_is_ahead_waits_for_who_follows_and_both_get_the_same_pages() {
        System::new().block_on(async {
            let folder = tempfile::TempDir::new().unwrap();
            let pages = Arc::new(Pages::new(log(&folder, 5).await));
            let (ahead, behind) = (pages.reader(), pages.reader());
            let first = read(&ahead, 0).await.unwrap();
            assert!(Arc::ptr_eq(&first, &read(&behind, 0).await.unwrap()), "it was read twice");
            for place in 1..4 {
                read(&ahead, place).await.unwrap();
            }
            let mut fifth = Box::pin(read(&ahead, 4));
            assert!(fifth.as_mut().now_or_never().is_none(), "it goes on alone");
            read(&behind, 1).await.unwrap();
            fifth.await.unwrap();
            assert!(read(&ahead, 5).await.is_none(), "the log has five events");

            // Who has left is not waited for.
            let (one, other) = (pages.reader(), pages.reader());
            for place in 0..3 {
                read(&one, place).await.unwrap();
            }
            drop(other);
            read(&one, 3).await.unwrap();
            drop((ahead, behind, one));
            assert!(pages.shelf.lock().pages.is_empty());
        });
    }
}
