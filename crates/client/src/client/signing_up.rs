//! From the sign-up form to an account: one for each person, whoever asks how often at once.

use http::HeaderMap;

use super::{Client, arriving::Account, judging::Judged, web::Admission};
use crate::{
    accounts, cookie,
    error::Error,
    identity::Identity,
    linking::{Action, Purpose},
    redirect::Redirect,
    sign_in_methods::AccountError,
    sign_up::{Answers, Field, Problem, SignUpError, SignUpForm, SignUpId, SignUpOutcome, Waiting},
    terms::{self, Term},
    vault::Lease,
};

/// What is asked of whoever waits.
struct Asked {
    fields: Vec<Field>,
    terms: Vec<Term>,
}

impl<U: Send + Sync + 'static> Client<U> {
    /// The form for whoever waits in the browser whose request has these `headers`.
    ///
    /// # Errors
    /// [`SignUpError`], or the vault or the accounts failed.
    pub async fn sign_up_form(&self, headers: &HeaderMap) -> Result<SignUpForm, Error> {
        let (_, waiting) = self.waiting(headers).await?;
        let asked = self.asked(&waiting).await?;
        Ok(form(&waiting, asked, Answers::default(), Vec::new()))
    }

    /// Who waits to sign up in the browser whose request has these `headers`.
    ///
    /// # Errors
    /// [`SignUpError::NotWaiting`], or the vault failed.
    pub async fn waiting_identity(&self, headers: &HeaderMap) -> Result<Identity, Error> {
        Ok(self.waiting(headers).await?.1.identity)
    }

    /// Takes the answers: a `body` of `application/x-www-form-urlencoded`.
    ///
    /// Whoever calls this has checked that the form was posted by a page of this service.
    ///
    /// # Errors
    /// [`SignUpError`], [`AccountError::Refused`], or the vault or the accounts failed. Wrong answers are no error, see
    /// [`SignUpOutcome`].
    pub async fn sign_up(&self, headers: &HeaderMap, body: &[u8]) -> Result<SignUpOutcome, Error> {
        let (id, waiting) = self.waiting(headers).await?;
        let asked = self.asked(&waiting).await?;
        let (answers, mut problems) = if asked.fields.is_empty() {
            (Answers::default(), Vec::new())
        } else {
            self.core.fields.read(body)?
        };
        let (agreed, open) = terms::read(&asked.terms, body)?;
        problems.extend(open);
        let answers = answers.with_terms(agreed);
        if !problems.is_empty() {
            return Ok(SignUpOutcome::Again(Box::new(form(&waiting, asked, answers, problems))));
        }
        let lease = self.hold(waiting.identity.person()).await?;
        let settled = self.settle_once(&id, &waiting, &answers, &lease).await;
        self.core.vault.give_back(&lease).await?;
        if let Account::Refused(problems) = settled? {
            return Ok(SignUpOutcome::Again(Box::new(form(&waiting, asked, answers, problems))));
        }
        let admission = Admission::of(&waiting.identity, &waiting.tokens);
        let mut redirect = self.core.admit(admission, &waiting.return_to, headers).await?;
        redirect.cookies.push(self.core.cookies.clear(&self.core.cookies.sign_up()));
        Ok(SignUpOutcome::Done(redirect))
    }

    /// Makes an account without asking anything.
    pub(super) async fn make_account(
        &self,
        waiting: &Waiting,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let lease = self.hold(waiting.identity.person()).await?;
        let settled = self.settle(waiting, &Answers::default(), &lease).await;
        self.core.vault.give_back(&lease).await?;
        // Nothing was asked, so there is nothing that the person could correct.
        if let Account::Refused(_) = settled? {
            return Err(accounts::failed("answers were refused although nothing was asked".into()));
        }
        let admission = Admission::of(&waiting.identity, &waiting.tokens);
        self.core.admit(admission, &waiting.return_to, headers).await
    }

    async fn settle_once(
        &self,
        id: &SignUpId,
        waiting: &Waiting,
        answers: &Answers,
        lease: &Lease,
    ) -> Result<Account, Error> {
        // Asked again now that nobody else is at it: the same form may have been posted twice.
        if self.core.vault.waiting(id, self.now()).await?.is_none() {
            return Err(SignUpError::NotWaiting.into());
        }
        let settled = self.settle(waiting, answers, lease).await?;
        if let Account::Exists(account) = &settled {
            self.core.vault.agree(account, answers.agreed_terms(), self.now()).await?;
            self.core.vault.finish_sign_up(id).await?;
        }
        Ok(settled)
    }

    /// What is asked: a new person for everything, a known one for terms that are new.
    async fn asked(&self, waiting: &Waiting) -> Result<Asked, Error> {
        let Judged { decision, .. } =
            self.judge(Purpose::SignIn, None, &waiting.identity, self.now()).await?;
        match decision.action {
            Action::SignIn(account) => {
                Ok(Asked { fields: Vec::new(), terms: self.terms_to_ask(Some(&account)).await? })
            }
            Action::Create(_) => {
                let fields = self.core.fields.as_slice().to_vec();
                Ok(Asked { fields, terms: self.terms_to_ask(None).await? })
            }
            Action::ProveThenLink(_) | Action::Link(_) => Err(SignUpError::ProofNeeded.into()),
            Action::Refuse => Err(AccountError::Refused(decision.rule).into()),
        }
    }

    pub(super) async fn waiting(&self, headers: &HeaderMap) -> Result<(SignUpId, Waiting), Error> {
        let id = cookie::read(headers, &self.core.cookies.sign_up()).and_then(SignUpId::parse);
        let id = id.ok_or(SignUpError::NotWaiting)?;
        let waiting = self.core.vault.waiting(&id, self.now()).await?;
        let waiting = waiting.filter(|waiting| waiting.adding.is_none()).ok_or(SignUpError::NotWaiting)?;
        Ok((id, waiting))
    }
}

fn form(waiting: &Waiting, asked: Asked, answers: Answers, problems: Vec<Problem>) -> SignUpForm {
    let Asked { fields, terms } = asked;
    SignUpForm { identity: waiting.identity.clone(), fields, terms, answers, problems }
}
