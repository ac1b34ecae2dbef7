//! The whole system as its clients see it: the real program over HTTP and WebSocket, on both kinds of stores.
//!
//! `tests/run.sh` starts the servers that the stores need. Each test has a program, a folder, a database and a Redis of
//! its own.

#[macro_use]
mod server;
mod client;
mod fold;
mod load;
mod socket;
mod stores;

mod board;
mod cli;
mod contract;
mod defects;
mod demo;
mod feed;
mod kill;
mod nodes;
mod outage;
mod slow;
mod tidy;
mod transfers;
