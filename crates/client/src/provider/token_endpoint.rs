//! The token endpoint, from the client's side — RFC 6749 §4.1.3, RFC 6749 §5, RFC 6749 §6.

use http::Method;
use mapae_protocol::{
    client_assertion::ASSERTION_TYPE,
    client_credentials_header::ClientCredentials,
    client_metadata::TokenEndpointAuthMethod,
    error::{Endpoint, ErrorCode, ErrorResponse},
    id_token,
    secret::Secret,
    time::{Seconds, Timestamp},
    token::{TokenResponse, TokenType, grant_type},
};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{Metadata, Provider, ProviderError, token_answer};
use crate::{
    back_channel::{Answer, Credential, Form, Outgoing},
    definition::{Place, Refresh},
    error::Error,
    http_error::HttpError,
    identity::EndUser,
    observe::Purpose,
    pending::PendingLogin,
    possession::{ProofKey, Proven},
    provider::IdTokenContext,
    setting::{ConfigurationError, Setting},
    tokens::Tokens,
};

impl Provider {
    /// RFC 6749 §4.1.3: a code for tokens. Never tried twice: the provider may take a second time for a replay.
    pub(crate) async fn redeem(
        &self,
        code: &Secret<String>,
        pending: &PendingLogin,
        now: Timestamp,
    ) -> Result<Tokens, Error> {
        let rules = self.definition().schema();
        let mut form = Form::default()
            .with("grant_type", grant_type::AUTHORIZATION_CODE)
            .with("code", code.expose().as_str())
            .with("redirect_uri", self.registration().redirect_uri.as_str());
        if rules.authorization.pkce {
            form = form.with("code_verifier", pending.verifier.expose());
        }
        if rules.token.send_state {
            form = form.with("state", pending.state.expose().as_str());
        }
        let mut response = self.request_tokens(Purpose::Redemption, form, pending.key.as_ref(), now).await?;
        if rules.token.refresh == Refresh::Exchange {
            // The access token is what a later one is asked for with.
            response.refresh_token = Some(response.access_token.clone());
        }
        let scopes = response.scope.unwrap_or_else(|| pending.scopes.clone());
        Ok(Tokens {
            access_token: response.access_token,
            refresh_token: response.refresh_token,
            id_token: response.id_token,
            nonce: Some(pending.nonce.clone()),
            key: pending.key.clone(),
            scopes,
            issued_at: now,
            expires_at: self.good_until(response.expires_in, now),
            forced_at: None,
            given_to: Some(self.mark()),
        })
    }

    /// RFC 6749 §6: the successor of `tokens`, which must still be `person`'s. What the provider does not send again
    /// stays as it was.
    ///
    /// A provider may spend a refresh token by its use: one refresh at a time for each person is the caller's part.
    ///
    /// # Errors
    /// The provider refused, did not answer, or answered nonsense. A [`ConfigurationError`] if they were given to another
    /// registration ([`gave`](Self::gave)): nobody is asked.
    pub async fn refresh(&self, person: &EndUser, tokens: &Tokens, now: Timestamp) -> Result<Tokens, Error> {
        self.ensure_given(tokens)?;
        let refresh_token = tokens.refresh_token.as_ref().ok_or(ProviderError::NoRefreshToken)?;
        let exchange = self.definition().schema().token.refresh == Refresh::Exchange;
        let (grant_type, parameter) = if exchange {
            ("fb_exchange_token", "fb_exchange_token")
        } else {
            (grant_type::REFRESH_TOKEN, "refresh_token")
        };
        let form =
            Form::default().with("grant_type", grant_type).with(parameter, refresh_token.expose().as_str());
        let mut response = self.request_tokens(Purpose::Refresh, form, tokens.key.as_ref(), now).await?;
        if exchange {
            response.refresh_token = Some(response.access_token.clone());
        }
        let refreshed = Tokens {
            access_token: response.access_token,
            refresh_token: response.refresh_token.or_else(|| tokens.refresh_token.clone()),
            id_token: response.id_token,
            nonce: tokens.nonce.clone(),
            key: tokens.key.clone(),
            scopes: response.scope.unwrap_or_else(|| tokens.scopes.clone()),
            issued_at: now,
            expires_at: self.good_until(response.expires_in, now),
            forced_at: None,
            given_to: Some(self.mark()),
        };
        let vouched = self.vouched_for(person, &refreshed, now)?;
        let id_token = if vouched { refreshed.id_token } else { tokens.id_token.clone() };
        Ok(Tokens { id_token, ..refreshed })
    }

