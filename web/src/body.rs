//! Reading a command's body straight into a domain command. Every error names the field that it is about.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{Bytes, BytesMut, Payload};
use domain::account::POSTINGS_MAX;
use domain::hold::HOLD_SECONDS_MAX;
use domain::{
    AccountId, Command, CommandId, Currency, HoldId, LimitsChange, Metadata, Posting, Quantity, Sequence,
    Target,
};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use tokio::time::Instant;

use crate::Connection;
use crate::code::Code;
use crate::fields::Fields;
use crate::params::header_text;
use crate::problem::Problem;

/// The largest body of one command, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;
/// The largest body of a batch, in bytes.
pub(crate) const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How slowly a body may come, in bytes per second.
const BYTES_PER_SECOND_MIN: u32 = 1024;
/// How long it may be slower than that.
const SLOW_FOR: Duration = Duration::from_secs(3);
/// How long a body may take where nothing is known of its connection.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Which command a path is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    CreateAccount,
    Deposit,
    Withdraw,
    Transfer,
    FreezeAccount,
    UnfreezeAccount,
    CloseAccount,
    ReopenAccount,
    PlaceHold,
    CaptureHold,
    ReleaseHold,
    SetLimits,
    Reverse,
    Post,
}

/// What a body says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) command: Command,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) command_id: Option<CommandId>,
}

/// The bytes of a JSON body, within size and time.
pub(crate) async fn read(request: &HttpRequest, payload: Payload, most: usize) -> Result<Bytes, Problem> {
    check_content_type(request)?;
    arrived(request, payload, most).await
}

/// Reads the body of a request that its path says all of: there is none, or an object without fields.
pub(crate) async fn none(request: &HttpRequest, payload: Payload) -> Result<(), Problem> {
    let body = arrived(request, payload, BODY_BYTES_MAX).await?;
    if body.is_empty() {
        return Ok(());
    }
    check_content_type(request)?;
    Fields::parse(&body)?.finish()
}

async fn arrived(request: &HttpRequest, payload: Payload, most: usize) -> Result<Bytes, Problem> {
    check_content_encoding(request)?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced: usize = announced.and_then(|text| text.parse().ok()).unwrap_or(0);
    if announced > most {
        return Err(too_large(most));
    }
    let pace = request.conn_data::<Connection>().map(|connection| &connection.pace);
    let body = gather(payload, pace.map(|pace| pace.due()), most).await?;
    if let Some(pace) = pace {
        pace.came();
    }
    Ok(body)
}

async fn gather(
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    due: Option<Instant>,
    most: usize,
) -> Result<Bytes, Problem> {
    let mut arrival = Arrival { due, started: None, bytes: 0 };
    let Some(first) = arrival.next(&mut payload).await? else { return Ok(Bytes::new()) };
    let Some(second) = arrival.next(&mut payload).await? else { return Ok(first) };
    let mut bytes = BytesMut::from(&first[..]);
    bytes.extend_from_slice(&second);
    while bytes.len() <= most {
        let Some(chunk) = arrival.next(&mut payload).await? else { return Ok(bytes.freeze()) };
        bytes.extend_from_slice(&chunk);
    }
    Err(too_large(most))
}

/// How a body comes along.
struct Arrival {
    /// When all of it must be there.
    due: Option<Instant>,
    /// When it was first waited for.
    started: Option<Instant>,
    /// How much of it there is.
    bytes: u32,
}

impl Arrival {
    /// The next part, unless it is late.
    async fn next(
        &mut self,
        payload: &mut (impl Stream<Item = Result<Bytes, PayloadError>> + Unpin),
    ) -> Result<Option<Bytes>, Problem> {
        // What is there already needs no clock.
        let chunk = match payload.next().now_or_never() {
            Some(chunk) => chunk,
            None => {
                let slow =
                    |_| Problem::new(Code::RequestTimeout, "the body did not arrive in time").closing();
                tokio::time::timeout_at(self.late_at(), payload.next()).await.map_err(slow)?
            }
        };
        let cut_off = |_| Problem::new(Code::MalformedJson, "the body was cut off").closing();
        let chunk = chunk.transpose().map_err(cut_off)?;
        let length = chunk.as_ref().map_or(0, Bytes::len);
        self.bytes = self.bytes.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        Ok(chunk)
    }

    fn late_at(&mut self) -> Instant {
        let started = *self.started.get_or_insert_with(Instant::now);
        let due = self.due.unwrap_or(started + BODY_WITHIN);
        let expected = Duration::from_secs(1) * self.bytes / BYTES_PER_SECOND_MIN;
        due.min(started + SLOW_FOR + expected)
    }
}

