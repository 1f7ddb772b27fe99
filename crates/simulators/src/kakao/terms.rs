//! The service's own terms on Kakao's consent page (Kakao Sync), and who agreed to which.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use mapae_protocol::params::Params;
use serde_json::{Value, json};

use super::{api::Call, error::ApiError, user::number};
use crate::{
    ServiceTerm,
    engine::{Engine, Link},
    rules::{Asked, Case},
    web::{Either, json, rfc3339},
};

/// The parameter of an authorization request that selects terms.
pub(super) const PARAMETER: &str = "service_terms";

/// The lines about terms. At the first login: those that the request selects, or all. Later: those that it selects and that
/// are not agreed to, if one of them is required; without a selection none, whatever was added since.
pub(super) fn asked(case: &Case<'_>) -> Vec<Asked> {
    let selected = case.visit.extras.get(PARAMETER).map(|tags| list_of(tags));
    let is_selected = |term: &&ServiceTerm| match &selected {
        Some(selected) => selected.contains(&term.tag.as_str()),
        None => case.link.is_none(),
    };
    let is_open = |term: &&ServiceTerm| case.link.is_none_or(|link| !link.terms.contains_key(&term.tag));
    let open: Vec<&ServiceTerm> = case.app.terms.iter().filter(is_selected).filter(is_open).collect();
    if case.link.is_some() && !open.iter().any(|term| term.required) {
        return Vec::new();
    }
    let line = |term: &&ServiceTerm| Asked {
        id: Asked::term_id(&term.tag),
        title: term.title.clone(),
        required: term.required,
        ticked: term.required,
    };
    open.iter().map(line).collect()
}

fn list_of(tags: &str) -> Vec<&str> {
    tags.split(',').map(str::trim).filter(|tag| !tag.is_empty()).collect()
}

/// `GET /v2/user/service_terms`.
pub(super) async fn show(State(engine): State<Engine>, headers: HeaderMap, Either(sent): Either) -> Response {
    answer(Call::by_either(&engine, &headers, &sent).and_then(|call| list(&engine, &call, &sent)))
}

/// `POST /v2/user/revoke/service_terms`: what is not revocable is left out of the answer.
pub(super) async fn revoke(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    answer(Call::by_either(&engine, &headers, &sent).and_then(|call| {
        let tags = known_tags(&call, &sent)?;
        let revoked: Vec<Value> = change(&engine, &call, |link| {
            let revocable = |tag: &&String| call.app.term(tag).is_some_and(|term| !term.required);
            let gone = tags.iter().filter(revocable).filter(|tag| link.terms.remove(*tag).is_some());
            gone.map(|tag| json!({ "tag": tag, "agreed": false })).collect()
        });
        Ok(json!({ "id": number(&call.person), "revoked_service_terms": revoked }))
    }))
}

/// `POST /v2/user/upgrade/service_terms`: the service has asked by itself.
pub(super) async fn upgrade(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    answer(Call::by_either(&engine, &headers, &sent).and_then(|call| {
        let (tags, now) = (known_tags(&call, &sent)?, engine.now());
        let agreed: Vec<Value> = change(&engine, &call, |link| {
            let mut agreed = Vec::new();
            for tag in tags.iter().filter(|tag| !link.terms.contains_key(*tag)).collect::<Vec<_>>() {
                link.agree_to_term(tag, "KAPI", now);
                agreed.push(
                    json!({ "tag": tag, "agreed": true, "agreed_at": rfc3339(now), "agreed_by": "KAPI" }),
                );
            }
            agreed
        });
        Ok(json!({ "id": number(&call.person), "agreed_service_terms": agreed }))
    }))
}

fn list(engine: &Engine, call: &Call, sent: &Params) -> Result<Value, ApiError> {
    let result = sent.one("result").ok().flatten();
    let all = match result {
        None | Some("agreed_service_terms") => false,
        Some("app_service_terms") => true,
        Some(_) => {
            return Err(ApiError::Argument("result must be agreed_service_terms or app_service_terms"));
        }
    };
    let wanted = match sent.one("tags") {
        Ok(Some(_)) => Some(known_tags(call, sent)?),
        _ => None,
    };
    let without_agreement = engine.with(|world| world.facts.is("unagreed_term_is_revocable"));
    let terms = call.app.terms.iter().filter(|term| {
        (all || call.link.terms.contains_key(&term.tag))
            && wanted.as_ref().is_none_or(|wanted| wanted.contains(&term.tag))
    });
    let one = |term: &ServiceTerm| {
        let agreement = call.link.terms.get(&term.tag);
        let revocable = !term.required && (agreement.is_some() || without_agreement);
        let mut said = json!({
            "tag": term.tag, "required": term.required, "agreed": agreement.is_some(), "revocable": revocable,
        });
        if let (Some(agreement), Some(members)) = (agreement, said.as_object_mut()) {
            members.insert("agreed_at".to_owned(), rfc3339(agreement.at).into());
            members.insert("agreed_by".to_owned(), agreement.by.into());
        }
        said
    };
    Ok(json!({ "id": number(&call.person), "service_terms": terms.map(one).collect::<Vec<_>>() }))
}

/// The tags that are sent; one that the app does not have is a mistake.
fn known_tags(call: &Call, sent: &Params) -> Result<Vec<String>, ApiError> {
    let tags = sent.one("tags").ok().flatten().ok_or(ApiError::Argument("tags must be given once"))?;
    let tags: Vec<String> = list_of(tags).into_iter().map(str::to_owned).collect();
    if tags.is_empty() || tags.iter().any(|tag| call.app.term(tag).is_none()) {
        return Err(ApiError::Argument("There is no tags. check out to configured this tags in app"));
    }
    Ok(tags)
}

fn change<T: Default>(engine: &Engine, call: &Call, change: impl FnOnce(&mut Link) -> T) -> T {
    let key = (call.app.client_id.clone(), call.person.name.clone());
    engine.with(|world| world.links.get_mut(&key).map(change).unwrap_or_default())
}

fn answer(outcome: Result<Value, ApiError>) -> Response {
    match outcome {
        Ok(body) => json(200, &body),
        Err(error) => error.respond(),
    }
}
