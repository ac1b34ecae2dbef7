//! The live feed as Server-Sent Events, for clients that only listen: the same events as on the socket, one way.
//!
//! There is no Pong here. The answer's body is polled again only when the connection has taken what came before, so that
//! one window is in flight at the most; a client that takes nothing is closed by the reaper, as a silent socket is.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::actors::Member;
use actix_web::http::{Method, header};
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use domain::{Recorded, Sequence};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::Instant;

use super::follow::{Follower, Portion};
use super::{FILTERS, LOG_RETRY, join, socket_of};
use crate::params::{Params, header_text, whole_number};
use crate::problem::Problem;
use crate::{Api, events};

const LAST_EVENT_ID: &str = "Last-Event-ID";
/// A comment: it keeps proxies from closing a feed on which nothing happens, and shows whether the client is there.
const PING: &[u8] = b": ping\n\n";

/// `GET /events/live`: what follows a place, without end.
pub(crate) async fn connect(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &[&["fromSequence"], FILTERS].concat(), &["accountId", "type"])?;
    let filter = events::filter(&params)?;
    let asked = params.sequence("fromSequence")?.map(|from| ("fromSequence", from));
    // A client that was connected before knows better than the address that it connects to.
    let last = header_text(request.headers(), LAST_EVENT_ID)?.filter(|text| !text.is_empty());
    let last = last.map(|text| whole_number(LAST_EVENT_ID, text)).transpose()?;
    let place = last.map(|last| (LAST_EVENT_ID, Sequence::new(last))).or(asked);
    let cursor = match place {
        Some((field, from)) => events::check_place(&api, field, from).await.map(|_| from)?,
        None => api.ledger.feed().head(),
    };
    let socket = socket_of(&request)?;
    let mut response = HttpResponse::Ok();
    response.content_type("text/event-stream");
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    // Proxies that collect answers pass this one on as it comes.
    response.insert_header(("X-Accel-Buffering", "no"));
    if request.method() == Method::HEAD {
        return Ok(response.body(actix_web::body::None::new()));
    }
    let member = join(&api, &socket);
    let listener = Listener {
        moved: api.ledger.feed().watch(),
        draining: api.settings.draining.clone(),
        follower: Follower::new(cursor, filter),
        greeted: false,
        member,
        api,
    };
    let chunks = stream::unfold(listener, |mut listener| async {
        let chunk = listener.next_chunk().await?;
        Some((Ok::<Bytes, actix_web::Error>(chunk), listener))
    });
    Ok(response.streaming(chunks))
}

/// One client.
struct Listener {
    api: Data<Api>,
    follower: Follower,
    moved: watch::Receiver<Sequence>,
    draining: watch::Receiver<bool>,
    /// Whether WELCOME was said.
    greeted: bool,
    member: Member,
}

impl Listener {
    /// What is sent next; `None` when the process goes down. Asked for only when the last chunk has gone out.
    async fn next_chunk(&mut self) -> Option<Bytes> {
        self.note(false);
        let chunk = if std::mem::replace(&mut self.greeted, true) {
            let mut draining = self.draining.clone();
            tokio::select! {
                chunk = self.news() => chunk,
                Ok(_) = draining.wait_for(|draining| *draining) => return None,
            }
        } else {
            // Another process may have told the client of more.
            let head = self.api.ledger.feed().head().max(self.follower.cursor);
            Bytes::from(format!("event: WELCOME\ndata: {{\"headSequence\":{head}}}\n\n"))
        };
        self.note(true);
        Some(chunk)
    }

    /// Waits for something to say.
    async fn news(&mut self) -> Bytes {
        // However much of others goes on meanwhile.
        let ping_at = Instant::now() + self.api.settings.ping_every;
        loop {
            // What moves from here on wakes the wait below.
            self.moved.borrow_and_update();
            match self.follower.next(&self.api).await {
                Ok(portion) => {
                    let text = frames(&portion, self.follower.cursor);
                    if !text.is_empty() {
                        return Bytes::from(text);
                    }
                    let _ = tokio::time::timeout_at(ping_at, self.moved.changed()).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "a live feed waits for the log");
                    tokio::time::sleep(LOG_RETRY).await;
                }
            }
            if Instant::now() >= ping_at {
                return Bytes::from_static(PING);
            }
        }
    }

    /// Tells the reaper.
    fn note(&self, in_flight: bool) {
        self.member.vitals.last_heard_ms.store(self.api.ledger.hub().now_ms(), Ordering::Release);
        self.member.vitals.in_flight.store(in_flight, Ordering::Release);
    }
}

fn frames(portion: &Portion, cursor: Sequence) -> String {
    let bytes = |event: &Arc<Recorded>| event.json.len() + 64;
    let mut text = String::with_capacity(portion.events.iter().map(bytes).sum());
    // An event's JSON has no line break, and writing to a string cannot fail.
    for event in &portion.events {
        let _ = write!(text, "id: {}\nevent: NEW_EVENT\ndata: {}\n\n", event.sequence, event.json);
    }
    if portion.caught_up {
        // With an id, so that what was passed over is not read again.
        let _ = write!(text, "id: {cursor}\nevent: CAUGHT_UP\ndata: {{\"sequence\":{cursor}}}\n\n");
    }
    text
}
