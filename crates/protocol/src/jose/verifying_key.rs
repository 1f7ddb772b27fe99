//! Public keys that are ready to verify — RFC 7518 §3.3, RFC 7518 §3.4, RFC 7518 §3.5, RFC 8037 §3.1, §3.1.2.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256,
    RsaPublicKeyComponents,
};

use super::{Algorithm, Error, KeyError};

/// The only public exponent accepted: 65537.
pub(super) const RSA_EXPONENT: [u8; 3] = [1, 0, 1];

/// A parsed public key together with the algorithms that it may be used with.
#[derive(Clone)]
pub struct VerifyingKey {
    /// One, or two for an RSA key that was not limited to one by its `alg`.
    uses: Vec<(Algorithm, ParsedPublicKey)>,
    signature_length: usize,
}

impl VerifyingKey {
    /// Whether a token with this algorithm may be verified with this key.
    #[must_use]
    pub fn accepts(&self, algorithm: Algorithm) -> bool {
        self.uses.iter().any(|(used, _)| *used == algorithm)
    }

    /// RFC 7515 §5.2: whether `signature` is this key's over `input`.
    pub(super) fn verify(&self, algorithm: Algorithm, input: &[u8], signature: &[u8]) -> Result<(), Error> {
        let (_, key) =
            self.uses.iter().find(|(used, _)| *used == algorithm).ok_or(Error::AlgorithmMismatch)?;
        if signature.len() != self.signature_length {
            return Err(Error::Signature);
        }
        key.verify_sig(input, signature).map_err(|_| Error::Signature)
    }

    /// The coordinates of a point on P-256.
    pub(super) fn p256(x: &[u8; 32], y: &[u8; 32]) -> Result<Self, KeyError> {
        let mut point = vec![4];
        point.extend_from_slice(x);
        point.extend_from_slice(y);
        let key =
            ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::NotOnTheCurve)?;
        Ok(Self { uses: vec![(Algorithm::Es256, key)], signature_length: 64 })
    }

    /// A modulus of 2048 to 4096 bits; the exponent is 65537.
    pub(super) fn rsa(modulus: &[u8], only: Option<Algorithm>) -> Result<Self, KeyError> {
        let (Some(first), Some(last)) = (modulus.first(), modulus.last()) else {
            return Err(KeyError::RsaModulus);
        };
        let bits = modulus.len() * 8 - first.leading_zeros() as usize;
        if *first == 0 || last % 2 == 0 || !(2048..=4096).contains(&bits) {
            return Err(KeyError::RsaModulus);
        }
        let parts = RsaPublicKeyComponents { n: modulus, e: &RSA_EXPONENT[..] };
        let parse = |(algorithm, parameters)| match parts.to_parsed_public_key(parameters) {
            Ok(key) => Ok((algorithm, key)),
            Err(_) => Err(KeyError::RsaModulus),
        };
        let uses =
            [(Algorithm::Rs256, &RSA_PKCS1_2048_8192_SHA256), (Algorithm::Ps256, &RSA_PSS_2048_8192_SHA256)]
                .into_iter()
                .filter(|(algorithm, _)| only.is_none_or(|only| only == *algorithm))
                .map(parse)
                .collect::<Result<_, _>>()?;
        Ok(Self { uses, signature_length: modulus.len() })
    }

    /// A point on Curve25519 in Edwards form.
    pub(super) fn ed25519(point: &[u8; 32]) -> Result<Self, KeyError> {
        if is_of_small_order(point) {
            return Err(KeyError::SmallOrder);
        }
        let key = ParsedPublicKey::new(&ED25519, point).map_err(|_| KeyError::NotOnTheCurve)?;
        Ok(Self { uses: vec![(Algorithm::EdDsa, key)], signature_length: 64 })
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.uses.iter().map(|(algorithm, _)| algorithm)).finish()
    }
}

/// The points of order 1, 2, 4 and 8, also in the spellings that are not canonical, without the sign.
///
/// Under such a key one signature is valid for many messages, so it proves nothing.
const SMALL_ORDER: [[u8; 32]; 7] = [
    low(0),
    low(1),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
    high(0xec),
    high(0xed),
    high(0xee),
];

const fn low(y: u8) -> [u8; 32] {
    let mut point = [0; 32];
    point[0] = y;
    point
}

const fn high(y: u8) -> [u8; 32] {
    let mut point = [0xff; 32];
    point[0] = y;
    point[31] = 0x7f;
    point
}

fn is_of_small_order(point: &[u8; 32]) -> bool {
    let mut unsigned = *point;
    unsigned[31] &= 0x7f;
    SMALL_ORDER.contains(&unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jo_06_points_of_small_order_are_no_keys() {
        for point in SMALL_ORDER {
            let mut negative = point;
            negative[31] |= 0x80;
            for point in [point, negative] {
                assert_eq!(VerifyingKey::ed25519(&point).unwrap_err(), KeyError::SmallOrder);
            }
        }
    }

    /// Why: the library takes them, and then `R = identity, S = 0` signs about every eighth message.
    #[test]
    fn jo_06_the_library_alone_would_accept_a_universal_signature() {
        let mut signature = [0_u8; 64];
        signature[0] = 1;
        let forged = |point: &[u8; 32]| {
            let Ok(key) = ParsedPublicKey::new(&ED25519, point) else { return 0 };
            (0..200_u8).filter(|text| key.verify_sig(&[*text], &signature).is_ok()).count()
        };
        for canonical in [0, 1, 2, 3, 4] {
            assert!(forged(&SMALL_ORDER[canonical]) > 0, "{canonical}");
        }
    }

    #[test]
    fn jo_07_weak_rsa_moduli_are_no_keys() {
        let modulus = |bits: usize| {
            let mut modulus = vec![0xff; bits.div_ceil(8)];
            modulus[0] >>= (8 - bits % 8) % 8;
            modulus
        };
        for bits in [512, 1024, 2047, 4097, 8192, 16_384] {
            assert_eq!(VerifyingKey::rsa(&modulus(bits), None).unwrap_err(), KeyError::RsaModulus, "{bits}");
        }
        let mut even = modulus(2048);
        even[255] = 0xfe;
        assert_eq!(VerifyingKey::rsa(&even, None).unwrap_err(), KeyError::RsaModulus);
        let mut padded = vec![0];
        padded.extend(modulus(2048));
        assert_eq!(VerifyingKey::rsa(&padded, None).unwrap_err(), KeyError::RsaModulus);
        assert_eq!(VerifyingKey::rsa(&[], None).unwrap_err(), KeyError::RsaModulus);
    }

    #[test]
    fn points_off_the_curve_are_no_keys() {
        assert_eq!(VerifyingKey::p256(&[1; 32], &[1; 32]).unwrap_err(), KeyError::NotOnTheCurve);
        assert_eq!(VerifyingKey::p256(&[0; 32], &[0; 32]).unwrap_err(), KeyError::NotOnTheCurve);
    }
}
