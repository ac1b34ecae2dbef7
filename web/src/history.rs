//! Accounts as they were: at a place of the log or at a moment, and what happened in between. It is read from the log
//! alone, every event of which holds its account after it.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use domain::hold::HOLDS_MAX;
use domain::json::{self, Object};
use domain::projection::accounts::render;
use domain::{
    Account, AccountId, Event, Hold, HoldId, Money, Profile, Recorded, Sequence, Timestamp, Version,
};
use store::AccountsAt;

use crate::Api;
use crate::code::Code;
use crate::events::check_place;
use crate::params::{LIMIT_DEFAULT, Params, accepts, path_account};
use crate::problem::{Problem, not_caught_up};
use crate::queries::{Freshness, X_SEQUENCE, X_TOTAL_COUNT, freshness, in_time};

const CSV: &str = "text/csv";
const CSV_COLUMNS: &str =
    "sequence,version,timestamp,type,amount,balance,currency,counterparty,description,commandId\r\n";

/// The place in the log that `asOfSequence` or `asOf` stands for, if one of them is given.
pub(crate) async fn place(api: &Api, params: &Params) -> Result<Option<Sequence>, Problem> {
    let (sequence, moment) = (params.sequence("asOfSequence")?, params.time("asOf")?);
    let (name, rivals): (_, &[&str]) = match (sequence, moment) {
        (None, None) => return Ok(None),
        (Some(_), _) => ("asOfSequence", &["asOf", "atLeast", "timeout"]),
        (None, Some(_)) => ("asOf", &["atLeast", "timeout"]),
    };
    if let Some(rival) = rivals.iter().find(|rival| params.get(rival).is_some()) {
        return Err(Problem::field(rival, format_args!("can't be given together with {name}")));
    }
    match sequence {
        Some(sequence) => check_place(api, name, sequence).await.map(|_| Some(sequence)),
        None => Ok(Some(place_at(api, moment.unwrap_or_default()).await?)),
    }
}

async fn place_at(api: &Api, moment: Timestamp) -> Result<Sequence, Problem> {
    Ok(api.ledger.journal().sequence_at(moment).await?)
}

/// The log's end, when it is fresh enough.
async fn head(api: &Api, freshness: Option<Freshness>) -> Result<Sequence, Problem> {
    let head = api.ledger.journal().head().await?.last;
    let Some(Freshness { at_least, until }) = freshness.filter(|wanted| head < wanted.at_least) else {
        return Ok(head);
    };
    let mut moved = api.ledger.feed().watch();
    match in_time(api, until, moved.wait_for(|head| *head >= at_least)).await {
        Some(Ok(head)) => Ok(*head),
        Some(Err(_)) | None => Err(not_caught_up(api.ledger.feed().head().max(head), at_least)),
    }
}

/// An account's last event at or before a place: the account as it was there.
pub(crate) async fn last_event(api: &Api, id: &AccountId, place: Sequence) -> Result<Arc<Recorded>, Problem> {
    api.ledger.journal().last_event(id, place).await?.ok_or_else(|| {
        let words = format!("account {id} does not exist at sequence {place}");
        Problem::new(Code::AccountNotFound, words).text("accountId", id.as_str()).as_of(place)
    })
}

/// Every account as it was at a place, by id, a page at a time.
pub(crate) async fn accounts(api: &Api, params: &Params, place: Sequence) -> Result<HttpResponse, Problem> {
    // Of the read model's orders and filters, what was has none.
    for name in ["sort", "order", "status", "prefix"] {
        if params.get(name).is_some() {
            return Err(Problem::field(name, "can't be given together with asOfSequence or asOf"));
        }
    }
    let after = params.get("after").map(AccountId::parse).transpose();
    let after = after.map_err(|error| Problem::field("after", error))?;
    let limit = params.limit()?.unwrap_or(LIMIT_DEFAULT);
    let AccountsAt { events, total, rest } =
        api.ledger.journal().accounts_at(place, after.as_ref(), limit).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((X_SEQUENCE.clone(), place.get()));
    response.insert_header((X_TOTAL_COUNT.clone(), total));
    if let Some(rest) = rest {
        // All pages are of the place that a time stood for.
        let pages = params.with_place(place);
        response.insert_header((header::LINK, pages.next_link("/accounts", "after", rest.as_str())));
    }
    let bodies: Vec<String> =
        events.iter().map(|event| render(&event.profile, &event.standing, event.sequence)).collect();
    Ok(response.content_type("application/json").body(json::array(bodies.iter().map(String::as_str))))
}

