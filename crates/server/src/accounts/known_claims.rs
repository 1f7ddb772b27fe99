//! What is known of a person — OIDC Core §5.1: what every account has, and the standard claims beyond that.
//!
//! The latter are kept as one JSON object. An account's own columns win over it. What is written in words may be known in
//! several languages (OIDC Core §5.2): `name#en` besides the name.

use mapae_protocol::{
    claims::{Address, UserInfo},
    language_tag, strict_json,
};
use serde::Deserialize as _;
use serde_json::{Map, Value};

use crate::{
    fault::{Artefact, Fault},
    store::{grant_states::Person, users::User},
};

/// Longest object of claims in bytes.
pub(crate) const MAX_BYTES: usize = 16 * 1024;
/// Longest text of a claim in characters.
const MAX_TEXT: usize = 1024;

/// The claims that an account has columns for: they are never part of the object.
pub(crate) const OWN: [&str; 5] = ["sub", "name", "email", "email_verified", "updated_at"];

/// The claims that may be known in several languages: texts for people and pages of theirs, and the address.
const IN_WORDS: [&str; 10] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "address",
];

/// What is wrong with an object of claims.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClaimsProblem {
    #[error("it is not one JSON object of at most {MAX_BYTES} bytes in which every name stands once")]
    NotAnObject,
    #[error(
        "a claim has the wrong type: texts are texts, what ends in _verified is true or false, address is an object"
    )]
    WrongType,
    #[error("{0:?} is no standard claim")]
    Unknown(String),
    #[error("{0:?} belongs to the account itself")]
    OfTheAccount(&'static str),
    #[error("{0:?} is empty, longer than {MAX_TEXT} characters, or has control characters")]
    Unusable(String),
}

/// Reads an object of claims as somebody wrote it, and writes it as it is kept.
pub(crate) fn parse(text: &[u8]) -> Result<String, ClaimsProblem> {
    let mut object: Map<String, Value> =
        strict_json::parse_object(text, MAX_BYTES).map_err(|_| ClaimsProblem::NotAnObject)?;
    if let Some(own) = OWN.into_iter().find(|own| object.contains_key(*own)) {
        return Err(ClaimsProblem::OfTheAccount(own));
    }
    if let Some((name, _)) = object.iter().find(|(_, value)| !is_usable(value)) {
        return Err(ClaimsProblem::Unusable(name.clone()));
    }
    object.insert("sub".to_owned(), Value::from(""));
    let claims: UserInfo =
        serde_json::from_value(Value::Object(object.clone())).map_err(|_| ClaimsProblem::WrongType)?;
    object.retain(|name, _| name != "sub" && !claims.others.contains_key(name));
    for (name, value) in claims.others {
        let spelled = in_language(&name, &value)?;
        if object.insert(spelled, value).is_some() {
            return Err(ClaimsProblem::NotAnObject);
        }
    }
    Ok(Value::Object(object).to_string())
}

/// The name of a claim in a language, as it is spelled.
fn in_language(name: &str, value: &Value) -> Result<String, ClaimsProblem> {
    let known = language_tag::split(name).filter(|(claim, _)| IN_WORDS.contains(claim));
    let (claim, tag) = known.ok_or_else(|| ClaimsProblem::Unknown(name.to_owned()))?;
    let fits = match claim {
        "address" => Address::deserialize(value).is_ok(),
        _ => value.is_string(),
    };
    if fits { Ok(format!("{claim}#{tag}")) } else { Err(ClaimsProblem::WrongType) }
}

/// Lines may end in an address, and nowhere else.
fn is_usable(value: &Value) -> bool {
    let fits = |text: &str| !text.is_empty() && text.chars().count() <= MAX_TEXT;
    match value {
        Value::String(text) => fits(text) && !text.chars().any(char::is_control),
        Value::Object(parts) => parts.values().all(|part| {
            part.as_str().is_none_or(|text| fits(text) && !text.chars().any(|c| c.is_control() && c != '\n'))
        }),
        _ => true,
    }
}

