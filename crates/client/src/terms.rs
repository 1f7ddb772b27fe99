//! The terms of a service: versions, agreement, withdrawal.
//!
//! A version is a text that changes with the terms, as a date. Who agreed to another version than the present one has not
//! agreed: a required term is asked for again at the next sign-in. Nothing is ticked beforehand, and what is agreed to is
//! the version that stood on the page.
//!
//! [`Client`](crate::Client) does all of that with the terms of [`ClientBuilder::terms`](crate::ClientBuilder::terms). The
//! rules themselves, [`to_ask`] and [`ticked`], are for whoever has accounts and pages of their own.

use mapae_protocol::{locale::Locale, params::Params, time::Timestamp};

use crate::{
    setting::{ConfigurationError, Setting},
    sign_up::{FORM, Problem, ProblemKind, SignUpError},
    titles::Titles,
};

/// What stands before a term's name in forms.
pub(crate) const PREFIX: &str = "term.";

/// A term of the service, in its present version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    name: String,
    version: String,
    required: bool,
    titles: Titles,
    korean: Option<String>,
    english: Option<String>,
}

/// A version of a term to which somebody agrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    /// The term's name.
    pub term: String,
    /// The version that stood on the page.
    pub version: String,
}

/// That an account agreed to a version of a term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The term's name.
    pub term: String,
    /// The version that stood on the page.
    pub version: String,
    /// When.
    pub agreed_at: Timestamp,
    /// Since when not any more.
    pub withdrawn_at: Option<Timestamp>,
}

impl Agreement {
    /// What it comes to now.
    pub(crate) fn standing(&self) -> Option<Agreed> {
        let Self { term, version, withdrawn_at, .. } = self;
        withdrawn_at.is_none().then(|| Agreed { term: term.clone(), version: version.clone() })
    }
}

impl Term {
    /// A term without which there is no account. `name` stays the same for ever, `version` changes with the text.
    #[must_use]
    pub fn required(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            required: true,
            titles: Titles::default(),
            korean: None,
            english: None,
        }
    }

    /// A term that one may leave out, and withdraw at any time: advertising by mail, for instance.
    #[must_use]
    pub fn optional(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self { required: false, ..Self::required(name, version) }
    }

    /// With the title that people read, in Korean and in English. Default: the name.
    #[must_use]
    pub fn titled(mut self, korean: impl Into<String>, english: impl Into<String>) -> Self {
        self.titles = Titles::of(korean, english);
        self
    }

    /// With the address of the text, whatever the language is.
    #[must_use]
    pub fn at(self, address: impl Into<String>) -> Self {
        let address = address.into();
        self.at_in(Locale::Ko, &address).at_in(Locale::En, address)
    }

    /// With the address of the text in this language.
    #[must_use]
    pub fn at_in(mut self, language: Locale, address: impl Into<String>) -> Self {
        *match language {
            Locale::Ko => &mut self.korean,
            Locale::En => &mut self.english,
        } = Some(address.into());
        self
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The present version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether there is no account without it.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.required
    }

    /// What people read.
    #[must_use]
    pub fn title(&self, language: Locale) -> &str {
        self.titles.read(&self.name, language)
    }

    /// Where the text is, in the other language if there is none in this one.
    #[must_use]
    pub fn address(&self, language: Locale) -> Option<&str> {
        let (own, other) = match language {
            Locale::Ko => (&self.korean, &self.english),
            Locale::En => (&self.english, &self.korean),
        };
        own.as_deref().or(other.as_deref())
    }

    /// The name of its box in the form; the box's value is the version.
    #[must_use]
    pub fn field(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    /// Whether this value of its box agrees to it. With another version, the text of another stood on the page.
    #[must_use]
    pub fn is_ticked(&self, value: Option<&str>) -> bool {
        value == Some(self.version.as_str())
    }

    /// Whether somebody agrees to it who agreed to this.
    #[must_use]
    pub fn is_among(&self, agreed: &[Agreed]) -> bool {
        agreed.iter().any(|agreed| agreed.term == self.name && agreed.version == self.version)
    }

    /// That somebody agrees to it as it is now.
    #[must_use]
    pub fn agreed(&self) -> Agreed {
        Agreed { term: self.name.clone(), version: self.version.clone() }
    }
}

/// What must be asked of somebody who agreed to this: nothing, or everything that is open, the optional terms too.
#[must_use]
pub fn to_ask<'t>(terms: &'t [Term], agreed: &[Agreed]) -> Vec<&'t Term> {
    let open: Vec<&Term> = terms.iter().filter(|term| !term.is_among(agreed)).collect();
    if open.iter().any(|term| term.required) { open } else { Vec::new() }
}

/// What a form says of the terms that were asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ticked<'t> {
    /// To what it agrees, each in the version that stood on the page.
    pub agreed: Vec<Agreed>,
    /// The required terms to which it does not: nothing goes on without them.
    pub missing: Vec<&'t Term>,
}

