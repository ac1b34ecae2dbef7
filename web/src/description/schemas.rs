//! The schemas that the operations refer to. Answers may come to have more members than these.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::operation::named;

/// Every schema, by name.
pub(super) fn all() -> Value {
    let mut schemas = json!({});
    for part in [values(), commands(), accepted(), events(), audit(), queries(), projections(), problems()] {
        if let (Value::Object(all), Value::Object(part)) = (&mut schemas, part) {
            all.extend(part);
        }
    }
    schemas
}

fn values() -> Value {
    json!({
        "AccountId": {
            "type": "string",
            "pattern": "^[A-Za-z0-9._:-]{1,128}$",
            "not": {"enum": ["all", "live", ".", ".."]},
            "examples": ["acc-1"],
        },
        "CommandId": {
            "description": "Visible ASCII characters; an idempotency key, or a UUID that the server made.",
            "type": "string",
            "pattern": "^[!-~]{1,255}$",
            "not": {"enum": ["log", ".", ".."]},
            "examples": ["0198f6c2-7d1e-7cc3-b1f0-2a4d1c5e9b10"],
        },
        "RecordedId": {
            "description": "A command's id; what the server does of itself, such as ending a hold, has one with spaces.",
            "type": "string",
            "pattern": "^([!-~]{1,255}|expire [A-Za-z0-9._:-]{1,128} [A-Za-z0-9._:-]{1,128})$",
            "not": {"enum": ["log", ".", ".."]},
            "examples": ["0198f6c2-7d1e-7cc3-b1f0-2a4d1c5e9b10"],
        },
        "Sequence": {
            "description": "An event's place in the whole log: 1, 2, 3… without gap; 0 is before the first.",
            "type": "integer",
            "minimum": 0,
            "examples": [42],
        },
        "Version": {
            "description": "An event's place in its account's stream: 1, 2, 3… without gap.",
            "type": "integer",
            "minimum": 0,
            "examples": [3],
        },
        "Time": {
            "description": "RFC 3339; in answers UTC with microseconds.",
            "type": "string",
            "format": "date-time",
            "examples": ["2026-01-31T12:00:00.000000Z"],
        },
        "Currency": {"description": "ISO 4217.", "type": "string", "pattern": "^[A-Z]{3}$", "examples": ["USD"]},
        "Money": {
            "description": "Within ±999999999999999 minor units, printed as JavaScript prints it.",
            "type": "number",
            "examples": [10.5],
        },
        "Sum": {
            "description": "A sum over accounts: more digits than a double has.",
            "type": "string",
            "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
            "examples": ["19999999999999.99"],
        },
        "Quantity": {
            "description": "Digits with at most as many decimals as the currency has, as a number or as a string, \
                            read exactly: no exponent, sign or spaces.",
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": 999_999_999_999_999_u64},
                {"type": "number", "minimum": 0, "maximum": 999_999_999_999_999_u64},
                {"type": "string", "pattern": "^(0|[1-9][0-9]{0,14})(\\.[0-9]{1,4})?$"},
            ],
            "examples": [500, "10.50"],
        },
        "Amount": {
            "description": "A quantity above 0.",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 999_999_999_999_999_u64},
                {"type": "number", "exclusiveMinimum": 0, "maximum": 999_999_999_999_999_u64},
                {"type": "string", "pattern": "^(?!0(\\.0+)?$)(0|[1-9][0-9]{0,14})(\\.[0-9]{1,4})?$"},
            ],
            "examples": [500, "10.50"],
        },
        "HoldId": {
            "description": "Unique within the account, for ever.",
            "type": "string",
            "pattern": "^[A-Za-z0-9._:-]{1,128}$",
            "examples": ["hotel-7"],
        },
        "Scope": {"description": "Which movements of money.", "enum": ["all", "debits", "credits"]},
        "Text": {"type": "string", "maxLength": 500, "examples": ["Rent"]},
        "Metadata": {
            "description": "The client's own object, at most 4096 bytes, kept with each event. Nested 100 deep at the most, \
                            no name twice in an object, no number beyond a double, no U+0000.",
            "type": "object",
        },
    })
}

