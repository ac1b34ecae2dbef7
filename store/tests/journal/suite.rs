//! What a log promises, whatever it is kept in: [`journal_suite`] runs every test of the modules below on one adapter.

pub mod appending;
pub mod archive;
pub mod commands;
pub mod holding;
pub mod racing;
pub mod reading;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{
    Account, AccountId, Circumstances, Command, CommandId, Currency, Envelope, Event, Found, Participants,
    Precedents, Quantity, Recorded, Request, Sequence, Subject, Timestamp, Version,
};
use store::{
    AccountKey, Append, Batch, Commit, Contents, Draft, EventFilter, Fault, Journal, Loaded, Touch, Unit,
};
use uuid::Uuid;

/// Few, so that streams are indexed while they are read.
pub const EVENTS_PER_RUN: u32 = 5;

/// One log, empty at first, of some adapter.
#[async_trait]
pub trait Fixture: Sized + Send + Sync + 'static {
    /// A new, empty log; `None` where the adapter's server is not at hand and the test is to be passed over.
    async fn start() -> Option<Self>;

    /// Another independent writer on the log.
    async fn journal(&self) -> Arc<dyn Journal>;

    /// Runs a statement on the database, past the adapter; the error is the database's words.
    async fn execute(&self, statement: &str) -> Result<(), String>;

    /// Lets statements change what is only ever added to.
    async fn unlock(&self);

    /// Text as the database's own constant, byte by byte.
    fn text(&self, bytes: &[u8]) -> String;

    /// Bytes as the database's own constant.
    fn blob(&self, bytes: &[u8]) -> String;

    /// The tables that are only ever added to, each with one of its columns.
    fn append_only(&self) -> Vec<(&'static str, &'static str)> {
        vec![
            ("events", "sequence"),
            ("accounts", "id"),
            ("kinds", "kind"),
            ("batches", "last_sequence"),
            ("rejections", "command_id"),
        ]
    }
}

/// Makes each test of the suite a test of the adapter that the fixture stands for.
macro_rules! journal_suite {
    ($fixture:ty) => {
        $crate::suite::journal_suite!(@ $fixture;
            appending::a_batch_is_in_the_log_as_it_was_given,
            appending::accounts_get_keys_and_are_loaded_as_they_are_after_their_last_event,
            appending::a_version_conflict_is_named_and_changes_nothing,
            appending::an_account_that_exists_now_is_a_conflict_for_who_saw_none,
            appending::an_account_that_does_not_exist_is_a_conflict_for_who_saw_one,
            appending::a_command_has_one_effect,
            appending::the_second_of_two_units_with_one_id_in_a_batch_is_named,
            appending::an_id_that_was_thought_new_fails_the_batch,
            appending::a_keyed_refusal_is_remembered,
            appending::an_id_is_either_accepted_or_refused_for_ever,
            appending::a_refusal_holds_while_its_versions_are_current,
            appending::a_batch_of_refusals_writes_nothing,
            appending::the_faulty_units_of_a_batch_are_named_and_the_others_go_through,
            appending::an_unknown_outcome_is_settled_by_appending_again,
            appending::root_and_chain_are_those_of_the_events_that_are_read,
            appending::what_is_written_is_never_changed,
            appending::two_creations_of_one_account_in_two_writers_are_one,
            archive::a_sound_log_is_found_sound,
            archive::any_byte_that_is_changed_is_found_in_its_batch,
            archive::what_is_not_in_a_batch_is_found,
            archive::the_log_is_the_same_when_it_was_exported_and_imported,
            archive::a_file_that_is_not_whole_leaves_nothing_that_looks_so,
            archive::refusals_follow_their_batches_however_many_there_are,
            archive::an_import_needs_an_empty_log,
            archive::what_is_written_again_is_what_was_committed,
            archive::batches_that_prove_their_events_alone_are_sound,
            commands::a_command_is_known_by_its_id,
            commands::the_command_log_is_newest_first,
            commands::the_command_log_goes_on_before_a_place,
            commands::the_command_log_of_one_account,
            commands::a_command_of_many_events_is_one_line,
            holding::open_holds_are_loaded_with_their_account,
            holding::what_became_of_a_hold_is_known,
            holding::the_holds_that_are_over_first_are_found,
            holding::a_hold_ends_once_and_is_kept,
            holding::limits_and_what_was_spent_come_back,
            holding::the_last_reversal_says_how_much_is_reversed,
            racing::several_writers_leave_no_gap,
            racing::losers_of_a_race_load_and_try_again,
            racing::a_reader_never_misses_an_event,
            racing::a_reader_of_a_kind_never_misses_an_event,
            racing::one_id_from_two_writers_is_committed_once,
            racing::transfers_between_two_writers_conserve_money,
            racing::who_is_far_behind_finds_out_what_has_changed,
            reading::an_empty_log_has_a_head_and_nothing_else,
            reading::a_log_keeps_its_id,
            reading::events_are_read_after_a_place_up_to_a_limit,
            reading::events_are_read_through_a_filter,
            reading::events_of_a_kind_are_found_wherever_they_are,
            reading::a_page_ends_where_a_batch_ends,
            reading::a_stream_is_read_after_a_version,
            reading::an_account_is_read_as_it_was_at_a_place,
            reading::all_accounts_are_read_as_they_were_at_a_place,
            reading::a_moment_is_a_place_where_a_batch_ends,
            reading::the_clock_of_the_log_runs,
            reading::an_event_that_is_not_known_is_never_skipped,
            reading::streams_are_whole_wherever_the_index_is,
        );
    };
    (@ $fixture:ty; $($module:ident :: $test:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(fixture) = <$fixture as $crate::suite::Fixture>::start().await {
                    $crate::suite::$module::$test(&fixture).await;
                }
            }
        )*
    };
}
pub(crate) use journal_suite;

