//! Accounts as they were: at a sequence, at a moment, and between two moments.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, cents};
use crate::server::{Kind, Server};

on_both_stores!(
    an_account_is_told_as_it_was_at_every_sequence,
    an_account_is_told_as_it_was_at_a_moment,
    a_past_that_is_none_is_refused,
    all_accounts_are_told_as_they_were_by_id,
    a_statement_leads_from_opening_to_closing,
    a_statement_comes_in_pages,
    a_statement_of_a_period_begins_where_the_one_before_ends,
    a_statement_can_be_a_table,
    a_statement_that_can_not_be_is_refused,
);

/// Sequences 1 to 7: two accounts, a deposit on each, a transfer from `acc-1` to `acc-2`, a withdrawal from `acc-1`.
async fn some_history(client: &Client) -> Vec<Value> {
    client.create("acc-1", 10).await.accepted();
    client.create("acc-2", 20).await.accepted();
    client.deposit("acc-1", "1.50").await.accepted();
    client.deposit("acc-2", 1).await.accepted();
    client.transfer("acc-1", "acc-2", 2).await.accepted();
    client.withdraw("acc-1", 3).await.accepted();
    client.log().await
}

fn time(event: &Value) -> &str {
    event["timestamp"].as_str().unwrap()
}

async fn an_account_is_told_as_it_was_at_every_sequence(kind: Kind) {
    let server = Server::start(kind).await;
    some_history(&server).await;
    for (at, balance, version, sequence) in
        [(1, 1000, 1, 1), (2, 1000, 1, 1), (3, 1150, 2, 3), (5, 950, 3, 5), (6, 950, 3, 5), (7, 650, 4, 7)]
    {
        let reply = server.get(&format!("/accounts/acc-1?asOfSequence={at}")).await;
        let account = reply.expect(200);
        assert_eq!(cents(&account["balance"]), balance, "{at}");
        assert_eq!((&account["version"], &account["sequence"]), (&json!(version), &json!(sequence)));
        assert_eq!(reply.number("X-Sequence"), at);
        assert_eq!(reply.header("ETag"), Some(&*format!("\"{version}\"")));
    }
    // At the head it is what it is now.
    assert_eq!(server.json("/accounts/acc-1?asOfSequence=7").await, server.account("acc-1", 7).await);
    let request = server.request(Method::GET, "/accounts/acc-1?asOfSequence=3");
    let unchanged = server.send(request.header("If-None-Match", "\"2\"")).await;
    assert_eq!((unchanged.status, &*unchanged.text), (304, ""));
}

/// The time of an event is that of its decision, before its commit and after all commits that were answered before.
async fn an_account_is_told_as_it_was_at_a_moment(kind: Kind) {
    let server = Server::start(kind).await;
    let log = some_history(&server).await;
    for (moment, balance, place) in
        [(time(&log[2]), 1000, 2), (time(&log[6]), 950, 6), ("9999-01-01T00:00:00+01:00", 650, 7)]
    {
        let reply = server.get(&format!("/accounts/acc-1?asOf={moment}")).await;
        assert_eq!(cents(&reply.expect(200)["balance"]), balance, "{moment}");
        assert_eq!(reply.number("X-Sequence"), place, "{moment}");
    }
    let before = format!("/accounts/acc-1?asOf={}", time(&log[0]));
    server.get(&before).await.refused(404, "account-not-found");
}

async fn a_past_that_is_none_is_refused(kind: Kind) {
    let server = Server::start(kind).await;
    some_history(&server).await;
    for (query, field) in [
        ("asOfSequence=8", "asOfSequence"),
        ("asOfSequence=-1", "asOfSequence"),
        ("asOf=yesterday", "asOf"),
        ("asOf=2026-01-31", "asOf"),
        ("asOfSequence=1&asOf=2026-01-31T12:00:00Z", "asOf"),
        ("asOfSequence=1&atLeast=1", "atLeast"),
        ("asOf=2026-01-31T12:00:00Z&timeout=1s", "timeout"),
    ] {
        let problem = server.get(&format!("/accounts/acc-1?{query}")).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], field, "{query}");
    }
    server.get("/accounts/acc-2?asOfSequence=1").await.refused(404, "account-not-found");
    server.get("/accounts/nobody?asOfSequence=7").await.refused(404, "account-not-found");
    let listed = server.get("/accounts?asOfSequence=7&sort=balance").await.refused(400, "invalid-field");
    assert_eq!(listed["field"], "sort");
}

