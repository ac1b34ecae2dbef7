//! Single documents. Those that are asked for while an answer of Redis is under way make up the next question, as commands
//! make up the writer's next batch: without a timer, and a document costs Redis little more than its look-up.

use std::sync::Arc;

use domain::Sequence;
use parking_lot::{Mutex, RwLock};
use tokio::sync::oneshot;

use super::links::{Links, Question, Way};
use super::{SWITCHES_MAX, damaged_generation, sequence_of, switches_on};
use crate::views::{Generation, Read, ViewsError};

/// How many documents are asked for at once, while Redis does nothing else.
const DOCUMENTS_MAX: usize = 256;

/// The documents of one projection.
pub(super) struct Documents {
    projection: String,
    /// What all keys of the projection begin with.
    base: String,
    links: Arc<Links>,
    /// The generation that was served when last looked; every answer says whether it still is. Generation 0 never exists,
    /// so the first answer brings the number.
    served: RwLock<Generation>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    questions: Vec<Wanted>,
    /// Whether somebody asks Redis and will come for the questions.
    is_asking: bool,
}

/// A document that somebody waits for.
struct Wanted {
    key: String,
    answer: oneshot::Sender<Result<Read<Option<String>>, ViewsError>>,
}

impl Documents {
    pub(super) fn new(projection: &str, base: String, links: Arc<Links>) -> Self {
        Self {
            projection: projection.to_owned(),
            base,
            links,
            served: RwLock::new(Generation(0)),
            waiting: Mutex::default(),
        }
    }

    /// The document under a key of the served generation, as of that generation's checkpoint.
    pub(super) async fn get(self: &Arc<Self>, key: &str) -> Result<Read<Option<String>>, ViewsError> {
        let (answer, answered) = oneshot::channel();
        let is_first = {
            let mut waiting = self.waiting.lock();
            waiting.questions.push(Wanted { key: key.to_owned(), answer });
            !std::mem::replace(&mut waiting.is_asking, true)
        };
        if is_first {
            // Not in the future of the one who came first: he may leave.
            self.links.spawn(Arc::clone(self).answer());
        }
        answered.await.unwrap_or_else(|_| Err(ViewsError::unavailable("the thread for it has ended")))
    }

    /// Answers until nobody waits.
    async fn answer(self: Arc<Self>) {
        while let Some(wanted) = self.next() {
            let keys: Vec<&str> = wanted.iter().map(|Wanted { key, .. }| key.as_str()).collect();
            match self.read(Way::Client, &keys).await {
                Ok(Served { sequence, values, .. }) => {
                    for (Wanted { answer, .. }, value) in wanted.into_iter().zip(values) {
                        // Who left needs no answer.
                        let _ = answer.send(Ok(Read { sequence, value }));
                    }
                }
                Err(error) => {
                    for Wanted { answer, .. } in wanted {
                        let _ = answer.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    /// Those who have waited longest; `None` ends the asking.
    fn next(&self) -> Option<Vec<Wanted>> {
        let mut waiting = self.waiting.lock();
        waiting.questions.retain(|Wanted { answer, .. }| !answer.is_closed());
        waiting.is_asking = !waiting.questions.is_empty();
        let count = waiting.questions.len().min(DOCUMENTS_MAX);
        waiting.is_asking.then(|| waiting.questions.drain(..count).collect())
    }

    /// The served generation's number and checkpoint, and the documents under those of its keys, all of one moment: one
    /// command, with the number as it was when last looked, which is nearly always the one that the answer confirms.
    pub(super) async fn read(&self, way: Way, keys: &[&str]) -> Result<Served, ViewsError> {
        let not_served = || ViewsError::NotServed(self.projection.clone());
        let base = &self.base;
        for _ in 0..SWITCHES_MAX {
            let known = *self.served.read();
            let number = known.0;
            let mut command = redis::cmd("MGET");
            command.arg(format!("{base}:served")).arg(format!("{base}:g{number}:checkpoint"));
            for key in keys {
                command.arg(format!("{base}:g{number}:doc:{key}"));
            }
            let found: Vec<Option<String>> =
                self.links.ask(&self.projection, way, Question::Command(&command)).await?;
            let mut found = found.into_iter();
            let served = found.next().flatten().ok_or_else(not_served)?;
            let served = served.parse().map(Generation).map_err(|_| damaged_generation(&served))?;
            if served == known {
                let checkpoint = found.next().flatten().ok_or_else(not_served)?;
                return Ok(Served {
                    generation: served,
                    sequence: sequence_of(&checkpoint)?,
                    values: found.collect(),
                });
            }
            *self.served.write() = served;
        }
        Err(switches_on())
    }
}

/// Values of one moment.
pub(super) struct Served {
    pub(super) generation: Generation,
    sequence: Sequence,
    /// In the order of the keys.
    values: Vec<Option<String>>,
}
