//! The refresh token grant — RFC 6749 §6. How its tokens follow one another is in [`rotation`].

use async_trait::async_trait;
use mapae_protocol::{
    error::{ErrorCode, OAuthError},
    resource::ResourceIndicator,
    scope::Scopes,
    token::grant_type::REFRESH_TOKEN,
};
use serde_json::{Map, Value};

use super::{
    Decision, GrantType, Refusal, Role, Terms, TokenContext,
    person_tokens::{self, Share},
    rotation::{self, Presenter, Refused, Rules, Turn},
};
use crate::{
    fault::{Artefact, Fault},
    issue::{Audiences, RefreshSecret, RefreshToken, audience_of_grant},
    store::grants::{self, Grant},
};

/// `grant_type=refresh_token`.
#[derive(Debug)]
pub(super) struct RefreshTokenGrant;

#[async_trait]
impl GrantType for RefreshTokenGrant {
    fn name(&self) -> &'static str {
        REFRESH_TOKEN
    }

    fn terms(&self) -> Terms {
        Terms {
            role: Role::Continues,
            meaning: "RFC 6749 §6: new access tokens without asking again",
            words: ["grant.refresh", "grant.refresh_hint"],
        }
    }

    fn sealed(&self) -> Option<&'static str> {
        Some("refresh_token")
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        let token = match presented(cx) {
            Ok(token) => token,
            Err(refusal) => return Ok(refusal.into()),
        };
        let Some(facts) = grants::facts(cx.app.db(), &token.grant_id).await? else {
            return Ok(Refusal::of(Refused::NoGrant).into());
        };
        let presenter = Presenter { client_id: cx.client.id(), key: cx.key };
        match rotation::turn(&token, &facts, presenter, cx.now) {
            Ok(turn) => {
                let given = &facts.grant.given;
                let claims = given.claims.as_deref();
                let told = person_tokens::told_in_id_token(cx, &given.user_id, claims).await?;
                issue(cx, (&token, &turn), &facts.grant, told)
            }
            // What is dead already is not written again, however often an old token is presented.
            Err(Refused::Replayed) if facts.grant.revoked_at.is_none() => {
                let revoked = grants::revoke(&facts.grant.given.id, cx.now);
                Ok(Refusal::of(Refused::Replayed).with(revoked).into())
            }
            Err(refused) => Ok(Refusal::of(refused).into()),
        }
    }
}

/// The presented token, opened.
fn presented(cx: &TokenContext<'_>) -> Result<RefreshToken, Refusal> {
    let text = cx.params.one("refresh_token").map_err(Refusal::of)?;
    let text = text.ok_or_else(|| Refusal::of(Refused::Missing))?;
    RefreshToken::open(text, &cx.keys.seals.refresh_tokens).ok_or_else(|| Refusal::of(Refused::Foreign))
}

fn issue(
    cx: &TokenContext<'_>,
    (token, turn): (&RefreshToken, &Turn),
    grant: &Grant,
    told: Map<String, Value>,
) -> Result<Decision, Fault> {
    let granted = Scopes::restore(&grant.given.scopes).map_err(Fault::corrupt(Artefact::ScopesOfGrant))?;
    let (scopes, audiences) = match share(cx, grant, &granted) {
        Ok(share) => share,
        Err(refusal) => return Ok(refusal.into()),
    };
    let tokens = &cx.app.config().tokens;
    let rules = Rules {
        rotates: cx.client.rotates_refresh_tokens(grant.given.jkt.is_some()),
        window: tokens.refresh_retry,
        idle: tokens.refresh_idle,
        sealer: &cx.keys.seals.refresh_tokens,
    };
    let succession = rotation::succession(token, turn, RefreshSecret::generate(), &rules, cx.now)?;
    let share = Share {
        scopes: &scopes,
        audiences: &audiences,
        nonce: None,
        told,
        unit: succession.change.unit(token, cx.now),
        refresh_token: succession.token,
    };
    Ok(person_tokens::plan(cx, &grant.given, share).into())
}

/// What was granted, or less: the original grant is the ceiling for ever (RFC 6749 §6), and what has been taken
/// from the app since is taken from its grants.
fn share(cx: &TokenContext<'_>, grant: &Grant, granted: &Scopes) -> Result<(Scopes, Audiences), Refusal> {
    let left = cx.client.still_allowed(granted);
    let left = left.ok_or_else(|| Refusal::of(Refused::NothingLeft))?;
    let scopes = match &cx.request.scopes {
        None => left,
        Some(requested) if requested.is_subset(&left) && !requested.is_empty() => requested.clone(),
        Some(_) => return Err(Refusal::of(MoreThanGranted)),
    };
    let asked = cx.request.resource.as_ref().map(ResourceIndicator::as_str);
    let audiences =
        audience_of_grant(&cx.app.catalog().apis(), &scopes, grant.given.resource.as_deref(), asked);
    Ok((scopes, audiences.map_err(Refusal::of)?))
}

/// A refresh that wants more than the person granted.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("more scope than granted")]
struct MoreThanGranted;

impl From<MoreThanGranted> for OAuthError {
    fn from(MoreThanGranted: MoreThanGranted) -> Self {
        Self::new(ErrorCode::InvalidScope, "a scope was not granted")
    }
}
