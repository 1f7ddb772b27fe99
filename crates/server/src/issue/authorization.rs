//! What a person has authorized, on its way to a grant — RFC 6749 §1.3.

use mapae_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{alive::Epochs, grants::Redemption};

/// Who said yes, in which session, and under which epochs: what codes of every kind carry, and their grants keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Authorization {
    pub(crate) user_id: String,
    pub(crate) consent_id: String,
    pub(crate) session_id: String,
    pub(crate) epochs: Epochs,
    /// Survives the end of the browser session (OIDC Core §11).
    pub(crate) offline: bool,
    pub(crate) auth_time: Timestamp,
    pub(crate) acr: String,
    pub(crate) amr: String,
}

impl Authorization {
    /// The rows that decide about its redemption by this app.
    pub(crate) fn lookup<'a>(&'a self, origin: &'a str, app_id: &'a str) -> Redemption<'a> {
        Redemption {
            origin,
            user_id: &self.user_id,
            app_id,
            consent_id: &self.consent_id,
            session_id: Some(&self.session_id),
        }
    }
}

#[cfg(test)]
impl Authorization {
    /// Of one person, in one session.
    pub(crate) fn sample(epochs: Epochs, auth_time: Timestamp) -> Self {
        Self {
            user_id: "usr_1".to_owned(),
            consent_id: "con_1".to_owned(),
            session_id: "ses_1".to_owned(),
            epochs,
            offline: false,
            auth_time,
            acr: "1".to_owned(),
            amr: "pwd".to_owned(),
        }
    }
}
