//! `bursar tail`: the log as it grows, an event per line.

use std::io::{ErrorKind, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use domain::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use serde::Deserialize;
use serde_json::value::RawValue;
use ureq::http::Response;

use super::Server;

/// Events per request.
const EVENTS_PER_PAGE: u32 = 1000;
/// How often the end of the log is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a line is followed by is known from this.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    sequence_number: u64,
}

pub(super) fn command() -> Command {
    let from = Arg::new("from").long("from").value_name("SEQUENCE").value_parser(value_parser!(u64));
    let account = Arg::new("account").long("account").value_name("ID").action(ArgAction::Append);
    let kind = Arg::new("type").long("type").value_name("TYPE").action(ArgAction::Append);
    // The server takes any word, since it may have types of later versions: of none would come nothing, for ever.
    let kind = kind.value_parser(PossibleValuesParser::new(Event::KINDS));
    Command::new("tail")
        .about("Print a running server's events as they are committed, one JSON object per line, until interrupted")
        .arg(from.help("Begin after this sequence number, 0 for the whole log; else with what comes from now on"))
        .arg(account.help("Only this account's events; may be given several times"))
        .arg(kind.help("Only events of this type, such as MONEY_DEPOSITED; may be given several times"))
}

pub(super) fn run(server: &Server, matches: &ArgMatches) -> anyhow::Result<()> {
    let values = |name| matches.get_many::<String>(name).unwrap_or_default();
    let mut filter: Vec<(&str, String)> = Vec::new();
    filter.extend(values("account").map(|account| ("accountId", account.clone())));
    filter.extend(values("type").map(|kind| ("type", kind.clone())));
    let mut after = match matches.get_one::<u64>("from") {
        Some(from) => *from,
        None => head(&server.get("/events", &[("limit", "1".to_owned())])?)?,
    };
    loop {
        let mut query = vec![("fromSequence", after.to_string()), ("limit", EVENTS_PER_PAGE.to_string())];
        query.extend(filter.iter().cloned());
        let place = || format!("reading on after {after}");
        let page = server.get("/events", &query).with_context(place)?;
        let events: Vec<&RawValue> = serde_json::from_str(page.body()).with_context(place)?;
        match print(&events) {
            // Whoever reads has seen enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            printed => printed.context("standard output")?,
        }
        match events.last().filter(|_| page.headers().contains_key("link")) {
            Some(last) => after = serde_json::from_str::<Place>(last.get())?.sequence_number,
            None => {
                after = head(&page)?;
                if reader_leaves_within(LOOK_EVERY)? {
                    return Ok(());
                }
            }
        }
    }
}

/// Up to where a page without a successor has told everything.
fn head(page: &Response<String>) -> anyhow::Result<u64> {
    let text = page.headers().get("x-head-sequence").and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok()).context("the answer has no X-Head-Sequence")
}

/// Lets time pass, unless nobody reads on: a pipe says so without being written to.
fn reader_leaves_within(time: Duration) -> anyhow::Result<bool> {
    let stdout = std::io::stdout();
    let until = Timespec::try_from(time)?;
    match poll(&mut [PollFd::new(&stdout, PollFlags::empty())], Some(&until)) {
        Err(Errno::INTR) => Ok(false),
        ready => Ok(ready? > 0),
    }
}

fn print(events: &[&RawValue]) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for event in events {
        writeln!(out, "{}", event.get())?;
    }
    out.flush()
}
