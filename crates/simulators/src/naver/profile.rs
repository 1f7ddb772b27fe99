//! `/v1/nid/me`, `/v1/nid/verify`, `/v1/nid/agreement`.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use serde_json::{Map, Value, json};

use super::{error::ApiError, pairwise};
use crate::{
    App, Gender, Person,
    engine::{Access, Engine, Link, TokenState},
    web::{Either, bearer, json, rfc3339},
};

/// A call with a token that is alive.
struct Call {
    app: App,
    person: Person,
    link: Link,
    token: Access,
    text: String,
}

impl Call {
    fn by_token(engine: &Engine, headers: &HeaderMap) -> Result<Self, ApiError> {
        let text = bearer::token(headers).ok_or(ApiError::NoHeader)?;
        let now = engine.now();
        engine.with(|world| {
            let TokenState::Alive(token) = world.access(text, now) else {
                return Err(ApiError::Authentication);
            };
            let of = &token.grant;
            let app = world.apps.get(&of.client_id).cloned().ok_or(ApiError::Authentication)?;
            let person = world.people.get(&of.person).cloned().ok_or(ApiError::Authentication)?;
            let link = world.link(&of.client_id, &of.person).cloned().ok_or(ApiError::Authentication)?;
            Ok(Self { app, person, link, token, text: text.to_owned() })
        })
    }
}

pub(super) async fn me(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    match Call::by_token(&engine, &headers) {
        Ok(call) => {
            let profile = profile(&engine, &call);
            json(200, &json!({ "resultcode": "00", "message": "success", "response": profile }))
        }
        Err(error) => error.respond(&engine),
    }
}

/// What was refused, or is not there, is absent.
fn profile(engine: &Engine, call: &Call) -> Map<String, Value> {
    let (person, mut members) = (&call.person, Map::new());
    let mut put = |item: &str, name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|_| call.link.allows(item)) {
            members.insert(name.to_owned(), value.into());
        }
    };
    put("nickname", "nickname", Some(nickname(person)));
    put("name", "name", person.full_name.clone());
    put("email", "email", person.email.clone());
    put("gender", "gender", person.gender.map(|gender| letter(gender).to_owned()));
    put("age", "age", age(engine, person));
    put("birthday", "birthday", birthday(person));
    put("birthyear", "birthyear", person.birthyear.clone());
    put("profile_image", "profile_image", person.picture.then(|| engine.picture(&person.name, "256")));
    put("mobile", "mobile", person.phone.clone());
    if engine.with(|world| world.facts.is("mobile_e164")) {
        put("mobile", "mobile_e164", person.phone.as_deref().map(e164));
    }
    members.insert("id".to_owned(), pairwise(person, &call.app.client_id).into());
    members
}

/// Without a nickname, the beginning of the id.
fn nickname(person: &Person) -> String {
    if person.nickname.is_empty() {
        return format!("{}***", person.login.chars().take(3).collect::<String>());
    }
    person.nickname.clone()
}

const fn letter(gender: Gender) -> &'static str {
    match gender {
        Gender::Female => "F",
        Gender::Male => "M",
        Gender::Unknown => "U",
    }
}

fn birthday(person: &Person) -> Option<String> {
    let (month, day) = person.birthday.as_deref()?.split_at_checked(2)?;
    Some(format!("{month}-{day}"))
}

fn age(engine: &Engine, person: &Person) -> Option<String> {
    let today = jiff::Timestamp::from_second(engine.now().unix()).ok()?;
    let age = person.age(today.to_zoned(jiff::tz::TimeZone::UTC).year())?;
    Some(match age / 10 {
        0 => "0-9".to_owned(),
        6.. => "60-".to_owned(),
        tens => format!("{tens}0-{tens}9"),
    })
}

fn e164(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    format!("+82{}", digits.trim_start_matches('0'))
}

/// Says whether a token is alive; not whose it is, so it cannot stand for an audience check.
pub(super) async fn verify(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Either(sent): Either,
) -> Response {
    let call = match Call::by_token(&engine, &headers) {
        Ok(call) => call,
        Err(error) => return error.respond(&engine),
    };
    let mut body = json!({ "resultcode": "00", "message": "success" });
    if sent.one("info") == Ok(Some("true"))
        && let Some(members) = body.as_object_mut()
    {
        let allowed: Vec<String> = call.link.items.iter().map(|item| format!("profile/{item}")).collect();
        let details = json!({
            "token": call.text,
            "expire_date": rfc3339(call.token.expires_at),
            "allowed_profile": allowed.join(","),
        });
        members.insert("response".to_owned(), details);
    }
    json(200, &body)
}

/// No terms are configured for simulated applications.
pub(super) async fn agreement(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    match Call::by_token(&engine, &headers) {
        Ok(call) => {
            json(200, &json!({ "result": "success", "accessToken": call.text, "agreementInfos": [] }))
        }
        Err(error) => error.respond(&engine),
    }
}
