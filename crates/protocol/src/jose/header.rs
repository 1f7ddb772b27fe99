//! The protected header — RFC 7515 §4.1.

use serde::Deserialize;

use super::{Algorithm, Error, MAX_KID};
use crate::strict_json;

/// What kind of token this is: the `typ` that keeps one kind from being taken for another
/// (RFC 8725 §3.11).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeaderType {
    /// `JWT`: an ID token, a signed answer of userinfo (OIDC Core §5.3.2) or of the authorization endpoint (JARM §2.1). What
    /// they say tells them apart: of the three only an ID token has `sub`, `iat` and `exp`.
    Jwt,
    /// `at+jwt`: an access token (RFC 9068 §2.1).
    AccessToken,
    /// `logout+jwt`: a logout token (OIDC Back-Channel Logout §2.4).
    LogoutToken,
    /// `secevent+jwt`: a security event token (RFC 8417 §2.3).
    SecurityEvent,
    /// `client-authentication+jwt`: a client assertion (draft-ietf-oauth-rfc7523bis §4).
    ClientAssertion,
    /// `oauth-authz-req+jwt`: an authorization request (RFC 9101 §10.8).
    RequestObject,
    /// `dpop+jwt`: a proof of possession (RFC 9449 §4.2).
    DpopProof,
}

impl HeaderType {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::Jwt,
        Self::AccessToken,
        Self::LogoutToken,
        Self::SecurityEvent,
        Self::ClientAssertion,
        Self::RequestObject,
        Self::DpopProof,
    ];

    /// The value written into `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "JWT",
            Self::AccessToken => "at+jwt",
            Self::LogoutToken => "logout+jwt",
            Self::SecurityEvent => "secevent+jwt",
            Self::ClientAssertion => "client-authentication+jwt",
            Self::RequestObject => "oauth-authz-req+jwt",
            Self::DpopProof => "dpop+jwt",
        }
    }

    /// RFC 7515 §4.1.9: media types are compared without case, and `application/` may be omitted.
    #[must_use]
    pub fn matches(self, typ: &str) -> bool {
        let name = match typ.split_at_checked("application/".len()) {
            Some((prefix, name)) if prefix.eq_ignore_ascii_case("application/") => name,
            _ => typ,
        };
        name.eq_ignore_ascii_case(self.as_str())
    }
}

/// A header whose algorithm is still a name.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) algorithm: String,
    pub(super) typ: Option<String>,
    pub(super) kid: Option<String>,
}

/// What is read from a header; `jku`, `jwk`, `x5u`, `x5c` and the rest are not even looked at.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) typ: Option<String>,
    pub(super) kid: Option<String>,
}

#[derive(Deserialize)]
struct Members {
    #[serde(default, deserialize_with = "strict_json::present")]
    alg: Option<String>,
    #[serde(default, deserialize_with = "strict_json::present")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "strict_json::present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "strict_json::is_there")]
    crit: bool,
    #[serde(default, deserialize_with = "strict_json::is_there")]
    b64: bool,
}

impl Header {
    pub(super) fn parse(json: &[u8]) -> Result<Self, Error> {
        let Named { algorithm, typ, kid } = Named::parse(json)?;
        let algorithm = Algorithm::parse(&algorithm).ok_or(Error::Algorithm)?;
        Ok(Self { algorithm, typ, kid })
    }
}

impl Named {
    /// Everything but the algorithm is judged.
    pub(super) fn parse(json: &[u8]) -> Result<Self, Error> {
        let Members { alg, typ, kid, crit, b64 } =
            strict_json::parse_object(json, json.len()).map_err(|_| Error::Header)?;
        if crit {
            return Err(Error::Critical);
        }
        if b64 {
            return Err(Error::UnencodedPayload);
        }
        if kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID) {
            return Err(Error::KeyId);
        }
        Ok(Self { algorithm: alg.ok_or(Error::AlgorithmMissing)?, typ, kid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 §4.1.9.
    /// RFC 8417 §2.3.
    #[test]
    fn rs_02_media_types_compare_without_case_and_prefix() {
        for same in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/At+Jwt"] {
            assert!(HeaderType::AccessToken.matches(same), "{same}");
        }
        for other in [
            "JWT",
            "at+jwt ",
            "x/at+jwt",
            "application/application/at+jwt",
            "at",
            "",
            "application/",
            "한한한한한한",
        ] {
            assert!(!HeaderType::AccessToken.matches(other), "{other}");
        }
        for (one, two) in
            HeaderType::ALL.iter().flat_map(|one| HeaderType::ALL.iter().map(move |two| (one, two)))
        {
            assert_eq!(one.matches(two.as_str()), one == two);
        }
    }

    /// RFC 7797 §3.
    #[test]
    fn jo_05_extensions_are_refused_even_when_null_or_empty() {
        for crit in ["null", "[]", r#"["exp"]"#, r#"["b64"]"#, "true", r#""x""#] {
            let json = format!(r#"{{"alg":"ES256","crit":{crit}}}"#);
            assert_eq!(Header::parse(json.as_bytes()).unwrap_err(), Error::Critical, "{crit}");
        }
        for b64 in ["false", "true", "null"] {
            let json = format!(r#"{{"alg":"ES256","b64":{b64}}}"#);
            assert_eq!(Header::parse(json.as_bytes()).unwrap_err(), Error::UnencodedPayload, "{b64}");
        }
        let twice = br#"{"alg":"ES256","crit":["a"],"crit":["b"]}"#;
        assert_eq!(Header::parse(twice).unwrap_err(), Error::Header);
    }

    /// RFC 7515 §4.1.
    #[test]
    fn jo_04_key_ids_are_opaque_and_short() {
        let parse = |kid: &str| {
            let json = serde_json::json!({ "alg": "RS256", "kid": kid }).to_string();
            Header::parse(json.as_bytes()).map(|header| header.kid.unwrap())
        };
        for kid in ["../../dev/null", "' OR 1=1 --", "a\0b", "http://evil.example/key"] {
            assert_eq!(parse(kid).unwrap(), kid);
        }
        assert_eq!(parse("").unwrap_err(), Error::KeyId);
        assert!(parse(&"k".repeat(256)).is_ok());
        assert_eq!(parse(&"k".repeat(257)).unwrap_err(), Error::KeyId);
    }
}
