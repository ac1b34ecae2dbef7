//! The OpenAPI document: every route with what it takes and answers.

use serde_json::{Value, json};

use super::commands;
use super::operation::{Operation, list_of, named, problems};
use super::schemas;
use crate::Code;
use crate::params::LIMIT_MAX;

const TEXT: &str = "\
A ledger server. JSON in and out, camelCase; what is unknown is refused, naming the field. Every GET answers HEAD as well; \
a method that a path does not take is 405 `method-not-allowed`, a path that is none 404 `not-found`, each as \
`application/problem+json`. This origin has every route; the facades on ports of their own have theirs. The live feed over \
WebSocket is in `/asyncapi.json`.";

/// The document.
pub(super) fn document() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bursar",
            "version": env!("CARGO_PKG_VERSION"),
            "description": TEXT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "commands", "description": "What changes accounts."},
            {"name": "events", "description": "The log."},
            {"name": "queries", "description": "Accounts and sums."},
            {"name": "projections", "description": "How far the read models are."},
            {"name": "operation", "description": "On every port."},
        ],
        "paths": paths(),
        "components": {"schemas": schemas::all(), "examples": problems()},
    })
}

fn paths() -> Value {
    let mut all = json!({});
    for part in [commands::paths(), events(), queries(), projections(), operation()] {
        if let (Value::Object(all), Value::Object(part)) = (&mut all, part) {
            all.extend(part);
        }
    }
    all
}

pub(super) fn get(operation: Operation) -> Value {
    json!({"get": operation.finish()})
}

pub(super) fn post(operation: Operation) -> Value {
    json!({"post": operation.finish()})
}

fn whole(least: u64, most: u64) -> Value {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

pub(super) fn limit(default: usize) -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": default})
}

fn any_place() -> Value {
    whole(0, u64::MAX)
}

/// A list whose next page a header names.
pub(super) fn paged(operation: Operation) -> Operation {
    operation.told_by(200, "Link", &json!({"type": "string"}), "`<…>; rel=\"next\"`, where there is more.")
}

fn fresh(operation: Operation) -> Operation {
    operation.told_by(200, "X-Sequence", &named("Sequence"), "How far the answer is up to date.")
}

/// What narrows events down.
fn filtered(operation: Operation) -> Operation {
    let kinds =
        json!({"type": "array", "items": {"type": "string", "pattern": "^[A-Z_]{1,64}$"}, "maxItems": 100});
    let accounts = json!({"type": "array", "items": named("AccountId"), "maxItems": 100});
    operation
        .query("accountId", &accounts, "Only those of these accounts.")
        .query("type", &kinds, "Only those of these types, such as MONEY_DEPOSITED.")
        .query(
            "correlationId",
            &json!({"type": "string", "maxLength": 255}),
            "Only those of this conversation.",
        )
}

/// A stream of events as an array or as lines.
fn streamed(operation: Operation, words: &str) -> Operation {
    let lines = json!({"description": "An event's JSON per line.", "type": "string"});
    operation.answer(200, &list_of("Event"), words).answer_as(200, "application/x-ndjson", &lines, words)
}

