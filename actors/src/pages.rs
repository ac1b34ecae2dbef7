//! The log's pages for those who are behind the feed. Readers that fill up together read each page once: who is ahead
//! waits for who follows, as long as that one keeps coming. The page after the one that is asked for is read meanwhile,
//! on a thread of its own.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::ArbiterHandle;
use domain::Sequence;
use parking_lot::Mutex;
use store::{Journal, JournalError, Page};
use tokio::sync::{Notify, OnceCell, oneshot};

/// How many pages are kept: those that one reader may be ahead of another, and the one that is read meanwhile.
const PAGES_KEPT: usize = 4;
/// A reader that did not come for so long is not waited for.
const COMES_WITHIN: Duration = Duration::from_millis(500);

/// What stands before a page, and the page, once it is read; nothing where the log ends.
type Shelved = (Sequence, Arc<OnceCell<Option<Arc<Page>>>>);

/// The pages that were read last.
pub(crate) struct Pages {
    journal: Arc<dyn Journal>,
    /// Where pages are read.
    thread: ArbiterHandle,
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
    pub(crate) fn new(journal: Arc<dyn Journal>, thread: ArbiterHandle) -> Self {
        Self { journal, thread, shelf: Mutex::default(), moved: Notify::new() }
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
        let Pages { shelf, moved, thread, .. } = &*self.pages;
        let cell = loop {
            let came = moved.notified();
            let found = shelf.lock().find(place);
            match found {
                Ok(cell) => break cell,
                Err(until) => drop(tokio::time::timeout_at(until.into(), came).await),
            }
        };
        let page = self.pages.read(&cell, place, about).await?;
        let next = page.as_ref().and_then(|page| page.events.last()).map(|last| last.sequence);
        let mut shelf = shelf.lock();
        let ahead = next.and_then(|next| {
            shelf.readers.insert(self.id, (next, Instant::now()));
            shelf.make_room(next)
        });
        drop(shelf);
        moved.notify_waiters();
        if let (Some(next), Some(cell)) = (next, ahead) {
            let pages = Arc::clone(&self.pages);
            // Whoever asks for it is told of an error, or that the log ends there.
            thread.spawn(async move { drop(pages.read(&cell, next, about).await) });
        }
        Ok(page)
    }
}

impl Pages {
    /// The page of a cell, read on the thread for it by whoever comes first.
    async fn read(
        self: &Arc<Self>,
        cell: &OnceCell<Option<Arc<Page>>>,
        place: Sequence,
        about: usize,
    ) -> Result<Option<Arc<Page>>, JournalError> {
        let read = async || {
            let (answer, answered) = oneshot::channel();
            let journal = Arc::clone(&self.journal);
            self.thread.spawn(async move {
                // Nobody may be waiting any more.
                let _ = answer.send(journal.page(place, about).await);
            });
            let gone = |_| JournalError::Unavailable("the thread that reads pages is gone".into());
            answered.await.map_err(gone)?.map(|page| page.map(Arc::new))
        };
        let page = cell.get_or_try_init(read).await.cloned()?;
        if page.is_none() {
            // There will be more.
            self.shelf.lock().pages.retain(|(after, _)| *after != place);
        }
        Ok(page)
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
        if let Some(until) = self.is_full_until() {
            return Err(until);
        }
        Ok(self.add(place))
    }

    /// The page after a place, where it is not there and has a place on the shelf.
    fn make_room(&mut self, place: Sequence) -> Option<Arc<OnceCell<Option<Arc<Page>>>>> {
        let is_there = self.pages.iter().any(|(after, _)| *after == place);
        (!is_there && self.is_full_until().is_none()).then(|| self.add(place))
    }

    /// Until when the oldest page is kept for readers that will come, if there is no other place.
    fn is_full_until(&self) -> Option<Instant> {
        let (oldest, _) = self.pages.front().filter(|_| self.pages.len() >= PAGES_KEPT)?;
        let expected = self.readers.values().filter(|(next, _)| next == oldest);
        let until = expected.map(|(_, came_at)| *came_at + COMES_WITHIN).max();
        until.filter(|until| *until > Instant::now())
    }

    fn add(&mut self, place: Sequence) -> Arc<OnceCell<Option<Arc<Page>>>> {
        if self.pages.len() >= PAGES_KEPT {
            self.pages.pop_front();
        }
        let cell = Arc::<OnceCell<_>>::default();
        self.pages.push_back((place, Arc::clone(&cell)));
        cell
    }
}

#[cfg(test)]
mod tests {
    use actix::{Arbiter, System};
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
            let pages = Arc::new(Pages::new(log(&folder, 6).await, Arbiter::current()));
            let (ahead, behind) = (pages.reader(), pages.reader());
            let first = read(&ahead, 0).await.unwrap();
            assert!(Arc::ptr_eq(&first, &read(&behind, 0).await.unwrap()), "it was read twice");
            for place in 1..5 {
                read(&ahead, place).await.unwrap();
            }
            let mut sixth = Box::pin(read(&ahead, 5));
            assert!(sixth.as_mut().now_or_never().is_none(), "it goes on alone");
            read(&behind, 1).await.unwrap();
            sixth.await.unwrap();
            assert!(read(&ahead, 6).await.is_none(), "the log has six events");
            drop((ahead, behind));
            assert!(pages.shelf.lock().pages.is_empty());

            // Who has left is not waited for.
            let (one, other) = (pages.reader(), pages.reader());
            read(&other, 0).await.unwrap();
            for place in 0..5 {
                read(&one, place).await.unwrap();
            }
            let mut sixth = Box::pin(read(&one, 5));
            assert!(sixth.as_mut().now_or_never().is_none(), "it goes on alone");
            drop(other);
            sixth.await.unwrap();
            drop(one);
            assert!(pages.shelf.lock().pages.is_empty());
        });
    }
}
