//! What a client adds to a command of its own: a JSON object that is kept as it was written, but for white space and the
//! escapes that its strings can do without.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::json::{Members, push_string};

/// The longest metadata, in bytes of compact JSON without needless escapes: a retry by a client that spells it otherwise is
/// as long.
pub const METADATA_BYTES_MAX: usize = 4096;
/// The longest escape of one byte: `\u0041`.
const ESCAPE_BYTES: usize = 6;
/// How deep objects and arrays may stand in each other.
const DEPTH_MAX: usize = 100;
/// Places before the point that any double has room for.
const PLACES_MAX: i128 = 308;
/// What is no JSON, in words that follow the field's name.
const INVALID: &str = "is not valid JSON text";
/// A number that is whole and has no more digits than that is compared as such.
const DIGITS_MAX: usize = 20;

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// Compact, each string in one way, members and numbers as the client has them.
    Kept,
    /// The one way for all that are equal: members in the order of their names, numbers by their value.
    Canonical,
}

/// A client's own JSON object, at most [`METADATA_BYTES_MAX`] bytes, without white space between its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata(Arc<str>);

impl Metadata {
    /// Reads the text of a JSON object.
    ///
    /// # Errors
    /// In words that follow the field's name.
    pub fn parse(json: &str) -> Result<Self, &'static str> {
        // White space tells parts from each other.
        serde_json::from_str::<&RawValue>(json).map_err(|_| INVALID)?;
        let compact = without_white_space(json);
        if !compact.starts_with('{') {
            return Err("must be an object");
        }
        let too_long = Err("must not exceed 4096 bytes");
        if compact.len() > METADATA_BYTES_MAX * ESCAPE_BYTES {
            return too_long;
        }
        let mut kept = String::with_capacity(compact.len());
        push(&mut kept, &compact, 0, Spelling::Kept)?;
        if kept.len() > METADATA_BYTES_MAX { too_long } else { Ok(Self(Arc::from(kept))) }
    }

    /// What the log holds; it was checked when it was parsed.
    pub(crate) fn stored(json: &str) -> Self {
        Self(Arc::from(json))
    }

    /// The JSON text. Numbers stand as the client wrote them.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// One text for all spellings of the same object: names in order, strings and numbers each in one way.
    pub(crate) fn canonical(&self) -> String {
        let mut text = String::with_capacity(self.0.len());
        // It was checked when it was parsed.
        let _ = push(&mut text, &self.0, 0, Spelling::Canonical);
        text
    }
}

/// Writes a value, or says what is wrong with it.
fn push(out: &mut String, json: &str, depth: usize, spelling: Spelling) -> Result<(), &'static str> {
    if depth > DEPTH_MAX {
        return Err("must not be nested deeper than 100 levels");
    }
    let invalid = |_| INVALID;
    let within = depth.saturating_add(1);
    match json.as_bytes().first() {
        Some(b'{') => {
            let Members::<METADATA_BYTES_MAX>(mut members) = serde_json::from_str(json).map_err(invalid)?;
            let mut names = BTreeSet::new();
            if !members.iter().all(|(name, _)| names.insert(name)) {
                return Err("must not give a name more than once");
            }
            if spelling == Spelling::Canonical {
                members.sort_by(|(one, _), (other, _)| one.cmp(other));
            }
            out.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                push_text(out, name)?;
                out.push(':');
                push(out, value.get(), within, spelling)?;
            }
            out.push('}');
        }
        Some(b'[') => {
            let items: Vec<&RawValue> = serde_json::from_str(json).map_err(invalid)?;
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                push(out, item.get(), within, spelling)?;
            }
            out.push(']');
        }
        Some(b'"') => push_text(out, &serde_json::from_str::<String>(json).map_err(invalid)?)?,
        Some(b'-' | b'0'..=b'9') => {
            let start = out.len();
            push_number(out, json)?;
            if spelling == Spelling::Kept {
                out.replace_range(start.., json);
            }
        }
        _ => out.push_str(json),
    }
    Ok(())
}

fn push_text(out: &mut String, text: &str) -> Result<(), &'static str> {
    if text.contains('\0') {
        return Err("must not contain U+0000");
    }
    push_string(out, text);
    Ok(())
}

