//! The client credentials grant — RFC 6749 §4.4: an app acts for itself.

use async_trait::async_trait;
use mapae_protocol::{
    error::{ErrorCode, OAuthError},
    resource::ResourceIndicator,
    scope::Scopes,
    token::grant_type::CLIENT_CREDENTIALS,
};

use super::{Decision, GrantType, Issue, Refusal, Role, Terms, TokenContext};
use crate::{
    fault::Fault,
    issue::{AccessTokenContext, AccessTokenPlan, resolve_audience},
    store::Unit,
    upstream::named_by,
};

/// `grant_type=client_credentials`.
#[derive(Debug)]
pub(super) struct ClientCredentialsGrant;

#[async_trait]
impl GrantType for ClientCredentialsGrant {
    fn name(&self) -> &'static str {
        CLIENT_CREDENTIALS
    }

    fn terms(&self) -> Terms {
        Terms {
            role: Role::ForItself,
            meaning: "RFC 6749 §4.4: the app acts for itself",
            words: ["grant.machine", "grant.machine_hint"],
        }
    }

    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault> {
        Ok(decide(cx).unwrap_or_else(Decision::from))
    }
}

/// Why an app gets no token for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Refused {
    #[error("public app")]
    PublicApp,
    #[error("scope not allowed")]
    ScopeNotAllowed,
    #[error("no scope")]
    NoScope,
}

impl From<Refused> for OAuthError {
    fn from(refused: Refused) -> Self {
        let (code, description) = match refused {
            Refused::PublicApp => (ErrorCode::UnauthorizedClient, "a public app cannot act for itself"),
            Refused::ScopeNotAllowed => {
                (ErrorCode::InvalidScope, "a scope is not allowed for this app acting for itself")
            }
            Refused::NoScope => (ErrorCode::InvalidScope, "no scope is left that this app may have"),
        };
        Self::new(code, description)
    }
}

/// No grant and no refresh token (RFC 6749 §4.4.3): the token lives as long as the app's epoch. That is read from memory,
/// and nothing is written: the app's authentication makes sure that memory is no older than a few seconds (decision 0288).
fn decide(cx: &TokenContext<'_>) -> Result<Decision, Refusal> {
    if cx.client.is_public() {
        return Err(Refusal::of(Refused::PublicApp));
    }
    let apis = cx.app.catalog().apis();
    let scopes =
        grantable(cx.request.scopes.as_ref(), cx.client.allowed(), |scope| apis.owner_of(scope).is_some())
            .map_err(Refusal::of)?;
    let resource = cx.request.resource.as_ref().map(ResourceIndicator::as_str);
    let audiences = resolve_audience(&apis, &scopes, resource).map_err(Refusal::of)?;
    let access = AccessTokenContext {
        keys: cx.keys,
        issuer: cx.app.issuer(),
        audiences: &audiences,
        scopes: &scopes,
        lifetime: cx.app.config().tokens.access_token,
        key: cx.key,
        now: cx.now,
    };
    let access_token = AccessTokenPlan::for_app(&access, cx.client.id(), cx.client.epoch());
    Ok(Issue {
        unit: Unit::new(),
        access_token,
        id_token: None,
        refresh_token: None,
        scope: scopes,
        issued_token_type: None,
        noted: None,
    }
    .into())
}

/// The scopes of APIs that the app may ask for; all of them when it names none (RFC 6749 §3.3). Scopes
/// about a person make no sense without one (RFC 9700 §4.15).
fn grantable(
    requested: Option<&Scopes>,
    allowed: &Scopes,
    belongs_to_an_api: impl Fn(&str) -> bool,
) -> Result<Scopes, Refused> {
    let of_apis: Scopes = allowed.iter().filter(|scope| belongs_to_an_api(scope.as_str())).cloned().collect();
    let granted = match requested {
        None => of_apis,
        Some(requested) => {
            let about_a_person =
                |scope: &str| mapae_protocol::scope::is_standard(scope) || named_by(scope).is_some();
            let known = |scope: &str| belongs_to_an_api(scope) || about_a_person(scope);
            let requested: Scopes = requested.iter().filter(|scope| known(scope.as_str())).cloned().collect();
            if !requested.is_subset(&of_apis) {
                return Err(Refused::ScopeNotAllowed);
            }
            requested
        }
    };
    if granted.is_empty() {
        return Err(Refused::NoScope);
    }
    Ok(granted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    fn of_api(scope: &str) -> bool {
        scope.starts_with("calendar.") || scope.starts_with("mail.")
    }

    #[test]
    fn to_17_scopes_about_a_person_are_refused() {
        let allowed = scopes("openid offline_access calendar.read");
        for requested in ["openid", "offline_access calendar.read", "profile"] {
            let refused = grantable(Some(&scopes(requested)), &allowed, of_api).unwrap_err();
            assert_eq!(refused, Refused::ScopeNotAllowed, "{requested}");
            assert_eq!(OAuthError::from(refused).code, ErrorCode::InvalidScope);
        }
    }

    #[test]
    fn unknown_scopes_are_dropped_known_ones_that_are_not_allowed_are_refused() {
        let allowed = scopes("calendar.read calendar.write");
        let granted = grantable(Some(&scopes("calendar.read gibberish")), &allowed, of_api).unwrap();
        assert_eq!(granted, scopes("calendar.read"));
        let refused = |requested| grantable(Some(&scopes(requested)), &allowed, of_api).unwrap_err();
        assert_eq!(refused("gibberish"), Refused::NoScope);
        assert_eq!(refused("mail.read"), Refused::ScopeNotAllowed);
        assert_eq!(grantable(None, &allowed, of_api).unwrap(), allowed);
    }
}
