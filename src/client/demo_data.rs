//! `bursar demo-data`: what a small bank does in a month, all at once, through the commands that anybody may send.

use clap::{ArgMatches, Command};
use serde_json::value::RawValue;

use super::Server;
use crate::server::say;

/// Commands and their bodies; the dashboard fills in the same ones. The idempotency key is made of the place: more are
/// added at the end, none is changed.
const COMMANDS: &str = include_str!("../../web/dashboard/demo-data.json");

pub(super) fn command() -> Command {
    Command::new("demo-data")
        .about("Fill a running server with what a small bank does in a month, all at once; doing it again changes nothing")
}

pub(super) fn run(server: &Server, _: &ArgMatches) -> anyhow::Result<()> {
    let mut repeated = 0;
    let commands: Vec<(&str, &RawValue)> = serde_json::from_str(COMMANDS)?;
    for (place, (name, body)) in commands.iter().enumerate() {
        let key = format!("demo-data-{place}");
        let answer = server.post(&format!("/commands/{name}"), Some(&key), body.get())?;
        repeated += usize::from(answer.headers().contains_key("idempotent-replayed"));
    }
    let done = commands.len() - repeated;
    say(&format!("{done} commands done, {repeated} were done before\n"))
}
