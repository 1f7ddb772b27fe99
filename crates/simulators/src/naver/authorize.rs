//! `/oauth2.0/authorize` and `/oauth2/authorize`, which look alike and are not.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use mapae_protocol::{
    locale::Locale,
    params::{Params, Repeated},
    pkce::{ChallengeMethod, CodeChallenge},
};

use super::error::Page;
use crate::{
    dialog::{self, address},
    engine::{Ask, Challenge, Engine, Visit},
    rules::{Delivery, Outcome},
    web::{Either, locale, moved},
};

pub(super) async fn oauth2(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    begin(&engine, &headers, &sent, false)
}

pub(super) async fn oidc(State(engine): State<Engine>, headers: HeaderMap, Either(sent): Either) -> Response {
    begin(&engine, &headers, &sent, true)
}

fn begin(engine: &Engine, headers: &HeaderMap, sent: &Params, openid: bool) -> Response {
    let locale = locale(engine, sent.all("ui_locales").next(), headers);
    match parse(engine, sent, locale, openid) {
        Ok(visit) => dialog::begin(engine, visit, headers),
        Err(Refused::Page(page, detail)) => page.show(engine, locale, detail),
        Err(Refused::ToApp(to)) => moved(&to),
    }
}

/// Why no sign-in page is shown.
enum Refused {
    Page(Page, Vec<(String, String)>),
    /// The address of the app with the error.
    ToApp(String),
}

impl From<Page> for Refused {
    fn from(page: Page) -> Self {
        Self::Page(page, Vec::new())
    }
}

impl From<Repeated> for Refused {
    fn from(Repeated: Repeated) -> Self {
        Page::Malformed.into()
    }
}

fn parse(engine: &Engine, sent: &Params, locale: Locale, openid: bool) -> Result<Visit, Refused> {
    let client_id = sent.one("client_id")?.ok_or(Page::UnknownClient)?;
    let app = engine.app(client_id).ok_or(Page::UnknownClient)?;
    if app.inactive {
        return Err(Page::Inactive.into());
    }
    let redirect_uri = sent.one("redirect_uri")?.unwrap_or_default();
    if !app.redirects_to(redirect_uri) {
        let detail = vec![("redirect_uri".to_owned(), redirect_uri.to_owned())];
        return Err(Refused::Page(Page::RedirectUri, detail));
    }
    let state = sent.one("state")?.ok_or(Page::NoState)?;
    let to_app = |error: &str, description: &str| {
        let parameters = [
            ("state", state.to_owned()),
            ("error", error.to_owned()),
            ("error_description", description.to_owned()),
        ];
        Refused::ToApp(address(redirect_uri, &parameters))
    };
    match sent.one("response_type")? {
        Some("code") => {}
        Some(_) => return Err(to_app("unsupported_response_type", "response_type is not supported")),
        None => return Err(to_app("invalid_request", "response_type is missing")),
    }
    let scope: Vec<String> = sent.one("scope")?.unwrap_or_default().split(' ').map(str::to_owned).collect();
    if openid && !scope.iter().any(|scope| scope == "openid") {
        return Err(to_app("invalid_request", "scope must contain openid"));
    }
    let auth_type = sent.one("auth_type")?;
    if auth_type == Some("autologin") && !engine.with(|world| world.facts.is("autologin_supported")) {
        return Err(to_app("access_denied", "unsupported browser environment."));
    }
    let challenge = if openid { challenge(sent)? } else { None };
    Ok(Visit {
        client_id: app.client_id,
        redirect_uri: redirect_uri.to_owned(),
        state: Some(state.to_owned()),
        nonce: sent.one("nonce")?.map(str::to_owned),
        challenge,
        scope: Vec::new(),
        openid,
        ask: Ask {
            nothing: auth_type == Some("autologin"),
            login: auth_type == Some("reauthenticate"),
            refused: auth_type == Some("reprompt"),
            consent: false,
        },
        login_hint: None,
        locale,
        extras: BTreeMap::new(),
        opened_at: engine.now(),
        signed_in: None,
    })
}

/// PKCE exists on the OpenID Connect path only.
fn challenge(sent: &Params) -> Result<Option<Challenge>, Refused> {
    let Some(challenge) = sent.one("code_challenge")? else { return Ok(None) };
    ChallengeMethod::parse(sent.one("code_challenge_method")?).map_err(|_| Page::Malformed)?;
    let challenge = CodeChallenge::parse(challenge).map_err(|_| Page::Malformed)?;
    Ok(Some(Challenge::S256(challenge)))
}

pub(super) fn answer(engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
    let state = visit.state.clone().map(|state| ("state", state));
    let denied = |description: &str| {
        let mut parameters: Vec<_> = state.clone().into_iter().collect();
        parameters.push(("error", "access_denied".to_owned()));
        parameters.push(("error_description", description.to_owned()));
        parameters
    };
    Delivery::redirect(match outcome {
        Outcome::Agreed { code, .. } => {
            std::iter::once(("code", (*code).to_owned())).chain(state.clone()).collect()
        }
        Outcome::Cancelled => denied(&engine.with(|world| world.facts.text("cancel_text").to_owned())),
        Outcome::LoginRequired => denied("user not logged in."),
        Outcome::ConsentRequired => denied("need user consent."),
    })
}
