//! The token endpoint — RFC 6749 §3.2.
//!
//! decode → authenticate the client → find the grant type → decide → commit → sign → answer.

mod proof;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use mapae_protocol::{
    secret::Secret,
    token::{TokenRequest, TokenResponse},
};

use self::proof::{Proven, Written};
use super::{called, json, token_error::TokenError};
use crate::{
    app::App,
    audit::About,
    catalog::Client,
    contention,
    dpop::Possession,
    fault::Fault,
    grant_types::{self, Decision, Issue, Refusal, TokenContext},
    http::{RequestId, form::Form},
    keys::KeySet,
    paths,
};

/// `POST /token`.
pub(crate) async fn token(State(app): State<App>, request: Request) -> Response {
    let address = app.issuer().endpoint(paths::TOKEN);
    let work =
        async |client: Arc<Client>, form: Form, possession| grant(&app, (&client, &form), possession).await;
    called::by_holder(&app, request, Some(&address), work, |(response, possession)| {
        possession.iter().fold(json::no_store(&response), |response, possession| possession.renew(response))
    })
    .await
}

/// The tokens, and the possession to which they are bound.
type Outcome = Result<(TokenResponse, Option<Possession>), TokenError>;

async fn grant(app: &App, (client, form): (&Client, &Form), possession: Option<Possession>) -> Outcome {
    let request = TokenRequest::parse(&form.params)?;
    let grant_type = grant_types::find(&request.grant_type).ok_or(TokenError::UnsupportedGrantType)?;
    if !client.may_use(grant_type.name()) {
        return Err(TokenError::UnauthorizedGrantType);
    }
    let proven = Proven::of(app, (client, form), grant_type.terms().role, possession)?;
    let sealed = grant_type.sealed().and_then(|name| form.params.one(name).ok().flatten());
    let keys = app.keys_for(sealed.unwrap_or_default()).await?;
    let tokens = contention::until_done(|| async {
        let cx = TokenContext {
            app,
            keys: &keys,
            client,
            request: &request,
            params: &form.params,
            key: proven.key(),
            now: app.issuing_time().map_err(Fault::from)?,
        };
        match grant_type.decide(&cx).await? {
            Decision::Refuse(refusal) => Err(refuse(&cx, &proven, refusal).await?),
            Decision::Issue(issue) => match proven.commit(issue.unit.clone()).await? {
                Written::Done => {
                    if let Some((event, api)) = &issue.noted {
                        About::app(client.id()).with_api(api).note(*event);
                    }
                    sign(*issue, &keys).map(Some)
                }
                Written::Changed => Ok(None),
            },
        }
    })
    .await?;
    Ok((tokens, proven.into_possession()))
}

/// What the app is told, once what the refusal writes is written.
async fn refuse(
    cx: &TokenContext<'_>,
    proven: &Proven<'_>,
    refusal: Refusal,
) -> Result<TokenError, TokenError> {
    tracing::info!(
        request_id = RequestId::current(),
        client = cx.client.id(),
        grant_type = cx.request.grant_type,
        reason = &*refusal.reason as &dyn std::error::Error,
        "refused"
    );
    proven.refuse(refusal.unit).await?;
    Ok(TokenError::Refused(refusal.error))
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
