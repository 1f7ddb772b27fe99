//! A signed response as the client reads it — JARM §2.4.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::MAX_LIFE;
use crate::{
    audience::Audience,
    authorization::members,
    jose::{self, Algorithm, ClaimsError, HeaderType, JwkSet, Unverified},
    params::Params,
    strict_json::present,
    time::{Leeway, Timestamp},
};

/// What the client compares a response with. There are no defaults.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The issuer identifier of the server that was asked.
    pub issuer: &'a str,
    /// The client's own id.
    pub client_id: &'a str,
    /// What this server may sign its responses to this client with.
    pub algorithms: &'a [Algorithm],
    /// The time.
    pub now: Timestamp,
    /// How far the two clocks may differ.
    pub leeway: Leeway,
}

/// Why a signed response was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a token signed by one of the keys.
    #[error(transparent)]
    Token(jose::Error),
    /// It names a key that is not in the set: fetch the set again, once, before refusing.
    #[error("the key of the signed response is unknown")]
    UnknownKey,
    /// Its `typ` says that it is another kind of token (RFC 8725 §3.11).
    #[error("not a signed response")]
    WrongType,
    /// Its algorithm is not one that was agreed on with this server (JARM §3).
    #[error("the algorithm of the signed response was not agreed on")]
    Algorithm,
    /// A claim is missing or has the wrong type.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// Somebody else answers (mix-up, RFC 9700 §4.4).
    #[error("the signed response is from another issuer")]
    Issuer,
    /// It answers another client, or others besides this one.
    #[error("the signed response is for another client")]
    Audience,
    /// It speaks of a person, as an ID token does and no response (RFC 8725 §3.12).
    #[error("the signed response has a subject")]
    Subject,
    /// Its time is over.
    #[error("the signed response has expired")]
    Expired,
    /// Its time has not come.
    #[error("the signed response is not good yet")]
    NotYet,
    /// It is good for longer than [`MAX_LIFE`].
    #[error("the signed response is good for too long")]
    TooLong,
    /// A value that no parameter can have, or too many of them.
    #[error("a member of the signed response cannot be a parameter")]
    NotAParameter,
}

impl From<jose::Error> for Error {
    fn from(error: jose::Error) -> Self {
        match error {
            jose::Error::UnknownKey => Self::UnknownKey,
            other => Self::Token(other),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    exp: Timestamp,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Timestamp>,
    #[serde(default, deserialize_with = "present")]
    iat: Option<Timestamp>,
}

/// What says something about the response and is no parameter of it (RFC 7519 §4.1). `iss` is both (RFC 9207 §2).
const ABOUT: [&str; 5] = ["aud", "exp", "nbf", "iat", "jti"];

/// The `state` that a response claims to answer, before anything is verified: good for finding the login whose provider
/// must have signed it (JARM §2.4, rule 2), and for nothing else.
#[must_use]
pub fn claimed_state(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Claimed {
        state: String,
    }
    jose::claimed::<Claimed>(token).map(|claimed| claimed.state).filter(|state| !state.is_empty())
}

/// The parameters of a response, `iss` among them, as if they stood in the address: JARM §2.4, rules 3 to 6. `state` is for
/// the caller to compare.
///
/// # Errors
/// An [`Error`] for the first rule that is broken. After [`Error::UnknownKey`] the caller may fetch the key set again and
/// repeat.
pub fn verify(token: &str, keys: &JwkSet, expected: &Expectations<'_>) -> Result<Params, Error> {
    let unverified = Unverified::parse(token)?;
    if unverified.typ().is_some() && !unverified.is_typed(HeaderType::Jwt) {
        return Err(Error::WrongType);
    }
    if !expected.algorithms.contains(&unverified.algorithm()) {
        return Err(Error::Algorithm);
    }
    let verified = unverified.verify_with(keys)?;
    let claims: Claims = verified.claims(&["iss", "aud", "exp"])?;
    claims.judge(expected)?;
    let said: Map<String, Value> = verified.claims(&[])?;
    if said.contains_key("sub") {
        return Err(Error::Subject);
    }
    members::parameters(&said, &ABOUT).ok_or(Error::NotAParameter)
}

impl Claims {
    fn judge(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        let Expectations { issuer, client_id, now, leeway, .. } = *expected;
        if self.iss != issuer {
            return Err(Error::Issuer);
        }
        if !self.aud.is_only(client_id) {
            return Err(Error::Audience);
        }
        if leeway.expired(self.exp, now) {
            return Err(Error::Expired);
        }
        if [self.nbf, self.iat].into_iter().flatten().any(|date| leeway.in_future(date, now)) {
            return Err(Error::NotYet);
        }
        if leeway.in_future(self.exp, now.plus(MAX_LIFE)) { Err(Error::TooLong) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use serde_json::json;

    use super::*;
    use crate::{
        authorization::{response, signed_response::SignedResponse},
        base64url,
        issuer::Issuer,
        jose::{SharedKey, SigningKey},
        secret::Secret,
    };

    static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet::new(vec![KEY.public_jwk().clone()]));

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const EXPECTED: Expectations<'static> = Expectations {
        issuer: "https://as.example",
        client_id: "app",
        algorithms: &[Algorithm::Es256],
        now: NOW,
        leeway: Leeway::seconds(30),
    };

    fn good() -> Value {
        json!({
            "iss": "https://as.example", "aud": "app", "exp": NOW.unix() + 300, "code": "c", "state": "한 글",
        })
    }

    fn with(member: &str, value: Value) -> Value {
        let mut claims = good();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(member)),
            value => claims[member] = value,
        }
        claims
    }

