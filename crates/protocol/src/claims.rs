//! Standard claims and the userinfo response — OIDC Core §5.1, §5.3.2.

mod told;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use self::told::{CLAIMS_BY_SCOPE, scope_of};
use crate::strict_json;
use crate::time::Timestamp;

/// Longest subject identifier in bytes (OIDC Core §2).
pub const MAX_SUBJECT_BYTES: usize = 255;

/// Why a userinfo response cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not one JSON object, too long, or a name occurs twice.
    #[error("the userinfo response is not a JSON object")]
    NotAnObject,
    /// `sub` is missing, or a claim has the wrong type.
    #[error("a claim is missing or malformed")]
    Malformed,
    /// `sub` is not the one of the ID token (OIDC Core §5.3.2): token substitution.
    #[error("the userinfo response is about another subject")]
    SubjectMismatch,
}

/// What is known about a person. `Debug` shows the subject only; the rest is personal data.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Who this is, unique and never reassigned at its issuer.
    pub sub: String,
    /// Full name as it is shown.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Family name.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    /// Given name.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    /// Middle name.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    /// Casual name.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The name that the person wants to be called by. Not unique, may change: never a key.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub preferred_username: Option<String>,
    /// Address of the profile page.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Address of the picture.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// Address of a web page.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// Gender.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    /// Birthday, `YYYY-MM-DD` or `YYYY`, year `0000` when it is not told.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    /// Time zone, for example `Asia/Seoul`.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    /// Language tag, for example `ko-KR`.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// When the profile last changed.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// E-mail address. Not unique, may change hands: never a key (OIDC Core §5.7).
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Whether the issuer has proof that the address is the person's.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub email_verified: Option<bool>,
    /// Telephone number, E.164 recommended: `+82 10-1234-5678`.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    /// Whether the issuer has proof that the number is the person's.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    /// Postal address.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Every other claim.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// A postal address — OIDC Core §5.1.1. Each part may be missing.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// As it is written on an envelope; lines end with a line feed.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    /// Street, house number, flat; lines end with a line feed.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    /// City.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    /// State, province, region.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// Postal code.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// Country, by name.
    #[serde(default, deserialize_with = "strict_json::present", skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl UserInfo {
    /// Longest response that a client reads, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Nothing but who it is.
    #[must_use]
    pub fn of(sub: impl Into<String>) -> Self {
        Self { sub: sub.into(), ..Self::default() }
    }

    /// Reads the body of an answer and compares its subject with the ID token's.
    ///
    /// # Errors
    /// [`Error`]; above all, claims of another subject are refused.
    pub fn parse(body: &[u8], expected_subject: &str) -> Result<Self, Error> {
        let claims: Self = strict_json::parse_object(body, Self::MAX_BYTES)
            .map_err(|error| error.mismatch_or(Error::Malformed, Error::NotAnObject))?;
        if claims.sub.is_empty() || claims.sub.len() > MAX_SUBJECT_BYTES {
            return Err(Error::Malformed);
        }
        if claims.sub == expected_subject { Ok(claims) } else { Err(Error::SubjectMismatch) }
    }

    /// Its claims by name.
    #[must_use]
    pub fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(members)) => members,
            Ok(_) | Err(_) => Map::new(),
        }
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address(***)")
    }
}

impl std::fmt::Debug for UserInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UserInfo").field("sub", &self.sub).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rp_10_claims_of_another_subject_are_refused() {
        let parse = |body: &str| UserInfo::parse(body.as_bytes(), "alice");
        assert_eq!(parse(r#"{"sub":"alice","name":"앨리스"}"#).unwrap().name.as_deref(), Some("앨리스"));
        for body in [r#"{"sub":"bob"}"#, r#"{"sub":"Alice"}"#, r#"{"sub":"alice "}"#] {
            assert_eq!(parse(body), Err(Error::SubjectMismatch), "{body}");
        }
        for body in [
            "{}",
            r#"{"sub":""}"#,
            r#"{"sub":1}"#,
            r#"{"sub":null}"#,
            r#"{"sub":["alice"]}"#,
            r#"{"sub":"alice","email_verified":"true"}"#,
            r#"{"sub":"alice","email":["a@b"]}"#,
            r#"{"sub":"alice","updated_at":"2026"}"#,
            r#"{"sub":"alice","address":"Seoul"}"#,
            r#"{"sub":"alice","address":{"country":null}}"#,
        ] {
            assert_eq!(parse(body), Err(Error::Malformed), "{body}");
        }
        assert_eq!(UserInfo::parse(br#"{"sub":""}"#, ""), Err(Error::Malformed));
        for body in ["", "<html>", "[]", r#"{"sub":"bob","sub":"alice"}"#] {
            assert_eq!(parse(body), Err(Error::NotAnObject), "{body}");
        }
    }

    #[test]
    fn personal_data_is_not_printed() {
        let address = Address { country: Some("대한민국".to_owned()), ..Address::default() };
        let person = UserInfo {
            name: Some("앨리스".to_owned()),
            address: Some(address.clone()),
            ..UserInfo::of("alice")
        };
        assert_eq!(format!("{person:?} {address:?}"), r#"UserInfo { sub: "alice", .. } Address(***)"#);
    }
}
