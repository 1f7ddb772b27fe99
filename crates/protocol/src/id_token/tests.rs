//! ID tokens that are right, and each way to be wrong — OIDC Core §3.1.3.7.

use std::sync::LazyLock;

use serde_json::json;

use super::*;
use crate::jose::SigningKey;

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet::new(vec![KEY.public_jwk().clone()]));

const EXPECTED: Expectations<'static> = Expectations {
    issuer: "https://op.example",
    client_id: "app",
    nonce: Some("n-0S6_WzA2Mj"),
    access_token: Some("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
    code: None,
    max_age: Some(Seconds::minutes(10)),
    algorithms: &[Algorithm::Es256],
    now: Timestamp::from_unix(1_800_000_000),
    leeway: Leeway::seconds(5),
};

fn claims() -> Value {
    json!({
        "iss": "https://op.example", "sub": "alice", "aud": "app", "exp": 1_800_000_060,
        "iat": 1_800_000_000, "auth_time": 1_799_999_900, "nonce": "n-0S6_WzA2Mj",
        "at_hash": "77QmUPtjPfzWtF2AnpK9RQ",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn refusal(claims: &Value, expectations: &Expectations<'_>) -> Option<Error> {
    verify(&KEY.sign(HeaderType::Jwt, claims).unwrap(), &KEYS, expectations).err()
}

#[test]
fn a_good_token_is_read_with_its_other_claims() {
    let token = KEY.sign(HeaderType::Jwt, &with("email", json!("a@b.example"))).unwrap();
    let read = verify(&token, &KEYS, &EXPECTED).unwrap();
    assert_eq!(read.extra.get("email"), Some(&json!("a@b.example")));
    assert_eq!(serde_json::to_value(&read).unwrap(), with("email", json!("a@b.example")));
}

/// OIDC Core A.3 uses this access token and hash.
#[test]
fn at_hash_of_oidc_core_a_3() {
    let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    assert_eq!(at_hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
    assert_eq!(at_hash(Algorithm::EdDsa, token).len(), 43);
}

#[test]
fn rp_06_for_whom_and_from_whom() {
    let refuse = |claims: Value| refusal(&claims, &EXPECTED);
    assert_eq!(refuse(claims()), None);
    assert_eq!(refuse(with("iss", json!("https://op.example/"))), Some(Error::Issuer));
    assert_eq!(refuse(with("iss", json!("https://self-issued.me"))), Some(Error::Issuer));
    assert_eq!(refuse(with("aud", json!("other"))), Some(Error::Audience));
    assert_eq!(refuse(with("aud", json!(["app", "app"]))), None);
    assert_eq!(refuse(with("aud", json!(["app", "stranger"]))), Some(Error::UntrustedAudience));
    let mut strangers = with("aud", json!(["stranger", "app"]));
    strangers["azp"] = json!("app");
    assert_eq!(refuse(strangers), Some(Error::UntrustedAudience));
    assert_eq!(refuse(with("azp", json!("app"))), None);
    assert_eq!(refuse(with("azp", json!("other"))), Some(Error::AuthorizedParty));
    assert_eq!(refuse(with("sub", json!("x".repeat(255)))), None);
    assert_eq!(refuse(with("sub", json!("x".repeat(256)))), Some(Error::Subject));
    assert_eq!(refuse(with("sub", json!("앨리스"))), Some(Error::Subject));
    assert_eq!(refuse(with("sub", json!(""))), Some(Error::Claims(ClaimsError::Missing("sub"))));
    for name in REQUIRED {
        assert_eq!(refuse(without(name)), Some(Error::Claims(ClaimsError::Missing(name))));
        assert_eq!(refuse(with(name, json!({}))), Some(Error::Claims(ClaimsError::Malformed)));
    }
}

#[test]
fn rp_06_in_time() {
    let at = |name: &str, offset: i64| refusal(&with(name, json!(1_800_000_000 + offset)), &EXPECTED);
    assert_eq!(at("exp", -4), None);
    assert_eq!(at("exp", -5), Some(Error::Expired));
    assert_eq!(at("iat", 6), Some(Error::IssuedInFuture));
    assert_eq!(at("nbf", 6), Some(Error::NotYetValid));
    assert_eq!(at("auth_time", -605), None);
    assert_eq!(at("auth_time", -606), Some(Error::AuthenticationTooOld));
    assert_eq!(refusal(&without("auth_time"), &EXPECTED), Some(Error::AuthTimeMissing));
    assert_eq!(refusal(&without("auth_time"), &Expectations { max_age: None, ..EXPECTED }), None);
}

#[test]
fn rp_07_the_nonce_must_come_back() {
    let refuse = |claims: Value| refusal(&claims, &EXPECTED);
    assert_eq!(refuse(without("nonce")), Some(Error::NonceMissing));
    assert_eq!(refuse(with("nonce", json!("other"))), Some(Error::NonceMismatch));
    assert_eq!(refuse(with("nonce", json!(""))), Some(Error::NonceMismatch));
    assert_eq!(refuse(with("nonce", json!(null))), Some(Error::Claims(ClaimsError::Malformed)));
    let none_sent = Expectations { nonce: None, ..EXPECTED };
    assert_eq!(refusal(&claims(), &none_sent), Some(Error::NonceUnexpected));
    assert_eq!(refusal(&without("nonce"), &none_sent), None);
}

/// OIDC Core §3.1.3.8, §3.3.2.11.
#[test]
fn rp_07_hashes_may_be_absent_but_not_wrong() {
    assert_eq!(refusal(&without("at_hash"), &EXPECTED), None);
    assert_eq!(refusal(&with("at_hash", json!("x")), &EXPECTED), Some(Error::AccessTokenHash));
    let other = Expectations { access_token: Some("injected"), ..EXPECTED };
    assert_eq!(refusal(&claims(), &other), Some(Error::AccessTokenHash));
    let hybrid = Expectations { code: Some("code"), ..EXPECTED };
    assert_eq!(refusal(&with("c_hash", json!(at_hash(Algorithm::Es256, "code"))), &hybrid), None);
    assert_eq!(refusal(&with("c_hash", json!("x")), &hybrid), Some(Error::CodeHash));
}

#[test]
fn jo_14_other_kinds_of_tokens_and_algorithms_not_agreed_on() {
    for kind in [HeaderType::AccessToken, HeaderType::LogoutToken] {
        let token = KEY.sign(kind, &claims()).unwrap();
        assert_eq!(verify(&token, &KEYS, &EXPECTED), Err(Error::WrongType));
    }
    let only_rsa = Expectations { algorithms: &[Algorithm::Rs256], ..EXPECTED };
    assert_eq!(refusal(&claims(), &only_rsa), Some(Error::Algorithm));
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let token = stranger.sign(HeaderType::Jwt, &claims()).unwrap();
    assert_eq!(verify(&token, &KEYS, &EXPECTED), Err(Error::UnknownKey));
}
