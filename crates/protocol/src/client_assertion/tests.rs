//! Assertions that are right, and each way to be wrong — RFC 7523 §3.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::{
    base64url,
    jose::{self, Algorithm, JwkSet, SharedKey, SigningKey},
    secret::Secret,
};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet::new(vec![KEY.public_jwk().clone()]));

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const EXPECTED: Expectations<'static> = Expectations {
    client_id: "app",
    issuer: "https://as.example",
    token_endpoint: Some("https://as.example/token"),
    now: NOW,
    leeway: Leeway::seconds(10),
};

fn good() -> Value {
    json!({ "iss": "app", "sub": "app", "aud": "https://as.example", "exp": NOW.unix() + 60, "jti": "a" })
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = good();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(member)),
        value => claims[member] = value,
    }
    claims
}

fn public() -> ClientKeys<'static> {
    ClientKeys::Public { keys: &KEYS, algorithms: Algorithm::ALL }
}

fn judge(claims: &Value) -> Result<VerifiedAssertion, Error> {
    verify(&KEY.sign(HeaderType::Jwt, claims).unwrap(), public(), &EXPECTED)
}

#[test]
fn rfc7523_3_a_right_assertion_is_named_and_known_until_it_is_over() {
    let verified = judge(&good()).unwrap();
    assert_eq!(
        verified,
        VerifiedAssertion { jti: "a".to_owned(), known_until: NOW.plus(Seconds::seconds(70)) }
    );
    let issued = judge(&with("iat", json!(NOW.unix() + 8)));
    assert!(issued.is_ok() && judge(&with("nbf", json!(NOW.unix() + 8))).is_ok(), "10 s of skew pass");
    let typed = KEY.sign(HeaderType::ClientAssertion, &good()).unwrap();
    assert!(verify(&typed, public(), &EXPECTED).is_ok());
}

#[test]
fn to_10_times_that_are_not_near_are_refused() {
    let now = NOW.unix();
    for (claims, error) in [
        (with("exp", Value::Null), Error::Claims(ClaimsError::Missing("exp"))),
        (with("exp", json!((now + 60).to_string())), Error::Claims(ClaimsError::Malformed)),
        (with("exp", json!(now - 10)), Error::Expired),
        (with("exp", json!(now - 300)), Error::Expired),
        (with("exp", json!(now + 3_600 + 11)), Error::TooLong),
        (with("nbf", json!(now + 11)), Error::NotYet),
        (with("nbf", json!("now")), Error::Claims(ClaimsError::Malformed)),
        (with("iat", json!(now + 11)), Error::IssuedInFuture),
        (with("iat", json!(now - 3_600 - 11)), Error::TooOld),
        (with("iat", json!([])), Error::Claims(ClaimsError::Malformed)),
    ] {
        assert_eq!(judge(&claims), Err(error), "{claims}");
    }
    assert!(judge(&with("exp", json!(now - 9))).is_ok());
    assert!(judge(&with("exp", json!(now + 3_600))).is_ok());
}

#[test]
fn to_12_only_this_server_is_addressed() {
    for aud in [json!("https://as.example"), json!("https://as.example/token"), json!(["https://as.example"])]
    {
        assert!(judge(&with("aud", aud.clone())).is_ok(), "{aud}");
    }
    for aud in [
        json!("https://as.example/"),
        json!("https://as.example/par"),
        json!("/token"),
        json!("as.example"),
        json!("https://evil.example"),
        json!(["https://as.example", "https://evil.example"]),
        json!(["https://evil.example/token", "https://as.example/token"]),
    ] {
        assert_eq!(judge(&with("aud", aud.clone())), Err(Error::Audience), "{aud}");
    }
    assert!(matches!(judge(&with("aud", json!([]))), Err(Error::Claims(_))));
    assert_eq!(judge(&with("aud", Value::Null)), Err(Error::Claims(ClaimsError::Missing("aud"))));
    let strict = Expectations { token_endpoint: None, ..EXPECTED };
    let token = KEY.sign(HeaderType::Jwt, &with("aud", json!("https://as.example/token"))).unwrap();
    assert_eq!(verify(&token, public(), &strict), Err(Error::Audience), "the issuer alone");
    let listed = KEY.sign(HeaderType::Jwt, &with("aud", json!(["https://as.example"]))).unwrap();
    assert_eq!(verify(&listed, public(), &strict), Err(Error::Audience), "as text");
    assert!(verify(&KEY.sign(HeaderType::Jwt, &good()).unwrap(), public(), &strict).is_ok());
}

