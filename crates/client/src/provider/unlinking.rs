//! Ending what a person granted, from our side — RFC 7009 §2.1, and the providers' own ways.

use http::{Method, StatusCode};
use mapae_protocol::{
    client_credentials_header::ClientCredentials,
    endpoint_uri::EndpointUri,
    error::{Endpoint, ErrorCode, ErrorResponse},
    time::Timestamp,
};

use super::{Provider, ProviderError, token_answer};
use crate::{
    back_channel::{Answer, Credential, Form, Outgoing},
    definition::{Place, UnlinkWay},
    error::Error,
    http_error::HttpError,
    identity::EndUser,
    observe::Purpose,
    setting::{ConfigurationError, Setting},
    tokens::Tokens,
};

impl Provider {
    /// Tells the provider that this person's link to the service is over. `false`: the provider has no way to be told, or none
    /// for a client without a secret.
    ///
    /// # Errors
    /// It did not answer, or said no: [`Restart`](crate::Class::Restart) and [`SignInAgain`](crate::Class::SignInAgain) mean
    /// that the link is over already, every other [class](Error::class) that it may stand. A [`ConfigurationError`] if the
    /// tokens were given to another registration ([`gave`](Self::gave)): nobody is told.
    pub async fn unlink(&self, person: &EndUser, tokens: &Tokens, now: Timestamp) -> Result<bool, Error> {
        self.ensure_given(tokens)?;
        let (way, empty) = (self.definition().schema().unlink.way, Form::default());
        let bearer = || Credential::Bearer(tokens.access_token.clone());
        let named = Form::default().with("access_token", tokens.access_token.expose().as_str()).in_json();
        let (method, credential, form) = match way {
            UnlinkWay::Revocation => return self.revoke(tokens, now).await,
            UnlinkWay::BearerPost => (Method::POST, bearer(), Some(&empty)),
            UnlinkWay::BearerDelete => (Method::DELETE, bearer(), None),
            UnlinkWay::ClientDelete => (Method::DELETE, self.own_credential()?, Some(&named)),
        };
        let url = self.with_query(&self.unlink_address(person)?, None, tokens)?;
        let (purpose, credential) = (Purpose::Unlink, Some(credential));
        self.end(way, &Outgoing { purpose, url: &url, credential, method, form, proof: None }, now).await
    }

    /// Whether it is an access token that works by which the provider knows what is to end.
    pub(crate) fn ends_by_access_token(&self) -> bool {
        self.definition().schema().unlink.way != UnlinkWay::Revocation
    }

    /// Its id and secret, by which an app speaks for itself.
    fn own_credential(&self) -> Result<Credential, ConfigurationError> {
        let registration = self.registration();
        let secret = registration.client_secret.clone();
        let missing = ConfigurationError::new(Setting::ClientSecret, "without it the app cannot end a grant");
        Ok(Credential::Basic(ClientCredentials {
            client_id: registration.client_id.clone(),
            secret: secret.ok_or(missing)?,
        }))
    }

    /// RFC 7009 §2.1: the refresh token where there is one, because it ends the others as well.
    async fn revoke(&self, tokens: &Tokens, now: Timestamp) -> Result<bool, Error> {
        let metadata = self.metadata(now).await?;
        let Some(url) = &metadata.revocation_endpoint else { return Ok(false) };
        let registration = self.registration();
        let has_secret = registration.client_secret.is_some() || registration.signer.is_some();
        if self.definition().schema().unlink.secret_required && !has_secret {
            // It would be refused each time, and the link could never be ended here.
            return Ok(false);
        }
        let (token, hint) = match &tokens.refresh_token {
            Some(refresh_token) => (refresh_token, "refresh_token"),
            None => (&tokens.access_token, "access_token"),
        };
        let form = Form::default().with("token", token.expose().as_str()).with("token_type_hint", hint);
        let (form, credential) = self.authenticate(form, &metadata, now)?;
        let (purpose, method) = (Purpose::Unlink, Method::POST);
        let outgoing = Outgoing { purpose, url, credential, method, form: Some(&form), proof: None };
        self.end(UnlinkWay::Revocation, &outgoing, now).await
    }

