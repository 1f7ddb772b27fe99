//! Error codes and the error response — RFC 6749 §4.1.2.1, §5.2, RFC 6750 §3.1, OIDC Core §3.1.2.6.
//!
//! Which error to use when: a rule that was broken is a variant of the small `Error` enum beside that rule; it
//! becomes an [`OAuthError`] by `From`; the HTTP surface turns that into a response. The table of all rules and
//! their codes is a snapshot test.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::strict_json;

/// Declares the error enum of one rule module as a table: variant, code, description. Exhaustive by construction,
/// and `ALL` lists every variant for the snapshot of the whole table.
///
/// `..resource::NotSole` at its end adds the rules of a request that may name one API.
macro_rules! rule_errors {
    (
        $(#[$outer:meta])*
        pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident => $code:ident, $description:literal; )+ }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        pub enum $name {
            $( $(#[$doc])* #[error($description)] $variant, )+
        }

        impl $name {
            /// Every rule of this table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
        }

        impl From<$name> for $crate::error::OAuthError {
            fn from(error: $name) -> Self {
                match error {
                    $( $name::$variant => Self::new($crate::error::ErrorCode::$code, $description), )+
                }
            }
        }
    };
    (
        $(#[$outer:meta])*
        pub enum $name:ident {
            $( $(#[$doc:meta])* $variant:ident => $code:ident, $description:literal; )+
            ..resource::NotSole
        }
    ) => {
        $crate::error::rule_errors! {
            $(#[$outer])*
            pub enum $name {
                $( $(#[$doc])* $variant => $code, $description; )+
                /// More than one `resource`: a token is for one API (RFC 8707 §2).
                SeveralResources => InvalidTarget, "only one resource can be asked for";
                /// `resource` that is no absolute URI, or has a fragment (RFC 8707 §2).
                ResourceMalformed => InvalidTarget, "resource must be an absolute URI without fragment";
            }
        }

        impl From<$crate::resource::NotSole> for $name {
            fn from(refused: $crate::resource::NotSole) -> Self {
                match refused {
                    $crate::resource::NotSole::Several => Self::SeveralResources,
                    $crate::resource::NotSole::Malformed(_) => Self::ResourceMalformed,
                }
            }
        }
    };
}
pub(crate) use rule_errors;

/// Where an error code may appear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A redirect back from the authorization endpoint (RFC 6749 §4.1.2.1).
    Authorization,
    /// The token endpoint (RFC 6749 §5.2).
    Token,
    /// The pushed authorization request endpoint (RFC 9126 §2.3).
    PushedRequest,
    /// Token introspection (RFC 7662 §2.3).
    Introspection,
    /// Token revocation (RFC 7009 §2.2.1).
    Revocation,
    /// A protected resource, userinfo included (RFC 6750 §3.1).
    Resource,
    /// Dynamic client registration (RFC 7591 §3.2.2).
    Registration,
}

macro_rules! error_codes {
    ($( $(#[$doc:meta])* $variant:ident = $text:literal at $($endpoint:ident)+; )+) => {
        /// A registered error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $( $(#[$doc])* #[serde(rename = $text)] $variant, )+
        }

        impl ErrorCode {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The code as it travels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }

            /// The endpoints at which the code may appear.
            #[must_use]
            pub const fn endpoints(self) -> &'static [Endpoint] {
                match self { $( Self::$variant => &[$(Endpoint::$endpoint),+], )+ }
            }
        }
    };
}

error_codes! {
    /// A parameter is missing, repeated or malformed (RFC 6749 §4.1.2.1, §5.2, RFC 6750 §3.1).
    InvalidRequest = "invalid_request"
        at Authorization Token PushedRequest Introspection Revocation Resource;
    /// Client authentication failed (RFC 6749 §5.2).
    InvalidClient = "invalid_client" at Token PushedRequest Introspection Revocation;
    /// The code or refresh token is not valid for this client (RFC 6749 §5.2).
    InvalidGrant = "invalid_grant" at Token PushedRequest;
    /// The client may not do this (RFC 6749 §4.1.2.1, §5.2).
    UnauthorizedClient = "unauthorized_client" at Authorization Token PushedRequest Introspection Revocation;
    /// The grant type is unknown here (RFC 6749 §5.2).
    UnsupportedGrantType = "unsupported_grant_type" at Token PushedRequest;
    /// The response type is unknown here (RFC 6749 §4.1.2.1).
    UnsupportedResponseType = "unsupported_response_type" at Authorization PushedRequest;
    /// The scope is unknown, malformed or too wide (RFC 6749 §4.1.2.1, §5.2).
    InvalidScope = "invalid_scope" at Authorization Token PushedRequest;
    /// The person or the server refused (RFC 6749 §4.1.2.1, RFC 8628 §3.5).
    AccessDenied = "access_denied" at Authorization Token PushedRequest;
    /// Something failed that is not the client's fault (RFC 6749 §4.1.2.1).
    ServerError = "server_error" at Authorization PushedRequest;
    /// The server cannot answer now (RFC 6749 §4.1.2.1; at the token endpoint with status 503).
    TemporarilyUnavailable = "temporarily_unavailable" at Authorization Token PushedRequest;
    /// A page would have to be shown, and `prompt=none` forbids it (OIDC Core §3.1.2.6).
    InteractionRequired = "interaction_required" at Authorization PushedRequest;
    /// The person would have to sign in, and `prompt=none` forbids it (OIDC Core §3.1.2.6).
    LoginRequired = "login_required" at Authorization PushedRequest;
    /// The person would have to choose an account, and `prompt=none` forbids it (OIDC Core §3.1.2.6).
    AccountSelectionRequired = "account_selection_required" at Authorization PushedRequest;
    /// The person would have to agree, and `prompt=none` forbids it (OIDC Core §3.1.2.6).
    ConsentRequired = "consent_required" at Authorization PushedRequest;
    /// The `request_uri` is not valid (OIDC Core §3.1.2.6, RFC 9101 §7).
    InvalidRequestUri = "invalid_request_uri" at Authorization PushedRequest;
    /// The request object is not valid (OIDC Core §3.1.2.6, RFC 9101 §7).
    InvalidRequestObject = "invalid_request_object" at Authorization PushedRequest;
    /// `request` is not supported (OIDC Core §3.1.2.6).
    RequestNotSupported = "request_not_supported" at Authorization PushedRequest;
    /// `request_uri` is not supported (OIDC Core §3.1.2.6).
    RequestUriNotSupported = "request_uri_not_supported" at Authorization PushedRequest;
    /// `registration` is not supported (OIDC Core §3.1.2.6).
    RegistrationNotSupported = "registration_not_supported" at Authorization PushedRequest;
    /// The asked authentication context cannot be reached (OIDC Unmet Authentication Requirements §2).
    UnmetAuthenticationRequirements = "unmet_authentication_requirements" at Authorization PushedRequest;
    /// The `resource` is unknown, malformed or not allowed (RFC 8707 §2).
    InvalidTarget = "invalid_target" at Authorization Token PushedRequest;
    /// The `authorization_details` are not valid (RFC 9396 §5).
    InvalidAuthorizationDetails = "invalid_authorization_details" at Authorization Token PushedRequest;
    /// The person has not answered yet (RFC 8628 §3.5).
    AuthorizationPending = "authorization_pending" at Token;
    /// As pending, and the client asks too often (RFC 8628 §3.5).
    SlowDown = "slow_down" at Token;
    /// The device code is too old (RFC 8628 §3.5).
    ExpiredToken = "expired_token" at Token;
    /// The DPoP proof is not valid (RFC 9449 §5, §7.1).
    InvalidDpopProof = "invalid_dpop_proof" at Token PushedRequest Resource;
    /// The DPoP proof needs the server's nonce (RFC 9449 §8, §9).
    UseDpopNonce = "use_dpop_nonce" at Token PushedRequest Resource;
    /// Tokens of this type cannot be revoked (RFC 7009 §2.2.1).
    UnsupportedTokenType = "unsupported_token_type" at Revocation;
    /// The access token is not valid (RFC 6750 §3.1).
    InvalidToken = "invalid_token" at Resource;
    /// The access token's scope does not suffice (RFC 6750 §3.1).
    InsufficientScope = "insufficient_scope" at Resource;
    /// The authentication is too weak or too old (RFC 9470 §3).
    InsufficientUserAuthentication = "insufficient_user_authentication" at Resource;
    /// A redirect URI is not acceptable (RFC 7591 §3.2.2).
    InvalidRedirectUri = "invalid_redirect_uri" at Registration;
    /// A metadata field is not acceptable (RFC 7591 §3.2.2).
    InvalidClientMetadata = "invalid_client_metadata" at Registration;
    /// The software statement is not valid (RFC 7591 §3.2.2).
    InvalidSoftwareStatement = "invalid_software_statement" at Registration;
    /// The software statement is not approved (RFC 7591 §3.2.2).
    UnapprovedSoftwareStatement = "unapproved_software_statement" at Registration;
}

impl ErrorCode {
    /// Whether the code may appear at `endpoint`.
    #[must_use]
    pub fn is_allowed_at(self, endpoint: Endpoint) -> bool {
        self.endpoints().contains(&endpoint)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a peer is told: a code and a fixed text. It never echoes input and holds no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OAuthError {
    /// `error`.
    #[serde(rename = "error")]
    pub code: ErrorCode,
    /// `error_description`, in English, within `%x20-21 / %x23-5B / %x5D-7E`.
    #[serde(rename = "error_description")]
    pub description: &'static str,
}

impl OAuthError {
    /// An error with this code and text.
    #[must_use]
    pub const fn new(code: ErrorCode, description: &'static str) -> Self {
        Self { code, description }
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.description)
    }
}

impl std::error::Error for OAuthError {}

/// An error response as a client reads it (RFC 6749 §5.2). The peer's texts are untrusted: escape them before
/// they are shown, and decide by the code only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ErrorResponse {
    /// `error`, possibly one that is not in [`ErrorCode`].
    #[serde(rename = "error")]
    pub code: String,
    /// `error_description`.
    #[serde(rename = "error_description", default, deserialize_with = "strict_json::present")]
    pub description: Option<String>,
}

impl ErrorResponse {
    /// Longest error response that is read, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads the JSON body of a refusal.
    ///
    /// # Errors
    /// The body is not a JSON object with the text `error`.
    pub fn parse(body: &[u8]) -> Result<Self, strict_json::Error> {
        strict_json::parse_object(body, Self::MAX_BYTES)
    }

    /// The code, when it is a registered one.
    #[must_use]
    pub fn known_code(&self) -> Option<ErrorCode> {
        ErrorCode::ALL.iter().copied().find(|code| code.as_str() == self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 §4.1.2.1, §5.2, RFC 6750 §3: what `error` and `error_description` may consist of.
    fn in_charset(text: &str) -> bool {
        text.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    }

    /// RFC 7662 §2.3, RFC 9101 §7, RFC 9396 §5, OIDC Unmet Authentication Requirements §2.
    #[test]
    fn codes_by_endpoint() {
        let table = [
            Endpoint::Authorization,
            Endpoint::Token,
            Endpoint::PushedRequest,
            Endpoint::Introspection,
            Endpoint::Revocation,
            Endpoint::Resource,
            Endpoint::Registration,
        ]
        .map(|endpoint| {
            let codes = ErrorCode::ALL.iter().filter(|code| code.is_allowed_at(endpoint));
            let codes: Vec<_> = codes.map(|code| code.as_str()).collect();
            format!("{endpoint:?}: {}", codes.join(" "))
        });
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn every_code_has_its_own_well_formed_name_and_a_place() {
        let mut seen = std::collections::BTreeSet::new();
        for &code in ErrorCode::ALL {
            assert!(seen.insert(code.as_str()), "{code} twice");
            assert!(in_charset(code.as_str()));
            assert!(!code.endpoints().is_empty());
            assert_eq!(serde_json::to_string(&code).unwrap(), format!("\"{code}\""));
        }
    }

    #[test]
    fn an_error_is_two_texts_in_json() {
        let error = OAuthError::new(ErrorCode::InvalidGrant, "the code is not valid");
        assert_eq!(
            serde_json::to_string(&error).unwrap(),
            r#"{"error":"invalid_grant","error_description":"the code is not valid"}"#
        );
        assert_eq!(error.to_string(), "invalid_grant: the code is not valid");
    }

    #[test]
    fn rp_18_an_error_response_is_read_strictly() {
        let read = ErrorResponse::parse(br#"{"error":"invalid_grant","error_uri":"https://x"}"#).unwrap();
        assert_eq!(read.known_code(), Some(ErrorCode::InvalidGrant));
        let strange = ErrorResponse::parse(br#"{"error":"KOE320","error_description":"x"}"#).unwrap();
        assert_eq!((strange.known_code(), strange.description.as_deref()), (None, Some("x")));
        for body in
            ["", "<html>", "[]", "{}", r#"{"error":1}"#, r#"{"error":"a","error":"b"}"#, r#"{"error":null}"#]
        {
            assert!(ErrorResponse::parse(body.as_bytes()).is_err(), "{body}");
        }
    }
}
