//! What can go wrong, as a closed list: one table from code to status, name, title and advice.

use actix_web::http::StatusCode;
use actix_web::web::ServiceConfig;
use actix_web::{HttpRequest, HttpResponse};
use domain::json::{self, Object};

use crate::problem::Problem;

/// What went wrong, by the name that clients rely on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The body is no JSON.
    MalformedJson,
    /// A field, parameter or header has a value that it can't have.
    InvalidField,
    /// The host or origin is not allowed.
    Forbidden,
    /// There is no such account.
    AccountNotFound,
    /// The account never had such a hold.
    HoldNotFound,
    /// Nothing is recorded under this command id.
    CommandNotFound,
    /// There is no such projection.
    ProjectionNotFound,
    /// There is nothing at this path.
    NotFound,
    /// The path takes other methods.
    MethodNotAllowed,
    /// The request took too long to arrive.
    RequestTimeout,
    /// The account exists already.
    AccountExists,
    /// There is, or was, a hold of that name.
    HoldExists,
    /// The hold was captured or released before.
    HoldAlreadySettled,
    /// No more of the movement is left to reverse.
    AlreadyReversed,
    /// A replay is under way.
    ReplayRunning,
    /// `If-Match` does not hold.
    VersionMismatch,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is something else than JSON.
    UnsupportedMediaType,
    /// The account has another currency.
    CurrencyMismatch,
    /// From and to are one account.
    SameAccount,
    /// It is no movement that can be reversed.
    NotReversible,
    /// The account is closed.
    AccountClosed,
    /// The account is frozen.
    AccountFrozen,
    /// What is asked for is so already.
    NoChange,
    /// The hold's time is over.
    HoldExpired,
    /// More was to be captured than is held.
    HoldExceeded,
    /// An account with holds can't be closed.
    HoldsOpen,
    /// An account has a bounded number of holds.
    TooManyHolds,
    /// Only an empty account can be closed.
    AccountNotEmpty,
    /// More than may be taken out at once.
    TransactionLimit,
    /// More than may be taken out on one day.
    DailyLimit,
    /// The balance would leave what can be counted.
    BalanceLimit,
    /// More was asked for than is available.
    InsufficientFunds,
    /// The key was used for another command.
    IdempotencyKeyReused,
    /// The path speaks WebSocket only.
    UpgradeRequired,
    /// A bug, or damaged storage.
    InternalError,
    /// The log can't be reached.
    LogUnavailable,
    /// The read models can't be reached.
    ViewsUnavailable,
    /// Too many commands are under way.
    Overloaded,
    /// It is not known yet whether the command was done.
    OutcomeUnknown,
    /// The read model has not reached the sequence asked for.
    NotCaughtUp,
}

