//! Ending a person's link to the service, from our side.

use super::{AccessError, Client};
use crate::{
    error::{Class, Error},
    identity::EndUser,
    vault::Link,
};

impl<U: Send + Sync + 'static> Client<U> {
    /// Ends the link: tells the provider, forgets the person's tokens and ends their sessions. The account stays. Who
    /// signs in again before the provider has answered stays in, with the tokens of that.
    ///
    /// Whether the provider was told: `false` where it has no way to be, or none for a client without a secret. What is over already is ended all the same.
    ///
    /// # Errors
    /// The provider does not work at this moment, or refuses this client, as after its secret was changed there
    /// ([`AccessError::Configuration`]): then nothing is forgotten, and it can be tried again. Only who was on the way in begins
    /// anew.
    pub async fn unlink(&self, person: &EndUser) -> Result<bool, AccessError> {
        let link = self.core.vault.link(person, self.now()).await?;
        self.end_link(&link).await
    }

    /// The same of a link as it was a moment ago.
    pub(super) async fn end_link(&self, link: &Link) -> Result<bool, AccessError> {
        let told = match self.access_token(&link.person).await {
            Ok(_) => self.tell(link).await,
            Err(AccessError::SignInAgain) => Ok(false),
            Err(error) => Err(error),
        };
        let told = match told {
            Err(AccessError::SignInAgain) => false,
            other => other?,
        };
        self.core.vault.end_link(link).await?;
        Ok(told)
    }

    async fn tell(&self, link: &Link) -> Result<bool, AccessError> {
        let (vault, person) = (&self.core.vault, &link.person);
        // What a later login brought is not what is to end.
        let Some(kept) = vault.tokens(person).await?.filter(|kept| link.has(kept)) else { return Ok(false) };
        let provider = self.core.giver(person, &kept).map_err(Error::from)?;
        provider.unlink(person, &kept.tokens, self.core.clock.now()).await.map_err(not_ended)
    }
}

/// Whether what went wrong at an unlinking says that the link is over already.
pub(super) const fn is_over(error: &Error) -> bool {
    matches!(error.class(), Class::Restart | Class::SignInAgain)
}

/// A provider that says no to this person or to this app has ended nothing.
fn not_ended(error: Error) -> AccessError {
    match error.class() {
        Class::Configuration(_) => error.into(),
        _ if is_over(&error) => AccessError::SignInAgain,
        _ => AccessError::Unavailable(Box::new(error)),
    }
}
