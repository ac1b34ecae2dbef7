//! The latest events of every account in memory, in runs, as both stores have them.
//!
//! An index of (account, version) that followed every append would have a page to change for each account in a batch, which
//! costs as much as much else in it. So a store has that index up to a place in the log, and it moves on by a whole run at a
//! time; what lies beyond is here. What is missing here is read again from the events themselves, by whoever finds that the
//! memory does not reach as far as the log: after a start, or because another process wrote.

use std::collections::VecDeque;
use std::sync::Arc;

use foldhash::HashMap;

/// Events of a run.
pub(super) const RUN: u32 = 32_768;

/// An event's place in its account's stream, and in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) account: i64,
    pub(super) version: i64,
    pub(super) sequence: i64,
}

/// How far a view of the log reaches: of a transaction that reads it, or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    /// The last event that is indexed with all before it.
    pub(super) indexed: i64,
    /// The last event.
    pub(super) last: i64,
}

/// The events behind a place.
#[derive(Debug)]
pub(super) struct Latest {
    /// Events of a run. Runs end at its multiples.
    run: i64,
    /// The sequence before the first run.
    after: i64,
    /// The last event that is here.
    pub(super) last: i64,
    /// In order, all of them full but the last one: each account's entries by version.
    runs: VecDeque<HashMap<i64, Arc<Vec<Entry>>>>,
}

impl Latest {
    pub(super) fn from(run: i64, place: i64) -> Self {
        Self { run, after: place, last: place, runs: VecDeque::new() }
    }

    /// Whether everything behind a place is here.
    pub(super) fn reaches_back_to(&self, indexed: i64) -> bool {
        self.after <= indexed
    }

    pub(super) fn push(&mut self, entry: Entry) {
        let place = usize::try_from((entry.sequence - 1 - self.after) / self.run).unwrap_or(0);
        while self.runs.len() <= place {
            self.runs.push_back(HashMap::default());
        }
        if let Some(run) = self.runs.get_mut(place) {
            // A copy only while somebody reads it.
            let own = run.entry(entry.account).or_insert_with(|| Arc::new(Vec::with_capacity(1)));
            Arc::make_mut(own).push(entry);
        }
        self.last = entry.sequence;
    }

    /// An account's entries up to an end, by version.
    pub(super) fn of(&self, account: i64, last: i64) -> impl DoubleEndedIterator<Item = &Entry> {
        let entries = self.runs.iter().filter_map(move |run| run.get(&account));
        entries.flat_map(|entries| entries.iter()).filter(move |entry| entry.sequence <= last)
    }

    /// An account's entries, run by run, for who reads them without holding this.
    pub(super) fn runs_of(&self, account: i64) -> Vec<Arc<Vec<Entry>>> {
        self.runs.iter().filter_map(|run| run.get(&account)).cloned().collect()
    }

    /// The run that follows on what is indexed, account by account in no order; nothing where it is not full yet.
    pub(super) fn full_run(&self, indexed: i64) -> Option<Vec<Arc<Vec<Entry>>>> {
        if self.last < indexed + self.run {
            return None;
        }
        let place = usize::try_from((indexed - self.after) / self.run).ok()?;
        Some(self.runs.get(place)?.values().cloned().collect())
    }

    /// Drops what is indexed; one run is kept for those whose view is older. Gives what was dropped.
    pub(super) fn forget(&mut self, indexed: i64) -> impl Iterator<Item = HashMap<i64, Arc<Vec<Entry>>>> {
        let mut dropped = Vec::new();
        while self.after + self.run < indexed && self.runs.len() > 1 {
            dropped.extend(self.runs.pop_front());
            self.after += self.run;
        }
        dropped.into_iter()
    }
}