    async fn end(&self, way: UnlinkWay, outgoing: &Outgoing<'_>, now: Timestamp) -> Result<bool, Error> {
        let answer = self.ask(outgoing, now).await?;
        if answer.status.is_success() {
            return Ok(true);
        }
        let said = token_answer::object(&answer.body).map(serde_json::Value::Object).unwrap_or_default();
        let ruled = self.ruled(Place::Unlink, &said).or_else(|| self.ruled(Place::UserInfo, &said));
        Err(ruled.unwrap_or_else(|| self.unruled(way, &answer)).into())
    }

    /// What a refusal means of which the definition says nothing. Only what says so is over already: after anything else the
    /// link may stand, and nobody could end it any more without its tokens.
    fn unruled(&self, way: UnlinkWay, answer: &Answer) -> ProviderError {
        let error = match (way, answer.status) {
            // RFC 7009 §2.2.1: it speaks of the client and of its request. What is over is a success there, or `invalid_token`.
            (UnlinkWay::Revocation, status) if !status.is_server_error() => {
                let said = ErrorResponse::parse(&answer.body).ok();
                self.refused_at(Endpoint::Revocation, said.and_then(|said| said.known_code()))
            }
            (UnlinkWay::BearerPost | UnlinkWay::BearerDelete, StatusCode::UNAUTHORIZED) => {
                ProviderError::Refused { at: Endpoint::Resource, code: None }
            }
            // There the app has shown its own id and secret.
            (UnlinkWay::ClientDelete, StatusCode::UNAUTHORIZED) => {
                ProviderError::Refused { at: Endpoint::Revocation, code: Some(ErrorCode::InvalidClient) }
            }
            _ => ProviderError::NoAnswer(Purpose::Unlink, HttpError::Status),
        };
        self.advise(error.class());
        error
    }

    fn unlink_address(&self, person: &EndUser) -> Result<EndpointUri, ConfigurationError> {
        let wrong =
            ConfigurationError::new(Setting::Providers, "the definition has no address for unlinking");
        let template = self.definition().schema().endpoints.unlink.as_deref().ok_or(wrong)?;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let mut address = self.definition().address(template)?;
        for (name, value) in [("{$subject}", person.subject()), ("{$client_id}", self.client_id())] {
            if address.contains(name) && !value.bytes().all(plain) {
                return Err(wrong);
            }
            address = address.replace(name, value);
        }
        EndpointUri::parse(&address).map_err(|_| wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientRegistration, Definition, ProviderSettings};

    #[test]
    fn a_subject_is_one_word_of_the_address_or_it_is_not_sent() {
        let registration = ClientRegistration::new("app", "https://app.example/cb").with_secret("s");
        let facebook = Definition::named("facebook").unwrap();
        let provider = Provider::new(facebook, registration, ProviderSettings::new("facebook")).unwrap();
        let address =
            |subject: &str| provider.unlink_address(&EndUser::new("https://www.facebook.com", subject));
        let good = address("1020304050607080").unwrap();
        assert_eq!(good.as_str(), "https://graph.facebook.com/v25.0/1020304050607080/permissions");
        let settings = ProviderSettings::new("github");
        let registration = ClientRegistration::new("Ov23li", "https://app.example/cb").with_secret("s");
        let github = Provider::new(Definition::named("github").unwrap(), registration, settings).unwrap();
        let of_app = github.unlink_address(&EndUser::new("https://github.com", "1/2")).unwrap();
        assert_eq!(of_app.as_str(), "https://api.github.com/applications/Ov23li/grant");
        for hostile in ["me/accounts", "1?method=x", "1#", "..%2fme", "1 2", "1\\2", "\u{ff11}"] {
            assert!(address(hostile).is_err(), "{hostile}");
        }
    }
}
