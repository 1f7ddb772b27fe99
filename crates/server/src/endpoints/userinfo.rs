//! Userinfo — OIDC Core §5.3; the token by RFC 6750 §2.1, in the `Authorization` header or, of a POST, the form, or with a
//! proof of possession by RFC 9449 §7.1.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    access_token::bound_to,
    bearer::{self, Place},
    dpop::Error as ProofError,
    endpoint_uri::EndpointUri,
    jose::{Algorithm, HeaderType},
    params::{Limits, Params},
    scope::OPENID,
    token::TokenType,
};
use serde_json::{Map, Value};

use super::{bearer_error::BearerError, cors, json};
use crate::{
    accounts::{known_claims, rows},
    app::App,
    catalog::Client,
    dpop::{self, Possession},
    fault::Fault,
    http::{RequestContext, form},
    issue::{PresentedToken, Sector, subject},
    paths,
    store::grant_states::Person,
};

/// `GET /userinfo` and `POST /userinfo`.
pub(crate) async fn userinfo(State(app): State<App>, request: Request) -> Response {
    let origin = cors::origin(&request);
    let (client, response) = match tell(&app, request).await {
        Ok((client, response)) => (Some(client), response),
        Err(error) => (None, error.into_response()),
    };
    cors::allow_client(&app, response, origin, client.as_deref()).await
}

/// What the token may be told, in the form that the app registered, and the app that holds it.
async fn tell(app: &App, request: Request) -> Result<(Arc<Client>, Response), BearerError> {
    let address = app.issuer().endpoint(paths::USERINFO);
    let Shown { token, person, possession } = living_token(app, request, &address).await?;
    let client = app.catalog().client(&token.client_id).await?.ok_or(BearerError::InvalidToken)?;
    let keys = app.keys().current();
    let sub = subject(keys.subject_key(), Sector::of(&client), &person.user.id);
    let asked = client.claims_still_allowed(person.asked.as_deref())?;
    let known = known_claims::of_person(sub, person)?;
    let response = match client.metadata().userinfo_algorithm {
        None if asked.is_empty() => json::no_store(&known.for_scopes(&token.scopes)),
        None => json::no_store(&known.told(&token.scopes, &asked)),
        Some(algorithm) => signed(app, &client, algorithm, known.told(&token.scopes, &asked))?,
    };
    let response = possession.iter().fold(response, |response, possession| possession.renew(response));
    Ok((client, response))
}

/// The claims as a JWT for this app (OIDC Core §5.3.2). It does not expire, so that nobody takes it for an ID token.
fn signed(
    app: &App,
    client: &Client,
    algorithm: Algorithm,
    mut claims: Map<String, Value>,
) -> Result<Response, Fault> {
    claims.insert("iss".to_owned(), app.issuer().as_str().into());
    claims.insert("aud".to_owned(), client.id().into());
    let keys = app.keys().current();
    let key = keys.signing_key(algorithm)?;
    let token = key.sign(HeaderType::Jwt, &claims).map_err(|error| Fault::Key(error.into()))?;
    let headers = [(header::CONTENT_TYPE, "application/jwt"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, token).into_response())
}

/// A token with which somebody asks about the person of it, who that is, and the possession of the token's key.
pub(super) struct Shown {
    pub(super) token: PresentedToken,
    pub(super) person: Person,
    pub(super) possession: Option<Possession>,
}

/// The token of a request to this address.
pub(super) async fn living_token(
    app: &App,
    request: Request,
    address: &EndpointUri,
) -> Result<Shown, BearerError> {
    let (Parts { method, uri, headers, extensions, .. }, body) = request.into_parts();
    let query = Params::parse(uri.query().unwrap_or_default().as_bytes(), Limits::REQUEST)
        .map_err(|_| BearerError::Malformed)?;
    let form = posted(app, &method, &headers, body).await?;
    let place = form.as_ref().map_or(Place::Absent, Place::Accepted);
    let values = headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let taken = bearer::take_of_any_type(values, Place::Refused(&query), place);
    let (scheme, text) = taken.map_err(BearerError::Request)?.ok_or(BearerError::NoCredentials)?;
    let invalid = || match scheme {
        TokenType::Bearer => BearerError::InvalidToken,
        TokenType::Dpop => BearerError::InvalidBoundToken,
    };
    let keys = app.keys_for(text.expose()).await.map_err(BearerError::Fault)?;
    let presented = PresentedToken::open(text.expose(), app, &keys).ok_or_else(invalid)?;
    let (token, person) = presented.living_person(app).await?.ok_or_else(invalid)?;
    let shown =
        dpop::Request { method: &method, address, headers: &headers, access_token: Some(text.expose()) };
    let possession = match scheme {
        TokenType::Bearer => None,
        TokenType::Dpop => Some(possession(app, &token, &shown).await?),
    };
    bound_to(token.cnf.as_ref(), possession.as_ref().map(Possession::key)).map_err(|_| invalid())?;
    if !token.scopes.contains(OPENID) {
        return Err(BearerError::InsufficientScope);
    }
    // A token for an API alone is no token for this server, whatever its scopes (RFC 9068 §4).
    if !token.audience.contains(app.issuer().as_str()) {
        return Err(invalid());
    }
    if let Some(possession) = &possession {
        let from = extensions.get::<RequestContext>().map(|context| context.client.throttle_key());
        charge(app, &token, &from.map(|from| from.to_string()).unwrap_or_default()).await?;
        possession.use_alone(app).await?;
    }
    Ok(Shown { token, person, possession })
}

/// Each proof is a row: whoever has an account and an app of their own could cause as many as they like.
async fn charge(app: &App, token: &PresentedToken, source: &str) -> Result<(), BearerError> {
    let client = app.catalog().client(&token.client_id).await?.ok_or(BearerError::InvalidBoundToken)?;
    rows::charge(app, &client, rows::PROOFS, source).map_err(|_| BearerError::TooMany)
}

/// The possession that goes with a token of the scheme `DPoP`; with the server's nonce if the app must have it.
async fn possession(
    app: &App,
    token: &PresentedToken,
    request: &dpop::Request<'_>,
) -> Result<Possession, BearerError> {
    let client = app.catalog().client(&token.client_id).await?;
    let possession = dpop::possession(app, request, client.as_deref()).await?;
    possession.ok_or_else(|| dpop::Refused::from(ProofError::Missing).into())
}

/// The form of a POST (RFC 6750 §2.2); a POST may also have no body at all.
async fn posted(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<Params>, BearerError> {
    if *method != Method::POST || !headers.contains_key(header::CONTENT_TYPE) {
        return Ok(None);
    }
    let form = form::read_page(headers, body, app.config().limits.form_bytes).await;
    form.map(Some).map_err(|_| BearerError::Malformed)
}

impl From<Fault> for BearerError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
