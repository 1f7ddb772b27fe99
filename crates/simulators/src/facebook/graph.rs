//! `GET /{version}/me`: only the fields that were asked for, and only with the permission.

use axum::{extract::State, response::Response};
use http::HeaderMap;
use mapae_protocol::{params::Params, secret::constant_time_eq};
use serde_json::{Map, Value, json};

use super::{
    app_scoped_id,
    error::GraphError,
    inspect::{alive, proof},
};
use crate::{
    App, Gender, Person,
    engine::{Engine, Link},
    web::{Query, bearer, json},
};

/// A call with a user token that is alive.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) person: Person,
    pub(super) link: Link,
}

impl Call {
    pub(super) fn by_token(engine: &Engine, headers: &HeaderMap, sent: &Params) -> Result<Self, GraphError> {
        let text = match sent.one("access_token")? {
            Some(text) => text,
            None => bearer::token(headers).ok_or(GraphError::NoToken)?,
        };
        let token = alive(engine, text)?;
        let of = &token.grant;
        let (app, person, link, required) = engine
            .with(|world| {
                let app = world.apps.get(&of.client_id)?.clone();
                let person = world.people.get(&of.person)?.clone();
                let link = world.link(&of.client_id, &of.person)?.clone();
                Some((app, person, link, world.facts.is("proof_required")))
            })
            .ok_or(GraphError::TokenInvalid)?;
        match sent.one("appsecret_proof")? {
            Some(presented) => {
                let expected = proof(app.client_secret.as_deref().unwrap_or_default(), text);
                if !constant_time_eq(expected.as_bytes(), presented.as_bytes()) {
                    return Err(GraphError::ProofWrong);
                }
            }
            None if required => return Err(GraphError::ProofMissing),
            None => {}
        }
        Ok(Self { app, person, link })
    }
}

pub(super) async fn me(State(engine): State<Engine>, headers: HeaderMap, Query(sent): Query) -> Response {
    let found = Call::by_token(&engine, &headers, &sent).and_then(|call| {
        let wanted = sent.one("fields")?.unwrap_or("id,name");
        fields(&engine, &call, wanted)
    });
    match found {
        Ok(members) => json(200, &members),
        Err(error) => error.respond(&engine),
    }
}

fn fields(engine: &Engine, call: &Call, wanted: &str) -> Result<Map<String, Value>, GraphError> {
    let mut members = Map::new();
    members.insert("id".to_owned(), app_scoped_id(&call.person, &call.app.client_id).into());
    for field in split(wanted) {
        let name = field.split(['.', '{']).next().unwrap_or_default();
        if let Some(value) = value(engine, call, name, field)? {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(members)
}

/// At the commas that stand in no brackets.
fn split(list: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    let fields = list.split(|letter| {
        match letter {
            '(' | '{' => depth += 1,
            ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    });
    fields.map(str::trim).filter(|field| !field.is_empty()).collect()
}

/// An error for a field that nobody has; nothing for one that this person has not, or has not granted.
fn value(engine: &Engine, call: &Call, name: &str, field: &str) -> Result<Option<Value>, GraphError> {
    let (person, link) = (&call.person, &call.link);
    let text = |text: &Option<String>| text.clone().map(Value::from);
    Ok(match name {
        "id" => Some(app_scoped_id(person, &call.app.client_id).into()),
        "name" => text(&person.full_name),
        "first_name" => text(&person.given_name),
        "last_name" => text(&person.family_name),
        "middle_name" => None,
        // No confirmed address, no address.
        "email" => text(&person.email).filter(|_| link.allows("email") && person.email_verified),
        "picture" => Some(picture(engine, person, field)),
        "birthday" => birthday(person).filter(|_| link.allows("user_birthday")),
        "gender" => gender(person).filter(|_| link.allows("user_gender")),
        "age_range" => link.allows("user_age_range").then(|| json!({ "min": 21 })),
        _ => return Err(GraphError::NoSuchField),
    })
}

fn picture(engine: &Engine, person: &Person, field: &str) -> Value {
    let width = field.split_once("width(").and_then(|(_, rest)| rest.split(')').next()?.parse::<u32>().ok());
    let size = width.unwrap_or(50);
    let url = engine.picture(&person.name, &size.to_string());
    json!({ "data": { "height": size, "is_silhouette": !person.picture, "url": url, "width": size } })
}

fn birthday(person: &Person) -> Option<Value> {
    let (month, day) = person.birthday.as_deref()?.split_at_checked(2)?;
    let year = person.birthyear.as_deref()?;
    Some(format!("{month}/{day}/{year}").into())
}

fn gender(person: &Person) -> Option<Value> {
    match person.gender? {
        Gender::Female => Some("female".into()),
        Gender::Male => Some("male".into()),
        Gender::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_in_brackets_belong_to_the_field() {
        assert_eq!(
            split("id, name,picture.width(256).height(256){url,width},email,"),
            ["id", "name", "picture.width(256).height(256){url,width}", "email"]
        );
    }
}
