//! The suite on Postgres, where every test has a database of its own, and what is promised there alone.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::{AccountId, Sequence};
use futures_util::future::join_all;
use store::journal::postgres::{ConnectError, MigrateError, Migrated, SchemaError, migrate};
use store::{
    Append, AppendError, Batch, EventFilter, Fault, Journal, JournalError, PostgresJournal, PostgresSettings,
    Unit,
};
use tokio_postgres::NoTls;

use crate::proxy::{Cut, Proxy};
use crate::suite::appending::opened;
use crate::suite::archive::{exported, first_part, imported, verified};
use crate::suite::reading;
use crate::suite::{
    Book, EVENTS_PER_RUN, Fixture, account_id, everything, folded, journal_suite, refused, sequences, version,
};

/// Where the tests may make databases and roles.
const URL: &str = "BURSAR_TEST_POSTGRES_URL";

/// A database that is dropped at the end, whatever is still connected to it.
struct Database {
    name: String,
}

struct Postgres {
    database: Database,
}

fn server() -> String {
    std::env::var(URL).unwrap_or_else(|_| panic!("set {URL} or run tests/run.sh"))
}

async fn run(url: &str, statement: &str) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let connection = tokio::spawn(connection);
    let answer = client.batch_execute(statement).await;
    drop(client);
    let _ = connection.await;
    answer
}

impl Database {
    async fn create() -> Self {
        let name = format!("bursar_{}", uuid::Uuid::now_v7().simple());
        run(&server(), &format!("CREATE DATABASE {name} TEMPLATE template0")).await.unwrap();
        Self { name }
    }

    fn url(&self) -> String {
        let server = server();
        let (address, rest) = server.rsplit_once('/').expect("a URL ends with a database");
        let options = rest.split_once('?').map(|(_, options)| format!("?{options}")).unwrap_or_default();
        format!("{address}/{}{options}", self.name)
    }

    /// The same for another role, by way of another address if one is given.
    fn url_of(&self, role: &str, address: Option<SocketAddr>) -> String {
        let config: tokio_postgres::Config = server().parse().unwrap();
        let port = address.map_or(config.get_ports()[0], |address| address.port());
        format!("postgres://{role}@127.0.0.1:{port}/{}", self.name)
    }

    async fn run(&self, statement: &str) -> Result<(), tokio_postgres::Error> {
        run(&self.url(), statement).await
    }

    /// The code of the error that a statement ends with.
    async fn code(&self, role: &str, statement: &str) -> String {
        let error = run(&self.url_of(role, None), statement).await.expect_err(statement);
        error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned())
    }

    async fn journal(&self) -> PostgresJournal {
        PostgresJournal::connect_with_runs(PostgresSettings { url: self.url() }, EVENTS_PER_RUN)
            .await
            .unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            runtime.block_on(run(&server(), &drop)).unwrap();
            // The role that some tests make has the database's name.
            runtime.block_on(run(&server(), &format!("DROP ROLE IF EXISTS {name}"))).unwrap();
        });
        let _ = dropping.join();
    }
}

#[async_trait]
impl Fixture for Postgres {
    async fn start() -> Option<Self> {
        let database = Database::create().await;
        migrate(&database.url(), None).await.unwrap();
        Some(Self { database })
    }

    async fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.database.journal().await)
    }

    async fn execute(&self, statement: &str) -> Result<(), String> {
        let statement = format!("SET search_path = bursar; {statement}");
        self.database.run(&statement).await.map_err(|error| match error.as_db_error() {
            Some(answer) => answer.message().to_owned(),
            None => error.to_string(),
        })
    }

    async fn unlock(&self) {
        for table in ["events", "accounts", "streams", "kinds", "batches", "rejections"] {
            self.execute(&format!("ALTER TABLE {table} DISABLE TRIGGER append_only")).await.unwrap();
        }
        self.execute("ALTER TABLE holds DISABLE TRIGGER ends_once").await.unwrap();
    }

    fn append_only(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("events", "sequence"),
            ("accounts", "id"),
            ("streams", "first_version"),
            ("kinds", "kind"),
            ("batches", "last_sequence"),
            ("rejections", "command_id"),
        ]
    }

    fn text(&self, bytes: &[u8]) -> String {
        format!("convert_from({}, 'UTF8')", self.blob(bytes))
    }

    fn blob(&self, bytes: &[u8]) -> String {
        format!("'\\x{}'::bytea", domain::chain::Hex(bytes))
    }
}

