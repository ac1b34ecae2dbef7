//! The AsyncAPI document: the live feed over WebSocket and as Server-Sent Events.

use serde_json::{Value, json};

use super::schemas;

/// The document.
pub(super) fn document() -> Value {
    let message = |name: &str| json!({"$ref": format!("#/components/messages/{name}")});
    let said = ["Welcome", "NewEvent", "NewEvents", "CaughtUp", "Error"];
    let socket = |address: &str, words: &str| {
        let mut messages: serde_json::Map<String, Value> =
            said.iter().map(|name| ((*name).to_owned(), message(name))).collect();
        messages.insert("Subscribe".to_owned(), message("Subscribe"));
        json!({
            "address": address,
            "description": words,
            "messages": messages,
            "bindings": {"ws": {"method": "GET", "query": query(), "bindingVersion": "0.1.0"}},
        })
    };
    let sent = |channel: &str, names: &[&str]| {
        let messages: Vec<Value> = names
            .iter()
            .map(|name| json!({"$ref": format!("#/channels/{channel}/messages/{name}")}))
            .collect();
        json!({"channel": {"$ref": format!("#/channels/{channel}")}, "messages": messages})
    };
    let operation = |action: &str, channel: &str, names: &[&str]| {
        let mut operation = sent(channel, names);
        operation["action"] = json!(action);
        operation
    };
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Bursar, live",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What is delivered is in order, without gap and without duplicate, however slow the client. \
                            Who loses the connection goes on after the last sequence number that it has.",
        },
        "servers": {
            "events": {"host": "localhost:3001", "protocol": "ws", "description": "The events facade; the dashboard's port has it too."},
            "sse": {"host": "localhost:3001", "protocol": "http", "description": "The same, for Server-Sent Events."},
        },
        "channels": {
            "root": socket("/", "Without parameters nothing but NEW_EVENT is sent until the client has said something."),
            "socket": socket("/ws", "The same, always with WELCOME and CAUGHT_UP."),
            "sse": {
                "address": "/events/live",
                "description": "Server-Sent Events: the message's name as `event`, its payload as `data`, for NEW_EVENT the \
                                event alone; its sequence number as `id`. The header Last-Event-ID stands before \
                                fromSequence. Comments are sent while nothing happens.",
                "messages": {"Welcome": message("SseWelcome"), "NewEvent": message("SseNewEvent"), "CaughtUp": message("SseCaughtUp")},
            },
        },
        "operations": {
            "sendOnRoot": operation("send", "root", &said),
            "receiveOnRoot": operation("receive", "root", &["Subscribe"]),
            "sendOnSocket": operation("send", "socket", &said),
            "receiveOnSocket": operation("receive", "socket", &["Subscribe"]),
            "sendOnSse": operation("send", "sse", &["Welcome", "NewEvent", "CaughtUp"]),
        },
        "components": {"messages": messages(), "schemas": used()},
    })
}

/// The parameters of a socket.
fn query() -> Value {
    json!({
        "type": "object",
        "properties": {
            "fromSequence": {"type": "integer", "minimum": 0, "description": "History after it first; without it, from now on."},
            "accountId": {"type": "string", "description": "May come up to 100 times."},
            "type": {"type": "string", "description": "Such as MONEY_DEPOSITED; may come up to 100 times."},
            "correlationId": {"type": "string"},
            "frames": {"enum": ["single", "batch"], "description": "batch: several events per message, as NEW_EVENTS."},
        },
    })
}

fn messages() -> Value {
    let sequence = json!({"$ref": "#/components/schemas/Sequence"});
    let event = json!({"$ref": "#/components/schemas/Event"});
    let message = |name: &str, summary: &str, required: &[&str], mut properties: Value| {
        properties["type"] = json!({"const": name});
        let required: Vec<&str> = [&["type"], required].concat();
        json!({
            "name": name,
            "summary": summary,
            "contentType": "application/json",
            "payload": {"type": "object", "required": required, "properties": properties},
        })
    };
    let bare = |name: &str, summary: &str, payload: Value| json!({"name": name, "summary": summary, "contentType": "application/json", "payload": payload});
    let one = |name: &str| json!({"type": "object", "required": [name], "properties": {name: sequence}});
    json!({
        "Welcome": message("WELCOME", "At the start", &["headSequence"], json!({"headSequence": sequence})),
        "NewEvent": message("NEW_EVENT", "An event that was committed", &["event"], json!({"event": event})),
        "NewEvents": message(
            "NEW_EVENTS",
            "Several of them",
            &["events"],
            json!({"events": {"type": "array", "items": event, "minItems": 1}}),
        ),
        "CaughtUp": message("CAUGHT_UP", "History is done", &["sequence"], json!({"sequence": sequence})),
        "Error": message(
            "ERROR",
            "What is wrong, before the end; `log-reset` where the place is beyond the end of the log",
            &["code", "error"],
            json!({"code": {"type": "string"}, "error": {"type": "string"}}),
        ),
        "Subscribe": message(
            "SUBSCRIBE",
            "Goes over to other events",
            &[],
            json!({
                "fromSequence": sequence,
                "accountIds": {"type": "array", "items": {"$ref": "#/components/schemas/AccountId"}, "maxItems": 100},
                "eventTypes": {"type": "array", "items": {"type": "string"}, "maxItems": 100},
                "correlationId": {"type": "string", "maxLength": 255},
            }),
        ),
        "SseWelcome": bare("WELCOME", "At the start", one("headSequence")),
        "SseNewEvent": bare("NEW_EVENT", "An event that was committed", event.clone()),
        "SseCaughtUp": bare("CAUGHT_UP", "History is done", one("sequence")),
    })
}

/// The schemas that an event needs.
fn used() -> Value {
    let names = [
        "Event",
        "Sequence",
        "Version",
        "AccountId",
        "RecordedId",
        "Time",
        "HoldId",
        "Scope",
        "Text",
        "Metadata",
        "Money",
        "Currency",
    ];
    let all = schemas::all();
    names.iter().map(|name| ((*name).to_owned(), all[*name].clone())).collect()
}
