//! The projection service: how far the read models are, replays, pause and resume.

use actix_web::http::header;
use actix_web::web::{Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use actors::{ProjectionStats, Replay};
use domain::Sequence;
use domain::json::{self, Object};
use uuid::Uuid;

use crate::code::Code;
use crate::params::{Params, path_part};
use crate::problem::Problem;
use crate::{Api, body};

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(crate::get("/stats", stats))
        .service(crate::post("/replay", start_replay))
        .service(crate::get("/replays/{replayId}", replay))
        .service(crate::get("/projections", projections))
        .service(crate::post("/projections/{name}/pause", pause))
        .service(crate::post("/projections/{name}/resume", resume));
}

async fn stats(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    let projections = api.ledger.projections();
    let most = |figure: fn(&ProjectionStats) -> u64| projections.iter().map(figure).max().unwrap_or(0);
    let sum = |figure: fn(&ProjectionStats) -> u64| projections.iter().map(figure).sum::<u64>();
    let last = projections.iter().map(|projection| projection.checkpoint).min().unwrap_or(Sequence::ZERO);
    let (actors, journal) = api.ledger.counts();
    let mut object = Object::with_capacity(2048);
    // The slowest projection speaks for all: what it has not processed, some read model does not show.
    object.bare("lastProcessedSequence", last);
    object.bare("totalProcessed", most(|projection| projection.processed));
    object.bare("errors", sum(|projection| projection.errors));
    object.bare("lagMs", most(|projection| projection.lag_ms));
    object.bare("headSequence", api.ledger.feed().head());
    object.bare("lagEvents", most(|projection| projection.lag_events));
    object.bare("eventsPerSecond", most(|projection| projection.events_per_second));
    object.bare("restarts", sum(|projection| projection.restarts));
    object.raw("projections", &list(&projections));
    object.bare("actors", actors);
    object.bare("journal", journal);
    let hub = api.ledger.hub();
    let mut feed = Object::new();
    feed.bare("subscribers", hub.members()).bare("reaped", hub.reaped()).bare("restarts", hub.restarts());
    object.raw("feed", &feed.into_string());
    Ok(HttpResponse::Ok().content_type("application/json").body(object.into_string()))
}

async fn projections(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    Ok(HttpResponse::Ok().content_type("application/json").body(list(&api.ledger.projections())))
}

fn list(projections: &[ProjectionStats]) -> String {
    let parts: Vec<String> = projections.iter().map(projection_json).collect();
    json::array(parts.iter().map(String::as_str))
}

fn projection_json(projection: &ProjectionStats) -> String {
    let mut object = Object::with_capacity(384);
    object.quoted("name", projection.name).quoted("state", projection.state.name());
    object.bare("checkpoint", projection.checkpoint);
    object.bare("lagEvents", projection.lag_events).bare("lagMs", projection.lag_ms);
    object.bare("totalProcessed", projection.processed);
    object.bare("eventsPerSecond", projection.events_per_second);
    object.bare("errors", projection.errors).bare("restarts", projection.restarts);
    match &projection.last_error {
        Some(words) => object.text("lastError", words),
        None => object.raw("lastError", "null"),
    };
    object.optional("poisonSequence", projection.poison);
    object.optional("generation", projection.generation);
    object.into_string()
}

async fn start_replay(
    api: Data<Api>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    body::none(&request, payload).await?;
    let replay = api.ledger.start_replay().map_err(|running| {
        Problem::new(Code::ReplayRunning, "a replay is under way")
            .text("replayId", &running.to_string())
            .header(header::LOCATION, location(running))
    })?;
    let mut object = Object::with_capacity(256);
    object.raw("success", "true");
    object.members_of(&replay_json(&replay));
    let mut response = HttpResponse::Accepted();
    response.insert_header((header::LOCATION, location(replay.id)));
    Ok(response.content_type("application/json").body(object.into_string()))
}

fn location(id: Uuid) -> header::HeaderValue {
    // A UUID and a path are visible ASCII.
    header::HeaderValue::try_from(format!("/replays/{id}"))
        .unwrap_or_else(|_| header::HeaderValue::from_static("/replays"))
}

async fn replay(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    let id = Uuid::parse_str(&path_part(&request, "replayId")).ok();
    let replay = id.and_then(|id| api.ledger.replay(id));
    let replay = replay.ok_or_else(|| Problem::new(Code::NotFound, "this process knows no such replay"))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(replay_json(&replay)))
}

fn replay_json(replay: &Replay) -> String {
    let mut object = Object::with_capacity(256);
    object.quoted("replayId", replay.id).quoted("state", replay.state.name());
    object.bare("done", replay.done).bare("total", replay.total);
    object.bare("eventsPerSecond", replay.events_per_second).bare("secondsLeft", replay.seconds_left);
    if let Some(words) = &replay.error {
        object.text("error", words);
    }
    object.into_string()
}

async fn pause(api: Data<Api>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    set_paused(&api, &request, payload, true).await
}

async fn resume(api: Data<Api>, request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    set_paused(&api, &request, payload, false).await
}

async fn set_paused(
    api: &Api,
    request: &HttpRequest,
    payload: Payload,
    paused: bool,
) -> Result<HttpResponse, Problem> {
    Params::read(request, &[], &[])?;
    body::none(request, payload).await?;
    let name = path_part(request, "name");
    if !api.ledger.set_paused(&name, paused) {
        let words = format!("there is no projection {name}");
        return Err(Problem::new(Code::ProjectionNotFound, words).text("projection", &name));
    }
    let mut object = Object::new();
    object.raw("success", "true").text("name", &name).bare("paused", paused);
    Ok(HttpResponse::Ok().content_type("application/json").body(object.into_string()))
}
