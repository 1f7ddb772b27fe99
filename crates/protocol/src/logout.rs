//! The logout request — OIDC RP-Initiated Logout §2.

use crate::{
    client_id::ClientId,
    params::{self, Params},
};

/// Why a request cannot be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A parameter that may be sent once is repeated (RFC 6749 §3.1).
    #[error("a parameter of the logout request is repeated")]
    Repeated,
    /// `client_id` that cannot be one.
    #[error("client_id is malformed")]
    ClientIdMalformed,
}

impl From<params::Repeated> for Error {
    fn from(_: params::Repeated) -> Self {
        Self::Repeated
    }
}

/// What an app asks when somebody has signed out there. Nothing of it is trusted yet.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct LogoutRequest {
    /// `id_token_hint`: an ID token that the app got, as the proof of whose session it means. It may have expired.
    pub id_token_hint: Option<String>,
    /// `client_id`: the app, if no hint tells.
    pub client_id: Option<ClientId>,
    /// `post_logout_redirect_uri`: where the person shall go afterwards, exactly as it came.
    pub post_logout_redirect_uri: Option<String>,
    /// `state`: given back there as it is.
    pub state: Option<String>,
}

impl LogoutRequest {
    /// Reads the parameters. `logout_hint` only helps to fill in forms, of which there is none, and is left aside.
    ///
    /// # Errors
    /// One [`Error`] per rule; each is shown as a page and never redirected.
    pub fn parse(params: &Params) -> Result<Self, Error> {
        let text = |name| -> Result<Option<String>, Error> { Ok(params.one(name)?.map(str::to_owned)) };
        let client_id = params.one("client_id")?.map(ClientId::parse).transpose();
        Ok(Self {
            id_token_hint: text("id_token_hint")?,
            client_id: client_id.map_err(|_| Error::ClientIdMalformed)?,
            post_logout_redirect_uri: text("post_logout_redirect_uri")?,
            state: text("state")?,
        })
    }
}

impl std::fmt::Debug for LogoutRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogoutRequest")
            .field("id_token_hint", &self.id_token_hint.as_ref().map(|_| "***"))
            .field("client_id", &self.client_id)
            .field("post_logout_redirect_uri", &self.post_logout_redirect_uri)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Limits;

    fn parse(query: &str) -> Result<LogoutRequest, Error> {
        LogoutRequest::parse(&Params::parse(query.as_bytes(), Limits::REQUEST).unwrap())
    }

    #[test]
    fn every_parameter_is_optional_and_stands_once() {
        assert_eq!(parse(""), Ok(LogoutRequest::default()));
        let whole =
            parse("id_token_hint=a.b.c&client_id=app_1&post_logout_redirect_uri=https://a/&state=%20x");
        let whole = whole.unwrap();
        assert_eq!(whole.state.as_deref(), Some(" x"));
        assert_eq!(whole.client_id.as_ref().map(ClientId::as_str), Some("app_1"));
        assert!(!format!("{whole:?}").contains("a.b.c"));
        for name in ["id_token_hint", "client_id", "post_logout_redirect_uri", "state"] {
            assert_eq!(parse(&format!("{name}=a&{name}=a")), Err(Error::Repeated), "{name}");
        }
        assert_eq!(parse("client_id=%EA%B0%80"), Err(Error::ClientIdMalformed));
    }
}
