//! `/v2/user/me` and `/v1/user/access_token_info`.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use mapae_protocol::params::Params;
use serde_json::{Map, Value, json};

use super::{api::Call, error::ApiError};
use crate::{
    Gender, Person,
    engine::Engine,
    web::{Either, json, rfc3339},
};

/// `GET` and `POST /v2/user/me`.
pub(super) async fn me(State(engine): State<Engine>, headers: HeaderMap, Either(sent): Either) -> Response {
    match Call::by_either(&engine, &headers, &sent).and_then(|call| profile(&engine, &call, &sent)) {
        Ok(body) => json(200, &body),
        Err(error) => error.respond(),
    }
}

/// `GET /v1/user/access_token_info`.
pub(super) async fn access_token_info(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    match Call::by_token(&engine, &headers) {
        Ok(Call { app, person, token: Some(token), .. }) => {
            let left = token.expires_at.unix() - engine.now().unix();
            json(200, &json!({ "id": number(&person), "expires_in": left, "app_id": app.number }))
        }
        Ok(_) => ApiError::NoCredentials.respond(),
        Err(error) => error.respond(),
    }
}

/// A 64-bit integer, not a string: the trap for who reads it as a double.
pub(super) fn number(person: &Person) -> Value {
    person.id.parse::<i64>().map_or_else(|_| person.id.clone().into(), Value::from)
}

/// The pictures of a person: large and small.
fn pictures(engine: &Engine, person: &Person) -> (String, String) {
    (engine.picture(&person.name, "640"), engine.picture(&person.name, "110"))
}

fn profile(engine: &Engine, call: &Call, sent: &Params) -> Result<Value, ApiError> {
    let wanted = PropertyKeys::parse(sent)?;
    let (person, link) = (&call.person, &call.link);
    let mut body = Map::new();
    body.insert("id".to_owned(), number(person));
    if call.app.manual_signup {
        body.insert("has_signed_up".to_owned(), link.signed_up.into());
    }
    body.insert("connected_at".to_owned(), rfc3339(link.linked_at).into());
    body.insert("synched_at".to_owned(), rfc3339(link.linked_at).into());
    let mut properties = Map::new();
    if link.allows("profile_nickname") {
        properties.insert("nickname".to_owned(), person.nickname.clone().into());
    }
    if link.allows("profile_image") && person.picture {
        let (large, small) = pictures(engine, person);
        properties.insert("profile_image".to_owned(), large.into());
        properties.insert("thumbnail_image".to_owned(), small.into());
    }
    properties.retain(|name, _| wanted.has("properties", name));
    if !properties.is_empty() {
        body.insert("properties".to_owned(), Value::Object(properties));
    }
    let mut account = account(engine, call);
    account.retain(|name, _| wanted.has("kakao_account", name));
    body.insert("kakao_account".to_owned(), Value::Object(account));
    Ok(Value::Object(body))
}

/// Only what the console has configured is spoken of; `…_needs_agreement` says whether it was agreed to.
fn account(engine: &Engine, call: &Call) -> Map<String, Value> {
    let (person, mut account, mut profile) = (&call.person, Account::of(call), Map::new());
    if account.agreed("profile_nickname", "profile_nickname") {
        profile.insert("nickname".to_owned(), person.nickname.clone().into());
        profile.insert("is_default_nickname".to_owned(), false.into());
    }
    if account.agreed("profile_image", "profile_image") {
        let (large, small) = pictures(engine, person);
        profile.insert("thumbnail_image_url".to_owned(), small.into());
        profile.insert("profile_image_url".to_owned(), large.into());
        profile.insert("is_default_image".to_owned(), (!person.picture).into());
    }
    account.put("profile", Some(profile).filter(|profile| !profile.is_empty()));
    if account.agreed("name", "name") {
        account.put("name", person.full_name.clone());
    }
    if call.app.item("account_email").is_some() {
        account.put("has_email", Some(person.email.is_some()));
    }
    if account.agreed("account_email", "email") && person.email.is_some() {
        account.put("is_email_valid", Some(person.email_valid));
        account.put("is_email_verified", Some(person.email_verified));
        account.put("email", person.email.clone());
    }
    if account.agreed("age_range", "age_range") {
        account.put("age_range", age_range(engine, person));
    }
    if account.agreed("birthyear", "birthyear") {
        account.put("birthyear", person.birthyear.clone());
    }
    if account.agreed("birthday", "birthday") && person.birthday.is_some() {
        account.put("birthday", person.birthday.clone());
        account.put("birthday_type", Some(if person.lunar { "LUNAR" } else { "SOLAR" }));
        account.put("is_leap_month", Some(false));
    }
    if account.agreed("gender", "gender") {
        account.put("gender", gender(person));
    }
    if account.agreed("phone_number", "phone_number") {
        account.put("phone_number", person.phone.clone());
    }
    account.agreed("account_ci", "ci");
    account.members
}

