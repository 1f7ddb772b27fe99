//! What each command does.

use mapae_protocol::uri::Uri;

use super::{Command, ControlError, FaultKind, Tokens};
use crate::{
    App, Person, Webhook,
    engine::{Done, Engine, Fault, HowToFail, Notice},
    rules::{About, Happening},
};

pub(super) async fn carry_out(engine: &Engine, command: Command) -> Result<Done, ControlError> {
    let (done, notices) = decide(engine, command)?;
    let notices = engine.deliver(notices).await;
    Ok(Done { done, notices })
}

fn decide(engine: &Engine, command: Command) -> Result<(String, Vec<Notice>), ControlError> {
    let quietly = |done: &str| Ok((done.to_owned(), Vec::new()));
    match command {
        Command::App(app) => register(engine, *app),
        Command::RedirectUri { uri, client_id } => register_redirect_uri(engine, uri, client_id),
        Command::Webhook { kind, url, method, client_id } => {
            let webhook = url.map(|url| Webhook { method: method.unwrap_or_else(|| "POST".to_owned()), url });
            set_webhook(engine, &kind, webhook, client_id)
        }
        Command::Person(person) => {
            if person.name.is_empty() || person.id.is_empty() {
                return Err(ControlError::Missing("the person's name or id"));
            }
            engine.with(|world| world.people.insert(person.name.clone(), *person));
            quietly("the person is there")
        }
        Command::ChangeEmail { person, email, verified, valid } => change_email(engine, &person, |person| {
            person.email_verified = email.is_some() && verified.unwrap_or(true);
            person.email_valid = email.is_some() && valid.unwrap_or(true);
            person.email = email;
        }),
        Command::Unlink { person, client_id } => {
            tell(engine, &person, client_id.as_deref(), Happening::Unlinked)
        }
        Command::Revoke { person, client_id } => {
            tell(engine, &person, client_id.as_deref(), Happening::TokensRevoked)
        }
        Command::Delete { person } => delete(engine, &person),
        Command::Expire { tokens, person } => expire(engine, tokens, person.as_deref()),
        Command::Notify { event, person, client_id } => {
            tell(engine, &person, client_id.as_deref(), Happening::Named(&event))
        }
        Command::Fail { how, path, code, seconds, times } => {
            let fault =
                Fault { path, how: how_to_fail(how, code, seconds), times: times.unwrap_or(1).max(1) };
            engine.with(|world| world.faults.push(fault));
            quietly("it will fail")
        }
        Command::Mend {} => {
            engine.with(|world| world.faults.clear());
            quietly("nothing fails any more")
        }
        Command::Advance { seconds } => {
            engine.advance(seconds.into());
            quietly("the clock was moved")
        }
        Command::Fact { name, value } => {
            let changed = engine.with(|world| world.facts.change(&name, &value));
            if changed { quietly("the fact is another one") } else { Err(ControlError::NoSuchFact) }
        }
        Command::SignOut { person } => {
            engine.with(|world| world.sign_out(person.as_deref()));
            quietly("signed out")
        }
    }
}

fn how_to_fail(kind: FaultKind, code: Option<String>, seconds: Option<u32>) -> HowToFail {
    match kind {
        FaultKind::Error => HowToFail::Error(code),
        FaultKind::Stall => HowToFail::Stall(seconds),
        FaultKind::Garbage => HowToFail::Garbage,
        FaultKind::Huge => HowToFail::Huge,
        FaultKind::Redirect => HowToFail::Redirect,
    }
}

fn register(engine: &Engine, mut app: App) -> Result<(String, Vec<Notice>), ControlError> {
    if app.client_id.is_empty() {
        return Err(ControlError::Missing("client_id"));
    }
    let model = (engine.rules().description().default_app)();
    if app.items.is_empty() {
        app.items = model.items;
    }
    if app.name.is_empty() {
        app.name.clone_from(&app.client_id);
    }
    engine.with(|world| world.apps.insert(app.client_id.clone(), app));
    Ok(("the app is registered".to_owned(), Vec::new()))
}

fn register_redirect_uri(
    engine: &Engine,
    uri: String,
    client_id: Option<String>,
) -> Result<(String, Vec<Notice>), ControlError> {
    if uri.is_empty() {
        return Err(ControlError::Missing("uri"));
    }
    if Uri::parse(&uri).is_err() {
        return Err(ControlError::Malformed(
            "a redirect URI is absolute, such as http://localhost:8080/callback".to_owned(),
        ));
    }
    let client_id = client_id.unwrap_or_else(|| (engine.rules().description().default_app)().client_id);
    engine.with(|world| {
        let app = world.apps.get_mut(&client_id).ok_or(ControlError::NoSuchApp)?;
        if !app.redirect_uris.contains(&uri) {
            app.redirect_uris.push(uri);
        }
        Ok(("the redirect URI is registered".to_owned(), Vec::new()))
    })
}

