//! The step between an answer that another site's page posts and the callback.

use http::HeaderMap;

use super::{Client, Core};
use crate::{
    callback_response::CallbackError, cookie, error::Error, posted, provider::Provider, redirect::Redirect,
};

impl<U: Send + Sync + 'static> Client<U> {
    /// Takes what was posted to the redirect URI of the provider called `provider` (Apple): a `body` of
    /// `application/x-www-form-urlencoded`. Nothing is judged yet, because the browser does not send our cookies with
    /// another site's form; it is sent on to the same address, where [`callback`](Self::callback) does.
    ///
    /// # Errors
    /// There is no such provider, it does not answer in this way, or what was posted cannot be an answer.
    pub fn posted(&self, provider: &str, body: &[u8]) -> Result<Redirect, Error> {
        let core = &self.core;
        let provider = core.provider(Some(provider))?;
        if !provider.answers_by_post() {
            return Err(CallbackError::Malformed.into());
        }
        let name = core.cookies.answer();
        let carried = posted::carried(body).ok_or(CallbackError::Malformed)?;
        let sealed = core.vault.logins().seal(carried.as_bytes(), &bound_to(&name, provider));
        let cookie = core.cookies.set(&name, &sealed, posted::LIFE);
        Ok(Redirect { location: provider.callback_path(), cookies: vec![cookie] })
    }
}

impl Core {
    /// What the provider's page posted a moment ago.
    pub(super) fn posted_answer(
        &self,
        provider: &Provider,
        headers: &HeaderMap,
    ) -> Result<String, CallbackError> {
        let name = self.cookies.answer();
        let sealed = cookie::read(headers, &name).ok_or(CallbackError::StateMissing)?;
        let opened = self.vault.logins().open(sealed, &bound_to(&name, provider));
        let opened = opened.map_err(|_| CallbackError::StateMissing)?;
        String::from_utf8(opened).map_err(|_| CallbackError::Malformed)
    }
}

impl Provider {
    /// Whether its answers come as a form that its page posts; an answer in the address is none then.
    #[must_use]
    pub fn answers_by_post(&self) -> bool {
        self.registration().posted_answers
    }
}

/// One provider's answer is not another's (mix-up, RFC 9700 §4.4).
fn bound_to(cookie: &str, provider: &Provider) -> Vec<u8> {
    format!("{cookie} {}", provider.name()).into_bytes()
}