fn events() -> Value {
    let page = Operation::new("events", "listEvents", "Events of the log, in order")
        .query("fromSequence", &any_place(), "Only those after it; not beyond the end of the log.")
        .query("limit", &limit(100), "How many at the most.");
    let page = filtered(page)
        .answer(200, &list_of("Event"), "The next ones.")
        .told_by(200, "X-Head-Sequence", &named("Sequence"), "The end of the log.")
        .refused(&[Code::InvalidField, Code::LogUnavailable]);
    let all = Operation::new("events", "streamEvents", "The whole log, streamed");
    let all = streamed(all, "Every event, in order.")
        .told_by(200, "X-Head-Sequence", &named("Sequence"), "The end of the log when the stream began.")
        .refused(&[Code::InvalidField, Code::LogUnavailable]);
    let live = Operation::new("events", "followEvents", "The live feed as Server-Sent Events")
        .description(
            "`NEW_EVENT` per event, with its sequence number as `id`; `WELCOME` at the start and `CAUGHT_UP` once history \
             is done. It has no end; see `/asyncapi.json`.",
        )
        .query("fromSequence", &any_place(), "History after it first; without it, what happens from now on.")
        .header("Last-Event-ID", &any_place(), "Goes on after this event, whatever fromSequence says.");
    let live = filtered(live)
        // Some tools apply the schema to the whole body and some to each event, so it says nothing.
        .answer_as(200, "text/event-stream", &json!({}), "Events as they are committed.")
        .refused(&[Code::InvalidField, Code::LogUnavailable, Code::Overloaded]);
    let of_account = Operation::new("events", "listEventsOfAccount", "One account's events, in order")
        .path(
            "accountId",
            &json!({"type": "string", "pattern": "^[A-Za-z0-9._:-]{1,128}$"}),
            "Of an account that does not exist there are none.",
        )
        .query("fromVersion", &any_place(), "Only those after it.")
        .query("limit", &json!({"type": "integer", "minimum": 1, "maximum": LIMIT_MAX}), "Without it, all.");
    let of_account = streamed(of_account, "The account's events.").refused(&[
        Code::InvalidField,
        Code::NotFound,
        Code::LogUnavailable,
    ]);
    let audit = Operation::new("events", "getAudit", "What was audited of the log, and what was found")
        .description(
            "Every process audits the log behind its head, from the first event: rows against texts, the chain, a second \
             fold of every account, and the read model of the accounts. The same, at once, is `bursar verify`.",
        )
        .answer(200, &named("Audit"), "How far it is.")
        .refused(&[Code::InvalidField, Code::NotFound, Code::LogUnavailable]);
    let checkpoints =
        Operation::new("events", "listCheckpoints", "The chained heads of the batches, in order")
            .query(
                "fromSequence",
                &any_place(),
                "Only those that end after it; not beyond the end of the log.",
            )
            .query("limit", &limit(100), "How many at the most.")
            .answer(200, &list_of("Checkpoint"), "The next ones.")
            .told_by(200, "X-Head-Sequence", &named("Sequence"), "The end of the log.")
            .refused(&[Code::InvalidField, Code::LogUnavailable]);
    let proof = Operation::new("events", "getProof", "What shows that an event is in the log")
        .description("`bursar verify --proof FILE` checks it without a server.")
        .path("sequence", &whole(1, u64::MAX), "The event.")
        .answer(
            200,
            &named("Proof"),
            "The event with the path to its batch's root, and the batch's checkpoint.",
        )
        .refused(&[Code::InvalidField, Code::NotFound, Code::LogUnavailable]);
    json!({
        "/audit": get(audit),
        "/audit/checkpoints": get(paged(checkpoints)),
        "/audit/proofs/{sequence}": get(proof),
        "/events": get(paged(page)),
        "/events/all/stream": get(all),
        "/events/live": get(live),
        "/events/{accountId}": get(paged(of_account)),
    })
}

/// What waits until it knows the log so far.
fn awaited(operation: Operation) -> Operation {
    operation
        .query("atLeast", &any_place(), "Waits until the answer is of this sequence or a later one.")
        .query(
            "timeout",
            &json!({"type": "string", "pattern": "^0*(([0-9]|10)s?|([0-9]{1,4}|10000)ms)$", "default": "2s"}),
            "For how long: `2s`, `500ms` or seconds, at most 10s.",
        )
        .refused(&[Code::InvalidField, Code::NotCaughtUp])
}

