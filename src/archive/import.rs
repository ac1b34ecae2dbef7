//! `bursar import`: writes an exported log into an empty one, of either kind.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ArgMatches, Command};
use domain::chain::Hex;
use store::RestoreError;
use store::archive::{ImportError, Imported, Source};

use super::file;
use crate::server::complain;
use crate::settings::Settings;
use crate::stores;

/// What is read at once.
const BUFFER_BYTES: usize = 1 << 18;

pub(super) fn command() -> Command {
    Command::new("import")
        .about("Write an exported log into an empty one: the same events, numbers, times and chain")
        .arg(file("Where from; else from standard input"))
}

pub(super) async fn run(matches: &ArgMatches, settings: &Settings) -> anyhow::Result<ExitCode> {
    let input: Box<dyn BufRead + Send> = match matches.get_one::<PathBuf>("file") {
        Some(path) => {
            let file = File::open(path).with_context(|| path.display().to_string())?;
            Box::new(BufReader::with_capacity(BUFFER_BYTES, file))
        }
        None => Box::new(BufReader::with_capacity(BUFFER_BYTES, std::io::stdin())),
    };
    // Nothing is begun for what is no log.
    let source = Source::begin(input)?;
    let log = stores::open_log(settings).await?;
    let imported = store::archive::import(&*log.journal, source).await;
    let Imported { log_id, last, chain, resumed_at, refusals } = match imported {
        Err(error @ ImportError::Restore(RestoreError::Unavailable(_)))
            if settings.database_url.is_some() =>
        {
            return Err(error).context("writing a log anew takes the owner of its schema (migrate-url)");
        }
        imported => imported?,
    };
    let resumed = resumed_at.get();
    let gone_on = if resumed > 0 { format!(", going on behind {resumed}") } else { String::new() };
    let chain = Hex(&chain);
    complain(&format!(
        "imported log {log_id}: {last} events and {refusals} refusals{gone_on}; chain {chain}"
    ));
    Ok(ExitCode::SUCCESS)
}
