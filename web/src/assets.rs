//! What browsers load: the dashboard's files, in the program when it is a release and read from the source folder when it
//! is not, and the interface's description. Whoever takes it compressed gets it so; it is compressed once.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::Write as _;
use std::sync::{Arc, LazyLock};

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::Mutex;

use crate::params::has_it;
use crate::problem::{Problem, method_not_allowed};

/// Scripts, styles and connections from this origin only; no plug-ins, no frames.
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                           frame-ancestors 'none'";
/// Below this, compressing saves no packet.
const COMPRESSED_FROM_BYTES: usize = 1024;
/// Files in memory at most; more there are only while somebody edits them.
const FILES_MAX: usize = 256;

#[derive(rust_embed::RustEmbed)]
#[folder = "dashboard/"]
struct Dashboard;

/// Files that were asked for, by the hash of what is in them.
static FILES: LazyLock<Mutex<HashMap<[u8; 32], Arc<Document>>>> = LazyLock::new(Mutex::default);

/// A text with its tag, as it is and compressed.
pub(crate) struct Document {
    etag: String,
    media: String,
    plain: Bytes,
    gzip: Option<Bytes>,
}

impl Document {
    pub(crate) fn new(media: &str, plain: Vec<u8>) -> Self {
        let mut hasher = DefaultHasher::new();
        plain.hash(&mut hasher);
        // Weak: the same text goes out in two encodings.
        let etag = format!("W/\"{:016x}\"", hasher.finish());
        let gzip = (plain.len() >= COMPRESSED_FROM_BYTES).then(|| compressed(&plain)).flatten();
        Self { etag, media: media.to_owned(), plain: plain.into(), gzip }
    }

    /// The answer with it, in an encoding that the client takes; without it, if the client has it.
    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.insert_header((header::CACHE_CONTROL, "no-cache"));
        response.insert_header((header::VARY, "Accept-Encoding"));
        response.insert_header((header::ETAG, self.etag.as_str()));
        if has_it(request, &self.etag) {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.content_type(self.media.as_str());
        match self.gzip.clone().filter(|_| takes_gzip(request)) {
            Some(gzip) => response.insert_header((header::CONTENT_ENCODING, "gzip")).body(gzip),
            None => response.body(self.plain.clone()),
        }
    }
}

fn compressed(plain: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok().filter(|gzip| gzip.len() < plain.len()).map(Bytes::from)
}

/// Whether `Accept-Encoding` names gzip, and not to say that it is not taken.
fn takes_gzip(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.is_some_and(|accepted| {
        accepted.split(',').any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            let refused =
                weight.trim().strip_prefix("q=").is_some_and(|weight| weight.parse() == Ok(0.0_f32));
            name.trim().eq_ignore_ascii_case("gzip") && !refused
        })
    })
}

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
    let hash = file.metadata.sha256_hash();
    let known = FILES.lock().get(&hash).cloned();
    let document = known.unwrap_or_else(|| {
        let mime = file.metadata.mimetype();
        let text = mime.starts_with("text/");
        let media = if text { format!("{mime}; charset=utf-8") } else { mime.to_owned() };
        let document = Arc::new(Document::new(&media, file.data.into_owned()));
        let mut files = FILES.lock();
        if files.len() >= FILES_MAX {
            files.clear();
        }
        files.insert(hash, Arc::clone(&document));
        document
    });
    let mut response = document.answer(request);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, header::HeaderValue::from_static(PAGE_POLICY));
    headers.insert(header::REFERRER_POLICY, header::HeaderValue::from_static("no-referrer"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use actix_web::test::TestRequest;

    use super::*;

    fn asked(path: &str, encodings: &str) -> HttpResponse {
        let request = TestRequest::get().uri(path).insert_header((header::ACCEPT_ENCODING, encodings));
        serve(&request.to_http_request()).expect("a file")
    }

    async fn body(response: HttpResponse) -> Bytes {
        actix_web::body::to_bytes(response.into_body()).await.expect("a body")
    }

    #[actix_web::test]
    async fn a_file_goes_out_compressed_to_whoever_takes_it() {
        let plain = asked("/vendor.js", "identity");
        assert!(!plain.headers().contains_key(header::CONTENT_ENCODING));
        let plain = body(plain).await;
        let response = asked("/vendor.js", "br, gzip;q=0.8");
        assert_eq!(response.headers().get(header::CONTENT_ENCODING).expect("an encoding"), "gzip");
        assert_eq!(response.headers().get(header::VARY).expect("a difference"), "Accept-Encoding");
        let gzip = body(response).await;
        assert!(gzip.len() < plain.len() / 2, "{} of {}", gzip.len(), plain.len());
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut unpacked).expect("gzip");
        assert_eq!(unpacked, plain);
        let refused = asked("/vendor.js", "gzip;q=0, br");
        assert!(!refused.headers().contains_key(header::CONTENT_ENCODING));
    }

    #[actix_web::test]
    async fn a_file_that_the_client_has_is_not_sent_again() {
        let first = asked("/style.css", "gzip");
        let tag = first.headers().get(header::ETAG).expect("a tag").clone();
        let request = TestRequest::get().uri("/style.css").insert_header((header::IF_NONE_MATCH, tag));
        let response = serve(&request.to_http_request()).expect("a file");
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert!(body(response).await.is_empty());
    }

    /// What a browser loads to show the first page, as it is transferred.
    #[actix_web::test]
    async fn the_whole_dashboard_is_small() {
        let loaded = Dashboard::iter().filter(|path| !path.ends_with(".d.ts") && !path.starts_with("docs"));
        let mut bytes = 0;
        for path in loaded {
            bytes += body(asked(&format!("/{path}"), "gzip")).await.len();
        }
        assert!(bytes < 200 * 1024, "{bytes} bytes");
    }
}
