//! Where the browser goes after signing in: a path of this service and nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest path that is remembered, in bytes.
const MAX_LENGTH: usize = 2_048;

/// Spellings in which a slash, a backslash or a control character hides from one parser and not from
/// the next; `%25` would hide them once more.
const HIDING: &[&str] = &["%2f", "%5c", "%25", "%0", "%1"];

/// A path of the same origin, as in `/calendar?week=3`.
///
/// An address of another site can never be one, so signing in cannot be used to send people elsewhere
/// (open redirect, RFC 9700 §4.11.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnTo(String);

/// The text is not a path of this service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a path of this service")]
pub struct NotAPath;

impl ReturnTo {
    /// Reads a path with its query.
    ///
    /// # Errors
    /// [`NotAPath`] for whatever a browser could take for an address of another origin.
    pub fn parse(text: &str) -> Result<Self, NotAPath> {
        let plain =
            text.len() <= MAX_LENGTH && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let path = text.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let hides = HIDING.iter().any(|spelling| path.contains(spelling));
        // What a browser would take out of it leads to a path that nobody has looked at.
        let path = path.replace("%2e", ".");
        let moves = path.starts_with("//") || path.split('/').any(|part| part == "." || part == "..");
        if plain && path.starts_with('/') && !moves && !hides {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAPath)
        }
    }

    /// What was asked for, or the start page if that is not a path of this service.
    #[must_use]
    pub fn or_start(text: Option<&str>) -> Self {
        text.and_then(|text| Self::parse(text).ok()).unwrap_or_default()
    }

    /// The path with its query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path alone.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.split(['?', '#']).next().unwrap_or_default()
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = NotAPath;

    fn try_from(text: String) -> Result<Self, NotAPath> {
        Self::parse(&text)
    }
}

impl From<ReturnTo> for String {
    fn from(path: ReturnTo) -> Self {
        path.0
    }
}

impl fmt::Display for ReturnTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn se_11_rp_17_only_a_path_of_this_service() {
        for hostile in [
            "",
            "evil",
            "//evil",
            "///evil",
            "/.//evil",
            "/..//evil",
            "/%2E//evil",
            "/a/../login",
            "/./login",
            "/%2e%2E/login",
            "/\\evil",
            "\\/evil",
            "\\\\evil",
            "https:evil",
            "https://evil",
            "javascript:x",
            "/%09/evil",
            "/%0a/evil",
            "/%2f/evil",
            "/%2Fevil",
            "/%5cevil",
            "/%252fevil",
            "/\t/evil",
            "/\n/evil",
            "/ /evil",
            "/\0",
            " /x",
            "/x y",
            "/한글",
            "myapp://x",
            "?x=/",
        ] {
            assert_eq!(ReturnTo::parse(hostile), Err(NotAPath), "{hostile:?}");
            assert_eq!(ReturnTo::or_start(Some(hostile)).as_str(), "/");
        }
        assert_eq!(ReturnTo::parse(&format!("/{}", "a".repeat(MAX_LENGTH))), Err(NotAPath));
        for good in ["/", "/calendar", "/calendar?week=3&next=%2Fx", "/a/b#c", "/a//b", "/@x"] {
            assert_eq!(ReturnTo::parse(good).unwrap().as_str(), good);
        }
        assert_eq!(ReturnTo::parse("/a?b#c").unwrap().path(), "/a");
        assert!(serde_json::from_str::<ReturnTo>("\"//evil\"").is_err());
    }
}
