//! The authorization code grant — RFC 6749 §4.1.3, PKCE RFC 7636 §4.6, replay RFC 9700 §2.1.1.

use async_trait::async_trait;
use mapae_protocol::{
    dpop::Thumbprint,
    error::{ErrorCode, OAuthError},
    pkce::{self, CodeChallenge, CodeVerifier},
    time::Timestamp,
    token::grant_type::AUTHORIZATION_CODE,
};
use serde_json::{Map, Value};

use super::{
    Decision, GrantType, Refusal, Role, Terms, TokenContext,
    beginning::{self, Redeemed},
    person_tokens,
};
use crate::{
    fault::{Artefact, Fault},
    issue::{Authorization, AuthorizationCode, CodeDetails},
    store::{
        alive::Dead,
        codes,
        grants::{self, Earlier, RedemptionFacts},
    },
};

/// `grant_type=authorization_code`.
#[derive(Debug)]
pub(super) struct AuthorizationCodeGrant;

#[async_trait]
impl GrantType for AuthorizationCodeGrant {
    fn name(&self) -> &'static str {
        AUTHORIZATION_CODE
    }

    fn terms(&self) -> Terms {
        Terms {
            role: Role::Begins,
            meaning: "RFC 6749 §4.1: a person signs in and agrees",
            words: ["grant.code", "grant.code_hint"],
        }
    }

    fn sealed(&self) -> Option<&'static str> {
        Some("code")
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        let request = match Request::parse(cx) {
            Ok(request) => request,
            Err(refusal) => return Ok(refusal.into()),
        };
        let Some(code) = AuthorizationCode::open(&request.code, &cx.keys.seals.codes) else {
            return Ok(Refusal::of(Refused::Foreign).into());
        };
        let origin = code.origin();
        let facts =
            grants::redemption_facts(cx.app.db(), &code.authorization.lookup(&origin, &code.client_id))
                .await?;
        let details = match &code.details {
            Some(details) => Some(details.clone()),
            None => stored_details(cx, &code).await?,
        };
        let client_id = cx.client.id();
        let trusted = cx.client.trust_again(request.redirect_uri.as_deref());
        let trusted = trusted.as_ref().map(|trusted| trusted.uri().as_str());
        let redemption = Redemption {
            request: &request,
            code: &code,
            client_id,
            key: cx.key,
            trusted,
            facts: &facts,
            now: cx.now,
        };
        if let Err(refused) = redeem(&redemption) {
            // What is dead already is not written again, however often the code is presented.
            let alive = |earlier: &Earlier| refused == Refused::Replayed && earlier.revoked_at.is_none();
            let replayed = facts.earlier.filter(alive);
            let revoked = replayed.map(|earlier| grants::revoke(&earlier.id, cx.now)).unwrap_or_default();
            return Ok(Refusal::of(refused).with(revoked).into());
        }
        match details {
            Some(details) => {
                let claims = details.claims.as_deref();
                let told = person_tokens::told_in_id_token(cx, &code.authorization.user_id, claims).await?;
                issue(cx, &redemption, &details, told)
            }
            None => Ok(Refusal::of(Refused::DetailsGone).into()),
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
        let one = |name| cx.params.one(name).map_err(Refusal::of);
        let code = one("code")?.ok_or_else(|| Refusal::of(Refused::Missing))?;
        let verifier = one("code_verifier")?.map(CodeVerifier::parse).transpose();
        Ok(Self {
            code: code.to_owned(),
            redirect_uri: one("redirect_uri")?.map(str::to_owned),
            verifier: verifier.map_err(Refusal::of)?,
        })
    }
}

/// Everything the decision looks at.
struct Redemption<'a> {
    request: &'a Request,
    code: &'a AuthorizationCode,
    client_id: &'a str,
    /// The key whose possession the request proves.
    key: Option<Thumbprint>,
    /// The redirect URI, as far as it is the client's today.
    trusted: Option<&'a str>,
    facts: &'a RedemptionFacts,
    now: Timestamp,
}

