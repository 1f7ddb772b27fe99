//! Sets of public keys — RFC 7517 §5.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Algorithm, Error, Jwk};
use crate::strict_json;

/// How long the JSON text of a set may be.
pub const MAX_SET: usize = 256 * 1024;

/// How many keys a set may have, those that are skipped included.
pub const MAX_KEYS: usize = 64;

/// Why a set was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// The text is longer than [`MAX_SET`].
    #[error("the key set is too long")]
    TooLong,
    /// It is not a JSON object with unique names and an array `keys`.
    #[error("the key set is malformed")]
    Malformed,
    /// It has more than [`MAX_KEYS`] keys.
    #[error("the key set has too many keys")]
    TooManyKeys,
}

/// The public keys of one issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

#[derive(Deserialize)]
struct Members {
    keys: Vec<Value>,
}

impl JwkSet {
    /// A set of these keys.
    #[must_use]
    pub const fn new(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }

    /// Reads a set. Keys that are not fit to verify signatures here are skipped, as RFC 7517 §5 asks:
    /// other types, keys for encryption, weak and malformed ones, and those that show their private part.
    ///
    /// # Errors
    /// A [`SetError`] when the set itself is not one.
    pub fn parse(json: &[u8]) -> Result<Self, SetError> {
        let Members { keys } = strict_json::parse_object(json, MAX_SET).map_err(|error| match error {
            strict_json::Error::TooLong => SetError::TooLong,
            strict_json::Error::Malformed
            | strict_json::Error::DuplicateName
            | strict_json::Error::TooDeep
            | strict_json::Error::NotAnObject
            | strict_json::Error::Mismatch => SetError::Malformed,
        })?;
        if keys.len() > MAX_KEYS {
            return Err(SetError::TooManyKeys);
        }
        let fit = |key: &Value| key.as_object().and_then(|members| Jwk::from_members(members).ok());
        Ok(Self { keys: keys.iter().filter_map(fit).collect() })
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }

    /// The first key with this id.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Jwk> {
        self.keys.iter().find(|key| key.kid() == Some(kid))
    }

    /// The one key that a token with this header must be verified with — OIDC Core §10.1.
    ///
    /// A token without `kid` is understood only where a single key has its algorithm.
    ///
    /// # Errors
    /// [`Error::UnknownKey`] (a newer set may have it), [`Error::AlgorithmMismatch`] or
    /// [`Error::AmbiguousKey`].
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&Jwk, Error> {
        let mut named = self.keys.iter().filter(|key| kid.is_none() || key.kid() == kid).peekable();
        if named.peek().is_none() {
            return Err(Error::UnknownKey);
        }
        let mut fitting = named.filter(|key| key.verifying_key().accepts(algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(_), Some(_)) => Err(Error::AmbiguousKey),
            (None, _) if kid.is_some() => Err(Error::AlgorithmMismatch),
            (None, _) => Err(Error::UnknownKey),
        }
    }
}

impl FromIterator<Jwk> for JwkSet {
    fn from_iter<I: IntoIterator<Item = Jwk>>(keys: I) -> Self {
        Self::new(keys.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GOOD: &str =
        r#"{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn keys_that_are_not_fit_are_skipped() {
        let others = [
            json!({ "kty": "oct", "k": "AAAA" }),
            json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" }),
            json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
            json!({ "kty": 1 }),
            json!({}),
            json!(["OKP"]),
            json!("OKP"),
            json!(null),
        ];
        let keys: Vec<String> = others.iter().map(Value::to_string).chain([GOOD.to_owned()]).collect();
        let set = JwkSet::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap();
        assert_eq!(set.keys().len(), 1);
        assert!(set.find("k").is_some());
        let written = serde_json::to_string(&set).unwrap();
        assert_eq!(JwkSet::parse(written.as_bytes()).unwrap(), set);
    }

    #[test]
    fn sets_are_bounded() {
        let of = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec![GOOD; count].join(","));
        assert_eq!(JwkSet::parse(of(MAX_KEYS).as_bytes()).unwrap().keys().len(), MAX_KEYS);
        assert_eq!(JwkSet::parse(of(MAX_KEYS + 1).as_bytes()), Err(SetError::TooManyKeys));
        let padded = of(1) + &" ".repeat(MAX_SET);
        assert_eq!(JwkSet::parse(padded.as_bytes()), Err(SetError::TooLong));
        assert_eq!(JwkSet::parse(&padded.as_bytes()[..MAX_SET]).unwrap().keys().len(), 1);
    }

    #[test]
    fn jo_13_malformed_sets() {
        for text in [
            "",
            "{}",
            "[]",
            r#"{"keys":{}}"#,
            r#"{"keys":null}"#,
            r#"{"keys":[],"keys":[]}"#,
            r#"{"keys":[]}x"#,
        ] {
            assert_eq!(JwkSet::parse(text.as_bytes()), Err(SetError::Malformed), "{text}");
        }
        let twice = format!(r#"{{"keys":[{GOOD},{{"kty":"OKP","kty":"RSA"}}]}}"#);
        assert_eq!(JwkSet::parse(twice.as_bytes()), Err(SetError::Malformed));
        assert!(JwkSet::parse(br#"{"keys":[]}"#).unwrap().keys().is_empty());
    }

    #[test]
    fn one_id_for_two_keys_is_ambiguous() {
        let set = JwkSet::parse(format!(r#"{{"keys":[{GOOD},{GOOD}]}}"#).as_bytes()).unwrap();
        assert_eq!(set.select(Some("k"), Algorithm::EdDsa).unwrap_err(), Error::AmbiguousKey);
        assert_eq!(set.select(Some("k"), Algorithm::Es256).unwrap_err(), Error::AlgorithmMismatch);
    }
}
