//! The specifications' own examples — RFC 7515 Appendix A.1, Appendix A.2, Appendix A.3, Appendix A.4, Appendix A.5,
//! Appendix A.6, Appendix A.7, Appendix E, RFC 7516 Appendix A.1, RFC 7517 Appendix A.1, Appendix A.2, Appendix A.3,
//! Appendix B, Appendix C.1, RFC 7519 Appendix A.1, RFC 7520 §3, §4, §5, RFC 7638 §3.1, RFC 8037 Appendix A.1,
//! Appendix A.2, Appendix A.3, Appendix A.4, Appendix A.6.
//!
//! `vectors/README.md` says where the data is from.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Algorithm, Error, Jwk, JwkSet, KeyError, SharedKey, Unverified, UnverifiedMac};
use crate::base64url;

#[derive(Deserialize)]
struct Signed {
    source: String,
    key: Map<String, Value>,
    token: String,
    /// Whether the payload is a JSON object.
    claims: bool,
}

#[derive(Deserialize)]
struct Refused {
    source: String,
    token: String,
    error: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Key>,
    sets: Vec<Set>,
}

#[derive(Deserialize)]
struct Key {
    source: String,
    key: Map<String, Value>,
    refused: Option<String>,
}

#[derive(Deserialize)]
struct Set {
    source: String,
    set: Value,
    kept: usize,
}

fn keys() -> Keys {
    serde_json::from_str(include_str!("vectors/keys.json")).unwrap()
}

fn text<'a>(key: &'a Map<String, Value>, name: &str) -> &'a str {
    key.get(name).and_then(Value::as_str).unwrap()
}

/// RFC 7515 §5.2, RFC 7518 §3.2, §3.3, §3.4, RFC 8037 §3.1.2.
#[test]
fn jo_06_every_printed_signature_is_good_and_only_for_what_was_signed() {
    let all: Vec<Signed> = serde_json::from_str(include_str!("vectors/signed.json")).unwrap();
    assert_eq!(all.len(), 6);
    for Signed { source, key, token, claims } in all {
        let verify = |token: &str| match text(&key, "kty") {
            "oct" => {
                let secret = SharedKey::of_bytes(&base64url::decode(text(&key, "k")).unwrap());
                UnverifiedMac::parse(token).and_then(|token| token.verify(&[secret]))
            }
            _ => {
                let key = Jwk::from_members(&key).unwrap();
                Unverified::parse(token).and_then(|token| token.verify(key.verifying_key()))
            }
        };
        // What is signed well and is no JSON object is refused for that alone.
        assert_eq!(verify(&token).map(drop), if claims { Ok(()) } else { Err(Error::Payload) }, "{source}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut other = base64url::decode(signature).unwrap();
        other[0] ^= 1;
        let forged = format!("{signed}.{}", base64url::encode(other));
        assert_eq!(verify(&forged).map(drop), Err(Error::Signature), "{source}");
        let (header, payload) = signed.split_once('.').unwrap();
        let mut other = base64url::decode(payload).unwrap();
        other[0] ^= 1;
        let changed = format!("{header}.{}.{signature}", base64url::encode(other));
        assert_eq!(verify(&changed).map(drop), Err(Error::Signature), "{source}");
    }
}

/// RFC 7515 §3.1, §4.1.11, §7.1, RFC 7518 §3.1: what is not supported is refused, by both families.
#[test]
fn jo_06_what_is_printed_and_not_supported_is_refused() {
    let all: Vec<Refused> = serde_json::from_str(include_str!("vectors/refused.json")).unwrap();
    assert_eq!(all.len(), 28);
    for Refused { source, token, error } in all {
        let expected = match error.as_str() {
            "Algorithm" => Error::Algorithm,
            "Critical" => Error::Critical,
            _ => Error::NotCompact,
        };
        assert_eq!(Unverified::parse(&token).unwrap_err(), expected, "{source}");
        assert_eq!(UnverifiedMac::parse(&token).unwrap_err(), expected, "{source}");
    }
}

/// RFC 7515 Appendix F, RFC 7520 §4.5: without its payload a token is another one.
#[test]
fn jo_06_a_detached_payload_is_not_looked_for() {
    let all: Vec<Signed> = serde_json::from_str(include_str!("vectors/signed.json")).unwrap();
    let Signed { key, token, .. } = all.into_iter().find(|one| one.source == "RFC 7520 §4.4").unwrap();
    let parts: Vec<&str> = token.split('.').collect();
    let [header, _, tag] = parts.as_slice() else { panic!("{token}") };
    let secret = SharedKey::of_bytes(&base64url::decode(text(&key, "k")).unwrap());
    let detached = format!("{header}..{tag}");
    let refused = UnverifiedMac::parse(&detached).and_then(|token| token.verify(&[secret])).unwrap_err();
    assert_eq!(refused, Error::Signature);
}

/// RFC 7517 §4, §5, RFC 7518 §6.2.2, §6.3.2, §6.4.1, RFC 8037 §2.
#[test]
fn jo_06_printed_keys_are_read_and_private_ones_are_not() {
    let Keys { keys, sets } = keys();
    assert_eq!((keys.len(), sets.len()), (14, 1));
    for Key { source, key, refused } in keys {
        let expected = match refused.as_deref() {
            None => Ok(()),
            Some("Private") => Err(KeyError::Private),
            Some(_) => Err(KeyError::Unsupported),
        };
        assert_eq!(Jwk::from_members(&key).map(drop), expected, "{source}: {key:?}");
    }
    for Set { source, set, kept } in sets {
        assert_eq!(JwkSet::parse(set.to_string().as_bytes()).unwrap().keys().len(), kept, "{source}");
    }
}

const PAYLOAD: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

const A_2_KEY: &str = r#"{"kty":"RSA","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;

const A_2_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

const A_3_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;

const A_3_SIGNATURE: &str =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

const RFC_7638_KEY: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}"#;

