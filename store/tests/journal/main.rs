//! The promises of the log, tested once and run on every adapter.

mod postgres;
mod sqlite;
mod suite;
