//! The `claims` parameter, and `claims_locales` — OIDC Core §5.2, §5.5.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    claims,
    language_tag::{LanguageTag, spelled_name},
    scope::Scopes,
    strict_json,
};

/// Longest `claims` parameter in bytes.
pub const MAX_BYTES: usize = 4096;
/// Most claims that one of the two places may be asked for.
pub const MAX_CLAIMS: usize = 64;

/// Why a `claims` parameter cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not one JSON object, longer than [`MAX_BYTES`], or a name occurs twice.
    #[error("the claims parameter is not a JSON object")]
    NotAnObject,
    /// A member that is defined has a type that it must not have.
    #[error("a member of the claims parameter is malformed")]
    Malformed,
    /// More than [`MAX_CLAIMS`] claims in one place.
    #[error("the claims parameter asks for too many claims")]
    TooMany,
}

/// What an app asks about the person, claim by claim, and where it wants to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimsRequest {
    /// By the userinfo endpoint, besides what its scopes give.
    #[serde(default, skip_serializing_if = "RequestedClaims::is_empty")]
    pub userinfo: RequestedClaims,
    /// In the ID token.
    #[serde(default, skip_serializing_if = "RequestedClaims::is_empty")]
    pub id_token: RequestedClaims,
    /// In which languages besides, most wanted first (`claims_locales`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<LanguageTag>,
}

/// The claims that are asked for in one place, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestedClaims(BTreeMap<String, ClaimRequest>);

/// How one claim is asked for (OIDC Core §5.5.1). `null` asks for it without conditions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// The app cannot do well without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub essential: bool,
    /// The values that would do, most wanted first; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// The members as they travel; what is not defined is ignored (OIDC Core §5.5).
#[derive(Deserialize)]
struct Wire {
    #[serde(default, deserialize_with = "strict_json::present")]
    userinfo: Option<BTreeMap<String, Option<WireClaim>>>,
    #[serde(default, deserialize_with = "strict_json::present")]
    id_token: Option<BTreeMap<String, Option<WireClaim>>>,
}

#[derive(Deserialize)]
struct WireClaim {
    #[serde(default, deserialize_with = "strict_json::present")]
    essential: Option<bool>,
    #[serde(default, deserialize_with = "strict_json::present")]
    value: Option<Value>,
    #[serde(default, deserialize_with = "strict_json::present")]
    values: Option<Vec<Value>>,
}

impl ClaimsRequest {
    /// Reads the parameter.
    ///
    /// # Errors
    /// An [`Error`] for the first rule that is broken. Claims and members that nobody knows are no error.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wire: Wire = strict_json::parse_object(text.as_bytes(), MAX_BYTES)
            .map_err(|error| error.mismatch_or(Error::Malformed, Error::NotAnObject))?;
        let (userinfo, id_token) = (requested(wire.userinfo)?, requested(wire.id_token)?);
        Ok(Self { userinfo, id_token, locales: Vec::new() })
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty() && self.locales.is_empty()
    }

    /// Every name that is asked for, in either place.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.userinfo.0.keys().chain(self.id_token.0.keys()).map(String::as_str)
    }

    /// Leaves only the claims that one of these scopes covers (OIDC Core §5.4).
    #[must_use]
    pub fn covered_by(self, scopes: &Scopes) -> Self {
        self.retain(|claim| claims::scope_of(claim).is_some_and(|scope| scopes.contains(scope)))
    }

    /// Leaves only what satisfies the condition.
    #[must_use]
    pub fn retain(mut self, mut keep: impl FnMut(&str) -> bool) -> Self {
        self.userinfo.0.retain(|name, _| keep(name));
        self.id_token.0.retain(|name, _| keep(name));
        self
    }
}

fn requested(claims: Option<BTreeMap<String, Option<WireClaim>>>) -> Result<RequestedClaims, Error> {
    let claims = claims.unwrap_or_default();
    if claims.len() > MAX_CLAIMS {
        return Err(Error::TooMany);
    }
    let read = |wire: Option<WireClaim>| match wire {
        None => Ok(ClaimRequest::default()),
        // `value` and `values` exclude each other (OIDC Core §5.5.1).
        Some(WireClaim { value: Some(_), values: Some(_), .. }) => Err(Error::Malformed),
        Some(WireClaim { essential, value, values }) => Ok(ClaimRequest {
            essential: essential.unwrap_or_default(),
            values: values.unwrap_or_else(|| value.into_iter().collect()),
        }),
    };
    let claims = claims.into_iter().map(|(name, wire)| Ok((spelled_name(name), read(wire)?)));
    claims.collect::<Result<_, _>>().map(RequestedClaims)
}

