//! Dynamic registration — RFC 7591 §3, OIDC Registration §3.

pub(crate) mod manage;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    bearer::{self, Place},
    endpoint_uri::EndpointUri,
    random,
    secret::Secret,
    strict_json,
    time::{Seconds, Timestamp},
};
use serde_json::{Map, Value};

use super::{cors, json, registration_error::RegistrationError};
use crate::{
    accounts::throttle::{Budget, SELF_REGISTRATIONS, TOKEN_REGISTRATIONS},
    app::App,
    audit::{About, Event},
    client_auth::secret,
    config::RegistrationPolicy,
    fault::Fault,
    http::{RequestContext, body},
    ids::Kind,
    paths,
    registration::{
        Information,
        described::{self, Described},
        keeps_secret, signs_with_secret,
    },
    store::{
        CommitError, Unit, app_icons,
        app_secrets::{self, NewSecret},
        apps::NewApp,
        initial_access_tokens,
        registrations::{self, Networks, NewRegistration, Way},
    },
};

/// `POST /register`.
pub(crate) async fn register(State(app): State<App>, request: Request) -> Response {
    cors::allow_all(match answer(&app, request).await {
        Ok(information) => json::with_status(StatusCode::CREATED, &information),
        Err(error) => error.into_response(),
    })
}

async fn answer(app: &App, request: Request) -> Result<Value, RegistrationError> {
    let (parts, body) = request.into_parts();
    let source = source(&parts);
    let initial_token = permission(app, &parts, &source).await?;
    let from = parts.extensions.get::<RequestContext>().map(|context| context.client);
    let networks = from.map(|from| Networks::of(from.ip())).unwrap_or_default();
    let said = said(app, &parts.headers, body).await?;
    let id = Kind::App.fresh();
    let described = described::ask(app, &said, None, &source).await?.describe(app, &id, None)?;
    let now = app.issuing_time().map_err(Fault::from)?;
    let new = New { id, described, initial_token, networks, now };
    new.register(app).await
}

/// Who lets this app register: the name of the operator's token, or nobody in particular. Both are counted before anything
/// is fetched for them.
async fn permission(app: &App, parts: &Parts, source: &str) -> Result<Option<String>, RegistrationError> {
    let now = app.now();
    if let Some(token) = token(&parts.headers)? {
        let digest = secret::digest(&token);
        let found = initial_access_tokens::find(app.db(), &digest, now).await?;
        let id = found.ok_or(RegistrationError::InvalidToken)?;
        charge(app, TOKEN_REGISTRATIONS, &format!("token {id}"))?;
        charge(app, TOKEN_REGISTRATIONS, &format!("source {source}"))?;
        return Ok(Some(id));
    }
    if app.config().registration.policy != RegistrationPolicy::Open {
        return Err(RegistrationError::NoCredentials);
    }
    charge(app, SELF_REGISTRATIONS, source)?;
    Ok(None)
}

/// By which a request counts that must be counted by where it came from.
fn source(parts: &Parts) -> String {
    let client = parts.extensions.get::<RequestContext>().map(|context| context.client.throttle_key());
    client.map(|address| address.to_string()).unwrap_or_default()
}

fn charge(app: &App, budget: Budget, key: &str) -> Result<(), RegistrationError> {
    let charged = app.throttle().charge(budget, key, app.now());
    charged.map_err(|throttled| RegistrationError::Throttled(throttled.retry_after))
}

/// The token of a request, which comes in the header (RFC 6750 §2.1).
fn token(headers: &HeaderMap) -> Result<Option<Secret<String>>, bearer::Error> {
    let values = headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    bearer::take(values, Place::Absent, Place::Absent)
}

