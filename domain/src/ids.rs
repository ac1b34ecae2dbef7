//! The names and numbers that must not be mixed: accounts, commands, sequences, versions, times.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The longest account or hold id, in characters.
pub const NAME_LENGTH_MAX: usize = 128;
/// The longest command id (idempotency key), in characters.
pub const COMMAND_ID_LENGTH_MAX: usize = 255;

/// An account's name: 1 to 128 of `A-Z a-z 0-9 . _ : -`, not `all`, `live`, `.` or `..` (those are parts of paths).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(Arc<str>);

impl AccountId {
    /// Reads an id; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if !is_plain(text) {
            return Err(IdError::Name);
        }
        if matches!(text, "all" | "live" | "." | "..") {
            return Err(IdError::AccountReserved);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A hold's name within its account: 1 to 128 of `A-Z a-z 0-9 . _ : -`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HoldId(Arc<str>);

impl HoldId {
    /// Reads an id; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if is_plain(text) { Ok(Self(Arc::from(text))) } else { Err(IdError::Name) }
    }

    /// The id of a hold that the client gave none: the command's, or one made of it where that is no name.
    pub fn of_command(command: &CommandId) -> Self {
        Self::parse(command.as_str())
            .unwrap_or_else(|_| Self(digest_id(&format!("bursar hold of {command}"))))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a command is known by for ever: the client's idempotency key, or a UUID that the server made. 1 to 255 visible
/// ASCII characters, not `log`, `.` or `..` (those are parts of paths). What the server does of itself has an id with
/// spaces, which no client can have taken before.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(Arc<str>);

impl CommandId {
    /// Reads an id; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty()
            || text.len() > COMMAND_ID_LENGTH_MAX
            || !text.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(IdError::Command);
        }
        if matches!(text, "log" | "." | "..") {
            return Err(IdError::CommandReserved);
        }
        Ok(Self(Arc::from(text)))
    }

    /// The id under which a hold expires: the same for whoever finds out that it is due.
    pub fn of_expiry(account: &AccountId, hold: &HoldId) -> Self {
        Self(Arc::from(format!("expire {account} {hold}")))
    }

    /// The id of a batch's item that has no key of its own, by its place among those: the same whenever the batch is sent
    /// again under its key.
    pub fn of_item(batch: &Self, place: usize) -> Self {
        Self(digest_id(&format!("bursar batch item {place} of {batch}")))
    }

    /// Any id that may be recorded, the server's own among them.
    pub fn recorded(text: &str) -> Result<Self, IdError> {
        let own = text.starts_with("expire ") && text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if own { Ok(Self(Arc::from(text))) } else { Self::parse(text) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<uuid::Uuid> for CommandId {
    fn from(uuid: uuid::Uuid) -> Self {
        Self(text_of(uuid))
    }
}

/// A UUID of version 8 (RFC 9562 §5.8), made of a SHA-256.
fn digest_id(of: &str) -> Arc<str> {
    let mut bytes = uuid::Bytes::default();
    bytes.iter_mut().zip(Sha256::digest(of)).for_each(|(to, from)| *to = from);
    text_of(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn text_of(uuid: uuid::Uuid) -> Arc<str> {
    let mut buffer = uuid::Uuid::encode_buffer();
    Arc::from(&*uuid.hyphenated().encode_lower(&mut buffer))
}

fn is_plain(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
    (1..=NAME_LENGTH_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

/// Why a text is no id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Wrong characters or length.
    #[error("must be 1 to 128 characters of A-Z a-z 0-9 . _ : -")]
    Name,
    /// A part of a path.
    #[error("must not be all, live, . or ..")]
    AccountReserved,
    /// Wrong characters or length.
    #[error("must be 1 to 255 visible ASCII characters")]
    Command,
    /// A part of a path.
    #[error("must not be log, . or ..")]
    CommandReserved,
}

macro_rules! text_id {
    ($name:ident, $read:ident) => {
        /// What is stored; clients' words go through `parse`.
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::$read(&text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.as_str().to_owned()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }
    };
}
text_id!(AccountId, parse);
text_id!(HoldId, parse);
text_id!(CommandId, recorded);

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Before the first one.
            pub const ZERO: Self = Self(0);

            /// The number itself.
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number itself.
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The one after this.
            pub const fn next(self) -> Self {
                self.plus(1)
            }

            /// The one so many places on.
            pub const fn plus(self, places: u64) -> Self {
                Self(self.0.saturating_add(places))
            }

            /// How many places this is ahead of another; 0 where it is not.
            pub const fn ahead_of(self, other: Self) -> u64 {
                self.0.saturating_sub(other.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number! {
    /// An event's place in the whole log: 1, 2, 3… without gap, in the order of commit. 0 is before the first event.
    Sequence
}
number! {
    /// An event's place in its account's stream: 1, 2, 3… without gap. 0 is an account that does not exist.
    Version
}

/// A moment, in microseconds since 1970 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970 UTC.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The UTC day, counted from 1970.
    pub const fn day(self) -> i64 {
        self.0.div_euclid(86_400_000_000)
    }

    /// So many seconds on.
    pub fn plus_seconds(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(i64::from(seconds).saturating_mul(1_000_000)))
    }

    /// Reads RFC 3339, to the microsecond. What is later than can be counted, in the last days of 9999, is the last moment
    /// that can.
    pub fn parse(text: &str) -> Option<Self> {
        let (local, offset) = match text.strip_suffix(['Z', 'z']) {
            Some(local) => (local, "+00:00"),
            None => text.split_at_checked(text.len().checked_sub(6)?)?,
        };
        let (seconds, fraction) = local.split_once('.').unwrap_or((local, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let hours_and_minutes = offset.strip_prefix(['+', '-'])?.split_once(':')?;
        let is_offset = (hours_and_minutes.0 < "24" && hours_and_minutes.1 < "60") && like("+00:00", offset);
        if !like("0000-00-00T00:00:00", seconds) || !digits(fraction) || !is_offset {
            return None;
        }
        // What is finer than a nanosecond is no part of it.
        let local = format!("{seconds}.{fraction:.9}");
        let time = format!("{local}{offset}").parse::<jiff::Timestamp>().or_else(|error| {
            let is_a_time = local.parse::<jiff::civil::DateTime>().is_ok();
            if is_a_time && local.starts_with('9') { Ok(jiff::Timestamp::MAX) } else { Err(error) }
        });
        time.ok().map(|time| Self(time.as_microsecond()))
    }
}

/// Whether a text is like a pattern: digits where that has zeros, a sign where it has a plus, else the same.
fn like(pattern: &str, text: &str) -> bool {
    let fits = |(like, is): (u8, u8)| match like {
        b'0' => is.is_ascii_digit(),
        b'+' => matches!(is, b'+' | b'-'),
        _ => is.eq_ignore_ascii_case(&like),
    };
    pattern.len() == text.len() && pattern.bytes().zip(text.bytes()).all(fits)
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with six decimals: `2026-01-31T12:00:00.000000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = jiff::Timestamp::from_microsecond(self.0).unwrap_or_default();
        write!(f, "{time:.6}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_ids_are_plain_words() {
        let longest = "x".repeat(128);
        for good in ["acc-1", "A.b_c:9", "...", "All", &longest] {
            assert!(AccountId::parse(good).is_ok(), "{good}");
        }
        let too_long = "x".repeat(129);
        for bad in ["", "a b", "a/b", "ä", "all", "live", ".", "..", "a\0", &too_long] {
            assert!(AccountId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn command_ids_are_visible_ascii() {
        let longest = "k".repeat(255);
        for good in ["k", "a/b?c#d\"", "..k", &longest] {
            assert!(CommandId::parse(good).is_ok(), "{good}");
        }
        let too_long = "k".repeat(256);
        for bad in ["", "a b", "a\n", "é", "log", ".", "..", &too_long] {
            assert!(CommandId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_that_the_server_derives_are_steady_and_no_clients() {
        let (account, hold) = (AccountId::parse("acc-1").unwrap(), HoldId::parse("h-1").unwrap());
        let expiry = CommandId::of_expiry(&account, &hold);
        assert_eq!(expiry.as_str(), "expire acc-1 h-1");
        assert!(CommandId::parse(expiry.as_str()).is_err());
        assert_eq!(CommandId::recorded(expiry.as_str()), Ok(expiry));
        let batch = CommandId::parse("b").unwrap();
        let item = CommandId::of_item(&batch, 0);
        assert_eq!(item, CommandId::of_item(&batch, 0));
        assert_ne!(item, CommandId::of_item(&batch, 1));
        assert!(CommandId::parse(item.as_str()).is_ok());
    }

    #[test]
    fn times_print_with_microseconds_and_come_back() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_769_860_800_000_000, "2026-01-31T12:00:00.000000Z"),
            (1_769_860_800_120_003, "2026-01-31T12:00:00.120003Z"),
        ] {
            assert_eq!(Timestamp::from_micros(micros).to_string(), text);
            assert_eq!(Timestamp::parse(text), Some(Timestamp::from_micros(micros)));
        }
        let last = Timestamp::parse("9999-12-31T23:59:59.999999Z");
        assert!(last > Timestamp::parse("9999-12-30T00:00:00-01:00"), "{last:?}");
        assert_eq!(
            Timestamp::parse("2026-01-31t13:00:00.1+01:00").unwrap().to_string(),
            "2026-01-31T12:00:00.100000Z"
        );
        for wrong in [
            "yesterday",
            "",
            "2026-01-31",
            "2026-01-31T12:00Z",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00,5Z",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00-0100",
            "2026-01-31T12:00:00+24:00",
            "2026-02-30T12:00:00Z",
            "9999-13-31T23:59:59Z",
            "+002026-01-31T12:00:00Z",
            "2026-01-31T12:00:00é00:00",
        ] {
            assert_eq!(Timestamp::parse(wrong), None, "{wrong}");
        }
    }
}
