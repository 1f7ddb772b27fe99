//! Refreshing: one at a time for each person, in all processes that share the vault — RFC 6749 §6.
//!
//! A refresh token is spent by using it, so two who use it at once could lose the person's grant. A lease in the
//! vault lets one process refresh; the others wait and read what it brought. The server has the same story over its own
//! store: what must stay alike, decision 0271 names.

use std::{sync::Arc, time::Duration};

use mapae_protocol::time::Timestamp;
use tokio::time::{Instant, sleep};

use super::{
    AccessError, Core,
    access::Need,
    holding::{PATIENCE, POLL},
};
use crate::{
    error::Error,
    identity::EndUser,
    provider::Provider,
    tokens::{AccessToken, Tokens},
    vault::{Claim, Kept, Lease, StoreError},
};

/// How long a successor that is not in the vault yet is tried to be put there. Callers are not kept waiting for that.
const KEEPING: Duration = Duration::from_secs(5 * 60);

/// What a turn at refreshing came to.
enum Turn {
    /// It is decided.
    Settled(AccessToken),
    /// Something changed meanwhile: look again.
    Again,
    /// Somebody else is at it: look again in a moment.
    Wait(Duration),
}

impl Core {
    pub(super) async fn access_token(
        self: &Arc<Self>,
        person: &EndUser,
        need: Need,
    ) -> Result<AccessToken, AccessError> {
        let kept = self.vault.tokens(person).await?.ok_or(AccessError::SignInAgain)?;
        if need.is_met_by(&kept.tokens, self.clock.now()) {
            return Ok(kept.tokens.access_token());
        }
        let start = |need: Need| {
            let (core, person) = (Arc::clone(self), person.clone());
            move || async move {
                let lease = Lease::refresh(&person);
                Refreshing { core: &core, person: &person, need: &need, lease }.run().await
            }
        };
        let token = self.flights.join(person, start(need.clone())).await?;
        if need.accepts(&token) {
            return Ok(token);
        }
        // That flight had begun before this token was rejected, and brought the very same one.
        self.flights.join(person, start(need)).await
    }

    /// Notes that an API has taken a token that came in the place of a rejected one: if it is rejected in its turn, that is news.
    /// The API's answer does not depend on it.
    pub(super) async fn taken(&self, person: &EndUser, token: &AccessToken) {
        if let Err(error) = self.vault.taken(person, token).await {
            tracing::warn!(%error, "it was not noted that an API has taken a token");
        }
    }
}

/// One wish for fresh tokens, on its way.
struct Refreshing<'a> {
    core: &'a Core,
    person: &'a EndUser,
    need: &'a Need,
    lease: Lease,
}

impl Refreshing<'_> {
    async fn run(&self) -> Result<AccessToken, AccessError> {
        self.prepare().await;
        let until = Instant::now() + PATIENCE;
        loop {
            match self.turn().await? {
                Turn::Settled(token) => return Ok(token),
                Turn::Again if Instant::now() < until => {}
                Turn::Wait(pause) if Instant::now() < until => sleep(pause).await,
                Turn::Again | Turn::Wait(_) => {
                    return Err(StoreError::Busy.into());
                }
            }
        }
    }

    /// Asks for metadata that is old before the lease is taken, whose time is for the refresh alone.
    async fn prepare(&self) {
        let of_person = |provider: &&Provider| provider.issuer().as_str() == self.person.issuer();
        for provider in self.core.providers.iter().filter(of_person) {
            // What is wrong with it shows when it is used.
            let _ = provider.metadata(self.now()).await;
        }
    }

    async fn turn(&self) -> Result<Turn, AccessError> {
        let kept = match self.core.vault.claim(self.person, &self.lease, self.now()).await? {
            Claim::Held(kept) => kept,
            Claim::Busy => return Ok(Turn::Wait(POLL)),
            Claim::Gone => {
                self.give_back().await?;
                return Err(AccessError::SignInAgain);
            }
        };
        if self.need.is_met_by(&kept.tokens, self.now()) {
            self.give_back().await?;
            return Ok(Turn::Settled(kept.tokens.access_token()));
        }
        if !kept.tokens.can_be_refreshed() {
            return self.without_successor(&kept, AccessError::SignInAgain).await;
        }
        match self.refresh(&kept).await {
            Ok(None) => Ok(Turn::Again),
            Ok(Some(mut tokens)) => {
                let now = self.now();
                tokens.forced_at = self.need.forces(&kept.tokens, now).then_some(now);
                let kept = self.keep(&kept, &tokens).await?;
                Ok(if kept { Turn::Settled(tokens.access_token()) } else { Turn::Again })
            }
            Err(error) => {
                tracing::info!(provider = kept.provider, %error, "tokens were not refreshed");
                match AccessError::from(error) {
                    AccessError::SignInAgain => self.bury(&kept).await,
                    temporary => self.without_successor(&kept, temporary).await,
                }
            }
        }
    }

    /// Puts the successor in its place. A database that does not answer is asked again, long after the callers have gone: nobody
    /// else has the successor, and one that was put there after all is found there.
    async fn keep(&self, refreshed: &Kept, successor: &Tokens) -> Result<bool, StoreError> {
        let until = Instant::now() + KEEPING;
        let mut pause = POLL;
        loop {
            match self.core.vault.succeed(self.person, refreshed, successor, &self.lease).await {
                Err(StoreError::Database(_)) if Instant::now() < until => sleep(pause).await,
                settled => return settled,
            }
            pause = pause.saturating_mul(2).min(Duration::from_secs(1));
        }
    }

    /// One refresh, asked for again if its answer is lost; `None` if somebody else has taken over meanwhile.
    async fn refresh(&self, kept: &Kept) -> Result<Option<Tokens>, Error> {
        let provider = self.core.giver(self.person, kept)?;
        let has_turn = || async {
            let goes_on = self.core.vault.goes_on(self.person, kept, &self.lease, self.now()).await;
            goes_on.map_err(Error::from)
        };
        provider.refresh_in_turn(self.person, &kept.tokens, || self.now(), has_turn).await
    }

    /// There is no successor: what is there is used to its end.
    async fn without_successor(&self, kept: &Kept, otherwise: AccessError) -> Result<Turn, AccessError> {
        if self.need.can_do_with(&kept.tokens, self.now()) {
            self.give_back().await?;
            return Ok(Turn::Settled(kept.tokens.access_token()));
        }
        if matches!(otherwise, AccessError::SignInAgain) {
            return self.bury(kept).await;
        }
        self.give_back().await?;
        Err(otherwise)
    }

    /// The grant is over: its tokens go, and with them (unless the application decided otherwise) the sessions.
    async fn bury(&self, kept: &Kept) -> Result<Turn, AccessError> {
        let end_sessions = !self.core.keep_sessions;
        if self.core.vault.bury(self.person, kept, &self.lease, end_sessions).await? {
            return Err(AccessError::SignInAgain);
        }
        // Meanwhile the person signed in again, or somebody took over, who may have the successor.
        Ok(Turn::Again)
    }

    async fn give_back(&self) -> Result<(), AccessError> {
        Ok(self.core.vault.give_back(&self.lease).await?)
    }

    fn now(&self) -> Timestamp {
        self.core.clock.now()
    }
}
