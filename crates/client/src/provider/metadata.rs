//! Discovery: what a provider says about itself — OIDC Discovery §4, RFC 8414 §3.3.

use std::sync::{Arc, PoisonError, RwLock};

use super::{MetadataError, Provider, ProviderError, signing::Signing, turn::Turn};
use crate::{
    back_channel::Outgoing,
    clock::was_set_back,
    definition::Definition,
    http_error::HttpError,
    observe::Purpose,
    setting::{ConfigurationError, Setting},
};
use mapae_protocol::{
    client_metadata::TokenEndpointAuthMethod,
    endpoint_uri::EndpointUri,
    issuer::Issuer,
    server_metadata::{self, ServerMetadata},
    time::{Seconds, Timestamp},
    uri::Uri,
};

/// For how long metadata is used without asking again.
const LIFE: Seconds = Seconds::hours(1);

/// For how long old metadata is used on when the provider does not give it again: tokens can still be refreshed.
const GRACE: Seconds = Seconds::seconds(30);

/// What a login needs of a provider's metadata; every endpoint was checked.
#[derive(Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization_endpoint: EndpointUri,
    pub(crate) token_endpoint: EndpointUri,
    /// None where nobody issues ID tokens.
    pub(crate) jwks_uri: Option<EndpointUri>,
    pub(crate) userinfo_endpoint: Option<EndpointUri>,
    pub(crate) revocation_endpoint: Option<EndpointUri>,
    pub(crate) end_session_endpoint: Option<EndpointUri>,
    pub(crate) pushed_authorization_request_endpoint: Option<EndpointUri>,
    pub(crate) require_pushed_authorization_requests: bool,
    pub(crate) authorization_response_iss_parameter_supported: bool,
    pub(super) signing: Signing,
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// The metadata that is known, and the turn to ask for it.
#[derive(Debug, Default)]
pub(super) struct Discovered {
    /// Held for a moment only: who uses known metadata waits for nobody's request.
    known: RwLock<Option<Known>>,
    /// Everybody who needs the metadata waits for the one request.
    fetching: Turn<Arc<Metadata>>,
}

impl Discovered {
    fn known(&self) -> Option<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn fresh(&self, now: Timestamp) -> Option<Arc<Metadata>> {
        let is_fresh = |known: &Known| now < known.use_until && !was_set_back(known.learnt_at, now);
        self.known().filter(is_fresh).map(|known| known.metadata)
    }

    fn learn(&self, metadata: Arc<Metadata>, now: Timestamp, used_for: Seconds) -> Arc<Metadata> {
        let known = Known { metadata: Arc::clone(&metadata), learnt_at: now, use_until: now.plus(used_for) };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
        metadata
    }
}

#[derive(Clone, Debug)]
struct Known {
    metadata: Arc<Metadata>,
    learnt_at: Timestamp,
    use_until: Timestamp,
}

impl Provider {
    pub(crate) async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, ProviderError> {
        if let Some(fixed) = &self.0.fixed {
            return Ok(Arc::clone(fixed));
        }
        let discovered = &self.0.discovered;
        if let Some(metadata) = discovered.fresh(now) {
            return Ok(metadata);
        }
        let provider = self.clone();
        let fetch = || async move { provider.renewed_metadata(now).await };
        discovered.fetching.join(Purpose::Discovery, || discovered.fresh(now), fetch).await
    }

