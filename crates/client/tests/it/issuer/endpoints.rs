//! What the issuer answers.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use mapae_protocol::base64url;
use serde_json::{Value, json};

use super::{
    Inner,
    behaviour::{Form, Hit, Reply},
};

const DISCOVERY: &str = "/.well-known/openid-configuration";

pub(super) fn router() -> Router<Arc<Inner>> {
    Router::new()
        .route(DISCOVERY, get(metadata))
        .route("/jwks", get(jwks))
        .route("/auth/keys", get(jwks))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/token", post(token))
        .route("/par", post(pushed))
        .route("/revoke", post(revoked))
        .route("/userinfo", get(user_info))
}

async fn metadata(State(issuer): State<Arc<Inner>>, uri: Uri, headers: HeaderMap) -> Response {
    if let Some(reply) = issuer.note(Hit::of(DISCOVERY, &uri, &headers, Form::default())).await {
        return reply.given().await;
    }
    let url = &issuer.url;
    let document = json!({
        "issuer": url, "authorization_endpoint": format!("{url}/authorize"), "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"), "userinfo_endpoint": format!("{url}/userinfo"),
        "response_types_supported": ["code"], "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
    });
    Json(issuer.edited(document, |behaviour| behaviour.metadata.clone())).into_response()
}

async fn jwks(State(issuer): State<Arc<Inner>>, uri: Uri, headers: HeaderMap) -> Response {
    if let Some(reply) = issuer.note(Hit::of("/jwks", &uri, &headers, Form::default())).await {
        return reply.given().await;
    }
    let keys = issuer.published.lock().unwrap().clone();
    Json(json!({ "keys": keys })).into_response()
}

async fn token(
    State(issuer): State<Arc<Inner>>,
    uri: Uri,
    headers: HeaderMap,
    axum::Form(form): axum::Form<Form>,
) -> Response {
    if let Some(reply) = issuer.note(Hit::of("/token", &uri, &headers, form.clone())).await {
        return reply.given().await;
    }
    if form["grant_type"] != "refresh_token" {
        return issuer.redeem(&form).map_or_else(refusal, |tokens| Json(tokens).into_response());
    }
    if let Some(time) = issuer.behaviour(|behaviour| behaviour.slow_nonces) {
        tokio::time::sleep(time).await;
        let proof = headers["dpop"].to_str().unwrap().split('.').nth(1).unwrap();
        let proof: Value = serde_json::from_slice(&base64url::decode(proof).unwrap()).unwrap();
        if proof["nonce"] != "n1" {
            return ([("dpop-nonce", "n1")], refusal("use_dpop_nonce")).into_response();
        }
    }
    let refreshed = issuer.refresh(&form);
    issuer.arrived.add_permits(1);
    let gate = issuer.behaviour(|behaviour| behaviour.gate.clone());
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
    let lost = issuer.behaviour(|behaviour| {
        let lost = behaviour.lost_answers > 0;
        behaviour.lost_answers = behaviour.lost_answers.saturating_sub(1);
        lost
    });
    if lost {
        return Reply::Broken.given().await;
    }
    refreshed.map_or_else(refusal, |tokens| Json(tokens).into_response())
}

async fn pushed(
    State(issuer): State<Arc<Inner>>,
    uri: Uri,
    headers: HeaderMap,
    axum::Form(form): axum::Form<Form>,
) -> Response {
    if let Some(reply) = issuer.note(Hit::of("/par", &uri, &headers, form)).await {
        return reply.given().await;
    }
    let said = json!({ "request_uri": "urn:ietf:params:oauth:request_uri:1", "expires_in": 60 });
    (StatusCode::CREATED, Json(said)).into_response()
}

async fn revoked(
    State(issuer): State<Arc<Inner>>,
    uri: Uri,
    headers: HeaderMap,
    axum::Form(form): axum::Form<Form>,
) -> Response {
    match issuer.note(Hit::of("/revoke", &uri, &headers, form)).await {
        Some(reply) => reply.given().await,
        None => StatusCode::OK.into_response(),
    }
}

async fn user_info(State(issuer): State<Arc<Inner>>, uri: Uri, headers: HeaderMap) -> Response {
    if let Some(reply) = issuer.note(Hit::of("/userinfo", &uri, &headers, Form::default())).await {
        return reply.given().await;
    }
    let token = headers[header::AUTHORIZATION].to_str().unwrap().split_once(' ').unwrap().1;
    let subject = issuer.subjects.lock().unwrap().get(token).cloned();
    let Some(subject) = subject else { return StatusCode::UNAUTHORIZED.into_response() };
    let claims = json!({
        "sub": subject, "name": "김마패", "email": "same@example.com", "email_verified": true,
    });
    Json(issuer.edited(claims, |behaviour| behaviour.user_info.clone())).into_response()
}

fn refusal(code: &str) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": code }))).into_response()
}
