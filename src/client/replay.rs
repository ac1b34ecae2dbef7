//! `bursar replay`: has every read model built again from the log, beside the ones that are served meanwhile.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde::Deserialize;

use super::{Server, pause};
use crate::server::say;

/// How often progress is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replay {
    replay_id: String,
    state: String,
    done: u64,
    total: u64,
    events_per_second: u64,
    seconds_left: u64,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Projection {
    name: String,
    state: String,
}

pub(super) fn command() -> Command {
    let wait = Arg::new("wait").long("wait").action(ArgAction::SetTrue);
    Command::new("replay")
        .about("Have a running server build its read models again from the log")
        .arg(wait.help("Show progress until it is done; the exit code is 1 if it fails"))
}

pub(super) fn run(server: &Server, matches: &ArgMatches) -> anyhow::Result<()> {
    let started = server.post("/replay", None, "")?;
    let mut replay: Replay = serde_json::from_str(started.body())?;
    say(&format!("replay {} has started\n", replay.replay_id))?;
    while matches.get_flag("wait") {
        let Replay { done, total, events_per_second, seconds_left, .. } = replay;
        match replay.state.as_str() {
            "running" => {
                let rate = match standing_still(server) {
                    Some(words) => words,
                    None => format!("{events_per_second} a second, {seconds_left} s left"),
                };
                say(&format!("{done} of {total} events, {rate}\n"))?;
            }
            "done" => {
                say(&format!("done: {done} events\n"))?;
                break;
            }
            _ => anyhow::bail!("the replay failed: {}", replay.error.unwrap_or(replay.state)),
        }
        pause(LOOK_EVERY);
        let path = format!("/replays/{}", replay.replay_id);
        replay = serde_json::from_str(server.get(&path, &[])?.body())?;
    }
    Ok(())
}

/// What the replay waits for, if a projection was told to stand still, or can't go on.
fn standing_still(server: &Server) -> Option<String> {
    let all = server.get("/projections", &[]).ok()?;
    let all: Vec<Projection> = serde_json::from_str(all.body()).ok()?;
    let stands = |one: &Projection| matches!(one.state.as_str(), "paused" | "faulted");
    let Projection { name, state } = all.into_iter().find(stands)?;
    Some(format!("waiting for the projection {name}, which is {state}: POST /projections/{name}/resume"))
}
