//! Managing a registration — RFC 7592 §2, OIDC Registration §4.

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use mapae_protocol::{client_id::ClientId, random, secret::Secret, time::Timestamp};
use serde_json::{Map, Value};

use super::{FreshSecret, address, charge, fresh_secret, said, source, token};
use crate::{
    accounts::throttle::REGISTRATION_CHANGES,
    app::App,
    audit::{About, Event},
    client_auth::secret,
    contention,
    endpoints::{cors, json, registration_error::RegistrationError},
    fault::Fault,
    registration::{
        Appearance, Information, Refused,
        described::{self, Asked, Described},
        ends_what_was_made, keeps_secret, shows_otherwise, signs_with_secret,
    },
    store::{
        CommitError, Unit, app_icons, app_secrets,
        apps::{self, RegisteredApp},
        consents, counters,
        db::Statement,
        registrations::{self, Change, Registration},
        verification,
    },
};

/// What only the server gives (RFC 7592 §2.2).
const NEVER_SAID: [&str; 4] = [
    "registration_access_token",
    "registration_client_uri",
    "client_secret_expires_at",
    "client_id_issued_at",
];

/// The member that says whether its names for people are its own (OIDC Core §8).
const SUBJECT_TYPE: &str = "subject_type";

/// `GET /register/{client_id}`.
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let shown = async {
        let managed = Managed::find(&app, &id, &headers).await?;
        Ok(json::no_store(&managed.information(&app, None).to_json()))
    };
    respond(shown.await)
}

/// `PUT /register/{client_id}`.
pub(crate) async fn update(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let updated = async {
        // Whoever may not change it makes this server take nothing in.
        let managed = Managed::find(&app, &id, &parts.headers).await?;
        charge(&app, REGISTRATION_CHANGES, managed.id())?;
        let mut said = said(&app, &parts.headers, body).await?;
        managed.is_meant(&said, app.now())?;
        managed.keep_subject_type(&mut said);
        let asked = described::ask(&app, &said, Some(&managed.registered), &source(&parts)).await?;
        let told = contention::until_done(|| async {
            let generation = counters::read(app.db()).await?.catalog;
            let managed = Managed::find(&app, &id, &parts.headers).await?;
            managed.is_meant(&said, app.now())?;
            managed.change(&app, &asked, generation).await
        });
        Ok(json::no_store(&told.await?))
    };
    respond(updated.await)
}

/// `DELETE /register/{client_id}`: everything of the app ends at once.
pub(crate) async fn delete(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    let deleted = async {
        contention::until_done(|| async {
            let managed = Managed::find(&app, &id, &headers).await?;
            let guard = registrations::guard(&id, &managed.registration.token_hash);
            match app.commit(Unit::from(guard).with(apps::delete(&id, app.now()))).await {
                Ok(_) => {
                    About::app(&id).note(Event::AppDeletedItself);
                    Ok(Some(json::empty(StatusCode::NO_CONTENT)))
                }
                Err(CommitError::Conflict { .. }) => Ok(None),
                Err(error) => Err(RegistrationError::from(error)),
            }
        })
        .await
    };
    respond(deleted.await)
}

fn respond(outcome: Result<Response, RegistrationError>) -> Response {
    cors::allow_all(outcome.unwrap_or_else(IntoResponse::into_response))
}

/// A registration, and the token of whoever may manage it.
struct Managed {
    registered: RegisteredApp,
    registration: Registration,
    token: Secret<String>,
}

impl Managed {
    /// The registration of this app if the request has its token. An app that is not there, did not register itself, is
    /// switched off or is another one's looks the same (RFC 7592 §2).
    async fn find(app: &App, id: &str, headers: &HeaderMap) -> Result<Self, RegistrationError> {
        let token = token(headers)?.ok_or(RegistrationError::NoCredentials)?;
        let digest = secret::digest(&token);
        let invalid = RegistrationError::InvalidToken;
        let Ok(id) = ClientId::parse(id) else { return Err(invalid) };
        let found = registrations::find(app.db(), id.as_str()).await?;
        let Some(registration) = found.filter(|found| found.token_hash.matches(&digest)) else {
            return Err(invalid);
        };
        let found = apps::find(app.db(), id.as_str()).await?;
        let on = |found: &RegisteredApp| found.app.deleted_at.is_none() && found.app.off_by().is_none();
        match found.filter(on) {
            Some(registered) => Ok(Self { registered, registration, token }),
            None => Err(invalid),
        }
    }

    fn id(&self) -> &str {
        &self.registered.app.id
    }

