//! From the sign-up form to an account: one for each person, whoever asks how often at once.

use std::time::Duration;

use http::HeaderMap;
use tokio::time::{Instant, sleep};

use super::{Client, Redirect, web::Admission};
use crate::{
    accounts::{self, CreateError},
    cookie,
    error::Error,
    sign_up::{Answers, Problem, SignUpError, SignUpForm, SignUpId, SignUpOutcome, Waiting},
    vault::Lease,
};

/// How often a lease is asked for that somebody else has.
pub(super) const POLL: Duration = Duration::from_millis(25);

/// How long in all.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What came of wanting an account.
enum Account {
    Exists,
    Refused(Vec<Problem>),
}

impl<U: Send + Sync + 'static> Client<U> {
    /// The form for whoever waits in the browser whose request has these `headers`.
    ///
    /// # Errors
    /// [`SignUpError::NotWaiting`], or the vault failed.
    pub async fn sign_up_form(&self, headers: &HeaderMap) -> Result<SignUpForm, Error> {
        let (_, waiting) = self.waiting(headers).await?;
        Ok(self.form(&waiting, Answers::default(), Vec::new()))
    }

    /// Takes the answers: a `body` of `application/x-www-form-urlencoded`.
    ///
    /// Whoever calls this has checked that the form was posted by a page of this service.
    ///
    /// # Errors
    /// [`SignUpError`], or the vault or the accounts failed. Wrong answers are no error, see [`SignUpOutcome`].
    pub async fn sign_up(&self, headers: &HeaderMap, body: &[u8]) -> Result<SignUpOutcome, Error> {
        let (id, waiting) = self.waiting(headers).await?;
        let (answers, problems) = self.core.fields.read(body)?;
        if !problems.is_empty() {
            return Ok(SignUpOutcome::Again(Box::new(self.form(&waiting, answers, problems))));
        }
        let lease = self.hold(&waiting).await?;
        let created = self.create_once(&id, &waiting, &answers).await;
        self.core.vault.give_back(&lease).await?;
        if let Account::Refused(problems) = created? {
            return Ok(SignUpOutcome::Again(Box::new(self.form(&waiting, answers, problems))));
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
        answers: &Answers,
        headers: &HeaderMap,
    ) -> Result<Redirect, Error> {
        let lease = self.hold(waiting).await?;
        let created = self.find_or_create(waiting, answers).await;
        self.core.vault.give_back(&lease).await?;
        // Nothing was asked, so there is nothing that the person could correct.
        if let Account::Refused(_) = created? {
            return Err(accounts::failed("answers were refused although nothing was asked".into()));
        }
        let admission = Admission::of(&waiting.identity, &waiting.tokens);
        self.core.admit(admission, &waiting.return_to, headers).await
    }

    async fn create_once(
        &self,
        id: &SignUpId,
        waiting: &Waiting,
        answers: &Answers,
    ) -> Result<Account, Error> {
        // Asked again now that nobody else is at it: the same form may have been posted twice.
        if self.core.vault.waiting(id, self.now()).await?.is_none() {
            return Err(SignUpError::NotWaiting.into());
        }
        let created = self.find_or_create(waiting, answers).await?;
        if matches!(created, Account::Exists) {
            self.core.vault.finish_sign_up(id).await?;
        }
        Ok(created)
    }

    /// LK-05: the account may have been made a moment ago, from another browser.
    async fn find_or_create(&self, waiting: &Waiting, answers: &Answers) -> Result<Account, Error> {
        if self.accounts.find(waiting.identity.person()).await?.is_some() {
            return Ok(Account::Exists);
        }
        match self.accounts.create(&waiting.identity, answers).await {
            Ok(_) => Ok(Account::Exists),
            Err(CreateError::Answers(problems)) => Ok(Account::Refused(problems)),
            Err(CreateError::Failed(error)) => Err(accounts::failed(error)),
        }
    }

    async fn hold(&self, waiting: &Waiting) -> Result<Lease, Error> {
        let lease = Lease::sign_up(waiting.identity.person());
        let until = Instant::now() + PATIENCE;
        while !self.core.vault.take(&lease, self.now()).await? {
            if Instant::now() >= until {
                return Err(accounts::failed(
                    "another process makes this account and does not finish".into(),
                ));
            }
            sleep(POLL).await;
        }
        Ok(lease)
    }

    async fn waiting(&self, headers: &HeaderMap) -> Result<(SignUpId, Waiting), Error> {
        let id = cookie::read(headers, &self.core.cookies.sign_up()).and_then(SignUpId::parse);
        let id = id.ok_or(SignUpError::NotWaiting)?;
        let waiting = self.core.vault.waiting(&id, self.now()).await?.ok_or(SignUpError::NotWaiting)?;
        Ok((id, waiting))
    }

    fn form(&self, waiting: &Waiting, answers: Answers, problems: Vec<Problem>) -> SignUpForm {
        let fields = self.core.fields.as_slice().to_vec();
        SignUpForm { identity: waiting.identity.clone(), fields, answers, problems }
    }
}