/// `GET /accounts/{accountId}/holds`: the open holds, by id, from the log; all of them, unless it is to be fewer at a time.
pub(crate) async fn holds(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["atLeast", "timeout", "limit", "after"], &[])?;
    let id = path_account(&request)?;
    let after = params.get("after").map(HoldId::parse).transpose();
    let after = after.map_err(|error| Problem::field("after", error))?;
    let limit = params.limit()?.unwrap_or(HOLDS_MAX);
    // Taken before the read, which therefore sees everything up to here.
    let head = head(&api, freshness(&params)?).await?;
    let loaded = api.ledger.journal().load(std::slice::from_ref(&id)).await?.into_iter().next();
    let Some((Account::Present(profile, _, holds), sequence)) =
        loaded.map(|loaded| (loaded.account, loaded.sequence))
    else {
        return Err(Problem::new(Code::AccountNotFound, format!("account {id} does not exist"))
            .text("accountId", id.as_str())
            .as_of(head));
    };
    let mut rest = holds.iter().filter(|(id, _)| after.as_ref().is_none_or(|after| *id > after));
    let page: Vec<_> = rest.by_ref().take(limit).collect();
    let mut response = HttpResponse::Ok();
    response.insert_header((X_SEQUENCE.clone(), head.max(sequence).get()));
    if let Some((last, _)) = page.last().filter(|_| rest.next().is_some()) {
        let path = format!("/accounts/{id}/holds");
        response.insert_header((header::LINK, params.next_link(&path, "after", last.as_str())));
    }
    let holds: Vec<String> = page.iter().map(|(id, hold)| hold_json(id, hold, &profile)).collect();
    Ok(response.content_type("application/json").body(json::array(holds.iter().map(String::as_str))))
}

fn hold_json(id: &HoldId, hold: &Hold, profile: &Profile) -> String {
    let mut object = Object::with_capacity(192);
    object.quoted("holdId", id).bare("amount", hold.amount.money().in_units(profile.currency));
    object.quoted("placedAt", hold.placed_at);
    match hold.expires_at {
        Some(expires_at) => object.quoted("expiresAt", expires_at),
        None => object.raw("expiresAt", "null"),
    };
    if let Some(description) = &hold.description {
        object.text("description", description);
    }
    object.into_string()
}

/// `GET /accounts/{accountId}/statement`: the account's events after `from` up to `to`, newest first, each with what it
/// moved and the balance after it, between the balances at both ends.
pub(crate) async fn statement(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["from", "to", "limit", "after", "atLeast", "timeout"], &[])?;
    let id = path_account(&request)?;
    let (from, to) = (params.time("from")?, params.time("to")?);
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(Problem::field("from", "must not be later than to"));
    }
    let limit = params.limit()?.unwrap_or(LIMIT_DEFAULT);
    let after: Option<u64> = params.number("after")?;
    let head = head(&api, freshness(&params)?).await?;
    let start = match from {
        Some(from) => place_at(&api, from).await?,
        None => Sequence::ZERO,
    };
    let end = match to {
        Some(to) => place_at(&api, to).await?,
        None => head,
    };
    let closing = last_event(&api, &id, end).await?;
    let opening = api.ledger.journal().last_event(&id, start).await?;
    // Versions have no gap, so that a page from the newest on is a range of them.
    let first = opening.as_ref().map_or(Version::ZERO, |event| event.standing.version);
    let newest = closing.standing.version.get();
    let newest = after.map_or(newest, |after| newest.min(after.saturating_sub(1)));
    let left = Version::new(newest).ahead_of(first);
    let count = usize::try_from(left).unwrap_or(limit).min(limit);
    let below = Version::new(newest.saturating_sub(count as u64));
    let mut entries = match count {
        0 => Vec::new(),
        _ => api.ledger.journal().stream(&id, below, count).await?,
    };
    entries.reverse();

    let mut response = HttpResponse::Ok();
    response.insert_header((X_SEQUENCE.clone(), end.get())).append_header((header::VARY, "Accept"));
    if below > first {
        let path = format!("/accounts/{id}/statement");
        response.insert_header((header::LINK, params.next_link(&path, "after", &below.next().to_string())));
    }
    if accepts(&request, CSV) {
        return Ok(response.content_type("text/csv; charset=utf-8").body(csv(&entries)));
    }
    let currency = closing.profile.currency;
    let end_json = |place: Sequence, event: Option<&Recorded>| {
        let mut object = Object::new();
        object.bare("sequence", place);
        object.bare("version", event.map_or(Version::ZERO, |event| event.standing.version));
        let balance = event.map_or(Money::ZERO, |event| event.standing.balance);
        object.bare("balance", balance.in_units(currency));
        object.into_string()
    };
    let entries: Vec<String> = entries.iter().map(|event| entry(event)).collect();
    let mut object = Object::with_capacity(256 * (entries.len() + 1));
    object.quoted("accountId", &id).quoted("currency", currency);
    object.raw("opening", &end_json(start, opening.as_deref()));
    object.raw("entries", &json::array(entries.iter().map(String::as_str)));
    object.raw("closing", &end_json(end, Some(&closing)));
    Ok(response.content_type("application/json").body(object.into_string()))
}

