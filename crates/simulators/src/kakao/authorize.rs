//! `GET /oauth/authorize`, and the answer to the app.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use mapae_protocol::{
    locale::Locale,
    params::{Params, Repeated},
    pkce::{ChallengeMethod, CodeChallenge},
};

use super::{error::Page, terms};
use crate::{
    App, dialog,
    engine::{Ask, Challenge, Engine, Visit},
    rules::{Delivery, Outcome},
    web::{Query, locale},
};

pub(super) async fn authorize(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Query(sent): Query,
) -> Response {
    let wanted = sent.all("ui_locales").chain(sent.all("lang")).next();
    let locale = locale(&engine, wanted, &headers);
    match parse(&engine, &sent, locale) {
        Ok(visit) => dialog::begin(&engine, visit, &headers),
        Err(refused) => refused.page.show(&engine, locale, refused.detail),
    }
}

/// Why no sign-in page is shown.
struct Refused {
    page: Page,
    detail: Vec<(String, String)>,
}

impl From<Page> for Refused {
    fn from(page: Page) -> Self {
        Self { page, detail: Vec::new() }
    }
}

impl From<Repeated> for Refused {
    fn from(Repeated: Repeated) -> Self {
        Page::Malformed.into()
    }
}

fn parse(engine: &Engine, sent: &Params, locale: Locale) -> Result<Visit, Refused> {
    let client_id = sent.one("client_id")?.ok_or(Page::MissingParameter)?;
    let app = find_app(engine, client_id)?;
    let redirect_uri = sent.one("redirect_uri")?.ok_or(Page::MissingParameter)?;
    if !app.redirects_to(redirect_uri) {
        let registered = app.redirect_uris.iter().map(|uri| ("registered".to_owned(), uri.clone()));
        let detail = std::iter::once(("redirect_uri".to_owned(), redirect_uri.to_owned())).chain(registered);
        return Err(Refused { page: Page::RedirectUri, detail: detail.collect() });
    }
    match sent.one("response_type")? {
        None => return Err(Page::MissingParameter.into()),
        Some("code") => {}
        Some("token") => return Err(Page::Implicit.into()),
        Some(_) => return Err(Page::ResponseType.into()),
    }
    if sent.one("channel_public_id")?.is_some() {
        return Err(Page::NoChannel.into());
    }
    let scope = scope(&app, sent)?;
    let scope_sent = sent.one("scope")?.is_some();
    let prompt: Vec<&str> = sent.one("prompt")?.unwrap_or_default().split([',', ' ']).collect();
    let now = engine.now();
    Ok(Visit {
        client_id: app.client_id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        state: sent.one("state")?.map(str::to_owned),
        nonce: sent.one("nonce")?.map(str::to_owned),
        challenge: challenge(sent)?,
        openid: app.oidc && (!scope_sent || scope.iter().any(|id| id == "openid")),
        scope,
        ask: Ask {
            nothing: prompt.contains(&"none"),
            login: prompt.iter().any(|prompt| matches!(*prompt, "login" | "select_account" | "create")),
            ..Ask::default()
        },
        login_hint: sent.one("login_hint")?.map(str::to_owned),
        locale,
        extras: sent
            .one(terms::PARAMETER)?
            .map(|tags| (terms::PARAMETER, tags.to_owned()))
            .into_iter()
            .collect(),
        opened_at: now,
        signed_in: None,
    })
}

fn find_app(engine: &Engine, client_id: &str) -> Result<App, Page> {
    match engine.app(client_id) {
        Some(app) if app.inactive => Err(Page::Inactive),
        Some(app) => Ok(app),
        None => {
            let is_admin_key = |app: &App| app.admin_key.as_deref() == Some(client_id);
            let misused = engine.with(|world| world.apps.values().any(is_admin_key));
            Err(if misused { Page::KeyType } else { Page::AppKey })
        }
    }
}

/// Separated by comma, as documented, or by spaces, as Kakao's own SDK does.
fn scope(app: &App, sent: &Params) -> Result<Vec<String>, Refused> {
    let list = sent.one("scope")?.unwrap_or_default();
    let ids: Vec<String> = list.split([',', ' ']).filter(|id| !id.is_empty()).map(str::to_owned).collect();
    let configured = |id: &String| app.item(id).is_some() || (id == "openid" && app.oidc);
    match ids.iter().find(|id| !configured(id)) {
        None => Ok(ids),
        Some(unknown) => {
            Err(Refused { page: Page::Scope, detail: vec![("scope".to_owned(), unknown.clone())] })
        }
    }
}

/// Not in Kakao's table of parameters, but in its discovery document and sent by its SDKs.
fn challenge(sent: &Params) -> Result<Option<Challenge>, Refused> {
    let Some(challenge) = sent.one("code_challenge")? else { return Ok(None) };
    ChallengeMethod::parse(sent.one("code_challenge_method")?).map_err(|_| Page::Malformed)?;
    let challenge = CodeChallenge::parse(challenge).map_err(|_| Page::Malformed)?;
    Ok(Some(Challenge::S256(challenge)))
}

pub(super) fn answer(engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
    let error = |error: &str, description: &str| {
        vec![("error", error.to_owned()), ("error_description", description.to_owned())]
    };
    let mut parameters = match outcome {
        Outcome::Agreed { code, .. } => vec![("code", (*code).to_owned())],
        Outcome::Cancelled => error("access_denied", "User denied access"),
        Outcome::LoginRequired => {
            let text = engine.with(|world| world.facts.text("login_required_text").to_owned());
            error("login_required", &text)
        }
        Outcome::ConsentRequired => error("consent_required", "user consent required."),
    };
    parameters.extend(visit.state.clone().map(|state| ("state", state)));
    Delivery::redirect(parameters)
}
