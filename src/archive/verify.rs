//! `bursar verify`: audits the whole log as it is stored, and says what can't be right.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use domain::audit::Finding;
use domain::chain::Hex;
use serde_json::json;
use store::archive::Verified;

use super::whole_log;
use crate::server::{complain, say};
use crate::settings::Settings;

/// The exit code where something was found.
const EXIT_FOUND: u8 = 1;

pub(super) fn command() -> Command {
    let path = |name: &'static str| {
        Arg::new(name).long(name).value_name("FILE").value_parser(value_parser!(PathBuf))
    };
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue);
    Command::new("verify")
        .about("Audit the log, or a proof; the exit code is 1 if something can't be right")
        .arg(json.help("A JSON object per line: one per finding, then one that sums up"))
        .arg(path("proof").conflicts_with("json").help("Check this proof of an event alone, without a log"))
        .arg(path("public-key").requires("proof").help("The key that must have signed its checkpoint"))
}

pub(super) async fn run(matches: &ArgMatches, settings: &Settings) -> anyhow::Result<ExitCode> {
    let as_json = matches.get_flag("json");
    let log = whole_log(settings).await?;
    let log_id = log.journal.head().await?.log_id;
    let began = Instant::now();
    let mut is_lost = false;
    let tell = move |finding: &Finding| {
        let line = if as_json { finding_json(finding) } else { finding.to_string() };
        if let Err(error) = say(&format!("{line}\n"))
            && !std::mem::replace(&mut is_lost, true)
        {
            complain(&format!("{error:#}"));
        }
    };
    let Verified { audit, findings } = store::archive::verify(&*log.journal, tell).await?;
    let seconds = began.elapsed().as_secs_f64();
    if as_json {
        let conserved: serde_json::Map<String, serde_json::Value> = audit
            .sums()
            .iter()
            .map(|(currency, sums)| (currency.to_string(), sums.conserved().into()))
            .collect();
        let summary = json!({
            "logId": log_id.to_string(),
            "sequence": audit.last(),
            "chain": Hex(audit.chain()).to_string(),
            "batches": audit.batches(),
            "batchesWithoutCommands": audit.unproved_commands(),
            "accounts": audit.accounts(),
            "refusals": audit.refusals(),
            "conserved": conserved,
            "findings": findings,
            "seconds": seconds,
        });
        say(&format!("{summary}\n"))?;
    } else {
        say(&format!(
            "log {log_id}: {} events in {} batches, {} accounts, {} refusals; chain {}\n",
            audit.last(),
            audit.batches(),
            audit.accounts(),
            audit.refusals(),
            Hex(audit.chain()),
        ))?;
        for (currency, sums) in audit.sums() {
            let word = if sums.conserved() { "conserved" } else { "not conserved" };
            say(&format!("{currency} is {word}\n"))?;
        }
        if audit.unproved_commands() > 0 {
            let count = audit.unproved_commands();
            say(&format!(
                "{count} batches are from before names and fingerprints of commands were in the chain\n"
            ))?;
        }
        let word = if findings == 0 { "sound" } else { "not sound" };
        say(&format!("{word}: {findings} findings in {seconds:.1} s\n"))?;
    }
    Ok(if findings == 0 { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FOUND) })
}

fn finding_json(finding: &Finding) -> String {
    let Finding { batch: (first, last), event, what } = finding;
    json!({"firstSequence": first, "lastSequence": last, "sequence": event, "finding": what}).to_string()
}
