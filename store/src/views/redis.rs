//! The read models in Redis, for several nodes: every change and every answer is one script, one transaction or one
//! command there.
//!
//! All keys of a projection share its name as the hash tag, so each of them touches one slot and works on Redis Cluster as
//! well (`redis/links.rs`). With the default prefix and generation 3 of `accounts`:
//!
//! * `bursar:{accounts}:served`, `…:latest`, `…:generations`: the number that is served, the highest one ever given, and
//!   those that are there;
//! * `…:g3:checkpoint`: `sequence log-id chain`;
//! * `…:g3:doc:<key>`: a body;
//! * `…:g3:places`: by key, the tag and the ranks as they are in the indexes;
//! * `…:g3:ids`, `…:g3:ids:<tag>`, `…:g3:rank0`, `…:g3:rank1`: the indexes, sorted sets in the order of their bytes, the
//!   members of the latter two being rank, `\1` and key; `…:g3:tags` names the tags that there are.

mod apply;
mod documents;
mod links;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_trait::async_trait;
use domain::Sequence;
use domain::chain::{GENESIS, Hex, from_hex};
use domain::projection::{Document, Prior};
use parking_lot::RwLock;
use redis::{FromRedisValue, IntoConnectionInfo as _, RedisError, Script, ScriptInvocation};
use uuid::Uuid;

use self::documents::{Documents, Served};
use self::links::{Links, Next, Question, Transacted, Way};
use super::{Applied, Checkpoint, Direction, Generation, List, Listing, Order, Read, Views, ViewsError};

/// How many keys are read in one command.
const KEYS_PER_READ: usize = 500;
/// How many documents a script deletes, while Redis does nothing else.
const DELETES_PER_SCRIPT: usize = 500;
/// How many places of an index a script looks at, while Redis does nothing else.
const PLACES_PER_SCRIPT: usize = 2000;
/// How many documents are few: a script answers all of them, while Redis does nothing else.
const FEW_DOCUMENTS: usize = 2000;
/// How often a read starts over because another generation was served meanwhile.
const SWITCHES_MAX: usize = 8;
/// How often a list starts over, to be of one moment, because the read model went on.
const MOVES_MAX: usize = 2;
/// Between rank and key, and between tag and ranks: in none of them, and before everything that is in them, so that a
/// rank sorts before those that it begins.
const SEPARATOR: char = '\u{1}';
/// Beyond every prefix: no byte of UTF-8.
const LAST_BYTE: u8 = 0xff;

/// Where the read models are.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://…` or `rediss://…`; may hold a password, so this is not printed.
    pub url: String,
    /// What all keys begin with; `bursar` unless several ledgers share one Redis.
    pub prefix: String,
}

impl RedisSettings {
    /// Reads the URL, without connecting.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), RedisError> {
        self.url.as_str().into_connection_info().map(drop)
    }
}

/// The adapter; see the module.
pub struct RedisViews {
    prefix: String,
    links: Arc<Links>,
    /// By projection.
    documents: RwLock<HashMap<String, Arc<Documents>>>,
    scripts: Scripts,
}

struct Scripts {
    create: Script,
    serve: Script,
    drop: Script,
    list: Script,
}

impl std::fmt::Debug for RedisViews {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisViews").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl RedisViews {
    /// Gets ready to connect; the first request does. So the program starts without Redis, and serves what it can.
    ///
    /// # Errors
    /// [`ViewsError::Unavailable`] where the URL can't be read or no thread can be started.
    pub fn connect(settings: RedisSettings) -> Result<Self, ViewsError> {
        Ok(Self {
            prefix: settings.prefix,
            links: Arc::new(Links::new(settings.url)?),
            documents: RwLock::default(),
            scripts: Scripts {
                create: Script::new(include_str!("redis/create.lua")),
                serve: Script::new(include_str!("redis/serve.lua")),
                drop: Script::new(include_str!("redis/drop.lua")),
                list: Script::new(include_str!("redis/list.lua")),
            },
        })
    }

    /// What all keys of a projection begin with.
    fn base(&self, projection: &str) -> String {
        format!("{}:{{{projection}}}", self.prefix)
    }

    async fn run<T: FromRedisValue>(
        &self,
        projection: &str,
        way: Way,
        script: &ScriptInvocation<'_>,
    ) -> Result<T, ViewsError> {
        self.links.ask(projection, way, Question::Script(script)).await
    }

