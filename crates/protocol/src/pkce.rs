//! Proof Key for Code Exchange — RFC 7636 §4.
//!
//! Only `S256`. `plain` shows the verifier to whoever sees the authorization request, and a request
//! that names no method means `plain` (RFC 7636 §4.3), so both are refused.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{
    base64url,
    digest::sha256,
    error::rule_errors,
    random,
    secret::{Secret, constant_time_eq},
};

rule_errors! {
    /// Why a code verifier does not answer the challenge — RFC 7636 §4.6.
    pub enum Error {
        /// A challenge was made and no verifier came.
        Missing => InvalidGrant, "code_verifier is missing";
        /// A verifier came although no challenge was made: somebody took the challenge away
        /// (PKCE downgrade, RFC 9700 §4.8.2).
        Unexpected => InvalidGrant, "code_verifier was not expected";
        /// The verifier is not the one that the challenge was made from.
        Mismatch => InvalidGrant, "code_verifier does not match code_challenge";
    }
}

rule_errors! {
    /// Why a value is not a code challenge, its method or a code verifier — RFC 7636 §4.1, §4.2, §4.3.
    pub enum ParseError {
        /// The challenge is not the base64url text of a SHA-256 digest (43 characters).
        Challenge => InvalidRequest, "code_challenge must be 43 base64url characters";
        /// No method was named, which means `plain`.
        MethodMissing => InvalidRequest, "code_challenge_method is missing; S256 is required";
        /// A method other than `S256` was named.
        Method => InvalidRequest, "code_challenge_method must be S256";
        /// The verifier is shorter than 43 or longer than 128 characters.
        VerifierLength => InvalidRequest, "code_verifier must have 43 to 128 characters";
        /// The verifier has a character that is not unreserved (RFC 3986 §2.3).
        VerifierCharacter => InvalidRequest, "code_verifier has a character that is not allowed";
    }
}

/// How a challenge is made from a verifier — RFC 7636 §4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChallengeMethod {
    /// `BASE64URL(SHA256(verifier))`.
    S256,
}

impl ChallengeMethod {
    /// Every method, as metadata lists them.
    pub const ALL: &'static [Self] = &[Self::S256];

    /// The method that the parameter `code_challenge_method` names.
    ///
    /// # Errors
    /// [`ParseError::MethodMissing`] when absent, [`ParseError::Method`] for all but exactly `S256`.
    pub fn parse(parameter: Option<&str>) -> Result<Self, ParseError> {
        match parameter {
            Some("S256") => Ok(Self::S256),
            Some(_) => Err(ParseError::Method),
            None => Err(ParseError::MethodMissing),
        }
    }

    /// The method's registered name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::S256 => "S256",
        }
    }
}

/// The `code_challenge` of an authorization request — RFC 7636 §4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Reads the base64url text of a SHA-256 digest.
    ///
    /// # Errors
    /// [`ParseError::Challenge`] for anything but the 43 characters of its only spelling.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        base64url::decode_array(text).map(Self).map_err(|_| ParseError::Challenge)
    }

    /// The digest itself.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The challenge with this digest.
    #[must_use]
    pub const fn from_bytes(digest: [u8; 32]) -> Self {
        Self(digest)
    }
}

impl fmt::Display for CodeChallenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::encode(self.0))
    }
}

impl Serialize for CodeChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodeChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The `code_verifier` of a token request: 43 to 128 unreserved characters — RFC 7636 §4.1.
#[derive(Clone, Debug)]
pub struct CodeVerifier(Secret<String>);

impl CodeVerifier {
    /// Makes a verifier of 256 random bits (43 characters).
    #[must_use]
    pub fn generate() -> Self {
        Self(Secret::new(random::token()))
    }

