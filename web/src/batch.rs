//! `POST /commands/batch`: many commands in one body, each on its own, with one result each, in order.

use std::collections::HashSet;

use actix_web::http::header::HeaderValue;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use actors::{Answer, Failure, SPANS};
use domain::json::Object;
use domain::{Command, CommandId, Fingerprint, Request};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::Api;
use crate::body::{self, BATCH_BYTES_MAX};
use crate::code::Code;
use crate::commands::{
    COMMANDS, IDEMPOTENT_REPLAYED, accepted_json, agreed, correlation, created, join, no_if_match, outer_key,
    trace,
};
use crate::fields::Fields;
use crate::params::Params;
use crate::problem::Problem;

/// The most commands of one batch.
const COMMANDS_MAX: usize = 1000;
/// The most that the events of a batch may come to in its answer, in bytes, as far as its postings tell: each leg has two
/// events, and each of these what the client wrote for the whole.
const EVENTS_BYTES_MAX: usize = 16 * 1024 * 1024;
/// What an event has beside that, about.
const EVENT_BYTES: usize = 768;

/// The handler.
pub(crate) async fn batch(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["dryRun", "idempotencyKey"], &[])?;
    let outer_key = outer_key(&request, &params)?;
    let with_key = |problem: Problem| match &outer_key {
        Some((_, id)) => problem.command(id),
        None => problem,
    };
    let asked = async {
        let dry_run = params.flag("dryRun")?;
        no_if_match(&request)?;
        let body = body::read(&request, payload, BATCH_BYTES_MAX).await?;
        Ok((dry_run, Batch::understand(&request, &body, outer_key.clone())?))
    };
    let (dry_run, Batch { key, items, commands }) = asked.await.map_err(with_key)?;
    // One for all of them, whose decisions and commits are below it.
    let span = tracing::debug_span!(
        target: SPANS, "command", otel.name = "BATCH", otel.kind = "server", command = "BATCH", items = items.len(),
    );
    join(&api, &span, trace(&request).as_ref());
    let answers = async {
        match dry_run {
            true => api.ledger.preview_batch(commands).await,
            false => api.ledger.execute_batch(commands).await,
        }
    };
    let answers = answers.instrument(span).await.map_err(|failure| with_key(failure.into()))?;
    let mut answers = answers.into_iter();
    let (mut all_done, mut any_replayed, mut any_new) = (true, false, false);
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let answer = match item {
            Ok(id) => {
                answers.next().map(|answer| answer.map_err(|failure| Problem::from(failure).command(&id)))
            }
            Err(problem) => Some(Err(problem)),
        };
        let answer = answer.unwrap_or_else(|| Err(Failure::Overloaded.into()));
        match &answer {
            Ok(answer) if answer.is_replayed() => any_replayed = true,
            Ok(_) => any_new = true,
            // What is wrong in form is so every time.
            Err(problem) => any_new |= problem.status_code().is_server_error(),
        }
        let (done, json) = result(answer, dry_run);
        all_done &= done;
        results.push(json);
    }
    let mut object =
        Object::with_capacity(results.iter().map(|result| result.len() + 1).sum::<usize>() + 128);
    object.bare("success", all_done);
    if dry_run {
        object.raw("dryRun", "true");
    }
    if let Some(key) = key {
        object.text("commandId", key.as_str());
    }
    object.array("results", results.iter().map(String::as_str));
    let mut response = HttpResponse::Ok();
    if any_replayed && !any_new {
        response.insert_header((IDEMPOTENT_REPLAYED.clone(), HeaderValue::from_static("true")));
    }
    Ok(response.content_type("application/json").body(object.into_string()))
}

/// What the events of a command come to, about.
fn events_bytes(request: &Request) -> usize {
    let metadata = request.metadata.as_ref().map_or(0, |metadata| metadata.as_str().len());
    let Command::Post { postings, description, .. } = &request.command else {
        return 2 * (EVENT_BYTES + metadata);
    };
    2 * postings.len() * (EVENT_BYTES + metadata + description.as_ref().map_or(0, |text| text.len()))
}

/// What a body asks.
struct Batch {
    key: Option<CommandId>,
    /// Each item's command id, or what is wrong with it in form: that is answered at its place.
    items: Vec<Result<CommandId, Problem>>,
    /// The commands of the others, in order.
    commands: Vec<Request>,
}

