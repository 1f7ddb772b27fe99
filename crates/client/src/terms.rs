//! The service's own terms: versions, agreement, withdrawal.
//!
//! A version is a text that changes with the terms, as a date. Who agreed to another version than the present one has not
//! agreed: a required term is asked for again at the next sign-in. Nothing is ticked beforehand, and what is agreed to is
//! the version that stood on the page.

use mapae_protocol::{params::Params, time::Timestamp};

use crate::{
    error::Language,
    setting::{ConfigurationError, Setting},
    sign_up::{FORM, Problem, ProblemKind, SignUpError},
    titles::Titles,
};

/// Terms by name, each in a version.
pub(crate) type Versions = Vec<(String, String)>;

/// What stands before a term's name in forms.
pub(crate) const PREFIX: &str = "term.";

/// A term of the service, in its present version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    name: String,
    version: String,
    required: bool,
    titles: Titles,
    address: Option<String>,
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

impl Term {
    /// A term without which there is no account. `name` stays the same for ever, `version` changes with the text.
    #[must_use]
    pub fn required(name: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            version: version.into(),
            required: true,
            titles: Titles::default(),
            address: None,
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

    /// With the address of the text.
    #[must_use]
    pub fn at(mut self, address: impl Into<String>) -> Self {
        self.address = Some(address.into());
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
    pub fn title(&self, language: Language) -> &str {
        self.titles.read(&self.name, language)
    }

    /// Where the text is.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The name of its box in the form; the box's value is the version.
    #[must_use]
    pub fn field(&self) -> String {
        format!("{PREFIX}{}", self.name)
    }

    fn is_agreed_by(&self, agreements: &[Agreement]) -> bool {
        let agrees = |agreement: &Agreement| {
            agreement.withdrawn_at.is_none()
                && agreement.term == self.name
                && agreement.version == self.version
        };
        agreements.iter().any(agrees)
    }
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

    /// What must be asked of somebody who agreed to this: nothing, or everything that is open, the optional terms too.
    pub(crate) fn to_ask(&self, agreements: &[Agreement]) -> Vec<Term> {
        let open: Vec<Term> = self.0.iter().filter(|term| !term.is_agreed_by(agreements)).cloned().collect();
        if open.iter().any(Term::is_required) { open } else { Vec::new() }
    }
}

/// Which of the `asked` terms a form agrees to, each in the version that stood on the page.
pub(crate) fn read(asked: &[Term], form: &[u8]) -> Result<(Versions, Vec<Problem>), SignUpError> {
    let params = Params::parse(form, FORM).map_err(|_| SignUpError::Malformed)?;
    let (mut agreed, mut problems) = (Vec::new(), Vec::new());
    for term in asked {
        let field = term.field();
        let ticked = params.one(&field).map_err(|_| SignUpError::Malformed)?;
        // Another version stood on the page: nobody agreed to this one.
        if ticked == Some(term.version.as_str()) {
            agreed.push((term.name.clone(), term.version.clone()));
        } else if term.required {
            problems.push(Problem { field, kind: ProblemKind::Missing });
        }
    }
    Ok((agreed, problems))
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
    }

    #[test]
    fn what_is_agreed_to_is_the_version_on_the_page() {
        let terms = [Term::required("service", "2"), Term::optional("mail", "1")];
        let (agreed, problems) = read(&terms, b"term.service=2&term.mail=1").unwrap();
        assert_eq!(agreed, [("service".into(), "2".into()), ("mail".into(), "1".into())]);
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
