//! After a restart, and at the end: is what was acknowledged there, and is what has ended dead?

use super::{CODE_LIFE, REPLAYED, Worker};
use crate::wire::{Lost, Tries};

impl Worker {
    /// [`examine`](Self::examine), as often as it takes until the server has had the time for all of it.
    ///
    /// # Panics
    /// The server is gone, or has no time for too long.
    pub async fn examine_patiently(&mut self) {
        let mut tries = Tries::default();
        while tries.outcome(self.examine().await).is_none() {}
    }

    /// [`examine_all`](Self::examine_all), with the same patience.
    ///
    /// # Panics
    /// The server is gone, or has no time for too long.
    pub async fn examine_all_patiently(&mut self) {
        let mut tries = Tries::default();
        while tries.outcome(self.examine_all().await).is_none() {}
    }

    /// After a restart: tries what was used before, what was left open, and what must be over.
    ///
    /// # Errors
    /// [`Lost`]: the server is gone again.
    pub async fn examine(&mut self) -> Result<(), Lost> {
        // What is lost on the way stays among what is to be tried.
        for place in self.touched.clone() {
            self.look_at(place).await?;
            self.refresh(place).await?;
        }
        self.open.retain(|waiting| waiting.since.elapsed() < CODE_LIFE);
        while !self.open.is_empty() {
            self.redeem_last().await?;
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
