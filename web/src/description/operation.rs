//! One operation of the OpenAPI document, put together part by part.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{Code, Problem};

/// An operation under way.
pub(super) struct Operation {
    members: Map<String, Value>,
    parameters: Vec<Value>,
    responses: Map<String, Value>,
    refusals: Vec<Code>,
}

/// A schema of the components.
pub(super) fn named(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// A list of what a schema of the components is.
pub(super) fn list_of(schema: &str) -> Value {
    json!({"type": "array", "items": named(schema)})
}

impl Operation {
    /// On the facade of that tag; the id is its name in generated clients.
    pub(super) fn new(tag: &str, id: &str, summary: &str) -> Self {
        let mut members = Map::new();
        members.insert("tags".to_owned(), json!([tag]));
        members.insert("operationId".to_owned(), json!(id));
        members.insert("summary".to_owned(), json!(summary));
        Self {
            members,
            parameters: Vec::new(),
            responses: Map::new(),
            refusals: vec![Code::Forbidden, Code::InternalError],
        }
    }

    /// Answered to whatever host and origin.
    pub(super) fn for_everybody(mut self) -> Self {
        self.refusals.retain(|code| *code != Code::Forbidden);
        self
    }

    pub(super) fn description(mut self, words: &str) -> Self {
        self.members.insert("description".to_owned(), json!(words));
        self
    }

    fn parameter(mut self, place: &str, name: &str, schema: &Value, words: &str) -> Self {
        let required = place == "path";
        self.parameters.push(
            json!({"name": name, "in": place, "required": required, "description": words, "schema": schema}),
        );
        self
    }

    pub(super) fn path(self, name: &str, schema: &Value, words: &str) -> Self {
        self.parameter("path", name, schema, words)
    }

    /// A parameter of the query; that it is none of those known is an `invalid-field`.
    pub(super) fn query(self, name: &str, schema: &Value, words: &str) -> Self {
        self.parameter("query", name, schema, words)
    }

    pub(super) fn header(self, name: &str, schema: &Value, words: &str) -> Self {
        self.parameter("header", name, schema, words)
    }

    /// A JSON body.
    pub(super) fn body(mut self, schema: &str, example: &Value) -> Self {
        let media = json!({"schema": named(schema), "example": example});
        self.members.insert(
            "requestBody".to_owned(),
            json!({"required": true, "content": {"application/json": media}}),
        );
        self
    }

    /// An answer in a media type; a second one of the same status adds its media type.
    pub(super) fn answer_as(mut self, status: u16, media: &str, schema: &Value, words: &str) -> Self {
        let answer = self.responses.entry(status.to_string()).or_insert_with(|| json!({"content": {}}));
        answer["description"] = json!(words);
        answer["content"][media] = json!({"schema": schema});
        self
    }

    /// An answer in JSON.
    pub(super) fn answer(self, status: u16, schema: &Value, words: &str) -> Self {
        self.answer_as(status, "application/json", schema, words)
    }

    /// An answer without a body.
    pub(super) fn nothing(mut self, status: u16, words: &str) -> Self {
        self.responses.insert(status.to_string(), json!({"description": words}));
        self
    }

    /// A header of an answer that was described before.
    pub(super) fn told_by(mut self, status: u16, header: &str, schema: &Value, words: &str) -> Self {
        if let Some(answer) = self.responses.get_mut(&status.to_string()) {
            answer["headers"][header] = json!({"description": words, "schema": schema});
        }
        self
    }

    /// The problems that it is refused with, beside those that every operation has.
    pub(super) fn refused(mut self, codes: &[Code]) -> Self {
        self.refusals.extend(codes);
        self
    }

    pub(super) fn finish(mut self) -> Value {
        let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
        for code in &self.refusals {
            by_status.entry(code.row().status.as_u16()).or_default().push(*code);
        }
        for (status, codes) in by_status {
            self.responses.insert(status.to_string(), refusal(&codes));
        }
        if !self.parameters.is_empty() {
            self.members.insert("parameters".to_owned(), Value::Array(self.parameters));
        }
        self.members.insert("responses".to_owned(), Value::Object(self.responses));
        Value::Object(self.members)
    }
}

/// The answer with problems of one status: the schema they share, and the example of each.
fn refusal(codes: &[Code]) -> Value {
    let names: Vec<&str> = codes.iter().map(|code| code.name()).collect();
    let example = |name: &&str| {
        let reference = json!({"$ref": format!("#/components/examples/{name}")});
        ((*name).to_owned(), reference)
    };
    let examples: Map<String, Value> = names.iter().map(example).collect();
    let titles: Vec<&str> = codes.iter().map(|code| code.row().title).collect();
    let schema = json!({"allOf": [named("Problem"), {"properties": {"code": {"enum": names}}}]});
    let mut answer = json!({
        "description": titles.join("; "),
        "content": {"application/problem+json": {"schema": schema, "examples": examples}},
    });
    if codes.iter().any(|code| code.row().status == StatusCode::SERVICE_UNAVAILABLE) {
        answer["headers"]["Retry-After"] = json!({"description": "Seconds.", "schema": {"type": "integer"}});
    }
    answer
}

/// An example of each problem, by its code.
pub(super) fn problems() -> Value {
    let example = |code: Code| {
        let row = code.row();
        let problem: Value = serde_json::from_str(&Problem::new(code, row.title).json()).unwrap_or_default();
        (row.name.to_owned(), json!({"summary": row.title, "description": row.advice, "value": problem}))
    };
    Code::ALL.into_iter().map(example).collect()
}
