//! The query service: accounts and the ledger's lines, from the read models, each answer with how fresh it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use domain::projection::accounts::{BY_BALANCE, BY_LAST_UPDATED, render};
use domain::{Account, AccountId, Sequence, Status, json};
use parking_lot::Mutex;
use store::{Direction, Listing, Order, Read, ViewsError};
use tokio::time::Instant;

use crate::code::Code;
use crate::history;
use crate::params::{LIMIT_DEFAULT, LIMIT_MAX, Params, has_it, path_account};
use crate::problem::{Problem, gone_backward, not_caught_up};
use crate::{Api, drains};

/// How long a client waits for its own write where it says nothing else, and the longest that it may say.
const WAIT_DEFAULT: Duration = Duration::from_secs(2);
const WAIT_MAX: Duration = Duration::from_secs(10);

const ACCOUNTS: &str = "accounts";
const LEDGER: &str = "ledger";
pub(crate) const VOLUME: &str = "volume";

/// When an answer that is not fresh enough is read again where this process does not hear of it: from, and at the most.
const LOOK_AGAIN_AFTER: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(250));

pub(crate) static X_SEQUENCE: HeaderName = HeaderName::from_static("x-sequence");
pub(crate) static X_TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

/// What clients were shown, so that nobody is shown less later.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    accounts: Mutex<Floor>,
    ledger: Mutex<Floor>,
    volume: Mutex<Floor>,
    /// The highest position that an account was told at from the log. The lists may be behind it; single accounts not.
    told: AtomicU64,
}

impl Shown {
    fn of(&self, projection: &str) -> &Mutex<Floor> {
        match projection {
            LEDGER => &self.ledger,
            VOLUME => &self.volume,
            _ => &self.accounts,
        }
    }
}

/// The highest position of a projection that was shown: what is read later and stands before it is not the same read
/// model.
#[derive(Clone, Copy, Debug, Default)]
struct Floor {
    reached: Sequence,
    /// The generation that was served when the floor was taken, where that is known.
    generation: Option<u64>,
    /// How often the floor was taken anew: what was read before that doesn't raise it.
    taken: u64,
}

/// What is to be done with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is shown; this is the first one.
    First,
    Shown,
    /// It stands before the floor.
    Behind,
    /// The floor was taken anew since.
    Outdated,
}

impl Floor {
    /// Judges an answer that was read since the floor was like `before`.
    fn judge(&mut self, before: Self, reached: Sequence) -> Verdict {
        if before.taken != self.taken {
            return Verdict::Outdated;
        }
        if reached < before.reached {
            return Verdict::Behind;
        }
        let first = self.reached == Sequence::ZERO && reached > Sequence::ZERO;
        self.reached = self.reached.max(reached);
        if first { Verdict::First } else { Verdict::Shown }
    }

    /// Takes the floor anew where another generation was filled from a log that doesn't reach up to it. Whether that
    /// was done since the floor was like `before`.
    fn take_anew(&mut self, before: Self, reached: Sequence, generation: u64, head: Sequence) -> bool {
        let other = self.generation != Some(generation) && head < self.reached;
        if other && before.taken == self.taken {
            *self = Self { reached, generation: Some(generation), taken: self.taken.wrapping_add(1) };
        }
        before.taken != self.taken
    }
}

/// How fresh an answer must be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freshness {
    pub(crate) at_least: Sequence,
    pub(crate) until: Instant,
}

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(crate::get("/accounts/{accountId}", account))
        .service(crate::get("/accounts/{accountId}/statement", history::statement))
        .service(crate::get("/accounts/{accountId}/holds", history::holds))
        .service(crate::get("/accounts", accounts))
        .service(crate::get("/ledger", ledger));
}

pub(crate) fn freshness(params: &Params) -> Result<Option<Freshness>, Problem> {
    let wait = params.duration("timeout", WAIT_MAX)?.unwrap_or(WAIT_DEFAULT);
    let at_least = params.sequence("atLeast")?;
    Ok(at_least.map(|at_least| Freshness { at_least, until: Instant::now() + wait }))
}

