//! UserInfo — OIDC Core §5.3.

use http::StatusCode;
use mapae_protocol::{error::Endpoint, strict_json, time::Timestamp};
use serde_json::{Map, Value};

use super::{Provider, ProviderError};
use crate::{
    back_channel::{Credential, HttpError, Limits, Outgoing},
    error::Error,
    observe::Purpose,
    tokens::Tokens,
};

impl Provider {
    /// What UserInfo says about the person, who must be `subject`; `None` where the provider has no UserInfo or
    /// the application does not want it.
    pub(crate) async fn user_info(
        &self,
        tokens: &Tokens,
        subject: &str,
        now: Timestamp,
    ) -> Result<Option<Map<String, Value>>, Error> {
        let metadata = self.metadata(now).await?;
        let url = metadata.userinfo_endpoint.as_ref().filter(|_| self.settings().user_info);
        let Some(url) = url else { return Ok(None) };
        let credential = Some(Credential::Bearer(tokens.access_token.clone()));
        let outgoing = Outgoing { purpose: Purpose::UserInfo, url, credential, form: None };
        let answer = self.ask(&outgoing, now).await?;
        if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(ProviderError::Refused { at: Endpoint::Resource, code: None }.into());
        }
        let failed = |error: HttpError| ProviderError::NoAnswer(Purpose::UserInfo, error);
        let body = answer.into_json().map_err(failed)?;
        let claims: Map<String, Value> =
            strict_json::parse_object(&body, Limits::BYTES).map_err(ProviderError::UserInfo)?;
        // OIDC Core §5.3.2: without an equal `sub` the answer must not be used (token substitution).
        match claims.get("sub").and_then(Value::as_str) {
            Some(sub) if sub == subject => Ok(Some(claims)),
            _ => Err(ProviderError::UserInfoSubject.into()),
        }
    }
}
