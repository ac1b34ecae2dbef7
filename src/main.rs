//! Bursar: a ledger server. Reads the settings, opens the stores, starts the actors, serves, and ends in order.

mod client;
mod manual;
mod server;
mod settings;
mod stores;
mod telemetry;

use std::process::ExitCode;

use clap::Command;
use settings::{EXIT_CONFIG, Settings, Values, WrongSetting};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    let (values, settings) = match read(&matches) {
        Ok(read) => read,
        Err(error) => return end(EXIT_CONFIG, &error),
    };
    telemetry::log_to_stderr(&settings.log, settings.log_json);
    let done = match matches.subcommand() {
        None | Some(("serve", _)) => server::run(&settings, values.shown()),
        Some(("config", _)) => {
            server::say(&values.to_string());
            Ok(())
        }
        Some(("migrate", _)) => stores::migrate(&settings),
        Some(("completions", matches)) => manual::completions(command(), matches),
        Some(("man", matches)) => manual::page(command(), matches),
        Some((name, matches)) => client::run(name, matches, &settings),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<WrongSetting>() => end(EXIT_CONFIG, &*error),
        Err(error) => end(1, &*error),
    }
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
        .subcommands(client::subcommands())
        .subcommands(manual::subcommands())
}

fn read(matches: &clap::ArgMatches) -> Result<(Values, Settings), WrongSetting> {
    let matches = matches.subcommand().map_or(matches, |(_, matches)| matches);
    let values = Values::gather(matches, std::env::vars())?;
    let settings = values.read()?;
    Ok((values, settings))
}

fn end(code: u8, error: &(dyn std::error::Error + 'static)) -> ExitCode {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    server::complain(&text);
    ExitCode::from(code)
}
