//! Userinfo — OIDC Core §5.3; the token by RFC 6750 §2.1, in the `Authorization` header or, of a POST, the form.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    bearer::{self, Place},
    claims::UserInfo,
    params::{Limits, Params},
    scope::OPENID,
};

use super::{bearer_error::BearerError, cors, form, json};
use crate::{
    app::App,
    catalog::Client,
    fault::Fault,
    grant_types::person_tokens::sector,
    issue::{PresentedToken, subject},
    store::users::User,
};

/// The claims that this server knows of a person. Discovery lists them.
pub(super) const TOLD: &[&str] = &["name", "locale", "updated_at", "email", "email_verified"];

/// `GET /userinfo` and `POST /userinfo`.
pub(crate) async fn userinfo(State(app): State<App>, request: Request) -> Response {
    let origin = cors::origin(&request);
    let (client, response) = match claims(&app, request).await {
        Ok((client, claims)) => (Some(client), json::no_store(&claims)),
        Err(error) => (None, error.into_response()),
    };
    cors::allow_client(&app, response, origin, client.as_deref()).await
}

/// What the token may be told, and the app that holds it.
async fn claims(app: &App, request: Request) -> Result<(Arc<Client>, UserInfo), BearerError> {
    let (token, person) = living_token(app, request).await?;
    let client = app.catalog().client(&token.client_id).await?.ok_or(BearerError::InvalidToken)?;
    let keys = app.keys().current();
    let sub = subject(keys.subject_key(), sector(&client), &person.id);
    Ok((client, all_claims(sub, person).for_scopes(&token.scopes)))
}

/// The token with which somebody asks about the person of it, and who that is.
pub(super) async fn living_token(app: &App, request: Request) -> Result<(PresentedToken, User), BearerError> {
    let (Parts { method, uri, headers, .. }, body) = request.into_parts();
    let query = Params::parse(uri.query().unwrap_or_default().as_bytes(), Limits::REQUEST)
        .map_err(|_| BearerError::Malformed)?;
    let form = posted(app, &method, &headers, body).await?;
    let place = form.as_ref().map_or(Place::Absent, Place::Accepted);
    let values = headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
    let token = bearer::take(values, Place::Refused(&query), place).map_err(BearerError::Request)?;
    let token = token.ok_or(BearerError::NoCredentials)?;
    let keys = app.keys_for(token.expose()).await.map_err(BearerError::Fault)?;
    let presented = PresentedToken::open(token.expose(), app, &keys).ok_or(BearerError::InvalidToken)?;
    let (token, person) = presented.living_person(app).await?.ok_or(BearerError::InvalidToken)?;
    if !token.scopes.contains(OPENID) {
        return Err(BearerError::InsufficientScope);
    }
    // A token for an API alone is no token for this server, whatever its scopes (RFC 9068 §4).
    if token.audience.contains(app.issuer().as_str()) {
        Ok((token, person))
    } else {
        Err(BearerError::InvalidToken)
    }
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

fn all_claims(sub: String, user: User) -> UserInfo {
    UserInfo {
        name: Some(user.name),
        locale: user.locale,
        updated_at: Some(user.updated_at),
        email_verified: user.email.as_ref().map(|_| user.email_verified),
        email: user.email,
        ..UserInfo::of(sub)
    }
}

impl From<Fault> for BearerError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
