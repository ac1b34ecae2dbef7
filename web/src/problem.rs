//! Every way in which a request can fail, and the one table that says how each is told: `application/problem+json`.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use actors::{Failure, NotReady};
use domain::{CommandId, Currency, Money, Refusal, Sequence};
use store::{JournalError, ViewsError};
use uuid::Uuid;

use crate::json::Object;

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
    /// Nothing is recorded under this command id.
    CommandNotFound,
    /// There is no such projection.
    ProjectionNotFound,
    /// There is nothing at this path.
    NotFound,
    /// The path takes other methods.
    MethodNotAllowed,
    /// The body took too long.
    RequestTimeout,
    /// The account exists already.
    AccountExists,
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
struct Row {
    status: StatusCode,
    name: &'static str,
    title: &'static str,
    /// What a client can do about it.
    advice: &'static str,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 26] = [
        Self::MalformedJson,
        Self::InvalidField,
        Self::Forbidden,
        Self::AccountNotFound,
        Self::CommandNotFound,
        Self::ProjectionNotFound,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::AccountExists,
        Self::ReplayRunning,
        Self::VersionMismatch,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::CurrencyMismatch,
        Self::SameAccount,
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
    fn row(self) -> Row {
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
            Self::CommandNotFound => row(StatusCode::NOT_FOUND, "command-not-found", "Command not found",
                "Nothing is recorded under this command id so far. To settle an unknown outcome, send the command again with the same key."),
            Self::ProjectionNotFound => row(StatusCode::NOT_FOUND, "projection-not-found", "Projection not found",
                "GET /stats names the projections."),
            Self::NotFound => row(StatusCode::NOT_FOUND, "not-found", "Not found",
                "There is nothing at this path on this port."),
            Self::MethodNotAllowed => row(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed",
                "The header Allow says which methods the path takes."),
            Self::RequestTimeout => row(StatusCode::REQUEST_TIMEOUT, "request-timeout", "Request timeout",
                "The body did not arrive in time. Nothing was done."),
            Self::AccountExists => row(StatusCode::CONFLICT, "account-exists", "Account exists",
                "An account with the id in `accountId` exists already."),
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
            Self::BalanceLimit => row(StatusCode::UNPROCESSABLE_ENTITY, "balance-limit", "Balance limit",
                "The balance would leave ±999999999999999 minor units, within which every amount is exact."),
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

/// A failure on its way to the client.
#[derive(Clone, Debug)]
pub struct Problem {
    code: Code,
    detail: String,
    members: Object,
    headers: Vec<(HeaderName, HeaderValue)>,
    closes: bool,
    log_reset: bool,
}

impl Problem {
    /// A problem in a sentence for people.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (members, headers) = (Object::new(), Vec::new());
        let mut problem =
            Self { code, detail: detail.into(), members, headers, closes: false, log_reset: false };
        if code.row().status == StatusCode::SERVICE_UNAVAILABLE {
            problem.members.bare("retryAfter", 1);
            problem.headers.push((header::RETRY_AFTER, HeaderValue::from_static("1")));
        }
        problem
    }

    /// A field, parameter or header with a value that it can't have; the words follow its name.
    pub fn field(field: &str, words: impl fmt::Display) -> Self {
        Self::new(Code::InvalidField, format!("{field} {words}")).text("field", field)
    }

    /// Nothing at this path.
    pub fn not_found(path: &str) -> Self {
        Self::new(Code::NotFound, "there is nothing at this path on this port").text("path", path)
    }

    /// A bug or damaged storage: the cause goes to the log, the client gets the id to find it by.
    pub fn internal(cause: &dyn fmt::Display) -> Self {
        let id = Uuid::now_v7();
        tracing::error!(correlation_id = %id, %cause, "a request failed");
        Self::new(Code::InternalError, "something went wrong inside the server")
            .text("correlationId", &id.to_string())
    }

    /// With a member that is text.
    pub fn text(mut self, name: &str, text: &str) -> Self {
        self.members.text(name, text);
        self
    }

    /// With a member that is a number.
    pub fn number(mut self, name: &str, number: impl fmt::Display) -> Self {
        self.members.bare(name, number);
        self
    }

    /// With a header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With the id of the command that failed.
    pub fn command(self, id: &CommandId) -> Self {
        self.text("commandId", id.as_str())
    }

    /// The connection can't be used again: not all of the request was read.
    pub fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    fn money(self, name: &str, money: Money, currency: Currency) -> Self {
        self.number(name, money.in_units(currency))
    }

    /// What it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The sentence for people.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Whether the client knows more of the log than there is.
    pub(crate) fn is_log_reset(&self) -> bool {
        self.log_reset
    }

    /// The members that are this problem's own.
    pub(crate) fn members(&self) -> &Object {
        &self.members
    }

    /// The body.
    pub fn json(&self) -> String {
        let row = self.code.row();
        let mut object = Object::with_capacity(384);
        object.bare("type", format_args!("\"/problems/{}\"", row.name));
        object.text("title", row.title);
        object.bare("status", row.status.as_u16());
        object.text("detail", &self.detail);
        object.text("code", row.name);
        object.text("error", &self.detail);
        object.append(&self.members);
        object.into_string()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.row().status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type("application/problem+json");
        for (name, value) in &self.headers {
            response.insert_header((name.clone(), value.clone()));
        }
        if self.closes {
            response.force_close();
        }
        response.body(self.json())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AccountNotFound { account } => {
                Self::new(Code::AccountNotFound, format!("account {account} does not exist"))
                    .text("accountId", account.as_str())
            }
            Refusal::AccountExists { account } => {
                Self::new(Code::AccountExists, format!("account {account} exists already"))
                    .text("accountId", account.as_str())
            }
            Refusal::InvalidAmount { field, currency, too_precise } => {
                let decimals = currency.decimals();
                let problem = if too_precise {
                    Self::field(
                        field.name(),
                        format_args!("has more decimals than {currency} allows ({decimals})"),
                    )
                } else {
                    Self::field(
                        field.name(),
                        format_args!("is larger than 999999999999999 minor units of {currency}"),
                    )
                };
                problem.text("currency", currency.code())
            }
            Refusal::VersionMismatch { account, expected, actual } => Self::new(
                Code::VersionMismatch,
                format!("account {account} is at version {actual}, not {expected}"),
            )
            .text("accountId", account.as_str())
            .number("expected", expected)
            .number("version", actual),
            Refusal::SameAccount { account } => {
                Self::new(Code::SameAccount, format!("from-account and to-account are both {account}"))
                    .text("accountId", account.as_str())
            }
            Refusal::CurrencyMismatch { account, expected, actual } => Self::new(
                Code::CurrencyMismatch,
                format!("account {account} has the currency {actual}, not {expected}"),
            )
            .text("accountId", account.as_str())
            .text("expected", expected.code())
            .text("currency", actual.code()),
            Refusal::InsufficientFunds {
                account,
                currency,
                balance,
                held,
                overdraft_limit,
                available,
                required,
                version,
            } => Self::new(
                Code::InsufficientFunds,
                format!(
                    "account {account} has {} {currency} available, {} are required",
                    available.in_units(currency),
                    required.in_units(currency)
                ),
            )
            .text("accountId", account.as_str())
            .text("currency", currency.code())
            .money("balance", balance, currency)
            .money("held", held, currency)
            .money("overdraftLimit", overdraft_limit, currency)
            .money("available", available, currency)
            .money("required", required, currency)
            .number("version", version),
            Refusal::BalanceLimit { account, currency, balance, amount, version } => Self::new(
                Code::BalanceLimit,
                format!("the balance of account {account} would leave what can be counted exactly"),
            )
            .text("accountId", account.as_str())
            .text("currency", currency.code())
            .money("balance", balance, currency)
            .money("amount", amount, currency)
            .number("version", version),
        }
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let words = failure.to_string();
        match failure {
            Failure::KeyReused => Self::new(Code::IdempotencyKeyReused, words),
            Failure::Overloaded => Self::new(Code::Overloaded, words),
            Failure::LogUnavailable => Self::new(Code::LogUnavailable, words),
            Failure::OutcomeUnknown => Self::new(Code::OutcomeUnknown, words),
            // A log that can't be read right stops what rests on it; another version of the program may read it.
            Failure::Fault(cause) => unreadable(&cause),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Unavailable(cause) => {
                tracing::warn!(%cause, "the log can't be read");
                Self::new(Code::LogUnavailable, "the log can't be reached")
            }
            JournalError::Unknown(event) => unreadable(&event),
            JournalError::Damaged(cause) => Self::internal(&cause),
        }
    }
}

