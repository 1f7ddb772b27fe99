//! Logout tokens — OIDC Back-Channel Logout §2.4, §2.6; threats LO-05, LO-06.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::{
    audience::Audience,
    jose::{self, Algorithm, ClaimsError, HeaderType, JwkSet, Unverified},
    strict_json::{is_there, present},
    time::{Leeway, Seconds, Timestamp},
};

/// The member of `events` that makes a token one that ends sessions — OIDC Back-Channel Logout §2.4.
pub const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The claims of a logout token — OIDC Back-Channel Logout §2.4. There is no place for a `nonce`: with one it could be
/// taken for an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogoutTokenClaims {
    /// Who issued it.
    pub iss: String,
    /// The client that it is for.
    pub aud: Audience,
    /// When it was issued.
    pub iat: Timestamp,
    /// From this second on it must not be accepted.
    pub exp: Timestamp,
    /// Its own name: what it says happens once.
    pub jti: String,
    /// What happened: [`EVENT`].
    pub events: Map<String, Value>,
    /// Who was signed out. Without a session, everywhere.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    /// The session that ended, as ID tokens name it.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
}

/// The claims without which a token is not a logout token — OIDC Back-Channel Logout §2.4.
const REQUIRED: &[&str] = &["iss", "aud", "iat", "exp", "jti", "events"];

/// Whose sessions end — OIDC Back-Channel Logout §2.7.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// This one, of whomever it is; the subject, if it is named, is theirs.
    Session {
        /// `sid`
        sid: String,
        /// `sub`
        sub: Option<String>,
    },
    /// All of this person.
    Everything {
        /// `sub`
        sub: String,
    },
}

/// What the client knows before it sees the token. There are no defaults.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The provider's identifier.
    pub issuer: &'a str,
    /// The client's own id.
    pub client_id: &'a str,
    /// The algorithms that the client accepts from this provider.
    pub algorithms: &'a [Algorithm],
    /// How long ago it may have been issued, however late it expires.
    pub max_age: Seconds,
    /// The time of the request.
    pub now: Timestamp,
    /// How far the two clocks may differ.
    pub leeway: Leeway,
}

/// Why a logout token was refused — OIDC Back-Channel Logout §2.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is not a token signed by one of the keys.
    #[error(transparent)]
    Token(jose::Error),
    /// It names a key that is not in the set: fetch the set again, once, before refusing.
    #[error("the logout token's key is unknown")]
    UnknownKey,
    /// Its `typ` says that it is another kind of token.
    #[error("not a logout token")]
    WrongType,
    /// Its algorithm is not one that was agreed on with this provider.
    #[error("the logout token's algorithm was not agreed on")]
    Algorithm,
    /// A claim is missing or has the wrong type.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// Somebody else issued it.
    #[error("the logout token is from another issuer")]
    Issuer,
    /// It is for another client, or for others besides this one.
    #[error("the logout token is for another client")]
    Audience,
    /// Its time is over.
    #[error("the logout token has expired")]
    Expired,
    /// It was issued too long ago.
    #[error("the logout token is too old")]
    TooOld,
    /// It says that it will be issued later.
    #[error("the logout token was issued in the future")]
    IssuedInFuture,
    /// It names neither a person nor a session.
    #[error("the logout token names neither a person nor a session")]
    Nobody,
    /// It does not say that somebody was signed out: an ID token, or another kind of notice.
    #[error("the logout token does not say what happened")]
    Event,
    /// It has a nonce: an ID token, or made to be taken for one.
    #[error("the logout token has a nonce")]
    Nonce,
}

impl From<jose::Error> for Error {
    fn from(error: jose::Error) -> Self {
        match error {
            jose::Error::UnknownKey => Self::UnknownKey,
            other => Self::Token(other),
        }
    }
}

/// What `events` says when somebody was signed out: the event, about which there is nothing more to say.
#[must_use]
pub fn events() -> Map<String, Value> {
    [(EVENT.to_owned(), json!({}))].into_iter().collect()
}

