//! How long clients may take: a connection that dawdles over a head, or idles, is closed, so that nobody holds one for ever.
//!
//! [`Paced`] is the socket under the HTTP connection. It sees when bytes come; [`Guard`](crate::guard::Guard) tells it,
//! by way of [`Pace`], when a head was complete and when its answer is over. While a request is being answered nothing is
//! late here: a body has its own deadlines ([`crate::body`]), live feeds theirs, and what a client does not take is
//! bounded by the kernel ([`Patience::unread`]).

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::rt::net::TcpStream;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::code::Code;
use crate::problem::Problem;

/// How long a client that still sends may take to see that it has its answer.
const LINGER: Duration = Duration::from_secs(1);

/// How much time clients have.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the head of a request, from its first byte; and from the connection to the first byte.
    pub head: Duration,
    /// For a whole request, from its first byte to the end of its body.
    pub request: Duration,
    /// Between an answer and the next request.
    pub idle: Duration,
    /// How long bytes that were sent may stay unacknowledged, or a client that reads nothing keep an answer from going
    /// out. Only Linux knows that bound.
    pub unread: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(5),
            request: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            unread: Duration::from_secs(30),
        }
    }
}

/// What a connection is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was said yet.
    New,
    /// The last answer is over.
    Idle,
    /// A head has begun.
    Head,
    /// A request is being answered; nothing is late.
    Answering,
    /// The last answer is over, and nothing more will be heard.
    Closing,
}

/// Where a connection stands, shared between its socket and its requests.
#[derive(Debug)]
pub(crate) struct Pace {
    patience: Patience,
    phase: Cell<Phase>,
    /// When the phase is overdue; for [`Phase::Answering`], when the request must have arrived.
    due: Cell<Instant>,
    /// Whether all of the request that is being answered has come.
    has_come: Cell<bool>,
    /// When the socket looks next, if it does.
    looks_at: Cell<Option<Instant>>,
    /// Wakes the connection.
    waker: RefCell<Option<Waker>>,
}

impl Pace {
    pub(crate) fn new(patience: Patience) -> Rc<Self> {
        Rc::new(Self {
            patience,
            phase: Cell::new(Phase::New),
            due: Cell::new(Instant::now() + patience.head),
            has_come: Cell::new(true),
            looks_at: Cell::default(),
            waker: RefCell::default(),
        })
    }

    /// When the request that is being answered must have arrived.
    pub(crate) fn due(&self) -> Instant {
        self.due.get()
    }

    /// A head is complete; its answer is over when what this returns is dropped.
    pub(crate) fn begin(self: &Rc<Self>, has_body: bool) -> Answering {
        self.has_come.set(!has_body);
        let started = match self.phase.get() {
            Phase::Head => self.due.get() - self.patience.head,
            // It came in one piece with what was before it.
            Phase::New | Phase::Idle | Phase::Answering | Phase::Closing => Instant::now(),
        };
        self.turn(Phase::Answering, started + self.patience.request);
        Answering { pace: Rc::clone(self), is_last: false }
    }

    /// The body of the request was read to its end.
    pub(crate) fn came(&self) {
        self.has_come.set(true);
    }

    fn hears(&self) {
        if matches!(self.phase.get(), Phase::New | Phase::Idle) {
            self.turn(Phase::Head, Instant::now() + self.patience.head);
        }
    }

    fn answered(&self, is_last: bool) {
        // The rest of it may still be on its way to a slow client.
        let phase = if is_last { Phase::Closing } else { Phase::Idle };
        self.turn(phase, Instant::now() + self.patience.idle);
        // A look that is due before costs nothing; it is the usual case.
        if self.looks_at.get().is_none_or(|at| at > self.due.get())
            && let Some(waker) = self.waker.take()
        {
            waker.wake();
        }
    }

    /// All of the last answer was sent.
    fn lingers(&self) {
        self.due.set(self.due.get().min(Instant::now() + LINGER));
    }

    fn turn(&self, phase: Phase, due: Instant) {
        self.phase.set(phase);
        self.due.set(due);
    }