    /// What the provider says now; what it said before, for a moment more, while it says nothing.
    async fn renewed_metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, ProviderError> {
        let discovered = &self.0.discovered;
        match (self.fetch_metadata(now).await, discovered.known()) {
            (Ok(metadata), _) => Ok(discovered.learn(Arc::new(metadata), now, LIFE)),
            (Err(ProviderError::NoAnswer(..) | ProviderError::Resting), Some(old)) => {
                Ok(discovered.learn(old.metadata, now, GRACE))
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn fetch_metadata(&self, now: Timestamp) -> Result<Metadata, ProviderError> {
        let url = self.issuer().openid_configuration();
        let outgoing = Outgoing {
            purpose: Purpose::Discovery,
            url: &url,
            credential: None,
            method: http::Method::GET,
            form: None,
            proof: None,
        };
        let failed = |error: HttpError| ProviderError::NoAnswer(Purpose::Discovery, error);
        let body = self.ask(&outgoing, now).await?.into_json().map_err(failed)?;
        Metadata::parse(&body, self.issuer()).map_err(ProviderError::Metadata)
    }
}

impl Metadata {
    /// What a definition says without being asked; `None` where the issuer has to be asked.
    pub(super) fn fixed(definition: &Definition) -> Result<Option<Self>, ConfigurationError> {
        let endpoints = &definition.schema().endpoints;
        if endpoints.discovery {
            return Ok(None);
        }
        let wrong = ConfigurationError::new(Setting::Providers, "an endpoint of the definition is not https");
        let at = |template: &Option<String>| match template {
            Some(template) => EndpointUri::parse(&definition.address(template)?).map(Some).map_err(|_| wrong),
            None => Ok(None),
        };
        Ok(Some(Self {
            authorization_endpoint: at(&endpoints.authorization)?.ok_or(wrong)?,
            token_endpoint: at(&endpoints.token)?.ok_or(wrong)?,
            jwks_uri: at(&endpoints.keys)?,
            userinfo_endpoint: at(&endpoints.user_info)?,
            revocation_endpoint: at(&endpoints.revocation)?,
            pushed_authorization_request_endpoint: None,
            require_pushed_authorization_requests: false,
            end_session_endpoint: None,
            authorization_response_iss_parameter_supported: false,
            signing: Signing::default(),
            token_endpoint_auth_methods_supported: Vec::new(),
        }))
    }

    /// OIDC Discovery §4.3: the document is the issuer's own, to the letter, and names what a login needs.
    pub(crate) fn parse(body: &[u8], issuer: &Issuer) -> Result<Self, MetadataError> {
        let said = ServerMetadata::parse(body, issuer).map_err(|error| match error {
            server_metadata::Error::IssuerMismatch => MetadataError::Issuer,
            server_metadata::Error::NotAnObject | server_metadata::Error::Malformed => {
                MetadataError::Malformed
            }
        })?;
        let needed = |endpoint: Option<EndpointUri>| {
            let endpoint = endpoint.ok_or(MetadataError::EndpointMissing)?;
            check(&endpoint, issuer)?;
            Ok(endpoint)
        };
        Ok(Self {
            authorization_endpoint: needed(said.authorization_endpoint)?,
            token_endpoint: needed(said.token_endpoint)?,
            jwks_uri: Some(needed(said.jwks_uri)?),
            userinfo_endpoint: said.userinfo_endpoint.map(|endpoint| needed(Some(endpoint))).transpose()?,
            revocation_endpoint: said
                .revocation_endpoint
                .map(|endpoint| needed(Some(endpoint)))
                .transpose()?,
            end_session_endpoint: said
                .end_session_endpoint
                .map(|endpoint| needed(Some(endpoint)))
                .transpose()?,
            pushed_authorization_request_endpoint: said
                .pushed_authorization_request_endpoint
                .map(|endpoint| needed(Some(endpoint)))
                .transpose()?,
            require_pushed_authorization_requests: said.require_pushed_authorization_requests,
            authorization_response_iss_parameter_supported: said
                .authorization_response_iss_parameter_supported,
            signing: Signing {
                response_modes_supported: said.response_modes_supported,
                request_parameter_supported: said.request_parameter_supported,
                require_signed_request_object: said.require_signed_request_object,
                request_object_signing_alg_values_supported: said.request_object_signing_alg_values_supported,
            },
            token_endpoint_auth_methods_supported: said.token_endpoint_auth_methods_supported,
        })
    }

    /// Which way is tried first where there is another one as well.
    pub(super) fn guessed_auth_method(&self) -> Option<TokenEndpointAuthMethod> {
        let both = [TokenEndpointAuthMethod::ClientSecretBasic, TokenEndpointAuthMethod::ClientSecretPost];
        let supported = &self.token_endpoint_auth_methods_supported;
        let offered = |method: &TokenEndpointAuthMethod| supported.iter().any(|name| name == method.as_str());
        both.iter().all(offered).then_some(TokenEndpointAuthMethod::ClientSecretBasic)
    }

    /// How a client with a secret authenticates where nobody said how: absent means basic (OIDC Discovery §3).
    pub(super) fn preferred_auth_method(&self) -> Result<TokenEndpointAuthMethod, ConfigurationError> {
        let supported = &self.token_endpoint_auth_methods_supported;
        let both = [TokenEndpointAuthMethod::ClientSecretBasic, TokenEndpointAuthMethod::ClientSecretPost];
        let known = both.into_iter().find(|method| supported.iter().any(|name| name == method.as_str()));
        if supported.is_empty() {
            return Ok(TokenEndpointAuthMethod::ClientSecretBasic);
        }
        known.ok_or_else(|| {
            let problem = "the provider supports neither client_secret_basic nor client_secret_post";
            ConfigurationError::new(Setting::TokenEndpointAuthMethod, problem)
        })
    }
}

/// An issuer on the open net cannot send our requests into our own (server-side request forgery).
fn check(endpoint: &EndpointUri, issuer: &Issuer) -> Result<(), MetadataError> {
    let uri = Uri::parse(endpoint.as_str()).map_err(|_| MetadataError::Malformed)?;
    let authority = uri.authority.ok_or(MetadataError::Malformed)?;
    if issuer.is_https() && uri.scheme != "https" {
        return Err(MetadataError::Insecure);
    }
    let own = Uri::parse(issuer.as_str()).ok().and_then(|uri| uri.authority).map(|authority| authority.host);
    let foreign = own != Some(authority.host) && !issuer.is_loopback();
    if foreign && (authority.is_loopback() || is_address(authority.host)) {
        return Err(MetadataError::ForeignAddress);
    }
    Ok(())
}

/// Whether a host is an IP address. No top-level domain begins with a digit, and odd spellings of addresses
/// (`127.1`, `0x7f.1`) are no hosts to [`Uri`].
fn is_address(host: &str) -> bool {
    let last = host.rsplit('.').next().unwrap_or_default();
    host.starts_with('[') || last.starts_with(|first: char| first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document() -> Value {
        json!({
            "issuer": "https://op.example",
            "authorization_endpoint": "https://login.op.example/authorize",
            "token_endpoint": "https://op.example/token",
            "jwks_uri": "https://keys.example/jwks",
        })
    }

    fn refusal(name: &str, value: Value) -> Option<MetadataError> {
        let mut document = document();
        document[name] = value;
        let issuer = Issuer::parse("https://op.example").unwrap();
        Metadata::parse(document.to_string().as_bytes(), &issuer).err()
    }

    #[test]
    fn rp_05_the_issuer_is_exact() {
        assert_eq!(refusal("scopes_supported", json!(["openid"])), None);
        for other in
            ["https://op.example/", "https://OP.example", "https://evil.example", "http://op.example"]
        {
            assert!(refusal("issuer", json!(other)).is_some(), "{other}");
        }
        assert_eq!(refusal("issuer", json!("https://evil.example")), Some(MetadataError::Issuer));
    }

    #[test]
    fn rp_05_endpoints_are_https_and_lead_outside() {
        for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
            for (url, error) in [
                ("javascript:alert(1)", MetadataError::Malformed),
                ("http://op.example/x", MetadataError::Malformed),
                ("https://op.example/x#y", MetadataError::Malformed),
                ("https://user@op.example/x", MetadataError::Malformed),
                ("/token", MetadataError::Malformed),
                ("http://localhost/x", MetadataError::Insecure),
                ("https://localhost/x", MetadataError::ForeignAddress),
                ("https://127.0.0.1/x", MetadataError::ForeignAddress),
                ("https://169.254.169.254/x", MetadataError::ForeignAddress),
                ("https://0x7f.1/x", MetadataError::Malformed),
                ("https://2130706433/x", MetadataError::Malformed),
                ("https://[::1]/x", MetadataError::ForeignAddress),
            ] {
                assert_eq!(refusal(endpoint, json!(url)), Some(error), "{endpoint} {url}");
            }
        }
        assert_eq!(refusal("token_endpoint", Value::Null), Some(MetadataError::EndpointMissing));
    }

    #[test]
    fn how_a_client_authenticates() {
        let preferred = |methods: Value| {
            let mut document = document();
            document["token_endpoint_auth_methods_supported"] = methods;
            let issuer = Issuer::parse("https://op.example").unwrap();
            let metadata = Metadata::parse(document.to_string().as_bytes(), &issuer).unwrap();
            metadata.preferred_auth_method().map_err(|error| error.setting())
        };
        let (basic, post) =
            (TokenEndpointAuthMethod::ClientSecretBasic, TokenEndpointAuthMethod::ClientSecretPost);
        assert_eq!(preferred(json!([])), Ok(basic));
        assert_eq!(preferred(json!(["client_secret_post", "client_secret_basic"])), Ok(basic));
        assert_eq!(preferred(json!(["private_key_jwt", "client_secret_post"])), Ok(post));
        assert_eq!(preferred(json!(["private_key_jwt"])), Err(Setting::TokenEndpointAuthMethod));
    }
}
