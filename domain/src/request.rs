//! A command as it was asked for: under which id, on which condition, with what beside it.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::account::{Command, Posting};
use crate::ids::{AccountId, CommandId, HoldId, Version};
use crate::json::Object;
use crate::limits::Change;
use crate::metadata::Metadata;
use crate::refusal::Refusal;
use crate::reversal::Target;

/// A command with everything that the client said about it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The client's idempotency key, or an id that the server made.
    pub id: CommandId,
    /// Whether the client gave the id: then a refusal is remembered too.
    pub keyed: bool,
    /// What to do.
    pub command: Command,
    /// The version of the (first) account that the client expects.
    pub if_match: Option<Version>,
    /// The client's own object, kept with each event.
    pub metadata: Option<Metadata>,
    /// What the client calls the conversation that this belongs to; else the command's id.
    pub correlation: Option<Arc<str>>,
    /// The client's span in a distributed trace.
    pub trace: Option<TraceParent>,
    /// All that was asked in the batch whose key this item's id is made of.
    pub batch: Option<Fingerprint>,
}

/// What two requests must share to be one command sent twice: the first half of a SHA-256 over everything that was
/// asked, independent of its spelling.
pub type Fingerprint = [u8; 16];

impl Request {
    /// The fingerprint of command, fields and condition. The id, the correlation and the trace are not part of it.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut text = self.command.facts();
        text.insert_str(0, self.command.name());
        if let Some(version) = self.if_match {
            let _ = write!(text, "\nif-match {version}");
        }
        if let Some(metadata) = &self.metadata {
            text.push_str("\nmetadata ");
            text.push_str(&metadata.canonical());
        }
        if let Some(batch) = &self.batch {
            let _ = write!(text, "\nbatch {batch:?}");
        }
        let mut half = Fingerprint::default();
        half.iter_mut().zip(Sha256::digest(text.as_bytes())).for_each(|(to, from)| *to = from);
        half
    }
}

