//! Private keys that sign tokens — RFC 7515 §5.1, RFC 5958 §2.

use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
        RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde::Serialize;

use super::{Algorithm, HeaderType, Jwk, KeyError, jwk::Material, verifying_key::RSA_EXPONENT};
use crate::{base64url, secret::Secret};

/// Why a signing key could not be made, read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// The library could not make a key.
    #[error("a signing key could not be generated")]
    Generation,
    /// The bytes are not an unencrypted PKCS #8 key of the algorithm's type.
    #[error("not a PKCS #8 key of this algorithm")]
    Pkcs8,
    /// The key is not one that this crate would accept from others.
    #[error("the signing key is not acceptable: {0}")]
    Unacceptable(#[from] KeyError),
    /// The name is not a word of letters, digits, hyphens and underscores.
    #[error("the key's name is not a plain word")]
    Kid,
    /// The key could not be written as PKCS #8.
    #[error("the signing key could not be exported")]
    Export,
}

/// Why a token was not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The claims could not be written as JSON.
    #[error("the claims cannot be written as JSON")]
    Claims,
    /// The library refused to sign.
    #[error("the signature could not be made")]
    Signature,
}

/// A private key with everything about it that does not change from token to token.
pub struct SigningKey {
    algorithm: Algorithm,
    primitive: Primitive,
    public: Jwk,
    kid: String,
    headers: Headers,
}

/// The encoded header with its full stop, for each kind of token.
struct Headers {
    jwt: String,
    access_token: String,
    logout_token: String,
    security_event: String,
    client_assertion: String,
    request_object: String,
    dpop_proof: String,
}

enum Primitive {
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key (RSA: 2048 bits). Its `kid` is its thumbprint (RFC 7638 §3).
    ///
    /// # Errors
    /// [`SigningKeyError::Generation`].
    pub fn generate(algorithm: Algorithm) -> Result<Self, SigningKeyError> {
        let failed = |_| SigningKeyError::Generation;
        let primitive = match algorithm {
            Algorithm::Es256 => {
                Primitive::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?)
            }
            Algorithm::Rs256 | Algorithm::Ps256 => {
                Primitive::rsa(algorithm, RsaKeyPair::generate(rsa::KeySize::Rsa2048).map_err(failed)?)
            }
            Algorithm::EdDsa => Primitive::Ed25519(Ed25519KeyPair::generate().map_err(failed)?),
        };
        Self::new(algorithm, primitive)
    }

    /// Reads a key from unencrypted PKCS #8.
    ///
    /// # Errors
    /// [`SigningKeyError::Pkcs8`] or [`SigningKeyError::Unacceptable`].
    pub fn from_pkcs8(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, SigningKeyError> {
        let failed = |_| SigningKeyError::Pkcs8;
        let primitive = match algorithm {
            Algorithm::Es256 => Primitive::P256(
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(failed)?,
            ),
            Algorithm::Rs256 | Algorithm::Ps256 => {
                Primitive::rsa(algorithm, RsaKeyPair::from_pkcs8(pkcs8).map_err(failed)?)
            }
            Algorithm::EdDsa => Primitive::Ed25519(Ed25519KeyPair::from_pkcs8(pkcs8).map_err(failed)?),
        };
        Self::new(algorithm, primitive)
    }

    /// The same key, named as whoever issued it has named it (RFC 7515 §4.1.4).
    ///
    /// # Errors
    /// [`SigningKeyError::Kid`]
    pub fn with_kid(self, kid: &str) -> Result<Self, SigningKeyError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if kid.is_empty() || kid.len() > super::MAX_KID || !kid.bytes().all(plain) {
            return Err(SigningKeyError::Kid);
        }
        let public = Jwk::new(self.primitive.material()?, Some(self.algorithm), Some(kid.to_owned()))?;
        let headers = Headers::encode(self.algorithm, kid);
        Ok(Self { public, kid: kid.to_owned(), headers, ..self })
    }

    /// Writes the key as unencrypted PKCS #8, to be wrapped under the master key and kept.
    ///
    /// # Errors
    /// [`SigningKeyError::Export`].
    pub fn to_pkcs8(&self) -> Result<Secret<Vec<u8>>, SigningKeyError> {
        let failed = |_| SigningKeyError::Export;
        let bytes = match &self.primitive {
            Primitive::P256(key) => key.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
            Primitive::Rsa(key, _) => {
                let der: Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
                der.as_ref().to_vec()
            }
            Primitive::Ed25519(key) => key.to_pkcs8v1().map_err(failed)?.as_ref().to_vec(),
        };
        Ok(Secret::new(bytes))
    }

    /// The algorithm that it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The id that tokens name it by.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, to be published.
    #[must_use]
    pub const fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// Signs `claims` as a compact token of this kind.
    ///
    /// # Errors
    /// A [`SignError`].
    pub fn sign(&self, kind: HeaderType, claims: &impl Serialize) -> Result<String, SignError> {
        let payload = serde_json::to_vec(claims).map_err(|_| SignError::Claims)?;
        let header = self.headers.of(kind);
        let capacity = header.len() + base64url::encoded_len(payload.len()) + 1 + 350;
        let mut token = String::with_capacity(capacity);
        token.push_str(header);
        base64url::encode_into(&payload, &mut token);
        self.primitive.sign_onto(&mut token)?;
        Ok(token)
    }

    /// Signs `claims` as a token that brings its key with it, as a proof of possession does (RFC 9449 §4.2).
    pub(crate) fn sign_with_key(
        &self,
        kind: HeaderType,
        claims: &impl Serialize,
    ) -> Result<String, SignError> {
        #[derive(Serialize)]
        struct Header<'a> {
            typ: &'static str,
            alg: Algorithm,
            jwk: &'a Jwk,
        }
        let header = Header { typ: kind.as_str(), alg: self.algorithm, jwk: &self.public };
        let [header, payload] = [serde_json::to_vec(&header), serde_json::to_vec(claims)];
        let mut token = base64url::encode(header.map_err(|_| SignError::Claims)?);
        token.push('.');
        base64url::encode_into(&payload.map_err(|_| SignError::Claims)?, &mut token);
        self.primitive.sign_onto(&mut token)?;
        Ok(token)
    }

    /// Signs whatever an attacker with a key of his own would sign.
    #[cfg(test)]
    pub(crate) fn sign_hostile(&self, header: &str, payload: &[u8]) -> String {
        let mut token = base64url::encode(header.as_bytes()) + "." + &base64url::encode(payload);
        self.primitive.sign_onto(&mut token).unwrap();
        token
    }

    fn new(algorithm: Algorithm, primitive: Primitive) -> Result<Self, SigningKeyError> {
        let unnamed = Jwk::new(primitive.material()?, Some(algorithm), None)?;
        let kid = unnamed.thumbprint();
        let public = Jwk::new(primitive.material()?, Some(algorithm), Some(kid.clone()))?;
        let headers = Headers::encode(algorithm, &kid);
        Ok(Self { algorithm, primitive, public, kid, headers })
    }
}

