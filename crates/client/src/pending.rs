//! A login between its start and its callback.

use std::fmt;

use mapae_protocol::{
    pkce::CodeVerifier,
    random,
    scope::Scopes,
    secret::{Secret, constant_time_eq},
    time::{Seconds, Timestamp},
};
use serde::{Deserialize, Serialize};

use crate::{
    callback_response::{CallbackError, CallbackResponse},
    errand::Errand,
    intent::Intent,
    possession::ProofKey,
    provider::Provider,
    return_to::ReturnTo,
};

/// How long a person may take at the provider.
pub(crate) const LIFE: Seconds = Seconds::minutes(10);

/// What a client must remember until the browser comes back: each value made for this one login.
///
/// It belongs to the browser that began and to nobody else. A web service seals it into a cookie, which
/// [`Client`](crate::Client) does; a native program keeps it in memory.
pub struct PendingLogin {
    pub(crate) provider: String,
    /// [`Provider::mark`](crate::Provider): the code goes to who was asked, whatever is called by that name by then.
    pub(crate) asked: String,
    /// 256 bits: ties the callback to this browser (RFC 6749 §10.12).
    pub(crate) state: Secret<String>,
    /// 256 bits: ties the ID token to this login (OIDC Core §15.5.2).
    pub(crate) nonce: Secret<String>,
    /// 256 bits: ties the code to this client (RFC 7636 §4.1).
    pub(crate) verifier: CodeVerifier,
    /// To which what it brings is bound (RFC 9449 §10).
    pub(crate) key: Option<ProofKey>,
    pub(crate) intent: Intent,
    /// What is asked for: a token response without `scope` means the same (RFC 6749 §5.1).
    pub(crate) scopes: Scopes,
    pub(crate) errand: Errand,
    pub(crate) return_to: ReturnTo,
    pub(crate) expires_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Plain {
    provider: String,
    #[serde(default)]
    asked: String,
    state: String,
    nonce: String,
    verifier: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    intent: Intent,
    #[serde(default)]
    scopes: Scopes,
    errand: Errand,
    return_to: ReturnTo,
    expires_at: i64,
}

impl PendingLogin {
    pub(crate) fn begin(provider: &Provider, intent: Intent, return_to: ReturnTo, now: Timestamp) -> Self {
        Self {
            provider: provider.name().to_owned(),
            asked: provider.mark(),
            state: Secret::new(random::token()),
            nonce: Secret::new(random::token()),
            verifier: CodeVerifier::generate(),
            key: None,
            intent,
            scopes: provider.registration().scopes.clone(),
            errand: Errand::default(),
            return_to,
            expires_at: now.plus(LIFE),
        }
    }

    pub(crate) const fn begun_at(&self) -> Timestamp {
        self.expires_at.minus(LIFE)
    }

    /// Whether this is an answer to this login, however it turned out.
    ///
    /// A native program asks before it gives the login away: every page in the person's browser can send something to a
    /// loopback address, and must not be able to end the login with it (RFC 8252 §8.9).
    #[must_use]
    pub fn is_answered_by(&self, response: &CallbackResponse) -> bool {
        let same = |state: &str| constant_time_eq(self.state.expose().as_bytes(), state.as_bytes());
        response.state().is_some_and(same)
    }

    /// RFC 6749 §10.12: the answer belongs to this login. Absent never matches; errors are no exception.
    pub(crate) fn answered_by(&self, state: Option<&str>, now: Timestamp) -> Result<(), CallbackError> {
        let state = state.ok_or(CallbackError::StateMissing)?;
        if !constant_time_eq(self.state.expose().as_bytes(), state.as_bytes()) {
            return Err(CallbackError::StateMismatch);
        }
        if now >= self.expires_at {
            return Err(CallbackError::StateExpired);
        }
        Ok(())
    }

    /// The `state` that will come back: the name under which a server keeps this login. It proves nothing by itself, and
    /// belongs in no log.
    #[must_use]
    pub fn state(&self) -> &str {
        self.state.expose()
    }

    /// The plain bytes, secrets among them, for whoever seals them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let plain = Plain {
            provider: self.provider.clone(),
            asked: self.asked.clone(),
            state: self.state.expose().clone(),
            nonce: self.nonce.expose().clone(),
            verifier: self.verifier.expose().to_owned(),
            key: self.key.as_ref().and_then(ProofKey::to_text).map(|text| text.expose().clone()),
            intent: self.intent,
            scopes: self.scopes.clone(),
            errand: self.errand.clone(),
            return_to: self.return_to.clone(),
            expires_at: self.expires_at.unix(),
        };
        // Texts and numbers only: this cannot fail, and nothing would be read back as no login.
        serde_json::to_vec(&plain).unwrap_or_default()
    }

    /// What [`to_bytes`](Self::to_bytes) made.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let plain: Plain = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            provider: plain.provider,
            asked: plain.asked,
            state: Secret::new(plain.state),
            nonce: Secret::new(plain.nonce),
            verifier: CodeVerifier::parse(&plain.verifier).ok()?,
            key: plain.key.map(|key| ProofKey::from_text(&key).ok_or(())).transpose().ok()?,
            intent: plain.intent,
            scopes: plain.scopes,
            errand: plain.errand,
            return_to: plain.return_to,
            expires_at: Timestamp::from_unix(plain.expires_at),
        })
    }
}

impl fmt::Debug for PendingLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingLogin")
            .field("provider", &self.provider)
            .field("intent", &self.intent)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ClientRegistration, ProviderSettings};

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn login() -> PendingLogin {
        let registration = ClientRegistration::new("app", "https://app.example/callback");
        let settings = ProviderSettings::new("mapae");
        let provider = Provider::discover("https://op.example", registration, settings).unwrap();
        PendingLogin::begin(&provider, Intent::SignIn, ReturnTo::default(), NOW)
    }

    /// RFC 8252 §8.9.
    #[test]
    fn rp_01_only_its_own_state_answers_and_only_in_time() {
        let login = login();
        let state = login.state.expose().clone();
        assert_eq!(login.answered_by(Some(&state), NOW), Ok(()));
        assert_eq!(login.answered_by(None, NOW), Err(CallbackError::StateMissing));
        assert_eq!(login.answered_by(Some(""), NOW), Err(CallbackError::StateMismatch));
        assert_eq!(login.answered_by(Some(&state[..42]), NOW), Err(CallbackError::StateMismatch));
        let last = NOW.plus(Seconds::seconds(599));
        assert_eq!(login.answered_by(Some(&state), last), Ok(()));
        assert_eq!(login.answered_by(Some(&state), NOW.plus(LIFE)), Err(CallbackError::StateExpired));
    }

    #[test]
    fn rp_07_rp_08_every_login_has_its_own_values() {
        let (one, other) = (login(), login());
        for (a, b) in [
            (one.state.expose().as_str(), other.state.expose().as_str()),
            (one.nonce.expose(), other.nonce.expose()),
            (one.verifier.expose(), other.verifier.expose()),
        ] {
            assert_eq!((a.len(), b.len()), (43, 43), "256 bits");
            assert_ne!(a, b);
        }
        let read = PendingLogin::from_bytes(&one.to_bytes()).unwrap();
        assert_eq!(read.verifier.expose(), one.verifier.expose());
        let shown = format!("{one:?}");
        assert!(!shown.contains(one.state.expose()) && !shown.contains(one.nonce.expose()));
    }
}