    /// The single documents of a projection.
    fn documents(&self, projection: &str) -> Arc<Documents> {
        if let Some(documents) = self.documents.read().get(projection) {
            return Arc::clone(documents);
        }
        let of = || Documents::new(projection, self.base(projection), Arc::clone(&self.links));
        Arc::clone(self.documents.write().entry(projection.to_owned()).or_insert_with(|| Arc::new(of())))
    }

    /// What each server in use says of its memory.
    async fn memory(&self) -> Result<Vec<String>, ViewsError> {
        // INFO rather than CONFIG GET, which hosted servers forbid.
        let mut command = redis::cmd("INFO");
        command.arg("memory");
        self.links.ask_all(&command).await
    }
}

/// A line of what INFO says.
fn member<'a>(info: &'a str, name: &str) -> Option<&'a str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

#[async_trait]
impl Views for RedisViews {
    async fn served(&self, projection: &str) -> Result<Option<Generation>, ViewsError> {
        match self.documents(projection).read(Way::Projector, &[]).await {
            Ok(Served { generation, .. }) => Ok(Some(generation)),
            Err(ViewsError::NotServed(_)) => Ok(None),
            Err(other @ (ViewsError::Unavailable(_) | ViewsError::Evicting(_) | ViewsError::Damaged(_))) => {
                Err(other)
            }
        }
    }

    async fn checkpoint(
        &self,
        projection: &str,
        generation: Generation,
    ) -> Result<Option<Checkpoint>, ViewsError> {
        let mut command = redis::cmd("GET");
        command.arg(format!("{}:g{}:checkpoint", self.base(projection), generation.0));
        let text: Option<String> =
            self.links.ask(projection, Way::Projector, Question::Command(&command)).await?;
        text.as_deref().map(parse).transpose()
    }

    async fn create(&self, projection: &str, log_id: Uuid) -> Result<Generation, ViewsError> {
        let base = self.base(projection);
        let start = Checkpoint { log_id, sequence: Sequence::ZERO, chain: GENESIS };
        let mut script = self.scripts.create.prepare_invoke();
        script.key(format!("{base}:latest")).key(format!("{base}:generations")).arg(base).arg(print(&start));
        self.run(projection, Way::Projector, &script).await.map(Generation)
    }

    async fn apply(
        &self,
        projection: &str,
        generation: Generation,
        from: Sequence,
        documents: &[Document],
        to: &Checkpoint,
    ) -> Result<Applied, ViewsError> {
        if to.sequence < from {
            return Ok(Applied::Elsewhere(self.checkpoint(projection, generation).await?));
        }
        let base = format!("{}:g{}", self.base(projection), generation.0);
        let checkpoint = format!("{base}:checkpoint");
        let mut look = redis::pipe();
        look.cmd("WATCH").arg(&checkpoint).ignore();
        look.cmd("GET").arg(&checkpoint);
        // One field at least, which it wants.
        let places = look.cmd("HMGET").arg(format!("{base}:places")).arg("");
        documents.iter().for_each(|document| {
            places.arg(&document.key);
        });
        // Where the documents stand in the indexes they stand until the checkpoint moves.
        type Look = (Option<String>, Vec<Option<String>>);
        let store = |(at, places): &Look| {
            let at = at.as_deref().map(parse).transpose()?;
            let is_here = at.as_ref().is_some_and(|at| at.sequence == from && at.log_id == to.log_id);
            if !is_here {
                return Ok(Next::Nothing(at));
            }
            let mut transaction = redis::pipe();
            transaction.atomic().ignore_errors();
            apply::add_commands(&mut transaction, &base, documents, places.get(1..).unwrap_or_default());
            transaction.cmd("SET").arg(&checkpoint).arg(print(to));
            Ok(Next::Do(transaction))
        };
        match self.links.transact(projection, &look, store).await? {
            Transacted::Done => Ok(Applied::Done),
            Transacted::Not(at) => Ok(Applied::Elsewhere(at)),
            Transacted::Overtaken => Ok(Applied::Elsewhere(self.checkpoint(projection, generation).await?)),
            Transacted::Half(error) => {
                // A key is not what it was made as. Without a checkpoint the generation is filled anew.
                let mut command = redis::cmd("DEL");
                command.arg(&checkpoint);
                self.links.ask::<()>(projection, Way::Projector, Question::Command(&command)).await?;
                Err(ViewsError::Damaged(error.to_string()))
            }
        }
    }

