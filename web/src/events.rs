//! The event store's reading side: pages of the log, the whole log as a stream, one account's events.

use std::sync::Arc;

use actix_web::body;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName};
use actix_web::web::{Bytes, BytesMut, Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use domain::{AccountId, Recorded, Sequence, Version, json};
use futures_util::stream;
use store::{EventFilter, JournalError};

use crate::Api;
use crate::commands::CORRELATION_LENGTH_MAX;
use crate::live;
use crate::params::{LIMIT_DEFAULT, Params, path_account, path_part, wants_ndjson};
use crate::problem::{Problem, beyond_head};

/// How many events of a stream are in memory at once.
const STREAM_PAGE_EVENTS: usize = 512;
/// The longest name of an event type.
const KIND_LENGTH_MAX: usize = 64;

pub(crate) static X_HEAD_SEQUENCE: HeaderName = HeaderName::from_static("x-head-sequence");

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(crate::get("/events", page))
        .service(crate::get("/events/all/stream", whole))
        .service(crate::get("/events/live", live::sse::connect))
        .service(crate::get("/events/{accountId}", of_account));
}

/// What narrows the events down, in a query.
pub(crate) fn filter(params: &Params) -> Result<EventFilter, Problem> {
    let accounts: Result<Vec<AccountId>, _> = params.all("accountId").map(AccountId::parse).collect();
    let accounts = accounts.map_err(|error| Problem::field("accountId", error))?;
    let kinds: Result<Vec<String>, Problem> =
        params.all("type").map(|kind| kind_name("type", kind)).collect();
    let correlation =
        params.get("correlationId").map(|text| correlation("correlationId", text)).transpose()?;
    Ok(EventFilter { accounts, kinds: kinds?, correlation })
}

/// A correlation id that an event could have.
pub(crate) fn correlation(field: &str, text: &str) -> Result<String, Problem> {
    if text.chars().nth(CORRELATION_LENGTH_MAX).is_some() || text.contains('\0') {
        let words = format_args!("must be at most {CORRELATION_LENGTH_MAX} characters without U+0000");
        return Err(Problem::field(field, words));
    }
    Ok(text.to_owned())
}

/// A name that an event type could have.
pub(crate) fn kind_name(field: &str, text: &str) -> Result<String, Problem> {
    let letters = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    if text.is_empty() || text.len() > KIND_LENGTH_MAX || !letters {
        return Err(Problem::field(field, "must be an event type, such as MONEY_DEPOSITED"));
    }
    Ok(text.to_owned())
}

/// Refuses a place beyond the end of the log. What this process has seen of the log may be behind it.
pub(crate) async fn check_place(api: &Api, field: &str, place: Sequence) -> Result<Sequence, Problem> {
    let known = api.ledger.feed().head();
    if place <= known {
        return Ok(known);
    }
    let head = api.ledger.journal().head().await?.last;
    if place > head { Err(beyond_head(field, place, head)) } else { Ok(head) }
}

async fn page(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    const KNOWN: [&str; 5] = ["fromSequence", "limit", "accountId", "type", "correlationId"];
    let params = Params::read(&request, &KNOWN, &["accountId", "type"])?;
    let after = params.sequence("fromSequence")?.unwrap_or(Sequence::ZERO);
    let limit = params.limit()?.unwrap_or(LIMIT_DEFAULT);
    let filter = filter(&params)?;
    let head = check_place(&api, "fromSequence", after).await?;
    let mut events = api.ledger.journal().read(after, limit + 1, &filter).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let last = events.last().map_or(Sequence::ZERO, |event| event.sequence);
    let mut response = HttpResponse::Ok();
    response.insert_header((X_HEAD_SEQUENCE.clone(), head.max(last).get()));
    if more {
        let next = params.next_link("/events", "fromSequence", &last.to_string());
        response.insert_header((header::LINK, next));
    }
    let body = json::array(events.iter().map(|event| &*event.json));
    Ok(response.content_type("application/json").body(body))
}

/// Where a stream of events is to go on.
#[derive(Clone, Debug)]
enum Place {
    /// In the whole log, up to what was its end when the stream began.
    Log { after: Sequence, end: Sequence },
    /// In one account's events.
    Account { id: AccountId, after: Version },
    /// Everything was sent.
    End,
}

impl Place {
    async fn read(&self, api: &Api) -> Result<Vec<Arc<Recorded>>, JournalError> {
        match self {
            Self::Log { after, end } => {
                let limit = usize::try_from(end.ahead_of(*after)).unwrap_or(usize::MAX);
                if limit == 0 {
                    return Ok(Vec::new());
                }
                let limit = limit.min(STREAM_PAGE_EVENTS);
                api.ledger.journal().read(*after, limit, &EventFilter::default()).await
            }
            Self::Account { id, after } => api.ledger.journal().stream(id, *after, STREAM_PAGE_EVENTS).await,
            Self::End => Ok(Vec::new()),
        }
    }

