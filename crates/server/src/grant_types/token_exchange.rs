//! The token exchange grant — RFC 8693; threats TX-01 … TX-04, TX-07.
//!
//! An app to which the operator permits it exchanges a token for an API into a narrower one for the same API, which says who
//! acts. It writes nothing: the new token hangs on the grant of the one that was presented, and on the app that asked.

use std::sync::Arc;

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
    catalog::{Api, Client},
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
        let (asked, policy) = (Asked::of(cx, &request), Policy::of(cx.client));
        let facts = Facts::read(cx, &request, (&asked, &policy)).await?;
        match exchange(&asked, facts, &policy) {
            Ok(exchange) => Ok(issue(cx, exchange).into()),
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

/// What the app asks for.
#[derive(Clone, Copy, Debug)]
struct Asked<'a> {
    audience: Option<&'a str>,
    resource: Option<&'a str>,
    scopes: Option<&'a Scopes>,
    /// Whether it proves the possession of a key: to that the new token is bound.
    proven: bool,
}

impl<'a> Asked<'a> {
    fn of(cx: &TokenContext<'a>, request: &'a ExchangeRequest) -> Self {
        Self {
            audience: request.audience.as_deref(),
            resource: cx.request.resource.as_ref().map(ResourceIndicator::as_str),
            scopes: cx.request.scopes.as_ref(),
            proven: cx.key.is_some(),
        }
    }

    /// The API that the request names, by either parameter.
    fn target(&self) -> Result<Option<&'a str>, Refused> {
        match (self.resource, self.audience) {
            (Some(resource), Some(audience)) if resource != audience => Err(Refused::TwoTargets),
            (resource, audience) => Ok(resource.or(audience)),
        }
    }
}

/// What is registered of the app.
#[derive(Clone, Copy, Debug)]
struct Policy<'a> {
    client_id: &'a str,
    public: bool,
    allowed: &'a Scopes,
}

impl<'a> Policy<'a> {
    fn of(client: &'a Client) -> Self {
        Self { client_id: client.id(), public: client.is_public(), allowed: client.allowed() }
    }
}

/// What is known of the tokens that were presented.
#[derive(Debug, Default)]
struct Facts {
    /// Whether the subject's is an access token of this server.
    ours: bool,
    /// The API that it is for.
    api: Option<Arc<Api>>,
    /// Whether the operator permits this app to exchange tokens for that API.
    permitted: bool,
    /// Whether the actor's is a living token that the app has for itself; `None`: there is no such token.
    acts_for_itself: Option<bool>,
    /// The subject's, if it lives.
    living: Option<Living>,
}

impl Facts {
    /// Of who may not exchange for the API no token is asked after: how long that takes would tell whether it lives (TX-01).
    /// What is refused without them is not worth a question to the store.
    async fn read(
        cx: &TokenContext<'_>,
        request: &ExchangeRequest,
        (asked, policy): (&Asked<'_>, &Policy<'_>),
    ) -> Result<Self, Fault> {
        let Some(token) = PresentedToken::open(request.subject.expose(), cx.app, cx.keys) else {
            return Ok(Self::default());
        };
        let apis = cx.app.catalog().apis();
        let api = token.audience.iter().find_map(|audience| apis.by_identifier(audience)).cloned();
        let known = Self { ours: true, api, ..Self::default() };
        let Ok(api) = target(asked, &known, policy) else { return Ok(known) };
        let permitted =
            exchange_permissions::is_permitted(cx.app.db(), &api.client_id, cx.client.id()).await?;
        if !permitted {
            return Ok(known);
        }
        let acts_for_itself = match &request.actor {
            Some(actor) => Some(acts_for_itself(cx, actor.expose()).await?),
            None => None,
        };
        Ok(Self { permitted, acts_for_itself, living: token.living(cx.app, cx.keys).await?, ..known })
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

/// What the app gets.
#[derive(Debug)]
struct Exchange {
    subject: Living,
    api: Arc<Api>,
    scopes: Scopes,
    /// Who acts now first.
    actors: Vec<String>,
}

/// The API for which the app exchanges, by what the request and the token say.
fn target<'f>(asked: &Asked<'_>, facts: &'f Facts, policy: &Policy<'_>) -> Result<&'f Arc<Api>, Refused> {
    if policy.public {
        return Err(Refused::PublicApp);
    }
    if !facts.ours {
        return Err(Refused::Subject);
    }
    let target = asked.target()?;
    let api = facts.api.as_ref().filter(|api| target.is_none_or(|target| target == api.identifier));
    api.ok_or(Refused::OtherTarget)
}

/// The order matters: who may not exchange for an API learns nothing of its tokens, not even whether they live (TX-01).
fn exchange(asked: &Asked<'_>, facts: Facts, policy: &Policy<'_>) -> Result<Exchange, Refused> {
    let api = Arc::clone(target(asked, &facts, policy)?);
    if !facts.permitted {
        return Err(Refused::NotPermitted);
    }
    if facts.acts_for_itself == Some(false) {
        return Err(Refused::Actor);
    }
    let subject = facts.living.filter(|living| living.grant.is_some()).ok_or(Refused::Subject)?;
    // What is made of a bound token is bound, too: to the key of who asks, whose own the other one is not (TX-03).
    if subject.token.cnf.is_some() && !asked.proven {
        return Err(Refused::Unbound);
    }
    let owns = |scope: &str| api.scopes.iter().any(|own| own.name == scope);
    let scopes = narrowed(asked.scopes, &subject.token.scopes, policy.allowed, owns)?;
    if api.disabled {
        return Err(Refused::SwitchedOff);
    }
    let actors = actors(policy.client_id, &subject.token.actors)?;
    Ok(Exchange { subject, api, scopes, actors })
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

fn issue(cx: &TokenContext<'_>, exchange: Exchange) -> Issue {
    let Exchange { subject, api, scopes, actors } = exchange;
    let api_id = api.client_id.clone();
    let audiences = Audiences { api: Some(api), openid: false };
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
        noted: Some((Event::TokenExchanged, api_id)),
    }
}

#[cfg(test)]
#[path = "token_exchange/exchanges.rs"]
mod exchanges;