    /// The secret is not known here: only its digest is kept.
    fn information(&self, app: &App, secret: Option<(Secret<String>, Option<Timestamp>)>) -> Information<'_> {
        Information {
            client_id: self.id(),
            settings: &self.registered.app.settings,
            lists: &self.registered.lists,
            issued_at: self.registration.created_at,
            secret,
            token: self.token.clone(),
            address: address(app, self.id()),
        }
    }

    /// What is said in place of all that was registered (RFC 7592 §2.2). `None`: something changed meanwhile.
    async fn change(
        self,
        app: &App,
        asked: &Asked,
        generation: i64,
    ) -> Result<Option<Value>, RegistrationError> {
        let described = asked.describe(app, self.id(), Some(&self.registered))?;
        let now = app.issuing_time().map_err(Fault::from)?;
        let secret =
            self.needs_secret(&described, now).then(|| fresh_secret(app, self.id(), &described, now));
        let token = if app.config().registration.rotate_token {
            Secret::new(random::token())
        } else {
            self.token.clone()
        };
        if secret.is_some() || !self.is_already(&described) {
            let unit =
                Unit::from(counters::guard_catalog(generation)).with(self.written(&described, &token, now));
            let unit = unit.with(self.ended(&described, now)).with_all(self.withdrawn(&described, now));
            let unit = unit.with_all(self.seen_before(&described)?);
            match app.commit(unit.with_all(secret.as_ref().map(|secret| self.given(secret, now)))).await {
                Ok(_) => About::app(self.id()).note(Event::AppChangedItself),
                Err(CommitError::Conflict { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        } else if app.config().registration.rotate_token {
            // With the token the sector is written that was read: whoever has moved the app since is not overruled.
            let unit = Unit::from(counters::guard_catalog(generation));
            match app.commit(unit.with(self.passed_on(&described, &token))).await {
                Ok(_) => {}
                Err(CommitError::Conflict { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        let information = Information {
            settings: &described.settings,
            lists: &described.lists,
            token,
            ..self.information(app, secret.map(|(shown, _, until)| (shown, until)))
        };
        Ok(Some(information.to_json()))
    }

    /// It names this app, and its secret or none.
    fn is_meant(&self, said: &Map<String, Value>, now: Timestamp) -> Result<(), Refused> {
        let given = |name: &str| said.get(name).filter(|value| !value.is_null());
        let names_it = given("client_id").and_then(Value::as_str) == Some(self.id());
        let keeps_secret = given("client_secret").is_none_or(|value| {
            let presented = value.as_str().map(|text| secret::digest(&Secret::new(text.to_owned())));
            let good = self.registered.secrets.iter().filter(|secret| secret.valid(now));
            presented.is_some_and(|digest| good.fold(false, |found, one| one.hash.matches(&digest) | found))
        });
        let says_more = NEVER_SAID.iter().any(|name| given(name).is_some());
        if names_it && keeps_secret && !says_more { Ok(()) } else { Err(Refused::NotTheClient) }
    }

    /// What leaves open by what names it knows people keeps those that it has.
    fn keep_subject_type(&self, said: &mut Map<String, Value>) {
        if said.get(SUBJECT_TYPE).is_none_or(Value::is_null) {
            said.insert(SUBJECT_TYPE.to_owned(), self.registered.app.settings.subject_type.clone().into());
        }
    }

    /// It keeps a secret and has none, or one of which less than half of its life is left, or none that signs.
    fn needs_secret(&self, described: &Described, now: Timestamp) -> bool {
        let signs = signs_with_secret(&described.settings, &described.lists);
        let fresh = self.registered.secrets.iter().any(|secret| {
            let half = |end: Timestamp| end.since(now) > now.since(secret.created_at);
            secret.valid(now) && secret.expires_at.is_none_or(half) && (secret.sealed.is_some() || !signs)
        });
        keeps_secret(&described.settings) && !fresh
    }

    fn given(&self, (_, kept, until): &FreshSecret, now: Timestamp) -> Unit {
        Unit::from(app_secrets::insert_until(self.id(), kept, *until, now))
    }

    /// Nothing is another than it was: then nothing is written that others would have to read again.
    fn is_already(&self, described: &Described) -> bool {
        let before = (&self.registered.app.settings, &self.registered.lists, &self.registration.sector);
        before == (&described.settings, &described.lists, &described.sector) && described.logo.is_none()
    }

    /// The token with which it is managed from now on, and its sector.
    fn passed_on(&self, described: &Described, token: &Secret<String>) -> Unit {
        let token_hash = secret::digest(token).into();
        let seen = &self.registration.token_hash;
        let change = Change { seen, token_hash: &token_hash, sector: described.sector.as_deref() };
        Unit::from(registrations::change(self.id(), &change))
    }

    fn written(&self, described: &Described, token: &Secret<String>, now: Timestamp) -> Unit {
        let Described { settings, lists, logo, .. } = described;
        let drawn = logo.as_ref().map(|logo| app_icons::put(self.id(), &logo.digest, &logo.png));
        let gone = settings.icon.is_none().then(|| app_icons::remove(self.id()));
        self.passed_on(described, token)
            .with(apps::update(self.id(), settings, lists, now))
            .with_all(drawn)
            .with_all(gone)
    }

    /// What was made for the app that it was, and its secrets if it keeps none any more.
    fn ended(&self, described: &Described, now: Timestamp) -> Unit {
        let after = (&described.settings, &described.lists);
        let ends = ends_what_was_made(&self.registered, after, described.sector.as_deref());
        let ended = ends.then(|| apps::revoke(self.id(), now));
        let secrets = (!keeps_secret(&described.settings)).then(|| app_secrets::remove_all(self.id()));
        Unit::new().with_all(ended).with_all(secrets)
    }

    /// Whoever has agreed has seen another app than the one that it becomes.
    fn seen_before(&self, described: &Described) -> Result<Option<Statement>, Fault> {
        let after = (&described.settings, &described.lists);
        let kept = Appearance::to_keep(&self.registered, after, described.sector.as_deref())?;
        Ok(kept.map(|kept| consents::keep_agreed(self.id(), &kept)))
    }

    /// The operator has looked at another app than the one that it becomes.
    fn withdrawn(&self, described: &Described, now: Timestamp) -> Option<Unit> {
        let other = shows_otherwise(&self.registered, &described.settings, &described.lists);
        other.then(|| verification::withdraw(self.id(), now))
    }
}
