//! A client of the HTTP interface that lets tests read like sentences.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::server::until;

/// The ports of the five facades.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    /// Everything.
    pub dashboard: u16,
    /// `/events`, `/audit`, and the sockets.
    pub events: u16,
    /// `/commands`.
    pub commands: u16,
    /// `/accounts`, `/ledger`.
    pub queries: u16,
    /// `/stats`, `/replay`, `/projections`.
    pub projections: u16,
}

impl Ports {
    /// From `ports.json`; 0 for a facade that the process does not serve.
    pub fn of(json: &Value) -> Self {
        let port = |name: &str| u16::try_from(json[name].as_u64().unwrap_or_default()).unwrap();
        Self {
            dashboard: port("dashboard"),
            events: port("events"),
            commands: port("commands"),
            queries: port("queries"),
            projections: port("projections"),
        }
    }

    /// Each of the five.
    pub fn all(self) -> [u16; 5] {
        [self.dashboard, self.events, self.commands, self.queries, self.projections]
    }

    /// The first that there is.
    pub fn any(self) -> u16 {
        self.all().into_iter().find(|port| *port != 0).expect("a process serves something")
    }
}

/// Speaks to one server; clones share connections.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Where each facade is.
    pub ports: Ports,
}

impl Client {
    /// A client of the facades on those ports.
    pub fn new(ports: Ports) -> Self {
        // Less than any server here leaves a silent connection open: a request on one would cross with its end.
        let idle = Duration::from_millis(500);
        let builder = reqwest::Client::builder().no_proxy().pool_idle_timeout(idle);
        let http = builder.timeout(Duration::from_secs(30)).build().unwrap();
        Self { http, ports }
    }

    /// The same client, speaking to the dashboard's port alone.
    pub fn on_one_port(&self) -> Self {
        let port = self.ports.dashboard;
        let ports = Ports { dashboard: port, events: port, commands: port, queries: port, projections: port };
        Self { http: self.http.clone(), ports }
    }

    /// A path's address on the facade that it belongs to.
    pub fn url(&self, path: &str) -> String {
        let first = path.split(['/', '?']).nth(1).unwrap_or_default();
        let port = match first {
            "events" | "audit" | "ws" => self.ports.events,
            "commands" => self.ports.commands,
            "accounts" | "ledger" | "analytics" => self.ports.queries,
            "stats" | "replay" | "replays" | "projections" => self.ports.projections,
            _ => self.ports.dashboard,
        };
        format!("http://127.0.0.1:{port}{path}")
    }