    /// When the connection is to be closed.
    fn ends_at(&self) -> Option<Instant> {
        (self.phase.get() != Phase::Answering).then(|| self.due.get())
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Answering {
    pace: Rc<Pace>,
    is_last: bool,
}

impl Answering {
    /// Whether the body of the request may still come, and would be taken for the next head.
    pub(crate) fn is_early(&self) -> bool {
        !self.pace.has_come.get()
    }

    /// The connection is to be closed behind this answer.
    pub(crate) fn is_last(&mut self) {
        self.is_last = true;
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.pace.answered(self.is_last);
    }
}

/// An answer's body, until all of it is on its way.
pub(crate) struct Answer {
    pub(crate) body: BoxBody,
    /// Nothing of it is to be sent. Not left to actix-http, which forgets that when it reads the next request too early: then
    /// the connection ends here, and no body is taken for the next answer.
    pub(crate) is_head: bool,
    pub(crate) _answering: Option<Answering>,
}

impl MessageBody for Answer {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.is_head {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_next(context)
    }
}

/// The socket of a connection, which ends when its client is late.
#[derive(Debug)]
pub(crate) struct Paced {
    stream: TcpStream,
    pace: Rc<Pace>,
    /// One timer, which is moved only when it would be late: most requests don't touch it.
    timer: Option<Pin<Box<Sleep>>>,
    /// Something of an answer waits for the client.
    is_blocked: bool,
}

impl Paced {
    pub(crate) fn new(stream: TcpStream, patience: Patience) -> Self {
        // A socket without these is slower and more patient, and good all the same.
        let _ = stream.set_nodelay(true);
        #[cfg(target_os = "linux")]
        let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(patience.unread));
        Self { stream, pace: Pace::new(patience), timer: None, is_blocked: false }
    }

    pub(crate) fn stream(&self) -> &TcpStream {
        &self.stream
    }

    pub(crate) fn pace(&self) -> &Rc<Pace> {
        &self.pace
    }

    /// Ready when the client is late.
    fn poll_late(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut waker = self.pace.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        drop(waker);
        let Some(due) = self.pace.ends_at() else {
            // A timer that has run out meanwhile is not to be counted on.
            if self.timer.as_ref().is_none_or(|timer| timer.is_elapsed()) {
                self.pace.looks_at.set(None);
            }
            return Poll::Pending;
        };
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(due)));
        loop {
            if timer.deadline() > due {
                timer.as_mut().reset(due);
            }
            self.pace.looks_at.set(Some(timer.deadline()));
            std::task::ready!(timer.as_mut().poll(context));
            if timer.deadline() >= due {
                return Poll::Ready(());
            }
            timer.as_mut().reset(due);
        }
    }

    /// Says why, where that can be read, and what for the counts.
    fn give_up(&mut self) {
        if self.pace.phase.get() != Phase::Head {
            return;
        }
        metrics::counter!("http_heads_late_total").increment(1);
        // In the middle of an answer it would not be one.
        if !self.is_blocked {
            let _ = self.stream.try_write(TOO_SLOW.as_bytes());
        }
    }
}

/// The answer to a head that does not come to its end.
static TOO_SLOW: LazyLock<String> = LazyLock::new(|| {
    let body = Problem::new(Code::RequestTimeout, "the head of the request did not arrive in time").json();
    format!(
        "HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: application/problem+json\r\n\
         x-content-type-options: nosniff\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
});

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            if buffer.filled().len() > before {
                self.pace.hears();
            }
            return Poll::Ready(read);
        }
        std::task::ready!(self.poll_late(context));
        self.give_up();
        // As if the client had said that there is nothing more to come: what was sent goes out, and then the socket closes.
        Poll::Ready(Ok(()))
    }
}

impl Paced {
    /// Sending has no end of its own while a request is being answered; behind that it is as late as all else.
    fn watch<T>(&mut self, context: &mut Context<'_>, sent: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        self.is_blocked = sent.is_pending();
        if self.is_blocked && self.poll_late(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        sent
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let sent = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, sent)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        std::task::ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        // All of the last answer was sent: who waits for its end need not wait until this side has stopped listening.
        match self.pace.phase.get() {
            Phase::Closing => {
                self.pace.lingers();
                Pin::new(&mut self.stream).poll_shutdown(context)
            }
            Phase::New | Phase::Idle | Phase::Head | Phase::Answering => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
