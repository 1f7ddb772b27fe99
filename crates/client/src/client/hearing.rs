//! What providers tell, carried out: tokens and sessions that are over end, and the application hears of it — RFC 8935 §2.

use mapae_protocol::random;
use serde_json::{Value, json};

use super::Client;
use crate::{
    definition::NoticeRule,
    error::Error,
    notice::{AGE, EventKind, Notice, NoticeAnswer, NoticeError, ProviderEvent},
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
        let id = proved.id.map(|id| format!("notice {provider} {id}"));
        let known_already = match &id {
            Some(id) => self.core.vault.was_used(id, now).await.map_err(failed)?,
            None => false,
        };
        let events = if known_already { Vec::new() } else { proved.events };
        self.carry_out(provider, &events).await?;
        if let Some(id) = &id {
            // Only now: what failed half-way is done again when the provider repeats itself.
            self.core.vault.use_state(id, now.plus(AGE).plus(AGE), now).await.map_err(failed)?;
        }
        Ok(NoticeAnswer { status: proved.status, body: self.body(rule, &events), events })
    }

    async fn carry_out(&self, provider: &str, events: &[ProviderEvent]) -> Result<(), NoticeError> {
        for event in events {
            match event.kind {
                EventKind::Resumed
                | EventKind::ProfileChanged
                | EventKind::RelayStopped
                | EventKind::RelayResumed => {}
                EventKind::SessionsRevoked => {
                    self.core.vault.end_sessions(&event.person).await.map_err(failed)?;
                }
                EventKind::Unlinked
                | EventKind::TokensRevoked
                | EventKind::Suspended
                | EventKind::DataDeletionRequested => {
                    self.core.vault.forget(&event.person).await.map_err(failed)?;
                }
            }
            self.accounts.notified(event).await.map_err(failed)?;
            tracing::info!(provider, kind = ?event.kind, "a provider told of something");
        }
        Ok(())
    }

    /// Facebook wants an address at which the person sees what became of the deletion.
    fn body(&self, rule: &NoticeRule, events: &[ProviderEvent]) -> Option<Value> {
        let path = rule.deletion_page.as_ref().filter(|_| !events.is_empty())?;
        let code = random::text::<12>();
        Some(json!({ "url": format!("{}{path}?code={code}", self.origin()), "confirmation_code": code }))
    }
}

fn failed(error: impl Into<Error>) -> NoticeError {
    NoticeError::Unavailable(Box::new(error.into()))
}
