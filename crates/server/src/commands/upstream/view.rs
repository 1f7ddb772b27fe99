//! A provider as commands show it.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use super::Registered;
use crate::{
    commands::fields::Fields,
    config::Site,
    upstream::{Origin, UpstreamSettings},
};

/// What is known of a provider; its secrets are not shown.
#[derive(Debug, Serialize)]
pub(super) struct View {
    name: String,
    provider: String,
    client_id: String,
    redirect_uri: String,
    /// Addresses for the provider's notices, to be registered there.
    notice_uris: Vec<String>,
    /// Credentials without which the provider's notices are refused.
    missing_for_notices: Vec<String>,
    has_client_secret: bool,
    credentials: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scopes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    vars: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_url: Option<String>,
    without_openid: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hosted_domain: Option<String>,
    trust_emails: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    own_definition: bool,
    in_settings: bool,
    disabled: bool,
}

impl View {
    pub(super) fn of(registered: &Registered, site: &Site) -> Self {
        let Registered { settings, origin, disabled } = registered;
        let UpstreamSettings { name, provider, client_id, secrets, options } = settings;
        Self {
            name: name.clone(),
            provider: provider.clone(),
            client_id: client_id.clone(),
            redirect_uri: settings.redirect_uri(site),
            notice_uris: settings.notice_uris(site),
            missing_for_notices: settings.missing_for_notices(),
            has_client_secret: secrets.client_secret.is_some(),
            credentials: secrets.credentials.keys().cloned().collect(),
            scopes: options.scopes.clone(),
            issuer: options.issuer.clone(),
            vars: options.vars.clone(),
            base_url: options.base_url.clone(),
            without_openid: options.without_openid,
            hosted_domain: options.hosted_domain.clone(),
            trust_emails: settings.trusts_its_emails(),
            label: options.label.clone(),
            own_definition: options.definition.is_some(),
            in_settings: *origin == Origin::Settings,
            disabled: *disabled,
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let credentials = (!self.credentials.is_empty()).then(|| self.credentials.join("\n"));
        let notices = (!self.notice_uris.is_empty()).then(|| self.notice_uris.join("\n"));
        let missing = (!self.missing_for_notices.is_empty()).then(|| {
            let names = self.missing_for_notices.join(" and ");
            format!("are refused without {names}: give it with --credential-file NAME=FILE")
        });
        let vars: Vec<String> = self.vars.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let state = match (self.disabled, self.in_settings) {
            (true, _) => Some("disabled"),
            (false, true) => Some("in the file of settings, and changed there"),
            (false, false) => None,
        };
        let client_secret = match (self.has_client_secret, self.in_settings) {
            (false, _) => "none",
            (true, true) => "in the file that the settings name",
            (true, false) => "sealed",
        };
        Fields::default()
            .with("name", self.name.as_str())
            .with("provider", self.provider.as_str())
            .with("client_id", self.client_id.as_str())
            .with("redirect URI", self.redirect_uri.as_str())
            .with_some("notices", notices)
            .with_some("they", missing)
            .with("client_secret", client_secret)
            .with_some("credentials", credentials)
            .with_some("scopes", self.scopes.as_deref())
            .with_some("issuer", self.issuer.as_deref())
            .with_some("values", (!vars.is_empty()).then(|| vars.join("\n")))
            .with_some("base URL", self.base_url.as_deref())
            .with_some("OpenID Connect", self.without_openid.then_some("off"))
            .with_some("people of", self.hosted_domain.as_deref())
            .with("its e-mails", if self.trust_emails { "trusted" } else { "not trusted" })
            .with_some("label", self.label.as_deref())
            .with_some("definition", self.own_definition.then_some("of a file"))
            .with_some("state", state)
            .fmt(f)
    }
}
