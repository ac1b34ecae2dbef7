//! What stands in a request's path, query and headers, read strictly: what is unknown or twice is an error that names it.

use std::borrow::Cow;
use std::str::FromStr;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{self, Accept, Header as _, HeaderMap, Quality};
use domain::{AccountId, Sequence, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::problem::Problem;

/// What a list answers without `limit`.
pub(crate) const LIMIT_DEFAULT: usize = 100;
/// The most that `limit` may be.
pub(crate) const LIMIT_MAX: usize = 1000;

/// How often a parameter that may come more than once may come, and how many values a list in its place may have.
pub(crate) const REPEATS_MAX: usize = 100;

/// What must be escaped in a part of a path or query.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':');

/// The parameters of a query, in order.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads a query whose parameters may be these; only those in `repeatable` may come more than once.
    pub(crate) fn read(request: &HttpRequest, known: &[&str], repeatable: &[&str]) -> Result<Self, Problem> {
        let mut params: Vec<(String, String)> = Vec::new();
        for part in request.query_string().split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode(name).ok_or_else(|| Problem::field(name, "is not UTF-8"))?;
            if !known.contains(&&*name) {
                return Err(Problem::field(&name, "is not a parameter of this path"));
            }
            let given = params.iter().filter(|(other, _)| *other == name).count();
            if given > 0 && !repeatable.contains(&&*name) {
                return Err(Problem::field(&name, "is given more than once"));
            }
            if given == REPEATS_MAX {
                let words = format_args!("is given more than {REPEATS_MAX} times");
                return Err(Problem::field(&name, words));
            }
            let value = decode(value).filter(|value| !value.contains('\0'));
            let value = value.ok_or_else(|| Problem::field(&name, "is not text in UTF-8 without U+0000"))?;
            params.push((name, value));
        }
        Ok(Self(params))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// A whole number.
    pub(crate) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.get(name).map(|text| whole_number(name, text)).transpose()
    }

    /// A sequence number.
    pub(crate) fn sequence(&self, name: &str) -> Result<Option<Sequence>, Problem> {
        Ok(self.number(name)?.map(Sequence::new))
    }

    /// A moment in RFC 3339.
    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        // What stands for a space in a query is the sign of the offset here.
        let time = Timestamp::parse(&text.replace(' ', "+"));
        let wrong = || Problem::field(name, "must be a time in RFC 3339, such as 2026-01-31T12:00:00Z");
        time.map(Some).ok_or_else(wrong)
    }

    /// How many are wanted at the most.
    pub(crate) fn limit(&self) -> Result<Option<usize>, Problem> {
        match self.number::<usize>("limit")? {
            Some(limit) if !(1..=LIMIT_MAX).contains(&limit) => {
                Err(Problem::field("limit", format_args!("must be 1 to {LIMIT_MAX}")))
            }
            limit => Ok(limit),
        }
    }

    /// One of some words.
    pub(crate) fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<Option<T>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        found.map(Some).ok_or_else(|| {
            let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
            Problem::field(name, format_args!("must be one of {}", words.join(", ")))
        })
    }

    /// Yes or no; no where it is not given.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Problem> {
        Ok(self.choice(name, &[("true", true), ("false", false)])?.unwrap_or(false))
    }

    /// `2s`, `500ms` or seconds.
    pub(crate) fn duration(&self, name: &str, most: Duration) -> Result<Option<Duration>, Problem> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let (digits, unit_ms) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
            (Some(digits), _) => (digits, 1),
            (None, Some(digits)) => (digits, 1000),
            (None, None) => (text, 1000),
        };
        let ms = whole_number::<u64>(name, digits).ok().and_then(|number| number.checked_mul(unit_ms));
        let duration = ms.map(Duration::from_millis).filter(|duration| *duration <= most);
        let most = most.as_secs();
        duration
            .map(Some)
            .ok_or_else(|| Problem::field(name, format_args!("must be like 2s or 500ms, at most {most}s")))
    }

    /// The same for a place of the log, also where a time was given.
    pub(crate) fn with_place(&self, place: Sequence) -> Self {
        let others = self.0.iter().filter(|(name, _)| name != "asOf" && name != "asOfSequence");
        let place = ("asOfSequence".to_owned(), place.to_string());
        Self(others.cloned().chain([place]).collect())
    }

    /// The link to what follows: the same path and parameters, but for one.
    pub(crate) fn next_link(&self, path: &str, name: &str, value: &str) -> String {
        let mut link = format!("<{path}?");
        for (other, value) in self.0.iter().filter(|(other, _)| other != name) {
            link.push_str(other);
            link.push('=');
            link.extend(encode(value));
            link.push('&');
        }
        link.push_str(name);
        link.push('=');
        link.extend(encode(value));
        link.push_str(">; rel=\"next\"");
        link
    }
}

