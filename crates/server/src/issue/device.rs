//! What a device waits for — RFC 8628 §3.3: how its user code is kept, and what a person's yes says.

use mapae_protocol::{base64url, device::UserCode, digest::HmacKey, scope::Scopes, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::keyed_digest::keyed_digest;
use crate::store::{Concealed, alive::Epochs, grants::Redemption};

/// The name under which a user code is kept. It has too few letters for a plain digest: whoever read the store could try
/// them all.
pub(crate) fn user_code_digest(key: &HmacKey, code: &UserCode) -> Concealed {
    let digest = keyed_digest(key, &[b"device user code", code.letters().as_bytes()]);
    Concealed::from(base64url::encode(digest))
}

/// Where the grant of a device comes from: unique, so that it is redeemed once.
pub(crate) fn device_origin(id: &str) -> String {
    format!("device:{id}")
}

/// Who said yes to a device, to what, and under which epochs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceApproval {
    pub(crate) user_id: String,
    pub(crate) consent_id: String,
    pub(crate) session_id: String,
    pub(crate) epochs: Epochs,
    /// Survives the end of the browser session (OIDC Core §11).
    pub(crate) offline: bool,
    pub(crate) auth_time: Timestamp,
    pub(crate) acr: String,
    pub(crate) amr: String,
    /// What was granted: the ceiling of every token of this grant.
    pub(crate) scopes: Scopes,
}

impl DeviceApproval {
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
mod tests {
    use super::*;

    #[test]
    fn de_01_a_user_code_is_kept_under_a_key() {
        let code = UserCode::parse("WDJB-MJHT").unwrap();
        let (one, other) = (HmacKey::new(&[1; 32]), HmacKey::new(&[2; 32]));
        assert_ne!(user_code_digest(&one, &code), user_code_digest(&other, &code));
        assert_eq!(
            user_code_digest(&one, &code),
            user_code_digest(&one, &UserCode::parse("wdjbmjht").unwrap())
        );
    }
}
