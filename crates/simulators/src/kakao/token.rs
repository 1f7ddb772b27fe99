//! `POST /oauth/token`.

use axum::{extract::State, response::Response};
use mapae_protocol::{
    params::{Params, Repeated},
    random,
    time::Timestamp,
};
use serde_json::{Map, Value};

use super::{error::TokenError, oidc};
use crate::{
    App,
    engine::{Challenge, Engine, Grant, TokenState},
    web::{Body, json},
};

impl From<Repeated> for TokenError<'_> {
    fn from(Repeated: Repeated) -> Self {
        Self::MissingParameter
    }
}

pub(super) async fn token(State(engine): State<Engine>, Body(sent): Body) -> Response {
    match exchange(&engine, &sent) {
        Ok(answer) => json(200, &answer),
        Err(error) => error.respond(&engine),
    }
}

fn exchange<'a>(engine: &Engine, sent: &'a Params) -> Result<Map<String, Value>, TokenError<'a>> {
    let grant_type = sent.one("grant_type")?;
    if !matches!(grant_type, Some("authorization_code" | "refresh_token")) {
        return Err(TokenError::GrantType);
    }
    let client_id = sent.one("client_id")?.ok_or(TokenError::AppKey)?;
    let app = engine.with(|world| world.apps.get(client_id).cloned()).ok_or(TokenError::AppKey)?;
    if !app.proves(sent.one("client_secret")?) {
        return Err(TokenError::Secret);
    }
    if grant_type == Some("refresh_token") { refresh(engine, &app, sent) } else { redeem(engine, &app, sent) }
}

/// Unknown, expired and used codes look all the same.
fn redeem<'a>(engine: &Engine, app: &App, sent: &'a Params) -> Result<Map<String, Value>, TokenError<'a>> {
    let text = sent.one("code")?.ok_or(TokenError::MissingParameter)?;
    let (redirect_uri, verifier) = (sent.one("redirect_uri")?, sent.one("code_verifier")?);
    let now = engine.now();
    let (grant, issued) = engine.with(|world| {
        let code = world.code_mut(text).filter(|code| code.grant.client_id == app.client_id);
        let code = code.filter(|code| !code.used && now < code.expires_at).ok_or(TokenError::Code(text))?;
        if redirect_uri != Some(code.redirect_uri.as_str()) {
            return Err(TokenError::RedirectUri);
        }
        if !Challenge::is_met(code.challenge.as_ref(), verifier) {
            return Err(TokenError::Verifier);
        }
        code.used = true;
        let grant = code.grant.clone();
        let issued = Issued::new(world, &grant, now, true);
        Ok((grant, issued))
    })?;
    Ok(answer(engine, &grant, &issued, now))
}

/// The refresh token is replaced only in its last month; then the old one dies.
fn refresh<'a>(engine: &Engine, app: &App, sent: &'a Params) -> Result<Map<String, Value>, TokenError<'a>> {
    let text = sent.one("refresh_token")?.ok_or(TokenError::NoRefreshToken)?;
    let now = engine.now();
    let (grant, issued) = engine.with(|world| {
        let TokenState::Alive(token) = world.refresh(text, now) else { return Err(TokenError::RefreshToken) };
        if token.grant.client_id != app.client_id {
            return Err(TokenError::RefreshToken);
        }
        let renewal = world.facts.seconds("refresh_renewal_seconds");
        let due = token.expires_at.is_some_and(|at| at < now.plus(renewal));
        if due {
            world.forget_refresh(text);
        }
        let issued = Issued::new(world, &token.grant, now, due);
        Ok((token.grant, issued))
    })?;
    Ok(answer(engine, &grant, &issued, now))
}

/// Tokens that were kept.
struct Issued {
    access: String,
    expires_in: i64,
    refresh: Option<(String, i64)>,
    scope: String,
}

impl Issued {
    fn new(world: &mut crate::engine::World, grant: &Grant, now: Timestamp, with_refresh: bool) -> Self {
        let life = world.facts.seconds("access_token_seconds");
        let access = random::text::<40>();
        world.keep_access(&access, grant.clone(), now, life);
        let refresh = with_refresh.then(|| {
            let life = world.facts.seconds("refresh_token_seconds");
            let text = random::text::<40>();
            world.keep_refresh(&text, grant.clone(), now, Some(life));
            (text, life.get())
        });
        let agreed = world.link(&grant.client_id, &grant.person);
        let agreed = agreed.map(|link| link.items.iter().cloned().collect()).unwrap_or_default();
        let mut scope: Vec<String> = agreed;
        scope.extend(grant.openid.then(|| "openid".to_owned()));
        scope.sort();
        Self { access, expires_in: life.get(), refresh, scope: scope.join(" ") }
    }
}

fn answer(engine: &Engine, grant: &Grant, issued: &Issued, now: Timestamp) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("access_token".to_owned(), issued.access.clone().into());
    members.insert("token_type".to_owned(), "bearer".into());
    if let Some((refresh, life)) = &issued.refresh {
        members.insert("refresh_token".to_owned(), refresh.clone().into());
        members.insert("refresh_token_expires_in".to_owned(), (*life).into());
    }
    if grant.openid
        && let Some(token) = oidc::id_token(engine, grant, now, issued.expires_in)
    {
        members.insert("id_token".to_owned(), token.into());
    }
    members.insert("expires_in".to_owned(), issued.expires_in.into());
    members.insert("scope".to_owned(), issued.scope.clone().into());
    members
}