/// `kakao_account` as it grows.
struct Account<'a> {
    call: &'a Call,
    members: Map<String, Value>,
}

impl<'a> Account<'a> {
    fn of(call: &'a Call) -> Self {
        Self { call, members: Map::new() }
    }

    /// Writes the item's flag, if the app has the item, and says whether its value may follow.
    fn agreed(&mut self, item: &str, flag: &str) -> bool {
        if self.call.app.item(item).is_none() {
            return false;
        }
        let agreed = self.call.link.allows(item);
        self.members.insert(format!("{flag}_needs_agreement"), (!agreed).into());
        agreed
    }

    fn put(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.members.insert(name.to_owned(), value.into());
        }
    }
}

pub(super) const fn gender(person: &Person) -> Option<&'static str> {
    match person.gender {
        Some(Gender::Female) => Some("female"),
        Some(Gender::Male) => Some("male"),
        Some(Gender::Unknown) | None => None,
    }
}

/// `20~29`; the youngest are split as the document has it.
fn age_range(engine: &Engine, person: &Person) -> Option<String> {
    let today = jiff::Timestamp::from_second(engine.now().unix()).ok()?;
    let year = today.to_zoned(jiff::tz::TimeZone::UTC).year();
    Some(match person.age(year)? {
        ..10 => "1~9".to_owned(),
        10..15 => "10~14".to_owned(),
        15..20 => "15~19".to_owned(),
        90.. => "90~".to_owned(),
        age => format!("{0}0~{0}9", age / 10),
    })
}

/// `property_keys=["kakao_account.email","kakao_account.profile"]`; a dot at the end means all beneath.
struct PropertyKeys(Option<Vec<String>>);

impl PropertyKeys {
    fn parse(sent: &Params) -> Result<Self, ApiError> {
        let malformed = ApiError::Argument("property_keys must be a JSON array of strings");
        let Ok(list) = sent.one("property_keys") else { return Err(malformed) };
        let Some(list) = list else { return Ok(Self(None)) };
        let keys: Vec<String> = serde_json::from_str(list).map_err(|_| malformed)?;
        let known = |key: &String| ["kakao_account.", "properties."].iter().any(|root| key.starts_with(root));
        if keys.iter().all(known) { Ok(Self(Some(keys))) } else { Err(ApiError::PropertyKey) }
    }

    fn has(&self, root: &str, name: &str) -> bool {
        let Some(keys) = &self.0 else { return true };
        let mut keys = keys.iter().filter_map(|key| key.strip_prefix(root)?.strip_prefix('.'));
        keys.any(|key| {
            let key = key.trim_end_matches('.');
            key.is_empty() || name == key || flags(key).iter().any(|flag| flag == name)
        })
    }
}

/// What is said about a value beside it.
fn flags(key: &str) -> [String; 7] {
    [
        format!("{key}_needs_agreement"),
        format!("has_{key}"),
        format!("is_{key}_valid"),
        format!("is_{key}_verified"),
        format!("{key}_type"),
        format!("{key}_nickname_needs_agreement"),
        format!("{key}_image_needs_agreement"),
    ]
}
