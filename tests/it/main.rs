//! The whole system as its clients see it: the real program over HTTP and WebSocket, on both kinds of stores.
//!
//! `tests/run.sh` starts the servers that the stores need. Each test has a program, a folder, a database and a Redis of
//! its own.

#[macro_use]
mod server;
mod client;
mod fold;
mod load;
mod postgres;
mod proxy;
mod socket;
mod stores;
mod wire;

mod archive;
mod away;
mod board;
mod cli;
mod contract;
mod dawdle;
mod defects;
mod demo;
mod feed;
mod frozen;
mod full;
mod kill;
mod nodes;
mod outage;
mod overload;
mod read_models;
mod restored;
mod slow;
mod sse;
mod tidy;
mod transfers;
