//! How a client says who it is — RFC 6749 §2.3, §3.2.1, §5.2, RFC 7521 §4.2.

use crate::client_assertion::ASSERTION_TYPE;
use crate::client_credentials_header::{self, ClientCredentials};
use crate::client_id::ClientId;
use crate::error::rule_errors;
use crate::jose;
use crate::params::{Params, Repeated};
use crate::secret::Secret;

rule_errors! {
    /// Why no credential could be taken from a request.
    pub enum Error {
        /// A parameter is repeated (RFC 6749 §3.2).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// Two ways of authentication in one request (RFC 6749 §2.3).
        SeveralMethods => InvalidRequest, "only one way of client authentication may be used";
        /// More than one `Authorization` header.
        SeveralHeaders => InvalidRequest, "there is more than one Authorization header";
        /// `client_id` in the body is another than in the header.
        ClientIdMismatch => InvalidRequest, "client_id is not the one of the Authorization header";
        /// Nothing says who the client is (RFC 6749 §5.2).
        Missing => InvalidClient, "client authentication is missing";
        /// The `Authorization` header cannot be read (RFC 6749 §2.3.1).
        HeaderMalformed => InvalidClient, "the Authorization header is malformed";
        /// `client_id` in the body cannot be one.
        ClientIdMalformed => InvalidClient, "client_id is malformed";
        /// `client_assertion_type` is missing, or is another than there is (RFC 7521 §4.2, RFC 7523 §2.2).
        AssertionTypeUnsupported => InvalidClient, "client_assertion_type must be that of a JWT bearer assertion";
        /// A type of assertion without the assertion (RFC 7521 §4.2).
        AssertionMissing => InvalidClient, "client_assertion is missing";
        /// It is no JWT about somebody who can be a client (RFC 7523 §3).
        AssertionMalformed => InvalidClient, "client_assertion is not a JWT with the client as its subject";
        /// `client_id` names another client than the assertion (RFC 7521 §4.2).
        AssertionClientIdMismatch => InvalidClient, "client_id is not the subject of client_assertion";
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

impl From<client_credentials_header::Error> for Error {
    fn from(_: client_credentials_header::Error) -> Self {
        Self::HeaderMalformed
    }
}

/// What a client presented; nothing is verified. Exactly one way, never two (RFC 6749 §2.3).
#[derive(Debug, Clone)]
pub enum PresentedCredential {
    /// `client_secret_basic`: identifier and secret in the `Authorization` header.
    Basic {
        /// Who it says it is.
        client_id: ClientId,
        /// The proof.
        secret: Secret<String>,
    },
    /// `client_secret_post`: identifier and secret in the body.
    Post {
        /// Who it says it is.
        client_id: ClientId,
        /// The proof.
        secret: Secret<String>,
    },
    /// `private_key_jwt` or `client_secret_jwt`: a JWT that the client has signed (RFC 7523 §2.2).
    Assertion {
        /// Of whom it says that it is.
        client_id: ClientId,
        /// The proof: good for one request.
        assertion: Secret<String>,
    },
    /// `none`: an identifier only. Good enough for public clients and nobody else.
    None {
        /// Who it says it is.
        client_id: ClientId,
    },
}

impl PresentedCredential {
    /// Takes the credential from the values of all `Authorization` headers and the body's parameters.
    ///
    /// # Errors
    /// None, several, contradictory or malformed credentials; see [`Error`].
    pub fn parse<'h>(headers: impl IntoIterator<Item = &'h [u8]>, body: &Params) -> Result<Self, Error> {
        let mut headers = headers.into_iter();
        let header = headers.next();
        if headers.next().is_some() {
            return Err(Error::SeveralHeaders);
        }
        let client_id = body.one("client_id")?;
        let secret = body.one("client_secret")?;
        let assertion = body.one("client_assertion")?;
        if [header.is_some(), secret.is_some(), assertion.is_some()].into_iter().filter(|used| *used).count()
            > 1
        {
            return Err(Error::SeveralMethods);
        }
        match (assertion, body.one("client_assertion_type")?) {
            (None, None) => {}
            (None, Some(_)) => return Err(Error::AssertionMissing),
            (Some(assertion), Some(ASSERTION_TYPE)) => return Self::of_assertion(assertion, client_id),
            (Some(_), _) => return Err(Error::AssertionTypeUnsupported),
        }
        if let Some(header) = header {
            let ClientCredentials { client_id: authenticated, secret } = ClientCredentials::parse(header)?;
            if client_id.is_some_and(|client_id| client_id != authenticated.as_str()) {
                return Err(Error::ClientIdMismatch);
            }
            return Ok(Self::Basic { client_id: authenticated, secret });
        }
        let client_id =
            ClientId::parse(client_id.ok_or(Error::Missing)?).map_err(|_| Error::ClientIdMalformed)?;
        Ok(match secret {
            Some(secret) => Self::Post { client_id, secret: Secret::new(secret.to_owned()) },
            None => Self::None { client_id },
        })
    }

    /// The client is the subject of its assertion; `client_id` may be there, too (RFC 7521 §4.2).
    fn of_assertion(assertion: &str, client_id: Option<&str>) -> Result<Self, Error> {
        let subject = jose::claimed_subject(assertion).ok_or(Error::AssertionMalformed)?;
        if client_id.is_some_and(|client_id| client_id != subject) {
            return Err(Error::AssertionClientIdMismatch);
        }
        let client_id = ClientId::parse(&subject).map_err(|_| Error::AssertionMalformed)?;
        Ok(Self::Assertion { client_id, assertion: Secret::new(assertion.to_owned()) })
    }

    /// Who the client says it is.
    #[must_use]
    pub const fn client_id(&self) -> &ClientId {
        match self {
            Self::Basic { client_id, .. }
            | Self::Post { client_id, .. }
            | Self::Assertion { client_id, .. }
            | Self::None { client_id } => client_id,
        }
    }

    /// The secret, if one was presented.
    #[must_use]
    pub const fn secret(&self) -> Option<&Secret<String>> {
        match self {
            Self::Basic { secret, .. } | Self::Post { secret, .. } => Some(secret),
            Self::Assertion { .. } | Self::None { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Endpoint, ErrorCode, OAuthError};
    use crate::params::Limits;
    use crate::{base64url, params};

    /// `a:b`
    const HEADER: &[u8] = b"Basic YTpi";

    fn take(headers: &[&[u8]], body: &str) -> Result<PresentedCredential, Error> {
        let body = Params::parse(body.as_bytes(), Limits::REQUEST).unwrap();
        PresentedCredential::parse(headers.iter().copied(), &body)
    }

    /// The form of an assertion about somebody; nobody has signed it.
    fn assertion(subject: &str, kind: &str) -> String {
        let payload = base64url::encode(serde_json::json!({ "sub": subject }).to_string());
        let token = format!("e30.{payload}.AA");
        params::encode([("client_assertion", token.as_str()), ("client_assertion_type", kind)])
    }

    #[test]
    fn to_13_client_id_and_the_subject_of_an_assertion_are_one() {
        for (body, error) in [
            (format!("client_id=b&{}", assertion("a", ASSERTION_TYPE)), Error::AssertionClientIdMismatch),
            (assertion("", ASSERTION_TYPE), Error::AssertionMalformed),
            (assertion("\n", ASSERTION_TYPE), Error::AssertionMalformed),
            (
                assertion("a", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
                Error::AssertionTypeUnsupported,
            ),
            ("client_assertion=e30.e30.AA".to_owned(), Error::AssertionTypeUnsupported),
            (format!("client_id=a&client_assertion_type={ASSERTION_TYPE}"), Error::AssertionMissing),
            (
                format!("client_assertion=e30.e30.AA&client_assertion_type={ASSERTION_TYPE}"),
                Error::AssertionMalformed,
            ),
            (
                format!("client_assertion=e30.e30&client_assertion_type={ASSERTION_TYPE}"),
                Error::AssertionMalformed,
            ),
        ] {
            assert_eq!(take(&[], &body).unwrap_err(), error, "{body}");
            assert_eq!(OAuthError::from(error).code, ErrorCode::InvalidClient);
        }
    }

    /// RFC 6749 §3.2.1.
    #[test]
    fn each_way_is_recognised() {
        for (headers, body, way, secret) in [
            (&[HEADER][..], "", "Basic", Some("b")),
            (&[HEADER], "client_id=a&client_secret=", "Basic", Some("b")),
            (&[], "client_id=a&client_secret=b", "Post", Some("b")),
            (&[], "client_id=a", "None", None),
            (&[], "client_id=a&client_secret=", "None", None),
            (&[], &assertion("a", ASSERTION_TYPE), "Assertion", None),
            (&[], &format!("client_id=a&{}", assertion("a", ASSERTION_TYPE)), "Assertion", None),
        ] {
            let taken = take(headers, body).unwrap();
            assert_eq!(taken.client_id().as_str(), "a");
            assert!(format!("{taken:?}").starts_with(way), "{taken:?}");
            assert_eq!(taken.secret().map(|secret| secret.expose().as_str()), secret);
        }
    }

    #[test]
    fn to_03_two_ways_in_one_request_are_refused() {
        for body in [
            "client_secret=b",
            "client_id=a&client_secret=b",
            "client_id=a&client_assertion=x",
            "client_secret=b&client_assertion=x",
        ] {
            assert_eq!(take(&[HEADER], body).unwrap_err(), Error::SeveralMethods, "{body}");
        }
        assert_eq!(
            take(&[], "client_id=a&client_secret=b&client_assertion=x").unwrap_err(),
            Error::SeveralMethods
        );
        assert_eq!(take(&[HEADER, HEADER], "").unwrap_err(), Error::SeveralHeaders);
        assert_eq!(take(&[HEADER], "client_id=other").unwrap_err(), Error::ClientIdMismatch);
        for error in [Error::SeveralMethods, Error::SeveralHeaders, Error::ClientIdMismatch] {
            assert_eq!(OAuthError::from(error).code, ErrorCode::InvalidRequest);
        }
    }

    #[test]
    fn to_01_to_06_missing_or_malformed_is_invalid_client() {
        for (headers, body, error) in [
            (&[][..], "", Error::Missing),
            (&[], "client_secret=b", Error::Missing),
            (&[], "client_id=%0a", Error::ClientIdMalformed),
            (&[&b"basic"[..]], "client_id=a", Error::HeaderMalformed),
            (&[&b"Bearer x"[..]], "client_id=a", Error::HeaderMalformed),
            (&[&b""[..]], "client_id=a", Error::HeaderMalformed),
            (&[], "client_assertion=x", Error::AssertionTypeUnsupported),
        ] {
            assert_eq!(take(headers, body).unwrap_err(), error, "{body}");
            assert_eq!(OAuthError::from(error).code, ErrorCode::InvalidClient);
        }
    }

    #[test]
    fn to_19_repeated_credentials_are_refused() {
        for body in [
            "client_id=a&client_id=a",
            "client_id=a&client_secret=b&client_secret=",
            "client_assertion&client_assertion",
        ] {
            assert_eq!(take(&[], body).unwrap_err(), Error::Repeated, "{body}");
        }
    }

    #[test]
    fn every_error_may_be_sent_wherever_clients_authenticate() {
        for &error in Error::ALL {
            for endpoint in
                [Endpoint::Token, Endpoint::Introspection, Endpoint::Revocation, Endpoint::PushedRequest]
            {
                assert!(OAuthError::from(error).code.is_allowed_at(endpoint), "{error:?}");
            }
        }
    }
}
