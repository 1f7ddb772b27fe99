//! Among which apps one person has one name — OIDC Core §8.1.
//!
//! The sector of an app that registered itself is a host: that of its redirect URIs, or that of a document which names them
//! all. Whoever is there is one party, and codes are sent nowhere else. A native app answers at no host of anybody's, and is
//! a sector of its own, as an app of the console is. So is an app of devices: tokens of theirs go to whoever asks for them,
//! unless that takes a key which the document names, too, as OpenID CIBA Core has it for such grants.

use std::net::{Ipv4Addr, Ipv6Addr};

use mapae_protocol::{endpoint_uri::EndpointUri, strict_json, uri::Uri};

use super::{Grants, Refused};
use crate::{
    fetch::{DOCUMENT_BYTES, is_public},
    store::apps::{AppLists, AppSettings, RegisteredApp},
};

/// The member by which an app names a sector document.
const DOCUMENT: &str = "sector_identifier_uri";
/// The one way of authenticating that shows who holds the keys of an address.
const BY_KEYS: &str = "private_key_jwt";

/// Domains below which each network has names of its own (RFC 6762 §3; reserved by ICANN for private use).
const PRIVATE_DOMAINS: [&str; 3] = ["local", "internal", "localhost"];

/// The sector of an app with these redirect URIs, and with a document about them if it names one; `None`: the app itself.
pub(crate) fn sector(
    redirect_uris: &[String],
    document: Option<&EndpointUri>,
) -> Result<Option<String>, Refused> {
    if let Some(address) = document {
        return Ok(host(address.as_str()));
    }
    let mut hosts: Vec<Option<String>> = redirect_uris.iter().map(|uri| host(uri)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    match hosts.as_slice() {
        [host] => Ok(host.clone()),
        // It sends nobody anywhere.
        [] => Ok(None),
        // Nobody is known to be at both.
        _ => Err(Refused::SeveralSectors),
    }
}

/// The address of the keys without which an app of devices gets nothing, if there is one: whoever lists it in a sector
/// document says whose such an app is.
pub(crate) fn keys_address(auth_method: Option<&str>, lists: &AppLists) -> Option<String> {
    let address = lists.metadata.get("jwks_uri").filter(|_| auth_method == Some(BY_KEYS));
    address.and_then(|json| serde_json::from_str(json).ok())
}

/// What an update or another document makes of the sector that an app has.
///
/// # Errors
/// [`Refused::LeavesSector`]: the app would go on getting tokens, as another one than the people at its host know
pub(crate) fn settled(
    asked: Option<String>,
    (settings, lists): (&AppSettings, &AppLists),
    before: &RegisteredApp,
) -> Result<Option<String>, Refused> {
    let Some(had) = before.registered.as_ref().map(|registered| &registered.sector) else { return Ok(asked) };
    let pairwise = |settings: &AppSettings| settings.subject_type == "pairwise";
    let names_document = |lists: &AppLists| lists.metadata.contains_key(DOCUMENT);
    match (had, &asked) {
        (Some(_), None)
            if Grants::restore(&settings.grant_types).elsewhere()
                && pairwise(settings)
                && pairwise(&before.app.settings) =>
        {
            Err(Refused::LeavesSector)
        }
        // It gives a grant type up: who people are to it stays.
        (None, Some(_))
            if lists.redirect_uris == before.lists.redirect_uris
                && !names_document(lists)
                && !names_document(&before.lists) =>
        {
            Ok(None)
        }
        _ => Ok(asked),
    }
}

/// The sector of a registered app once somebody else than itself has changed what it may do. What fetches nothing cannot
/// know of a document whether it names new redirect URIs or new keys: then the app is a sector of its own.
pub(crate) fn sector_after(
    registered: &RegisteredApp,
    settings: &AppSettings,
    lists: &AppLists,
) -> Option<String> {
    let before = registered.registered.as_ref().and_then(|registered| registered.sector.clone());
    let elsewhere = |settings: &AppSettings| Grants::restore(&settings.grant_types).elsewhere();
    let keys =
        |settings: &AppSettings, lists| keys_address(settings.token_endpoint_auth_method.as_deref(), lists);
    let kept_before = &registered.app.settings;
    let keys_before = keys(kept_before, &registered.lists).filter(|_| elsewhere(kept_before));
    if elsewhere(settings) && (keys_before.is_none() || keys(settings, lists) != keys_before) {
        return None;
    }
    if lists.redirect_uris.iter().all(|uri| registered.lists.redirect_uris.contains(uri)) {
        return before;
    }
    if elsewhere(settings) {
        return None;
    }
    sector(&lists.redirect_uris, None).unwrap_or_default()
}

/// Whether an address is at the host of one of these redirect URIs.
pub(crate) fn is_at_home(address: &str, redirect_uris: &[String]) -> bool {
    let web = |text: &str| {
        let uri = Uri::parse(text).ok().filter(Uri::is_web)?;
        Some(uri.authority?.host.to_ascii_lowercase())
    };
    let at = web(address);
    at.is_some() && redirect_uris.iter().any(|uri| web(uri) == at)
}

/// The host at which somebody can be; none of a native app, and none that is another machine in another network.
fn host(redirect_uri: &str) -> Option<String> {
    let uri = Uri::parse(redirect_uri).ok()?;
    let authority = uri.authority.filter(|authority| uri.scheme == "https" && !authority.is_loopback())?;
    Some(authority.host.to_ascii_lowercase()).filter(|host| is_somebodys(host))
}

/// Whether a name is the same machine's everywhere.
fn is_somebodys(host: &str) -> bool {
    let name = host.trim_end_matches('.');
    if let Ok(address) = name.parse::<Ipv4Addr>() {
        return is_public(address.into());
    }
    if let Ok(address) = name.trim_matches(['[', ']']).parse::<Ipv6Addr>() {
        return is_public(address.into());
    }
    name.rsplit_once('.').is_some_and(|(_, last)| !PRIVATE_DOMAINS.contains(&last))
        && !name.ends_with(".home.arpa")
}

/// Whether the document names every one of these addresses. Of an app that has none it says nothing.
pub(crate) fn names_all(document: &[u8], addresses: &[String]) -> bool {
    let named: Vec<String> = strict_json::parse(document, DOCUMENT_BYTES).unwrap_or_default();
    !addresses.is_empty() && addresses.iter().all(|uri| named.contains(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uris: &[&str]) -> Result<Option<String>, Refused> {
        let uris: Vec<String> = uris.iter().map(|uri| (*uri).to_owned()).collect();
        sector(&uris, None)
    }

    #[test]
    fn oidc_core_8_1_the_sector_is_the_host() {
        let a = Ok(Some("a.example".to_owned()));
        assert_eq!(of(&["https://a.example/cb"]), a);
        assert_eq!(of(&["https://a.example/cb", "https://a.example:8443/other"]), a, "a host, whatever port");
        assert_eq!(of(&["https://a.example/cb", "https://b.example/cb"]), Err(Refused::SeveralSectors));
        let document = EndpointUri::parse("https://sector.example/apps.json").unwrap();
        let several = ["https://a.example/cb".to_owned(), "https://b.example/cb".to_owned()];
        assert_eq!(sector(&several, Some(&document)), Ok(Some("sector.example".to_owned())));
    }

    #[test]
    fn ui_06_native_apps_share_no_sector() {
        for own in
            ["com.example.app:/cb", "http://127.0.0.1/cb", "http://localhost:3000/cb", "http://[::1]/cb"]
        {
            assert_eq!(of(&[own]), Ok(None), "{own}");
        }
        assert_eq!(of(&["com.example.app:/cb", "http://127.0.0.1/cb"]), Ok(None));
        let mixed = of(&["com.example.app:/cb", "https://a.example/cb"]);
        assert_eq!(mixed, Err(Refused::SeveralSectors), "a claimed address may be somebody else's");
    }

    /// RFC 6762 §3.
    #[test]
    fn ui_06_a_host_that_is_another_machine_elsewhere_is_nobodys_sector() {
        for nobodys in [
            "https://10.0.0.1/cb",
            "https://192.168.0.1./cb",
            "https://[fd00::1]/cb",
            "https://intranet/cb",
            "https://intranet./cb",
            "https://printer.local/cb",
            "https://App.INTERNAL/cb",
            "https://router.home.arpa/cb",
        ] {
            assert_eq!(of(&[nobodys]), Ok(None), "{nobodys}");
            // Not every spelling of such a host is an address at all.
            if let Ok(document) = EndpointUri::parse(nobodys) {
                assert_eq!(sector(&[], Some(&document)), Ok(None), "{nobodys}");
            }
        }
        assert_eq!(of(&["https://8.8.8.8/cb"]), Ok(Some("8.8.8.8".to_owned())));
        assert_eq!(of(&["https://local.example/cb"]), Ok(Some("local.example".to_owned())));
    }

    #[test]
    fn lo_07_home_is_the_host_of_a_redirect_uri() {
        let uris = ["https://a.example:8443/cb".to_owned(), "com.example://evil.example/cb".to_owned()];
        for (address, expected) in [
            ("https://a.example/logout", true),
            ("https://A.example:1/logout", true),
            ("https://evil.example/logout", false),
            ("https://a.example.evil.example/logout", false),
            ("https://b.a.example/logout", false),
        ] {
            assert_eq!(is_at_home(address, &uris), expected, "{address}");
        }
        assert!(!is_at_home("https://a.example/", &[]));
    }

    #[test]
    fn dc_05_a_document_names_every_redirect_uri_byte_for_byte() {
        let uris = ["https://a.example/cb".to_owned(), "https://b.example/cb".to_owned()];
        assert!(names_all(br#"["https://b.example/cb","https://a.example/cb","https://c.example/"]"#, &uris));
        for wrong in [
            r#"["https://a.example/cb"]"#,
            r#"["https://a.example/cb","https://b.example/CB"]"#,
            r#"["https://a.example/cb","https://b.example/cb/"]"#,
            r#"["https://a.example/cb","https://b.example/cb",1]"#,
            r#"{"redirect_uris":["https://a.example/cb","https://b.example/cb"]}"#,
            r#""https://a.example/cb https://b.example/cb""#,
            "",
            "null",
        ] {
            assert!(!names_all(wrong.as_bytes(), &uris), "{wrong}");
        }
        assert!(!names_all(br#"["https://a.example/cb"]"#, &[]), "nothing is said of nothing");
    }
}