    async fn prior(
        &self,
        projection: &str,
        generation: Generation,
        keys: &[String],
    ) -> Result<Prior, ViewsError> {
        let base = format!("{}:g{}", self.base(projection), generation.0);
        let mut found = Prior::new();
        for keys in keys.chunks(KEYS_PER_READ) {
            let mut command = redis::cmd("MGET");
            for key in keys {
                command.arg(format!("{base}:doc:{key}"));
            }
            let bodies: Vec<Option<String>> =
                self.links.ask(projection, Way::Projector, Question::Command(&command)).await?;
            let pairs = keys.iter().zip(bodies);
            found.extend(pairs.filter_map(|(key, body)| body.map(|body| (key.clone(), body))));
        }
        Ok(found)
    }

    async fn serve(&self, projection: &str, generation: Generation) -> Result<(), ViewsError> {
        let base = self.base(projection);
        let number = generation.0;
        let mut script = self.scripts.serve.prepare_invoke();
        script
            .key(format!("{base}:served"))
            .key(format!("{base}:g{number}:checkpoint"))
            .arg(number)
            .arg(base);
        self.run::<()>(projection, Way::Projector, &script).await
    }

    async fn generations(&self, projection: &str) -> Result<Vec<Generation>, ViewsError> {
        let mut command = redis::cmd("SMEMBERS");
        command.arg(format!("{}:generations", self.base(projection)));
        let numbers: Vec<u64> =
            self.links.ask(projection, Way::Projector, Question::Command(&command)).await?;
        Ok(numbers.into_iter().map(Generation).collect())
    }

    async fn discard(&self, projection: &str, generation: Generation) -> Result<(), ViewsError> {
        let (base, number) = (self.base(projection), generation.0);
        let mut script = self.scripts.drop.prepare_invoke();
        script
            .key(format!("{base}:g{number}:checkpoint"))
            .key(format!("{base}:generations"))
            .arg(format!("{base}:g{number}"))
            .arg(number)
            .arg(DELETES_PER_SCRIPT);
        while self.run::<bool>(projection, Way::Projector, &script).await? {}
        Ok(())
    }

    async fn get(&self, projection: &str, key: &str) -> Result<Read<Option<String>>, ViewsError> {
        self.documents(projection).get(key).await
    }

    /// A list is of one moment, but for one by rank with a tag or prefix that many documents have, and few at the places in
    /// question. That takes several steps, each of one moment of the same generation; where the read model goes on in between
    /// time and again, the list's sequence is the first one's, and a document that moved appears once at the most.
    async fn list(&self, projection: &str, listing: &Listing) -> Result<Read<List>, ViewsError> {
        let mut walk = Walk::new(listing)?;
        let (mut switches, mut moves) = (0, 0);
        while !walk.done {
            let mut script = self.scripts.list.prepare_invoke();
            walk.ask(&self.base(projection), &mut script);
            let step: Option<Step> = self.run(projection, Way::Client, &script).await?;
            let step = step.ok_or_else(|| ViewsError::NotServed(projection.to_owned()))?;
            let starts_over = match &walk.at {
                // What this step found goes on from a place in the other one.
                Some((served, _)) if *served != step.0 => {
                    switches += 1;
                    true
                }
                Some((_, checkpoint)) if *checkpoint != step.1 => {
                    moves += 1;
                    moves <= MOVES_MAX
                }
                Some(_) | None => false,
            };
            if switches > SWITCHES_MAX {
                return Err(switches_on());
            }
            match starts_over {
                true => walk = Walk { look: PLACES_PER_SCRIPT, ..Walk::new(listing)? },
                false => walk.take(step)?,
            }
        }
        walk.finish()
    }

    async fn check(&self) -> Result<(), ViewsError> {
        for info in self.memory().await? {
            let policy = member(&info, "maxmemory_policy").unwrap_or("unknown");
            if policy != "noeviction" {
                let what = format!("the maxmemory-policy of Redis is {policy}, not noeviction");
                return Err(ViewsError::Evicting(what));
            }
        }
        Ok(())
    }

