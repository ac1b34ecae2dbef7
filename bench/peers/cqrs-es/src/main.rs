//! The durable deposit with cqrs-es.
//!
//! - Pattern: an aggregate behind `postgres_es::postgres_cqrs`, as the user guide and the demo set it up: the event
//!   store is the source of truth and every command replays its account's events.
//! - Library: cqrs-es 0.5.0, postgres-es 0.5.0, on actix-web 4.
//! - Retry: the library has none. `AggregateError::AggregateConflict` is its word for "try again": up to 10 retries
//!   after a short random pause, then 409.
//! - Projection: a `GenericQuery` over `PostgresViewRepository`, dispatched after the commit and before the answer.
//! - Pool: `default_postgress_pool`, 10 connections.
//! - Snapshots: none unless `SNAPSHOT_EVERY` names a number of events (`postgres_snapshot_cqrs`).

use std::{env, sync::Arc, time::Duration};

use actix_web::{App, HttpResponse, HttpServer, rt::time::sleep, web};
use cqrs_es::event_sink::EventSink;
use cqrs_es::persist::GenericQuery;
use cqrs_es::{Aggregate, AggregateError, DomainEvent, EventEnvelope, Query, View};
use postgres_es::{PostgresCqrs, PostgresViewRepository, default_postgress_pool};
use serde::{Deserialize, Serialize};
use serde_json::json;

const RETRIES: u64 = 10;

const SCHEMA: &str = include_str!("../schema.sql");

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreateAccount {
    account_id: String,
    owner: String,
    initial_balance: i64,
    currency: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deposit {
    account_id: String,
    amount: i64,
}

#[derive(Clone)]
enum Command {
    Create(CreateAccount),
    Deposit(Deposit),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    AccountCreated { owner: String, initial_balance: i64, currency: String },
    MoneyDeposited { amount: i64, balance: i64 },
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        match self {
            Self::AccountCreated { .. } => "AccountCreated".into(),
            Self::MoneyDeposited { .. } => "MoneyDeposited".into(),
        }
    }

    fn event_version(&self) -> String {
        "1.0".into()
    }
}

#[derive(Debug)]
enum Refusal {
    NotFound,
    Exists,
    InvalidAmount,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refusal {}

#[derive(Default, Serialize, Deserialize)]
struct Account {
    exists: bool,
    balance: i64,
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = Command;
    type Event = Event;
    type Error = Refusal;
    type Services = ();

    async fn handle(&mut self, command: Command, _: &(), sink: &EventSink<Self>) -> Result<(), Refusal> {
        let event = match command {
            Command::Create(_) if self.exists => return Err(Refusal::Exists),
            Command::Create(CreateAccount { owner, initial_balance, currency, .. }) => {
                Event::AccountCreated { owner, initial_balance, currency }
            }
            Command::Deposit(_) if !self.exists => return Err(Refusal::NotFound),
            Command::Deposit(Deposit { amount, .. }) if amount <= 0 => return Err(Refusal::InvalidAmount),
            Command::Deposit(Deposit { amount, .. }) => {
                Event::MoneyDeposited { amount, balance: self.balance + amount }
            }
        };
        sink.write(event, self).await;
        Ok(())
    }

    fn apply(&mut self, event: Event) {
        match event {
            Event::AccountCreated { initial_balance, .. } => {
                *self = Self { exists: true, balance: initial_balance }
            }
            Event::MoneyDeposited { balance, .. } => self.balance = balance,
        }
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct AccountView {
    owner: String,
    currency: String,
    balance: i64,
}

impl View<Account> for AccountView {
    fn update(&mut self, event: &EventEnvelope<Account>) {
        match &event.payload {
            Event::AccountCreated { owner, initial_balance, currency } => {
                *self = Self { owner: owner.clone(), currency: currency.clone(), balance: *initial_balance };
            }
            Event::MoneyDeposited { balance, .. } => self.balance = *balance,
        }
    }
}

/// `execute` tells no state and no version: the answer is the account's name alone.
async fn execute(cqrs: &PostgresCqrs<Account>, account_id: &str, command: Command) -> HttpResponse {
    let mut attempt = 0;
    loop {
        match cqrs.execute(account_id, command.clone()).await {
            Ok(()) => return HttpResponse::Ok().json(json!({ "accountId": account_id })),
            Err(AggregateError::AggregateConflict) if attempt < RETRIES => {
                attempt += 1;
                sleep(Duration::from_micros(fastrand::u64(..5_000 * attempt))).await;
            }
            Err(error) => return refuse(error),
        }
    }
}

fn refuse(error: AggregateError<Refusal>) -> HttpResponse {
    let mut response = match error {
        AggregateError::UserError(Refusal::NotFound) => HttpResponse::NotFound(),
        AggregateError::UserError(Refusal::InvalidAmount) => HttpResponse::BadRequest(),
        AggregateError::UserError(Refusal::Exists) | AggregateError::AggregateConflict => {
            HttpResponse::Conflict()
        }
        AggregateError::DatabaseConnectionError(_)
        | AggregateError::DeserializationError(_)
        | AggregateError::UnexpectedError(_) => {
            eprintln!("{error}");
            HttpResponse::InternalServerError()
        }
    };
    response.json(json!({ "error": error.to_string() }))
}

async fn create(cqrs: web::Data<PostgresCqrs<Account>>, body: web::Json<CreateAccount>) -> HttpResponse {
    execute(&cqrs, &body.account_id, Command::Create(body.0.clone())).await
}

async fn deposit(cqrs: web::Data<PostgresCqrs<Account>>, body: web::Json<Deposit>) -> HttpResponse {
    execute(&cqrs, &body.account_id, Command::Deposit(body.0.clone())).await
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = env::var("PORT")?.parse()?;
    let pool = default_postgress_pool(&env::var("DATABASE_URL")?).await;
    sqlx::raw_sql(SCHEMA).execute(&pool).await?;

    let views = Arc::new(PostgresViewRepository::<AccountView, Account>::new("account_view", pool.clone()));
    let mut query = GenericQuery::new(views);
    query.use_error_handler(Box::new(|error| eprintln!("account_view: {error}")));
    let queries: Vec<Box<dyn Query<Account>>> = vec![Box::new(query)];
    let cqrs = web::Data::new(match env::var("SNAPSHOT_EVERY") {
        Ok(events) => postgres_es::postgres_snapshot_cqrs(pool, queries, events.parse()?, ()),
        Err(_) => postgres_es::postgres_cqrs(pool, queries, ()),
    });

    HttpServer::new(move || {
        App::new()
            .app_data(cqrs.clone())
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
