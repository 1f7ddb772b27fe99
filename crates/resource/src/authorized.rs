//! What a valid access token says — RFC 9068 §2.2, RFC 7662 §2.2.

use std::{fmt, sync::Arc};

use mapae_protocol::{
    access_token::AccessTokenClaims,
    audience::Audience,
    dpop::{Confirmation, Thumbprint},
    issuer::Issuer,
    scope::{self, Scopes},
    time::Timestamp,
};

/// Who calls, for whom, and what they may do. Only a token that passed every check becomes one, so a handler
/// that takes it as an argument cannot be reached without a valid token.
///
/// Cloning is cheap. A person is identified by issuer **and** subject together, never by the subject alone
/// (OIDC Core §2): see [`identity`](Self::identity).
#[derive(Clone, PartialEq, Eq)]
pub struct Authorized {
    access: Arc<Access>,
}

/// The content of an [`Authorized`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) issuer: Issuer,
    pub(crate) subject: String,
    pub(crate) client_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) audience: Audience,
    pub(crate) expires_at: Timestamp,
    pub(crate) issued_at: Option<Timestamp>,
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) acr: Option<String>,
    pub(crate) amr: Vec<String>,
    pub(crate) token_id: Option<String>,
    pub(crate) cnf: Option<Confirmation>,
}

impl Authorized {
    /// The authorization server that vouches for all of this.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.access.issuer
    }

    /// The person, or the client itself where no person is involved; unique only together with
    /// [`issuer`](Self::issuer).
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.access.subject
    }

    /// The name of the person that is safe to keep as a key: issuer and subject.
    #[must_use]
    pub fn identity(&self) -> (&Issuer, &str) {
        (self.issuer(), self.subject())
    }

    /// Whether the client acts for itself and not for a person (RFC 9068 §2.2: `sub` is the client).
    #[must_use]
    pub fn is_client_itself(&self) -> bool {
        self.subject() == self.client_id()
    }

    /// The client that presents the token.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.access.client_id
    }

    /// What was granted, each by its whole name: `read` is not in `readwrite` (RFC 6749 §3.3).
    #[must_use]
    pub fn scopes(&self) -> &Scopes {
        &self.access.scopes
    }

    /// For whom the token is; this API is among them.
    #[must_use]
    pub fn audience(&self) -> &Audience {
        &self.access.audience
    }

    /// When the token ends.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.access.expires_at
    }

    /// When the token was issued, if it says so.
    #[must_use]
    pub fn issued_at(&self) -> Option<Timestamp> {
        self.access.issued_at
    }

    /// When the person last signed in, if the token says so.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.access.auth_time
    }

    /// How strong that sign-in was, in the authorization server's words.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.access.acr.as_deref()
    }

    /// By which methods the person signed in (RFC 8176 §2).
    #[must_use]
    pub fn amr(&self) -> &[String] {
        &self.access.amr
    }

    /// The token's own id, to be written into an audit log. Not a secret.
    #[must_use]
    pub fn token_id(&self) -> Option<&str> {
        self.access.token_id.as_deref()
    }

    /// The key to which the token is bound and whose possession the sender has proven (RFC 9449 §7); `None` for a bearer
    /// token.
    #[must_use]
    pub fn proven_key(&self) -> Option<Thumbprint> {
        self.access.cnf.map(|cnf| cnf.jkt)
    }

    pub(crate) fn confirmation(&self) -> Option<&Confirmation> {
        self.access.cnf.as_ref()
    }

    pub(crate) fn new(access: Access) -> Self {
        Self { access: Arc::new(access) }
    }

    /// What a verified JWT access token says.
    pub(crate) fn of_claims(claims: &AccessTokenClaims, issuer: &Issuer) -> Result<Self, scope::Error> {
        Ok(Self::new(Access {
            issuer: issuer.clone(),
            subject: claims.sub.clone(),
            client_id: claims.client_id.clone(),
            scopes: Scopes::restore(claims.scope.as_deref().unwrap_or_default())?,
            audience: claims.aud.clone(),
            expires_at: claims.exp,
            issued_at: Some(claims.iat),
            auth_time: claims.auth_time,
            acr: claims.acr.clone(),
            amr: claims.amr.clone(),
            token_id: Some(claims.jti.clone()),
            cnf: claims.cnf,
        }))
    }
}

impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.access.fmt(f)
    }
}
