//! Public keys as JSON — RFC 7517 §4, RFC 7518 §6, RFC 8037 §2, RFC 7638 §3.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};
use serde_json::{Map, Value};

use super::{Algorithm, MAX_KID, VerifyingKey, verifying_key::RSA_EXPONENT};
use crate::{base64url, digest::sha256, strict_json};

/// How long the JSON text of one key may be.
const MAX_JWK: usize = 8 * 1024;

/// Members that only private or symmetric keys have — RFC 7518 §6.2.2, RFC 7518 §6.3.2,
/// RFC 7518 §6.4.1.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a JSON object with unique names.
    #[error("the key is not a JSON object with unique names")]
    Json,
    /// The type or curve is not one that is used here; symmetric keys are among these.
    #[error("the key's type is not supported")]
    Unsupported,
    /// A member that the type requires is absent.
    #[error("a member of the key is missing")]
    MissingMember,
    /// A member has the wrong type, spelling or length.
    #[error("a member of the key is malformed")]
    MalformedMember,
    /// It has a private member: whoever published it must replace it.
    #[error("the key contains its private part")]
    Private,
    /// It is not for verifying signatures (`use`, `key_ops`).
    #[error("the key is not for signatures")]
    NotForSignatures,
    /// Its `alg` is unknown or not for its type.
    #[error("the key's algorithm is not supported or not for its type")]
    Algorithm,
    /// The RSA modulus has not 2048 to 4096 bits, is even, or starts with zeros.
    #[error("the RSA key must have 2048 to 4096 bits")]
    RsaModulus,
    /// The RSA public exponent is not 65537.
    #[error("the RSA key's exponent must be 65537")]
    RsaExponent,
    /// The coordinates are not a point on the curve.
    #[error("the key is not a point on its curve")]
    NotOnTheCurve,
    /// The point has a small order, so signatures prove nothing.
    #[error("the key is a point of small order")]
    SmallOrder,
}

/// A public key that is fit to verify signatures; what is not cannot become a `Jwk`.
#[derive(Clone, Debug)]
pub struct Jwk {
    material: Material,
    kid: Option<String>,
    algorithm: Option<Algorithm>,
    verifying_key: VerifyingKey,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Material {
    P256 { x: [u8; 32], y: [u8; 32] },
    Rsa { modulus: Vec<u8> },
    Ed25519 { x: [u8; 32] },
}

impl Jwk {
    /// Reads one key from JSON text of at most 8 KiB.
    ///
    /// # Errors
    /// A [`KeyError`] for the first rule that is broken.
    pub fn parse(json: &[u8]) -> Result<Self, KeyError> {
        let members = strict_json::parse_object(json, MAX_JWK).map_err(|_| KeyError::Json)?;
        Self::from_members(&members)
    }

    /// Reads one key from the members of a JSON object.
    ///
    /// # Errors
    /// A [`KeyError`] for the first rule that is broken.
    pub fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        if PRIVATE.iter().any(|private| members.contains_key(*private)) {
            return Err(KeyError::Private);
        }
        let material = Material::from_members(members)?;
        if !is_for_signatures(members)? {
            return Err(KeyError::NotForSignatures);
        }
        let algorithm = match text(members, "alg")? {
            None => None,
            Some(name) => Some(Algorithm::parse(name).ok_or(KeyError::Algorithm)?),
        };
        let kid = text(members, "kid")?;
        if kid.is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID) {
            return Err(KeyError::MalformedMember);
        }
        Self::new(material, algorithm, kid.map(str::to_owned))
    }

    pub(super) fn new(
        material: Material,
        algorithm: Option<Algorithm>,
        kid: Option<String>,
    ) -> Result<Self, KeyError> {
        let verifying_key = match &material {
            Material::P256 { x, y } => VerifyingKey::p256(x, y)?,
            Material::Rsa { modulus } => VerifyingKey::rsa(modulus, algorithm)?,
            Material::Ed25519 { x } => VerifyingKey::ed25519(x)?,
        };
        if algorithm.is_some_and(|algorithm| !verifying_key.accepts(algorithm)) {
            return Err(KeyError::Algorithm);
        }
        Ok(Self { material, kid, algorithm, verifying_key })
    }

    /// The key's id, by which tokens name it.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The only algorithm that the key is published for, if it says so.
    #[must_use]
    pub const fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm
    }

    /// The parsed key.
    #[must_use]
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying_key
    }

    /// The SHA-256 thumbprint as base64url text: the same key has the same, whatever its id
    /// (RFC 7638 §3).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        base64url::encode(self.digest())
    }

    /// The bytes of the thumbprint.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(self.material.canonical().as_bytes())
    }
}

