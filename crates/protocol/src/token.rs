//! Token request and response — RFC 6749 §4.1.3, §5.1, OIDC Core §3.1.3.3.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::rule_errors;
use crate::params::{Params, Repeated};
use crate::resource::ResourceIndicator;
use crate::scope::Scopes;
use crate::secret::{self, Secret};
use crate::strict_json;
use crate::time::Seconds;

/// The names of the grant types, `grant_type`.
pub mod grant_type {
    /// RFC 6749 §4.1.3.
    pub const AUTHORIZATION_CODE: &str = "authorization_code";
    /// RFC 6749 §6.
    pub const REFRESH_TOKEN: &str = "refresh_token";
    /// RFC 6749 §4.4.
    pub const CLIENT_CREDENTIALS: &str = "client_credentials";
}

rule_errors! {
    /// What can be wrong with the parameters that every grant shares.
    pub enum Error {
        /// A parameter is repeated (RFC 6749 §3.2).
        Repeated => InvalidRequest, "a parameter is repeated";
        /// No `grant_type` (RFC 6749 §4.1.3).
        GrantTypeMissing => InvalidRequest, "grant_type is missing";
        /// `scope` outside its grammar or caps (RFC 6749 §3.3).
        ScopeMalformed => InvalidScope, "scope is malformed";
        ..resource::NotSole
    }
}

impl From<Repeated> for Error {
    fn from(Repeated: Repeated) -> Self {
        Self::Repeated
    }
}

/// What every token request has, whatever its grant type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRequest {
    /// `grant_type`, as it came; look it up among those that the server has.
    pub grant_type: String,
    /// `scope`, if it was sent: the token shall have no more than this.
    pub scopes: Option<Scopes>,
    /// `resource`: the API that the token is for (RFC 8707 §2.2).
    pub resource: Option<ResourceIndicator>,
}

impl TokenRequest {
    /// Reads the parameters of the body.
    ///
    /// # Errors
    /// The first rule that is broken; see [`Error`].
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let grant_type = params.one("grant_type")?.ok_or(Error::GrantTypeMissing)?.to_owned();
        let scopes =
            params.one("scope")?.map(Scopes::parse).transpose().map_err(|_| Error::ScopeMalformed)?;
        let resource = ResourceIndicator::sole(params)?;
        Ok(Self { grant_type, scopes, resource })
    }
}

/// `token_type`, compared without regard to case (RFC 6749 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum TokenType {
    /// Whoever has it may use it (RFC 6750 §4).
    #[default]
    Bearer,
    /// It goes with a proof of the key to which it is bound (RFC 9449 §5).
    Dpop,
}

impl TokenType {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Bearer, Self::Dpop];

    /// The registered name, which is also the scheme of the `Authorization` header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }
}

impl Serialize for TokenType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TokenType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // A client must not use a token whose type it does not understand (RFC 6749 §7.1).
        let known = Self::ALL.into_iter().find(|known| text.eq_ignore_ascii_case(known.as_str()));
        known.ok_or_else(|| de::Error::custom("not a token type that is known here"))
    }
}

/// Why a client cannot use a token response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    /// Not one JSON object, too long, or a name occurs twice.
    #[error("the token response is not a JSON object")]
    NotAnObject,
    /// `access_token` or `token_type` is missing, a member has the wrong type, `token_type` is unknown, or
    /// `expires_in` is negative, fractional or a text.
    #[error("a member of the token response is missing or malformed")]
    Malformed,
    /// `access_token`, `refresh_token` or `id_token` is empty.
    #[error("the token response has an empty token")]
    EmptyToken,
}

/// The tokens (RFC 6749 §5.1). They are wiped from memory when dropped and never printed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TokenResponse {
    /// The access token.
    #[serde(serialize_with = "secret::expose")]
    pub access_token: Secret<String>,
    /// How it is used.
    pub token_type: TokenType,
    /// How long the access token lives from now; some providers do not say.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<Seconds>,
    /// The refresh token.
    #[serde(
        default,
        deserialize_with = "strict_json::present",
        serialize_with = "secret::expose_present",
        skip_serializing_if = "Option::is_none"
    )]
    pub refresh_token: Option<Secret<String>>,
    /// What was granted; absent means what was asked for (RFC 6749 §5.1).
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scopes>,
    /// The ID token (OIDC Core §3.1.3.3).
    #[serde(
        default,
        deserialize_with = "strict_json::present",
        serialize_with = "secret::expose_present",
        skip_serializing_if = "Option::is_none"
    )]
    pub id_token: Option<Secret<String>>,
    /// What the access token is, as the answer to an exchange says it (RFC 8693 §2.2.1).
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub issued_token_type: Option<String>,
}

