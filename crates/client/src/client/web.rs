//! Login, callback, session and sign-out of a browser.

use http::HeaderMap;
use mapae_protocol::time::Timestamp;

use super::{Client, Core, paths, to_its_end::to_its_end};
use crate::{
    callback::{CallbackError, CallbackResponse, CompletedLogin},
    cookie,
    errand::Errand,
    error::Error,
    identity::{EndUser, Identity},
    login::{LoginError, LoginRequest},
    pending::{self, PendingLogin},
    provider::Provider,
    redirect::Redirect,
    return_to::ReturnTo,
    session::Session,
    sign_in_methods::AccountError,
    sign_up::SignUpId,
    tokens::Tokens,
    vault::{Entry, Method, Vault},
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
        if provider.refuses_browser(headers) {
            return Err(LoginError::InsideAnotherApp.into());
        }
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
        // Before anything is used up.
        provider.expects(&response)?;
        let (pending, login_cookie) = core.pending(&response, provider, headers, now).await?;
        let (errand, begun_at) = (pending.errand.clone(), pending.begun_at());
        let completed = core.completed(provider.finish(pending, &response, now).await?).await?;
        let (client, brought) = (self.clone(), headers.clone());
        let run = async move { client.run(errand, completed, &brought, begun_at).await };
        let mut redirect = to_its_end(run).await?;
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
        let seated = self.seated(self.core.seat(headers).await?).await?;
        Ok(seated.map(|seated| (seated.seat.session, seated.user)))
    }

    /// Ends the session of the browser whose request has these `headers`. A front end that keeps its refresh token itself
    /// posts it in the `body` (`refresh_token=…`), so that this also works when its access token is over.
    ///
    /// # Errors
    /// [`AccountError::NotSignedIn`] if such a front end names no session: then nothing has ended. Or the vault failed; the
    /// session may still be alive.
    pub async fn sign_out(&self, headers: &HeaderMap, body: &[u8]) -> Result<Redirect, Error> {
        let core = &self.core;
        // One of two cookies of one name was planted; whoever leaves wants none of them to live.
        let kept = core.shown_sessions(headers, body).iter().map(Vault::sid).collect::<Vec<_>>();
        // A code that nobody has posted yet is as good as the tokens.
        let handed = core.waiting_session(headers).as_ref().map(Vault::sid);
        let mut is_named = false;
        let others = [handed, core.bearer_session(headers).await?].into_iter().flatten();
        for sid in kept.into_iter().chain(others) {
            core.vault.end_session_called(&sid).await?;
            is_named = true;
        }
        let mut cookies = vec![core.cookies.clear(&core.session_cookie())];
        if core.service_tokens.is_some() {
            cookies.push(core.cookies.clear(&core.cookies.code()));
            cookies.push(core.cookies.clear(&core.cookies.code_binding()));
        }
        // Whoever sits there next finds no form that would let them in.
        if let Some(id) = cookie::read(headers, &core.cookies.sign_up()).and_then(SignUpId::parse) {
            core.vault.finish_sign_up(&id).await?;
            is_named = true;
            cookies.push(core.cookies.clear(&core.cookies.sign_up()));
        }
        if core.keeps_no_cookie() && !is_named {
            return Err(AccountError::NotSignedIn.into());
        }
        Ok(Redirect { location: ReturnTo::default().to_string(), cookies })
    }

    /// Ends every session of the account that this person opens, on all browsers, by whichever method it was begun; and what is
    /// on its way to one, or to another way into the account. To be called when the application has set a new password.
    ///
    /// # Errors
    /// The vault or the accounts failed.
    pub async fn sign_out_everywhere(&self, person: &EndUser) -> Result<(), Error> {
        let (now, vault) = (self.now(), self.vault());
        let opened = self.opened_by(person).await;
        let is_founder = matches!(&opened, Ok(Some((account, _))) if account == person);
        if !is_founder {
            // Whether or not the accounts can say what else there is.
            vault.end_sessions(person, now).await?;
        }
        let Some((account, _)) = opened? else { return Ok(()) };
        vault.end_account(&account, now).await?;
        for Method { person: other, .. } in vault.methods(&account).await? {
            if other != account && other != *person {
                vault.end_sessions(&other, now).await?;
            }
        }
        Ok(())
    }
}

/// A person with an account, just proved, and what the provider gave.
pub(super) struct Admission<'a> {
    identity: &'a Identity,
    tokens: &'a Tokens,
}

impl<'a> Admission<'a> {
    pub(super) const fn of(identity: &'a Identity, tokens: &'a Tokens) -> Self {
        Self { identity, tokens }
    }

    pub(super) fn entry(&self) -> Entry<'a> {
        let given = Some((self.identity.provider(), self.tokens));
        Entry { entrant: self.identity.into(), given, app: self.identity.given_to() }
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
        let before = self.cookie_sid(headers);
        let (_, cookies) = self.open_session(&admission.entry(), before.as_deref()).await?;
        Ok(Redirect { location: self.destination(return_to), cookies })
    }

    /// The start page in the place of pages that would begin another login: they would go round for ever.
    pub(super) fn destination(&self, return_to: &ReturnTo) -> String {
        let path = return_to.path();
        let own = [paths::LOGIN, paths::LOGIN_JSON, paths::SIGN_UP, paths::CONFIRM_METHOD].contains(&path)
            // Pages for a session cookie: a navigation brings no access token.
            || self.service_tokens.is_some() && [paths::METHODS, paths::TERMS].contains(&path)
            || self.providers.iter().any(|provider| provider.callback_path() == path);
        if own { ReturnTo::default().to_string() } else { return_to.to_string() }
    }
}
