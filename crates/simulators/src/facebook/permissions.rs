//! `/me/permissions`: what was granted and declined, and how either ends.

use axum::{
    extract::{Path, State},
    response::Response,
};
use http::HeaderMap;
use mapae_protocol::{locale::Locale, params::Params};
use serde_json::{Value, json};

use super::{app_scoped_id, error::GraphError, graph::Call, inspect::app_of_token};
use crate::{
    engine::Engine,
    rules::Asked,
    web::{Query, json},
};

/// The lines of the consent page; all are ticked, as Facebook does it.
pub(super) fn asked(wanted: &[&String], locale: Locale) -> Vec<Asked> {
    let line = |id: &&String| {
        let (ko, en) = match id.as_str() {
            "public_profile" => ("이름과 프로필 사진", "Name and profile picture"),
            "email" => ("이메일 주소", "Email address"),
            "user_birthday" => ("생일", "Birthday"),
            "user_gender" => ("성별", "Gender"),
            "user_age_range" => ("연령대", "Age range"),
            other => (other, other),
        };
        let title = match locale {
            Locale::Ko => ko,
            Locale::En => en,
        };
        Asked { id: (*id).clone(), title: title.to_owned(), required: *id == "public_profile", ticked: true }
    };
    wanted.iter().map(line).collect()
}

pub(super) async fn list(State(engine): State<Engine>, headers: HeaderMap, Query(sent): Query) -> Response {
    match Call::by_token(&engine, &headers, &sent) {
        Ok(Call { link, .. }) => {
            let row = |status: &'static str| move |permission: &String| json!({ "permission": permission, "status": status });
            let granted = link.items.iter().map(row("granted"));
            let rows: Vec<Value> = granted.chain(link.refused.iter().map(row("declined"))).collect();
            json(200, &json!({ "data": rows }))
        }
        Err(error) => error.respond(&engine),
    }
}

pub(super) async fn remove_mine(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Query(sent): Query,
) -> Response {
    let outcome = Call::by_token(&engine, &headers, &sent);
    answer(&engine, outcome.map(|call| (call.app.client_id, call.person.name)), None)
}

pub(super) async fn remove_all(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Path((_, user)): Path<(String, String)>,
    Query(sent): Query,
) -> Response {
    answer(&engine, target(&engine, &headers, &sent, &user), None)
}

pub(super) async fn remove_one(
    State(engine): State<Engine>,
    headers: HeaderMap,
    Path((_, user, permission)): Path<(String, String, String)>,
    Query(sent): Query,
) -> Response {
    answer(&engine, target(&engine, &headers, &sent, &user), Some(&permission))
}

/// Whose connection: by the person's own token, or by the app's for anybody.
fn target(
    engine: &Engine,
    headers: &HeaderMap,
    sent: &Params,
    user: &str,
) -> Result<(String, String), GraphError> {
    let app = sent.one("access_token")?.and_then(|text| app_of_token(engine, text));
    let Some(app) = app else {
        let call = Call::by_token(engine, headers, sent)?;
        let own = user == "me" || user == app_scoped_id(&call.person, &call.app.client_id);
        return if own { Ok((call.app.client_id, call.person.name)) } else { Err(GraphError::NoSuchObject) };
    };
    engine.with(|world| {
        let known = world.people.values().find(|person| app_scoped_id(person, &app.client_id) == user);
        let person = known.filter(|person| world.link(&app.client_id, &person.name).is_some());
        person.map(|person| (app.client_id.clone(), person.name.clone())).ok_or(GraphError::NoSuchObject)
    })
}

fn answer(
    engine: &Engine,
    target: Result<(String, String), GraphError>,
    permission: Option<&str>,
) -> Response {
    let (client_id, person) = match target {
        Ok(target) => target,
        Err(error) => return error.respond(engine),
    };
    engine.with(|world| match permission {
        None => drop(world.unlink(&client_id, &person)),
        Some(permission) => {
            if let Some(link) = world.links.get_mut(&(client_id, person))
                && link.items.remove(permission)
            {
                link.refused.insert(permission.to_owned());
            }
        }
    });
    json(200, &json!({ "success": true }))
}
