//! What a login was begun for, besides signing in: done when it comes back, in the session that began it.

use http::HeaderMap;
use mapae_protocol::time::Timestamp;

use super::{Client, arriving::ATTEMPTS, judging::Judged, seat::Seated, web::Admission};
use crate::{
    before_proof::BeforeProof,
    callback::CompletedLogin,
    errand::Errand,
    error::Error,
    identity::{EndUser, Identity},
    linking::{Action, Present, Purpose, Rule},
    redirect::Redirect,
    sign_in_methods::{AccountError, MethodChange},
    sign_up::{SignUpError, SignUpId, Waiting},
    tokens::Tokens,
    vault::{Method, Prover, StoreError, Taker},
};

/// Who says that an identity is added to an account.
enum Owner<'a> {
    /// Whoever has the session that began, and saw on a page whom they add: who waits under this id.
    Session(&'a SignUpId, Began<'a>),
    /// Whoever waits under this id has proved the account.
    Proved(&'a SignUpId, Proof<'a>),
}

/// By what an account was proved for who waits.
pub(super) enum Proof<'a> {
    /// By another of its identities.
    Identity(&'a Identity),
    /// By the application itself, as with a password.
    Application(BeforeProof),
}

/// The account that is proved, and the row that says so.
struct Proved {
    account: EndUser,
    method: Option<Method>,
}

/// Somebody whom the owner of an account has seen on a page and said yes to.
pub(super) struct Confirmed<'a> {
    /// Under which they waited.
    pub(super) id: &'a SignUpId,
    pub(super) waiting: &'a Waiting,
    /// To which they are added.
    pub(super) account: &'a EndUser,
    /// By whom.
    pub(super) began: Began<'a>,
}

