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
    #[error("the API is disabled")]
    Disabled,
    #[error("no scope belongs to the resource")]
    NoScopeOfTheResource,
    #[error("the scopes belong to several APIs")]
    SeveralApis,
    #[error("a scope belongs to another API than the resource")]
    ScopeOfAnotherApi,
    #[error("the grant is for another resource")]
    NotTheResourceOfTheGrant,
}

impl From<AudienceError> for OAuthError {
    fn from(error: AudienceError) -> Self {
        let description = match error {
            AudienceError::UnknownResource => "the resource is not an API of this server",
            AudienceError::Disabled => "the API is switched off",
            AudienceError::NoScopeOfTheResource => {
                "no scope that was asked for or granted is the resource's own"
            }
            AudienceError::SeveralApis => "the scopes belong to several APIs: name one with resource",
            AudienceError::ScopeOfAnotherApi => "a scope belongs to another API than the resource",
            AudienceError::NotTheResourceOfTheGrant => "the grant is for another resource",
        };
        Self::new(ErrorCode::InvalidTarget, description)
    }
}

/// One API for each token: the named one, or the one that owns the granted scopes.
///
/// A token for two APIs would let each of them act at the other (RFC 9068 §5), and one for an API of which nothing
/// was granted would be taken for a permission that nobody gave (AZ-27).
pub(crate) fn resolve_audience(
    apis: &Apis,
    scopes: &Scopes,
    resource: Option<&str>,
) -> Result<Audiences, AudienceError> {
    let openid = scopes.contains(OPENID);
    if owners(apis, scopes).any(|owner| owner.disabled) {
        return Err(AudienceError::Disabled);
    }
    let mut owners = owners(apis, scopes);
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
    let (own, foreign): (Vec<_>, Vec<_>) = owners.partition(|owner| Arc::ptr_eq(owner, api));
    match (own.is_empty(), foreign.is_empty()) {
        (_, false) => Err(AudienceError::ScopeOfAnotherApi),
        (true, true) => Err(AudienceError::NoScopeOfTheResource),
        (false, true) => Ok(Audiences { api: Some(Arc::clone(api)), openid }),
    }
}

/// As [`resolve_audience`], for a grant whose authorization named `granted`; the token request may name it again
/// and no other (RFC 8707 §2.2). Where the person left out all that the API would have offered, what they did
/// agree to is still theirs to give: such a token is for userinfo alone.
pub(crate) fn audience_of_grant(
    apis: &Apis,
    scopes: &Scopes,
    granted: Option<&str>,
    asked: Option<&str>,
) -> Result<Audiences, AudienceError> {
    match (granted, asked) {
        (Some(granted), Some(asked)) if granted != asked => Err(AudienceError::NotTheResourceOfTheGrant),
        (Some(_), _) if owners(apis, scopes).next().is_none() => resolve_audience(apis, scopes, None),
        (granted, asked) => resolve_audience(apis, scopes, granted.or(asked)),
    }
}

/// The owners of those scopes that belong to an API.
fn owners<'a>(apis: &'a Apis, scopes: &'a Scopes) -> impl Iterator<Item = &'a Arc<Api>> {
    scopes.iter().filter_map(|scope| apis.owner_of(scope.as_str()))
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

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;
    use crate::store::apis::{self, ApiScope, TokenFormat};

    const CALENDAR: &str = "https://calendar.example";
    const MAIL: &str = "https://mail.example";
    const ISSUER: &str = "https://id.example";

    fn scope(name: &str) -> ApiScope {
        ApiScope { scope: name.to_owned(), title_ko: String::new(), title_en: String::new() }
    }

    fn apis() -> Apis {
        let api = |identifier: &str, scopes: &[&str]| {
            Api::from(apis::Api {
                id: identifier.to_owned(),
                identifier: identifier.to_owned(),
                name: identifier.to_owned(),
                token_format: TokenFormat::Jwt,
                secret_hash: String::new().into(),
                disabled_at: None,
                created_at: Timestamp::from_unix(0),
                scopes: scopes.iter().map(|name| scope(name)).collect(),
            })
        };
        Apis::new([api(CALENDAR, &["calendar.read", "calendar.write"]), api(MAIL, &["mail.read"])])
    }

    /// The `aud` of a token, its parts separated by spaces.
    fn aud(audiences: Result<Audiences, AudienceError>) -> Result<String, AudienceError> {
        let issuer = Issuer::parse(ISSUER).unwrap();
        audiences.map(|audiences| audiences.claim(&issuer).iter().collect::<Vec<_>>().join(" "))
    }

    /// RFC 9068 §3.
    #[test]
    fn rfc8707_2_a_token_is_for_one_api_and_for_userinfo_when_openid_was_granted() {
        use AudienceError as No;
        for (scopes, resource, expected) in [
            ("", None, Ok("https://id.example")),
            ("openid profile", None, Ok("https://id.example")),
            ("calendar.read", None, Ok("https://calendar.example")),
            ("calendar.read calendar.write", None, Ok("https://calendar.example")),
            ("openid calendar.read", None, Ok("https://calendar.example https://id.example")),
            ("calendar.read mail.read", None, Err(No::SeveralApis)),
            ("openid calendar.read mail.read", None, Err(No::SeveralApis)),
            ("calendar.read", Some(CALENDAR), Ok("https://calendar.example")),
            ("openid calendar.read", Some(CALENDAR), Ok("https://calendar.example https://id.example")),
            ("calendar.read mail.read", Some(CALENDAR), Err(No::ScopeOfAnotherApi)),
            ("mail.read", Some(CALENDAR), Err(No::ScopeOfAnotherApi)),
            ("openid", Some(CALENDAR), Err(No::NoScopeOfTheResource)),
            ("", Some(CALENDAR), Err(No::NoScopeOfTheResource)),
            ("calendar.read", Some("https://calendar.example/"), Err(No::UnknownResource)),
            ("calendar.read", Some("https://CALENDAR.example"), Err(No::UnknownResource)),
            ("openid", Some(ISSUER), Err(No::UnknownResource)),
        ] {
            let scopes = Scopes::parse(scopes).unwrap();
            let found = aud(resolve_audience(&apis(), &scopes, resource));
            assert_eq!(found, expected.map(str::to_owned), "{scopes} for {resource:?}");
        }
    }

    #[test]
    fn co_13_az_27_a_token_request_may_name_the_resource_of_its_grant_and_no_other() {
        use AudienceError as No;
        for (scopes, granted, asked, expected) in [
            ("calendar.read", None, None, Ok("https://calendar.example")),
            ("calendar.read", None, Some(CALENDAR), Ok("https://calendar.example")),
            ("calendar.read", None, Some(MAIL), Err(No::ScopeOfAnotherApi)),
            ("calendar.read", Some(CALENDAR), None, Ok("https://calendar.example")),
            ("calendar.read", Some(CALENDAR), Some(CALENDAR), Ok("https://calendar.example")),
            ("calendar.read", Some(CALENDAR), Some(MAIL), Err(No::NotTheResourceOfTheGrant)),
            ("openid", Some(CALENDAR), Some(MAIL), Err(No::NotTheResourceOfTheGrant)),
            ("openid", Some(CALENDAR), None, Ok("https://id.example")),
            ("openid", None, Some(CALENDAR), Err(No::NoScopeOfTheResource)),
        ] {
            let scopes = Scopes::parse(scopes).unwrap();
            let found = aud(audience_of_grant(&apis(), &scopes, granted, asked));
            let case = format!("{scopes}, granted {granted:?}, asked {asked:?}");
            assert_eq!(found, expected.map(str::to_owned), "{case}");
        }
    }
}