/// Reads until the answer is fresh enough.
pub(crate) async fn fresh<T>(
    api: &Api,
    projection: &'static str,
    freshness: Option<Freshness>,
    mut read: impl AsyncFnMut() -> Result<Read<T>, ViewsError>,
) -> Result<Read<T>, Problem> {
    let shown = api.shown.of(projection);
    let mut pause = LOOK_AGAIN_AFTER.0;
    loop {
        // Taken before the read: whatever was shown by now, this read must not stand before it.
        let floor = *shown.lock();
        let answer = read().await?;
        let reached = answer.sequence;
        let verdict = shown.lock().judge(floor, reached);
        match verdict {
            Verdict::Shown => {}
            Verdict::First => {
                let generation = generation(api, projection);
                shown.lock().generation = generation;
            }
            Verdict::Outdated => continue,
            Verdict::Behind if refilled(api, projection, floor, reached).await? => continue,
            Verdict::Behind => return Err(gone_backward(projection)),
        }
        let Some(Freshness { at_least, until }) = freshness.filter(|wanted| reached < wanted.at_least) else {
            return Ok(answer);
        };
        let reaches = api.ledger.projection_reaches(projection, at_least, pause);
        if in_time(api, until, reaches).await.is_none() {
            return Err(not_caught_up(reached, at_least));
        }
        pause = (pause * 2).min(LOOK_AGAIN_AFTER.1);
    }
}

/// Waits for something until then at the most, and no longer than the process takes requests.
pub(crate) async fn in_time<T>(api: &Api, until: Instant, something: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        came = tokio::time::timeout_at(until, something) => came.ok(),
        () = drains(api.settings.draining.clone()) => None,
    }
}

/// The generation of a projection that is served, where that is known.
fn generation(api: &Api, projection: &str) -> Option<u64> {
    api.ledger.projections().into_iter().find(|stats| stats.name == projection)?.generation
}

/// Whether an answer stands before the floor because the read model was filled anew from another log, one that was
/// restored: then the floor is taken anew, for what is read from now on.
async fn refilled(api: &Api, projection: &str, floor: Floor, reached: Sequence) -> Result<bool, Problem> {
    let Some(generation) = generation(api, projection).filter(|served| floor.generation != Some(*served))
    else {
        return Ok(false);
    };
    // What this process has seen of the log never goes back; the log itself knows better.
    let head = api.ledger.journal().head().await?.last;
    let refilled = api.shown.of(projection).lock().take_anew(floor, reached, generation, head);
    if refilled {
        tracing::warn!(projection, generation, %reached, "the read model was filled anew from a shorter log");
    }
    Ok(refilled)
}

async fn account(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["atLeast", "timeout", "asOfSequence", "asOf"], &[])?;
    let id = path_account(&request)?;
    if let Some(place) = history::place(&api, &params).await? {
        let event = history::last_event(&api, &id, place).await?;
        return Ok(document(&request, place, render(&event.profile, &event.standing, event.sequence)));
    }
    let wanted = freshness(&params)?;
    // Taken before the read, as the floor is.
    let told = Sequence::new(api.shown.told.load(Ordering::Acquire));
    // What the log has told already is not waited for.
    let awaited = wanted.filter(|wanted| told < wanted.at_least);
    let read = fresh(&api, ACCOUNTS, awaited, async || {
        api.ledger.views(ACCOUNTS).await?.get(ACCOUNTS, id.as_str()).await
    })
    .await;
    let (sequence, body) = match read {
        // Someone was told more than the read model knows by now.
        Ok(Read { sequence, .. }) if sequence < told => {
            let reached = still_told(&api, told).await?;
            from_log(&api, &id, reached.max(sequence)).await?
        }
        Ok(Read { sequence, value: Some(body) }) => (sequence, body),
        Ok(Read { sequence, value: None }) => from_log(&api, &id, sequence).await?,
        // One account can be told without the read models; how fresh the log is, its head says.
        Err(problem) if problem.code() == Code::ViewsUnavailable => {
            let head = api.ledger.journal().head().await?.last;
            if let Some(wanted) = wanted.filter(|wanted| head < wanted.at_least) {
                return Err(not_caught_up(head, wanted.at_least));
            }
            from_log(&api, &id, head).await?
        }
        Err(problem) => return Err(problem),
    };
    match wanted.filter(|wanted| sequence < wanted.at_least) {
        Some(wanted) => Err(not_caught_up(sequence, wanted.at_least)),
        None => Ok(document(&request, sequence, body)),
    }
}

