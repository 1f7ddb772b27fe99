//! The authorization code grant — RFC 6749 §4.1.3, PKCE RFC 7636 §4.6, replay RFC 9700 §2.1.1.

use std::borrow::Cow;

use async_trait::async_trait;
use mapae_protocol::{
    error::{ErrorCode, OAuthError},
    pkce::{self, CodeChallenge, CodeVerifier},
    resource::ResourceIndicator,
    time::Timestamp,
};

use super::{
    Decision, GrantType, Refusal, TokenContext,
    person_tokens::{self, GrantView, Share},
};
use crate::{
    catalog::Client,
    fault::Fault,
    ids::Kind,
    issue::{AuthorizationCode, CodeDetails, RefreshSecret, RefreshToken, audience_of_grant, may_issue},
    store::{
        Unit, codes,
        grants::{self, NewGrant, RedemptionFacts},
    },
};

/// `grant_type=authorization_code`.
#[derive(Debug)]
pub(super) struct AuthorizationCodeGrant;

#[async_trait]
impl GrantType for AuthorizationCodeGrant {
    fn name(&self) -> &'static str {
        "authorization_code"
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        let request = match Request::parse(cx) {
            Ok(request) => request,
            Err(refusal) => return Ok(refusal.into()),
        };
        let Some(code) = AuthorizationCode::open(&request.code, &cx.keys.seals.codes) else {
            return Ok(refused("not a code of ours").into());
        };
        let origin = code.origin();
        let facts = grants::redemption_facts(cx.app.db(), &code.lookup(&origin)).await?;
        let details = match &code.details {
            Some(details) => Some(details.clone()),
            None => stored_details(cx, &code).await?,
        };
        let redemption =
            Redemption { request: &request, code: &code, client: cx.client, facts: &facts, now: cx.now };
        if let Err(refusal) = redeem(&redemption) {
            return Ok(refusal.into());
        }
        match details {
            Some(details) => issue(cx, &code, &details),
            None => Ok(refused("the code's details are gone").into()),
        }
    }
}

/// RFC 6749 §4.1.3.
#[derive(Debug)]
struct Request {
    code: String,
    redirect_uri: Option<String>,
    verifier: Option<CodeVerifier>,
}

impl Request {
    fn parse(cx: &TokenContext<'_>) -> Result<Self, Refusal> {
        let one = |name| cx.params.one(name).map_err(super::repeated);
        let missing = OAuthError::new(ErrorCode::InvalidRequest, "code is missing");
        let code = one("code")?.ok_or_else(|| Refusal::new(missing, "no code"))?;
        let verifier = one("code_verifier")?.map(CodeVerifier::parse).transpose();
        Ok(Self {
            code: code.to_owned(),
            redirect_uri: one("redirect_uri")?.map(str::to_owned),
            verifier: verifier.map_err(|error| Refusal::new(error.into(), "malformed verifier"))?,
        })
    }
}

/// Everything the decision looks at.
struct Redemption<'a> {
    request: &'a Request,
    code: &'a AuthorizationCode,
    client: &'a Client,
    facts: &'a RedemptionFacts,
    now: Timestamp,
}

/// The order matters: only who could have redeemed the code (its client, at its redirect URI, with its
/// verifier) may revoke what it gave by presenting it again. Somebody who merely found the code in a log
/// can neither redeem nor burn it, nor sign its owner out.
fn redeem(redemption: &Redemption<'_>) -> Result<(), Refusal> {
    let Redemption { request, code, client, facts, now } = redemption;
    if code.client_id != client.id() {
        return Err(refused("issued to another client"));
    }
    if code.redirect_uri != request.redirect_uri.as_deref().map(AuthorizationCode::redirect_digest) {
        return Err(refused("another redirect URI"));
    }
    let challenge = code.challenge.map(CodeChallenge::from_bytes);
    pkce::verify(challenge.as_ref(), request.verifier.as_ref())
        .map_err(|error| Refusal::new(error.into(), "PKCE"))?;
    if let Some(earlier) = &facts.earlier {
        return Err(match earlier.revoked_at {
            None => {
                refused("redeemed before: what it gave is revoked").with(grants::revoke(&earlier.id, *now))
            }
            Some(_) => refused("redeemed before, and what it gave was revoked"),
        });
    }
    if code.expires_at <= *now {
        return Err(refused("expired"));
    }
    may_issue(code.epochs, code.offline, &facts.states, *now).map_err(|dead| refused(dead.to_string()))
}

