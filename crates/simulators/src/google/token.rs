//! `POST /token` and `POST /revoke`.

use axum::{extract::State, response::Response};
use http::{HeaderMap, header};
use mapae_protocol::{
    client_credentials_header::ClientCredentials,
    params::{Params, Repeated},
    random,
    time::Timestamp,
};
use serde_json::{Map, Value, json};

use super::{
    error::{TokenError, unknown_token},
    oidc::id_token,
    scope,
};
use crate::{
    App,
    engine::{Challenge, Engine, Grant, TokenState, World},
    web::{Body, Either, json},
};

impl From<Repeated> for TokenError {
    fn from(Repeated: Repeated) -> Self {
        Self::Missing
    }
}

pub(super) async fn token(State(engine): State<Engine>, headers: HeaderMap, Body(sent): Body) -> Response {
    match exchange(&engine, &headers, &sent) {
        Ok(answer) => json(200, &answer),
        Err(error) => error.respond(&engine),
    }
}

fn exchange(engine: &Engine, headers: &HeaderMap, sent: &Params) -> Result<Map<String, Value>, TokenError> {
    let grant_type = sent.one("grant_type")?.ok_or(TokenError::Missing)?;
    let app = authenticate(engine, headers, sent)?;
    match grant_type {
        "authorization_code" => redeem(engine, &app, sent),
        "refresh_token" => refresh(engine, &app, sent),
        _ => Err(TokenError::GrantType),
    }
}

/// In the form or in the header.
fn authenticate(engine: &Engine, headers: &HeaderMap, sent: &Params) -> Result<App, TokenError> {
    let header = headers.get(header::AUTHORIZATION);
    let (client_id, secret) = match header {
        Some(value) => {
            let credentials = ClientCredentials::parse(value.as_bytes()).map_err(|_| TokenError::Client)?;
            (credentials.client_id.as_str().to_owned(), Some(credentials.secret.expose().clone()))
        }
        None => {
            let client_id = sent.one("client_id")?.ok_or(TokenError::Missing)?;
            (client_id.to_owned(), sent.one("client_secret")?.map(str::to_owned))
        }
    };
    let app = engine.with(|world| world.apps.get(&client_id).cloned()).ok_or(TokenError::UnknownClient)?;
    if app.proves(secret.as_deref()) {
        return Ok(app);
    }
    Err(if secret.is_some() { TokenError::Client } else { TokenError::SecretMissing })
}

fn redeem(engine: &Engine, app: &App, sent: &Params) -> Result<Map<String, Value>, TokenError> {
    let text = sent.one("code")?.ok_or(TokenError::Missing)?;
    if !text.starts_with("4/") {
        return Err(TokenError::MalformedCode);
    }
    let (redirect_uri, verifier) = (sent.one("redirect_uri")?, sent.one("code_verifier")?);
    let now = engine.now();
    let (grant, issued) = engine.with(|world| {
        let code = world.code_mut(text).filter(|code| code.grant.client_id == app.client_id);
        let code = code.filter(|code| !code.used && now < code.expires_at).ok_or(TokenError::Grant)?;
        if redirect_uri != Some(code.redirect_uri.as_str()) {
            return Err(TokenError::RedirectUriMismatch);
        }
        if !Challenge::is_met(code.challenge.as_ref(), verifier) {
            return Err(TokenError::Grant);
        }
        code.used = true;
        let (grant, offline) = (code.grant.clone(), code.offline);
        let issued = Issued::new(world, &grant, now, offline);
        Ok((grant, issued))
    })?;
    Ok(answer(engine, &grant, &issued, now))
}

/// No new refresh token; the old one lives for as long as it is used.
fn refresh(engine: &Engine, app: &App, sent: &Params) -> Result<Map<String, Value>, TokenError> {
    let text = sent.one("refresh_token")?.ok_or(TokenError::Missing)?;
    let now = engine.now();
    let (mut grant, issued, with_id_token) = engine.with(|world| {
        let TokenState::Alive(token) = world.refresh(text, now) else { return Err(TokenError::Refresh) };
        if token.grant.client_id != app.client_id {
            return Err(TokenError::Refresh);
        }
        let life = world.facts.seconds("unused_refresh_token_seconds");
        world.keep_refresh(text, token.grant.clone(), now, Some(life));
        let issued = Issued::new(world, &token.grant, now, false);
        Ok((token.grant, issued, world.facts.is("refresh_gives_id_token")))
    })?;
    grant.openid &= with_id_token;
    // The nonce belongs to the authorization request.
    grant.nonce = None;
    Ok(answer(engine, &grant, &issued, now))
}

/// Tokens that were kept.
struct Issued {
    access: String,
    refresh: Option<String>,
    expires_in: i64,
}

impl Issued {
    fn new(world: &mut World, grant: &Grant, now: Timestamp, offline: bool) -> Self {
        let life = world.facts.seconds("access_token_seconds");
        let access = format!("ya29.a0{}", random::text::<72>());
        world.keep_access(&access, grant.clone(), now, life);
        let refresh = offline.then(|| {
            let most = usize::try_from(world.facts.number("most_refresh_tokens")).unwrap_or(usize::MAX);
            let alive = world.refresh_tokens_of(&grant.client_id, &grant.person);
            let too_many = (alive.len() + 1).saturating_sub(most);
            for oldest in alive.iter().take(too_many) {
                world.forget_refresh(oldest);
            }
            let text = format!("1//0e{}", random::text::<48>());
            let life = world.facts.seconds("unused_refresh_token_seconds");
            world.keep_refresh(&text, grant.clone(), now, Some(life));
            text
        });
        Self { access, refresh, expires_in: life.get() }
    }
}

fn answer(engine: &Engine, grant: &Grant, issued: &Issued, now: Timestamp) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("access_token".to_owned(), issued.access.clone().into());
    members.insert("expires_in".to_owned(), issued.expires_in.into());
    if let Some(refresh) = &issued.refresh {
        members.insert("refresh_token".to_owned(), refresh.clone().into());
    }
    members.insert("scope".to_owned(), scope::long(&grant.scope).into());
    members.insert("token_type".to_owned(), "Bearer".into());
    if grant.openid
        && let Some(token) = id_token(engine, grant, &issued.access, now)
    {
        members.insert("id_token".to_owned(), token.into());
    }
    members
}

/// Revoking either token removes the whole grant.
pub(super) async fn revoke(State(engine): State<Engine>, Either(sent): Either) -> Response {
    let now = engine.now();
    let known = sent.one("token").ok().flatten().is_some_and(|text| {
        engine.with(|world| {
            let grant = match (world.access(text, now), world.refresh(text, now)) {
                (TokenState::Alive(access), _) => access.grant,
                (_, TokenState::Alive(refresh)) => refresh.grant,
                _ => return false,
            };
            world.unlink(&grant.client_id, &grant.person).is_some()
        })
    });
    if known { json(200, &json!({})) } else { unknown_token("Token expired or revoked") }
}
