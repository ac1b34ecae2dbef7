//! Spans of commands as a collector receives them: `cargo test --features otlp --test otlp`.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

const PORTS: [&str; 5] =
    ["--dashboard-port", "--events-port", "--commands-port", "--queries-port", "--projections-port"];
const WITHIN: Duration = Duration::from_secs(30);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector: hands on whatever is posted to it, path and body.
fn collect() -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, received) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let sender = sender.clone();
            std::thread::spawn(move || while receive(stream.as_ref().unwrap(), &sender).is_some() {});
        }
    });
    (url, received)
}

/// Takes one request, if there is one.
fn receive(mut stream: &TcpStream, sender: &mpsc::Sender<(String, Vec<u8>)>) -> Option<()> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let head = bytes.windows(4).position(|end| end == b"\r\n\r\n");
        if let Some(head) = head {
            let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length: "))?;
            let length: usize = length.parse().ok()?;
            if bytes.len() >= head + 4 + length {
                let path = text.split(' ').nth(1)?.to_owned();
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").ok()?;
                return sender.send((path, bytes[head + 4..head + 4 + length].to_vec())).ok();
            }
        }
        match stream.read(&mut buffer).ok()? {
            0 => return None,
            read => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}

/// The program, killed if the test fails.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(home: &Path, endpoint: &str) -> Server {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bursar"));
    command.args(PORTS.iter().flat_map(|port| [*port, "0"])).current_dir(home);
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if ["BURSAR_", "OTEL_", "DATABASE_URL", "REDIS_URL"].iter().any(|ours| text.starts_with(ours)) {
            command.env_remove(&name);
        }
    }
    Server(command.env("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint).spawn().unwrap())
}

async fn port(home: &Path) -> u16 {
    let started = Instant::now();
    loop {
        let ports = std::fs::read_to_string(home.join("bursar-data/ports.json")).unwrap_or_default();
        if let Ok(ports) = serde_json::from_str::<Value>(&ports) {
            return u16::try_from(ports["commands"].as_u64().unwrap()).unwrap();
        }
        assert!(started.elapsed() < WITHIN, "the server does not start");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_commands_span_is_part_of_its_clients_trace() {
    let home = tempfile::tempdir().unwrap();
    let (endpoint, received) = collect();
    let mut server = start(home.path(), &endpoint);
    let url = format!("http://127.0.0.1:{}/commands", port(home.path()).await);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let send = async |path: &str, key: &str, body: Value| {
        let request = http.post(format!("{url}/{path}")).header("Idempotency-Key", key);
        let request = request.header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
        request.json(&body).send().await.unwrap().status().as_u16()
    };
    assert_eq!(
        send("create-account", "key-1", json!({"accountId": "acc-1", "initialBalance": 5})).await,
        201
    );
    assert_eq!(send("withdraw", "key-2", json!({"accountId": "acc-1", "amount": 7})).await, 422);
    // What has gathered goes out with the end.
    let pid = server.0.id().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().unwrap().success());
    assert!(server.0.wait().unwrap().success());

    let (mut spans, trace, parent) = (Vec::new(), bytes_of(TRACE), bytes_of(PARENT));
    while let Ok((path, body)) = received.recv_timeout(Duration::from_millis(100)) {
        assert_eq!(path, "/v1/traces");
        spans.extend(body);
    }
    let count = |bytes: &[u8]| spans.windows(bytes.len()).filter(|part| *part == bytes).count();
    // Two commands, each with its decision and its commit; the commands' parent is the client's.
    assert_eq!((count(&trace), count(&parent)), (6, 2));
    assert_eq!((count(b"decision"), count(b"commit")), (2, 2));
    for text in ["service.name", "bursar", "CREATE_ACCOUNT", "WITHDRAW", "key-1", "key-2", "acc-1"] {
        assert!(count(text.as_bytes()) > 0, "{text}");
    }
    for text in ["outcome", "accepted", "refused", "insufficient-funds", "sequence"] {
        assert!(count(text.as_bytes()) > 0, "{text}");
    }
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|place| u8::from_str_radix(&hex[place..place + 2], 16).unwrap()).collect()
}
