//! The read models: one account, the list, the ledger, and how fresh they are.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::server::{Kind, Server};

on_both_stores!(
    an_account_says_its_version_and_how_fresh_it_is,
    a_write_can_be_read_back,
    the_list_is_sorted_as_asked,
    the_list_comes_in_pages_in_every_order,
    the_list_can_be_narrowed,
    the_list_refuses_what_it_does_not_know,
    the_ledger_adds_up_per_currency,
    what_happened_is_counted_by_time,
);

async fn an_account_says_its_version_and_how_fresh_it_is(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 5).await.accepted();
    let sequence = server.deposit("acc-1", 5).await.sequence();
    let reply = server.get(&format!("/accounts/acc-1?atLeast={sequence}")).await;
    assert_eq!(reply.header("ETag"), Some("\"2\""));
    assert!(reply.number("X-Sequence") >= sequence);
    assert_eq!((&reply.json()["version"], &reply.json()["sequence"]), (&json!(2), &json!(2)));
    let known = server.request(Method::GET, "/accounts/acc-1");
    let known = known.header("If-None-Match", "\"1\"").header("If-None-Match", "W/\"7\", \"2\"");
    assert_eq!(server.send(known).await.status, 304);
    let absent = server.get("/accounts/nobody").await;
    absent.refused(404, "account-not-found");
    assert!(absent.number("X-Sequence") >= sequence);
    // As clients of Express are used to.
    assert_eq!(server.get(&format!("/accounts/acc-1/?atLeast={sequence}")).await.json(), reply.json());
}

/// Every time, by the sequence that the answer had.
async fn a_write_can_be_read_back(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("acc-1", 0).await.accepted();
    for balance in 1..=50 {
        let sequence = server.deposit("acc-1", 1).await.sequence();
        assert_eq!(server.account("acc-1", sequence).await["balance"], balance);
    }
    let late = server.get("/accounts/acc-1?atLeast=1000000&timeout=100ms").await;
    late.refused(503, "not-caught-up");
    assert_eq!(late.number("X-Sequence"), 51);
    for query in ["atLeast=x", "atLeast=-1", "atLeast=1&timeout=11s", "atLeast=1&timeout=soon"] {
        server.get(&format!("/accounts/acc-1?{query}")).await.refused(400, "invalid-field");
    }
}

/// Eight accounts, the balances against the ids.
async fn some_accounts(client: &Client) {
    for (n, name) in ["a1", "a2", "b1", "b2", "B3", "c1", "c2", "c3"].into_iter().enumerate() {
        client.create(name, 8 - n).await.accepted();
    }
    let last = client.deposit("b1", 100).await.sequence();
    client.fresh("/accounts", last).await;
}

fn ids(accounts: &[Value]) -> Vec<&str> {
    accounts.iter().map(|account| account["accountId"].as_str().unwrap()).collect()
}

const BY_ID: [&str; 8] = ["B3", "a1", "a2", "b1", "b2", "c1", "c2", "c3"];
const BY_BALANCE: [&str; 8] = ["c3", "c2", "c1", "B3", "b2", "a2", "a1", "b1"];
const BY_LAST_UPDATED: [&str; 8] = ["a1", "a2", "b2", "B3", "c1", "c2", "c3", "b1"];

async fn the_list_is_sorted_as_asked(kind: Kind) {
    let server = Server::start(kind).await;
    assert_eq!(server.json("/accounts").await, json!([]));
    some_accounts(&server).await;
    for (sort, expected) in [("accountId", BY_ID), ("balance", BY_BALANCE), ("lastUpdated", BY_LAST_UPDATED)]
    {
        let rising = server.json(&format!("/accounts?sort={sort}&order=asc")).await;
        assert_eq!(ids(rising.as_array().unwrap()), expected, "{sort}");
        let falling = server.json(&format!("/accounts?sort={sort}&order=desc")).await;
        let reversed: Vec<&str> = expected.into_iter().rev().collect();
        assert_eq!(ids(falling.as_array().unwrap()), reversed, "{sort}");
    }
    assert_eq!(ids(server.json("/accounts").await.as_array().unwrap()), BY_ID);
}

async fn the_list_comes_in_pages_in_every_order(kind: Kind) {
    let server = Server::start(kind).await;
    some_accounts(&server).await;
    // Equal balances must not confuse the pages.
    join_all((0..5).map(async |n| server.create(&format!("same-{n}"), 3).await.accepted())).await;
    server.fresh("/accounts", 14).await;
    for sort in ["accountId", "balance", "lastUpdated"] {
        for order in ["asc", "desc"] {
            let whole = server.json(&format!("/accounts?sort={sort}&order={order}")).await;
            assert_eq!(whole.as_array().unwrap().len(), 13);
            for limit in [1, 2, 5, 12, 13] {
                let pages = server.pages(&format!("/accounts?sort={sort}&order={order}&limit={limit}")).await;
                assert_eq!(ids(&pages), ids(whole.as_array().unwrap()), "{sort} {order} {limit}");
            }
        }
    }
    let first = server.get("/accounts?limit=5").await;
    assert_eq!(first.number("X-Total-Count"), 13);
    assert!(first.number("X-Sequence") >= 14);
    assert_eq!(ids(server.json("/accounts?after=b2&limit=2").await.as_array().unwrap()), ["c1", "c2"]);
}

