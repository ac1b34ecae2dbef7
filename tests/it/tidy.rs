//! What lints can't hold: which room knows which, what is named where, and that nothing lies about unused.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const ROOMS: [&str; 4] = ["domain", "store", "actors", "web"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder whose name ends so, with its path from the root.
fn files(folder: &str, endings: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in
            std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if endings.iter().any(|ending| path.to_string_lossy().ends_with(ending)) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "{folder} is empty");
    found
}

fn sources(folders: &[&str]) -> Vec<(String, String)> {
    folders.iter().flat_map(|folder| files(folder, &[".rs"])).collect()
}

/// The places (`file:line`) where a word stands by itself.
fn places(sources: &[(String, String)], word: &str) -> Vec<String> {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    let stands_in = |line: &str| {
        line.match_indices(word)
            .any(|(at, _)| !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part))
    };
    let in_file = |(name, text): &(String, String)| -> Vec<String> {
        let lines = text.lines().enumerate().filter(|(_, line)| stands_in(line));
        lines.map(|(number, line)| format!("{name}:{}: {}", number + 1, line.trim())).collect()
    };
    sources.iter().flat_map(in_file).collect()
}

#[track_caller]
fn assert_nowhere(sources: &[(String, String)], words: &[&str], why: &str) {
    let found: Vec<String> = words.iter().flat_map(|word| places(sources, word)).collect();
    assert!(found.is_empty(), "{why}:\n{}", found.join("\n"));
}

/// A room knows the rooms to its left only.
#[test]
fn no_arrow_points_back() {
    for (place, room) in ROOMS.iter().enumerate() {
        let manifest = std::fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(dependencies) = manifest.get(kind) else { continue };
            let known: BTreeSet<&str> = dependencies.as_table().unwrap().keys().map(String::as_str).collect();
            let back: Vec<_> = ROOMS[place..]
                .iter()
                .chain(["bursar"].iter())
                .filter(|other| known.contains(*other))
                .collect();
            assert!(back.is_empty(), "{room} knows {back:?}");
        }
    }
}

#[test]
fn the_domain_touches_nothing() {
    let outside = [
        "std::fs",
        "std::net",
        "std::io",
        "std::env",
        "std::time",
        "std::thread",
        "async",
        "await",
        "SystemTime",
    ];
    assert_nowhere(&sources(&["domain/src"]), &outside, "the domain has no input, output, clock or thread");
}

#[test]
fn money_is_never_a_float() {
    assert_nowhere(
        &sources(&["domain/src", "store/src"]),
        &["f32", "f64"],
        "there is no float in domain and store",
    );
}

/// Outside of `actors` there is the one handle; the WebSocket's session is an actor of the HTTP framework.
#[test]
fn addresses_of_actors_stay_among_actors() {
    let mut sources = sources(&["domain/src", "store/src", "web/src", "src"]);
    sources.retain(|(name, _)| !name.starts_with("web/src/live"));
    assert_nowhere(&sources, &["Addr", "Recipient"], "an actor is known to actors only");
}

#[test]
fn adapters_are_named_where_they_are_made_and_chosen() {
    let adapters = ["PostgresJournal", "SqliteJournal", "RedisViews", "SqliteViews"];
    assert_nowhere(
        &sources(&["domain/src", "actors/src", "web/src"]),
        &adapters,
        "the other rooms know the ports",
    );
}

#[test]
fn every_statement_is_used() {
    let store: String = sources(&["store/src"]).into_iter().map(|(_, text)| text).collect();
    let statements = files("sql", &[".sql"]);
    let empty: Vec<&String> =
        statements.iter().filter(|(_, text)| !text.contains(';')).map(|(name, _)| name).collect();
    assert!(empty.is_empty(), "{empty:?} say nothing");
    let names = statements.into_iter().map(|(name, _)| name);
    let unused: Vec<String> = names.filter(|name| !store.contains(&format!("{name}\""))).collect();
    assert!(unused.is_empty(), "no include_str! names {unused:?}");
}

/// Cargo wants every member to be there, also where it is not built.
#[test]
fn the_image_is_built_with_every_member_of_the_workspace() {
    let read = |name: &str| std::fs::read_to_string(root().join(name)).unwrap();
    let (manifest, given) = (read("Cargo.toml"), read(".dockerignore"));
    let members = manifest.split("members = [").nth(1).and_then(|rest| rest.split(']').next()).unwrap();
    for member in
        members.split(',').map(|member| member.trim().trim_matches('"')).filter(|member| *member != ".")
    {
        assert!(given.lines().any(|line| line == format!("!{member}")), "{member} is left out of the image");
    }
    // Of a target without a path Cargo looks for the file, and refuses to build anything without it.
    for target in manifest.split("[[").skip(1) {
        let target = target.split("\n[").next().unwrap();
        assert!(target.contains("\npath = "), "[[{target}");
    }
}

#[test]
fn nothing_is_left_for_later() {
    let mut everything = sources(&["domain", "store", "actors", "web/src", "src", "tests"]);
    everything.extend(files("sql", &[".sql"]));
    everything.extend(files("web/dashboard", &[".js", ".css", ".html"]));
    everything.retain(|(name, _)| name != "tests/it/tidy.rs");
    assert_nowhere(
        &everything,
        &["FIXME", "TODO", "todo!", "unimplemented!"],
        "it is done or it is an issue",
    );
}

#[test]
fn every_problem_is_produced_by_a_test() {
    let tests = sources(&["tests/it"]);
    let all = tests.iter().map(|(_, text)| text.as_str()).collect::<String>();
    let missing: Vec<&str> = web::Code::ALL
        .iter()
        .map(|code| code.name())
        // A bug, which no test can ask for.
        .filter(|name| *name != "internal-error" && !all.contains(&format!("\"{name}\"")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
