//! A field of a form: what was typed and what is wrong with it.

use crate::{accounts::NameMistake, pages::texts::Texts};

/// What is wrong with a field, told to a person.
pub trait Mistake {
    /// What is wrong and what to do.
    fn text(&self, t: &Texts) -> String;
}

/// Templates hold mistakes by reference.
impl<M: Mistake> Mistake for &M {
    fn text(&self, t: &Texts) -> String {
        M::text(self, t)
    }
}

/// A field.
#[derive(Debug, Clone)]
pub struct Input<M> {
    /// What it holds: as typed, also when it was refused.
    pub value: String,
    /// Why it was refused.
    pub mistake: Option<M>,
}

impl<M> Default for Input<M> {
    fn default() -> Self {
        Self { value: String::new(), mistake: None }
    }
}

impl<M> Input<M> {
    /// A field that holds this.
    pub fn holding(value: impl Into<String>) -> Self {
        Self { value: value.into(), mistake: None }
    }

    /// A field that held this and was refused.
    pub fn refused(value: impl Into<String>, mistake: M) -> Self {
        Self { value: value.into(), mistake: Some(mistake) }
    }
}

/// What is wrong with a form, gathered: the summary above it leads to each field.
#[derive(Debug)]
pub(in crate::pages) struct Mistakes<'t> {
    t: &'t Texts,
    found: Vec<FoundMistake>,
}

/// One line of the summary.
#[derive(Debug)]
pub(in crate::pages) struct FoundMistake {
    /// Id of the field.
    pub(in crate::pages) id: String,
    /// Name of the field.
    pub(in crate::pages) label: &'static str,
    /// What is wrong with it.
    pub(in crate::pages) text: String,
}

impl<'t> Mistakes<'t> {
    pub(in crate::pages) const fn new(t: &'t Texts) -> Self {
        Self { t, found: Vec::new() }
    }

    /// Adds the mistake of a field, if there is one.
    pub(in crate::pages) fn field(mut self, id: &str, label: &str, mistake: Option<&impl Mistake>) -> Self {
        let found = |mistake: &_| FoundMistake {
            id: id.to_owned(),
            label: self.t.of(label),
            text: Mistake::text(mistake, self.t),
        };
        self.found.extend(mistake.map(found));
        self
    }

    /// All of them, in the order of the fields.
    pub(in crate::pages) fn found(self) -> Vec<FoundMistake> {
        self.found
    }
}

/// Mistakes in an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmailMistake {
    /// Nothing was typed.
    Missing,
    /// This is no e-mail address.
    Malformed,
    /// Somebody has an account with it; told only to whoever may know that.
    Taken,
}

impl Mistake for EmailMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("mistake.email_missing"),
            Self::Malformed => t.of("mistake.email_malformed"),
            Self::Taken => t.of("mistake.email_taken"),
        }
        .to_owned()
    }
}

impl Mistake for NameMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("mistake.name_missing").to_owned(),
            Self::TooLong(limit) => t.count("mistake.too_long", limit),
            Self::Malformed => t.of("mistake.name_malformed").to_owned(),
            Self::Hidden => t.of("mistake.name_hidden").to_owned(),
            Self::LookAlike => t.of("mistake.name_look_alike").to_owned(),
        }
    }
}

/// Mistakes in a password that is being chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordMistake {
    /// Nothing was typed.
    Missing,
    /// It has fewer than this many characters.
    TooShort(usize),
    /// It has more than this many characters.
    TooLong(usize),
    /// It is one of those that are tried first.
    TooCommon,
    /// It is the person's own name or address.
    AboutYou,
    /// It is the one in use.
    Unchanged,
}

impl Mistake for PasswordMistake {
    fn text(&self, t: &Texts) -> String {
        match self {
            Self::Missing => t.of("mistake.password_missing").to_owned(),
            Self::TooShort(limit) => t.count("mistake.password_short", limit),
            Self::TooLong(limit) => t.count("mistake.too_long", limit),
            Self::TooCommon => t.of("mistake.password_common").to_owned(),
            Self::AboutYou => t.of("mistake.password_about_you").to_owned(),
            Self::Unchanged => t.of("mistake.password_unchanged").to_owned(),
        }
    }
}

/// What a new password must be, for the hint beside its field.
#[derive(Debug, Clone, Copy)]
pub struct PasswordRule {
    /// Fewest characters.
    pub min: usize,
}