    fn judge(claims: &Value) -> Result<Params, Error> {
        verify(&KEY.sign(HeaderType::Jwt, claims).unwrap(), &KEYS, &EXPECTED)
    }

    /// JARM §2.4.
    #[test]
    fn jarm_2_4_what_a_server_says_is_what_the_client_reads() {
        let issuer = Issuer::parse("https://as.example").unwrap();
        let said = response::success("c", Some("한 글"), &issuer);
        let signed = SignedResponse::new(&issuer, "app", NOW.plus(MAX_LIFE), said);
        let token = KEY.sign(HeaderType::Jwt, &signed).unwrap();
        assert_eq!(claimed_state(&token).as_deref(), Some("한 글"));
        let read = verify(&token, &KEYS, &EXPECTED).unwrap();
        let mut read: Vec<_> = read.iter().collect();
        read.sort_unstable();
        assert_eq!(read, [("code", "c"), ("iss", "https://as.example"), ("state", "한 글")]);
        let several = judge(&with("code", json!(["c", "d"]))).unwrap();
        assert!(response::AuthorizationResponse::parse(&several).is_err(), "repeated, as in an address");
    }

    #[test]
    fn rp_30_a_response_that_breaks_one_rule_says_nothing() {
        let now = NOW.unix();
        let missing = |name| Error::Claims(ClaimsError::Missing(name));
        let malformed = Error::Claims(ClaimsError::Malformed);
        for (claims, error) in [
            (with("iss", json!("https://as.example/")), Error::Issuer),
            (with("iss", json!("https://evil.example")), Error::Issuer),
            (with("iss", Value::Null), missing("iss")),
            (with("aud", json!("other")), Error::Audience),
            (with("aud", json!(["app", "other"])), Error::Audience),
            (with("aud", json!([])), malformed),
            (with("aud", Value::Null), missing("aud")),
            (with("exp", json!(now - 30)), Error::Expired),
            (with("exp", json!(now + 631)), Error::TooLong),
            (with("exp", json!("soon")), malformed),
            (with("exp", Value::Null), missing("exp")),
            (with("nbf", json!(now + 31)), Error::NotYet),
            (with("iat", json!(now + 31)), Error::NotYet),
            (with("code", json!([["c"]])), Error::NotAParameter),
            (with("state", json!("a\u{0}b")), Error::NotAParameter),
            (with("many", json!(vec!["x"; 101])), Error::NotAParameter),
        ] {
            assert_eq!(judge(&claims), Err(error), "{claims}");
        }
        for claims in
            [with("exp", json!(now - 29)), with("exp", json!(now + 630)), with("aud", json!(["app"]))]
        {
            assert!(judge(&claims).is_ok(), "{claims}");
        }
    }

    /// JARM §3.
    #[test]
    fn jo_01_jo_02_jo_14_signed_by_nobody_by_another_or_for_something_else() {
        let token = |error| Err(Error::Token(error));
        let judged = |text: &str| verify(text, &KEYS, &EXPECTED);
        let signed = KEY.sign(HeaderType::Jwt, &good()).unwrap();
        let payload = signed.split('.').nth(1).unwrap();
        for alg in ["none", "None", "NONE", "nOnE"] {
            let header = base64url::encode(json!({ "alg": alg, "typ": "JWT" }).to_string());
            assert_eq!(judged(&format!("{header}.{payload}.")), token(jose::Error::Algorithm), "{alg}");
        }
        let public = SharedKey::new(&Secret::new(serde_json::to_string(KEY.public_jwk()).unwrap())).unwrap();
        let confused = public.sign(HeaderType::Jwt, &good()).unwrap();
        assert_eq!(judged(&confused), token(jose::Error::Algorithm));
        let forged = format!("{}.{}", signed.rsplit_once('.').unwrap().0, base64url::encode([7; 64]));
        assert_eq!(judged(&forged), token(jose::Error::Signature));
        assert_eq!(judged("x"), token(jose::Error::NotCompact));
        let stranger =
            SigningKey::generate(Algorithm::Es256).unwrap().sign(HeaderType::Jwt, &good()).unwrap();
        assert_eq!(judged(&stranger), Err(Error::UnknownKey));
        let other = Expectations { algorithms: &[Algorithm::Ps256], ..EXPECTED };
        assert_eq!(verify(&signed, &KEYS, &other), Err(Error::Algorithm));
        for kind in HeaderType::ALL.iter().filter(|kind| **kind != HeaderType::Jwt) {
            assert_eq!(judged(&KEY.sign(*kind, &good()).unwrap()), Err(Error::WrongType), "{kind:?}");
        }
        let mut id_token = with("sub", json!("somebody"));
        id_token["iat"] = json!(NOW.unix());
        assert_eq!(judge(&id_token), Err(Error::Subject), "whatever else is claimed in it");
    }

    #[test]
    fn of_what_nobody_vouches_for_yet_a_state_is_read_and_nothing_refused() {
        let unsigned = |claims: Value| format!("e30.{}.", base64url::encode(claims.to_string()));
        assert_eq!(claimed_state(&unsigned(json!({ "state": "s", "exp": 0 }))).as_deref(), Some("s"));
        for nothing in [json!({}), json!({ "state": "" }), json!({ "state": 7 }), json!([]), json!("s")] {
            assert_eq!(claimed_state(&unsigned(nothing)), None);
        }
        let twice = format!("e30.{}.", base64url::encode(r#"{"state":"a","state":"b"}"#));
        assert_eq!(claimed_state(&twice), None);
        for text in ["", ".", "..", "a.b", "a.b.c.d", &"x".repeat(20_000)] {
            assert_eq!(claimed_state(text), None);
        }
    }
}
