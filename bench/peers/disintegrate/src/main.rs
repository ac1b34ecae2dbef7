//! The durable deposit with Disintegrate.
//!
//! - Pattern: a `Decision` over a derived `StateQuery`, made by `disintegrate_postgres::decision_maker`, as the README
//!   shows it. The store appends in a serializable transaction that checks the query for newer events.
//! - Library: disintegrate 4.0.0, disintegrate-postgres 4.0.1, on actix-web 4.
//! - Retry: the library has none; its guide leaves a conflict to trying the decision again. Up to 10 retries after a
//!   short random pause, then 409. 4.0.1 calls a serialization failure a conflict at the commit only; here it is one
//!   from any statement.
//! - Projection: none, read models are listeners of their own. The answer's version is the event's global id.
//! - Pool: 10 connections, sqlx' default.
//! - Schema: the store's own. Its migration is written for Postgres 16 and newer: `before_16.sql` completes it elsewhere.
//! - Snapshots: none (`NoSnapshot`) unless `SNAPSHOT_EVERY` names a number of events (`PgSnapshotter`).

use std::{env, time::Duration};

use actix_web::{App, HttpResponse, HttpServer, rt::time::sleep, web};
use disintegrate::serde::json::Json;
use disintegrate::{
    BoxDynError, Decision, DecisionError, Event, NoSnapshot, PersistedEvent, StateMutate, StateQuery,
};
use disintegrate_postgres::{
    Error as StoreError, PgDecisionMaker, PgEventId, PgEventStore, PgSnapshotter, WithPgSnapshot,
    decision_maker,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::postgres::{PgPool, PgPoolOptions};

const RETRIES: u64 = 10;

#[derive(Clone, Debug, Event, Serialize, Deserialize)]
enum AccountEvent {
    AccountCreated {
        #[id]
        account_id: String,
        owner: String,
        initial_balance: i64,
        currency: String,
    },
    MoneyDeposited {
        #[id]
        account_id: String,
        amount: i64,
    },
}

#[derive(Clone, Default, StateQuery, Serialize, Deserialize)]
#[state_query(AccountEvent)]
struct Account {
    #[id]
    account_id: String,
    exists: bool,
    balance: i64,
}

impl StateMutate for Account {
    fn mutate(&mut self, event: AccountEvent) {
        match event {
            AccountEvent::AccountCreated { initial_balance, .. } => {
                self.exists = true;
                self.balance = initial_balance;
            }
            AccountEvent::MoneyDeposited { amount, .. } => self.balance += amount,
        }
    }
}

#[derive(Debug)]
enum Refusal {
    NotFound,
    Exists,
    InvalidAmount,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateAccount {
    account_id: String,
    owner: String,
    initial_balance: i64,
    currency: String,
}

impl Decision for CreateAccount {
    type Event = AccountEvent;
    type StateQuery = Account;
    type Error = Refusal;

    fn state_query(&self) -> Account {
        Account { account_id: self.account_id.clone(), ..Account::default() }
    }

    fn process(&self, account: &Account) -> Result<Vec<AccountEvent>, Refusal> {
        if account.exists {
            return Err(Refusal::Exists);
        }
        let Self { account_id, owner, initial_balance, currency } = self.clone();
        Ok(vec![AccountEvent::AccountCreated { account_id, owner, initial_balance, currency }])
    }
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deposit {
    account_id: String,
    amount: i64,
}

impl Decision for Deposit {
    type Event = AccountEvent;
    type StateQuery = Account;
    type Error = Refusal;

    fn state_query(&self) -> Account {
        Account { account_id: self.account_id.clone(), ..Account::default() }
    }

    fn process(&self, account: &Account) -> Result<Vec<AccountEvent>, Refusal> {
        match self {
            _ if !account.exists => Err(Refusal::NotFound),
            Self { amount: ..=0, .. } => Err(Refusal::InvalidAmount),
            Self { account_id, amount } => {
                Ok(vec![AccountEvent::MoneyDeposited { account_id: account_id.clone(), amount: *amount }])
            }
        }
    }
}

type Made = Result<Vec<PersistedEvent<PgEventId, AccountEvent>>, DecisionError<Refusal>>;

#[derive(Clone)]
enum Maker {
    Plain(PgDecisionMaker<AccountEvent, Json<AccountEvent>, NoSnapshot>),
    Snapshots(PgDecisionMaker<AccountEvent, Json<AccountEvent>, WithPgSnapshot>),
}

impl Maker {
    async fn make<D>(&self, decision: D) -> Made
    where
        D: Decision<Event = AccountEvent, StateQuery = Account, Error = Refusal>,
    {
        match self {
            Self::Plain(maker) => maker.make(decision).await,
            Self::Snapshots(maker) => maker.make(decision).await,
        }
    }
}

fn is_conflict(error: &BoxDynError) -> bool {
    match error.downcast_ref() {
        Some(StoreError::Concurrency) => true,
        Some(StoreError::Database(sqlx::Error::Database(error))) => error.code().as_deref() == Some("40001"),
        _ => false,
    }
}

async fn answer<D>(maker: &Maker, account_id: &str, decision: D) -> HttpResponse
where
    D: Decision<Event = AccountEvent, StateQuery = Account, Error = Refusal> + Clone,
{
    let mut attempt = 0;
    loop {
        let (mut response, reason) = match maker.make(decision.clone()).await {
            Ok(events) => {
                let version = events.last().map(PersistedEvent::id);
                return HttpResponse::Ok().json(json!({ "accountId": account_id, "version": version }));
            }
            Err(DecisionError::StateStore(error)) if is_conflict(&error) => {
                if attempt < RETRIES {
                    attempt += 1;
                    sleep(Duration::from_micros(fastrand::u64(..5_000 * attempt))).await;
                    continue;
                }
                (HttpResponse::Conflict(), error.to_string())
            }
            Err(DecisionError::Domain(refusal)) => {
                let response = match refusal {
                    Refusal::NotFound => HttpResponse::NotFound(),
                    Refusal::Exists => HttpResponse::Conflict(),
                    Refusal::InvalidAmount => HttpResponse::BadRequest(),
                };
                (response, format!("{refusal:?}"))
            }
            Err(DecisionError::EventStore(error) | DecisionError::StateStore(error)) => {
                eprintln!("{error}");
                (HttpResponse::InternalServerError(), error.to_string())
            }
        };
        return response.json(json!({ "error": reason }));
    }
}

async fn create(maker: web::Data<Maker>, body: web::Json<CreateAccount>) -> HttpResponse {
    answer(&maker, &body.account_id, body.0.clone()).await
}

async fn deposit(maker: web::Data<Maker>, body: web::Json<Deposit>) -> HttpResponse {
    answer(&maker, &body.account_id, body.0.clone()).await
}

async fn event_store(pool: &PgPool) -> Result<PgEventStore<AccountEvent, Json<AccountEvent>>, StoreError> {
    let version: i32 =
        sqlx::query_scalar("SELECT current_setting('server_version_num')::integer").fetch_one(pool).await?;
    match PgEventStore::try_new(pool.clone(), Json::default()).await {
        Err(StoreError::Migration(_)) if version < 160_000 => {
            sqlx::raw_sql(include_str!("../before_16.sql")).execute(pool).await?;
            Ok(PgEventStore::new_uninitialized(pool.clone(), Json::default()))
        }
        store => store,
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = env::var("PORT")?.parse()?;
    let pool = PgPoolOptions::new().max_connections(10).connect(&env::var("DATABASE_URL")?).await?;
    let store = event_store(&pool).await?;
    let maker = match env::var("SNAPSHOT_EVERY") {
        Ok(events) => {
            let snapshotter = PgSnapshotter::try_new(pool, events.parse()?).await?;
            Maker::Snapshots(decision_maker(store, WithPgSnapshot::new(snapshotter)))
        }
        Err(_) => Maker::Plain(decision_maker(store, NoSnapshot)),
    };
    let maker = web::Data::new(maker);

    HttpServer::new(move || {
        App::new()
            .app_data(maker.clone())
            .route("/health", web::get().to(HttpResponse::Ok))
            .route("/commands/create-account", web::post().to(create))
            .route("/commands/deposit", web::post().to(deposit))
    })
    .shutdown_timeout(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await?;
    Ok(())
}
