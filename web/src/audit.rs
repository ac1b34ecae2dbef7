//! What shows that the log is sound: how far it was audited, the heads of its batches, and the proof of an event.

use actix_web::http::header;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use domain::audit::leaves;
use domain::chain::{Hash, Hex, path};
use domain::json::{self, Object};
use domain::proof::{Checkpoint, Proof};
use domain::rows::{BatchRow, Rows};
use domain::{Sequence, Timestamp};
use store::JournalError;
use uuid::Uuid;

use crate::Api;
use crate::code::Code;
use crate::events::{X_HEAD_SEQUENCE, check_place};
use crate::params::{LIMIT_DEFAULT, Params, path_part, whole_number};
use crate::problem::Problem;

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(crate::get("/audit", audit))
        .service(crate::get("/audit/checkpoints", checkpoints))
        .service(crate::get("/audit/proofs/{sequence}", proof));
}

async fn audit(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    let off = || Problem::new(Code::NotFound, "this process does not audit the log (--audit)");
    let stats = api.ledger.audit().ok_or_else(off)?;
    let head = api.ledger.journal().head().await?.last;
    let violations: Vec<String> = stats
        .violations
        .iter()
        .map(|finding| {
            let mut object = Object::with_capacity(128);
            object.bare("firstSequence", finding.batch.0).bare("lastSequence", finding.batch.1);
            object.optional("sequence", finding.event).text("violation", &finding.what);
            object.into_string()
        })
        .collect();
    let mut conserved = Object::new();
    for (currency, is_conserved) in &stats.conserved {
        conserved.bare(currency, is_conserved);
    }
    let mut object = Object::with_capacity(512);
    object.bare("auditedTo", stats.audited_to).bare("head", head);
    object.array("violations", violations.iter().map(String::as_str));
    object.bare("violationsTotal", stats.violations_total);
    object.raw("conserved", &conserved.into_string());
    object.bare("accounts", stats.accounts).bare("compared", stats.compared);
    match &stats.error {
        Some(words) => object.text("error", words),
        None => object.raw("error", "null"),
    };
    if let Some(key) = &api.settings.checkpoint_key {
        object.quoted("publicKey", Hex(key.public().as_bytes()));
    }
    Ok(HttpResponse::Ok().content_type("application/json").body(object.into_string()))
}

async fn checkpoints(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["fromSequence", "limit"], &[])?;
    let after = params.sequence("fromSequence")?.unwrap_or(Sequence::ZERO);
    let limit = params.limit()?.unwrap_or(LIMIT_DEFAULT);
    check_place(&api, "fromSequence", after).await?;
    let head = api.ledger.journal().head().await?;
    let mut batches = api.ledger.journal().batches(after, limit + 1).await?;
    let more = batches.len() > limit;
    batches.truncate(limit);
    let mut previous = match batches.first() {
        Some(first) => chain_before(&api, first).await?,
        None => head.chain,
    };
    let mut parts = Vec::with_capacity(batches.len());
    for batch in &batches {
        parts.push(text(&checkpoint(&api, head.log_id, batch, &previous)?)?);
        previous = batch.chain;
    }
    let last = batches.last().map_or(Sequence::ZERO, |batch| place(batch.last));
    let mut response = HttpResponse::Ok();
    response.insert_header((X_HEAD_SEQUENCE.clone(), head.last.max(last).get()));
    if more {
        let next = params.next_link("/audit/checkpoints", "fromSequence", &last.to_string());
        response.insert_header((header::LINK, next));
    }
    Ok(response.content_type("application/json").body(json::array(parts.iter().map(String::as_str))))
}

async fn proof(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    let sequence = Sequence::new(whole_number("sequence", &path_part(&request, "sequence"))?);
    let journal = api.ledger.journal();
    let none = || Problem::new(Code::NotFound, format!("there is no event {sequence}"));
    let before = sequence.get().checked_sub(1).map(Sequence::new).ok_or_else(none)?;
    let batch = journal.batches(before, 1).await?.into_iter().next().ok_or_else(none)?;
    let damaged = |what: &str| {
        JournalError::Damaged(format!("the batch {}..{} {what}: see bursar verify", batch.first, batch.last))
    };
    let rows = journal.rows(batch.first.saturating_sub(1), 1).await?;
    let Rows { mut events, .. } = rows.ok_or_else(|| damaged("is gone"))?;
    events.retain(|row| row.sequence <= batch.last);
    let at = events.iter().position(|row| place(row.sequence) == sequence);
    let at = at.ok_or_else(|| damaged("lacks an event"))?;
    let leaves = leaves(&batch.root, &events).ok_or_else(|| damaged("has another root"))?;
    let path = path(&leaves, at).unwrap_or_default();
    let previous = chain_before(&api, &batch).await?;
    let log_id = journal.head().await?.log_id;
    let row = events.swap_remove(at);
    let proof = Proof {
        sequence,
        leaf: leaves.get(at).map(|leaf| Hex(leaf).to_string()).unwrap_or_default(),
        stored: row.body,
        leaves: leaves.len() as u64,
        path: path.iter().map(|node| Hex(node).to_string()).collect(),
        checkpoint: checkpoint(&api, log_id, &batch, &previous)?,
    };
    // What is handed out holds.
    proof.check().map_err(|flaw| damaged(&flaw.to_string()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(text(&proof)?))
}

/// The head of a batch, signed where there is a key, and never one that does not hold.
fn checkpoint(api: &Api, log_id: Uuid, batch: &BatchRow, previous: &Hash) -> Result<Checkpoint, Problem> {
    let places = (place(batch.first), place(batch.last));
    let at = Timestamp::from_micros(batch.committed_at);
    let checkpoint = Checkpoint::new(log_id, places, at, &batch.root, previous, &batch.chain);
    checkpoint.check().map_err(|flaw| Problem::internal(&flaw))?;
    Ok(match &api.settings.checkpoint_key {
        Some(key) => checkpoint.signed(key),
        None => checkpoint,
    })
}

async fn chain_before(api: &Api, batch: &BatchRow) -> Result<Hash, Problem> {
    let before = place(batch.first.saturating_sub(1));
    let chain = api.ledger.journal().chain_at(before).await?;
    let damaged = || JournalError::Damaged(format!("no batch ends at {before}"));
    Ok(chain.ok_or_else(damaged)?)
}

fn place(number: i64) -> Sequence {
    Sequence::new(u64::try_from(number).unwrap_or_default())
}

fn text(value: &impl serde::Serialize) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| Problem::internal(&error))
}
