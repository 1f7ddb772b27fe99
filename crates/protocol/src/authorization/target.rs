//! Who asks, and where the answer shall go — RFC 6749 §3.1.2, §4.1.1, §4.1.2.1.

use serde::{Deserialize, Serialize};

use crate::client_id::ClientId;
use crate::params::Params;
use crate::redirect_uri::{self, RedirectUri, TrustedRedirect, match_registered, sole_registered};
use crate::scope;

/// Why nobody can be identified. These errors can only be a page: there is no address to trust yet
/// (RFC 6749 §4.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No `client_id`.
    #[error("client_id is missing")]
    ClientIdMissing,
    /// `client_id` more than once (RFC 6749 §3.1).
    #[error("client_id is repeated")]
    ClientIdRepeated,
    /// `client_id` that cannot be one.
    #[error("client_id is malformed")]
    ClientIdMalformed,
    /// `redirect_uri` more than once (RFC 6749 §3.1).
    #[error("redirect_uri is repeated")]
    RedirectUriRepeated,
    /// `redirect_uri` longer than one can be registered.
    #[error("redirect_uri is too long")]
    RedirectUriTooLong,
    /// An OpenID Connect request without `redirect_uri`, which must name it (OIDC Core §3.1.2.1).
    #[error("redirect_uri is missing")]
    RedirectUriMissing,
}

impl Error {
    /// Every rule of this table.
    pub const ALL: &'static [Self] = &[
        Self::ClientIdMissing,
        Self::ClientIdRepeated,
        Self::ClientIdMalformed,
        Self::RedirectUriRepeated,
        Self::RedirectUriTooLong,
        Self::RedirectUriMissing,
    ];
}

/// Who claims to ask and where the answer shall go; nothing of it is trusted yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedTarget {
    /// The app that the request names.
    pub client_id: ClientId,
    /// The address that the request names, exactly as it came.
    pub redirect_uri: Option<String>,
}

impl RequestedTarget {
    /// Reads `client_id` and `redirect_uri` and looks at nothing else but whether this is an OpenID request.
    ///
    /// # Errors
    /// One [`Error`] per rule; each is shown as a page and never redirected.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let client_id = Self::client_of(params)?;
        let redirect_uri = params.one("redirect_uri").map_err(|_| Error::RedirectUriRepeated)?;
        if redirect_uri.is_some_and(|uri| uri.len() > redirect_uri::MAX_BYTES) {
            return Err(Error::RedirectUriTooLong);
        }
        let openid = params.all("scope").any(|scope| scope.split(' ').any(|token| token == scope::OPENID));
        if redirect_uri.is_none() && openid {
            return Err(Error::RedirectUriMissing);
        }
        Ok(Self { client_id, redirect_uri: redirect_uri.map(str::to_owned) })
    }

    /// Reads `client_id` alone: what a reference to a pushed request stands beside (RFC 9126 §4).
    ///
    /// # Errors
    /// [`Error`], of the rules for `client_id`.
    pub fn client_of(params: &Params) -> Result<ClientId, Error> {
        let client_id = params.one("client_id").map_err(|_| Error::ClientIdRepeated)?;
        ClientId::parse(client_id.ok_or(Error::ClientIdMissing)?).map_err(|_| Error::ClientIdMalformed)
    }

    /// The proof that the address belongs to the app whose registered URIs are given; `None` is a page.
    /// `native` allows any port on literal loopback addresses (RFC 8252 §7.3).
    pub fn trust<'a>(
        &self,
        registered: impl IntoIterator<Item = &'a RedirectUri>,
        native: bool,
    ) -> Option<TrustedRedirect> {
        match &self.redirect_uri {
            Some(asked) => match_registered(asked, registered, native),
            None => sole_registered(registered),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Limits;

    fn parse(query: &str) -> Result<RequestedTarget, Error> {
        RequestedTarget::parse(&Params::parse(query.as_bytes(), Limits::REQUEST).unwrap())
    }

    #[test]
    fn az_01_az_17_whoever_cannot_be_identified_gets_a_page() {
        for (query, error) in [
            ("redirect_uri=https://a.test/", Error::ClientIdMissing),
            ("client_id=&redirect_uri=https://a.test/", Error::ClientIdMissing),
            ("client_id=a&client_id=a&redirect_uri=https://a.test/", Error::ClientIdRepeated),
            ("client_id=a&client_id=&redirect_uri=https://a.test/", Error::ClientIdRepeated),
            ("client_id=a%0d&redirect_uri=https://a.test/", Error::ClientIdMalformed),
            (
                "client_id=a&redirect_uri=https://a.test/&redirect_uri=https://b.test/",
                Error::RedirectUriRepeated,
            ),
            ("client_id=a&scope=openid", Error::RedirectUriMissing),
            ("client_id=a&scope=email+openid&redirect_uri=", Error::RedirectUriMissing),
            ("client_id=a&scope=x&scope=openid", Error::RedirectUriMissing),
        ] {
            assert_eq!(parse(query), Err(error), "{query}");
        }
        let long = format!("client_id=a&redirect_uri=https://a/{}", "x".repeat(redirect_uri::MAX_BYTES));
        assert_eq!(parse(&long), Err(Error::RedirectUriTooLong));
    }

    #[test]
    fn az_02_the_address_is_judged_before_anything_else() {
        let registered = [RedirectUri::parse("https://app.example.com/cb").unwrap()];
        let rest = "response_type=nonsense&scope=%22&code_challenge=x&state=a&state=b&prompt=none+login";
        let evil = parse(&format!("client_id=a&redirect_uri=https://evil.test/cb&{rest}")).unwrap();
        assert!(evil.trust(&registered, true).is_none());
        let good = parse(&format!("client_id=a&redirect_uri=https://app.example.com/cb&{rest}")).unwrap();
        assert_eq!(good.trust(&registered, false).unwrap().uri(), &registered[0]);
    }

    #[test]
    fn rfc6749_3_1_2_3_a_plain_oauth_request_may_omit_the_only_address() {
        let registered = ["https://a.test/1", "https://a.test/2"].map(|uri| RedirectUri::parse(uri).unwrap());
        let target = parse("client_id=a&scope=calendar.read").unwrap();
        assert_eq!(target.trust(&registered[..1], false).unwrap().uri(), &registered[0]);
        assert!(target.trust(&registered, false).is_none());
    }
}