const ED25519_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    #[serde(rename = "http://example.com/is_root")]
    is_root: bool,
}

fn key(json: &str) -> Jwk {
    Jwk::parse(json.as_bytes()).unwrap()
}

#[test]
fn signatures_of_rfc_7515_a_2_and_a_3() {
    for (header, signature, json, algorithm) in [
        ("eyJhbGciOiJSUzI1NiJ9", A_2_SIGNATURE, A_2_KEY, Algorithm::Rs256),
        ("eyJhbGciOiJFUzI1NiJ9", A_3_SIGNATURE, A_3_KEY, Algorithm::Es256),
    ] {
        let token = format!("{header}.{PAYLOAD}.{signature}");
        let unverified = Unverified::parse(&token).unwrap();
        assert_eq!((unverified.algorithm(), unverified.kid(), unverified.typ()), (algorithm, None, None));
        let verified = unverified.verify(key(json).verifying_key()).unwrap();
        let claims: Claims = verified.claims(&["iss"]).unwrap();
        assert_eq!((claims.iss.as_str(), claims.is_root), ("joe", true));
        let set = JwkSet::new(vec![key(A_2_KEY), key(A_3_KEY), key(ED25519_KEY)]);
        assert!(Unverified::parse(&token).unwrap().verify_with(&set).is_ok(), "one key has the algorithm");
    }
}

/// RFC 8037 Appendix A.4. What it signs is a sentence, so only the signature is good: it is no JWT.
#[test]
fn signature_of_rfc_8037_a_4() {
    let signed = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let key = key(ED25519_KEY);
    let bytes = base64url::decode(signature).unwrap();
    assert_eq!(key.verifying_key().verify(Algorithm::EdDsa, signed.as_bytes(), &bytes), Ok(()));
    let token = format!("{signed}.{signature}");
    let refused = Unverified::parse(&token).unwrap().verify(key.verifying_key()).unwrap_err();
    assert_eq!(refused, Error::Payload);
}

/// RFC 7638 §3, §3.2, RFC 8037 §2, Appendix A.3.
#[test]
fn thumbprints_of_rfc_7638_3_1_and_rfc_8037_a_3() {
    assert_eq!(key(RFC_7638_KEY).thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key(ED25519_KEY).thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

/// RFC 7517 Appendix A.1: the first key is for encryption.
#[test]
fn key_set_of_rfc_7517_a_1() {
    let encryption = r#"{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"}"#;
    let set = JwkSet::parse(format!(r#"{{"keys":[{encryption},{RFC_7638_KEY}]}}"#).as_bytes()).unwrap();
    assert_eq!(set.keys().len(), 1);
    assert_eq!(set.find("2011-04-29").and_then(Jwk::algorithm), Some(Algorithm::Rs256));
    assert!(set.find("1").is_none());
}

#[test]
fn keys_are_written_as_they_were_read() {
    for json in [A_2_KEY, A_3_KEY, RFC_7638_KEY, ED25519_KEY] {
        let mut expected: Value = serde_json::from_str(json).unwrap();
        expected["use"] = "sig".into();
        assert_eq!(serde_json::to_value(key(json)).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Jwk>(expected).unwrap(), key(json));
    }
}
