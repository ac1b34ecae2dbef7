//! The actors of the ledger, and the one handle that the rest of the program sees: [`Ledger`].

mod account;
mod answer;
mod auditor;
mod background;
mod batch;
mod clock;
mod decision;
mod execute;
mod expiry;
mod feed;
mod generations;
mod hub;
mod keys;
mod ledger;
mod pages;
mod preview;
mod progress;
mod projector;
mod recent;
mod registry;
mod shards;
#[cfg(test)]
#[path = "../tests/stores/mod.rs"]
mod stores;
mod words;
mod writer;

pub use answer::{Accepted, Answer, Failure, NotReady, Refused};
pub use auditor::AuditStats;
pub use feed::{Feed, Recent};
pub use hub::{Hub, Member, Vitals};
pub use ledger::{Ledger, Settings, parse_place, place_text};
pub use progress::{ProjectionState, ProjectionStats, Replay, ReplayState};
pub use recent::{Line, LinePlace, LineQuery, LineStatus};
pub use words::panic_words;

/// The target of the spans of a command, by which they are told from log lines. They cost nothing where nobody asks for
/// them: no log level but `debug` does.
pub const SPANS: &str = "bursar::spans";
