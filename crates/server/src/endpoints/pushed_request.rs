//! The pushed authorization request endpoint — RFC 9126 §2; threats PA-01 … PA-07, PA-16.
//!
//! The request is judged here as the authorization endpoint judges it, and told to the app instead of to the person's
//! browser. What is kept is what came; whoever begins with it is judged again.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use mapae_protocol::{
    authorization::{
        AuthorizationRequest,
        request_object::{self, Given},
        target::RequestedTarget,
    },
    dpop::{Error as ProofError, Thumbprint},
    error::{ErrorCode, OAuthError},
    fapi::Profile,
    params::{self, Params},
    pushed_request::{self, PushedRequestUri, PushedResponse},
    time::Seconds,
};

use super::{authorize::admit, called, json, token_error::TokenError};
use crate::{
    accounts::rows,
    app::App,
    catalog::Client,
    dpop::{self, Possession},
    http::{ClientAddress, form::Form},
    interaction::{Unopened, open},
    paths,
    store::{
        Concealed, Unit,
        pushed_requests::{self, NewPushedRequest},
    },
};

/// For how long somebody can begin with a pushed request (RFC 9126 §2.2: short; PA-06).
const LIFE: Seconds = Seconds::seconds(90);

/// Longest request that is kept, encoded: what an address could carry, with room for a hint.
const MAX_KEPT: usize = 24 * 1024;

/// `POST /par`.
pub(crate) async fn push(State(app): State<App>, request: Request) -> Response {
    let address = app.issuer().endpoint(paths::PUSHED_REQUEST);
    let work =
        async |client: Arc<Client>, form: Form, possession| proven(&app, &client, form, possession).await;
    called::by_holder(&app, request, Some(&address), work, |(pushed, possession)| {
        let response = json::with_status(StatusCode::CREATED, &pushed);
        possession.iter().fold(response, |response, possession| possession.renew(response))
    })
    .await
}

/// What the app is told, and the possession that it proved.
type Outcome = Result<(PushedResponse, Option<Possession>), TokenError>;

/// The request, out of its object if it came in one, and whether it did: then nothing else of the form counts (RFC 9126 §3, RFC 9101 §6).
async fn unfolded(
    app: &App,
    client: &Client,
    params: Params,
    from: Option<ClientAddress>,
) -> Result<(Params, bool), TokenError> {
    let refused = |error: request_object::Error| TokenError::Refused(error.into());
    let (given, from) = match (Given::of(&params).map_err(refused)?, from) {
        (Some(given @ Given::Object(_)), Some(from)) => (given, from),
        (None, _) if client.metadata().signs_requests => {
            return Err(refused(request_object::Error::Unsigned));
        }
        // A reference is refused with the rest of the request (RFC 9126 §2.1).
        _ => return Ok((params, false)),
    };
    let opened = open(app, client, given, from).await.map_err(|error| match error {
        Unopened::Refused(error) => refused(error),
        Unopened::TooMany => TokenError::TooMany,
        Unopened::Unavailable => TokenError::Unavailable,
        Unopened::Fault(fault) => TokenError::Fault(fault),
    });
    Ok((opened?, true))
}

/// Pushing with a proof of possession binds the code to its key (RFC 9449 §10.1). A proof is good once, also when what
/// came with it is refused.
async fn proven(app: &App, client: &Client, form: Form, possession: Option<Possession>) -> Outcome {
    let source = form.source();
    charge(app, client, &source)?;
    if let Some(possession) = &possession {
        possession.use_alone(app).await?;
    }
    let (params, signed) = unfolded(app, client, form.params, form.from).await?;
    let pushed = judge(app, client, &params).map_err(TokenError::Refused)?;
    let pushed = bound(pushed, possession.as_ref().map(Possession::key))?;
    let payload = payload(&pushed)?;
    // Before anything is kept that is long: of long ones there is room for fewer.
    let weighed = rows::weigh(app, client, rows::PUSHED_REQUESTS, (&source, payload.len()));
    weighed.map_err(|_| TokenError::TooMany)?;
    Ok((keep(app, client, payload, signed).await?, possession))
}

/// Each try counts, since its proof is kept.
fn charge(app: &App, client: &Client, source: &str) -> Result<(), TokenError> {
    rows::charge(app, client, rows::PUSHED_REQUESTS, source).map_err(|_| TokenError::TooMany)
}

fn payload(pushed: &Params) -> Result<String, TokenError> {
    let payload = params::encode(pushed.iter());
    if payload.len() > MAX_KEPT {
        return Err(TokenError::Refused(OAuthError::new(
            ErrorCode::InvalidRequest,
            "the request is too long",
        )));
    }
    Ok(payload)
}

async fn keep(
    app: &App,
    client: &Client,
    payload: String,
    signed: bool,
) -> Result<PushedResponse, TokenError> {
    let now = app.now();
    let reference = PushedRequestUri::fresh();
    let begin_until = now.plus(LIFE);
    let unit = Unit::from(pushed_requests::put(&NewPushedRequest {
        id: &reference.digest(),
        app_id: client.id(),
        payload: &Concealed::from(payload),
        profile: client.profile().map_or("", Profile::as_str),
        signed,
        begin_until,
    }));
    app.commit(unit).await?;
    Ok(PushedResponse { request_uri: reference.as_str().to_owned(), expires_in: LIFE })
}

/// The request with the key of the proof that came with it; one that names another key contradicts itself.
fn bound(pushed: Params, key: Option<Thumbprint>) -> Result<Params, TokenError> {
    let Some(key) = key.map(|key| key.to_string()) else { return Ok(pushed) };
    match pushed.one("dpop_jkt")? {
        Some(named) if named == key => Ok(pushed),
        Some(_) => Err(dpop::Refused::from(ProofError::OtherKey).into()),
        None => Ok(pushed.iter().chain([("dpop_jkt", key.as_str())]).collect()),
    }
}

/// What may be kept of a request: everything that the authorization endpoint would take.
fn judge(app: &App, client: &Client, params: &Params) -> Result<Params, OAuthError> {
    let invalid = |description| OAuthError::new(ErrorCode::InvalidRequest, description);
    if params.all("request_uri").next().is_some() {
        return Err(invalid("request_uri cannot be pushed"));
    }
    let pushed = pushed_request::kept(params, client.id());
    let target =
        RequestedTarget::parse(&pushed).map_err(|_| invalid("redirect_uri is missing or malformed"))?;
    if client.profile().is_some() && target.redirect_uri.is_none() {
        return Err(invalid("redirect_uri is missing, and the app's profile wants it"));
    }
    client.trust(&target).ok_or_else(|| invalid("redirect_uri is none of the app's"))?;
    admit(app, client, AuthorizationRequest::parse(&pushed)?)?;
    Ok(pushed)
}
