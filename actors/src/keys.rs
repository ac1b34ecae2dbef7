//! Turns: whoever names something that somebody is at work on waits until that is over.
//!
//! For idempotency keys this only saves work and keeps order; that a key has one effect is the log's promise. For holds
//! and movements it makes what the log says of them complete: nothing of this process is under way beside it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

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
