//! The command log: what the log remembers of commands, and beside it what only this process knows.

use std::cmp::{Ordering, Reverse};
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use domain::{AccountId, CommandId, Recorded, Refusal, Request, Sequence, Timestamp};
use parking_lot::Mutex;
use store::{LogEntry, LogPlace};

/// Which lines of the command log are wanted.
#[derive(Clone, Debug)]
pub struct LineQuery {
    /// How many at the most.
    pub limit: usize,
    /// Only those before this place.
    pub before: Option<LinePlace>,
    /// Only those that name this account.
    pub account: Option<AccountId>,
    /// Whether accepted ones are wanted.
    pub accepted: bool,
    /// Whether refused ones are wanted.
    pub rejected: bool,
}

/// A place between two lines of the command log: what both of its sources have before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePlace {
    /// Commands that the log remembers stand before it where theirs do.
    pub logged: LogPlace,
    /// Refusals that only this process remembers, at the same head: those with a lower number.
    pub unkeyed: u64,
}

/// A line of the command log.
#[derive(Clone, Debug)]
pub struct Line {
    /// The command's id.
    pub command_id: CommandId,
    /// Its name (`DEPOSIT`).
    pub name: String,
    /// When it was decided.
    pub at: Timestamp,
    /// From request to answer in µs, if this process did it, and lately.
    pub latency_us: Option<u64>,
    /// Where it stands; what `before` takes.
    pub place: LinePlace,
    /// What became of it.
    pub status: LineStatus,
}

/// What became of a command.
#[derive(Clone, Debug)]
pub enum LineStatus {
    /// It was done; this is the event that it is known by.
    Accepted(Arc<Recorded>),
    /// It was refused; `facts` are the command's fields, a JSON object (accountId or fromAccountId and toAccountId, amount…).
    Rejected {
        /// The command's fields.
        facts: String,
        /// Why.
        refusal: Refusal,
    },
}

/// How many commands this process remembers by itself, and how many bytes of their fields.
const REMEMBERED_MAX: usize = 10_000;
const REMEMBERED_BYTES_MAX: usize = 8 << 20;

/// What only this process knows of its latest commands.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    hasher: RandomState,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// By the hashes of command ids, which keeps the ids from outliving their commands.
    latencies: VecDeque<(u64, u64)>,
    refusals: VecDeque<Arc<Remembered>>,
    /// Of their fields.
    bytes: usize,
    refused: u64,
}

/// A refusal that the log does not remember.
#[derive(Debug)]
struct Remembered {
    line: Line,
    accounts: [Option<AccountId>; 2],
    bytes: usize,
}

impl Memory {
    pub(crate) fn answered(&self, id: &CommandId, latency_us: u64) {
        let mut inner = self.inner.lock();
        if inner.latencies.len() >= REMEMBERED_MAX {
            inner.latencies.pop_front();
        }
        let id = self.hasher.hash_one(id);
        inner.latencies.push_back((id, latency_us));
    }

    /// A refusal that the log does not remember.
    pub(crate) fn refused(
        &self,
        request: &Request,
        refusal: &Refusal,
        head: Sequence,
        at: Timestamp,
        latency_us: u64,
    ) {
        let facts = request.command.refused_facts(refusal);
        let accounts = domain::request::accounts_named(&facts);
        let bytes = facts.len();
        let mut inner = self.inner.lock();
        inner.refused += 1;
        let line = Line {
            command_id: request.id.clone(),
            name: request.command.name().to_owned(),
            at,
            latency_us: Some(latency_us),
            place: LinePlace {
                logged: LogPlace { sequence: head, refusal: u64::MAX },
                unkeyed: inner.refused,
            },
            status: LineStatus::Rejected { facts, refusal: refusal.clone() },
        };
        inner.bytes += bytes;
        inner.refusals.push_back(Arc::new(Remembered { line, accounts, bytes }));
        while inner.refusals.len() > REMEMBERED_MAX || inner.bytes > REMEMBERED_BYTES_MAX {
            let Some(oldest) = inner.refusals.pop_front() else { break };
            inner.bytes -= oldest.bytes;
        }
    }

    /// Lines of the command log, newest first: what the log has, and what this process adds to it.
    pub(crate) fn lines(&self, query: &LineQuery, logged: Vec<LogEntry>) -> Vec<Line> {
        let mut logged: Vec<Line> = logged.into_iter().map(from_log).collect();
        let ids = logged.iter().enumerate();
        let ids: HashMap<u64, usize> =
            ids.map(|(place, line)| (self.hasher.hash_one(&line.command_id), place)).collect();
        let wanted = |refusal: &&Arc<Remembered>| {
            query.rejected
                && query.before.is_none_or(|before| is_before(refusal.line.place, before))
                && query
                    .account
                    .as_ref()
                    .is_none_or(|account| refusal.accounts.iter().flatten().any(|named| named == account))
        };
        // Every command's answer waits for this lock.
        let mut unkeyed: Vec<Arc<Remembered>> = {
            let inner = self.inner.lock();
            for (id, latency_us) in &inner.latencies {
                if let Some(line) = ids.get(id).and_then(|place| logged.get_mut(*place)) {
                    line.latency_us = Some(*latency_us);
                }
            }
            inner.refusals.iter().filter(wanted).cloned().collect()
        };
        unkeyed.sort_unstable_by_key(|refusal| {
            Reverse((refusal.line.place.logged.sequence, refusal.line.place.unkeyed))
        });
        let mut logged = logged.into_iter().peekable();
        let mut unkeyed = unkeyed.iter().map(|refusal| &refusal.line).peekable();
        let mut lines: Vec<Line> = Vec::new();
        let mut place = query.before.unwrap_or(LinePlace::END);
        while lines.len() < query.limit {
            let next = match (logged.peek(), unkeyed.peek()) {
                (Some(one), Some(other)) if is_newer(one, other) => logged.next(),
                (_, Some(_)) => unkeyed.next().cloned(),
                (_, None) => logged.next(),
            };
            let Some(mut line) = next else { break };
            place = line.place.within(place);
            line.place = place;
            lines.push(line);
        }
        lines
    }
}

