//! Client identifier — RFC 6749 §2.2, Appendix A.1.

use serde::{Deserialize, Serialize};

use crate::parsed_text::parsed_text;

/// Longest client identifier in bytes.
pub const MAX_BYTES: usize = 256;

/// A text that is not a client identifier: empty, too long, or with a character outside `%x20-7E`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client identifier is malformed")]
pub struct Malformed;

/// The public name of an app, 1 to 256 printable ASCII characters. Not a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

impl ClientId {
    /// Parses `client-id = *VSCHAR` (RFC 6749 Appendix A.1), not empty.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let printable = text.bytes().all(|byte| matches!(byte, 0x20..=0x7e));
        if text.is_empty() || text.len() > MAX_BYTES || !printable {
            return Err(Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The identifier as it travels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

parsed_text!(ClientId, Malformed);

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6749 §2.2, Appendix A.1.
    #[test]
    fn az_01_only_printable_ascii_of_bounded_length() {
        for text in ["a", "app_3f", "with space", "https://app.example.com/client", "a:b~"] {
            assert_eq!(ClientId::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a\n", "\t", "앱", "a\u{7f}", "a\u{202e}"] {
            assert_eq!(ClientId::parse(text), Err(Malformed), "{text:?}");
        }
        assert!(ClientId::parse(&"x".repeat(MAX_BYTES)).is_ok());
        assert!(ClientId::parse(&"x".repeat(MAX_BYTES + 1)).is_err());
    }
}
