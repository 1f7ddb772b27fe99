//! Requests that the client signs and answers that the provider signs — RFC 9101 §4, §5, JARM §2.4,
//! FAPI 2.0 Message Signing §5.3.2, §5.4.2.

use mapae_protocol::{
    authorization::{
        request_object::{NewRequestObject, Unsigned},
        signed_response::{self, Expectations},
    },
    jose::JwkSet,
    params::Params,
    secret::Secret,
    time::{Seconds, Timestamp},
};

use super::{Metadata, Provider, client_assertion::ClientKey};
use crate::{
    callback_response::{CallbackError, CallbackResponse},
    error::Error,
    login::LoginError,
    pending,
    setting::{ConfigurationError, Setting},
};

/// How long a request is good that is pushed: it is read at once.
const PUSHED_LIFE: Seconds = Seconds::minutes(1);

/// What stands outside of an object as it does inside (RFC 9101 §5, OIDC Core §6.1).
const OUTSIDE: &[&str] = &["client_id", "response_type", "scope"];

/// The same where it is pushed (RFC 9126 §3).
const OUTSIDE_PUSHED: &[&str] = &["client_id"];

/// What a provider says about signed requests and answers (OIDC Discovery §3, RFC 9101 §10.5, JARM §4).
#[derive(Debug, Default)]
pub(super) struct Signing {
    pub(super) response_modes_supported: Vec<String>,
    pub(super) request_parameter_supported: bool,
    pub(super) require_signed_request_object: bool,
    pub(super) request_object_signing_alg_values_supported: Vec<String>,
}

impl Provider {
    /// How the answer shall come (JARM §2.3, OAuth 2.0 Form Post Response Mode §2); `None`: as it does by itself.
    ///
    /// # Errors
    /// The provider does not say that it can sign it.
    pub(crate) fn response_mode(
        &self,
        metadata: &Metadata,
    ) -> Result<Option<&'static str>, ConfigurationError> {
        let registration = self.registration();
        let mode = match (registration.signed_answers, registration.posted_answers) {
            (false, posted) => return Ok(posted.then_some("form_post")),
            (true, false) => "jwt",
            (true, true) => "form_post.jwt",
        };
        // Without the list a provider has none of these (OIDC Discovery §3).
        if metadata.signing.response_modes_supported.iter().any(|known| known == mode) {
            return Ok(Some(mode));
        }
        Err(ConfigurationError::new(Setting::Registration, "the provider does not sign its answers"))
    }

    /// The request as it is sent: where the registration or the provider wants it signed, all of it in an object.
    ///
    /// # Errors
    /// It must be signed and there is no key, or the provider takes nothing that is signed like this.
    pub(crate) fn signed(
        &self,
        parameters: Vec<(String, String)>,
        metadata: &Metadata,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, Error> {
        let Some(key) = self.request_key(metadata)? else { return Ok(parameters) };
        let pushed = self.pushes(metadata);
        let object = NewRequestObject {
            client_id: self.client_id(),
            issuer: self.issuer().as_str(),
            parameters: &parameters,
            now,
            // In an address it is read again by a server that comes back to it behind its own pages.
            life: if pushed { PUSHED_LIFE } else { pending::LIFE },
        };
        let object = key.request(&object).map_err(|unsigned| match unsigned {
            Unsigned::Reserved => Error::Login(LoginError::ReservedParameter),
            Unsigned::Key(_) => {
                ConfigurationError::new(Setting::PrivateKey, "nothing can be signed with it").into()
            }
        })?;
        let outside = if pushed { OUTSIDE_PUSHED } else { OUTSIDE };
        let mut sent = parameters;
        sent.retain(|(name, _)| outside.contains(&name.as_str()));
        sent.push(("request".to_owned(), object));
        Ok(sent)
    }

    /// What signs requests; `None`: nobody wants them signed.
    fn request_key(&self, metadata: &Metadata) -> Result<Option<&ClientKey>, ConfigurationError> {
        let Signing { require_signed_request_object, request_parameter_supported, .. } = metadata.signing;
        let algorithms = &metadata.signing.request_object_signing_alg_values_supported;
        if !self.registration().signs_requests && !require_signed_request_object {
            return Ok(None);
        }
        let wrong = |setting, problem| Err(ConfigurationError::new(setting, problem));
        let Some(key) = &self.registration().key else {
            return wrong(Setting::PrivateKey, "the provider takes no request that is not signed with one");
        };
        // Of what is pushed the parameter of the authorization endpoint says nothing (RFC 9126 §3).
        if !request_parameter_supported && !self.pushes(metadata) {
            return wrong(Setting::Registration, "the provider takes no signed requests that are not pushed");
        }
        if !algorithms.is_empty() && !algorithms.iter().any(|known| known == key.algorithm().as_str()) {
            return wrong(
                Setting::PrivateKey,
                "the provider takes no request that is signed with such a key",
            );
        }
        Ok(Some(key))
    }

    /// An answer is signed if and only if that was asked for: who leaves the signature out has no other way in.
    pub(crate) fn expects(&self, response: &CallbackResponse) -> Result<(), CallbackError> {
        match (self.registration().signed_answers, response.is_signed()) {
            (true, false) => Err(CallbackError::Unsigned),
            (false, true) => Err(CallbackError::SignedUnasked),
            (true, true) | (false, false) => Ok(()),
        }
    }

    /// What the provider has signed for this client (JARM §2.4); an unknown key is looked for once.
    pub(crate) async fn verify_answer(
        &self,
        token: &Secret<String>,
        now: Timestamp,
    ) -> Result<Params, Error> {
        let registration = self.registration();
        let expected = Expectations {
            issuer: self.issuer().as_str(),
            client_id: self.client_id(),
            algorithms: self.allowed(&registration.answer_algorithm),
            now,
            leeway: self.settings().leeway,
        };
        let check = |keys: &JwkSet| signed_response::verify(token.expose(), keys, &expected);
        let checked = self.with_keys(&signed_response::Error::UnknownKey, now, check).await?;
        Ok(checked.map_err(CallbackError::Signed)?)
    }
}