fn queries() -> Value {
    let choice = |words: &[&str]| json!({"enum": words, "default": words.first()});
    let list = Operation::new("queries", "listAccounts", "Accounts")
        .query("sort", &choice(&["accountId", "balance", "lastUpdated"]), "By what.")
        .query("order", &choice(&["asc", "desc"]), "In which direction.")
        .query("status", &named("Status"), "Only these.")
        .query(
            "prefix",
            &json!({"type": "string", "pattern": "^[A-Za-z0-9._:-]{0,128}$"}),
            "Only those whose id begins so.",
        )
        .query("limit", &limit(100), "How many at the most.")
        .query("after", &json!({"type": "string"}), "Only those after this place, which a Link header gave.")
        .query(
            "asOfSequence",
            &any_place(),
            "All as they were at this place of the log, by id; not with sort, order, status, prefix, atLeast, timeout. Among very many that were opened later a page may have fewer than `limit`, and a Link all the same.",
        )
        .query("asOf", &named("Time"), "All as the last batch left them that was committed at or before this time.");
    let list = awaited(list)
        .answer(200, &list_of("Account"), "A page of them.")
        .told_by(
            200,
            "X-Total-Count",
            &json!({"type": "integer", "minimum": 0}),
            "How many there are, or were, on all pages.",
        )
        .refused(&[Code::ViewsUnavailable, Code::LogUnavailable]);
    let one = Operation::new("queries", "getAccount", "One account, as it is or was")
        .path("accountId", &named("AccountId"), "The account.")
        .query(
            "asOfSequence",
            &any_place(),
            "As it was at this place of the log; not with atLeast, timeout, asOf.",
        )
        .query(
            "asOf",
            &named("Time"),
            "As the last batch left it that was committed at or before this time; not with atLeast, timeout.",
        )
        .header("If-None-Match", &json!({"type": "string"}), "A version that the client has.");
    let one = awaited(one)
        .answer(200, &named("Account"), "The account.")
        .told_by(200, "ETag", &json!({"type": "string"}), "`\"<version>\"`")
        .nothing(304, "It still has the version of `If-None-Match`.")
        .refused(&[Code::AccountNotFound, Code::ViewsUnavailable, Code::LogUnavailable]);
    let statement = Operation::new("queries", "getStatement", "What happened to an account, newest first")
        .path("accountId", &named("AccountId"), "The account.")
        .query("from", &named("Time"), "Only what was committed after it; without it, all.")
        .query("to", &named("Time"), "Only what was committed up to it; without it, up to now.")
        .query("limit", &limit(100), "How many entries at the most.")
        .query(
            "after",
            &any_place(),
            "Only entries that follow the one of this version: older ones. A Link header gives it.",
        );
    let statement = awaited(statement)
        .answer(200, &named("Statement"), "The entries between the balances at both ends.")
        .answer_as(
            200,
            "text/csv",
            &json!({"type": "string"}),
            "The entries between the balances at both ends; as CSV, the entries alone.",
        )
        .refused(&[Code::AccountNotFound, Code::LogUnavailable]);
    let holds = Operation::new("queries", "listHolds", "An account's open holds, by id, from the log")
        .path("accountId", &named("AccountId"), "The account.")
        .query("limit", &limit(1000), "How many at the most; without it all, which are no more than that.")
        .query(
            "after",
            &named("HoldId"),
            "Only those that follow the hold with this id. A Link header gives it.",
        );
    let holds = awaited(holds)
        .answer(200, &list_of("Hold"), "The holds.")
        .refused(&[Code::AccountNotFound, Code::LogUnavailable]);
    let ledger = Operation::new("queries", "getLedger", "Sums over all accounts, per currency");
    let ledger = awaited(ledger)
        .answer(200, &list_of("LedgerLine"), "One per currency.")
        .refused(&[Code::ViewsUnavailable, Code::LogUnavailable]);
    let volume = Operation::new("queries", "getVolume", "How much happened when")
        .query(
            "bucket",
            &json!({"enum": ["second", "minute", "hour", "day"], "default": "minute"}),
            "How wide.",
        )
        .query("from", &named("Time"), "The first bucket is the one with it; without it, 60 buckets.")
        .query(
            "to",
            &named("Time"),
            "The last bucket is the one with it; without it, now. At most 1000 buckets.",
        );
    let volume = awaited(volume)
        .answer(200, &named("Volume"), "Every bucket, empty ones too.")
        .refused(&[Code::ViewsUnavailable, Code::LogUnavailable]);
    json!({
        "/analytics/volume": get(fresh(volume)),
        "/accounts": get(fresh(paged(list))),
        "/accounts/{accountId}": get(fresh(one)),
        "/accounts/{accountId}/holds": get(fresh(paged(holds))),
        "/accounts/{accountId}/statement": get(fresh(paged(statement))),
        "/ledger": get(fresh(ledger)),
    })
}

