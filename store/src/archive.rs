//! The log as an archive: audited row by row, written to a file of lines, and read back into an empty log.
//!
//! A file has a line of JSON per event, in order: `{"sequence":…,"command":…,"event":…}`, where `event` is the stored text,
//! byte by byte, and `command` (name, fingerprint, number of events) stands with a unit's first event. After the last event
//! of a batch comes `{"batch":…}` with its places, time, root and chain; a remembered refusal, `{"refusal":…}`, follows the
//! batch that its place is in. The first line, `{"bursar":"log",…}`, says which log it is, the last one, `{"end":…}`, how far
//! it goes: a file without it was cut off.

mod export;
mod import;
mod lines;
mod verify;

use domain::rows::{HeadRow, RefusalRow, Rows};
use tokio::sync::mpsc::Sender;

pub use export::{ExportError, Exported, export};
pub use import::{ImportError, Imported, Source, import};
pub use verify::{Verified, verify};

use crate::journal::{FROM_THE_FIRST, Journal, JournalError};

/// Events that are read at once.
const PAGE_EVENTS: usize = 4096;
/// Refusals that are read at once.
const PAGE_REFUSALS: usize = 1000;
/// Pages that are read ahead of who takes them.
const PAGES_AHEAD: usize = 3;

/// A part of the log, on its way to who takes it.
enum Piece {
    /// Rows, with the refusals whose places are in them; where those are many, batch by batch.
    Rows(Rows, Vec<RefusalRow>),
    /// The end, at which all before it has been taken.
    Head(HeadRow),
}

/// Reads the whole log in order, page by page. It ends where the log does, or with the page that holds that sequence.
async fn read_all(
    journal: &dyn Journal,
    until: Option<i64>,
    pieces: Sender<Piece>,
) -> Result<(), JournalError> {
    let mut after = FROM_THE_FIRST;
    let mut reached = 0;
    let mut refusals = Refusals { journal, after: FROM_THE_FIRST, ahead: Vec::new() };
    let mut before = None;
    loop {
        while until.is_none_or(|until| reached < until)
            && let Some(rows) = journal.rows(after, PAGE_EVENTS).await?
        {
            after = rows.through;
            reached = rows.batches.last().map_or(reached, |batch| batch.last);
            // Who takes them may have had enough.
            if !send_with(rows, &mut refusals, reached, &pieces).await? {
                return Ok(());
            }
        }
        let beyond = until.map_or(i64::MAX, |_| reached);
        loop {
            let rest = refusals.up_to(beyond).await?;
            if rest.is_empty() {
                break;
            }
            let rows = Rows { through: after, ..Rows::default() };
            if pieces.send(Piece::Rows(rows, rest)).await.is_err() {
                return Ok(());
            }
        }
        let head = journal.head_row().await?;
        let now = (after, refusals.after);
        let grew = head.last > reached || head.last_refusal > refusals.after;
        // Somebody may append meanwhile; who says so and has nothing to show is damaged.
        if until.is_none() && grew && before.replace(now) != Some(now) {
            continue;
        }
        let _ = pieces.send(Piece::Head(head)).await;
        return Ok(());
    }
}

/// Sends rows up to a place with the refusals that stand there, each behind its batch; whether somebody takes them.
async fn send_with(
    rows: Rows,
    refusals: &mut Refusals<'_>,
    reached: i64,
    pieces: &Sender<Piece>,
) -> Result<bool, JournalError> {
    let of_rows = refusals.up_to(reached).await?;
    if of_rows.is_empty() || refusals.is_read_beyond() {
        return Ok(pieces.send(Piece::Rows(rows, of_rows)).await.is_ok());
    }
    refusals.ahead = of_rows;
    let Rows { batches, events, through } = rows;
    let mut events = events.into_iter().peekable();
    for batch in batches {
        let last = batch.last;
        let of_batch = std::iter::from_fn(|| events.next_if(|row| row.sequence <= last)).collect();
        let mut rows = Rows { batches: vec![batch], events: of_batch, through };
        loop {
            let of_batch = refusals.up_to(last).await?;
            let is_all = of_batch.is_empty() || refusals.is_read_beyond();
            if pieces.send(Piece::Rows(rows, of_batch)).await.is_err() {
                return Ok(false);
            }
            if is_all {
                break;
            }
            rows = Rows { through, ..Rows::default() };
        }
    }
    let rest = Rows { batches: Vec::new(), events: events.collect(), through };
    Ok(rest.events.is_empty() || pieces.send(Piece::Rows(rest, Vec::new())).await.is_ok())
}

/// The refusals, in order, as they are wanted.
struct Refusals<'a> {
    journal: &'a dyn Journal,
    after: i64,
    ahead: Vec<RefusalRow>,
}

impl Refusals<'_> {
    /// The next ones that stand at or before a place, at most a page of them.
    async fn up_to(&mut self, place: i64) -> Result<Vec<RefusalRow>, JournalError> {
        if self.ahead.is_empty() {
            self.ahead = self.journal.refusal_rows(self.after, PAGE_REFUSALS).await?;
            self.after = self.ahead.last().map_or(self.after, |row| row.number);
        }
        let beyond = self.ahead.iter().position(|row| row.sequence > place);
        let rest = self.ahead.split_off(beyond.unwrap_or(self.ahead.len()));
        Ok(std::mem::replace(&mut self.ahead, rest))
    }

    /// Whether what comes next is known to stand beyond the last place that was asked for.
    fn is_read_beyond(&self) -> bool {
        !self.ahead.is_empty()
    }
}
