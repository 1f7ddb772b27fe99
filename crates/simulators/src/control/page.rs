//! The page with the buttons.

use askama::Template;
use axum::{extract::State, response::Response};
use http::HeaderMap;

use crate::{
    engine::{Delivered, Engine, World},
    web::{
        self,
        page::{Frame, render},
    },
};

#[derive(Template)]
#[template(path = "control.html")]
struct ControlPage {
    frame: Frame,
    base: String,
    issuer: String,
    apps: Vec<AppLine>,
    people: Vec<PersonLine>,
    facts: Vec<FactLine>,
    faults: Vec<String>,
    notices: Vec<NoticeLine>,
    webhooks: &'static [&'static str],
}

struct AppLine {
    name: String,
    client_id: String,
    secret: String,
    admin_key: Option<String>,
    /// The team and the ids of its keys, where the app signs its secrets itself (Apple).
    team: Option<(String, String)>,
    redirect_uris: Vec<String>,
    items: String,
    webhooks: Vec<(String, String)>,
}

struct PersonLine {
    name: String,
    nickname: String,
    login: String,
    password: String,
    id: String,
    email: String,
    note: &'static str,
    linked: Vec<String>,
}

struct FactLine {
    name: &'static str,
    value: String,
    certainty: &'static str,
    about: &'static str,
}

struct NoticeLine {
    kind: &'static str,
    url: String,
    answer: String,
}

impl NoticeLine {
    fn of(notice: &Delivered) -> Self {
        let answer = notice.status.map_or_else(|| "—".to_owned(), |status| status.to_string());
        Self { kind: notice.kind, url: notice.url.clone(), answer }
    }
}

/// `GET /` and `GET /control`.
pub(crate) async fn show(State(engine): State<Engine>, headers: HeaderMap) -> Response {
    let frame = Frame::new(&engine, web::locale(&engine, None, &headers));
    let page = engine.with(|world| {
        let apps = world.apps.values().map(|app| AppLine {
            name: app.name.clone(),
            client_id: app.client_id.clone(),
            secret: app.client_secret.clone().unwrap_or_else(|| "—".to_owned()),
            admin_key: app.admin_key.clone(),
            team: app.team_id.clone().map(|team| {
                let ids: Vec<&str> =
                    app.client_keys.iter().filter_map(|key| key.get("kid")?.as_str()).collect();
                (team, ids.join(" "))
            }),
            redirect_uris: app.redirect_uris.clone(),
            items: app.items.iter().map(|item| item.id.as_str()).collect::<Vec<_>>().join(" "),
            webhooks: app.webhooks.iter().map(|(kind, hook)| (kind.clone(), hook.url.clone())).collect(),
        });
        let facts = world.facts.all().map(|(fact, value)| FactLine {
            name: fact.name,
            value: value.to_owned(),
            certainty: frame.say(fact.certainty.in_korean(), fact.certainty.as_str()),
            about: frame.say(fact.about_ko, fact.about),
        });
        ControlPage {
            base: engine.base().to_owned(),
            issuer: engine.issuer().to_owned(),
            apps: apps.collect(),
            people: people(world, &frame),
            facts: facts.collect(),
            faults: world.faults.iter().map(|fault| format!("{fault:?}")).collect(),
            notices: world.outbox.iter().rev().take(20).map(NoticeLine::of).collect(),
            webhooks: engine.rules().webhooks(),
            // What is made above speaks its language.
            frame,
        }
    });
    render(&page)
}

/// Who is connected to an app comes first: whoever comes from an app looks for them.
fn people(world: &World, frame: &Frame) -> Vec<PersonLine> {
    let mut people: Vec<PersonLine> = world
        .people
        .values()
        .map(|person| PersonLine {
            name: person.name.clone(),
            nickname: person.nickname.clone(),
            login: person.login.clone(),
            password: person.password.clone(),
            id: person.id.clone(),
            email: person.email.clone().unwrap_or_else(|| "—".to_owned()),
            note: match (&person.email, person.email_verified, person.email_valid) {
                (None, ..) => "",
                (Some(_), true, true) => frame.say("인증됨", "verified"),
                (Some(_), true, false) => frame.say("이제 쓸 수 없음", "not valid any more"),
                (Some(_), false, _) => frame.say("인증 안 됨", "not verified"),
            },
            linked: world
                .links
                .keys()
                .filter(|(_, linked)| *linked == person.name)
                .map(|(client_id, _)| client_id.clone())
                .collect(),
        })
        .collect();
    people.sort_by_key(|person| person.linked.is_empty());
    people
}
