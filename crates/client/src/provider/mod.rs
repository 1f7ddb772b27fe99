//! A provider: what is known of it, and how it is spoken to.

mod breaker;
mod client_assertion;
mod client_secret;
mod error;
mod keys;
mod leaving;
mod metadata;
mod probe;
mod pushing;
mod refreshing;
mod registration;
mod settings;
mod signing;
mod token_answer;
mod token_endpoint;
mod turn;
mod unlinking;
mod user_info;

use std::sync::Arc;

use mapae_protocol::{
    digest::sha256_base64url, issuer::Issuer, locale::Locale, secret::Secret, time::Timestamp,
};
use tokio::time::Instant;

use breaker::Breaker;
pub use error::{MetadataError, ProviderError};
pub(crate) use keys::IdTokenContext;
use keys::Keys;
use metadata::Discovered;
pub(crate) use metadata::Metadata;
pub use registration::ClientRegistration;
pub(crate) use registration::Registration;
pub use settings::ProviderSettings;
pub(crate) use token_answer::{error_with_success, mended};

use crate::{
    back_channel::{Answer, BackChannel, Outgoing},
    class::Class,
    definition::{Definition, Place},
    http_error::HttpError,
    observe::Purpose,
    possession::{Nonces, ProofKey, Proven},
    setting::{ConfigurationError, Setting},
    tokens::Tokens,
};

/// A provider, spoken to as its [`Definition`] says. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub struct Provider(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    definition: Definition,
    issuer: Issuer,
    registration: Registration,
    settings: ProviderSettings,
    back_channel: BackChannel,
    fixed: Option<Arc<Metadata>>,
    discovered: Discovered,
    keys: Keys,
    breaker: Breaker,
    nonces: Nonces,
}

impl Provider {
    /// Any OpenID provider, by its issuer alone: the definition `oidc`.
    ///
    /// Nothing is fetched yet: metadata and keys are when they are first needed, and again when they are old, so a
    /// service starts and stays up while its provider is down.
    ///
    /// # Errors
    /// A [`ConfigurationError`] that names the setting.
    pub fn discover(
        issuer: &str,
        registration: ClientRegistration,
        settings: ProviderSettings,
    ) -> Result<Self, ConfigurationError> {
        Self::new(Definition::named("oidc")?.with("issuer", issuer), registration, settings)
    }