async fn all_accounts_are_told_as_they_were_by_id(kind: Kind) {
    let server = Server::start(kind).await;
    let log = some_history(&server).await;
    assert_eq!(server.json("/accounts?asOfSequence=0").await, json!([]));
    for at in 1..=7 {
        let pages = server.pages(&format!("/accounts?asOfSequence={at}&limit=1")).await;
        assert_eq!(pages.len(), if at < 2 { 1 } else { 2 });
        for account in &pages {
            let id = account["accountId"].as_str().unwrap();
            assert_eq!(*account, server.json(&format!("/accounts/{id}?asOfSequence={at}")).await);
        }
    }
    // A time stands for one place on all pages, whatever comes meanwhile.
    let first = server.get("/accounts?asOf=2999-01-01T00:00:00Z&limit=1").await;
    assert_eq!((first.number("X-Sequence"), first.number("X-Total-Count")), (7, 2));
    server.create("acc-9", 1).await.accepted();
    let (path, _) = first.header("Link").unwrap()[1..].split_once('>').unwrap();
    let last = server.get(path).await;
    assert_eq!((last.number("X-Sequence"), last.number("X-Total-Count"), last.header("Link")), (7, 2, None));
    let moment = time(&log[6]).replace("Z", "9Z");
    let now = server.get(&format!("/accounts?asOf={moment}")).await;
    assert_eq!(now.expect(200).as_array().unwrap().len(), 2);
    assert_eq!(server.json("/accounts?asOf=2001-01-01T00:00:00Z").await, json!([]));
}

async fn a_statement_leads_from_opening_to_closing(kind: Kind) {
    let server = Server::start(kind).await;
    let log = some_history(&server).await;
    let reply = server.get("/accounts/acc-1/statement").await;
    assert_eq!(reply.number("X-Sequence"), 7);
    let entry = |place: usize, amount: Value, balance: Value| {
        let event = &log[place - 1];
        json!({
            "sequence": place, "version": event["version"], "timestamp": event["timestamp"], "type": event["type"],
            "amount": amount, "balance": balance, "commandId": event["commandId"],
        })
    };
    let mut transferred = entry(5, json!(-2), json!(9.5));
    transferred["counterparty"] = json!("acc-2");
    let expected = json!({
        "accountId": "acc-1",
        "currency": "USD",
        "opening": {"sequence": 0, "version": 0, "balance": 0},
        "entries": [
            entry(7, json!(-3), json!(6.5)),
            transferred,
            entry(3, json!(1.5), json!(11.5)),
            entry(1, json!(10), json!(10)),
        ],
        "closing": {"sequence": 7, "version": 4, "balance": 6.5},
    });
    assert_eq!(reply.expect(200), expected);
    let other = server.json("/accounts/acc-2/statement?limit=1").await;
    assert_eq!(other["entries"][0]["counterparty"], "acc-1");
}

async fn a_statement_comes_in_pages(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for _ in 0..9 {
        server.deposit("acc-1", 1).await.accepted();
    }
    let whole = server.json("/accounts/acc-1/statement").await;
    assert_eq!(whole["entries"].as_array().unwrap().len(), 10);
    for limit in [1, 3, 9, 10, 11] {
        let (mut entries, mut next) = (Vec::new(), Some(format!("/accounts/acc-1/statement?limit={limit}")));
        while let Some(path) = next {
            let reply = server.get(&path).await;
            let page = reply.expect(200);
            assert!(page["entries"].as_array().unwrap().len() <= limit);
            assert_eq!((&page["opening"], &page["closing"]), (&whole["opening"], &whole["closing"]));
            entries.extend(page["entries"].as_array().unwrap().clone());
            next = reply.next_page();
        }
        assert_eq!(json!(entries), whole["entries"], "{limit}");
    }
    for (after, count) in [(0, 0), (1, 0), (2, 1), (11, 10), (u64::MAX, 10)] {
        let page = server.json(&format!("/accounts/acc-1/statement?after={after}")).await;
        assert_eq!(page["entries"].as_array().unwrap().len(), count, "{after}");
    }
}

