//! The providers that people sign in with, in memory: those of the settings, then those of the command line.

use std::{borrow::Cow, sync::Arc};

use arc_swap::ArcSwap;
use mapae_client::{Definition, Provider, error::Language, observe::Observer};
use mapae_protocol::{locale::Locale, seal::MasterKey, secret::Secret};

use super::settings::{Options, Secrets, UpstreamSettings};
use crate::{
    app::App,
    config::{Config, Site},
    fault::{Artefact, Fault},
    store::{Concealed, Db, identities::Identity, upstreams},
};

/// A provider that people may sign in with.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) settings: UpstreamSettings,
    pub(crate) provider: Provider,
    pub(crate) origin: Origin,
    pub(crate) disabled: bool,
}

/// Where a provider was written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `[[upstream]]` of the file of settings.
    Settings,
    /// `mapae upstream add`.
    Database,
}

impl Upstream {
    fn new(settings: UpstreamSettings, site: &Site, origin: Origin, disabled: bool) -> Option<Self> {
        match settings.provider(site) {
            Ok(provider) => Some(Self { settings, provider, origin, disabled }),
            Err(error) => {
                tracing::error!(upstream = settings.name, %error, "a provider is left out");
                None
            }
        }
    }

    /// The same, watched.
    fn observed(&self, site: &Site, by: Arc<dyn Observer>) -> Option<Self> {
        let provider = self.settings.watched_provider(site, Some(by)).ok()?;
        Some(Self { settings: self.settings.clone(), provider, origin: self.origin, disabled: self.disabled })
    }

    pub(crate) fn name(&self) -> &str {
        &self.settings.name
    }

    /// What this server is called there, where the provider has another name for a person at each app.
    pub(crate) fn names_people_for(&self) -> Option<&str> {
        self.definition().names_people_by_app().then_some(self.settings.client_id.as_str())
    }

    /// Whether the name that this identity has is the provider's for the app that this server is there now (LK-07).
    pub(crate) fn knows(&self, identity: &Identity) -> bool {
        identity.is_given_to(self.names_people_for())
    }

    /// Whether it speaks for this issuer.
    pub(crate) fn is_of(&self, issuer: &str) -> bool {
        self.provider.issuer().as_str() == issuer
    }

    pub(crate) fn definition(&self) -> &Definition {
        self.provider.definition()
    }

    /// What people call it.
    pub(crate) fn label(&self, locale: Locale) -> &str {
        match &self.settings.options.label {
            Some(label) => label,
            None => self.definition().label(language(locale)),
        }
    }
}

/// The client's name for a language.
pub(crate) const fn language(locale: Locale) -> Language {
    match locale {
        Locale::Ko => Language::Korean,
        Locale::En => Language::English,
    }
}

/// All of them, replaced whole.
#[derive(Debug, Default)]
pub(crate) struct Registry(ArcSwap<Vec<Arc<Upstream>>>);

impl Registry {
    pub(crate) fn new(upstreams: Vec<Arc<Upstream>>) -> Self {
        Self(ArcSwap::from_pointee(upstreams))
    }

    /// Also those that are switched off.
    pub(crate) fn all(&self) -> Arc<Vec<Arc<Upstream>>> {
        self.0.load_full()
    }

    /// Has everything watched that is said to the providers of now.
    pub(crate) fn observe(&self, site: &Site, by: impl Fn(&str) -> Arc<dyn Observer>) {
        let all = self.all();
        let watched = all.iter().map(|upstream| {
            let watched = upstream.observed(site, by(upstream.name())).map(Arc::new);
            watched.unwrap_or_else(|| upstream.clone())
        });
        self.replace(watched.collect());
    }

    pub(crate) fn replace(&self, upstreams: Vec<Arc<Upstream>>) {
        self.0.store(Arc::new(upstreams));
    }

    /// The one of this name, also when it is switched off.
    pub(crate) fn registered(&self, name: &str) -> Option<Arc<Upstream>> {
        self.all().iter().find(|upstream| upstream.name() == name).cloned()
    }

    /// How people know the one of this name, if it is there still.
    pub(crate) fn label_of<'a>(&self, name: &'a str, locale: Locale) -> Cow<'a, str> {
        self.registered(name).map_or_else(|| name.into(), |upstream| upstream.label(locale).to_owned().into())
    }

    /// The one of this name, unless it is switched off.
    pub(crate) fn enabled(&self, name: &str) -> Option<Arc<Upstream>> {
        self.all().iter().find(|upstream| upstream.name() == name && !upstream.disabled).cloned()
    }
}

