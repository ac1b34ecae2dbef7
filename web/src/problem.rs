//! Every failure becomes a problem here, `application/problem+json`, with one of the codes and the numbers that help.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use actors::{Failure, NotReady};
use domain::json::Object;
use domain::{CommandId, Currency, Money, Refusal, Sequence};
use store::{JournalError, ViewsError};
use uuid::Uuid;

use crate::code::Code;
use crate::queries::X_SEQUENCE;

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

    /// With a member that is a list of names, which need no escapes.
    pub(crate) fn names(mut self, name: &str, names: &[&str]) -> Self {
        let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        self.members.array(name, quoted.iter().map(String::as_str));
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

    /// With how far what was read is up to date.
    pub fn as_of(self, sequence: Sequence) -> Self {
        self.header(X_SEQUENCE.clone(), HeaderValue::from(sequence.get()))
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
            Refusal::HoldNotFound { account, hold } => {
                Self::new(Code::HoldNotFound, format!("account {account} never had a hold {hold}"))
                    .text("accountId", account.as_str())
                    .text("holdId", hold.as_str())
            }
            Refusal::CommandNotFound { target } => {
                Self::new(Code::CommandNotFound, format!("nothing is recorded under the command id {target}"))
                    .text("reversesCommandId", target.as_str())
            }
            Refusal::EventNotFound { target } => {
                Self::new(Code::NotFound, format!("there is no event {target}")).number("reverses", target)
            }
            Refusal::HoldExists { account, hold } => {
                Self::new(Code::HoldExists, format!("account {account} has, or had, a hold {hold}"))
                    .text("accountId", account.as_str())
                    .text("holdId", hold.as_str())
            }
            Refusal::HoldAlreadySettled { account, hold, ended } => {
                let words = format!("hold {hold} of account {account} was {}", ended.name());
                Self::new(Code::HoldAlreadySettled, words)
                    .text("accountId", account.as_str())
                    .text("holdId", hold.as_str())
                    .text("ended", ended.name())
            }
            Refusal::AlreadyReversed { movement, currency, amount, reversed, required } => Self::new(
                Code::AlreadyReversed,
                format!(
                    "event {movement} moved {} {currency}, of which {} are reversed: {} more can't be",
                    amount.in_units(currency),
                    reversed.in_units(currency),
                    required.in_units(currency)
                ),
            )
            .number("reverses", movement)
            .text("currency", currency.code())
            .money("amount", amount, currency)
            .money("reversed", reversed, currency)
            .money("required", required, currency),
            Refusal::NotReversible { why } => {
                Self::new(Code::NotReversible, format!("this can't be reversed: {why}"))
            }
            Refusal::HoldExpired { account, hold } => {
                Self::new(Code::HoldExpired, format!("the time of hold {hold} of account {account} is over"))
                    .text("accountId", account.as_str())
                    .text("holdId", hold.as_str())
            }
            Refusal::HoldExceeded { account, hold, currency, held, required, version } => Self::new(
                Code::HoldExceeded,
                format!(
                    "hold {hold} of account {account} holds {} {currency}, {} are to be captured",
                    held.in_units(currency),
                    required.in_units(currency)
                ),
            )
            .text("accountId", account.as_str())
            .text("holdId", hold.as_str())
            .text("currency", currency.code())
            .money("held", held, currency)
            .money("required", required, currency)
            .number("version", version),
            Refusal::HoldsOpen { account, currency, holds, held, version } => Self::new(
                Code::HoldsOpen,
                format!("account {account} has {holds} open holds, of {} {currency}", held.in_units(currency)),
            )
            .text("accountId", account.as_str())
            .text("currency", currency.code())
            .number("holds", holds)
            .money("held", held, currency)
            .number("version", version),
            Refusal::TooManyHolds { account, holds, version } => {
                Self::new(Code::TooManyHolds, format!("account {account} has {holds} open holds already"))
                    .text("accountId", account.as_str())
                    .number("holds", holds)
                    .number("version", version)
            }
            Refusal::TransactionLimit { account, currency, limit, required, version } => Self::new(
                Code::TransactionLimit,
                format!(
                    "at once, {} {currency} may be taken out of account {account}, not {}",
                    limit.in_units(currency),
                    required.in_units(currency)
                ),
            )
            .text("accountId", account.as_str())
            .text("currency", currency.code())
            .money("limit", limit, currency)
            .money("required", required, currency)
            .number("version", version),
            Refusal::DailyLimit { account, currency, limit, spent, required, version } => Self::new(
                Code::DailyLimit,
                format!(
                    "on one day, {} {currency} may be taken out of account {account}; {} were today, {} are required",
                    limit.in_units(currency),
                    spent.in_units(currency),
                    required.in_units(currency)
                ),
            )
            .text("accountId", account.as_str())
            .text("currency", currency.code())
            .money("limit", limit, currency)
            .money("spent", spent, currency)
            .money("required", required, currency)
            .number("version", version),
            Refusal::AccountExists { account } => {
                Self::new(Code::AccountExists, format!("account {account} exists already"))
                    .text("accountId", account.as_str())
            }
            Refusal::InvalidAmount { field, currency, too_precise } => {
                let decimals = currency.decimals();
                let problem = if too_precise {
                    Self::field(
                        &field.name(),
                        format_args!("has more decimals than {currency} allows ({decimals})"),
                    )
                } else {
                    Self::field(
                        &field.name(),
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
            Refusal::AccountClosed { account, version } => {
                Self::new(Code::AccountClosed, format!("account {account} is closed"))
                    .text("accountId", account.as_str())
                    .number("version", version)
            }
            Refusal::AccountFrozen { account, scope, version } => {
                Self::new(Code::AccountFrozen, format!("account {account} is frozen ({})", scope.name()))
                    .text("accountId", account.as_str())
                    .text("frozen", scope.name())
                    .number("version", version)
            }
            Refusal::NoChange { account, status, version } => {
                Self::new(Code::NoChange, format!("account {account} is so already ({status})"))
                    .text("accountId", account.as_str())
                    .text("accountStatus", &status)
                    .number("version", version)
            }
            Refusal::AccountNotEmpty { account, currency, balance, held, version } => Self::new(
                Code::AccountNotEmpty,
                format!(
                    "account {account} has a balance of {} {currency}, of which {} are held",
                    balance.in_units(currency),
                    held.in_units(currency)
                ),
            )
            .text("accountId", account.as_str())
            .text("currency", currency.code())
            .money("balance", balance, currency)
            .money("held", held, currency)
            .number("version", version),
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
            Refusal::BalanceLimit { account, currency, balance, amount, limit, version } => {
                let words = match limit {
                    Some(limit) => {
                        let limit = limit.in_units(currency);
                        format!("the balance of account {account} would exceed {limit} {currency}")
                    }
                    None => format!("the balance of account {account} would leave what can be counted exactly"),
                };
                let problem = Self::new(Code::BalanceLimit, words)
                    .text("accountId", account.as_str())
                    .text("currency", currency.code())
                    .money("balance", balance, currency)
                    .money("amount", amount, currency)
                    .number("version", version);
                limit.into_iter().fold(problem, |problem, limit| problem.money("limit", limit, currency))
            }
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
            ViewsError::NotServed(_) | ViewsError::Evicting(_) => Self::new(Code::ViewsUnavailable, words),
            // They can be filled anew from the log, which has no damage by that.
            ViewsError::Damaged(cause) => {
                let id = Uuid::now_v7();
                tracing::error!(correlation_id = %id, %cause, "the read models are damaged");
                Self::new(Code::ViewsUnavailable, "the read models are damaged")
                    .text("correlationId", &id.to_string())
            }
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
        .as_of(reached)
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
    fn read_models_that_have_no_answer_are_unavailable() {
        let all = [
            ViewsError::unavailable("refused"),
            ViewsError::NotServed("accounts".to_owned()),
            ViewsError::Evicting("volatile-lru".to_owned()),
            ViewsError::Damaged("bytes".to_owned()),
        ];
        for error in all {
            let problem = Problem::from(error);
            assert_eq!(problem.code(), Code::ViewsUnavailable);
            assert!(!problem.json().contains("bytes"), "{}", problem.json());
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
