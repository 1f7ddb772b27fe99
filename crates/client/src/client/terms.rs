//! What an account agreed to: asked, kept, withdrawn.

use http::HeaderMap;

use super::Client;
use crate::{
    error::Error,
    identity::EndUser,
    sign_in_methods::AccountError,
    terms::{Agreement, Term},
};

impl<U: Send + Sync + 'static> Client<U> {
    /// The service's terms, in their present versions.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        self.core.terms.as_slice()
    }

    /// Everything that the account of this person ever agreed to, the oldest first: which version, when, and since when not
    /// any more.
    ///
    /// # Errors
    /// The vault or the accounts failed.
    pub async fn agreements(&self, person: &EndUser) -> Result<Vec<Agreement>, Error> {
        let Some((account, _)) = self.opened_by(person).await? else { return Ok(Vec::new()) };
        Ok(self.core.vault.agreements(&account).await?)
    }

    /// Whoever is signed in agrees to an optional term in the `version` that stood on the page, or does not any more.
    ///
    /// Whoever calls this has checked that a page of this service asked for it.
    ///
    /// # Errors
    /// [`AccountError::NotSignedIn`]; [`AccountError::UnknownTerm`], also for a required term, and for a version that is not
    /// the present one. Or the vault or the accounts failed.
    pub async fn set_agreement(
        &self,
        term: &str,
        version: Option<&str>,
        headers: &HeaderMap,
    ) -> Result<(), Error> {
        let seated = self.seated(self.core.seat(headers).await?).await?;
        let account = seated.ok_or(AccountError::NotSignedIn)?.account;
        let term = self.core.terms.named(term).filter(|term| !term.is_required());
        let term = term.ok_or(AccountError::UnknownTerm)?;
        let (vault, now) = (&self.core.vault, self.now());
        match version {
            Some(_) if term.is_ticked(version) => vault.agree(&account, vec![term.agreed()], now).await?,
            Some(_) => return Err(AccountError::UnknownTerm.into()),
            None => vault.withdraw(&account, term.name(), now).await?,
        }
        Ok(())
    }

    /// What must be agreed to before a session: by a new person, or by the owner of an account.
    pub(super) async fn terms_to_ask(&self, account: Option<&EndUser>) -> Result<Vec<Term>, Error> {
        let terms = &self.core.terms;
        match account {
            None => Ok(terms.as_slice().to_vec()),
            Some(_) if terms.is_empty() => Ok(Vec::new()),
            Some(account) => Ok(terms.to_ask(&self.core.vault.agreements(account).await?)),
        }
    }
}
