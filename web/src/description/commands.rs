//! The commands' part of the OpenAPI document.

use serde_json::{Value, json};

use super::openapi::{get, limit, paged, post};
use super::operation::{Operation, list_of, named};
use crate::Code;

const KEY: &str =
    "The idempotency key: the same key with the same command is answered the same, refusals too.";

/// A command on one account, or from one, which may be to hold for one version of it.
fn command(id: &str, summary: &str, body: &str, example: &Value, refusals: &[Code]) -> Operation {
    any_command(id, summary, body, example, refusals)
        .header(
            "If-Match",
            &json!({"type": "string", "pattern": "^(\"[0-9]{1,19}\"|[0-9]{1,19})$", "examples": ["\"3\""]}),
            "The version that the (from-)account must have.",
        )
        .refused(&[Code::VersionMismatch])
}

fn any_command(id: &str, summary: &str, body: &str, example: &Value, refusals: &[Code]) -> Operation {
    asked(id, summary, body, example)
        .answer(200, &named("Accepted"), "It is done: the events are in the log, on disk.")
        .told_by(
            200,
            "Idempotent-Replayed",
            &json!({"const": "true"}),
            "It was done before, and is answered from the log.",
        )
        .refused(&[Code::IdempotencyKeyReused, Code::OutcomeUnknown])
        .refused(refusals)
}

/// What all have in common.
fn asked(id: &str, summary: &str, body: &str, example: &Value) -> Operation {
    Operation::new("commands", id, summary)
        .query(
            "dryRun",
            &json!({"type": "boolean", "default": false}),
            "Decides the same and writes nothing.",
        )
        .query("idempotencyKey", &named("CommandId"), KEY)
        .header("Idempotency-Key", &named("CommandId"), KEY)
        .header(
            "X-Correlation-Id",
            &json!({"type": "string", "pattern": "^[!-~]{1,255}$"}),
            "The conversation that it belongs to: the events' `correlationId`, else the command's id.",
        )
        .header(
            "traceparent",
            &json!({"type": "string", "examples": ["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"]}),
            "W3C Trace Context: stands on the events as `traceparent`. One that can't be read is passed over.",
        )
        .body(body, example)
        .refused(&[
            Code::MalformedJson,
            Code::InvalidField,
            Code::RequestTimeout,
            Code::PayloadTooLarge,
            Code::UnsupportedMediaType,
            Code::LogUnavailable,
            Code::Overloaded,
        ])
}

