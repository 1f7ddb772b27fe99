//! What providers tell, carried out: tokens and sessions that are over end, and the application hears of it — RFC 8935 §2.

use mapae_protocol::time::Timestamp;
use serde_json::Value;

use super::Client;
use crate::{
    definition::NoticeRule,
    error::Error,
    identity::EndUser,
    notice::{EventKind, Notice, NoticeAnswer, NoticeError, NoticeRefusal, ProvedNotice, ProviderEvent},
    provider::Provider,
};

impl<U: Send + Sync + 'static> Client<U> {
    /// Takes a notice called `name` of the provider called `provider`: tokens and sessions that are over end here too.
    /// The application does with the events what else they mean to it.
    ///
    /// # Errors
    /// [`NoticeError`]; [`NoticeError::status`] is what the provider is told.
    pub async fn notified(
        &self,
        provider: &str,
        name: &str,
        notice: &Notice<'_>,
    ) -> Result<NoticeAnswer, NoticeError> {
        let known =
            self.providers().iter().find(|known| known.name() == provider).ok_or(NoticeError::Unknown)?;
        let (rule, now) = (known.notice(name)?, self.now());
        let proved = known.prove_notice(name, notice, now).await?;
        let told = proved.deletion_code.is_some() && !proved.events.is_empty();
        let events = match self.known_already(provider, name, &proved, now).await? {
            true => Vec::new(),
            false => proved.events.clone(),
        };
        self.carry_out(provider, &events, now).await?;
        // Only now: what failed half-way is done again when the provider repeats itself.
        for id in [own_name(provider, name, &proved), shared_name(provider, &proved)].into_iter().flatten() {
            let until = now.plus(proved.known_for);
            self.core.vault.use_state(&id, until, now).await.map_err(NoticeError::unavailable)?;
        }
        let body = match proved.deletion_code.filter(|_| told) {
            Some(code) => {
                self.core.vault.note_deletion(&code, now).await.map_err(NoticeError::unavailable)?;
                self.deletion_answer(rule, &code)
            }
            None => None,
        };
        Ok(NoticeAnswer { status: proved.status, body, events })
    }

    /// How the notice called `name` of the provider called `provider` is refused ([`Provider::refusal`]).
    ///
    /// [`Provider::refusal`]: crate::Provider::refusal
    #[must_use]
    pub fn refusal(&self, provider: &str, name: &str, error: &NoticeError) -> NoticeRefusal {
        let known = self.providers().iter().find(|known| known.name() == provider);
        let alone = || NoticeRefusal { status: error.status(), body: None };
        known.map_or_else(alone, |known| known.refusal(name, error))
    }

    /// Whether this very notice was carried out before. What proves it counts for another one only for a moment.
    async fn known_already(
        &self,
        provider: &str,
        name: &str,
        proved: &ProvedNotice,
        now: Timestamp,
    ) -> Result<bool, NoticeError> {
        let was_used = async |id: Option<String>| match id {
            Some(id) => self.core.vault.was_used(&id, now).await.map_err(NoticeError::unavailable),
            None => Ok(false),
        };
        if was_used(own_name(provider, name, proved)).await? {
            return Ok(true);
        }
        if proved.is_late(now) && was_used(shared_name(provider, proved)).await? {
            return Err(NoticeError::Repeated);
        }
        Ok(false)
    }

    async fn carry_out(
        &self,
        provider: &str,
        events: &[ProviderEvent],
        now: Timestamp,
    ) -> Result<(), NoticeError> {
        for event in events {
            if !self.is_about_ours(provider, &event.person).await? {
                tracing::warn!(provider, kind = ?event.kind, "a provider told of a name that it gave to another app");
                continue;
            }
            match event.kind {
                EventKind::Resumed
                | EventKind::ProfileChanged
                | EventKind::RelayStopped
                | EventKind::RelayResumed => {}
                EventKind::SessionsRevoked => {
                    self.core
                        .vault
                        .end_sessions(&event.person, now)
                        .await
                        .map_err(NoticeError::unavailable)?;
                }
                EventKind::Unlinked | EventKind::TokensRevoked | EventKind::Suspended => {
                    self.core.vault.forget(&event.person, now).await.map_err(NoticeError::unavailable)?;
                }
                EventKind::DataDeletionRequested => {
                    self.core
                        .vault
                        .forget_data(&event.person, now)
                        .await
                        .map_err(NoticeError::unavailable)?;
                }
            }
            self.accounts.notified(event).await.map_err(NoticeError::unavailable)?;
            tracing::info!(provider, kind = ?event.kind, "a provider told of something");
        }
        Ok(())
    }

    /// Whether whoever has this name is known here by it, or could be: a name that was given to another app of ours may be
    /// somebody else's (LK-07).
    async fn is_about_ours(&self, provider: &str, person: &EndUser) -> Result<bool, NoticeError> {
        let app = self.core.provider(Some(provider)).ok().and_then(Provider::names_people_for);
        let method = self.core.vault.method(person).await.map_err(NoticeError::unavailable)?;
        let living = method.filter(|method| method.removed_at.is_none());
        Ok(living.is_none_or(|method| method.is_given_to(app)))
    }

    /// When a provider asked, by this code, for the deletion of what came from it; `None` for a code that was never given
    /// out, or longer than 90 days ago. What was kept here was deleted then; what the application keeps, it deletes by
    /// [`Accounts::notified`](crate::Accounts::notified).
    ///
    /// # Errors
    /// The vault failed.
    pub async fn deletion(&self, code: &str) -> Result<Option<Timestamp>, Error> {
        Ok(self.core.vault.deletion(code, self.now()).await?)
    }

    fn deletion_answer(&self, rule: &NoticeRule, code: &str) -> Option<Value> {
        let url = format!("{}{}?code={code}", self.origin(), rule.deletion_page.as_ref()?);
        Some(ProvedNotice::deletion_answer(&url, code))
    }
}

/// By what a repeat of this notice is known.
fn own_name(provider: &str, name: &str, proved: &ProvedNotice) -> Option<String> {
    proved.own_name(provider, name).map(|name| format!("notice {name}"))
}

/// By what it is known that the same proof stood under some notice, where it can stand under two.
fn shared_name(provider: &str, proved: &ProvedNotice) -> Option<String> {
    proved.shared_name(provider).map(|name| format!("notice {name}"))
}