journal_suite!(Postgres);

/// A server that goes down may lose the end of what was indexed, since that waits for no disk.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_of_streams_that_has_lost_its_end_is_made_again() {
    let fixture = Postgres::start().await.unwrap();
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let units = (0..98).map(|n| book.deposit(&format!("k-{n}"), "a", 1)).collect();
    book.commit(&*journal, units).await;
    let is_indexed = "DO 'BEGIN ASSERT (SELECT last_sequence FROM indexed) = 100; END'";
    while fixture.execute(is_indexed).await.is_err() {
        tokio::task::yield_now().await;
    }
    fixture.unlock().await;
    fixture.execute("DELETE FROM streams WHERE sequences[1] > 50").await.unwrap();
    fixture.execute("UPDATE indexed SET last_sequence = 50").await.unwrap();
    let all = everything(&*journal).await;
    let own: Vec<_> = all.iter().filter(|event| event.profile.id.as_str() == "a").cloned().collect();
    let read = journal.stream(&account_id("a"), version(0), 1000).await.unwrap();
    assert_eq!(sequences(&read), sequences(&own));
    let unit = book.deposit("again", "a", 1);
    book.commit(&*journal, vec![unit]).await;
    while fixture.execute(is_indexed).await.is_err() {
        tokio::task::yield_now().await;
    }
    let (_, found) = verified(&*journal).await;
    assert_eq!(found, []);
}

/// What the table has of an account may be from behind the place that a process knows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_finds_an_account_in_the_index_beyond_what_he_knows_reads_on() {
    let fixture = Postgres::start().await.unwrap();
    let [journal, other] = [fixture.journal().await, fixture.journal().await];
    let mut book = opened(&*journal).await;
    for (round, count) in [98, 10].into_iter().enumerate() {
        let units = (0..count).map(|n| book.deposit(&format!("{round}-{n}"), "a", 1)).collect();
        let last = book.commit(&*journal, units).await.last.get() / 5 * 5;
        let is_indexed = format!("DO 'BEGIN ASSERT (SELECT last_sequence FROM indexed) = {last}; END'");
        while fixture.execute(&is_indexed).await.is_err() {
            tokio::task::yield_now().await;
        }
        if round == 0 {
            // Everything is in the table, nothing in memory.
            other.stream(&account_id("a"), version(0), 1).await.unwrap();
        }
    }
    let unit = book.deposit("o", "a", 1);
    book.commit(&*other, vec![unit]).await;
}

/// However many of those there are.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_do_not_wait_for_slow_reads() {
    let fixture = Postgres::start().await.unwrap();
    let journal = fixture.journal().await;
    opened(&*journal).await;
    let (client, connection) = tokio_postgres::connect(&fixture.database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute("BEGIN; LOCK TABLE bursar.kinds IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let filter = EventFilter { kinds: vec!["MONEY_DEPOSITED".to_owned()], ..EventFilter::default() };
    let reads = join_all((0..32).map(|_| journal.read(Sequence::ZERO, 10, &filter)));
    let command = async {
        let waiting =
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'bursar.kinds'::regclass";
        while client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) < 6 {
            tokio::task::yield_now().await;
        }
        let loaded = journal.load(&[account_id("a"), account_id("b")]).await;
        client.batch_execute("COMMIT").await.unwrap();
        loaded
    };
    let (read, loaded) = tokio::join!(reads, command);
    assert_eq!(loaded.unwrap().len(), 2);
    assert!(read.iter().all(Result::is_ok));
}

