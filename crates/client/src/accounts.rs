//! The application's accounts.

use std::{error, future::Future, pin::Pin, sync::Arc};

use crate::{
    error::Error,
    identity::{EndUser, Identity},
    linking::{Decision, Holder},
    notice::ProviderEvent,
    sign_in_methods::MethodChange,
    sign_up::{Answers, Problem},
};

/// Any error of the application.
pub type BoxError = Box<dyn error::Error + Send + Sync>;

/// The application's accounts, found by who the provider says somebody is and by nothing else.
///
/// Keep a row with a unique key over issuer and subject. An account is called by the identity that founded it, for ever;
/// further [sign-in methods](crate::SignInMethods) are kept by the client, which turns each into that one name before it asks.
/// Never look an account up by e-mail address: addresses change hands, and a provider's word about one is no proof that
/// its owner made the account.
pub trait Accounts: Send + Sync + 'static {
    /// A user of the application.
    type User: Send + Sync + 'static;

    /// The account that this person founded, if there is one. Asked on every request of a signed-in browser.
    fn find(&self, person: &EndUser) -> impl Future<Output = Result<Option<Self::User>, BoxError>> + Send;

    /// Makes the account of this person, who answered the sign-up form.
    ///
    /// The client lets one process at a time make the account of one person. A unique key is still the application's
    /// part; if it finds that the account exists already, it returns that one. A unique key over addresses, too, where they are
    /// unique: two people may come with one address at once ([`CreateError::AddressTaken`]).
    fn create(
        &self,
        identity: &Identity,
        answers: &Answers,
    ) -> impl Future<Output = Result<Self::User, CreateError>> + Send;

    /// Whether the account is closed to its owner: nobody signs in to it, and who is signed in is out. Default: never.
    fn is_closed(&self, user: &Self::User) -> bool {
        let _ = user;
        false
    }

    /// Whether the owner has a way in that the application keeps itself, as a password: then the last sign-in method may be
    /// removed. Default: no.
    fn opens_otherwise(&self, user: &Self::User) -> bool {
        let _ = user;
        false
    }

    /// The account that has this e-mail address, in its [canonical form](crate::linking::EmailAddress), if the
    /// application keeps addresses unique. Only a question begins with it: nothing is linked by an address. Default: none.
    ///
    /// An account that no identity founded has a name that the application makes: its own address as the issuer, its own
    /// id as the subject.
    fn holder(
        &self,
        address: &str,
    ) -> impl Future<Output = Result<Option<Holder<EndUser>>, BoxError>> + Send {
        let _ = address;
        async { Ok(None) }
    }

    /// It was decided which account this person gets. For a log of the application's own; be quick.
    fn decided(&self, person: &EndUser, decision: &Decision<EndUser>) {
        let _ = (person, decision);
    }

    /// The ways into an account were changed. Tell the owner by another road than this browser, for instance by mail:
    /// whoever did it may not be the owner. The change stands whatever comes of that.
    fn method_changed(&self, change: &MethodChange) -> impl Future<Output = Result<(), BoxError>> + Send {
        let _ = change;
        async { Ok(()) }
    }

    /// A provider told of something that happened there. Tokens and sessions that are over have ended already; what else it
    /// means to the service is done here. May be told more than once.
    ///
    /// The event names the person at that provider. Where somebody has several ways in, the account that they open is that of
    /// [`Client::account_of`](crate::Client::account_of).
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
    /// The address cannot be noted as [`Answers::address_use`] says: somebody took it, or proved it, since that was decided. The
    /// linking policy is asked again.
    #[error("the address is somebody else's by now")]
    AddressTaken,
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

    fn is_closed(&self, user: &U) -> bool;

    fn opens_otherwise(&self, user: &U) -> bool;

    fn holder<'a>(&'a self, address: &'a str) -> Answer<'a, Result<Option<Holder<EndUser>>, Error>>;

    fn decided(&self, person: &EndUser, decision: &Decision<EndUser>);

    fn method_changed<'a>(&'a self, change: &'a MethodChange) -> Answer<'a, Result<(), Error>>;
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

    fn is_closed(&self, user: &A::User) -> bool {
        Accounts::is_closed(self, user)
    }

    fn opens_otherwise(&self, user: &A::User) -> bool {
        Accounts::opens_otherwise(self, user)
    }

    fn holder<'a>(&'a self, address: &'a str) -> Answer<'a, Result<Option<Holder<EndUser>>, Error>> {
        Box::pin(async move { Accounts::holder(self, address).await.map_err(failed) })
    }

    fn decided(&self, person: &EndUser, decision: &Decision<EndUser>) {
        Accounts::decided(self, person, decision);
    }

    fn method_changed<'a>(&'a self, change: &'a MethodChange) -> Answer<'a, Result<(), Error>> {
        Box::pin(async move { Accounts::method_changed(self, change).await.map_err(failed) })
    }
}

pub(crate) fn failed(error: BoxError) -> Error {
    Error::Accounts(Arc::from(error))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A service at which nobody has an account.
    pub(crate) struct Nobody;

    impl Accounts for Nobody {
        type User = ();

        async fn find(&self, _: &EndUser) -> Result<Option<()>, BoxError> {
            Ok(None)
        }

        async fn create(&self, _: &Identity, _: &Answers) -> Result<(), CreateError> {
            Ok(())
        }
    }
}