/// How a code is told.
pub(crate) struct Row {
    pub(crate) status: StatusCode,
    pub(crate) name: &'static str,
    pub(crate) title: &'static str,
    /// What a client can do about it.
    pub(crate) advice: &'static str,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 41] = [
        Self::MalformedJson,
        Self::InvalidField,
        Self::Forbidden,
        Self::AccountNotFound,
        Self::HoldNotFound,
        Self::CommandNotFound,
        Self::ProjectionNotFound,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::AccountExists,
        Self::HoldExists,
        Self::HoldAlreadySettled,
        Self::AlreadyReversed,
        Self::ReplayRunning,
        Self::VersionMismatch,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::CurrencyMismatch,
        Self::SameAccount,
        Self::NotReversible,
        Self::AccountClosed,
        Self::AccountFrozen,
        Self::NoChange,
        Self::HoldExpired,
        Self::HoldExceeded,
        Self::HoldsOpen,
        Self::TooManyHolds,
        Self::AccountNotEmpty,
        Self::TransactionLimit,
        Self::DailyLimit,
        Self::BalanceLimit,
        Self::InsufficientFunds,
        Self::IdempotencyKeyReused,
        Self::UpgradeRequired,
        Self::InternalError,
        Self::LogUnavailable,
        Self::ViewsUnavailable,
        Self::Overloaded,
        Self::OutcomeUnknown,
        Self::NotCaughtUp,
    ];

    /// The table.
    #[rustfmt::skip]
    pub(crate) fn row(self) -> Row {
        let row = |status, name, title, advice| Row { status, name, title, advice };
        match self {
            Self::MalformedJson => row(StatusCode::BAD_REQUEST, "malformed-json", "Malformed JSON",
                "The body is not JSON text in UTF-8. Nothing was done."),
            Self::InvalidField => row(StatusCode::BAD_REQUEST, "invalid-field", "Invalid field",
                "The member `field` names the body's field, the parameter or the header that is unknown, missing or out of its range. Nothing was done."),
            Self::Forbidden => row(StatusCode::FORBIDDEN, "forbidden", "Forbidden",
                "The request's Host or Origin is not one that this server answers to. See --allowed-hosts and --allowed-origins."),
            Self::AccountNotFound => row(StatusCode::NOT_FOUND, "account-not-found", "Account not found",
                "There is no account with the id in `accountId`. Create it with POST /commands/create-account."),
            Self::HoldNotFound => row(StatusCode::NOT_FOUND, "hold-not-found", "Hold not found",
                "The account in `accountId` never had a hold with the id in `holdId`. GET /accounts/{accountId}/holds lists the open ones."),
            Self::CommandNotFound => row(StatusCode::NOT_FOUND, "command-not-found", "Command not found",
                "Nothing is recorded under this command id so far. To settle an unknown outcome, send the command again with the same key."),
            Self::ProjectionNotFound => row(StatusCode::NOT_FOUND, "projection-not-found", "Projection not found",
                "GET /stats names the projections."),
            Self::NotFound => row(StatusCode::NOT_FOUND, "not-found", "Not found",
                "There is nothing at this path on this port. Where it was to be a command, `commands` names those that there are."),
            Self::MethodNotAllowed => row(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed",
                "The header Allow says which methods the path takes."),
            Self::RequestTimeout => row(StatusCode::REQUEST_TIMEOUT, "request-timeout", "Request timeout",
                "The request did not arrive in time, or came too slowly. Nothing was done; send it again on a new connection."),
            Self::AccountExists => row(StatusCode::CONFLICT, "account-exists", "Account exists",
                "An account with the id in `accountId` exists already."),
            Self::HoldExists => row(StatusCode::CONFLICT, "hold-exists", "Hold exists",
                "The account in `accountId` has, or had, a hold with the id in `holdId`; an id is used once."),
            Self::HoldAlreadySettled => row(StatusCode::CONFLICT, "hold-already-settled", "Hold already settled",
                "The hold in `holdId` has ended; `ended` says how."),
            Self::AlreadyReversed => row(StatusCode::CONFLICT, "already-reversed", "Already reversed",
                "Of the movement at `reverses`, which moved `amount`, `reversed` went back already: `required` is more than is left."),
            Self::ReplayRunning => row(StatusCode::CONFLICT, "replay-running", "Replay running",
                "A replay is under way; `replayId` names it, GET /replays/{replayId} shows how far it is."),
            Self::VersionMismatch => row(StatusCode::PRECONDITION_FAILED, "version-mismatch", "Version mismatch",
                "The account is at `version`, the If-Match header expected `expected`. Read the account again and decide anew."),
            Self::PayloadTooLarge => row(StatusCode::PAYLOAD_TOO_LARGE, "payload-too-large", "Payload too large",
                "The body is larger than `limit` bytes. Nothing was done."),
            Self::UnsupportedMediaType => row(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type",
                "Send the body as JSON, with the header Content-Type: application/json."),
            Self::CurrencyMismatch => row(StatusCode::UNPROCESSABLE_ENTITY, "currency-mismatch", "Currency mismatch",
                "The account in `accountId` has the currency `currency`, not `expected`."),
            Self::SameAccount => row(StatusCode::UNPROCESSABLE_ENTITY, "same-account", "Same account",
                "A transfer needs two different accounts."),
            Self::NotReversible => row(StatusCode::UNPROCESSABLE_ENTITY, "not-reversible", "Not reversible",
                "Deposits, withdrawals, transfers and captures can be reversed; reversals and whatever moves no money can't."),
            Self::AccountClosed => row(StatusCode::UNPROCESSABLE_ENTITY, "account-closed", "Account closed",
                "The account in `accountId` is closed. POST /commands/reopen-account opens it again."),
            Self::AccountFrozen => row(StatusCode::UNPROCESSABLE_ENTITY, "account-frozen", "Account frozen",
                "The account in `accountId` is frozen; `frozen` says for which movements. POST /commands/unfreeze-account lifts it."),
            Self::NoChange => row(StatusCode::UNPROCESSABLE_ENTITY, "no-change", "No change",
                "The account in `accountId` is already as the command asks; `accountStatus` tells how it is."),
            Self::HoldExpired => row(StatusCode::UNPROCESSABLE_ENTITY, "hold-expired", "Hold expired",
                "The time of the hold in `holdId` is over; what it held is available again."),
            Self::HoldExceeded => row(StatusCode::UNPROCESSABLE_ENTITY, "hold-exceeded", "Hold exceeded",
                "`required` is more than `held`, which is what the hold in `holdId` holds."),
            Self::HoldsOpen => row(StatusCode::UNPROCESSABLE_ENTITY, "holds-open", "Holds open",
                "The account in `accountId` has `holds` open holds. Capture or release them first."),
            Self::TooManyHolds => row(StatusCode::UNPROCESSABLE_ENTITY, "too-many-holds", "Too many holds",
                "An account has at most 1,000 open holds; capture or release some first."),
            Self::AccountNotEmpty => row(StatusCode::UNPROCESSABLE_ENTITY, "account-not-empty", "Account not empty",
                "Only an account without balance and holds can be closed. `sweepTo` moves a positive balance to another account first."),
            Self::TransactionLimit => row(StatusCode::UNPROCESSABLE_ENTITY, "transaction-limit", "Transaction limit",
                "`required` is more than `limit`, which may be taken out of the account, or held, at once (`perTransaction`)."),
            Self::DailyLimit => row(StatusCode::UNPROCESSABLE_ENTITY, "daily-limit", "Daily limit",
                "With what was taken out, or held, on this UTC day (`spent`), `required` is more than `limit` (`perDay`)."),
            Self::BalanceLimit => row(StatusCode::UNPROCESSABLE_ENTITY, "balance-limit", "Balance limit",
                "The balance would exceed `limit` (the account's `maxBalance`), or leave ±999999999999999 minor units, within which every amount is exact."),
            Self::InsufficientFunds => row(StatusCode::UNPROCESSABLE_ENTITY, "insufficient-funds", "Insufficient funds",
                "`required` is more than `available`, which is balance − held + overdraftLimit."),
            Self::IdempotencyKeyReused => row(StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused", "Idempotency key reused",
                "Another command was sent under this key before. Use a new key for a new command."),
            Self::UpgradeRequired => row(StatusCode::UPGRADE_REQUIRED, "upgrade-required", "Upgrade required",
                "This path is the live feed: connect with a WebSocket."),
            Self::InternalError => row(StatusCode::INTERNAL_SERVER_ERROR, "internal-error", "Internal error",
                "The server's log has the cause under `correlationId`. If it was a command, send it again with the same key: it is done once at the most."),
            Self::LogUnavailable => row(StatusCode::SERVICE_UNAVAILABLE, "log-unavailable", "Log unavailable",
                "The event log can't be reached. A command was not done; send it again after `retryAfter` seconds, with the same key."),
            Self::ViewsUnavailable => row(StatusCode::SERVICE_UNAVAILABLE, "views-unavailable", "Views unavailable",
                "The read models can't be reached or are behind what was shown before. Commands and single accounts work; ask again after `retryAfter` seconds."),
            Self::Overloaded => row(StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Overloaded",
                "Too many commands are under way. The command was not done; send it again after `retryAfter` seconds, with the same key."),
            Self::OutcomeUnknown => row(StatusCode::SERVICE_UNAVAILABLE, "outcome-unknown", "Outcome unknown",
                "It is not known yet whether the command was done. Send it again with the key in `commandId`: it is done once at the most, and the answer says what became of it."),
            Self::NotCaughtUp => row(StatusCode::SERVICE_UNAVAILABLE, "not-caught-up", "Not caught up",
                "The read model is at `sequence` and did not reach `atLeast` in time. Ask again."),
        }
    }

    /// The name in JSON and in paths.
    pub fn name(self) -> &'static str {
        self.row().name
    }
}