fn entry(event: &Recorded) -> String {
    let (standing, currency) = (&event.standing, event.profile.currency);
    let (counterparty, description) = circumstances(&event.event);
    let mut object = Object::with_capacity(256);
    object.bare("sequence", event.sequence).bare("version", standing.version);
    object.quoted("timestamp", standing.updated_at).quoted("type", event.event.kind());
    object.bare("amount", event.event.movement().in_units(currency));
    object.bare("balance", standing.balance.in_units(currency));
    if let Some(counterparty) = counterparty {
        object.quoted("counterparty", counterparty);
    }
    if let Some(description) = description {
        object.text("description", description);
    }
    object.text("commandId", event.command_id.as_str());
    object.into_string()
}

/// The other account of a movement, and what the client said about it.
fn circumstances(event: &Event) -> (Option<&AccountId>, Option<&str>) {
    match event {
        Event::AccountCreated { .. } => (None, None),
        Event::MoneyDeposited { description, .. } | Event::MoneyWithdrawn { description, .. } => {
            (None, description.as_deref())
        }
        Event::MoneyTransferred { to, description, .. } => (Some(to), description.as_deref()),
        Event::TransferReceived { from, .. } => (Some(from), None),
        Event::AccountFrozen { reason, .. }
        | Event::AccountUnfrozen { reason, .. }
        | Event::AccountClosed { reason }
        | Event::AccountReopened { reason }
        | Event::HoldReleased { reason, .. } => (None, reason.as_deref()),
        Event::HoldPlaced { description, .. } => (None, description.as_deref()),
        Event::HoldCaptured { to, .. } => (to.as_ref(), None),
        Event::HoldExpired { .. } | Event::LimitsSet { .. } => (None, None),
    }
}

/// The entries as RFC 4180 has it.
fn csv(entries: &[Arc<Recorded>]) -> String {
    let mut text = String::with_capacity(CSV_COLUMNS.len() + 160 * entries.len());
    text.push_str(CSV_COLUMNS);
    for event in entries {
        let (standing, currency) = (&event.standing, event.profile.currency);
        let (counterparty, description) = circumstances(&event.event);
        text.push_str(&format!(
            "{},{},{},{},{},{},{currency},{},{},{}\r\n",
            event.sequence,
            standing.version,
            standing.updated_at,
            event.event.kind(),
            event.event.movement().in_units(currency),
            standing.balance.in_units(currency),
            cell(counterparty.map_or("", AccountId::as_str)),
            cell(description.unwrap_or("")),
            cell(event.command_id.as_str()),
        ));
    }
    text
}

/// Text of a client's as a cell, in quotes. What a spreadsheet would take for a formula begins with an apostrophe.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}
