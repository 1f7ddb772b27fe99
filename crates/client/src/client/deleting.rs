//! An account that the application has deleted: forgotten here, and over at the providers.
//!
//! It is forgotten first, in one unit, and the providers hear of it with what they had given: whoever signs in while they
//! take their time founds an account of which nothing is forgotten any more (decision 0285).

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::timeout};

use super::{Client, Core, to_its_end::to_its_end, unlinking::is_over};
use crate::{
    error::Error,
    identity::EndUser,
    linking::EmailAddress,
    sign_in_methods::is_of_a_provider,
    vault::{Kept, Method},
};

/// How long the providers are waited for, all together: a program that ends after this has told those that answer.
const WAIT: Duration = Duration::from_secs(10);

impl<U: Send + Sync + 'static> Client<U> {
    /// The application has deleted an account: its sign-in methods, sessions, tokens and agreements are forgotten. Its
    /// e-mail address rests for 30 days, in which nobody's account is made under it as proved.
    ///
    /// Then the link ends at each provider by which its owner could sign in, as by [`unlink`](Self::unlink). All are told at
    /// once and waited for ten seconds at most; one that is slower hears of it behind the caller's back, and one that does not
    /// take it stands in the log: nothing is kept here with which it could be told again.
    ///
    /// # Errors
    /// The vault failed: call it again.
    pub async fn account_deleted(&self, account: &EndUser, address: Option<&str>) -> Result<(), Error> {
        let (client, account) = (self.clone(), account.clone());
        let address = address.and_then(|text| EmailAddress::parse(text).ok());
        to_its_end(async move { client.forget(&account, address.as_ref()).await }).await
    }

    async fn forget(&self, account: &EndUser, address: Option<&EmailAddress>) -> Result<(), Error> {
        let (vault, now) = (self.vault(), self.now());
        if let Some(address) = address {
            vault.rest_address(address.as_str(), now).await?;
        }
        // Whoever is on the way into it would found another one.
        vault.end_sessions(account, now).await?;
        let methods = vault.methods(account).await?;
        for method in &methods {
            vault.end_sessions(&method.person, now).await?;
        }
        let given = self.core.given_for(account, &methods).await?;
        let forgotten = vault.forget_account(account).await;
        // Also after an error: it may be forgotten all the same, and who tries again finds nothing to tell.
        self.tell_of_deletion(given).await;
        Ok(forgotten?)
    }

    /// Ends the links to which these tokens belong, as far as the providers can be told.
    async fn tell_of_deletion(&self, given: Vec<(EndUser, Kept)>) {
        let mut telling = JoinSet::new();
        for (person, kept) in given {
            let core = Arc::clone(&self.core);
            telling.spawn(async move { core.tell_that_it_is_over(&person, &kept).await });
        }
        let told = timeout(WAIT, async { while telling.join_next().await.is_some() {} }).await;
        if told.is_err() {
            tracing::warn!(providers = telling.len(), "providers take their time to hear of a deletion");
            telling.detach_all();
        }
    }
}

impl Core {
    /// What providers gave for the ways into an account, each with whom they gave it for.
    async fn given_for(&self, account: &EndUser, methods: &[Method]) -> Result<Vec<(EndUser, Kept)>, Error> {
        let of_providers = methods.iter().filter(|method| is_of_a_provider(method));
        let mut people: Vec<&EndUser> = of_providers.map(|method| &method.person).collect();
        // Without a row of its own, the founder opens the account all the same.
        if self.vault.method(account).await?.is_none() {
            people.push(account);
        }
        let mut given = Vec::new();
        for person in people {
            given.extend(self.vault.tokens(person).await?.map(|kept| (person.clone(), kept)));
        }
        Ok(given)
    }

    /// Nothing of this changes what is done here.
    async fn tell_that_it_is_over(&self, person: &EndUser, kept: &Kept) {
        if let Err(error) = self.end_with(person, kept).await
            && !is_over(&error)
        {
            let provider = &kept.provider;
            tracing::warn!(provider, %error, "the provider was not told that an account was deleted");
        }
    }

    /// By tokens that are in nobody's vault any more: nobody else refreshes them, and nobody waits for their successor. An access
    /// token that cannot be replaced is used to its end.
    async fn end_with(&self, person: &EndUser, kept: &Kept) -> Result<bool, Error> {
        let provider = self.giver(person, kept)?;
        let (now, tokens) = (self.clock.now(), &kept.tokens);
        if provider.ends_by_access_token() && tokens.due(now) && tokens.can_be_refreshed() {
            match provider.refresh(person, tokens, now).await {
                Ok(fresh) => return provider.unlink(person, &fresh, now).await,
                // Whatever it is: that a refresh token is dead does not say that the link is over.
                Err(error) => {
                    tracing::warn!(provider = kept.provider, %error, "tokens were not refreshed to tell of a deletion");
                }
            }
            if tokens.expired(now) {
                return Ok(false);
            }
        }
        provider.unlink(person, tokens, now).await
    }
}
