//! Money as text: what is an amount, and what is not.

use serde_json::json;

use crate::client::Client;
use crate::server::{Kind, Server};

on_both_stores!(
    amounts_are_read_exactly_or_refused,
    decimals_are_those_of_the_currency,
    balances_stay_within_fifteen_digits,
    an_initial_balance_may_be_nothing_but_not_less,
);

async fn deposit_text(client: &Client, account: &str, amount: &str) -> crate::client::Reply {
    client.post_text("/commands/deposit", &format!(r#"{{"accountId":"{account}","amount":{amount}}}"#)).await
}

/// As JSON numbers or strings, written plainly.
async fn amounts_are_read_exactly_or_refused(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for (amount, printed) in [
        ("1", "1"),
        ("\"1\"", "1"),
        ("1.0", "1"),
        ("\"1.00\"", "1"),
        ("0.01", "0.01"),
        ("\"10.50\"", "10.5"),
        ("10.5", "10.5"),
        ("0.10", "0.1"),
        ("999999999.99", "999999999.99"),
    ] {
        let reply = deposit_text(&server, "acc-1", amount).await;
        reply.accepted();
        assert!(reply.text.contains(&format!(r#""amount":{printed}}}"#)), "{amount}: {}", reply.text);
    }
    let head = server.head().await;
    for amount in [
        "0",
        "0.00",
        "\"0\"",
        "-1",
        "\"-1\"",
        "-0.01",
        "0.001",
        "\"0.001\"",
        "1.000",
        "\"1.000\"",
        "1e3",
        "1E3",
        "\"1e3\"",
        "1e-2",
        "\"+1\"",
        "\" 1\"",
        "\"1 \"",
        "\"\"",
        "\" \"",
        "\".5\"",
        "\"1.\"",
        "\"01\"",
        "\"1,5\"",
        "\"1_000\"",
        "\"0x10\"",
        "\"NaN\"",
        "\"Infinity\"",
        "\"-\"",
        "\"1.2.3\"",
        "\"\u{ff11}\"",
        "10000000000000",
        "9999999999999.999",
        "\"99999999999999999999999999\"",
        "99999999999999999999999999",
        "true",
        "null",
        "[]",
        "[1]",
        "{}",
    ] {
        let problem = deposit_text(&server, "acc-1", amount).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], "amount", "{amount}: {problem}");
    }
    for amount in ["+1", ".5", "1.", "01", "NaN", "Infinity", "0x10", "1_0", "'1'"] {
        deposit_text(&server, "acc-1", amount).await.refused(400, "malformed-json");
    }
    assert_eq!(server.head().await, head);
}

/// Counted as written: `1.00` is no amount of yen.
async fn decimals_are_those_of_the_currency(kind: Kind) {
    let server = Server::start(kind).await;
    for (currency, good, bad) in [
        ("JPY", &["5", "\"500\""][..], &["5.0", "\"5.5\""][..]),
        ("USD", &["5", "5.5", "5.50"], &["5.500", "\"0.005\""]),
        ("BHD", &["5", "1.234", "\"0.001\""], &["1.2345", "\"1.2340\""]),
    ] {
        let body = json!({"accountId": currency, "currency": currency});
        server.post("/commands/create-account", &body).await.accepted();
        for amount in good {
            deposit_text(&server, currency, amount).await.accepted();
        }
        for amount in bad {
            let problem = deposit_text(&server, currency, amount).await.refused(400, "invalid-field");
            assert_eq!(problem["field"], "amount", "{problem}");
        }
    }
    for currency in ["usd", "XAU", "US", "USDX", "XXX", ""] {
        let body = json!({"accountId": "other", "currency": currency});
        let problem = server.post("/commands/create-account", &body).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], "currency");
    }
}

/// Nothing wraps, nothing is rounded.
async fn balances_stay_within_fifteen_digits(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("full", "9999999999999.99").await.accepted();
    server.create("other", 1).await.accepted();
    server.deposit("full", 0.01).await.refused(422, "balance-limit");
    server.transfer("other", "full", 0.01).await.refused(422, "balance-limit");
    server.deposit("full", "10000000000000.00").await.refused(400, "invalid-field");
    let account = server.get("/accounts/full?atLeast=2").await;
    assert!(account.text.contains(r#""balance":9999999999999.99,"#), "{}", account.text);
    server.withdraw("full", "9999999999999.99").await.accepted();
    assert_eq!(server.account("full", 3).await["balance"], 0);
}

async fn an_initial_balance_may_be_nothing_but_not_less(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("zero", 0).await.accepted();
    server.post("/commands/create-account", &json!({"accountId": "default"})).await.accepted();
    assert_eq!(server.account("default", 2).await["balance"], 0);
    for (field, bad) in
        [("initialBalance", json!(-1)), ("initialBalance", json!(0.001)), ("overdraftLimit", json!(-1))]
    {
        let problem = server
            .post("/commands/create-account", &json!({"accountId": "bad", field: bad}))
            .await
            .refused(400, "invalid-field");
        assert_eq!(problem["field"], field);
    }
}
