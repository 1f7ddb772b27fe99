//! Leaving the provider, too — OIDC RP-Initiated Logout §2.

use super::Client;
use crate::{error::Error, identity::EndUser};

impl<U: Send + Sync + 'static> Client<U> {
    /// Where the person's browser signs out at the provider; `None` if the provider has no such page or nothing of theirs is
    /// kept. The session here is ended by [`sign_out`](Self::sign_out), before.
    ///
    /// # Errors
    /// The vault cannot be read, or the provider's metadata cannot be had.
    pub async fn sign_out_address(
        &self,
        person: &EndUser,
        back_to: Option<&str>,
    ) -> Result<Option<String>, Error> {
        let Some(kept) = self.vault().tokens(person).await? else { return Ok(None) };
        let provider = self.core.giver(person, &kept)?;
        provider.sign_out_address(&kept.tokens, back_to, self.now()).await
    }
}
