//! Access tokens — RFC 9068 for JWTs; sealed for APIs that want them opaque. Neither is stored.

use mapae_protocol::{
    access_token::AccessTokenClaims,
    audience::Audience,
    base64url,
    dpop::{Confirmation, Thumbprint},
    issuer::Issuer,
    jose::{Algorithm, HeaderType},
    random,
    scope::Scopes,
    seal::Sealer,
    time::{Seconds, Timestamp},
    token::TokenType,
    token_exchange::Actor,
};
use serde::{Deserialize, Serialize};

use super::{Audiences, GrantIds, Handle, Living, Sector, subject};
use crate::{
    fault::{Artefact, Fault},
    keys::{KeySet, OpaqueAccessTokens},
    store::{alive::Epochs, revocations::Kind},
};

/// Access tokens are signed with this unless an API asks otherwise: small, and quick to make and check.
const ALGORITHM: Algorithm = Algorithm::Es256;

/// What all access tokens of one moment have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccessTokenContext<'a> {
    pub(crate) keys: &'a KeySet,
    pub(crate) issuer: &'a Issuer,
    pub(crate) audiences: &'a Audiences,
    pub(crate) scopes: &'a Scopes,
    pub(crate) lifetime: Seconds,
    /// The key whose possession was proven: then the token is bound to it (RFC 9449 §6).
    pub(crate) key: Option<Thumbprint>,
    pub(crate) now: Timestamp,
}

/// A person's grant, as far as its tokens tell of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrantFacts<'a> {
    pub(crate) ids: GrantIds<'a>,
    pub(crate) epochs: Epochs,
    /// The sector of the app itself, for tokens that no API reads.
    pub(crate) app_sector: Sector<'a>,
    pub(crate) auth_time: Timestamp,
    pub(crate) acr: &'a str,
    pub(crate) amr: &'a str,
    /// No token of a grant outlives it.
    pub(crate) expires_at: Timestamp,
}

/// What was presented, and who acts by it from now on.
#[derive(Debug)]
pub(crate) struct Exchanged<'a> {
    pub(crate) subject: Living,
    /// Who acts now first.
    pub(crate) actors: Vec<String>,
    pub(crate) app_id: &'a str,
    pub(crate) app_epoch: i64,
}

/// An access token that is decided and not signed yet.
#[derive(Debug)]
pub(crate) struct AccessTokenPlan {
    claims: AccessTokenClaims,
    opaque: bool,
    app_epoch: i64,
    /// Of those who had it before by an exchange, the last one first.
    epochs_before: Vec<i64>,
}

impl AccessTokenPlan {
    /// A token by which an app acts for a person.
    pub(crate) fn for_grant(cx: &AccessTokenContext<'_>, grant: &GrantFacts<'_>) -> Self {
        let api = cx.audiences.api.as_deref();
        let sector = api.map_or(grant.app_sector, |api| Sector::Api(&api.identifier));
        let mut claims = cx.claims(grant.ids.app, subject(cx.keys.subject_key(), sector, grant.ids.user));
        claims.exp = claims.exp.min(grant.expires_at);
        claims.auth_time = Some(grant.auth_time);
        claims.acr = Some(grant.acr.to_owned());
        claims.amr = grant.amr.split_ascii_whitespace().map(str::to_owned).collect();
        claims.gid = Some(grant.ids.grant.to_owned());
        if let Some(api) = api.filter(|api| !api.opaque) {
            let handle = Handle { key: cx.keys.handle_key(), audience: &api.identifier };
            claims.rvh = handle.of_grant(grant.ids, grant.epochs);
        }
        Self::plain(cx, claims, grant.epochs.app)
    }

    /// A token by which an app acts for itself: its subject is the app (RFC 9068 §2.2).
    pub(crate) fn for_app(cx: &AccessTokenContext<'_>, app_id: &str, app_epoch: i64) -> Self {
        let mut claims = cx.claims(app_id, app_id.to_owned());
        let audience = cx.audiences.api.as_ref().map_or(cx.issuer.as_str(), |api| &api.identifier);
        let handle = Handle { key: cx.keys.handle_key(), audience };
        claims.rvh = vec![handle.of(Kind::App, app_id, app_epoch)];
        Self::plain(cx, claims, app_epoch)
    }

    fn plain(cx: &AccessTokenContext<'_>, claims: AccessTokenClaims, app_epoch: i64) -> Self {
        Self { claims, opaque: cx.is_opaque(), app_epoch, epochs_before: Vec::new() }
    }

