//! Reading JSON objects member by member, and writing JSON text directly: events, documents and answers are put together from parts that are JSON already, so that money
//! is never anything but its digits.

use std::borrow::Cow;
use std::fmt::{self, Display, Write as _};

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON object under way.
#[derive(Clone, Debug)]
pub struct Object(String);

impl Default for Object {
    fn default() -> Self {
        Self::new()
    }
}

impl Object {
    /// An object without members, with room for so many bytes of text.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut text = String::with_capacity(bytes);
        text.push('{');
        Self(text)
    }

    /// An object without members.
    pub fn new() -> Self {
        Self::with_capacity(128)
    }

    fn name(&mut self, name: &str) -> &mut String {
        self.0.push_str(if self.0.len() > 1 { ",\"" } else { "\"" });
        self.0.push_str(name);
        self.0.push_str("\":");
        &mut self.0
    }

    /// A string, escaped.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        push_string(self.name(name), text);
        self
    }

    /// A string, escaped, where there is one.
    pub fn optional_text(&mut self, name: &str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self,
        }
    }

    /// A number or a boolean.
    pub fn bare(&mut self, name: &str, value: impl Display) -> &mut Self {
        // Writing to a string cannot fail.
        let _ = write!(self.name(name), "{value}");
        self
    }

    /// JSON that is ready.
    pub fn raw(&mut self, name: &str, json: &str) -> &mut Self {
        self.name(name).push_str(json);
        self
    }

    /// A value that needs quotes but no escapes.
    pub fn quoted(&mut self, name: &str, value: impl Display) -> &mut Self {
        let text = self.name(name);
        text.push('"');
        let _ = write!(text, "{value}");
        text.push('"');
        self
    }

    /// A number, or null.
    pub fn optional(&mut self, name: &str, value: Option<impl Display>) -> &mut Self {
        match value {
            Some(value) => self.bare(name, value),
            None => self.raw(name, "null"),
        }
    }

    /// An array of parts that are JSON already.
    pub fn array<'a>(&mut self, name: &str, parts: impl IntoIterator<Item = &'a str>) -> &mut Self {
        push_array(self.name(name), parts);
        self
    }

    /// The members of an object that is JSON already.
    pub fn members_of(&mut self, object: &str) -> &mut Self {
        let inner = object.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
        if !inner.is_empty() {
            if self.0.len() > 1 {
                self.0.push(',');
            }
            self.0.push_str(inner);
        }
        self
    }

    /// Another object's members.
    pub fn append(&mut self, other: &Self) -> &mut Self {
        if other.0.len() > 1 {
            if self.0.len() > 1 {
                self.0.push(',');
            }
            self.0.push_str(&other.0[1..]);
        }
        self
    }

    /// The text.
    pub fn into_string(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A JSON array of parts that are JSON already.
pub fn array<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    push_array(&mut text, parts);
    text
}

fn push_array<'a>(out: &mut String, parts: impl IntoIterator<Item = &'a str>) {
    out.push('[');
    for (place, part) in parts.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(part);
    }
    out.push(']');
}

/// A JSON string.
pub fn push_string(out: &mut String, text: &str) {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    if text.bytes().all(plain) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

/// The members of a JSON object as they are written, doubled ones too, their values still text; of more than `MAX`, one
/// more than that.
pub struct Members<'a, const MAX: usize>(pub Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de, const MAX: usize> Deserialize<'de> for Members<'de, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyObject<const MAX: usize>;
        impl<'de, const MAX: usize> Visitor<'de> for AnyObject<MAX> {
            type Value = Members<'de, MAX>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(member) = map.next_entry::<Text<'de>, &'de RawValue>()? {
                    members.push((member.0.0, member.1));
                    if members.len() > MAX {
                        // The rest is only read to its end: it may still be malformed.
                        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                        break;
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(AnyObject)
    }
}

/// A JSON string's text, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_valid_json_whatever_they_hold() {
        let mut object = Object::new();
        object.text("a", "Zoë \"Z\"\n").bare("b", 10).raw("c", "[1.50]").optional("d", None::<u8>);
        object.members_of("{\"e\":true}").members_of("{}").array("f", ["{}", "2"]);
        let text = object.into_string();
        assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
        assert!(text.ends_with(r#""b":10,"c":[1.50],"d":null,"e":true,"f":[{},2]}"#), "{text}");
        assert_eq!(Object::new().into_string(), "{}");
    }
}