impl Material {
    fn from_members(members: &Map<String, Value>) -> Result<Self, KeyError> {
        let required = |name| text(members, name)?.ok_or(KeyError::MissingMember);
        match required("kty")? {
            "EC" if required("crv")? == "P-256" => {
                Ok(Self::P256 { x: array(required("x")?)?, y: array(required("y")?)? })
            }
            "OKP" if required("crv")? == "Ed25519" => Ok(Self::Ed25519 { x: array(required("x")?)? }),
            "RSA" => {
                if bytes(required("e")?)? != RSA_EXPONENT {
                    return Err(KeyError::RsaExponent);
                }
                Ok(Self::Rsa { modulus: bytes(required("n")?)? })
            }
            _ => Err(KeyError::Unsupported),
        }
    }

    /// The required members in lexicographic order without white space — RFC 7638 §3.2.
    fn canonical(&self) -> String {
        let members: Vec<String> =
            self.members().into_iter().map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
        format!("{{{}}}", members.join(","))
    }

    fn members(&self) -> Vec<(&'static str, String)> {
        let fixed = |value: &str| value.to_owned();
        let coded = |bytes: &[u8]| base64url::encode(bytes);
        match self {
            Self::P256 { x, y } => {
                vec![("crv", fixed("P-256")), ("kty", fixed("EC")), ("x", coded(x)), ("y", coded(y))]
            }
            Self::Rsa { modulus } => {
                vec![("e", coded(&RSA_EXPONENT)), ("kty", fixed("RSA")), ("n", coded(modulus))]
            }
            Self::Ed25519 { x } => vec![("crv", fixed("Ed25519")), ("kty", fixed("OKP")), ("x", coded(x))],
        }
    }
}

impl PartialEq for Jwk {
    fn eq(&self, other: &Self) -> bool {
        (&self.material, &self.kid, self.algorithm) == (&other.material, &other.kid, other.algorithm)
    }
}

impl Eq for Jwk {}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        for (name, value) in self.material.members() {
            members.serialize_entry(name, &value)?;
        }
        members.serialize_entry("use", "sig")?;
        if let Some(algorithm) = self.algorithm {
            members.serialize_entry("alg", &algorithm)?;
        }
        if let Some(kid) = &self.kid {
            members.serialize_entry("kid", kid)?;
        }
        members.end()
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_members(&Map::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// RFC 7517 §4.2, RFC 7517 §4.3.
fn is_for_signatures(members: &Map<String, Value>) -> Result<bool, KeyError> {
    let operations = match members.get("key_ops") {
        None => true,
        Some(Value::Array(operations)) => operations.iter().any(|one| one == "verify"),
        Some(_) => return Err(KeyError::MalformedMember),
    };
    Ok(operations && text(members, "use")?.is_none_or(|use_| use_ == "sig"))
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Result<Option<&'m str>, KeyError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(value)) => Ok(Some(value)),
        Some(_) => Err(KeyError::MalformedMember),
    }
}

fn bytes(text: &str) -> Result<Vec<u8>, KeyError> {
    base64url::decode(text).map_err(|_| KeyError::MalformedMember)
}