/// Everything that is known, for whom the person is called `sub`.
pub(crate) fn all(sub: String, user: User, kept: Option<&str>) -> Result<UserInfo, Fault> {
    let kept = match kept {
        None => UserInfo::of(sub),
        Some(text) => {
            let mut object: Map<String, Value> =
                serde_json::from_str(text).map_err(Fault::corrupt(Artefact::ClaimsOfUser))?;
            object.insert("sub".to_owned(), Value::from(sub));
            serde_json::from_value(Value::Object(object)).map_err(Fault::corrupt(Artefact::ClaimsOfUser))?
        }
    };
    Ok(UserInfo {
        name: Some(user.name),
        locale: kept.locale.or(user.locale),
        updated_at: Some(user.updated_at),
        email_verified: user.email.as_ref().map(|_| user.email_verified),
        email: user.email,
        ..kept
    })
}

/// As [`all`], of who gave a grant.
pub(crate) fn of_person(sub: String, person: Person) -> Result<UserInfo, Fault> {
    all(sub, person.user, person.known.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OIDC Core §5.1, §5.1.1.
    #[test]
    fn oidc_core_5_1_every_standard_claim_is_taken_and_nothing_else() {
        let all = r#"{"given_name":"길동","family_name":"홍","middle_name":"x","nickname":"길","preferred_username":"hong",
            "profile":"https://hong.example/","picture":"https://hong.example/p.png","website":"https://hong.example",
            "gender":"male","birthdate":"0000-03-01","zoneinfo":"Asia/Seoul","locale":"ko-KR",
            "phone_number":"+82 10-1234-5678","phone_number_verified":true,
            "address":{"formatted":"세종대로 1\n서울","country":"대한민국"}}"#;
        let kept: Map<String, Value> = serde_json::from_str(&parse(all.as_bytes()).unwrap()).unwrap();
        let standard = mapae_protocol::claims::CLAIMS_BY_SCOPE.iter().flat_map(|(_, claims)| claims.iter());
        let expected = standard.filter(|claim| !OWN.contains(claim)).count();
        assert_eq!(kept.len(), expected);
        for (text, problem) in [
            ("", ClaimsProblem::NotAnObject),
            ("[]", ClaimsProblem::NotAnObject),
            (r#"{"gender":"a","gender":"b"}"#, ClaimsProblem::NotAnObject),
            (r#"{"gender":1}"#, ClaimsProblem::WrongType),
            (r#"{"gender":null}"#, ClaimsProblem::WrongType),
            (r#"{"phone_number_verified":"true"}"#, ClaimsProblem::WrongType),
            (r#"{"address":"Seoul"}"#, ClaimsProblem::WrongType),
            (r#"{"role":"admin"}"#, ClaimsProblem::Unknown("role".to_owned())),
            (r#"{"iss":"x"}"#, ClaimsProblem::Unknown("iss".to_owned())),
            (r#"{"email":"a@b"}"#, ClaimsProblem::OfTheAccount("email")),
            (r#"{"email#ko":"a@b"}"#, ClaimsProblem::Unknown("email#ko".to_owned())),
            (r#"{"name#":"a"}"#, ClaimsProblem::Unknown("name#".to_owned())),
            (r#"{"name#ko":1}"#, ClaimsProblem::WrongType),
            (r#"{"address#ko":"Seoul"}"#, ClaimsProblem::WrongType),
            (r#"{"name#ko":"a","name#KO":"b"}"#, ClaimsProblem::NotAnObject),
            (r#"{"sub":"x"}"#, ClaimsProblem::OfTheAccount("sub")),
            (r#"{"nickname":""}"#, ClaimsProblem::Unusable("nickname".to_owned())),
            (r#"{"nickname":"a\nb"}"#, ClaimsProblem::Unusable("nickname".to_owned())),
            (r#"{"address":{"country":"\u0000"}}"#, ClaimsProblem::Unusable("address".to_owned())),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(problem), "{text}");
        }
    }

    #[test]
    fn oidc_core_5_2_what_is_written_in_words_may_be_known_in_several_languages() {
        let said = r#"{"nickname":"길","name#EN-us":"Hong","address#en":{"country":"Korea"}}"#;
        let kept: Value = serde_json::from_str(&parse(said.as_bytes()).unwrap()).unwrap();
        let expected =
            serde_json::json!({"nickname": "길", "name#en-US": "Hong", "address#en": {"country": "Korea"}});
        assert_eq!(kept, expected);
    }
}
