//! What a client may say on a live feed: SUBSCRIBE, and nothing else.

use domain::{AccountId, Sequence};
use serde::Deserialize;
use store::EventFilter;

use crate::code::Code;
use crate::events;
use crate::params::REPEATS_MAX;
use crate::problem::Problem;

/// What a client may say.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Said {
    r#type: String,
    from_sequence: Option<u64>,
    #[serde(default)]
    account_ids: Vec<String>,
    #[serde(default)]
    event_types: Vec<String>,
    correlation_id: Option<String>,
}

/// Reads a SUBSCRIBE.
pub(super) fn understand(text: &str) -> Result<(Option<Sequence>, EventFilter), Problem> {
    let said: Said = serde_json::from_str(text).map_err(|error| {
        if error.is_data() {
            Problem::field("message", error)
        } else {
            Problem::new(Code::MalformedJson, "the message is not valid JSON")
        }
    })?;
    if said.r#type != "SUBSCRIBE" {
        return Err(Problem::field("type", "must be SUBSCRIBE"));
    }
    for (field, values) in [("accountIds", &said.account_ids), ("eventTypes", &said.event_types)] {
        if values.len() > REPEATS_MAX {
            return Err(Problem::field(field, format_args!("must not have more than {REPEATS_MAX} values")));
        }
    }
    let accounts: Result<Vec<AccountId>, _> =
        said.account_ids.iter().map(|id| AccountId::parse(id)).collect();
    let accounts = accounts.map_err(|error| Problem::field("accountIds", error))?;
    let kinds: Result<Vec<String>, Problem> =
        said.event_types.iter().map(|kind| events::kind_name("eventTypes", kind)).collect();
    let correlation = said.correlation_id.map(|text| events::correlation("correlationId", &text));
    let filter = EventFilter { accounts, kinds: kinds?, correlation: correlation.transpose()? };
    Ok((said.from_sequence.map(Sequence::new), filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subscription_is_read_strictly() {
        let text =
            r#"{"type":"SUBSCRIBE","fromSequence":4,"accountIds":["a"],"eventTypes":["MONEY_DEPOSITED"]}"#;
        let (from, filter) = understand(text).expect("a subscription");
        assert_eq!(from, Some(Sequence::new(4)));
        assert_eq!((filter.accounts.len(), filter.kinds.len()), (1, 1));
        for wrong in [
            "{",
            "[]",
            r#"{"type":"HELLO"}"#,
            r#"{"type":"SUBSCRIBE","from":1}"#,
            r#"{"type":"SUBSCRIBE","fromSequence":-1}"#,
            r#"{"type":"SUBSCRIBE","accountIds":["a b"]}"#,
            r#"{"type":"SUBSCRIBE","eventTypes":["deposit"]}"#,
            r#"{"type":"SUBSCRIBE","correlationId":"\u0000"}"#,
            &format!(r#"{{"type":"SUBSCRIBE","accountIds":[{}"a"]}}"#, r#""a","#.repeat(100)),
        ] {
            assert!(understand(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_subscription_has_bounds() {
        let list = |name: &str, value: &str, count: usize| {
            let values = vec![format!("\"{value}\""); count].join(",");
            understand(&format!(r#"{{"type":"SUBSCRIBE","{name}":[{values}]}}"#))
        };
        for (name, value) in [("accountIds", "a"), ("eventTypes", "MONEY_DEPOSITED")] {
            assert!(list(name, value, REPEATS_MAX).is_ok(), "{name}");
            assert!(list(name, value, REPEATS_MAX + 1).is_err(), "{name}");
        }
        let correlated = |id: &str| understand(&format!(r#"{{"type":"SUBSCRIBE","correlationId":"{id}"}}"#));
        assert!(correlated(&"ä".repeat(255)).is_ok());
        assert!(correlated(&"ä".repeat(256)).is_err());
        assert!(correlated(r"a\u0000b").is_err());
    }
}
