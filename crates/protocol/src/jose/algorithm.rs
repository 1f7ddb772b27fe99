//! Signature algorithms — RFC 7518 §3.1, RFC 8037 §3.1.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An asymmetric signature algorithm. `none` and the HMAC family are not values of this type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256: small, fast to sign.
    Es256,
    /// RSA PKCS #1 v1.5 with SHA-256: understood everywhere.
    Rs256,
    /// RSA-PSS with SHA-256.
    Ps256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Every algorithm, as metadata lists them.
    pub const ALL: &'static [Self] = &[Self::Es256, Self::Rs256, Self::Ps256, Self::EdDsa];

    /// The algorithm with this registered name; names are compared with case (RFC 7515 §4.1.1).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.as_str() == name)
    }

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The registered names of these.
    #[must_use]
    pub fn names(algorithms: &[Self]) -> Vec<String> {
        algorithms.iter().map(|algorithm| algorithm.as_str().to_owned()).collect()
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| de::Error::custom("not an accepted signature algorithm"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7515 §4.1.1, RFC 7518 §3.1.
    #[test]
    fn jo_01_none_and_hmac_are_no_algorithms() {
        for name in
            ["none", "None", "nOnE", "NONE", "", "HS256", "HS512", "es256", "RS1", "ES256 ", "RSA1_5", "dir"]
        {
            assert_eq!(Algorithm::parse(name), None, "{name:?}");
        }
        for algorithm in Algorithm::ALL {
            assert_eq!(Algorithm::parse(algorithm.as_str()), Some(*algorithm));
        }
    }
}
