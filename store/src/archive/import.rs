//! Reading a file of lines back into an empty log.
//!
//! Each batch is audited before it is written, by the same audit that [`super::verify`] is. The log is written in parts, each
//! in one transaction; until the last one it has no id of its own, so that nobody takes it for whole, and the same import,
//! begun again, goes on behind what is there.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, BufRead};
use std::sync::Arc;

use domain::audit::Audit;
use domain::chain::{Hash, Hex, from_hex};
use domain::record::{Stored, tell};
use domain::request::accounts_named;
use domain::rows::{AccountRow, BatchRow, CommandColumns, EventRow, HeadRow, RefusalRow, StandingColumns};
use domain::{Account, AccountId, CommandId, Currency, Fingerprint, Sequence, Timestamp, Version};
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::lines::{Batch, Command, End, FORMAT, Line, Refusal};
use crate::journal::{
    AccountKey, Contents, Draft, Journal, JournalError, Past, Restore, RestoreError, Touch, UNFINISHED, Unit,
};

/// Events that are written in one transaction, more or less.
const PART_EVENTS: usize = 8192;
/// Refusals that are written in one transaction.
const PART_REFUSALS: usize = 4096;
/// Parts that are read ahead of the one that is being written.
const PARTS_AHEAD: usize = 2;
/// The longest line: a stored event with the largest metadata is far below.
const LINE_BYTES_MAX: usize = 1 << 20;

/// Why a file is not imported, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The log can't be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The log can't be written.
    #[error(transparent)]
    Restore(#[from] RestoreError),
    /// There is a log already.
    #[error("the log is not empty: it has {0} events")]
    NotEmpty(Sequence),
    /// Something of another import is there.
    #[error("the log holds a part of an import, and not of this file")]
    AnotherImport,
    /// The file can't be read.
    #[error("the file can't be read")]
    File(#[source] io::Error),
    /// A line is not what it should be.
    #[error("line {line}: {what}")]
    Line {
        /// Which one, from 1.
        line: u64,
        /// Why.
        what: String,
    },
}

/// A log that was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Which log it is.
    pub log_id: Uuid,
    /// Its last event.
    pub last: i64,
    /// The chain there.
    pub chain: Hash,
    /// How many events were there already, from an import that was not finished.
    pub resumed_at: Sequence,
    /// How many refusals.
    pub refusals: i64,
}

/// A file of which the first line was read, and is that of an exported log.
pub struct Source<R> {
    log_id: Uuid,
    rest: R,
}

impl<R: BufRead> Source<R> {
    /// Reads the first line, so that nothing need be begun for what is no log.
    ///
    /// # Errors
    /// [`ImportError::File`] and [`ImportError::Line`].
    pub fn begin(mut input: R) -> Result<Self, ImportError> {
        let wrong = |what: String| ImportError::Line { line: 1, what };
        let mut text = Vec::new();
        if !take_line(&mut input, 1, &mut text)? {
            return Err(wrong("the file is empty".to_owned()));
        }
        let no_export = |error| wrong(format!("the file is no export of a Bursar log: {error}"));
        let line: Line<'_> = serde_json::from_slice(&text).map_err(no_export)?;
        Ok(Self { log_id: header(line).map_err(wrong)?, rest: input })
    }
}

/// Which log it is that a first line stands before.
fn header(line: Line<'_>) -> Result<Uuid, String> {
    match line {
        Line { bursar: Some(bursar), format: Some(format), log_id: Some(log_id), .. } if bursar == "log" => {
            if format != FORMAT {
                return Err(format!("format {format} is not known, {FORMAT} is"));
            }
            let log_id = Uuid::parse_str(&log_id).ok().filter(|id| *id != UNFINISHED);
            log_id.ok_or_else(|| "logId is no id of a log".to_owned())
        }
        _ => Err("the file is no export of a Bursar log".to_owned()),
    }
}

/// Takes the next line, without its end; false where there is none.
fn take_line(input: &mut impl BufRead, line: u64, text: &mut Vec<u8>) -> Result<bool, ImportError> {
    text.clear();
    let limit = LINE_BYTES_MAX as u64;
    let count = io::Read::take(input, limit).read_until(b'\n', text).map_err(ImportError::File)?;
    if count > 0 && text.pop() != Some(b'\n') {
        let what = if count == LINE_BYTES_MAX { "the line is too long" } else { "the line is cut off" };
        return Err(ImportError::Line { line, what: what.to_owned() });
    }
    Ok(count > 0)
}