/// A command's body: what is not named is refused.
fn command(required: &[&str], mut own: Value) -> Value {
    let shared = json!({
        "currency": {"description": "An assertion: another currency is refused.", "$ref": "#/components/schemas/Currency"},
        "description": named("Text"),
        "metadata": named("Metadata"),
        "commandId": {"description": "The idempotency key, unless a header gives it.", "$ref": "#/components/schemas/CommandId"},
    });
    if let (Value::Object(own), Value::Object(shared)) = (&mut own, shared) {
        for (name, schema) in shared {
            own.entry(name).or_insert(schema);
        }
        own.retain(|_, schema| !schema.is_null());
        for (name, schema) in own.iter_mut() {
            if !required.contains(&name.as_str()) {
                // What is optional may be null as well.
                *schema = json!({"anyOf": [schema, {"type": "null"}]});
            }
        }
    }
    json!({"type": "object", "required": required, "properties": own, "additionalProperties": false})
}

fn commands() -> Value {
    let one = || {
        command(&["accountId", "amount"], json!({"accountId": named("AccountId"), "amount": named("Amount")}))
    };
    json!({
        "CreateAccount": command(
            &["accountId"],
            json!({
                "accountId": named("AccountId"),
                "initialBalance": {"default": 0, "$ref": "#/components/schemas/Quantity"},
                "currency": {"default": "USD", "$ref": "#/components/schemas/Currency"},
                "owner": named("Text"),
                "overdraftLimit": {"default": 0, "$ref": "#/components/schemas/Quantity"},
                "description": null,
            }),
        ),
        "Deposit": one(),
        "Withdraw": one(),
        "Transfer": command(
            &["fromAccountId", "toAccountId", "amount"],
            json!({
                "fromAccountId": named("AccountId"),
                "toAccountId": named("AccountId"),
                "amount": named("Amount"),
            }),
        ),
        "FreezeAccount": command(
            &["accountId"],
            json!({
                "accountId": named("AccountId"),
                "scope": {"default": "all", "$ref": "#/components/schemas/Scope"},
                "reason": named("Text"),
                "currency": null,
                "description": null,
            }),
        ),
        "CloseAccount": command(
            &["accountId"],
            json!({
                "accountId": named("AccountId"),
                "sweepTo": named("AccountId"),
                "reason": named("Text"),
                "currency": null,
                "description": null,
            }),
        ),
        "ReopenAccount": command(
            &["accountId"],
            json!({
                "accountId": named("AccountId"),
                "reason": named("Text"),
                "currency": null,
                "description": null,
            }),
        ),
        "PlaceHold": command(
            &["accountId", "amount"],
            json!({
                "accountId": named("AccountId"),
                "holdId": {"description": "Else it is the command's id.", "$ref": "#/components/schemas/HoldId"},
                "amount": named("Amount"),
                "expiresInSeconds": {"type": "integer", "minimum": 1, "maximum": domain::hold::HOLD_SECONDS_MAX},
            }),
        ),
        "CaptureHold": command(
            &["accountId", "holdId"],
            json!({
                "accountId": named("AccountId"),
                "holdId": named("HoldId"),
                "amount": {"description": "Else all of it.", "$ref": "#/components/schemas/Amount"},
                "toAccountId": {"description": "Else it goes out.", "$ref": "#/components/schemas/AccountId"},
            }),
        ),
        "ReleaseHold": command(
            &["accountId", "holdId"],
            json!({
                "accountId": named("AccountId"),
                "holdId": named("HoldId"),
                "reason": named("Text"),
                "currency": null,
                "description": null,
            }),
        ),
        "SetLimits": command(
            &["accountId"],
            json!({
                "accountId": named("AccountId"),
                "overdraftLimit": {"description": "How far below nothing the balance may go.", "$ref": "#/components/schemas/Quantity"},
                "maxBalance": {"description": "How high a credit may bring it.", "$ref": "#/components/schemas/Quantity"},
                "perTransaction": {"description": "How much may be taken out, or held, at once.", "$ref": "#/components/schemas/Quantity"},
                "perDay": {"description": "How much on one UTC day.", "$ref": "#/components/schemas/Quantity"},
                "currency": null,
                "description": null,
            }),
        ),
        "Reverse": reverse(),
        "Posting": {
            "type": "object",
            "required": ["fromAccountId", "toAccountId", "amount"],
            "properties": {
                "fromAccountId": named("AccountId"),
                "toAccountId": named("AccountId"),
                "amount": named("Amount"),
            },
            "additionalProperties": false,
        },
        "Post": command(
            &["postings"],
            json!({
                "postings": {"type": "array", "items": named("Posting"), "minItems": 1, "maxItems": domain::account::POSTINGS_MAX},
            }),
        ),
        "BatchItem": {
            "description": "A command's fields, and which command it is.",
            "type": "object",
            "required": ["type"],
            "properties": {
                "type": {"enum": crate::commands::COMMANDS.map(|(name, _)| name)},
                "idempotencyKey": {"description": "The item's own; or, but for a reversal, `commandId`.", "$ref": "#/components/schemas/CommandId"},
            },
        },
        "Batch": {
            "type": "object",
            "required": ["commands"],
            "properties": {
                "commands": {
                    "description": "Each is answered on its own: what is no command is refused in its place of `results`.",
                    "type": "array",
                    "items": {"anyOf": [named("BatchItem"), {}]},
                    "minItems": 1,
                    "maxItems": 1000,
                },
                "commandId": {
                    "description": "The whole batch's idempotency key, unless a header gives it.",
                    "anyOf": [named("CommandId"), {"type": "null"}],
                },
            },
            "additionalProperties": false,
        },
    })
}

