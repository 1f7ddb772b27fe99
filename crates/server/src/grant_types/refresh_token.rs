//! The refresh token grant — RFC 6749 §6, rotation RFC 9700 §4.14.2.
//!
//! One `UPDATE … WHERE generation = presented` decides: of any number of simultaneous refreshes one makes
//! the successor. A client that lost the answer gets the same successor again for a short while, as long as
//! nobody has used that one. Any older generation revokes the grant.

use std::borrow::Cow;

use async_trait::async_trait;
use mapae_protocol::{
    error::{ErrorCode, OAuthError},
    resource::ResourceIndicator,
    scope::Scopes,
    time::Timestamp,
};

use super::{
    Decision, GrantType, Refusal, TokenContext,
    person_tokens::{self, GrantView, Share},
};
use crate::{
    fault::Fault,
    issue::{Audiences, RefreshSecret, RefreshToken, audience_of_grant},
    store::{
        Concealed, Unit,
        grants::{self, Grant, GrantFacts, Rotation},
    },
};

/// `grant_type=refresh_token`.
#[derive(Debug)]
pub(super) struct RefreshTokenGrant;

#[async_trait]
impl GrantType for RefreshTokenGrant {
    fn name(&self) -> &'static str {
        "refresh_token"
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        let token = match presented(cx) {
            Ok(token) => token,
            Err(refusal) => return Ok(refusal.into()),
        };
        let Some(facts) = grants::facts(cx.app.db(), &token.grant_id, None).await? else {
            return Ok(refused("no such grant").into());
        };
        match refresh(&token, &facts, cx.client.id(), cx.now) {
            Ok(turn) => issue(cx, &token, &facts.grant, &turn),
            Err(refusal) => Ok(refusal.into()),
        }
    }
}

/// The presented token, opened.
fn presented(cx: &TokenContext<'_>) -> Result<RefreshToken, Refusal> {
    let text = cx.params.one("refresh_token").map_err(super::repeated)?;
    let missing = OAuthError::new(ErrorCode::InvalidRequest, "refresh_token is missing");
    let text = text.ok_or_else(|| Refusal::new(missing, "no refresh token"))?;
    RefreshToken::open(text, &cx.keys.seals.refresh_tokens)
        .ok_or_else(|| refused("not a refresh token of ours"))
}

/// Whose turn it is.
#[derive(Debug, PartialEq, Eq)]
enum Turn {
    /// The presented token is the current one.
    Next,
    /// Its successor was made, but perhaps never arrived: the same one again.
    Again { successor: String },
}

/// RFC 6749 §6: bound to this client, current, and its grant alive.
fn refresh(
    token: &RefreshToken,
    facts: &GrantFacts,
    client_id: &str,
    now: Timestamp,
) -> Result<Turn, Refusal> {
    let grant = &facts.grant;
    if grant.app_id != client_id {
        return Err(refused("issued to another client"));
    }
    let turn = turn(token, grant, now)?;
    facts.alive(now).map_err(|dead| refused(dead.to_string()))?;
    Ok(turn)
}

fn turn(token: &RefreshToken, grant: &Grant, now: Timestamp) -> Result<Turn, Refusal> {
    if token.generation == grant.generation {
        let current = grant.refresh_hash.as_ref().is_some_and(|hash| hash.matches(&token.secret.hash()));
        return if current { Ok(Turn::Next) } else { Err(refused("not the token of this generation")) };
    }
    if token.generation + 1 == grant.generation
        && let Some((sealed, until)) = &grant.successor
        && now < *until
        && let Some(successor) = token.secret.open_successor(sealed.expose())
    {
        return Ok(Turn::Again { successor });
    }
    // An older one: either the client or somebody else holds a copy. Nobody can tell who, so it ends
    // for both (RFC 9700 §4.14.2).
    Err(match grant.revoked_at {
        None => refused("used before: the grant is revoked").with(grants::revoke(&grant.id, now)),
        Some(_) => refused("used before, and the grant was revoked for it or for something else"),
    })
}

fn issue(cx: &TokenContext<'_>, token: &RefreshToken, grant: &Grant, turn: &Turn) -> Result<Decision, Fault> {
    let granted = Scopes::restore(&grant.scopes).map_err(|_| Fault::Payload("scopes of a grant"))?;
    let (scopes, audiences) = match share(cx, grant, granted) {
        Ok(share) => share,
        Err(refusal) => return Ok(refusal.into()),
    };
    let (refresh_token, unit) = succession(cx, token, turn)?;
    let view = GrantView {
        id: &grant.id,
        user_id: &grant.user_id,
        consent_id: &grant.consent_id,
        session_id: grant.session_id.as_deref(),
        offline: grant.offline,
        epochs: grant.epochs,
        auth_time: grant.auth_time,
        acr: grant.acr.as_deref().unwrap_or_default(),
        amr: &grant.amr,
        expires_at: grant.expires_at,
    };
    let share = Share { scopes: &scopes, audiences: &audiences, nonce: None, refresh_token, unit };
    Ok(person_tokens::plan(cx, &view, share).into())
}

/// What was granted, or less: the original grant is the ceiling for ever (RFC 6749 §6).
fn share(cx: &TokenContext<'_>, grant: &Grant, granted: Scopes) -> Result<(Scopes, Audiences), Refusal> {
    let scopes = match &cx.request.scopes {
        None => granted,
        Some(requested) if requested.is_subset(&granted) && !requested.is_empty() => requested.clone(),
        Some(_) => {
            let error = OAuthError::new(ErrorCode::InvalidScope, "a scope was not granted");
            return Err(Refusal::new(error, "more scope than granted"));
        }
    };
    let asked = cx.request.resource.as_ref().map(ResourceIndicator::as_str);
    let audiences = audience_of_grant(&cx.app.catalog().apis(), &scopes, grant.resource.as_deref(), asked);
    Ok((scopes, audiences.map_err(|error| Refusal::new(error.into(), "no audience"))?))
}

/// The token that the client gets for the next time, and the write that makes it the only one.
fn succession(
    cx: &TokenContext<'_>,
    token: &RefreshToken,
    turn: &Turn,
) -> Result<(Option<String>, Unit), Fault> {
    let idle_expires_at = cx.now.plus(cx.app.config().tokens.refresh_idle);
    if let Turn::Again { successor } = turn {
        return Ok((Some(successor.clone()), Unit::new()));
    }
    if !cx.client.rotates_refresh_tokens() {
        let touch = grants::touch(&token.grant_id, token.generation, idle_expires_at, cx.now);
        return Ok((None, Unit::from(touch)));
    }
    let next = RefreshToken {
        grant_id: token.grant_id.clone(),
        generation: token.generation + 1,
        secret: RefreshSecret::generate(),
    };
    let text = next.seal(&cx.keys.seals.refresh_tokens)?;
    let window = cx.app.config().tokens.refresh_retry;
    let kept = (window.get() > 0).then(|| token.secret.seal_successor(&text)).flatten().map(Concealed::from);
    let rotation = Rotation {
        grant_id: &token.grant_id,
        presented: token.generation,
        refresh_hash: &Concealed::from(next.secret.hash()),
        successor: kept.as_ref().map(|kept| (kept, cx.now.plus(window))),
        idle_expires_at,
    };
    let unit = Unit::from(grants::rotate(&rotation, cx.now));
    Ok((Some(text), unit))
}

/// All reasons look alike to the client.
fn refused(reason: impl Into<Cow<'static, str>>) -> Refusal {
    let error =
        OAuthError::new(ErrorCode::InvalidGrant, "the refresh token is not valid, or not valid any more");
    Refusal::new(error, reason)
}
