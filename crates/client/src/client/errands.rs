//! What a login was begun for, besides signing in: done when it comes back, in the session that began it.

use http::HeaderMap;
use mapae_protocol::time::Timestamp;

use super::{Client, arriving::ATTEMPTS, judging::Judged, seat::Seated};
use crate::{
    callback::{CallbackError, CompletedLogin},
    errand::Errand,
    error::Error,
    identity::{EndUser, Identity},
    linking::{Action, Present, Purpose, Rule},
    redirect::Redirect,
    sign_in_methods::{AccountError, MethodChange},
    sign_up::{SignUpError, SignUpId, Waiting},
    vault::{Method, StoreError},
};

/// Who says that an identity is added to an account.
enum Owner<'a> {
    /// Whoever has the session that began.
    Session(Began<'a>),
    /// The account that was proved by another of its identities.
    Prover(EndUser),
}

/// What a login was begun in, and what the browser brings back.
struct Began<'a> {
    /// The name of the session.
    sid: &'a str,
    at: Timestamp,
    headers: &'a HeaderMap,
}

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
            Errand::ProveAgain { sid } => self.proved_again(&sid, login, headers).await,
            Errand::Connect { account, sid } => {
                let owner = Owner::Session(Began { sid: &sid, at: begun_at, headers });
                self.connect(&account, &owner, login).await
            }
            Errand::ProveAccount { mark } => self.proved_account(&mark, &login, headers).await,
        }
    }

    /// The person of the session is here again: a new session, which is fresh.
    async fn proved_again(
        &self,
        sid: &str,
        login: CompletedLogin,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let CompletedLogin { identity, tokens, return_to } = login;
        let seat = self.core.returning_seat(sid, headers).await?.filter(|seat| seat.sid == sid);
        let account = self.seated(seat).await?.ok_or(AccountError::AnotherSession)?.account;
        let opened = self.opened_by(identity.person()).await?;
        if opened.is_none_or(|(opened, _)| opened != account) {
            return Err(AccountError::AnotherAccount.into());
        }
        let (id, cookies) = self.core.open_session(&identity, Some(sid)).await?;
        self.core.vault.keep(identity.person(), identity.provider(), &tokens).await?;
        self.core.vault.note_fresh(&id, self.now()).await?;
        Ok(Redirect { location: self.core.destination(&return_to), cookies })
    }

    /// Who is signed in where the browser comes back, and whether it is the very session that began, and was fresh then.
    async fn present_at(&self, began: &Began<'_>) -> Result<Option<Present<EndUser>>, Error> {
        let seat = self.core.returning_seat(began.sid, began.headers).await?;
        let Some(Seated { seat, account, .. }) = self.seated(seat).await? else { return Ok(None) };
        let fresh = seat.sid == began.sid && self.core.is_fresh(began.sid, began.at).await?;
        Ok(Some(Present { account, fresh }))
    }

    /// Adds the identity to the account that began, if its owner is still there and the identity is nobody else's.
    async fn connect(
        &self,
        account: &EndUser,
        owner: &Owner<'_>,
        login: CompletedLogin,
    ) -> Result<Redirect, Error> {
        let CompletedLogin { identity, tokens, return_to } = login;
        let lease = self.hold(identity.person()).await?;
        let linked = self.link(account, owner, &identity).await;
        self.core.vault.give_back(&lease).await?;
        let added = linked?;
        self.core.vault.keep(identity.person(), identity.provider(), &tokens).await?;
        if added {
            self.tell_owner(account, &identity).await;
        }
        Ok(Redirect { location: self.core.destination(&return_to), cookies: Vec::new() })
    }

    /// By the linking policy, whether it is added now; `false` if it was there before. Who the owner is counts as it is at the
    /// commit: where a session says so, the unit holds only as long as that is alive.
    async fn link(&self, account: &EndUser, owner: &Owner<'_>, identity: &Identity) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let present = match owner {
                Owner::Session(began) => self.present_at(began).await?,
                Owner::Prover(account) => Some(Present { account: account.clone(), fresh: true }),
            };
            let purpose = Purpose::Connect(account.clone());
            let Judged { decision, observed } = self.judge(purpose, present, identity, self.now()).await?;
            let added = match &decision.action {
                Action::Link(account) => {
                    let method = self.method(identity, account);
                    self.core.ensure_founder(account, self.now()).await?;
                    self.take(owner, &method, observed.as_ref()).await?.then_some(true)
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

    async fn take(
        &self,
        owner: &Owner<'_>,
        method: &Method,
        observed: Option<&Method>,
    ) -> Result<bool, StoreError> {
        match owner {
            Owner::Session(began) => {
                self.core.vault.take_method_in(began.sid, method, observed, self.now()).await
            }
            Owner::Prover(_) => self.core.vault.take_method(method, observed).await,
        }
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
        // What has ended proves nothing any more.
        if self.core.has_ended(&(&login.identity).into(), self.now()).await? {
            return Err(CallbackError::SignedOut.into());
        }
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
        self.link(&account, &Owner::Prover(prover), identity).await?;
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