/// The answer with an account, as it is or was at a sequence.
fn document(request: &HttpRequest, sequence: Sequence, body: String) -> HttpResponse {
    let etag = format!("\"{}\"", version_in(&body));
    let mut response = HttpResponse::Ok();
    response.insert_header((X_SEQUENCE.clone(), sequence.get()));
    if has_it(request, &etag) {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED);
        return response.insert_header((header::ETAG, etag)).finish();
    }
    response.insert_header((header::ETAG, etag)).content_type("application/json").body(body)
}

/// How far accounts were told from the log. A log that was restored may end before that; then what was told is void.
async fn still_told(api: &Api, told: Sequence) -> Result<Sequence, Problem> {
    let head = api.ledger.journal().head().await?.last;
    if head < told {
        let told_here = &api.shown.told;
        // Where it is no longer the same, someone else did this, or told more.
        let _ = told_here.compare_exchange(told.get(), head.get(), Ordering::AcqRel, Ordering::Acquire);
    }
    Ok(told.min(head))
}

/// An account as the log has it, and how far that is. A document that is missing is confirmed here before anyone is told
/// that there is no such account.
async fn from_log(api: &Api, id: &AccountId, reached: Sequence) -> Result<(Sequence, String), Problem> {
    let loaded = api.ledger.journal().load(std::slice::from_ref(id)).await?;
    let Some((Account::Present(profile, standing, _), sequence)) =
        loaded.into_iter().next().map(|loaded| (loaded.account, loaded.sequence))
    else {
        return Err(Problem::new(Code::AccountNotFound, format!("account {id} does not exist"))
            .text("accountId", id.as_str())
            .as_of(reached));
    };
    let reached = reached.max(sequence);
    api.shown.told.fetch_max(reached.get(), Ordering::AcqRel);
    Ok((reached, render(&profile, &standing, sequence)))
}

/// The version in an account's document: the last but one of its members.
fn version_in(body: &str) -> &str {
    const NAME: &str = "\"version\":";
    let rest = body.rfind(NAME).and_then(|start| body.get(start + NAME.len()..)).unwrap_or("0");
    rest.split(|character: char| !character.is_ascii_digit()).next().unwrap_or("0")
}

const SORTS: [(&str, Order); 3] = [
    ("accountId", Order::Key),
    ("balance", Order::Rank(BY_BALANCE)),
    ("lastUpdated", Order::Rank(BY_LAST_UPDATED)),
];
const DIRECTIONS: [(&str, Direction); 2] = [("asc", Direction::Ascending), ("desc", Direction::Descending)];
const LIST_PARAMS: [&str; 10] =
    ["sort", "order", "status", "prefix", "limit", "after", "atLeast", "timeout", "asOfSequence", "asOf"];

async fn accounts(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &LIST_PARAMS, &[])?;
    if let Some(place) = history::place(&api, &params).await? {
        return history::accounts(&api, &params, place).await;
    }
    let order = params.choice("sort", &SORTS)?.unwrap_or(Order::Key);
    let listing = Listing {
        order,
        direction: params.choice("order", &DIRECTIONS)?.unwrap_or(Direction::Ascending),
        tag: status(&params)?,
        prefix: prefix(&params)?,
        after: after(&params, order)?,
        limit: params.limit()?.unwrap_or(LIMIT_DEFAULT),
    };
    let wanted = freshness(&params)?;
    let read = fresh(&api, ACCOUNTS, wanted, async || {
        api.ledger.views(ACCOUNTS).await?.list(ACCOUNTS, &listing).await
    })
    .await?;
    let mut response = HttpResponse::Ok();
    response.insert_header((X_SEQUENCE.clone(), read.sequence.get()));
    response.insert_header((X_TOTAL_COUNT.clone(), read.value.total));
    if let Some((rank, key)) = &read.value.next {
        let after = match order {
            Order::Key => key.clone(),
            Order::Rank(_) => format!("{}~{rank}~{key}", sort_of(order)),
        };
        response.insert_header((header::LINK, params.next_link("/accounts", "after", &after)));
    }
    let body = json::array(read.value.bodies.iter().map(String::as_str));
    Ok(response.content_type("application/json").body(body))
}

