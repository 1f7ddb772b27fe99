//! From the one-time code to tokens, and from each refresh token to the next — RFC 6749 §5.1, RFC 9068 §2.2.

use http::{HeaderMap, HeaderValue, header};
use mapae_protocol::{
    access_token::{self, AccessTokenClaims, Expectations},
    audience::Audience,
    jose::{HeaderType, JwkSet},
    params::{Limits, Params},
    random,
    secret::Secret,
    time::{Leeway, Timestamp},
};
use serde_json::{Value, json};

use super::{Client, Core, paths};
use crate::{
    cookie,
    error::Error,
    identity::EndUser,
    observe::{self, Issuance, IssuanceKind, Purpose},
    service_tokens::{
        Issuing, ServiceTokenAnswer, ServiceTokenError,
        family::{self, CODE_LIFE, Turn},
        sealed::{self, Binding},
    },
    session::{Session, SessionId},
    vault::{Entry, Family, StoreError, Vault},
};

/// How often a turn is tried that somebody else won.
const ATTEMPTS: usize = 4;

/// How long a request for tokens may be.
const FORM: Limits = Limits { bytes: 8 * 1_024, fields: 8 };

/// How far the clocks of the service's processes may differ.
const LEEWAY: Leeway = Leeway::seconds(30);

type Issued = Result<ServiceTokenAnswer, ServiceTokenError>;

