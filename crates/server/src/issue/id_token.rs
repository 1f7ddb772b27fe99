//! ID tokens — OIDC Core §2.

use mapae_protocol::{
    audience::Audience,
    base64url,
    digest::HmacKey,
    id_token::{IdTokenClaims, at_hash},
    issuer::Issuer,
    jose::{Algorithm, HeaderType},
    time::{Seconds, Timestamp},
};

use super::keyed_digest::keyed_digest;
use crate::{fault::Fault, keys::KeySet};

/// An ID token that is decided and not signed yet: its `at_hash` waits for the access token.
#[derive(Debug)]
pub(crate) struct IdTokenPlan {
    pub(crate) algorithm: Algorithm,
    pub(crate) claims: IdTokenClaims,
}

/// What an ID token says of a sign-in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignIn<'a> {
    pub(crate) subject: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) nonce: Option<&'a str>,
    pub(crate) auth_time: Timestamp,
    pub(crate) acr: &'a str,
    pub(crate) amr: &'a str,
    /// The session as this app may know it; see [`session_name`].
    pub(crate) sid: Option<&'a str>,
}

impl IdTokenPlan {
    pub(crate) fn new(
        issuer: &Issuer,
        algorithm: Algorithm,
        sign_in: &SignIn<'_>,
        now: Timestamp,
        lifetime: Seconds,
    ) -> Self {
        let claims = IdTokenClaims {
            iss: issuer.as_str().to_owned(),
            sub: sign_in.subject.to_owned(),
            aud: Audience::one(sign_in.client_id),
            exp: now.plus(lifetime),
            iat: now,
            nbf: None,
            auth_time: Some(sign_in.auth_time),
            nonce: sign_in.nonce.map(str::to_owned),
            at_hash: None,
            c_hash: None,
            azp: None,
            acr: Some(sign_in.acr.to_owned()),
            amr: sign_in.amr.split_ascii_whitespace().map(str::to_owned).collect(),
            sid: sign_in.sid.map(str::to_owned),
            extra: serde_json::Map::new(),
        };
        Self { algorithm, claims }
    }

    /// Tells this of the person, too (OIDC Core §5.5).
    pub(crate) fn telling(mut self, claims: serde_json::Map<String, serde_json::Value>) -> Self {
        self.claims.extra = claims;
        self
    }

    /// Signs, with the hash of the access token beside which it travels (OIDC Core §3.1.3.6).
    pub(crate) fn sign(mut self, keys: &KeySet, access_token: &str) -> Result<String, Fault> {
        self.claims.at_hash = Some(at_hash(self.algorithm, access_token));
        let key = keys.signing_key(self.algorithm)?;
        key.sign(HeaderType::Jwt, &self.claims).map_err(|error| Fault::Key(error.into()))
    }
}

/// The `sid` of a session for one app: two apps cannot tell by it that they share a browser.
pub(crate) fn session_name(key: &HmacKey, app_id: &str, session_id: &str) -> String {
    let mac = keyed_digest(key, &[b"sid", app_id.as_bytes(), session_id.as_bytes()]);
    base64url::encode(mac.get(..16).unwrap_or(&mac))
}
