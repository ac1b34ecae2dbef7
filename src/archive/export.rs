//! `bursar export`: writes the whole log as lines of JSON.

use std::fs::{OpenOptions, Permissions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ArgMatches, Command};
use domain::chain::Hex;
use store::archive::{ExportError, Exported};

use super::{file, whole_log};
use crate::server::complain;
use crate::settings::Settings;
use crate::stores::Log;

/// What is gathered before it is written.
const BUFFER_BYTES: usize = 1 << 18;
/// Who may read a new file: all of the ledger is in it.
const MODE: u32 = 0o600;

pub(super) fn command() -> Command {
    Command::new("export")
        .about("Write the whole log as JSON lines, refusals included, for an import elsewhere")
        .arg(file("Where to; else to standard output. It appears when it is whole"))
}

pub(super) async fn run(matches: &ArgMatches, settings: &Settings) -> anyhow::Result<ExitCode> {
    let log = whole_log(settings).await?;
    let exported = match matches.get_one::<PathBuf>("file") {
        Some(path) => to_file(&log, path).await.with_context(|| path.display().to_string())?,
        None => export(&log, std::io::stdout()).await?,
    };
    complain(&format!(
        "exported {} events in {} batches and {} refusals; chain {}",
        exported.last,
        exported.batches,
        exported.refusals,
        Hex(&exported.chain)
    ));
    Ok(ExitCode::SUCCESS)
}

async fn export(log: &Log, out: impl Write + Send + 'static) -> Result<Exported, ExportError> {
    let out = BufWriter::with_capacity(BUFFER_BYTES, out);
    store::archive::export(&*log.journal, env!("CARGO_PKG_VERSION"), out).await
}

/// A file appears in its place when it is whole; into a device or a pipe it is written straight.
async fn to_file(log: &Log, path: &Path) -> anyhow::Result<Exported> {
    match std::fs::metadata(path) {
        Ok(there) if there.is_file() => replace(log, &path.canonicalize()?, there.permissions()).await,
        Ok(_) => Ok(export(log, OpenOptions::new().write(true).open(path)?).await?),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            replace(log, &linked(path), Permissions::from_mode(MODE)).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Where links lead to, at the end of which nothing is yet.
fn linked(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    while let Ok(target) = path.read_link() {
        path.pop();
        path.push(target);
    }
    path
}

/// Writes beside a file until that is whole, and then puts it in its place.
async fn replace(log: &Log, path: &Path, permissions: Permissions) -> anyhow::Result<Exported> {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    // An export that was killed leaves its own behind.
    if let Err(error) = std::fs::remove_file(&part)
        && error.kind() != ErrorKind::NotFound
    {
        return Err(error.into());
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&part)?;
    let written = async {
        let exported = export(log, file.try_clone()?).await?;
        file.set_permissions(permissions)?;
        file.sync_all()?;
        std::fs::rename(&part, path)?;
        Ok(exported)
    };
    let written = written.await;
    if written.is_err() {
        let _ = std::fs::remove_file(&part);
    }
    written
}
