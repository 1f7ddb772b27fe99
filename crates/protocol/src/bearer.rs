//! How an access token comes to a protected resource — RFC 6750 §2, RFC 9449 §7.1.

use crate::error::rule_errors;
use crate::params::Params;
use crate::secret::Secret;
use crate::token::TokenType;

/// Longest token that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;

rule_errors! {
    /// Why the token of a request could not be taken (RFC 6750 §3.1).
    pub enum Error {
        /// More than one `Authorization` header.
        SeveralHeaders => InvalidRequest, "there is more than one Authorization header";
        /// The header is not `Bearer`, spaces, and a token of the grammar (RFC 6750 §2.1).
        Malformed => InvalidRequest, "the bearer token is malformed";
        /// The token is longer than [`MAX_BYTES`].
        TooLong => InvalidRequest, "the bearer token is too long";
        /// The token came in more than one way (RFC 6750 §2).
        SeveralTransports => InvalidRequest, "the access token was sent in more than one way";
        /// `access_token` is repeated in query or body.
        Repeated => InvalidRequest, "access_token is repeated";
        /// The token came in the query or the body, which is not accepted here (RFC 9700 §4.3.2).
        TransportNotAccepted => InvalidRequest, "the access token must be sent in the Authorization header";
    }
}

/// A token as it was presented; nothing is verified.
pub type BearerToken = Secret<String>;

/// The parameters of a query or a form body, and whether a token may come there.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// There is none, or it has another media type.
    Absent,
    /// `access_token` there is an error (the default, RFC 9700 §4.3.2).
    Refused(&'a Params),
    /// The route opted in (RFC 6750 §2.2, §2.3).
    Accepted(&'a Params),
}

impl<'a> Place<'a> {
    fn token(self) -> Result<Option<&'a str>, Error> {
        let (params, accepted) = match self {
            Self::Absent => return Ok(None),
            Self::Refused(params) => (params, false),
            Self::Accepted(params) => (params, true),
        };
        let token = params.one("access_token").map_err(|_| Error::Repeated)?;
        if token.is_some() && !accepted { Err(Error::TransportNotAccepted) } else { Ok(token) }
    }
}

/// Takes the token of a request: the values of all `Authorization` headers, the query, the form body. `None` when
/// there is no credential, or one of another scheme.
///
/// # Errors
/// Several tokens, a malformed one, or one in a place that is not accepted; see [`Error`].
pub fn take<'h>(
    headers: impl IntoIterator<Item = &'h [u8]>,
    query: Place<'_>,
    body: Place<'_>,
) -> Result<Option<BearerToken>, Error> {
    Ok(taken(headers, query, body, &[TokenType::Bearer])?.map(|(_, token)| token))
}

/// As [`take`], with the scheme: a token may also come as `DPoP`, with a proof beside it (RFC 9449 §7.1). One in the
/// query or the body is a bearer token.
///
/// # Errors
/// As there.
pub fn take_of_any_type<'h>(
    headers: impl IntoIterator<Item = &'h [u8]>,
    query: Place<'_>,
    body: Place<'_>,
) -> Result<Option<(TokenType, BearerToken)>, Error> {
    taken(headers, query, body, &TokenType::ALL)
}

fn taken<'h>(
    headers: impl IntoIterator<Item = &'h [u8]>,
    query: Place<'_>,
    body: Place<'_>,
    schemes: &[TokenType],
) -> Result<Option<(TokenType, BearerToken)>, Error> {
    let mut headers = headers.into_iter();
    let in_header = headers.next().map(|header| from_header(header, schemes)).transpose()?.flatten();
    if headers.next().is_some() {
        return Err(Error::SeveralHeaders);
    }
    let elsewhere = [query.token()?, body.token()?].map(|token| Some((TokenType::Bearer, token?)));
    let mut found = [in_header].into_iter().chain(elsewhere).flatten();
    let Some((scheme, token)) = found.next() else { return Ok(None) };
    if found.next().is_some() {
        return Err(Error::SeveralTransports);
    }
    if token.len() > MAX_BYTES {
        return Err(Error::TooLong);
    }
    if !is_b64token(token) {
        return Err(Error::Malformed);
    }
    Ok(Some((scheme, Secret::new(token.to_owned()))))
}

/// `Bearer 1*SP b64token`; the scheme without regard to case (RFC 6750 §2.1, RFC 9110 §11.1).
fn from_header<'h>(header: &'h [u8], schemes: &[TokenType]) -> Result<Option<(TokenType, &'h str)>, Error> {
    let scheme_end =
        header.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'-').unwrap_or(header.len());
    let (scheme, rest) = header.split_at_checked(scheme_end).unwrap_or((header, b""));
    let known = |known: &TokenType| scheme.eq_ignore_ascii_case(known.as_str().as_bytes());
    let Some(scheme) = schemes.iter().copied().find(known) else { return Ok(None) };
    let rest = str::from_utf8(rest).map_err(|_| Error::Malformed)?;
    if !rest.starts_with(' ') {
        return Err(Error::Malformed);
    }
    let token = rest.trim_matches(' ');
    if token.is_empty() { Err(Error::Malformed) } else { Ok(Some((scheme, token))) }
}

