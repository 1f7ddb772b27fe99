//! What a token is worth: for calls, and by `debug_token`.

use axum::{extract::State, response::Response};
use mapae_protocol::digest::{HmacKey, hmac_sha256};
use serde_json::{Value, json};

use super::{app_scoped_id, error::GraphError};
use crate::{
    App,
    engine::{Access, Death, Engine, TokenState},
    web::{Query, json},
};

/// A token that is alive, or how it is not.
pub(super) fn alive(engine: &Engine, text: &str) -> Result<Access, GraphError> {
    let now = engine.now();
    engine.with(|world| match (world.access(text, now), world.grave(text)) {
        (TokenState::Alive(token), _) => Ok(token),
        (TokenState::Expired, _) => Err(GraphError::TokenExpired),
        (TokenState::Unknown, Some(Death::Unlinked)) => Err(GraphError::AppRemoved),
        (TokenState::Unknown, Some(Death::Revoked)) => Err(GraphError::PasswordChanged),
        (TokenState::Unknown, None) => Err(GraphError::TokenMalformed),
    })
}

/// The app that an app token, `id|secret`, belongs to.
pub(super) fn app_of_token(engine: &Engine, text: &str) -> Option<App> {
    let (client_id, secret) = text.split_once('|')?;
    let app = engine.with(|world| world.apps.get(client_id).cloned())?;
    app.proves(Some(secret)).then_some(app)
}

/// HMAC-SHA256 of the token under the app's secret, in lower-case hexadecimal digits.
pub(super) fn proof(secret: &str, token: &str) -> String {
    let tag = hmac_sha256(&HmacKey::new(secret.as_bytes()), token.as_bytes());
    tag.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `GET /debug_token`, with an app token of the app or a token of it.
pub(super) async fn debug_token(State(engine): State<Engine>, Query(sent): Query) -> Response {
    let field = |name| sent.one(name).ok().flatten();
    let (Some(input), Some(access)) = (field("input_token"), field("access_token")) else {
        return GraphError::NoToken.respond(&engine);
    };
    let asking = match app_of_token(&engine, access) {
        Some(app) => app.client_id,
        None => match alive(&engine, access) {
            Ok(token) => token.grant.client_id,
            Err(error) => return error.respond(&engine),
        },
    };
    json(200, &json!({ "data": describe(&engine, input, &asking) }))
}

fn describe(engine: &Engine, input: &str, asking: &str) -> Value {
    let token = match alive(engine, input) {
        Ok(token) if token.grant.client_id == asking => token,
        Ok(_) => {
            return json!({ "is_valid": false, "error": GraphError::TokenInvalid.inside(), "scopes": [] });
        }
        Err(error) => {
            let app_id = engine.with(|world| world.issued_to(input).map(str::to_owned));
            return json!({ "app_id": app_id, "is_valid": false, "error": error.inside(), "scopes": [] });
        }
    };
    let client_id = &token.grant.client_id;
    engine.with(|world| {
        let scopes: Vec<String> = world
            .link(client_id, &token.grant.person)
            .map(|link| link.items.iter().cloned().collect())
            .unwrap_or_default();
        let app_id: Value = match client_id.parse::<u64>() {
            Ok(number) if world.facts.is("app_id_is_number") => number.into(),
            _ => client_id.clone().into(),
        };
        let data_access = world.facts.seconds("data_access_seconds");
        json!({
            "app_id": app_id,
            "type": "USER",
            "application": world.apps.get(client_id).map(|app| app.name.clone()),
            "data_access_expires_at": token.grant.auth_time.plus(data_access),
            "expires_at": token.expires_at,
            "is_valid": true,
            "issued_at": token.issued_at,
            "scopes": scopes,
            "user_id": world.people.get(&token.grant.person).map(|person| app_scoped_id(person, client_id)),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_computed_proof() {
        assert_eq!(
            proof("0123456789abcdef0123456789abcdef", "EAAEmuTestAccessToken1"),
            "4374f6c1754b908b1ddb10ca951a0d2ee87550a35a475581d3535a371413cb39"
        );
    }
}
