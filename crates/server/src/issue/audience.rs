//! For whom a token is — RFC 8707 §2, RFC 9068 §3.

use std::sync::Arc;

use mapae_protocol::{
    audience::Audience,
    error::{ErrorCode, OAuthError},
    issuer::Issuer,
    scope::{OPENID, Scopes},
};

use crate::catalog::{Api, Apis};

/// The API that a token is for, if any, and whether userinfo accepts it, too.
#[derive(Clone, Debug)]
pub(crate) struct Audiences {
    pub(crate) api: Option<Arc<Api>>,
    pub(crate) openid: bool,
}

/// Why no audience fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AudienceError {
    #[error("no such API")]
    UnknownResource,
    #[error("the scopes belong to several APIs")]
    SeveralApis,
    #[error("a scope belongs to another API than the resource")]
    ScopeOfAnotherApi,
}

impl From<AudienceError> for OAuthError {
    fn from(error: AudienceError) -> Self {
        let description = match error {
            AudienceError::UnknownResource => "the resource is not an API of this server",
            AudienceError::SeveralApis => "the scopes belong to several APIs: name one with resource",
            AudienceError::ScopeOfAnotherApi => "a scope belongs to another API than the resource",
        };
        Self::new(ErrorCode::InvalidTarget, description)
    }
}

/// One API for each token: the named one, or the one that owns the granted scopes.
///
/// A token for two APIs would let each of them act at the other (RFC 9068 §5).
pub(crate) fn resolve_audience(
    apis: &Apis,
    scopes: &Scopes,
    resource: Option<&str>,
) -> Result<Audiences, AudienceError> {
    let openid = scopes.contains(OPENID);
    let mut owners = scopes.iter().filter_map(|scope| apis.owner_of(scope.as_str()));
    let Some(resource) = resource else {
        let api = owners.next();
        let agree = api.is_none_or(|api| owners.all(|other| Arc::ptr_eq(other, api)));
        return if agree {
            Ok(Audiences { api: api.cloned(), openid })
        } else {
            Err(AudienceError::SeveralApis)
        };
    };
    let api = apis.by_identifier(resource).ok_or(AudienceError::UnknownResource)?;
    if owners.all(|owner| Arc::ptr_eq(owner, api)) {
        Ok(Audiences { api: Some(Arc::clone(api)), openid })
    } else {
        Err(AudienceError::ScopeOfAnotherApi)
    }
}

impl Audiences {
    /// The `aud` claim: the API; the issuer beside it when userinfo accepts the token, or alone when
    /// there is no API.
    pub(crate) fn claim(&self, issuer: &Issuer) -> Audience {
        match &self.api {
            None => Audience::one(issuer.as_str()),
            Some(api) if self.openid => Audience::one(api.identifier.as_str()).and(issuer.as_str()),
            Some(api) => Audience::one(api.identifier.as_str()),
        }
    }
}
