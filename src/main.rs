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
    run().unwrap_or_else(|error| {
        server::complain(&format!("{error:#}"));
        ExitCode::from(if error.is::<WrongSetting>() { EXIT_CONFIG } else { 1 })
    })
}

fn run() -> anyhow::Result<ExitCode> {
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) if error.use_stderr() => {
            let _ = error.print();
            return Ok(ExitCode::from(EXIT_CONFIG));
        }
        // The help or the version, which was asked for.
        Err(asked) => return server::written(asked.print()).map(|()| ExitCode::SUCCESS),
    };
    if matches.subcommand_name() == Some("openapi") {
        return server::say(web::openapi()).map(|()| ExitCode::SUCCESS);
    }
    let values = gather(&matches)?;
    if matches.subcommand_name() == Some("config") {
        // What is wrong is found out from them.
        server::say(&values.to_string())?;
    }
    let serves = matches!(matches.subcommand_name(), None | Some("serve"));
    let settings = values.read(serves || matches.subcommand_name() == Some("config"))?;
    let _export = start_telemetry(&settings, serves)?;
    match matches.subcommand() {
        None | Some(("serve", _)) => server::run(&settings, values.shown())?,
        Some(("config", _)) => {}
        Some(("migrate", _)) => {
            stores::migrate(&settings)?;
            server::say("the log's schema is up to date\n")?;
        }
        Some((name @ ("verify" | "export" | "import"), matches)) => {
            return archive::run(name, matches, &settings);
        }
        Some(("completions", matches)) => manual::completions(command(), matches)?,
        Some(("man", matches)) => manual::page(command(), matches)?,
        Some((name, matches)) => client::run(name, matches, &settings)?,
    }
    Ok(ExitCode::SUCCESS)
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

const BEYOND_FLAGS: &str = "\
Each setting is also read from the environment, as BURSAR_ and its name (BURSAR_EVENTS_PORT; DATABASE_URL, REDIS_URL and \
OTEL_EXPORTER_OTLP_ENDPOINT are known as well), and from the TOML file that --config or BURSAR_CONFIG names. A flag wins over the \
environment, that over the file.

Exit codes: 0 it is done; 1 it failed, or verify has found something; 70 the server can't go on from what it knew of the \
log, and is to be started again; 78 a setting or an argument is wrong.";

fn command() -> Command {
    Command::new("bursar")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A ledger server: accounts as actors over an append-only event log")
        .args(settings::flags())
        .after_help(BEYOND_FLAGS)
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