    /// The provider of a definition.
    ///
    /// # Errors
    /// A [`ConfigurationError`] that names the setting.
    pub fn new(
        definition: Definition,
        registration: ClientRegistration,
        settings: ProviderSettings,
    ) -> Result<Self, ConfigurationError> {
        let not_an_issuer = ConfigurationError::new(Setting::Issuer, "it is not an issuer identifier");
        let issuer = Issuer::parse(&definition.issuer()?).map_err(|_| not_an_issuer)?;
        // An issuer without TLS is on this machine, or it is none. Whoever moved a provider there is developing.
        if !issuer.is_https() && !settings.development && !definition.is_moved() {
            return Err(ConfigurationError::new(Setting::Development, "the issuer is plain http"));
        }
        if settings.name.is_empty() || !settings.name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ConfigurationError::new(Setting::Providers, "a provider's name is not a word"));
        }
        let registration = registration.check(&definition)?;
        let fixed = Metadata::fixed(&definition)?.map(Arc::new);
        settings.check(&definition)?;
        let back_channel =
            BackChannel::new(settings.answer_within, !issuer.is_https(), settings.observer.clone())?;
        Ok(Self(Arc::new(Inner {
            definition,
            issuer,
            registration,
            settings,
            back_channel,
            fixed,
            discovered: Discovered::default(),
            keys: Keys::default(),
            breaker: Breaker::default(),
            nonces: Nonces::default(),
        })))
    }

    /// What the application calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Its issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.0.issuer
    }

    /// How it is spoken to.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.0.definition
    }

    /// Where a setting is that is wrong: in the provider's own console where its definition says so, with the address
    /// that has to stand there, and otherwise in general words.
    #[must_use]
    pub fn advice(&self, setting: Setting, language: Locale) -> String {
        let advice = self.0.definition.advice(setting, language);
        let advice = advice.unwrap_or_else(|| setting.advice(language));
        match setting {
            Setting::RedirectUri => format!("{advice}: {}", self.registration().redirect_uri),
            _ => advice.to_owned(),
        }
    }

    /// What an answer means by the rules of the definition. A setting that is wrong is told to whoever runs the service.
    pub(crate) fn ruled(&self, place: Place, answer: &serde_json::Value) -> Option<ProviderError> {
        let class = self.0.definition.class_of(place, answer)?;
        self.advise(class);
        Some(ProviderError::Ruled(class))
    }

    /// Tells whoever runs the service which setting is wrong, if one is, and where it stands.
    pub(crate) fn advise(&self, class: Class) {
        if let Class::Configuration(setting) = class {
            let advice = self.advice(setting, Locale::En);
            tracing::warn!(
                provider = self.name(),
                setting = setting.name(),
                advice,
                "the provider refuses this app"
            );
        }
    }

    /// A credential of the registration, by its name.
    pub(crate) fn credential(&self, name: &str) -> Option<&str> {
        let registration = self.registration();
        if name == "client_secret" {
            return registration.client_secret.as_ref().map(|secret| secret.expose().as_str());
        }
        registration.credentials.get(name).map(|value| value.expose().as_str())
    }

    /// What is known of tokens that a login brought, and of those that were kept before it: Google gives a refresh token
    /// once and means it to be kept, by the registration that it was given to.
    #[must_use]
    pub fn completed(&self, mut tokens: Tokens, earlier: Option<&Tokens>) -> Tokens {
        if self.completes(&tokens) {
            let earlier = earlier.filter(|earlier| self.gave(earlier));
            tokens.refresh_token = earlier.and_then(|earlier| earlier.refresh_token.clone());
        }
        tokens
    }

    /// Whether these tokens were given to this registration: to this client id, by this issuer. Those of another one under the
    /// same name are nobody's here, and stay alive for who was given them. Tokens that were kept before that was noted are
    /// believed, and it is noted when they are refreshed.
    #[must_use]
    pub fn gave(&self, tokens: &Tokens) -> bool {
        tokens.given_to.as_ref().is_none_or(|mark| *mark == self.mark())
    }

    /// The provider takes what it gave to another client for dead, and so would we.
    pub(crate) fn ensure_given(&self, tokens: &Tokens) -> Result<(), ConfigurationError> {
        let other =
            || ConfigurationError::new(Setting::ClientId, "the tokens were given to another client id");
        self.gave(tokens).then_some(()).ok_or_else(other)
    }

    /// By what it is recognised whom a person was sent to, and as whose client: a name can be given to another. Kept with tokens:
    /// what an operator may change about a registration, such as secret and scopes, is no part of it.
    pub(crate) fn mark(&self) -> String {
        sha256_base64url(format!("{} {}", self.issuer(), self.client_id()))
    }

    /// Whether tokens of an earlier login could add to these.
    pub(crate) fn completes(&self, tokens: &Tokens) -> bool {
        self.definition().schema().token.refresh_token_once && tokens.refresh_token.is_none()
    }

    /// What we are called there, where the provider has another name for a person at each app.
    pub(crate) fn names_people_for(&self) -> Option<&str> {
        self.definition().names_people_by_app().then(|| self.client_id())
    }

    pub(crate) fn client_id(&self) -> &str {
        self.registration().client_id.as_str()
    }

    /// Whether this is a spelling of the issuer.
    pub(crate) fn is_called(&self, issuer: &str) -> bool {
        let others = &self.definition().schema().id_token.issuers;
        let is = |other: &String| self.definition().address(other).is_ok_and(|other| other == issuer);
        issuer == self.issuer().as_str() || others.iter().any(is)
    }

    pub(crate) fn registration(&self) -> &Registration {
        &self.0.registration
    }

    pub(crate) fn settings(&self) -> &ProviderSettings {
        &self.0.settings
    }

    /// What proves to the provider that its tokens are in our hands: of a key, with its last nonce.
    fn proof_of(&self, key: Option<&ProofKey>, of: Proven<'_>, now: Timestamp) -> Option<Secret<String>> {
        key.and_then(|key| key.proof(of, &self.0.nonces, now))
    }

    /// One request, unless the provider is being left alone.
    async fn ask(&self, outgoing: &Outgoing<'_>, now: Timestamp) -> Result<Answer, ProviderError> {
        let pass = self.0.breaker.admit(now).ok_or(ProviderError::Resting)?;
        let began = Instant::now();
        let answer = self.0.back_channel.send(outgoing).await;
        // Whoever comes back with a `state` of their own has written the code, and whoever sets out the `login_hint`.
        let of_a_stranger = matches!(outgoing.purpose, Purpose::Redemption | Purpose::PushedRequest);
        match &answer {
            Ok(answer) if !answer.status.is_server_error() => {
                self.0.breaker.answered(pass, began.elapsed(), now);
            }
            Ok(_) | Err(HttpError::Broken) if of_a_stranger => {
                self.0.breaker.failed_at(pass, began.elapsed(), now);
            }
            Ok(_) | Err(HttpError::Unreachable | HttpError::Timeout | HttpError::Broken) => {
                self.0.breaker.failed(now);
            }
            // It answers, though not well.
            Err(_) => {}
        }
        if let Ok(answer) = &answer {
            self.0.nonces.learn(outgoing.url.as_str(), &answer.headers);
        }
        answer.map_err(|error| ProviderError::NoAnswer(outgoing.purpose, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Google, as a service has registered there.
    fn google(client_id: &str, edit: impl FnOnce(ClientRegistration) -> ClientRegistration) -> Provider {
        let registration = ClientRegistration::new(client_id, "https://shop.example/callback");
        let registration = edit(registration.with_secret("secret").with_scopes("openid"));
        let definition = Definition::named("google").unwrap();
        Provider::new(definition, registration, ProviderSettings::new("google")).unwrap()
    }

    /// What was kept with this mark, or before there were any.
    fn kept(given_to: Option<&str>, refresh_token: Option<&str>) -> Tokens {
        let tokens = serde_json::json!({
            "access_token": "at", "refresh_token": refresh_token, "id_token": null, "nonce": null, "scopes": "",
            "issued_at": 1, "expires_at": null, "given_to": given_to,
        });
        Tokens::from_bytes(tokens.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn lk_07_tokens_are_of_the_client_id_they_were_given_to_whatever_else_is_changed() {
        let provider = google("one", |registration| registration);
        let tokens = kept(Some(&provider.mark()), Some("rt"));
        for (other, is_same) in [
            (google("one", |registration| registration.with_secret("another")), true),
            (google("one", |registration| registration.with_scopes("openid email")), true),
            (google("another", |registration| registration), false),
        ] {
            assert_eq!(other.gave(&tokens), is_same, "{other:?}");
            assert_eq!(other.ensure_given(&tokens).is_ok(), is_same);
            let completed = other.completed(kept(Some(&other.mark()), None), Some(&tokens));
            assert_eq!(completed.can_be_refreshed(), is_same, "{other:?}");
        }
    }

    #[test]
    fn lk_07_tokens_from_before_that_was_noted_go_on_working() {
        let provider = google("one", |registration| registration);
        let tokens = kept(None, Some("rt"));
        assert!(provider.gave(&tokens));
        assert!(provider.completed(kept(Some(&provider.mark()), None), Some(&tokens)).can_be_refreshed());
    }
}
