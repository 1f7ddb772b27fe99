//! A scope and what people read about it, in both languages: `calendar.read=일정 보기|See your calendar`. One text
//! alone is both.

use std::str::FromStr;

/// A scope and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeText {
    /// The scope's name (RFC 6749 §3.3).
    pub scope: String,
    /// What people read in Korean.
    pub korean: String,
    /// What people read in English.
    pub english: String,
}

/// A scope that an app asks for and, if the developer says so, what for: `calendar.read` or
/// `calendar.read=일정을 보여 드리기 위해|To show your calendar`. Without a purpose both texts are empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemText(pub ScopeText);

/// What is wrong with a scope and its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the scope, what people read in Korean and in English: calendar.read=일정 보기|See your calendar"
)]
pub struct ScopeTextError;

/// What is wrong with a scope and its purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "write the scope alone, or with its purpose in Korean and in English: \
     calendar.read=일정을 보여 드리기 위해|To show your calendar"
)]
pub struct ItemTextError;

impl FromStr for ScopeText {
    type Err = ScopeTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (scope, texts) = text.split_once('=').ok_or(ScopeTextError)?;
        let (korean, english) = texts.split_once('|').unwrap_or((texts, texts));
        let [scope, korean, english] = [scope, korean, english].map(|part| part.trim().to_owned());
        if scope.is_empty() || korean.is_empty() || english.is_empty() || english.contains('|') {
            return Err(ScopeTextError);
        }
        Ok(Self { scope, korean, english })
    }
}

impl FromStr for ItemText {
    type Err = ItemTextError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains('=') {
            return text.parse().map(Self).map_err(|_| ItemTextError);
        }
        Ok(Self(ScopeText { scope: text.to_owned(), korean: String::new(), english: String::new() }))
    }
}