async fn a_statement_of_a_period_begins_where_the_one_before_ends(kind: Kind) {
    let server = Server::start(kind).await;
    let log = some_history(&server).await;
    let middle = time(&log[4]);
    let (first, second) = (
        server.json(&format!("/accounts/acc-1/statement?to={middle}")).await,
        server.json(&format!("/accounts/acc-1/statement?from={middle}")).await,
    );
    let sequences = |statement: &Value| -> Vec<u64> {
        let entries = statement["entries"].as_array().unwrap().iter();
        entries.map(|entry| entry["sequence"].as_u64().unwrap()).collect()
    };
    assert_eq!((sequences(&first), sequences(&second)), (vec![3, 1], vec![7, 5]));
    assert_eq!(first["closing"], second["opening"]);
    assert_eq!(first["closing"], json!({"sequence": 4, "version": 2, "balance": 11.5}));
    let none = server.json(&format!("/accounts/acc-1/statement?from={middle}&to={middle}")).await;
    assert_eq!((&none["entries"], &none["opening"]), (&json!([]), &none["closing"]));
}

async fn a_statement_can_be_a_table(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", "10.50").await.accepted();
    let body = json!({"accountId": "acc-1", "amount": 1, "description": "=\"tea\", two"});
    server.keyed("k,1", "/commands/withdraw", &body).await.accepted();
    let request =
        server.request(Method::GET, "/accounts/acc-1/statement?limit=1").header("Accept", "text/csv");
    let reply = server.send(request).await;
    assert_eq!(reply.header("Content-Type"), Some("text/csv; charset=utf-8"));
    let event = &server.log().await[1];
    let (head, row) = reply.text.split_once("\r\n").unwrap();
    assert_eq!(
        head,
        "sequence,version,timestamp,type,amount,balance,currency,counterparty,description,commandId"
    );
    let cells = r#"MONEY_WITHDRAWN,-1,9.5,USD,"","'=""tea"", two","k,1""#;
    assert_eq!(row, format!("2,2,{},{cells}\r\n", time(event)));
    assert!(reply.next_page().is_some());
}

async fn a_statement_that_can_not_be_is_refused(kind: Kind) {
    let server = Server::start(kind).await;
    let log = some_history(&server).await;
    for query in ["from=x", "to=2026", "limit=0", "limit=1001", "after=-1", "after=x", "order=asc"] {
        let problem = server.get(&format!("/accounts/acc-1/statement?{query}")).await;
        let field = query.split('=').next().unwrap();
        assert_eq!(problem.refused(400, "invalid-field")["field"], field);
    }
    let (late, early) = (time(&log[6]), time(&log[0]));
    let backwards = server.get(&format!("/accounts/acc-1/statement?from={late}&to={early}")).await;
    assert_eq!(backwards.refused(400, "invalid-field")["field"], "from");
    server.get("/accounts/nobody/statement").await.refused(404, "account-not-found");
    let before = server.get(&format!("/accounts/acc-1/statement?to={early}")).await;
    before.refused(404, "account-not-found");
    let late = server.get("/accounts/acc-1/statement?atLeast=1000&timeout=50ms").await;
    late.refused(503, "not-caught-up");
    assert_eq!(server.get(&format!("/accounts/acc-1/statement?atLeast={}", log.len())).await.status, 200);
    server.post("/accounts/acc-1/statement", &json!({})).await.refused(405, "method-not-allowed");
}
