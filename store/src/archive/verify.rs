//! Verifying a log: every row is read and audited, on a thread beside the one that reads.

use domain::CommandId;
use domain::audit::{Audit, Finding};
use tokio::sync::{mpsc, oneshot};

use super::{PAGES_AHEAD, Piece, read_all};
use crate::journal::{Journal, JournalError, Recalled};

/// Command ids that are looked through at once.
const PAGE_IDS: usize = 10_000;

/// A log that was verified.
#[derive(Debug)]
pub struct Verified {
    /// The audit at its end.
    pub audit: Audit,
    /// How many findings there were.
    pub findings: u64,
}

/// Verifies a whole log; each finding is told as it is made.
///
/// # Errors
/// Where the log can't be read to its end.
pub async fn verify(
    journal: &dyn Journal,
    found: impl FnMut(&Finding) + Send + 'static,
) -> Result<Verified, JournalError> {
    let (pieces, mut taken) = mpsc::channel(PAGES_AHEAD);
    let (done, audited) = oneshot::channel();
    let no_thread = |error: std::io::Error| JournalError::Unavailable(Box::new(error));
    std::thread::Builder::new()
        .name("audit".to_owned())
        .spawn(move || {
            let (mut audit, mut findings, mut found) = (Audit::default(), 0, found);
            while let Some(piece) = taken.blocking_recv() {
                match piece {
                    Piece::Rows(rows, refusals) => {
                        audit.rows(&rows);
                        refusals.iter().for_each(|row| audit.refusal(row));
                    }
                    Piece::Head(head) => audit.end(&head),
                }
                for finding in audit.findings() {
                    findings += 1;
                    found(&finding);
                }
            }
            let _ = done.send((Verified { audit, findings }, found));
        })
        .map_err(no_thread)?;
    read_all(journal, None, pieces).await?;
    let lost = |_| JournalError::Unavailable("the audit has ended early".into());
    let (mut verified, mut found) = audited.await.map_err(lost)?;
    for finding in repeated_ids(journal).await? {
        verified.findings += 1;
        found(&finding);
    }
    Ok(verified)
}

/// Command ids that more than one command has: the index that forbids it may be gone.
async fn repeated_ids(journal: &dyn Journal) -> Result<Vec<Finding>, JournalError> {
    let mut found = Vec::new();
    let mut from = String::new();
    loop {
        let ids = journal.command_ids(&from, PAGE_IDS).await?;
        let repeated = ids.windows(2).filter_map(|pair| match pair {
            [one, other] if one == other => Some(one),
            _ => None,
        });
        for id in repeated {
            let place = match CommandId::parse(id) {
                Ok(id) => first_event(journal, &id).await,
                Err(_) => 0,
            };
            let what = format!("command_id {id} is that of another command, too");
            found.push(Finding { batch: (place, place), event: Some(place), what });
        }
        match ids.last() {
            // The last one is the next page's first, to be compared with what follows it.
            Some(last) if ids.len() >= PAGE_IDS && *last != from => from.clone_from(last),
            Some(_) | None => return Ok(found),
        }
    }
}

async fn first_event(journal: &dyn Journal, id: &CommandId) -> i64 {
    let first = match journal.command(id).await {
        Ok(Some(Recalled::Accepted { events, .. })) => events.first().map(|event| event.sequence),
        Ok(_) | Err(_) => None,
    };
    first.and_then(|sequence| i64::try_from(sequence.get()).ok()).unwrap_or_default()
}