/// Names that clients may know already, and that are not sent yet.
const RESERVED: [Row; 2] = [
    Row {
        status: StatusCode::UNAUTHORIZED,
        name: "unauthenticated",
        title: "Unauthenticated",
        advice: "Reserved: this server asks nobody who they are, and does not send it.",
    },
    Row {
        status: StatusCode::TOO_MANY_REQUESTS,
        name: "rate-limited",
        title: "Rate limited",
        advice: "Reserved: this server counts nobody's requests, and does not send it. When it is busy it says `overloaded`.",
    },
];

/// `GET /problems` and `GET /problems/{code}`: what each code means.
pub(crate) async fn explain(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let text = |row: Row| {
        let mut object = Object::new();
        object.bare("type", format_args!("\"/problems/{}\"", row.name)).text("code", row.name);
        object.bare("status", row.status.as_u16()).text("title", row.title).text("description", row.advice);
        object.into_string()
    };
    let json = match request.match_info().get("code") {
        None => {
            let all: Vec<String> = Code::ALL.into_iter().map(Code::row).map(text).collect();
            json::array(all.iter().map(String::as_str))
        }
        Some(name) => {
            let mut rows = Code::ALL.into_iter().map(Code::row).chain(RESERVED);
            let row = rows.find(|row| row.name == name);
            text(row.ok_or_else(|| Problem::not_found(request.path()))?)
        }
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(json))
}

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(crate::get("/problems", explain)).service(crate::get("/problems/{code}", explain));
}