/// Writes the log that a file holds. Memory grows with the accounts, some 800 bytes for each, and not with the events.
///
/// # Errors
/// See [`ImportError`]; what was written until then is an unfinished log.
pub async fn import(
    journal: &dyn Journal,
    source: Source<impl BufRead + Send + 'static>,
) -> Result<Imported, ImportError> {
    let head = journal.head_row().await?;
    let log_id = journal.head().await?.log_id;
    let place = Sequence::new(u64::try_from(head.last).unwrap_or_default());
    if log_id != UNFINISHED && (head.last > 0 || head.last_refusal > 0) {
        return Err(ImportError::NotEmpty(place));
    }
    let (parts, mut ready) = mpsc::channel::<Restore>(PARTS_AHEAD);
    let (done, read) = oneshot::channel();
    std::thread::Builder::new()
        .name("import".to_owned())
        .spawn(move || {
            let reader = Reader::new(&head, parts);
            let _ = done.send(reader.read(source));
        })
        .map_err(ImportError::File)?;
    while let Some(part) = ready.recv().await {
        journal.restore(part).await?;
    }
    let imported = read.await.map_err(|_| ImportError::File(io::Error::other("the reader is gone")))??;
    // The last part says which log it is, and only now is the whole of the file known to be right.
    let after = (Sequence::new(u64::try_from(imported.last).unwrap_or_default()), imported.chain);
    let last = Restore { after, batches: Vec::new(), refusals: Vec::new(), log_id: imported.log_id };
    journal.restore(last).await?;
    Ok(Imported { resumed_at: place, ..imported })
}

/// An account as the events so far leave it.
struct Known {
    account: Account,
    key: i64,
    /// The part that opens it.
    part: u64,
}

/// Reads lines and makes parts of them.
struct Reader {
    parts: Sender<Restore>,
    /// The line being read.
    line: u64,
    audit: Audit,
    accounts: HashMap<AccountId, Known>,
    /// What is in the log already.
    there: (i64, i64),
    chain_there: Hash,
    /// The events since the last batch, and the line of the first of them.
    events: Vec<EventRow>,
    drafts: Vec<Drafted>,
    first_line: u64,
    /// What is gathered for the next part, after which place.
    after: (Sequence, Hash),
    part: u64,
    part_events: usize,
    batches: Vec<Past>,
    refusals: Vec<(Sequence, Unit)>,
}

/// An event with what its unit needs to know.
struct Drafted {
    command_id: CommandId,
    command: Option<(Fingerprint, String)>,
    touch: Touch,
    draft: Draft,
}

impl Reader {
    fn new(head: &HeadRow, parts: Sender<Restore>) -> Self {
        let place = Sequence::new(u64::try_from(head.last).unwrap_or_default());
        Self {
            parts,
            line: 1,
            audit: Audit::default(),
            accounts: HashMap::new(),
            there: (head.last, head.last_refusal),
            chain_there: head.chain,
            events: Vec::new(),
            drafts: Vec::new(),
            first_line: 0,
            after: (place, head.chain),
            part: 0,
            part_events: 0,
            batches: Vec::new(),
            refusals: Vec::new(),
        }
    }

    fn wrong(&self, what: impl Into<String>) -> ImportError {
        ImportError::Line { line: self.line, what: what.into() }
    }

    fn read(mut self, source: Source<impl BufRead>) -> Result<Imported, ImportError> {
        let Source { log_id, rest: mut input } = source;
        let mut text = Vec::new();
        let mut ended = None;
        // From here on the log is an unfinished one, however little of the file there is.
        self.hand_on(Vec::new(), Vec::new())?;
        loop {
            self.line += 1;
            if !take_line(&mut input, self.line, &mut text)? {
                break;
            }
            if ended.is_some() {
                return Err(self.wrong("there is more behind the closing line"));
            }
            let line: Line<'_> =
                serde_json::from_slice(&text).map_err(|error| self.wrong(error.to_string()))?;
            match line {
                Line {
                    sequence: Some(sequence),
                    command,
                    event: Some(event),
                    batch: None,
                    refusal: None,
                    end: None,
                    bursar: None,
                    ..
                } => {
                    self.event(sequence, command.as_ref(), event.get())?;
                }
                Line { batch: Some(batch), event: None, refusal: None, end: None, bursar: None, .. } => {
                    self.batch(&batch)?
                }
                Line {
                    refusal: Some(refusal), event: None, batch: None, end: None, bursar: None, ..
                } => self.refusal(&refusal)?,
                Line { end: Some(end), event: None, batch: None, refusal: None, bursar: None, .. } => {
                    self.end(&end)?;
                    ended = Some(());
                }
                _ => return Err(self.wrong("it is none of event, batch, refusal and end")),
            }
        }
        if ended.is_none() {
            return Err(self.wrong("the file is cut off: it has no closing line"));
        }
        self.send()?;
        Ok(Imported {
            log_id,
            last: self.audit.last(),
            chain: *self.audit.chain(),
            resumed_at: Sequence::ZERO,
            refusals: self.audit.refusals(),
        })
    }

