//! Writing the log to a file of lines.

use std::io::{self, Write};

use domain::chain::{GENESIS, Hash, Hex};
use domain::rows::{RefusalRow, Rows};
use tokio::sync::{mpsc, oneshot};

use super::lines::{End, FORMAT, Line};
use super::{PAGES_AHEAD, Piece, read_all};
use crate::journal::{Journal, JournalError, UNFINISHED};

/// Why a log is not exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It can't be read to its end.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The file can't be written.
    #[error("the export can't be written")]
    File(#[source] io::Error),
    /// Something in it is not what it was when it was written.
    #[error("{0}; bursar verify says more")]
    Damaged(String),
    /// It was being imported itself.
    #[error("the log is not whole: its import was not finished")]
    Unfinished,
}

/// A log that was exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Its last event.
    pub last: i64,
    /// The chain there.
    pub chain: Hash,
    /// How many batches.
    pub batches: u64,
    /// How many refusals.
    pub refusals: i64,
}

/// Writes the log as it is now, whole batches, in memory for a few pages.
///
/// # Errors
/// See [`ExportError`]; what was written until then has no closing line.
pub async fn export(
    journal: &dyn Journal,
    program: &str,
    out: impl Write + Send + 'static,
) -> Result<Exported, ExportError> {
    let head = journal.head().await?;
    if head.log_id == UNFINISHED {
        return Err(ExportError::Unfinished);
    }
    let until = i64::try_from(head.last.get()).unwrap_or(i64::MAX);
    let (pieces, mut taken) = mpsc::channel(PAGES_AHEAD);
    let (done, written) = oneshot::channel();
    let mut file = File {
        out,
        line: Vec::with_capacity(1024),
        done: Exported { last: 0, chain: GENESIS, batches: 0, refusals: 0 },
    };
    let header = serde_json::to_vec(&Line {
        bursar: Some("log".into()),
        format: Some(FORMAT),
        log_id: Some(head.log_id.to_string().into()),
        program: Some(program.into()),
        ..Line::default()
    });
    std::thread::Builder::new()
        .name("export".to_owned())
        .spawn(move || {
            let write = move || -> Result<Exported, ExportError> {
                file.bytes(&header.map_err(|error| ExportError::File(error.into()))?)?;
                while let Some(piece) = taken.blocking_recv() {
                    match piece {
                        Piece::Rows(rows, refusals) => file.rows(&rows, &refusals)?,
                        Piece::Head(_) => return file.end(),
                    }
                }
                Err(ExportError::Damaged("the log was not read to its end".to_owned()))
            };
            let _ = done.send(write());
        })
        .map_err(ExportError::File)?;
    let read = read_all(journal, Some(until), pieces).await;
    let lost = |_| ExportError::Damaged("the export has ended early".to_owned());
    let written = written.await.map_err(lost)?;
    read?;
    written
}

struct File<W> {
    out: W,
    line: Vec<u8>,
    done: Exported,
}

impl<W: Write> File<W> {
    fn bytes(&mut self, line: &[u8]) -> Result<(), ExportError> {
        self.out.write_all(line).and_then(|()| self.out.write_all(b"\n")).map_err(ExportError::File)
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), ExportError> {
        let mut bytes = std::mem::take(&mut self.line);
        bytes.clear();
        serde_json::to_writer(&mut bytes, line).map_err(|error| ExportError::File(error.into()))?;
        self.bytes(&bytes)?;
        self.line = bytes;
        Ok(())
    }

    fn rows(&mut self, rows: &Rows, refusals: &[RefusalRow]) -> Result<(), ExportError> {
        let (mut events, mut refusals) = (rows.events.as_slice(), refusals);
        for batch in &rows.batches {
            let first = self.done.last + 1;
            if batch.first != first {
                return Err(ExportError::Damaged(format!("event {first} is in no batch")));
            }
            let (of_batch, rest) = events.split_at(events.partition_point(|row| row.sequence <= batch.last));
            events = rest;
            let mut next = first;
            for row in of_batch {
                if row.sequence != next {
                    return Err(ExportError::Damaged(format!("event {next} is missing")));
                }
                next += 1;
                let no_json = || ExportError::Damaged(format!("event {} is no line of JSON", row.sequence));
                self.line(&Line::of_event(row).ok_or_else(no_json)?)?;
            }
            if next != batch.last + 1 {
                return Err(ExportError::Damaged(format!("event {next} is missing")));
            }
            self.line(&Line::of_batch(batch))?;
            self.done.last = batch.last;
            self.done.chain = batch.chain;
            self.done.batches += 1;
            let (of_batch, rest) =
                refusals.split_at(refusals.partition_point(|row| row.sequence <= batch.last));
            refusals = rest;
            self.refusals(of_batch)?;
        }
        if let Some(row) = events.first() {
            return Err(ExportError::Damaged(format!("event {} is in no batch", row.sequence)));
        }
        self.refusals(refusals)
    }

    fn refusals(&mut self, rows: &[RefusalRow]) -> Result<(), ExportError> {
        for row in rows {
            let no_json = || ExportError::Damaged(format!("refusal {} is no line of JSON", row.number));
            self.line(&Line::of_refusal(row).ok_or_else(no_json)?)?;
            self.done.refusals += 1;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<Exported, ExportError> {
        let Exported { last, chain, batches, refusals } = self.done;
        let chain = Hex(&chain).to_string().into();
        let end = Some(End { sequence: last, chain, batches, refusals });
        self.line(&Line { end, ..Line::default() })?;
        self.out.flush().map_err(ExportError::File)?;
        Ok(self.done)
    }
}
