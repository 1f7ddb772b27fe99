//! The beginning of a grant: what a code of either kind becomes when it is redeemed.

use mapae_protocol::{
    resource::ResourceIndicator,
    scope::{OPENID, Scopes},
    time::{Seconds, Timestamp},
    token::grant_type::REFRESH_TOKEN,
};
use serde_json::{Map, Value};

use super::{
    Decision, Refusal, TokenContext,
    person_tokens::{self, Share},
};
use crate::{
    fault::Fault,
    ids::Kind,
    issue::{Authorization, RefreshSecret, RefreshToken, audience_of_grant},
    store::{
        Unit,
        alive::States,
        consents,
        db::Statement,
        grants::{self, Given, NewGrant},
        session_apps, sessions, users,
    },
};

/// A code that was found good.
#[derive(Debug)]
pub(super) struct Redeemed<'a> {
    /// Unique, so that it is redeemed once.
    pub(super) origin: &'a str,
    pub(super) authorization: &'a Authorization,
    /// What the app may still have of what was granted.
    pub(super) scopes: &'a Scopes,
    pub(super) resource: Option<&'a str>,
    pub(super) claims: Option<&'a str>,
    pub(super) nonce: Option<&'a str>,
    /// What the ID token tells of the person beside who they are.
    pub(super) told: Map<String, Value>,
    /// When the code would have expired.
    pub(super) expires_at: Timestamp,
    /// Those on whom the grant depends, as they are now.
    pub(super) states: &'a States,
    /// The row that has done its service, if there is one.
    pub(super) spent: Option<Statement>,
}

/// Makes the grant, and plans its first tokens.
pub(super) fn begin(cx: &TokenContext<'_>, redeemed: Redeemed<'_>) -> Result<Decision, Fault> {
    let asked = cx.request.resource.as_ref().map(ResourceIndicator::as_str);
    let apis = cx.app.catalog().apis();
    let audiences = match audience_of_grant(&apis, redeemed.scopes, redeemed.resource, asked) {
        Ok(audiences) => audiences,
        Err(error) => return Ok(Refusal::of(error).into()),
    };
    let secret = cx.client.may_use(REFRESH_TOKEN).then(RefreshSecret::generate);
    let grant = new_grant(cx, &redeemed, secret.as_ref());
    let refresh_token =
        secret.map(|secret| RefreshToken::first(&grant.given.id, secret).seal(&cx.keys.seals.refresh_tokens));
    let unit = Unit::from(grants::insert(&grant, cx.now)).with_all(redeemed.spent).with(noted(
        cx,
        &grant.given,
        redeemed.states,
    ));
    let share = Share {
        scopes: redeemed.scopes,
        audiences: &audiences,
        nonce: redeemed.nonce,
        told: redeemed.told,
        refresh_token: refresh_token.transpose()?,
        unit,
    };
    Ok(person_tokens::plan(cx, &grant.given, share).into())
}

/// The row that it becomes. Without a refresh token it ends with its access token.
fn new_grant(cx: &TokenContext<'_>, redeemed: &Redeemed<'_>, secret: Option<&RefreshSecret>) -> NewGrant {
    let (idle, absolute) = lives(cx, secret);
    let Authorization { user_id, consent_id, session_id, epochs, offline, auth_time, acr, amr } =
        redeemed.authorization.clone();
    NewGrant {
        given: Given {
            id: Kind::Grant.fresh_at(cx.now),
            origin: redeemed.origin.to_owned(),
            user_id,
            app_id: cx.client.id().to_owned(),
            consent_id,
            session_id: Some(session_id),
            offline,
            scopes: redeemed.scopes.to_string(),
            resource: redeemed.resource.map(str::to_owned),
            claims: redeemed.claims.map(str::to_owned),
            jkt: cx.refresh_key(),
            auth_time,
            amr,
            acr: Some(acr),
            epochs,
            code_expires_at: redeemed.expires_at,
            expires_at: cx.now.plus(absolute),
        },
        refresh_hash: secret.map(|secret| secret.hash().into()),
        idle_expires_at: cx.now.plus(idle),
    }
}

/// How long a grant lives unused, and in all. Without a refresh token it ends with its access token.
fn lives(cx: &TokenContext<'_>, secret: Option<&RefreshSecret>) -> (Seconds, Seconds) {
    let tokens = &cx.app.config().tokens;
    match secret {
        Some(_) => (tokens.refresh_idle, tokens.refresh_absolute),
        None => (tokens.access_token, tokens.access_token),
    }
}

/// An app that wants to hear when the session ends is noted beside it: then either nothing has ended before its ID token
/// is issued, or there is none. What is offline, and whose session has ended already, is told of nothing any more.
fn noted(cx: &TokenContext<'_>, grant: &Given, states: &States) -> Unit {
    let epochs = grant.epochs;
    let in_session = states.hold(epochs, false, cx.now).is_ok();
    let openid = grant.scopes.split_ascii_whitespace().any(|scope| scope == OPENID);
    match (&grant.session_id, epochs.session) {
        (Some(session_id), Some(epoch)) if in_session && openid && cx.client.hears_of_logout() => {
            Unit::from(users::guard(&grant.user_id, epochs.user))
                .with(sessions::guard(session_id, epoch))
                .with(session_apps::note(session_id, &grant.app_id))
                .with(consents::guard(&grant.consent_id, epochs.consent))
        }
        _ => Unit::new(),
    }
}
