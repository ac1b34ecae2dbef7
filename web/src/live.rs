//! The live feed: one WebSocket session per client, which holds a place in the log and nothing else.
//!
//! Events go out in windows of bounded size, each followed by a Ping; the next window waits for its Pong, or for a while
//! where not much is unanswered yet. So a slow client is slow for itself alone, and is never sent less than everything. A
//! client that answers nothing is told to go by the reaper in the hub; where it has frozen its session with the connection,
//! the reaper shuts the socket from outside.

mod follow;
mod frames;
pub(crate) mod sse;
mod subscription;
mod window;

use std::cell::Cell;
use std::net::Shutdown;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::actors::Member;
use actix::prelude::*;
use actix_http::ws::Item;
use actix_web::ResponseError as _;
use actix_web::http::header::{self, HeaderValue};
use actix_web::web::{BytesMut, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_web_actors::ws::{self, CloseCode, CloseReason, Message, ProtocolError, WebsocketContext};
use domain::Sequence;
use domain::json::{self, Object};
use futures_util::stream;
use store::{EventFilter, JournalError};

use crate::code::Code;
use crate::params::Params;
use crate::problem::Problem;
use crate::{Api, Connection, events};

use follow::{Follower, FromLog, Portion};
use frames::Frames;
use subscription::understand;
use window::InFlight;

/// The largest message that a client may send, in bytes.
const INBOUND_BYTES_MAX: usize = 32 * 1024;
const TOO_LONG: &str = "the message is too long";
const TEXT_ONLY: &str = "only text messages are understood";
/// How long to wait before asking a log again that did not answer.
const LOG_RETRY: Duration = Duration::from_secs(1);
/// The parameters that narrow a feed down.
const FILTERS: &[&str] = &["accountId", "type", "correlationId"];

/// Whether anything but events is sent before the client has said something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Events alone: the demo's clients know nothing else.
    Bare,
    /// Greeting and end of history too.
    Talking,
}

/// Whether a request asks for a WebSocket.
pub(crate) fn is_upgrade(request: &HttpRequest) -> bool {
    let upgrade = request.headers().get(header::UPGRADE).and_then(|value| value.to_str().ok());
    upgrade
        .is_some_and(|upgrade| upgrade.split(',').any(|part| part.trim().eq_ignore_ascii_case("websocket")))
}

/// Turns a request into a session.
pub(crate) async fn connect(
    api: Data<Api>,
    request: &HttpRequest,
    payload: Payload,
    manner: Manner,
) -> Result<HttpResponse, Problem> {
    if !is_upgrade(request) {
        return Err(Problem::new(
            Code::UpgradeRequired,
            "this path is the live feed: connect with a WebSocket",
        )
        .header(header::UPGRADE, HeaderValue::from_static("websocket")));
    }
    let known = [&["fromSequence", "frames"], FILTERS].concat();
    let params = Params::read(request, &known, &["accountId", "type"])?;
    let filter = events::filter(&params)?;
    let batched = params.choice("frames", &[("single", false), ("batch", true)])?.unwrap_or(false);
    let from = params.sequence("fromSequence")?;
    let place = match from {
        Some(from) => events::check_place(&api, "fromSequence", from).await.map(|_| from),
        None => Ok(api.ledger.feed().head()),
    };
    let (cursor, reset) = match place {
        Ok(cursor) => (cursor, None),
        // The client can read why only once it is connected.
        Err(problem) if problem.is_log_reset() => (Sequence::ZERO, Some(problem)),
        Err(problem) => return Err(problem),
    };
    let socket = socket_of(request)?;
    let talking = manner == Manner::Talking || !params.is_empty();
    let too_long = Rc::default();
    let session = Session {
        api,
        socket,
        member: None,
        follower: Follower::new(cursor, filter),
        batched,
        talking,
        in_flight: InFlight::default(),
        said: BytesMut::new(),
        pump_later: false,
        reading: false,
        ended: false,
        subscription: 0,
        reset,
        too_long: Rc::clone(&too_long),
    };
    let frames = Frames::new(payload, INBOUND_BYTES_MAX, too_long);
    ws::WsResponseBuilder::new(session, request, frames).frame_size(INBOUND_BYTES_MAX).start().map_err(
        |error| {
            let problem = Problem::field("Sec-WebSocket", format_args!("handshake failed: {error}"));
            // RFC 6455 §4.2.2.
            problem.header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"))
        },
    )
}