/// All reasons look alike to the client: what is wrong with a code is nobody's business.
fn refused(reason: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::new(
        OAuthError::new(ErrorCode::InvalidGrant, "the code is not valid, or not valid any more"),
        reason,
    )
}

async fn stored_details(
    cx: &TokenContext<'_>,
    code: &AuthorizationCode,
) -> Result<Option<CodeDetails>, Fault> {
    let Some(payload) = codes::find(cx.app.db(), &code.row_id(), cx.now).await? else { return Ok(None) };
    serde_json::from_str(payload.expose()).map(Some).map_err(|_| Fault::Payload("code details"))
}

fn issue(cx: &TokenContext<'_>, code: &AuthorizationCode, details: &CodeDetails) -> Result<Decision, Fault> {
    let asked = cx.request.resource.as_ref().map(ResourceIndicator::as_str);
    let apis = cx.app.catalog().apis();
    let audiences = match audience_of_grant(&apis, &details.scopes, details.resource.as_deref(), asked) {
        Ok(audiences) => audiences,
        Err(error) => return Ok(Refusal::new(error.into(), "no audience").into()),
    };
    let secret = cx.client.may_use("refresh_token").then(RefreshSecret::generate);
    let grant = new_grant(cx, code, details, secret.as_ref());
    let refresh_token =
        secret.map(|secret| RefreshToken::first(&grant.id, secret).seal(&cx.keys.seals.refresh_tokens));
    // Details that were too large for the code have done their service.
    let kept = code.details.is_none().then(|| codes::take(&code.row_id()));
    let share = Share {
        scopes: &details.scopes,
        audiences: &audiences,
        nonce: details.nonce.as_deref(),
        refresh_token: refresh_token.transpose()?,
        unit: Unit::from(grants::insert(&grant, cx.now)).with_all(kept),
    };
    let view = GrantView {
        id: &grant.id,
        user_id: &grant.user_id,
        consent_id: &grant.consent_id,
        session_id: grant.session_id.as_deref(),
        offline: grant.offline,
        epochs: grant.epochs,
        auth_time: grant.auth_time,
        acr: &code.acr,
        amr: &grant.amr,
        expires_at: grant.expires_at,
    };
    Ok(person_tokens::plan(cx, &view, share).into())
}

/// The row that this code becomes. Without a refresh token it ends with its access token.
fn new_grant(
    cx: &TokenContext<'_>,
    code: &AuthorizationCode,
    details: &CodeDetails,
    secret: Option<&RefreshSecret>,
) -> NewGrant {
    let tokens = &cx.app.config().tokens;
    let (idle, absolute) = match secret {
        Some(_) => (tokens.refresh_idle, tokens.refresh_absolute),
        None => (tokens.access_token, tokens.access_token),
    };
    NewGrant {
        id: Kind::Grant.fresh(),
        origin: code.origin(),
        user_id: code.user_id.clone(),
        app_id: code.client_id.clone(),
        consent_id: code.consent_id.clone(),
        session_id: Some(code.session_id.clone()),
        offline: code.offline,
        scopes: details.scopes.to_string(),
        resource: details.resource.clone(),
        auth_time: code.auth_time,
        amr: code.amr.clone(),
        acr: Some(code.acr.clone()),
        epochs: code.epochs,
        refresh_hash: secret.map(|secret| secret.hash().into()),
        code_expires_at: code.expires_at,
        idle_expires_at: cx.now.plus(idle),
        expires_at: cx.now.plus(absolute),
    }
}
