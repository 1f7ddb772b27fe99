//! As what an app is seen by whoever agrees to it: its name, where it leads, and where its picture is from — SE-08.
//!
//! Who agreed to one app has not agreed to what its owner, or whoever has its registration token by now, makes of it. So
//! when one of these changes, consents keep what was seen, and count only for what still looks like that.

use std::collections::BTreeSet;

use mapae_protocol::{digest::sha256_base64url, redirect_uri::RedirectUri, uri::Uri};
use serde::{Deserialize, Serialize};

use super::LOGO_URI;
use crate::{
    fault::{Artefact, Fault},
    store::{
        apps::{AppLists, AppSettings, RegisteredApp},
        consents::Consent,
    },
};

/// What people see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Appearance {
    name: String,
    /// The hosts of its redirect URIs, or their schemes where those have none.
    places: BTreeSet<String>,
    /// The host of its picture, if it says one.
    logo: Option<String>,
}

impl Appearance {
    pub(crate) fn of(settings: &AppSettings, lists: &AppLists) -> Self {
        let logo = lists.metadata.get(LOGO_URI).and_then(|json| serde_json::from_str::<String>(json).ok());
        Self {
            name: settings.name.clone(),
            places: lists.redirect_uris.iter().filter_map(|uri| place(uri)).collect(),
            logo: logo.and_then(|uri| place(&uri)),
        }
    }

    /// What consents must keep of the app before a change; `None` if whoever saw it has seen all that there is afterwards.
    pub(crate) fn to_keep(
        before: &RegisteredApp,
        settings: &AppSettings,
        lists: &AppLists,
    ) -> Result<Option<String>, Fault> {
        let (seen, shown) = (Self::of(&before.app.settings, &before.lists), Self::of(settings, lists));
        let kept = !(seen.shows(&shown) && shown.places.is_subset(&seen.places));
        let text = kept.then(|| serde_json::to_string(&seen));
        text.transpose().map_err(Fault::encoding(Artefact::AgreedApp))
    }

    /// What a page remembers of the app that it showed, so that its answer is about no other.
    pub(crate) fn digest(app: &RegisteredApp) -> String {
        let shown = Self::of(&app.app.settings, &app.lists);
        sha256_base64url(serde_json::to_string(&shown).unwrap_or_default())
    }

    /// The agreement, if it is to the app as it is now, and to what leads to this address.
    pub(crate) fn valid<'a>(
        consent: Option<&'a Consent>,
        app: &RegisteredApp,
        to: Option<&RedirectUri>,
    ) -> Result<Option<&'a Consent>, Fault> {
        let Some(seen) = consent.map(Self::agreed).transpose()?.flatten() else { return Ok(consent) };
        let place = to.and_then(|to| place(to.as_str()));
        let leads_there = place.is_none_or(|place| seen.places.contains(&place));
        let is_same = leads_there && seen.shows(&Self::of(&app.app.settings, &app.lists));
        Ok(consent.filter(|_| is_same))
    }

    /// As what an app is agreed to anew by somebody who had agreed to it, on a page that leads to this address, or on one
    /// that leads nowhere: what it is by now, but only where it led then and where it leads them. `None`: that is everywhere.
    pub(crate) fn agreed_anew(
        before: &Consent,
        app: &RegisteredApp,
        to: Option<&RedirectUri>,
    ) -> Result<Option<String>, Fault> {
        let Some(seen) = Self::agreed(before)? else { return Ok(None) };
        let now = Self::of(&app.app.settings, &app.lists);
        let mut places: BTreeSet<String> = now.places.intersection(&seen.places).cloned().collect();
        places.extend(to.and_then(|to| place(to.as_str())));
        let less = !now.places.is_subset(&places);
        let text = less.then(|| serde_json::to_string(&Self { places, ..now }));
        text.transpose().map_err(Fault::encoding(Artefact::AgreedApp))
    }

    /// As what the app was agreed to, if the consent has kept it.
    fn agreed(consent: &Consent) -> Result<Option<Self>, Fault> {
        let seen = consent.agreed_app.as_deref().map(serde_json::from_str);
        seen.transpose().map_err(Fault::corrupt(Artefact::AgreedApp))
    }

    /// Whether the other one has its name, and a picture from where its own is from or none.
    fn shows(&self, other: &Self) -> bool {
        self.name == other.name && (other.logo.is_none() || self.logo == other.logo)
    }
}

fn place(uri: &str) -> Option<String> {
    let uri = Uri::parse(uri).ok()?;
    let host = uri.authority.map(|authority| authority.host.to_owned()).filter(|host| !host.is_empty());
    Some(host.unwrap_or_else(|| format!("{}:", uri.scheme)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appearance(name: &str, places: &[&str], logo: Option<&str>) -> Appearance {
        Appearance {
            name: name.to_owned(),
            places: places.iter().filter_map(|uri| place(uri)).collect(),
            logo: logo.and_then(place),
        }
    }

    #[test]
    fn se_08_a_place_is_a_host_or_a_scheme() {
        for (uri, expected) in [
            ("https://a.example:8443/cb?x=y", "a.example"),
            ("http://127.0.0.1/cb", "127.0.0.1"),
            ("com.example.app:/cb", "com.example.app:"),
            ("com.example.app://host/cb", "host"),
        ] {
            assert_eq!(place(uri).as_deref(), Some(expected), "{uri}");
        }
    }

    #[test]
    fn se_08_another_name_or_another_picture_is_another_app() {
        let before = appearance("A", &["https://a.example/"], Some("https://a.example/logo.png"));
        for (name, logo, same) in [
            ("A", Some("https://a.example/logo.png"), true),
            ("A", Some("https://a.example/other.png"), true),
            ("A", None, true),
            ("A", Some("https://bank.example/logo.png"), false),
            ("B", None, false),
        ] {
            let after = appearance(name, &["https://a.example/"], logo);
            assert_eq!(before.shows(&after), same, "{name} {logo:?}");
        }
    }
}
