//! The authorization endpoint — RFC 6749 §3.1, §4.1.1, OIDC Core §3.1.2.
//!
//! First who asks and where the answer would go: until both are proven, an error can only be a page. Then the
//! request itself, whose errors go back to the app. Then the person.

use axum::{
    extract::{Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    authorization::{self, AuthorizationRequest, ReturnPath, target::RequestedTarget},
    error::{ErrorCode, OAuthError},
    params,
    scope::Scopes,
};

use crate::{
    app::App,
    catalog::Client,
    grant_types::AUTHORIZATION_CODE,
    http::cross_site,
    interaction::{
        Authorize, Errand, IdTokenHint, PageError, Step, Visit, page, proceed, refuse, see_other,
        trust_target,
    },
    issue::resolve_audience,
    router::paths,
    upstream,
};

/// `GET /authorize` and `POST /authorize`.
pub(crate) async fn authorize(State(app): State<App>, request: Request) -> Response {
    if request.method() == Method::POST {
        return page(app, request, repeat_as_get).await;
    }
    if cross_site::is_unseen(request.method(), request.headers()) {
        return StatusCode::NO_CONTENT.into_response();
    }
    page(app, request, begin).await
}

/// A POST from another site brings no cookies: the browser is sent to the same request as a GET, which does.
async fn repeat_as_get(visit: Visit) -> Result<Response, PageError> {
    let address = format!("{}?{}", paths::AUTHORIZE, params::encode(visit.params.iter()));
    Ok(see_other(&address)?)
}

async fn begin(visit: Visit) -> Result<Response, PageError> {
    let target = RequestedTarget::parse(&visit.params).map_err(|error| match error {
        authorization::target::Error::RedirectUriMissing
        | authorization::target::Error::RedirectUriTooLong => PageError::WrongRedirectUri,
        authorization::target::Error::ClientIdMissing | authorization::target::Error::ClientIdMalformed => {
            PageError::UnknownApp
        }
        authorization::target::Error::ClientIdRepeated
        | authorization::target::Error::RedirectUriRepeated => PageError::BadRequest,
    })?;
    let (client, redirect) = trust_target(&visit.app, &target).await?;
    let parsed = AuthorizationRequest::parse(&visit.params).map_err(OAuthError::from);
    let request = match parsed.and_then(|request| admit(&visit.app, &client, request)) {
        Ok(request) => request,
        Err(error) => {
            let back = ReturnPath::of(&visit.params);
            return Ok(refuse(&visit, &client, &redirect, &back, error).await?);
        }
    };
    let keys = visit.app.keys().current();
    let hint = request.id_token_hint.as_deref().map(|token| IdTokenHint::read(token, &visit.app, &keys));
    let errand = Errand::Authorize(Box::new(Authorize::new(target, request, hint)));
    let step = Step::new(errand, visit.app.now());
    proceed(&visit, &step).await
}

/// What this app may ask: the grant type, PKCE, scopes and one API for the token.
fn admit(
    app: &App,
    client: &Client,
    mut request: AuthorizationRequest,
) -> Result<AuthorizationRequest, OAuthError> {
    let refuse = |code, description| Err(OAuthError::new(code, description));
    if !client.may_use(AUTHORIZATION_CODE) {
        return refuse(ErrorCode::UnauthorizedClient, "the app may not ask for codes");
    }
    if client.requires_pkce() && request.code_challenge.is_none() {
        return refuse(ErrorCode::InvalidRequest, "code_challenge is missing: PKCE with S256 is required");
    }
    // What the app registered counts where the request is silent (OIDC Registration §2).
    request.max_age = request.max_age.or_else(|| client.metadata().default_max_age);
    let apis = app.catalog().apis();
    let of_upstream =
        |scope: &str| upstream::named_by(scope).is_some_and(|name| app.upstreams().enabled(name).is_some());
    let known = |scope: &str| {
        mapae_protocol::scope::is_standard(scope) || apis.owner_of(scope).is_some() || of_upstream(scope)
    };
    let asked = request.scopes.iter().filter(|scope| known(scope.as_str())).cloned().collect::<Scopes>();
    if asked.is_empty() && !request.scopes.is_empty() {
        return refuse(ErrorCode::InvalidScope, "none of the scopes is known");
    }
    if !asked.is_subset(client.allowed()) {
        return refuse(ErrorCode::InvalidScope, "a scope is not registered for this app");
    }
    // RFC 6749 §3.3: without `scope` the request asks for a fixed default, which is no more than the app needs.
    request.scopes = if asked.is_empty() { client.required().clone() } else { asked };
    if request.scopes.is_empty() {
        return refuse(ErrorCode::InvalidScope, "scope is missing, and the app has no required items");
    }
    let resource = request.resource.as_ref().map(|resource| resource.as_str());
    resolve_audience(&apis, &request.scopes, resource)?;
    Ok(request)
}