/// OIDC Back-Channel Logout §2.6: everything that a client must check but that it has not seen the token before.
///
/// # Errors
/// An [`Error`] for the first rule that is broken. After [`Error::UnknownKey`] the caller may fetch the key set again
/// and repeat.
pub fn verify(
    token: &str,
    keys: &JwkSet,
    expectations: &Expectations<'_>,
) -> Result<LogoutTokenClaims, Error> {
    let unverified = Unverified::parse(token)?;
    // Providers from before the final text write `JWT` or nothing (OIDC Back-Channel Logout §4.1).
    let plain = unverified.typ().is_none() || unverified.is_typed(HeaderType::Jwt);
    if !plain && !unverified.is_typed(HeaderType::LogoutToken) {
        return Err(Error::WrongType);
    }
    if !expectations.algorithms.contains(&unverified.algorithm()) {
        return Err(Error::Algorithm);
    }
    let verified = unverified.verify_with(keys)?;
    if verified.claims::<Forbidden>(&[])?.nonce {
        return Err(Error::Nonce);
    }
    let claims: LogoutTokenClaims = verified.claims(REQUIRED)?;
    claims.addressed_to(expectations)?;
    claims.in_time(expectations)?;
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(Error::Event);
    }
    claims.ended()?;
    Ok(claims)
}

#[derive(Deserialize)]
struct Forbidden {
    #[serde(default, deserialize_with = "is_there")]
    nonce: bool,
}

impl LogoutTokenClaims {
    /// Whose sessions end.
    ///
    /// # Errors
    /// [`Error::Nobody`]; a token that was [verified](verify) names somebody.
    pub fn ended(&self) -> Result<Ended, Error> {
        let named = |claim: &Option<String>| claim.clone().filter(|value| !value.is_empty());
        match (named(&self.sid), named(&self.sub)) {
            (Some(sid), sub) => Ok(Ended::Session { sid, sub }),
            (None, Some(sub)) => Ok(Ended::Everything { sub }),
            (None, None) => Err(Error::Nobody),
        }
    }

    /// As in ID tokens (OIDC Core §3.1.3.7, rules 2 and 3).
    fn addressed_to(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        if self.jti.is_empty() {
            return Err(ClaimsError::Missing("jti").into());
        }
        if self.iss != expected.issuer {
            return Err(Error::Issuer);
        }
        if self.aud.is_only(expected.client_id) { Ok(()) } else { Err(Error::Audience) }
    }

