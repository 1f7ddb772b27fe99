//! Access tokens that are right, and each way to be wrong — RFC 9068 §4.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::*;
use crate::jose::{Algorithm, SigningKey};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet::new(vec![KEY.public_jwk().clone()]));

const EXPECTED: Expectations<'static> = Expectations {
    issuer: "https://op.example",
    audience: "https://api.example",
    now: Timestamp::from_unix(1_800_000_000),
    leeway: Leeway::seconds(5),
};

fn claims() -> Value {
    json!({
        "iss": "https://op.example", "sub": "alice", "aud": "https://api.example",
        "exp": 1_800_000_060, "iat": 1_799_999_990, "jti": "j", "client_id": "app",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn refusal(claims: &Value) -> Option<Error> {
    let token = KEY.sign(HeaderType::AccessToken, claims).unwrap();
    verify_at_jwt(&token, &KEYS, &EXPECTED).err()
}

/// RFC 9068 §2, §2.2.
/// RFC 8693 §4.2.
#[test]
fn a_good_token_is_read_back_as_it_was_issued() {
    let issued = AccessTokenClaims {
        iss: "https://op.example".into(),
        sub: "alice".into(),
        aud: Audience::one("https://api.example").and("https://op.example"),
        exp: Timestamp::from_unix(1_800_000_060),
        iat: Timestamp::from_unix(1_800_000_000),
        nbf: None,
        jti: "j".into(),
        client_id: "app".into(),
        scope: Some("openid calendar.read".into()),
        auth_time: Some(Timestamp::from_unix(1_799_999_000)),
        acr: None,
        amr: vec!["pwd".into()],
        sid: Some("s".into()),
        cnf: None,
        act: Actor::chain(&["app".into(), "other".into()]),
        gcl: Some("other".into()),
        gid: Some("g".into()),
        rvh: vec!["u1".into(), "c2".into()],
    };
    let token = KEY.sign(HeaderType::AccessToken, &issued).unwrap();
    assert_eq!(verify_at_jwt(&token, &KEYS, &EXPECTED).unwrap(), issued);
    let minimal: AccessTokenClaims = serde_json::from_value(claims()).unwrap();
    assert_eq!(serde_json::to_value(&minimal).unwrap(), claims(), "nothing empty is written");
}

#[test]
fn rs_01_issuer_and_audience() {
    assert_eq!(refusal(&claims()), None);
    for issuer in ["https://op.example/", "https://evil.example", "HTTPS://OP.EXAMPLE", ""] {
        assert_eq!(refusal(&with("iss", json!(issuer))), Some(Error::Issuer), "{issuer}");
    }
    for audience in
        [json!("https://web.example"), json!(["a", "b"]), json!(""), json!("https://api.example/x")]
    {
        assert_eq!(refusal(&with("aud", audience.clone())), Some(Error::Audience), "{audience}");
    }
    assert_eq!(refusal(&with("aud", json!(["https://op.example", "https://api.example"]))), None);
}

/// RFC 9068 §2.1.
#[test]
fn rs_02_other_kinds_of_tokens() {
    for kind in [HeaderType::Jwt, HeaderType::LogoutToken] {
        let token = KEY.sign(kind, &claims()).unwrap();
        assert_eq!(verify_at_jwt(&token, &KEYS, &EXPECTED), Err(Error::WrongType));
    }
}

/// RFC 7519 §4.1.4, §4.1.5.
#[test]
fn rs_03_times_at_their_edges() {
    let at = |name: &str, offset: i64| refusal(&with(name, json!(1_800_000_000 + offset)));
    assert_eq!(at("exp", -4), None);
    assert_eq!(at("exp", -5), Some(Error::Expired));
    assert_eq!(at("iat", 5), None);
    assert_eq!(at("iat", 6), Some(Error::IssuedInFuture));
    assert_eq!(at("nbf", 5), None);
    assert_eq!(at("nbf", 6), Some(Error::NotYetValid));
}

#[test]
fn rs_03_times_that_are_no_times() {
    for date in [
        json!("1800000060"),
        json!(1_800_000_060.5),
        json!(-1),
        json!(null),
        json!(true),
        json!(1e20),
        json!([1]),
    ] {
        for name in ["exp", "iat", "nbf", "auth_time"] {
            let refused = refusal(&with(name, date.clone()));
            assert_eq!(refused, Some(Error::Claims(ClaimsError::Malformed)), "{name}: {date}");
        }
    }
}

#[test]
fn rs_03_missing_claims_are_named() {
    for name in REQUIRED {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(*name);
        assert_eq!(refusal(&claims), Some(Error::Claims(ClaimsError::Missing(name))));
    }
    for name in ["sub", "jti", "client_id"] {
        assert_eq!(refusal(&with(name, json!(""))), Some(Error::Claims(ClaimsError::Missing(name))));
        assert_eq!(refusal(&with(name, json!(7))), Some(Error::Claims(ClaimsError::Malformed)));
    }
}

#[test]
fn mx_05_a_claim_of_a_wrong_type_is_neither_valid_nor_missing() {
    let texts = ["iss", "sub", "jti", "client_id", "scope", "acr", "sid", "gid"];
    let lists = ["amr", "rvh"];
    for wrong in [json!(null), json!(7), json!(true), json!({}), json!({ "value": "alice" })] {
        for name in texts.into_iter().chain(lists).chain(["aud"]) {
            assert!(refusal(&with(name, wrong.clone())).is_some(), "{name}: {wrong}");
        }
    }
    for wrong in [json!([]), json!(["alice"]), json!([null])] {
        for name in texts {
            assert!(refusal(&with(name, wrong.clone())).is_some(), "{name}: {wrong}");
        }
    }
    for wrong in [json!("pwd"), json!([7]), json!([null]), json!([["pwd"]])] {
        for name in lists {
            assert!(refusal(&with(name, wrong.clone())).is_some(), "{name}: {wrong}");
        }
    }
    for wrong in [json!([]), json!([7]), json!([null]), json!([["https://api.example"]]), json!("")] {
        assert!(refusal(&with("aud", wrong.clone())).is_some(), "aud: {wrong}");
    }
}

#[test]
fn rs_06_an_unknown_key_is_worth_one_refetch() {
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let token = stranger.sign(HeaderType::AccessToken, &claims()).unwrap();
    assert_eq!(verify_at_jwt(&token, &KEYS, &EXPECTED), Err(Error::UnknownKey));
    assert_eq!(verify_at_jwt("a.b", &KEYS, &EXPECTED), Err(Error::Token(jose::Error::NotCompact)));
}

/// RFC 7800 §3.1.
#[test]
fn po_07_po_08_a_token_goes_with_the_key_that_it_is_bound_to() {
    let [one, other] = [1, 2].map(|byte| Thumbprint::from_bytes([byte; 32]));
    let bound = |cnf: Value| {
        let token = KEY.sign(HeaderType::AccessToken, &with("cnf", cnf)).unwrap();
        verify_bindable(&token, &KEYS, &EXPECTED)
    };
    let cnf = bound(json!({ "jkt": one })).unwrap().cnf;
    assert_eq!(bound_to(cnf.as_ref(), Some(one)), Ok(()));
    assert_eq!(bound_to(cnf.as_ref(), Some(other)), Err(Error::OtherKey));
    assert_eq!(bound_to(cnf.as_ref(), None), Err(Error::SenderConstrained));
    assert_eq!(bound_to(None, Some(one)), Err(Error::OtherKey));
    assert_eq!(bound_to(None, None), Ok(()));
    for strange in [json!(null), json!({}), json!({ "x5t#S256": one }), json!({ "jkt": one, "kid": "x" })] {
        assert_eq!(bound(strange.clone()), Err(ClaimsError::Malformed.into()), "{strange}");
    }
}

#[test]
fn a_key_bound_token_is_no_bearer_token() {
    for cnf in [json!({ "jkt": "x" }), json!(null), json!({})] {
        assert_eq!(refusal(&with("cnf", cnf)), Some(Error::SenderConstrained));
    }
}
