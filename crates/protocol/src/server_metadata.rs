//! Authorization server metadata — RFC 8414 §2, OIDC Discovery §3, RFC 9207 §3.

use serde::{Deserialize, Serialize};

use crate::endpoint_uri::EndpointUri;
use crate::issuer::Issuer;
use crate::strict_json;

/// What a server says about itself. The server fills it from its own lists, a client reads it.
///
/// Lists hold plain texts: a client meets values that it does not know, and they are no error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerMetadata {
    /// The server's name, compared byte for byte (RFC 8414 §3.3).
    pub issuer: Issuer,
    /// Where people are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<EndpointUri>,
    /// Where codes become tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<EndpointUri>,
    /// Where claims are read (OIDC Core §5.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<EndpointUri>,
    /// Where the public keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<EndpointUri>,
    /// Where clients register themselves (RFC 7591 §3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_endpoint: Option<EndpointUri>,
    /// Where clients push their authorization requests (RFC 9126 §5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed_authorization_request_endpoint: Option<EndpointUri>,
    /// Where devices without a browser begin (RFC 8628 §4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<EndpointUri>,
    /// Where APIs ask about tokens (RFC 7662 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection_endpoint: Option<EndpointUri>,
    /// Where clients give tokens back (RFC 7009 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<EndpointUri>,
    /// Where people sign out (OIDC RP-Initiated Logout §2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_session_endpoint: Option<EndpointUri>,
    /// Where APIs learn what was withdrawn: Mapae's extension, see [`crate::revocation_feed`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_feed_endpoint: Option<EndpointUri>,
    /// Known scopes, perhaps not all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// Known response types.
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// Known response modes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_modes_supported: Vec<String>,
    /// Known grant types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grant_types_supported: Vec<String>,
    /// Known authentication contexts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acr_values_supported: Vec<String>,
    /// Kinds of subject identifiers (OIDC Core §8).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subject_types_supported: Vec<String>,
    /// Algorithms of ID tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_token_signing_alg_values_supported: Vec<String>,
    /// Algorithms of signed userinfo responses (OIDC Discovery §3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo_signing_alg_values_supported: Vec<String>,
    /// Algorithms of signed authorization responses (JARM §4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_signing_alg_values_supported: Vec<String>,
    /// Values of `display` that are heeded (OIDC Discovery §3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display_values_supported: Vec<String>,
    /// How clients authenticate at the token endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_methods_supported: Vec<String>,
    /// What the JWTs may be signed with by which they do (RFC 8414 §2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// How APIs authenticate at the introspection endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_methods_supported: Vec<String>,
    /// What the JWTs may be signed with by which they do (RFC 8414 §2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// How clients authenticate at the revocation endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_methods_supported: Vec<String>,
    /// What the JWTs may be signed with by which they do (RFC 8414 §2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    /// PKCE methods (RFC 8414 §2); a client without `S256` here cannot rely on PKCE.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code_challenge_methods_supported: Vec<String>,
    /// Claims that can be had.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims_supported: Vec<String>,
    /// Algorithms of DPoP proofs (RFC 9449 §5.1); none: it binds no tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Values of `prompt`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prompt_values_supported: Vec<String>,
    /// Languages of the pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ui_locales_supported: Vec<String>,
    /// Whether the `claims` parameter is understood; absent means no.
    #[serde(default)]
    pub claims_parameter_supported: bool,
    /// Whether `request` is understood; absent means no.
    #[serde(default)]
    pub request_parameter_supported: bool,
    /// Whether `request_uri` is understood; absent means **yes** (OIDC Discovery §3).
    #[serde(default = "yes")]
    pub request_uri_parameter_supported: bool,
    /// Whether only registered addresses may be `request_uri`; absent means no (OIDC Discovery §3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_request_uri_registration: bool,
    /// What request objects may be signed with (OIDC Discovery §3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_object_signing_alg_values_supported: Vec<String>,
    /// Whether every request must come in a signed object (RFC 9101 §10.5); absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_signed_request_object: bool,
    /// Whether every authorization response has `iss` (RFC 9207 §3); absent means no. If it is set, a response
    /// without `iss` is an attack.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether a `client_id` may be the address of a document about the client
    /// (draft-ietf-oauth-client-id-metadata-document §6); absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_id_metadata_document_supported: bool,
    /// Whether apps are told that somebody has signed out (OIDC Back-Channel Logout §2.1); absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_supported: bool,
    /// Whether they can be told in which session; absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backchannel_logout_session_supported: bool,
    /// Whether pages of apps are framed when somebody signs out (OIDC Front-Channel Logout §3); absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_supported: bool,
    /// Whether these are told which session has ended; absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frontchannel_logout_session_supported: bool,
    /// Whether every request must be pushed (RFC 9126 §5); absent means no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Documentation for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_documentation: Option<String>,
}