impl Command {
    /// The name in the command log.
    pub fn name(&self) -> &'static str {
        match self {
            Self::CreateAccount { .. } => "CREATE_ACCOUNT",
            Self::Deposit { .. } => "DEPOSIT",
            Self::Withdraw { .. } => "WITHDRAW",
            Self::Transfer { .. } => "TRANSFER",
            Self::FreezeAccount { .. } => "FREEZE_ACCOUNT",
            Self::UnfreezeAccount { .. } => "UNFREEZE_ACCOUNT",
            Self::CloseAccount { .. } => "CLOSE_ACCOUNT",
            Self::ReopenAccount { .. } => "REOPEN_ACCOUNT",
            Self::PlaceHold { .. } => "PLACE_HOLD",
            Self::CaptureHold { .. } => "CAPTURE_HOLD",
            Self::ReleaseHold { .. } => "RELEASE_HOLD",
            Self::SetLimits { .. } => "SET_LIMITS",
            Self::Reverse { .. } => "REVERSE",
            Self::Post { .. } => "POST",
        }
    }

    /// The accounts that the decision needs, sorted, each once. Those of a reversal are the movements' own
    /// ([`Found::accounts`](crate::reversal::Found::accounts)).
    pub fn accounts(&self) -> Vec<AccountId> {
        let (one, other) = match self {
            Self::CreateAccount { account, .. }
            | Self::Deposit { account, .. }
            | Self::Withdraw { account, .. }
            | Self::FreezeAccount { account, .. }
            | Self::UnfreezeAccount { account, .. }
            | Self::ReopenAccount { account, .. }
            | Self::PlaceHold { account, .. }
            | Self::ReleaseHold { account, .. }
            | Self::SetLimits { account, .. } => (account, None),
            Self::CloseAccount { account, sweep_to: to, .. } | Self::CaptureHold { account, to, .. } => {
                (account, to.as_ref())
            }
            Self::Transfer { from, to, .. } => (from, Some(to)),
            Self::Reverse { .. } => return Vec::new(),
            Self::Post { postings, .. } => {
                let named: BTreeSet<&AccountId> =
                    postings.iter().flat_map(|posting| [&posting.from, &posting.to]).collect();
                return named.into_iter().cloned().collect();
            }
        };
        match other.map(|other| (other, one.cmp(other))) {
            None | Some((_, Ordering::Equal)) => vec![one.clone()],
            Some((other, Ordering::Less)) => vec![one.clone(), other.clone()],
            Some((other, Ordering::Greater)) => vec![other.clone(), one.clone()],
        }
    }

    /// What the decision needs beyond the accounts.
    pub fn subject(&self, id: &CommandId) -> Subject<'_> {
        match self {
            Self::PlaceHold { account, hold, .. } => {
                Subject::Hold(account, hold.clone().unwrap_or_else(|| HoldId::of_command(id)))
            }
            Self::CaptureHold { account, hold, .. } | Self::ReleaseHold { account, hold, .. } => {
                Subject::Hold(account, hold.clone())
            }
            Self::Reverse { target, .. } => Subject::Movements(target),
            Self::CreateAccount { .. }
            | Self::Deposit { .. }
            | Self::Withdraw { .. }
            | Self::Transfer { .. }
            | Self::FreezeAccount { .. }
            | Self::UnfreezeAccount { .. }
            | Self::CloseAccount { .. }
            | Self::ReopenAccount { .. }
            | Self::SetLimits { .. }
            | Self::Post { .. } => Subject::Nothing,
        }
    }

    /// What the command log shows of it when it was refused: its fields, and for a reversal, which names no account, the one
    /// that refused.
    pub fn refused_facts(&self, refusal: &Refusal) -> String {
        let facts = self.facts();
        match (self, refusal.account()) {
            (Self::Reverse { .. }, Some(account)) => {
                let mut object = Object::new();
                object.quoted("accountId", account).members_of(&facts);
                object.into_string()
            }
            _ => facts,
        }
    }

    /// The command's own fields as one JSON object, each in one spelling: what fingerprints are made of.
    pub fn facts(&self) -> String {
        let mut object = Object::new();
        match self {
            Self::CreateAccount { account, initial_balance, currency, owner, overdraft_limit } => {
                object.text("accountId", account.as_str());
                object.bare("amount", initial_balance);
                object.text("currency", currency.code());
                object.optional_text("owner", owner.as_deref());
                object.bare("overdraftLimit", overdraft_limit);
            }
            Self::Deposit { account, amount, currency, description }
            | Self::Withdraw { account, amount, currency, description } => {
                object.text("accountId", account.as_str());
                object.bare("amount", amount);
                object.optional_text("currency", currency.as_ref().map(|currency| currency.code()));
                object.optional_text("description", description.as_deref());
            }
            Self::Transfer { from, to, amount, currency, description } => {
                object.text("fromAccountId", from.as_str());
                object.text("toAccountId", to.as_str());
                object.bare("amount", amount);
                object.optional_text("currency", currency.as_ref().map(|currency| currency.code()));
                object.optional_text("description", description.as_deref());
            }
            Self::FreezeAccount { account, scope, reason }
            | Self::UnfreezeAccount { account, scope, reason } => {
                object.text("accountId", account.as_str());
                object.text("scope", scope.name());
                object.optional_text("reason", reason.as_deref());
            }
            Self::CloseAccount { account, sweep_to, reason } => {
                object.text("accountId", account.as_str());
                object.optional_text("sweepTo", sweep_to.as_ref().map(AccountId::as_str));
                object.optional_text("reason", reason.as_deref());
            }
            Self::ReopenAccount { account, reason } => {
                object.text("accountId", account.as_str());
                object.optional_text("reason", reason.as_deref());
            }
            Self::PlaceHold { account, hold, amount, currency, expires_in, description } => {
                object.text("accountId", account.as_str());
                object.optional_text("holdId", hold.as_ref().map(HoldId::as_str));
                object.bare("amount", amount);
                object.optional_text("currency", currency.as_ref().map(|currency| currency.code()));
                if let Some(seconds) = expires_in {
                    object.bare("expiresInSeconds", seconds);
                }
                object.optional_text("description", description.as_deref());
            }
            Self::CaptureHold { account, hold, amount, currency, to, description } => {
                object.text("accountId", account.as_str());
                object.text("holdId", hold.as_str());
                if let Some(amount) = amount {
                    object.bare("amount", amount);
                }
                object.optional_text("currency", currency.as_ref().map(|currency| currency.code()));
                object.optional_text("toAccountId", to.as_ref().map(AccountId::as_str));
                object.optional_text("description", description.as_deref());
            }
            Self::ReleaseHold { account, hold, reason } => {
                object.text("accountId", account.as_str());
                object.text("holdId", hold.as_str());
                object.optional_text("reason", reason.as_deref());
            }
            Self::SetLimits { account, change } => {
                object.text("accountId", account.as_str());
                for (field, change) in change.named() {
                    match change {
                        Change::Keep => continue,
                        Change::Lift => object.raw(&field.name(), "null"),
                        Change::Set(quantity) => object.bare(&field.name(), quantity),
                    };
                }
            }
            Self::Reverse { target, amount, currency, reason } => {
                match target {
                    Target::Command(id) => object.text("reversesCommandId", id.as_str()),
                    Target::Event(sequence) => object.bare("reverses", sequence),
                };
                if let Some(amount) = amount {
                    object.bare("amount", amount);
                }
                object.optional_text("currency", currency.as_ref().map(|currency| currency.code()));
                object.optional_text("reason", reason.as_deref());
            }
            Self::Post { postings, currency, description } => {
                let each: Vec<String> = postings.iter().map(posting_facts).collect();
                object.array("postings", each.iter().map(String::as_str));
                object.optional_text("currency", currency.as_ref().map(|currency| currency.code()));
                object.optional_text("description", description.as_deref());
            }
        }
        object.into_string()
    }
}

