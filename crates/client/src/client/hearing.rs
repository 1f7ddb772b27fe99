//! What providers tell, carried out: tokens and sessions that are over end, and the application hears of it — RFC 8935 §2.

use mapae_protocol::time::Timestamp;
use serde_json::Value;

use super::{Client, logged_out::TAKEN, to_its_end::to_its_end};
use crate::{
    definition::NoticeRule,
    error::Error,
    identity::EndUser,
    notice::{Notice, NoticeAnswer, NoticeError, NoticeRefusal, ProvedNotice, ProviderEvent},
    provider::Provider,
    vault::Heard,
};

impl<U: Send + Sync + 'static> Client<U> {
    /// Takes a notice called `name` of the provider called `provider`: tokens and sessions that are over end here too.
    /// The application does with the events what else they mean to it.
    ///
    /// A notice with a name of its own ends what is over once, however often it comes: a repeat is answered without
    /// events, and while the first one is carried out, for a minute at most, it is to come again
    /// ([`NoticeError::InProgress`]). When the application could not be told, the provider may repeat itself, and what is
    /// there by then ends, too.
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
        let hearing = Hearing::of((provider, name), &proved, self.now());
        let is_known = self.is_known(&hearing, proved.is_late(now)).await?;
        let events = if is_known { Vec::new() } else { self.hear(hearing).await? };
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
    async fn is_known(&self, hearing: &Hearing, is_late: bool) -> Result<bool, NoticeError> {
        let (own, shared) = (hearing.own_name.as_deref(), hearing.shared_name.as_deref());
        if self.was_used(own, hearing.at).await.map_err(NoticeError::unavailable)? {
            return Ok(true);
        }
        if is_late && self.was_used(shared, hearing.at).await.map_err(NoticeError::unavailable)? {
            return Err(NoticeError::Repeated);
        }
        Ok(false)
    }

    async fn was_used(&self, name: Option<&str>, now: Timestamp) -> Result<bool, Error> {
        let Some(name) = name else { return Ok(false) };
        Ok(self.vault().was_used(name, now).await?)
    }

    /// Carries a notice out to its end, though the provider may have hung up before the application has heard of it.
    /// What happened.
    async fn hear(&self, hearing: Hearing) -> Result<Vec<ProviderEvent>, NoticeError> {
        let client = self.clone();
        let heard = to_its_end(async move { client.carry_out(hearing).await }).await;
        heard.map_err(NoticeError::unavailable)?.ok_or(NoticeError::InProgress)
    }

    /// Ends what is over and tells the application; `None`, and nothing done, while somebody else does.
    async fn carry_out(&self, hearing: Hearing) -> Result<Option<Vec<ProviderEvent>>, Error> {
        let (vault, at, own_name) = (self.vault(), hearing.at, hearing.own_name.as_deref());
        let ours = self.ours(&hearing).await?;
        let taken_until = at.plus(TAKEN);
        let heard = Heard { name: own_name, taken_until, events: &ours };
        if !vault.end_as_heard(&heard, at).await? {
            // Or they have come to the end of it since.
            return Ok(self.was_used(own_name, at).await?.then(Vec::new));
        }
        let told = self.tell_of(&hearing, &ours).await;
        if told.is_err()
            && let Some(name) = own_name
            && let Err(error) = vault.release_heard(name, taken_until).await
        {
            tracing::warn!(provider = hearing.provider, %error, "a repeat of a notice is not taken for a minute");
        }
        told?;
        Ok(Some(hearing.events))
    }

    /// What happened to people who are known here by the name that is used, or could be.
    async fn ours(&self, hearing: &Hearing) -> Result<Vec<ProviderEvent>, Error> {
        let (provider, mut ours) = (hearing.provider.as_str(), Vec::new());
        for event in &hearing.events {
            if self.is_about_ours(provider, &event.person).await? {
                ours.push(event.clone());
            } else {
                tracing::warn!(provider, kind = ?event.kind, "a provider told of a name that it gave to another app");
            }
        }
        Ok(ours)
    }

    /// Tells the application, and remembers that it was told.
    async fn tell_of(&self, hearing: &Hearing, ours: &[ProviderEvent]) -> Result<(), Error> {
        for event in ours {
            self.accounts.notified(event).await?;
            tracing::info!(provider = hearing.provider, kind = ?event.kind, "a provider told of something");
        }
        // Only now: what failed half-way is done again when the provider repeats itself.
        let names = [&hearing.own_name, &hearing.shared_name];
        let names: Vec<String> = names.into_iter().flatten().cloned().collect();
        Ok(self.vault().note_heard(&names, hearing.known_until).await?)
    }

    /// Whether whoever has this name is known here by it, or could be: a name that was given to another app of ours may be
    /// somebody else's (LK-07).
    async fn is_about_ours(&self, provider: &str, person: &EndUser) -> Result<bool, Error> {
        let app = self.core.provider(Some(provider)).ok().and_then(Provider::names_people_for);
        let method = self.core.vault.method(person).await?;
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

/// A notice that is proved, as it is carried out.
struct Hearing {
    provider: String,
    /// By what a repeat of it is known.
    own_name: Option<String>,
    /// By what it is known that the same proof stood under some notice, where it can stand under two.
    shared_name: Option<String>,
    events: Vec<ProviderEvent>,
    at: Timestamp,
    /// Until when its names are remembered.
    known_until: Timestamp,
}

impl Hearing {
    fn of((provider, notice): (&str, &str), proved: &ProvedNotice, at: Timestamp) -> Self {
        let named = |name: String| format!("notice {name}");
        Self {
            provider: provider.to_owned(),
            own_name: proved.own_name(provider, notice).map(named),
            shared_name: proved.shared_name(provider).map(named),
            events: proved.events.clone(),
            at,
            known_until: at.plus(proved.known_for),
        }
    }
}
