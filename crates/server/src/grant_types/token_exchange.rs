//! The token exchange grant — RFC 8693; threats TX-01 … TX-04, TX-07.
//!
//! An app to which the operator permits it exchanges a token for an API into a narrower one for the same API, which says who
//! acts. It writes nothing: the new token hangs on the grant of the one that was presented, and on the app that asked.

use async_trait::async_trait;
use mapae_protocol::{
    error::{ErrorCode, OAuthError},
    resource::ResourceIndicator,
    scope::Scopes,
    token_exchange::{ACCESS_TOKEN, ExchangeRequest, MAX_ACTORS, TOKEN_EXCHANGE},
};

use super::{Decision, GrantType, Issue, Refusal, Role, Terms, TokenContext};
use crate::{
    audit::Event,
    catalog::Api,
    fault::Fault,
    issue::{AccessTokenContext, AccessTokenPlan, Audiences, Exchanged, Living, PresentedToken},
    store::{Unit, exchange_permissions},
};

/// `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`.
#[derive(Debug)]
pub(super) struct TokenExchangeGrant;

#[async_trait]
impl GrantType for TokenExchangeGrant {
    fn name(&self) -> &'static str {
        TOKEN_EXCHANGE
    }

    fn terms(&self) -> Terms {
        Terms {
            role: Role::Exchanges,
            meaning: "RFC 8693: the app passes on what it was called with",
            words: ["grant.exchange", "grant.exchange_hint"],
        }
    }

    fn sealed(&self) -> Option<&'static str> {
        Some("subject_token")
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        let request = match ExchangeRequest::parse(cx.params) {
            Ok(request) => request,
            Err(error) => return Ok(Refusal::of(error).into()),
        };
        match exchange(cx, &request).await? {
            Ok(issue) => Ok(issue.into()),
            Err(refused) => Ok(Refusal::of(refused).into()),
        }
    }
}

/// Why nothing is exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("public app")]
    PublicApp,
    #[error("not a living access token of ours, or of no person")]
    Subject,
    #[error("not a living access token that this app has for itself")]
    Actor,
    #[error("audience and resource name two APIs")]
    TwoTargets,
    #[error("the token is for no API, or for another one")]
    OtherTarget,
    #[error("the operator has not permitted it for this API")]
    NotPermitted,
    #[error("the API is switched off")]
    SwitchedOff,
    #[error("more scope than the token has or the app may have")]
    MoreScope,
    #[error("nothing is left that the app may have")]
    NothingLeft,
    #[error("a bound token without a proof of possession")]
    Unbound,
    #[error("too many act for each other")]
    TooManyActors,
}

impl From<Refused> for OAuthError {
    fn from(refused: Refused) -> Self {
        use ErrorCode::{InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient};
        let (code, description) = match refused {
            Refused::PublicApp => (UnauthorizedClient, "a public app cannot exchange tokens"),
            // RFC 8693 §2.2.2: what is wrong with a token is nobody's business.
            Refused::Subject => (InvalidRequest, "the subject_token is not valid, or not valid any more"),
            Refused::Actor => {
                (InvalidRequest, "the actor_token is no access token that the app has for itself")
            }
            Refused::Unbound => {
                (InvalidRequest, "a token that is bound to a key is exchanged with a proof of possession")
            }
            Refused::TooManyActors => (InvalidRequest, "too many apps act for each other"),
            Refused::TwoTargets => (InvalidTarget, "audience and resource must name the same API"),
            Refused::OtherTarget | Refused::NotPermitted => {
                (InvalidTarget, "the app may not exchange this token for this target")
            }
            Refused::SwitchedOff => (InvalidTarget, "the API is switched off"),
            Refused::MoreScope => (InvalidScope, "a scope is not the subject_token's, or not the app's"),
            Refused::NothingLeft => (InvalidScope, "no scope is left that this app may have"),
        };
        Self::new(code, description)
    }
}

/// The order matters: who may not exchange for an API learns nothing of its tokens, not even whether they live (TX-01).
async fn exchange(cx: &TokenContext<'_>, request: &ExchangeRequest) -> Result<Result<Issue, Refused>, Fault> {
    if cx.client.is_public() {
        return Ok(Err(Refused::PublicApp));
    }
    let Some(token) = PresentedToken::open(request.subject.expose(), cx.app, cx.keys) else {
        return Ok(Err(Refused::Subject));
    };
    let asked = match target(cx, request) {
        Ok(asked) => asked,
        Err(refused) => return Ok(Err(refused)),
    };
    let apis = cx.app.catalog().apis();
    let api = token.audience.iter().find_map(|audience| apis.by_identifier(audience));
    let Some(api) = api.filter(|api| asked.is_none_or(|asked| asked == api.identifier)) else {
        return Ok(Err(Refused::OtherTarget));
    };
    if !exchange_permissions::is_permitted(cx.app.db(), &api.client_id, cx.client.id()).await? {
        return Ok(Err(Refused::NotPermitted));
    }
    if let Some(actor) = &request.actor
        && !acts_for_itself(cx, actor.expose()).await?
    {
        return Ok(Err(Refused::Actor));
    }
    let Some(living) = token.living(cx.app, cx.keys).await?.filter(|living| living.grant.is_some()) else {
        return Ok(Err(Refused::Subject));
    };
    // What is made of a bound token is bound, too: to the key of who asks, whose own the other one is not (TX-03).
    if living.token.cnf.is_some() && cx.key.is_none() {
        return Ok(Err(Refused::Unbound));
    }
    let owns = |scope: &str| api.scopes.iter().any(|own| own.name == scope);
    let scopes = match narrowed(cx.request.scopes.as_ref(), &living.token.scopes, cx.client.allowed(), owns) {
        Ok(scopes) => scopes,
        Err(refused) => return Ok(Err(refused)),
    };
    if api.disabled {
        return Ok(Err(Refused::SwitchedOff));
    }
    let actors = match actors(cx.client.id(), &living.token.actors) {
        Ok(actors) => actors,
        Err(refused) => return Ok(Err(refused)),
    };
    Ok(Ok(issue(cx, api, (living, actors), scopes)))
}

