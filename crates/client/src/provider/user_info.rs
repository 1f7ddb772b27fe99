//! Who the person is, asked with the access token — OIDC Core §5.3, and the providers' own profiles.

use std::{collections::BTreeMap, fmt::Write as _};

use http::{Method, StatusCode};
use mapae_protocol::{
    digest::HmacKey, endpoint_uri::EndpointUri, error::Endpoint, params, strict_json, time::Timestamp,
};
use serde_json::{Map, Value};

use super::{Provider, ProviderError};
use crate::{
    back_channel::{Answer, Credential, Limits, Outgoing},
    definition::{Document, Place, TERMS, UserInfoUse},
    error::Error,
    http_error::HttpError,
    observe::Purpose,
    possession::Proven,
    setting::{ConfigurationError, Setting},
    tokens::Tokens,
};

impl Provider {
    /// Adds what UserInfo and further answers say to a document; nothing where the provider has none or the application
    /// does not want it.
    pub(crate) async fn add_user_info(
        &self,
        mut document: Document,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<Document, Error> {
        let rules = &self.definition().schema().user_info;
        let metadata = self.metadata(now).await?;
        let wanted = self.settings().user_info || !self.definition().is_openid();
        let url = metadata.userinfo_endpoint.as_ref();
        let Some(url) = url.filter(|_| wanted && rules.ask == UserInfoUse::Always) else {
            return Ok(document);
        };
        let said = self.ask_about(&self.with_query(url, Some(&rules.query), tokens)?, tokens, now).await?;
        let said = Value::Object(said);
        if rules.success.as_ref().is_some_and(|success| said.pointer(&success.at) != Some(&success.is)) {
            return Err(self.refused_by(&said).into());
        }
        let inside = said.pointer(&rules.inside).cloned().ok_or(ProviderError::NoSubject)?;
        document = document.with("user_info", inside);
        for (name, template) in &rules.also {
            let wrong =
                ConfigurationError::new(Setting::Providers, "an address of the definition is not https");
            let url = EndpointUri::parse(&self.definition().address(template)?).map_err(|_| wrong)?;
            let url = self.with_query(&url, None, tokens)?;
            // What was not granted is not there; who this is, is known already.
            match self.ask_for(&url, tokens, now).await {
                Ok(more) => document = document.with(name.clone(), more),
                Err(error) => {
                    tracing::info!(provider = self.name(), %error, name, "a further answer is missing");
                }
            }
        }
        Ok(document)
    }

    /// Adds to which of the service's terms the person agrees, where the registration says so. That it cannot be had ends no
    /// login.
    pub(crate) async fn add_terms(
        &self,
        document: Document,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<Document, Error> {
        let rules = self.definition().schema().terms.as_ref();
        let Some(rules) = rules.filter(|_| self.registration().terms.is_some()) else { return Ok(document) };
        let wrong = ConfigurationError::new(Setting::Providers, "an address of the definition is not https");
        let url = EndpointUri::parse(&self.definition().address(&rules.address)?).map_err(|_| wrong)?;
        match self.ask_for(&url, tokens, now).await {
            Ok(said) => Ok(document.with(TERMS, said)),
            Err(error) => {
                tracing::warn!(provider = self.name(), %error, "nobody knows which terms were agreed to");
                Ok(document)
            }
        }
    }

    async fn ask_about(
        &self,
        url: &EndpointUri,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<Map<String, Value>, Error> {
        let body = self.body_of(url, tokens, now).await?;
        Ok(strict_json::parse_object(&body, Limits::BYTES).map_err(ProviderError::UserInfo)?)
    }

    async fn ask_for(&self, url: &EndpointUri, tokens: &Tokens, now: Timestamp) -> Result<Value, Error> {
        let body = self.body_of(url, tokens, now).await?;
        Ok(strict_json::parse(&body, Limits::BYTES).map_err(ProviderError::UserInfo)?)
    }

    async fn body_of(&self, url: &EndpointUri, tokens: &Tokens, now: Timestamp) -> Result<Vec<u8>, Error> {
        let mut answer = self.ask_with_token(url, tokens, now).await?;
        if tokens.key.is_some() && answer.wants_nonce() {
            answer = self.ask_with_token(url, tokens, now).await?;
        }
        if !answer.status.is_success() && answer.is_json() {
            let said: Option<Value> = strict_json::parse(&answer.body, Limits::BYTES).ok();
            if let Some(error) = said.and_then(|said| self.ruled(Place::UserInfo, &said)) {
                return Err(error.into());
            }
        }
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(ProviderError::Refused { at: Endpoint::Resource, code: None }.into());
        }
        let failed = |error: HttpError| ProviderError::NoAnswer(Purpose::UserInfo, error);
        Ok(answer.into_json().map_err(failed)?)
    }

    async fn ask_with_token(
        &self,
        url: &EndpointUri,
        tokens: &Tokens,
        now: Timestamp,
    ) -> Result<Answer, ProviderError> {
        let (token, method) = (&tokens.access_token, Method::GET);
        let key = tokens.key.as_ref();
        let credential = if key.is_some() { Credential::Dpop } else { Credential::Bearer };
        let access_token = Some(token.expose().as_str());
        let proven = Proven { method: method.as_str(), address: url.as_str(), access_token };
        let proof = self.proof_of(key, proven, now);
        let (purpose, credential) = (Purpose::UserInfo, Some(credential(token.clone())));
        self.ask(&Outgoing { purpose, url, credential, method, form: None, proof }, now).await
    }

    fn refused_by(&self, said: &Value) -> ProviderError {
        let unknown = ProviderError::Refused { at: Endpoint::Resource, code: None };
        self.ruled(Place::UserInfo, said).unwrap_or(unknown)
    }

    /// The address with these parameters, and with the proof that goes with an access token where the provider has one.
    pub(super) fn with_query(
        &self,
        url: &EndpointUri,
        query: Option<&BTreeMap<String, String>>,
        tokens: &Tokens,
    ) -> Result<EndpointUri, ConfigurationError> {
        let rules = &self.definition().schema().user_info;
        let mut pairs: Vec<(&str, String)> = Vec::new();
        for (name, value) in query.into_iter().flatten() {
            pairs.push((name, self.definition().fill(value)?));
        }
        if let Some(secret) = self.registration().client_secret.as_ref().filter(|_| rules.app_secret_proof) {
            pairs.push(("appsecret_proof", app_secret_proof(secret.expose(), tokens.access_token.expose())));
        }
        if pairs.is_empty() {
            return Ok(url.clone());
        }
        let mut address = url.to_string();
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(&params::encode(pairs));
        let wrong = ConfigurationError::new(Setting::Providers, "the definition's query is not one");
        EndpointUri::parse(&address).map_err(|_| wrong)
    }
}

/// Facebook: HMAC-SHA256 of the access token under the app's secret, in hexadecimal digits.
fn app_secret_proof(secret: &str, access_token: &str) -> String {
    let tag = HmacKey::new(secret.as_bytes()).sign(access_token.as_bytes());
    tag.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_proof() {
        let proof = app_secret_proof("0123456789abcdef0123456789abcdef", "EAAEmuTestAccessToken1");
        assert_eq!(proof, "4374f6c1754b908b1ddb10ca951a0d2ee87550a35a475581d3535a371413cb39");
    }
}