/// A reversal's body, whose `commandId` is not its own key.
fn reverse() -> Value {
    let mut reverse = command(
        &[],
        json!({
            "commandId": {"description": "Of the command whose movements go back.", "$ref": "#/components/schemas/CommandId"},
            "sequenceNumber": {"description": "Of the event whose movement goes back.", "type": "integer", "minimum": 1},
            "amount": {"description": "Else all that is left.", "$ref": "#/components/schemas/Quantity"},
            "reason": named("Text"),
            "description": null,
        }),
    );
    let one = |name: &str, other: &str| json!({"required": [name], "properties": {name: {"not": {"type": "null"}}, other: {"type": "null"}}});
    reverse["oneOf"] = json!([one("commandId", "sequenceNumber"), one("sequenceNumber", "commandId")]);
    reverse
}

fn accepted() -> Value {
    json!({
        "Accepted": {
            "type": "object",
            "required": ["success", "commandId", "event", "events", "account", "accounts"],
            "properties": {
                "success": {"const": true},
                "dryRun": {"description": "Nothing was written.", "const": true},
                "commandId": named("RecordedId"),
                "sequence": {
                    "description": "Of the last event; hand it to a query as `atLeast`. Not in a dry run.",
                    "$ref": "#/components/schemas/Sequence",
                },
                "event": named("Event"),
                "events": {"type": "array", "items": named("Event"), "minItems": 1},
                "account": named("AccountAfter"),
                "accounts": {"type": "array", "items": named("AccountAfter"), "minItems": 1},
            },
        },
        "AccountAfter": {
            "type": "object",
            "required": ["accountId", "balance", "available", "version"],
            "properties": {
                "accountId": named("AccountId"),
                "balance": named("Money"),
                "available": named("Money"),
                "version": named("Version"),
            },
            "examples": [{"accountId": "acc-1", "balance": 1500, "available": 1500, "version": 3}],
        },
        "BatchResult": {
            "type": "object",
            "required": ["success", "results"],
            "properties": {
                "success": {"description": "Whether every item was done.", "type": "boolean"},
                "dryRun": {"description": "Nothing was written.", "const": true},
                "commandId": named("RecordedId"),
                "results": {
                    "description": "Each with the `status` and the members that the command alone would be answered with.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["status"],
                        "properties": {
                            "status": {"type": "integer"},
                            "idempotentReplayed": {"description": "It was answered before.", "const": true},
                        },
                    },
                },
            },
        },
        "CommandLine": {
            "description": "A line of the command log; a transfer has fromAccountId and toAccountId.",
            "type": "object",
            "required": ["command", "timestamp", "commandId", "status"],
            "properties": {
                "command": {"enum": [
                    "CREATE_ACCOUNT", "DEPOSIT", "WITHDRAW", "TRANSFER", "FREEZE_ACCOUNT", "UNFREEZE_ACCOUNT",
                    "CLOSE_ACCOUNT", "REOPEN_ACCOUNT", "PLACE_HOLD", "CAPTURE_HOLD", "RELEASE_HOLD", "EXPIRE_HOLD",
                    "SET_LIMITS", "REVERSE", "POST",
                ]},
                "accountId": named("AccountId"),
                "fromAccountId": named("AccountId"),
                "toAccountId": named("AccountId"),
                "amount": {"description": "A refused one is told as it was written.", "type": ["number", "string"]},
                "scope": named("Scope"),
                "sweepTo": named("AccountId"),
                "holdId": named("HoldId"),
                "reverses": {"description": "The movement that went, or was to go, back.", "$ref": "#/components/schemas/Sequence"},
                "timestamp": named("Time"),
                "commandId": named("RecordedId"),
                "status": {"enum": ["accepted", "rejected"]},
                "sequence": {"description": "That of its last event, as in its answer.", "$ref": "#/components/schemas/Sequence"},
                "code": {"type": "string"},
                "error": {"type": "string"},
                "latencyMs": {"type": "number"},
            },
        },
        "Outcome": {
            "type": "object",
            "required": ["commandId", "status", "httpStatus", "answer", "events"],
            "properties": {
                "commandId": named("RecordedId"),
                "status": {"enum": ["accepted", "rejected"]},
                "code": {"type": "string"},
                "httpStatus": {"type": "integer"},
                "answer": {"anyOf": [named("Accepted"), named("Problem")]},
                "events": {"type": "array", "items": named("Event")},
            },
        },
    })
}