    fn event(
        &mut self,
        sequence: i64,
        command: Option<&Command<'_>>,
        stored: &str,
    ) -> Result<(), ImportError> {
        let known = |accounts: &HashMap<AccountId, Known>, id: &AccountId| {
            accounts.get(id).and_then(|known| match &known.account {
                Account::Present(profile, ..) => Some(profile.currency),
                Account::Absent => None,
            })
        };
        let told = tell(stored, |id| known(&self.accounts, id).unwrap_or(Currency::USD));
        let told = told.map_err(|what| self.wrong(what))?;
        if self.events.is_empty() {
            self.first_line = self.line;
        }
        let next_key = i64::try_from(self.accounts.len()).unwrap_or(i64::MAX).saturating_add(1);
        let part = self.part;
        let slot = self.accounts.entry(told.account.clone());
        let known = slot.or_insert_with(|| Known { account: Account::Absent, key: next_key, part });
        let before = known.account.version();
        known.account.evolve(&told.account, &told.event, told.at);
        let Account::Present(profile, standing, _) = &known.account else {
            return Err(self.wrong(format!("account {} was not opened before", told.account)));
        };
        let (profile, standing, key) = (Arc::clone(profile), *standing, known.key);
        let touch = Touch {
            account: told.account,
            key: (known.part != part).then_some(AccountKey(known.key)),
            version: before,
        };
        let fingerprint = |command: &Command<'_>| from_hex::<16>(&command.fingerprint);
        let columns = match command {
            None => CommandColumns::default(),
            Some(command) => CommandColumns {
                id: Some(told.command_id.as_str().to_owned()),
                fingerprint: fingerprint(command).map(Vec::from),
                name: Some(command.name.clone().into_owned()),
                events: Some(command.events),
            },
        };
        let own = *told.correlation == *told.command_id.as_str();
        self.events.push(EventRow {
            sequence,
            account: key,
            opened: (before == Version::ZERO).then(|| AccountRow {
                id: profile.id.as_str().to_owned(),
                currency: profile.currency.code().to_owned(),
                owner: profile.owner.as_deref().map(str::to_owned),
                created_at: profile.created_at.as_micros(),
            }),
            version: integer(standing.version.get()),
            indexed: true,
            kind: told.event.kind().to_owned(),
            place: None,
            command: columns,
            correlation: (!own).then(|| told.correlation.to_string()),
            standing: StandingColumns {
                balance: standing.balance.minor(),
                held: standing.held.minor(),
                overdraft_limit: standing.overdraft_limit.minor(),
                transactions: integer(standing.transactions),
                status: i64::from(standing.status.number()),
                spent: standing.spent.minor(),
                limits: standing.limits.stored(),
                decided_at: standing.updated_at.as_micros(),
            },
            reverses: told.event.reverses().map(|movement| integer(movement.get())),
            body: stored.to_owned(),
        });
        let command = command
            .map(|command| (fingerprint(command).unwrap_or_default(), command.name.clone().into_owned()));
        let draft = Draft {
            profile,
            standing,
            event: told.event,
            correlation: told.correlation,
            stored: Stored::from(stored.to_owned()),
        };
        self.drafts.push(Drafted { command_id: told.command_id, command, touch, draft });
        Ok(())
    }

    fn batch(&mut self, batch: &Batch<'_>) -> Result<(), ImportError> {
        let time =
            Timestamp::parse(&batch.committed_at).ok_or_else(|| self.wrong("committedAt is no time"))?;
        let root = from_hex(&batch.root).ok_or_else(|| self.wrong("root is no digest"))?;
        let chain = from_hex(&batch.chain).ok_or_else(|| self.wrong("chain is no digest"))?;
        let row =
            BatchRow { first: batch.first, last: batch.last, root, chain, committed_at: time.as_micros() };
        self.audit.batch(&row, &self.events);
        if let Some(finding) = self.audit.findings().into_iter().next() {
            let at = finding.event.and_then(|event| u64::try_from(event.saturating_sub(batch.first)).ok());
            let line = at.map_or(self.line, |at| self.first_line.saturating_add(at).min(self.line));
            return Err(ImportError::Line { line, what: finding.to_string() });
        }
        self.part_events += self.events.len();
        self.events.clear();
        let drafts = std::mem::take(&mut self.drafts);
        if row.last <= self.there.0 {
            // It is there from an import that was not finished.
            if row.last == self.there.0 && row.chain != self.chain_there {
                return Err(ImportError::AnotherImport);
            }
            self.part_events = 0;
            self.part += 1;
            return Ok(());
        }
        if row.first <= self.there.0 {
            return Err(ImportError::AnotherImport);
        }
        let place = |number: i64| Sequence::new(u64::try_from(number).unwrap_or_default());
        self.batches.push(Past {
            units: units(drafts, self.audit.refusals() > 0),
            first: place(row.first),
            last: place(row.last),
            root,
            chain,
            committed_at: time,
        });
        if self.part_events >= PART_EVENTS { self.send() } else { Ok(()) }
    }

