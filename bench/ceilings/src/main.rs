//! What Bursar is measured against: a server that does nothing, loops that only insert, subscribers that only listen. Each
//! answers one line of JSON; `bench/run.mjs` starts them and makes the ratios.

mod insert;
mod no_op;
mod subscribers;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A server whose POST parses a deposit and answers JSON, and does nothing else.
    NoOp { port: u16 },
    /// Inserts rows like those of a Bursar log's events, into a copy of that table in the same database.
    Postgres { url: String, rows_per_statement: usize, seconds: u64 },
    /// The same into a new file, with the tables of the log at the path.
    Sqlite { log: PathBuf, rows_per_commit: usize, seconds: u64 },
    /// Subscribers of the live feed, until each has so many events, or until standard input ends.
    Subscribers { url: String, count: usize, events: Option<usize> },
}

fn main() -> anyhow::Result<()> {
    let answer = match Arguments::parse().what {
        What::NoOp { port } => return no_op::serve(port),
        What::Postgres { url, rows_per_statement, seconds } => {
            insert::into_postgres(&url, rows_per_statement, seconds)?
        }
        What::Sqlite { log, rows_per_commit, seconds } => {
            insert::into_sqlite(&log, rows_per_commit, seconds)?
        }
        What::Subscribers { url, count, events } => {
            subscribers::listen(&url, count, events.unwrap_or(usize::MAX))?
        }
    };
    say(&answer);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the answer")]
fn say(answer: &serde_json::Value) {
    println!("{answer}");
}
