//! The command service: one route per command, the command log, and what became of a command.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::web::{self, Data, Payload, ServiceConfig};
use actix_web::{Handler, HttpRequest, HttpResponse, HttpResponseBuilder, Resource, ResponseError as _};
use actors::{Accepted, Answer, Line, LineQuery, LineStatus, Refused, SPANS, parse_place, place_text};
use domain::json::{self, Object};
use domain::request::accounts_named;
use domain::{
    AccountId, CommandId, Event, Limits, Money, Profile, Recorded, Request, Standing, TraceParent, Version,
};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use uuid::Uuid;

use crate::Api;
use crate::batch;
use crate::body::{self, BODY_BYTES_MAX, Kind};
use crate::code::Code;
use crate::fields::Fields;
use crate::params::{Params, header_text, path_part};
use crate::problem::{Problem, method_not_allowed};

/// The longest correlation id, in characters.
pub(crate) const CORRELATION_LENGTH_MAX: usize = 255;
/// What the command log shows without `limit`.
const LOG_DEFAULT: usize = 20;

/// The last part of each command's path, the busiest first.
pub(crate) const COMMANDS: [(&str, Kind); 14] = [
    ("deposit", Kind::Deposit),
    ("withdraw", Kind::Withdraw),
    ("transfer", Kind::Transfer),
    ("create-account", Kind::CreateAccount),
    ("freeze-account", Kind::FreezeAccount),
    ("unfreeze-account", Kind::UnfreezeAccount),
    ("close-account", Kind::CloseAccount),
    ("reopen-account", Kind::ReopenAccount),
    ("place-hold", Kind::PlaceHold),
    ("capture-hold", Kind::CaptureHold),
    ("release-hold", Kind::ReleaseHold),
    ("set-limits", Kind::SetLimits),
    ("reverse", Kind::Reverse),
    ("post", Kind::Post),
];

pub(crate) static IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    for (name, kind) in COMMANDS {
        config.service(beside_recall(name, crate::post(&format!("/commands/{name}"), taking(kind))));
    }
    config.service(beside_recall("batch", crate::post("/commands/batch", batch::batch)));
    config.service(crate::get("/commands/log", log));
}

/// The path of a command by its id, which the router tries by a pattern.
pub(crate) fn recalled(config: &mut ServiceConfig) {
    config.service(crate::get("/commands/{commandId}", recall).route(web::post().to(unknown)));
}

/// The path of a command's name, which may be a client's key as well: what is recorded under that is answered there too.
fn beside_recall(name: &'static str, path: Resource) -> Resource {
    let recall = move |api: Data<Api>, request: HttpRequest| async move {
        match recalled_as(&api, &request, name).await {
            Err(problem) if problem.code() == Code::CommandNotFound => Err(method_not_allowed("POST")),
            answer => answer,
        }
    };
    path.route(web::get().to(recall)).route(web::head().to(recall))
}

/// The handler of a command's path.
fn taking(
    kind: Kind,
) -> impl Handler<(Data<Api>, HttpRequest, Payload), Output = Result<HttpResponse, Problem>> {
    move |api: Data<Api>, request: HttpRequest, payload: Payload| async move {
        command(&api, kind, &request, payload).await
    }
}

async fn command(
    api: &Api,
    kind: Kind,
    request: &HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let params = Params::read(request, &["dryRun", "idempotencyKey"], &[])?;
    let key = outer_key(request, &params)?;
    let with_key = |problem: Problem| match &key {
        Some((_, id)) => problem.command(id),
        None => problem,
    };
    let asked = async {
        let dry_run = params.flag("dryRun")?;
        let body = body::read(request, payload, BODY_BYTES_MAX).await?;
        Ok((dry_run, understand(kind, request, &body, key.as_ref())?))
    };
    let (dry_run, asked) = asked.await.map_err(with_key)?;
    let id = asked.id.clone();
    let span = span_of(api, &asked);
    let answer = async {
        match dry_run {
            true => api.ledger.preview(asked).await,
            false => api.ledger.execute(asked).await,
        }
    };
    let answer = answer.instrument(span.clone()).await;
    let answer = answer.map_err(|failure| Problem::from(failure).command(&id));
    if !dry_run {
        note(&span, &answer);
    }
    match answer? {
        Answer::Accepted(accepted) => Ok(done(&accepted, dry_run)),
        Answer::Refused(refused) => Ok(refused_answer(refused)),
    }
}