#[test]
fn to_13_issuer_subject_and_client_are_one() {
    for (claims, error) in [
        (with("iss", json!("other")), Error::Issuer),
        (with("sub", json!("other")), Error::Subject),
        (with("iss", Value::Null), Error::Claims(ClaimsError::Missing("iss"))),
        (with("sub", Value::Null), Error::Claims(ClaimsError::Missing("sub"))),
        (with("sub", json!(["app"])), Error::Claims(ClaimsError::Malformed)),
        (with("jti", Value::Null), Error::Claims(ClaimsError::Missing("jti"))),
        (with("jti", json!("")), Error::Unnamed),
    ] {
        assert_eq!(judge(&claims), Err(error), "{claims}");
    }
}

#[test]
fn to_09_no_other_algorithm_and_no_key_taken_for_a_secret() {
    let public_text = serde_json::to_string(KEY.public_jwk()).unwrap();
    for text in [public_text, serde_json::to_string(&*KEYS).unwrap()] {
        let confused = SharedKey::new(&Secret::new(text)).unwrap().sign(HeaderType::Jwt, &good()).unwrap();
        let refused = verify(&confused, public(), &EXPECTED).unwrap_err();
        assert_eq!(refused, Error::Token(client_jwt::Error::Token(jose::Error::Algorithm)));
    }
    let secret = SharedKey::new(&Secret::new("s".repeat(43))).unwrap();
    let (by_secret, by_key) =
        (secret.sign(HeaderType::Jwt, &good()).unwrap(), KEY.sign(HeaderType::Jwt, &good()).unwrap());
    let secrets = [secret];
    assert!(verify(&by_secret, ClientKeys::Shared(&secrets), &EXPECTED).is_ok());
    assert!(matches!(verify(&by_key, ClientKeys::Shared(&secrets), &EXPECTED), Err(Error::Token(_))));
    let only = ClientKeys::Public { keys: &KEYS, algorithms: &[Algorithm::Ps256] };
    assert_eq!(verify(&by_key, only, &EXPECTED), Err(Error::Token(client_jwt::Error::Algorithm)));
    let none = base64url::encode(br#"{"alg":"none"}"#) + "." + by_key.split('.').nth(1).unwrap() + ".";
    assert!(matches!(verify(&none, public(), &EXPECTED), Err(Error::Token(_))));
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap().sign(HeaderType::Jwt, &good()).unwrap();
    let unknown = Error::Token(client_jwt::Error::Token(jose::Error::UnknownKey));
    assert_eq!(verify(&stranger, public(), &EXPECTED), Err(unknown));
}

/// draft-ietf-oauth-rfc7523bis §4.
#[test]
fn jo_14_pa_14_other_kinds_of_tokens_are_no_assertions() {
    for kind in HeaderType::ALL {
        let token = KEY.sign(*kind, &good()).unwrap();
        let taken = matches!(kind, HeaderType::Jwt | HeaderType::ClientAssertion);
        let judged = verify(&token, public(), &EXPECTED);
        assert_eq!(judged.is_ok(), taken, "{kind:?}");
        assert!(taken || judged == Err(Error::Token(client_jwt::Error::WrongType)), "{kind:?}");
    }
    for name in OF_OTHERS {
        assert_eq!(judge(&with(name, json!("x"))), Err(Error::OtherKind), "{name}");
        let mut null = good();
        null[name] = Value::Null;
        assert_eq!(judge(&null), Err(Error::OtherKind), "{name}, be it null");
    }
}
