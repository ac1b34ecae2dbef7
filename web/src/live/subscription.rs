//! What a client may say on a live feed: SUBSCRIBE, and nothing else.

use domain::{AccountId, Sequence};
use store::EventFilter;

use crate::events;
use crate::fields::Fields;
use crate::params::REPEATS_MAX;
use crate::problem::Problem;

/// Reads a SUBSCRIBE.
pub(super) fn understand(text: &str) -> Result<(Option<Sequence>, EventFilter), Problem> {
    let mut fields = Fields::parse_text("message", text)?;
    if fields.string("type")?.as_deref() != Some("SUBSCRIBE") {
        return Err(Problem::field("type", "must be SUBSCRIBE"));
    }
    let from = fields.whole("fromSequence", 0..=u64::MAX)?.map(Sequence::new);
    let accounts = fields.strings("accountIds", REPEATS_MAX)?;
    let accounts: Result<_, _> = accounts.iter().map(|id| AccountId::parse(id)).collect();
    let kinds = fields.strings("eventTypes", REPEATS_MAX)?;
    let kinds: Result<_, Problem> = kinds.iter().map(|kind| events::kind_name("eventTypes", kind)).collect();
    let correlation = fields.string("correlationId")?;
    let correlation = correlation.map(|text| events::correlation("correlationId", &text));
    fields.finish()?;
    let filter = EventFilter {
        accounts: accounts.map_err(|error| Problem::field("accountIds", error))?,
        kinds: kinds?,
        correlation: correlation.transpose()?,
    };
    Ok((from, filter))
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
        for (wrong, named) in [
            ("[]", "message"),
            (r#"["SUBSCRIBE",160,[],[],null]"#, "message"),
            ("{}", "type"),
            (r#"{"type":"HELLO"}"#, "type"),
            (r#"{"type":"SUBSCRIBE","from":1}"#, "from"),
            (r#"{"type":"SUBSCRIBE","fromSequence":-1}"#, "fromSequence"),
            (r#"{"type":"SUBSCRIBE","fromSequence":"5"}"#, "fromSequence"),
            (r#"{"type":"SUBSCRIBE","accountIds":"a"}"#, "accountIds"),
            (r#"{"type":"SUBSCRIBE","accountIds":["a b"]}"#, "accountIds"),
            (r#"{"type":"SUBSCRIBE","eventTypes":["deposit"]}"#, "eventTypes"),
            (r#"{"type":"SUBSCRIBE","eventTypes":[1]}"#, "eventTypes"),
            (r#"{"type":"SUBSCRIBE","correlationId":"\u0000"}"#, "correlationId"),
        ] {
            let problem = understand(wrong).expect_err(wrong).json();
            assert!(problem.contains(&format!("\"field\":\"{named}\"")), "{wrong}: {problem}");
        }
        assert!(understand("{").expect_err("cut off").json().contains("malformed-json"));
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
