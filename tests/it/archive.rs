//! The log verified, exported, imported, and proved, without a server.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::cli::{output, said};
use crate::client::Client;
use crate::server::{Kind, Server, program};
use crate::stores::Stores;

on_both_stores!(
    a_log_is_verified_and_what_was_changed_is_found,
    a_log_moves_from_one_store_to_the_other,
    a_log_that_is_not_whole_is_not_served,
    a_proof_holds_away_from_the_log,
    the_log_is_audited_behind_its_head,
    who_reads_a_log_neither_begins_nor_migrates_it,
);

/// Some events, some refusals.
async fn eventful(client: &Client) {
    for account in ["acc-1", "acc-2"] {
        client.create(account, 100).await.accepted();
    }
    for amount in 1..=10 {
        client.deposit("acc-1", amount).await.accepted();
    }
    client.transfer("acc-1", "acc-2", 5).await.accepted();
    client.withdraw("acc-2", 1).await.accepted();
    let body = json!({"accountId": "acc-2", "amount": 9999});
    client.keyed("too-much", "/commands/withdraw", &body).await.refused(422, "insufficient-funds");
    client
        .keyed("enough", "/commands/withdraw", &json!({"accountId": "acc-2", "amount": 3}))
        .await
        .accepted();
}

/// A subcommand on the stores of a server.
fn on(subcommand: &str, flags: &[String]) -> Command {
    let mut command = program();
    command.arg(subcommand).args(flags);
    command
}

#[track_caller]
fn succeeded(output: Output) -> String {
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).unwrap()
}

async fn a_log_is_verified_and_what_was_changed_is_found(kind: Kind) {
    let mut server = Server::start(kind).await;
    eventful(&server).await;
    let verify = |more: &[&str]| output(on("verify", server.flags()).args(more));
    if kind == Kind::Embedded {
        let refused = verify(&[]);
        assert_eq!(refused.status.code(), Some(78), "{}", said(&refused));
        assert!(said(&refused).contains(&server.pid().to_string()));
    } else {
        // Beside the server.
        assert!(succeeded(verify(&[])).contains("\nsound: 0 findings"));
    }
    let head = server.head().await;
    server.terminate().await;
    let verify = |more: &[&str]| output(on("verify", server.flags()).args(more));
    let text = succeeded(verify(&[]));
    assert!(text.contains("USD is conserved\nsound: 0 findings") && text.contains("1 refusals"), "{text}");
    let summary: Value = serde_json::from_str(succeeded(verify(&["--json"])).trim()).unwrap();
    assert_eq!(
        (&summary["sequence"], &summary["conserved"], &summary["findings"]),
        (&json!(head), &json!({"USD": true}), &json!(0))
    );

    server.stores.tamper(&server.data(), "UPDATE events SET balance = balance + 1 WHERE sequence = 5").await;
    let found = verify(&[]);
    let text = said(&found);
    assert_eq!(found.status.code(), Some(1), "{text}");
    assert!(text.contains("event 5: balance is 10601, by the events it is 10600"), "{text}");
    let found = verify(&["--json"]);
    let first: Value =
        serde_json::from_str(String::from_utf8(found.stdout).unwrap().lines().next().unwrap()).unwrap();
    assert_eq!(first["sequence"], 5, "{first}");
    let unknown = output(program().args(["verify", "--proof"]));
    assert_eq!(unknown.status.code(), Some(78), "{}", said(&unknown));
}

/// With its numbers, its keys, its refusals and its id; and the read models are made of it there.
async fn a_log_moves_from_one_store_to_the_other(kind: Kind) {
    let mut server = Server::start(kind).await;
    eventful(&server).await;
    let log = server.log().await;
    server.terminate().await;
    let file = server.stores.folder.path().join("log.ndjson");
    let exported = output(on("export", server.flags()).arg("--file").arg(&file));
    assert!(said(&exported).contains("and 1 refusals"), "{}", said(&exported));
    succeeded(exported);
    let other = match kind {
        Kind::Embedded => Kind::Servers,
        Kind::Servers => Kind::Embedded,
    };
    let stores = Stores::new(other).await;
    let data = stores.folder.path().join("one").join("data");
    let flags = stores.flags(&data);
    succeeded(output(on("import", &flags).stdin(std::fs::File::open(&file).unwrap())));
    assert!(succeeded(output(&mut on("verify", &flags))).contains("\nsound: "));
    // To standard output, the same again.
    let piped = output(on("export", &flags).stdout(Stdio::piped()));
    assert_eq!(succeeded(piped), std::fs::read_to_string(&file).unwrap());
    let twice = output(on("import", &flags).arg("--file").arg(&file));
    assert_eq!(twice.status.code(), Some(1), "{}", said(&twice));
    assert!(said(&twice).contains("the log is not empty"), "{}", said(&twice));

    let moved = Server::start_on(stores).await;
    assert_eq!(moved.log().await, log);
    let body = json!({"accountId": "acc-2", "amount": 9999});
    let refused = moved.keyed("too-much", "/commands/withdraw", &body).await;
    assert_eq!(refused.header("Idempotent-Replayed"), Some("true"));
    refused.refused(422, "insufficient-funds");
    let done = moved.keyed("enough", "/commands/withdraw", &json!({"accountId": "acc-2", "amount": 3})).await;
    assert_eq!(done.header("Idempotent-Replayed"), Some("true"));
    let last = moved.deposit("acc-1", 1).await.sequence();
    assert_eq!(moved.account("acc-1", last).await["balance"], 151);
}

