//! Keys and signed tokens.

use mapae_protocol::{
    base64url,
    jose::{self, Jwk, JwkSet, Unverified, UnverifiedMac},
    strict_json,
};
use serde_json::{Map, Value};

use crate::{
    property::{fixed, survives_json, text, two},
    signer::SIGNER,
};

/// What only the owner of a key has.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];

/// A token as it comes: one spelling, one family of algorithms, and nobody's signature.
pub(crate) fn jws(bytes: &[u8]) {
    let Some(token) = text(bytes) else { return };
    let (private, shared) = (Unverified::parse(token), UnverifiedMac::parse(token));
    assert!(private.is_err() || shared.is_err(), "a public key could be taken for a secret");
    if private.is_ok() || shared.is_ok() {
        let parts: Vec<&str> = token.split('.').collect();
        assert_eq!(parts.len(), 3);
        for part in parts {
            let decoded = base64url::decode(part);
            assert!(
                decoded.is_ok_and(|decoded| base64url::encode(decoded) == part),
                "another spelling of one token"
            );
        }
    }
    if let Err(error) = &private {
        fixed(error, token);
    }
    if let Some(signer) = SIGNER.as_ref() {
        assert!(private.and_then(|token| token.verify_with(&signer.keys)).is_err(), "a forged signature");
    }
    let _ = jose::claimed_subject(token);
}

/// A token that is well signed: what is read of it is what stands in it, and each name once.
pub(crate) fn signed_token(bytes: &[u8]) {
    let (header, claims) = two(bytes);
    let Some(signer) = SIGNER.as_ref() else { return };
    let token = signer.token(header, claims);
    let verified = Unverified::parse(&token).and_then(|token| token.verify_with(&signer.keys));
    let object = strict_json::parse_object::<Map<String, Value>>(claims, jose::MAX_TOKEN);
    match verified {
        Ok(verified) => {
            assert_eq!(verified.claims::<Map<String, Value>>(&[]).ok(), object.ok());
            let named = strict_json::parse_object::<Map<String, Value>>(header, jose::MAX_TOKEN);
            let named = named.unwrap_or_default();
            assert_eq!(named.get("alg"), Some(&Value::from("EdDSA")));
            assert!(
                !named.contains_key("crit") && !named.contains_key("b64"),
                "an extension was passed over"
            );
            assert_eq!(named.get("typ").and_then(Value::as_str), verified.typ());
        }
        Err(error) => fixed(&error, &token),
    }
}

/// A key: written as it was read, the same thumbprint, and never a private one.
pub(crate) fn jwk(bytes: &[u8]) {
    match Jwk::parse(bytes) {
        Ok(key) => {
            survives_json(&key);
            let written = serde_json::to_vec(&key).unwrap_or_default();
            assert_eq!(Jwk::parse(&written).map(|key| key.thumbprint()), Ok(key.thumbprint()));
            let members: Map<String, Value> =
                strict_json::parse_object(bytes, bytes.len()).unwrap_or_default();
            assert!(PRIVATE.iter().all(|name| !members.contains_key(*name)), "a private key");
        }
        Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
    }
}

/// A set of keys: each that is found by its name has it.
pub(crate) fn jwk_set(bytes: &[u8]) {
    match JwkSet::parse(bytes) {
        Ok(set) => {
            assert!(set.keys().len() <= jose::MAX_KEYS);
            for key in set.keys() {
                survives_json(key);
                let found = key.kid().and_then(|kid| set.find(kid));
                assert!(found.is_none_or(|found| found.kid() == key.kid()));
            }
        }
        Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
    }
}

/// More digits in a row than a whole number has.
fn long_number(bytes: &[u8]) -> bool {
    bytes.split(|byte| !byte.is_ascii_digit()).any(|digits| digits.len() > 18)
}

/// JSON in which each name stands once: what is accepted means the same to every reader.
pub(crate) fn strict(bytes: &[u8]) {
    let read = strict_json::parse::<Value>(bytes, 64 * 1024);
    if let Ok(value) = &read {
        assert_eq!(serde_json::from_slice::<Value>(bytes).ok().as_ref(), Some(value));
        let written = serde_json::to_vec(value).unwrap_or_default();
        let again = strict_json::parse::<Value>(&written, usize::MAX);
        // The last digit of a number with a fraction is not exact with anybody.
        let exact = !bytes.iter().any(|byte| b".eE".contains(byte)) && !long_number(bytes);
        assert!(again.is_ok_and(|again| !exact || again == *value), "written, it is something else");
    }
    let object = strict_json::parse_object::<Map<String, Value>>(bytes, 64 * 1024);
    assert_eq!(object.ok(), read.ok().as_ref().and_then(Value::as_object).cloned());
}
