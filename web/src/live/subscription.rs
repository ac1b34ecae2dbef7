//! What a client may say on a live feed: SUBSCRIBE, and nothing else.

use domain::{AccountId, Sequence};
use serde::Deserialize;
use store::EventFilter;

use crate::code::Code;
use crate::events;
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
    let accounts: Result<Vec<AccountId>, _> =
        said.account_ids.iter().map(|id| AccountId::parse(id)).collect();
    let accounts = accounts.map_err(|error| Problem::field("accountIds", error))?;
    let kinds: Result<Vec<String>, Problem> =
        said.event_types.iter().map(|kind| events::kind_name("eventTypes", kind)).collect();
    let filter = EventFilter { accounts, kinds: kinds?, correlation: said.correlation_id };
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
        ] {
            assert!(understand(wrong).is_err(), "{wrong}");
        }
    }
}