/// Until the right file was imported to its end. It is long enough to be written in several transactions.
async fn a_log_that_is_not_whole_is_not_served(kind: Kind) {
    let mut server = Server::start(kind).await;
    eventful(&server).await;
    let deposits: Vec<Value> =
        (0..1000).map(|_| json!({"type": "deposit", "accountId": "acc-1", "amount": 1})).collect();
    for _ in 0..9 {
        server.post("/commands/batch", &json!({"commands": deposits})).await.expect(200);
    }
    server.terminate().await;
    let file = server.stores.folder.path().join("log.ndjson");
    succeeded(output(on("export", server.flags()).arg("--file").arg(&file)));
    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let stores = Stores::new(kind).await;
    let flags = stores.flags(&stores.folder.path().join("data"));
    // However little of it there is.
    for kept in [2, lines.len() - 1] {
        std::fs::write(&file, format!("{}\n", lines[..kept].join("\n"))).unwrap();
        let cut = output(on("import", &flags).arg("--file").arg(&file));
        assert_eq!(cut.status.code(), Some(1), "{}", said(&cut));
        assert!(said(&cut).contains(&format!("line {}: the file is cut off", kept + 1)), "{}", said(&cut));
        for subcommand in ["serve", "verify", "export"] {
            let refused = output(on(subcommand, &flags).args(crate::server::ANY_PORTS));
            assert_eq!(refused.status.code(), Some(1), "{subcommand}: {}", said(&refused));
            assert!(said(&refused).contains("import that was not finished"), "{}", said(&refused));
        }
    }
    std::fs::write(&file, whole).unwrap();
    let resumed = output(on("import", &flags).arg("--file").arg(&file));
    assert!(said(&resumed).contains("going on behind"), "{}", said(&resumed));
    assert!(succeeded(output(&mut on("verify", &flags))).contains("\nsound: "));
}

/// What is not there is not sound, and what is of an older program is left to it.
async fn who_reads_a_log_neither_begins_nor_migrates_it(kind: Kind) {
    let stores = Stores::new(kind).await;
    let data = stores.folder.path().join("data");
    let flags = stores.flags(&data);
    for subcommand in ["verify", "export"].repeat(2) {
        let refused = output(&mut on(subcommand, &flags));
        assert_eq!(refused.status.code(), Some(78), "{}", said(&refused));
        assert!(said(&refused).contains("holds no log"), "{}", said(&refused));
    }
    assert!(!data.exists());
    succeeded(output(&mut on("migrate", &flags)));
    assert!(succeeded(output(&mut on("verify", &flags))).contains("\nsound: "));
    stores.tamper(&data, "DELETE FROM migrations").await;
    for subcommand in ["verify", "export"].repeat(2) {
        let refused = output(&mut on(subcommand, &flags));
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert!(said(&refused).contains("bursar migrate brings it up to date"), "{}", said(&refused));
    }
}

/// Where a file is or nothing, whole and as readable as what it replaces; what is no file stays what it is.
#[test]
fn an_export_appears_where_it_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let [data, new, old, link, ahead, pipe, inner] =
        ["data", "new", "old", "link", "ahead", "pipe", "inner"].map(|name| folder.path().join(name));
    let flags = ["--data-dir".to_owned(), data.display().to_string()];
    succeeded(output(&mut on("migrate", &flags)));
    let export = |to: &Path| output(on("export", &flags).arg("--file").arg(to));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();

    succeeded(export(&new));
    let whole = text(&new);
    assert!(whole.starts_with("{\"bursar\":\"log\"") && mode(&new) == 0o600, "{whole}");
    std::fs::write(&old, "old").unwrap();
    std::fs::set_permissions(&old, std::fs::Permissions::from_mode(0o640)).unwrap();
    symlink("old", &link).unwrap();
    succeeded(export(&link));
    assert_eq!((link.is_symlink(), text(&old), mode(&old)), (true, whole.clone(), 0o640));
    symlink("later", &ahead).unwrap();
    succeeded(export(&ahead));
    assert_eq!((ahead.is_symlink(), text(&ahead)), (true, whole.clone()));

    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reading = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe).unwrap()
    });
    succeeded(export(&pipe));
    assert!(pipe.metadata().unwrap().file_type().is_fifo());
    assert_eq!(reading.join().unwrap(), whole);
    std::fs::create_dir(&inner).unwrap();
    assert_eq!(export(&inner).status.code(), Some(1));
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let parts: Vec<_> = names.filter(|name| name.to_str().unwrap().ends_with(".part")).collect();
    assert!(parts.is_empty(), "{parts:?}");
}

/// An empty log in its place would be sound.
#[test]
fn nothing_is_begun_for_a_file_that_is_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let refused = output(on("import", &[]).arg("--data-dir").arg(&data).stdin(Stdio::null()));
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("line 1: the file is empty") && !data.exists(), "{}", said(&refused));
}

