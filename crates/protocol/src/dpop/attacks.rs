//! What attackers send instead of a proof — RFC 9449 §4.3, §11.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Address, Confirmation, Error, Expectations, MAX_NAME, MAX_PROOF, NewProof, Proof, Thumbprint};
use crate::{
    base64url,
    digest::{HmacKey, sha256_base64url},
    error::{Endpoint, OAuthError},
    jose::{Algorithm, SigningKey},
    time::Timestamp,
};

static KEYS: LazyLock<Vec<SigningKey>> =
    LazyLock::new(|| Algorithm::ALL.iter().map(|one| SigningKey::generate(*one).unwrap()).collect());
static ADDRESS: LazyLock<Address> = LazyLock::new(|| Address::parse("https://as.example/token").unwrap());

const NOW: i64 = 1_800_000_000;

fn key() -> &'static SigningKey {
    &KEYS[0]
}

fn header() -> Value {
    json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key().public_jwk() })
}

fn claims() -> Value {
    json!({ "jti": "j", "htm": "POST", "htu": "https://as.example/token", "iat": NOW })
}

fn judged(text: &str, access_token: Option<&str>) -> Result<Proof, Error> {
    let now = Timestamp::from_unix(NOW);
    Proof::verify(text, &Expectations { method: "POST", address: &ADDRESS, access_token, now })
}

fn signed(header: &Value, claims: &Value) -> String {
    key().sign_hostile(&header.to_string(), claims.to_string().as_bytes())
}

fn with_header(name: &str, value: Value) -> Option<Error> {
    let mut header = header();
    header[name] = value;
    judged(&signed(&header, &claims()), None).err()
}

fn with_claim(name: &str, value: Value) -> Option<Error> {
    let mut claims = claims();
    claims[name] = value;
    judged(&signed(&header(), &claims), None).err()
}

#[test]
fn what_a_client_makes_is_a_proof_for_that_request_once() {
    let now = Timestamp::from_unix(NOW);
    let address = "https://as.example/token?x=1#y";
    let made = NewProof { method: "POST", address, access_token: Some("token"), nonce: Some("n"), now };
    for key in KEYS.iter() {
        let (one, other) = (made.sign(key).unwrap(), made.sign(key).unwrap());
        let (one, other) = (judged(&one, Some("token")).unwrap(), judged(&other, Some("token")).unwrap());
        assert_eq!((one.key(), one.nonce()), (Thumbprint::of(key.public_jwk()), Some("n")));
        assert_ne!(one.use_id(), other.use_id());
    }
}

#[test]
fn every_algorithm_proves_its_key() {
    for key in KEYS.iter() {
        let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.public_jwk() });
        let text = key.sign_hostile(&header.to_string(), claims().to_string().as_bytes());
        assert_eq!(judged(&text, None).unwrap().key(), Thumbprint::of(key.public_jwk()));
    }
}

/// RFC 9449 §4, §4.1.
#[test]
fn po_01_one_header_that_is_a_proof() {
    assert_eq!(Proof::take([]), Ok(None));
    assert_eq!(Proof::take([&b"a"[..]]), Ok(Some("a")));
    assert_eq!(Proof::take([&b"a"[..], b"a"]), Err(Error::SeveralHeaders));
    assert_eq!(Proof::take([&b"\xff"[..]]), Err(Error::Malformed));
    let good = signed(&header(), &claims());
    assert!(judged(&good, None).is_ok());
    for text in ["", "a", "a.b", "a.b.c.d", "..", "토큰", &format!("{good} "), &format!("{good}, {good}")] {
        assert_eq!(judged(text, None), Err(Error::Malformed), "{text}");
    }
    let long = with_claim("x", json!("x".repeat(MAX_PROOF)));
    assert_eq!(long, Some(Error::Malformed));
}

#[test]
fn po_02_other_kinds_of_tokens() {
    for typ in ["dpop+jwt", "DPoP+JWT", "application/dpop+jwt"] {
        assert_eq!(with_header("typ", json!(typ)), None, "{typ}");
    }
    for typ in ["JWT", "at+jwt", "dpop", "jwt+dpop", "dpop+jwt ", ""] {
        assert_eq!(with_header("typ", json!(typ)), Some(Error::WrongType), "{typ}");
    }
    assert_eq!(with_header("typ", json!(null)), Some(Error::Malformed));
    let mut untyped = header();
    untyped.as_object_mut().unwrap().remove("typ");
    assert_eq!(judged(&signed(&untyped, &claims()), None), Err(Error::WrongType));
}