fn unreadable(cause: &dyn fmt::Display) -> Problem {
    let id = Uuid::now_v7();
    tracing::error!(correlation_id = %id, %cause, "the log holds what can't be read");
    Problem::new(Code::LogUnavailable, "the log holds what this server can't read")
        .text("correlationId", &id.to_string())
}

impl From<ViewsError> for Problem {
    fn from(error: ViewsError) -> Self {
        let words = error.to_string();
        match error {
            ViewsError::Unavailable(cause) => {
                tracing::warn!(%cause, "the read models can't be read");
                Self::new(Code::ViewsUnavailable, words)
            }
            ViewsError::NotServed(_) => Self::new(Code::ViewsUnavailable, words),
            ViewsError::Damaged(cause) => Self::internal(&cause),
        }
    }
}

impl From<NotReady> for Problem {
    fn from(reason: NotReady) -> Self {
        let words = reason.to_string();
        match reason {
            NotReady::Log | NotReady::Clock(_) => Self::new(Code::LogUnavailable, words),
            NotReady::Views(_) | NotReady::Filling(_) => Self::new(Code::ViewsUnavailable, words),
            NotReady::Draining => Self::new(Code::Overloaded, words),
        }
    }
}

/// The read model went backward: it is not the one that was read before.
pub(crate) fn gone_backward(projection: &str) -> Problem {
    Problem::new(
        Code::ViewsUnavailable,
        format!("the projection {projection} is behind what was shown before"),
    )
}

