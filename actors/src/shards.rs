//! Which registry an account belongs to.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use actix::Addr;
use domain::AccountId;

use crate::registry::Registry;

/// The registries, each with the accounts whose ids' hash it has. Clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Shards {
    all: Arc<[Addr<Registry>]>,
}

impl Shards {
    /// At least one.
    pub(crate) fn new(all: Vec<Addr<Registry>>) -> Self {
        Self { all: all.into() }
    }

    pub(crate) fn all(&self) -> &[Addr<Registry>] {
        &self.all
    }

    pub(crate) fn of(&self, account: &AccountId) -> &Addr<Registry> {
        if let [only] = &*self.all {
            return only;
        }
        let mut hasher = DefaultHasher::new();
        account.hash(&mut hasher);
        let place = usize::try_from(hasher.finish() % self.all.len() as u64).unwrap_or(0);
        self.all.get(place).unwrap_or(&self.all[0])
    }
}
