//! What an apply has to do, worked out here: which commands change the documents and their places in the indexes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::projection::Document;
use redis::Pipeline;

use super::SEPARATOR;

/// What leaves a sorted set, and what comes into it.
#[derive(Default)]
struct Moves<'a> {
    gone: Vec<Cow<'a, str>>,
    /// Score and member by turns.
    new: Vec<Cow<'a, str>>,
}

impl<'a> Moves<'a> {
    fn add(&mut self, member: impl Into<Cow<'a, str>>) {
        self.new.extend([Cow::Borrowed("0"), member.into()]);
    }
}

/// The tag and ranks as `…:places` has them.
fn place(document: &Document) -> String {
    match &document.ranks {
        Some([rank0, rank1]) => format!("{}{SEPARATOR}{rank0}{SEPARATOR}{rank1}", document.tag),
        None => document.tag.to_owned(),
    }
}

/// The same taken apart.
fn parts(place: &str) -> (&str, [Option<&str>; 2]) {
    let mut parts = place.split(SEPARATOR);
    (parts.next().unwrap_or_default(), [parts.next(), parts.next()])
}

/// Adds the commands that store documents, by the places where they stand so far. What is of one kind is one command: a
/// command costs more than what it does.
pub(super) fn add_commands(
    transaction: &mut Pipeline,
    base: &str,
    documents: &[Document],
    before: &[Option<String>],
) {
    let mut bodies = Vec::with_capacity(2 * documents.len());
    let mut places = Vec::new();
    let mut ids = Moves::default();
    let mut by_tag: BTreeMap<&str, Moves<'_>> = BTreeMap::new();
    let mut ranks = [Moves::default(), Moves::default()];
    for (document, before) in documents.iter().zip(before) {
        let key = document.key.as_str();
        bodies.extend([Cow::from(format!("{base}:doc:{key}")), Cow::from(&document.body)]);
        let place = place(document);
        if before.as_ref() == Some(&place) {
            continue;
        }
        let (old_tag, old_ranks) = match before {
            Some(before) => {
                let (tag, ranks) = parts(before);
                (Some(tag), ranks)
            }
            None => {
                ids.add(key);
                (None, [None, None])
            }
        };
        if old_tag != Some(document.tag) {
            if let Some(tag) = old_tag {
                by_tag.entry(tag).or_default().gone.push(key.into());
            }
            by_tag.entry(document.tag).or_default().add(key);
        }
        let new_ranks = document.ranks.as_ref().map_or([None, None], |ranks| ranks.each_ref().map(Some));
        for ((moves, old), new) in ranks.iter_mut().zip(old_ranks).zip(new_ranks) {
            if old == new.map(String::as_str) {
                continue;
            }
            // A member takes the place of the one that the document had there.
            moves.gone.extend(old.map(|rank| Cow::from(format!("{rank}{SEPARATOR}{key}"))));
            if let Some(rank) = new {
                moves.add(format!("{rank}{SEPARATOR}{key}"));
            }
        }
        places.extend([Cow::from(key), Cow::from(place)]);
    }

    let mut command = |name: &str, key: Option<&str>, arguments: &[Cow<'_, str>]| {
        if !arguments.is_empty() {
            let command = transaction.cmd(name).arg(key);
            arguments.iter().for_each(|argument| {
                command.arg(&**argument);
            });
        }
    };
    let mut change = |key: &str, Moves { gone, new }: &Moves<'_>| {
        command("ZREM", Some(key), gone);
        command("ZADD", Some(key), new);
    };
    change(&format!("{base}:ids"), &ids);
    for (tag, moves) in &by_tag {
        change(&format!("{base}:ids:{tag}"), moves);
    }
    for (place, moves) in ranks.iter().enumerate() {
        change(&format!("{base}:rank{place}"), moves);
    }
    let tags: Vec<Cow<'_, str>> =
        by_tag.iter().filter(|(_, moves)| !moves.new.is_empty()).map(|(tag, _)| Cow::from(*tag)).collect();
    command("SADD", Some(&format!("{base}:tags")), &tags);
    command("MSET", None, &bodies);
    command("HSET", Some(&format!("{base}:places")), &places);
}
