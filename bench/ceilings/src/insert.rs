//! Loops of one connection that insert rows like those of the log's events and do nothing else: the same columns, the same
//! indexes, the same durability. On Postgres the rows have a unique index of (account, version) besides, as events in a plain
//! table have; Bursar keeps it in another way.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};
use uuid::Uuid;

/// Accounts that the rows are about.
const ACCOUNTS: i64 = 1000;
/// As long as the stored JSON of a deposit.
const BODY_BYTES: usize = 300;

/// Counts commits and their times.
struct Clock {
    started: Instant,
    lasts: Duration,
    commits: Vec<Duration>,
    rows: i64,
}

impl Clock {
    fn new(seconds: u64) -> Self {
        Self { started: Instant::now(), lasts: Duration::from_secs(seconds), commits: Vec::new(), rows: 0 }
    }

    /// The next rows' sequences, until the time is over.
    fn next(&self, rows: usize) -> Option<std::ops::RangeInclusive<i64>> {
        let rows = i64::try_from(rows).ok()?;
        (self.started.elapsed() < self.lasts).then(|| self.rows + 1..=self.rows + rows)
    }

    fn done(&mut self, rows: &std::ops::RangeInclusive<i64>, began: Instant) {
        self.rows = *rows.end();
        self.commits.push(began.elapsed());
    }

    fn answer(mut self) -> Value {
        let seconds = self.started.elapsed().as_secs_f64();
        self.commits.sort();
        let at = |part: usize| self.commits.get(self.commits.len() * part / 100).map(Duration::as_secs_f64);
        json!({
            "rows": self.rows,
            "rowsPerSecond": self.rows as f64 / seconds,
            "commitP50Ms": at(50).map(|seconds| seconds * 1000.0),
            "commitP99Ms": at(99).map(|seconds| seconds * 1000.0),
        })
    }
}

fn body(sequence: i64) -> String {
    let start = format!("{{\"sequence\":{sequence},\"padding\":\"");
    let padding = "x".repeat(BODY_BYTES.saturating_sub(start.len()));
    format!("{start}{padding}\"}}")
}

fn account(sequence: i64) -> i64 {
    // A step that visits all of them in no order: neighbours in time are not neighbours in the index.
    sequence * 389 % ACCOUNTS
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn into_postgres(
    url: &str,
    rows_per_statement: usize,
    seconds: u64,
) -> anyhow::Result<Value> {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    client
        .batch_execute(
            "DROP TABLE IF EXISTS public.bare; CREATE TABLE public.bare (LIKE bursar.events INCLUDING ALL); \
             CREATE UNIQUE INDEX bare_account_version ON public.bare (account, version)",
        )
        .await
        .context("there must be a Bursar log in the database")?;
    let statement = client
        .prepare(
            "INSERT INTO public.bare (sequence, account, version, balance, held, overdraft_limit, spent, transactions, \
             decided_at, unit_size, status, kind, command_id, fingerprint, command, body) \
             SELECT sequence, account, sequence, 1, 0, 0, 0, sequence, sequence, 1, 0, 'MoneyDeposited', command_id, \
             fingerprint, 'DEPOSIT_MONEY', body \
             FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[], $5::text[]) \
             AS row (sequence, account, command_id, fingerprint, body)",
        )
        .await?;
    let mut clock = Clock::new(seconds);
    while let Some(rows) = clock.next(rows_per_statement) {
        let accounts: Vec<i64> = rows.clone().map(account).collect();
        let ids: Vec<String> = rows.clone().map(|_| Uuid::now_v7().to_string()).collect();
        let fingerprints: Vec<&[u8]> = rows.clone().map(|_| &[7_u8; 32][..]).collect();
        let bodies: Vec<String> = rows.clone().map(body).collect();
        let sequences: Vec<i64> = rows.clone().collect();
        let began = Instant::now();
        client.execute(&statement, &[&sequences, &accounts, &ids, &fingerprints, &bodies]).await?;
        clock.done(&rows, began);
    }
    client.batch_execute("DROP TABLE public.bare").await?;
    Ok(clock.answer())
}

pub(crate) fn into_sqlite(log: &Path, rows_per_commit: usize, seconds: u64) -> anyhow::Result<Value> {
    let source = rusqlite::Connection::open(log)?;
    let mut made = source.prepare(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'events' AND type <> 'trigger' AND sql IS NOT NULL",
    )?;
    let made: Vec<String> = made.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    anyhow::ensure!(!made.is_empty(), "there is no Bursar log at {}", log.display());
    let path = log.with_extension("bare");
    let remove = || {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
    };
    remove();
    let mut target = rusqlite::Connection::open(&path)?;
    target.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 16384",
    )?;
    target.execute_batch(&made.join(";"))?;
    let mut clock = Clock::new(seconds);
    while let Some(rows) = clock.next(rows_per_commit) {
        let began = Instant::now();
        let transaction = target.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO events (sequence, account, version, kind, place, command_id, fingerprint, command, \
                 unit_size, balance, held, overdraft_limit, transactions, status, spent, decided_at, body) \
                 VALUES (?1, ?2, ?1, 'MoneyDeposited', 0, ?3, ?4, 'DEPOSIT_MONEY', 1, 1, 0, 0, ?1, 0, 0, ?1, ?5)",
            )?;
            for row in rows.clone() {
                let id = Uuid::now_v7().to_string();
                insert.execute((row, account(row), id, &[7_u8; 32][..], body(row)))?;
            }
        }
        transaction.commit()?;
        clock.done(&rows, began);
    }
    drop(target);
    remove();
    Ok(clock.answer())
}
