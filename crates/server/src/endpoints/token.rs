//! The token endpoint — RFC 6749 §3.2.
//!
//! decode → authenticate the client → find the grant type → decide → commit → sign → answer.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::Method,
    response::Response,
};
use mapae_protocol::{
    dpop::Error as ProofError,
    secret::Secret,
    token::{TokenRequest, TokenResponse},
};

use super::{called, form::Form, json, token_error::TokenError};
use crate::{
    accounts::rows,
    app::App,
    audit::About,
    catalog::Client,
    contention,
    dpop::{self, Possession},
    fault::Fault,
    grant_types::{self, Decision, Issue, Refusal, TokenContext},
    http::RequestId,
    keys::KeySet,
    router::paths,
    store::CommitError,
};

/// `POST /token`.
pub(crate) async fn token(State(app): State<App>, request: Request) -> Response {
    let work = async |client: Arc<Client>, form: Form| grant(&app, &client, &form).await;
    called::by_app(&app, request, work, |(response, possession)| {
        possession.iter().fold(json::no_store(&response), |response, possession| possession.renew(response))
    })
    .await
}

/// The tokens, and the possession to which they are bound.
type Outcome = Result<(TokenResponse, Option<Possession>), TokenError>;

async fn grant(app: &App, client: &Client, form: &Form) -> Outcome {
    let request = TokenRequest::parse(&form.params)?;
    let grant_type = grant_types::find(&request.grant_type).ok_or(TokenError::UnsupportedGrantType)?;
    if !client.may_use(grant_type.name()) {
        return Err(TokenError::UnauthorizedGrantType);
    }
    let possession = possession(app, client, form).await?;
    if possession.is_some() && !client.is_public() {
        charge(app, client, form)?;
    }
    let sealed = grant_type.sealed().and_then(|name| form.params.one(name).ok().flatten());
    let keys = app.keys_for(sealed.unwrap_or_default()).await?;
    let tokens = contention::until_done(|| async {
        let cx = TokenContext {
            app,
            keys: &keys,
            client,
            request: &request,
            params: &form.params,
            key: possession.as_ref().map(Possession::key),
            now: app.issuing_time().map_err(Fault::from)?,
        };
        match grant_type.decide(&cx).await? {
            Decision::Refuse(refusal) => {
                let error = refusal.error;
                tracing::info!(
                    request_id = RequestId::current(),
                    client = client.id(),
                    grant_type = grant_type.name(),
                    reason = &*refusal.reason as &dyn std::error::Error,
                    "refused"
                );
                if possession.is_some() && client.is_public() && refusal.unit.is_empty() {
                    charge(app, client, form)?;
                }
                refuse(app, refusal, possession.as_ref()).await?;
                Err(TokenError::Refused(error))
            }
            Decision::Issue(issue) => {
                let using = possession.as_ref().map(Possession::using).unwrap_or_default();
                match app.commit(using.with(issue.unit.clone())).await {
                    Ok(_) => {
                        if let Some((event, api)) = &issue.noted {
                            About::app(client.id()).with_api(api).note(*event);
                        }
                        sign(*issue, &keys).map(Some)
                    }
                    Err(CommitError::Conflict { statement: 0 }) if possession.is_some() => Err(replayed()),
                    Err(CommitError::Conflict { .. }) => Ok(None),
                    Err(error) => Err(error.into()),
                }
            }
        }
    })
    .await?;
    Ok((tokens, possession))
}

/// The possession that the app proves; an app that registered for it gets nothing without (RFC 9449 §5.2).
async fn possession(app: &App, client: &Client, form: &Form) -> Result<Option<Possession>, TokenError> {
    let address = app.issuer().endpoint(paths::TOKEN);
    let request = dpop::Request {
        method: &Method::POST,
        address: &address,
        headers: &form.headers,
        access_token: None,
    };
    let possession = dpop::of_client(app, client, &request).await?;
    if possession.is_none() && client.binds_tokens() {
        return Err(dpop::Refused::from(ProofError::Missing).into());
    }
    Ok(possession)
}

/// A proof counts that is kept for nothing else: whoever knows the id of a public app can cause it. So does each of an app
/// that nobody vouches for. What a refusal revokes is revoked in any case.
fn charge(app: &App, client: &Client, form: &Form) -> Result<(), TokenError> {
    rows::charge(app, client, rows::PROOFS, &form.source()).map_err(|_| TokenError::TooMany)
}

/// Writes what a refusal writes, and that its proof was used. Who merely repeats a request of somebody else's proves
/// nothing, and so ends nothing.
async fn refuse(app: &App, refusal: Refusal, possession: Option<&Possession>) -> Result<(), TokenError> {
    let using = possession.map(Possession::using).unwrap_or_default();
    match (app.commit(using.with(refusal.unit)).await, possession) {
        (Err(CommitError::Conflict { statement: 0 }), Some(_)) => Err(replayed()),
        // What it would have revoked was revoked meanwhile.
        (Err(CommitError::Conflict { .. }), Some(possession)) => Ok(possession.use_alone(app).await?),
        (Ok(_) | Err(CommitError::Conflict { .. }), _) => Ok(()),
        (Err(error), _) => Err(error.into()),
    }
}

fn replayed() -> TokenError {
    dpop::Refused::from(ProofError::Replayed).into()
}

/// Signs what is on disk by now.
fn sign(issue: Issue, keys: &KeySet) -> Result<TokenResponse, TokenError> {
    let access_token = issue.access_token.sign(keys)?;
    let id_token = issue.id_token.map(|plan| plan.sign(keys, &access_token)).transpose()?;
    Ok(TokenResponse {
        expires_in: Some(issue.access_token.expires_in()),
        access_token: Secret::new(access_token),
        token_type: issue.access_token.token_type(),
        refresh_token: issue.refresh_token.map(Secret::new),
        scope: Some(issue.scope),
        id_token: id_token.map(Secret::new),
        issued_token_type: issue.issued_token_type.map(str::to_owned),
    })
}
