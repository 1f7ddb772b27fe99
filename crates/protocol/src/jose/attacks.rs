//! What attackers send instead of a token — RFC 8725 §2.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Algorithm, ClaimsError, Error, HeaderType, Jwk, JwkSet, MAX_TOKEN, SigningKey, Unverified};
use crate::{base64url, client_jwt::is_known, digest::HmacKey};

static KEYS: LazyLock<Vec<SigningKey>> =
    LazyLock::new(|| Algorithm::ALL.iter().map(|one| SigningKey::generate(*one).unwrap()).collect());
static SET: LazyLock<JwkSet> = LazyLock::new(|| KEYS.iter().map(|key| key.public_jwk().clone()).collect());

fn key(algorithm: Algorithm) -> &'static SigningKey {
    KEYS.iter().find(|key| key.algorithm() == algorithm).unwrap()
}

fn refusal(token: &str) -> Option<Error> {
    Unverified::parse(token).and_then(|token| token.verify_with(&SET)).err()
}

fn header(algorithm: &str, kid: &str) -> String {
    json!({ "alg": algorithm, "kid": kid, "typ": "JWT" }).to_string()
}

/// RFC 7515 §5.1, RFC 7518 §3.
#[test]
fn every_algorithm_signs_what_it_verifies() {
    for key in KEYS.iter() {
        let token = key.sign(HeaderType::AccessToken, &json!({ "sub": "alice" })).unwrap();
        let unverified = Unverified::parse(&token).unwrap();
        assert_eq!(unverified.algorithm(), key.algorithm());
        assert_eq!((unverified.kid(), unverified.typ()), (Some(key.kid()), Some("at+jwt")));
        let verified = unverified.verify_with(&SET).unwrap();
        assert_eq!(verified.claims::<Value>(&[]).unwrap(), json!({ "sub": "alice" }));
        assert_eq!(key.kid(), key.public_jwk().thumbprint());
    }
}

/// RFC 5958 §2.
#[test]
fn keys_survive_being_kept() {
    for key in KEYS.iter() {
        let kept = SigningKey::from_pkcs8(key.algorithm(), key.to_pkcs8().unwrap().expose()).unwrap();
        assert_eq!(kept.public_jwk(), key.public_jwk());
        let token = kept.sign(HeaderType::Jwt, &json!({})).unwrap();
        assert_eq!(refusal(&token), None);
        assert!(SigningKey::from_pkcs8(key.algorithm(), b"junk").is_err());
        assert!(!format!("{key:?}").contains("primitive"));
    }
    let pkcs8 = key(Algorithm::Es256).to_pkcs8().unwrap();
    assert!(SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.expose()).is_err());
    assert!(SigningKey::from_pkcs8(Algorithm::Rs256, pkcs8.expose()).is_err());
}