/// The connection's socket, by which its feed can be ended from outside.
fn socket_of(request: &HttpRequest) -> Result<Arc<std::net::TcpStream>, Problem> {
    let socket = request.conn_data::<Connection>().and_then(|connection| connection.socket.clone());
    socket.ok_or_else(|| Problem::new(Code::Overloaded, "the server has no descriptor left for a live feed"))
}

/// Makes the client a member of the hub, which shuts its socket when it is silent for too long.
fn join(api: &Api, socket: &Arc<std::net::TcpStream>) -> Member {
    let socket = Arc::downgrade(socket);
    api.ledger.hub().join(Box::new(move || {
        if let Some(socket) = socket.upgrade() {
            // Nothing can be done about a socket that is shut already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }))
}

/// One client.
struct Session {
    api: Data<Api>,
    /// For the reaper; shared with the connection, so that it ends with it.
    socket: Arc<std::net::TcpStream>,
    /// Membership of the hub, from start to end.
    member: Option<Member>,
    follower: Follower,
    /// Several events per frame.
    batched: bool,
    /// Whether more than events is sent.
    talking: bool,
    /// What the client has not answered for.
    in_flight: InFlight,
    /// Whether a frame came that is longer than may be.
    too_long: Rc<Cell<bool>>,
    /// The beginning of a message whose end is still to come.
    said: BytesMut,
    /// A timer runs, at whose end is sent what can be.
    pump_later: bool,
    /// A read of the log is under way.
    reading: bool,
    /// The end was said; nothing is sent after it.
    ended: bool,
    /// Counts SUBSCRIBEs, so that a read for an earlier one is dropped.
    subscription: u64,
    /// Why the place asked for is none, told once connected.
    reset: Option<Problem>,
}

/// What wakes a session from outside.
enum Signal {
    /// The log has grown.
    Moved,
    /// The client has answered nothing for too long.
    Silent,
    /// The process goes down.
    Draining,
}

type Context = WebsocketContext<Session>;

impl Actor for Session {
    type Context = Context;

    fn started(&mut self, ctx: &mut Context) {
        if let Some(problem) = self.reset.take() {
            self.fail(&problem, ctx);
            return;
        }
        let member = join(&self.api, &self.socket);
        let vitals = Arc::clone(&member.vitals);
        ctx.add_stream(stream::once(async move {
            vitals.overdue.notified().await;
            Signal::Silent
        }));
        self.member = Some(member);
        // Wake-ups are coalesced by the watch: it holds the newest head only.
        let moved = self.api.ledger.feed().watch();
        ctx.add_stream(stream::unfold(moved, |mut moved| async {
            moved.changed().await.ok().map(|()| (Signal::Moved, moved))
        }));
        let mut draining = self.api.settings.draining.clone();
        ctx.add_stream(stream::once(async move {
            if draining.wait_for(|draining| *draining).await.is_err() {
                // Nobody is left who could say it.
                std::future::pending::<()>().await;
            }
            Signal::Draining
        }));
        ctx.run_interval(self.api.settings.ping_every, |session, ctx| {
            if session.in_flight.is_empty() {
                session.ping(0, ctx);
            }
        });
        self.greet(ctx);
        self.pump(ctx);
    }
}

impl StreamHandler<Signal> for Session {
    fn handle(&mut self, signal: Signal, ctx: &mut Context) {
        match signal {
            Signal::Moved => self.pump(ctx),
            Signal::Silent => self.end(CloseCode::Away, "no ping was answered", ctx),
            Signal::Draining => self.end(CloseCode::Away, "the server is going down", ctx),
        }
    }

    fn finished(&mut self, _: &mut Context) {}
}

impl StreamHandler<Result<Message, ProtocolError>> for Session {
    fn handle(&mut self, message: Result<Message, ProtocolError>, ctx: &mut Context) {
        match message {
            Ok(Message::Pong(bytes)) => self.answered(&bytes, ctx),
            Ok(Message::Ping(bytes)) => ctx.pong(&bytes),
            Ok(Message::Text(text)) => self.hear(&text, ctx),
            Ok(Message::Close(reason)) => {
                self.ended = true;
                ctx.close(reason);
                ctx.stop();
            }
            Ok(Message::Continuation(part)) => self.hear_part(part, ctx),
            Ok(Message::Binary(_)) => self.end(CloseCode::Unsupported, TEXT_ONLY, ctx),
            Ok(Message::Nop) => {}
            Err(_) if self.too_long.get() => self.end(CloseCode::Size, TOO_LONG, ctx),
            Err(error) => {
                tracing::debug!(%error, "a live feed broke off");
                self.end(CloseCode::Protocol, "protocol error", ctx);
            }
        }
    }
}

impl Session {
    fn greet(&self, ctx: &mut Context) {
        if self.talking {
            // Another process may have told the client of more.
            let head = self.api.ledger.feed().head().max(self.follower.cursor);
            ctx.text(format!("{{\"type\":\"WELCOME\",\"headSequence\":{head}}}"));
        }
    }

    /// Sends what can be sent now.
    fn pump(&mut self, ctx: &mut Context) {
        if self.reading || self.ended {
            return;
        }
        match self.in_flight.pause() {
            Some(Duration::ZERO) => {}
            Some(pause) => return self.pump_after(pause, ctx),
            None => return,
        }
        match self.follower.recent(self.api.ledger.feed()) {
            Some(portion) => self.send(&portion, ctx),
            None => self.read_log(ctx),
        }
    }

    fn pump_after(&mut self, pause: Duration, ctx: &mut Context) {
        if !std::mem::replace(&mut self.pump_later, true) {
            ctx.run_later(pause, |session, ctx| {
                session.pump_later = false;
                session.pump(ctx);
            });
        }
    }

    /// Reads what is no longer in memory.
    fn read_log(&mut self, ctx: &mut Context) {
        self.reading = true;
        let subscription = self.subscription;
        let read = self.follower.read(self.api.clone());
        let read = read.into_actor(self).map(move |read, session, ctx| {
            session.reading = false;
            if session.subscription == subscription {
                session.take(read, ctx);
            } else {
                session.pump(ctx);
            }
        });
        ctx.spawn(read);
    }

    fn take(&mut self, read: Result<FromLog, JournalError>, ctx: &mut Context) {
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "a live feed waits for the log");
                ctx.run_later(LOG_RETRY, |session, ctx| session.pump(ctx));
                return;
            }
        };
        let events = self.follower.take(&read);
        if events.is_empty() {
            self.pump(ctx);
        } else {
            self.send(&Portion { events, caught_up: false }, ctx);
        }
    }

    fn send(&mut self, Portion { events, caught_up }: &Portion, ctx: &mut Context) {
        if self.ended {
            return;
        }
        let mut bytes = 0;
        if self.batched && !events.is_empty() {
            let mut frame = String::from("{\"type\":\"NEW_EVENTS\",\"events\":");
            frame.push_str(&json::array(events.iter().map(|event| &*event.json)));
            frame.push('}');
            bytes = frame.len();
            ctx.text(frame);
        } else {
            for event in events {
                let mut frame = String::with_capacity(event.json.len() + 32);
                frame.push_str("{\"type\":\"NEW_EVENT\",\"event\":");
                frame.push_str(&event.json);
                frame.push('}');
                bytes += frame.len();
                ctx.text(frame);
            }
        }
        if *caught_up && self.talking {
            ctx.text(format!("{{\"type\":\"CAUGHT_UP\",\"sequence\":{}}}", self.follower.cursor));
        }
        if !events.is_empty() {
            self.ping(bytes, ctx);
        }
    }

    /// Asks for a sign of life that also says that everything before it has arrived.
    fn ping(&mut self, bytes: usize, ctx: &mut Context) {
        if self.ended {
            return;
        }
        if self.in_flight.is_empty() {
            self.note(true);
        }
        ctx.ping(self.in_flight.ping(bytes).to_string().as_bytes());
    }

    /// A Pong that no Ping asked for says nothing.
    fn answered(&mut self, pong: &[u8], ctx: &mut Context) {
        if self.in_flight.pong(pong) {
            self.note(!self.in_flight.is_empty());
            self.pump(ctx);
        }
    }

    /// Tells the reaper; the time counts from the first Ping, or the last Pong.
    fn note(&self, in_flight: bool) {
        if let Some(member) = &self.member {
            member.vitals.last_heard_ms.store(self.api.ledger.hub().now_ms(), Ordering::Release);
            member.vitals.in_flight.store(in_flight, Ordering::Release);
        }
    }

    /// A message may come in parts.
    fn hear_part(&mut self, part: Item, ctx: &mut Context) {
        let is_last = matches!(part, Item::Last(_));
        let bytes = match part {
            Item::FirstBinary(_) => return self.end(CloseCode::Unsupported, TEXT_ONLY, ctx),
            Item::FirstText(bytes) | Item::Continue(bytes) | Item::Last(bytes) => bytes,
        };
        if self.said.len() + bytes.len() > INBOUND_BYTES_MAX {
            return self.end(CloseCode::Size, TOO_LONG, ctx);
        }
        self.said.extend_from_slice(&bytes);
        if is_last {
            let said = std::mem::take(&mut self.said);
            match std::str::from_utf8(&said) {
                Ok(text) => self.hear(text, ctx),
                Err(_) => self.end(CloseCode::Invalid, "the message is not UTF-8", ctx),
            }
        }
    }

    fn hear(&mut self, text: &str, ctx: &mut Context) {
        match understand(text) {
            Ok((from, filter)) => self.subscribe(from, filter, ctx),
            Err(problem) => self.fail(&problem, ctx),
        }
    }

    fn subscribe(&mut self, from: Option<Sequence>, filter: EventFilter, ctx: &mut Context) {
        let Some(from) = from else { return self.resume(self.follower.cursor, filter, ctx) };
        if from <= self.api.ledger.feed().head() {
            return self.resume(from, filter, ctx);
        }
        let api = self.api.clone();
        let check = async move { events::check_place(&api, "fromSequence", from).await };
        // Nothing else is heard or sent meanwhile.
        ctx.wait(check.into_actor(self).map(move |checked, session, ctx| match checked {
            Ok(_) => session.resume(from, filter, ctx),
            Err(problem) => session.fail(&problem, ctx),
        }));
    }

    fn resume(&mut self, from: Sequence, filter: EventFilter, ctx: &mut Context) {
        self.subscription += 1;
        self.follower = Follower::new(from, filter);
        self.talking = true;
        self.greet(ctx);
        self.pump(ctx);
    }

    /// Says what is wrong, and ends.
    fn fail(&mut self, problem: &Problem, ctx: &mut Context) {
        let code = if problem.is_log_reset() { "log-reset" } else { problem.code().name() };
        let mut frame = Object::new();
        frame.quoted("type", "ERROR").quoted("code", code).text("error", problem.detail());
        frame.append(problem.members());
        ctx.text(frame.into_string());
        let wrong = problem.status_code().is_client_error();
        let close = if wrong { CloseCode::Policy } else { CloseCode::Again };
        self.end(close, code, ctx);
    }

    fn end(&mut self, code: CloseCode, words: &str, ctx: &mut Context) {
        if !std::mem::replace(&mut self.ended, true) {
            ctx.close(Some(CloseReason { code, description: Some(words.to_owned()) }));
        }
        ctx.stop();
    }
}