    fn refusal(&mut self, line: &Refusal<'_>) -> Result<(), ImportError> {
        if !self.events.is_empty() {
            return Err(self.wrong("it stands before the end of a batch"));
        }
        let at = Timestamp::parse(&line.decided_at).ok_or_else(|| self.wrong("decidedAt is no time"))?;
        let fingerprint: Fingerprint =
            from_hex(&line.fingerprint).ok_or_else(|| self.wrong("fingerprint is none"))?;
        let refusal =
            serde_json::from_str(line.reason.get()).map_err(|error| self.wrong(error.to_string()))?;
        let command_id = CommandId::parse(&line.command_id).map_err(|error| self.wrong(error.to_string()))?;
        let facts = line.facts.get().to_owned();
        self.audit.refusal(&RefusalRow {
            number: line.number,
            sequence: line.sequence,
            decided_at: at.as_micros(),
            command_id: command_id.as_str().to_owned(),
            fingerprint: fingerprint.to_vec(),
            name: line.name.clone().into_owned(),
            accounts: accounts_named(&facts).map(|id| id.map(String::from)),
            facts: facts.clone(),
            reason: line.reason.get().to_owned(),
            accepted: false,
        });
        if let Some(finding) = self.audit.findings().into_iter().next() {
            return Err(self.wrong(finding.to_string()));
        }
        if line.number <= self.there.1 {
            return Ok(());
        }
        let name = Cow::Owned(line.name.clone().into_owned());
        let contents = Contents::KeyedRefusal { name, facts, refusal, at };
        let unit = Unit { command_id, fingerprint, may_repeat: true, touches: Vec::new(), contents };
        self.refusals.push((Sequence::new(u64::try_from(line.sequence).unwrap_or_default()), unit));
        if self.refusals.len() >= PART_REFUSALS { self.send() } else { Ok(()) }
    }

    fn end(&mut self, end: &End<'_>) -> Result<(), ImportError> {
        if !self.events.is_empty() {
            return Err(self.wrong("it stands before the end of a batch"));
        }
        let read = End {
            sequence: self.audit.last(),
            chain: Hex(self.audit.chain()).to_string().into(),
            batches: self.audit.batches(),
            refusals: self.audit.refusals(),
        };
        if read != *end {
            return Err(self.wrong("lines are missing: it counts others than were read"));
        }
        self.audit.end(&HeadRow {
            last: self.audit.last(),
            last_account: integer(self.audit.accounts() as u64),
            last_refusal: self.audit.refusals(),
            chain: *self.audit.chain(),
            committed_at: self.audit.committed_at(),
            stray_account: false,
        });
        if let Some(finding) = self.audit.findings().into_iter().next() {
            return Err(self.wrong(finding.to_string()));
        }
        // Less is in the file than in the log that goes on from it.
        if self.audit.last() < self.there.0 || self.audit.refusals() < self.there.1 {
            return Err(ImportError::AnotherImport);
        }
        Ok(())
    }

    /// Hands on what was gathered.
    fn send(&mut self) -> Result<(), ImportError> {
        let (batches, refusals) = (std::mem::take(&mut self.batches), std::mem::take(&mut self.refusals));
        if batches.is_empty() && refusals.is_empty() {
            return Ok(());
        }
        self.part += 1;
        self.part_events = 0;
        self.hand_on(batches, refusals)
    }

    fn hand_on(&mut self, batches: Vec<Past>, refusals: Vec<(Sequence, Unit)>) -> Result<(), ImportError> {
        let after = self.after;
        if let Some(last) = batches.last() {
            self.after = (last.last, last.chain);
        }
        let part = Restore { after, batches, refusals, log_id: UNFINISHED };
        let gone = |_| ImportError::File(io::Error::other("the log is not written any more"));
        self.parts.blocking_send(part).map_err(gone)
    }
}

/// The units of a batch that was audited: a command stands with the first event of each. Where there are refusals, an id may
/// be one of theirs, which the index of the events does not see.
fn units(drafts: Vec<Drafted>, may_repeat: bool) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for Drafted { command_id, command, touch, draft } in drafts {
        if let Some((fingerprint, name)) = command {
            let contents = Contents::Events(Cow::Owned(name), Vec::new());
            units.push(Unit { command_id, fingerprint, may_repeat, touches: Vec::new(), contents });
        }
        let Some(unit) = units.last_mut() else { continue };
        if unit.touches.iter().all(|known| known.account != touch.account) {
            unit.touches.push(touch);
        }
        if let Contents::Events(_, drafts) = &mut unit.contents {
            drafts.push(draft);
        }
    }
    units
}

fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
