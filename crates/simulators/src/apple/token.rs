//! `POST /auth/token` and `POST /auth/revoke`.

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use mapae_protocol::{
    params::{Params, Repeated},
    random,
};
use serde_json::{Map, Value};

use super::{
    client_secret,
    error::TokenError,
    id_token::{Hash, id_token},
};
use crate::{
    App,
    engine::{Challenge, Engine, Grant, TokenState, World},
    web::{Body, json},
};

impl From<Repeated> for TokenError {
    fn from(Repeated: Repeated) -> Self {
        Self::Request
    }
}

pub(super) async fn token(State(engine): State<Engine>, Body(sent): Body) -> Response {
    match exchange(&engine, &sent) {
        Ok(answer) => json(200, &answer),
        Err(error) => error.respond(),
    }
}

fn authenticate(engine: &Engine, sent: &Params) -> Result<App, TokenError> {
    let client_id = sent.one("client_id")?.ok_or(TokenError::Client)?;
    let secret = sent.one("client_secret")?.ok_or(TokenError::Client)?;
    let app = engine.with(|world| world.apps.get(client_id).cloned()).ok_or(TokenError::Client)?;
    if client_secret::proves(engine, &app, secret) { Ok(app) } else { Err(TokenError::Client) }
}

fn exchange(engine: &Engine, sent: &Params) -> Result<Map<String, Value>, TokenError> {
    let grant_type = sent.one("grant_type")?.ok_or(TokenError::Request)?;
    let app = authenticate(engine, sent)?;
    match grant_type {
        "authorization_code" => redeem(engine, &app, sent),
        "refresh_token" => refresh(engine, &app, sent),
        _ => Err(TokenError::GrantType),
    }
}

fn redeem(engine: &Engine, app: &App, sent: &Params) -> Result<Map<String, Value>, TokenError> {
    let text = sent.one("code")?.ok_or(TokenError::Request)?;
    let (redirect_uri, verifier) = (sent.one("redirect_uri")?, sent.one("code_verifier")?);
    let now = engine.now();
    let (grant, access, refresh) = engine.with(|world| {
        let code = world.code_mut(text).filter(|code| code.grant.client_id == app.client_id);
        let code = code.filter(|code| !code.used && now < code.expires_at).ok_or(TokenError::Code)?;
        if redirect_uri != Some(code.redirect_uri.as_str()) {
            return Err(TokenError::RedirectUri);
        }
        if !Challenge::is_met(code.challenge.as_ref(), verifier) {
            return Err(TokenError::Verifier);
        }
        code.used = true;
        let grant = code.grant.clone();
        let refresh = format!("r{}.0.s{}", random::text::<16>(), random::text::<16>());
        // It lives until it is revoked.
        world.keep_refresh(&refresh, grant.clone(), now, None);
        let access = keep_access(world, &grant, now);
        Ok((grant, access, refresh))
    })?;
    let mut members = answer(engine, &grant, &access, false);
    members.insert("refresh_token".to_owned(), refresh.into());
    Ok(members)
}

/// No new refresh token.
fn refresh(engine: &Engine, app: &App, sent: &Params) -> Result<Map<String, Value>, TokenError> {
    let text = sent.one("refresh_token")?.ok_or(TokenError::Request)?;
    let now = engine.now();
    let (grant, access) = engine.with(|world| match world.refresh(text, now) {
        TokenState::Alive(token) if token.grant.client_id == app.client_id => {
            let access = keep_access(world, &token.grant, now);
            Ok((token.grant, access))
        }
        _ => Err(TokenError::Refresh),
    })?;
    Ok(answer(engine, &grant, &access, true))
}

fn keep_access(world: &mut World, grant: &Grant, now: mapae_protocol::time::Timestamp) -> String {
    let access = format!("a{}.0.s{}", random::text::<16>(), random::text::<16>());
    let life = world.facts.seconds("access_token_seconds");
    world.keep_access(&access, grant.clone(), now, life);
    access
}

fn answer(engine: &Engine, grant: &Grant, access: &str, later: bool) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("access_token".to_owned(), access.into());
    members.insert("token_type".to_owned(), "Bearer".into());
    let life = engine.with(|world| world.facts.number("access_token_seconds"));
    members.insert("expires_in".to_owned(), life.into());
    if let Some(token) = id_token(engine, grant, &Hash::Access { token: access, later }) {
        members.insert("id_token".to_owned(), token.into());
    }
    members
}

/// Ends the connection: at the next login the consent page is back, and with it the name.
pub(super) async fn revoke(State(engine): State<Engine>, Body(sent): Body) -> Response {
    let app = match authenticate(&engine, &sent) {
        Ok(app) => app,
        Err(error) => return error.respond(),
    };
    let Ok(Some(text)) = sent.one("token") else { return TokenError::Request.respond() };
    let now = engine.now();
    engine.with(|world| {
        let grant = match (world.access(text, now), world.refresh(text, now)) {
            (TokenState::Alive(access), _) => access.grant,
            (_, TokenState::Alive(refresh)) => refresh.grant,
            _ => return,
        };
        if grant.client_id == app.client_id {
            world.unlink(&app.client_id, &grant.person);
        }
    });
    StatusCode::OK.into_response()
}