impl TokenResponse {
    /// Longest response that a client reads, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads the body of a successful answer to a request without a proof of possession. Unknown members are ignored
    /// (RFC 6749 §5.1).
    ///
    /// # Errors
    /// Anything that is missing, malformed or of the wrong type; a token that is bound to a key; see [`ResponseError`].
    pub fn parse(body: &[u8]) -> Result<Self, ResponseError> {
        Self::parse_any(body).and_then(|response| match response.token_type {
            TokenType::Bearer => Ok(response),
            TokenType::Dpop => Err(ResponseError::Malformed),
        })
    }

    /// As [`parse`](Self::parse), for whoever looks at the type of the token.
    ///
    /// # Errors
    /// As there.
    pub fn parse_any(body: &[u8]) -> Result<Self, ResponseError> {
        let response: Self = strict_json::parse_object(body, Self::MAX_BYTES)
            .map_err(|error| error.mismatch_or(ResponseError::Malformed, ResponseError::NotAnObject))?;
        let tokens =
            [Some(&response.access_token), response.refresh_token.as_ref(), response.id_token.as_ref()];
        if tokens.into_iter().flatten().any(|token| token.expose().is_empty()) {
            return Err(ResponseError::EmptyToken);
        }
        Ok(response)
    }
}

impl fmt::Display for TokenType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::{Endpoint, ErrorCode, OAuthError};
    use crate::params::Limits;

    fn request(body: &str) -> Result<TokenRequest, Error> {
        TokenRequest::parse(&Params::parse(body.as_bytes(), Limits::REQUEST).unwrap())
    }

    fn secret(text: &str) -> Secret<String> {
        Secret::new(text.to_owned())
    }

    #[test]
    fn to_19_repeated_or_missing_parameters() {
        for (body, error) in [
            ("", Error::GrantTypeMissing),
            ("grant_type=", Error::GrantTypeMissing),
            ("grant_type=a&grant_type=a", Error::Repeated),
            ("grant_type=a&scope=x&scope=y", Error::Repeated),
            ("grant_type=a&scope=a++b", Error::ScopeMalformed),
            ("grant_type=a&resource=https://a&resource=https://b", Error::SeveralResources),
            ("grant_type=a&resource=a&resource=b", Error::SeveralResources),
            ("grant_type=a&resource=https://a%23", Error::ResourceMalformed),
        ] {
            assert_eq!(request(body), Err(error), "{body}");
        }
        let read =
            request("grant_type=refresh_token&scope=b+a&resource=https://a&resource=&foo=1&foo=2").unwrap();
        assert_eq!(read.grant_type, grant_type::REFRESH_TOKEN);
        assert_eq!(read.scopes.unwrap().to_string(), "a b");
        assert_eq!(read.resource.unwrap().as_str(), "https://a");
    }

    #[test]
    fn every_error_may_be_sent_by_the_token_endpoint() {
        for &error in Error::ALL {
            assert!(OAuthError::from(error).code.is_allowed_at(Endpoint::Token), "{error:?}");
        }
        assert_eq!(OAuthError::from(Error::SeveralResources).code, ErrorCode::InvalidTarget);
    }

    #[test]
    fn rfc6749_5_1_the_response_in_json() {
        let mut response = TokenResponse {
            access_token: secret("at"),
            token_type: TokenType::Bearer,
            expires_in: Some(Seconds::minutes(5)),
            refresh_token: Some(secret("rt")),
            scope: Some(Scopes::parse("openid email").unwrap()),
            id_token: Some(secret("id")),
            issued_token_type: None,
        };
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"access_token":"at","token_type":"Bearer","expires_in":300,"refresh_token":"rt","scope":"email openid","id_token":"id"}"#
        );
        response = TokenResponse { refresh_token: None, scope: None, id_token: None, ..response };
        assert_eq!(
            serde_json::to_string(&response).unwrap(),
            r#"{"access_token":"at","token_type":"Bearer","expires_in":300}"#
        );
    }

    /// RFC 6749 §7.1: a token of a type that is not known is not taken; RFC 6750 §4.
    #[test]
    fn rp_18_a_hostile_token_response_is_refused() {
        let with = |members: &str| {
            let body = format!(r#"{{"access_token":"at","token_type":"bearer"{members}}}"#);
            TokenResponse::parse(body.as_bytes()).err()
        };
        assert_eq!(with(""), None);
        assert_eq!(with(r#","expires_in":0,"scope":"","example":{"a":[1]}"#), None);
        for members in [
            r#","expires_in":-1"#,
            r#","expires_in":1.5"#,
            r#","expires_in":"3600""#,
            r#","expires_in":1e400"#,
            r#","expires_in":99999999999999999999"#,
            r#","expires_in":null"#,
            r#","refresh_token":1"#,
            r#","refresh_token":null"#,
            r#","scope":["a"]"#,
            r#","scope":"a\tb""#,
            r#","id_token":{}"#,
        ] {
            let refused = with(members);
            assert!(
                matches!(refused, Some(ResponseError::Malformed | ResponseError::NotAnObject)),
                "{members} {refused:?}"
            );
        }
        assert_eq!(with(r#","access_token":"other""#), Some(ResponseError::NotAnObject));
        assert_eq!(with(r#","refresh_token":"""#), Some(ResponseError::EmptyToken));
        let bound = br#"{"access_token":"at","token_type":"dpop"}"#;
        assert_eq!(TokenResponse::parse(bound).err(), Some(ResponseError::Malformed));
        assert_eq!(TokenResponse::parse_any(bound).unwrap().token_type, TokenType::Dpop);
        for (body, error) in [
            ("", ResponseError::NotAnObject),
            ("<html>", ResponseError::NotAnObject),
            (r#"["at","Bearer"]"#, ResponseError::NotAnObject),
            ("{}", ResponseError::Malformed),
            (r#"{"access_token":"at"}"#, ResponseError::Malformed),
            (r#"{"token_type":"Bearer"}"#, ResponseError::Malformed),
            (r#"{"access_token":"at","token_type":"dpop "}"#, ResponseError::Malformed),
            (r#"{"access_token":"at","token_type":"mac"}"#, ResponseError::Malformed),
            (r#"{"access_token":"at","token_type":"bearer "}"#, ResponseError::Malformed),
            (r#"{"access_token":"","token_type":"Bearer"}"#, ResponseError::EmptyToken),
        ] {
            assert_eq!(TokenResponse::parse(body.as_bytes()).err(), Some(error), "{body}");
        }
        let long = with(&format!(r#","x":"{}""#, "x".repeat(TokenResponse::MAX_BYTES)));
        assert_eq!(long, Some(ResponseError::NotAnObject));
    }

    #[test]
    fn rp_21_tokens_are_never_printed() {
        let body = br#"{"access_token":"AAA","token_type":"Bearer","refresh_token":"RRR","id_token":"III"}"#;
        let shown = format!("{:?}", TokenResponse::parse(body).unwrap());
        assert!(["AAA", "RRR", "III"].iter().all(|token| !shown.contains(token)), "{shown}");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(
            access in "[!-~]{1,20}", refresh in proptest::option::of("[!-~]{1,20}"), seconds: Option<u32>
        ) {
            let printed = serde_json::to_vec(&TokenResponse {
                access_token: secret(&access),
                token_type: TokenType::Bearer,
                expires_in: seconds.map(Seconds::seconds),
                refresh_token: refresh.as_deref().map(secret),
                scope: None,
                id_token: None,
                issued_token_type: None,
            }).unwrap();
            let read = TokenResponse::parse(&printed).unwrap();
            prop_assert_eq!(read.access_token.expose(), &access);
            prop_assert_eq!(read.refresh_token.map(|token| token.expose().clone()), refresh);
            prop_assert_eq!(read.expires_in, seconds.map(Seconds::seconds));
        }
    }
}
