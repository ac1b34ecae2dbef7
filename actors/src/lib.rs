//! The actors of the ledger, and the one handle that the rest of the program sees: [`Ledger`].

mod account;
mod decision;
mod feed;
mod hub;
mod keys;
mod ledger;
mod progress;
mod projector;
mod recent;
mod registry;
mod writer;

pub use feed::{Feed, Recent};
pub use hub::{Hub, Member, Vitals};
pub use ledger::{Accepted, Answer, Failure, Ledger, NotReady, Refused, Settings, parse_place, place_text};
pub use progress::{ProjectionState, ProjectionStats, Replay, ReplayState};
pub use recent::{Line, LineQuery, LineStatus};
