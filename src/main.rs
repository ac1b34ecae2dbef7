//! Bursar: a ledger server. Reads the settings, opens the stores, starts the actors, serves, and ends in order.

mod archive;
mod client;
mod manual;
mod memory;
#[cfg(feature = "otlp")]
mod otlp;
mod server;
mod settings;
mod stores;
mod telemetry;

use std::process::ExitCode;

use clap::Command;
use settings::{EXIT_CONFIG, Settings, Values, WrongSetting};

fn main() -> ExitCode {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let code = if error.use_stderr() { EXIT_CONFIG } else { 0 };
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    if matches.subcommand_name() == Some("openapi") {
        server::say(web::openapi());
        return ExitCode::SUCCESS;
    }
    let values = match gather(&matches) {
        Ok(values) => values,
        Err(error) => return end(EXIT_CONFIG, &error),
    };
    if matches.subcommand_name() == Some("config") {
        // What is wrong is found out from them.
        server::say(&values.to_string());
    }
    let settings = match values.read() {
        Ok(settings) => settings,
        Err(error) => return end(EXIT_CONFIG, &error),
    };
    let serves = matches!(matches.subcommand(), None | Some(("serve", _)));
    let _export = match start_telemetry(&settings, serves) {
        Ok(export) => export,
        Err(error) => return end(code_of(&error), &*error),
    };
    let done = match matches.subcommand() {
        None | Some(("serve", _)) => server::run(&settings, values.shown()),
        Some(("config", _)) => Ok(()),
        Some(("migrate", _)) => {
            stores::migrate(&settings).map(|()| server::say("the log's schema is up to date\n"))
        }
        Some((name @ ("verify" | "export" | "import"), matches)) => {
            return match archive::run(name, matches, &settings) {
                Ok(code) => code,
                Err(error) => end(code_of(&error), &*error),
            };
        }
        Some(("completions", matches)) => manual::completions(command(), matches),
        Some(("man", matches)) => manual::page(command(), matches),
        Some((name, matches)) => client::run(name, matches, &settings),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => end(code_of(&error), &*error),
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    if error.is::<WrongSetting>() { EXIT_CONFIG } else { 1 }
}

/// Log lines, and spans where they are exported: by the server only.
#[cfg(feature = "otlp")]
fn start_telemetry(settings: &Settings, serves: bool) -> anyhow::Result<Option<otlp::Export>> {
    if let Some(endpoint) = settings.otlp_endpoint.as_deref().filter(|_| serves) {
        return telemetry::log_and_export(&settings.log, settings.log_json, endpoint).map(Some);
    }
    telemetry::log_to_stderr(&settings.log, settings.log_json);
    Ok(None)
}

#[cfg(not(feature = "otlp"))]
fn start_telemetry(settings: &Settings, _serves: bool) -> anyhow::Result<Option<()>> {
    telemetry::log_to_stderr(&settings.log, settings.log_json);
    Ok(None)
}

fn command() -> Command {
    Command::new("bursar")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A ledger server: accounts as actors over an append-only event log")
        .args(settings::flags())
        .subcommand(Command::new("serve").about("Serve the five facades (the default)"))
        .subcommand(Command::new("migrate").about("Bring the log's schema up to date, and end"))
        .subcommand(Command::new("openapi").about("Print the OpenAPI document of the interface, and end"))
        .subcommand(
            Command::new("config").about("Print the settings in force and where each came from, and end"),
        )
        .subcommands(archive::subcommands())
        .subcommands(client::subcommands())
        .subcommands(manual::subcommands())
}

fn gather(matches: &clap::ArgMatches) -> Result<Values, WrongSetting> {
    let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
    Values::gather(matches, std::env::vars_os())
}

fn end(code: u8, error: &(dyn std::error::Error + 'static)) -> ExitCode {
    server::complain(&actors::chain_of(error));
    ExitCode::from(code)
}
