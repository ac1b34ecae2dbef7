//! `bursar demo-data`: a month of a small bank, through the commands that anybody may send.

use clap::{ArgMatches, Command};

use super::Server;
use crate::server::say;

/// Commands and their bodies. The idempotency key is made of the place: more are added at the end, none is changed.
const COMMANDS: [(&str, &str); 36] = [
    (
        "create-account",
        r#"{"accountId":"demo-works","initialBalance":250000,"owner":"Analytical Engine Works"}"#,
    ),
    ("create-account", r#"{"accountId":"demo-landlord","initialBalance":12000,"owner":"Somerville Homes"}"#),
    (
        "create-account",
        r#"{"accountId":"demo-bakery","initialBalance":3400.50,"owner":"Corner Bakery","overdraftLimit":2000}"#,
    ),
    ("create-account", r#"{"accountId":"demo-power","initialBalance":80000,"owner":"City Power"}"#),
    (
        "create-account",
        r#"{"accountId":"demo-ada","initialBalance":1520.25,"owner":"Ada","overdraftLimit":500}"#,
    ),
    ("create-account", r#"{"accountId":"demo-grace","initialBalance":4310,"owner":"Grace"}"#),
    (
        "create-account",
        r#"{"accountId":"demo-alan","initialBalance":87.40,"owner":"Alan","overdraftLimit":1000}"#,
    ),
    ("create-account", r#"{"accountId":"demo-ada-savings","owner":"Ada"}"#),
    (
        "create-account",
        r#"{"accountId":"demo-yen","initialBalance":480000,"currency":"JPY","owner":"Grace"}"#,
    ),
    ("create-account", r#"{"accountId":"demo-yen-shop","currency":"JPY","owner":"Kanda Books"}"#),
    (
        "transfer",
        r#"{"fromAccountId":"demo-works","toAccountId":"demo-ada","amount":4200,"description":"Salary"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-works","toAccountId":"demo-grace","amount":5100,"description":"Salary"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-works","toAccountId":"demo-alan","amount":3900,"description":"Salary"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-ada","toAccountId":"demo-landlord","amount":1350,"description":"Rent"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-grace","toAccountId":"demo-landlord","amount":1600,"description":"Rent"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-alan","toAccountId":"demo-landlord","amount":1180,"description":"Rent"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-ada","toAccountId":"demo-ada-savings","amount":600,"description":"Savings"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-ada","toAccountId":"demo-power","amount":74.35,"description":"Electricity"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-grace","toAccountId":"demo-power","amount":92.10,"description":"Electricity"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-alan","toAccountId":"demo-power","amount":61.80,"description":"Electricity"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-bakery","toAccountId":"demo-power","amount":812.45,"description":"Electricity"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-bakery","toAccountId":"demo-landlord","amount":2200,"description":"Rent"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-ada","toAccountId":"demo-bakery","amount":8.70,"description":"Bread"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-grace","toAccountId":"demo-bakery","amount":23.95,"description":"Cake"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-alan","toAccountId":"demo-bakery","amount":4.20,"description":"Rolls"}"#,
    ),
    ("withdraw", r#"{"accountId":"demo-ada","amount":120,"description":"Cash"}"#),
    ("withdraw", r#"{"accountId":"demo-alan","amount":60,"description":"Cash"}"#),
    ("deposit", r#"{"accountId":"demo-bakery","amount":1874.60,"description":"Takings of the week"}"#),
    ("deposit", r#"{"accountId":"demo-bakery","amount":2011.15,"description":"Takings of the week"}"#),
    ("deposit", r#"{"accountId":"demo-grace","amount":350,"description":"Lecture fee"}"#),
    (
        "transfer",
        r#"{"fromAccountId":"demo-yen","toAccountId":"demo-yen-shop","amount":18500,"description":"Books"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-yen","toAccountId":"demo-yen-shop","amount":3960,"description":"Maps"}"#,
    ),
    ("deposit", r#"{"accountId":"demo-yen","amount":25000,"description":"Refund of travel costs"}"#),
    (
        "transfer",
        r#"{"fromAccountId":"demo-grace","toAccountId":"demo-alan","amount":45.50,"description":"Dinner"}"#,
    ),
    (
        "transfer",
        r#"{"fromAccountId":"demo-ada-savings","toAccountId":"demo-ada","amount":150,"description":"Bicycle repair"}"#,
    ),
    ("withdraw", r#"{"accountId":"demo-works","amount":31999.99,"description":"Brass and steel"}"#),
];

pub(super) fn command() -> Command {
    Command::new("demo-data")
        .about("Fill a running server with a month of a small bank; doing it again changes nothing")
}

pub(super) fn run(server: &Server, _: &ArgMatches) -> anyhow::Result<()> {
    let mut repeated = 0;
    for (place, (name, body)) in COMMANDS.iter().enumerate() {
        let key = format!("demo-data-{place}");
        let answer = server.post(&format!("/commands/{name}"), Some(&key), body)?;
        repeated += usize::from(answer.headers().contains_key("idempotent-replayed"));
    }
    let done = COMMANDS.len() - repeated;
    say(&format!("{done} commands done, {repeated} were done before\n"));
    Ok(())
}
