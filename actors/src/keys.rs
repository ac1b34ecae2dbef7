//! Turns: whoever names something that somebody is at work on waits until that is over. And which keys were answered lately.
//!
//! For idempotency keys this only saves work and keeps order; that a key has one effect is the log's promise. For holds
//! and movements it makes what the log says of them complete: nothing of this process is under way beside it.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hash, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::CommandId;
use parking_lot::Mutex;
use tokio::sync::watch;

type Busy<K> = Arc<Mutex<HashMap<K, watch::Receiver<()>>>>;

/// What somebody is at work on, in this process.
#[derive(Debug)]
pub(crate) struct Turns<K> {
    busy: Busy<K>,
}

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self { busy: Arc::default() }
    }
}

/// Whose turn it is.
pub(crate) enum Turn<K: Eq + Hash> {
    /// The caller's, until the guard is dropped.
    Mine(Guard<K>),
    /// Somebody's who came before.
    After(First),
}

/// Holds a turn.
#[derive(Debug)]
pub(crate) struct Guard<K: Eq + Hash> {
    busy: Busy<K>,
    name: K,
    _over: watch::Sender<()>,
}

/// The one who came before.
#[derive(Clone)]
pub(crate) struct First(watch::Receiver<()>);

impl<K: Clone + Eq + Hash> Turns<K> {
    pub(crate) fn enter(&self, name: &K) -> Turn<K> {
        let mut busy = self.busy.lock();
        if let Some(first) = busy.get(name) {
            return Turn::After(First(first.clone()));
        }
        let (over, watch) = watch::channel(());
        busy.insert(name.clone(), watch);
        Turn::Mine(Guard { busy: Arc::clone(&self.busy), name: name.clone(), _over: over })
    }

    /// Waits for as long as anybody came before.
    pub(crate) async fn wait(&self, name: &K) -> Guard<K> {
        loop {
            match self.enter(name) {
                Turn::Mine(guard) => return guard,
                Turn::After(first) => first.over().await,
            }
        }
    }
}

impl First {
    /// Resolves when the first is done, whatever became of it.
    pub(crate) async fn over(mut self) {
        // Nothing is ever sent; the sender is dropped.
        let _ = self.0.changed().await;
    }
}

impl<K: Eq + Hash> Drop for Guard<K> {
    fn drop(&mut self) {
        self.busy.lock().remove(&self.name);
    }
}

/// How many keys are remembered, about.
const ANSWERED_REMEMBERED: usize = 1 << 16;

/// Keys that were answered lately, by their hashes. Whoever comes with one of them is answered from the log: to decide its
/// command once more would only have everything decided again that rests on it, whoever else's that is.
#[derive(Debug)]
pub(crate) struct Answered {
    hasher: RandomState,
    hashes: Box<[AtomicU64]>,
}

impl Default for Answered {
    fn default() -> Self {
        let hashes = (0..ANSWERED_REMEMBERED).map(|_| AtomicU64::new(0)).collect();
        Self { hasher: RandomState::new(), hashes }
    }
}

impl Answered {
    pub(crate) fn note(&self, key: &CommandId) {
        let hash = self.hasher.hash_one(key);
        if let Some(slot) = self.slot(hash) {
            slot.store(hash, Ordering::Relaxed);
        }
    }

    /// Whether it was, as far as that is remembered; or another one with the same hash.
    pub(crate) fn may_have(&self, key: &CommandId) -> bool {
        let hash = self.hasher.hash_one(key);
        self.slot(hash).is_some_and(|slot| slot.load(Ordering::Relaxed) == hash)
    }

    fn slot(&self, hash: u64) -> Option<&AtomicU64> {
        self.hashes.get(usize::try_from(hash).ok()? % ANSWERED_REMEMBERED)
    }
}