/// Which of the `asked` terms a form agrees to; `value` finds what the form says in a field.
///
/// # Errors
/// Those of `value`.
pub fn ticked<'t, 'v, E>(
    asked: impl IntoIterator<Item = &'t Term>,
    value: impl Fn(&str) -> Result<Option<&'v str>, E>,
) -> Result<Ticked<'t>, E> {
    let mut ticked = Ticked::default();
    for term in asked {
        if term.is_ticked(value(&term.field())?) {
            ticked.agreed.push(term.agreed());
        } else if term.required {
            ticked.missing.push(term);
        }
    }
    Ok(ticked)
}

/// The terms of the service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms(Vec<Term>);

impl Terms {
    pub(crate) fn new(terms: Vec<Term>) -> Result<Self, ConfigurationError> {
        let mut names: Vec<&str> = terms.iter().map(Term::name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() != terms.len() || terms.iter().any(|term| term.name.is_empty()) {
            return Err(ConfigurationError::new(Setting::Terms, "a name is empty or there twice"));
        }
        if terms.iter().any(|term| term.version.is_empty()) {
            return Err(ConfigurationError::new(Setting::Terms, "one has no version"));
        }
        Ok(Self(terms))
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn named(&self, name: &str) -> Option<&Term> {
        self.0.iter().find(|term| term.name == name)
    }

    pub(crate) fn as_slice(&self) -> &[Term] {
        &self.0
    }

    /// What must be asked of the account that has this history.
    pub(crate) fn to_ask(&self, agreements: &[Agreement]) -> Vec<Term> {
        let agreed: Vec<Agreed> = agreements.iter().filter_map(Agreement::standing).collect();
        to_ask(&self.0, &agreed).into_iter().cloned().collect()
    }
}

/// Which of the `asked` terms a form of ours agrees to, and what is wrong with it.
pub(crate) fn read(asked: &[Term], form: &[u8]) -> Result<(Vec<Agreed>, Vec<Problem>), SignUpError> {
    let params = Params::parse(form, FORM).map_err(|_| SignUpError::Malformed)?;
    let Ticked { agreed, missing } =
        ticked(asked, |field| params.one(field)).map_err(|_| SignUpError::Malformed)?;
    let problem = |term: &Term| Problem { field: term.field(), kind: ProblemKind::Missing };
    Ok((agreed, missing.into_iter().map(problem).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(term: &str, version: &str, withdrawn: bool) -> Agreement {
        let at = Timestamp::from_unix(1);
        Agreement {
            term: term.into(),
            version: version.into(),
            agreed_at: at,
            withdrawn_at: withdrawn.then_some(at),
        }
    }

    #[test]
    fn only_an_open_required_term_stops_anybody() {
        let terms = Terms::new(vec![Term::required("service", "2"), Term::optional("mail", "1")]).unwrap();
        let asked = |agreements: &[Agreement]| {
            terms.to_ask(agreements).iter().map(|term| term.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(asked(&[]), ["service", "mail"]);
        assert_eq!(
            asked(&[agreement("service", "2", false)]),
            [""; 0],
            "an optional one never stops anybody"
        );
        assert_eq!(asked(&[agreement("service", "1", false), agreement("mail", "1", false)]), ["service"]);
        assert_eq!(asked(&[agreement("service", "2", true), agreement("mail", "1", false)]), ["service"]);
        assert_eq!(asked(&[agreement("Service", "2", false)]), ["service", "mail"]);
    }

    #[test]
    fn what_is_agreed_to_is_the_version_on_the_page() {
        let terms = [Term::required("service", "2"), Term::optional("mail", "1")];
        let (agreed, problems) = read(&terms, b"term.service=2&term.mail=1").unwrap();
        let of = |term: &str, version: &str| Agreed { term: term.to_owned(), version: version.to_owned() };
        assert_eq!(agreed, [of("service", "2"), of("mail", "1")]);
        assert_eq!(problems, []);
        for stale in ["term.service=1", "term.service=on", "term.service=", "", "service=2"] {
            let (agreed, problems) = read(&terms, stale.as_bytes()).unwrap();
            assert_eq!(agreed, [], "{stale}");
            assert_eq!(problems, [Problem { field: "term.service".into(), kind: ProblemKind::Missing }]);
        }
        let twice = read(&terms, b"term.service=1&term.service=2");
        assert_eq!(twice.err(), Some(SignUpError::Malformed));
    }

    #[test]
    fn a_text_in_one_language_is_better_than_none() {
        let korean = Term::required("service", "1").at_in(Locale::Ko, "/약관");
        assert_eq!(korean.address(Locale::En), Some("/약관"));
        let both = korean.at_in(Locale::En, "/terms");
        assert_eq!(both.address(Locale::Ko), Some("/약관"));
        assert_eq!(both.address(Locale::En), Some("/terms"));
        assert_eq!(both.at("/").address(Locale::Ko), Some("/"));
        assert_eq!(Term::optional("mail", "1").address(Locale::Ko), None);
    }

    #[test]
    fn names_are_unique_and_versions_are_there() {
        for terms in [
            vec![Term::required("a", "1"), Term::optional("a", "2")],
            vec![Term::required("", "1")],
            vec![Term::required("a", "")],
        ] {
            assert_eq!(Terms::new(terms).unwrap_err().setting(), Setting::Terms);
        }
    }
}