    /// OIDC Core §12.2: an ID token that comes with a refresh is of the same issuer, for the same client, about the
    /// same person, and has no nonce or that of the login. `false` when there is none, when its key is not at hand, or when
    /// its time is not now, as with a clock that is wrong: then it is left out. The tokens beside it are precious and wait for
    /// nobody's answer, and the refresh token that they succeed may be spent (decision 0267).
    fn vouched_for(&self, person: &EndUser, tokens: &Tokens, now: Timestamp) -> Result<bool, Error> {
        let Some(id_token) = &tokens.id_token else { return Ok(false) };
        let access_token = Some(tokens.access_token.expose().as_str());
        let mut context = IdTokenContext { nonce: None, access_token, max_age: None };
        let mut verified = self.verify_with_known_keys(id_token.expose(), &context, now);
        let untimely = matches!(&verified, Err(error) if is_of_time(*error));
        let verify = |context: &IdTokenContext<'_>| {
            if untimely {
                self.verify_at_its_own_time(id_token.expose(), context)
            } else {
                self.verify_with_known_keys(id_token.expose(), context, now)
            }
        };
        if untimely {
            verified = verify(&context);
        }
        if verified == Err(id_token::Error::NonceUnexpected) {
            context.nonce = tokens.nonce.as_ref().map(|nonce| nonce.expose().as_str());
            verified = verify(&context);
        }
        let same_as_sub = self.definition().schema().identity.same_as_sub;
        match verified {
            Ok(claims) if !same_as_sub || claims.sub == person.subject() => Ok(!untimely),
            Ok(_) => Err(ProviderError::RefreshedSubject.into()),
            Err(error) if error == id_token::Error::UnknownKey || is_of_time(error) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Until when an access token counts as good; `None` where nobody says.
    fn good_until(&self, expires_in: Option<Seconds>, now: Timestamp) -> Option<Timestamp> {
        let fixed = self.definition().schema().token.access_token_seconds;
        fixed.map(Seconds::seconds).or(expires_in).map(|life| now.plus(life))
    }

    async fn request_tokens(
        &self,
        purpose: Purpose,
        form: Form,
        key: Option<&ProofKey>,
        now: Timestamp,
    ) -> Result<TokenResponse, Error> {
        let metadata = self.metadata(now).await?;
        let resource = self.registration().resource.as_ref().map(|resource| resource.as_str());
        let form = form.with_some("resource", resource);
        // One time for both requests: a lease outlives what a refresh may take.
        let until = Instant::now() + self.settings().answer_within;
        let mut answer = self.ask_for_tokens(purpose, &form, (key, &metadata), now).await?;
        if key.is_some() && answer.wants_nonce() {
            let again = timeout_at(until, self.ask_for_tokens(purpose, &form, (key, &metadata), now)).await;
            answer = again.map_err(|_| ProviderError::NoAnswer(purpose, HttpError::Timeout))??;
        }
        if !answer.status.is_success() {
            let refused = self.refused(purpose, &answer, &metadata);
            return Err(if key.is_some() { refused } else { refused.without_a_proof() }.into());
        }
        let rules = self.definition().schema();
        if let Some(said) = token_answer::error_with_success(&answer.body, rules) {
            return Err(self.refused_saying(purpose, &answer, &said, &metadata).into());
        }
        let body = answer.into_json().map_err(|error| ProviderError::NoAnswer(purpose, error))?;
        let body = token_answer::mended(&body, rules);
        let parse = if key.is_some() { TokenResponse::parse_any } else { TokenResponse::parse };
        let response = parse(&body).map_err(|_| ProviderError::TokenResponse)?;
        // RFC 9449 §5: who wanted a bound token takes no other one.
        if key.is_some() && response.token_type != TokenType::Dpop {
            return Err(ProviderError::TokenType.into());
        }
        // RFC 6750 §2.1: what cannot stand in a header cannot be used.
        if response.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(response)
        } else {
            Err(ProviderError::TokenResponse.into())
        }
    }

