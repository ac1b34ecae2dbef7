//! `bursar health`: whether the server can do its work, told by the exit code.

use clap::{ArgMatches, Command};

use super::Server;
use crate::server::say;

pub(super) fn command() -> Command {
    Command::new("health")
        .about("Ask a running server whether it is ready; the exit code is 0 if it is, else 1")
}

pub(super) fn run(server: &Server, _: &ArgMatches) -> anyhow::Result<()> {
    server.get("/readyz", &[])?;
    say("ready\n")
}
