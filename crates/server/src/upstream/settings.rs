//! What is known of a provider that people sign in with, wherever it was written down.

use std::{collections::BTreeMap, fs, sync::Arc};

use mapae_client::{
    ClientRegistration, ConfigurationError, Definition, Provider, ProviderSettings, observe::Observer,
};
use mapae_protocol::secret::Secret;
use serde::{Deserialize, Serialize};

use crate::config::{Site, is_loopback_literal};

/// Longest name of a provider.
const MAX_NAME: usize = 32;

/// A provider with what this server is called there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// What it is called here; stands in its redirect URI, so it must stay the same.
    pub name: String,
    /// The id of the definition by which it is spoken to.
    pub provider: String,
    /// What this server is called there.
    pub client_id: String,
    /// What nobody else may know.
    pub secrets: Secrets,
    /// Everything else.
    pub options: Options,
}

/// What nobody else may know.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Secrets {
    /// The client secret, where there is one.
    pub client_secret: Option<Secret<String>>,
    /// Further credentials that the definition names, such as `admin_key` of Kakao.
    pub credentials: BTreeMap<String, Secret<String>>,
}

impl PartialEq for Secrets {
    fn eq(&self, other: &Self) -> bool {
        let same = |one: &Secret<String>, other: &Secret<String>| one.matches(other.expose());
        let secret = match (&self.client_secret, &other.client_secret) {
            (Some(one), Some(other)) => same(one, other),
            (None, None) => true,
            _ => false,
        };
        let mut pairs = self.credentials.iter().zip(&other.credentials);
        secret
            && self.credentials.len() == other.credentials.len()
            && pairs.all(|((name, one), (other_name, other))| name == other_name && same(one, other))
    }
}

impl Eq for Secrets {}

/// What is chosen about a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// What is asked for, separated by spaces; what the definition asks for otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<String>,
    /// The issuer, for a definition that leaves it open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Values for names that the definition gives another one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vars: BTreeMap<String, String>,
    /// The address of a simulator in the place of the provider's own hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// Without OpenID Connect, where the provider leaves the choice.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_openid: bool,
    /// What stands on the button in the place of the provider's usual name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The organisation whose people are let in, where the provider signs whose they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_domain: Option<String>,
    /// Whether its word that it has checked an address is taken. Without one it is, but of an issuer of which nobody knows
    /// how it checks them (`oidc`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_emails: Option<bool>,
    /// The whole text of a definition of one's own, in the place of one that is compiled in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
}

/// Longest file of a definition, in bytes.
const MAX_DEFINITION: u64 = 64 * 1024;

/// The text of a file that holds a definition, and the id that it gives itself.
///
/// # Errors
/// What is wrong, as a sentence.
pub(crate) fn read_definition(path: &str) -> Result<(String, String), String> {
    let cannot = |error: std::io::Error| format!("The file {path:?} cannot be read: {error}.");
    if fs::metadata(path).map_err(cannot)?.len() > MAX_DEFINITION {
        return Err(format!("The file {path:?} is longer than {MAX_DEFINITION} bytes."));
    }
    let text = fs::read_to_string(path).map_err(cannot)?;
    let definition = Definition::parse(&text);
    let definition = definition.map_err(|error| format!("The file {path:?} is no definition: {error}."))?;
    Ok((definition.id().to_owned(), text))
}

impl UpstreamSettings {
    /// Whether there is a definition for it.
    pub(crate) fn is_defined(&self) -> bool {
        self.options.definition.is_some() || Definition::ids().any(|id| id == self.provider)
    }