impl LinePlace {
    /// Behind all lines.
    const END: Self =
        Self { logged: LogPlace { sequence: Sequence::new(u64::MAX), refusal: u64::MAX }, unkeyed: u64::MAX };

    /// The same place, before which nothing is that another one has behind it: at one head, the two sources go on apart.
    fn within(self, other: Self) -> Self {
        if self.logged.sequence != other.logged.sequence {
            return self;
        }
        Self { logged: self.logged.min(other.logged), unkeyed: self.unkeyed.min(other.unkeyed) }
    }
}

/// Whether a refusal that only this process remembers stands before a place.
fn is_before(refusal: LinePlace, place: LinePlace) -> bool {
    (refusal.logged.sequence, refusal.unkeyed) < (place.logged.sequence, place.unkeyed)
}

/// Whether what the log remembers comes behind a refusal that it does not.
fn is_newer(logged: &Line, unkeyed: &Line) -> bool {
    let (one, other) = (logged.place.logged, unkeyed.place.logged);
    match one.sequence.cmp(&other.sequence) {
        // A command stands before the refusals at its end; of refusals, only the clock tells.
        Ordering::Equal => one.refusal > 0 && logged.at > unkeyed.at,
        order @ (Ordering::Less | Ordering::Greater) => order.is_gt(),
    }
}

fn from_log(entry: LogEntry) -> Line {
    match entry {
        LogEntry::Accepted { name, event, last } => Line {
            command_id: event.command_id.clone(),
            name,
            at: event.standing.updated_at,
            latency_us: None,
            place: LinePlace { logged: LogPlace { sequence: last, refusal: 0 }, unkeyed: 0 },
            status: LineStatus::Accepted(event),
        },
        LogEntry::Rejected(rejection) => Line {
            command_id: rejection.command_id,
            name: rejection.name,
            at: rejection.at,
            latency_us: None,
            place: LinePlace { logged: rejection.place, unkeyed: u64::MAX },
            status: LineStatus::Rejected { facts: rejection.facts, refusal: rejection.refusal },
        },
    }
}

#[cfg(test)]
mod tests {
    use domain::{Command, Currency, Posting, Quantity};

    use super::*;

    fn refuse(memory: &Memory, names: [&str; 2], legs: usize) {
        let [from, to] = names.map(|name| AccountId::parse(name).unwrap());
        let leg = Posting { from: from.clone(), to, amount: Quantity::parse("1").unwrap() };
        let request = Request {
            id: CommandId::from(uuid::Uuid::now_v7()),
            keyed: false,
            command: Command::Post {
                postings: vec![leg; legs],
                currency: Some(Currency::USD),
                description: None,
            },
            if_match: None,
            metadata: None,
            correlation: None,
            trace: None,
            batch: None,
        };
        let at = Timestamp::from_micros(0);
        memory.refused(&request, &Refusal::AccountNotFound { account: from }, Sequence::ZERO, at, 1);
    }

    #[test]
    fn what_is_remembered_has_a_bound_in_bytes_and_is_found_by_its_accounts() {
        let memory = Memory::default();
        refuse(&memory, ["forgotten", "b"], 1);
        for _ in 0..2000 {
            refuse(&memory, ["a", "b"], 100);
        }
        refuse(&memory, ["last", "b"], 1);
        let query = |account: Option<&str>| LineQuery {
            limit: usize::MAX,
            before: None,
            account: account.map(|name| AccountId::parse(name).unwrap()),
            accepted: true,
            rejected: true,
        };
        let facts = |line: &Line| match &line.status {
            LineStatus::Rejected { facts, .. } => facts.len(),
            LineStatus::Accepted(_) => 0,
        };
        let lines = memory.lines(&query(None), Vec::new());
        let bytes: usize = lines.iter().map(facts).sum();
        assert!((REMEMBERED_BYTES_MAX / 2..=REMEMBERED_BYTES_MAX).contains(&bytes), "{bytes}");
        assert_eq!(memory.lines(&query(Some("last")), Vec::new()).len(), 1);
        assert_eq!(memory.lines(&query(Some("forgotten")), Vec::new()).len(), 0);
    }
}
