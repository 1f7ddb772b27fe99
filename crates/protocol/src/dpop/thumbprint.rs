//! The thumbprint of a key as a token carries it — RFC 9449 §6.1, RFC 7638 §3, RFC 7800 §3.1.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{base64url, jose::Jwk};

/// The SHA-256 thumbprint of a public key: `jkt`, and the parameter `dpop_jkt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Reads the base64url text of a SHA-256 digest; `None` for anything but the 43 characters of its only spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        base64url::decode_array(text).map(Self).ok()
    }

    /// The thumbprint of a key.
    #[must_use]
    pub fn of(key: &Jwk) -> Self {
        Self(key.digest())
    }

    /// The digest itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The thumbprint with this digest.
    #[must_use]
    pub const fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(self.0))
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Thumbprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom("not the thumbprint of a key"))
    }
}

/// `cnf` of a token: to what it is bound (RFC 7800 §3.1).
///
/// A member that is not known here is refused: to overlook it would undo the protection that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The key whose proof must come with the token (RFC 9449 §6.1).
    pub jkt: Thumbprint,
}