    /// One request. An assertion and a proof are each for this one.
    async fn ask_for_tokens(
        &self,
        purpose: Purpose,
        form: &Form,
        (key, metadata): (Option<&ProofKey>, &Metadata),
        now: Timestamp,
    ) -> Result<Answer, Error> {
        let (form, credential) = self.authenticate(form.clone(), metadata, now)?;
        let (url, method) = (&metadata.token_endpoint, Method::POST);
        let proven = Proven { method: method.as_str(), address: url.as_str(), access_token: None };
        let proof = self.proof_of(key, proven, now);
        let outgoing = Outgoing { purpose, url, credential, method, form: Some(&form), proof };
        Ok(self.ask(&outgoing, now).await?)
    }

    /// RFC 6749 §2.3: in exactly one way.
    pub(super) fn authenticate(
        &self,
        form: Form,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<(Form, Option<Credential>), ConfigurationError> {
        let registration = self.registration();
        let client_id = registration.client_id.as_str();
        if let Some(signer) = &registration.key {
            let assertion = signer.assertion(client_id, self.issuer().as_str(), now)?;
            let form = form.with("client_id", client_id).with("client_assertion_type", ASSERTION_TYPE);
            return Ok((form.with("client_assertion", assertion.expose().as_str()), None));
        }
        let signed = registration.signer.as_ref();
        let signed =
            signed.map(|signer| signer.secret(client_id, self.issuer().as_str(), now)).transpose()?;
        let Some(secret) = registration.client_secret.as_ref().or(signed.as_ref()) else {
            return Ok((form.with("client_id", client_id), None));
        };
        match registration.auth_method.map_or_else(|| metadata.preferred_auth_method(), Ok)? {
            TokenEndpointAuthMethod::ClientSecretBasic => {
                let client_id = registration.client_id.clone();
                let credentials = ClientCredentials { client_id, secret: secret.clone() };
                Ok((form, Some(Credential::Basic(credentials))))
            }
            TokenEndpointAuthMethod::ClientSecretPost => {
                let form = form.with("client_id", client_id).with("client_secret", secret.expose().as_str());
                Ok((form, None))
            }
            TokenEndpointAuthMethod::None => {
                let setting = Setting::TokenEndpointAuthMethod;
                Err(ConfigurationError::new(setting, "a client with a secret must not go without it"))
            }
        }
    }
}

/// Whether a clock alone can be what is wrong: ours or the provider's.
const fn is_of_time(error: id_token::Error) -> bool {
    matches!(error, id_token::Error::Expired | id_token::Error::NotYetValid | id_token::Error::IssuedInFuture)
}

impl Provider {
    fn refused(&self, purpose: Purpose, answer: &Answer, metadata: &Metadata) -> ProviderError {
        if !answer.is_json() {
            return ProviderError::NoAnswer(purpose, HttpError::Status);
        }
        match token_answer::object(&answer.body) {
            Some(said) => self.refused_saying(purpose, answer, &said.into(), metadata),
            None => ProviderError::NoAnswer(purpose, HttpError::Status),
        }
    }

    /// The definition's rules first, then RFC 6749 §5.2: the code decides, and a status without one is an answer that
    /// means nothing here.
    fn refused_saying(
        &self,
        purpose: Purpose,
        answer: &Answer,
        said: &Value,
        metadata: &Metadata,
    ) -> ProviderError {
        let place = if purpose == Purpose::Refresh { Place::Refresh } else { Place::Token };
        if let Some(error) = self.ruled(place, said) {
            return error;
        }
        if answer.status.is_server_error() {
            return ProviderError::NoAnswer(purpose, HttpError::Status);
        }
        let registration = self.registration();
        let nobody_said = registration.client_secret.is_some() && registration.auth_method.is_none();
        match ErrorResponse::parse(&answer.body) {
            Ok(response) if nobody_said && response.known_code() == Some(ErrorCode::InvalidClient) => {
                let refused = ProviderError::Refused { at: Endpoint::Token, code: response.known_code() };
                // Not tried again with the other one: the provider may count wrong secrets.
                metadata
                    .guessed_auth_method()
                    .map_or(refused, |tried| ProviderError::GuessedAuthMethod { tried })
            }
            Ok(response) => self.refused_at(Endpoint::Token, response.known_code()),
            Err(_) => ProviderError::NoAnswer(purpose, HttpError::Status),
        }
    }

    /// A client that signs has no secret that could be wrong.
    pub(super) fn refused_at(&self, at: Endpoint, code: Option<ErrorCode>) -> ProviderError {
        match code {
            Some(ErrorCode::InvalidClient) if self.registration().key.is_some() => ProviderError::Assertion,
            code => ProviderError::Refused { at, code },
        }
    }
}
