//! Objects that are right, and each way to be wrong — RFC 9101 §4, §6.3.

use std::sync::LazyLock;

use serde_json::json;

use super::*;
use crate::{
    base64url,
    error::Endpoint,
    jose::{self, Algorithm, JwkSet, SharedKey, SigningKey},
    params::Limits,
    secret::Secret,
};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet::new(vec![KEY.public_jwk().clone()]));

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const EXPECTED: Expectations<'static> = Expectations {
    client_id: "app",
    issuer: "https://as.example",
    now: NOW,
    leeway: Leeway::seconds(10),
    dated: false,
};

fn good() -> Value {
    json!({
        "iss": "app", "aud": "https://as.example", "exp": NOW.unix() + 60, "jti": "a",
        "client_id": "app", "response_type": "code", "scope": "openid", "state": "한",
    })
}

fn with(member: &str, value: Value) -> Value {
    let mut claims = good();
    claims[member] = value;
    claims
}

fn without(member: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(member);
    claims
}

fn public() -> ClientKeys<'static> {
    ClientKeys::Public { keys: &KEYS, algorithms: Algorithm::ALL }
}

fn judge(claims: &Value) -> Result<Params, Flaw> {
    verify(&KEY.sign(HeaderType::RequestObject, claims).unwrap(), public(), &EXPECTED)
}