/// Its digits without zeros at their ends, and the power of ten that they are times; nothing is rounded.
fn push_number(out: &mut String, number: &str) -> Result<(), &'static str> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (sign, magnitude) = mantissa.strip_prefix('-').map_or(("", mantissa), |magnitude| ("-", magnitude));
    let (whole, decimals) = magnitude.split_once('.').unwrap_or((magnitude, ""));
    let (digits, decimals) = (format!("{whole}{decimals}"), decimals.len());
    let significant = digits.trim_end_matches('0');
    let zeros = digits.len().saturating_sub(significant.len());
    let significant = significant.trim_start_matches('0');
    let moved = i128::try_from(zeros).unwrap_or(0).saturating_sub(i128::try_from(decimals).unwrap_or(0));
    if significant.is_empty() {
        out.push('0');
        return Ok(());
    }
    // Only what has that many digits overflows; it is as large, or as small, as can be.
    let beyond = if exponent.starts_with('-') { i64::MIN } else { i64::MAX };
    let power = i128::from(exponent.parse().unwrap_or(beyond)).saturating_add(moved);
    let places = power.saturating_add(i128::try_from(significant.len()).unwrap_or(0));
    if places > PLACES_MAX {
        return Err("must not have numbers beyond 1e308, which many programs can't read");
    }
    out.push_str(sign);
    out.push_str(significant);
    match usize::try_from(power) {
        Ok(zeros) if significant.len().saturating_add(zeros) <= DIGITS_MAX => {
            out.extend(std::iter::repeat_n('0', zeros));
        }
        _ => out.push_str(&format!("e{power}")),
    }
    Ok(())
}

/// Drops the white space outside of strings: an event is one line.
fn without_white_space(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|character| {
            let keep = in_string || !character.is_ascii_whitespace();
            match character {
                '"' if !escaped => in_string = !in_string,
                _ => {}
            }
            escaped = in_string && *character == '\\' && !escaped;
            keep
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_spellings_of_an_object_are_one_and_no_others() {
        let canonical = |json: &str| Metadata::parse(json).unwrap().canonical();
        for (one, other) in [
            (r#"{"a":1,"b":[true,null]}"#, r#" { "b": [ true, null ], "a": 1.0 }"#),
            (r#"{"a":"\u00e9\/"}"#, r#"{"\u0061":"é/"}"#),
            (r#"{"a":[1500,0.05,-0,1e300]}"#, r#"{"a":[15e2,5.0E-2,0.0,10e299]}"#),
            ("{}", " { } "),
        ] {
            assert_eq!(canonical(one), canonical(other), "{one} {other}");
        }
        for (one, other) in [
            (r#"{"a":20000000000000000001}"#, r#"{"a":20000000000000000002}"#),
            (r#"{"a":0.10000000000000000001}"#, r#"{"a":0.1}"#),
            (r#"{"a":-1}"#, r#"{"a":1}"#),
            (r#"{"a":"1"}"#, r#"{"a":1}"#),
            (r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#),
        ] {
            assert_ne!(canonical(one), canonical(other), "{one} {other}");
        }
        assert_eq!(canonical(r#"{"b":10,"a":{"d":[],"c":"x"}}"#), r#"{"a":{"c":"x","d":[]},"b":10}"#);
    }

    #[test]
    fn an_object_is_as_long_however_it_is_escaped() {
        let of =
            |characters: usize, escape: &str| format!(r#"{{ "\u0061": "{}" }}"#, escape.repeat(characters));
        let longest = METADATA_BYTES_MAX - r#"{"a":""}"#.len();
        for escape in ["x", r"\u0078"] {
            let kept = Metadata::parse(&of(longest, escape)).unwrap();
            assert_eq!(kept.as_str(), of(longest, "x").replace(' ', "").replace(r"\u0061", "a"));
            assert_eq!(Metadata::parse(&of(longest + 1, escape)), Err("must not exceed 4096 bytes"));
        }
        let written = r#"{"é":[1.50,2e1,true,null,"\"\n"],"b":{},"a":-0}"#;
        assert_eq!(Metadata::parse(written).unwrap().as_str(), written);
    }

    #[test]
    fn what_is_no_plain_object_is_refused() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(101), "]".repeat(101));
        let long = format!("{{\"a\":\"{}\"}}", "x".repeat(METADATA_BYTES_MAX));
        for (json, why) in [
            ("[]", "must be an object"),
            ("null", "must be an object"),
            (r#"{"a":"\u0000"}"#, "must not contain U+0000"),
            (r#"{"a\u0000":1}"#, "must not contain U+0000"),
            (r#"{"a":"\u0000","a":"x"}"#, "must not give a name more than once"),
            (r#"{"b":{"a":1,"\u0061":1}}"#, "must not give a name more than once"),
            (r#"{"a":"\ud800"}"#, "is not valid JSON text"),
            (r#"{"a":1 2}"#, "is not valid JSON text"),
            (r#"{"a":1e400}"#, "must not have numbers beyond 1e308, which many programs can't read"),
            (
                r#"{"a":1e99999999999999999999}"#,
                "must not have numbers beyond 1e308, which many programs can't read",
            ),
            (&deep, "must not be nested deeper than 100 levels"),
            (&long, "must not exceed 4096 bytes"),
        ] {
            assert_eq!(Metadata::parse(json), Err(why), "{json}");
        }
    }
}
