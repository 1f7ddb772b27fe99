//! The token endpoint — RFC 6749 §3.2.
//!
//! decode → authenticate the client → find the grant type → decide → commit → sign → answer.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    secret::Secret,
    token::{Bearer, TokenRequest, TokenResponse},
};

use super::{cors, form, token_error::TokenError};
use crate::{
    app::App,
    catalog::Client,
    client_auth, contention,
    fault::Fault,
    grant_types::{self, Decision, Issue, TokenContext},
    http::RequestId,
    keys::KeySet,
    store::CommitError,
};

/// `POST /token`.
pub(crate) async fn token(State(app): State<App>, request: Request) -> Response {
    let origin = cors::origin(&request);
    let (client, outcome) = exchange(&app, request).await;
    let response = match outcome {
        Ok(response) => super::json::no_store(&response),
        Err(error) => error.into_response(),
    };
    cors::allow_client(&app, response, origin, client.as_deref()).await
}

async fn exchange(app: &App, request: Request) -> (Option<Arc<Client>>, Result<TokenResponse, TokenError>) {
    let form = match form::read(request, app.config().limits.form_bytes).await {
        Ok(form) => form,
        Err(error) => return (None, Err(error.into())),
    };
    let client = match client_auth::authenticate_app(app, &form).await {
        Ok(client) => client,
        Err(error) => return (None, Err(error)),
    };
    let outcome = grant(app, &client, &form).await;
    (Some(client), outcome)
}

async fn grant(app: &App, client: &Client, form: &form::Form) -> Result<TokenResponse, TokenError> {
    let request = TokenRequest::parse(&form.params)?;
    let grant_type = grant_types::find(&request.grant_type).ok_or(TokenError::UnsupportedGrantType)?;
    if !client.may_use(grant_type.name()) {
        return Err(TokenError::UnauthorizedGrantType);
    }
    let sealed = ["code", "refresh_token"].map(|name| form.params.one(name).ok().flatten());
    let keys = app.keys_for(sealed.into_iter().flatten().next().unwrap_or_default()).await?;
    contention::until_done(|| async {
        let cx = TokenContext {
            app,
            keys: &keys,
            client,
            request: &request,
            params: &form.params,
            now: app.issuing_time().map_err(Fault::from)?,
        };
        match grant_type.decide(&cx).await? {
            Decision::Refuse(refusal) => {
                match app.commit(refusal.unit).await {
                    // What it would have revoked was revoked meanwhile.
                    Ok(_) | Err(CommitError::Conflict { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
                tracing::info!(
                    request_id = RequestId::current(),
                    client = client.id(),
                    grant_type = grant_type.name(),
                    reason = &*refusal.reason as &dyn std::error::Error,
                    "refused"
                );
                Err(TokenError::Refused(refusal.error))
            }
            Decision::Issue(issue) => match app.commit(issue.unit.clone()).await {
                Ok(_) => sign(*issue, &keys).map(Some),
                Err(CommitError::Conflict { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            },
        }
    })
    .await
}

/// Signs what is on disk by now.
fn sign(issue: Issue, keys: &KeySet) -> Result<TokenResponse, TokenError> {
    let access_token = issue.access_token.sign(keys)?;
    let id_token = issue.id_token.map(|plan| plan.sign(keys, &access_token)).transpose()?;
    Ok(TokenResponse {
        expires_in: Some(issue.access_token.expires_in()),
        access_token: Secret::new(access_token),
        token_type: Bearer,
        refresh_token: issue.refresh_token.map(Secret::new),
        scope: Some(issue.scope),
        id_token: id_token.map(Secret::new),
    })
}
