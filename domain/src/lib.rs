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
pub mod chain;
pub mod ids;
pub mod lifecycle;
pub mod money;
pub mod projection;
pub mod record;
pub mod request;
pub mod transfer;

pub use account::{Account, AmountField, Command, Event, Profile, Refusal, Standing};
pub use ids::{AccountId, CommandId, IdError, Sequence, Timestamp, Version};
pub use lifecycle::{Scope, Status};
pub use money::{Amount, Currency, Money, Quantity, QuantityError, Units};
pub use record::{Envelope, Recorded, UnknownEvent};
pub use request::{Fingerprint, Metadata, Request, TraceParent};
pub use transfer::{Participants, Placed, decide};
