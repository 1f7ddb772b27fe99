//! From an authorization request in order to its answer: sign in, consent, back to the app.

use std::collections::BTreeSet;

use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, StatusCode, header};
use mapae_protocol::{params, time::Timestamp};

use crate::{
    App, Person,
    engine::{Code, Engine, Grant, Link, Visit},
    rules::{About, Asked, Case, Delivery, Happening, Outcome, agreed},
    web::{
        Body, cookie, moved,
        page::{ConsentPage, Frame, HandOver, Shown, SignInPage, Trouble},
    },
};

/// Everything that the next step depends on.
struct Situation {
    app: App,
    person: Option<(Person, Timestamp)>,
    asked: Option<Vec<Asked>>,
}

/// Answers an authorization request: by a page, or at once.
pub(crate) fn begin(engine: &Engine, visit: Visit, headers: &HeaderMap) -> Response {
    let now = engine.now();
    let id = engine.with(|world| world.open_visit(visit, now));
    proceed(engine, &id, headers, None)
}

/// Takes the next step of a visit.
fn proceed(engine: &Engine, id: &str, headers: &HeaderMap, complaint: Option<&'static str>) -> Response {
    let session = cookie::session(engine, headers);
    let now = engine.now();
    let found = engine.with(|world| {
        let visit = world.visit(id, now)?.clone();
        let app = world.apps.get(&visit.client_id)?.clone();
        let fresh = visit.signed_in.clone();
        let standing =
            session.and_then(|session| world.signed_in(&session, now)).filter(|_| !visit.ask.login);
        let person =
            fresh.or(standing).and_then(|(name, since)| Some((world.people.get(&name)?.clone(), since)));
        let asked = person.as_ref().and_then(|(person, _)| {
            let link = world.link(&app.client_id, &person.name);
            engine.rules().consent(&Case { app: &app, person, link, visit: &visit })
        });
        Some((visit, Situation { app, person, asked }))
    });
    let Some((visit, situation)) = found else { return gone(engine, headers) };
    let frame = Frame::new(engine, visit.locale);
    match situation {
        Situation { person: None, .. } if visit.ask.nothing => {
            finish(engine, id, &visit, &Outcome::LoginRequired)
        }
        Situation { app, person: None, .. } => {
            let hint = visit.login_hint.unwrap_or_default();
            let people = engine.with(|world| world.people.values().map(Shown::of).collect());
            SignInPage { frame, visit: id.to_owned(), app: app.name, hint, people, complaint }.into_response()
        }
        Situation { asked: Some(_), .. } if visit.ask.nothing => {
            finish(engine, id, &visit, &Outcome::ConsentRequired)
        }
        Situation { app, person: Some((person, _)), asked: Some(asked) } => ConsentPage {
            frame,
            visit: id.to_owned(),
            app: app.name,
            person: Shown::of(&person),
            has_choice: engine.rules().description().agrees_to_all && asked.iter().any(|item| !item.required),
            hides_email: asked.iter().any(|item| item.id == "email") && engine.rules().hides_email(),
            asked,
        }
        .into_response(),
        Situation { person: Some((person, since)), asked: None, .. } => {
            issue(engine, id, &visit, &Agreement { person, since, granted: None, headers })
        }
    }
}

/// `POST /simulator/sign-in`.
pub(crate) async fn sign_in(State(engine): State<Engine>, headers: HeaderMap, Body(sent): Body) -> Response {
    let field = |name| sent.one(name).ok().flatten().unwrap_or_default();
    let (id, now) = (field("visit"), engine.now());
    if field("decision") == "cancel" {
        return cancel(&engine, id, &headers);
    }
    let signed_in = engine.with(|world| {
        let picked = world.people.get(field("person"));
        let typed =
            || world.person_by_login(field("login")).filter(|person| person.password == field("password"));
        let name = picked.or_else(typed)?.name.clone();
        world.visit(id, now)?.signed_in = Some((name.clone(), now));
        Some(world.sign_in(&name, now))
    });
    let Some(session) = signed_in else { return proceed(&engine, id, &headers, Some("credentials")) };
    let mut response = proceed(&engine, id, &headers, None);
    cookie::set(&engine, &session, &mut response);
    response
}

/// `POST /simulator/consent`.
pub(crate) async fn consent(State(engine): State<Engine>, headers: HeaderMap, Body(sent): Body) -> Response {
    let field = |name| sent.one(name).ok().flatten().unwrap_or_default();
    let (id, now) = (field("visit"), engine.now());
    let all = field("decision") == "approve_all";
    if !all && field("decision") != "approve" {
        return cancel(&engine, id, &headers);
    }
    let ticked: BTreeSet<&str> = sent.all("item").collect();
    let session = cookie::session(&engine, &headers);
    let found = engine.with(|world| {
        let visit = world.visit(id, now)?.clone();
        let standing = session.and_then(|session| world.signed_in(&session, now));
        let (name, since) = visit.signed_in.clone().or(standing)?;
        let person = world.people.get(&name)?.clone();
        let app = world.apps.get(&visit.client_id)?.clone();
        let link = world.link(&app.client_id, &name);
        let asked = engine
            .rules()
            .consent(&Case { app: &app, person: &person, link, visit: &visit })
            .unwrap_or_default();
        let mut link =
            link.cloned().unwrap_or_else(|| Link { signed_up: !app.manual_signup, ..Link::new(now) });
        let granted =
            if all { asked.iter().map(|item| item.id.clone()).collect() } else { agreed(&asked, &ticked) };
        for item in &asked {
            match (item.term(), granted.contains(&item.id)) {
                (Some(tag), true) => link.agree_to_term(tag, "KAUTH", now),
                (Some(_), false) => {}
                (None, true) => {
                    link.items.insert(item.id.clone());
                    link.refused.remove(&item.id);
                }
                (None, false) => {
                    link.items.remove(&item.id);
                    link.refused.insert(item.id.clone());
                }
            }
        }
        engine.rules().choose(&mut link, &sent);
        Some((visit, Agreement { person, since, granted: Some(link), headers: &headers }))
    });
    match found {
        Some((visit, agreement)) => issue(&engine, id, &visit, &agreement),
        None => gone(&engine, &headers),
    }
}

