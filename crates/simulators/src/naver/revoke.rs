//! `POST /oauth2.0/revoke` — RFC 7009 §2.1, §2.2: the pair dies, and so does the connection.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use serde_json::json;

use crate::{
    engine::{Engine, TokenState},
    web::{Body, json},
};

pub(super) async fn revoke(State(engine): State<Engine>, Body(sent): Body) -> Response {
    let refuse = |status, error: &str| json(status, &json!({ "error": error, "error_description": error }));
    let field = |name| sent.one(name).ok().flatten();
    let (Some(client_id), Some(secret), Some(token)) =
        (field("client_id"), field("client_secret"), field("token"))
    else {
        return refuse(400, "invalid_request");
    };
    if !matches!(field("token_type_hint"), None | Some("access_token" | "refresh_token")) {
        return refuse(400, "invalid_request");
    }
    let app = engine.with(|world| world.apps.get(client_id).cloned()).filter(|app| app.proves(Some(secret)));
    let Some(app) = app else { return refuse(401, "unauthorized_client") };
    let now = engine.now();
    engine.with(|world| {
        let grant = match (world.access(token, now), world.refresh(token, now)) {
            (TokenState::Alive(access), _) => access.grant,
            (_, TokenState::Alive(refresh)) => refresh.grant,
            _ => return,
        };
        let known = !grant.openid || world.facts.is("revoke_takes_oidc_tokens");
        if known && grant.client_id == app.client_id {
            world.unlink(&app.client_id, &grant.person);
        }
    });
    StatusCode::OK.into_response()
}
