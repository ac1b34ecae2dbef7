//! The settings that the process runs with, for whoever looks at the dashboard: what `bursar config` prints.

use actix_web::web::{Data, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use domain::json::{self, Object};

use crate::Api;
use crate::params::Params;
use crate::problem::Problem;

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config.service(crate::get("/config", shown));
}

async fn shown(api: Data<Api>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    Params::read(&request, &[], &[])?;
    let line = |setting: &crate::Setting| {
        let mut object = Object::new();
        object.quoted("name", setting.name).text("value", &setting.value).text("source", &setting.source);
        object.into_string()
    };
    let lines: Vec<String> = api.settings.config.iter().map(line).collect();
    let body = json::array(lines.iter().map(String::as_str));
    Ok(HttpResponse::Ok().content_type("application/json").body(body))
}
