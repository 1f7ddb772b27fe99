//! Answers of token endpoints that are not quite those of RFC 6749 §5, made so.

use mapae_protocol::{strict_json, token::TokenResponse};
use serde_json::{Map, Value};

use crate::definition::Schema;

/// An answer as RFC 6749 §5.1 has it. What a definition does not name is not mended, so that a broken answer is seen.
pub(crate) fn mended(body: &[u8], schema: &Schema) -> Vec<u8> {
    let (texts, separator) = (schema.token.numbers_as_texts, schema.token.separator.as_deref());
    if !texts && separator.is_none() {
        return body.to_vec();
    }
    let Some(mut answer) = object(body) else { return body.to_vec() };
    if texts && let Some(Value::String(text)) = answer.get("expires_in") {
        let number = text.parse::<u32>().map(Value::from);
        answer.extend(number.map(|number| ("expires_in".to_owned(), number)));
    }
    if let (Some(separator), Some(Value::String(scope))) = (separator, answer.get("scope")) {
        let scopes: Vec<&str> =
            scope.split(separator).map(str::trim).filter(|scope| !scope.is_empty()).collect();
        match scopes.as_slice() {
            [] => drop(answer.remove("scope")),
            _ => drop(answer.insert("scope".to_owned(), scopes.join(" ").into())),
        }
    }
    serde_json::to_vec(&answer).unwrap_or_else(|_| body.to_vec())
}

/// An answer that is an error although its status says success; `None` if it is none.
pub(crate) fn error_with_success(body: &[u8], schema: &Schema) -> Option<Value> {
    let answer = object(body).filter(|_| schema.token.errors_with_success)?;
    answer.contains_key("error").then_some(Value::Object(answer))
}

/// The object in a body, read as strictly as any other answer.
pub(super) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    strict_json::parse_object(body, TokenResponse::MAX_BYTES).ok()
}
