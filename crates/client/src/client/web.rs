//! Login, callback, session and sign-out of a browser.

use http::{HeaderMap, HeaderValue};
use mapae_protocol::time::Timestamp;

use super::{Client, Core, paths};
use crate::{
    callback::{CallbackError, CallbackResponse, CompletedLogin},
    cookie,
    errand::Errand,
    error::Error,
    identity::EndUser,
    login::LoginRequest,
    pending::{self, PendingLogin},
    provider::Provider,
    redirect::Redirect,
    return_to::ReturnTo,
    session::{Session, SessionId},
    sign_up::SignUpId,
    tokens::Tokens,
    vault::Vault,
};

impl<U: Send + Sync + 'static> Client<U> {
    /// Starts a login: where to send the browser whose request has these `headers`, and the cookie that makes this
    /// browser the only one that can finish it.
    ///
    /// # Errors
    /// There is no such provider, or it cannot be asked where its pages are.
    pub async fn login(&self, request: &LoginRequest, headers: &HeaderMap) -> Result<Redirect, Error> {
        self.begin(request, Errand::SignIn, headers).await
    }

    /// Starts a login for an errand, which only the service decides.
    pub(super) async fn begin(
        &self,
        request: &LoginRequest,
        errand: Errand,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let core = &self.core;
        let provider = core.provider(request.provider.as_deref())?;
        let mut started = provider.start(request, core.clock.now()).await?;
        started.pending.errand = errand;
        let name = core.cookies.login(started.pending.state.expose());
        let sealed = core.vault.logins().seal(&started.pending.to_bytes(), name.as_bytes());
        let mut cookies = core.cookies.surplus_logins(headers);
        cookies.push(core.cookies.set(&name, &sealed, pending::LIFE));
        Ok(Redirect { location: started.authorization_url, cookies })
    }

    /// Finishes a login at the redirect URI of the provider called `provider`: every check of the
    /// [table](crate::callback), then either a session or the sign-up step. Where the provider's page posts its answer,
    /// [`posted`](Self::posted) came before.
    ///
    /// # Errors
    /// The first check that fails; no session exists then.
    pub async fn callback(
        &self,
        provider: &str,
        query: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let core = &self.core;
        let now = core.clock.now();
        let provider = core.provider(Some(provider))?;
        let by_post = provider.answers_by_post();
        let response = if by_post {
            CallbackResponse::parse(Some(&core.posted_answer(provider, headers)?))?
        } else {
            CallbackResponse::parse(query)?
        };
        let (pending, login_cookie) = core.pending(&response, provider, headers, now).await?;
        let (errand, begun_at) = (pending.errand.clone(), pending.begun_at());
        let completed = core.completed(provider.finish(pending, &response, now).await?).await?;
        let mut redirect = self.run(errand, completed, headers, begun_at).await?;
        redirect.cookies.push(core.cookies.clear(&login_cookie));
        redirect.cookies.extend(by_post.then(|| core.cookies.clear(&core.cookies.answer())));
        Ok(redirect)
    }

    /// Who is signed in on the browser whose request has these `headers`: the session, and the application's user as
    /// it is now.
    ///
    /// # Errors
    /// The vault or the accounts failed.
    pub async fn signed_in(&self, headers: &HeaderMap) -> Result<Option<(Session, U)>, Error> {
        Ok(self.present(headers).await?.map(|(session, _, user)| (session, user)))
    }

    /// The same, with the account's name.
    pub(super) async fn present(&self, headers: &HeaderMap) -> Result<Option<(Session, EndUser, U)>, Error> {
        let Some(session) = self.core.session(headers).await? else { return Ok(None) };
        let opened = self.opened_by(&session.person).await?;
        let open = opened.filter(|(_, user)| !self.accounts.is_closed(user));
        Ok(open.map(|(account, user)| (session, account, user)))
    }

    /// Ends the browser's session.
    ///
    /// # Errors
    /// The vault failed; the session may still be alive.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Result<Redirect, Error> {
        let core = &self.core;
        if let Some(id) = core.session_id(headers) {
            core.vault.end_session(&id).await?;
        }
        if let Some(sid) = core.bearer_session(headers).await? {
            core.vault.end_session_called(&sid).await?;
        }
        let mut cookies = vec![core.cookies.clear(&core.session_cookie())];
        // Whoever sits there next finds no form that would let them in.
        if let Some(id) = cookie::read(headers, &core.cookies.sign_up()).and_then(SignUpId::parse) {
            core.vault.finish_sign_up(&id).await?;
            cookies.push(core.cookies.clear(&core.cookies.sign_up()));
        }
        Ok(Redirect { location: ReturnTo::default().to_string(), cookies })
    }

    /// Ends every session of the account that this person opens, on all browsers, by whichever method it was begun.
    ///
    /// # Errors
    /// The vault or the accounts failed.
    pub async fn sign_out_everywhere(&self, person: &EndUser) -> Result<(), Error> {
        self.core.vault.end_sessions(person).await?;
        if let Some((account, _)) = self.opened_by(person).await? {
            self.core.vault.end_sessions(&account).await?;
            for method in self.core.vault.methods(&account).await? {
                self.core.vault.end_sessions(&method.person).await?;
            }
        }
        Ok(())
    }
}