    fn in_time(&self, expected: &Expectations<'_>) -> Result<(), Error> {
        let Expectations { now, leeway, max_age, .. } = *expected;
        if leeway.expired(self.exp, now) {
            return Err(Error::Expired);
        }
        if leeway.in_future(self.iat, now) {
            return Err(Error::IssuedInFuture);
        }
        if now > self.iat.plus(max_age).plus(leeway.span()) {
            return Err(Error::TooOld);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::jose::SigningKey;

    static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::Es256).unwrap());
    static KEYS: LazyLock<JwkSet> = LazyLock::new(|| JwkSet::new(vec![KEY.public_jwk().clone()]));

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
    const EXPECTED: Expectations<'static> = Expectations {
        issuer: "https://op.example",
        client_id: "app",
        algorithms: &[Algorithm::Es256],
        max_age: Seconds::hours(1),
        now: NOW,
        leeway: Leeway::seconds(60),
    };

    fn good() -> Value {
        json!({
            "iss": "https://op.example", "aud": "app", "iat": NOW.unix(), "exp": NOW.unix() + 120, "jti": "a",
            "sub": "somebody", "sid": "there", "events": { EVENT: {} },
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

    fn judge(typ: HeaderType, claims: &Value) -> Result<LogoutTokenClaims, Error> {
        verify(&KEY.sign(typ, claims).unwrap(), &KEYS, &EXPECTED)
    }

    #[test]
    fn what_is_written_is_read_and_names_no_nonce() {
        let claims = LogoutTokenClaims {
            iss: "https://op.example".to_owned(),
            aud: Audience::one("app"),
            iat: NOW,
            exp: NOW.plus(Seconds::minutes(2)),
            jti: "a".to_owned(),
            events: events(),
            sub: Some("somebody".to_owned()),
            sid: None,
        };
        let written = serde_json::to_value(&claims).unwrap();
        let mut names: Vec<&str> = written.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sub"]);
        let read = judge(HeaderType::LogoutToken, &written).unwrap();
        assert_eq!(read, claims);
        assert_eq!(read.ended(), Ok(Ended::Everything { sub: "somebody".to_owned() }));
    }

    #[test]
    fn lo_06_a_session_is_named_before_a_person() {
        let there =
            |sub: Option<&str>| Ended::Session { sid: "there".to_owned(), sub: sub.map(str::to_owned) };
        let ended = |claims| judge(HeaderType::Jwt, &claims).unwrap().ended().unwrap();
        assert_eq!(ended(good()), there(Some("somebody")));
        assert_eq!(ended(with("sub", Value::Null)), there(None));
        assert_eq!(ended(with("sid", Value::Null)), Ended::Everything { sub: "somebody".to_owned() });
    }

    #[test]
    fn lo_05_a_token_that_breaks_one_rule_ends_nothing() {
        let now = NOW.unix();
        let missing = |name| Error::Claims(ClaimsError::Missing(name));
        let malformed = Error::Claims(ClaimsError::Malformed);
        let broken = [
            (with("iss", json!("https://op.example/")), Error::Issuer),
            (with("iss", Value::Null), missing("iss")),
            (with("aud", json!("another")), Error::Audience),
            (with("aud", json!(["app", "another"])), Error::Audience),
            (with("aud", Value::Null), missing("aud")),
            (with("exp", json!(now - 61)), Error::Expired),
            (with("exp", Value::Null), missing("exp")),
            (with("iat", json!(now + 61)), Error::IssuedInFuture),
            (with("iat", json!(now - 3_600 - 61)), Error::TooOld),
            (with("iat", Value::Null), missing("iat")),
            (with("iat", json!("now")), malformed),
            (with("jti", Value::Null), missing("jti")),
            (with("jti", json!("")), missing("jti")),
            (with("events", Value::Null), missing("events")),
            (with("events", json!({})), Error::Event),
            (with("events", json!({ EVENT: true })), Error::Event),
            (with("events", json!([EVENT])), malformed),
            (
                with("events", json!({ "http://schemas.openid.net/event/backchannel-logout/": {} })),
                Error::Event,
            ),
            (with("nonce", json!("n")), Error::Nonce),
            (with("nonce", json!("")), Error::Nonce),
            (with("sub", json!(1)), malformed),
        ];
        for (claims, error) in broken {
            assert_eq!(judge(HeaderType::LogoutToken, &claims).unwrap_err(), error, "{claims}");
        }
        let mut nobody = with("sub", json!(""));
        nobody["sid"] = json!("");
        assert_eq!(judge(HeaderType::LogoutToken, &nobody).unwrap_err(), Error::Nobody);
        let mut null = good();
        null["nonce"] = Value::Null;
        assert_eq!(judge(HeaderType::LogoutToken, &null).unwrap_err(), Error::Nonce, "be it null");
    }

    /// OIDC Back-Channel Logout §4.1.
    #[test]
    fn lo_05_another_kind_of_token_another_key_and_none_end_nothing() {
        for typ in [HeaderType::AccessToken, HeaderType::SecurityEvent] {
            assert_eq!(judge(typ, &good()).unwrap_err(), Error::WrongType);
        }
        let foreign = SigningKey::generate(Algorithm::Es256).unwrap();
        let signed = foreign.sign(HeaderType::LogoutToken, &good()).unwrap();
        assert_eq!(verify(&signed, &KEYS, &EXPECTED).unwrap_err(), Error::UnknownKey);
        let expected = Expectations { algorithms: &[Algorithm::Rs256], ..EXPECTED };
        let own = KEY.sign(HeaderType::LogoutToken, &good()).unwrap();
        assert_eq!(verify(&own, &KEYS, &expected).unwrap_err(), Error::Algorithm);
        let (signed, _) = own.rsplit_once('.').unwrap();
        let (_, payload) = signed.split_once('.').unwrap();
        let none = crate::base64url::encode(br#"{"alg":"none"}"#);
        let unsigned = format!("{none}.{payload}.");
        assert!(matches!(verify(&unsigned, &KEYS, &EXPECTED), Err(Error::Token(jose::Error::Algorithm))));
        assert!(matches!(verify(signed, &KEYS, &EXPECTED), Err(Error::Token(jose::Error::NotCompact))));
        assert!(matches!(verify("", &KEYS, &EXPECTED), Err(Error::Token(jose::Error::NotCompact))));
        let id_token = json!({
            "iss": "https://op.example", "aud": "app", "iat": NOW.unix(), "exp": NOW.unix() + 120, "sub": "somebody",
            "sid": "there",
        });
        let refused = judge(HeaderType::Jwt, &id_token).unwrap_err();
        assert_eq!(refused, Error::Claims(ClaimsError::Missing("jti")), "an ID token");
    }
}
