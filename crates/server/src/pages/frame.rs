//! What surrounds every page: its language and the way to the other ones.

use mapae_protocol::locale::Locale;

use crate::pages::at;

/// Around a page.
#[derive(Debug)]
pub struct Frame {
    /// Tag for `<html lang>`.
    pub lang: &'static str,
    /// The languages to choose from; none when the page cannot be asked for again.
    pub tongues: Vec<Tongue>,
}

/// A language to choose.
#[derive(Debug)]
pub struct Tongue {
    /// Tag for `lang` and `hreflang`.
    pub tag: &'static str,
    /// Its name in itself.
    pub name: &'static str,
    /// This page in that language; `None` for the one being shown.
    pub address: Option<String>,
}

impl Frame {
    pub(in crate::pages) fn new(address: Option<String>, locale: Locale) -> Self {
        let tongue = |address: &str, other: Locale| Tongue {
            tag: other.as_str(),
            name: own_name(other),
            address: (other != locale).then(|| at::with(address, "lang", other.as_str())),
        };
        let tongues = |address: String| Locale::ALL.iter().map(|other| tongue(&address, *other)).collect();
        Self { lang: locale.as_str(), tongues: address.map(tongues).unwrap_or_default() }
    }
}

/// The language's name in itself.
const fn own_name(locale: Locale) -> &'static str {
    match locale {
        Locale::Ko => "한국어",
        Locale::En => "English",
    }
}