    fn beyond(self, events: &[Arc<Recorded>]) -> Self {
        let Some(last) = events.last() else { return Self::End };
        match self {
            Self::Log { end, .. } if last.sequence >= end => Self::End,
            Self::Log { end, .. } => Self::Log { after: last.sequence, end },
            Self::Account { .. } if events.len() < STREAM_PAGE_EVENTS => Self::End,
            Self::Account { id, .. } => Self::Account { id, after: last.standing.version },
            Self::End => Self::End,
        }
    }
}

async fn whole(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    let end = api.ledger.journal().head().await?.last;
    let mut response = HttpResponse::Ok();
    response.insert_header((X_HEAD_SEQUENCE.clone(), end.get()));
    streamed(api, &request, response, Place::Log { after: Sequence::ZERO, end }).await
}

async fn of_account(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    // A name that no account can have, so that more paths can stand beside the accounts.
    if path_part(&request, "accountId") == "all" {
        return Err(Problem::not_found(request.path()));
    }
    let id = path_account(&request)?;
    let params = Params::read(&request, &["fromVersion", "limit"], &[])?;
    let after = params.number("fromVersion")?.map_or(Version::ZERO, Version::new);
    let Some(limit) = params.limit()? else {
        return streamed(api, &request, HttpResponse::Ok(), Place::Account { id, after }).await;
    };
    let mut events = api.ledger.journal().stream(&id, after, limit + 1).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let mut response = HttpResponse::Ok();
    if let Some(last) = events.last().filter(|_| more) {
        let next = last.standing.version.to_string();
        response
            .insert_header((header::LINK, params.next_link(&format!("/events/{id}"), "fromVersion", &next)));
    }
    let body = json::array(events.iter().map(|event| &*event.json));
    Ok(response.content_type("application/json").body(body))
}

/// Answers with events page by page. The first page is read before the answer begins, so that a log that can't be read
/// is told as a problem; later the connection is cut, so that nobody takes a part for the whole.
async fn streamed(
    api: Data<Api>,
    request: &HttpRequest,
    mut response: actix_web::HttpResponseBuilder,
    place: Place,
) -> Result<HttpResponse, Problem> {
    let lines = wants_ndjson(request);
    let first = place.read(&api).await?;
    let place = place.beyond(&first);
    response.append_header((header::VARY, "Accept"));
    let opening = if lines { "" } else { "[" };
    if matches!(place, Place::End) {
        let mut bytes = chunk(&first, lines, opening, true);
        close(&mut bytes, lines);
        return Ok(response.content_type(media(lines)).body(bytes.freeze()));
    }
    if request.method() == Method::HEAD {
        // Not left to actix-http, which forgets that it was HEAD when it reads the next request.
        return Ok(response.content_type(media(lines)).body(body::None::new()));
    }
    let start = (api, place, Some(chunk(&first, lines, opening, true)));
    let chunks = stream::try_unfold(start, move |(api, place, ready)| async move {
        if let Some(ready) = ready {
            return Ok(Some((ready.freeze(), (api, place, None))));
        }
        if matches!(place, Place::End) {
            return Ok(None);
        }
        let events = place.read(&api).await.map_err(|error| {
            tracing::warn!(error = &error as &dyn std::error::Error, "a stream of events is cut");
            actix_web::Error::from(Problem::from(error))
        })?;
        let place = place.beyond(&events);
        let mut bytes = chunk(&events, lines, "", false);
        if matches!(place, Place::End) {
            close(&mut bytes, lines);
        }
        Ok::<Option<(Bytes, _)>, actix_web::Error>(Some((bytes.freeze(), (api, place, None))))
    });
    Ok(response.content_type(media(lines)).streaming(chunks))
}

fn media(lines: bool) -> &'static str {
    if lines { "application/x-ndjson" } else { "application/json" }
}

fn chunk(events: &[Arc<Recorded>], lines: bool, opening: &str, first: bool) -> BytesMut {
    let size: usize = events.iter().map(|event| event.json.len() + 1).sum();
    let mut bytes = BytesMut::with_capacity(size + 2);
    bytes.extend_from_slice(opening.as_bytes());
    for (place, event) in events.iter().enumerate() {
        if !(lines || first && place == 0) {
            bytes.extend_from_slice(b",");
        }
        bytes.extend_from_slice(event.json.as_bytes());
        if lines {
            bytes.extend_from_slice(b"\n");
        }
    }
    bytes
}

fn close(bytes: &mut BytesMut, lines: bool) {
    if !lines {
        bytes.extend_from_slice(b"]");
    }
}
