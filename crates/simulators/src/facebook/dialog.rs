//! `GET /{version}/dialog/oauth`, and the answer with `#_=_` behind it.

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
    App,
    dialog::{self, address},
    engine::{Ask, Challenge, Engine, Visit},
    rules::{Delivery, Outcome},
    web::{Query, locale, moved},
};

pub(super) async fn dialog(State(engine): State<Engine>, headers: HeaderMap, Query(sent): Query) -> Response {
    let wanted = sent.all("locale").chain(sent.all("ui_locales")).next();
    let locale = locale(&engine, wanted, &headers);
    match parse(&engine, &sent, locale) {
        Ok(visit) => match refusal(&engine, &visit) {
            Some(refusal) => moved(&refusal),
            None => dialog::begin(&engine, visit, &headers),
        },
        Err((page, detail)) => page.show(&engine, locale, detail),
    }
}

/// Where the dialog sends the browser back with a number and a text, and without the `error` of RFC 6749 §4.1.2.1.
fn refusal(engine: &Engine, visit: &Visit) -> Option<String> {
    let number = engine.with(|world| world.facts.text("dialog_error").to_owned());
    if number.is_empty() {
        return None;
    }
    let message = match number.as_str() {
        "1349048" => "Can't load URL: The domain of this URL is none of the app's domains.",
        "1349126" => "App not set up: This app is still in development mode.",
        "1349168" => "URL blocked: The redirect URI is not registered.",
        _ => "The dialog cannot be shown.",
    };
    let mut parameters = vec![("error_code", number), ("error_message", message.to_owned())];
    parameters.extend(visit.state.clone().map(|state| ("state", state)));
    Some(address(&visit.redirect_uri, &parameters) + "#_=_")
}

type Refused = (Page, Vec<(String, String)>);

impl From<Page> for Refused {
    fn from(page: Page) -> Self {
        (page, Vec::new())
    }
}

fn one<'a>(sent: &'a Params, name: &str) -> Result<Option<&'a str>, Page> {
    sent.one(name).map_err(|Repeated| Page::Malformed)
}

fn parse(engine: &Engine, sent: &Params, locale: Locale) -> Result<Visit, Refused> {
    let client_id = one(sent, "client_id")?.ok_or(Page::InvalidAppId)?;
    let app = engine.app(client_id).ok_or(Page::InvalidAppId)?;
    if app.inactive {
        return Err(Page::Inactive.into());
    }
    let redirect_uri = one(sent, "redirect_uri")?.unwrap_or_default();
    if !app.redirects_to(redirect_uri) {
        return Err((Page::UrlBlocked, vec![("redirect_uri".to_owned(), redirect_uri.to_owned())]));
    }
    let mut extras = BTreeMap::new();
    for kind in one(sent, "response_type")?.unwrap_or("code").split([' ', ',']) {
        match kind {
            "code" => {}
            "granted_scopes" => drop(extras.insert("granted_scopes", "true".to_owned())),
            _ => return Err(Page::ResponseType.into()),
        }
    }
    let (scope, openid) = scopes(&app, one(sent, "scope")?.unwrap_or_default())?;
    let auth_type = one(sent, "auth_type")?.unwrap_or_default();
    Ok(Visit {
        client_id: app.client_id,
        redirect_uri: redirect_uri.to_owned(),
        state: one(sent, "state")?.map(str::to_owned),
        nonce: one(sent, "nonce")?.map(str::to_owned),
        challenge: challenge(sent)?,
        scope,
        openid,
        ask: Ask {
            login: auth_type.contains("reauthenticate"),
            refused: auth_type.contains("rerequest"),
            ..Ask::default()
        },
        login_hint: None,
        locale,
        extras,
        opened_at: engine.now(),
        signed_in: None,
    })
}

/// `public_profile` goes without saying; `openid` is no permission.
fn scopes(app: &App, list: &str) -> Result<(Vec<String>, bool), Refused> {
    let mut scopes = vec!["public_profile".to_owned()];
    let mut openid = false;
    for scope in list.split([' ', ',']).filter(|scope| !scope.is_empty()) {
        match scope {
            "openid" if app.oidc => openid = true,
            "public_profile" => {}
            known if app.item(known).is_some() => scopes.push(known.to_owned()),
            unknown => return Err((Page::InvalidScopes, vec![("scope".to_owned(), unknown.to_owned())])),
        }
    }
    Ok((scopes, openid))
}

/// Of the OpenID Connect flow for logins that are built by hand, which is still in testing.
fn challenge(sent: &Params) -> Result<Option<Challenge>, Page> {
    let Some(challenge) = one(sent, "code_challenge")? else { return Ok(None) };
    ChallengeMethod::parse(one(sent, "code_challenge_method")?).map_err(|_| Page::Malformed)?;
    let challenge = CodeChallenge::parse(challenge).map_err(|_| Page::Malformed)?;
    Ok(Some(Challenge::S256(challenge)))
}

pub(super) fn answer(engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
    let mut parameters = match outcome {
        Outcome::Agreed { code, link, .. } => {
            let mut parameters = vec![("code", (*code).to_owned())];
            if visit.extras.contains_key("granted_scopes") {
                let list = |items: &std::collections::BTreeSet<String>| {
                    items.iter().map(String::as_str).collect::<Vec<_>>().join(",")
                };
                parameters.push(("granted_scopes", list(&link.items)));
                parameters.push(("denied_scopes", list(&link.refused)));
            }
            parameters
        }
        Outcome::Cancelled | Outcome::LoginRequired | Outcome::ConsentRequired => vec![
            ("error", "access_denied".to_owned()),
            ("error_code", "200".to_owned()),
            ("error_description", "Permissions error.".to_owned()),
            ("error_reason", "user_denied".to_owned()),
        ],
    };
    parameters.extend(visit.state.clone().map(|state| ("state", state)));
    let fragment = if engine.with(|world| world.facts.is("fragment")) { "#_=_" } else { "" };
    Delivery { fragment, ..Delivery::redirect(parameters) }
}
