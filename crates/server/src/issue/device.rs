//! What a device waits for — RFC 8628 §3.3: how its user code is kept, and what a person's yes says.

use mapae_protocol::{base64url, device::UserCode, digest::HmacKey, scope::Scopes};
use serde::{Deserialize, Serialize};

use super::{Authorization, keyed_digest::keyed_digest};
use crate::store::Concealed;

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

/// What a person has authorized a device to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DeviceApproval {
    #[serde(flatten)]
    pub(crate) authorization: Authorization,
    /// What was granted: the ceiling of every token of this grant.
    pub(crate) scopes: Scopes,
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
