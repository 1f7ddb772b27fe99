//! As what an app is seen by whoever agrees to it: its name, where it leads, where its picture is from, with whom it shares
//! what it calls people, and whether it has access when they are gone — SE-08.
//!
//! Who agreed to one app has not agreed to what its owner, or whoever has its registration token by now, makes of it. So
//! when one of these changes, consents keep what was seen, and count only for what still looks like that.

use std::collections::BTreeSet;

use mapae_protocol::{
    client_metadata::SubjectType, digest::sha256_base64url, redirect_uri::RedirectUri, uri::Uri,
};
use serde::{Deserialize, Serialize};

use super::{Grants, LOGO_URI};
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
    /// Who calls people as it does; `None` in what was kept before this was.
    #[serde(default)]
    party: Option<Party>,
    /// Whether it may refresh, so that its access does not end by itself soon; `None` as before.
    #[serde(default)]
    refreshes: Option<bool>,
}

/// Among whom one person has one identifier (OIDC Core §8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Party {
    App,
    Host(String),
    Everybody,
}

impl Appearance {
    /// The app that it is.
    fn of(app: &RegisteredApp) -> Self {
        let sector = app.registered.as_ref().and_then(|registered| registered.sector.as_deref());
        Self::becoming((&app.app.settings, &app.lists), sector)
    }

    /// An app with these settings and this sector.
    fn becoming((settings, lists): (&AppSettings, &AppLists), sector: Option<&str>) -> Self {
        let logo = lists.metadata.get(LOGO_URI).and_then(|json| serde_json::from_str::<String>(json).ok());
        Self {
            name: settings.name.clone(),
            places: lists.redirect_uris.iter().filter_map(|uri| place(uri)).collect(),
            logo: logo.and_then(|uri| place(&uri)),
            party: Some(match sector {
                _ if settings.subject_type == SubjectType::Public.as_str() => Party::Everybody,
                Some(host) => Party::Host(host.to_owned()),
                None => Party::App,
            }),
            refreshes: Some(may_refresh(settings)),
        }
    }

    /// What consents must keep of the app before a change; `None` if whoever saw it has seen all that there is afterwards.
    pub(crate) fn to_keep(
        before: &RegisteredApp,
        after: (&AppSettings, &AppLists),
        sector: Option<&str>,
    ) -> Result<Option<String>, Fault> {
        let (seen, shown) = (Self::of(before), Self::becoming(after, sector));
        let kept = !(seen.shows(&shown) && shown.places.is_subset(&seen.places));
        let text = kept.then(|| serde_json::to_string(&seen));
        text.transpose().map_err(Fault::encoding(Artefact::AgreedApp))
    }

    /// What a page remembers of the app that it showed, so that its answer is about no other.
    pub(crate) fn digest(app: &RegisteredApp) -> String {
        let shown = Self::of(app);
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
        let is_same = leads_there && seen.shows(&Self::of(app));
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
        let now = Self::of(app);
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

    /// Whether the other one has its name, a picture from where its own is from or none, and the same party, and does not
    /// refresh if it does not.
    fn shows(&self, other: &Self) -> bool {
        self.name == other.name
            && (other.logo.is_none() || self.logo == other.logo)
            && (self.party.is_none() || self.party == other.party)
            && (self.refreshes.is_none() || self.refreshes >= other.refreshes)
    }
}

/// Whether an app has access for longer than the one that it is to be: who agreed to that one has read when it ends.
pub(super) fn begins_to_refresh(before: &AppSettings, after: &AppSettings) -> bool {
    !may_refresh(before) && may_refresh(after)
}

fn may_refresh(settings: &AppSettings) -> bool {
    Grants::restore(&settings.grant_types).refresh()
}

/// A host of the web, or the scheme of an app on somebody's machine, which has none.
fn place(uri: &str) -> Option<String> {
    let uri = Uri::parse(uri).ok()?;
    let host = uri.authority.filter(|_| uri.is_web()).map(|authority| authority.host);
    let host = host.filter(|host| !host.is_empty());
    Some(host.map_or_else(|| format!("{}:", uri.scheme), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn appearance(name: &str, places: &[&str], logo: Option<&str>) -> Appearance {
        Appearance {
            name: name.to_owned(),
            places: places.iter().filter_map(|uri| place(uri)).collect(),
            logo: logo.and_then(place),
            party: Some(Party::App),
            refreshes: Some(false),
        }
    }

    #[test]
    fn se_08_a_place_is_a_host_or_a_scheme() {
        for (uri, expected) in [
            ("https://a.example:8443/cb?x=y", "a.example"),
            ("http://127.0.0.1/cb", "127.0.0.1"),
            ("com.example.app:/cb", "com.example.app:"),
            ("com.example.app://good.example/cb", "com.example.app:"),
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

    #[test]
    fn se_08_another_party_or_a_longer_access_is_another_app() {
        let with =
            |party: Option<Party>, refreshes| Appearance { party, refreshes, ..appearance("A", &[], None) };
        let host = |host: &str| Some(Party::Host(host.to_owned()));
        for (before, after, same) in [
            ((Some(Party::App), Some(false)), (Some(Party::Everybody), Some(false)), false),
            ((host("a.example"), Some(false)), (host("b.example"), Some(false)), false),
            ((host("a.example"), Some(false)), (host("a.example"), Some(true)), false),
            ((host("a.example"), Some(true)), (host("a.example"), Some(false)), true),
        ] {
            let told = format!("{before:?} {after:?}");
            assert_eq!(with(before.0, before.1).shows(&with(after.0, after.1)), same, "{told}");
        }
        let kept = r#"{"name":"A","places":[],"logo":null}"#;
        let kept: Appearance = serde_json::from_str(kept).unwrap();
        assert!(kept.shows(&with(Some(Party::Everybody), Some(true))), "nobody knows what was shown");
    }
}
