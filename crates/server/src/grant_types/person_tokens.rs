//! The tokens of a person's grant: what its beginning and a refresh have in common.

use mapae_protocol::scope::{OPENID, Scopes};
use serde_json::{Map, Value};

use super::{Issue, TokenContext};
use crate::{
    accounts::known_claims,
    fault::Fault,
    issue::{
        AccessTokenContext, AccessTokenPlan, Audiences, GrantFacts, GrantIds, IdTokenPlan, Sector, SignIn,
        session_name, subject,
    },
    store::{Unit, grants::Given, users},
};

/// What this request gets of the grant.
#[derive(Debug)]
pub(super) struct Share<'a> {
    pub(super) scopes: &'a Scopes,
    pub(super) audiences: &'a Audiences,
    /// OIDC Core §3.1.3.6; none at refresh (OIDC Core §12.2).
    pub(super) nonce: Option<&'a str>,
    /// What else the ID token tells of the person.
    pub(super) told: Map<String, Value>,
    pub(super) refresh_token: Option<String>,
    pub(super) unit: Unit,
}

/// What the ID token of a grant tells of the person, because the app asked for it there (OIDC Core §5.5).
pub(super) async fn told_in_id_token(
    cx: &TokenContext<'_>,
    user_id: &str,
    claims: Option<&str>,
) -> Result<Map<String, Value>, Fault> {
    let asked = cx.client.claims_still_allowed(claims)?;
    if asked.id_token.is_empty() {
        return Ok(Map::new());
    }
    let Some((user, known)) = users::known(cx.app.db(), user_id).await? else { return Ok(Map::new()) };
    Ok(known_claims::all(String::new(), user, known.as_deref())?.told_in_id_token(&asked))
}

/// Plans all tokens of one answer.
pub(super) fn plan(cx: &TokenContext<'_>, grant: &Given, share: Share<'_>) -> Issue {
    let access = AccessTokenContext {
        keys: cx.keys,
        issuer: cx.app.issuer(),
        audiences: share.audiences,
        scopes: share.scopes,
        lifetime: cx.app.config().tokens.access_token,
        key: cx.key,
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
        app_sector: Sector::of(cx.client),
        auth_time: grant.auth_time,
        acr: grant.acr.as_deref().unwrap_or_default(),
        amr: &grant.amr,
        expires_at: grant.expires_at,
    };
    Issue {
        access_token: AccessTokenPlan::for_grant(&access, &facts),
        id_token: share.scopes.contains(OPENID).then(|| id_token(cx, grant, share.nonce, share.told)),
        refresh_token: share.refresh_token,
        scope: share.scopes.clone(),
        issued_token_type: None,
        noted: None,
        unit: share.unit,
    }
}

fn id_token(
    cx: &TokenContext<'_>,
    grant: &Given,
    nonce: Option<&str>,
    told: Map<String, Value>,
) -> IdTokenPlan {
    let key = cx.keys.subject_key();
    let subject = subject(key, Sector::of(cx.client), &grant.user_id);
    let session = grant.session_id.as_deref().filter(|_| cx.client.names_sessions());
    let sid = session.map(|session| session_name(key, cx.client.id(), session));
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
    .telling(told)
}
