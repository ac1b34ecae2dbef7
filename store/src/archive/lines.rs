//! The lines of a file, as they are written and read.

use std::borrow::Cow;

use domain::Timestamp;
use domain::chain::Hex;
use domain::rows::{BatchRow, CommandColumns, EventRow, RefusalRow};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The form of the files that this version writes and reads.
pub(super) const FORMAT: u32 = 1;

/// Any line.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Line<'a> {
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) bursar: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<u32>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) log_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sequence: Option<i64>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<Command<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<&'a RawValue>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) batch: Option<Batch<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<Refusal<'a>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<End<'a>>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) fingerprint: Cow<'a, str>,
    pub(super) events: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Batch<'a> {
    pub(super) first: i64,
    pub(super) last: i64,
    #[serde(borrow)]
    pub(super) committed_at: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) root: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) chain: Cow<'a, str>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Refusal<'a> {
    pub(super) number: i64,
    pub(super) sequence: i64,
    #[serde(borrow)]
    pub(super) command_id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) fingerprint: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) facts: &'a RawValue,
    #[serde(borrow)]
    pub(super) reason: &'a RawValue,
    #[serde(borrow)]
    pub(super) decided_at: Cow<'a, str>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct End<'a> {
    pub(super) sequence: i64,
    #[serde(borrow)]
    pub(super) chain: Cow<'a, str>,
    pub(super) batches: u64,
    pub(super) refusals: i64,
}

/// JSON that a row holds as text, on one line, as a part of a line.
pub(super) fn part(text: &str) -> Option<&RawValue> {
    if text.contains(['\n', '\r']) {
        return None;
    }
    // Space around it would be lost.
    serde_json::from_str::<&RawValue>(text).ok().filter(|part| part.get().len() == text.len())
}

pub(super) fn time(micros: i64) -> Cow<'static, str> {
    Timestamp::from_micros(micros).to_string().into()
}

fn hex(bytes: &[u8]) -> Cow<'static, str> {
    Hex(bytes).to_string().into()
}

impl<'a> Command<'a> {
    /// What stands with a unit's first event; `None` where some of it is missing.
    pub(super) fn of(columns: &'a CommandColumns) -> Option<Self> {
        let CommandColumns {
            id: Some(_),
            fingerprint: Some(fingerprint),
            name: Some(name),
            events: Some(events),
        } = columns
        else {
            return None;
        };
        Some(Self { name: name.into(), fingerprint: hex(fingerprint), events: *events })
    }
}

impl<'a> Line<'a> {
    /// An event's line; `None` where the text is no JSON on one line, which it was when it was written.
    pub(super) fn of_event(row: &'a EventRow) -> Option<Self> {
        let (event, command) = (part(&row.body)?, Command::of(&row.command));
        Some(Self { sequence: Some(row.sequence), command, event: Some(event), ..Self::default() })
    }

    pub(super) fn of_batch(row: &BatchRow) -> Self {
        let batch = Batch {
            first: row.first,
            last: row.last,
            committed_at: time(row.committed_at),
            root: hex(&row.root),
            chain: hex(&row.chain),
        };
        Self { batch: Some(batch), ..Self::default() }
    }

    /// A refusal's line; `None` where its texts are no JSON on one line.
    pub(super) fn of_refusal(row: &'a RefusalRow) -> Option<Self> {
        let refusal = Refusal {
            number: row.number,
            sequence: row.sequence,
            command_id: row.command_id.as_str().into(),
            name: row.name.as_str().into(),
            fingerprint: hex(&row.fingerprint),
            facts: part(&row.facts)?,
            reason: part(&row.reason)?,
            decided_at: time(row.decided_at),
        };
        Some(Self { refusal: Some(refusal), ..Self::default() })
    }
}
