//! Requests that an experiment sends to the authorization server itself, in the service's name, and draws.

use std::time::Duration;

use http::{StatusCode, header};
use mapae_protocol::{
    client_credentials_header::ClientCredentials, client_id::ClientId, params, secret::Secret,
};
use serde_json::Value;

use super::Setback;
use crate::{
    flow::{
        Endpoint, Lifeline, SERVICE_AGENT, hearing, mask,
        message::{Draft, Kind, Parameter, Place},
        outcome_of,
    },
    site::Desk,
};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A form for an endpoint of the authorization server.
pub(super) struct Outgoing<'a> {
    pub(super) endpoint: Endpoint,
    pub(super) address: &'a str,
    pub(super) form: &'a [(&'a str, &'a str)],
    pub(super) sender: Sender<'a>,
    /// What is wrong with it, for the sentence of a refusal whose code does not say.
    pub(super) because: Option<&'static str>,
}

/// Who the sender says it is.
#[derive(Clone, Copy)]
pub(super) struct Sender<'a> {
    pub(super) client_id: &'a str,
    pub(super) client_secret: &'a Secret<String>,
}

impl<'a> Sender<'a> {
    /// With another `client_id`.
    pub(super) const fn named(self, client_id: &'a str) -> Self {
        Self { client_id, ..self }
    }

    /// With another secret.
    pub(super) const fn with_secret(self, client_secret: &'a Secret<String>) -> Self {
        Self { client_secret, ..self }
    }
}

/// What the authorization server said.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Answer {
    /// `error` of the answer (RFC 6749 §5.2).
    pub(super) fn error(&self) -> Option<&str> {
        self.body.get("error")?.as_str()
    }

    /// `access_token` of the answer (RFC 6749 §5.1).
    pub(super) fn access_token(&self) -> Option<Secret<String>> {
        self.body.get("access_token")?.as_str().map(|token| Secret::new(token.to_owned()))
    }
}

/// Sends a form with the client's credentials (RFC 6749 §2.3.1) and draws both arrows.
pub(super) async fn post(desk: &Desk, outgoing: &Outgoing<'_>) -> Result<Answer, Setback> {
    let basic = basic(outgoing.sender)?;
    let request = desk.stage().journal().record(request_draft(outgoing, &basic));
    let sent = desk
        .parts()
        .http
        .post(outgoing.address)
        .timeout(PATIENCE)
        .header(header::USER_AGENT, SERVICE_AGENT)
        .header(header::AUTHORIZATION, basic.expose())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(params::encode(outgoing.form.iter().copied()))
        .send()
        .await;
    let mut draft =
        Draft::new(Kind::Response, outgoing.endpoint, Lifeline::AuthorizationServer, Lifeline::Client);
    draft.answers = Some(request);
    let Ok(response) = sent else {
        draft.outcome = Some("failed".to_owned());
        desk.stage().journal().record(draft);
        return Err(Setback::NoAnswer);
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let body: Value = response.json().await.unwrap_or(Value::Null);
    let error = body.get("error").and_then(Value::as_str).map(str::to_owned);
    draft.status = Some(status.as_u16());
    let because = outgoing.because.filter(|_| status.is_client_error()).map(str::to_owned);
    draft.outcome = because.or_else(|| outcome_of(status, &headers, error));
    draft.headers = hearing::headers(&headers);
    draft.body = (!body.is_null()).then(|| mask::json(body.clone()));
    desk.stage().journal().record(draft);
    Ok(Answer { status, body })
}

fn request_draft(outgoing: &Outgoing<'_>, basic: &Secret<String>) -> Draft {
    let mut draft =
        Draft::new(Kind::Request, outgoing.endpoint, Lifeline::Client, Lifeline::AuthorizationServer);
    draft.method = Some("POST".to_owned());
    draft.address = Some(mask::address(outgoing.address));
    draft.parameters =
        outgoing.form.iter().map(|(name, value)| Parameter::new(Place::Form, name, value)).collect();
    draft.headers = vec![("authorization".to_owned(), mask::authorization(basic.expose()))];
    draft
}

fn basic(sender: Sender<'_>) -> Result<Secret<String>, Setback> {
    let client_id = ClientId::parse(sender.client_id).map_err(|_| Setback::NoAnswer)?;
    Ok(ClientCredentials { client_id, secret: sender.client_secret.clone() }.to_header_value())
}