/// What a code is issued for.
struct Agreement<'a> {
    person: Person,
    since: Timestamp,
    /// The connection as the consent page left it; `None` when there was no page.
    granted: Option<Link>,
    headers: &'a HeaderMap,
}

fn issue(engine: &Engine, id: &str, visit: &Visit, agreement: &Agreement<'_>) -> Response {
    let (now, person) = (engine.now(), &agreement.person);
    let code = engine.rules().new_code();
    let asked = agreement.granted.is_some();
    let issued = engine.with(|world| {
        // Two presses of one button: the first one counts.
        world.close_visit(id)?;
        let app = world.apps.get(&visit.client_id)?.clone();
        if !app.admits(&person.name) {
            return Some(Err(app));
        }
        let key = (visit.client_id.clone(), person.name.clone());
        let first = !world.links.contains_key(&key);
        let link = agreement.granted.clone().or_else(|| world.links.get(&key).cloned());
        let link = link.unwrap_or_else(|| Link { signed_up: !app.manual_signup, ..Link::new(now) });
        world.links.insert(key, link.clone());
        let grant = Grant {
            family: world.next_family(),
            client_id: visit.client_id.clone(),
            person: person.name.clone(),
            scope: engine.rules().granted_scope(visit, &link),
            openid: visit.openid,
            nonce: visit.nonce.clone(),
            auth_time: agreement.since,
        };
        let life = world.facts.seconds(engine.rules().code_life());
        let kept = Code {
            grant: grant.clone(),
            redirect_uri: visit.redirect_uri.clone(),
            challenge: visit.challenge.clone(),
            expires_at: now.plus(life),
            used: false,
            offline: engine.rules().is_offline(visit, first || asked),
        };
        world.keep_code(&code, kept);
        Some(Ok((app, link, first, grant)))
    });
    match issued {
        None => gone(engine, agreement.headers),
        Some(Err(_)) => engine.rules().not_a_tester(engine, visit),
        Some(Ok((app, link, first, grant))) => {
            if first {
                let about = About { happening: Happening::Linked, app: &app, person, tokens: &[] };
                engine.deliver_later(engine.rules().notices(engine, &about));
            }
            deliver(
                engine,
                visit,
                &Outcome::Agreed { code: &code, person, link: &link, first, grant: &grant },
            )
        }
    }
}

fn cancel(engine: &Engine, id: &str, headers: &HeaderMap) -> Response {
    match engine.with(|world| world.close_visit(id)) {
        Some(visit) => deliver(engine, &visit, &Outcome::Cancelled),
        None => gone(engine, headers),
    }
}

fn finish(engine: &Engine, id: &str, visit: &Visit, outcome: &Outcome<'_>) -> Response {
    engine.with(|world| world.close_visit(id));
    deliver(engine, visit, outcome)
}

/// Sends the answer to the app.
fn deliver(engine: &Engine, visit: &Visit, outcome: &Outcome<'_>) -> Response {
    let Delivery { parameters, by_post, fragment } = engine.rules().answer(engine, visit, outcome);
    if by_post {
        let frame = Frame::new(engine, visit.locale);
        return HandOver { frame, to: visit.redirect_uri.clone(), fields: parameters }.into_response();
    }
    moved(&(address(&visit.redirect_uri, &parameters) + fragment))
}

/// A redirect URI with parameters.
pub(crate) fn address(uri: &str, parameters: &[(&'static str, String)]) -> String {
    let mut address = uri.to_owned();
    if !address.contains('?') {
        address.push('?');
    }
    params::append(&mut address, parameters.iter().map(|(name, value)| (name, value)));
    address
}

/// The page was left open for too long, or its button was pressed twice.
fn gone(engine: &Engine, headers: &HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let locale = accepted.and_then(mapae_protocol::locale::Locale::from_accept_language);
    let frame = Frame::new(engine, locale.unwrap_or_else(|| engine.rules().description().default_locale));
    let trouble = Trouble {
        status: StatusCode::BAD_REQUEST,
        code: "",
        ko: "이 화면은 이미 쓰였거나 시간이 지났어요. 서비스에서 로그인을 다시 시작해 주세요.",
        en: "This page was used already or was open for too long. Start the login again in the service.",
        detail: Vec::new(),
    };
    trouble.page(frame)
}