/// The API that the request names, by either parameter.
fn target<'a>(cx: &'a TokenContext<'_>, request: &'a ExchangeRequest) -> Result<Option<&'a str>, Refused> {
    let resource = cx.request.resource.as_ref().map(ResourceIndicator::as_str);
    match (resource, request.audience.as_deref()) {
        (Some(resource), Some(audience)) if resource != audience => Err(Refused::TwoTargets),
        (resource, audience) => Ok(resource.or(audience)),
    }
}

/// An app proves that it acts by the token that it has for itself, and by no other's (TX-04).
async fn acts_for_itself(cx: &TokenContext<'_>, text: &str) -> Result<bool, Fault> {
    let keys = cx.app.keys_for(text).await?;
    let own = PresentedToken::open(text, cx.app, &keys)
        .filter(|token| token.grant_id.is_none() && token.client_id == cx.client.id());
    match own {
        Some(token) => Ok(token.living(cx.app, &keys).await?.is_some()),
        None => Ok(false),
    }
}

/// Never more than the token has, the app may have, and the API owns (TX-03): what is for userinfo stays with the app to
/// which the person gave it.
fn narrowed(
    requested: Option<&Scopes>,
    subject: &Scopes,
    allowed: &Scopes,
    owns: impl Fn(&str) -> bool,
) -> Result<Scopes, Refused> {
    let ceiling = subject.intersection(allowed);
    let ceiling: Scopes = ceiling.iter().filter(|scope| owns(scope.as_str())).cloned().collect();
    let scopes = match requested {
        None => ceiling,
        Some(requested) if requested.is_subset(&ceiling) => requested.clone(),
        Some(_) => return Err(Refused::MoreScope),
    };
    if scopes.is_empty() { Err(Refused::NothingLeft) } else { Ok(scopes) }
}

/// Whoever asks acts now, before all who acted until then (RFC 8693 §4.1).
fn actors(client_id: &str, before: &[String]) -> Result<Vec<String>, Refused> {
    let actors: Vec<String> = std::iter::once(client_id.to_owned()).chain(before.iter().cloned()).collect();
    if actors.len() > MAX_ACTORS { Err(Refused::TooManyActors) } else { Ok(actors) }
}

fn issue(
    cx: &TokenContext<'_>,
    api: &std::sync::Arc<Api>,
    (subject, actors): (Living, Vec<String>),
    scopes: Scopes,
) -> Issue {
    let audiences = Audiences { api: Some(std::sync::Arc::clone(api)), openid: false };
    let access = AccessTokenContext {
        keys: cx.keys,
        issuer: cx.app.issuer(),
        audiences: &audiences,
        scopes: &scopes,
        lifetime: cx.app.config().tokens.access_token,
        key: cx.key,
        now: cx.now,
    };
    let exchanged = Exchanged { subject, actors, app_id: cx.client.id(), app_epoch: cx.client.epoch() };
    let access_token = AccessTokenPlan::for_actor(&access, exchanged);
    Issue {
        unit: Unit::new(),
        access_token,
        id_token: None,
        refresh_token: None,
        scope: scopes,
        issued_token_type: Some(ACCESS_TOKEN),
        noted: Some((Event::TokenExchanged, api.client_id.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::restore(text).unwrap()
    }

    #[test]
    fn tx_03_never_more_than_the_token_the_app_and_the_api() {
        let owns = |scope: &str| scope.starts_with("calendar.");
        for (requested, subject, allowed, expected) in [
            (None, "calendar.read calendar.write", "calendar.read", Ok("calendar.read")),
            (None, "calendar.read openid", "calendar.read openid", Ok("calendar.read")),
            (
                Some("calendar.read"),
                "calendar.read calendar.write",
                "calendar.read calendar.write",
                Ok("calendar.read"),
            ),
            (
                Some("calendar.write"),
                "calendar.read",
                "calendar.read calendar.write",
                Err(Refused::MoreScope),
            ),
            (
                Some("calendar.write"),
                "calendar.read calendar.write",
                "calendar.read",
                Err(Refused::MoreScope),
            ),
            (Some("openid"), "openid calendar.read", "openid calendar.read", Err(Refused::MoreScope)),
            (Some("mail.read"), "mail.read", "mail.read", Err(Refused::MoreScope)),
            (Some(""), "calendar.read", "calendar.read", Err(Refused::NothingLeft)),
            (None, "openid", "openid calendar.read", Err(Refused::NothingLeft)),
        ] {
            let requested_scopes = requested.map(scopes);
            let found = narrowed(requested_scopes.as_ref(), &scopes(subject), &scopes(allowed), owns);
            assert_eq!(found, expected.map(scopes), "{requested:?} of {subject} for {allowed}");
        }
    }

    #[test]
    fn tx_04_four_act_and_no_fifth_and_whoever_asks_is_always_among_them() {
        let mut chain = Vec::new();
        for number in 1..=MAX_ACTORS {
            chain = actors(&format!("app_{number}"), &chain).unwrap();
            assert_eq!(chain.len(), number);
        }
        assert_eq!(chain.first().map(String::as_str), Some("app_4"));
        assert_eq!(actors("app_5", &chain), Err(Refused::TooManyActors));
    }
}
