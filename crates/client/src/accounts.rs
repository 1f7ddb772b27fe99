//! The application's accounts.

use std::{error, future::Future, pin::Pin, sync::Arc};

use crate::{
    error::Error,
    identity::{EndUser, Identity},
    notice::ProviderEvent,
    sign_up::{Answers, Problem},
};

/// Any error of the application.
pub type BoxError = Box<dyn error::Error + Send + Sync>;

/// The application's accounts, found by who the provider says somebody is and by nothing else.
///
/// Keep a row with a unique key over issuer and subject. Never look an account up by e-mail address: addresses
/// change hands, and a provider's word about one is no proof that its owner made the account.
pub trait Accounts: Send + Sync + 'static {
    /// A user of the application.
    type User: Send + Sync + 'static;

    /// The account of this person, if there is one. Asked on every request of a signed-in browser.
    fn find(&self, person: &EndUser) -> impl Future<Output = Result<Option<Self::User>, BoxError>> + Send;

    /// Makes the account of this person, who answered the sign-up form.
    ///
    /// The client lets one process at a time make the account of one person. A unique key is still the application's
    /// part; if it finds that the account exists already, it returns that one.
    fn create(
        &self,
        identity: &Identity,
        answers: &Answers,
    ) -> impl Future<Output = Result<Self::User, CreateError>> + Send;

    /// A provider told of something that happened there. Tokens and sessions that are over have ended already; what else it
    /// means to the service is done here. May be told more than once.
    fn notified(&self, event: &ProviderEvent) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = event;
        async { Ok(()) }
    }
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The person must correct the answers: the form is shown again with these problems.
    #[error("the answers must be corrected")]
    Answers(Vec<Problem>),
    /// Something of the application failed.
    #[error("the account could not be made")]
    Failed(#[source] BoxError),
}

impl CreateError {
    /// Something of the application failed.
    pub fn failed(error: impl Into<BoxError>) -> Self {
        Self::Failed(error.into())
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// [`Accounts`] without its name, so that [`Client`](crate::Client) has one parameter: the user.
pub(crate) trait ErasedAccounts<U>: Send + Sync {
    fn find<'a>(&'a self, person: &'a EndUser) -> Answer<'a, Result<Option<U>, Error>>;

    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        answers: &'a Answers,
    ) -> Answer<'a, Result<U, CreateError>>;

    fn notified<'a>(&'a self, event: &'a ProviderEvent) -> Answer<'a, Result<(), Error>>;
}

impl<A: Accounts> ErasedAccounts<A::User> for A {
    fn find<'a>(&'a self, person: &'a EndUser) -> Answer<'a, Result<Option<A::User>, Error>> {
        Box::pin(async move { Accounts::find(self, person).await.map_err(failed) })
    }

    fn create<'a>(
        &'a self,
        identity: &'a Identity,
        answers: &'a Answers,
    ) -> Answer<'a, Result<A::User, CreateError>> {
        Box::pin(Accounts::create(self, identity, answers))
    }

    fn notified<'a>(&'a self, event: &'a ProviderEvent) -> Answer<'a, Result<(), Error>> {
        Box::pin(async move { Accounts::notified(self, event).await.map_err(failed) })
    }
}

pub(crate) fn failed(error: BoxError) -> Error {
    Error::Accounts(Arc::from(error))
}
