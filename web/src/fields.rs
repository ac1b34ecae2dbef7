//! The fields of a JSON object, taken one by one. Every error names the field that it is about.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use domain::account::TEXT_LENGTH_MAX;
use domain::json::{Members, Text};
use domain::{AccountId, Change, Currency, IdError, Quantity, Scope};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::code::Code;
use crate::problem::Problem;

/// The most members that an object may have, known or not.
pub(crate) const MEMBERS_MAX: usize = 32;

/// The fields of a JSON object, each to be taken once; what nobody took is not known.
pub(crate) struct Fields<'a> {
    members: Members<'a, MEMBERS_MAX>,
    /// What stands before the names where the object is a part of another one.
    within: String,
}

impl<'a> Fields<'a> {
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, Problem> {
        let not_utf8 = |_| Problem::new(Code::MalformedJson, "the body is not UTF-8");
        Self::parse_text("body", std::str::from_utf8(body).map_err(not_utf8)?)
    }

    /// The same for a text, under the name that errors give it.
    pub(crate) fn parse_text(name: &str, text: &'a str) -> Result<Self, Problem> {
        let malformed = |words: String| Problem::new(Code::MalformedJson, words);
        let members: Members<'a, MEMBERS_MAX> = serde_json::from_str(text).map_err(|error| {
            // What is no object may be no JSON either.
            let malformed_further_on = || serde_json::from_str::<IgnoredAny>(text).err();
            let error = if error.is_data() { malformed_further_on().unwrap_or(error) } else { error };
            if error.is_data() {
                Problem::field(name, "must be a JSON object")
            } else if text.is_empty() {
                malformed(format!("the {name} is empty"))
            } else {
                let (line, column) = (error.line(), error.column());
                malformed(format!("the {name} is not valid JSON (line {line}, column {column})"))
            }
        })?;
        Self { members, within: String::new() }.checked(name)
    }

    /// An object that is a part of a body, whose fields are named with the place before them.
    pub(crate) fn of_part(place: &str, raw: &'a RawValue) -> Result<Self, Problem> {
        let members = serde_json::from_str(raw.get());
        let members: Members<'a, MEMBERS_MAX> =
            members.map_err(|_| Problem::field(place, "must be a JSON object"))?;
        Self { members, within: format!("{place}.") }.checked(place)
    }

    fn checked(self, place: &str) -> Result<Self, Problem> {
        let members = &self.members.0;
        if members.len() > MEMBERS_MAX {
            return Err(Problem::field(place, format_args!("must not have more than {MEMBERS_MAX} fields")));
        }
        for (place, (name, _)) in members.iter().enumerate() {
            if members[..place].iter().any(|(other, _)| other == name) {
                return Err(self.problem(name, "is given more than once"));
            }
        }
        Ok(self)
    }

    pub(crate) fn problem(&self, name: &str, words: impl fmt::Display) -> Problem {
        Problem::field(&format!("{}{name}", self.within), words)
    }

    fn given(&mut self, name: &str) -> Option<&'a RawValue> {
        let place = self.members.0.iter().position(|(other, _)| other == name)?;
        Some(self.members.0.swap_remove(place).1)
    }

    /// The value of an optional field: null is the same as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<&'a str> {
        self.given(name).map(RawValue::get).filter(|raw| *raw != "null")
    }

    pub(crate) fn string(&mut self, name: &str) -> Result<Option<Cow<'a, str>>, Problem> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        unquote(raw).map(Some).map_err(|words| self.problem(name, words))
    }

    pub(crate) fn text(&mut self, name: &str) -> Result<Option<Arc<str>>, Problem> {
        let Some(text) = self.string(name)? else { return Ok(None) };
        if text.chars().nth(TEXT_LENGTH_MAX).is_some() {
            return Err(self.problem(name, format_args!("must not exceed {TEXT_LENGTH_MAX} characters")));
        }
        Ok(Some(Arc::from(text)))
    }

    /// A text that is an id of some kind.
    pub(crate) fn id<T>(
        &mut self,
        name: &str,
        parse: fn(&str) -> Result<T, IdError>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.string(name)? else { return Ok(None) };
        parse(&text).map(Some).map_err(|error| self.problem(name, error))
    }

    pub(crate) fn account(&mut self, name: &str) -> Result<AccountId, Problem> {
        let account = self.id(name, AccountId::parse)?;
        account.ok_or_else(|| self.problem(name, "is missing"))
    }

    pub(crate) fn scope(&mut self) -> Result<Scope, Problem> {
        let Some(text) = self.string("scope")? else { return Ok(Scope::default()) };
        let scope = Scope::ALL.into_iter().find(|scope| scope.name() == text);
        scope.ok_or_else(|| self.problem("scope", "must be all, debits or credits"))
    }

    pub(crate) fn currency(&mut self) -> Result<Option<Currency>, Problem> {
        let Some(code) = self.string("currency")? else { return Ok(None) };
        let wrong = || self.problem("currency", "must be an ISO 4217 code with minor units, such as USD");
        Currency::parse(&code).map(Some).ok_or_else(wrong)
    }

    /// A number, or a string with a number's text; not negative.
    pub(crate) fn quantity(&mut self, name: &str) -> Result<Option<Quantity>, Problem> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        self.read_quantity(name, raw).map(Some)
    }

    fn read_quantity(&self, name: &str, raw: &str) -> Result<Quantity, Problem> {
        let text = match raw.as_bytes().first() {
            Some(b'"') => unquote(raw).map_err(|words| self.problem(name, words))?,
            Some(b'-' | b'0'..=b'9') => Cow::Borrowed(raw),
            Some(_) | None => return Err(self.problem(name, "must be a number or a string with a number")),
        };
        Quantity::parse(&text).map_err(|error| self.problem(name, error))
    }

    /// A quantity that null lifts, and whose absence keeps what is.
    pub(crate) fn change(&mut self, name: &str) -> Result<Change, Problem> {
        match self.given(name).map(RawValue::get) {
            None => Ok(Change::Keep),
            Some("null") => Ok(Change::Lift),
            Some(raw) => self.read_quantity(name, raw).map(Change::Set),
        }
    }

    /// A quantity of more than nothing.
    pub(crate) fn optional_amount(&mut self) -> Result<Option<Quantity>, Problem> {
        let quantity = self.quantity("amount")?;
        if quantity.is_some_and(Quantity::is_zero) {
            return Err(self.problem("amount", "must be more than 0"));
        }
        Ok(quantity)
    }

    pub(crate) fn amount(&mut self) -> Result<Quantity, Problem> {
        let amount = self.optional_amount()?;
        amount.ok_or_else(|| self.problem("amount", "is missing"))
    }

    /// A whole number within bounds.
    pub(crate) fn whole(&mut self, name: &str, bounds: RangeInclusive<u64>) -> Result<Option<u64>, Problem> {
        let Some(raw) = self.take(name) else { return Ok(None) };
        let (least, most) = (bounds.start(), bounds.end());
        let wrong = || self.problem(name, format_args!("must be a whole number, {least} to {most}"));
        let digits = raw.bytes().all(|byte| byte.is_ascii_digit());
        let number = raw.parse().ok().filter(|number| digits && bounds.contains(number));
        number.map(Some).ok_or_else(wrong)
    }

    /// The parts of an array with so many at the most, at least one.
    pub(crate) fn list(&mut self, name: &str, most: usize) -> Result<Vec<&'a RawValue>, Problem> {
        let raw = self.take(name).ok_or_else(|| self.problem(name, "is missing"))?;
        let list: Vec<&'a RawValue> =
            serde_json::from_str(raw).map_err(|_| self.problem(name, "must be an array"))?;
        if !(1..=most).contains(&list.len()) {
            return Err(self.problem(name, format_args!("must have 1 to {most} items")));
        }
        Ok(list)
    }

    /// Texts in an array, none where it is absent, with so many at the most.
    pub(crate) fn strings(&mut self, name: &str, most: usize) -> Result<Vec<Cow<'a, str>>, Problem> {
        let Some(raw) = self.take(name) else { return Ok(Vec::new()) };
        let list: Vec<&'a RawValue> =
            serde_json::from_str(raw).map_err(|_| self.problem(name, "must be an array"))?;
        if list.len() > most {
            return Err(self.problem(name, format_args!("must not have more than {most} values")));
        }
        let texts: Result<_, _> = list.into_iter().map(|raw| unquote(raw.get())).collect();
        texts.map_err(|words| self.problem(name, words))
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Problem> {
        match self.members.0.first() {
            Some((name, _)) => Err(self.problem(name, "is not a field that is known here")),
            None => Ok(()),
        }
    }
}

fn unquote(raw: &str) -> Result<Cow<'_, str>, &'static str> {
    if !raw.starts_with('"') {
        return Err("must be a string");
    }
    // An unpaired surrogate is the one thing that JSON lets through and text does not.
    let text: Text<'_> = serde_json::from_str(raw).map_err(|_| "contains an unpaired surrogate")?;
    if text.0.contains('\0') {
        return Err("must not contain U+0000");
    }
    Ok(text.0)
}
