//! What a provider gave for the person of an access token, for an app that the operator permitted and to which the person
//! agreed — RFC 6750 §2.1, RFC 6749 §5.1.
//!
//! The app shows the access token with which it asks for userinfo. It is told the provider's access token, refreshed when
//! due, and never the refresh token.

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_client::EndUser;
use serde::Serialize;

use super::{
    bearer_error::BearerError,
    json,
    userinfo::{Shown, living_token},
};
use crate::{
    app::App,
    fault::Fault,
    store::{
        identities::{self, Identity},
        sessions, upstream_permissions,
    },
    upstream::{NoToken, scope_token_of, working_tokens},
};

/// RFC 6749 §5.1, of the provider's token.
#[derive(Serialize)]
struct UpstreamToken {
    access_token: String,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_in: Option<i64>,
    scope: String,
    /// Whose token it is.
    issuer: String,
}

/// Why there is no token although the request is right: what the app does next.
#[derive(Serialize)]
struct Refused {
    error: &'static str,
    error_description: &'static str,
}

/// `GET /upstream/{name}/token`.
pub(crate) async fn upstream_token(
    State(app): State<App>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    match token(&app, &name, request).await {
        Ok(Ok(token)) => json::no_store(&token),
        Ok(Err((status, refused))) => {
            let mut response = json::no_store(&refused);
            *response.status_mut() = status;
            response
        }
        Err(error) => error.into_response(),
    }
}

type Answer = Result<UpstreamToken, (StatusCode, Refused)>;

async fn token(app: &App, name: &str, request: Request) -> Result<Answer, BearerError> {
    let address = app.issuer().endpoint(&format!("/upstream/{name}/token"));
    let Shown { token, person, .. } = living_token(app, request, &address).await?;
    let (user_id, app_id) = (&person.user.id, &token.client_id);
    let permitted = upstream_permissions::is_permitted(app.db(), name, app_id);
    let upstream = app.upstreams().enabled(name);
    let scope = scope_token_of(name).filter(|_| upstream.is_some());
    let (Some(upstream), Some(scope)) = (upstream, scope) else { return Err(BearerError::InsufficientScope) };
    let permitted = permitted.await.map_err(|error| BearerError::Fault(error.into()))?;
    // Whoever is given a token for an API, too, could bring it here: the API itself.
    let for_here_alone = token.audience.is_only(app.issuer().as_str());
    if !(permitted && for_here_alone && token.scopes.contains(scope.as_str())) {
        return Err(BearerError::NotOfUpstream(scope));
    }
    let linked =
        identities::of_user(app.db(), user_id).await.map_err(|error| BearerError::Fault(error.into()))?;
    let issuer = upstream.provider.issuer().as_str();
    let there = linked.into_iter().filter(|row| row.issuer == issuer && row.upstream == name).collect();
    let account = account_of(app, token.grant_id.as_deref(), there).await.map_err(BearerError::Fault)?;
    let Some(identity) = account else { return Ok(Err(sign_in_again())) };
    let person = EndUser::new(identity.issuer, identity.subject);
    match working_tokens(app, &upstream, &person, user_id).await {
        Ok(tokens) => {
            let token = tokens.access_token();
            Ok(Ok(UpstreamToken {
                access_token: token.expose().to_owned(),
                token_type: "Bearer",
                expires_in: token.expires_at().map(|end| end.since(app.now()).get().max(0)),
                scope: token.scopes().to_string(),
                issuer: person.issuer().to_owned(),
            }))
        }
        Err(NoToken::SignInAgain) => Ok(Err(sign_in_again())),
        Err(NoToken::Unavailable) => {
            let error_description = "the provider does not work at this moment";
            let refused = Refused { error: "temporarily_unavailable", error_description };
            Ok(Err((StatusCode::SERVICE_UNAVAILABLE, refused)))
        }
        Err(NoToken::Fault(fault)) => Err(BearerError::Fault(fault)),
    }
}

/// Of two accounts that somebody has there, the one by which they came in the session of the grant; or else the one by which
/// they came last.
async fn account_of(
    app: &App,
    grant_id: Option<&str>,
    there: Vec<Identity>,
) -> Result<Option<Identity>, Fault> {
    let came_by = match grant_id.filter(|_| there.len() > 1) {
        Some(grant_id) => sessions::came_by(app.db(), grant_id).await?,
        None => None,
    };
    Ok(there.into_iter().max_by_key(|row| (came_by.as_ref() == Some(&row.id), row.last_used_at)))
}

fn sign_in_again() -> (StatusCode, Refused) {
    let error_description = "the person must sign in with the provider again: prompt=login";
    (StatusCode::BAD_REQUEST, Refused { error: "login_required", error_description })
}
