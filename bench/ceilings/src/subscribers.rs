//! Subscribers that count what they get, and how old it is when it comes.

use std::cell::{Cell, RefCell};
use std::io::Read as _;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::LocalSet;
use tokio_tungstenite::tungstenite::Message;

/// Connections being opened at a time.
const OPENED_AT_ONCE: usize = 64;
/// How long without any event means that none will come.
const SILENT_FOR: Duration = Duration::from_secs(10);

type Socket = tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// What one subscriber got.
#[derive(Default)]
struct Got {
    events: usize,
    /// Events that did not follow on the one before.
    gaps: usize,
    last: Option<u64>,
    /// From the decision to the arrival, in µs.
    ages: Vec<u64>,
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn listen(url: &str, count: usize, events: usize) -> anyhow::Result<Value> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let mut sockets: Vec<Socket> = Vec::with_capacity(count);
    let open = || async move {
        let (socket, _) =
            tokio_tungstenite::connect_async(url).await.context("a subscriber can't connect")?;
        anyhow::Ok(socket)
    };
    let mut opening = FuturesUnordered::new();
    for number in 0..count {
        opening.push(open());
        while opening.len() >= OPENED_AT_ONCE || (number + 1 == count && !opening.is_empty()) {
            sockets.extend(opening.next().await.transpose()?);
        }
    }
    crate::say(&json!({"connected": sockets.len()}));
    let (end, mut ended) = watch::channel(false);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        let _ = end.send(true);
    });
    let heard = Rc::new(Cell::new(0_u64));
    let all: Vec<Rc<RefCell<Got>>> = (0..count).map(|_| Rc::default()).collect();
    let tasks = LocalSet::new();
    for (socket, got) in sockets.into_iter().zip(&all) {
        tasks.spawn_local(hear(socket, events, Rc::clone(got), Rc::clone(&heard)));
    }
    tokio::select! {
        () = tasks => {}
        () = silence(&heard), if events < usize::MAX => {}
        _ = ended.changed() => {}
    }
    let (mut least, mut total, mut gaps, mut ages) = (usize::MAX, 0, 0, Vec::new());
    for got in all {
        let got = got.take();
        least = least.min(got.events);
        total += got.events;
        gaps += got.gaps;
        ages.extend(got.ages);
    }
    ages.sort_unstable();
    let at = |part: usize| ages.get(ages.len() * part / 1000).map(|micros| *micros as f64 / 1000.0);
    Ok(json!({
        "subscribers": count, "least": least, "total": total, "gaps": gaps, "p50Ms": at(500), "p99Ms": at(990),
    }))
}

async fn hear(mut socket: Socket, events: usize, got: Rc<RefCell<Got>>, heard: Rc<Cell<u64>>) {
    while got.borrow().events < events {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => got.borrow_mut().take(&text),
            Some(Ok(_)) => {}
            Some(Err(_)) | None => return,
        }
        heard.set(heard.get() + 1);
    }
}

/// Resolves when nobody has heard anything for a while.
async fn silence(heard: &Cell<u64>) {
    loop {
        let before = heard.get();
        tokio::time::sleep(SILENT_FOR).await;
        if heard.get() == before {
            return;
        }
    }
}

impl Got {
    /// Reads places and times only: a parser would cost more than what is measured.
    fn take(&mut self, text: &str) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_micros();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        for event in text.split("\"sequenceNumber\":").skip(1) {
            let digits: &str = event.split(|letter: char| !letter.is_ascii_digit()).next().unwrap_or("");
            let Some(decided) =
                event.split("\"timestamp\":\"").nth(1).and_then(|rest| rest.split('"').next())
            else {
                continue;
            };
            let Ok(sequence) = digits.parse::<u64>() else { continue };
            let Ok(decided) = decided.parse::<jiff::Timestamp>() else { continue };
            self.gaps += usize::from(self.last.is_some_and(|last| last + 1 != sequence));
            self.last = Some(sequence);
            self.events += 1;
            self.ages.push(u64::try_from(now - decided.as_microsecond()).unwrap_or(0));
        }
    }
}