/// Decides commands the way the program does: on the accounts as they will be once everything before is committed.
pub struct Book {
    accounts: HashMap<AccountId, (Option<AccountKey>, Account)>,
    clock: i64,
    /// What the next reversal finds.
    pub reversed: Found,
}

impl Default for Book {
    fn default() -> Self {
        Self { accounts: HashMap::new(), clock: 0, reversed: Found::Nothing }
    }
}

impl Book {
    /// The unit of a command, which is decided here and, if it is refused, remembered.
    pub fn unit(&mut self, id: &str, command: Command) -> Unit {
        self.unit_in(id, command, None)
    }

    /// The unit of a command that belongs to a conversation.
    pub fn unit_in(&mut self, id: &str, command: Command, correlation: Option<&str>) -> Unit {
        self.clock += 1;
        let at = Timestamp::from_micros(1_700_000_000_000_000 + self.clock);
        let correlation: Arc<str> = correlation.unwrap_or(id).into();
        let command_id = command_id(id);
        let precedents = match command.subject(&command_id) {
            Subject::Movements(_) => Precedents::Reversal(self.reversed.clone()),
            Subject::Nothing | Subject::Hold(..) => Precedents::None,
        };
        let ids = match &precedents {
            Precedents::Reversal(found) => found.accounts(),
            Precedents::None | Precedents::Hold(_) => command.accounts(),
        };
        let states: Vec<(AccountId, Account)> =
            ids.iter().map(|id| (id.clone(), self.account(id.as_str()))).collect();
        // Never before what has happened on them, whoever decided that.
        let at = states.iter().fold(at, |at, (_, account)| match account {
            Account::Present(_, standing, _) => at.max(standing.updated_at),
            Account::Absent => at,
        });
        let touches = ids
            .iter()
            .map(|id| Touch {
                account: id.clone(),
                key: self.accounts.get(id).and_then(|(key, _)| *key),
                version: self.account(id.as_str()).version(),
            })
            .collect();
        let name = command.name().into();
        let circumstances =
            Circumstances { now: at, command_id: &command_id, if_match: None, precedents: &precedents };
        let contents = match domain::decide(&command, &circumstances, &Participants(&states)) {
            Ok(placed) => {
                let drafts = placed.into_iter().map(|(place, event)| {
                    let id = &ids[place];
                    let envelope = Envelope {
                        event_id: Uuid::now_v7(),
                        command_id: command_id.clone(),
                        correlation: Arc::clone(&correlation),
                        metadata: None,
                        trace: None,
                        causation: None,
                        at,
                    };
                    self.draft(id, event, &envelope)
                });
                Contents::Events(name, drafts.collect())
            }
            Err(refusal) => Contents::KeyedRefusal { name, facts: command.facts(), refusal, at },
        };
        let request = Request {
            id: command_id.clone(),
            keyed: true,
            command,
            if_match: None,
            metadata: None,
            correlation: None,
            trace: None,
            batch: None,
        };
        Unit { command_id, fingerprint: request.fingerprint(), may_repeat: true, touches, contents }
    }

    fn draft(&mut self, id: &AccountId, event: Event, envelope: &Envelope) -> Draft {
        let (_, account) = self.accounts.entry(id.clone()).or_default();
        account.evolve(id, &event, envelope.at);
        let Account::Present(profile, standing, _) = account else { panic!("an event on no account") };
        let stored = domain::record::encode(profile, standing.version, &event, envelope);
        let correlation = Arc::clone(&envelope.correlation);
        Draft { profile: Arc::clone(profile), standing: *standing, event, correlation, stored }
    }

    /// A unit that opens an account.
    pub fn create(&mut self, id: &str, account: &str, balance: u32) -> Unit {
        self.unit(id, create(account, balance))
    }

    /// A unit that pays in.
    pub fn deposit(&mut self, id: &str, account: &str, amount: u32) -> Unit {
        self.unit(id, deposit(account, amount))
    }

