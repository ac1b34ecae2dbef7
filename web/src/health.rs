//! What a supervisor asks of a process: does it live, is it ready, what does it count.

use actix_web::http::StatusCode;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpResponse, ResponseError as _};

use crate::Api;
use crate::problem::Problem;

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(crate::get("/livez", livez))
        .service(crate::get("/health", health))
        .service(crate::get("/readyz", readyz))
        .service(crate::get("/metrics", metrics));
}

/// The process answers.
async fn livez() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(r#"{"status":"alive"}"#)
}

/// The demo's own.
async fn health() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(r#"{"status":"healthy"}"#)
}

/// The process can do its work: the stores are really asked.
async fn readyz(api: Data<Api>) -> HttpResponse {
    match api.ledger.ready().await {
        Ok(()) => HttpResponse::Ok().content_type("application/json").body(r#"{"status":"ready"}"#),
        Err(reason) => {
            let problem = Problem::from(reason);
            debug_assert_eq!(problem.status_code(), StatusCode::SERVICE_UNAVAILABLE);
            problem.error_response()
        }
    }
}

async fn metrics(api: Data<Api>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(api.metrics.render())
}
