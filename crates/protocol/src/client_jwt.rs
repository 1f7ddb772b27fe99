//! JWTs that a client signs itself: with a key of its own, or with its secret — OIDC Core §10.1, RFC 8725 §3.1.

use crate::jose::{
    self, Algorithm, HS256, HeaderType, JwkSet, SharedKey, Unverified, UnverifiedMac, Verified,
};

/// What a client's JWTs are verified with. The kind of the key decides which algorithms there are, never the token.
#[derive(Clone, Copy, Debug)]
pub enum ClientKeys<'a> {
    /// Its public keys, and the algorithms that it may sign with: all, those of its profile, or one that it has registered.
    Public {
        /// The keys.
        keys: &'a JwkSet,
        /// The algorithms.
        algorithms: &'a [Algorithm],
    },
    /// Its secrets that are good now.
    Shared(&'a [SharedKey]),
}

/// What a client signs with, by the registered name: one of [`Algorithm`], or HMAC with its secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientAlgorithm {
    /// With a private key.
    Private(Algorithm),
    /// With its secret, [`HS256`].
    Shared,
}

impl ClientAlgorithm {
    /// The algorithm of this registered name; `none` is no algorithm.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if name == HS256 { Some(Self::Shared) } else { Algorithm::parse(name).map(Self::Private) }
    }

    /// The registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private(algorithm) => algorithm.as_str(),
            Self::Shared => HS256,
        }
    }

    /// Every one, as metadata lists them.
    pub fn all() -> impl Iterator<Item = Self> {
        Algorithm::ALL.iter().copied().map(Self::Private).chain([Self::Shared])
    }
}

/// Why a client's JWT was refused before its claims were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Malformed, unsigned, signed by somebody else, or with another kind of key.
    #[error(transparent)]
    Token(#[from] jose::Error),
    /// Another algorithm than the registered one, or one that the client's profile forbids.
    #[error("the token's algorithm is not one that the client may sign with")]
    Algorithm,
    /// Its `typ` is of another kind of token.
    #[error("the token is of another kind")]
    WrongType,
}

/// Verifies a token of one kind. Without `typ`, or with `JWT`, the claims must tell what it is: that is for the caller.
///
/// # Errors
/// The first rule that is broken. After [`jose::Error::UnknownKey`] the caller may fetch the keys again and repeat.
pub(crate) fn verify(token: &str, keys: ClientKeys<'_>, kind: HeaderType) -> Result<Verified, Error> {
    let fits = |typ: Option<&str>| {
        typ.is_none_or(|typ| HeaderType::Jwt.matches(typ) || kind.matches(typ))
            .then_some(())
            .ok_or(Error::WrongType)
    };
    match keys {
        ClientKeys::Public { keys, algorithms } => {
            let unverified = Unverified::parse(token)?;
            fits(unverified.typ())?;
            if !algorithms.contains(&unverified.algorithm()) {
                return Err(Error::Algorithm);
            }
            Ok(unverified.verify_with(keys)?)
        }
        ClientKeys::Shared(secrets) => {
            let unverified = UnverifiedMac::parse(token)?;
            fits(unverified.typ())?;
            Ok(unverified.verify(secrets)?)
        }
    }
}

/// Whether this set has the key that the token names, or the one that it must mean: whether a newer set could help.
#[must_use]
pub fn is_known(token: &str, keys: &JwkSet) -> bool {
    let Ok(unverified) = Unverified::parse(token) else { return true };
    let problem = match unverified.kid() {
        Some(kid) => keys.select(Some(kid), unverified.algorithm()).err(),
        None => unverified.verify_with(keys).err(),
    };
    problem != Some(jose::Error::UnknownKey)
}
