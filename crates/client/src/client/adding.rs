//! Between the provider and a new way in: its owner sees whose it is, and says yes — threat LK-04.
//!
//! A provider that knows the browser may pass somebody on without a page, and on a computer that people share that is whoever
//! used it last. So what came back waits until a page of this service has named it.

use http::HeaderMap;
use mapae_protocol::{params::Params, time::Timestamp};

use super::{
    Client,
    errands::{Began, Confirmed},
    judging::Judged,
    paths,
    to_its_end::to_its_end,
};
use crate::{
    callback::CompletedLogin,
    cookie,
    error::Error,
    identity::EndUser,
    linking::{Action, Purpose},
    pending,
    redirect::Redirect,
    sign_in_methods::{AccountError, MethodToAdd},
    sign_up::{Adding, FORM, SignUpError, SignUpId, Waiting},
};

impl<U: Send + Sync + 'static> Client<U> {
    /// Keeps who came until the owner of the account has seen it, and leads to the page that shows it.
    pub(super) async fn offer(
        &self,
        account: EndUser,
        began: &Began<'_>,
        login: CompletedLogin,
    ) -> Result<Redirect, Error> {
        let (now, CompletedLogin { identity, tokens, return_to }) = (self.now(), login);
        let present = self.present_at(began).await?;
        let Judged { decision, .. } =
            self.judge(Purpose::Connect(account.clone()), present, &identity, now).await?;
        self.core.ensure_standing(&identity).await?;
        match &decision.action {
            // Decided once more, and told, when the owner says yes.
            Action::Link(_) => {}
            Action::SignIn(_) => {
                self.announce(&identity, &decision);
                self.keep(&identity, &tokens).await?;
                return Ok(Redirect { location: self.core.destination(&return_to), cookies: Vec::new() });
            }
            Action::Refuse | Action::ProveThenLink(_) | Action::Create(_) => {
                self.announce(&identity, &decision);
                return Err(AccountError::Refused(decision.rule).into());
            }
        }
        let adding = Adding { account, sid: began.sid.to_owned(), begun_at: began.at.unix() };
        let expires_at = now.plus(pending::LIFE);
        let waiting = Waiting { identity, tokens, return_to, expires_at, adding: Some(adding) };
        let id = SignUpId::generate();
        self.core.vault.await_sign_up(&id, &waiting, now).await?;
        let cookie = self.core.cookies.set(&self.core.cookies.adding(), id.expose(), pending::LIFE);
        Ok(Redirect { location: paths::CONFIRM_METHOD.to_owned(), cookies: vec![cookie] })
    }

    /// The sign-in method that waits to be added in the browser whose request has these `headers`: whoever shows it names it
    /// to the owner of the account, who posts [`MethodToAdd::mark`] then.
    ///
    /// # Errors
    /// [`AccountError::NothingToAdd`], or the vault failed.
    pub async fn sign_in_method_to_add(&self, headers: &HeaderMap) -> Result<MethodToAdd, Error> {
        let (id, waiting, _) = self.waiting_to_add(headers).await?;
        Ok(MethodToAdd::of(&waiting.identity, id.mark(), waiting.return_to))
    }

    /// Adds it: its owner has seen it on the page whose `mark=…` is in the `body`, in the session in which they began.
    ///
    /// Whoever calls this has checked that a page of this service asked for it.
    ///
    /// # Errors
    /// [`AccountError`], also if another one waits than the page showed. Or the vault or the accounts failed.
    pub async fn confirm_sign_in_method(&self, headers: &HeaderMap, body: &[u8]) -> Result<Redirect, Error> {
        let params = Params::parse(body, FORM).map_err(|_| SignUpError::Malformed)?;
        let mark = params.one("mark").map_err(|_| SignUpError::Malformed)?.map(str::to_owned);
        let (client, headers) = (self.clone(), headers.clone());
        to_its_end(async move { client.confirm(mark.as_deref(), &headers).await }).await
    }

    async fn confirm(&self, mark: Option<&str>, headers: &HeaderMap) -> Result<Redirect, Error> {
        let (id, waiting, adding) = self.waiting_to_add(headers).await?;
        if mark != Some(id.mark().as_str()) {
            return Err(AccountError::NothingToAdd.into());
        }
        let at = Timestamp::from_unix(adding.begun_at);
        let began = Began { sid: &adding.sid, at, headers };
        let confirmed = Confirmed { id: &id, waiting: &waiting, account: &adding.account, began };
        let mut added = self.connect(confirmed).await?;
        added.cookies.push(self.core.cookies.clear(&self.core.cookies.adding()));
        Ok(added)
    }

    async fn waiting_to_add(&self, headers: &HeaderMap) -> Result<(SignUpId, Waiting, Adding), Error> {
        let id = cookie::read(headers, &self.core.cookies.adding()).and_then(SignUpId::parse);
        let id = id.ok_or(AccountError::NothingToAdd)?;
        let waiting = self.core.vault.waiting(&id, self.now()).await?.ok_or(AccountError::NothingToAdd)?;
        let adding = waiting.adding.clone().ok_or(AccountError::NothingToAdd)?;
        Ok((id, waiting, adding))
    }
}
