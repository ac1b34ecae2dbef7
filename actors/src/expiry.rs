//! Keeps an eye on the log's clock for holds: whose time is over ends by an event, even where nobody asks for the account.
//!
//! It only causes that: the account's actor ends its holds itself, under an id that is the same for everyone, so that it
//! does not matter how many processes look, nor when.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use domain::{AccountId, Timestamp};
use futures_util::FutureExt as _;
use store::Journal;

use crate::clock::{Clock, Reading};
use crate::registry::{Deliver, Job};
use crate::shards::Shards;

/// How often the deadlines are looked at, at least.
const LOOKS_EVERY: Duration = Duration::from_secs(1);
/// The pause after accounts were told: by then it is in the log that their holds have ended.
const SETTLES_WITHIN: Duration = Duration::from_millis(100);
/// Deadlines looked at together.
const DEADLINES_MAX: usize = 512;

/// The actor.
pub(crate) struct Expiry {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) shards: Shards,
    pub(crate) clock: Arc<Clock>,
}

impl Actor for Expiry {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let (journal, shards) = (Arc::clone(&self.journal), self.shards.clone());
        let clock = Arc::clone(&self.clock);
        ctx.spawn(async move { watch(&*journal, &shards, &clock).await }.into_actor(self));
    }
}

async fn watch(journal: &dyn Journal, shards: &Shards, clock: &Clock) {
    let mut told = Vec::new();
    loop {
        let before = Reading::now();
        let look = AssertUnwindSafe(journal.hold_deadlines(DEADLINES_MAX)).catch_unwind();
        let pause = match look.await {
            Ok(Ok((now, deadlines))) => {
                // The accounts go by it as well.
                clock.compare(before, now);
                tell(shards, &deadlines, &mut told, now)
            }
            // The panic was told where it happened.
            Err(_) => LOOKS_EVERY,
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "deadlines can't be read");
                LOOKS_EVERY
            }
        };
        tokio::time::sleep(pause).await;
    }
}

/// Tells the accounts whose holds are over; answers with when to look again. Those that were told the last time may not be
/// able to do anything about it.
fn tell(
    shards: &Shards,
    deadlines: &[(Timestamp, AccountId)],
    told: &mut Vec<AccountId>,
    now: Timestamp,
) -> Duration {
    let due = deadlines.partition_point(|(at, _)| *at <= now);
    let mut accounts: Vec<AccountId> =
        deadlines.iter().take(due).map(|(_, account)| account.clone()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    for account in &accounts {
        let deliver = Deliver { account: account.clone(), job: Job::Expire };
        // Where there is no room, it is told the next time.
        let _ = shards.of(account).try_send(deliver);
    }
    let is_new = !accounts.is_empty() && accounts != *told;
    *told = accounts;
    if is_new {
        return SETTLES_WITHIN;
    }
    let until_next = deadlines.get(due).and_then(|(at, _)| {
        let micros = at.as_micros().saturating_sub(now.as_micros());
        u64::try_from(micros).ok().map(Duration::from_micros)
    });
    until_next.map_or(LOOKS_EVERY, |until| until.min(LOOKS_EVERY))
}
