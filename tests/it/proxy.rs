//! A way to Postgres that loses things: an append before it arrives, its answer or half of that; or it delivers an append
//! late, when the client has long hung up and sent it again; or it swallows everything, as a network does that is cut.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What prepares the statement that appends; a connection on which it was sent is one for appends.
const PREPARES: &[u8] = b"bursar.append(";
/// What the execution of a prepared statement begins with (the message Bind).
const EXECUTES: u8 = b'B';
/// A client that sent nothing for so long has sent the whole append.
const WHOLE_AFTER: Duration = Duration::from_millis(20);

/// Where the line breaks; the client finds its connection closed in each case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Before the append reaches the server.
    BeforeTheAppend,
    /// When the server has done it, before any of the answer is passed on.
    BeforeTheAnswer,
    /// In the middle of the answer.
    AmidTheAnswer,
    /// Before the append reaches the server, which gets it all the same, behind the next one that another connection sends.
    Late,
}

impl Cut {
    /// Each of them.
    pub const ALL: [Self; 4] =
        [Self::BeforeTheAppend, Self::BeforeTheAnswer, Self::AmidTheAnswer, Self::Late];
}

/// A port that leads to a Postgres.
pub struct Proxy {
    /// Where to connect to instead.
    pub address: SocketAddr,
    line: Arc<Line>,
}

/// What the connections share.
struct Line {
    next: Mutex<Option<Cut>>,
    held: Mutex<Vec<(TcpStream, Vec<u8>)>>,
    /// The server's ends of connections that were swallowed.
    lost: Mutex<Vec<TcpStream>>,
    /// Appends that are held, or delivered late and still under way.
    late: AtomicUsize,
    /// How often the line began, or ceased, to swallow everything: odd while it does.
    swallows: AtomicUsize,
}

impl Proxy {
    /// One that leads there. It lives as long as the process.
    pub fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let line = Line {
            next: Mutex::default(),
            held: Mutex::default(),
            lost: Mutex::default(),
            late: AtomicUsize::new(0),
            swallows: AtomicUsize::new(0),
        };
        let line = Arc::new(line);
        let shared = Arc::clone(&line);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                // Where the server is away, so is this.
                let Ok(server) = TcpStream::connect(server) else { continue };
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                let under_way = Arc::new(AtomicBool::new(false));
                let since = shared.swallows.load(Ordering::SeqCst);
                let forth = Connection {
                    client: client.try_clone().unwrap(),
                    server: server.try_clone().unwrap(),
                    under_way: Arc::clone(&under_way),
                    since,
                    line: Arc::clone(&shared),
                };
                let back = Connection { client, server, under_way, since, line: Arc::clone(&shared) };
                thread::spawn(move || forth.carry_requests());
                thread::spawn(move || back.carry_answers());
            }
        });
        Self { address, line }
    }

    /// Cuts the line at the next append.
    pub fn cut_next(&self, cut: Cut) {
        *self.line.next.lock().unwrap() = Some(cut);
    }

    /// From now on nothing arrives on the other side, and nobody is told; or what is sent on new connections does again.
    pub fn swallow(&self, everything: bool) {
        let before = self.line.swallows.fetch_add(1, Ordering::SeqCst);
        assert_eq!(before.is_multiple_of(2), everything, "it is so already");
    }

    /// Whether the last cut is done, and nothing is held or still under way behind the client's back.
    pub fn is_calm(&self) -> bool {
        self.line.next.lock().unwrap().is_none() && self.line.late.load(Ordering::SeqCst) == 0
    }
}

impl Line {
    /// Takes the cut that is due, if it is one of these.
    fn take(&self, of: &[Cut]) -> Option<Cut> {
        self.next.lock().unwrap().take_if(|cut| of.contains(cut))
    }

    fn hold(&self, server: TcpStream, append: Vec<u8>) {
        self.late.fetch_add(1, Ordering::SeqCst);
        self.held.lock().unwrap().push((server, append));
    }

    /// Delivers what is held; the server's answers are for nobody.
    fn deliver(self: &Arc<Self>) {
        for (mut server, append) in self.held.lock().unwrap().drain(..) {
            let line = Arc::clone(self);
            thread::spawn(move || {
                let _ = server.write_all(&append);
                let _ = server.shutdown(Shutdown::Write);
                let _ = server.read_to_end(&mut Vec::new());
                line.late.fetch_sub(1, Ordering::SeqCst);
            });
        }
    }
}

/// One connection, seen from one of its two directions.
struct Connection {
    client: TcpStream,
    server: TcpStream,
    /// Whether an append was passed on; its answer is what comes next.
    under_way: Arc<AtomicBool>,
    /// What [`Line::swallows`] was when it was made.
    since: usize,
    line: Arc<Line>,
}

impl Connection {
    /// A connection that was there while the line swallowed everything is lost for good.
    fn is_swallowed(&self) -> bool {
        self.since % 2 == 1 || self.line.swallows.load(Ordering::SeqCst) != self.since
    }

    fn carry_requests(mut self) {
        let mut appends = false;
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = self.client.read(&mut buffer) {
            if self.is_swallowed() {
                continue;
            }
            let sent = &buffer[..length];
            let is_append = appends && sent[0] == EXECUTES;
            if is_append {
                match self.line.take(&[Cut::BeforeTheAppend, Cut::Late]) {
                    Some(Cut::Late) => return self.hold(sent.to_vec()),
                    Some(_) => break,
                    None => self.under_way.store(true, Ordering::SeqCst),
                }
            }
            if self.server.write_all(sent).is_err() {
                break;
            }
            if is_append {
                self.line.deliver();
            }
            appends |= sent.windows(PREPARES.len()).any(|words| words == PREPARES);
        }
        if self.is_swallowed() {
            // Nor does the server hear that the client has hung up.
            return self.line.lost.lock().unwrap().push(self.server);
        }
        self.close();
    }

    fn carry_answers(mut self) {
        let mut buffer = [0; 65_536];
        while let Ok(length @ 1..) = self.server.read(&mut buffer) {
            if self.is_swallowed() {
                continue;
            }
            let mut answer = &buffer[..length];
            let cut = if self.under_way.load(Ordering::SeqCst) {
                self.line.take(&[Cut::BeforeTheAnswer, Cut::AmidTheAnswer])
            } else {
                None
            };
            if let Some(cut) = cut {
                answer = if cut == Cut::AmidTheAnswer { &answer[..length / 2] } else { &[] };
            }
            if self.client.write_all(answer).is_err() || cut.is_some() {
                return self.close();
            }
        }
        // The server has ended it.
        let _ = self.client.shutdown(Shutdown::Both);
    }

    /// Reads the rest of the append and hangs up on the client; the server notices nothing.
    fn hold(mut self, mut append: Vec<u8>) {
        self.client.set_read_timeout(Some(WHOLE_AFTER)).unwrap();
        // Ends with the time, as the client waits for the answer.
        let _ = self.client.read_to_end(&mut append);
        let _ = self.client.shutdown(Shutdown::Both);
        // The answer is for nobody.
        self.under_way.store(false, Ordering::SeqCst);
        self.line.hold(self.server, append);
    }

    fn close(self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}
