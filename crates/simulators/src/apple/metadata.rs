//! Metadata and keys — OIDC Discovery §3. There is no user information endpoint.

use axum::{extract::State, response::Response};
use serde_json::json;

use crate::{engine::Engine, web::json};

pub(super) async fn metadata(State(engine): State<Engine>) -> Response {
    let base = engine.base();
    json(
        200,
        &json!({
            "issuer": engine.issuer(),
            "authorization_endpoint": format!("{base}/auth/authorize"),
            "token_endpoint": format!("{base}/auth/token"),
            "revocation_endpoint": format!("{base}/auth/revoke"),
            "jwks_uri": format!("{base}/auth/keys"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "name"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "is_private_email", "iss", "nonce", "nonce_supported", "real_user_status", "sub", "transfer_sub"],
        }),
    )
}

pub(super) async fn keys(State(engine): State<Engine>) -> Response {
    json(200, &engine.key_set())
}