    /// Whether this can be the name of a provider: a short word of an address.
    pub fn is_name(name: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain)
    }

    /// The address that must be registered at the provider.
    pub fn redirect_uri(&self, site: &Site) -> String {
        format!("{}/upstream/{}/callback", site.issuer(), self.name)
    }

    /// The addresses for the provider's notices.
    pub fn notice_uris(&self, site: &Site) -> Vec<String> {
        let Ok(definition) = self.definition() else { return Vec::new() };
        let address = |name| format!("{}/upstream/{}/notices/{name}", site.issuer(), self.name);
        definition.notices().map(address).collect()
    }

    /// The credentials that are missing for its notices: without them each is refused.
    pub fn missing_for_notices(&self) -> Vec<String> {
        let Ok(definition) = self.definition() else { return Vec::new() };
        let is_there = |name: &&str| self.secrets.credentials.contains_key(*name);
        definition
            .notice_credentials()
            .into_iter()
            .filter(|name| !is_there(name))
            .map(str::to_owned)
            .collect()
    }

    /// Whether its word about addresses is taken; not of a definition that cannot be read.
    pub fn trusts_its_emails(&self) -> bool {
        self.definition().is_ok_and(|definition| self.trusts_emails(&definition))
    }

    /// Whether an address is its owner's because this provider says so.
    fn trusts_emails(&self, definition: &Definition) -> bool {
        self.options.trust_emails.unwrap_or_else(|| !definition.is_generic())
    }

    /// The definition with what these settings say of it.
    pub(crate) fn definition(&self) -> Result<Definition, ConfigurationError> {
        let Options { issuer, base_url, without_openid, definition, vars, .. } = &self.options;
        let mut definition = match definition {
            Some(text) => Definition::parse(text)?,
            None => Definition::named(&self.provider)?,
        };
        for (name, value) in vars {
            definition = definition.with(name, value);
        }
        if let Some(issuer) = issuer {
            definition = definition.with("issuer", issuer);
        }
        if let Some(base_url) = base_url {
            definition = definition.at(base_url);
        }
        Ok(if *without_openid { definition.without_openid() } else { definition })
    }

    /// The provider, ready to be spoken to.
    pub(crate) fn provider(&self, site: &Site) -> Result<Provider, ConfigurationError> {
        self.watched_provider(site, None)
    }

    /// The same, with somebody who is told of all that is said to it.
    pub(super) fn watched_provider(
        &self,
        site: &Site,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Provider, ConfigurationError> {
        let mut registration = ClientRegistration::new(&self.client_id, self.redirect_uri(site));
        if let Some(secret) = &self.secrets.client_secret {
            registration = registration.with_secret(secret.expose());
        }
        for (name, value) in &self.secrets.credentials {
            registration = registration.with_credential(name, value.expose());
        }
        if let Some(scopes) = &self.options.scopes {
            registration = registration.with_scopes(scopes);
        }
        let settings = ProviderSettings::new(&self.name);
        let settings = if self.is_on_this_machine() { settings.for_development() } else { settings };
        let settings = match &self.options.hosted_domain {
            Some(domain) => settings.with_hosted_domain(domain),
            None => settings,
        };
        let definition = self.definition()?;
        let settings =
            if self.trusts_emails(&definition) { settings } else { settings.without_trust_in_emails() };
        let settings = match observer {
            Some(observer) => settings.observed_by(observer),
            None => settings,
        };
        Provider::new(definition, registration, settings)
    }

    /// Plain http is for a simulator beside this server, and for nothing else.
    fn is_on_this_machine(&self) -> bool {
        let Options { issuer, base_url, .. } = &self.options;
        let Some(plain) = [base_url, issuer].into_iter().flatten().find(|url| url.starts_with("http://"))
        else {
            return false;
        };
        let host = url::Url::parse(plain).ok().and_then(|url| url.host_str().map(str::to_owned));
        host.is_some_and(|host| host == "localhost" || is_loopback_literal(&host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kakao(options: Options) -> UpstreamSettings {
        UpstreamSettings {
            name: "kakao".to_owned(),
            provider: "kakao".to_owned(),
            client_id: "key".to_owned(),
            secrets: Secrets { client_secret: Some(Secret::new("s3cret".to_owned())), ..Secrets::default() },
            options,
        }
    }

    #[test]
    fn plain_http_leads_to_this_machine_only() {
        let site = Site::parse("https://id.example").unwrap();
        let at = |base: &str| {
            let options = Options { base_url: Some(base.to_owned()), ..Options::default() };
            kakao(options).provider(&site).map(|_| ()).map_err(|error| error.setting())
        };
        assert_eq!(at("http://localhost:9100"), Ok(()));
        assert_eq!(at("http://127.0.0.1:9100"), Ok(()));
        assert_eq!(at("https://kakao.example"), Ok(()));
        for elsewhere in ["http://kakao.example", "http://localhost.example", "http://127.0.0.1.example"] {
            assert!(at(elsewhere).is_err(), "{elsewhere}");
        }
    }

    #[test]
    fn a_name_is_a_word_of_an_address() {
        for good in ["kakao", "kakao-2", &"a".repeat(32)] {
            assert!(UpstreamSettings::is_name(good), "{good}");
        }
        for wrong in ["", "Kakao", "카카오", "a/b", "..", "a b", "a_b", &"a".repeat(33)] {
            assert!(!UpstreamSettings::is_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn rp_21_secrets_are_not_shown() {
        let shown = format!("{:?}", kakao(Options::default()));
        assert!(!shown.contains("s3cret"), "{shown}");
        let site = Site::parse("https://id.example").unwrap();
        assert_eq!(
            kakao(Options::default()).redirect_uri(&site),
            "https://id.example/upstream/kakao/callback"
        );
    }
}
