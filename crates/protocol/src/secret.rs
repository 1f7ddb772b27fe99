//! Values that must not be shown, and their comparison — RFC 6819 §5.1.4.

use std::fmt;

use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// A secret: wiped from memory when dropped, printed as `***`, compared only in constant time.
///
/// It has no `PartialEq`, `Display` or `Serialize`: showing it is always a visible
/// [`expose`](Self::expose) at the place where it leaves.
///
/// ```
/// use mapae_protocol::secret::Secret;
///
/// let password = Secret::new(String::from("correct horse"));
/// assert_eq!(format!("{password:?}"), "***");
/// assert!(password.matches("correct horse"));
/// ```
#[derive(Clone)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes `value` into custody.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + AsRef<[u8]>> Secret<T> {
    /// Whether `presented` is this secret; the time it takes says nothing about where they differ.
    #[must_use]
    pub fn matches(&self, presented: impl AsRef<[u8]>) -> bool {
        constant_time_eq(self.0.as_ref(), presented.as_ref())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<'de, T: Zeroize + Deserialize<'de>> Deserialize<'de> for Secret<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jo_20_secrets_compare_by_constant_time_only() {
        let secret = Secret::new(b"abc".to_vec());
        assert!(secret.matches(b"abc"));
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(!secret.matches(other));
        }
        assert!(constant_time_eq(b"", b""));
    }

    #[test]
    fn nothing_prints_the_value() {
        #[derive(Debug)]
        struct Form {
            #[expect(dead_code, reason = "read by Debug")]
            password: Secret<String>,
        }
        let shown = format!("{:?}", Form { password: Secret::new("hunter2".into()) });
        assert_eq!(shown, "Form { password: *** }");
    }
}