/// RFC 7519 §4.1: what is about the object is no parameter.
#[test]
fn rfc9101_4_the_members_of_an_object_are_the_parameters() {
    let mut claims = with("max_age", json!(3600));
    claims["claims"] = json!({ "userinfo": { "email": null } });
    claims["resource"] = json!(["https://a.example", "https://b.example"]);
    let params = judge(&claims).unwrap();
    assert_eq!(params.one("client_id"), Ok(Some("app")));
    assert_eq!(params.one("state"), Ok(Some("한")));
    assert_eq!(params.one("max_age"), Ok(Some("3600")));
    assert_eq!(params.one("claims"), Ok(Some(r#"{"userinfo":{"email":null}}"#)));
    assert_eq!(params.all("resource").collect::<Vec<_>>(), ["https://a.example", "https://b.example"]);
    for about in ABOUT {
        assert_eq!(params.all(about).count(), 0, "{about}");
    }
    for absent in ["iss", "aud", "exp", "jti"] {
        assert!(judge(&without(absent)).is_ok(), "{absent} need not be there");
    }
    let untyped = KEY.sign(HeaderType::Jwt, &good()).unwrap();
    assert!(verify(&untyped, public(), &EXPECTED).is_ok(), "OIDC Core §6 knows no typ");
}

#[test]
fn pa_10_an_object_that_breaks_one_rule_is_refused() {
    let now = NOW.unix();
    for (claims, flaw) in [
        (without("client_id"), Flaw::Claims(ClaimsError::Missing("client_id"))),
        (with("client_id", json!("other")), Flaw::Client),
        (with("client_id", json!(["app"])), Flaw::Claims(ClaimsError::Malformed)),
        (with("iss", json!("other")), Flaw::Issuer),
        (with("aud", json!("https://evil.example")), Flaw::Audience),
        (with("aud", json!(["https://as.example/"])), Flaw::Audience),
        (with("exp", json!(now - 10)), Flaw::Expired),
        (with("exp", json!((now + 60).to_string())), Flaw::Claims(ClaimsError::Malformed)),
        (with("nbf", json!(now + 11)), Flaw::NotYet),
        (with("iat", json!(now + 11)), Flaw::NotYet),
        (with("state", json!(null)), Flaw::NotAParameter),
        (with("state", json!("a\u{0}b")), Flaw::NotAParameter),
        (with("state", json!([["a"]])), Flaw::NotAParameter),
        (with("many", json!(vec!["x"; 101])), Flaw::NotAParameter),
    ] {
        assert_eq!(judge(&claims), Err(flaw), "{claims}");
        assert_eq!(Error::from(flaw), Error::Object);
    }
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let signed = stranger.sign(HeaderType::RequestObject, &good()).unwrap();
    assert!(matches!(verify(&signed, public(), &EXPECTED), Err(Flaw::Token(_))));
    let only = ClientKeys::Public { keys: &KEYS, algorithms: &[Algorithm::Ps256] };
    let own = KEY.sign(HeaderType::RequestObject, &good()).unwrap();
    assert_eq!(verify(&own, only, &EXPECTED), Err(Flaw::Token(client_jwt::Error::Algorithm)));
    let public_text = serde_json::to_string(KEY.public_jwk()).unwrap();
    let confused = SharedKey::new(&Secret::new(public_text)).unwrap().sign(HeaderType::Jwt, &good()).unwrap();
    assert!(matches!(verify(&confused, public(), &EXPECTED), Err(Flaw::Token(_))));
}

#[test]
fn jo_16_nothing_unsigned_counts_whatever_is_around_it() {
    let payload = base64url::encode(good().to_string());
    let unsigned = format!("{}.{payload}.", base64url::encode(r#"{"alg":"none"}"#));
    let algorithm = Flaw::Token(client_jwt::Error::Token(jose::Error::Algorithm));
    assert_eq!(verify(&unsigned, public(), &EXPECTED), Err(algorithm));
    // RFC 7519 §5.2: a token whose payload is another one.
    let nested = KEY.sign(HeaderType::RequestObject, &unsigned).unwrap();
    let payload = Flaw::Token(client_jwt::Error::Token(jose::Error::Payload));
    assert_eq!(verify(&nested, public(), &EXPECTED), Err(payload));
    let encrypted =
        format!("{}.AA.AA.AA.AA", base64url::encode(r#"{"alg":"dir","enc":"A128GCM","cty":"JWT"}"#));
    assert!(matches!(verify(&encrypted, public(), &EXPECTED), Err(Flaw::Token(_))));
}

#[test]
fn pa_12_an_object_names_no_other_one() {
    for name in ["request", "request_uri"] {
        for value in [json!("x"), json!(null), json!("")] {
            let flaw = judge(&with(name, value)).unwrap_err();
            assert_eq!((flaw, Error::from(flaw)), (Flaw::Nested, Error::Nested));
        }
    }
    let given = |text: &str| Given::of(&Params::parse(text.as_bytes(), Limits::REQUEST).unwrap());
    assert_eq!(given("request=a&request_uri=b"), Err(Error::Both));
    assert_eq!(given("request=a&request=a"), Err(Error::Repeated));
    assert_eq!(given("request=a"), Ok(Some(Given::Object("a".to_owned()))));
    assert_eq!(given("request_uri=a&request="), Ok(Some(Given::Reference("a".to_owned()))));
    assert_eq!(given("scope=a"), Ok(None));
}

/// RFC 9101 §10.8.
#[test]
fn pa_14_jo_14_what_is_signed_for_something_else_is_no_request() {
    for kind in HeaderType::ALL {
        let token = KEY.sign(*kind, &good()).unwrap();
        let taken = matches!(kind, HeaderType::Jwt | HeaderType::RequestObject);
        assert_eq!(verify(&token, public(), &EXPECTED).is_ok(), taken, "{kind:?}");
    }
    assert_eq!(judge(&with("sub", json!("app"))), Err(Flaw::Subject), "as in an assertion");
    let assertion = json!({ "iss": "app", "sub": "app", "aud": "https://as.example", "exp": NOW.unix() + 60, "jti": "a" });
    assert_eq!(judge(&assertion), Err(Flaw::Claims(ClaimsError::Missing("client_id"))));
}

#[test]
fn every_error_may_be_sent_where_requests_come() {
    for &error in Error::ALL {
        for endpoint in [Endpoint::Authorization, Endpoint::PushedRequest] {
            assert!(OAuthError::from(error).code.is_allowed_at(endpoint), "{error:?}");
        }
    }
}

/// FAPI 2.0 Message Signing §5.3.1.
#[test]
fn pa_10_an_object_that_must_be_dated_is_for_this_server_and_for_an_hour_at_most() {
    let dated = Expectations { dated: true, ..EXPECTED };
    let judge = |changes: &[(&str, Option<i64>)]| {
        let mut claims = good();
        for (name, at) in [&[("nbf", Some(-5))], changes].concat() {
            match at {
                Some(at) => claims[name] = json!(NOW.unix() + at),
                None => drop(claims.as_object_mut().unwrap().remove(name)),
            }
        }
        verify(&KEY.sign(HeaderType::RequestObject, &claims).unwrap(), public(), &dated).map(drop)
    };
    assert_eq!(judge(&[]), Ok(()));
    assert_eq!(judge(&[("nbf", Some(10)), ("iat", Some(10))]), Ok(()), "clocks differ by ten seconds");
    assert_eq!(judge(&[("nbf", Some(61))]), Err(Flaw::NotYet));
    assert_eq!(judge(&[("iat", Some(61))]), Err(Flaw::NotYet));
    assert_eq!(judge(&[("nbf", Some(-3_595)), ("exp", Some(5))]), Ok(()));
    assert_eq!(judge(&[("nbf", Some(-3_611)), ("exp", Some(5))]), Err(Flaw::TooLong));
    assert_eq!(judge(&[("nbf", Some(-10)), ("exp", Some(3_590))]), Ok(()));
    assert_eq!(judge(&[("nbf", Some(-10)), ("exp", Some(3_591))]), Err(Flaw::TooLong));
    for name in ["aud", "nbf", "exp"] {
        assert_eq!(judge(&[(name, None)]), Err(Flaw::Undated), "{name}");
    }
}
