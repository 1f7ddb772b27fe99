//! Protected resource metadata — RFC 9728 §2, §3.

use serde::{Deserialize, Serialize};

use crate::endpoint_uri::EndpointUri;
use crate::issuer::Issuer;
use crate::resource::ResourceIndicator;
use crate::strict_json;
use crate::uri::Uri;

/// The path at which a resource at the root of its host describes itself (RFC 9728 §3).
pub const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// How a resource accepts tokens, `bearer_methods_supported` (RFC 9728 §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BearerMethod {
    /// In the `Authorization` header (RFC 6750 §2.1).
    Header,
    /// In a form body (RFC 6750 §2.2).
    Body,
    /// In the query (RFC 6750 §2.3).
    Query,
}

/// What an API says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceMetadata {
    /// The API's identifier.
    pub resource: ResourceIndicator,
    /// The servers whose tokens it accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_servers: Vec<Issuer>,
    /// The scopes that it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes_supported: Vec<String>,
    /// How it accepts tokens; absent means that it does not say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bearer_methods_supported: Vec<BearerMethod>,
    /// Algorithms of the DPoP proofs that it takes (RFC 9449 §7.1, RFC 9728 §2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dpop_signing_alg_values_supported: Vec<String>,
    /// Whether every token must be bound to a key (RFC 9728 §2).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens_required: bool,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_name: Option<String>,
    /// Documentation for developers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_documentation: Option<String>,
}

/// Why metadata cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not a JSON object of this shape.
    #[error("the resource metadata is malformed")]
    Malformed,
    /// `resource` is not the one that was asked for (RFC 9728 §3.3): impersonation.
    #[error("the resource metadata is that of another resource")]
    ResourceMismatch,
}

impl ResourceMetadata {
    /// Longest document that a client reads, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Reads the document of the resource that the caller meant to ask. Unknown members are ignored.
    ///
    /// # Errors
    /// [`Error`]; above all, a document of another resource is refused.
    pub fn parse(body: &[u8], expected: &ResourceIndicator) -> Result<Self, Error> {
        let metadata: Self =
            strict_json::parse_object(body, Self::MAX_BYTES).map_err(|_| Error::Malformed)?;
        if metadata.resource == *expected { Ok(metadata) } else { Err(Error::ResourceMismatch) }
    }

    /// Where a resource describes itself: the well-known path goes between its host and its path
    /// (RFC 9728 §3.1). `None` if it is not on the web, a `urn:` for example.
    #[must_use]
    pub fn address_of(resource: &ResourceIndicator) -> Option<EndpointUri> {
        let uri = Uri::parse(resource.as_str()).ok().filter(Uri::is_secure_transport)?;
        let origin = uri.origin()?;
        // "any terminating slash following the host component MUST be removed"
        let path = if uri.path == "/" { "" } else { uri.path };
        let query = uri.query.map(|query| format!("?{query}")).unwrap_or_default();
        Some(EndpointUri::from_parsed(format!("{origin}{WELL_KNOWN}{path}{query}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(text: &str) -> ResourceIndicator {
        ResourceIndicator::parse(text).unwrap()
    }

    /// RFC 9728 §3.1.
    #[test]
    fn rfc9728_3_1_the_well_known_path_is_inserted() {
        for (identifier, address) in [
            ("https://api.example.com", Some("https://api.example.com/.well-known/oauth-protected-resource")),
            (
                "https://api.example.com/",
                Some("https://api.example.com/.well-known/oauth-protected-resource"),
            ),
            ("https://a.test/v1?x=1", Some("https://a.test/.well-known/oauth-protected-resource/v1?x=1")),
            ("http://localhost:4000", Some("http://localhost:4000/.well-known/oauth-protected-resource")),
            ("http://api.example.com", None),
            ("urn:example:api", None),
        ] {
            let made = ResourceMetadata::address_of(&resource(identifier));
            assert_eq!(made.as_ref().map(EndpointUri::as_str), address);
            assert!(made.is_none_or(|made| EndpointUri::parse(made.as_str()).is_ok()));
        }
    }

    /// RFC 9728 §3.3.
    #[test]
    fn a_document_prints_and_parses() {
        let metadata = ResourceMetadata {
            resource: resource("http://localhost:4000"),
            authorization_servers: vec![Issuer::parse("http://localhost:9000").unwrap()],
            scopes_supported: vec!["calendar.read".into()],
            bearer_methods_supported: vec![BearerMethod::Header],
            dpop_signing_alg_values_supported: Vec::new(),
            dpop_bound_access_tokens_required: false,
            resource_name: Some("캘린더".into()),
            resource_documentation: None,
        };
        let printed = serde_json::to_string(&metadata).unwrap();
        assert_eq!(
            printed,
            r#"{"resource":"http://localhost:4000","authorization_servers":["http://localhost:9000"],"scopes_supported":["calendar.read"],"bearer_methods_supported":["header"],"resource_name":"캘린더"}"#
        );
        assert_eq!(ResourceMetadata::parse(printed.as_bytes(), &metadata.resource).unwrap(), metadata);
        let other = resource("http://localhost:4000/");
        assert_eq!(ResourceMetadata::parse(printed.as_bytes(), &other), Err(Error::ResourceMismatch));
        for body in ["", "{}", "[]", r#"{"resource":"http://localhost:4000","authorization_servers":["x"]}"#]
        {
            assert_eq!(ResourceMetadata::parse(body.as_bytes(), &other), Err(Error::Malformed), "{body}");
        }
    }
}
