//! OpenID Connect at Kakao: metadata, keys, ID token, user information — OIDC Core §2, §5.3.

use axum::{extract::State, response::Response};
use http::{HeaderMap, HeaderValue, header};
use mapae_protocol::{
    jose::{HeaderType, Unverified},
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use super::{
    api::Call,
    error::{ApiError, TokenError},
    user::gender,
};
use crate::{
    Person,
    engine::{Engine, Grant},
    web::{Body, json},
};

/// As Kakao publishes it: no `scopes_supported`, no revocation, no end of session.
pub(super) async fn metadata(State(engine): State<Engine>) -> Response {
    let base = engine.base();
    json(
        200,
        &json!({
            "issuer": engine.issuer(),
            "authorization_endpoint": format!("{base}/oauth/authorize"),
            "token_endpoint": format!("{base}/oauth/token"),
            "userinfo_endpoint": format!("{base}/v1/oidc/userinfo"),
            "jwks_uri": format!("{base}/.well-known/jwks.json"),
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "request_uri_parameter_supported": false,
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": ["iss", "aud", "sub", "auth_time", "exp", "iat", "nonce", "nickname", "picture", "email"],
        }),
    )
}

pub(super) async fn keys(State(engine): State<Engine>) -> Response {
    let mut response = json(200, &engine.key_set());
    let age = HeaderValue::from_static("public, max-age=86400");
    response.headers_mut().insert(header::CACHE_CONTROL, age);
    response
}

/// The e-mail is there only when it is valid and verified; no claim says so.
pub(super) fn id_token(engine: &Engine, grant: &Grant, now: Timestamp, life: i64) -> Option<String> {
    let (person, link) = engine.with(|world| {
        let person = world.people.get(&grant.person)?.clone();
        Some((person, world.link(&grant.client_id, &grant.person)?.clone()))
    })?;
    let mut claims = Map::new();
    claims.insert("aud".to_owned(), grant.client_id.clone().into());
    claims.insert("sub".to_owned(), person.id.clone().into());
    claims.insert("auth_time".to_owned(), grant.auth_time.unix().into());
    claims.insert("iss".to_owned(), engine.issuer().into());
    claims.insert("exp".to_owned(), (now.unix() + life).into());
    claims.insert("iat".to_owned(), now.unix().into());
    if let Some(nonce) = &grant.nonce {
        claims.insert("nonce".to_owned(), nonce.clone().into());
    }
    if link.allows("profile_nickname") {
        claims.insert("nickname".to_owned(), person.nickname.clone().into());
    }
    if link.allows("profile_image") {
        claims.insert("picture".to_owned(), engine.picture(&person.name, "110").into());
    }
    if link.allows("account_email")
        && is_verified(&person)
        && let Some(email) = &person.email
    {
        claims.insert("email".to_owned(), email.clone().into());
    }
    Some(engine.sign(HeaderType::Jwt, &claims))
}

const fn is_verified(person: &Person) -> bool {
    person.email_valid && person.email_verified
}

/// `GET /v1/oidc/userinfo`.
pub(super) async fn userinfo(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    let call = match Call::by_token(&engine, &headers) {
        Ok(call) => call,
        Err(error) => return error.respond(),
    };
    if !call.token.as_ref().is_some_and(|token| token.grant.openid) {
        return ApiError::ItemsMissing(vec!["openid".to_owned()]).respond();
    }
    json(200, &claims(&engine, &call))
}

fn claims(engine: &Engine, call: &Call) -> Map<String, Value> {
    let (person, link, mut claims) = (&call.person, &call.link, Map::new());
    let mut put = |item: &str, name: &str, value: Option<Value>| {
        if let Some(value) = value.filter(|_| link.allows(item)) {
            claims.insert(name.to_owned(), value);
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    put("name", "name", text(&person.full_name));
    put("profile_nickname", "nickname", Some(person.nickname.clone().into()));
    put("profile_image", "picture", Some(engine.picture(&person.name, "110").into()));
    put("account_email", "email", text(&person.email));
    put("account_email", "email_verified", person.email.as_ref().map(|_| is_verified(person).into()));
    let upper_case = engine.with(|world| world.facts.is("upper_case_gender"));
    let gender =
        gender(person).map(|gender| if upper_case { gender.to_uppercase() } else { gender.to_owned() });
    put("gender", "gender", gender.map(Value::from));
    put("phone_number", "phone_number", text(&person.phone));
    put("phone_number", "phone_number_verified", person.phone.as_ref().map(|_| true.into()));
    let year = person.birthyear.as_deref().filter(|_| link.allows("birthyear"));
    let day = person.birthday.as_deref().filter(|_| link.allows("birthday"));
    let day = day.and_then(|day| day.split_at_checked(2)).map(|(month, day)| format!("{month}-{day}"));
    let birthdate = match (year, day) {
        (Some(year), Some(day)) => Some(format!("{year}-{day}")),
        (None, Some(day)) => Some(format!("0000-{day}")),
        (Some(year), None) => Some(year.to_owned()),
        (None, None) => None,
    };
    claims.insert("sub".to_owned(), person.id.clone().into());
    if let Some(birthdate) = birthdate {
        claims.insert("birthdate".to_owned(), birthdate.into());
    }
    claims
}

/// `POST /oauth/tokeninfo`: for debugging only.
pub(super) async fn token_info(State(engine): State<Engine>, Body(sent): Body) -> Response {
    let Ok(Some(text)) = sent.one("id_token") else {
        return TokenError::IdToken("id_token is missing").respond(&engine);
    };
    let verified = Unverified::parse(text).and_then(|token| token.verify_with(&engine.key_set()));
    let claims = verified.ok().and_then(|token| token.claims::<Map<String, Value>>(&[]).ok());
    let Some(claims) = claims else {
        return TokenError::IdToken("id_token signature is invalid").respond(&engine);
    };
    let expires = claims.get("exp").and_then(Value::as_i64).unwrap_or_default();
    if expires <= engine.now().unix() {
        return TokenError::IdToken("id_token is expired").respond(&engine);
    }
    json(200, &claims)
}
