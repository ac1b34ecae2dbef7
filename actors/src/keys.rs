//! Idempotency keys under way: a duplicate that arrives while the first is being done waits for it.
//!
//! This only saves work and keeps order; that a key has one effect is the log's promise, not this map's.

use std::collections::HashMap;

use domain::CommandId;
use parking_lot::Mutex;
use tokio::sync::watch;

/// The keys that somebody is at work on, in this process.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    busy: Mutex<HashMap<CommandId, watch::Receiver<()>>>,
}

/// Whose turn it is with a key.
pub(crate) enum Turn<'a> {
    /// The caller's, until the guard is dropped.
    Mine(Guard<'a>),
    /// Somebody's who came before.
    After(First),
}

/// Holds a key.
pub(crate) struct Guard<'a> {
    keys: &'a Keys,
    id: CommandId,
    _over: watch::Sender<()>,
}

/// The one who came before.
pub(crate) struct First(watch::Receiver<()>);

impl Keys {
    pub(crate) fn enter(&self, id: &CommandId) -> Turn<'_> {
        let mut busy = self.busy.lock();
        if let Some(first) = busy.get(id) {
            return Turn::After(First(first.clone()));
        }
        let (over, watch) = watch::channel(());
        busy.insert(id.clone(), watch);
        Turn::Mine(Guard { keys: self, id: id.clone(), _over: over })
    }
}

impl First {
    /// Resolves when the first is done, whatever became of it.
    pub(crate) async fn over(mut self) {
        // Nothing is ever sent; the sender is dropped.
        let _ = self.0.changed().await;
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.keys.busy.lock().remove(&self.id);
    }
}