/// What an app says of itself: one JSON object (RFC 7591 §3.1).
async fn said(
    app: &App,
    headers: &HeaderMap,
    body: axum::body::Body,
) -> Result<Map<String, Value>, RegistrationError> {
    let declared =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = declared.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(RegistrationError::NotJson);
    }
    let limit = app.config().limits.form_bytes;
    let bytes = body::read(body, limit).await?;
    let said: Map<String, Value> =
        strict_json::parse_object(&bytes, limit).map_err(|_| RegistrationError::NotJson)?;
    if strict_json::holds_nul(&said) { Err(RegistrationError::NotJson) } else { Ok(said) }
}

/// Where an app manages its registration (RFC 7592 §1.1).
fn address(app: &App, id: &str) -> EndpointUri {
    app.issuer().endpoint(&format!("{}/{id}", paths::REGISTER))
}

/// A secret, and when it ends.
type FreshSecret = (Secret<String>, NewSecret, Option<Timestamp>);

/// A secret of the life that the operator gives it.
fn fresh_secret(app: &App, id: &str, described: &Described, now: Timestamp) -> FreshSecret {
    let signs = signs_with_secret(&described.settings, &described.lists);
    let (shown, kept) = secret::generate_for(id, Kind::Secret.fresh(), signs.then(|| app.master_key()));
    (shown, kept, app.config().registration.secret.map(|life: Seconds| now.plus(life)))
}

/// An app to be registered.
struct New {
    id: String,
    described: Described,
    initial_token: Option<String>,
    networks: Networks,
    now: Timestamp,
}

impl New {
    async fn register(self, app: &App) -> Result<Value, RegistrationError> {
        let Self { id, described, initial_token, networks, now } = self;
        let policy = &app.config().registration;
        let token = Secret::new(random::token());
        let secret = keeps_secret(&described.settings).then(|| fresh_secret(app, &id, &described, now));
        let registration = NewRegistration {
            way: Way::Asked,
            networks,
            token_hash: secret::digest(&token).into(),
            sector: described.sector.clone(),
            initial_token_id: initial_token.clone(),
            expires_at: now.plus(policy.unused),
        };
        let (settings, lists) = (described.settings.clone(), described.lists.clone());
        let new = NewApp { id: id.clone(), owner_id: None, settings, lists, secret: None };
        let room = registrations::room(app.db(), Way::Asked, policy.most_unused).await?;
        let spent = registrations::register(&new, &registration, room, now);
        let unit = spent
            .with_all(initial_token.map(|token| initial_access_tokens::spend(&token, now)))
            .with_all(
                secret.as_ref().map(|(_, kept, until)| app_secrets::insert_until(&id, kept, *until, now)),
            )
            .with_all(described.logo.as_ref().map(|logo| app_icons::put(&id, &logo.digest, &logo.png)));
        commit(app, &unit, &registration, room, now).await?;
        About::app(&id).note(Event::AppRegisteredItself);
        let information = Information {
            client_id: &id,
            settings: &described.settings,
            lists: &described.lists,
            issued_at: now,
            secret: secret.map(|(shown, _, until)| (shown, until)),
            token,
            address: address(app, &id),
        };
        Ok(information.to_json())
    }
}

/// Commits a registration, after another app has gone if there is no room for both.
async fn commit(
    app: &App,
    unit: &Unit,
    registration: &NewRegistration,
    room: i64,
    now: Timestamp,
) -> Result<(), RegistrationError> {
    let done = app.newcomers().until_done(|| async {
        let gone = registrations::in_the_way(app.db(), registration, room).await?;
        let unit = unit.clone().with_all(gone.as_deref().map(|gone| registrations::give_up(gone, now)));
        match app.commit(unit).await {
            Ok(_) => {
                if let Some(gone) = &gone {
                    About::app(gone).note(Event::AppGaveWay);
                }
                Ok(Some(()))
            }
            // Others have used the token up, or the operator has revoked it.
            Err(CommitError::Conflict { statement: initial_access_tokens::SPENT }) => {
                Err(RegistrationError::InvalidToken)
            }
            // Others were faster with the room, or with the app that had it.
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    });
    match done.await {
        Err(RegistrationError::Fault(Fault::Contention)) => Err(RegistrationError::Full),
        done => done,
    }
}
