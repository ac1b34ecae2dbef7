//! `bursar verify --proof`: checks an event's proof by itself, with no log and no server.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use domain::chain::Hex;
use domain::proof::{Proof, PublicKey};

use crate::server::{complain, say};
use crate::settings::WrongSetting;

/// The exit code for a proof that does not hold.
const EXIT_FLAWED: u8 = 1;

pub(super) fn run(proof: &Path, public_key: Option<&PathBuf>) -> anyhow::Result<ExitCode> {
    let wrong = |path: &Path, reason: String| WrongSetting {
        name: "public-key".to_owned(),
        reason: format!("{} {reason}", path.display()),
    };
    let key = match public_key {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| wrong(path, error.to_string()))?;
            Some(PublicKey::parse(&text).map_err(|error| wrong(path, error.to_string()))?)
        }
        None => None,
    };
    let text = std::fs::read_to_string(proof).with_context(|| proof.display().to_string())?;
    let read: Proof = serde_json::from_str(&text).with_context(|| proof.display().to_string())?;
    let checked = read.check().and_then(|()| match &key {
        Some(key) => read.checkpoint.check_signature(key),
        None => Ok(()),
    });
    if let Err(flaw) = checked {
        complain(&format!("the proof does not hold: {flaw}"));
        return Ok(ExitCode::from(EXIT_FLAWED));
    }
    let Proof { sequence, stored, checkpoint, .. } = read;
    let signed = match (&key, &checkpoint.signature) {
        (Some(key), _) => format!("signed by the key {}", Hex(key.as_bytes())),
        (None, Some(_)) => "signed, which was not checked (--public-key)".to_owned(),
        (None, None) => "not signed".to_owned(),
    };
    say(&format!(
        "event {sequence} of log {} is in the batch {}..{}, chain {}; {signed}\n{stored}\n",
        checkpoint.log_id, checkpoint.first_sequence, checkpoint.last_sequence, checkpoint.chain
    ))?;
    Ok(ExitCode::SUCCESS)
}