    /// A unit that pays out, or is refused for want of money.
    pub fn withdraw(&mut self, id: &str, account: &str, amount: u32) -> Unit {
        self.unit(id, withdraw(account, amount))
    }

    /// A unit that moves money.
    pub fn transfer(&mut self, id: &str, from: &str, to: &str, amount: u32) -> Unit {
        self.unit(id, transfer(from, to, amount))
    }

    /// The account as it will be.
    pub fn account(&self, id: &str) -> Account {
        self.accounts.get(id).map(|(_, account)| account.clone()).unwrap_or_default()
    }

    /// Takes the keys over that a commit gave.
    pub fn learn(&mut self, commit: &Commit) {
        for (id, key) in &commit.created {
            self.accounts.entry(id.clone()).or_default().0 = Some(*key);
        }
    }

    /// Takes accounts over as the log has them.
    pub async fn reload(&mut self, journal: &dyn Journal, accounts: &[&str]) {
        let ids: Vec<AccountId> = accounts.iter().map(|id| account_id(id)).collect();
        let loaded = journal.load(&ids).await.unwrap();
        for (id, Loaded { key, account, .. }) in ids.into_iter().zip(loaded) {
            self.accounts.insert(id, (key, account));
        }
    }

    /// Appends units that are expected to go through, and learns from the commit.
    pub async fn commit(&mut self, journal: &dyn Journal, units: Vec<Unit>) -> Commit {
        let commit = committed(append(journal, units).await);
        self.learn(&commit);
        commit
    }
}

pub fn account_id(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub fn command_id(id: &str) -> CommandId {
    CommandId::parse(id).unwrap()
}

pub fn quantity(units: u32) -> Quantity {
    Quantity::parse(&units.to_string()).unwrap()
}

pub fn create(account: &str, balance: u32) -> Command {
    Command::CreateAccount {
        account: account_id(account),
        initial_balance: quantity(balance),
        currency: Currency::USD,
        owner: Some("Zoë".into()),
        overdraft_limit: quantity(0),
    }
}

pub fn deposit(account: &str, amount: u32) -> Command {
    let (account, amount) = (account_id(account), quantity(amount));
    Command::Deposit { account, amount, currency: None, description: None }
}

pub fn withdraw(account: &str, amount: u32) -> Command {
    let (account, amount) = (account_id(account), quantity(amount));
    Command::Withdraw { account, amount, currency: None, description: Some("tea & \"scones\"".into()) }
}

pub fn transfer(from: &str, to: &str, amount: u32) -> Command {
    let (from, to, amount) = (account_id(from), account_id(to), quantity(amount));
    Command::Transfer { from, to, amount, currency: None, description: None }
}

/// The unit as a refusal that nobody is to remember.
pub fn unkeyed(mut unit: Unit) -> Unit {
    assert!(unit.drafts().is_empty(), "not a refusal");
    unit.contents = Contents::Refusal;
    unit.may_repeat = false;
    unit
}

pub async fn append(journal: &dyn Journal, units: Vec<Unit>) -> Append {
    journal.append(&Arc::new(Batch { units })).await.unwrap()
}

pub fn committed(append: Append) -> Commit {
    match append {
        Append::Committed(commit) => commit,
        Append::Refused(faults) => panic!("refused: {faults:?}"),
    }
}

pub fn refused(append: Append) -> Vec<(usize, Fault)> {
    match append {
        Append::Refused(faults) => faults,
        Append::Committed(commit) => panic!("committed: {commit:?}"),
    }
}

/// Every event of the log.
pub async fn everything(journal: &dyn Journal) -> Vec<Arc<Recorded>> {
    journal.read(Sequence::ZERO, usize::from(u16::MAX), &EventFilter::default()).await.unwrap()
}

/// The sequences, versions and states of all events are what folding them from the first one gives; answers with the
/// accounts as they are.
pub fn folded(events: &[Arc<Recorded>]) -> HashMap<AccountId, Account> {
    let mut accounts: HashMap<AccountId, Account> = HashMap::new();
    for (event, sequence) in events.iter().zip(1..) {
        assert_eq!(event.sequence, Sequence::new(sequence), "a gap in the sequence");
        let account = accounts.entry(event.profile.id.clone()).or_default();
        assert_eq!(event.standing.version, account.version().next(), "a gap in {}", event.profile.id);
        account.evolve(&event.profile.id, &event.event, event.standing.updated_at);
        let Account::Present(profile, standing, _) = account else { panic!("an event on no account") };
        assert_eq!((&**profile, &*standing), (&*event.profile, &event.standing), "event {sequence}");
    }
    accounts
}

pub fn sequences(events: &[Arc<Recorded>]) -> Vec<u64> {
    events.iter().map(|event| event.sequence.get()).collect()
}

pub fn version(number: u64) -> Version {
    Version::new(number)
}
