//! What a supervisor asks of a process: does it live, is it ready, what does it count.

use actix_web::http::StatusCode;
use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};

use crate::problem::Problem;
use crate::{Api, Connection, Facade};

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

/// The process can do the work of that port: the stores that it needs are really asked.
async fn readyz(api: Data<Api>, request: HttpRequest) -> HttpResponse {
    let facade = request.conn_data::<Connection>().map(|connection| connection.facade);
    let ready = match facade {
        Some(Facade::Commands | Facade::Events) => api.ledger.log_ready().await,
        Some(Facade::Dashboard | Facade::Queries | Facade::Projections) | None => api.ledger.ready().await,
    };
    match ready {
        Ok(()) => HttpResponse::Ok().content_type("application/json").body(r#"{"status":"ready"}"#),
        Err(reason) => {
            let problem = Problem::from(reason);
            debug_assert_eq!(problem.status_code(), StatusCode::SERVICE_UNAVAILABLE);
            problem.error_response()
        }
    }
}

async fn metrics(api: Data<Api>) -> HttpResponse {
    api.ledger.measure();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(api.metrics.render())
}