/// Keys as OpenSSL writes them.
const KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
    -----END PRIVATE KEY-----\n";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
    -----END PUBLIC KEY-----\n";
const ANOTHER_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n\
    -----END PUBLIC KEY-----\n";

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

async fn a_proof_holds_away_from_the_log(kind: Kind) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| write(folder.path(), name, text);
    let key = write("key.pem", KEY);
    let server = Server::start_with(kind, &["--checkpoint-key", key.to_str().unwrap()]).await;
    eventful(&server).await;
    let (public, another) = (write("public.pem", PUBLIC), write("another.pem", ANOTHER_PUBLIC));
    let verify = |proof: &Path, public: Option<&Path>| {
        let mut command = program();
        command.args(["verify", "--proof"]).arg(proof);
        if let Some(public) = public {
            command.arg("--public-key").arg(public);
        }
        output(&mut command)
    };
    let log = server.log().await;
    for event in &log {
        let sequence = event["sequenceNumber"].as_u64().unwrap();
        let proof = server.json(&format!("/audit/proofs/{sequence}")).await;
        let mut stored: Value = serde_json::from_str(proof["stored"].as_str().unwrap()).unwrap();
        stored["sequenceNumber"] = json!(sequence);
        assert_eq!(&stored, event);
        let file = write("proof.json", &proof.to_string());
        let held = succeeded(verify(&file, Some(&public)));
        assert!(held.contains(&format!("event {sequence} of log")) && held.contains("signed by"), "{held}");
    }
    let proof = server.json("/audit/proofs/3").await;
    let sound = write("proof.json", &proof.to_string());
    succeeded(verify(&sound, None));
    let mut other_text = proof.clone();
    other_text["stored"] = json!(proof["stored"].as_str().unwrap().replace("100", "101").replace('1', "2"));
    let mut other_log = proof.clone();
    other_log["checkpoint"]["logId"] = json!("00000000-0000-0000-0000-000000000001");
    let mut unsigned = proof.clone();
    unsigned["checkpoint"].as_object_mut().unwrap().remove("signature");
    for (proof, public, words) in [
        (&other_text, &public, "the leaf is not that of the stored text"),
        (&other_log, &public, "signature is not that of this key"),
        (&unsigned, &public, "the checkpoint is not signed"),
        (&proof, &another, "signature is not that of this key"),
    ] {
        let file = write("flawed.json", &proof.to_string());
        let flawed = verify(&file, Some(public));
        assert_eq!(flawed.status.code(), Some(1), "{}", said(&flawed));
        assert!(said(&flawed).contains(words), "{words} in {}", said(&flawed));
    }
    let wrong_key = verify(&sound, Some(&key));
    assert_eq!(wrong_key.status.code(), Some(78), "{}", said(&wrong_key));
    let no_key =
        output(program().arg("serve").args(crate::server::ANY_PORTS).arg("--checkpoint-key").arg(&public));
    assert_eq!(no_key.status.code(), Some(78), "{}", said(&no_key));
    assert!(said(&no_key).contains("checkpoint-key"), "{}", said(&no_key));
}

/// What was changed in the log, or in the read model, is found, told once, and shown.
async fn the_log_is_audited_behind_its_head(kind: Kind) {
    let mut server = Server::start(kind).await;
    eventful(&server).await;
    let head = server.head().await;
    let audited = |server: Client| async move {
        crate::server::until("everything is audited", async || {
            let audit = server.json("/audit").await;
            let done = audit["auditedTo"] == audit["head"] && audit["compared"] != 0;
            done.then_some(audit)
        })
        .await
    };
    let audit = audited((*server).clone()).await;
    assert_eq!((&audit["head"], &audit["violations"]), (&json!(head), &json!([])), "{audit}");
    assert_eq!((&audit["conserved"], &audit["accounts"]), (&json!({"USD": true}), &json!(2)));
    assert_eq!(audit["compared"], 2);
    assert!(server.get("/metrics").await.text.contains(&format!("bursar_audit_sequence {head}")));
    assert!(!server.logged().contains("the audit has found"), "{}", server.logged());

    server.terminate().await;
    server.stores.tamper(&server.data(), "UPDATE events SET transactions = 77 WHERE sequence = 7").await;
    server.stores.lose_account(&server.data(), "acc-2").await;
    server.start_again().await;
    let violations = crate::server::until("both are found", async || {
        let audit = server.json("/audit").await;
        audit["violations"].as_array().filter(|violations| violations.len() == 2).cloned()
    })
    .await;
    assert_eq!(violations[0]["sequence"], 7, "{violations:?}");
    assert!(violations[0]["violation"].as_str().unwrap().contains("transactions is 77"), "{violations:?}");
    assert!(violations[1]["violation"].as_str().unwrap().contains("read model"), "{violations:?}");
    let told = server.logged().matches("the audit has found").count();
    assert_eq!(told, 2, "{}", server.logged());
    assert!(server.get("/metrics").await.text.contains("bursar_audit_violations_total 2"));
}