/// Whether somebody can sign in by this identity now.
pub(crate) fn opens(app: &App, identity: &Identity) -> bool {
    let all = app.upstreams().all();
    all.iter()
        .any(|upstream| !upstream.disabled && upstream.is_of(&identity.issuer) && upstream.knows(identity))
}

/// Reads those of the command line and puts those of the settings before them. What has not changed since `before` stays
/// the same provider, with what it has learned of its keys and of its health.
pub(crate) async fn read(
    db: &Db,
    master: &MasterKey,
    config: &Config,
    before: &[Arc<Upstream>],
) -> Result<Vec<Arc<Upstream>>, Fault> {
    let of_file = config.upstreams.iter().map(|settings| (settings.clone(), Origin::Settings, false));
    let mut wanted: Vec<_> = of_file.collect();
    for row in upstreams::all(db).await? {
        let disabled = row.disabled_at.is_some();
        match opened(row, master) {
            Ok(settings) if wanted.iter().any(|(other, ..)| other.name == settings.name) => {
                tracing::warn!(
                    upstream = settings.name,
                    "the settings have a provider of the same name, which holds"
                );
            }
            Ok(settings) => wanted.push((settings, Origin::Database, disabled)),
            Err(fault) => {
                tracing::error!(error = &fault as &dyn std::error::Error, "a provider is left out");
            }
        }
    }
    let known = |settings: &UpstreamSettings, disabled: bool| {
        before.iter().find(|known| known.settings == *settings && known.disabled == disabled).cloned()
    };
    let built = wanted.into_iter().filter_map(|(settings, origin, disabled)| {
        known(&settings, disabled)
            .or_else(|| Upstream::new(settings, &config.site, origin, disabled).map(Arc::new))
    });
    Ok(built.collect())
}

/// What secrets of a provider are wrapped with: those of one open nothing of another.
fn label(name: &str) -> Vec<u8> {
    format!("upstream {name}").into_bytes()
}

/// The row for these settings.
pub(crate) fn sealed(
    settings: &UpstreamSettings,
    master: &MasterKey,
    at: mapae_protocol::time::Timestamp,
) -> Result<upstreams::Upstream, Fault> {
    let secrets =
        serde_json::to_vec(&Plain::of(&settings.secrets)).map_err(Fault::encoding(Artefact::Upstream))?;
    Ok(upstreams::Upstream {
        name: settings.name.clone(),
        provider: settings.provider.clone(),
        client_id: settings.client_id.clone(),
        secrets: Concealed::from(master.wrap_key(&secrets, &label(&settings.name))),
        options: serde_json::to_string(&settings.options).map_err(Fault::encoding(Artefact::Upstream))?,
        disabled_at: None,
        created_at: at,
    })
}

/// The settings in this row.
pub(crate) fn opened(row: upstreams::Upstream, master: &MasterKey) -> Result<UpstreamSettings, Fault> {
    let upstreams::Upstream { name, provider, client_id, secrets, options, .. } = row;
    let plain = master.unwrap_key(secrets.expose(), &label(&name));
    let plain = plain.map_err(Fault::corrupt(Artefact::Upstream))?;
    let secrets: Secrets =
        serde_json::from_slice(plain.expose()).map_err(Fault::corrupt(Artefact::Upstream))?;
    let options: Options = serde_json::from_str(&options).map_err(Fault::corrupt(Artefact::Upstream))?;
    Ok(UpstreamSettings { name, provider, client_id, secrets, options })
}

/// The secrets as they are wrapped: [`Secret`] by itself is never written.
#[derive(serde::Serialize)]
struct Plain<'a> {
    client_secret: Option<&'a str>,
    credentials: std::collections::BTreeMap<&'a str, &'a str>,
}

impl<'a> Plain<'a> {
    fn of(secrets: &'a Secrets) -> Self {
        let text = |secret: &'a Secret<String>| secret.expose().as_str();
        Self {
            client_secret: secrets.client_secret.as_ref().map(text),
            credentials: secrets
                .credentials
                .iter()
                .map(|(name, value)| (name.as_str(), text(value)))
                .collect(),
        }
    }
}