fn events() -> Value {
    let kind = |name: &str, required: &[&str], data: Value| {
        let data = json!({"type": "object", "required": required, "properties": data});
        json!({"properties": {"type": {"const": name}, "data": data}})
    };
    let reverses =
        || json!({"description": "The movement that goes back.", "$ref": "#/components/schemas/Sequence"});
    let reversed = || json!({"description": "How much of that is reversed by now.", "$ref": "#/components/schemas/Money"});
    let one = || {
        json!({
            "accountId": named("AccountId"), "amount": named("Money"), "description": named("Text"),
            "holdId": {"description": "The hold that was captured.", "$ref": "#/components/schemas/HoldId"},
            "reverses": reverses(), "reversed": reversed(),
        })
    };
    let hold = |more: Value| {
        let mut data =
            json!({"accountId": named("AccountId"), "holdId": named("HoldId"), "amount": named("Money")});
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        data
    };
    let held = ["accountId", "holdId", "amount"];
    let limit = || json!({"anyOf": [named("Money"), {"type": "null"}]});
    let two = || {
        json!({
            "fromAccountId": named("AccountId"), "toAccountId": named("AccountId"),
            "amount": named("Money"), "description": named("Text"),
            "holdId": {"description": "The hold that was captured.", "$ref": "#/components/schemas/HoldId"},
            "sweep": {"description": "The from-account was emptied to be closed.", "const": true},
            "reverses": reverses(), "reversed": reversed(),
        })
    };
    let turned = |scoped: bool| match scoped {
        true => json!({"accountId": named("AccountId"), "scope": named("Scope"), "reason": named("Text")}),
        false => json!({"accountId": named("AccountId"), "reason": named("Text")}),
    };
    let both = ["fromAccountId", "toAccountId", "amount"];
    json!({
        "Event": {
            "description": "The same object in the reply, the log and the feed. A preview's has no sequenceNumber.",
            "type": "object",
            "required": [
                "eventId", "aggregateId", "version", "type", "schemaVersion", "data", "timestamp",
                "commandId", "correlationId", "causationId", "metadata",
            ],
            "properties": {
                "sequenceNumber": named("Sequence"),
                "eventId": {"type": "string", "format": "uuid"},
                "aggregateId": named("AccountId"),
                "version": named("Version"),
                "type": {"type": "string"},
                "schemaVersion": {"type": "integer"},
                "data": {"type": "object"},
                "timestamp": named("Time"),
                "commandId": named("RecordedId"),
                "correlationId": {"type": "string"},
                "causationId": {"type": "string"},
                "metadata": named("Metadata"),
                "traceparent": {"description": "Where the command's request had one.", "type": "string"},
            },
            "oneOf": [
                kind(
                    "ACCOUNT_CREATED",
                    &["accountId", "initialBalance", "currency", "overdraftLimit"],
                    json!({
                        "accountId": named("AccountId"), "initialBalance": named("Money"), "currency": named("Currency"),
                        "owner": named("Text"), "overdraftLimit": named("Money"),
                    }),
                ),
                kind("MONEY_DEPOSITED", &["accountId", "amount"], one()),
                kind("MONEY_WITHDRAWN", &["accountId", "amount"], one()),
                kind("MONEY_TRANSFERRED", &both, two()),
                kind("TRANSFER_RECEIVED", &both, two()),
                kind("ACCOUNT_FROZEN", &["accountId", "scope"], turned(true)),
                kind("ACCOUNT_UNFROZEN", &["accountId", "scope"], turned(true)),
                kind("ACCOUNT_CLOSED", &["accountId"], turned(false)),
                kind("ACCOUNT_REOPENED", &["accountId"], turned(false)),
                kind(
                    "HOLD_PLACED",
                    &held,
                    hold(json!({"expiresAt": named("Time"), "description": named("Text")})),
                ),
                kind(
                    "HOLD_CAPTURED",
                    &["accountId", "holdId", "amount", "held"],
                    hold(json!({"held": named("Money"), "toAccountId": named("AccountId")})),
                ),
                kind("HOLD_RELEASED", &held, hold(json!({"reason": named("Text")}))),
                kind("HOLD_EXPIRED", &held, hold(json!({}))),
                kind(
                    "LIMITS_SET",
                    &["accountId", "overdraftLimit", "maxBalance", "perTransaction", "perDay"],
                    json!({
                        "accountId": named("AccountId"), "overdraftLimit": named("Money"),
                        "maxBalance": limit(), "perTransaction": limit(), "perDay": limit(),
                    }),
                ),
            ],
            "examples": [{
                "sequenceNumber": 42, "eventId": "0198f6c2-7d1e-7cc3-b1f0-2a4d1c5e9b11", "aggregateId": "acc-1",
                "version": 3, "type": "MONEY_DEPOSITED", "schemaVersion": 1,
                "data": {"accountId": "acc-1", "amount": 500}, "timestamp": "2026-01-31T12:00:00.000000Z",
                "commandId": "rent-2026-02", "correlationId": "rent-2026-02", "causationId": "rent-2026-02",
                "metadata": {},
            }],
        },
    })
}

