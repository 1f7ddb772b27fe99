//! Logout tokens — OIDC Back-Channel Logout §2.4.

use mapae_protocol::{
    audience::Audience,
    base64url,
    issuer::Issuer,
    jose::HeaderType,
    logout_token::{LogoutTokenClaims, events},
    time::{Seconds, Timestamp},
};

use super::{
    id_token::session_name,
    keyed_digest::keyed_digest,
    subject::{Sector, subject},
};
use crate::{catalog::Client, fault::Fault, keys::KeySet, store::logout_notices::LogoutNotice};

/// How long one is good. It is made anew for each try.
const LIFE: Seconds = Seconds::minutes(2);

/// A logout token that is decided and not signed yet.
#[derive(Debug)]
pub(crate) struct LogoutToken(LogoutTokenClaims);

impl LogoutToken {
    /// What this app is told, by the names that its ID tokens have for the person and the session. Its own name is the
    /// same however often it is tried, and tells nothing.
    pub(crate) fn new(
        issuer: &Issuer,
        keys: &KeySet,
        client: &Client,
        notice: &LogoutNotice,
        now: Timestamp,
    ) -> Self {
        let key = keys.subject_key();
        let jti = keyed_digest(key, &[b"logout", notice.id.as_bytes()]);
        let session = notice.session_id.as_deref();
        Self(LogoutTokenClaims {
            iss: issuer.as_str().to_owned(),
            aud: Audience::one(client.id()),
            iat: now,
            exp: now.plus(LIFE),
            jti: base64url::encode(jti.get(..16).unwrap_or(&jti)),
            events: events(),
            sub: Some(subject(key, Sector::of(client), &notice.user_id)),
            sid: session.map(|session| session_name(key, client.id(), session)),
        })
    }

    /// Signs as the app's ID tokens are signed.
    pub(crate) fn sign(&self, keys: &KeySet, client: &Client) -> Result<String, Fault> {
        let key = keys.signing_key(client.id_token_algorithm())?;
        key.sign(HeaderType::LogoutToken, &self.0).map_err(|error| Fault::Key(error.into()))
    }
}