    /// A request that the test goes on to shape.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path))
    }

    /// The reply, or why there is none.
    pub async fn try_send(request: RequestBuilder) -> Result<Reply, reqwest::Error> {
        let response = request.send().await?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        Ok(Reply { status, headers, text: response.text().await? })
    }

    /// The reply.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        Self::try_send(request).await.unwrap()
    }

    /// A GET on a port, which may fail for want of a server.
    pub async fn try_get_at(&self, port: u16, path: &str) -> Result<Reply, reqwest::Error> {
        Self::try_send(self.http.get(format!("http://127.0.0.1:{port}{path}"))).await
    }

    /// A GET.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path)).await
    }

    /// What comes for some bytes, up to the end of the connection.
    pub async fn raw(&self, port: u16, bytes: &str) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        answers
    }

    /// A GET that is answered with 200 and JSON.
    pub async fn json(&self, path: &str) -> Value {
        self.get(path).await.expect(200)
    }

    /// A POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// A POST of JSON as text, to be read exactly as written.
    pub async fn post_text(&self, path: &str, body: &str) -> Reply {
        let request = self.request(Method::POST, path).header("Content-Type", "application/json");
        self.send(request.body(body.to_owned())).await
    }

    /// A POST of JSON with an idempotency key.
    pub async fn keyed(&self, key: &str, path: &str, body: &Value) -> Reply {
        self.send(self.request(Method::POST, path).header("Idempotency-Key", key).json(body)).await
    }

    /// Opens an account.
    pub async fn create(&self, account: &str, initial: impl Into<Value>) -> Reply {
        let body = json!({"accountId": account, "initialBalance": initial.into()});
        self.post("/commands/create-account", &body).await
    }

    /// Pays in.
    pub async fn deposit(&self, account: &str, amount: impl Into<Value>) -> Reply {
        self.post("/commands/deposit", &json!({"accountId": account, "amount": amount.into()})).await
    }

    /// Pays out.
    pub async fn withdraw(&self, account: &str, amount: impl Into<Value>) -> Reply {
        self.post("/commands/withdraw", &json!({"accountId": account, "amount": amount.into()})).await
    }

    /// Moves money.
    pub async fn transfer(&self, from: &str, to: &str, amount: impl Into<Value>) -> Reply {
        let body = json!({"fromAccountId": from, "toAccountId": to, "amount": amount.into()});
        self.post("/commands/transfer", &body).await
    }

    /// The account, once the read model has reached that sequence.
    pub async fn account(&self, account: &str, at_least: u64) -> Value {
        self.json(&format!("/accounts/{account}?atLeast={at_least}&timeout=10s")).await
    }

    /// The answer to a query, once what it is answered from has reached that sequence.
    pub async fn fresh(&self, path: &str, at_least: u64) -> Value {
        until("the read model has caught up", async || {
            let reply = self.get(path).await;
            (reply.status == 200 && reply.number("X-Sequence") >= at_least).then(|| reply.json())
        })
        .await
    }

    /// The number of the last event.
    pub async fn head(&self) -> u64 {
        let reply = self.get("/events?fromSequence=0&limit=1").await;
        reply.number("X-Head-Sequence")
    }

    /// Everything that a list has, page after page.
    pub async fn pages(&self, path: &str) -> Vec<Value> {
        let (mut all, mut next) = (Vec::new(), Some(path.to_owned()));
        while let Some(path) = next {
            let reply = self.get(&path).await;
            all.extend(reply.expect(200).as_array().unwrap().iter().cloned());
            next = reply.next_page();
        }
        all
    }

    /// The whole log, as one stream of lines.
    pub async fn log(&self) -> Vec<Value> {
        let request =
            self.request(Method::GET, "/events/all/stream").header("Accept", "application/x-ndjson");
        let reply = self.send(request.timeout(Duration::from_secs(120))).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        reply.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// What the server answered.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub text: String,
}

impl Reply {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in {}: {}", self.status, self.text))
    }

    /// A header, where there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// A header that is a number.
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        let text = self.header(name).unwrap_or_else(|| panic!("no {name} in {self:?}"));
        text.parse().unwrap_or_else(|_| panic!("{name}: {text}"))
    }

    /// The body, of an answer with that status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The body of an accepted command.
    #[track_caller]
    pub fn accepted(&self) -> Value {
        assert!(matches!(self.status, 200 | 201), "{} {}", self.status, self.text);
        let body = self.json();
        assert_eq!(body["success"], true, "{body}");
        body
    }

    /// The sequence of an accepted command's last event.
    #[track_caller]
    pub fn sequence(&self) -> u64 {
        self.accepted()["sequence"].as_u64().unwrap()
    }

    /// The problem that was answered, which must be a complete one.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        let kind = self.header("Content-Type").unwrap_or_default();
        assert!(kind.starts_with("application/problem+json"), "{kind}: {}", self.text);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["type"], format!("/problems/{code}"), "{problem}");
        assert_eq!(problem["status"], status, "{problem}");
        for words in ["title", "detail", "error"] {
            assert!(problem[words].as_str().is_some_and(|words| !words.is_empty()), "{words} in {problem}");
        }
        if status == 503 {
            assert!(self.number("Retry-After") > 0);
        }
        problem
    }

    /// Whether the answer was given before.
    pub fn is_replayed(&self) -> bool {
        self.header("Idempotent-Replayed") == Some("true")
    }

    /// Path and query of the next page, from the `Link` header.
    #[track_caller]
    pub fn next_page(&self) -> Option<String> {
        let links = self.header("Link")?;
        let link = links.split(", ").find(|link| link.ends_with("rel=\"next\""))?;
        let target = link.split(['<', '>']).nth(1).unwrap();
        let path = target.split_once("://").map_or(target, |(_, rest)| &rest[rest.find('/').unwrap()..]);
        Some(path.to_owned())
    }
}

/// A money value of an answer in hundredths, exactly; fails on one with more decimals.
#[track_caller]
pub fn cents(value: &Value) -> i64 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    assert!(fraction.len() <= 2, "{text}");
    format!("{whole}{fraction:0<2}").parse().unwrap_or_else(|_| panic!("{text} is no money"))
}

/// A sum of cents as an amount in a command.
pub fn amount(cents: i64) -> Value {
    Value::String(format!("{}.{:02}", cents / 100, cents % 100))
}
