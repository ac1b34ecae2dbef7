//! The actors of the ledger, and the one handle that the rest of the program sees: [`Ledger`].

mod feed;
mod hub;
mod ledger;
mod progress;
mod recent;

pub use feed::{Feed, Recent};
pub use hub::{Hub, Member, Vitals};
pub use ledger::{parse_place, place_text, Accepted, Answer, Failure, Ledger, NotReady, Refused, Settings};
pub use progress::{ProjectionState, ProjectionStats, Replay, ReplayState};
pub use recent::{Line, LineQuery, LineStatus};
