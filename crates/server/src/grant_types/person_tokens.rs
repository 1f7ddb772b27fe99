//! The tokens of a person's grant: what a redeemed code and a refresh have in common.

use mapae_protocol::scope::{OPENID, Scopes};

use super::{Issue, TokenContext};
use crate::{
    catalog::{Client, SubjectType},
    issue::{
        AccessTokenContext, AccessTokenPlan, Audiences, GrantFacts, GrantIds, IdTokenPlan, Sector, SignIn,
        session_name, subject,
    },
    store::{Unit, grants::Given},
};

/// What this request gets of the grant.
#[derive(Debug)]
pub(super) struct Share<'a> {
    pub(super) scopes: &'a Scopes,
    pub(super) audiences: &'a Audiences,
    /// OIDC Core §3.1.3.6; none at refresh (OIDC Core §12.2).
    pub(super) nonce: Option<&'a str>,
    pub(super) refresh_token: Option<String>,
    pub(super) unit: Unit,
}

/// Plans all tokens of one answer.
pub(super) fn plan(cx: &TokenContext<'_>, grant: &Given, share: Share<'_>) -> Issue {
    let access = AccessTokenContext {
        keys: cx.keys,
        issuer: cx.app.issuer(),
        audiences: share.audiences,
        scopes: share.scopes,
        lifetime: cx.app.config().tokens.access_token,
        now: cx.now,
    };
    let facts = GrantFacts {
        ids: GrantIds {
            user: &grant.user_id,
            app: cx.client.id(),
            consent: &grant.consent_id,
            grant: &grant.id,
            session: grant.session_id.as_deref().filter(|_| !grant.offline),
        },
        epochs: grant.epochs,
        app_sector: sector(cx.client),
        auth_time: grant.auth_time,
        acr: grant.acr.as_deref().unwrap_or_default(),
        amr: &grant.amr,
        expires_at: grant.expires_at,
    };
    Issue {
        access_token: AccessTokenPlan::for_grant(&access, &facts),
        id_token: share.scopes.contains(OPENID).then(|| id_token(cx, grant, share.nonce)),
        refresh_token: share.refresh_token,
        scope: share.scopes.clone(),
        unit: share.unit,
    }
}

/// The sector of an app of the console is the app itself.
pub(crate) fn sector(client: &Client) -> Sector<'_> {
    match client.subject_type() {
        SubjectType::Pairwise => Sector::App(client.id()),
        SubjectType::Public => Sector::Public,
    }
}

fn id_token(cx: &TokenContext<'_>, grant: &Given, nonce: Option<&str>) -> IdTokenPlan {
    let key = cx.keys.subject_key();
    let subject = subject(key, sector(cx.client), &grant.user_id);
    let sid = grant.session_id.as_deref().map(|session| session_name(key, cx.client.id(), session));
    let sign_in = SignIn {
        subject: &subject,
        client_id: cx.client.id(),
        nonce,
        auth_time: grant.auth_time,
        acr: grant.acr.as_deref().unwrap_or_default(),
        amr: &grant.amr,
        sid: sid.as_deref(),
    };
    IdTokenPlan::new(
        cx.app.issuer(),
        cx.client.id_token_algorithm(),
        &sign_in,
        cx.now,
        cx.app.config().tokens.id_token,
    )
}
