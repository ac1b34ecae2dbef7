//! Projections: what each event changes in the read models. Each is one file here, named in [`ALL`].

pub mod accounts;
pub mod ledger;
pub mod volume;

use std::collections::BTreeMap;

use crate::record::Recorded;

/// What a projection stores under one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Unique within the projection; documents can be listed in the order of their keys.
    pub key: String,
    /// What the list can be narrowed to, such as a status; no two tags at once.
    pub tag: &'static str,
    /// Two further orders in which the documents can be listed: texts that sort as the value does.
    pub ranks: Option<[String; 2]>,
    /// The JSON object.
    pub body: String,
}

/// The documents that stand before a page of events, by key.
pub type Prior = BTreeMap<String, String>;

/// A read model as a fold of the log.
pub trait Projection: Send + Sync {
    /// Its name, in paths and in the stores.
    fn name(&self) -> &'static str;

    /// The keys of the documents that [`fold`](Self::fold) wants to see.
    fn needs(&self, events: &[std::sync::Arc<Recorded>]) -> Vec<String>;

    /// The documents that change with the events, each once, as they are after the last of them.
    ///
    /// # Errors
    /// What is wrong with a document that was read.
    fn fold(&self, prior: &Prior, events: &[std::sync::Arc<Recorded>]) -> Result<Vec<Document>, String>;
}

/// Every projection there is. One that is new here is filled from the log by itself.
pub const ALL: [&dyn Projection; 3] = [&accounts::Accounts, &ledger::Ledger, &volume::Volume];