/// The read model did not get there in time.
pub(crate) fn not_caught_up(reached: Sequence, wanted: Sequence) -> Problem {
    Problem::new(Code::NotCaughtUp, format!("the read model is at {reached}, not yet at {wanted}"))
        .number("sequence", reached)
        .number("atLeast", wanted)
}

/// A place beyond the end of the log: it is another log, or was restored.
pub(crate) fn beyond_head(field: &str, asked: Sequence, head: Sequence) -> Problem {
    let words = format_args!("{asked} is beyond the end of the log, {head}");
    Problem { log_reset: true, ..Problem::field(field, words) }.number("headSequence", head)
}

/// What a path that exists says to a method that it does not take.
pub(crate) fn method_not_allowed(allowed: &'static str) -> Problem {
    Problem::new(Code::MethodNotAllowed, format!("this path takes {allowed}"))
        .header(header::ALLOW, HeaderValue::from_static(allowed))
}

/// `GET /problems` and `GET /problems/{code}`: what each code means.
pub(crate) async fn explain(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let text = |code: Code| {
        let row = code.row();
        let mut object = Object::new();
        object.bare("type", format_args!("\"/problems/{}\"", row.name)).text("code", row.name);
        object.bare("status", row.status.as_u16()).text("title", row.title).text("description", row.advice);
        object.into_string()
    };
    let json = match request.match_info().get("code") {
        None => {
            let all: Vec<String> = Code::ALL.into_iter().map(text).collect();
            crate::json::array(all.iter().map(String::as_str))
        }
        Some(name) => {
            let code = Code::ALL.into_iter().find(|code| code.name() == name);
            text(code.ok_or_else(|| Problem::not_found(request.path()))?)
        }
    };
    Ok(HttpResponse::Ok().content_type("application/json").body(json))
}

/// The paths of this file.
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config.service(crate::get("/problems", explain)).service(crate::get("/problems/{code}", explain));
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{AccountId, AmountField, Version};

    #[test]
    fn every_code_has_a_row_of_its_own() {
        let mut names: Vec<_> = Code::ALL.iter().map(|code| code.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
        for code in Code::ALL {
            let problem = Problem::new(code, "words");
            assert!(problem.status_code().is_client_error() || problem.status_code().is_server_error());
            let json: serde_json::Value = serde_json::from_str(&problem.json()).expect("json");
            assert_eq!(json["code"], code.name());
            assert_eq!(json["error"], "words");
            assert_eq!(json["type"], format!("/problems/{}", code.name()));
            assert_eq!(json.get("retryAfter").is_some(), json["status"] == 503, "{code:?}");
        }
    }

    #[test]
    fn refusals_are_told_with_their_numbers() {
        let account = AccountId::parse("acc-1").expect("an id");
        let money = |minor| Money::from_minor(minor).expect("money");
        let table = [
            (Refusal::AccountNotFound { account: account.clone() }, 404, r#""accountId":"acc-1""#),
            (Refusal::AccountExists { account: account.clone() }, 409, r#""accountId":"acc-1""#),
            (
                Refusal::InvalidAmount {
                    field: AmountField::Amount,
                    currency: Currency::USD,
                    too_precise: true,
                },
                400,
                r#""field":"amount""#,
            ),
            (
                Refusal::VersionMismatch {
                    account: account.clone(),
                    expected: Version::new(2),
                    actual: Version::new(3),
                },
                412,
                r#""version":3"#,
            ),
            (Refusal::SameAccount { account: account.clone() }, 422, r#""code":"same-account""#),
            (
                Refusal::InsufficientFunds {
                    account,
                    currency: Currency::USD,
                    balance: money(1050),
                    held: money(0),
                    overdraft_limit: money(0),
                    available: money(1050),
                    required: money(2001),
                    version: Version::new(3),
                },
                422,
                r#""balance":10.5,"held":0,"overdraftLimit":0,"available":10.5,"required":20.01,"version":3"#,
            ),
        ];
        for (refusal, status, part) in table {
            let problem = Problem::from(refusal);
            assert_eq!(problem.status_code().as_u16(), status, "{problem}");
            assert!(problem.json().contains(part), "{}", problem.json());
        }
    }
}
