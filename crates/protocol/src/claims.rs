//! Standard claims and the userinfo response — OIDC Core §5.1, §5.3.2, §5.4.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::claims_request::ClaimsRequest;
use crate::language_tag::{LanguageTag, plain_name, split};
use crate::scope::{self, Scopes};
use crate::strict_json;
use crate::time::Timestamp;

/// The claims that each scope asks for (OIDC Core §5.4). `sub` needs `openid` and is always there.
pub const CLAIMS_BY_SCOPE: &[(&str, &[&str])] = &[
    (
        scope::PROFILE,
        &[
            "name",
            "family_name",
            "given_name",
            "middle_name",
            "nickname",
            "preferred_username",
            "profile",
            "picture",
            "website",
            "gender",
            "birthdate",
            "zoneinfo",
            "locale",
            "updated_at",
        ],
    ),
    (scope::EMAIL, &["email", "email_verified"]),
    (scope::PHONE, &["phone_number", "phone_number_verified"]),
    (scope::ADDRESS, &["address"]),
];

/// The scope that covers a claim, in whatever language: who agreed to it has agreed to the claim.
#[must_use]
pub fn scope_of(claim: &str) -> Option<&'static str> {
    let claim = plain_name(claim);
    CLAIMS_BY_SCOPE.iter().find(|(_, claims)| claims.contains(&claim)).map(|(scope, _)| *scope)
}

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

    /// What of this may be told with these scopes (OIDC Core §5.4). Claims outside the standard are left out.
    #[must_use]
    pub fn for_scopes(self, scopes: &Scopes) -> Self {
        let mut told = Self::of(self.sub);
        if scopes.contains(scope::PROFILE) {
            told = Self {
                name: self.name,
                family_name: self.family_name,
                given_name: self.given_name,
                middle_name: self.middle_name,
                nickname: self.nickname,
                preferred_username: self.preferred_username,
                profile: self.profile,
                picture: self.picture,
                website: self.website,
                gender: self.gender,
                birthdate: self.birthdate,
                zoneinfo: self.zoneinfo,
                locale: self.locale,
                updated_at: self.updated_at,
                ..told
            };
        }
        if scopes.contains(scope::EMAIL) {
            told = Self { email: self.email, email_verified: self.email_verified, ..told };
        }
        if scopes.contains(scope::PHONE) {
            told = Self {
                phone_number: self.phone_number,
                phone_number_verified: self.phone_number_verified,
                ..told
            };
        }
        if scopes.contains(scope::ADDRESS) {
            told = Self { address: self.address, ..told };
        }
        told
    }
}

impl UserInfo {
    /// What of this may be told with these scopes, and what else was asked for by name (OIDC Core §5.5) or language
    /// (OIDC Core §5.2): claims by name.
    #[must_use]
    pub fn told(self, scopes: &Scopes, asked: &ClaimsRequest) -> Map<String, Value> {
        let all = self.members();
        let mut told = self.for_scopes(scopes).members();
        told.extend(asked.userinfo.answer(&all));
        told.extend(in_languages(&told, &all, &asked.locales));
        told
    }

