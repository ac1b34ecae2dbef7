//! Where several refusals apply: shape, key, existence, version, status, limits, funds; the from-account first.

use reqwest::Method;
use serde_json::{Value, json};

use crate::server::{Kind, Server};

on_both_stores!(the_first_refusal_that_applies_is_the_answer);

async fn the_first_refusal_that_applies_is_the_answer(kind: Kind) {
    let server = Server::start(kind).await;
    for (account, currency) in [("usd", "USD"), ("usd-2", "USD"), ("eur", "EUR")] {
        let body = json!({"accountId": account, "initialBalance": 5, "currency": currency});
        server.post("/commands/create-account", &body).await.accepted();
    }
    server.create("full", 1).await.accepted();
    server.post("/commands/set-limits", &json!({"accountId": "full", "maxBalance": 1})).await.accepted();
    let used = json!({"accountId": "usd", "amount": 1});
    server.keyed("used", "/commands/deposit", &used).await.accepted();
    let transfer = |from: &str, to: &str, amount: Value| json!({"fromAccountId": from, "toAccountId": to, "amount": amount});
    let move_by = |account: &str, amount: Value| json!({"accountId": account, "amount": amount});

    // Each line breaks the rule of its code and as many as possible of the later ones.
    let cases = [
        (
            "shape before key",
            Some("used"),
            Some(9),
            "withdraw",
            move_by("nobody", json!(-1)),
            400,
            "invalid-field",
        ),
        (
            "key before existence",
            Some("used"),
            Some(9),
            "withdraw",
            move_by("nobody", json!(99)),
            422,
            "idempotency-key-reused",
        ),
        (
            "existence before version",
            None,
            Some(9),
            "withdraw",
            move_by("nobody", json!(99)),
            404,
            "account-not-found",
        ),
        (
            "existence before version",
            None,
            Some(9),
            "create-account",
            json!({"accountId": "usd"}),
            409,
            "account-exists",
        ),
        (
            "existence of both before version",
            None,
            Some(9),
            "transfer",
            transfer("usd", "nobody", json!(99)),
            404,
            "account-not-found",
        ),
        (
            "version before same account",
            None,
            Some(9),
            "transfer",
            transfer("usd", "usd", json!(99)),
            412,
            "version-mismatch",
        ),
        (
            "version before funds",
            None,
            Some(9),
            "withdraw",
            move_by("usd", json!(99)),
            412,
            "version-mismatch",
        ),
        (
            "same account before funds",
            None,
            None,
            "transfer",
            transfer("usd", "usd", json!(99)),
            422,
            "same-account",
        ),
        (
            "currency before funds",
            None,
            None,
            "transfer",
            transfer("usd", "eur", json!(99)),
            422,
            "currency-mismatch",
        ),
        (
            "limits of the to-account before funds of the from-account",
            None,
            None,
            "transfer",
            transfer("usd", "full", json!(99)),
            422,
            "balance-limit",
        ),
        ("funds", None, None, "transfer", transfer("usd", "usd-2", json!(99)), 422, "insufficient-funds"),
    ];
    for (rule, key, version, command, body, status, code) in cases {
        let mut request = server.request(Method::POST, &format!("/commands/{command}")).json(&body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(version) = version {
            request = request.header("If-Match", format!("\"{version}\""));
        }
        eprintln!("{rule}");
        server.send(request).await.refused(status, code);
    }

    // The from-account is named first.
    let problem = server.transfer("nobody-1", "nobody-2", 1).await.refused(404, "account-not-found");
    assert!(problem.to_string().contains("nobody-1"), "{problem}");
    // An asserted currency is compared with both.
    let mut body = transfer("usd", "usd-2", json!(1));
    body["currency"] = json!("EUR");
    server.post("/commands/transfer", &body).await.refused(422, "currency-mismatch");
    body["currency"] = json!("USD");
    server.post("/commands/transfer", &body).await.accepted();
}