/// The span of a command, part of its client's trace.
fn span_of(api: &Api, request: &Request) -> Span {
    let command = &request.command;
    let span = tracing::debug_span!(
        target: SPANS, "command", otel.name = command.name(), otel.kind = "server", otel.status_code = Empty,
        command = command.name(), command_id = request.id.as_str(), account = Empty, to_account = Empty,
        outcome = Empty, code = Empty, sequence = Empty, replayed = Empty,
    );
    if span.is_disabled() {
        return span;
    }
    for (field, account) in ["account", "to_account"].into_iter().zip(accounts_named(&command.facts())) {
        if let Some(account) = account {
            span.record(field, account.as_str());
        }
    }
    join(api, &span, request.trace.as_ref());
    span
}

/// Makes a span part of the client's trace.
pub(crate) fn join(api: &Api, span: &Span, trace: Option<&TraceParent>) {
    if let (Some(join), Some(trace)) = (api.settings.join_trace, trace) {
        join(span, trace.as_str());
    }
}

/// What became of the command, on its span.
fn note(span: &Span, answer: &Result<Answer, Problem>) {
    if span.is_disabled() {
        return;
    }
    match answer {
        Ok(Answer::Accepted(accepted)) => {
            span.record("outcome", "accepted").record("replayed", accepted.replayed);
            if let Some(last) = accepted.events.last() {
                span.record("sequence", last.sequence.get());
            }
        }
        Ok(Answer::Refused(refused)) => {
            let code = Problem::from(refused.refusal.clone()).code().name();
            span.record("outcome", "refused").record("replayed", refused.replayed).record("code", code);
        }
        Err(problem) if problem.status_code().is_client_error() => {
            span.record("outcome", "refused").record("code", problem.code().name());
        }
        Err(problem) => {
            span.record("outcome", "failed").record("code", problem.code().name());
            span.record("otel.status_code", "error");
        }
    }
}

/// The idempotency key outside of the body, and where it stood.
pub(crate) fn outer_key(
    request: &HttpRequest,
    params: &Params,
) -> Result<Option<(&'static str, CommandId)>, Problem> {
    const HEADER: &str = "Idempotency-Key";
    const PARAMETER: &str = "idempotencyKey";
    let parse = |place, text| {
        CommandId::parse(text).map(|id| (place, id)).map_err(|error| Problem::field(place, error))
    };
    let in_header = header_text(request.headers(), HEADER)?.map(|text| parse(HEADER, text)).transpose()?;
    let in_query = params.get(PARAMETER).map(|text| parse(PARAMETER, text)).transpose()?;
    agreed(in_header, in_query)
}

