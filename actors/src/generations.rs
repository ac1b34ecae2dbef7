//! The generations of one projection: which one is served, and what becomes of those that are not.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::Sequence;
use store::{Checkpoint, Generation, Views, ViewsError};
use uuid::Uuid;

/// A projection's generations, as its projector sees them.
pub(crate) struct Generations {
    name: &'static str,
    views: Arc<dyn Views>,
    /// The one that this process fills and that is not served yet.
    begun: Cell<Option<Generation>>,
}

/// What became of the generation that was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Served {
    /// It is, up to there; another process may have moved it on.
    Still(Sequence),
    /// An older one is still, because it is further on in the log.
    NotYet,
    /// Another one is.
    Another,
}

/// Those that are not served, and how far they were at the last look.
pub(crate) type Unserved = BTreeMap<Generation, Option<Checkpoint>>;

impl Generations {
    pub(crate) fn new(name: &'static str, views: Arc<dyn Views>) -> Self {
        Self { name, views, begun: Cell::new(None) }
    }

    /// A new one, remembered until it is served.
    pub(crate) async fn begin(&self, log_id: Uuid) -> Result<Generation, ViewsError> {
        let generation = self.views.create(self.name, log_id).await?;
        self.begun.set(Some(generation));
        Ok(generation)
    }

    /// Serves one that was begun, unless another process was faster with a later one, or the one that is served is further
    /// on.
    pub(crate) async fn serve(&self, generation: Generation, place: Sequence) -> Result<Served, ViewsError> {
        self.views.serve(self.name, generation).await?;
        let served = self.look(generation, place).await?;
        if matches!(served, Served::Still(_)) {
            self.begun.set(None);
        }
        Ok(served)
    }

    /// Drops the one that was begun when something failed; another one is begun instead.
    pub(crate) async fn give_up(&self, served: Option<Generation>) -> Result<(), ViewsError> {
        if let Some(generation) = self.begun.get()
            && served != Some(generation)
        {
            self.views.discard(self.name, generation).await?;
        }
        self.begun.set(None);
        Ok(())
    }

    /// Whether a generation is still served, at that place or beyond; an error where the store lost what it had.
    pub(crate) async fn look(&self, generation: Generation, place: Sequence) -> Result<Served, ViewsError> {
        match self.views.served(self.name).await? {
            Some(served) if served == generation => {}
            Some(served) if served < generation => return Ok(Served::NotYet),
            Some(_) => return Ok(Served::Another),
            None => return Err(ViewsError::Damaged("the read model is gone".to_owned())),
        }
        let now = self.place(generation).await?;
        if now < place {
            return Err(ViewsError::Damaged("the read model went back".to_owned()));
        }
        Ok(Served::Still(now))
    }

    async fn place(&self, generation: Generation) -> Result<Sequence, ViewsError> {
        let checkpoint = self.views.checkpoint(self.name, generation).await?;
        Ok(checkpoint.map_or(Sequence::ZERO, |checkpoint| checkpoint.sequence))
    }

    /// Looks at those that are not served, and drops the ones that stand where they stood at the last look: nobody reads
    /// them any more, or whoever filled them is gone. That may take a while, so it happens beside the work.
    pub(crate) async fn tidy(&self, before: &Unserved) -> Result<Unserved, ViewsError> {
        let served = self.views.served(self.name).await?;
        let mut unserved = Unserved::new();
        for generation in self.views.generations(self.name).await? {
            if Some(generation) == served || Some(generation) == self.begun.get() {
                continue;
            }
            let checkpoint = self.views.checkpoint(self.name, generation).await?;
            if before.get(&generation) == Some(&checkpoint) {
                self.drop_beside(generation);
            }
            unserved.insert(generation, checkpoint);
        }
        Ok(unserved)
    }

    fn drop_beside(&self, generation: Generation) {
        let (views, name) = (Arc::clone(&self.views), self.name);
        actix::spawn(async move {
            if let Err(error) = views.discard(name, generation).await {
                tracing::warn!(
                    projection = name,
                    error = &error as &dyn std::error::Error,
                    "an old read model stays"
                );
            }
        });
    }
}