fn queries() -> Value {
    let limit = |words: &str| json!({"description": words, "anyOf": [named("Money"), {"type": "null"}]});
    json!({
        "Hold": {
            "type": "object",
            "required": ["holdId", "amount", "placedAt", "expiresAt"],
            "properties": {
                "holdId": named("HoldId"),
                "amount": named("Money"),
                "placedAt": named("Time"),
                "expiresAt": {"anyOf": [named("Time"), {"type": "null"}]},
                "description": named("Text"),
            },
        },
        "Account": {
            "type": "object",
            "required": [
                "accountId", "balance", "transactionCount", "createdAt", "lastUpdated", "available", "held",
                "overdraftLimit", "maxBalance", "perTransaction", "perDay", "currency", "status", "owner", "version",
                "sequence",
            ],
            "properties": {
                "accountId": named("AccountId"),
                "balance": named("Money"),
                "transactionCount": {"type": "integer", "minimum": 0},
                "createdAt": named("Time"),
                "lastUpdated": named("Time"),
                "available": {"description": "balance − held + overdraftLimit", "$ref": "#/components/schemas/Money"},
                "held": named("Money"),
                "overdraftLimit": named("Money"),
                "maxBalance": limit("How high a credit may bring the balance."),
                "perTransaction": limit("How much clients may take out, or have held, at once."),
                "perDay": limit("How much on one UTC day."),
                "currency": named("Currency"),
                "status": named("Status"),
                "frozen": {"description": "Where the status is frozen.", "$ref": "#/components/schemas/Scope"},
                "owner": {"anyOf": [named("Text"), {"type": "null"}]},
                "version": named("Version"),
                "sequence": {"description": "Of its last event.", "$ref": "#/components/schemas/Sequence"},
            },
            "examples": [{
                "accountId": "acc-1", "balance": 1500, "transactionCount": 2,
                "createdAt": "2026-01-31T11:00:00.000000Z", "lastUpdated": "2026-01-31T12:00:00.000000Z",
                "available": 1500, "held": 0, "overdraftLimit": 0, "maxBalance": null, "perTransaction": null,
                "perDay": null, "currency": "USD", "status": "open", "owner": null, "version": 3, "sequence": 42,
            }],
        },
        "Status": {"enum": (0..=u8::MAX).filter_map(domain::Status::from_number).map(|status| status.name()).collect::<BTreeSet<_>>()},
        "Volume": {
            "type": "object",
            "required": ["bucket", "buckets"],
            "properties": {
                "bucket": {"enum": ["second", "minute", "hour", "day"]},
                "buckets": {"description": "In order of time.", "type": "array", "items": named("VolumeBucket")},
            },
        },
        "VolumeBucket": {
            "type": "object",
            "required": ["start", "types"],
            "properties": {
                "start": named("Time"),
                "types": {"type": "array", "items": {
                    "type": "object",
                    "required": ["type", "currency", "count", "sum"],
                    "properties": {
                        "type": {"description": "Of the events.", "type": "string"},
                        "currency": named("Currency"),
                        "count": {"type": "integer", "minimum": 1},
                        "sum": {"description": "What they moved.", "$ref": "#/components/schemas/Sum"},
                    },
                }},
            },
        },
        "Statement": {
            "type": "object",
            "required": ["accountId", "currency", "opening", "entries", "closing"],
            "properties": {
                "accountId": named("AccountId"),
                "currency": named("Currency"),
                "opening": named("StatementEnd"),
                "entries": {"description": "Newest first.", "type": "array", "items": named("StatementEntry")},
                "closing": named("StatementEnd"),
            },
        },
        "StatementEnd": {
            "description": "The account at an end of the period, whose place in the log `sequence` is.",
            "type": "object",
            "required": ["sequence", "version", "balance"],
            "properties": {"sequence": named("Sequence"), "version": named("Version"), "balance": named("Money")},
            "examples": [{"sequence": 42, "version": 3, "balance": 1500}],
        },
        "StatementEntry": {
            "type": "object",
            "required": ["sequence", "version", "timestamp", "type", "amount", "balance", "commandId"],
            "properties": {
                "sequence": named("Sequence"),
                "version": named("Version"),
                "timestamp": named("Time"),
                "type": {"type": "string"},
                "amount": {"description": "What it added to the balance.", "$ref": "#/components/schemas/Money"},
                "balance": {"description": "After it.", "$ref": "#/components/schemas/Money"},
                "counterparty": named("AccountId"),
                "description": named("Text"),
                "commandId": named("RecordedId"),
            },
        },
        "LedgerLine": {
            "type": "object",
            "required": ["currency", "accounts", "balances", "in", "out", "agrees"],
            "properties": {
                "currency": named("Currency"),
                "accounts": {"type": "integer", "minimum": 0},
                "balances": named("Sum"),
                "in": named("Sum"),
                "out": named("Sum"),
                "agrees": {"description": "Whether balances = in − out, as always.", "type": "boolean"},
            },
        },
    })
}

