//! The dashboard's files: in the program when it is a release, read from the source folder when it is not.

use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse};

use crate::problem::{Problem, method_not_allowed};

/// Scripts, styles and connections from this origin only; no plug-ins, no frames.
const PAGE_POLICY: &str =
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

#[derive(rust_embed::RustEmbed)]
#[folder = "dashboard/"]
struct Dashboard;

/// A file of the dashboard, by its path; the page for the root, the API's page for `/docs`.
pub(crate) fn serve(request: &HttpRequest) -> Result<HttpResponse, Problem> {
    let path = request.path().trim_start_matches('/');
    let path = match path {
        "" => "index.html",
        "docs" => "docs.html",
        path => path,
    };
    let file = Dashboard::get(path).ok_or_else(|| Problem::not_found(request.path()))?;
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(method_not_allowed("GET, HEAD"));
    }
    let etag = etag(&file.metadata.sha256_hash());
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-cache"));
    response.insert_header((header::CONTENT_SECURITY_POLICY, PAGE_POLICY));
    response.insert_header((header::REFERRER_POLICY, "no-referrer"));
    let asked = request.headers().get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if asked.is_some_and(|asked| asked.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED);
        return Ok(response.insert_header((header::ETAG, etag)).finish());
    }
    let mime = file.metadata.mimetype();
    let mime = if mime.starts_with("text/") { format!("{mime}; charset=utf-8") } else { mime.to_owned() };
    Ok(response.insert_header((header::ETAG, etag)).content_type(mime).body(file.data.into_owned()))
}

fn etag(hash: &[u8; 32]) -> String {
    let mut etag = String::with_capacity(34);
    etag.push('"');
    for byte in &hash[..16] {
        etag.push_str(&format!("{byte:02x}"));
    }
    etag.push('"');
    etag
}
