//! From an identity to a decision: what the linking policy must know is read, what it says is told.

use mapae_protocol::time::Timestamp;

use super::Client;
use crate::{
    error::Error,
    identity::{EndUser, Identity},
    linking::{self, Address, AddressTrust, Decision, EmailAddress, Facts, Present, Purpose},
    observe::{Judgement, mask},
    sign_in_methods::AccountError,
    vault::Method,
};

/// What was decided, and the row that it was decided upon: the write that follows depends on it.
pub(super) struct Judged {
    pub(super) decision: Decision<EndUser>,
    pub(super) observed: Option<Method>,
}

impl<U: Send + Sync + 'static> Client<U> {
    /// The account that this identity opens, if there is one and it is alive.
    pub(super) async fn opened_by(&self, person: &EndUser) -> Result<Option<(EndUser, U)>, Error> {
        let method = self.core.vault.method(person).await?;
        self.opened(person, method.as_ref()).await
    }

    /// The same for who has just come.
    pub(super) async fn opened_by_who_came(
        &self,
        identity: &Identity,
    ) -> Result<Option<(EndUser, U)>, Error> {
        let method = self.core.vault.method(identity.person()).await?;
        ensure_known(identity, method.as_ref())?;
        self.opened(identity.person(), method.as_ref()).await
    }

    async fn opened(&self, person: &EndUser, method: Option<&Method>) -> Result<Option<(EndUser, U)>, Error> {
        let Some(account) = account_of(person, method) else { return Ok(None) };
        let user = self.accounts.find(&account).await?;
        Ok(user.map(|user| (account, user)))
    }

    /// Asks the linking policy.
    pub(super) async fn judge(
        &self,
        purpose: Purpose<EndUser>,
        present: Option<Present<EndUser>>,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<Judged, Error> {
        let person = identity.person();
        let observed = self.core.vault.method(person).await?;
        ensure_known(identity, observed.as_ref())?;
        let (mut owner, mut owner_is_closed) = (None, false);
        if let Some(account) = account_of(person, observed.as_ref())
            && let Some(user) = self.accounts.find(&account).await?
        {
            owner_is_closed = self.accounts.is_closed(&user);
            owner = Some(account);
        }
        let facts = Facts {
            purpose,
            present,
            owner,
            owner_is_closed,
            removed_from: self.removed_from(observed.as_ref(), now).await?,
            address: self.address(identity, now).await?,
        };
        Ok(Judged { decision: linking::decide(&facts), observed })
    }

    /// The decision is carried out: the log, the application and whoever watches the provider are told.
    pub(super) fn announce(&self, identity: &Identity, decision: &Decision<EndUser>) {
        let judgement = Judgement {
            provider: identity.provider().to_owned(),
            person: mask(identity.person().subject()),
            action: decision.action.as_str(),
            rule: decision.rule.as_str(),
        };
        let Judgement { provider, person, action, rule } = &judgement;
        tracing::info!(provider, person, action, rule, "the linking policy decided");
        let provider = self.core.providers.iter().find(|provider| provider.name() == identity.provider());
        if let Some(observer) = provider.and_then(|provider| provider.settings().observer.as_ref()) {
            observer.judged(&judgement);
        }
        self.accounts.decided(identity.person(), decision);
    }

    async fn removed_from(&self, method: Option<&Method>, now: Timestamp) -> Result<Option<EndUser>, Error> {
        let Some(Method { person, account, removed_at: Some(removed_at), .. }) = method else {
            return Ok(None);
        };
        // Whoever founded an account can never found another one of its name beside it.
        let counts = now < removed_at.plus(linking::LATELY) || person == account;
        if !counts || self.accounts.find(account).await?.is_none() {
            return Ok(None);
        }
        Ok(Some(account.clone()))
    }

    async fn address(&self, identity: &Identity, now: Timestamp) -> Result<Option<Address<EndUser>>, Error> {
        let Some(email) = identity.email() else { return Ok(None) };
        let Ok(address) = EmailAddress::parse(&email.address) else { return Ok(None) };
        let trust = if email.is_verified() { AddressTrust::Verified } else { AddressTrust::Unverified };
        let holder = self.accounts.holder(address.as_str()).await?;
        let rests = self.core.vault.address_rests(address.as_str(), now).await?;
        Ok(Some(Address { trust, holder, rests }))
    }
}

/// Whoever comes under a name that was given to another app of ours may be somebody else (LK-07).
fn ensure_known(identity: &Identity, method: Option<&Method>) -> Result<(), AccountError> {
    let living = method.filter(|method| method.removed_at.is_none());
    if living.is_none_or(|method| method.is_given_to(identity.given_to())) {
        return Ok(());
    }
    tracing::warn!(
        provider = identity.provider(),
        "somebody came whose name was given to another app of this provider: it may be another person"
    );
    Err(AccountError::OtherApp)
}

/// Without a row, whoever founded an account opens it.
fn account_of(person: &EndUser, method: Option<&Method>) -> Option<EndUser> {
    match method {
        Some(Method { removed_at: Some(_), .. }) => None,
        Some(Method { account, .. }) => Some(account.clone()),
        None => Some(person.clone()),
    }
}