fn too_large(most: usize) -> Problem {
    let words = format!("the body is larger than {most} bytes");
    Problem::new(Code::PayloadTooLarge, words).number("limit", most).closing()
}

fn check_content_type(request: &HttpRequest) -> Result<(), Problem> {
    let text = header_text(request.headers(), "Content-Type")?.unwrap_or("");
    let media = text.split(';').next().unwrap_or("").trim();
    let json = media.eq_ignore_ascii_case("application/json")
        || (media.get(..12).is_some_and(|start| start.eq_ignore_ascii_case("application/"))
            && media.len() > 17
            && media.get(media.len() - 5..).is_some_and(|end| end.eq_ignore_ascii_case("+json")));
    if json {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "the body must be JSON, with Content-Type: application/json",
    ))
}

fn check_content_encoding(request: &HttpRequest) -> Result<(), Problem> {
    let plain = |coding: &HeaderValue| coding.as_bytes().eq_ignore_ascii_case(b"identity");
    if request.headers().get_all(header::CONTENT_ENCODING).all(plain) {
        return Ok(());
    }
    // What is taken instead: RFC 9110, section 12.5.3.
    Err(Problem::new(Code::UnsupportedMediaType, "the body must be plain, without Content-Encoding")
        .header(header::ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

/// Reads what the fields of a body say.
pub(crate) fn understand(kind: Kind, mut fields: Fields<'_>) -> Result<Said, Problem> {
    // Where the field of that name is about another command, the key stands elsewhere.
    let command_id = match kind == Kind::Reverse {
        true => None,
        false => fields.id("commandId", CommandId::parse)?,
    };
    let command = match kind {
        Kind::CreateAccount => Command::CreateAccount {
            account: fields.account("accountId")?,
            initial_balance: fields.quantity("initialBalance")?.unwrap_or(Quantity::ZERO),
            currency: fields.currency()?.unwrap_or(Currency::USD),
            owner: fields.text("owner")?,
            overdraft_limit: fields.quantity("overdraftLimit")?.unwrap_or(Quantity::ZERO),
        },
        Kind::Deposit => Command::Deposit {
            account: fields.account("accountId")?,
            amount: fields.amount()?,
            currency: fields.currency()?,
            description: fields.text("description")?,
        },
        Kind::Withdraw => Command::Withdraw {
            account: fields.account("accountId")?,
            amount: fields.amount()?,
            currency: fields.currency()?,
            description: fields.text("description")?,
        },
        Kind::Transfer => Command::Transfer {
            from: fields.account("fromAccountId")?,
            to: fields.account("toAccountId")?,
            amount: fields.amount()?,
            currency: fields.currency()?,
            description: fields.text("description")?,
        },
        Kind::FreezeAccount => Command::FreezeAccount {
            account: fields.account("accountId")?,
            scope: fields.scope()?,
            reason: fields.text("reason")?,
        },
        Kind::UnfreezeAccount => Command::UnfreezeAccount {
            account: fields.account("accountId")?,
            scope: fields.scope()?,
            reason: fields.text("reason")?,
        },
        Kind::CloseAccount => Command::CloseAccount {
            account: fields.account("accountId")?,
            sweep_to: fields.id("sweepTo", AccountId::parse)?,
            reason: fields.text("reason")?,
        },
        Kind::ReopenAccount => {
            Command::ReopenAccount { account: fields.account("accountId")?, reason: fields.text("reason")? }
        }
        Kind::PlaceHold => Command::PlaceHold {
            account: fields.account("accountId")?,
            hold: fields.id("holdId", HoldId::parse)?,
            amount: fields.amount()?,
            currency: fields.currency()?,
            expires_in: fields
                .whole("expiresInSeconds", 1..=u64::from(HOLD_SECONDS_MAX))?
                .and_then(|seconds| u32::try_from(seconds).ok()),
            description: fields.text("description")?,
        },
        Kind::CaptureHold => Command::CaptureHold {
            account: fields.account("accountId")?,
            hold: hold(&mut fields)?,
            amount: fields.optional_amount()?,
            currency: fields.currency()?,
            to: fields.id("toAccountId", AccountId::parse)?,
            description: fields.text("description")?,
        },
        Kind::ReleaseHold => Command::ReleaseHold {
            account: fields.account("accountId")?,
            hold: hold(&mut fields)?,
            reason: fields.text("reason")?,
        },
        Kind::SetLimits => Command::SetLimits {
            account: fields.account("accountId")?,
            change: LimitsChange {
                overdraft_limit: fields.change("overdraftLimit")?,
                max_balance: fields.change("maxBalance")?,
                per_transaction: fields.change("perTransaction")?,
                per_day: fields.change("perDay")?,
            },
        },
        Kind::Reverse => Command::Reverse {
            target: target(&mut fields)?,
            amount: fields.optional_amount()?,
            currency: fields.currency()?,
            reason: fields.text("reason")?,
        },
        Kind::Post => Command::Post {
            postings: postings(&mut fields)?,
            currency: fields.currency()?,
            description: fields.text("description")?,
        },
    };
    let metadata = fields.take("metadata").map(Metadata::parse);
    let metadata = metadata.transpose().map_err(|words| fields.problem("metadata", words))?;
    fields.finish()?;
    Ok(Said { command, metadata, command_id })
}

fn hold(fields: &mut Fields<'_>) -> Result<HoldId, Problem> {
    let hold = fields.id("holdId", HoldId::parse)?;
    hold.ok_or_else(|| fields.problem("holdId", "is missing"))
}

/// What is to be reversed: a command, or one event.
fn target(fields: &mut Fields<'_>) -> Result<Target, Problem> {
    let command = fields.id("commandId", CommandId::recorded)?;
    match (command, fields.whole("sequenceNumber", 1..=u64::MAX)?) {
        (Some(id), None) => Ok(Target::Command(id)),
        (None, Some(number)) => Ok(Target::Event(Sequence::new(number))),
        (None, None) => Err(fields.problem("commandId", "or sequenceNumber is missing")),
        (Some(_), Some(_)) => Err(fields.problem("sequenceNumber", "can't be given together with commandId")),
    }
}

fn postings(fields: &mut Fields<'_>) -> Result<Vec<Posting>, Problem> {
    let posting = |(place, raw)| {
        let mut fields = Fields::of_part(&format!("postings[{place}]"), raw)?;
        let posting = Posting {
            from: fields.account("fromAccountId")?,
            to: fields.account("toAccountId")?,
            amount: fields.amount()?,
        };
        fields.finish()?;
        Ok(posting)
    };
    fields.list("postings", POSTINGS_MAX)?.into_iter().enumerate().map(posting).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::MEMBERS_MAX;

    fn parse(kind: Kind, body: &[u8]) -> Result<Said, Problem> {
        understand(kind, Fields::parse(body)?)
    }

    #[test]
    fn a_body_comes_at_a_rate_and_to_an_end() {
        let now = Instant::now();
        let due = Some(now + Duration::from_secs(10));
        for (bytes, due, late_after_ms) in [
            // Nothing at all.
            (0, due, 3000),
            // What came bought a fraction of a second.
            (512, due, 3500),
            (2048, due, 5000),
            // Fast enough, for as long as the whole may take.
            (7 * 1024, due, 10_000),
            (200 * 1024, due, 10_000),
            (u32::MAX, due, 10_000),
            (200 * 1024, None, 10_000),
        ] {
            let mut arrival = Arrival { due, started: Some(now), bytes };
            assert_eq!(arrival.late_at() - now, Duration::from_millis(late_after_ms), "{bytes}");
        }
    }

    #[test]
    fn bodies_become_commands() {
        let said = parse(
            Kind::Deposit,
            br#" {"accountId":"acc-1","amount":"10.50","description":"t\u00e9a","metadata":{"a": 1},"commandId":"k"} "#,
        )
        .expect("a deposit");
        let expected = Command::Deposit {
            account: AccountId::parse("acc-1").expect("an id"),
            amount: Quantity::parse("10.50").expect("a quantity"),
            currency: None,
            description: Some("téa".into()),
        };
        assert_eq!(said.command, expected);
        assert_eq!(said.metadata.as_ref().map(Metadata::as_str), Some(r#"{"a":1}"#));
        assert_eq!(said.command_id.as_ref().map(CommandId::as_str), Some("k"));
        let created = parse(Kind::CreateAccount, br#"{"accountId":"a","owner":null}"#).expect("an account");
        assert!(matches!(
            created.command,
            Command::CreateAccount { currency: Currency::USD, owner: None, .. }
        ));
    }

    #[test]
    fn what_is_wrong_with_a_body_is_named() {
        let table: [(Kind, &str, &str); 36] = [
            (Kind::Deposit, "", "malformed-json"),
            (Kind::Deposit, "{", "malformed-json"),
            (Kind::Deposit, r#"{"accountId":"a","amount":1}x"#, "malformed-json"),
            (Kind::Deposit, r#"{"accountId":"a","amount":01}"#, "malformed-json"),
            (Kind::Deposit, "[]", "body"),
            (Kind::Deposit, "7", "body"),
            (Kind::Deposit, r#"{"amount":1}"#, "accountId"),
            (Kind::Deposit, r#"{"accountId":"a b","amount":1}"#, "accountId"),
            (Kind::Deposit, r#"{"accountId":"a"}"#, "amount"),
            (Kind::Deposit, r#"{"accountId":"a","amount":null}"#, "amount"),
            (Kind::Deposit, r#"{"accountId":"a","amount":0.00}"#, "amount"),
            (Kind::Deposit, r#"{"accountId":"a","amount":-1}"#, "amount"),
            (Kind::Deposit, r#"{"accountId":"a","amount":1e3}"#, "amount"),
            (Kind::Deposit, r#"{"accountId":"a","amount":true}"#, "amount"),
            (Kind::Deposit, r#"{"accountId":"a","amount":1,"amount":2}"#, "amount"),
            (Kind::Deposit, r#"{"accountId":"a","amount":1,"amuont":2}"#, "amuont"),
            (Kind::Withdraw, r#"{"accountId":"a","amount":1,"description":"\ud800"}"#, "description"),
            (Kind::Transfer, r#"{"fromAccountId":"a","toAccountId":7,"amount":1}"#, "toAccountId"),
            (Kind::CreateAccount, r#"{"accountId":"a","metadata":[]}"#, "metadata"),
            (Kind::FreezeAccount, r#"{"accountId":"a","scope":"some"}"#, "scope"),
            (Kind::CloseAccount, r#"{"accountId":"a","sweepTo":"a b"}"#, "sweepTo"),
            (Kind::ReopenAccount, r#"{"accountId":"a","scope":"all"}"#, "scope"),
            (Kind::PlaceHold, r#"{"accountId":"a","amount":1,"holdId":"h h"}"#, "holdId"),
            (Kind::PlaceHold, r#"{"accountId":"a","amount":1,"expiresInSeconds":0}"#, "expiresInSeconds"),
            (Kind::PlaceHold, r#"{"accountId":"a","amount":1,"expiresInSeconds":1.5}"#, "expiresInSeconds"),
            (Kind::CaptureHold, r#"{"accountId":"a"}"#, "holdId"),
            (Kind::CaptureHold, r#"{"accountId":"a","holdId":"h","amount":0}"#, "amount"),
            (Kind::SetLimits, r#"{"accountId":"a","perDay":-1}"#, "perDay"),
            (Kind::SetLimits, r#"{"accountId":"a","perDay":true}"#, "perDay"),
            (Kind::Reverse, "{}", "commandId"),
            (Kind::Reverse, r#"{"commandId":"k","sequenceNumber":1}"#, "sequenceNumber"),
            (Kind::Reverse, r#"{"sequenceNumber":0}"#, "sequenceNumber"),
            (Kind::Post, r#"{"postings":[]}"#, "postings"),
            (Kind::Post, r#"{"postings":[7]}"#, "postings[0]"),
            (
                Kind::Post,
                r#"{"postings":[{"fromAccountId":"a","toAccountId":"b","amount":0}]}"#,
                "postings[0].amount",
            ),
            (
                Kind::Post,
                r#"{"postings":[{"fromAccountId":"a","toAccountId":"b","amount":1,"x":1}]}"#,
                "postings[0].x",
            ),
        ];
        for (kind, body, named) in table {
            let problem = parse(kind, body.as_bytes()).expect_err(body).json();
            let as_code = format!("\"code\":\"{named}\"");
            let as_field = format!("\"field\":\"{named}\"");
            assert!(problem.contains(&as_code) || problem.contains(&as_field), "{body}: {problem}");
        }
        let many = |count: usize| {
            let members: Vec<String> = (0..count).map(|number| format!("\"{number}\":0")).collect();
            format!("{{{}}}", members.join(","))
        };
        let problem = |body: String| parse(Kind::Deposit, body.as_bytes()).expect_err(&body).json();
        assert!(problem(many(MEMBERS_MAX)).contains("\"field\":\"accountId\""));
        assert!(problem(many(MEMBERS_MAX + 1)).contains("\"field\":\"body\""));
        assert!(problem(many(30_000)).contains("\"field\":\"body\""));
        assert!(problem(many(100).replace('}', ",}")).contains("malformed-json"));
        let long = format!(r#"{{"accountId":"a","owner":"{}"}}"#, "ä".repeat(501));
        assert!(parse(Kind::CreateAccount, long.as_bytes()).is_err());
        assert!(parse(Kind::CreateAccount, long.replacen('ä', "", 1).as_bytes()).is_ok());
        assert!(
            parse(Kind::Deposit, b"{\"accountId\":\"\xff\"}")
                .expect_err("not UTF-8")
                .json()
                .contains("malformed-json")
        );
    }
}
