//! Values that must not be shown, and their comparison — RFC 6819 §5.1.4.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize as _, Serializer};
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

/// For `#[serde(serialize_with = "secret::expose")]`: a secret that leaves in JSON.
pub(crate) fn expose<S: Serializer>(secret: &Secret<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// The same for a secret that need not be there.
pub(crate) fn expose_present<S: Serializer>(
    secret: &Option<Secret<String>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
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

    /// Does not compile when a secret gets an `==`: then there are two answers to what `_` stands for.
    #[test]
    fn to_07_secrets_have_no_equality() {
        trait WithoutEquality<Reason> {
            fn holds() -> bool {
                true
            }
        }
        struct HasEquality;
        impl<T: ?Sized> WithoutEquality<()> for T {}
        impl<T: ?Sized + PartialEq> WithoutEquality<HasEquality> for T {}
        assert!(<Secret<String> as WithoutEquality<_>>::holds());
        assert!(<Secret<Vec<u8>> as WithoutEquality<_>>::holds());
        assert!(<Secret<[u8; 32]> as WithoutEquality<_>>::holds());
    }

    #[test]
    fn to_07_a_comparison_finds_a_difference_wherever_it_is() {
        let secret = Secret::new([7_u8; 32]);
        assert!(secret.matches([7; 32]));
        for at in 0..32 {
            let mut other = [7; 32];
            other[at] ^= 1;
            assert!(!secret.matches(other), "{at}");
            assert!(!secret.matches(&[7; 32][..at]), "{at}");
        }
        assert!(!secret.matches([7; 33]));
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
