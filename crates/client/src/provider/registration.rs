//! How this client is known at a provider — RFC 6749 §2.

use std::collections::BTreeMap;

use mapae_protocol::{
    client_id::ClientId,
    client_metadata::TokenEndpointAuthMethod,
    jose::Algorithm,
    redirect_uri::RedirectUri,
    resource::ResourceIndicator,
    scope::{OPENID, ScopeToken, Scopes},
    secret::Secret,
};

use super::{client_assertion::ClientKey, client_secret::SecretSigner};
use crate::{
    definition::{Authentication, Definition, ResponseMode, SecretSource},
    setting::{ConfigurationError, Setting},
};

/// What the provider's console says about this client, as texts to be checked.
#[derive(Clone, Debug)]
pub struct ClientRegistration {
    client_id: String,
    client_secret: Option<Secret<String>>,
    private_key: Option<(String, Secret<String>)>,
    binds_tokens: bool,
    pushes: bool,
    fapi: bool,
    posted_answers: bool,
    signs_requests: bool,
    signed_answers: bool,
    id_token_algorithm: Option<Algorithm>,
    answer_algorithm: Option<Algorithm>,
    redirect_uri: String,
    scopes: Option<String>,
    terms: Option<Vec<String>>,
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
    /// Proves the client, in the place of a secret, and signs its requests.
    pub(crate) key: Option<ClientKey>,
    /// Whether tokens are bound to a key of ours.
    pub(crate) binds_tokens: bool,
    /// Whether authorization requests are pushed.
    pub(crate) pushes: bool,
    /// Whether every answer must name its issuer, promised or not.
    pub(crate) fapi: bool,
    /// Whether the provider's page posts its answers.
    pub(crate) posted_answers: bool,
    /// Whether authorization requests are signed.
    pub(crate) signs_requests: bool,
    /// Whether an answer counts only if the provider has signed it.
    pub(crate) signed_answers: bool,
    /// What the provider signs with for this client, if that was agreed.
    pub(crate) id_token_algorithm: Option<Algorithm>,
    /// The same of its answers.
    pub(crate) answer_algorithm: Option<Algorithm>,
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) scopes: Scopes,
    /// Tags of the service's own terms; none: all that the provider's console has.
    pub(crate) terms: Option<Vec<String>>,
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
            private_key: None,
            binds_tokens: false,
            pushes: false,
            fapi: false,
            posted_answers: false,
            signs_requests: false,
            signed_answers: false,
            id_token_algorithm: None,
            answer_algorithm: None,
            redirect_uri: redirect_uri.into(),
            scopes: None,
            terms: None,
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

    /// A confidential client that proves itself with a private key (`private_key_jwt`, OIDC Core §9) and shares no secret with
    /// the provider: a P-256, Ed25519 or RSA key as PKCS #8 PEM, and the `kid` of its public half at the provider. The same key
    /// signs its [requests](Self::with_signed_requests).
    #[must_use]
    pub fn with_private_key(mut self, key_id: impl Into<String>, pem: impl Into<String>) -> Self {
        self.private_key = Some((key_id.into(), Secret::new(pem.into())));
        self
    }

    /// Binds tokens to a key (DPoP, RFC 9449 §5): one is made for each login and kept beside its tokens, and who steals a token
    /// without it can do nothing. A provider that does not bind them ends the login.
    #[must_use]
    pub const fn with_bound_tokens(mut self) -> Self {
        self.binds_tokens = true;
        self
    }

    /// Pushes authorization requests (RFC 9126 §2), as is done in any case where the provider requires it.
    #[must_use]
    pub const fn with_pushed_requests(mut self) -> Self {
        self.pushes = true;
        self
    }

    /// Has the provider's page post its answers (OAuth 2.0 Form Post Response Mode §2), so that no code is in an address.
    #[must_use]
    pub const fn with_posted_answers(mut self) -> Self {
        self.posted_answers = true;
        self
    }

    /// Signs authorization requests with [the private key](Self::with_private_key), which must be given (request objects,
    /// RFC 9101 §4), as is done in any case where the provider requires it: nobody on the way can change one. They are
    /// sent in the parameter `request`, or [pushed](Self::with_pushed_requests).
    #[must_use]
    pub const fn with_signed_requests(mut self) -> Self {
        self.signs_requests = true;
        self
    }

    /// Asks for signed answers (JARM, `response_mode=jwt`) and takes no others: a code or an error that nobody signed, or
    /// that stands beside what is signed, ends the login. With [posted answers](Self::with_posted_answers) it is the
    /// provider's page that posts them (`form_post.jwt`).
    #[must_use]
    pub const fn with_signed_answers(mut self) -> Self {
        self.signed_answers = true;
        self
    }

    /// Takes answers that are signed with this algorithm alone: the one that was registered at the provider as
    /// `authorization_signed_response_alg` (JARM §3). Without, whatever fits the provider's keys is taken.
    #[must_use]
    pub const fn with_answer_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.answer_algorithm = Some(algorithm);
        self
    }

    /// Takes ID tokens and logout tokens that are signed with this algorithm alone: the one that was registered at the provider
    /// as `id_token_signed_response_alg` (OIDC Core §3.1.3.7, rule 7). Without, whatever fits the provider's keys is taken.
    #[must_use]
    pub const fn with_id_token_algorithm(mut self, algorithm: Algorithm) -> Self {
        self.id_token_algorithm = Some(algorithm);
        self
    }

    /// All that the FAPI 2.0 Security Profile asks of a client: [a private key](Self::with_private_key), which must be
    /// given, pushed requests, bound tokens, `iss` in every answer, and no algorithm but ES256, PS256 and EdDSA. PKCE is used anyway.
    #[must_use]
    pub const fn with_fapi_profile(mut self) -> Self {
        (self.binds_tokens, self.pushes, self.fapi) = (true, true, true);
        self
    }

    /// All that FAPI 2.0 Message Signing §5.3.2, §5.4.2 asks of a client: [the Security Profile](Self::with_fapi_profile),
    /// [signed requests](Self::with_signed_requests) and [signed answers](Self::with_signed_answers).
    #[must_use]
    pub const fn with_message_signing_profile(mut self) -> Self {
        (self.signs_requests, self.signed_answers) = (true, true);
        self.with_fapi_profile()
    }

    /// Asks for these scopes, separated by spaces; `openid` is always among them where the provider speaks OpenID Connect.
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl Into<String>) -> Self {
        self.scopes = Some(scopes.into());
        self
    }

    /// Reads to which of the service's own terms people agree on the provider's page
    /// ([`Identity::provider_terms`](crate::Identity::provider_terms)). With tags the page shows these, without any all that the
    /// provider's console has. Only Kakao has such terms (Kakao Sync, 간편가입).
    #[must_use]
    pub fn with_terms(mut self, tags: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.terms = Some(tags.into_iter().map(Into::into).collect());
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
        let key = self.key(definition)?;
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
        if let Some(tags) = &self.terms {
            let rules = schema.terms.as_ref();
            let rules = rules.ok_or_else(|| wrong(Setting::Terms, "this provider's page shows none"))?;
            if !tags.iter().all(|tag| rules.is_tag(tag)) {
                return Err(wrong(Setting::Terms, "a tag is a word without a comma"));
            }
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
            key,
            binds_tokens: self.binds_tokens,
            pushes: self.pushes,
            fapi: self.fapi,
            posted_answers: self.posted_answers
                || schema.authorization.response_mode == ResponseMode::FormPost,
            signs_requests: self.signs_requests,
            signed_answers: self.signed_answers,
            id_token_algorithm: self.id_token_algorithm,
            answer_algorithm: self.answer_algorithm,
            redirect_uri: redirect_uri
                .map_err(|_| wrong(Setting::RedirectUri, "it cannot be a redirect URI"))?,
            scopes: scopes.map_err(|_| wrong(Setting::Scopes, "they are not scopes separated by spaces"))?,
            terms: self.terms,
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
    /// What signs the client's assertions and requests. What signs its answers the provider must have.
    fn key(&self, definition: &Definition) -> Result<Option<ClientKey>, ConfigurationError> {
        if self.signed_answers && !definition.is_openid() {
            let problem = "this provider has no keys to sign its answers with";
            return Err(ConfigurationError::new(Setting::Registration, problem));
        }
        let wrong = |problem| Err(ConfigurationError::new(Setting::PrivateKey, problem));
        match &self.private_key {
            None if self.fapi => wrong("the FAPI profile needs one"),
            None if self.signs_requests => wrong("requests are signed with one"),
            None => Ok(None),
            Some(_) if self.client_secret.is_some() || self.auth_method.is_some() => {
                wrong("a client proves itself in one way, and another one is set, too")
            }
            Some((key_id, pem)) => ClientKey::new(key_id, pem.expose()).map(Some),
        }
    }

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
            (good().with_terms(["service"]), Setting::Terms),
            (good().with_auth_method(TokenEndpointAuthMethod::ClientSecretPost), Setting::ClientSecret),
            (good().with_secret("s3cret").with_signed_requests(), Setting::PrivateKey),
            (good().with_message_signing_profile(), Setting::PrivateKey),
        ] {
            assert_eq!(registration.check(&definition).unwrap_err().setting(), setting);
        }
        let none = ClientRegistration::new("app", "https://app.example/cb").with_scopes("");
        assert_eq!(none.check(&definition).unwrap().scopes.to_string(), "openid");
        let naver = Definition::named("naver").unwrap();
        assert_eq!(good().check(&naver).unwrap_err().setting(), Setting::ClientSecret);
        let github = Definition::named("github").unwrap();
        let signed = good().with_secret("s3cret").with_signed_answers().check(&github).unwrap_err();
        assert_eq!(signed.setting(), Setting::Registration, "it has no keys");
        let kakao = Definition::named("kakao").unwrap();
        assert!(
            ClientRegistration::new("app", "https://app.example/cb").check(&kakao).unwrap().scopes.is_empty()
        );
        assert_eq!(good().check(&kakao).unwrap().scopes.to_string(), "email openid");
        let shown = format!("{:?}", good().with_secret("s3cret"));
        assert!(!shown.contains("s3cret"));
    }
}
