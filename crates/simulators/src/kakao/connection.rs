//! Between person and app: logout, unlink, consent items, completing the connection.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use mapae_protocol::locale::Locale;
use serde_json::{Value, json};

use super::{
    api::Call,
    error::{ApiError, Page},
    items::title,
    user::number,
};
use crate::{
    Requirement,
    dialog::address,
    engine::Engine,
    web::{Either, Query, cookie, json, locale, moved},
};

fn answer(outcome: Result<Value, ApiError>) -> Response {
    match outcome {
        Ok(body) => json(200, &body),
        Err(error) => error.respond(),
    }
}

/// `POST /v1/user/logout`: by token, the tokens of its authorization; by admin key, all of the person.
pub(super) async fn logout(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    answer(Call::by_either(&engine, &headers, &sent).map(|call| {
        engine.with(|world| {
            world.revoke(|grant| match &call.token {
                Some(token) => grant.family == token.grant.family,
                None => grant.client_id == call.app.client_id && grant.person == call.person.name,
            });
        });
        json!({ "id": number(&call.person) })
    }))
}

/// `POST /v1/user/unlink`: tokens die, the consent page comes back, and no webhook tells what we know already.
pub(super) async fn unlink(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    answer(Call::by_either(&engine, &headers, &sent).map(|call| {
        engine.with(|world| world.unlink(&call.app.client_id, &call.person.name));
        json!({ "id": number(&call.person) })
    }))
}

/// `POST /v1/user/signup`: for apps that complete the connection themselves.
pub(super) async fn sign_up(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    answer(Call::by_token(&engine, &headers).and_then(|call| {
        if call.link.signed_up {
            return Err(ApiError::AlreadyLinked);
        }
        let key = (call.app.client_id.clone(), call.person.name.clone());
        engine.with(|world| {
            if let Some(link) = world.links.get_mut(&key) {
                link.signed_up = true;
            }
        });
        Ok(json!({ "id": number(&call.person) }))
    }))
}

/// `GET /v2/user/scopes`.
pub(super) async fn scopes(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    answer(Call::by_either(&engine, &headers, &sent).and_then(|call| {
        let wanted: Option<Vec<String>> = match sent.one("scopes") {
            Ok(None) => None,
            Ok(Some(list)) => Some(list_of(list)?),
            Err(_) => return Err(ApiError::Argument("scopes must be given once")),
        };
        Ok(granted(&call, wanted.as_deref()))
    }))
}

/// `POST /v2/user/revoke/scopes`: withdraws optional items.
pub(super) async fn revoke_scopes(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    answer(Call::by_either(&engine, &headers, &sent).and_then(|mut call| {
        let given = sent.one("scopes").ok().flatten();
        let ids = list_of(given.ok_or(ApiError::Argument("scopes is missing"))?)?;
        let revocable = |id: &String| {
            call.app.item(id).is_some_and(|item| item.requirement != Requirement::Required)
                && call.link.allows(id)
        };
        if !ids.iter().all(revocable) {
            return Err(ApiError::Argument("a scope is not agreed to or cannot be revoked"));
        }
        let key = (call.app.client_id.clone(), call.person.name.clone());
        engine.with(|world| {
            if let Some(link) = world.links.get_mut(&key) {
                for id in &ids {
                    link.items.remove(id);
                    link.refused.insert(id.clone());
                }
                call.link = link.clone();
            }
        });
        Ok(granted(&call, Some(&ids)))
    }))
}

fn list_of(text: &str) -> Result<Vec<String>, ApiError> {
    serde_json::from_str(text).map_err(|_| ApiError::Argument("scopes must be a JSON array of strings"))
}

fn granted(call: &Call, wanted: Option<&[String]>) -> Value {
    let wants = |id: &str| wanted.is_none_or(|wanted| wanted.iter().any(|wanted| wanted == id));
    let scopes: Vec<Value> = call
        .app
        .items
        .iter()
        .filter(|item| wants(&item.id))
        .map(|item| {
            let agreed = call.link.allows(&item.id);
            let mut scope = json!({
                "id": item.id,
                "display_name": title(&item.id, Locale::Ko),
                "type": "PRIVACY",
                "using": true,
                "agreed": agreed,
            });
            if let (true, Some(members)) = (agreed, scope.as_object_mut()) {
                members.insert("revocable".to_owned(), (item.requirement != Requirement::Required).into());
            }
            scope
        })
        .collect();
    json!({ "id": number(&call.person), "scopes": scopes })
}

/// `GET /oauth/logout`: ends the session of the browser at Kakao, too.
pub(super) async fn logout_of_browser(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Query(sent): Query,
) -> Response {
    let locale = locale(&engine, None, &headers);
    let (Ok(client_id), Ok(uri), Ok(state)) =
        (sent.one("client_id"), sent.one("logout_redirect_uri"), sent.one("state"))
    else {
        return Page::Malformed.show(&engine, locale, Vec::new());
    };
    let (Some(client_id), Some(uri)) = (client_id, uri) else {
        return Page::MissingParameter.show(&engine, locale, Vec::new());
    };
    let Some(app) = engine.with(|world| world.apps.get(client_id).cloned()) else {
        return Page::AppKey.show(&engine, locale, Vec::new());
    };
    if !app.lenient && !app.logout_redirect_uris.iter().any(|registered| registered == uri) {
        let detail = vec![("logout_redirect_uri".to_owned(), uri.to_owned())];
        return Page::LogoutRedirectUri.show(&engine, locale, detail);
    }
    if let Some(session) = cookie::session(&engine, &headers) {
        let now = engine.now();
        engine.with(|world| {
            if let Some((person, _)) = world.signed_in(&session, now) {
                world.revoke(|grant| grant.client_id == app.client_id && grant.person == person);
            }
            world.end_session(&session);
        });
    }
    let parameters: Vec<_> = state.map(|state| ("state", state.to_owned())).into_iter().collect();
    if parameters.is_empty() { moved(uri) } else { moved(&address(uri, &parameters)) }
}