    /// A token that an app has by an exchange: of the grant of the one that it presented, never longer or surer than that,
    /// and dead with the app that asked, too, and with each through which it came (RFC 8693 §2.2.1).
    pub(crate) fn for_actor(cx: &AccessTokenContext<'_>, exchanged: Exchanged<'_>) -> Self {
        let Exchanged { subject: Living { token, grant }, actors, app_id, app_epoch } = exchanged;
        let mut claims = cx.claims(app_id, token.subject.clone());
        claims.exp = claims.exp.min(token.expires_at);
        claims.auth_time = token.auth_time.or_else(|| grant.as_ref().map(|grant| grant.auth_time));
        claims.acr = token.acr.clone().or_else(|| grant.and_then(|grant| grant.acr));
        claims.amr = token.amr.clone();
        claims.act = Actor::chain(&actors);
        claims.gcl = Some(token.given_to().to_owned());
        claims.rvh = token.handles().to_vec();
        if let Some(api) = cx.audiences.api.as_deref().filter(|api| !api.opaque) {
            let handle = Handle { key: cx.keys.handle_key(), audience: &api.identifier };
            claims.rvh.push(handle.of(Kind::App, app_id, app_epoch));
        }
        let epochs_before = token.epochs_of_actors();
        claims.gid = token.grant_id;
        Self { claims, opaque: cx.is_opaque(), app_epoch, epochs_before }
    }

    /// The text that the client gets.
    pub(crate) fn sign(&self, keys: &KeySet) -> Result<String, Fault> {
        if self.opaque {
            let token = OpaqueAccessToken::of(&self.claims, self.app_epoch);
            let token = OpaqueAccessToken { epochs_before: self.epochs_before.clone(), ..token };
            return token.seal(&keys.seals.access_tokens);
        }
        let key = keys.signing_key(ALGORITHM)?;
        key.sign(HeaderType::AccessToken, &self.claims).map_err(|error| Fault::Key(error.into()))
    }

    /// How it is to be used.
    pub(crate) const fn token_type(&self) -> TokenType {
        if self.claims.cnf.is_some() { TokenType::Dpop } else { TokenType::Bearer }
    }

    /// For how long it is good.
    pub(crate) fn expires_in(&self) -> Seconds {
        self.claims.exp.since(self.claims.iat)
    }
}

impl AccessTokenContext<'_> {
    fn is_opaque(&self) -> bool {
        self.audiences.api.as_ref().is_some_and(|api| api.opaque)
    }

    fn claims(&self, client_id: &str, subject: String) -> AccessTokenClaims {
        AccessTokenClaims {
            iss: self.issuer.as_str().to_owned(),
            sub: subject,
            aud: self.audiences.claim(self.issuer),
            exp: self.now.plus(self.lifetime),
            iat: self.now,
            nbf: None,
            jti: base64url::encode(random::bytes::<16>()),
            client_id: client_id.to_owned(),
            scope: Some(self.scopes.to_string()),
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            sid: None,
            cnf: self.key.map(|jkt| Confirmation { jkt }),
            act: None,
            gcl: None,
            gid: None,
            rvh: Vec::new(),
        }
    }
}

/// What an opaque access token says, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OpaqueAccessToken {
    pub(crate) jti: String,
    pub(crate) grant_id: Option<String>,
    pub(crate) client_id: String,
    pub(crate) app_epoch: i64,
    pub(crate) subject: String,
    pub(crate) audience: Vec<String>,
    pub(crate) scope: String,
    pub(crate) cnf: Option<Confirmation>,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// To which app the grant was given, where another one has the token by an exchange.
    pub(crate) given_to: Option<String>,
    /// Who acts, now first.
    pub(crate) actors: Vec<String>,
    /// The epochs of those who acted before, in their order. They stand behind the rest, where there are any.
    #[serde(skip)]
    pub(crate) epochs_before: Vec<i64>,
}

impl OpaqueAccessToken {
    fn of(claims: &AccessTokenClaims, app_epoch: i64) -> Self {
        Self {
            jti: claims.jti.clone(),
            grant_id: claims.gid.clone(),
            client_id: claims.client_id.clone(),
            app_epoch,
            subject: claims.sub.clone(),
            audience: claims.aud.iter().map(str::to_owned).collect(),
            scope: claims.scope.clone().unwrap_or_default(),
            cnf: claims.cnf,
            issued_at: claims.iat,
            expires_at: claims.exp,
            given_to: claims.gcl.clone(),
            actors: claims.act.as_ref().map(Actor::all).unwrap_or_default(),
            epochs_before: Vec::new(),
        }
    }

    fn seal(&self, sealer: &Sealer<OpaqueAccessTokens>) -> Result<String, Fault> {
        let mut bytes = postcard::to_allocvec(self).map_err(Fault::encoding(Artefact::AccessToken))?;
        if !self.epochs_before.is_empty() {
            let epochs = postcard::to_allocvec(&self.epochs_before);
            bytes.extend(epochs.map_err(Fault::encoding(Artefact::AccessToken))?);
        }
        Ok(sealer.seal(&bytes, b""))
    }

    /// Opens a token; `None` for anything that this server did not seal as an access token.
    pub(crate) fn open(text: &str, sealer: &Sealer<OpaqueAccessTokens>) -> Option<Self> {
        let bytes = sealer.open(text, b"").ok()?;
        let (token, rest) = postcard::take_from_bytes::<Self>(&bytes).ok()?;
        let epochs_before = if rest.is_empty() { Vec::new() } else { postcard::from_bytes(rest).ok()? };
        Some(Self { epochs_before, ..token })
    }

    /// The audience as a claim.
    pub(crate) fn audience(&self) -> Option<Audience> {
        Audience::of(self.audience.iter().map(String::as_str))
    }
}
