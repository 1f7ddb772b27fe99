//! The fields of a form: exactly those that its page has — AD-03.

use std::collections::HashMap;

use crate::interaction::{PageError, Visit};

/// The anti-forgery token, which every form has and which was verified before.
const TOKEN: &str = "csrf";

/// The fields of a form, each once.
#[derive(Debug)]
pub(super) struct Fields<'v>(HashMap<&'v str, &'v str>);

impl<'v> Fields<'v> {
    /// A field that the page does not have, or one that is there twice, makes the whole form none of ours: an owner,
    /// a grant type or an epoch cannot be slipped in.
    pub(super) fn of(visit: &'v Visit, known: impl Fn(&str) -> bool) -> Result<Self, PageError> {
        let mut fields = HashMap::new();
        for (name, value) in visit.params.iter() {
            if (name != TOKEN && !known(name)) || fields.insert(name, value).is_some() {
                return Err(PageError::BadRequest);
            }
        }
        Ok(Self(fields))
    }

    /// As [`of`](Self::of), with these names.
    pub(super) fn named(visit: &'v Visit, names: &[&str]) -> Result<Self, PageError> {
        Self::of(visit, |name| names.contains(&name))
    }

    /// A field that the form always has, perhaps empty. Leaving it out is no way to leave it as it is (AD-04).
    pub(super) fn text(&self, name: &str) -> Result<&'v str, PageError> {
        self.optional(name).ok_or(PageError::BadRequest)
    }

    /// A field that the form may have.
    pub(super) fn optional(&self, name: &str) -> Option<&'v str> {
        self.0.get(name).copied()
    }

    /// The lines of a field, without blanks around them and without empty ones.
    pub(super) fn lines(&self, name: &str) -> Result<Vec<String>, PageError> {
        let lines = self.text(name)?.lines().map(str::trim).filter(|line| !line.is_empty());
        Ok(lines.map(str::to_owned).collect())
    }

    /// The same for the same form sent again, with the same things in it; different for any other form, because
    /// the token of each page is another one.
    pub(super) fn fingerprint(&self) -> String {
        let mut fields: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}\0{value}")).collect();
        fields.sort_unstable();
        fields.join("\0")
    }
}

/// Whether the form asks for a public app.
pub(super) fn is_public(kind: &str) -> Result<bool, PageError> {
    match kind {
        "confidential" => Ok(false),
        "public" => Ok(true),
        _ => Err(PageError::BadRequest),
    }
}