/// Why a body is refused where none is needed.
const BODY_REFUSALS: [Code; 4] =
    [Code::MalformedJson, Code::UnsupportedMediaType, Code::PayloadTooLarge, Code::RequestTimeout];

fn projections() -> Value {
    let new =
        |id: &str, summary: &str| Operation::new("projections", id, summary).refused(&[Code::InvalidField]);
    let stats = new("getStats", "How far the projections are, and what the actors count").answer(
        200,
        &named("Stats"),
        "Of this process.",
    );
    let list = new("listProjections", "Every projection with its state").answer(
        200,
        &list_of("Projection"),
        "The projections.",
    );
    let started = new("startReplay", "Fills every read model anew, beside the served one")
        .answer(202, &named("Replay"), "It is under way.")
        .told_by(202, "Location", &json!({"type": "string"}), "Where to see how far it is.")
        .refused(&[Code::ReplayRunning])
        .refused(&BODY_REFUSALS);
    let replay = new("getReplay", "How far a replay is")
        .path("replayId", &json!({"type": "string", "format": "uuid"}), "One of the last of this process.")
        .answer(200, &named("Replay"), "The replay.")
        .refused(&[Code::NotFound]);
    let switch = |id: &str, summary: &str| {
        new(id, summary)
            .path("name", &json!({"type": "string", "examples": ["accounts"]}), "The projection.")
            .answer(200, &named("Paused"), "It is so now.")
            .refused(&[Code::ProjectionNotFound])
            .refused(&BODY_REFUSALS)
    };
    json!({
        "/stats": get(stats),
        "/projections": get(list),
        "/replay": post(started),
        "/replays/{replayId}": get(replay),
        "/projections/{name}/pause": post(switch("pauseProjection", "Pauses a projection")),
        "/projections/{name}/resume": post(switch("resumeProjection", "Resumes one, also one that is faulted")),
    })
}

fn operation() -> Value {
    let new = |id: &str, summary: &str| Operation::new("operation", id, summary);
    let health =
        |id: &str, summary: &str| new(id, summary).for_everybody().answer(200, &named("Health"), "It is.");
    let ready = health("getReadiness", "Whether the stores answer that the port needs: commands and events the log, the others the read models too")
        .refused(&[Code::LogUnavailable, Code::ViewsUnavailable, Code::Overloaded]);
    let metrics = new("getMetrics", "What the process counts, for Prometheus").for_everybody().answer_as(
        200,
        "text/plain",
        &json!({"type": "string"}),
        "In the text format.",
    );
    let problems = new("listProblems", "Every problem that there is");
    let problems = problems.answer(200, &list_of("Explanation"), "The problems.");
    let problem = new("getProblem", "What a problem means")
        .path("code", &json!({"type": "string", "examples": ["account-not-found"]}), "Its code.")
        .answer(200, &named("Explanation"), "The problem.")
        .refused(&[Code::NotFound]);
    let config = new("getConfig", "The settings in force; on the dashboard's port alone")
        .answer(200, &list_of("Setting"), "As `bursar config` prints them, with what is secret masked.")
        .refused(&[Code::InvalidField]);
    let document = json!({"type": "object"});
    let openapi = new("getOpenapi", "This document").answer(200, &document, "OpenAPI 3.1.");
    let asyncapi = new("getAsyncapi", "The live feed, described").answer(200, &document, "AsyncAPI 3.0.");
    json!({
        "/health": get(health("getHealth", "Whether the process answers")),
        "/livez": get(health("getLiveness", "Whether the process answers")),
        "/readyz": get(ready),
        "/metrics": get(metrics),
        "/problems": get(problems),
        "/problems/{code}": get(problem),
        "/config": get(config),
        "/openapi.json": get(openapi),
        "/asyncapi.json": get(asyncapi),
    })
}