/// What a login was begun in, and what the browser brings back.
pub(super) struct Began<'a> {
    /// The name of the session.
    pub(super) sid: &'a str,
    pub(super) at: Timestamp,
    pub(super) headers: &'a HeaderMap,
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
                self.offer(account, &Began { sid: &sid, at: begun_at, headers }, login).await
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
        let opened = self.opened_by_who_came(&identity).await?;
        if opened.is_none_or(|(opened, _)| opened != account) {
            return Err(AccountError::AnotherAccount.into());
        }
        let entry = Admission::of(&identity, &tokens).entry();
        let (id, cookies) = self.core.open_session(&entry, Some(sid)).await?;
        self.core.vault.note_fresh(&id, self.now()).await?;
        Ok(Redirect { location: self.core.destination(&return_to), cookies })
    }

    /// Who is signed in where the browser comes back, and whether it is the very session that began, and was fresh then.
    pub(super) async fn present_at(&self, began: &Began<'_>) -> Result<Option<Present<EndUser>>, Error> {
        let seat = self.core.returning_seat(began.sid, began.headers).await?;
        let Some(Seated { seat, account, .. }) = self.seated(seat).await? else { return Ok(None) };
        let fresh = seat.sid == began.sid && self.core.is_fresh(began.sid, began.at).await?;
        Ok(Some(Present { account, fresh }))
    }

    /// Adds the identity to the account that began, if its owner is still there and the identity is nobody else's.
    pub(super) async fn connect(&self, confirmed: Confirmed<'_>) -> Result<Redirect, Error> {
        let Confirmed { id, waiting: Waiting { identity, tokens, return_to, .. }, account, began } =
            confirmed;
        let lease = self.hold(identity.person()).await?;
        let linked = self.link(account, &Owner::Session(id, began), identity).await;
        let given_back = self.core.vault.give_back(&lease).await;
        // Before anything else can fail: a way in that its owner does not hear of may be somebody else's.
        if linked? {
            self.tell_owner(account, identity).await;
        }
        given_back?;
        self.keep(identity, tokens).await?;
        self.core.vault.finish_sign_up(id).await?;
        Ok(Redirect { location: self.core.destination(return_to), cookies: Vec::new() })
    }

    /// By the linking policy, whether it is added now; `false` if it was there before. Who the owner is counts as it is at the
    /// commit: the unit holds only as long as the session is alive that says so, or the way in by which they proved it.
    async fn link(&self, account: &EndUser, owner: &Owner<'_>, identity: &Identity) -> Result<bool, Error> {
        for _ in 0..ATTEMPTS {
            let (present, prover) = match owner {
                Owner::Session(_, began) => (self.present_at(began).await?, None),
                Owner::Proved(id, proof) => {
                    let Proved { account, method } = self.proved(id, proof).await?;
                    (Some(Present { account, fresh: true }), method)
                }
            };
            let purpose = Purpose::Connect(account.clone());
            let Judged { decision, observed } = self.judge(purpose, present, identity, self.now()).await?;
            // After the facts: what ends in between is found by the write.
            self.core.ensure_standing(identity).await?;
            let added = match &decision.action {
                Action::Link(account) => {
                    let method = self.method(identity, account);
                    self.core.ensure_founder(account, self.now()).await?;
                    let by = taker(owner, prover.as_ref(), identity)?;
                    let taking = (&method, observed.as_ref());
                    self.core.vault.take_method_by(&by, taking, self.now()).await?.then_some(true)
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

    /// The account that is proved at this moment, for who still waits.
    async fn proved(&self, id: &SignUpId, proof: &Proof<'_>) -> Result<Proved, Error> {
        if self.core.vault.waiting(id, self.now()).await?.is_none() {
            return Err(SignUpError::NotWaiting.into());
        }
        let identity = match proof {
            Proof::Application(before) => {
                // Everything has ended, a way in was taken off, or it is deleted: the password may be another one.
                if !self.core.vault.is_unchanged(before).await? {
                    return Err(AccountError::NotFresh.into());
                }
                return Ok(Proved { account: before.account.clone(), method: None });
            }
            Proof::Identity(identity) => identity,
        };
        let person = identity.person();
        let opened =
            self.opened_by_who_came(identity).await?.filter(|(_, user)| !self.accounts.is_closed(user));
        // Whether there is an account at all, is not told.
        let (account, _) = opened.ok_or(AccountError::Refused(Rule::ConnectOfAnother))?;
        // The write holds on to a row, and a founder may have none yet.
        self.core.ensure_founder(&account, self.now()).await?;
        let method = self.core.vault.method(person).await?.filter(|method| method.account == account);
        // What has ended proves nothing any more.
        self.core.ensure_standing(identity).await?;
        Ok(Proved { account, method: Some(method.ok_or(AccountError::Refused(Rule::ConnectOfAnother))?) })
    }

    /// Keeps what came with a login that begins no session, unless everything of its person has ended since.
    pub(super) async fn keep(&self, identity: &Identity, tokens: &Tokens) -> Result<(), Error> {
        let entry = Admission::of(identity, tokens).entry();
        if !self.core.vault.keep(&entry, self.now()).await? {
            tracing::info!(provider = identity.provider(), "what came is not kept: it has ended meanwhile");
        }
        Ok(())
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
        let proof = Proof::Identity(&login.identity);
        let redirect = self.link_waiting(&id, &waiting, proof, headers).await?;
        self.keep(&login.identity, &login.tokens).await?;
        Ok(redirect)
    }

    /// Connects who waits to sign up to the account that the policy named, if it is the one that was proved.
    pub(super) async fn link_waiting(
        &self,
        id: &SignUpId,
        waiting: &Waiting,
        proof: Proof<'_>,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let identity = &waiting.identity;
        let lease = self.hold(identity.person()).await?;
        let linked = self.link_proved(identity, &Owner::Proved(id, proof)).await;
        let given_back = self.core.vault.give_back(&lease).await;
        let account = linked?;
        // First, as above.
        self.tell_owner(&account, identity).await;
        given_back?;
        self.core.vault.finish_sign_up(id).await?;
        let mut cookies = vec![self.core.cookies.clear(&self.core.cookies.sign_up())];
        let Redirect { location, cookies: further } = self.enter(&account, waiting, headers).await?;
        cookies.extend(further);
        Ok(Redirect { location, cookies })
    }

    async fn link_proved(&self, identity: &Identity, owner: &Owner<'_>) -> Result<EndUser, Error> {
        if let Owner::Proved(id, proof) = owner {
            self.proved(id, proof).await?;
        }
        let Judged { decision, .. } = self.judge(Purpose::SignIn, None, identity, self.now()).await?;
        let Action::ProveThenLink(account) = decision.action else {
            // What was to be proved has changed meanwhile: the page shows what is asked now.
            return Err(SignUpError::NotWaiting.into());
        };
        self.link(&account, owner, identity).await?;
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

/// On whose word `identity` becomes a way in.
fn taker<'a>(
    owner: &'a Owner<'_>,
    prover: Option<&'a Method>,
    identity: &'a Identity,
) -> Result<Taker<'a>, AccountError> {
    let entrant = identity.into();
    let (id, prover) = match owner {
        Owner::Session(id, began) => return Ok(Taker::Session { entrant, sid: began.sid, id }),
        Owner::Proved(id, Proof::Identity(proof)) => {
            let method = prover.ok_or(AccountError::Refused(Rule::ConnectOfAnother))?;
            (id, Prover::Identity((*proof).into(), method))
        }
        Owner::Proved(id, Proof::Application(before)) => (id, Prover::Application(before)),
    };
    Ok(Taker::Waiting { entrant, id, prover })
}
