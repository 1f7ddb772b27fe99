//! Which claims are told: by scope, by name, and in which language — OIDC Core §5.2, §5.4, §5.5.

use serde_json::{Map, Value};

use super::UserInfo;
use crate::claims_request::ClaimsRequest;
use crate::language_tag::{LanguageTag, plain_name, split};
use crate::scope::{self, Scopes};

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

impl UserInfo {
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
}
