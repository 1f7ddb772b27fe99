//! `GET /auth/authorize`, and the answer that is posted — OAuth 2.0 Form Post Response Mode §2.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use http::HeaderMap;
use mapae_protocol::{
    locale::Locale,
    params::{Params, Repeated},
    pkce::{ChallengeMethod, CodeChallenge},
};
use serde_json::json;

use super::{
    address,
    error::Page,
    id_token::{Hash, id_token},
};
use crate::{
    App, Person, dialog,
    engine::{Ask, Challenge, Engine, Link, Visit},
    rules::{Delivery, Outcome},
    web::{Query, locale},
};

pub(super) async fn authorize(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Query(sent): Query,
) -> Response {
    let wanted = sent.all("locale").chain(sent.all("ui_locales")).next();
    let locale = locale(&engine, wanted, &headers);
    match parse(&engine, &sent, locale) {
        Ok(visit) => dialog::begin(&engine, visit, &headers),
        Err((page, detail)) => page.show(&engine, locale, detail),
    }
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
    let client_id = one(sent, "client_id")?.ok_or(Page::InvalidClient)?;
    let app = engine.app(client_id).ok_or(Page::InvalidClient)?;
    if app.inactive {
        return Err(Page::InvalidClient.into());
    }
    let redirect_uri = one(sent, "redirect_uri")?.unwrap_or_default();
    if !app.redirects_to(redirect_uri) {
        return Err((Page::RedirectUri, vec![("redirect_uri".to_owned(), redirect_uri.to_owned())]));
    }
    let mut extras = BTreeMap::new();
    let types: Vec<&str> = one(sent, "response_type")?.unwrap_or_default().split(' ').collect();
    if !types.contains(&"code") || !types.iter().all(|kind| matches!(*kind, "code" | "id_token")) {
        return Err(Page::Malformed.into());
    }
    let with_id_token = types.contains(&"id_token");
    let scope = scopes(&app, one(sent, "scope")?.unwrap_or_default())?;
    let by_post = match one(sent, "response_mode")? {
        Some("form_post") => true,
        None | Some("query") => false,
        Some(_) => return Err(Page::Malformed.into()),
    };
    if !by_post && (with_id_token || !scope.is_empty()) {
        return Err(Page::ResponseMode.into());
    }
    extras.extend(by_post.then(|| ("form_post", String::new())));
    extras.extend(with_id_token.then(|| ("id_token", String::new())));
    Ok(Visit {
        client_id: app.client_id,
        redirect_uri: redirect_uri.to_owned(),
        state: one(sent, "state")?.map(str::to_owned),
        nonce: one(sent, "nonce")?.map(str::to_owned),
        challenge: challenge(sent)?.filter(|_| engine.with(|world| world.facts.is("pkce_enforced"))),
        scope,
        openid: true,
        ask: Ask::default(),
        login_hint: one(sent, "login_hint")?.map(str::to_owned),
        locale,
        extras,
        opened_at: engine.now(),
        signed_in: None,
    })
}

fn scopes(app: &App, list: &str) -> Result<Vec<String>, Refused> {
    let mut scopes = Vec::new();
    for scope in list.split(' ').filter(|scope| !scope.is_empty() && *scope != "openid") {
        if app.item(scope).is_none() {
            return Err((Page::Scope, vec![("scope".to_owned(), scope.to_owned())]));
        }
        scopes.push(scope.to_owned());
    }
    Ok(scopes)
}

fn challenge(sent: &Params) -> Result<Option<Challenge>, Page> {
    let Some(challenge) = one(sent, "code_challenge")? else { return Ok(None) };
    ChallengeMethod::parse(one(sent, "code_challenge_method")?).map_err(|_| Page::Malformed)?;
    let challenge = CodeChallenge::parse(challenge).map_err(|_| Page::Malformed)?;
    Ok(Some(Challenge::S256(challenge)))
}

pub(super) fn answer(engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
    let mut parameters: Vec<_> = visit.state.clone().map(|state| ("state", state)).into_iter().collect();
    match outcome {
        Outcome::Agreed { code, person, link, first, grant } => {
            parameters.push(("code", (*code).to_owned()));
            if visit.extras.contains_key("id_token") {
                parameters
                    .extend(id_token(engine, grant, &Hash::Code(code)).map(|token| ("id_token", token)));
            }
            if *first && !visit.scope.is_empty() {
                let app = engine.with(|world| world.apps.get(&visit.client_id).cloned()).unwrap_or_default();
                parameters.push(("user", user(person, &app, link)));
            }
        }
        Outcome::Cancelled | Outcome::LoginRequired | Outcome::ConsentRequired => {
            parameters.push(("error", "user_cancelled_authorize".to_owned()));
        }
    }
    Delivery { by_post: visit.extras.contains_key("form_post"), ..Delivery::redirect(parameters) }
}

/// Only at the first consent, and signed by nobody.
fn user(person: &Person, app: &App, link: &Link) -> String {
    let mut user = json!({});
    if let Some(members) = user.as_object_mut() {
        if link.allows("name") {
            let name = json!({
                "firstName": person.given_name.as_deref().unwrap_or_default(),
                "lastName": person.family_name.as_deref().unwrap_or_default(),
            });
            members.insert("name".to_owned(), name);
        }
        if let Some((email, _)) = address(person, app, link) {
            members.insert("email".to_owned(), email.into());
        }
    }
    user.to_string()
}
