//! Scope — RFC 6749 §3.3, OIDC Core §3.1.2.1, §5.4, §11.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::parsed_text::parsed_text;

/// Makes a request an OpenID Connect request (OIDC Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// Asks for the profile claims (OIDC Core §5.4).
pub const PROFILE: &str = "profile";
/// Asks for `email` and `email_verified` (OIDC Core §5.4).
pub const EMAIL: &str = "email";
/// Asks for `address` (OIDC Core §5.4).
pub const ADDRESS: &str = "address";
/// Asks for `phone_number` and `phone_number_verified` (OIDC Core §5.4).
pub const PHONE: &str = "phone";
/// Asks for access while the person is away (OIDC Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// The scopes that OpenID Connect itself defines (OIDC Core §3.1.2.1, §5.4, §11).
pub const STANDARD: [&str; 6] = [OPENID, PROFILE, EMAIL, PHONE, ADDRESS, OFFLINE_ACCESS];

/// Whether OpenID Connect itself defines this scope.
#[must_use]
pub fn is_standard(scope: &str) -> bool {
    STANDARD.contains(&scope)
}

/// Longest scope token in bytes.
pub const MAX_TOKEN_BYTES: usize = 128;
/// Most scope tokens in one request.
pub const MAX_TOKENS: usize = 64;
/// Longest `scope` parameter in bytes.
pub const MAX_BYTES: usize = 1024;

/// Why a scope was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A token is empty: a space at either end, or two in a row.
    #[error("a scope token is empty")]
    EmptyToken,
    /// A character outside `%x21 / %x23-5B / %x5D-7E`.
    #[error("a scope token has a character that is not allowed")]
    BadCharacter,
    /// A token longer than [`MAX_TOKEN_BYTES`].
    #[error("a scope token is too long")]
    TokenTooLong,
    /// More than [`MAX_TOKENS`] tokens.
    #[error("there are too many scope tokens")]
    TooManyTokens,
    /// Longer than [`MAX_BYTES`] in all.
    #[error("the scope is too long")]
    TooLong,
}

/// One scope token, for example `calendar.read`. Compared byte for byte: `read` is not in `readwrite`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeToken(String);

impl ScopeToken {
    /// Parses `scope-token` of RFC 6749 §3.3.
    ///
    /// # Errors
    /// Empty, longer than [`MAX_TOKEN_BYTES`], or with a character outside the grammar.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Error::EmptyToken);
        }
        if text.len() > MAX_TOKEN_BYTES {
            return Err(Error::TokenTooLong);
        }
        if !text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
            return Err(Error::BadCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    /// The token as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ScopeToken {
    fn borrow(&self) -> &str {
        &self.0
    }
}

parsed_text!(ScopeToken, Error);

/// A set of scope tokens. Order means nothing (RFC 6749 §3.3), so it prints sorted: equal sets print equally.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Scopes(BTreeSet<ScopeToken>);

impl Scopes {
    /// Parses the `scope` parameter of a peer, with its caps. An empty text is the empty set.
    ///
    /// # Errors
    /// Longer than [`MAX_BYTES`], more than [`MAX_TOKENS`] tokens, or a malformed token.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > MAX_BYTES {
            return Err(Error::TooLong);
        }
        let mut tokens = BTreeSet::new();
        for (position, token) in split(text).enumerate() {
            if position == MAX_TOKENS {
                return Err(Error::TooManyTokens);
            }
            tokens.insert(ScopeToken::parse(token)?);
        }
        Ok(Self(tokens))
    }

    /// Reads back a list that this program wrote (a row, a sealed value): the grammar of [`Self::parse`] without
    /// the caps on the whole, because a union of two capped sets may be larger than either.
    ///
    /// # Errors
    /// A malformed token.
    pub fn restore(text: &str) -> Result<Self, Error> {
        split(text).map(ScopeToken::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether this very token is in the set. Never by prefix or case.
    #[must_use]
    pub fn contains(&self, token: &str) -> bool {
        self.0.contains(token)
    }

    /// Whether every token of this set is in `other`.
    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// Tokens of either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self(self.0.union(&other.0).cloned().collect())
    }

    /// Tokens of both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).cloned().collect())
    }

    /// Tokens of this set that are not in `other`.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        Self(self.0.difference(&other.0).cloned().collect())
    }

    /// Adds a token; tells whether it was new.
    pub fn insert(&mut self, token: ScopeToken) -> bool {
        self.0.insert(token)
    }

    /// Removes a token; tells whether it was there.
    pub fn remove(&mut self, token: &str) -> bool {
        self.0.remove(token)
    }

    /// The tokens, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &ScopeToken> {
        self.0.iter()
    }

    /// How many tokens there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    // `"".split(' ')` would yield one empty token.
    text.split(' ').take(if text.is_empty() { 0 } else { usize::MAX })
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, token) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(token.as_str())?;
        }
        Ok(())
    }
}

impl FromIterator<ScopeToken> for Scopes {
    fn from_iter<I: IntoIterator<Item = ScopeToken>>(tokens: I) -> Self {
        Self(tokens.into_iter().collect())
    }
}

