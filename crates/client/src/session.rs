//! The service's own session.

use mapae_protocol::time::Timestamp;

use crate::identity::EndUser;
pub(crate) use crate::secret_id::SessionId;

/// A browser that is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who signed in. The application's user is looked up by this on every request, so that somebody who was
    /// removed there is out at once.
    pub person: EndUser,
    /// What the provider calls the session in which they signed in there (`sid`). When it tells that this has ended, so
    /// has the session here.
    pub provider_session: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Until when, however busy the person is.
    pub expires_at: Timestamp,
}