impl Headers {
    fn encode(algorithm: Algorithm, kid: &str) -> Self {
        let header = |kind: HeaderType| {
            let typ = kind.as_str();
            // No member needs escaping: registered names and base64url.
            let json = format!(r#"{{"alg":"{algorithm}","typ":"{typ}","kid":"{kid}"}}"#);
            base64url::encode(json.as_bytes()) + "."
        };
        Self {
            jwt: header(HeaderType::Jwt),
            access_token: header(HeaderType::AccessToken),
            logout_token: header(HeaderType::LogoutToken),
            security_event: header(HeaderType::SecurityEvent),
            client_assertion: header(HeaderType::ClientAssertion),
            request_object: header(HeaderType::RequestObject),
            dpop_proof: header(HeaderType::DpopProof),
        }
    }

    fn of(&self, kind: HeaderType) -> &str {
        match kind {
            HeaderType::Jwt => &self.jwt,
            HeaderType::AccessToken => &self.access_token,
            HeaderType::LogoutToken => &self.logout_token,
            HeaderType::SecurityEvent => &self.security_event,
            HeaderType::ClientAssertion => &self.client_assertion,
            HeaderType::RequestObject => &self.request_object,
            HeaderType::DpopProof => &self.dpop_proof,
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).field("kid", &self.kid).finish()
    }
}

impl Primitive {
    fn rsa(algorithm: Algorithm, key: RsaKeyPair) -> Self {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::Ps256 => &RSA_PSS_SHA256,
            Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => &RSA_PKCS1_SHA256,
        };
        Self::Rsa(key, encoding)
    }

    fn material(&self) -> Result<Material, KeyError> {
        match self {
            Self::P256(key) => {
                let point = key.public_key().as_ref().strip_prefix(&[4]).ok_or(KeyError::NotOnTheCurve)?;
                let (x, y) = point.split_first_chunk::<32>().ok_or(KeyError::NotOnTheCurve)?;
                let y = y.try_into().map_err(|_| KeyError::NotOnTheCurve)?;
                Ok(Material::P256 { x: *x, y })
            }
            Self::Rsa(key, _) => {
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(key.public_key());
                if parts.e != RSA_EXPONENT {
                    return Err(KeyError::RsaExponent);
                }
                Ok(Material::Rsa { modulus: parts.n })
            }
            Self::Ed25519(key) => {
                let x = key.public_key().as_ref().try_into().map_err(|_| KeyError::NotOnTheCurve)?;
                Ok(Material::Ed25519 { x })
            }
        }
    }

    /// Appends a full stop and the signature of everything before it.
    fn sign_onto(&self, token: &mut String) -> Result<(), SignError> {
        let failed = |_| SignError::Signature;
        let signature = match self {
            Self::P256(key) => key.sign(&SystemRandom::new(), token.as_bytes()).map_err(failed)?,
            Self::Ed25519(key) => key.try_sign(token.as_bytes()).map_err(failed)?,
            Self::Rsa(key, encoding) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(*encoding, &SystemRandom::new(), token.as_bytes(), &mut signature)
                    .map_err(failed)?;
                token.push('.');
                base64url::encode_into(&signature, token);
                return Ok(());
            }
        };
        token.push('.');
        base64url::encode_into(signature.as_ref(), token);
        Ok(())
    }
}