impl<U: Send + Sync + 'static> Client<U> {
    /// Takes the one-time code that the front end posts: `code=…` in a `body` of `application/x-www-form-urlencoded`, from
    /// the browser that logged in.
    ///
    /// Whoever calls this has checked that a page of this service posted it.
    ///
    /// # Errors
    /// [`ServiceTokenError`]. A code that does not work here is not used up.
    pub async fn hand_over(&self, headers: &HeaderMap, body: &[u8]) -> Issued {
        let began = tokio::time::Instant::now();
        let code = field(body, "code")?.ok_or(ServiceTokenError::Malformed)?;
        let issued = self.redeem(headers, &code).await;
        self.core.observed(IssuanceKind::HandOver, ("code", &code), &issued, began);
        issued
    }

    /// The next tokens for a refresh token: that of the cookie, or `refresh_token=…` in the body where there is no cookie.
    ///
    /// Whoever calls this has checked that a page of this service posted it, if the refresh token is in a cookie.
    ///
    /// # Errors
    /// [`ServiceTokenError`]; after [`InvalidGrant`](ServiceTokenError::InvalidGrant) the person signs in again.
    pub async fn renew(&self, headers: &HeaderMap, body: &[u8]) -> Issued {
        let began = tokio::time::Instant::now();
        let core = &self.core;
        let token = if core.issuing()?.in_body {
            field(body, "refresh_token")?.ok_or(ServiceTokenError::Malformed)?
        } else {
            let cookie = cookie::read(headers, &core.cookies.refresh());
            cookie.ok_or(ServiceTokenError::InvalidGrant)?.to_owned()
        };
        let issued = self.turn(&token).await;
        core.observed(IssuanceKind::Renewal, ("refresh_token", &token), &issued, began);
        issued
    }

    /// The public keys of the service's tokens, a JWK set.
    ///
    /// # Errors
    /// The vault failed, or there are no such tokens.
    pub async fn service_keys(&self) -> Result<JwkSet, ServiceTokenError> {
        let core = &self.core;
        let keys = core.issuing()?.keys.keys(self.vault(), self.now()).await?;
        Ok(keys.published().clone())
    }

    /// What the service says about itself as an issuer of tokens (RFC 8414 §2).
    ///
    /// # Errors
    /// There are no such tokens.
    pub fn service_metadata(&self) -> Result<Value, ServiceTokenError> {
        let issuer = &self.core.issuing()?.issuer;
        Ok(json!({
            "issuer": issuer,
            "jwks_uri": format!("{issuer}{}", paths::SERVICE_KEYS),
            // People are sent to nobody's authorization endpoint here: tokens go to the service's own front end.
            "response_types_supported": [],
            "grant_types_supported": [],
        }))
    }

    /// Whether the request shows an access token of the service's own that works.
    #[cfg(feature = "axum")]
    pub(crate) async fn shows_access_token(&self, headers: &HeaderMap) -> Result<bool, Error> {
        Ok(self.core.bearer_session(headers).await?.is_some())
    }

    /// Whether a front end made the request that keeps its tokens itself: its access token may be over, and it posts the other.
    #[cfg(feature = "axum")]
    pub(crate) fn is_of_a_front_end_without_cookies(&self, headers: &HeaderMap) -> bool {
        self.core.keeps_no_cookie() && bearer(headers).is_some()
    }

    async fn redeem(&self, headers: &HeaderMap, code: &str) -> Issued {
        let (core, now) = (&self.core, self.now());
        core.issuing()?;
        let binding = cookie::read(headers, &core.cookies.code_binding());
        let session = binding.and_then(|binding| sealed::open_code(self.vault(), code, binding));
        let session = session.ok_or(ServiceTokenError::InvalidGrant)?;
        let family = self.vault().family(&session, now).await?.ok_or(ServiceTokenError::InvalidGrant)?;
        if !family::is_handed_over_by_code(&family, now) {
            return Err(ServiceTokenError::InvalidGrant);
        }
        let owner = self.owner_of(&family, &session).await?;
        if !self.vault().turn_family(&session, 0, now).await? {
            return Err(ServiceTokenError::InvalidGrant);
        }
        let mut answer = self.issue(&session, &family.session, &owner, 1).await?;
        answer.cookies.push(core.cookies.clear(&core.cookies.code()));
        answer.cookies.push(core.cookies.clear(&core.cookies.code_binding()));
        Ok(answer)
    }

    async fn turn(&self, token: &str) -> Issued {
        let opened = sealed::open_refresh_token(self.vault(), token);
        let (session, presented) = opened.ok_or(ServiceTokenError::InvalidGrant)?;
        for _ in 0..ATTEMPTS {
            let now = self.now();
            let family = self.vault().family(&session, now).await?.ok_or(ServiceTokenError::InvalidGrant)?;
            let owner = self.owner_of(&family, &session).await?;
            match family::turn(&family, presented, now) {
                Turn::Next => {
                    if self.vault().turn_family(&session, presented, now).await? {
                        return self.issue(&session, &family.session, &owner, presented + 1).await;
                    }
                }
                Turn::Again => return self.issue(&session, &family.session, &owner, family.generation).await,
                Turn::Reused => {
                    self.vault().end_session(&session).await?;
                    tracing::warn!("a refresh token was used twice: its session has ended");
                    return Err(ServiceTokenError::InvalidGrant);
                }
                Turn::Unknown => return Err(ServiceTokenError::InvalidGrant),
            }
        }
        Err(StoreError::Busy.into())
    }

    /// The application's user, as it is now. Whoever was removed there is out at once.
    async fn owner_of(
        &self,
        family: &Family,
        session: &SessionId,
    ) -> Result<(EndUser, U), ServiceTokenError> {
        let opened = self.opened_by(&family.session.person).await?;
        if let Some(owner) = opened.filter(|(_, user)| !self.accounts.is_closed(user)) {
            return Ok(owner);
        }
        self.vault().end_session(session).await?;
        Err(ServiceTokenError::InvalidGrant)
    }

    /// The application's own id of the user, or a name that says nothing about them: the same one by whichever of their
    /// sign-in methods they came.
    async fn subject(&self, (account, user): &(EndUser, U)) -> Result<String, StoreError> {
        match &self.subject_of {
            Some(subject) => Ok(subject(user)),
            None => self.vault().name_of_account(account).await,
        }
    }

    async fn issue(
        &self,
        id: &SessionId,
        session: &Session,
        owner: &(EndUser, U),
        generation: i64,
    ) -> Issued {
        let (core, now) = (&self.core, self.now());
        let issuing = core.issuing()?;
        let expires_at = now.plus(issuing.access_life).min(session.expires_at);
        let claims = AccessTokenClaims {
            iss: issuing.issuer.clone(),
            sub: self.subject(owner).await?,
            aud: Audience::one(&issuing.audience),
            exp: expires_at,
            iat: now,
            nbf: None,
            jti: random::text::<16>(),
            client_id: issuing.client_id.clone(),
            scope: None,
            auth_time: Some(session.created_at),
            acr: None,
            amr: Vec::new(),
            sid: Some(Vault::sid(id)),
            cnf: None,
            act: None,
            gcl: None,
            gid: None,
            rvh: Vec::new(),
        };
        let keys = issuing.keys.keys(self.vault(), now).await?;
        let signer = keys.signer(now).ok_or(StoreError::Unreadable("service_keys"))?;
        let access_token = signer.sign(HeaderType::AccessToken, &claims).map_err(StoreError::key)?;
        let refresh_token = sealed::refresh_token(self.vault(), id, generation);
        let life = session.expires_at.since(now);
        let cookie = core.cookies.set(&core.cookies.refresh(), &refresh_token, life);
        Ok(ServiceTokenAnswer {
            access_token: Secret::new(access_token),
            expires_in: expires_at.since(now).get(),
            refresh_token: issuing.in_body.then(|| Secret::new(refresh_token)),
            cookies: if issuing.in_body { Vec::new() } else { vec![cookie] },
        })
    }
}

