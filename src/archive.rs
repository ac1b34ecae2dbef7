//! The subcommands that work on the log itself, without a server: verify, export, import.

mod export;
mod import;
mod proof;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgMatches, Command, value_parser};
use store::UNFINISHED;

use crate::settings::Settings;
use crate::stores::{self, Log};

/// What each of them takes.
pub fn subcommands() -> [Command; 3] {
    [verify::command(), export::command(), import::command()]
}

/// Does the subcommand of that name.
pub fn run(name: &str, matches: &ArgMatches, settings: &Settings) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match name {
        "verify" => match matches.get_one::<PathBuf>("proof") {
            Some(proof) => proof::run(proof, matches.get_one("public-key")),
            None => runtime.block_on(verify::run(matches, settings)),
        },
        "export" => runtime.block_on(export::run(matches, settings)),
        "import" => runtime.block_on(import::run(matches, settings)),
        _ => anyhow::bail!("there is no subcommand {name}"),
    }
}

/// The log, which must be whole.
async fn whole_log(settings: &Settings) -> anyhow::Result<Log> {
    let log = stores::open_existing_log(settings).await?;
    if log.journal.head().await?.log_id == UNFINISHED {
        anyhow::bail!("the log holds an import that was not finished: import the same file again");
    }
    Ok(log)
}

fn file(words: &'static str) -> Arg {
    Arg::new("file").long("file").value_name("FILE").value_parser(value_parser!(PathBuf)).help(words)
}