    async fn has_room(&self) -> Result<(), ViewsError> {
        for info in self.memory().await? {
            let bytes = |name| member(&info, name).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
            let used = bytes("used_memory").saturating_sub(bytes("mem_not_counted_for_evict"));
            let allowed = bytes("maxmemory");
            if allowed > 0 && used > allowed {
                let what = format!("Redis is full: it uses {used} bytes, and its maxmemory is {allowed}");
                return Err(ViewsError::unavailable(what));
            }
        }
        Ok(())
    }
}

/// What list.lua answers: the number that is served, the checkpoint, the total, where in the index to go on from, place in
/// the index, body, place, body…, and whether these are all that there are.
type Step = (u64, String, u64, Option<String>, Vec<Option<String>>, bool);

/// A list on the way to its answer.
struct Walk<'a> {
    listing: &'a Listing,
    /// The name of the index.
    index: String,
    /// Whether the index has other documents between those that are wanted.
    filtered: bool,
    /// The range of the index that is left, in the list's direction.
    from: Vec<u8>,
    to: Vec<u8>,
    /// How many places of the index the next step looks at.
    look: usize,
    /// How many documents are looked for: one more than wanted shows whether there is more.
    wanted: usize,
    /// What the first step said: the generation and its checkpoint.
    at: Option<(u64, String)>,
    total: u64,
    /// Rank, key and body of each document.
    found: Vec<(String, String, String)>,
    done: bool,
}

impl<'a> Walk<'a> {
    fn new(listing: &'a Listing) -> Result<Self, ViewsError> {
        let (least, beyond) = keys_with(&listing.prefix);
        let after = listing.after.as_ref();
        let (index, from, to, filtered) = match (listing.order, listing.direction) {
            (Order::Key, direction) => {
                let (mut from, mut to) = (least, beyond);
                match (direction, after) {
                    // A key before those with the prefix must not widen the range, nor one after them.
                    (Direction::Ascending, Some((_, key))) if *key >= listing.prefix => from = exclusive(key),
                    (Direction::Descending, Some((_, key)))
                        if *key < listing.prefix || key.starts_with(&listing.prefix) =>
                    {
                        to = exclusive(key);
                    }
                    (Direction::Ascending | Direction::Descending, _) => {}
                }
                if direction == Direction::Descending {
                    std::mem::swap(&mut from, &mut to);
                }
                (ids(listing), from, to, false)
            }
            (Order::Rank(place @ (0 | 1)), direction) => {
                let (start, end) = match direction {
                    Direction::Ascending => (b"-", b"+"),
                    Direction::Descending => (b"+", b"-"),
                };
                let from =
                    after.map_or(start.to_vec(), |(rank, key)| exclusive(&format!("{rank}{SEPARATOR}{key}")));
                let filtered = listing.tag.is_some() || !listing.prefix.is_empty();
                (format!("rank{place}"), from, end.to_vec(), filtered)
            }
            (Order::Rank(place), _) => return Err(super::no_such_rank(place)),
        };
        let wanted = listing.limit.saturating_add(1);
        let look = wanted.saturating_mul(if filtered { 4 } else { 1 }).min(PLACES_PER_SCRIPT);
        Ok(Self {
            listing,
            index,
            filtered,
            from,
            to,
            look,
            wanted,
            at: None,
            total: 0,
            found: Vec::new(),
            done: false,
        })
    }

    fn ask(&self, base: &str, script: &mut ScriptInvocation<'_>) {
        let (least, beyond) = keys_with(&self.listing.prefix);
        script
            .key(format!("{base}:served"))
            .arg(base)
            .arg(&self.index)
            .arg(match self.listing.direction {
                Direction::Ascending => "asc",
                Direction::Descending => "desc",
            })
            .arg(&self.from)
            .arg(&self.to)
            .arg(self.wanted.saturating_sub(self.found.len()))
            .arg(self.look)
            .arg(if self.filtered { self.listing.prefix.as_str() } else { "" })
            .arg(u8::from(self.filtered && self.listing.tag.is_some()))
            .arg(ids(self.listing))
            .arg(least)
            .arg(beyond)
            .arg(if self.filtered { FEW_DOCUMENTS } else { 0 });
    }