async fn the_list_can_be_narrowed(kind: Kind) {
    let server = Server::start(kind).await;
    some_accounts(&server).await;
    let narrowed = server.get("/accounts?prefix=c").await;
    assert_eq!(ids(narrowed.expect(200).as_array().unwrap()), ["c1", "c2", "c3"]);
    assert_eq!(narrowed.number("X-Total-Count"), 3);
    let by_balance = server.json("/accounts?prefix=b&sort=balance&order=desc").await;
    assert_eq!(ids(by_balance.as_array().unwrap()), ["b1", "b2"]);
    assert_eq!(ids(&server.pages("/accounts?prefix=c&limit=1&order=desc").await), ["c3", "c2", "c1"]);
    assert_eq!(server.json("/accounts?prefix=nobody").await, json!([]));
    let open = server.get("/accounts?status=open").await;
    assert_eq!((open.expect(200).as_array().unwrap().len(), open.number("X-Total-Count")), (8, 8));
    assert_eq!(ids(&server.pages("/accounts?status=open&prefix=a&limit=1").await), ["a1", "a2"]);
}

async fn the_list_refuses_what_it_does_not_know(kind: Kind) {
    let server = Server::start(kind).await;
    for query in ["sort=size", "order=up", "status=maybe", "limit=1001", "limit=x", "prefix=a%20b"] {
        let problem = server.get(&format!("/accounts?{query}")).await.refused(400, "invalid-field");
        assert_eq!(problem["field"], query.split('=').next().unwrap(), "{problem}");
    }
    for place in ["~a", "x~a", "a", "balance~a", "balance~x~a", "lastUpdated~1~a"] {
        let problem = server.get(&format!("/accounts?sort=balance&after={place}")).await;
        assert_eq!(problem.refused(400, "invalid-field")["field"], "after", "{place}");
    }
}

/// As decimal strings: a sum has more digits than a double.
async fn the_ledger_adds_up_per_currency(kind: Kind) {
    let server = Server::start(kind).await;
    for (account, currency, initial) in [
        ("big-1", "USD", "9999999999999.99"),
        ("big-2", "USD", "9999999999999.99"),
        ("yen", "JPY", "500"),
        ("small", "USD", "0"),
    ] {
        let body = json!({"accountId": account, "currency": currency, "initialBalance": initial});
        server.post("/commands/create-account", &body).await.accepted();
    }
    server.transfer("big-1", "small", "0.50").await.accepted();
    server.deposit("small", "0.01").await.accepted();
    let last = server.withdraw("yen", 120).await.sequence();
    let ledger = server.fresh("/ledger", last).await;
    let line = |currency: &str| {
        let lines = ledger.as_array().unwrap();
        lines.iter().find(|line| line["currency"] == currency).unwrap_or_else(|| panic!("{ledger}")).clone()
    };
    let usd = json!({
        "currency": "USD", "accounts": 3, "balances": "19999999999999.99", "in": "19999999999999.99", "out": "0", "agrees": true,
    });
    let jpy = json!({"currency": "JPY", "accounts": 1, "balances": "380", "in": "500", "out": "120", "agrees": true});
    assert_eq!((line("USD"), line("JPY")), (usd, jpy));
}

/// In every width; empty buckets are told as well.
async fn what_happened_is_counted_by_time(kind: Kind) {
    let server = Server::start(kind).await;
    server.create("usd", 10).await.accepted();
    server.post("/commands/create-account", &json!({"accountId": "jpy", "currency": "JPY"})).await.accepted();
    server.deposit("usd", json!(0.5)).await.accepted();
    server.deposit("usd", 2).await.accepted();
    let last = server.withdraw("usd", 1).await.sequence();
    let from = server.json("/events").await[0]["timestamp"].as_str().unwrap().to_owned();
    for width in ["second", "minute", "hour", "day"] {
        let volume = server.fresh(&format!("/analytics/volume?bucket={width}&from={from}"), last).await;
        assert_eq!(volume["bucket"], width);
        let mut sums: Vec<(String, String, u64, f64)> = Vec::new();
        for line in
            volume["buckets"].as_array().unwrap().iter().flat_map(|one| one["types"].as_array().unwrap())
        {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            let (count, sum) = (line["count"].as_u64().unwrap(), text("sum").parse::<f64>().unwrap());
            match sums.iter_mut().find(|found| (&found.0, &found.1) == (&text("type"), &text("currency"))) {
                Some(found) => (found.2, found.3) = (found.2 + count, found.3 + sum),
                None => sums.push((text("type"), text("currency"), count, sum)),
            }
        }
        sums.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
        let line =
            |kind: &str, currency: &str, count, sum| (kind.to_owned(), currency.to_owned(), count, sum);
        let expected = [
            line("ACCOUNT_CREATED", "JPY", 1, 0.0),
            line("ACCOUNT_CREATED", "USD", 1, 10.0),
            line("MONEY_DEPOSITED", "USD", 2, 2.5),
            line("MONEY_WITHDRAWN", "USD", 1, 1.0),
        ];
        assert_eq!(sums, expected, "{width}");
    }
    let volume = server.json("/analytics/volume?to=2020-01-01T00:59:59Z").await;
    let buckets = volume["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 60);
    assert_eq!(buckets[0], json!({"start": "2020-01-01T00:00:00.000000Z", "types": []}));
    for query in [
        "bucket=week",
        "from=2020-01-02T00:00:00Z&to=2020-01-01T00:00:00Z",
        "bucket=second&from=2020-01-01T00:00:00Z",
        "to=soon",
    ] {
        server.get(&format!("/analytics/volume?{query}")).await.refused(400, "invalid-field");
    }
}