#[test]
fn po_02_no_symmetric_and_no_missing_signatures() {
    for name in ["none", "None", "HS256", "HS512", "es256", "ES256K", "RSA-OAEP", ""] {
        assert_eq!(with_header("alg", json!(name)), Some(Error::Malformed), "{name}");
    }
    let mut header = header();
    header["alg"] = json!("HS256");
    let signed_part = [header.to_string(), claims().to_string()].map(base64url::encode).join(".");
    let tag = HmacKey::new(&serde_json::to_vec(key().public_jwk()).unwrap()).sign(signed_part.as_bytes());
    assert_eq!(judged(&format!("{signed_part}.{}", base64url::encode(tag)), None), Err(Error::Malformed));
    assert_eq!(with_header("alg", json!("RS256")), Some(Error::Signature), "the key decides");
    assert_eq!(with_header("crit", json!(["exp"])), Some(Error::Malformed));
    assert_eq!(with_header("b64", json!(false)), Some(Error::Malformed));
    let good = signed(&self::header(), &claims());
    assert_eq!(judged(&format!("{}.", good.rsplit_once('.').unwrap().0), None), Err(Error::Signature));
}

#[test]
fn po_02_the_key_is_public_strong_and_in_the_header() {
    let mut named = header();
    named.as_object_mut().unwrap().remove("jwk");
    named["kid"] = json!(key().kid());
    assert_eq!(judged(&signed(&named, &claims()), None), Err(Error::Key));
    let jwk = || serde_json::to_value(key().public_jwk()).unwrap();
    for private in ["d", "k", "p", "oth"] {
        let mut jwk = jwk();
        jwk[private] = json!("AAAA");
        assert_eq!(with_header("jwk", jwk), Some(Error::Key), "{private}");
    }
    let weak = base64url::encode([0xff; 128]);
    for jwk in [
        json!(null),
        json!("x"),
        json!([jwk()]),
        json!({}),
        json!({ "kty": "oct", "k": "AAAA" }),
        json!({ "kty": "RSA", "n": weak, "e": "AQAB" }),
        json!({ "kty": "RSA", "n": base64url::encode([0xff; 256]), "e": "Aw" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "A".repeat(43), "y": "A".repeat(43) }),
        json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url::encode([0; 32]) }),
    ] {
        assert_eq!(with_header("jwk", jwk.clone()), Some(Error::Key), "{jwk}");
    }
    let twice = format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{0},"jwk":{0}}}"#, jwk());
    assert_eq!(judged(&key().sign_hostile(&twice, b"{}"), None), Err(Error::Malformed));
}

#[test]
fn po_07_the_signature_is_the_keys_in_the_header() {
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let claimed = serde_json::to_value(other.public_jwk()).unwrap();
    assert_eq!(with_header("jwk", claimed), Some(Error::Signature));
}

#[test]
fn po_03_method_and_address_are_those_of_the_request() {
    for method in ["GET", "post", "Post", "POST ", ""] {
        assert_eq!(with_claim("htm", json!(method)), Some(Error::Method), "{method}");
    }
    for same in ["https://as.example/token", "HTTPS://AS.example:443/%74oken?a=b#c"] {
        assert_eq!(with_claim("htu", json!(same)), None, "{same}");
    }
    for other in
        ["https://as.example/par", "http://as.example/token", "https://evil.example/token", "/token", ""]
    {
        assert_eq!(with_claim("htu", json!(other)), Some(Error::Address), "{other}");
    }
}

#[test]
fn po_05_ten_seconds_pass_and_sixty_do_not() {
    for offset in [-30, -10, 0, 10, 30] {
        assert_eq!(with_claim("iat", json!(NOW + offset)), None, "{offset}");
    }
    for offset in [-86_400, -60, -31, 31, 60, 86_400] {
        assert_eq!(with_claim("iat", json!(NOW + offset)), Some(Error::Time), "{offset}");
    }
    assert_eq!(with_claim("exp", json!(NOW + 1)), None);
    assert_eq!(with_claim("exp", json!(NOW - 30)), Some(Error::Time));
    assert_eq!(with_claim("nbf", json!(NOW + 30)), None);
    assert_eq!(with_claim("nbf", json!(NOW + 31)), Some(Error::Time));
}