impl RequestedClaims {
    /// Whether nothing is asked for here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How a claim is asked for, if it is.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<&ClaimRequest> {
        self.0.get(name)
    }

    /// What of these facts answers: asked for here, and with a value that would do.
    #[must_use]
    pub fn answer(&self, facts: &Map<String, Value>) -> Map<String, Value> {
        let wanted =
            facts.iter().filter(|(name, value)| self.of(name).is_some_and(|asked| asked.takes(value)));
        wanted.map(|(name, value)| (name.clone(), value.clone())).collect()
    }
}

impl ClaimRequest {
    /// Whether this value would do.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }

    /// The values that would do, as far as they are texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.values.iter().filter_map(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of OIDC Core §5.5.
    const EXAMPLE: &str = r#"{
      "userinfo": {
        "given_name": {"essential": true},
        "nickname": null,
        "email": {"essential": true},
        "email_verified": {"essential": true},
        "picture": null,
        "http://example.info/claims/groups": null
      },
      "id_token": {
        "auth_time": {"essential": true},
        "acr": {"values": ["urn:mace:incommon:iap:silver"]}
      }
    }"#;

    #[test]
    fn oidc_core_5_5_the_example_is_read() {
        let read = ClaimsRequest::parse(EXAMPLE).unwrap();
        assert!(read.userinfo.of("given_name").unwrap().essential);
        assert_eq!(read.userinfo.of("nickname"), Some(&ClaimRequest::default()));
        assert_eq!(read.userinfo.of("acr"), None);
        let acr: Vec<_> = read.id_token.of("acr").unwrap().texts().collect();
        assert_eq!(acr, ["urn:mace:incommon:iap:silver"]);
        assert_eq!(read.names().count(), 8);
        let kept = read.clone().retain(|name| name == "email");
        assert_eq!(kept.names().collect::<Vec<_>>(), ["email"]);
        assert!(kept.id_token.is_empty() && !kept.is_empty());
        let printed = serde_json::to_string(&read).unwrap();
        assert_eq!(serde_json::from_str::<ClaimsRequest>(&printed).unwrap(), read);
    }

    /// OIDC Core §5.5.1.
    #[test]
    fn oidc_core_5_5_1_a_value_that_would_not_do_is_not_told() {
        let asked = ClaimsRequest::parse(
            r#"{"userinfo":{"email":{"value":"a@b"},"name":{"values":["가","나"]},"locale":null,"updated_at":{"value":7}}}"#,
        )
        .unwrap();
        let answer = |facts: Value| {
            let Value::Object(facts) = facts else { panic!("not an object") };
            Value::Object(asked.userinfo.answer(&facts))
        };
        let all = json!({"email": "a@b", "name": "나", "locale": "ko", "updated_at": 7, "gender": "x"});
        assert_eq!(answer(all), json!({"email": "a@b", "name": "나", "locale": "ko", "updated_at": 7}));
        assert_eq!(answer(json!({"email": "A@b", "name": "다", "updated_at": "7"})), json!({}));
    }

    #[test]
    fn what_is_not_defined_is_ignored_and_what_is_defined_has_its_type() {
        for text in ["{}", r#"{"other":1}"#, r#"{"userinfo":{}}"#, r#"{"id_token":{"x":{"y":[1]}}}"#] {
            ClaimsRequest::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        for (text, error) in [
            ("", Error::NotAnObject),
            ("[]", Error::NotAnObject),
            ("null", Error::NotAnObject),
            (r#"{"userinfo":{},"userinfo":{}}"#, Error::NotAnObject),
            (r#"{"userinfo":{"a":null,"a":null}}"#, Error::NotAnObject),
            (r#"{"userinfo":null}"#, Error::Malformed),
            (r#"{"userinfo":["email"]}"#, Error::Malformed),
            (r#"{"userinfo":{"email":true}}"#, Error::Malformed),
            (r#"{"userinfo":{"email":"a"}}"#, Error::Malformed),
            (r#"{"userinfo":{"email":{"essential":"true"}}}"#, Error::Malformed),
            (r#"{"userinfo":{"email":{"essential":null}}}"#, Error::Malformed),
            (r#"{"id_token":{"acr":{"values":"1"}}}"#, Error::Malformed),
            (r#"{"id_token":{"acr":{"value":"1","values":["1"]}}}"#, Error::Malformed),
        ] {
            assert_eq!(ClaimsRequest::parse(text), Err(error), "{text}");
        }
        let many: Vec<_> = (0..=MAX_CLAIMS).map(|n| format!(r#""c{n}":null"#)).collect();
        let text = format!(r#"{{"userinfo":{{{}}}}}"#, many.join(","));
        assert_eq!(ClaimsRequest::parse(&text), Err(Error::TooMany));
        let long = format!(r#"{{"x":"{}"}}"#, "x".repeat(MAX_BYTES));
        assert_eq!(ClaimsRequest::parse(&long), Err(Error::NotAnObject));
    }
}