    /// Reads a verifier.
    ///
    /// # Errors
    /// [`ParseError::VerifierLength`] or [`ParseError::VerifierCharacter`].
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if !(43..=128).contains(&text.len()) {
            return Err(ParseError::VerifierLength);
        }
        if !text.bytes().all(is_unreserved) {
            return Err(ParseError::VerifierCharacter);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The text to send in the token request.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The challenge to send in the authorization request, by `S256`.
    #[must_use]
    pub fn challenge(&self) -> CodeChallenge {
        CodeChallenge(sha256(self.expose().as_bytes()))
    }
}

/// RFC 7636 §4.6: the verifier must answer the challenge that the code was issued for.
///
/// Whether a request without a challenge was allowed at all is policy and decided when the code is
/// issued; here nothing absent is taken for fine.
///
/// # Errors
/// One [`Error`] for each way in which they do not belong together.
pub fn verify(challenge: Option<&CodeChallenge>, verifier: Option<&CodeVerifier>) -> Result<(), Error> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Error::Missing),
        (None, Some(_)) => Err(Error::Unexpected),
        (Some(challenge), Some(verifier)) => {
            let matches = constant_time_eq(&challenge.0, &verifier.challenge().0);
            if matches { Ok(()) } else { Err(Error::Mismatch) }
        }
    }
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn vector_of_rfc_7636_appendix_b() {
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        let challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        assert_eq!(verifier.challenge(), challenge);
        assert_eq!(challenge.to_string(), CHALLENGE);
        assert_eq!(verify(Some(&challenge), Some(&verifier)), Ok(()));
    }

    #[test]
    fn az_24_only_s256() {
        assert_eq!(ChallengeMethod::parse(Some("S256")), Ok(ChallengeMethod::S256));
        assert_eq!(ChallengeMethod::parse(None), Err(ParseError::MethodMissing));
        for other in ["plain", "s256", "S256 ", "", "S512", "none"] {
            assert_eq!(ChallengeMethod::parse(Some(other)), Err(ParseError::Method), "{other:?}");
        }
        assert!(ChallengeMethod::ALL.iter().all(|m| ChallengeMethod::parse(Some(m.as_str())) == Ok(*m)));
    }

    #[test]
    fn challenges_have_one_spelling() {
        for bad in ["", "E9", VERIFIER.repeat(2).as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cN"] {
            assert_eq!(CodeChallenge::parse(bad), Err(ParseError::Challenge), "{bad:?}");
        }
        assert_eq!(CodeChallenge::parse(&format!("{CHALLENGE}=")), Err(ParseError::Challenge));
        let json = serde_json::to_string(&CodeChallenge::parse(CHALLENGE).unwrap()).unwrap();
        assert_eq!(json, format!("\"{CHALLENGE}\""));
        assert!(serde_json::from_str::<CodeChallenge>("\"x\"").is_err());
        assert_eq!(serde_json::from_str::<CodeChallenge>(&json).unwrap().to_string(), CHALLENGE);
    }

    /// RFC 3986 §2.3.
    #[test]
    fn co_08_malformed_verifiers() {
        let parse = |text: &str| CodeVerifier::parse(text).err();
        assert_eq!(parse(&"a".repeat(42)), Some(ParseError::VerifierLength));
        assert_eq!(parse(&"a".repeat(43)), None);
        assert_eq!(parse(&"~".repeat(128)), None);
        assert_eq!(parse(&"a".repeat(129)), Some(ParseError::VerifierLength));
        assert_eq!(parse(""), Some(ParseError::VerifierLength));
        for bad in ["+", "/", "=", " ", "%", "\0", "\n", "é"] {
            let text = format!("{}{bad}", "a".repeat(43));
            assert_eq!(parse(&text), Some(ParseError::VerifierCharacter), "{bad:?}");
        }
    }

    #[test]
    fn co_07_co_08_co_09_absent_is_not_fine() {
        let verifier = CodeVerifier::generate();
        let challenge = verifier.challenge();
        assert_eq!(verify(None, None), Ok(()));
        assert_eq!(verify(Some(&challenge), None), Err(Error::Missing));
        assert_eq!(verify(None, Some(&verifier)), Err(Error::Unexpected));
        assert_eq!(verify(Some(&challenge), Some(&CodeVerifier::generate())), Err(Error::Mismatch));
        let echoed = CodeVerifier::parse(&challenge.to_string()).unwrap();
        assert_eq!(
            verify(Some(&challenge), Some(&echoed)),
            Err(Error::Mismatch),
            "the challenge is no verifier"
        );
    }

    #[test]
    fn verifiers_are_secret() {
        assert_eq!(format!("{:?}", CodeVerifier::parse(VERIFIER).unwrap()), "CodeVerifier(***)");
    }

    proptest! {
        /// RFC 7636 §4, §4.5.
        #[test]
        fn only_its_own_verifier_answers(text in "[A-Za-z0-9._~-]{43,128}", at: prop::sample::Index) {
            let verifier = CodeVerifier::parse(&text).unwrap();
            let challenge = CodeChallenge::parse(&verifier.challenge().to_string()).unwrap();
            prop_assert_eq!(verify(Some(&challenge), Some(&verifier)), Ok(()));
            let mut bytes = text.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = if bytes[at] == b'a' { b'b' } else { b'a' };
            let other = CodeVerifier::parse(&String::from_utf8(bytes).unwrap()).unwrap();
            prop_assert_eq!(verify(Some(&challenge), Some(&other)), Err(Error::Mismatch));
        }
    }
}
