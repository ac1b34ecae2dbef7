//! `bursar export`: writes the whole log as lines of JSON.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ArgMatches, Command};
use domain::chain::Hex;

use super::{file, whole_log};
use crate::server::complain;
use crate::settings::Settings;

/// What is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 18;

pub(super) fn command() -> Command {
    Command::new("export")
        .about("Write the whole log as JSON lines, refusals included, for an import elsewhere")
        .arg(file("Where to; else to standard output. It appears when it is whole"))
}

pub(super) async fn run(matches: &ArgMatches, settings: &Settings) -> anyhow::Result<ExitCode> {
    let log = whole_log(settings).await?;
    let path = matches.get_one::<PathBuf>("file");
    let new = path.map(|path| beside(path));
    let out: Box<dyn Write + Send> = match &new {
        Some(new) => Box::new(File::create(new).with_context(|| new.display().to_string())?),
        None => Box::new(std::io::stdout()),
    };
    let out = BufWriter::with_capacity(BUFFER_BYTES, out);
    let exported = store::archive::export(&*log.journal, env!("CARGO_PKG_VERSION"), out).await;
    if let (Some(path), Some(new)) = (path, &new) {
        let whole = exported.as_ref().map(|_| ());
        let placed = whole.is_ok().then(|| File::open(new).and_then(|file| file.sync_all())).transpose();
        match placed {
            Ok(Some(())) => std::fs::rename(new, path).with_context(|| path.display().to_string())?,
            Ok(None) => drop(std::fs::remove_file(new)),
            Err(error) => return Err(error).with_context(|| new.display().to_string()),
        }
    }
    let exported = exported?;
    complain(&format!(
        "exported {} events in {} batches and {} refusals; chain {}",
        exported.last,
        exported.batches,
        exported.refusals,
        Hex(&exported.chain)
    ));
    Ok(ExitCode::SUCCESS)
}

/// Where a file is written until it is whole.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    name.into()
}
