//! Metadata, keys and ID token of the OpenID Connect path — OIDC Core §2.

use axum::{extract::State, response::Response};
use http::{HeaderValue, header};
use mapae_protocol::{
    base64url,
    digest::sha256,
    id_token::at_hash,
    jose::{Algorithm, HeaderType},
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use super::pairwise;
use crate::{
    engine::{Engine, Grant},
    web::json,
};

/// As it was measured in 2026: no `email`, no refresh among the grant types.
pub(super) async fn metadata(State(engine): State<Engine>) -> Response {
    let base = engine.base();
    json(
        200,
        &json!({
            "issuer": engine.issuer(),
            "authorization_endpoint": format!("{base}/oauth2/authorize"),
            "token_endpoint": format!("{base}/oauth2/token"),
            "userinfo_endpoint": format!("{base}/v1/nid/me"),
            "jwks_uri": format!("{base}/oauth2/jwks"),
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile"],
            "grant_types_supported": ["authorization_code"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "none"],
            "code_challenge_methods_supported": ["S256"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }),
    )
}

pub(super) async fn keys(State(engine): State<Engine>) -> Response {
    let mut response = json(200, &engine.key_set());
    let age = HeaderValue::from_static("public, max-age=86400");
    response.headers_mut().insert(header::CACHE_CONTROL, age);
    response
}

pub(super) fn id_token(engine: &Engine, grant: &Grant, access: &str, now: Timestamp) -> Option<String> {
    let (person, facts) =
        engine.with(|world| Some((world.people.get(&grant.person)?.clone(), world.facts.clone())))?;
    let id = pairwise(&person, &grant.client_id);
    let subject = if facts.is("sub_equals_id") {
        id
    } else {
        base64url::encode(sha256(format!("sub {id}").as_bytes()))
    };
    let mut claims: Map<String, Value> = Map::new();
    claims.insert("iss".to_owned(), engine.issuer().into());
    claims.insert("aud".to_owned(), grant.client_id.clone().into());
    claims.insert("sub".to_owned(), subject.into());
    claims.insert("iat".to_owned(), now.unix().into());
    claims.insert("exp".to_owned(), now.plus(facts.seconds("access_token_seconds")).unix().into());
    claims.insert("auth_time".to_owned(), grant.auth_time.unix().into());
    claims.insert("at_hash".to_owned(), at_hash(Algorithm::Rs256, access).into());
    if let Some(nonce) = grant.nonce.as_ref().filter(|_| facts.is("echo_nonce")) {
        claims.insert("nonce".to_owned(), nonce.clone().into());
    }
    Some(engine.sign(HeaderType::Jwt, &claims))
}