fn audit() -> Value {
    let digest = || json!({"type": "string", "pattern": "^[0-9a-f]{64}$"});
    let count = || json!({"type": "integer", "minimum": 0});
    json!({
        "Audit": {
            "type": "object",
            "required": [
                "auditedTo", "head", "violations", "violationsTotal", "conserved", "accounts", "compared", "error",
            ],
            "properties": {
                "auditedTo": named("Sequence"),
                "head": named("Sequence"),
                "violations": {
                    "description": "The first 100 that this process has found.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["firstSequence", "lastSequence", "sequence", "violation"],
                        "properties": {
                            "firstSequence": {"description": "Where its batch begins.", "type": "integer"},
                            "lastSequence": {"description": "Where its batch ends.", "type": "integer"},
                            "sequence": {"description": "The event, if it is one.", "type": ["integer", "null"]},
                            "violation": {"type": "string"},
                        },
                    },
                },
                "violationsTotal": count(),
                "conserved": {
                    "description": "By currency, whether what came in and did not go out is there.",
                    "type": "object",
                    "additionalProperties": {"type": "boolean"},
                },
                "accounts": count(),
                "compared": {
                    "description": "How many accounts of the read model were compared with the log.",
                    "type": "integer",
                    "minimum": 0,
                },
                "error": {"description": "Why it stands still.", "type": ["string", "null"]},
                "publicKey": {
                    "description": "What checkpoints are signed with, where they are: the 32 bytes of the Ed25519 key.",
                    "type": "string",
                    "pattern": "^[0-9a-f]{64}$",
                },
            },
            "examples": [{
                "auditedTo": 42, "head": 42, "violations": [], "violationsTotal": 0, "conserved": {"USD": true},
                "accounts": 2, "compared": 2, "error": null,
            }],
        },
        "Checkpoint": {
            "description": "The head of a batch. `chain` is sha256(previous ‖ root ‖ firstSequence ‖ lastSequence ‖ committedAt \
                            in µs), integers as 8 bytes big-endian.",
            "type": "object",
            "required": [
                "logId", "firstSequence", "lastSequence", "committedAt", "root", "previous", "chain",
            ],
            "properties": {
                "logId": {"type": "string", "format": "uuid"},
                "firstSequence": named("Sequence"),
                "lastSequence": named("Sequence"),
                "committedAt": named("Time"),
                "root": digest(),
                "previous": digest(),
                "chain": digest(),
                "signature": {
                    "description": "Ed25519, over the lines `bursar checkpoint 1`, logId, lastSequence, committedAt and \
                                    chain, each ended by a line feed.",
                    "type": "string",
                    "pattern": "^[0-9a-f]{128}$",
                },
            },
        },
        "Proof": {
            "type": "object",
            "required": ["sequence", "stored", "leaf", "leaves", "path", "checkpoint"],
            "properties": {
                "sequence": named("Sequence"),
                "stored": {"description": "The event's text as it is stored, byte by byte.", "type": "string"},
                "leaf": digest(),
                "leaves": {"description": "How many leaves the batch's tree has.", "type": "integer", "minimum": 1},
                "path": {
                    "description": "From the leaf to the root, from the bottom up (RFC 6962).",
                    "type": "array",
                    "items": digest(),
                },
                "checkpoint": named("Checkpoint"),
            },
        },
    })
}

