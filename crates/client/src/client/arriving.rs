//! From a proven identity to a session: a known person is in at once, a new one meets the sign-up step.

use http::HeaderMap;
use mapae_protocol::time::Timestamp;

use super::{Client, Core, judging::Judged, paths, web::Admission};
use crate::{
    accounts::{self, CreateError},
    callback::CompletedLogin,
    error::Error,
    identity::{EndUser, Identity},
    linking::{Action, AddressUse, Purpose},
    redirect::Redirect,
    sign_in_methods::{self, AccountError},
    sign_up::{self, Answers, Problem, SignUpError, SignUpId, Waiting},
    terms::Term,
    vault::{Lease, Method, StoreError, Taker},
};

/// How often a decision is taken again because somebody else was faster.
pub(super) const ATTEMPTS: usize = 8;

/// What came of wanting an account.
pub(super) enum Account {
    /// This one.
    Exists(EndUser),
    /// The application does not take the answers.
    Refused(Vec<Problem>),
}

impl Core {
    /// Whether these are the answers of a new person, who is asked for everything.
    fn are_complete(&self, answers: &Answers) -> bool {
        let agreed = answers.agreed_terms();
        let has = |term: &Term| {
            agreed.iter().any(|agreed| agreed.term == term.name() && agreed.version == term.version())
        };
        let mut required = self.terms.as_slice().iter().filter(|term| term.is_required());
        (self.fields.is_empty() || answers.were_asked()) && required.all(has)
    }
}

impl<U: Send + Sync + 'static> Client<U> {
    pub(super) async fn arrive(&self, login: CompletedLogin, headers: &HeaderMap) -> Result<Redirect, Error> {
        let now = self.now();
        self.tidy_if_due(now).await;
        let CompletedLogin { identity, tokens, return_to } = login;
        let waiting =
            Waiting { identity, tokens, return_to, expires_at: now.plus(sign_up::LIFE), adding: None };
        let Judged { decision, .. } = self.judge(Purpose::SignIn, None, &waiting.identity, now).await?;
        self.core.ensure_standing(&waiting.identity).await?;
        match &decision.action {
            Action::SignIn(account) => {
                self.announce(&waiting.identity, &decision);
                self.enter(account, &waiting, headers).await
            }
            Action::Refuse => {
                self.announce(&waiting.identity, &decision);
                Err(AccountError::Refused(decision.rule).into())
            }
            Action::Create(_) if self.core.fields.is_empty() && self.core.terms.is_empty() => {
                match self.make_account(&waiting, headers).await {
                    Err(Error::SignUp(SignUpError::ProofNeeded)) => self.overtaken(&waiting).await,
                    made => made,
                }
            }
            // Decided, and told, when the form is answered.
            Action::Create(_) => self.wait(&waiting, now).await,
            Action::ProveThenLink(_) | Action::Link(_) => {
                self.announce(&waiting.identity, &decision);
                self.wait(&waiting, now).await
            }
        }
    }

    /// Signs in to an account, unless there are new terms to agree to first.
    pub(super) async fn enter(
        &self,
        account: &EndUser,
        waiting: &Waiting,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        if !self.terms_to_ask(Some(account)).await?.is_empty() {
            return self.wait(waiting, self.now()).await;
        }
        let admission = Admission::of(&waiting.identity, &waiting.tokens);
        self.core.admit(admission, &waiting.return_to, headers).await
    }

    /// Decides once more, now that nobody else is at it, and does what was decided.
    pub(super) async fn settle(
        &self,
        waiting: &Waiting,
        answers: &Answers,
        lease: &Lease,
    ) -> Result<Account, Error> {
        for _ in 0..ATTEMPTS {
            let Judged { decision, .. } =
                self.judge(Purpose::SignIn, None, &waiting.identity, self.now()).await?;
            // Before anything is written, and after the facts: what ends in between is found by the write.
            self.core.ensure_standing(&waiting.identity).await?;
            let done = match &decision.action {
                Action::SignIn(_) if !waiting.can_sign_in(self.now()) => {
                    return Err(SignUpError::NotWaiting.into());
                }
                Action::SignIn(account) => Some(Account::Exists(account.clone())),
                // The account that was asked about only for new terms has gone meanwhile.
                Action::Create(_) if !self.core.are_complete(answers) => {
                    return Err(SignUpError::NotWaiting.into());
                }
                Action::Create(address) => self.found(&waiting.identity, answers, address, lease).await?,
                Action::ProveThenLink(_) | Action::Link(_) => return Err(SignUpError::ProofNeeded.into()),
                Action::Refuse => return Err(AccountError::Refused(decision.rule).into()),
            };
            if matches!(done, Some(Account::Exists(_))) {
                self.announce(&waiting.identity, &decision);
            }
            if let Some(done) = done {
                return Ok(done);
            }
        }
        Err(StoreError::Busy.into())
    }

    /// Makes an account; `None` if the identity or the address has become somebody's meanwhile, everything of theirs has
    /// ended, or it is somebody else's turn by now.
    async fn found(
        &self,
        identity: &Identity,
        answers: &Answers,
        address: &AddressUse<EndUser>,
        lease: &Lease,
    ) -> Result<Option<Account>, Error> {
        let person = identity.person();
        // Before there is an account: what a deleted one left behind must never open the new one.
        if !self.core.vault.clear_for(person, lease).await? {
            return Ok(None);
        }
        let observed = self.core.vault.method(person).await?;
        match self.accounts.create(identity, &answers.clone().with_address(address.clone())).await {
            Ok(_) => {}
            Err(CreateError::Answers(problems)) => return Ok(Some(Account::Refused(problems))),
            Err(CreateError::AddressTaken) => return Ok(None),
            Err(CreateError::Failed(error)) => return Err(accounts::failed(error)),
        }
        let method = self.method(identity, person);
        let by = Taker::Founder { entrant: identity.into(), lease };
        let taken = self.core.vault.take_method_by(&by, (&method, observed.as_ref()), self.now()).await?;
        Ok(taken.then(|| Account::Exists(person.clone())))
    }

    /// That this identity opens `account`.
    pub(super) fn method(&self, identity: &Identity, account: &EndUser) -> Method {
        Method {
            person: identity.person().clone(),
            account: account.clone(),
            provider: identity.provider().to_owned(),
            hint: sign_in_methods::hint(identity),
            given_to: identity.given_to().map(str::to_owned),
            added_at: self.now(),
            removed_at: None,
        }
    }

    /// Somebody took the address since it was decided to make an account: what is asked now, the sign-up step says.
    async fn overtaken(&self, waiting: &Waiting) -> Result<Redirect, Error> {
        let now = self.now();
        let Judged { decision, .. } = self.judge(Purpose::SignIn, None, &waiting.identity, now).await?;
        self.announce(&waiting.identity, &decision);
        self.wait(waiting, now).await
    }

    /// To the sign-up step.
    async fn wait(&self, waiting: &Waiting, now: Timestamp) -> Result<Redirect, Error> {
        let id = SignUpId::generate();
        self.core.vault.await_sign_up(&id, waiting, now).await?;
        let cookie = self.core.cookies.set(&self.core.cookies.sign_up(), id.expose(), sign_up::LIFE);
        Ok(Redirect { location: paths::SIGN_UP.to_owned(), cookies: vec![cookie] })
    }
}
