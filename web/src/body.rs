//! Reading a command's body straight into a domain command. Every error names the field that it is about.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpRequest, http::header};
use domain::account::TEXT_LENGTH_MAX;
use domain::{AccountId, Command, CommandId, Currency, Metadata, Quantity, Scope};
use futures_util::{FutureExt as _, Stream, StreamExt as _};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use tokio::time::Instant;

use crate::Connection;
use crate::code::Code;
use crate::problem::Problem;

/// The largest body of one command, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 256 * 1024;
/// The most members that a body may have, known or not.
const MEMBERS_MAX: usize = 32;
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
}

/// What a body says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) command: Command,
    pub(crate) metadata: Option<Metadata>,
    pub(crate) command_id: Option<CommandId>,
}

/// The bytes of a JSON body, within size and time.
pub(crate) async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, Problem> {
    check_content_type(request)?;
    let announced = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let announced: usize = announced.and_then(|text| text.parse().ok()).unwrap_or(0);
    if announced > BODY_BYTES_MAX {
        return Err(too_large());
    }
    let due = request.conn_data::<Connection>().map(|connection| connection.pace.due());
    gather(payload, due).await
}

async fn gather(
    mut payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    due: Option<Instant>,
) -> Result<Bytes, Problem> {
    let mut arrival = Arrival { due, started: None, bytes: 0 };
    let Some(first) = arrival.next(&mut payload).await? else { return Ok(Bytes::new()) };
    let Some(second) = arrival.next(&mut payload).await? else { return Ok(first) };
    let mut bytes = BytesMut::from(&first[..]);
    bytes.extend_from_slice(&second);
    while bytes.len() <= BODY_BYTES_MAX {
        let Some(chunk) = arrival.next(&mut payload).await? else { return Ok(bytes.freeze()) };
        bytes.extend_from_slice(&chunk);
    }
    Err(too_large())
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

fn too_large() -> Problem {
    let words = format!("the body is larger than {BODY_BYTES_MAX} bytes");
    Problem::new(Code::PayloadTooLarge, words).number("limit", BODY_BYTES_MAX).closing()
}

fn check_content_type(request: &HttpRequest) -> Result<(), Problem> {
    let text =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
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

/// Reads what a body says.
pub(crate) fn parse(kind: Kind, body: &[u8]) -> Result<Said, Problem> {
    let mut fields = Fields::parse(body)?;
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
            sweep_to: fields.optional_account("sweepTo")?,
            reason: fields.text("reason")?,
        },
        Kind::ReopenAccount => {
            Command::ReopenAccount { account: fields.account("accountId")?, reason: fields.text("reason")? }
        }
    };
    let metadata = fields.take("metadata")?;
    let metadata =
        metadata.map(|raw| Metadata::parse(raw).map_err(|words| Problem::field("metadata", words)));
    let command_id = fields.string("commandId")?;
    let command_id =
        command_id.map(|text| CommandId::parse(&text).map_err(|error| Problem::field("commandId", error)));
    let said = Said { command, metadata: metadata.transpose()?, command_id: command_id.transpose()? };
    fields.finish()?;
    Ok(said)
}

