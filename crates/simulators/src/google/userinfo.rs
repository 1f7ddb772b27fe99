//! What is told about a person — OIDC Core §5.3.2.

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde_json::{Map, Value};

use super::error::bad_token;
use crate::{
    Person,
    engine::{Engine, TokenState},
    web::{bearer, json},
};

/// The claims that these scopes give.
pub(super) fn profile(engine: &Engine, person: &Person, scope: &BTreeSet<String>) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), person.id.clone().into());
    let mut put = |needs: &str, name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|_| scope.contains(needs)) {
            claims.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    put("profile", "name", text(&person.full_name));
    put("profile", "given_name", text(&person.given_name));
    put("profile", "family_name", text(&person.family_name));
    put("profile", "picture", person.picture.then(|| engine.picture(&person.name, "96").into()));
    put("email", "email", text(&person.email));
    put("email", "email_verified", person.email.as_ref().map(|_| person.email_verified.into()));
    put("email", "hd", text(&person.hosted_domain));
    claims
}

fn read(engine: &Engine, headers: &HeaderMap) -> Option<Map<String, Value>> {
    let text = bearer::token(headers)?;
    let now = engine.now();
    let (person, scope) = engine.with(|world| {
        let TokenState::Alive(token) = world.access(text, now) else { return None };
        Some((world.people.get(&token.grant.person)?.clone(), token.grant.scope))
    })?;
    Some(profile(engine, &person, &scope))
}

/// `/v1/userinfo` and `/oauth2/v3/userinfo`.
pub(super) async fn claims(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    read(&engine, &headers).map_or_else(bad_token, |claims| json(200, &claims))
}

/// `/oauth2/v2/userinfo`, with the names of before OpenID Connect.
pub(super) async fn legacy(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    let Some(mut claims) = read(&engine, &headers) else { return bad_token() };
    for (name, former) in [("sub", "id"), ("email_verified", "verified_email")] {
        if let Some(value) = claims.remove(name) {
            claims.insert(former.to_owned(), value);
        }
    }
    json(200, &claims)
}
