//! After a restart, and at the end: is what was acknowledged there, and is what has ended dead?

use super::{CODE_LIFE, REPLAYED, Worker};
use crate::wire::Lost;

/// How often a server may say "not now" after a restart before that is a failure: each time it has waited for seconds.
const TRIES: usize = 10;

impl Worker {
    /// [`examine`](Self::examine), as often as it takes until the server has had the time for all of it.
    ///
    /// # Panics
    /// The server is gone, or has no time for too long.
    pub async fn examine_patiently(&mut self) {
        for _ in 0..TRIES {
            match self.examine().await {
                Ok(()) => return,
                Err(Lost::Unknown) => {}
                Err(Lost::NotSent) => break,
            }
        }
        panic!("nobody kills the server now, and it does not answer");
    }

    /// After a restart: tries what was used before, what was left open, and what must be over.
    ///
    /// # Errors
    /// [`Lost`]: the server is gone again.
    pub async fn examine(&mut self) -> Result<(), Lost> {
        for place in std::mem::take(&mut self.touched) {
            self.look_at(place).await?;
            self.refresh(place).await?;
        }
        for waiting in std::mem::take(&mut self.open) {
            if waiting.since.elapsed() < CODE_LIFE {
                self.open.push(waiting);
                self.redeem_last().await?;
            }
        }
        for app in 0..self.apps.len() {
            self.flow(app).await?;
        }
        let Some(app) = self.apps.first().cloned() else { return Ok(()) };
        for browser in &mut self.left {
            browser.authorize(&app).await?;
        }
        self.left.truncate(REPLAYED);
        if self.doubtful_password.is_some() {
            self.sign_in().await?;
        }
        for _ in 0..REPLAYED {
            self.replay_code().await?;
            self.replay_refresh().await?;
        }
        Ok(())
    }

    /// At the end: tries every secret that it was ever given.
    ///
    /// # Errors
    /// [`Lost`]
    pub async fn examine_all(&mut self) -> Result<(), Lost> {
        self.examine().await?;
        for place in 0..self.grants.len() {
            self.look_at(place).await?;
            self.refresh(place).await?;
        }
        for place in 0..self.grants.len() {
            let earlier = self.grants.get(place).map(|grant| grant.earlier.clone()).unwrap_or_default();
            if let Some(token) = self.chance.place(earlier.len()).and_then(|chosen| earlier.get(chosen)) {
                self.present_again(place, token).await?;
                self.refresh(place).await?;
                self.look_at(place).await?;
            }
        }
        self.sign_in().await
    }
}