/// One key of two that must be the same.
pub(crate) fn agreed(
    one: Option<(&'static str, CommandId)>,
    other: Option<(&'static str, CommandId)>,
) -> Result<Option<(&'static str, CommandId)>, Problem> {
    match (one, other) {
        (Some((place, id)), Some((other_place, other_id))) if id != other_id => {
            Err(Problem::field(other_place, format_args!("differs from {place}")))
        }
        (one, other) => Ok(one.or(other)),
    }
}

fn understand(
    kind: Kind,
    request: &HttpRequest,
    body: &[u8],
    outer_key: Option<&(&'static str, CommandId)>,
) -> Result<Request, Problem> {
    let said = body::understand(kind, Fields::parse(body)?)?;
    let key = agreed(outer_key.cloned(), said.command_id.map(|id| ("commandId", id)))?;
    let (keyed, id) = match key {
        Some((_, id)) => (true, id),
        None => (false, CommandId::from(Uuid::now_v7())),
    };
    let if_match = match matches!(kind, Kind::Reverse | Kind::Post) {
        true => no_if_match(request).map(|()| None)?,
        false => if_match(request)?,
    };
    let correlation = correlation(request)?;
    let (command, metadata, trace) = (said.command, said.metadata, trace(request));
    Ok(Request { id, keyed, command, if_match, metadata, correlation, trace, batch: None })
}

/// Where there may be several accounts, a version of which one is not said.
pub(crate) fn no_if_match(request: &HttpRequest) -> Result<(), Problem> {
    match request.headers().contains_key(header::IF_MATCH) {
        true => Err(Problem::field(
            "If-Match",
            "can't be given with this command, which may have several accounts",
        )),
        false => Ok(()),
    }
}

fn if_match(request: &HttpRequest) -> Result<Option<Version>, Problem> {
    let Some(text) = header_text(request.headers(), "If-Match")? else { return Ok(None) };
    let digits = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let version = digits.parse().ok().filter(|_| plain).map(Version::new);
    version
        .map(Some)
        .ok_or_else(|| Problem::field("If-Match", "must be one version in quotes, such as \"3\""))
}

pub(crate) fn correlation(request: &HttpRequest) -> Result<Option<Arc<str>>, Problem> {
    let Some(text) = header_text(request.headers(), "X-Correlation-Id")? else { return Ok(None) };
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.is_empty() || text.len() > CORRELATION_LENGTH_MAX || !visible {
        let words = format_args!("must be 1 to {CORRELATION_LENGTH_MAX} visible ASCII characters");
        return Err(Problem::field("X-Correlation-Id", words));
    }
    Ok(Some(Arc::from(text)))
}

/// The client's span, where it has one. By the specification, a header that can't be read is as good as none: whatever
/// put it there must not stop a command.
pub(crate) fn trace(request: &HttpRequest) -> Option<TraceParent> {
    let text = header_text(request.headers(), "traceparent").ok()??;
    TraceParent::parse(text)
}

fn done(accepted: &Accepted, dry_run: bool) -> HttpResponse {
    let mut response = HttpResponseBuilder::new(actix_web::http::StatusCode::OK);
    if !dry_run && let Some(account) = created(accepted) {
        response.status(actix_web::http::StatusCode::CREATED);
        response.insert_header((header::LOCATION, format!("/accounts/{account}")));
    }
    if accepted.replayed {
        response.insert_header((IDEMPOTENT_REPLAYED.clone(), HeaderValue::from_static("true")));
    }
    response.content_type("application/json").body(accepted_json(accepted, dry_run))
}

/// The account that the command created, if it did.
pub(crate) fn created(accepted: &Accepted) -> Option<&AccountId> {
    match accepted.events.first().map(|event| (&event.event, &event.profile.id)) {
        Some((Event::AccountCreated { .. }, account)) => Some(account),
        Some((
            Event::MoneyDeposited { .. }
            | Event::MoneyWithdrawn { .. }
            | Event::MoneyTransferred { .. }
            | Event::TransferReceived { .. }
            | Event::AccountFrozen { .. }
            | Event::AccountUnfrozen { .. }
            | Event::AccountClosed { .. }
            | Event::AccountReopened { .. }
            | Event::HoldPlaced { .. }
            | Event::HoldCaptured { .. }
            | Event::HoldReleased { .. }
            | Event::HoldExpired { .. }
            | Event::LimitsSet { .. },
            _,
        ))
        | None => None,
    }
}

fn refused_answer(refused: Refused) -> HttpResponse {
    let mut response = Problem::from(refused.refusal).command(&refused.command_id).error_response();
    if refused.replayed {
        response.headers_mut().insert(IDEMPOTENT_REPLAYED.clone(), HeaderValue::from_static("true"));
    }
    response
}

/// The answer's body. The events are JSON already.
pub(crate) fn accepted_json(accepted: &Accepted, dry_run: bool) -> String {
    let events = || accepted.events.iter().map(|event| &*event.json);
    let events_bytes: usize = events().map(str::len).sum();
    let mut object = Object::with_capacity(2 * events_bytes + 320 * accepted.events.len() + 160);
    object.raw("success", "true");
    if dry_run {
        object.raw("dryRun", "true");
    }
    object.text("commandId", accepted.command_id.as_str());
    if let Some(last) = accepted.events.last().filter(|_| !dry_run) {
        object.bare("sequence", last.sequence);
    }
    object.raw("event", events().next().unwrap_or("null"));
    object.array("events", events());
    let accounts: Vec<String> =
        accepted.accounts().into_iter().map(|(profile, standing)| account_json(profile, standing)).collect();
    object.raw("account", accounts.first().map_or("null", String::as_str));
    object.array("accounts", accounts.iter().map(String::as_str));
    object.into_string()
}

fn account_json(profile: &Profile, standing: &Standing) -> String {
    let mut object = Object::new();
    object.quoted("accountId", &profile.id);
    object.bare("balance", standing.balance.in_units(profile.currency));
    object.bare("available", standing.available().in_units(profile.currency));
    object.bare("version", standing.version);
    object.into_string()
}

/// A command that there is not: a typing error, most likely.
async fn unknown(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let mut names: Vec<&str> = COMMANDS.iter().map(|(name, _)| *name).collect();
    names.push("batch");
    let words =
        format!("there is no command {}; there are {}", path_part(&request, "commandId"), names.join(", "));
    Err(Problem::new(Code::NotFound, words).text("path", request.path()).names("commands", &names))
}

async fn recall(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    recalled_as(&api, &request, &path_part(&request, "commandId")).await
}

async fn recalled_as(api: &Api, request: &HttpRequest, id: &str) -> Result<HttpResponse, Problem> {
    Params::read(request, &[], &[])?;
    let id = CommandId::recorded(id).map_err(|error| Problem::field("commandId", error))?;
    let mut object = Object::with_capacity(1024);
    object.text("commandId", id.as_str());
    match api.ledger.recall(&id).await? {
        None => {
            return Err(Problem::new(
                Code::CommandNotFound,
                "nothing is recorded under this command id so far",
            )
            .command(&id));
        }
        Some(Answer::Accepted(accepted)) => {
            object.quoted("status", "accepted");
            object.raw("httpStatus", if created(&accepted).is_some() { "201" } else { "200" });
            object.raw("answer", &accepted_json(&accepted, false));
            object.array("events", accepted.events.iter().map(|event| &*event.json));
        }
        Some(Answer::Refused(refused)) => {
            let problem = Problem::from(refused.refusal).command(&refused.command_id);
            object.quoted("status", "rejected").quoted("code", problem.code().name());
            object.bare("httpStatus", problem.status_code().as_u16());
            object.raw("answer", &problem.json());
            object.array("events", []);
        }
    }
    Ok(HttpResponse::Ok().content_type("application/json").body(object.into_string()))
}

/// Which lines a `status` asks for: accepted ones, rejected ones.
const STATUSES: [(&str, (bool, bool)); 2] = [("accepted", (true, false)), ("rejected", (false, true))];

async fn log(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let params = Params::read(&request, &["limit", "status", "accountId", "before"], &[])?;
    let limit = params.limit()?.unwrap_or(LOG_DEFAULT);
    let (accepted, rejected) = params.choice("status", &STATUSES)?.unwrap_or((true, true));
    let account = params.get("accountId").map(AccountId::parse).transpose();
    let account = account.map_err(|error| Problem::field("accountId", error))?;
    let before = params.get("before").map(|text| {
        parse_place(text).ok_or_else(|| Problem::field("before", "must be a place that a Link header gave"))
    });
    let query = LineQuery { limit: limit + 1, before: before.transpose()?, account, accepted, rejected };
    let mut lines = api.ledger.command_log(&query).await?;
    let more = lines.len() > limit;
    lines.truncate(limit);
    let mut response = HttpResponse::Ok();
    if let Some(oldest) = lines.last().filter(|_| more) {
        response.insert_header((
            header::LINK,
            params.next_link("/commands/log", "before", &place_text(oldest.place)),
        ));
    }
    // The page holds the newest lines, and shows the oldest of them first.
    let lines: Vec<String> = lines.iter().rev().map(line_json).collect();
    let body = json::array(lines.iter().map(String::as_str));
    Ok(response.content_type("application/json").body(body))
}

fn line_json(line: &Line) -> String {
    let mut object = Object::with_capacity(320);
    object.text("command", &line.name);
    match &line.status {
        LineStatus::Accepted(event) => accepted_facts(&mut object, event),
        LineStatus::Rejected { facts, .. } => {
            object.members_of(facts);
        }
    }
    object.quoted("timestamp", line.at);
    object.text("commandId", line.command_id.as_str());
    match &line.status {
        LineStatus::Accepted(_) => {
            object.quoted("status", "accepted").bare("sequence", line.place.logged.sequence);
        }
        LineStatus::Rejected { refusal, .. } => {
            let problem = Problem::from(refusal.clone());
            object.quoted("status", "rejected").quoted("code", problem.code().name());
            object.text("error", problem.detail());
        }
    }
    if let Some(us) = line.latency_us {
        object.bare("latencyMs", format_args!("{}.{:03}", us / 1000, us % 1000));
    }
    object.into_string()
}

/// Whom and how much a command was about, from the event that it is known by.
fn accepted_facts(object: &mut Object, event: &Recorded) {
    let (own, currency) = (&event.profile.id, event.profile.currency);
    let one = |object: &mut Object, amount: Money| {
        object.quoted("accountId", own).bare("amount", amount.in_units(currency));
    };
    let two = |object: &mut Object, from: &AccountId, to: &AccountId, amount: Money| {
        object.quoted("fromAccountId", from).quoted("toAccountId", to);
        object.bare("amount", amount.in_units(currency));
    };
    match &event.event {
        Event::AccountCreated { initial_balance, .. } => one(object, *initial_balance),
        Event::MoneyDeposited { amount, .. } | Event::MoneyWithdrawn { amount, .. } => {
            one(object, amount.money())
        }
        Event::MoneyTransferred { to, amount, .. } => two(object, own, to, amount.money()),
        Event::TransferReceived { from, amount } => two(object, from, own, amount.money()),
        Event::AccountFrozen { scope, .. } | Event::AccountUnfrozen { scope, .. } => {
            object.quoted("accountId", own).quoted("scope", scope.name());
        }
        Event::AccountClosed { .. } | Event::AccountReopened { .. } => {
            object.quoted("accountId", own);
        }
        Event::HoldPlaced { hold, amount, .. }
        | Event::HoldReleased { hold, amount, .. }
        | Event::HoldExpired { hold, amount } => {
            object.quoted("accountId", own).quoted("holdId", hold);
            object.bare("amount", amount.money().in_units(currency));
        }
        Event::HoldCaptured { hold, amount, to, .. } => {
            object.quoted("accountId", own).quoted("holdId", hold);
            object.bare("amount", amount.money().in_units(currency));
            if let Some(to) = to {
                object.quoted("toAccountId", to);
            }
        }
        Event::LimitsSet { overdraft_limit, limits } => {
            object.quoted("accountId", own).bare("overdraftLimit", overdraft_limit.in_units(currency));
            let Limits { max_balance, per_transaction, per_day } = *limits;
            let units = |limit: Option<Money>| limit.map(|limit| limit.in_units(currency));
            object.optional("maxBalance", units(max_balance));
            object.optional("perTransaction", units(per_transaction));
            object.optional("perDay", units(per_day));
        }
    }
    if let Some(movement) = event.event.reverses() {
        object.bare("reverses", movement);
    }
}
