//! Metadata, keys and ID token — OIDC Core §2. The metadata names neither token nor user information endpoint.

use axum::{extract::State, response::Response};
use http::{HeaderValue, header};
use mapae_protocol::{
    id_token::at_hash,
    jose::{Algorithm, HeaderType},
    random,
    time::{Seconds, Timestamp},
};
use serde_json::{Map, Value, json};

use super::app_scoped_id;
use crate::{
    engine::{Engine, Grant},
    web::json,
};

pub(super) async fn metadata(State(engine): State<Engine>) -> Response {
    let base = engine.base();
    json(
        200,
        &json!({
            "issuer": engine.issuer(),
            "authorization_endpoint": format!("{base}/dialog/oauth/"),
            "jwks_uri": format!("{base}/.well-known/oauth/openid/jwks/"),
            "response_types_supported": ["id_token", "token id_token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["iss", "aud", "sub", "iat", "exp", "jti", "nonce", "at_hash", "name", "given_name", "middle_name", "family_name", "email", "picture"],
        }),
    )
}

pub(super) async fn keys(State(engine): State<Engine>) -> Response {
    let mut response = json(200, &engine.key_set());
    let age = HeaderValue::from_static("public, max-age=86400");
    response.headers_mut().insert(header::CACHE_CONTROL, age);
    response
}

/// There is no `email_verified`.
pub(super) fn id_token(engine: &Engine, grant: &Grant, access: &str, now: Timestamp) -> Option<String> {
    let (person, link) = engine.with(|world| {
        let person = world.people.get(&grant.person)?.clone();
        Some((person, world.link(&grant.client_id, &grant.person)?.clone()))
    })?;
    let mut claims: Map<String, Value> = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    put("iss", Some(engine.issuer().into()));
    put("aud", Some(grant.client_id.clone().into()));
    put("sub", Some(app_scoped_id(&person, &grant.client_id).into()));
    put("iat", Some(now.unix().into()));
    put("exp", Some(now.plus(Seconds::hours(1)).unix().into()));
    put("jti", Some(random::text::<12>().into()));
    put("nonce", grant.nonce.clone().map(Value::from));
    put("at_hash", Some(at_hash(Algorithm::Rs256, access).into()));
    put("name", person.full_name.clone().map(Value::from));
    put("given_name", person.given_name.clone().map(Value::from));
    put("family_name", person.family_name.clone().map(Value::from));
    put("picture", Some(engine.picture(&person.name, "100").into()));
    let email = person.email.filter(|_| person.email_verified && link.allows("email"));
    put("email", email.map(Value::from));
    Some(engine.sign(HeaderType::Jwt, &claims))
}