/// A person with an account, just proved, and what the provider gave.
pub(super) struct Admission<'a> {
    person: &'a EndUser,
    provider: &'a str,
    tokens: &'a Tokens,
}

impl<'a> Admission<'a> {
    pub(super) fn of(identity: &'a crate::identity::Identity, tokens: &'a Tokens) -> Self {
        Self { person: identity.person(), provider: identity.provider(), tokens }
    }
}

impl Core {
    /// Check 2 of the table: the state is this browser's, this provider's, in time, and now used up.
    async fn pending(
        &self,
        response: &CallbackResponse,
        provider: &Provider,
        headers: &HeaderMap,
        now: Timestamp,
    ) -> Result<(PendingLogin, String), Error> {
        let state = response.state().ok_or(CallbackError::StateMissing)?;
        let name = self.cookies.login(state);
        let sealed = cookie::read(headers, &name).ok_or(CallbackError::StateUnknown)?;
        let opened = self.vault.logins().open(sealed, name.as_bytes());
        let opened = opened.map_err(|_| CallbackError::StateUnknown)?;
        let pending = PendingLogin::from_bytes(&opened).ok_or(CallbackError::StateUnknown)?;
        pending.answered_by(Some(state), now)?;
        if pending.provider != provider.name() {
            return Err(CallbackError::ProviderMismatch.into());
        }
        if !self.vault.use_state(state, pending.expires_at, now).await? {
            return Err(CallbackError::StateUsed.into());
        }
        Ok((pending, name))
    }

    /// The tokens of a login, with what an earlier one brought and this one does not.
    async fn completed(&self, login: CompletedLogin) -> Result<CompletedLogin, Error> {
        let provider = self.provider(Some(login.identity.provider()))?;
        if !provider.completes(&login.tokens) {
            return Ok(login);
        }
        let earlier = self.vault.tokens(login.identity.person()).await?;
        let earlier = earlier.filter(|kept| kept.provider == provider.name()).map(|kept| kept.tokens);
        let tokens = provider.completed(login.tokens, earlier.as_ref());
        Ok(CompletedLogin { tokens, ..login })
    }

    /// Keeps the tokens and begins a session with a new id; the one before is over (session fixation).
    pub(super) async fn admit(
        &self,
        admission: Admission<'_>,
        return_to: &ReturnTo,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let Admission { person, provider, tokens } = admission;
        self.vault.keep(person, provider, tokens).await?;
        let (_, cookies) = self.open_session(person, headers).await?;
        Ok(Redirect { location: self.destination(return_to), cookies })
    }

    /// Begins a session with a new id; the one before is over (session fixation).
    pub(super) async fn open_session(
        &self,
        person: &EndUser,
        headers: &HeaderMap,
    ) -> Result<(SessionId, Vec<HeaderValue>), Error> {
        let (id, now) = (SessionId::generate(), self.clock.now());
        let session =
            Session { person: person.clone(), created_at: now, expires_at: now.plus(self.session_life) };
        if self.service_tokens.is_some() {
            let cookies = self.begin_handing_over(&id, session, headers).await?;
            return Ok((id, cookies));
        }
        self.vault.begin_session(&id, session, self.session_id(headers).as_ref()).await?;
        let cookie = self.cookies.set(&self.cookies.session(), id.expose(), self.session_life);
        Ok((id, vec![cookie]))
    }

    async fn session(&self, headers: &HeaderMap) -> Result<Option<Session>, Error> {
        if self.service_tokens.is_some() {
            let Some(sid) = self.bearer_session(headers).await? else { return Ok(None) };
            return Ok(self.vault.session_called(&sid, self.clock.now()).await?);
        }
        match self.session_id(headers) {
            Some(id) => Ok(self.vault.session(&id, self.clock.now()).await?),
            None => Ok(None),
        }
    }

    /// The cookie in which a browser keeps what its session is known by.
    fn session_cookie(&self) -> String {
        if self.service_tokens.is_some() { self.cookies.refresh() } else { self.cookies.session() }
    }

    /// The id of the session that is signed in here. Where an access token says which that is, the browser's must be the
    /// same: a proof in one session is none in another.
    pub(super) async fn own_session(&self, headers: &HeaderMap) -> Result<Option<SessionId>, Error> {
        let Some(id) = self.session_id(headers) else { return Ok(None) };
        if self.service_tokens.is_none() {
            return Ok(Some(id));
        }
        let sid = self.bearer_session(headers).await?;
        Ok((sid == Some(Vault::sid(&id))).then_some(id))
    }

    pub(super) fn session_id(&self, headers: &HeaderMap) -> Option<SessionId> {
        if self.service_tokens.is_some() {
            return self.refreshed_session(headers);
        }
        cookie::read(headers, &self.cookies.session()).and_then(SessionId::parse)
    }

    /// The start page in the place of pages that would begin another login: they would go round for ever.
    pub(super) fn destination(&self, return_to: &ReturnTo) -> String {
        let path = return_to.path();
        let own = [paths::LOGIN, paths::LOGIN_JSON, paths::SIGN_UP].contains(&path)
            || self.providers.iter().any(|provider| provider.callback_path() == path);
        if own { ReturnTo::default().to_string() } else { return_to.to_string() }
    }
}
