//! `/{version}/oauth/access_token`, by GET or POST: code, exchange of a token for a fresh one, app token.

use axum::{extract::State, response::Response};
use mapae_protocol::{
    params::{Params, Repeated},
    random,
    time::Timestamp,
};
use serde_json::{Map, Value};

use super::{error::GraphError, inspect, oidc::id_token};
use crate::{
    App,
    engine::{Challenge, Engine, Grant, World},
    web::{Either, json},
};

impl From<Repeated> for GraphError {
    fn from(Repeated: Repeated) -> Self {
        Self::CodeMalformed
    }
}

pub(super) async fn token(State(engine): State<Engine>, Either(sent): Either) -> Response {
    match exchange(&engine, &sent) {
        Ok(answer) => json(200, &answer),
        Err(error) => error.respond(&engine),
    }
}

fn exchange(engine: &Engine, sent: &Params) -> Result<Map<String, Value>, GraphError> {
    let client_id = sent.one("client_id")?.ok_or(GraphError::AppIdInvalid)?;
    let app = engine.with(|world| world.apps.get(client_id).cloned()).ok_or(GraphError::AppIdInvalid)?;
    if !app.proves(sent.one("client_secret")?) {
        return Err(GraphError::SecretWrong);
    }
    match sent.one("grant_type")? {
        None | Some("authorization_code") => redeem(engine, &app, sent),
        Some("fb_exchange_token") => renew(engine, &app, sent),
        Some("client_credentials") => {
            let mut members = Map::new();
            let token = format!("{}|{}", app.client_id, app.client_secret.unwrap_or_default());
            members.insert("access_token".to_owned(), token.into());
            members.insert("token_type".to_owned(), "bearer".into());
            Ok(members)
        }
        Some(_) => Err(GraphError::GrantType),
    }
}

/// Expired and used codes have each their own subcode.
fn redeem(engine: &Engine, app: &App, sent: &Params) -> Result<Map<String, Value>, GraphError> {
    let text = sent.one("code")?.ok_or(GraphError::CodeMissing)?;
    let redirect_uri = sent.one("redirect_uri")?.ok_or(GraphError::RedirectUriMissing)?;
    let verifier = sent.one("code_verifier")?;
    let now = engine.now();
    let (grant, access) = engine.with(|world| {
        let code = world.code_mut(text).filter(|code| code.grant.client_id == app.client_id);
        let code = code.ok_or(GraphError::CodeMalformed)?;
        if code.used {
            return Err(GraphError::CodeUsed);
        }
        if code.expires_at <= now {
            return Err(GraphError::CodeExpired);
        }
        if redirect_uri != code.redirect_uri {
            return Err(GraphError::RedirectUriDiffers);
        }
        if !Challenge::is_met(code.challenge.as_ref(), verifier) {
            return Err(GraphError::VerifierWrong);
        }
        code.used = true;
        let grant = code.grant.clone();
        let access = keep(world, &grant, now);
        Ok((grant, access))
    })?;
    let mut members = answer(engine, &access);
    if grant.openid
        && let Some(token) = id_token(engine, &grant, &access, now)
    {
        members.insert("id_token".to_owned(), token.into());
    }
    Ok(members)
}

/// There is no refresh token: a token that is alive gives a fresh one.
fn renew(engine: &Engine, app: &App, sent: &Params) -> Result<Map<String, Value>, GraphError> {
    let text = sent.one("fb_exchange_token")?.ok_or(GraphError::TokenMalformed)?;
    let token = inspect::alive(engine, text)?;
    if token.grant.client_id != app.client_id {
        return Err(GraphError::TokenInvalid);
    }
    let now = engine.now();
    let access = engine.with(|world| {
        if world.facts.is("exchange_kills_old_token") {
            world.revoke(|grant| grant.family == token.grant.family);
        }
        keep(world, &token.grant, now)
    });
    Ok(answer(engine, &access))
}

fn keep(world: &mut World, grant: &Grant, now: Timestamp) -> String {
    let access = format!("EAA{}", random::text::<96>());
    let life = world.facts.seconds("user_token_seconds");
    world.keep_access(&access, grant.clone(), now, life);
    access
}

fn answer(engine: &Engine, access: &str) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("access_token".to_owned(), access.into());
    members.insert("token_type".to_owned(), "bearer".into());
    let (sent, life) =
        engine.with(|world| (world.facts.is("expires_in_sent"), world.facts.number("user_token_seconds")));
    if sent {
        members.insert("expires_in".to_owned(), life.into());
    }
    members
}
