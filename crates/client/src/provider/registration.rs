//! How this client is known at a provider — RFC 6749 §2.

use std::collections::BTreeMap;

use mapae_protocol::{
    client_id::ClientId,
    client_metadata::TokenEndpointAuthMethod,
    redirect_uri::RedirectUri,
    resource::ResourceIndicator,
    scope::{OPENID, ScopeToken, Scopes},
    secret::Secret,
};

use super::client_secret::SecretSigner;
use crate::{
    definition::{Authentication, Definition, SecretSource},
    setting::{ConfigurationError, Setting},
};

/// What the provider's console says about this client, as texts to be checked.
#[derive(Clone, Debug)]
pub struct ClientRegistration {
    client_id: String,
    client_secret: Option<Secret<String>>,
    redirect_uri: String,
    scopes: Option<String>,
    resource: Option<String>,
    auth_method: Option<TokenEndpointAuthMethod>,
    credentials: BTreeMap<String, Secret<String>>,
}

/// The same, checked.
#[derive(Debug)]
pub(crate) struct Registration {
    pub(crate) client_id: ClientId,
    pub(crate) client_secret: Option<Secret<String>>,
    pub(crate) signer: Option<SecretSigner>,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) scopes: Scopes,
    pub(crate) resource: Option<ResourceIndicator>,
    pub(crate) auth_method: Option<TokenEndpointAuthMethod>,
    pub(crate) credentials: BTreeMap<String, Secret<String>>,
}

impl ClientRegistration {
    /// A public client (a native program, a program in the browser) that asks for what the provider's definition asks.
    #[must_use]
    pub fn new(client_id: impl Into<String>, redirect_uri: impl Into<String>) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret: None,
            redirect_uri: redirect_uri.into(),
            scopes: None,
            resource: None,
            auth_method: None,
            credentials: BTreeMap::new(),
        }
    }

    /// A confidential client: a service that can keep a secret.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.client_secret = Some(Secret::new(secret.into()));
        self
    }

    /// Asks for these scopes, separated by spaces; `openid` is always among them where the provider speaks OpenID Connect.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl Into<String>) -> Self {
        self.scopes = Some(scopes.into());
        self
    }

    /// Asks for tokens for this API (RFC 8707 §2).
    #[must_use]
    pub fn with_resource(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Authenticates in this way; otherwise the provider's metadata decides, `client_secret_basic` first.
    #[must_use]
    pub const fn with_auth_method(mut self, method: TokenEndpointAuthMethod) -> Self {
        self.auth_method = Some(method);
        self
    }

    /// With a further credential that the provider's definition names, for instance `admin_key` and `app_id` of Kakao, or
    /// `team_id`, `key_id` and `private_key` (the text of the `.p8` file) of Apple, with which the client makes its secrets
    /// itself. What Apple tells of may name the app to which the Services ID belongs: that name is `notice_audience`.
    #[must_use]
    pub fn with_credential(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.credentials.insert(name.into(), Secret::new(value.into()));
        self
    }

    pub(super) fn check(self, definition: &Definition) -> Result<Registration, ConfigurationError> {
        let wrong = ConfigurationError::new;
        let client_id = ClientId::parse(&self.client_id);
        let redirect_uri = RedirectUri::parse(&self.redirect_uri);
        let schema = definition.schema();
        let signer = self.signer(schema.token.secret)?;
        let scopes = self.scopes.unwrap_or_else(|| schema.authorization.scopes.join(" "));
        let scopes = Scopes::restore(&scopes).and_then(|mut scopes| {
            // Kakao: without any scope the console decides, with one `openid` must be among them.
            if definition.is_openid() && (!scopes.is_empty() || schema.endpoints.discovery) {
                scopes.insert(ScopeToken::parse(OPENID)?);
            }
            Ok(scopes)
        });
        if schema.token.secret_required && self.client_secret.is_none() {
            return Err(wrong(Setting::ClientSecret, "this provider knows no client without one"));
        }
        let resource = self.resource.as_deref().map(ResourceIndicator::parse).transpose();
        if self.client_secret.as_ref().is_some_and(|secret| secret.expose().is_empty()) {
            return Err(wrong(Setting::ClientSecret, "it is empty"));
        }
        if self.client_secret.is_none()
            && self.auth_method.is_some_and(|method| method != TokenEndpointAuthMethod::None)
        {
            return Err(wrong(Setting::ClientSecret, "the chosen authentication method needs one"));
        }
        Ok(Registration {
            credentials: self.credentials,
            client_id: client_id.map_err(|_| wrong(Setting::ClientId, "it is not a client identifier"))?,
            client_secret: self.client_secret,
            signer,
            redirect_uri: redirect_uri
                .map_err(|_| wrong(Setting::RedirectUri, "it cannot be a redirect URI"))?,
            scopes: scopes.map_err(|_| wrong(Setting::Scopes, "they are not scopes separated by spaces"))?,
            resource: resource
                .map_err(|_| wrong(Setting::Resource, "it is not an absolute URI without fragment"))?,
            auth_method: self.auth_method.or(match schema.token.authentication {
                Some(Authentication::Post) => Some(TokenEndpointAuthMethod::ClientSecretPost),
                Some(Authentication::Basic) => Some(TokenEndpointAuthMethod::ClientSecretBasic),
                None => None,
            }),
        })
    }
}

impl ClientRegistration {
    /// What makes the secrets, where the definition wants them made and none is given.
    fn signer(&self, source: SecretSource) -> Result<Option<SecretSigner>, ConfigurationError> {
        if source == SecretSource::Given || self.client_secret.is_some() {
            return Ok(None);
        }
        let missing =
            "it is signed with the credentials `team_id`, `key_id` and `private_key`, and one is missing";
        let part = |name: &str| {
            let value = self.credentials.get(name).map(|value| value.expose().as_str());
            value.ok_or_else(|| ConfigurationError::new(Setting::ClientSecret, missing))
        };
        SecretSigner::new(part("team_id")?, part("key_id")?, part("private_key")?).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_names_its_setting() {
        let good = || ClientRegistration::new("app", "https://app.example/cb").with_scopes("email");
        let definition = Definition::named("oidc").unwrap();
        assert_eq!(good().check(&definition).unwrap().scopes.to_string(), "email openid");
        for (registration, setting) in [
            (ClientRegistration::new("", "https://app.example/cb"), Setting::ClientId),
            (ClientRegistration::new("app", "http://app.example/cb"), Setting::RedirectUri),
            (ClientRegistration::new("app", "javascript:x"), Setting::RedirectUri),
            (good().with_scopes("a\"b"), Setting::Scopes),
            (good().with_resource("not a uri"), Setting::Resource),
            (good().with_secret(""), Setting::ClientSecret),
            (good().with_auth_method(TokenEndpointAuthMethod::ClientSecretPost), Setting::ClientSecret),
        ] {
            assert_eq!(registration.check(&definition).unwrap_err().setting(), setting);
        }
        let none = ClientRegistration::new("app", "https://app.example/cb").with_scopes("");
        assert_eq!(none.check(&definition).unwrap().scopes.to_string(), "openid");
        let naver = Definition::named("naver").unwrap();
        assert_eq!(good().check(&naver).unwrap_err().setting(), Setting::ClientSecret);
        let kakao = Definition::named("kakao").unwrap();
        assert!(
            ClientRegistration::new("app", "https://app.example/cb").check(&kakao).unwrap().scopes.is_empty()
        );
        assert_eq!(good().check(&kakao).unwrap().scopes.to_string(), "email openid");
        let shown = format!("{:?}", good().with_secret("s3cret"));
        assert!(!shown.contains("s3cret"));
    }
}
