//! What a login was begun for, besides signing in: done when it comes back, in the session that began it.

use http::HeaderMap;
use mapae_protocol::time::Timestamp;

use super::{Client, arriving::ATTEMPTS, judging::Judged};
use crate::{
    callback::CompletedLogin,
    errand::Errand,
    error::Error,
    identity::{EndUser, Identity},
    linking::{Action, FRESH, Present, Purpose, Rule},
    redirect::Redirect,
    sign_in_methods::{AccountError, MethodChange},
    sign_up::{SignUpError, SignUpId, Waiting},
    vault::StoreError,
};

impl<U: Send + Sync + 'static> Client<U> {
    pub(super) async fn run(
        &self,
        errand: Errand,
        login: CompletedLogin,
        headers: &HeaderMap,
        begun_at: Timestamp,
    ) -> Result<Redirect, Error> {
        match errand {
            Errand::SignIn => self.arrive(login, headers).await,
            Errand::ProveAgain { mark } => self.proved_again(&mark, login, headers).await,
            Errand::Connect { account, mark } => {
                let present = self.present_at(&mark, begun_at, headers).await?;
                self.connect(account, present, login).await
            }
            Errand::ProveAccount { mark } => self.proved_account(&mark, &login, headers).await,
        }
    }

    /// The person of the session is here again: a new session, which is fresh.
    async fn proved_again(
        &self,
        mark: &str,
        login: CompletedLogin,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let CompletedLogin { identity, tokens, return_to } = login;
        let same = self.core.own_session(headers).await?.is_some_and(|id| id.mark() == mark);
        let present = self.present(headers).await?.filter(|_| same);
        let (_, account, _) = present.ok_or(AccountError::AnotherSession)?;
        let opened = self.opened_by(identity.person()).await?;
        if opened.is_none_or(|(opened, _)| opened != account) {
            return Err(AccountError::AnotherAccount.into());
        }
        self.core.vault.keep(identity.person(), identity.provider(), &tokens).await?;
        let (id, cookies) = self.core.open_session(identity.person(), headers).await?;
        self.core.vault.note_fresh(&id, self.now()).await?;
        Ok(Redirect { location: self.core.destination(&return_to), cookies })
    }

    /// Who is signed in, and whether it is the very session that began, and was fresh then.
    async fn present_at(
        &self,
        mark: &str,
        begun_at: Timestamp,
        headers: &HeaderMap,
    ) -> Result<Option<Present<EndUser>>, Error> {
        let Some((_, account, _)) = self.present(headers).await? else { return Ok(None) };
        let began = self.core.own_session(headers).await?.filter(|id| id.mark() == mark);
        let fresh = match began {
            Some(id) => self.core.vault.fresh_since(&id, self.now()).await?,
            None => None,
        };
        let fresh = fresh.is_some_and(|since| begun_at < since.plus(FRESH));
        Ok(Some(Present { account, fresh }))
    }

    /// Adds the identity to the account that began, if its owner is still there and the identity is nobody else's.
    async fn connect(
        &self,
        begun_by: EndUser,
        present: Option<Present<EndUser>>,
        login: CompletedLogin,
    ) -> Result<Redirect, Error> {
        let CompletedLogin { identity, tokens, return_to } = login;
        let lease = self.hold(identity.person()).await?;
        let linked = self.link(&begun_by, present, &identity).await;
        self.core.vault.give_back(&lease).await?;
        let added = linked?;
        self.core.vault.keep(identity.person(), identity.provider(), &tokens).await?;
        if added {
            self.tell_owner(&begun_by, &identity).await;
        }
        Ok(Redirect { location: self.core.destination(&return_to), cookies: Vec::new() })
    }

    /// By the linking policy, whether it is added now; `false` if it was there before.
    async fn link(
        &self,
        account: &EndUser,
        present: Option<Present<EndUser>>,
        identity: &Identity,
    ) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let purpose = Purpose::Connect(account.clone());
            let Judged { decision, observed } =
                self.judge(purpose, present.clone(), identity, self.now()).await?;
            let added = match &decision.action {
                Action::Link(account) => {
                    let method = self.method(identity, account);
                    self.core.ensure_founder(account, self.now()).await?;
                    self.core.vault.take_method(&method, observed.as_ref()).await?.then_some(true)
                }
                Action::SignIn(_) => Some(false),
                Action::Refuse | Action::ProveThenLink(_) | Action::Create(_) => {
                    self.announce(identity, &decision);
                    return Err(AccountError::Refused(decision.rule).into());
                }
            };
            if let Some(added) = added {
                self.announce(identity, &decision);
                return Ok(added);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Somebody who waits to sign up has proved an account by another identity of it.
    async fn proved_account(
        &self,
        mark: &str,
        login: &CompletedLogin,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let (id, waiting) = self.waiting(headers).await?;
        if id.mark() != mark {
            return Err(SignUpError::NotWaiting.into());
        }
        let person = login.identity.person();
        let opened = self.opened_by(person).await?.filter(|(_, user)| !self.accounts.is_closed(user));
        // Whether there is an account at all, is not told.
        let (prover, _) = opened.ok_or(AccountError::Refused(Rule::ConnectOfAnother))?;
        let redirect = self.link_waiting(&id, &waiting, prover, headers).await?;
        self.core.vault.keep(person, login.identity.provider(), &login.tokens).await?;
        Ok(redirect)
    }

    /// Connects who waits to sign up to the account that the policy named, if its owner is `prover`.
    pub(super) async fn link_waiting(
        &self,
        id: &SignUpId,
        waiting: &Waiting,
        prover: EndUser,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let identity = &waiting.identity;
        let lease = self.hold(identity.person()).await?;
        let linked = self.link_proved(identity, prover).await;
        self.core.vault.give_back(&lease).await?;
        let account = linked?;
        self.tell_owner(&account, identity).await;
        self.core.vault.finish_sign_up(id).await?;
        let mut cookies = vec![self.core.cookies.clear(&self.core.cookies.sign_up())];
        let Redirect { location, cookies: further } = self.enter(&account, waiting, headers).await?;
        cookies.extend(further);
        Ok(Redirect { location, cookies })
    }

    async fn link_proved(&self, identity: &Identity, prover: EndUser) -> Result<EndUser, Error> {
        let Judged { decision, .. } = self.judge(Purpose::SignIn, None, identity, self.now()).await?;
        let Action::ProveThenLink(account) = decision.action else {
            // What was to be proved has changed meanwhile: the page shows what is asked now.
            return Err(SignUpError::NotWaiting.into());
        };
        self.link(&account, Some(Present { account: prover, fresh: true }), identity).await?;
        Ok(account)
    }

    /// The link stands; its owner hears of it by another road.
    async fn tell_owner(&self, account: &EndUser, identity: &Identity) {
        let change = MethodChange {
            account: account.clone(),
            person: identity.person().clone(),
            provider: identity.provider().to_owned(),
            added: true,
        };
        self.tell_change(&change).await;
    }
}