    /// What of this an ID token tells, because it was asked for there by name (OIDC Core §5.5): claims by name.
    #[must_use]
    pub fn told_in_id_token(&self, asked: &ClaimsRequest) -> Map<String, Value> {
        let all = self.members();
        let mut told = asked.id_token.answer(&all);
        told.extend(in_languages(&told, &all, &asked.locales));
        told
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

/// What is told, in the first of the wanted languages in which it is known. What has no language is told besides
/// (OIDC Core §5.2).
fn in_languages(
    told: &Map<String, Value>,
    all: &Map<String, Value>,
    wanted: &[LanguageTag],
) -> Vec<(String, Value)> {
    let known: Vec<(&str, LanguageTag, &Value)> =
        all.iter().filter_map(|(name, value)| split(name).map(|(name, tag)| (name, tag, value))).collect();
    let best = |name: &str| {
        let mut ranges = wanted.iter();
        ranges.find_map(|range| known.iter().find(|(claim, tag, _)| *claim == name && tag.is_in(range)))
    };
    let found = told.keys().filter_map(|name| best(name));
    found.map(|(name, tag, value)| (format!("{name}#{tag}"), (*value).clone())).collect()
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

    /// A person of whom every standard claim is known.
    fn everything() -> UserInfo {
        let mut claims =
            Map::from_iter([("sub".to_owned(), Value::from("alice")), ("role".into(), "admin".into())]);
        for name in CLAIMS_BY_SCOPE.iter().flat_map(|(_, names)| *names) {
            let value = match *name {
                "email_verified" | "phone_number_verified" => Value::from(true),
                "address" => serde_json::json!({ "country": "대한민국" }),
                "updated_at" => Value::from(1_800_000_000),
                text => Value::from(text),
            };
            claims.insert((*name).to_owned(), value);
        }
        serde_json::from_value(Value::Object(claims)).unwrap()
    }

    fn names(claims: &UserInfo) -> Vec<String> {
        let Value::Object(map) = serde_json::to_value(claims).unwrap() else { panic!("not an object") };
        let mut names: Vec<_> = map.keys().cloned().collect();
        names.sort();
        names
    }

    /// OIDC Core §5.4.
    #[test]
    fn oidc_core_5_4_each_scope_brings_its_claims_and_no_other() {
        assert_eq!(everything().others.len(), 1, "every standard claim has a field");
        for (scope, claims) in CLAIMS_BY_SCOPE {
            let mut expected: Vec<String> = claims.iter().map(|name| (*name).to_owned()).collect();
            expected.push("sub".into());
            expected.sort();
            let scopes = Scopes::parse(&format!("openid {scope} calendar.read")).unwrap();
            assert_eq!(names(&everything().for_scopes(&scopes)), expected, "{scope}");
        }
        for (claim, scope) in
            [("email", Some("email")), ("birthdate", Some("profile")), ("sub", None), ("role", None)]
        {
            assert_eq!(scope_of(claim), scope, "{claim}");
        }
        for scopes in ["openid", "openid profiles", "openid emai", ""] {
            assert_eq!(names(&everything().for_scopes(&Scopes::parse(scopes).unwrap())), ["sub"], "{scopes}");
        }
    }

    #[test]
    fn oidc_core_5_5_what_is_asked_by_name_comes_besides_what_the_scopes_give() {
        let told = |claims: &str, scopes: &str| {
            let asked = ClaimsRequest::parse(claims).unwrap();
            let mut told: Vec<_> = everything()
                .told(&Scopes::parse(scopes).unwrap(), &asked)
                .into_iter()
                .map(|(name, _)| name)
                .collect();
            told.sort();
            told
        };
        let asked = r#"{"userinfo":{"email":null,"address":{"essential":true},"shoe_size":null},"id_token":{"name":null}}"#;
        assert_eq!(told(asked, "openid"), ["address", "email", "sub"]);
        assert_eq!(
            told(asked, "openid phone"),
            ["address", "email", "phone_number", "phone_number_verified", "sub"]
        );
        assert_eq!(told("{}", "openid"), ["sub"]);
        assert_eq!(told(r#"{"userinfo":{"role":null,"sub":{"value":"bob"}}}"#, "openid"), ["role", "sub"]);
    }

    #[test]
    fn oidc_core_5_2_what_may_be_told_is_told_in_the_first_wanted_language_that_is_known() {
        let mut person = everything();
        for (name, value) in [("name#ko-KR", "홍길동"), ("name#en", "Hong"), ("nickname#en-GB", "Gil")] {
            person.others.insert(name.to_owned(), value.into());
        }
        let asked = |claims: &str, locales: &str| ClaimsRequest {
            locales: LanguageTag::list(locales),
            ..ClaimsRequest::parse(claims).unwrap()
        };
        let tagged = |told: Map<String, Value>| {
            let tagged = told.into_iter().filter(|(name, _)| name.contains('#'));
            tagged.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect::<Vec<_>>()
        };
        let told = |scopes: &str, claims: &str, locales: &str| {
            tagged(person.clone().told(&Scopes::parse(scopes).unwrap(), &asked(claims, locales)))
        };
        assert_eq!(told("openid profile", "{}", "fr ko en"), ["name#ko-KR=홍길동", "nickname#en-GB=Gil"]);
        assert_eq!(told("openid profile", "{}", "en ko"), ["name#en=Hong", "nickname#en-GB=Gil"]);
        assert!(told("openid profile", "{}", "").is_empty() && told("openid email", "{}", "ko").is_empty());
        let by_name = r#"{"userinfo":{"name#EN":null},"id_token":{"nickname":null,"name#KO-kr":null}}"#;
        assert_eq!(told("openid", by_name, ""), ["name#en=Hong"]);
        let id_token = tagged(person.told_in_id_token(&asked(by_name, "en")));
        assert_eq!(id_token, ["name#ko-KR=홍길동", "nickname#en-GB=Gil"]);
    }

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
        assert_eq!(format!("{:?}", everything()), r#"UserInfo { sub: "alice", .. }"#);
    }
}