impl IntoIterator for Scopes {
    type Item = ScopeToken;
    type IntoIter = std::collections::btree_set::IntoIter<ScopeToken>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl TryFrom<String> for Scopes {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::restore(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    #[test]
    fn a_set_prints_sorted_and_once() {
        assert_eq!(scopes("profile openid profile").to_string(), "openid profile");
        assert_eq!(scopes("").to_string(), "");
        assert_eq!(scopes("a b"), scopes("b a"));
    }

    #[test]
    fn rs_07_a_token_is_never_matched_by_prefix_or_case() {
        let granted = scopes("readwrite calendar.read");
        for asked in ["read", "write", "READWRITE", "calendar", "calendar.rea", "calendar.read ", "", "*"] {
            assert!(!granted.contains(asked), "{asked}");
        }
        assert!(granted.contains("readwrite"));
    }

    #[test]
    fn rfc6749_3_3_grammar() {
        for (text, error) in [
            (" openid", Error::EmptyToken),
            ("openid ", Error::EmptyToken),
            ("a  b", Error::EmptyToken),
            (" ", Error::EmptyToken),
            ("a\tb", Error::BadCharacter),
            ("a\"b", Error::BadCharacter),
            ("a\\b", Error::BadCharacter),
            ("한국", Error::BadCharacter),
            ("a\u{7f}", Error::BadCharacter),
        ] {
            assert_eq!(Scopes::parse(text), Err(error), "{text:?}");
            assert_eq!(Scopes::restore(text), Err(error), "{text:?}");
        }
        assert_eq!(scopes("https://www.googleapis.com/auth/calendar.readonly !#[]~").len(), 2);
    }

    #[test]
    fn az_22_limits_hold_at_the_limit_and_one_beyond() {
        assert!(ScopeToken::parse(&"x".repeat(MAX_TOKEN_BYTES)).is_ok());
        assert_eq!(ScopeToken::parse(&"x".repeat(MAX_TOKEN_BYTES + 1)), Err(Error::TokenTooLong));
        let many = |count: usize| (0..count).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ");
        assert_eq!(scopes(&many(MAX_TOKENS)).len(), MAX_TOKENS);
        assert_eq!(Scopes::parse(&many(MAX_TOKENS + 1)), Err(Error::TooManyTokens));
        // Repetitions count too, so that no work is spent on them.
        assert_eq!(Scopes::parse(&vec!["a"; MAX_TOKENS + 1].join(" ")), Err(Error::TooManyTokens));
        let long = |length: usize| ["x".repeat(127).as_str(); 8].join(" ") + &"y".repeat(length - 1023);
        assert_eq!(Scopes::parse(&long(MAX_BYTES)).unwrap().len(), 2);
        assert_eq!(Scopes::parse(&long(MAX_BYTES + 1)), Err(Error::TooLong));
        assert_eq!(Scopes::parse(&"x ".repeat(100 * MAX_BYTES)), Err(Error::TooLong));
    }

    #[test]
    fn what_was_joined_can_be_restored() {
        let many: Scopes = (0..200).map(|n| ScopeToken::parse(&format!("scope-{n}")).unwrap()).collect();
        assert!(Scopes::parse(&many.to_string()).is_err());
        assert_eq!(Scopes::restore(&many.to_string()).unwrap(), many);
    }

    #[test]
    fn a_scope_is_a_string_in_json() {
        assert_eq!(serde_json::to_string(&scopes("b a")).unwrap(), r#""a b""#);
        assert!(serde_json::from_str::<Scopes>(r#"["a","b"]"#).is_err());
        assert!(serde_json::from_str::<Scopes>(r#""a  b""#).is_err());
    }

    fn any_scopes() -> impl Strategy<Value = Scopes> {
        proptest::collection::btree_set("[a-f]{1,2}", 0..8)
            .prop_map(|tokens| tokens.iter().map(|token| ScopeToken::parse(token).unwrap()).collect())
    }

    proptest! {
        #[test]
        fn printing_and_parsing_are_inverse(
            tokens in proptest::collection::vec("[!#-\\[\\]-~]{1,8}", 0..16)
        ) {
            let parsed = scopes(&tokens.join(" "));
            prop_assert_eq!(&scopes(&parsed.to_string()), &parsed);
            prop_assert!(tokens.iter().all(|token| parsed.contains(token)));
        }

        #[test]
        fn sets_form_a_lattice(a in any_scopes(), b in any_scopes()) {
            prop_assert!(a.is_subset(&a.union(&b)));
            prop_assert!(a.intersection(&b).is_subset(&a));
            prop_assert!(a.difference(&b).intersection(&b).is_empty());
            prop_assert_eq!(&a.difference(&b).union(&a.intersection(&b)), &a);
            prop_assert_eq!(a.union(&b), b.union(&a));
            prop_assert_eq!(a.is_subset(&b), a.difference(&b).is_empty());
        }

        #[test]
        fn no_input_panics(text in ".{0,200}") {
            let _ = Scopes::parse(&text);
        }
    }
}