/// The paths of the commands.
pub(super) fn paths() -> Value {
    let created = command(
        "createAccount",
        "Opens an account",
        "CreateAccount",
        &json!({"accountId": "acc-1", "initialBalance": 1000, "currency": "USD"}),
        &[Code::AccountExists],
    )
    .answer(200, &named("Accepted"), "What would be done (`dryRun`).")
    .answer(201, &named("Accepted"), "It is done: the events are in the log, on disk.")
    .told_by(201, "Location", &json!({"type": "string"}), "The account's path.")
    .told_by(
        201,
        "Idempotent-Replayed",
        &json!({"const": "true"}),
        "It was done before, and is answered from the log.",
    );
    let deposited = command(
        "deposit",
        "Pays in",
        "Deposit",
        &json!({"accountId": "acc-1", "amount": 500, "description": "Salary"}),
        &[
            Code::AccountNotFound,
            Code::CurrencyMismatch,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::BalanceLimit,
        ],
    );
    let withdrawn = command(
        "withdraw",
        "Pays out",
        "Withdraw",
        &json!({"accountId": "acc-1", "amount": "20.50"}),
        &[
            Code::AccountNotFound,
            Code::CurrencyMismatch,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::TransactionLimit,
            Code::DailyLimit,
            Code::InsufficientFunds,
            Code::BalanceLimit,
        ],
    );
    let transferred = command(
        "transfer",
        "Moves money from one account to another, in one commit",
        "Transfer",
        &json!({"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 100}),
        &[
            Code::AccountNotFound,
            Code::SameAccount,
            Code::CurrencyMismatch,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::TransactionLimit,
            Code::DailyLimit,
            Code::InsufficientFunds,
            Code::BalanceLimit,
        ],
    );
    let frozen = command(
        "freezeAccount",
        "Stops movements of money on an account",
        "FreezeAccount",
        &json!({"accountId": "acc-1", "scope": "debits", "reason": "lost card"}),
        &[Code::AccountNotFound, Code::AccountClosed, Code::NoChange],
    );
    let unfrozen = command(
        "unfreezeAccount",
        "Lets money move again",
        "FreezeAccount",
        &json!({"accountId": "acc-1"}),
        &[Code::AccountNotFound, Code::AccountClosed, Code::NoChange],
    );
    let closed = command(
        "closeAccount",
        "Closes an account that is empty, or is swept to another one in the same commit",
        "CloseAccount",
        &json!({"accountId": "acc-1", "sweepTo": "acc-2"}),
        &[
            Code::AccountNotFound,
            Code::SameAccount,
            Code::CurrencyMismatch,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::NoChange,
            Code::HoldsOpen,
            Code::AccountNotEmpty,
            Code::BalanceLimit,
        ],
    );
    let reopened = command(
        "reopenAccount",
        "Opens a closed account again",
        "ReopenAccount",
        &json!({"accountId": "acc-1"}),
        &[Code::AccountNotFound, Code::NoChange],
    );
    let placed = command(
        "placeHold",
        "Sets money aside: it stays in the balance and is not available",
        "PlaceHold",
        &json!({"accountId": "acc-1", "holdId": "hotel-7", "amount": 120, "expiresInSeconds": 86400}),
        &[
            Code::AccountNotFound,
            Code::HoldExists,
            Code::CurrencyMismatch,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::TooManyHolds,
            Code::TransactionLimit,
            Code::DailyLimit,
            Code::InsufficientFunds,
            Code::BalanceLimit,
        ],
    );
    let captured = command(
        "captureHold",
        "Moves what is held, or a part of it, out or to another account; the rest is released",
        "CaptureHold",
        &json!({"accountId": "acc-1", "holdId": "hotel-7", "amount": "99.90"}),
        &[
            Code::AccountNotFound,
            Code::HoldNotFound,
            Code::HoldAlreadySettled,
            Code::SameAccount,
            Code::CurrencyMismatch,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::HoldExpired,
            Code::HoldExceeded,
            Code::BalanceLimit,
        ],
    );
    let released = command(
        "releaseHold",
        "Makes what is held available again",
        "ReleaseHold",
        &json!({"accountId": "acc-1", "holdId": "hotel-7"}),
        &[Code::AccountNotFound, Code::HoldNotFound, Code::HoldAlreadySettled, Code::HoldExpired],
    );
    let limited = command(
        "setLimits",
        "Bounds what comes: what is not named stays as it is, null lifts a bound",
        "SetLimits",
        &json!({"accountId": "acc-1", "overdraftLimit": 500, "perDay": 2000, "perTransaction": null}),
        &[Code::AccountNotFound, Code::AccountClosed, Code::NoChange],
    );
    let reversed = any_command(
        "reverse",
        "Sends back what a command or an event moved, whole or in part",
        "Reverse",
        &json!({"sequenceNumber": 42, "amount": 100, "reason": "paid twice"}),
        &[
            Code::CommandNotFound,
            Code::NotFound,
            Code::CurrencyMismatch,
            Code::AlreadyReversed,
            Code::NotReversible,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::InsufficientFunds,
            Code::BalanceLimit,
        ],
    );
    let posted = any_command(
        "post",
        "Moves money between several accounts, all or nothing, in one commit",
        "Post",
        &json!({"postings": [
            {"fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 90},
            {"fromAccountId": "acc-1", "toAccountId": "fees", "amount": 10},
        ]}),
        &[
            Code::AccountNotFound,
            Code::SameAccount,
            Code::CurrencyMismatch,
            Code::AccountClosed,
            Code::AccountFrozen,
            Code::TransactionLimit,
            Code::DailyLimit,
            Code::InsufficientFunds,
            Code::BalanceLimit,
        ],
    );
    let batched = asked(
        "batch",
        "Many commands, each on its own, decided in order",
        "Batch",
        &json!({"commands": [
            {"type": "deposit", "accountId": "acc-1", "amount": 5},
            {"type": "transfer", "fromAccountId": "acc-1", "toAccountId": "acc-2", "amount": 5},
        ]}),
    )
    .description(
        "Under the batch's key, an item without one of its own has one that is made of it and of the item's place among \
         those: so the whole can be sent again; another batch under that key is refused. Nothing is recorded under the \
         batch's key itself, and a command that is sent alone may have the same one. Behind an item that is answered 503 \
         nothing is done, since it may rest on that one. A body of up to 4 MiB, \
         whose postings come to events of up to 16 MiB.",
    )
    .answer(200, &named("BatchResult"), "One result each, in order: what was refused is told there.")
    .told_by(
        200,
        "Idempotent-Replayed",
        &json!({"const": "true"}),
        "All of it was done or refused before, and is answered from the log.",
    );
    let log = Operation::new("commands", "listCommands", "The newest commands, oldest first")
        .query("limit", &limit(20), "How many at the most.")
        .query("status", &json!({"enum": ["accepted", "rejected"]}), "Only these.")
        .query("accountId", &named("AccountId"), "Only those that touch this account.")
        .query(
            "before",
            &json!({"type": "string"}),
            "Only those before this place, which a Link header gave.",
        )
        .answer(200, &list_of("CommandLine"), "Lines of the command log.")
        .refused(&[Code::InvalidField, Code::LogUnavailable]);
    let recalled = Operation::new("commands", "getCommand", "What became of a command")
        .description(
            "Under an id that is the name of a command, such as `deposit`, stands that command, which takes POST alone. A POST \
             to a command that there is not is 404 `not-found`, with the names of those that there are in `commands`.",
        )
        .path("commandId", &named("RecordedId"), "Percent-encoded.")
        .answer(200, &named("Outcome"), "Its first answer and its events.")
        .refused(&[Code::InvalidField, Code::CommandNotFound, Code::LogUnavailable]);
    json!({
        "/commands/create-account": post(created),
        "/commands/deposit": post(deposited),
        "/commands/withdraw": post(withdrawn),
        "/commands/transfer": post(transferred),
        "/commands/freeze-account": post(frozen),
        "/commands/unfreeze-account": post(unfrozen),
        "/commands/close-account": post(closed),
        "/commands/reopen-account": post(reopened),
        "/commands/place-hold": post(placed),
        "/commands/capture-hold": post(captured),
        "/commands/release-hold": post(released),
        "/commands/set-limits": post(limited),
        "/commands/reverse": post(reversed),
        "/commands/post": post(posted),
        "/commands/batch": post(batched),
        "/commands/log": get(paged(log)),
        "/commands/{commandId}": get(recalled),
    })
}
