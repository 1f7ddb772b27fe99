//! `GET /o/oauth2/v2/auth`, and the answer with its extra parameters.

use std::collections::BTreeMap;

use axum::{extract::State, response::Response};
use http::{HeaderMap, header};
use mapae_protocol::{
    locale::Locale,
    params::{Params, Repeated},
    pkce::CodeChallenge,
};

use super::{error::Page, scope};
use crate::{
    App,
    dialog::{self, address},
    engine::{Ask, Challenge, Engine, Visit},
    rules::{Delivery, Outcome},
    web::{Query, locale, moved},
};

/// What the user agents of in-app browsers have in them.
const WEB_VIEWS: [&str; 6] = ["; wv)", "KAKAOTALK", "NAVER(inapp", "FBAN/", "FBAV/", "Instagram"];

pub(super) async fn authorize(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Query(sent): Query,
) -> Response {
    let wanted = sent.all("hl").chain(sent.all("ui_locales")).next();
    let locale = locale(&engine, wanted, &headers);
    if is_web_view(&headers) && engine.with(|world| world.facts.is("refuses_web_views")) {
        return Page::DisallowedUserAgent.show(&engine, locale, Vec::new());
    }
    match parse(&engine, &sent, locale) {
        Ok(visit) => dialog::begin(&engine, visit, &headers),
        Err(Refused::Page(page, detail)) => page.show(&engine, locale, detail),
        Err(Refused::ToApp(to)) => moved(&to),
    }
}

fn is_web_view(headers: &HeaderMap) -> bool {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    WEB_VIEWS.iter().any(|mark| agent.contains(mark))
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
        Page::InvalidRequest.into()
    }
}

fn parse(engine: &Engine, sent: &Params, locale: Locale) -> Result<Visit, Refused> {
    let missing =
        |name: &str| Refused::Page(Page::InvalidRequest, vec![("missing".to_owned(), name.to_owned())]);
    let client_id = sent.one("client_id")?.ok_or_else(|| missing("client_id"))?;
    let app = engine.app(client_id).ok_or(Page::InvalidClient)?;
    if app.inactive {
        return Err(Page::DeletedClient.into());
    }
    let redirect_uri = sent.one("redirect_uri")?.ok_or_else(|| missing("redirect_uri"))?;
    if !app.redirects_to(redirect_uri) {
        let detail = vec![("redirect_uri".to_owned(), redirect_uri.to_owned())];
        return Err(Refused::Page(Page::RedirectUriMismatch, detail));
    }
    if sent.one("response_type")?.ok_or_else(|| missing("response_type"))? != "code" {
        return Err(Page::InvalidRequest.into());
    }
    let state = sent.one("state")?.map(str::to_owned);
    let list = sent.one("scope")?.ok_or_else(|| missing("scope"))?;
    let Some(scope) = scopes(&app, list) else {
        let error = vec![("iss", engine.issuer().to_owned()), ("error", "invalid_scope".to_owned())];
        let error = with_state(error, state.as_ref());
        return Err(Refused::ToApp(address(redirect_uri, &error)));
    };
    let prompt: Vec<&str> =
        sent.one("prompt")?.unwrap_or_default().split(' ').filter(|p| !p.is_empty()).collect();
    let known = |prompt: &&str| matches!(*prompt, "none" | "consent" | "select_account");
    if !prompt.iter().all(known) || (prompt.contains(&"none") && prompt.len() > 1) {
        return Err(Page::InvalidRequest.into());
    }
    let mut extras = BTreeMap::new();
    for name in ["access_type", "include_granted_scopes"] {
        extras.extend(sent.one(name)?.map(|value| (name, value.to_owned())));
    }
    Ok(Visit {
        client_id: app.client_id,
        redirect_uri: redirect_uri.to_owned(),
        state,
        nonce: sent.one("nonce")?.map(str::to_owned),
        challenge: challenge(sent)?,
        openid: scope.iter().any(|scope| scope == "openid"),
        scope,
        ask: Ask {
            nothing: prompt.contains(&"none"),
            login: prompt.contains(&"select_account"),
            consent: prompt.contains(&"consent"),
            refused: false,
        },
        login_hint: sent.one("login_hint")?.map(str::to_owned),
        locale,
        extras,
        opened_at: engine.now(),
        signed_in: None,
    })
}

/// By their short names; `None` when the project has not configured one.
fn scopes(app: &App, list: &str) -> Option<Vec<String>> {
    let named = list.split(' ').filter(|scope| !scope.is_empty()).map(scope::short);
    let scopes: Option<Vec<String>> =
        named.map(|scope| app.item(scope).is_some().then(|| scope.to_owned())).collect();
    scopes.filter(|scopes| !scopes.is_empty())
}

fn challenge(sent: &Params) -> Result<Option<Challenge>, Refused> {
    let Some(challenge) = sent.one("code_challenge")? else { return Ok(None) };
    match sent.one("code_challenge_method")? {
        None | Some("plain") => Ok(Some(Challenge::Plain(challenge.to_owned()))),
        Some("S256") => {
            let challenge = CodeChallenge::parse(challenge).map_err(|_| Page::InvalidRequest)?;
            Ok(Some(Challenge::S256(challenge)))
        }
        Some(_) => Err(Page::InvalidRequest.into()),
    }
}

fn with_state(
    mut parameters: Vec<(&'static str, String)>,
    state: Option<&String>,
) -> Vec<(&'static str, String)> {
    if let Some(state) = state {
        parameters.insert(0, ("state", state.clone()));
    }
    parameters
}

/// More than code and state: the issuer (RFC 9207 §2), what was granted, which account.
pub(super) fn answer(engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Delivery {
    // The metadata promises the issuer in every answer, so errors have it, too (RFC 9207 §2).
    let mut parameters = vec![("iss", engine.issuer().to_owned())];
    parameters.extend(match outcome {
        Outcome::Agreed { code, person, grant, first, .. } => {
            let mut parameters = vec![
                ("code", (*code).to_owned()),
                ("scope", scope::long(&grant.scope)),
                ("authuser", "0".to_owned()),
            ];
            parameters.extend(person.hosted_domain.clone().map(|domain| ("hd", domain)));
            let prompt = if *first || visit.ask.consent { "consent" } else { "none" };
            parameters.push(("prompt", prompt.to_owned()));
            parameters
        }
        Outcome::Cancelled => vec![("error", "access_denied".to_owned())],
        Outcome::LoginRequired => {
            vec![("error", engine.with(|world| world.facts.text("silent_login_error").to_owned()))]
        }
        Outcome::ConsentRequired => vec![("error", "consent_required".to_owned())],
    });
    Delivery::redirect(with_state(parameters, visit.state.as_ref()))
}