fn projections() -> Value {
    let count = || json!({"type": "integer", "minimum": 0});
    let counts = |names: &[&str]| {
        let properties: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), count())).collect();
        json!({"type": "object", "required": names, "properties": properties})
    };
    let with = |mut object: Value, required: &[&str], more: Value| {
        if let (Some(properties), Value::Object(more)) = (object["properties"].as_object_mut(), more) {
            properties.extend(more);
        }
        if let Some(all) = object["required"].as_array_mut() {
            all.extend(required.iter().map(|name| json!(name)));
        }
        object
    };
    json!({
        "Projection": with(
            counts(&["checkpoint", "lagEvents", "lagMs", "totalProcessed", "eventsPerSecond", "errors", "restarts"]),
            &["name", "state", "lastError", "poisonSequence", "generation"],
            json!({
                "name": {"type": "string", "examples": ["accounts"]},
                "state": {"enum": ["running", "replaying", "standby", "paused", "faulted"]},
                "lastError": {"type": ["string", "null"]},
                "poisonSequence": {"description": "The event that it can't apply.", "type": ["integer", "null"]},
                "generation": {"type": ["integer", "null"]},
            }),
        ),
        "Paused": {
            "type": "object",
            "required": ["success", "name", "paused"],
            "properties": {"success": {"const": true}, "name": {"type": "string"}, "paused": {"type": "boolean"}},
            "examples": [{"success": true, "name": "accounts", "paused": true}],
        },
        "Replay": with(
            counts(&["done", "total", "eventsPerSecond", "secondsLeft"]),
            &["replayId", "state"],
            json!({
                "success": {"description": "Where it was started with this request.", "const": true},
                "replayId": {"type": "string", "format": "uuid"},
                "state": {"enum": ["running", "done", "failed"]},
                "error": {"type": "string"},
            }),
        ),
        "Stats": with(
            counts(&[
                "lastProcessedSequence", "totalProcessed", "errors", "lagMs", "headSequence", "lagEvents",
                "eventsPerSecond", "restarts",
            ]),
            &["projections", "actors", "journal", "feed"],
            json!({
                "projections": {"type": "array", "items": named("Projection")},
                "actors": counts(&["resident", "loaded", "passivated", "shards", "mailboxes", "commandsInFlight", "commandsInFlightMax"]),
                "journal": counts(&["batches", "events", "eventsPerBatch", "queued", "commitMicros", "lastCommitMicros"]),
                "feed": counts(&["subscribers", "reaped", "restarts"]),
            }),
        ),
        "Setting": {
            "type": "object",
            "required": ["name", "value", "source"],
            "properties": {
                "name": {"type": "string"},
                "value": {"type": "string"},
                "source": {"description": "`default`, `flag`, the variable or the file.", "type": "string"},
            },
            "examples": [{"name": "events-port", "value": "3001", "source": "default"}],
        },
        "Health": {
            "type": "object",
            "required": ["status"],
            "properties": {"status": {"enum": ["healthy", "alive", "ready"]}},
            "examples": [{"status": "healthy"}],
        },
    })
}

fn problems() -> Value {
    json!({
        "Problem": {
            "description": "RFC 9457, with the members that help: `field`, `available`, `required`, `version`…",
            "type": "object",
            "required": ["type", "title", "status", "detail", "code", "error"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "title": {"type": "string"},
                "status": {"type": "integer", "minimum": 400, "maximum": 599},
                "detail": {"type": "string"},
                "code": {"type": "string"},
                "error": {"description": "The same sentence as `detail`.", "type": "string"},
                "field": {"type": "string"},
                "accountId": named("AccountId"),
                "commandId": named("RecordedId"),
                "commands": {
                    "description": "The commands that there are, where one was sent that there is not.",
                    "type": "array", "items": {"type": "string"},
                },
                "retryAfter": {"description": "Seconds.", "type": "integer"},
                "correlationId": {"description": "By which the server's log has the cause.", "type": "string"},
            },
        },
        "Explanation": {
            "type": "object",
            "required": ["type", "code", "status", "title", "description"],
            "properties": {
                "type": {"type": "string", "format": "uri-reference"},
                "code": {"type": "string"},
                "status": {"type": "integer"},
                "title": {"type": "string"},
                "description": {"description": "What a client can do about it.", "type": "string"},
            },
        },
    })
}
