//! Members of a JWT that are the parameters of a request or of an answer — RFC 9101 §4, JARM §2.1.

use serde_json::{Map, Value};

use crate::{
    params::{Limits, Params},
    strict_json,
};

/// What is `said`, but for the claims `about` the token: text and numbers as they are, objects as JSON, lists as repeated
/// parameters. `None`: a value that no parameter can have, or too many of them.
pub(super) fn parameters(said: &Map<String, Value>, about: &[&str]) -> Option<Params> {
    if strict_json::holds_nul(said) {
        return None;
    }
    let mut fields: Vec<(&str, String)> = Vec::new();
    for (name, value) in said.iter().filter(|(name, _)| !about.contains(&name.as_str())) {
        let values = match value {
            Value::Array(items) => items.as_slice(),
            single => std::slice::from_ref(single),
        };
        for value in values {
            fields.push((name, text(value)?));
        }
    }
    (fields.len() <= Limits::REQUEST.fields).then(|| fields.into_iter().collect())
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Object(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) => None,
    }
}
