//! The terms of whoever runs the server: versions, and who agreed to which. The words are those of `mapae_client::Term`.
//!
//! A version is a text that changes with the terms, as a date. Who agreed to another version than the present one has not
//! agreed: a required term is asked for again. Nothing is ticked beforehand, and what is agreed to is the version that
//! stood on the page.

mod form;
pub(crate) mod renewal;

pub(crate) use form::{Answered, boxes, read};

use mapae_protocol::{locale::Locale, time::Timestamp};

use crate::store::{Unit, term_agreements};

/// A term, in its present version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Its name, which stays the same for ever.
    pub id: String,
    /// Its present version.
    pub version: String,
    /// Whether there is no account without it.
    pub required: bool,
    /// What people read, in Korean.
    pub title_ko: String,
    /// What people read, in English.
    pub title_en: String,
    /// Where its text is, in Korean.
    pub address_ko: Option<String>,
    /// Where its text is, in English.
    pub address_en: Option<String>,
}

/// That somebody agreed to a version of a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreed {
    pub(crate) term: String,
    pub(crate) version: String,
}

impl Term {
    /// What people read.
    pub fn title(&self, locale: Locale) -> &str {
        match locale {
            Locale::Ko => &self.title_ko,
            Locale::En => &self.title_en,
        }
    }

    /// Where its text is, in the other language if there is none in this one.
    pub fn address(&self, locale: Locale) -> Option<&str> {
        let (own, other) = match locale {
            Locale::Ko => (&self.address_ko, &self.address_en),
            Locale::En => (&self.address_en, &self.address_ko),
        };
        own.as_deref().or(other.as_deref())
    }

    fn is_among(&self, agreed: &[Agreed]) -> bool {
        agreed.iter().any(|agreed| agreed.term == self.id && agreed.version == self.version)
    }
}

/// What must be asked of somebody who agreed to this: nothing, or everything that is open, the optional terms too.
pub(crate) fn to_ask<'t>(terms: &'t [Term], agreed: &[Agreed]) -> Vec<&'t Term> {
    let open: Vec<&Term> = terms.iter().filter(|term| !term.is_among(agreed)).collect();
    if open.iter().any(|term| term.required) { open } else { Vec::new() }
}

/// Keeps what somebody agreed to.
pub(crate) fn keeping(unit: Unit, user_id: &str, agreed: &[Agreed], now: Timestamp) -> Unit {
    let agree = |agreed: &Agreed| term_agreements::agree(user_id, (&agreed.term, &agreed.version), now);
    unit.with_all(agreed.iter().map(agree))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(id: &str, version: &str, required: bool) -> Term {
        Term {
            id: id.to_owned(),
            version: version.to_owned(),
            required,
            title_ko: "이용약관".to_owned(),
            title_en: "Terms".to_owned(),
            address_ko: Some("https://id.example/terms".to_owned()),
            address_en: None,
        }
    }

    #[test]
    fn only_an_open_required_term_stops_anybody() {
        let terms = [term("service", "2", true), term("mail", "1", false)];
        let asked = |agreed: &[(&str, &str)]| {
            let agreed: Vec<Agreed> = agreed
                .iter()
                .map(|(term, version)| Agreed { term: (*term).to_owned(), version: (*version).to_owned() })
                .collect();
            to_ask(&terms, &agreed).iter().map(|term| term.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(asked(&[]), ["service", "mail"]);
        assert_eq!(asked(&[("service", "2")]), [""; 0], "an optional one never stops anybody");
        assert_eq!(asked(&[("service", "1"), ("mail", "1")]), ["service"]);
        assert_eq!(asked(&[("service", "1")]), ["service", "mail"]);
        assert_eq!(asked(&[("Service", "2")]), ["service", "mail"]);
    }

    #[test]
    fn a_text_in_one_language_is_better_than_none() {
        let term = term("service", "1", true);
        assert_eq!(term.address(Locale::En), Some("https://id.example/terms"));
        assert_eq!((term.title(Locale::Ko), term.title(Locale::En)), ("이용약관", "Terms"));
    }
}