#[test]
fn jo_01_unsigned_tokens() {
    let key = key(Algorithm::Es256);
    let token = key.sign(HeaderType::Jwt, &json!({})).unwrap();
    let (_, signed) = token.split_once('.').unwrap();
    for name in ["none", "None", "nOnE", "NONE", ""] {
        let header = base64url::encode(header(name, key.kid()).as_bytes());
        assert_eq!(refusal(&format!("{header}.{signed}")), Some(Error::Algorithm), "{name:?}");
        assert_eq!(refusal(&format!("{header}.e30.")), Some(Error::Algorithm), "{name:?}");
    }
    let missing = base64url::encode(br#"{"typ":"JWT"}"#);
    assert_eq!(refusal(&format!("{missing}.{signed}")), Some(Error::AlgorithmMissing));
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{signed}.")), Some(Error::Signature));
}

#[test]
fn jo_02_public_keys_used_as_secrets() {
    for key in KEYS.iter() {
        let jwk = serde_json::to_vec(key.public_jwk()).unwrap();
        for secret in [jwk.as_slice(), b"", key.kid().as_bytes()] {
            for name in ["HS256", "HS384", "HS512"] {
                let signed = base64url::encode(header(name, key.kid()).as_bytes()) + ".e30";
                let tag = HmacKey::new(secret).sign(signed.as_bytes());
                let token = format!("{signed}.{}", base64url::encode(tag));
                assert_eq!(refusal(&token), Some(Error::Algorithm));
            }
        }
    }
}

#[test]
fn jo_02_the_key_decides_the_algorithm() {
    for signer in KEYS.iter() {
        for named in KEYS.iter().filter(|named| named.kid() != signer.kid()) {
            let (own, other) = (signer.algorithm().as_str(), named.algorithm().as_str());
            let token = signer.sign_hostile(&header(own, named.kid()), b"{}");
            assert_eq!(refusal(&token), Some(Error::AlgorithmMismatch), "{own} {other}");
            let token = signer.sign_hostile(&header(other, named.kid()), b"{}");
            assert_eq!(refusal(&token), Some(Error::Signature), "{own} {other}");
            let token = signer.sign_hostile(&header(other, signer.kid()), b"{}");
            assert_eq!(refusal(&token), Some(Error::AlgorithmMismatch), "{own} {other}");
        }
    }
}

#[test]
fn jo_03_jo_04_keys_and_addresses_in_the_header_are_ignored() {
    let (ours, attacker) = (key(Algorithm::Es256), SigningKey::generate(Algorithm::Es256).unwrap());
    let hostile = |kid: &str| {
        json!({
            "alg": "ES256", "kid": kid, "jwk": attacker.public_jwk(), "x5c": ["MIIB"],
            "jku": "http://evil.example/jwks", "x5u": "http://evil.example/cert",
        })
        .to_string()
    };
    let token = attacker.sign_hostile(&hostile(ours.kid()), b"{}");
    assert_eq!(refusal(&token), Some(Error::Signature));
    let token = attacker.sign_hostile(&hostile(attacker.kid()), b"{}");
    assert_eq!(refusal(&token), Some(Error::UnknownKey));
    let token = ours.sign_hostile(&hostile(ours.kid()), b"{}");
    assert_eq!(refusal(&token), None, "the honest signature counts, the rest is not looked at");
}

#[test]
fn jo_05_signed_extensions() {
    let ours = key(Algorithm::Es256);
    for (member, expected) in [
        (r#""crit":["exp"]"#, Error::Critical),
        (r#""crit":[]"#, Error::Critical),
        (r#""b64":false"#, Error::UnencodedPayload),
        (r#""crit":["b64"],"b64":false"#, Error::Critical),
        (r#""crit":["x"],"crit":["y"]"#, Error::Header),
    ] {
        let header = format!(r#"{{"alg":"ES256","kid":"{}",{member}}}"#, ours.kid());
        assert_eq!(refusal(&ours.sign_hostile(&header, b"{}")), Some(expected), "{member}");
    }
}

#[test]
fn jo_06_ecdsa_signatures_out_of_range() {
    // The order of P-256.
    let order = base64url::decode("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE").unwrap();
    let token = key(Algorithm::Es256).sign(HeaderType::Jwt, &json!({})).unwrap();
    let (signed, good) = token.rsplit_once('.').unwrap();
    let good = base64url::decode(good).unwrap();
    let (r, s) = good.split_at(32);
    let (zero, one) = (vec![0; 32], [vec![0; 31], vec![1]].concat());
    let der = [&[0x30, 0x44, 0x02, 0x20][..], r, &[0x02, 0x20], s].concat();
    for hostile in [
        [&zero[..], &zero].concat(),
        [&zero[..], s].concat(),
        [r, &zero].concat(),
        [&one[..], &zero].concat(),
        [&order[..], s].concat(),
        [r, &order].concat(),
        [&order[..], &order].concat(),
        [s, r].concat(),
        vec![0xff; 64],
        [r, s, &[0]].concat(),
        [&[0], r, s].concat(),
        good[..63].to_vec(),
        good[1..].to_vec(),
        Vec::new(),
        der,
    ] {
        let token = format!("{signed}.{}", base64url::encode(&hostile));
        assert_eq!(refusal(&token), Some(Error::Signature), "{hostile:02x?}");
    }
}

#[test]
fn jo_06_eddsa_signatures_have_one_form() {
    // The order of the base point of Ed25519, little endian.
    let order = base64url::decode("7dP1XBpjEljWnPei3vneFAAAAAAAAAAAAAAAAAAAABA").unwrap();
    let token = key(Algorithm::EdDsa).sign(HeaderType::Jwt, &json!({})).unwrap();
    let (signed, good) = token.rsplit_once('.').unwrap();
    let mut malleable = base64url::decode(good).unwrap();
    let mut carry = 0;
    for (byte, added) in malleable[32..].iter_mut().zip(&order) {
        let sum = u16::from(*byte) + u16::from(*added) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    let forged = format!("{signed}.{}", base64url::encode(&malleable));
    assert_eq!(refusal(&forged), Some(Error::Signature));
    assert_eq!(refusal(&format!("{signed}.{}", base64url::encode([0; 64]))), Some(Error::Signature));
}

#[test]
fn jo_07_rsa_signatures_of_another_length() {
    for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
        let token = key(algorithm).sign(HeaderType::Jwt, &json!({})).unwrap();
        let (signed, good) = token.rsplit_once('.').unwrap();
        let good = base64url::decode(good).unwrap();
        for hostile in
            [[&[0], &good[..]].concat(), good[1..].to_vec(), vec![0; 256], vec![0xff; 256], vec![1]]
        {
            let token = format!("{signed}.{}", base64url::encode(&hostile));
            assert_eq!(refusal(&token), Some(Error::Signature));
        }
    }
}

/// RFC 7515 §7.1.
#[test]
fn jo_12_shape_and_spelling() {
    let good = key(Algorithm::Es256).sign(HeaderType::Jwt, &json!({})).unwrap();
    assert_eq!(refusal(&good), None);
    let dots = ".".repeat(1_000_000);
    assert_eq!(refusal(&dots), Some(Error::TooLong));
    assert_eq!(refusal(&dots[..MAX_TOKEN]), Some(Error::NotCompact));
    assert_eq!(refusal(&"a".repeat(MAX_TOKEN + 1)), Some(Error::TooLong));
    for hostile in
        ["", "a", "a.b", "....", &format!("{good}.{good}"), &format!("{good}.x"), &format!(".{good}")]
    {
        assert_eq!(refusal(hostile), Some(Error::NotCompact), "{hostile}");
    }
    for hostile in
        [format!("{good}="), format!(" {good}"), format!("{good}\n"), good.replace('.', ".\u{200b}")]
    {
        assert_eq!(refusal(&hostile), Some(Error::Encoding), "{hostile:?}");
    }
    assert_eq!(refusal(".."), Some(Error::Header));
    assert_eq!(refusal("e30.e30."), Some(Error::AlgorithmMissing));
}

/// RFC 7519 §7.2.
#[test]
fn jo_13_signed_nonsense_is_still_nonsense() {
    let ours = key(Algorithm::Es256);
    let header = header("ES256", ours.kid());
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
    for payload in [
        r#"{"sub":"alice","sub":"bob"}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"sub":"\ud800"}"#,
        r#"{"exp":NaN}"#,
        r#"{"exp":1e400}"#,
        r#"["alice"]"#,
        r#""alice""#,
        "null",
        "",
        "{}{}",
        &deep,
    ] {
        let token = ours.sign_hostile(&header, payload.as_bytes());
        assert_eq!(refusal(&token), Some(Error::Payload), "{payload}");
    }
    assert_eq!(refusal(&ours.sign_hostile(&header, b"{\"sub\":\"\xff\"}")), Some(Error::Payload));
    for header in [
        r#"{"alg":"ES256","alg":"none"}"#,
        r#"["ES256"]"#,
        r#"{"alg":null}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","kid":1}"#,
        r#"{"alg":"ES256","typ":null}"#,
        "{}x",
        "",
    ] {
        assert_eq!(refusal(&ours.sign_hostile(header, b"{}")), Some(Error::Header), "{header}");
    }
}

#[test]
fn jo_15_only_the_compact_form() {
    let token = key(Algorithm::Es256).sign(HeaderType::Jwt, &json!({})).unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] });
    let general =
        json!({ "payload": parts[1], "signatures": [{ "protected": parts[0], "signature": parts[2] }] });
    assert_eq!(refusal(&flattened.to_string()), Some(Error::NotCompact));
    assert_eq!(refusal(&general.to_string()), Some(Error::NotCompact));
    let detached = format!("{}..{}", parts[0], parts[2]);
    assert_eq!(refusal(&detached), Some(Error::Signature));
}

#[test]
fn jo_16_a_signed_token_around_another_is_no_claims_set() {
    let ours = key(Algorithm::Es256);
    let inner = base64url::encode(br#"{"alg":"none"}"#) + ".e30.";
    let header = json!({ "alg": "ES256", "kid": ours.kid(), "cty": "JWT" }).to_string();
    assert_eq!(refusal(&ours.sign_hostile(&header, inner.as_bytes())), Some(Error::Payload));
}

/// RFC 7515 §4.1.4.
#[test]
fn rs_06_which_key_it_was() {
    let ours = key(Algorithm::Es256);
    let nameless = ours.sign_hostile(r#"{"alg":"ES256"}"#, b"{}");
    assert_eq!(refusal(&nameless), None, "one key of the set has the algorithm");
    let rotated = SigningKey::generate(Algorithm::Es256).unwrap();
    // A provider that names no key has changed it: a newer set has the one that was meant.
    let newer = rotated.sign_hostile(r#"{"alg":"ES256"}"#, b"{}");
    assert_eq!(refusal(&newer), Some(Error::UnknownKey));
    assert!(!is_known(&newer, &SET) && is_known(&nameless, &SET));
    let two = JwkSet::new(vec![ours.public_jwk().clone(), rotated.public_jwk().clone()]);
    let select = |set: &JwkSet, kid| set.select(kid, Algorithm::Es256).map(|_| ()).err();
    assert_eq!(select(&two, None), Some(Error::AmbiguousKey));
    assert_eq!(select(&two, Some(rotated.kid())), None);
    assert_eq!(select(&two, Some("other")), Some(Error::UnknownKey));
    assert_eq!(select(&JwkSet::default(), None), Some(Error::UnknownKey));
    let rsa_only = JwkSet::new(vec![key(Algorithm::Rs256).public_jwk().clone()]);
    assert_eq!(select(&rsa_only, None), Some(Error::UnknownKey));
}

#[test]
fn claims_of_the_wrong_type_are_told_from_missing_ones() {
    #[derive(Debug, serde::Deserialize)]
    struct Claims {
        #[expect(dead_code, reason = "only parsed")]
        sub: String,
    }
    let read = |claims: Value| {
        let token = key(Algorithm::Es256).sign(HeaderType::Jwt, &claims).unwrap();
        Unverified::parse(&token).unwrap().verify_with(&SET).unwrap().claims::<Claims>(&["sub"]).unwrap_err()
    };
    assert_eq!(read(json!({})), ClaimsError::Missing("sub"));
    assert_eq!(read(json!({ "sub": null })), ClaimsError::Malformed);
}

#[test]
fn a_published_private_key_is_no_public_key() {
    let mut members = serde_json::to_value(key(Algorithm::Es256).public_jwk()).unwrap();
    members["d"] = json!("AAAA");
    assert!(serde_json::from_value::<Jwk>(members).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn changed_tokens_are_never_accepted(which in 0..4_usize, at: prop::sample::Index, to in "[A-Za-z0-9_.=-]") {
        let token = KEYS[which].sign(HeaderType::AccessToken, &json!({ "sub": "alice", "exp": 1 })).unwrap();
        prop_assert_eq!(refusal(&token), None);
        let at = at.index(token.len());
        let changed = format!("{}{to}{}", &token[..at], &token[at + 1..]);
        prop_assert!(changed == token || refusal(&changed).is_some());
        prop_assert!(refusal(&token[..at]).is_some());
        let longer = format!("{}{to}{}", &token[..at], &token[at..]);
        prop_assert!(refusal(&longer).is_some());
    }

    #[test]
    fn hostile_texts_never_panic(text: String, header: String, payload: Vec<u8>) {
        prop_assert!(refusal(&text).is_some());
        let text = [base64url::encode(header.as_bytes()), base64url::encode(&payload), text].join(".");
        prop_assert!(refusal(&text).is_some());
    }
}
