//! Everything that is wrong with what was asked, told together.

use super::failure::Failure;
use crate::config::{Mistake, Place};

/// What was found so far. Each has a code for scripts; several different ones together are
/// `invalid_arguments`.
#[derive(Debug, Default)]
pub(super) struct Refusals(Vec<(&'static str, Mistake)>);

/// The code of what is wrong with the arguments themselves.
pub(super) const INVALID: &str = "invalid_arguments";

impl Refusals {
    /// `option` is wrong: what about it, and what to write instead. Both are sentences.
    pub(super) fn add(
        &mut self,
        code: &'static str,
        option: &'static str,
        wrong: impl Into<String>,
        instead: impl Into<String>,
    ) {
        let mistake = Mistake { place: Place::Flag(option), wrong: wrong.into(), instead: instead.into() };
        self.0.push((code, mistake));
    }

    /// The value, unless something is wrong; a value that is missing always is.
    pub(super) fn or<T>(self, value: Option<T>) -> Result<T, Failure> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(self.into()),
        }
    }

    #[cfg(test)]
    pub(super) fn texts(&self) -> Vec<String> {
        self.0.iter().map(|(_, mistake)| mistake.to_string()).collect()
    }
}

impl From<Refusals> for Failure {
    fn from(Refusals(found): Refusals) -> Self {
        let first = found.first().map_or(INVALID, |(code, _)| *code);
        let code = if found.iter().all(|(code, _)| *code == first) { first } else { INVALID };
        Self::refused(code, found.into_iter().map(|(_, mistake)| mistake).collect())
    }
}
