//! The authorization request goes to the provider by the back channel first — RFC 9126 §2, §4.

use http::{Method, StatusCode};
use mapae_protocol::{
    error::{Endpoint, ErrorResponse},
    pushed_request::PushedResponse,
    strict_json,
    time::Timestamp,
};

use super::{Metadata, Provider, ProviderError};
use crate::{
    back_channel::{Form, Limits, Outgoing},
    error::Error,
    http_error::HttpError,
    observe::Purpose,
    setting::{ConfigurationError, Setting},
};

impl Provider {
    /// Whether requests are pushed: the registration or the provider says so.
    pub(crate) fn pushes(&self, metadata: &Metadata) -> bool {
        self.registration().pushes || metadata.require_pushed_authorization_requests
    }

    /// Leaves the request there and returns what stands for it in the address: nobody on the way can read or change it.
    pub(crate) async fn push(
        &self,
        parameters: &[(String, String)],
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<String, Error> {
        let missing = ConfigurationError::new(Setting::Registration, "the provider takes no pushed requests");
        let url = metadata.pushed_authorization_request_endpoint.as_ref().ok_or(missing)?;
        let named = parameters.iter().filter(|(name, _)| name != "client_id");
        let form = named.fold(Form::default(), |form, (name, value)| form.with(name, value));
        let (mut form, credential) = self.authenticate(form, metadata, now)?;
        if credential.is_some() {
            form = form.with("client_id", self.client_id());
        }
        let purpose = Purpose::PushedRequest;
        let outgoing =
            Outgoing { purpose, url, credential, method: Method::POST, form: Some(&form), proof: None };
        let answer = self.ask(&outgoing, now).await?;
        let unusable = |error| Error::from(ProviderError::NoAnswer(purpose, error));
        if !answer.is_json() {
            return Err(unusable(HttpError::NotJson));
        }
        // RFC 9126 §2.2; `200` is what some answer.
        if matches!(answer.status, StatusCode::CREATED | StatusCode::OK) {
            let said = strict_json::parse_object::<PushedResponse>(&answer.body, Limits::BYTES);
            let said = said.ok().filter(|said| !said.request_uri.is_empty());
            return said.map(|said| said.request_uri).ok_or_else(|| unusable(HttpError::NotJson));
        }
        match ErrorResponse::parse(&answer.body) {
            Ok(said) if !answer.status.is_server_error() => {
                Err(self.refused_at(Endpoint::PushedRequest, said.known_code()).into())
            }
            _ => Err(unusable(HttpError::Status)),
        }
    }
}