impl Batch {
    fn understand(
        request: &HttpRequest,
        body: &[u8],
        outer_key: Option<(&'static str, CommandId)>,
    ) -> Result<Self, Problem> {
        let mut fields = Fields::parse(body)?;
        let said = fields.id("commandId", CommandId::parse)?;
        let key = agreed(outer_key, said.map(|id| ("commandId", id)))?.map(|(_, id)| id);
        let parts = fields.list("commands", COMMANDS_MAX)?;
        fields.finish()?;
        let correlation = correlation(request)?;
        let trace = trace(request);
        let mut batch = Self { key, items: Vec::new(), commands: Vec::with_capacity(parts.len()) };
        let mut places = 0..;
        for part in &parts {
            let derived = || Some(CommandId::of_item(batch.key.as_ref()?, places.next()?));
            let command = item(part, derived).map(|mut command| {
                command.correlation.clone_from(&correlation);
                command.trace.clone_from(&trace);
                command
            });
            batch.items.push(command.map(|command| {
                let id = command.id.clone();
                batch.commands.push(command);
                id
            }));
        }
        let bytes: usize = batch.commands.iter().map(events_bytes).sum();
        if bytes > EVENTS_BYTES_MAX {
            let words = format!("the events of the batch would come to more than {EVENTS_BYTES_MAX} bytes");
            return Err(Problem::new(Code::PayloadTooLarge, words).number("limit", EVENTS_BYTES_MAX));
        }
        batch.bind(&parts);
        Ok(batch)
    }

    /// Makes all that was asked a part of what each item without a key of its own asks: the batch's key stands for the
    /// whole.
    fn bind(&mut self, parts: &[&RawValue]) {
        let Some(key) = &self.key else { return };
        let mut digest = Sha256::new();
        let mut commands = self.commands.iter();
        for (item, part) in self.items.iter().zip(parts) {
            match item.as_ref().ok().and_then(|_| commands.next()) {
                Some(command) => digest.update(command.fingerprint()),
                // However it is spelled.
                None => match serde_json::from_str::<Value>(part.get()) {
                    Ok(value) => digest.update(value.to_string()),
                    Err(_) => digest.update(part.get()),
                },
            }
        }
        let mut whole = Fingerprint::default();
        whole.iter_mut().zip(digest.finalize()).for_each(|(to, from)| *to = from);
        let derived: HashSet<CommandId> =
            (0..self.items.len()).map(|place| CommandId::of_item(key, place)).collect();
        for command in self.commands.iter_mut().filter(|command| derived.contains(&command.id)) {
            command.batch = Some(whole);
        }
    }
}

/// A command of the batch; where it has no key of its own, and the batch has one, its id is derived from that.
fn item(part: &RawValue, derived: impl FnOnce() -> Option<CommandId>) -> Result<Request, Problem> {
    let mut fields = Fields::parse(part.get().as_bytes())?;
    let name = fields.string("type")?.ok_or_else(|| Problem::field("type", "is missing"))?;
    let kind = COMMANDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    let kind = kind.ok_or_else(|| {
        let names: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
        Problem::field("type", format_args!("must be one of {}", names.join(", ")))
    })?;
    // A reversal's `commandId` names what is reversed.
    let own_key = fields.id("idempotencyKey", CommandId::parse)?.map(|id| ("idempotencyKey", id));
    let said = body::understand(kind, fields)?;
    let own_key = agreed(own_key, said.command_id.map(|id| ("commandId", id)))?.map(|(_, id)| id);
    let key = own_key.or_else(derived);
    Ok(Request {
        keyed: key.is_some(),
        id: key.unwrap_or_else(|| CommandId::from(Uuid::now_v7())),
        command: said.command,
        if_match: None,
        metadata: said.metadata,
        correlation: None,
        trace: None,
        batch: None,
    })
}

/// An item's result: its status and the single answer. Whether it was done.
fn result(answer: Result<Answer, Problem>, dry_run: bool) -> (bool, String) {
    let refused = |problem: &Problem, replayed: bool| {
        let mut object = Object::with_capacity(384);
        object.members_of(&problem.json());
        if replayed {
            object.raw("idempotentReplayed", "true");
        }
        (false, object.into_string())
    };
    match answer {
        Ok(Answer::Accepted(accepted)) => {
            let json = accepted_json(&accepted, dry_run);
            let mut object = Object::with_capacity(json.len() + 64);
            let status = if !dry_run && created(&accepted).is_some() { 201 } else { 200 };
            object.bare("status", status).members_of(&json);
            if accepted.replayed {
                object.raw("idempotentReplayed", "true");
            }
            (true, object.into_string())
        }
        Ok(Answer::Refused(refusal)) => {
            refused(&Problem::from(refusal.refusal).command(&refusal.command_id), refusal.replayed)
        }
        Err(problem) => refused(&problem, false),
    }
}