fn status(params: &Params) -> Result<Option<String>, Problem> {
    let Some(name) = params.get("status") else { return Ok(None) };
    let known = (0..=u8::MAX).filter_map(Status::from_number).any(|status| status.name() == name);
    if known {
        Ok(Some(name.to_owned()))
    } else {
        Err(Problem::field("status", "is not a status of an account"))
    }
}

fn prefix(params: &Params) -> Result<String, Problem> {
    let prefix = params.get("prefix").unwrap_or_default();
    // Whatever an id can start with is an id once something follows.
    if AccountId::parse(&format!("{prefix}x")).is_err() && AccountId::parse(prefix).is_err() {
        return Err(Problem::field("prefix", "must be up to 128 characters of A-Z a-z 0-9 . _ : -"));
    }
    Ok(prefix.to_owned())
}

/// What a sort is called.
fn sort_of(order: Order) -> &'static str {
    SORTS.iter().find(|(_, sort)| *sort == order).map_or("", |(name, _)| name)
}

fn after(params: &Params, order: Order) -> Result<Option<(String, String)>, Problem> {
    let Some(text) = params.get("after") else { return Ok(None) };
    let (rank, key) = match order {
        Order::Key => ("", text),
        Order::Rank(_) => {
            let rest = text.strip_prefix(sort_of(order)).and_then(|rest| rest.strip_prefix('~'));
            rest.and_then(|rest| rest.split_once('~')).unwrap_or(("", text))
        }
    };
    let wrong = || Problem::field("after", "must be a place that a Link header of the same sort gave");
    let is_ranked = !rank.is_empty() && rank.bytes().all(|byte| byte.is_ascii_digit());
    if AccountId::parse(key).is_err() || is_ranked != matches!(order, Order::Rank(_)) {
        return Err(wrong());
    }
    Ok(Some((rank.to_owned(), key.to_owned())))
}

async fn ledger(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["atLeast", "timeout"], &[])?;
    let listing = Listing {
        order: Order::Key,
        direction: Direction::Ascending,
        tag: None,
        prefix: String::new(),
        after: None,
        limit: LIMIT_MAX,
    };
    let wanted = freshness(&params)?;
    let read =
        fresh(&api, LEDGER, wanted, async || api.ledger.views(LEDGER).await?.list(LEDGER, &listing).await)
            .await?;
    let body = json::array(read.value.bodies.iter().map(String::as_str));
    let mut response = HttpResponse::Ok();
    response.insert_header((X_SEQUENCE.clone(), read.sequence.get()));
    Ok(response.content_type("application/json").body(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_the_document() {
        let body = r#"{"accountId":"a","owner":"x\",\"version\":9,\"","version":12,"sequence":40}"#;
        assert_eq!(version_in(body), "12");
        assert_eq!(version_in("{}"), "0");
    }

    #[test]
    fn nobody_is_shown_less_than_before() {
        let at = Sequence::new;
        let mut floor = Floor::default();
        let start = floor;
        assert_eq!(floor.judge(start, at(7)), Verdict::First);
        assert_eq!(floor.judge(start, at(5)), Verdict::Shown, "it was read before 7 was shown");
        assert_eq!(floor.reached, at(7));
        let before = floor;
        assert_eq!(floor.judge(before, at(6)), Verdict::Behind);
        assert_eq!(floor.judge(before, at(7)), Verdict::Shown);
    }

    #[test]
    fn a_read_model_from_a_shorter_log_has_a_floor_of_its_own() {
        let at = Sequence::new;
        let mut floor = Floor { reached: at(100), generation: Some(3), taken: 0 };
        let before = floor;
        assert!(!floor.take_anew(before, at(60), 3, at(60)), "the same generation went back");
        assert!(!floor.take_anew(before, at(60), 4, at(100)), "the log still has what was shown");
        assert!(floor.take_anew(before, at(60), 4, at(60)));
        assert_eq!((floor.reached, floor.generation), (at(60), Some(4)));
        assert!(floor.take_anew(before, at(60), 4, at(60)), "another request did it");
        assert_eq!(floor.judge(before, at(100)), Verdict::Outdated, "it was read from the model before");
        let now = floor;
        assert_eq!(floor.judge(now, at(61)), Verdict::Shown);
        assert_eq!(floor.reached, at(61));
    }
}
