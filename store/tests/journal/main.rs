//! The promises of the log, tested once and run on every adapter.

mod postgres;
#[path = "../../../tests/it/proxy.rs"]
mod proxy;
mod sqlite;
mod suite;
