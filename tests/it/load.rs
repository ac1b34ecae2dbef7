//! Load: commands by chance that can be repeated, how long they go on, and whether the log has what was answered.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Reply, amount};
use crate::fold::Fold;

/// How many accounts the commands of [`Sent::any`] are about.
const ACCOUNTS: u64 = 10;
/// What each of them starts with, in cents.
const INITIAL: i64 = 100_000;

/// What a client that is told to come back waits: less than it is told.
const PAUSE: Duration = Duration::from_millis(20);
/// How long any answer may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to say that a command was not done.
const TURNED_AWAY_WITHIN: Duration = Duration::from_secs(3);

/// How long a load lasts: `BURSAR_TEST_SECONDS`, else three seconds.
pub fn seconds() -> Duration {
    let seconds =
        std::env::var("BURSAR_TEST_SECONDS").map_or(3, |text| text.parse().expect("BURSAR_TEST_SECONDS"));
    Duration::from_secs(seconds)
}

/// Whether the long form of the tests was asked for.
pub fn is_long() -> bool {
    seconds() >= Duration::from_secs(30)
}

/// What the machine itself may add to the slowest waits: in the short form, beside all the other tests, a disk or a core may
/// be away for some 100 ms. A server that is harmed adds time-outs, half a second and more.
pub fn grace() -> Duration {
    if is_long() { Duration::ZERO } else { Duration::from_millis(300) }
}

/// Chance, different in every run; the seed is printed for the report of a failure (xorshift64*).
pub struct Dice(u64);

impl Dice {
    /// Another seed every time, or `BURSAR_TEST_SEED`.
    pub fn new() -> Self {
        let seed = std::env::var("BURSAR_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0)).max(1);
        eprintln!("BURSAR_TEST_SEED={seed}");
        Self(seed)
    }

    /// Dice of its own for a worker.
    pub fn split(&mut self) -> Self {
        Self(self.roll().max(1))
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound
    }

    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }
}

/// Settles commands from many clients, one after the other each, until it is over; gives all of them back.
pub async fn settle_until(client: &Client, dice: &mut Dice, is_over: &Cell<bool>) -> Vec<Sent> {
    let workers: Vec<Dice> = (0..16).map(|_| dice.split()).collect();
    let sent = join_all(workers.into_iter().enumerate().map(async |(worker, mut dice)| {
        let mut sent = Vec::new();
        while !is_over.get() {
            let mut command = Sent::any(&mut dice, format!("{worker}-{}", sent.len()));
            command.settle(client).await;
            sent.push(command);
        }
        sent
    }))
    .await;
    sent.into_iter().flatten().collect()
}

/// A command that was sent.
pub struct Sent {
    /// Its idempotency key.
    pub key: String,
    path: &'static str,
    body: Value,
    /// The status of its answer, if one came.
    pub answer: Option<u16>,
}

impl Sent {
    /// Any command on some of the accounts; now and then one that will be refused.
    pub fn any(dice: &mut Dice, key: String) -> Self {
        let (one, other) = (dice.below(ACCOUNTS), dice.below(ACCOUNTS - 1));
        let other = if other >= one { other + 1 } else { other };
        let most = if dice.below(10) == 0 { 10_000_000 } else { 5_000 };
        let cents = 1 + i64::try_from(dice.below(most)).unwrap();
        let single = json!({"accountId": format!("acc-{one}"), "amount": amount(cents)});
        let (path, body) = match dice.below(10) {
            0..4 => ("/commands/deposit", single),
            4..6 => ("/commands/withdraw", single),
            _ => {
                let (from, to) = (format!("acc-{one}"), format!("acc-{other}"));
                (
                    "/commands/transfer",
                    json!({"fromAccountId": from, "toAccountId": to, "amount": amount(cents)}),
                )
            }
        };
        Self { key, path, body, answer: None }
    }

    /// Sends it, for the first time or again.
    pub async fn try_send(&self, client: &Client) -> Result<Reply, reqwest::Error> {
        let request = client.request(Method::POST, self.path).header("Idempotency-Key", &self.key);
        Client::try_send(request.json(&self.body)).await
    }

    /// Sends it until it has an outcome, with its key, as often as the server says in due time that it can't tell yet.
    pub async fn settle(&mut self, client: &Client) {
        loop {
            let asked = Instant::now();
            let reply = self.try_send(client).await.unwrap();
            let took = asked.elapsed();
            assert!(took < ANSWERED_WITHIN, "{took:?} for {}", reply.text);
            if reply.status == 503 {
                let problem = reply.json();
                assert!(
                    reply.number("Retry-After") > 0 && problem["commandId"] == self.key,
                    "{}",
                    reply.text
                );
                assert!(
                    problem["code"] == "outcome-unknown" || took < TURNED_AWAY_WITHIN,
                    "{took:?} for {}",
                    reply.text
                );
                tokio::time::sleep(PAUSE).await;
                continue;
            }
            assert!(matches!(reply.status, 200 | 422), "{} {}", reply.status, reply.text);
            self.answer = Some(reply.status);
            return;
        }
    }
}

/// Opens the accounts that the commands are about.
pub async fn open_accounts(client: &Client) {
    for account in 0..ACCOUNTS {
        client.create(&format!("acc-{account}"), amount(INITIAL)).await.accepted();
    }
}

/// Fails unless the log has exactly what was answered, and the read models what the log has.
pub async fn assert_outcomes(client: &Client, all: &[Sent]) {
    let log = client.log().await;
    let mut effects: HashMap<&str, Vec<&str>> = HashMap::new();
    for event in log.iter().filter(|event| event["type"] != "ACCOUNT_CREATED") {
        effects
            .entry(event["commandId"].as_str().unwrap())
            .or_default()
            .push(event["type"].as_str().unwrap());
    }
    for command in all {
        let expected: &[&str] = match (command.answer, command.path) {
            (Some(200), "/commands/deposit") => &["MONEY_DEPOSITED"],
            (Some(200), "/commands/withdraw") => &["MONEY_WITHDRAWN"],
            (Some(200), _) => &["MONEY_TRANSFERRED", "TRANSFER_RECEIVED"],
            _ => &[],
        };
        assert_eq!(effects.remove(command.key.as_str()).unwrap_or_default(), expected, "{}", command.key);
    }
    assert!(effects.is_empty(), "nobody sent these: {effects:?}");
    let fold = Fold::of(&log);
    assert!(fold.accounts.values().all(|account| account.balance >= 0));
    fold.assert_is_what_is_read(client).await;
}
