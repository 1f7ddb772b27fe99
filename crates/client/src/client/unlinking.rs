//! Ending a person's link to the service, from our side.

use super::{AccessError, Client};
use crate::{identity::EndUser, tokens::Tokens};

impl<U: Send + Sync + 'static> Client<U> {
    /// Ends the link: tells the provider, forgets the person's tokens and ends their sessions. The account stays.
    ///
    /// Whether the provider was told: `false` where it has no way to be. What is over already is ended all the same.
    ///
    /// # Errors
    /// The provider does not work at this moment, or refuses this client: then nothing is forgotten, and it can be tried
    /// again.
    pub async fn unlink(&self, person: &EndUser) -> Result<bool, AccessError> {
        let told = match self.access_token(person).await {
            Ok(_) => self.tell(person).await,
            Err(AccessError::SignInAgain) => Ok(false),
            Err(error) => Err(error),
        };
        let told = match told {
            Err(AccessError::SignInAgain) => false,
            other => other?,
        };
        self.core.vault.forget(person, self.now()).await?;
        Ok(told)
    }

    async fn tell(&self, person: &EndUser) -> Result<bool, AccessError> {
        let Some(kept) = self.core.vault.tokens(person).await? else { return Ok(false) };
        let provider = self.core.giver(person, &kept).map_err(crate::error::Error::from)?;
        let tokens: &Tokens = &kept.tokens;
        Ok(provider.unlink(person, tokens, self.core.clock.now()).await?)
    }
}
