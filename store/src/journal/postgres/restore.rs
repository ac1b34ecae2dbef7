//! Writing a log again that was committed elsewhere, as the owner of the schema.
//!
//! All batches of a part are appended as one, by the function that every append goes through, and that one's row is then
//! replaced by theirs: a log of small batches takes no more round trips than one of large ones.

use domain::CommandId;
use domain::chain::Hash;
use tokio_postgres::{Client, Transaction};

use super::append::Answer;
use super::streams::{index, warn_of};
use super::{CONNECT_DEADLINE, Failure, PostgresJournal, append, values};
use crate::journal::kinds::Noted;
use crate::journal::streams::Entry;
use crate::journal::{Append, AppendError, Batch, JournalError, Restore, RestoreError};

impl From<Failure> for RestoreError {
    fn from(error: Failure) -> Self {
        Self::Unavailable(error)
    }
}

impl From<tokio_postgres::Error> for RestoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl PostgresJournal {
    pub(super) async fn write_again(&self, part: Restore) -> Result<(), RestoreError> {
        let mut slot = self.restorer.lock().await;
        let mut client = match slot.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.owner_session().await?,
        };
        let unread = |error: JournalError| RestoreError::Unavailable(error.into());
        self.reach().await.map_err(unread)?;
        let transaction = client.transaction().await?;
        let entries = self.within(&transaction, part).await?;
        transaction.commit().await?;
        *slot = Some(client);
        if let Some((turn, entries, chain)) = entries {
            self.streams.note(turn, &entries, chain);
            // It is in the log all the same; the index follows.
            if let Err(error) = index(&self.connector, &self.streams).await {
                warn_of(&error);
            }
        }
        Ok(())
    }

    async fn owner_session(&self) -> Result<Client, RestoreError> {
        let connect = async {
            let client = self.connector.client().await?;
            client.batch_execute(include_str!("../../../../sql/postgres/writer_session.sql")).await?;
            Ok::<_, tokio_postgres::Error>(client)
        };
        let connected = tokio::time::timeout(CONNECT_DEADLINE, connect).await;
        Ok(connected.map_err(|late| RestoreError::Unavailable(Box::new(late)))??)
    }
}

impl PostgresJournal {
    /// Gives where the events stand, and the chain behind them, where there are some, and the turn that they follow on.
    async fn within(
        &self,
        transaction: &Transaction<'_>,
        mut part: Restore,
    ) -> Result<Option<(u64, Vec<Entry>, Hash)>, RestoreError> {
        transaction.batch_execute(include_str!("../../../../sql/postgres/restore_begin.sql")).await?;
        let head = include_str!("../../../../sql/postgres/restore_head.sql");
        let head = transaction.query_one(head, &[]).await?;
        let damaged = |error: JournalError| RestoreError::Unavailable(Box::new(error));
        let last = values::number(&head, 0).map_err(damaged)?;
        let mut chain = values::hash(&head, 1).map_err(damaged)?;
        if (last, chain) != (part.after.0.get(), part.after.1) {
            return Err(RestoreError::Elsewhere);
        }
        for past in &part.batches {
            if !past.holds_after(&chain) {
                return Err(RestoreError::Chain(past.first, past.last));
            }
            chain = past.chain;
        }
        let places: Vec<i64> = part.refusals.iter().map(|(place, _)| values::place(place.get())).collect();
        let ids: Vec<CommandId> = part.refusals.iter().map(|(_, unit)| unit.command_id.clone()).collect();
        let units = part.batches.iter_mut().flat_map(|past| std::mem::take(&mut past.units));
        let units = units.chain(part.refusals.into_iter().map(|(_, unit)| unit));
        let batch = Batch { units: units.collect() };
        if !append::repeated_within(&batch).is_empty() {
            return Err(RestoreError::Taken);
        }
        let (mut turn, mut entries) = (0, Vec::new());
        if !batch.units.is_empty() {
            let mut columns = append::Columns::of(&batch)?;
            let standpoint = self.standpoint(&columns.expected()).await.map_err(damaged)?;
            if (standpoint.last, standpoint.chain) != (values::place(part.after.0.get()), part.after.1) {
                return Err(RestoreError::Elsewhere);
            }
            turn = standpoint.turn;
            columns.stand(standpoint, &Noted::default(), 0);
            let statement = transaction.prepare(include_str!("../../../../sql/postgres/append.sql")).await?;
            let row = transaction.query_one(&statement, &columns.values()).await.map_err(taken)?;
            match columns.answer(&batch, &row)? {
                Answer::Lost => return Err(RestoreError::Elsewhere),
                Answer::Append(Append::Refused(_)) => return Err(RestoreError::Taken),
                Answer::Append(Append::Committed(commit)) => {
                    entries = columns.entries(&commit);
                    let places = part.batches.first().zip(part.batches.last());
                    if let Some((first, last)) = places
                        && (commit.first, commit.last) != (first.first, last.last)
                    {
                        return Err(RestoreError::Chain(first.first, last.last));
                    }
                }
            }
        }
        if !part.batches.is_empty() {
            let past = &part.batches;
            let last: Vec<i64> = past.iter().map(|past| values::place(past.last.get())).collect();
            let first: Vec<i64> = past.iter().map(|past| values::place(past.first.get())).collect();
            let at: Vec<i64> = past.iter().map(|past| past.committed_at.as_micros()).collect();
            let roots: Vec<&[u8]> = past.iter().map(|past| past.root.as_slice()).collect();
            let chains: Vec<&[u8]> = past.iter().map(|past| past.chain.as_slice()).collect();
            let sql = include_str!("../../../../sql/postgres/restore_batches.sql");
            transaction.execute(sql, &[&last, &first, &at, &roots, &chains]).await?;
        }
        if !ids.is_empty() {
            let ids: Vec<&str> = ids.iter().map(CommandId::as_str).collect();
            let sql = include_str!("../../../../sql/postgres/restore_refusals.sql");
            transaction.execute(sql, &[&ids, &places]).await?;
        }
        let end = part.batches.last();
        let moved = end.map(|past| (turn, entries, past.chain));
        let (chain, at) =
            (end.map(|past| past.chain.as_slice()), end.map(|past| past.committed_at.as_micros()));
        let sql = include_str!("../../../../sql/postgres/restore_end.sql");
        transaction.execute(sql, &[&chain, &at, &part.log_id]).await?;
        transaction.batch_execute(include_str!("../../../../sql/postgres/restore_done.sql")).await?;
        Ok(moved)
    }
}

fn taken(error: tokio_postgres::Error) -> RestoreError {
    match append::error(error) {
        AppendError::Collision | AppendError::Exchanged => RestoreError::Taken,
        AppendError::Unavailable(error) | AppendError::Unknown(error) => RestoreError::Unavailable(error),
    }
}