/// Why a code is not redeemed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("no code")]
    Missing,
    #[error("not a code of ours")]
    Foreign,
    #[error("issued to another client")]
    OtherClient,
    #[error("another redirect URI")]
    OtherRedirectUri,
    #[error("PKCE")]
    Pkce(#[from] pkce::Error),
    #[error("bound to a key whose possession was not proven")]
    OtherKey,
    #[error("redeemed before: what it gave is revoked")]
    Replayed,
    #[error("expired")]
    Expired,
    #[error("the redirect URI is not the app's any more")]
    RedirectUriGivenUp,
    #[error(transparent)]
    Dead(#[from] Dead),
    #[error("nothing is left that the app may have")]
    NothingLeft,
    #[error("the code's details are gone")]
    DetailsGone,
}

impl From<Refused> for OAuthError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Missing => Self::new(ErrorCode::InvalidRequest, "code is missing"),
            Refused::Pkce(error) => error.into(),
            // All these look alike to the client: what is wrong with a code is nobody's business.
            Refused::Foreign
            | Refused::OtherClient
            | Refused::OtherRedirectUri
            | Refused::OtherKey
            | Refused::Replayed
            | Refused::Expired
            | Refused::RedirectUriGivenUp
            | Refused::NothingLeft
            | Refused::Dead(_)
            | Refused::DetailsGone => {
                Self::new(ErrorCode::InvalidGrant, "the code is not valid, or not valid any more")
            }
        }
    }
}

/// The order matters: only who could have redeemed the code (its client, at its redirect URI, with its
/// verifier and its key) may revoke what it gave by presenting it again. Somebody who merely found the code in a log
/// can neither redeem nor burn it, nor sign its owner out.
fn redeem(redemption: &Redemption<'_>) -> Result<(), Refused> {
    let Redemption { request, code, client_id, key, trusted, facts, now } = redemption;
    if code.client_id != *client_id {
        return Err(Refused::OtherClient);
    }
    let redirect_uri = request.redirect_uri.as_deref();
    let sent_to = |uri: &str| AuthorizationCode::redirect_digest(uri) == code.sent_to;
    if code.redirect_uri_asked != redirect_uri.is_some() || !redirect_uri.is_none_or(sent_to) {
        return Err(Refused::OtherRedirectUri);
    }
    let challenge = code.challenge.map(CodeChallenge::from_bytes);
    pkce::verify(challenge.as_ref(), request.verifier.as_ref())?;
    // RFC 9449 §10: a code that names no key is redeemed with any or none.
    if code.key.is_some_and(|bound| key.is_none_or(|key| *key.as_bytes() != bound)) {
        return Err(Refused::OtherKey);
    }
    if facts.earlier.is_some() {
        return Err(Refused::Replayed);
    }
    if code.expires_at <= *now || code.expires_at <= facts.swept_until {
        return Err(Refused::Expired);
    }
    // What was sent to an address that the app has given up since may be in other hands (CO-12).
    if !trusted.is_some_and(sent_to) {
        return Err(Refused::RedirectUriGivenUp);
    }
    let Authorization { epochs, offline, .. } = code.authorization;
    Ok(facts.states.hold(epochs, offline, *now)?)
}

async fn stored_details(
    cx: &TokenContext<'_>,
    code: &AuthorizationCode,
) -> Result<Option<CodeDetails>, Fault> {
    let Some(payload) = codes::find(cx.app.db(), &code.row_id(), cx.now).await? else { return Ok(None) };
    serde_json::from_str(payload.expose()).map(Some).map_err(Fault::corrupt(Artefact::CodeDetails))
}

fn issue(
    cx: &TokenContext<'_>,
    redemption: &Redemption<'_>,
    details: &CodeDetails,
    told: Map<String, Value>,
) -> Result<Decision, Fault> {
    let code = redemption.code;
    let Some(scopes) = cx.client.still_allowed(&details.scopes) else {
        return Ok(Refusal::of(Refused::NothingLeft).into());
    };
    let redeemed = Redeemed {
        origin: &code.origin(),
        authorization: &code.authorization,
        scopes: &scopes,
        resource: details.resource.as_deref(),
        claims: details.claims.as_deref(),
        nonce: details.nonce.as_deref(),
        told,
        expires_at: code.expires_at,
        states: &redemption.facts.states,
        // Details that were too large for the code have done their service.
        spent: code.details.is_none().then(|| codes::take(&code.row_id())),
    };
    beginning::begin(cx, redeemed)
}

#[cfg(test)]
#[path = "authorization_code/redemptions.rs"]
mod redemptions;
