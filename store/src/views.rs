//! The port to the read models, and what every adapter of it promises.
//!
//! A projection's documents live in **generations**, numbered from 1; one of them is served. Within a generation,
//! documents and checkpoint change in one atomic step, compare-and-set on the checkpoint: an event is never applied
//! twice, never skipped, by however many projectors. A replay fills a new generation beside the served one and then
//! serves it; the step is atomic for readers.

pub mod redis;
pub mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use domain::Sequence;
use domain::chain::Hash;
use domain::projection::{Document, Prior};
use uuid::Uuid;

/// The number of one filling of a projection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u64);

/// How far a generation is, and in which log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log that it was filled from.
    pub log_id: Uuid,
    /// The last event applied, which ended a batch.
    pub sequence: Sequence,
    /// The log's chain there.
    pub chain: Hash,
}

/// What became of an apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Documents and checkpoint are stored.
    Done,
    /// The generation is somewhere else than expected (`None`: it is gone); nothing changed.
    Elsewhere(Option<Checkpoint>),
}

/// An answer, with how far the generation was that gave it; both from one atomic read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read<T> {
    /// The checkpoint of the served generation.
    pub sequence: Sequence,
    /// The answer.
    pub value: T,
}

/// Which documents are wanted.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Sorted by what.
    pub order: Order,
    /// Which way.
    pub direction: Direction,
    /// Only those with this tag.
    pub tag: Option<String>,
    /// Only those whose key starts so.
    pub prefix: String,
    /// Only those beyond this one, in the order and direction of the listing: its rank (empty for [`Order::Key`]) and key.
    pub after: Option<(String, String)>,
    /// How many at the most.
    pub limit: usize,
}

/// What a list is sorted by; equal ranks by key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The key, byte by byte.
    Key,
    /// The rank at this place (0 or 1), byte by byte.
    Rank(usize),
}

/// Which way a list goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
}

/// Part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// The documents' bodies, in order.
    pub bodies: Vec<String>,
    /// The last document's rank and key, to go on from, if there is more.
    pub next: Option<(String, String)>,
    /// How many documents there are in all with the tag and prefix.
    pub total: u64,
}

/// Why the read models have no answer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ViewsError {
    /// The store can't be reached or can't answer.
    #[error("the read models can't be reached")]
    Unavailable(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The store may throw documents away.
    #[error("the read models may be thrown away: {0}")]
    Evicting(String),
    /// No generation of the projection is served yet.
    #[error("the projection {0} is not filled yet")]
    NotServed(String),
    /// What is stored is damaged.
    #[error("the read models are damaged: {0}")]
    Damaged(String),
}

impl ViewsError {
    /// The store can't be reached or can't answer, for that cause.
    pub fn unavailable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(cause.into().into())
    }
}

/// The read models.
#[async_trait]
pub trait Views: Send + Sync {
    /// The generation that is served, if any.
    ///
    /// # Errors
    /// See [`ViewsError`], as for every call below.
    async fn served(&self, projection: &str) -> Result<Option<Generation>, ViewsError>;

    /// How far a generation is; `None` if there is none of that number.
    async fn checkpoint(
        &self,
        projection: &str,
        generation: Generation,
    ) -> Result<Option<Checkpoint>, ViewsError>;

    /// A new, empty generation, numbered above every earlier one, at sequence 0 of that log.
    async fn create(&self, projection: &str, log_id: Uuid) -> Result<Generation, ViewsError>;

    /// Stores documents and moves the checkpoint, if it is at `from`.
    async fn apply(
        &self,
        projection: &str,
        generation: Generation,
        from: Sequence,
        documents: &[Document],
        to: &Checkpoint,
    ) -> Result<Applied, ViewsError>;

    /// The bodies that a generation has under those keys.
    async fn prior(
        &self,
        projection: &str,
        generation: Generation,
        keys: &[String],
    ) -> Result<Prior, ViewsError>;

    /// Serves a generation from here on, but none that is older than the one served, nor one that is behind it in the same
    /// log.
    async fn serve(&self, projection: &str, generation: Generation) -> Result<(), ViewsError>;

    /// The generations that there are, served or not.
    async fn generations(&self, projection: &str) -> Result<Vec<Generation>, ViewsError>;

    /// Drops a generation; where it is the one that is served, nothing is served then.
    async fn discard(&self, projection: &str, generation: Generation) -> Result<(), ViewsError>;

    /// One document's body, from the served generation.
    async fn get(&self, projection: &str, key: &str) -> Result<Read<Option<String>>, ViewsError>;

    /// Documents in order, from the served generation.
    async fn list(&self, projection: &str, listing: &Listing) -> Result<Read<List>, ViewsError>;

    /// Whether the store answers and is set up so that it keeps what it is given (Redis: no eviction).
    async fn check(&self) -> Result<(), ViewsError>;

    /// Whether it takes in what is written; what is there can be read all the same, and dropped.
    async fn has_room(&self) -> Result<(), ViewsError> {
        Ok(())
    }
}

fn no_such_rank(place: usize) -> ViewsError {
    ViewsError::unavailable(format!("documents have no rank {place}"))
}
