//! Userinfo — OIDC Core §5.3; the token by RFC 6750 §2.1, in the `Authorization` header or, of a POST, the form.

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
    fault::Fault,
    grant_types::person_tokens::sector,
    issue::{Living, PresentedToken, subject},
    store::users::User,
};

/// The claims that this server knows of a person. Discovery lists them.
pub(super) const TOLD: &[&str] = &["name", "locale", "updated_at", "email", "email_verified"];

/// `GET /userinfo` and `POST /userinfo`.
pub(crate) async fn userinfo(State(app): State<App>, request: Request) -> Response {
    let origin = cors::origin(&request);
    let (client_id, outcome) = match living_token(&app, request).await {
        Ok(living) => (Some(living.token.client_id.clone()), claims(&app, &living).await),
        Err(error) => (None, Err(error)),
    };
    let client = match client_id {
        Some(id) => app.catalog().client(&id).await.ok().flatten(),
        None => None,
    };
    let response = match outcome {
        Ok(claims) => json::no_store(&claims),
        Err(error) => error.into_response(),
    };
    cors::allow_client(&app, response, origin, client.as_deref()).await
}

/// The token with which somebody asks about the person of it.
pub(super) async fn living_token(app: &App, request: Request) -> Result<Living, BearerError> {
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
    let living = presented.living(app, &keys).await?.ok_or(BearerError::InvalidToken)?;
    if !living.token.scopes.contains(OPENID) {
        return Err(BearerError::InsufficientScope);
    }
    // A token for an API alone is no token for this server, whatever its scopes (RFC 9068 §4).
    if living.token.audience.contains(app.issuer().as_str()) {
        Ok(living)
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

async fn claims(app: &App, living: &Living) -> Result<UserInfo, BearerError> {
    let grant = living.grant.as_ref().ok_or(BearerError::InvalidToken)?;
    let user = grant.states.user.as_ref().ok_or(BearerError::InvalidToken)?;
    let client = app.catalog().client(&grant.grant.given.app_id).await?.ok_or(BearerError::InvalidToken)?;
    let keys = app.keys().current();
    let sub = subject(keys.subject_key(), sector(&client), &user.id);
    Ok(all_claims(sub, user).for_scopes(&living.token.scopes))
}

fn all_claims(sub: String, user: &User) -> UserInfo {
    UserInfo {
        name: Some(user.name.clone()),
        locale: user.locale.clone(),
        updated_at: Some(user.updated_at),
        email: user.email.clone(),
        email_verified: user.email.as_ref().map(|_| user.email_verified),
        ..UserInfo::of(sub)
    }
}

impl From<Fault> for BearerError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}
