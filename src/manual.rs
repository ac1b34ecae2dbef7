//! The command line as shells and `man` want it told.

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::server::say;

/// `completions` and `man`.
pub fn subcommands() -> [Command; 2] {
    let shell = Arg::new("shell").required(true).value_parser(value_parser!(Shell));
    let page = Arg::new("subcommand").value_name("SUBCOMMAND");
    [
        Command::new("completions")
            .about("Print what a shell needs to complete this command line")
            .arg(shell),
        Command::new("man")
            .about("Print the manual page, for man -l -")
            .arg(page.help("The page of this subcommand; else that of the program")),
    ]
}

/// Prints what a shell completes by.
pub fn completions(mut program: Command, matches: &ArgMatches) -> anyhow::Result<()> {
    let shell = matches.get_one::<Shell>("shell").context("a shell is required")?;
    let mut script = Vec::new();
    clap_complete::generate(*shell, &mut program, "bursar", &mut script);
    say(&String::from_utf8(script)?)
}

/// Prints a manual page.
pub fn page(mut program: Command, matches: &ArgMatches) -> anyhow::Result<()> {
    program.build();
    let page = match matches.get_one::<String>("subcommand") {
        Some(name) => {
            let found =
                program.find_subcommand(name).with_context(|| format!("there is no subcommand {name}"))?;
            found.clone()
        }
        None => program,
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    say(&String::from_utf8(text)?)
}
