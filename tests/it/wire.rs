//! A bare client for load: a connection, one request at a time, and no more work for an answer than telling what it is, so
//! that what is measured is the server.

use std::cell::RefCell;
use std::io;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What ends the head of an answer.
const HEAD_ENDS: &[u8] = b"\r\n\r\n";

/// A connection that is kept.
pub struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    /// Connects to a port of this machine.
    pub async fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new() }
    }

    /// Pays one unit into an account: status and body of the answer.
    pub async fn deposit(&mut self, account: u64) -> (u16, &str) {
        let body = format!(r#"{{"accountId":"acc-{account}","amount":1}}"#);
        let length = body.len();
        let request = format!(
            "POST /commands/deposit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.ask(&request).await.unwrap()
    }

    async fn ask(&mut self, request: &str) -> io::Result<(u16, &str)> {
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        let (head, whole) = loop {
            if let Some(ends) = self.ends() {
                break ends;
            }
            self.receive().await?;
        };
        while self.received.len() < whole {
            self.receive().await?;
        }
        let text = |bytes| std::str::from_utf8(bytes).unwrap();
        let status = text(&self.received["HTTP/1.1 ".len()..][..3]).parse().unwrap();
        Ok((status, text(&self.received[head..whole])))
    }

    async fn receive(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.received).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Where the head of the answer ends, and where all of it does.
    fn ends(&self) -> Option<(usize, usize)> {
        let head = self.received.windows(HEAD_ENDS.len()).position(|window| window == HEAD_ENDS)?;
        let lines = std::str::from_utf8(&self.received[..head]).unwrap().lines();
        let length = lines.filter_map(|line| line.split_once(": "));
        let mut length = length.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: usize = length.next().map_or(0, |(_, value)| value.parse().unwrap());
        let head = head + HEAD_ENDS.len();
        Some((head, head + length))
    }
}

/// Deposits into ten accounts at a steady rate, on so many connections, until the time is up; how long each took, from when
/// it was due. All must be done.
pub async fn steadily(port: u16, connections: u64, per_second: u32, lasts: Duration) -> Vec<Duration> {
    let waits = RefCell::new(Vec::new());
    let start = Instant::now();
    join_all((0..connections).map(async |number| {
        let mut wire = Wire::connect(port).await;
        let total = u64::from(per_second) * u64::try_from(lasts.as_millis()).unwrap() / 1000;
        for turn in (number..total).step_by(usize::try_from(connections).unwrap()) {
            let due = start + Duration::from_secs(turn) / per_second;
            tokio::time::sleep_until(due.into()).await;
            let (status, body) = wire.deposit(turn % 10).await;
            assert_eq!(status, 200, "{body}");
            waits.borrow_mut().push(due.elapsed());
        }
    }))
    .await;
    waits.into_inner()
}

/// How long all but one in a hundred took at the most.
pub fn p99(mut waits: Vec<Duration>) -> Duration {
    waits.sort_unstable();
    waits[waits.len() * 99 / 100]
}

/// The middle one.
pub fn median<T: Ord + Copy>(mut figures: Vec<T>) -> T {
    figures.sort_unstable();
    figures[figures.len() / 2]
}