/// The members of a JSON object, their values still text; of too many, one more than may be.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(member) = map.next_entry::<Name<'de>, &'de RawValue>()? {
                    members.push((member.0.0, member.1));
                    if members.len() > MEMBERS_MAX {
                        // The rest is only read to its end: it may still be malformed.
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        break;
                    }
                }
                Ok(Fields(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A member's name, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Fields<'a> {
    fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        let malformed = |words: String| Problem::new(Code::MalformedJson, words);
        let text = std::str::from_utf8(body).map_err(|_| malformed("the body is not UTF-8".to_owned()))?;
        let fields: Self = serde_json::from_str(text).map_err(|error| {
            if error.is_data() {
                Problem::field("body", "must be a JSON object")
            } else if body.is_empty() {
                malformed("the body is empty".to_owned())
            } else {
                let (line, column) = (error.line(), error.column());
                malformed(format!("the body is not valid JSON (line {line}, column {column})"))
            }
        })?;
        if fields.0.len() > MEMBERS_MAX {
            return Err(Problem::field("body", format_args!("must not have more than {MEMBERS_MAX} fields")));
        }
        for (place, (name, _)) in fields.0.iter().enumerate() {
            if fields.0[..place].iter().any(|(other, _)| other == name) {
                return Err(Problem::field(name, "is given more than once"));
            }
        }
        Ok(fields)
    }

    /// The value of an optional field: null is the same as absent.
    fn take(&mut self, name: &str) -> Result<Option<&'a str>, Problem> {
        let Some(place) = self.0.iter().position(|(other, _)| other == name) else { return Ok(None) };
        let raw = self.0.swap_remove(place).1.get();
        Ok((raw != "null").then_some(raw))
    }

    fn string(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Problem> {
        let Some(raw) = self.take(name)? else { return Ok(None) };
        let text = unquote(name, raw)?;
        Ok(Some(text))
    }

    fn text(&mut self, name: &str) -> Result<Option<Arc<str>>, Problem> {
        let Some(text) = self.string(name)? else { return Ok(None) };
        if text.chars().nth(TEXT_LENGTH_MAX).is_some() {
            return Err(Problem::field(name, format_args!("must not exceed {TEXT_LENGTH_MAX} characters")));
        }
        Ok(Some(Arc::from(text)))
    }

    fn account(&mut self, name: &str) -> Result<AccountId, Problem> {
        self.optional_account(name)?.ok_or_else(|| Problem::field(name, "is missing"))
    }

    fn optional_account(&mut self, name: &str) -> Result<Option<AccountId>, Problem> {
        let Some(text) = self.string(name)? else { return Ok(None) };
        AccountId::parse(&text).map(Some).map_err(|error| Problem::field(name, error))
    }

    fn scope(&mut self) -> Result<Scope, Problem> {
        let Some(text) = self.string("scope")? else { return Ok(Scope::default()) };
        let scope = Scope::ALL.into_iter().find(|scope| scope.name() == text);
        scope.ok_or_else(|| Problem::field("scope", "must be all, debits or credits"))
    }

    fn currency(&mut self) -> Result<Option<Currency>, Problem> {
        let Some(code) = self.string("currency")? else { return Ok(None) };
        let currency = Currency::parse(&code);
        let wrong = || Problem::field("currency", "must be an ISO 4217 code with minor units, such as USD");
        currency.map(Some).ok_or_else(wrong)
    }

    /// A number, or a string with a number's text; not negative.
    fn quantity(&mut self, name: &str) -> Result<Option<Quantity>, Problem> {
        let Some(raw) = self.take(name)? else { return Ok(None) };
        let text = match raw.as_bytes().first() {
            Some(b'"') => unquote(name, raw)?,
            Some(b'-' | b'0'..=b'9') => Cow::Borrowed(raw),
            Some(_) | None => return Err(Problem::field(name, "must be a number or a string with a number")),
        };
        Quantity::parse(&text).map(Some).map_err(|error| Problem::field(name, error))
    }

    fn amount(&mut self) -> Result<Quantity, Problem> {
        let quantity = self.quantity("amount")?.ok_or_else(|| Problem::field("amount", "is missing"))?;
        if quantity.is_zero() {
            return Err(Problem::field("amount", "must be more than 0"));
        }
        Ok(quantity)
    }

    /// Nothing may be left.
    fn finish(self) -> Result<(), Problem> {
        match self.0.first() {
            Some((name, _)) => Err(Problem::field(name, "is not a field of this command")),
            None => Ok(()),
        }
    }
}

fn unquote<'a>(name: &str, raw: &'a str) -> Result<Cow<'a, str>, Problem> {
    if !raw.starts_with('"') {
        return Err(Problem::field(name, "must be a string"));
    }
    // An unpaired surrogate is the one thing that JSON lets through and text does not.
    let text: Name<'a> =
        serde_json::from_str(raw).map_err(|_| Problem::field(name, "contains an unpaired surrogate"))?;
    if text.0.contains('\0') {
        return Err(Problem::field(name, "must not contain U+0000"));
    }
    Ok(text.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let table: [(Kind, &str, &str); 22] = [
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
