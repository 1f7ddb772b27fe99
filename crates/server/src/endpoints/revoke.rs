//! Revocation — RFC 7009 §2.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use mapae_protocol::{
    error::{ErrorCode, OAuthError},
    token_parameter::TokenParameter,
};

use super::{called, json, token_error::TokenError};
use crate::{
    app::App,
    catalog::Client,
    http::form::Form,
    issue::{PresentedToken, RefreshToken},
    keys::KeySet,
    store::{CommitError, Unit, grants, tokens},
};

/// `POST /revoke`.
pub(crate) async fn revoke(State(app): State<App>, request: Request) -> Response {
    let work = async |client: Arc<Client>, form: Form| end(&app, &client, &form).await;
    called::by_app(&app, request, work, |()| json::empty(StatusCode::OK)).await
}

/// Ends what the token gives. A token that is unknown, expired or revoked already is a success (RFC 7009 §2.2);
/// the hint is not needed, since what a token is shows in itself (RFC 7009 §2.1).
async fn end(app: &App, client: &Client, form: &Form) -> Result<(), TokenError> {
    let request = TokenParameter::parse(&form.params)?;
    let keys = app.keys_for(request.token.expose()).await?;
    let unit = unit(app, client, request.token.expose(), &keys).await?;
    match app.commit(unit).await {
        Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn unit(app: &App, client: &Client, token: &str, keys: &KeySet) -> Result<Unit, TokenError> {
    let now = app.now();
    if let Some(refresh) = RefreshToken::open(token, &keys.seals.refresh_tokens) {
        // Its grant ends, and every token of it (RFC 7009 §2.1).
        let facts = grants::facts(app.db(), &refresh.grant_id).await?;
        return match facts {
            None => Ok(Unit::new()),
            Some(facts) if facts.grant.given.app_id != client.id() => Err(foreign()),
            Some(facts) if facts.grant.revoked_at.is_some() => Ok(Unit::new()),
            Some(_) => Ok(grants::revoke(&refresh.grant_id, now)),
        };
    }
    match PresentedToken::open(token, app, keys) {
        None => Ok(Unit::new()),
        Some(access) if access.client_id != client.id() => Err(foreign()),
        Some(access) if access.expires_at <= now => Ok(Unit::new()),
        Some(access) => Ok(tokens::revoke(&access.jti, access.expires_at, now)),
    }
}

/// Another client's token stays valid (RFC 7009 §2.1).
fn foreign() -> TokenError {
    TokenError::Refused(OAuthError::new(
        ErrorCode::UnauthorizedClient,
        "the token was not issued to this client",
    ))
}