const fn yes() -> bool {
    true
}

/// Why metadata cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not one JSON object, too long, or a name occurs twice.
    #[error("the server metadata is not a JSON object")]
    NotAnObject,
    /// A member has the wrong type, or an endpoint is neither `https` nor loopback.
    #[error("a member of the server metadata is missing or malformed")]
    Malformed,
    /// `issuer` is not the one that was asked for (RFC 8414 §3.3, OIDC Discovery §4.3): impersonation.
    #[error("the server metadata is that of another issuer")]
    IssuerMismatch,
}

impl ServerMetadata {
    /// Longest document that a client reads, in bytes.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// A document with a name and nothing else, to be filled.
    #[must_use]
    pub const fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            authorization_endpoint: None,
            token_endpoint: None,
            userinfo_endpoint: None,
            jwks_uri: None,
            registration_endpoint: None,
            pushed_authorization_request_endpoint: None,
            device_authorization_endpoint: None,
            introspection_endpoint: None,
            revocation_endpoint: None,
            end_session_endpoint: None,
            revocation_feed_endpoint: None,
            scopes_supported: Vec::new(),
            response_types_supported: Vec::new(),
            response_modes_supported: Vec::new(),
            grant_types_supported: Vec::new(),
            acr_values_supported: Vec::new(),
            subject_types_supported: Vec::new(),
            id_token_signing_alg_values_supported: Vec::new(),
            userinfo_signing_alg_values_supported: Vec::new(),
            authorization_signing_alg_values_supported: Vec::new(),
            display_values_supported: Vec::new(),
            token_endpoint_auth_methods_supported: Vec::new(),
            token_endpoint_auth_signing_alg_values_supported: Vec::new(),
            introspection_endpoint_auth_methods_supported: Vec::new(),
            introspection_endpoint_auth_signing_alg_values_supported: Vec::new(),
            revocation_endpoint_auth_methods_supported: Vec::new(),
            revocation_endpoint_auth_signing_alg_values_supported: Vec::new(),
            code_challenge_methods_supported: Vec::new(),
            claims_supported: Vec::new(),
            dpop_signing_alg_values_supported: Vec::new(),
            prompt_values_supported: Vec::new(),
            ui_locales_supported: Vec::new(),
            claims_parameter_supported: false,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            require_request_uri_registration: false,
            request_object_signing_alg_values_supported: Vec::new(),
            require_signed_request_object: false,
            authorization_response_iss_parameter_supported: false,
            client_id_metadata_document_supported: false,
            backchannel_logout_supported: false,
            backchannel_logout_session_supported: false,
            frontchannel_logout_supported: false,
            frontchannel_logout_session_supported: false,
            require_pushed_authorization_requests: false,
            service_documentation: None,
        }
    }

    /// Reads the document of the issuer that the caller meant to ask. Unknown members are ignored.
    ///
    /// # Errors
    /// [`Error`]; above all, a document of another issuer is refused.
    pub fn parse(body: &[u8], expected: &Issuer) -> Result<Self, Error> {
        let metadata: Self = strict_json::parse_object(body, Self::MAX_BYTES)
            .map_err(|error| error.mismatch_or(Error::Malformed, Error::NotAnObject))?;
        if metadata.issuer == *expected { Ok(metadata) } else { Err(Error::IssuerMismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer() -> Issuer {
        Issuer::parse("https://as.example.com").unwrap()
    }

    /// RFC 8414 §2, OIDC Discovery §3.
    #[test]
    fn a_document_prints_and_parses() {
        let metadata = ServerMetadata {
            authorization_endpoint: Some(issuer().endpoint("/authorize")),
            token_endpoint: Some(issuer().endpoint("/token")),
            revocation_feed_endpoint: Some(issuer().endpoint("/revocations")),
            response_types_supported: vec!["code".into()],
            authorization_response_iss_parameter_supported: true,
            ..ServerMetadata::new(issuer())
        };
        let printed = serde_json::to_string(&metadata).unwrap();
        assert_eq!(
            printed,
            r#"{"issuer":"https://as.example.com","authorization_endpoint":"https://as.example.com/authorize","token_endpoint":"https://as.example.com/token","revocation_feed_endpoint":"https://as.example.com/revocations","response_types_supported":["code"],"claims_parameter_supported":false,"request_parameter_supported":false,"request_uri_parameter_supported":false,"authorization_response_iss_parameter_supported":true}"#
        );
        assert_eq!(ServerMetadata::parse(printed.as_bytes(), &issuer()).unwrap(), metadata);
    }

    #[test]
    fn oidc_discovery_3_what_absent_means() {
        let read =
            ServerMetadata::parse(br#"{"issuer":"https://as.example.com","x":{}}"#, &issuer()).unwrap();
        assert!(read.request_uri_parameter_supported);
        assert!(!read.request_parameter_supported && !read.claims_parameter_supported);
        assert!(!read.authorization_response_iss_parameter_supported);
        assert_eq!(read.token_endpoint, None);
    }

    #[test]
    fn rp_05_hostile_metadata_is_refused() {
        for name in [
            "https://as.example.com/",
            "https://AS.example.com",
            "https://as.example.com.evil.test",
            "https://evil.test",
            "http://localhost:1",
        ] {
            let body = format!(r#"{{"issuer":"{name}"}}"#);
            assert_eq!(
                ServerMetadata::parse(body.as_bytes(), &issuer()),
                Err(Error::IssuerMismatch),
                "{name}"
            );
        }
        let with = |members: &str| {
            let body = format!(r#"{{"issuer":"https://as.example.com",{members}}}"#);
            ServerMetadata::parse(body.as_bytes(), &issuer()).unwrap_err()
        };
        for members in [
            r#""authorization_endpoint":"javascript:alert(1)""#,
            r#""authorization_endpoint":"http://as.example.com/authorize""#,
            r#""authorization_endpoint":"https://as.example.com@evil.test/authorize""#,
            r#""authorization_endpoint":"$(calc.exe)""#,
            r#""jwks_uri":"file:///etc/passwd""#,
            r#""jwks_uri":["https://as.example.com"]"#,
            r#""token_endpoint":"/token""#,
            r#""response_types_supported":"code""#,
            r#""authorization_response_iss_parameter_supported":"true""#,
        ] {
            assert_eq!(with(members), Error::Malformed, "{members}");
        }
        assert_eq!(with(r#""issuer":"https://evil.test""#), Error::NotAnObject);
        for body in ["", "<html>", "[]", "null"] {
            assert_eq!(ServerMetadata::parse(body.as_bytes(), &issuer()), Err(Error::NotAnObject), "{body}");
        }
        assert_eq!(ServerMetadata::parse(b"{}", &issuer()), Err(Error::Malformed));
        let long = format!(
            r#"{{"issuer":"https://as.example.com","x":"{}"}}"#,
            "x".repeat(ServerMetadata::MAX_BYTES)
        );
        assert_eq!(ServerMetadata::parse(long.as_bytes(), &issuer()), Err(Error::NotAnObject));
    }
}