    fn take(&mut self, step: Step) -> Result<(), ViewsError> {
        let (served, checkpoint, total, stopped, members, all) = step;
        if all {
            self.found.clear();
            self.at = None;
        }
        if self.at.is_none() {
            self.at = Some((served, checkpoint));
            self.total = total;
        }
        let seen: HashSet<String> = self.found.iter().map(|(_, key, _)| key.clone()).collect();
        let mut members = members.into_iter();
        while let (Some(member), Some(body)) = (members.next(), members.next()) {
            let (Some(member), Some(body)) = (member, body) else {
                return Err(ViewsError::Damaged("an index names a document that is not there".to_owned()));
            };
            let (rank, key) = member.split_once(SEPARATOR).unwrap_or(("", &member));
            if !seen.contains(key) {
                self.found.push((rank.to_owned(), key.to_owned(), body));
            }
        }
        if all {
            self.put_in_order();
        }
        match stopped {
            Some(member) if self.found.len() < self.wanted => self.from = exclusive(&member),
            Some(_) | None => self.done = true,
        }
        self.look = self.look.saturating_mul(2).min(PLACES_PER_SCRIPT);
        Ok(())
    }

    /// Of all documents that are wanted, leaves those behind the listing's place, in its order.
    fn put_in_order(&mut self) {
        let place = |rank: &str, key: &str| format!("{rank}{SEPARATOR}{key}");
        let after = self.listing.after.as_ref().map(|(rank, key)| place(rank, key));
        let mut found: Vec<_> =
            self.found.drain(..).map(|found| (place(&found.0, &found.1), found)).collect();
        let descending = self.listing.direction == Direction::Descending;
        found.retain(|(place, _)| {
            after.as_ref().is_none_or(|after| if descending { place < after } else { place > after })
        });
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        if descending {
            found.reverse();
        }
        self.found.extend(found.into_iter().map(|(_, found)| found));
    }

    fn finish(mut self) -> Result<Read<List>, ViewsError> {
        let more = self.found.len() > self.listing.limit;
        self.found.truncate(self.listing.limit);
        let next =
            if more { self.found.last().map(|(rank, key, _)| (rank.clone(), key.clone())) } else { None };
        let bodies = self.found.into_iter().map(|(_, _, body)| body).collect();
        let sequence = self.at.map_or(Ok(Sequence::ZERO), |(_, checkpoint)| sequence_of(&checkpoint))?;
        Ok(Read { sequence, value: List { bodies, next, total: self.total } })
    }
}

/// The index that has exactly the documents with the listing's tag, by key.
fn ids(listing: &Listing) -> String {
    match &listing.tag {
        Some(tag) => format!("ids:{tag}"),
        None => "ids".to_owned(),
    }
}

/// The range of the keys with a prefix, as the commands on sorted sets take it.
fn keys_with(prefix: &str) -> (Vec<u8>, Vec<u8>) {
    if prefix.is_empty() {
        return (b"-".to_vec(), b"+".to_vec());
    }
    let mut beyond = exclusive(prefix);
    beyond.push(LAST_BYTE);
    (format!("[{prefix}").into_bytes(), beyond)
}

fn exclusive(member: &str) -> Vec<u8> {
    format!("({member}").into_bytes()
}

/// The checkpoint as it is stored.
fn print(checkpoint: &Checkpoint) -> String {
    format!("{} {} {}", checkpoint.sequence, checkpoint.log_id, Hex(&checkpoint.chain))
}

fn parse(text: &str) -> Result<Checkpoint, ViewsError> {
    let mut words = text.split(' ').skip(1);
    let log_id = words.next().and_then(|word| word.parse().ok());
    let chain = words.next().and_then(from_hex);
    match (sequence_of(text)?, log_id, chain) {
        (sequence, Some(log_id), Some(chain)) => Ok(Checkpoint { log_id, sequence, chain }),
        _ => Err(damaged_checkpoint(text)),
    }
}

fn sequence_of(checkpoint: &str) -> Result<Sequence, ViewsError> {
    let number = checkpoint.split(' ').next().and_then(|word| word.parse().ok());
    number.map(Sequence::new).ok_or_else(|| damaged_checkpoint(checkpoint))
}

fn damaged_checkpoint(text: &str) -> ViewsError {
    ViewsError::Damaged(format!("{text:?} is no checkpoint"))
}

fn damaged_generation(text: &str) -> ViewsError {
    ViewsError::Damaged(format!("{text:?} is no generation"))
}

fn switches_on() -> ViewsError {
    ViewsError::unavailable("the served generation keeps changing")
}

impl From<RedisError> for ViewsError {
    fn from(error: RedisError) -> Self {
        Self::unavailable(error)
    }
}
