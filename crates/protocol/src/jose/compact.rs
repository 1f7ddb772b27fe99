//! Compact tokens, before and after their signature was checked — RFC 7515 §5.2, RFC 7515 §7.1.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{Algorithm, ClaimsError, Error, HeaderType, JwkSet, VerifyingKey, header::Header};
use crate::{base64url, strict_json};

/// How long a token may be, in bytes.
pub const MAX_TOKEN: usize = 16 * 1024;

/// The three parts of a token, decoded, and the text that its signature is over.
pub(super) struct Compact<'a> {
    pub(super) header: Vec<u8>,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) signed: &'a str,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Error> {
        if token.len() > MAX_TOKEN {
            return Err(Error::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(Error::NotCompact)?;
        let (header, payload) = signed.split_once('.').ok_or(Error::NotCompact)?;
        if payload.contains('.') {
            return Err(Error::NotCompact);
        }
        let decode = |part| base64url::decode(part).map_err(|_| Error::Encoding);
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        Ok(Self { header: decode(header)?, payload, signature, signed })
    }
}

/// Who a token says that it is about, before anything is verified: good for finding out whose keys it must be verified
/// with, and for nothing else.
#[must_use]
pub fn claimed_subject(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        sub: String,
    }
    claimed::<Claimed>(token).map(|claimed| claimed.sub)
}

/// What a token says before anything is verified: good for finding out what it must be compared with, and for nothing else.
pub(crate) fn claimed<T: DeserializeOwned>(token: &str) -> Option<T> {
    let Compact { payload, .. } = Compact::parse(token).ok()?;
    strict_json::parse_object(&payload, MAX_TOKEN).ok()
}

/// A well-formed token that nobody vouches for yet: its claims cannot be read.
#[derive(Debug)]
pub struct Unverified<'a> {
    header: Header,
    signed: &'a str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    /// Takes a compact token apart, in time linear in at most [`MAX_TOKEN`] bytes.
    ///
    /// # Errors
    /// An [`Error`] for the first rule that is broken.
    pub fn parse(token: &'a str) -> Result<Self, Error> {
        let Compact { header, payload, signature, signed } = Compact::parse(token)?;
        Ok(Self { header: Header::parse(&header)?, signed, payload, signature })
    }

    /// The algorithm that the header names.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// The id of the key that the header names.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The kind of token that the header names, as written.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// Whether the header says that this is a token of `kind`.
    #[must_use]
    pub fn is_typed(&self, kind: HeaderType) -> bool {
        self.typ().is_some_and(|typ| kind.matches(typ))
    }

    /// Checks the signature, and that what was signed is a JSON object with unique names.
    ///
    /// # Errors
    /// [`Error::AlgorithmMismatch`], [`Error::Signature`] or [`Error::Payload`].
    pub fn verify(self, key: &VerifyingKey) -> Result<Verified, Error> {
        key.verify(self.header.algorithm, self.signed.as_bytes(), &self.signature)?;
        Verified::of(self.header.typ, self.payload)
    }

    /// Verifies with the key of the set that the header names.
    ///
    /// # Errors
    /// Those of [`JwkSet::select`] and of [`verify`](Self::verify). Where no key is named, one that did not sign this is
    /// not the one that was meant: [`Error::UnknownKey`].
    pub fn verify_with(self, keys: &JwkSet) -> Result<Verified, Error> {
        let key = keys.select(self.kid(), self.algorithm())?.verifying_key();
        let is_named = self.kid().is_some();
        match self.verify(key) {
            Err(Error::Signature) if !is_named => Err(Error::UnknownKey),
            verified => verified,
        }
    }
}

/// A token whose signature was checked. Who signed it is known; whether it is for us is not yet.
#[derive(Debug)]
pub struct Verified {
    typ: Option<String>,
    /// A JSON object with unique names.
    payload: String,
}

impl Verified {
    /// After the signature: what was signed must be a JSON object with unique names.
    pub(super) fn of(typ: Option<String>, payload: Vec<u8>) -> Result<Self, Error> {
        strict_json::check_object(&payload, MAX_TOKEN).map_err(|_| Error::Payload)?;
        let payload = String::from_utf8(payload).map_err(|_| Error::Payload)?;
        Ok(Self { typ, payload })
    }

    /// The kind of token that the header names, as written.
    #[must_use]
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// Reads the claims; `required` are those without which `T` cannot be.
    ///
    /// # Errors
    /// [`ClaimsError::Missing`] with the first of `required` that is absent,
    /// [`ClaimsError::Malformed`] when any claim has another type than in `T`.
    pub fn claims<'de, T: Deserialize<'de>>(&'de self, required: &[&'static str]) -> Result<T, ClaimsError> {
        strict_json::from_checked(&self.payload).map_err(|_| {
            let present: Map<String, Value> = strict_json::from_checked(&self.payload).unwrap_or_default();
            let missing = required.iter().find(|name| !present.contains_key(**name));
            missing.map_or(ClaimsError::Malformed, |name| ClaimsError::Missing(name))
        })
    }
}