impl Core {
    fn issuing(&self) -> Result<&Issuing, ServiceTokenError> {
        self.service_tokens.as_ref().ok_or(ServiceTokenError::Off)
    }

    /// Begins a session whose front end is about to post its one-time code: the cookies of that. `None` if it has ended from
    /// where they come.
    pub(super) async fn begin_handing_over(
        &self,
        id: &SessionId,
        beginning: (Session, &Entry<'_>),
        before: Option<&str>,
    ) -> Result<Option<Vec<HeaderValue>>, Error> {
        let binding = Binding::generate();
        if !self.vault.begin_family(id, beginning, before).await? {
            return Ok(None);
        }
        let code = sealed::code(&self.vault, id, &binding);
        let cookies = &self.cookies;
        Ok(Some(vec![
            cookies.set_readable(&cookies.code(), &code, CODE_LIFE),
            cookies.set(&cookies.code_binding(), binding.0.expose(), CODE_LIFE),
        ]))
    }

    /// The session of the browser's refresh token, whichever generation that is: good enough to end it.
    pub(super) fn refreshed_session(&self, headers: &HeaderMap) -> Option<SessionId> {
        self.session_of_refresh_token(cookie::read(headers, &self.cookies.refresh())?)
    }

    /// The session of this refresh token.
    pub(super) fn session_of_refresh_token(&self, token: &str) -> Option<SessionId> {
        sealed::open_refresh_token(&self.vault, token).map(|(session, _)| session)
    }

    /// The same of the refresh token that a front end posts.
    pub(super) fn posted_session(&self, body: &[u8]) -> Option<SessionId> {
        let token = field(body, "refresh_token").ok().flatten()?;
        sealed::open_refresh_token(&self.vault, &token).map(|(session, _)| session)
    }

    /// The session whose one-time code waits in the browser's cookies.
    pub(super) fn waiting_session(&self, headers: &HeaderMap) -> Option<SessionId> {
        let code = cookie::read(headers, &self.cookies.code())?;
        let binding = cookie::read(headers, &self.cookies.code_binding())?;
        sealed::open_code(&self.vault, code, binding)
    }

    /// The `sid` of the access token that a request brings; `None` if there is none that works.
    pub(super) async fn bearer_session(&self, headers: &HeaderMap) -> Result<Option<String>, Error> {
        let Some(issuing) = self.service_tokens.as_ref() else { return Ok(None) };
        let Some(token) = bearer(headers) else { return Ok(None) };
        let now = self.clock.now();
        let mut keys = issuing.keys.keys(&self.vault, now).await?;
        let mut verified = issuing.verify(token, keys.published(), now);
        if matches!(verified, Err(access_token::Error::UnknownKey)) {
            keys = issuing.keys.keys_again(&self.vault, now).await?;
            verified = issuing.verify(token, keys.published(), now);
        }
        Ok(verified.ok().and_then(|claims| claims.sid))
    }

    fn observed(
        &self,
        kind: IssuanceKind,
        (name, secret): (&str, &str),
        issued: &Issued,
        began: tokio::time::Instant,
    ) {
        let Some(observer) = self.service_tokens.as_ref().and_then(|issuing| issuing.observer.as_ref())
        else {
            return;
        };
        let (status, body) = match issued {
            Ok(answer) => (200, observe::answer(Purpose::Refresh, answer.to_json(), &[])),
            Err(error) => (error.status().as_u16(), json!({ "error": error.code() })),
        };
        observer.issued(&Issuance {
            kind,
            parameters: vec![(name.to_owned(), observe::mask(secret))],
            status,
            body,
            milliseconds: observe::milliseconds(began.elapsed()),
        });
    }
}

impl Issuing {
    fn verify(
        &self,
        token: &str,
        keys: &JwkSet,
        now: Timestamp,
    ) -> Result<AccessTokenClaims, access_token::Error> {
        let expected = Expectations { issuer: &self.issuer, audience: &self.audience, now, leeway: LEEWAY };
        access_token::verify_at_jwt(token, keys, &expected)
    }
}

/// One header with one token (RFC 6750 §2.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut found = headers.get_all(header::AUTHORIZATION).into_iter();
    let (scheme, token) = found.next()?.to_str().ok()?.split_once(' ')?;
    (found.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}

fn field(body: &[u8], name: &str) -> Result<Option<String>, ServiceTokenError> {
    let params = Params::parse(body, FORM).map_err(|_| ServiceTokenError::Malformed)?;
    let value = params.one(name).map_err(|_| ServiceTokenError::Malformed)?;
    Ok(value.filter(|value| !value.is_empty()).map(str::to_owned))
}
