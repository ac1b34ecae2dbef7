//! What accounts are and how they decide: pure functions of their arguments, with no input, output, clock or chance.
#![warn(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic,
    clippy::panic,
    clippy::unwrap_used
)]
#![cfg_attr(test, allow(clippy::arithmetic_side_effects, clippy::panic, clippy::unwrap_used))]

pub mod account;
pub mod audit;
pub mod chain;
pub mod decide;
pub mod hold;
pub mod ids;
pub mod json;
pub mod lifecycle;
pub mod limits;
pub mod metadata;
pub mod money;
pub mod projection;
pub mod proof;
pub mod record;
pub mod refusal;
pub mod request;
pub mod reversal;
pub mod rows;

pub use account::{Account, Cause, Command, Event, Posting, Profile, Standing};
pub use decide::{Circumstances, Participants, Placed, Precedents, decide};
pub use hold::{Hold, HoldChange, HoldEnd, HoldRecord, Holds};
pub use ids::{AccountId, CommandId, HoldId, IdError, Sequence, Timestamp, Version};
pub use lifecycle::{Scope, Status};
pub use limits::{Change, Limits, LimitsChange};
pub use metadata::Metadata;
pub use money::{Amount, Currency, Money, Quantity, QuantityError, Units};
pub use record::{Envelope, Recorded, UnknownEvent};
pub use refusal::{AmountField, Refusal};
pub use request::{Fingerprint, Request, Subject, TraceParent};
pub use reversal::{Found, Movement, Target};