/// A whole number in a parameter or header.
pub(crate) fn whole_number<T: FromStr>(name: &str, text: &str) -> Result<T, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = Some(text).filter(|_| digits).and_then(|text| text.parse().ok());
    number.ok_or_else(|| Problem::field(name, "must be a whole number"))
}

/// Escapes text for a path or query.
pub(crate) fn encode(text: &str) -> impl Iterator<Item = &str> {
    utf8_percent_encode(text, ESCAPED)
}

fn decode(text: &str) -> Option<String> {
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

/// A part of the path, decoded.
pub(crate) fn path_part<'a>(request: &'a HttpRequest, name: &str) -> Cow<'a, str> {
    // The router has decoded all but `%`, `/` and `+`.
    percent_decode_str(request.match_info().query(name)).decode_utf8_lossy()
}

/// The account that the path names.
pub(crate) fn path_account(request: &HttpRequest) -> Result<AccountId, Problem> {
    AccountId::parse(&path_part(request, "accountId")).map_err(|error| Problem::field("accountId", error))
}

/// A header as text; an error if it is not visible ASCII or comes twice.
pub(crate) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name);
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Problem::field(name, "is given more than once"));
    }
    value.to_str().map(Some).map_err(|_| Problem::field(name, "must be visible ASCII characters"))
}

/// Whether the client has what has this entity tag, strong or weak (RFC 9110 §13.1.2).
pub(crate) fn has_it(request: &HttpRequest, etag: &str) -> bool {
    fn bare(tag: &str) -> &str {
        tag.strip_prefix("W/").unwrap_or(tag)
    }
    let asked = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let mut tags = asked.flat_map(|asked| asked.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || bare(tag) == bare(etag))
}

/// Whether the client asks for one JSON text per line.
pub(crate) fn wants_ndjson(request: &HttpRequest) -> bool {
    accepts(request, "application/x-ndjson")
}

/// Whether the client names a media type, in lower case, among those that it takes, and JSON not before it.
pub(crate) fn accepts(request: &HttpRequest, media: &str) -> bool {
    let Ok(accept) = Accept::parse(request) else { return false };
    let quality = |media: &str| {
        let named = accept.iter().filter(|taken| taken.item.essence_str() == media);
        named.map(|taken| taken.quality).max().unwrap_or(Quality::ZERO)
    };
    quality(media) > Quality::ZERO && quality(media) >= quality("application/json")
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::ACCEPT;
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_parameter_comes_so_often_and_no_more() {
        let read = |count: usize, repeatable: &[&str]| {
            let uri = format!("/events?{}", vec!["type=A"; count].join("&"));
            Params::read(&TestRequest::with_uri(&uri).to_http_request(), &["type"], repeatable)
        };
        assert!(read(1, &[]).is_ok() && read(2, &[]).is_err());
        assert!(read(REPEATS_MAX, &["type"]).is_ok());
        assert!(read(REPEATS_MAX + 1, &["type"]).is_err());
    }

    #[test]
    fn a_media_type_is_taken_where_it_is_named() {
        for (accept, is_taken) in [
            ("text/csv", true),
            ("Text/CSV; charset=utf-8", true),
            ("application/json;q=0.5, text/csv", true),
            ("*/*, text/csv;q=0.5", true),
            ("application/json, text/csv;q=0.5", false),
            ("application/json, text/csv;q=0", false),
            ("text/csv-schema", false),
            ("*/*", false),
            ("", false),
        ] {
            let request = TestRequest::default().insert_header((ACCEPT, accept)).to_http_request();
            assert_eq!(accepts(&request, "text/csv"), is_taken, "{accept}");
        }
    }
}