fn array<const N: usize>(text: &str) -> Result<[u8; N], KeyError> {
    base64url::decode_array(text).map_err(|_| KeyError::MalformedMember)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn p256() -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        })
    }

    fn with(name: &str, value: Value) -> Option<KeyError> {
        let mut members = p256();
        members[name] = value;
        Jwk::parse(members.to_string().as_bytes()).err()
    }

    /// RFC 8037 §2, §3.2.
    #[test]
    fn jo_02_symmetric_and_foreign_keys() {
        let refused = |key: Value| Jwk::parse(key.to_string().as_bytes()).unwrap_err();
        assert_eq!(refused(json!({ "kty": "oct", "k": "AAAA" })), KeyError::Private);
        assert_eq!(refused(json!({ "kty": "oct" })), KeyError::Unsupported);
        assert_eq!(refused(json!({ "kty": "OKP", "crv": "X25519", "x": "AAAA" })), KeyError::Unsupported);
        assert_eq!(refused(json!({})), KeyError::MissingMember);
        assert_eq!(with("crv", json!("P-384")), Some(KeyError::Unsupported));
        assert_eq!(with("kty", json!("ec")), Some(KeyError::Unsupported));
    }

    #[test]
    fn private_members_are_refused() {
        for name in PRIVATE {
            assert_eq!(with(name, json!("AAAA")), Some(KeyError::Private));
        }
    }

    /// RFC 7517 §4.2, §4.3, RFC 7518 §6.
    #[test]
    fn members_are_strict() {
        assert_eq!(with("use", json!("sig")), None);
        assert_eq!(with("use", json!("enc")), Some(KeyError::NotForSignatures));
        assert_eq!(with("use", json!(["sig"])), Some(KeyError::MalformedMember));
        assert_eq!(with("key_ops", json!(["verify"])), None);
        assert_eq!(with("key_ops", json!(["deriveKey"])), Some(KeyError::NotForSignatures));
        assert_eq!(with("key_ops", json!("verify")), Some(KeyError::MalformedMember));
        assert_eq!(with("alg", json!("ES256")), None);
        assert_eq!(with("alg", json!("RS256")), Some(KeyError::Algorithm));
        assert_eq!(with("alg", json!("HS256")), Some(KeyError::Algorithm));
        assert_eq!(with("alg", json!(null)), Some(KeyError::MalformedMember));
        assert_eq!(with("kid", json!(7)), Some(KeyError::MalformedMember));
        assert_eq!(with("kid", json!("")), Some(KeyError::MalformedMember));
        assert_eq!(with("kid", json!("k".repeat(257))), Some(KeyError::MalformedMember));
        assert_eq!(with("x", json!("AA")), Some(KeyError::MalformedMember));
        assert_eq!(with("x", json!("A".repeat(43))), Some(KeyError::NotOnTheCurve));
        assert_eq!(Jwk::parse(br#"{"kty":"EC","kty":"RSA"}"#).unwrap_err(), KeyError::Json);
        assert_eq!(Jwk::parse(br#"["EC"]"#).unwrap_err(), KeyError::Json);
    }

    #[test]
    fn jo_07_rsa_exponents() {
        let modulus = base64url::encode([0xff; 256]);
        for exponent in [&[1][..], &[3], &[2], &[1, 0, 0], &[0, 1, 0, 1], &[1, 0, 0, 0, 0, 0, 0, 0, 1], &[]] {
            let key = json!({ "kty": "RSA", "n": modulus, "e": base64url::encode(exponent) });
            assert_eq!(Jwk::parse(key.to_string().as_bytes()).unwrap_err(), KeyError::RsaExponent);
        }
    }

    proptest! {
        #[test]
        fn hostile_members_never_panic(name in "kty|crv|x|y|use|alg|kid|key_ops|n|e", value: String) {
            let mut members = p256();
            members[name] = json!(value);
            let _ = Jwk::parse(members.to_string().as_bytes());
        }
    }
}