#[test]
fn po_05_a_proof_is_remembered_for_as_long_as_it_is_taken() {
    for offset in [-30, 0, 30] {
        let mut claims = claims();
        claims["iat"] = json!(NOW + offset);
        let text = signed(&header(), &claims);
        let refused_from = judged(&text, None).unwrap().refused_from();
        let at = |now| {
            let expected = Expectations {
                method: "POST",
                address: &ADDRESS,
                access_token: None,
                now: Timestamp::from_unix(now),
            };
            Proof::verify(&text, &expected)
        };
        assert!(at(refused_from.unix() - 1).is_ok());
        assert_eq!(at(refused_from.unix()), Err(Error::Time));
    }
}

#[test]
fn po_01_claims_of_a_wrong_type_or_missing() {
    for name in ["jti", "htm", "htu", "iat"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(judged(&signed(&header(), &claims), None), Err(Error::Claims), "{name}");
    }
    for name in ["jti", "htm", "htu", "nonce", "ath"] {
        for wrong in [json!(null), json!(1), json!(["x"]), json!({})] {
            assert_eq!(with_claim(name, wrong.clone()), Some(Error::Claims), "{name} {wrong}");
        }
    }
    for wrong in [json!(null), json!("1800000000"), json!(1.8e9), json!(-1), json!(true)] {
        assert_eq!(with_claim("iat", wrong.clone()), Some(Error::Claims), "{wrong}");
    }
    for name in ["jti", "nonce"] {
        assert_eq!(with_claim(name, json!("x".repeat(MAX_NAME))), None);
        assert_eq!(with_claim(name, json!("x".repeat(MAX_NAME + 1))), Some(Error::Name));
        assert_eq!(with_claim(name, json!("")), Some(Error::Name));
    }
    assert_eq!(judged(&key().sign_hostile(&header().to_string(), b"[]"), None), Err(Error::Signature));
}

#[test]
fn po_06_the_access_token_is_the_one_that_came_with_it() {
    let with = |ath: Value| {
        let mut claims = claims();
        claims["ath"] = ath;
        judged(&signed(&header(), &claims), Some("token")).err()
    };
    assert_eq!(with(json!(sha256_base64url("token"))), None);
    for ath in ["", "token", &sha256_base64url("other"), &format!("{}=", sha256_base64url("token"))] {
        assert_eq!(with(json!(ath)), Some(Error::AccessToken), "{ath}");
    }
    assert_eq!(judged(&signed(&header(), &claims()), Some("token")), Err(Error::AccessToken));
}

#[test]
fn po_04_a_use_is_of_one_key_and_one_jti() {
    let name = |key: &SigningKey, jti: &str| {
        let header = json!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.public_jwk() });
        let mut claims = claims();
        claims["jti"] = json!(jti);
        let text = key.sign_hostile(&header.to_string(), claims.to_string().as_bytes());
        judged(&text, None).unwrap().use_id()
    };
    assert_eq!(name(key(), "a"), name(key(), "a"), "signed again, it is the same proof");
    assert_ne!(name(key(), "a"), name(key(), "b"));
    assert_ne!(name(key(), "a"), name(&KEYS[1], "a"), "nobody uses up what is another one's");
}

#[test]
fn a_confirmation_is_a_thumbprint_and_nothing_else() {
    let read = |value: Value| serde_json::from_value::<Confirmation>(value).ok();
    let jkt = Thumbprint::of(key().public_jwk());
    assert_eq!(read(json!({ "jkt": jkt })), Some(Confirmation { jkt }));
    let both = json!({ "jkt": jkt, "x5t#S256": jkt });
    for other in [json!({}), json!(null), json!({ "jkt": "x" }), json!({ "x5t#S256": jkt }), both] {
        assert_eq!(read(other.clone()), None, "{other}");
    }
    for text in ["", "x", &format!("{jkt}="), &format!("{jkt}A"), &jkt.to_string()[1..]] {
        assert_eq!(Thumbprint::parse(text), None, "{text}");
    }
}

#[test]
fn every_error_may_be_sent_where_proofs_are_read() {
    for &error in Error::ALL {
        for endpoint in [Endpoint::Token, Endpoint::PushedRequest, Endpoint::Resource] {
            assert!(OAuthError::from(error).code.is_allowed_at(endpoint), "{error:?}");
        }
    }
}

proptest! {
    #[test]
    fn no_header_panics(bytes in proptest::collection::vec(any::<u8>(), 0..128)) {
        if let Ok(Some(text)) = Proof::take([bytes.as_slice()]) {
            prop_assert!(judged(text, None).is_err());
        }
    }

    #[test]
    fn hostile_claims_never_panic(name in "jti|htm|htu|iat|nonce|ath|exp|nbf", value: String) {
        let _ = with_claim(&name, json!(value));
    }
}