fn is_b64token(text: &str) -> bool {
    let unpadded = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    !unpadded.is_empty() && unpadded.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::{ErrorCode, OAuthError};
    use crate::params::Limits;

    fn header(value: &str) -> Result<Option<String>, Error> {
        let taken = take([value.as_bytes()], Place::Absent, Place::Absent)?;
        Ok(taken.map(|token| token.expose().clone()))
    }

    fn params(text: &str) -> Params {
        Params::parse(text.as_bytes(), Limits::REQUEST).unwrap()
    }

    #[test]
    fn rs_11_one_header_of_the_grammar() {
        for value in ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER   a.b-c_d~e+f/g=="] {
            assert_eq!(header(value).unwrap().unwrap(), "a.b-c_d~e+f/g==");
        }
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer\ta",
            "Bearer \ta",
            "Bearer a b",
            "Bearer a,b",
            "Bearer a, Bearer b",
            "Bearer a, Basic YTpi",
            "Bearer =",
            "Bearer a=b",
            "Bearer \"a\"",
            "Bearer a\u{e9}",
            "Bearer:a",
            "Bearer,a",
            "Bearer a\r\nX: y",
            "Bearer a\0",
        ] {
            assert_eq!(header(value), Err(Error::Malformed), "{value:?}");
        }
        for value in
            ["", "Basic YTpi", "DPoP a", "DPoP", "Bearerx a", "Basic YTpi, Bearer a", " Bearer a", "토큰 a"]
        {
            assert_eq!(header(value), Ok(None), "{value:?}");
        }
        let twice = take([&b"Bearer a"[..], b"Bearer a"], Place::Absent, Place::Absent);
        assert_eq!(twice.unwrap_err(), Error::SeveralHeaders);
        let two_schemes = take([&b"Basic YTpi"[..], b"Bearer a"], Place::Absent, Place::Absent);
        assert_eq!(two_schemes.unwrap_err(), Error::SeveralHeaders);
        assert!(take([&b"Bearer \xff"[..]], Place::Absent, Place::Absent).is_err());
    }

    /// RFC 9110 §11.1.
    #[test]
    fn ui_04_the_scheme_is_told_apart() {
        let any = |value: &str| {
            let taken = take_of_any_type([value.as_bytes()], Place::Absent, Place::Absent)?;
            Ok::<_, Error>(taken.map(|(scheme, token)| (scheme, token.expose().clone())))
        };
        for (value, scheme) in
            [("Bearer a", TokenType::Bearer), ("DPoP a", TokenType::Dpop), ("dpop  a", TokenType::Dpop)]
        {
            assert_eq!(any(value), Ok(Some((scheme, "a".to_owned()))), "{value}");
        }
        for value in ["DPoP", "DPoP ", "DPoP a b", "DPoP a, Bearer a", "DPoP=a"] {
            assert_eq!(any(value), Err(Error::Malformed), "{value}");
        }
        assert_eq!(any("DPoPx a"), Ok(None));
        let query = params("access_token=a");
        let (none, both) = (std::iter::empty(), [&b"DPoP a"[..]]);
        let in_query = take_of_any_type(none, Place::Accepted(&query), Place::Absent).unwrap().unwrap();
        assert_eq!(in_query.0, TokenType::Bearer);
        let twice = take_of_any_type(both, Place::Accepted(&query), Place::Absent);
        assert_eq!(twice.unwrap_err(), Error::SeveralTransports);
    }

    #[test]
    fn rs_11_a_huge_token_is_refused() {
        assert!(header(&format!("Bearer {}", "a".repeat(MAX_BYTES))).is_ok());
        for length in [MAX_BYTES + 1, 100 * 1024] {
            assert_eq!(header(&format!("Bearer {}", "a".repeat(length))), Err(Error::TooLong));
        }
    }

    /// RFC 6750 §2.2, §2.3.
    #[test]
    fn ui_03_a_token_in_the_query_is_refused_unless_the_route_opted_in() {
        let query = params("access_token=a&x=1");
        let none = std::iter::empty;
        assert_eq!(
            take(none(), Place::Refused(&query), Place::Absent).unwrap_err(),
            Error::TransportNotAccepted
        );
        assert_eq!(
            take(none(), Place::Absent, Place::Refused(&query)).unwrap_err(),
            Error::TransportNotAccepted
        );
        let taken = take(none(), Place::Accepted(&query), Place::Absent).unwrap().unwrap();
        assert!(taken.matches("a"));
        let taken = take(none(), Place::Refused(&params("x=1")), Place::Accepted(&query)).unwrap().unwrap();
        assert!(taken.matches("a"));
        assert!(take(none(), Place::Accepted(&params("access_token=")), Place::Absent).unwrap().is_none());
        let twice = params("access_token=a&access_token=a");
        assert_eq!(take(none(), Place::Accepted(&twice), Place::Absent).unwrap_err(), Error::Repeated);
        let broken = params("access_token=a%22b");
        assert_eq!(take(none(), Place::Accepted(&broken), Place::Absent).unwrap_err(), Error::Malformed);
    }

    #[test]
    fn ui_03_two_transports_at_once_are_refused() {
        let same = params("access_token=a");
        let (query, body) = (Place::Accepted(&same), Place::Accepted(&same));
        for (headers, query, body) in [
            (&[&b"Bearer a"[..]][..], query, Place::Absent),
            (&[&b"Bearer a"[..]], Place::Absent, body),
            (&[], query, body),
        ] {
            assert_eq!(take(headers.iter().copied(), query, body).unwrap_err(), Error::SeveralTransports);
        }
    }

    #[test]
    fn every_error_may_be_sent_by_a_resource() {
        for &error in Error::ALL {
            assert_eq!(OAuthError::from(error).code, ErrorCode::InvalidRequest);
        }
    }

    proptest! {
        #[test]
        fn a_token_of_the_grammar_is_taken_whole(token in "[A-Za-z0-9._~+/-]{1,60}={0,2}") {
            prop_assert_eq!(header(&format!("Bearer {token}")).unwrap(), Some(token));
        }

        #[test]
        fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = take([bytes.as_slice()], Place::Absent, Place::Absent);
            let _ = take([[b"Bearer ", bytes.as_slice()].concat().as_slice()], Place::Absent, Place::Absent);
        }
    }
}