fn set_webhook(
    engine: &Engine,
    kind: &str,
    webhook: Option<Webhook>,
    client_id: Option<String>,
) -> Result<(String, Vec<Notice>), ControlError> {
    let known = engine.rules().webhooks().contains(&kind);
    if !known || webhook.as_ref().is_some_and(|webhook| webhook.verb().is_none()) {
        return Err(ControlError::NoSuchNotice);
    }
    let client_id = client_id.unwrap_or_else(|| (engine.rules().description().default_app)().client_id);
    engine.with(|world| {
        let app = world.apps.get_mut(&client_id).ok_or(ControlError::NoSuchApp)?;
        match webhook {
            Some(webhook) => app.webhooks.insert(kind.to_owned(), webhook),
            None => app.webhooks.remove(kind),
        };
        Ok(("the webhook is set".to_owned(), Vec::new()))
    })
}

fn change_email(
    engine: &Engine,
    name: &str,
    change: impl FnOnce(&mut Person),
) -> Result<(String, Vec<Notice>), ControlError> {
    let (person, apps) = engine.with(|world| {
        let person = world.people.get_mut(name).ok_or(ControlError::NoSuchPerson)?;
        change(person);
        let person = person.clone();
        let apps = world.links.keys().filter(|(_, linked)| linked == name);
        let apps: Vec<App> = apps.filter_map(|(client_id, _)| world.apps.get(client_id).cloned()).collect();
        Ok((person, apps))
    })?;
    Ok((
        "the e-mail address is another one".to_owned(),
        notices(engine, Happening::EmailChanged, &person, &apps),
    ))
}

/// Unlinks, revokes or only notifies: what happens between a person and the apps that it is connected with.
fn tell(
    engine: &Engine,
    name: &str,
    client_id: Option<&str>,
    happening: Happening<'_>,
) -> Result<(String, Vec<Notice>), ControlError> {
    if let Happening::Named(_) = happening
        && engine.rules().webhooks().is_empty()
    {
        return Err(ControlError::NoSuchNotice);
    }
    let (person, apps) = engine.with(|world| {
        let person = world.people.get(name).cloned().ok_or(ControlError::NoSuchPerson)?;
        let linked = world
            .links
            .keys()
            .filter(|(app, linked)| linked == name && client_id.is_none_or(|client_id| client_id == app));
        let apps: Vec<App> = linked.filter_map(|(app, _)| world.apps.get(app).cloned()).collect();
        if apps.is_empty() { Err(ControlError::NotLinked) } else { Ok((person, apps)) }
    })?;
    let mut due = Vec::new();
    for app in &apps {
        let tokens = engine.with(|world| {
            let tokens = tokens_of(world, &app.client_id, name);
            match happening {
                Happening::Unlinked => drop(world.unlink(&app.client_id, name)),
                Happening::TokensRevoked => {
                    world.revoke(|grant| grant.client_id == app.client_id && grant.person == name);
                }
                Happening::Linked | Happening::Deleted | Happening::EmailChanged | Happening::Named(_) => {}
            }
            tokens
        });
        due.extend(
            engine.rules().notices(engine, &About { happening, app, person: &person, tokens: &tokens }),
        );
    }
    let done = match happening {
        Happening::Unlinked => "the connection is removed",
        Happening::TokensRevoked => "the tokens are revoked",
        _ if due.is_empty() => return Err(ControlError::NoSuchNotice),
        _ => "the notification was sent",
    };
    Ok((done.to_owned(), due))
}

fn tokens_of(world: &crate::engine::World, client_id: &str, person: &str) -> Vec<String> {
    let of = world
        .access_tokens()
        .filter(|(_, access)| access.grant.client_id == client_id && access.grant.person == person);
    of.map(|(text, _)| text.clone()).collect()
}

fn delete(engine: &Engine, name: &str) -> Result<(String, Vec<Notice>), ControlError> {
    let (person, apps) = engine.with(|world| {
        let person = world.people.remove(name).ok_or(ControlError::NoSuchPerson)?;
        world.sign_out(Some(name));
        let linked: Vec<String> =
            world.links.keys().filter(|(_, linked)| linked == name).map(|(app, _)| app.clone()).collect();
        for client_id in &linked {
            world.unlink(client_id, name);
        }
        let apps: Vec<App> = linked.iter().filter_map(|id| world.apps.get(id).cloned()).collect();
        Ok((person, apps))
    })?;
    Ok(("the account is gone".to_owned(), notices(engine, Happening::Deleted, &person, &apps)))
}

fn notices(engine: &Engine, happening: Happening<'_>, person: &Person, apps: &[App]) -> Vec<Notice> {
    let of = |app| engine.rules().notices(engine, &About { happening, app, person, tokens: &[] });
    apps.iter().flat_map(of).collect()
}

fn expire(
    engine: &Engine,
    tokens: Tokens,
    person: Option<&str>,
) -> Result<(String, Vec<Notice>), ControlError> {
    let now = engine.now();
    engine.with(|world| {
        if person.is_some_and(|person| !world.people.contains_key(person)) {
            return Err(ControlError::NoSuchPerson);
        }
        let count = world.expire(tokens, person, now);
        Ok((format!("{count} expired"), Vec::new()))
    })
}