/// Nothing rests on a hint, so that nobody else would notice that none comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_hears_of_what_others_append() {
    let fixture = Postgres::start().await.unwrap();
    let [journal, other] = [fixture.journal().await, fixture.journal().await];
    // That it listens is a hint as well.
    other.hint().await;
    let mut book = opened(&*journal).await;
    for n in 0..3 {
        tokio::time::timeout(Duration::from_secs(30), other.hint()).await.unwrap();
        let unit = book.deposit(&format!("h-{n}"), "a", 1);
        book.commit(&*journal, vec![unit]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_end_is_damaged_is_opened_and_audited() {
    let fixture = Postgres::start().await.unwrap();
    opened(&*fixture.journal().await).await;
    fixture.unlock().await;
    fixture.execute("DELETE FROM events WHERE sequence = 2").await.unwrap();
    let (_, found) = verified(&*fixture.journal().await).await;
    assert_ne!(found, []);
}

/// The plan of the append's look-ups is another one when tables were analyzed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_of_their_accounts_whatever_the_plan_is() {
    let fixture = Postgres::start().await.unwrap();
    let first = fixture.journal().await;
    let mut book = Book::default();
    let units = (0..500).map(|n| book.create(&format!("create-{n}"), &format!("acc-{n}"), 10)).collect();
    book.commit(&*first, units).await;
    fixture.execute("ANALYZE").await.unwrap();
    for from in [0, 200, 440] {
        let journal = fixture.journal().await;
        let new: Vec<_> =
            (0..3).map(|n| book.create(&format!("new-{from}-{n}"), &format!("new-{from}-{n}"), 1)).collect();
        let moves = (from..from + 59).map(|n| {
            book.transfer(&format!("move-{n}"), &format!("acc-{}", 499 - n), &format!("acc-{n}"), 1)
        });
        let moves: Vec<_> = moves.collect();
        book.commit(&*journal, new.into_iter().chain(moves).collect()).await;
    }
    let (_, found) = verified(&*first).await;
    assert_eq!(found, []);
    let events = everything(&*first).await;
    for (name, account) in folded(&events) {
        assert_eq!(account, book.account(name.as_str()), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_index_of_streams_lacks_is_found() {
    let fixture = Postgres::start().await.unwrap();
    let journal = fixture.journal().await;
    reading::streams_are_whole_wherever_the_index_is(&fixture).await;
    fixture.unlock().await;
    let is_indexed = "DO 'BEGIN ASSERT (SELECT last_sequence FROM indexed) > 100; END'";
    while fixture.execute(is_indexed).await.is_err() {
        tokio::task::yield_now().await;
    }
    let row = "account = 1 AND 9 BETWEEN first_version AND first_version + cardinality(sequences) - 1";
    let change = format!("UPDATE streams SET sequences[9 - first_version + 1] = 7 WHERE {row}");
    fixture.execute(&change).await.unwrap();
    let row = "account = 2 AND 3 BETWEEN first_version AND first_version + cardinality(sequences) - 1";
    let change = format!("UPDATE streams SET sequences[3 - first_version + 1] = NULL WHERE {row}");
    fixture.execute(&change).await.unwrap();
    let (_, found) = verified(&*journal).await;
    assert!(found.iter().all(|finding| finding.what.contains("the index lacks")), "{found:?}");
    assert_eq!(found.len(), 2);
}

async fn migrated() -> Database {
    let database = Database::create().await;
    migrate(&database.url(), None).await.unwrap();
    database
}

#[tokio::test]
async fn an_append_of_unknown_fate_is_settled_by_appending_again() {
    let database = migrated().await;
    let server: tokio_postgres::Config = server().parse().unwrap();
    let proxy = Proxy::to(([127, 0, 0, 1], server.get_ports()[0]).into());
    let url = database.url_of(server.get_user().unwrap(), Some(proxy.address));
    let journal = PostgresJournal::connect(PostgresSettings { url }).await.unwrap();
    let mut book = Book::default();
    let open = book.create("create-a", "a", 100);
    book.commit(&journal, vec![open]).await;
    for (round, cut) in (0..20).zip(Cut::ALL.into_iter().cycle()) {
        let mut unit = book.deposit(&format!("k-{round}"), "a", 1);
        unit.may_repeat = false;
        proxy.cut_next(cut);
        let answer = journal.append(&Arc::new(Batch { units: vec![unit.clone()] })).await;
        assert!(matches!(answer, Err(AppendError::Unknown(_))), "{cut:?}: {answer:?}");
        unit.may_repeat = true;
        let again = journal.append(&Arc::new(Batch { units: vec![unit] })).await.unwrap();
        match cut {
            Cut::BeforeTheAppend => assert!(matches!(again, Append::Committed(_)), "{again:?}"),
            Cut::BeforeTheAnswer | Cut::AmidTheAnswer => assert_eq!(refused(again), [(0, Fault::Duplicate)]),
            // Either of the two may have been the first.
            Cut::Late => {
                while !proxy.is_calm() {
                    tokio::task::yield_now().await
                }
            }
        }
    }
    assert_eq!(everything(&journal).await.len(), 21);
    assert_eq!(journal.head().await.unwrap().last, Sequence::new(21));
}

/// By a process that was there before the import began, when the log was empty.
#[tokio::test]
async fn nothing_is_appended_between_the_parts_of_an_import() {
    let fixture = Postgres::start().await.unwrap();
    let [journal, importing] = [fixture.journal().await, fixture.journal().await];
    let source = Postgres::start().await.unwrap();
    opened(&*source.journal().await).await;
    let file = exported(&*source.journal().await).await;
    let header = file.lines().next().map(|header| format!("{header}\n")).unwrap();
    imported(&*importing, &header).await.unwrap_err();
    let unit = Book::default().create("between", "x", 1);
    let answer = journal.append(&Arc::new(Batch { units: vec![unit] })).await;
    assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
    imported(&*importing, &file).await.unwrap();
    // Nor where all that it takes is known.
    let fixture = Postgres::start().await.unwrap();
    let journal = fixture.journal().await;
    journal.restore(first_part()).await.unwrap();
    let mut book = Book::default();
    book.reload(&*journal, &["b"]).await;
    let unit = Unit { may_repeat: false, ..book.deposit("known", "b", 1) };
    let answer = journal.append(&Arc::new(Batch { units: vec![unit] })).await;
    assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
}

/// What makes the end of a log another one.
const OTHER_END: &str = "ALTER TABLE bursar.batches DISABLE TRIGGER append_only; \
     UPDATE bursar.batches SET chain = root WHERE last_sequence = (SELECT last_sequence FROM bursar.head); \
     UPDATE bursar.head SET chain = batch.chain FROM bursar.batches AS batch \
     WHERE batch.last_sequence = head.last_sequence";

/// A log may be restored within its database, so that no connection ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_exchanged_under_its_connections_is_noticed() {
    let fixture = Postgres::start().await.unwrap();
    let [journal, idle] = [fixture.journal().await, fixture.journal().await];
    let mut book = opened(&*journal).await;
    let known = book.deposit("known", "a", 1);
    let end = book.commit(&*journal, vec![known]).await.last;
    assert_eq!(idle.page(Sequence::ZERO, 100).await.unwrap().unwrap().events.len(), 3);
    idle.load(&[account_id("a")]).await.unwrap();
    for journal in [&journal, &idle] {
        journal.now().await.unwrap();
    }
    fixture.execute(OTHER_END).await.unwrap();
    let fresh = fixture.journal().await;
    let new = book.deposit("new", "a", 1);
    book.commit(&*fresh, vec![new]).await;
    for journal in [&journal, &idle] {
        assert!(journal.page(end, 100).await.unwrap_err().is_exchanged());
        assert!(journal.now().await.unwrap_err().is_exchanged());
    }
    let unit = book.deposit("lost", "a", 1);
    let answer = journal.append(&Arc::new(Batch { units: vec![unit] })).await;
    assert!(matches!(answer, Err(AppendError::Exchanged)), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_is_restored_to_an_earlier_end_is_noticed() {
    let fixture = Postgres::start().await.unwrap();
    let journal = fixture.journal().await;
    let mut book = opened(&*journal).await;
    let known = book.deposit("known", "a", 1);
    let end = book.commit(&*journal, vec![known]).await.last;
    assert!(journal.page(end, 100).await.unwrap().is_none());
    let earlier = "ALTER TABLE bursar.batches DISABLE TRIGGER append_only; \
        DELETE FROM bursar.batches WHERE last_sequence = (SELECT last_sequence FROM bursar.head); \
        UPDATE bursar.head SET last_sequence = batch.last_sequence, chain = batch.chain \
        FROM (SELECT last_sequence, chain FROM bursar.batches ORDER BY 1 DESC LIMIT 1) AS batch";
    fixture.execute(earlier).await.unwrap();
    assert!(journal.page(end, 100).await.unwrap_err().is_exchanged());
    assert!(journal.now().await.unwrap_err().is_exchanged());
}

/// A standby may take over that lacks the end of the log, and go on from there, before a process notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_appended_to_a_log_that_has_lost_what_was_known() {
    let fixture = Postgres::start().await.unwrap();
    let [journal, fresh] = [fixture.journal().await, fixture.journal().await];
    let mut book = opened(&*journal).await;
    let hang_up = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid()";
    fixture.execute(hang_up).await.unwrap();
    let unit = book.deposit("known", "a", 1);
    reconnected(&*journal, &unit).await.unwrap();
    fixture.execute(OTHER_END).await.unwrap();
    fixture.execute(hang_up).await.unwrap();
    // Who comes new takes it as it is.
    let unit = book.deposit("new", "a", 1);
    reconnected(&*fresh, &unit).await.unwrap();
    // Whatever the other has read of it meanwhile.
    while journal.load(&[account_id("a")]).await.is_err() {}
    let unit = book.deposit("lost", "a", 1);
    let answer = reconnected(&*journal, &unit).await;
    assert!(matches!(answer, Err(AppendError::Exchanged)), "{answer:?}");
    assert!(journal.now().await.unwrap_err().is_exchanged());
}

/// Appends by a connection that works: those of the pool are found to be broken one after the other.
async fn reconnected(journal: &dyn Journal, unit: &Unit) -> Result<Append, AppendError> {
    loop {
        let unit = Unit { may_repeat: true, ..unit.clone() };
        match journal.append(&Arc::new(Batch { units: vec![unit] })).await {
            Err(AppendError::Unavailable(_) | AppendError::Unknown(_)) => {}
            answer => return answer,
        }
    }
}

/// Whoever asks whether the log is there may have other things to do afterwards.
#[tokio::test]
async fn an_append_waits_for_no_thread_but_its_own() {
    let database = migrated().await;
    let journal = Arc::new(database.journal().await);
    let asked = Arc::clone(&journal);
    let asking = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(asked.now()).unwrap();
        runtime
    });
    let busy = asking.join().unwrap();
    let mut book = Book::default();
    let open = book.create("create-a", "a", 100);
    book.commit(&*journal, vec![open]).await;
    busy.shutdown_background();
}

#[tokio::test]
async fn a_line_that_swallows_everything_is_given_up_for_another() {
    let database = migrated().await;
    let server: tokio_postgres::Config = server().parse().unwrap();
    let proxy = Proxy::to(([127, 0, 0, 1], server.get_ports()[0]).into());
    let url = database.url_of(server.get_user().unwrap(), Some(proxy.address));
    let journal = PostgresJournal::connect(PostgresSettings { url }).await.unwrap();
    let mut book = Book::default();
    let open = book.create("create-a", "a", 100);
    book.commit(&journal, vec![open]).await;
    let mut unit = book.deposit("k-1", "a", 1);
    let account = [AccountId::parse("a").unwrap()];
    proxy.swallow(true);
    let batch = Arc::new(Batch { units: vec![unit.clone()] });
    let (appended, loaded) = tokio::join!(journal.append(&batch), journal.load(&account));
    assert!(matches!(appended, Err(AppendError::Unknown(_))), "{appended:?}");
    assert!(matches!(loaded, Err(JournalError::Unavailable(_))), "{loaded:?}");
    proxy.swallow(false);
    // Nothing of what was swallowed is waited for.
    let back = Instant::now();
    let versions = journal.load(&account).await.unwrap();
    assert_eq!(versions.len(), 1);
    unit.may_repeat = true;
    let again = journal.append(&Arc::new(Batch { units: vec![unit] })).await.unwrap();
    assert!(matches!(again, Append::Committed(_)), "{again:?}");
    assert!(back.elapsed() < Duration::from_secs(1), "{:?}", back.elapsed());
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_leaves_its_connection() {
    let database = migrated().await;
    let journal = database.journal().await;
    let mut book = Book::default();
    let open = book.create("create-a", "a", 100);
    book.commit(&journal, vec![open]).await;
    // The head is locked, so that the append hangs until its future is dropped.
    let (mut blocker, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let transaction = blocker.transaction().await.unwrap();
    transaction.execute("SELECT FROM bursar.head FOR UPDATE", &[]).await.unwrap();
    let unit = book.deposit("k-1", "a", 1);
    let batch = Arc::new(Batch { units: vec![unit.clone()] });
    assert!(tokio::time::timeout(Duration::from_millis(200), journal.append(&batch)).await.is_err());
    transaction.commit().await.unwrap();
    // It may have gone through in the meantime or not: the next answer is about the next append either way.
    match journal.append(&batch).await.unwrap() {
        Append::Committed(commit) => assert_eq!(commit.first, Sequence::new(2)),
        Append::Refused(faults) => assert_eq!(faults, [(0, Fault::Duplicate)]),
    }
    let next = book.deposit("k-2", "a", 1);
    assert_eq!(book.commit(&journal, vec![next]).await.first, Sequence::new(3));
}

#[tokio::test]
async fn an_append_that_the_server_gives_up_is_not_in_the_log() {
    let database = migrated().await;
    let journal = database.journal().await;
    let mut book = Book::default();
    let open = book.create("create-a", "a", 100);
    book.commit(&journal, vec![open]).await;
    let (mut blocker, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let transaction = blocker.transaction().await.unwrap();
    transaction.execute("SELECT FROM bursar.head FOR UPDATE", &[]).await.unwrap();
    let unit = book.deposit("k-1", "a", 1);
    let answer = journal.append(&Arc::new(Batch { units: vec![unit.clone()] })).await;
    assert!(matches!(answer, Err(AppendError::Unavailable(_))), "{answer:?}");
    transaction.rollback().await.unwrap();
    book.commit(&journal, vec![unit]).await;
}

/// What is long on its way may be given up, and its command refused under the same id by another process meanwhile.
#[tokio::test]
async fn an_append_sees_what_was_refused_meanwhile() {
    let database = migrated().await;
    let (journal, other) = (database.journal().await, database.journal().await);
    let mut book = Book::default();
    let open = vec![book.create("create-a", "a", 100), book.withdraw("k-0", "a", 999)];
    book.commit(&journal, open).await;
    let refusal = book.withdraw("k-1", "a", 999);
    let mut unit = book.deposit("k-1", "a", 1);
    unit.may_repeat = false;
    let given_up = Arc::new(Batch { units: vec![unit] });
    other.append(&Arc::new(Batch { units: vec![refusal] })).await.unwrap();
    let answer = journal.append(&given_up).await;
    assert!(matches!(answer, Err(AppendError::Collision)), "{answer:?}");
    assert_eq!(everything(&journal).await.len(), 1);
}

#[tokio::test]
async fn a_granted_role_can_append_and_read_and_nothing_else() {
    let database = Database::create().await;
    let role = database.name.clone();
    database.run(&format!("CREATE ROLE {role} LOGIN")).await.unwrap();
    assert!(migrate(&database.url(), Some(&role)).await.unwrap().is_owner);

    let url = database.url_of(&role, None);
    assert!(!migrate(&url, None).await.unwrap().is_owner);
    let journal = PostgresJournal::connect(PostgresSettings { url }).await.unwrap();
    let mut book = Book::default();
    let units = vec![
        book.create("create-a", "a", 100),
        book.create("create-b", "b", 100),
        book.transfer("k-1", "a", "b", 1),
        book.withdraw("k-2", "a", 999),
    ];
    book.commit(&journal, units).await;
    assert_eq!(everything(&journal).await.len(), 4);
    let filter = store::EventFilter { accounts: vec![crate::suite::account_id("a")], ..Default::default() };
    assert_eq!(journal.read(Sequence::new(1), 9, &filter).await.unwrap().len(), 1);

    for table in ["head", "accounts", "events", "batches", "rejections", "migrations"] {
        for statement in [
            format!("DELETE FROM bursar.{table}"),
            format!("TRUNCATE bursar.{table}"),
            format!("INSERT INTO bursar.{table} SELECT * FROM bursar.{table}"),
            format!("DROP TABLE bursar.{table}"),
            format!("ALTER TABLE bursar.{table} DISABLE TRIGGER ALL"),
        ] {
            assert_eq!(database.code(&role, &statement).await, "42501", "{statement}");
        }
    }
    for statement in [
        "UPDATE bursar.head SET last_sequence = 0",
        "UPDATE bursar.accounts SET owner = NULL",
        "UPDATE bursar.events SET balance = 0",
        "UPDATE bursar.batches SET first_sequence = 1",
        "UPDATE bursar.rejections SET reason = ''",
        "UPDATE bursar.migrations SET checksum = ''",
        "CREATE TABLE bursar.mine ()",
        "SELECT bursar.admit('public')",
        "SELECT FROM bursar.head FOR UPDATE",
    ] {
        assert_eq!(database.code(&role, statement).await, "42501", "{statement}");
    }
    assert_eq!(everything(&journal).await.len(), 4);
}

#[tokio::test]
async fn the_owner_is_refused_by_triggers() {
    let database = migrated().await;
    let journal = database.journal().await;
    let mut book = Book::default();
    let open = book.create("create-a", "a", 100);
    book.commit(&journal, vec![open]).await;
    for table in ["accounts", "events", "batches", "rejections", "head"] {
        // As a replica as well, where ordinary triggers do not fire.
        for role in ["origin", "replica"] {
            for statement in [format!("TRUNCATE bursar.{table}"), format!("DELETE FROM bursar.{table}")] {
                let statement = format!("SET session_replication_role = {role}; {statement}");
                let error = database.run(&statement).await.expect_err(&statement);
                assert!(error.as_db_error().unwrap().message().contains("append-only"), "{statement}");
            }
        }
    }
}

#[tokio::test]
async fn a_foreign_schema_is_refused() {
    let database = Database::create().await;
    database.run("CREATE SCHEMA bursar; CREATE TABLE bursar.migrations (id integer)").await.unwrap();
    let answer = migrate(&database.url(), None).await;
    assert!(matches!(answer, Err(MigrateError::Schema(SchemaError::Foreign))), "{answer:?}");
    let answer = PostgresJournal::connect(PostgresSettings { url: database.url() }).await.map(|_| ());
    assert!(matches!(answer, Err(ConnectError::Schema(SchemaError::Foreign))), "{answer:?}");
}

#[tokio::test]
async fn a_schema_of_another_version_is_refused() {
    let database = Database::create().await;
    let connect =
        async || PostgresJournal::connect(PostgresSettings { url: database.url() }).await.map(|_| ());
    let answer = connect().await;
    assert!(matches!(answer, Err(ConnectError::Schema(SchemaError::Absent))), "{answer:?}");

    migrate(&database.url(), None).await.unwrap();
    connect().await.unwrap();
    database.run("CREATE TABLE kept AS SELECT * FROM bursar.migrations").await.unwrap();
    database.run("DELETE FROM bursar.migrations").await.unwrap();
    let answer = connect().await;
    assert!(matches!(answer, Err(ConnectError::Schema(SchemaError::Behind { found: 0, .. }))), "{answer:?}");
    database.run("INSERT INTO bursar.migrations SELECT * FROM kept").await.unwrap();
    database.run("INSERT INTO bursar.migrations (version, checksum) VALUES (999, '')").await.unwrap();
    let answer = connect().await;
    assert!(matches!(answer, Err(ConnectError::Schema(SchemaError::Ahead { found: 999, .. }))), "{answer:?}");
    let answer = migrate(&database.url(), None).await;
    assert!(matches!(answer, Err(MigrateError::Schema(SchemaError::Ahead { found: 999, .. }))), "{answer:?}");

    database.run("UPDATE bursar.migrations SET checksum = 'other' WHERE version = 1").await.unwrap();
    let answer = migrate(&database.url(), None).await;
    assert!(matches!(answer, Err(MigrateError::Schema(SchemaError::Changed { version: 1 }))), "{answer:?}");
}

#[tokio::test]
async fn of_several_migrators_at_once_one_migrates() {
    let database = Database::create().await;
    let url = database.url();
    let (one, two, three) = tokio::join!(migrate(&url, None), migrate(&url, None), migrate(&url, None));
    let mut done = [one.unwrap(), two.unwrap(), three.unwrap()];
    done.sort_by_key(|migrated| migrated.from);
    let to = done[0].to;
    let migrated = |from| Migrated { from, to, is_owner: true };
    assert_eq!(done, [migrated(0), migrated(to), migrated(to)]);
}

#[tokio::test]
async fn plain_text_is_never_used_where_tls_is_asked_for() {
    let url = format!("{}?sslmode=require", server().split('?').next().unwrap());
    let answer = PostgresJournal::connect(PostgresSettings { url: url.clone() }).await.map(|_| ());
    assert!(matches!(answer, Err(ConnectError::Tls)), "{answer:?}");
    let answer = migrate(&url, None).await;
    assert!(matches!(answer, Err(MigrateError::Connect(ConnectError::Tls))), "{answer:?}");
}
