//! The interface described for machines: OpenAPI of the routes and AsyncAPI of the live feed, made from the same tables
//! that the answers are made from, and compared with the routes by a test.

mod asyncapi;
mod commands;
mod openapi;
mod operation;
mod schemas;

use std::sync::LazyLock;

use actix_web::HttpRequest;
use actix_web::web::ServiceConfig;
use serde_json::Value;

use crate::assets::Document;

static OPENAPI: LazyLock<String> = LazyLock::new(|| text(&openapi::document()));
static ASYNCAPI: LazyLock<String> = LazyLock::new(|| text(&asyncapi::document()));
static OPENAPI_FILE: LazyLock<Document> = LazyLock::new(|| file(&OPENAPI));
static ASYNCAPI_FILE: LazyLock<Document> = LazyLock::new(|| file(&ASYNCAPI));

/// The paths of this file.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .service(crate::get("/openapi.json", async |request: HttpRequest| OPENAPI_FILE.answer(&request)))
        .service(crate::get("/asyncapi.json", async |request: HttpRequest| ASYNCAPI_FILE.answer(&request)));
}

/// The OpenAPI 3.1 document of every route, as JSON.
pub fn openapi() -> &'static str {
    &OPENAPI
}

fn file(text: &str) -> Document {
    Document::new("application/json", text.as_bytes().to_vec())
}

fn text(document: &Value) -> String {
    let mut text = format!("{document:#}");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::Code;

    /// Paths that are a WebSocket's.
    const SOCKETS: [&str; 2] = ["/", "/ws"];

    fn sources(folder: &Path, texts: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, texts);
            } else {
                texts.push(std::fs::read_to_string(&path).expect("a source"));
            }
        }
    }

    /// What the sources register, as (method, path).
    fn registered() -> BTreeSet<(String, String)> {
        let mut texts = Vec::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
        let commands = crate::commands::COMMANDS.iter();
        let mut found: BTreeSet<_> =
            commands.map(|(name, _)| ("post".to_owned(), format!("/commands/{name}"))).collect();
        for text in texts {
            for method in ["get", "post"] {
                for (at, opening) in text.match_indices(&format!("{method}(\"/")) {
                    let path = text[at + opening.len() - 1..].split('"').next().expect("a path");
                    found.insert((method.to_owned(), path.to_owned()));
                }
            }
        }
        found
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let document: Value = serde_json::from_str(openapi()).expect("JSON");
        let paths = document["paths"].as_object().expect("paths");
        let described: BTreeSet<(String, String)> = paths
            .iter()
            .flat_map(|(path, methods)| {
                let methods = methods.as_object().expect("methods").keys();
                methods.map(move |method| (method.clone(), path.clone()))
            })
            .collect();
        let mut registered = registered();
        registered.retain(|(_, path)| !SOCKETS.contains(&path.as_str()));
        assert_eq!(described, registered);
        assert!(described.len() > 25, "the routes were not found");
    }

    #[test]
    fn every_socket_is_described_and_nothing_else() {
        let document: Value = serde_json::from_str(&ASYNCAPI).expect("JSON");
        let channels = document["channels"].as_object().expect("channels").values();
        let described: BTreeSet<&str> =
            channels.map(|channel| channel["address"].as_str().expect("an address")).collect();
        assert_eq!(described, BTreeSet::from(["/", "/ws", "/events/live"]));
        assert!(registered().contains(&("get".to_owned(), "/ws".to_owned())));
    }

    /// By its code, at its status; the examples are made from the table of codes.
    #[test]
    fn every_problem_is_described_where_it_comes() {
        let document: Value = serde_json::from_str(openapi()).expect("JSON");
        let mut described = BTreeSet::new();
        let operations = document["paths"].as_object().expect("paths").values();
        for operation in operations.flat_map(|methods| methods.as_object().expect("methods").values()) {
            for (status, answer) in operation["responses"].as_object().expect("answers") {
                let Some(problem) = answer["content"].get("application/problem+json") else { continue };
                for (name, example) in problem["examples"].as_object().expect("examples") {
                    let example = example["$ref"].as_str().expect("a reference").trim_start_matches('#');
                    let value = &document.pointer(example).expect("an example")["value"];
                    assert_eq!((value["status"].to_string(), &value["code"]), (status.clone(), &json!(name)));
                    described.insert(name.clone());
                }
            }
        }
        // These two don't belong to a route: the method that it doesn't take, and the socket that it isn't.
        described.extend([Code::MethodNotAllowed.name().to_owned(), Code::UpgradeRequired.name().to_owned()]);
        let all: BTreeSet<String> = Code::ALL.iter().map(|code| code.name().to_owned()).collect();
        assert_eq!(described, all);
    }

    /// A reference that leads nowhere, and a part that nothing refers to.
    #[test]
    fn every_reference_leads_somewhere() {
        for text in [openapi(), &ASYNCAPI] {
            let document: Value = serde_json::from_str(text).expect("JSON");
            let mut found = BTreeSet::new();
            references(&document, &mut found);
            for reference in &found {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
            for name in document["components"]["schemas"].as_object().expect("schemas").keys() {
                assert!(found.contains(&format!("#/components/schemas/{name}")), "nothing needs {name}");
            }
        }
    }

    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