/// What a command names beyond its accounts' own, bounded states: it is looked up in the log before the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Nothing of the kind.
    Nothing,
    /// A hold, open or not, or to be.
    Hold(&'a AccountId, HoldId),
    /// What is to be reversed.
    Movements(&'a Target),
}

fn posting_facts(posting: &Posting) -> String {
    let mut object = Object::new();
    object.text("fromAccountId", posting.from.as_str());
    object.text("toAccountId", posting.to.as_str());
    object.bare("amount", posting.amount);
    object.into_string()
}

/// The accounts that a command's [facts](Command::facts) name: its own or the from-account, and the other one; those of
/// the first posting, where there are several.
pub fn accounts_named(facts: &str) -> [Option<AccountId>; 2] {
    #[derive(Default, Deserialize)]
    #[serde(default, rename_all = "camelCase")]
    struct Named {
        #[serde(alias = "fromAccountId")]
        account_id: Option<AccountId>,
        #[serde(alias = "sweepTo")]
        to_account_id: Option<AccountId>,
        postings: Vec<Named>,
    }
    let Named { account_id, to_account_id, postings } = serde_json::from_str(facts).unwrap_or_default();
    match postings.into_iter().next() {
        Some(first) => [first.account_id, first.to_account_id],
        None => [account_id, to_account_id],
    }
}

/// Where a command came from in a distributed trace: the `traceparent` of W3C Trace Context, kept as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceParent(Arc<str>);

impl TraceParent {
    /// Reads `version-trace_id-parent_id-flags` in lower-case hexadecimal digits; what a later version adds behind them is
    /// left out. `None` for anything else, which by the specification is as if nothing had been sent.
    pub fn parse(text: &str) -> Option<Self> {
        let parts: Vec<&str> = text.split('-').collect();
        let (version, ids, flags) = match parts.as_slice() {
            ["00", trace, parent, flags] => ("00", [*trace, *parent], *flags),
            [version, trace, parent, flags, ..] if !matches!(*version, "00" | "ff") => {
                (*version, [*trace, *parent], *flags)
            }
            _ => return None,
        };
        let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let field = |text: &str, length| text.len() == length && text.bytes().all(hexadecimal);
        let [trace, parent] = ids;
        let whole = field(version, 2) && field(trace, 32) && field(parent, 16) && field(flags, 2);
        let known = ids.iter().all(|id| id.bytes().any(|digit| digit != b'0'));
        (whole && known).then(|| Self(Arc::from(format!("{version}-{trace}-{parent}-{flags}"))))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_as_the_specification_has_it() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let plain = format!("00-{trace}-{parent}-01");
        let read = |text: &str| TraceParent::parse(text).map(|read| read.as_str().to_owned());
        assert_eq!(read(&plain), Some(plain.clone()));
        let later = format!("01-{trace}-{parent}-01");
        assert_eq!(read(&format!("{later}-more")), Some(later));
        for wrong in [
            String::new(),
            format!("{plain}-more"),
            format!("ff-{trace}-{parent}-01"),
            format!("0-{trace}-{parent}-01"),
            format!("00-{}-{parent}-01", "0".repeat(32)),
            format!("00-{trace}-{}-01", "0".repeat(16)),
            format!("00-{}-{parent}-01", trace.to_uppercase()),
            format!("00-{trace}-{parent}"),
            format!("00-{trace}-{parent}-1"),
            format!("00-{trace}-{parent}-01\""),
            format!(" {plain}"),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
