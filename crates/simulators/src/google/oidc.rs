//! Metadata, keys, ID token and token information — OIDC Core §2, OIDC Discovery §3.

use axum::{extract::State, response::Response};
use http::{HeaderValue, header};
use mapae_protocol::{
    id_token::at_hash,
    jose::{Algorithm, HeaderType, Unverified},
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use super::{error::unknown_token, scope, userinfo::profile};
use crate::{
    engine::{Engine, Grant, TokenState},
    web::{Query, json},
};

pub(super) async fn metadata(State(engine): State<Engine>) -> Response {
    let base = engine.base();
    json(
        200,
        &json!({
            "issuer": engine.issuer(),
            "authorization_endpoint": format!("{base}/o/oauth2/v2/auth"),
            "token_endpoint": format!("{base}/token"),
            "userinfo_endpoint": format!("{base}/v1/userinfo"),
            "revocation_endpoint": format!("{base}/revoke"),
            "jwks_uri": format!("{base}/oauth2/v3/certs"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "picture", "sub"],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "authorization_response_iss_parameter_supported": true,
        }),
    )
}

pub(super) async fn keys(State(engine): State<Engine>) -> Response {
    let mut response = json(200, &engine.key_set());
    let age = HeaderValue::from_static("public, max-age=21600, must-revalidate");
    response.headers_mut().insert(header::CACHE_CONTROL, age);
    response
}

pub(super) fn id_token(engine: &Engine, grant: &Grant, access: &str, now: Timestamp) -> Option<String> {
    let (person, facts) =
        engine.with(|world| Some((world.people.get(&grant.person)?.clone(), world.facts.clone())))?;
    let mut claims = profile(engine, &person, &grant.scope);
    let issuer = engine.issuer();
    let issuer = if facts.is("issuer_without_scheme") { bare(issuer) } else { issuer };
    claims.insert("iss".to_owned(), issuer.into());
    claims.insert("azp".to_owned(), grant.client_id.clone().into());
    claims.insert("aud".to_owned(), grant.client_id.clone().into());
    claims.insert("at_hash".to_owned(), at_hash(Algorithm::Rs256, access).into());
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".to_owned(), nonce.clone().into());
    }
    claims.insert("iat".to_owned(), now.unix().into());
    claims.insert("exp".to_owned(), now.plus(facts.seconds("id_token_seconds")).unix().into());
    Some(engine.sign(HeaderType::Jwt, &claims))
}

fn bare(issuer: &str) -> &str {
    issuer.split_once("://").map_or(issuer, |(_, bare)| bare)
}

/// `GET /tokeninfo`, for debugging: every value comes back as a string.
pub(super) async fn token_info(State(engine): State<Engine>, Query(sent): Query) -> Response {
    let field = |name| sent.one(name).ok().flatten();
    let now = engine.now();
    let members = match (field("id_token"), field("access_token")) {
        (Some(text), None) => {
            let verified = Unverified::parse(text).and_then(|token| token.verify_with(&engine.key_set()));
            let claims = verified.ok().and_then(|token| token.claims::<Map<String, Value>>(&[]).ok());
            claims.filter(|claims| claims.get("exp").and_then(Value::as_i64) > Some(now.unix()))
        }
        (None, Some(text)) => engine.with(|world| match world.access(text, now) {
            TokenState::Alive(token) => {
                let mut members = Map::new();
                members.insert("azp".to_owned(), token.grant.client_id.clone().into());
                members.insert("aud".to_owned(), token.grant.client_id.clone().into());
                let sub = world.people.get(&token.grant.person).map(|person| person.id.clone());
                members.insert("sub".to_owned(), sub.unwrap_or_default().into());
                members.insert("scope".to_owned(), scope::long(&token.grant.scope).into());
                members.insert("exp".to_owned(), token.expires_at.unix().into());
                members.insert("expires_in".to_owned(), (token.expires_at.unix() - now.unix()).into());
                members.insert("iat".to_owned(), token.issued_at.unix().into());
                Some(members)
            }
            TokenState::Expired | TokenState::Unknown => None,
        }),
        _ => None,
    };
    match members {
        None => unknown_token("Invalid Value"),
        Some(members) => {
            json(200, &members.into_iter().map(|(name, value)| (name, as_text(value))).collect::<Map<_, _>>())
        }
    }
}

fn as_text(value: Value) -> Value {
    match value {
        Value::String(text) => text.into(),
        other => other.to_string().into(),
    }
}
