//! `/oauth2.0/token` and `/oauth2/token`: errors with HTTP 200, `expires_in` as a string.

use axum::{extract::State, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mapae_protocol::{params::Params, random, time::Timestamp};
use serde_json::{Map, Value};

use super::{error::TokenError, oidc::id_token};
use crate::{
    App,
    engine::{Challenge, Engine, Grant, TokenState, World},
    web::{Body, Either, json},
};

pub(super) async fn oauth2(State(engine): State<Engine>, Either(sent): Either) -> Response {
    respond(Door { engine: &engine, sent: &sent, openid: false }.exchange())
}

pub(super) async fn oidc(State(engine): State<Engine>, Body(sent): Body) -> Response {
    respond(Door { engine: &engine, sent: &sent, openid: true }.exchange())
}

fn respond(outcome: Result<Map<String, Value>, TokenError>) -> Response {
    match outcome {
        Ok(answer) => json(200, &answer),
        Err(error) => error.respond(),
    }
}

/// One of the two token endpoints with a request.
struct Door<'a> {
    engine: &'a Engine,
    sent: &'a Params,
    openid: bool,
}

impl Door<'_> {
    fn refusal(&self, error: &str, description: &str) -> TokenError {
        let name = if self.openid { "oidc_token_error_status" } else { "token_error_status" };
        let status = self.engine.with(|world| world.facts.number(name));
        let status = u16::try_from(status).unwrap_or(400);
        TokenError { error: error.to_owned(), description: description.to_owned(), status }
    }

    fn wrong_client(&self) -> TokenError {
        if self.openid {
            return TokenError {
                status: 401,
                ..self.refusal("invalid_client", "client authentication failed")
            };
        }
        let error = self.engine.with(|world| world.facts.text("wrong_client_error").to_owned());
        self.refusal(&error, "wrong client id / client secret pair")
    }

    fn one(&self, name: &str) -> Result<Option<&str>, TokenError> {
        self.sent.one(name).map_err(|_| self.refusal("invalid_request", "a parameter is repeated"))
    }

    fn exchange(&self) -> Result<Map<String, Value>, TokenError> {
        let grant_type = self.one("grant_type")?;
        let known = match grant_type {
            None => return Err(self.refusal("invalid_request", "grant_type is missing")),
            Some("authorization_code" | "refresh_token") => true,
            Some("delete") => !self.openid,
            Some(_) => false,
        };
        if !known {
            return Err(self.refusal("unsupported_grant_type", "grant_type is not supported"));
        }
        let client_id = self.one("client_id")?.ok_or_else(|| self.wrong_client())?;
        let app = self
            .engine
            .with(|world| world.apps.get(client_id).cloned())
            .ok_or_else(|| self.wrong_client())?;
        let secret = self.one("client_secret")?;
        let optional = || self.openid && self.engine.with(|world| world.facts.is("oidc_secret_optional"));
        if !app.proves(secret) && !(secret.is_none() && optional()) {
            return Err(self.wrong_client());
        }
        match grant_type {
            Some("refresh_token") => self.refresh(&app),
            Some("delete") => self.delete(&app),
            _ => self.redeem(&app),
        }
    }

    fn redeem(&self, app: &App) -> Result<Map<String, Value>, TokenError> {
        let text = self.one("code")?.ok_or_else(|| self.refusal("invalid_request", "code is missing"))?;
        let (redirect_uri, verifier, state) =
            (self.one("redirect_uri")?, self.one("code_verifier")?, self.one("state")?);
        let facts = self.engine.with(|world| world.facts.clone());
        if state.is_none() && !self.openid && facts.is("state_required_at_token") {
            return Err(self.refusal("invalid_request", "state is missing"));
        }
        let gone = || self.refusal("invalid_request", "no valid data in session");
        let elsewhere = self.refusal("invalid_request", "redirect_uri does not match");
        let wrong_verifier =
            self.refusal(facts.text("oidc_wrong_verifier_error"), "code_verifier does not match");
        let (gone, now) = (gone(), self.engine.now());
        let (grant, issued) = self.engine.with(|world| {
            let of = |grant: &Grant| grant.client_id == app.client_id && grant.openid == self.openid;
            let code = world.code_mut(text).filter(|code| of(&code.grant));
            let Some(code) = code.filter(|code| !code.used && now < code.expires_at) else {
                return Err(gone);
            };
            let checked = self.openid || facts.is("redirect_uri_checked");
            if checked && redirect_uri.is_some_and(|uri| uri != code.redirect_uri) {
                return Err(elsewhere);
            }
            if !Challenge::is_met(code.challenge.as_ref(), verifier) {
                return Err(wrong_verifier);
            }
            code.used = true;
            let grant = code.grant.clone();
            let issued = Issued::new(world, &grant, now, true);
            Ok((grant, issued))
        })?;
        Ok(self.answer(&grant, &issued, now))
    }

    /// The answer has no refresh token: the old one stays.
    fn refresh(&self, app: &App) -> Result<Map<String, Value>, TokenError> {
        let missing = || self.refusal("invalid_request", "refresh_token is missing");
        let text = self.one("refresh_token")?.ok_or_else(missing)?;
        let described = self.engine.with(|world| world.facts.text("dead_refresh_text").to_owned());
        let (dead, now) = (self.refusal("invalid_request", &described), self.engine.now());
        let (grant, issued) = self.engine.with(|world| {
            let of = |grant: &Grant| grant.client_id == app.client_id && grant.openid == self.openid;
            match world.refresh(text, now) {
                TokenState::Alive(token) if of(&token.grant) => {
                    let issued = Issued::new(world, &token.grant, now, false);
                    Ok((token.grant, issued))
                }
                _ => Err(dead),
            }
        })?;
        Ok(self.answer(&grant, &issued, now))
    }

    /// Removed from the document in May 2026, and kept for whoever uses it.
    fn delete(&self, app: &App) -> Result<Map<String, Value>, TokenError> {
        let missing = || self.refusal("invalid_request", "access_token is missing");
        let text = self.one("access_token")?.ok_or_else(missing)?;
        if self.one("service_provider")? != Some("NAVER") {
            return Err(self.refusal("invalid_request", "service_provider must be NAVER"));
        }
        let (dead, now) = (self.refusal("invalid_request", "no valid data in session"), self.engine.now());
        self.engine.with(|world| match world.access(text, now) {
            TokenState::Alive(token) if token.grant.client_id == app.client_id => {
                world.unlink(&app.client_id, &token.grant.person);
                Ok(())
            }
            _ => Err(dead),
        })?;
        let members = [("access_token", text), ("result", "success")];
        Ok(members.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    fn answer(&self, grant: &Grant, issued: &Issued, now: Timestamp) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("access_token".to_owned(), issued.access.clone().into());
        if let Some(refresh) = &issued.refresh {
            members.insert("refresh_token".to_owned(), refresh.clone().into());
        }
        members.insert("token_type".to_owned(), "bearer".into());
        let as_text = !self.openid || self.engine.with(|world| world.facts.is("oidc_expires_in_is_text"));
        let expires_in: Value =
            if as_text { issued.expires_in.to_string().into() } else { issued.expires_in.into() };
        members.insert("expires_in".to_owned(), expires_in);
        if self.openid
            && let Some(token) = id_token(self.engine, grant, &issued.access, now)
        {
            members.insert("id_token".to_owned(), token.into());
        }
        members
    }
}

/// Tokens that were kept.
struct Issued {
    access: String,
    refresh: Option<String>,
    expires_in: i64,
}

impl Issued {
    fn new(world: &mut World, grant: &Grant, now: Timestamp, with_refresh: bool) -> Self {
        let life = world.facts.seconds("access_token_seconds");
        // Characters that must be encoded wherever the token travels.
        let access = format!("AAAA{}+/{}", random::text::<24>(), STANDARD.encode(random::bytes::<22>()));
        world.keep_access(&access, grant.clone(), now, life);
        let refresh = with_refresh.then(|| {
            let text = format!("{}ie", random::text::<48>());
            let life = world.facts.seconds("refresh_token_seconds");
            world.keep_refresh(&text, grant.clone(), now, Some(life));
            text
        });
        Self { access, refresh, expires_in: life.get() }
    }
}
