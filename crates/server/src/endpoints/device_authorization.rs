//! The device authorization endpoint — RFC 8628 §3.1, §3.2; threats DE-01, DE-09, DE-11.
//!
//! What is asked for is judged as the authorization endpoint judges it. Nothing of it but the scopes and the API is kept.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, header},
    response::Response,
};
use mapae_protocol::{
    device::{DEVICE_CODE, DeviceCode, DeviceRequest, DeviceResponse, UserCode},
    secret::Secret,
    time::Seconds,
};

use super::{authorize::admit_scopes, called, json, token_error::TokenError};
use crate::{
    accounts::rows,
    app::App,
    catalog::Client,
    contention,
    fault::Fault,
    http::form::Form,
    issue::user_code_digest,
    pages::at,
    store::{
        CommitError, Unit,
        device_requests::{self, NewDeviceRequest},
    },
};

/// For how long a person can take to the page and sign in there (RFC 8628 §5.1: short).
const LIFE: Seconds = Seconds::minutes(10);

/// How long a device waits between two polls, to begin with (RFC 8628 §3.2).
const INTERVAL: Seconds = Seconds::seconds(5);

/// Most bytes that are kept of what a device calls itself.
const MAX_USER_AGENT: usize = 256;

/// `POST /device_authorization`.
pub(crate) async fn begin(State(app): State<App>, request: Request) -> Response {
    let work = async |client: Arc<Client>, form: Form| keep(&app, &client, &form).await;
    called::by_app(&app, request, work, |response| json::no_store(&response)).await
}

async fn keep(app: &App, client: &Client, form: &Form) -> Result<DeviceResponse, TokenError> {
    if !client.may_use(DEVICE_CODE) {
        return Err(TokenError::UnauthorizedGrantType);
    }
    let asked = DeviceRequest::parse(&form.params)?;
    let resource = asked.resource.as_ref().map(|resource| resource.as_str());
    let scopes = admit_scopes(app, client, &asked.scopes, resource).map_err(TokenError::Refused)?;
    rows::charge(app, client, rows::DEVICES, &form.source()).map_err(|_| TokenError::TooMany)?;
    let scopes = scopes.to_string();
    let started_from = form.from.map(|from| from.ip().to_string()).unwrap_or_default();
    contention::until_done(|| async {
        let (device_code, user_code) = (DeviceCode::fresh(), UserCode::fresh());
        let now = app.now();
        let unit = Unit::from(device_requests::put(
            &NewDeviceRequest {
                id: &device_code.digest(),
                user_code: &user_code_digest(app.keys().current().handle_key(), &user_code),
                app_id: client.id(),
                scopes: &scopes,
                resource,
                started_from: &started_from,
                user_agent: name_of(&form.headers),
                poll_interval: INTERVAL,
                expires_at: now.plus(LIFE),
            },
            now,
        ));
        match app.commit(unit).await {
            Ok(_) => Ok(Some(answer(app, &device_code, &user_code))),
            // Another device shows this code: one of the next is free.
            Err(CommitError::Conflict { .. }) => Ok(None),
            Err(error) => Err(TokenError::from(Fault::from(error))),
        }
    })
    .await
}

/// What a device calls itself; shown in words of our own only.
fn name_of(headers: &HeaderMap) -> &str {
    let text = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.get(..MAX_USER_AGENT).unwrap_or(text)
}

fn answer(app: &App, device_code: &DeviceCode, user_code: &UserCode) -> DeviceResponse {
    let verification_uri = app.issuer().endpoint(at::DEVICE);
    DeviceResponse {
        device_code: Secret::new(device_code.expose().to_owned()),
        user_code: user_code.shown(),
        verification_uri_complete: Some(at::with(verification_uri.as_str(), "user_code", &user_code.shown())),
        verification_uri,
        expires_in: LIFE,
        interval: INTERVAL,
    }
}
