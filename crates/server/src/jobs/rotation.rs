//! New keys when the old ones are old enough — OIDC Core §10.1.1.

use async_trait::async_trait;
use mapae_protocol::time::{Seconds, Timestamp};

use super::{Job, JobError};
use crate::{
    app::App,
    fault::Fault,
    keys::{self, Present, Takeover},
    store::{CommitError, keys::SigningKey},
};

/// Rotates the keys when it is time.
#[derive(Debug)]
pub(super) struct Rotation;

#[async_trait]
impl Job for Rotation {
    fn name(&self) -> &'static str {
        "rotation of keys"
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let (config, now) = (app.config(), app.issuing_time()?);
        let present = Present::read(app.db(), now).await?;
        if due(present.signing(), config.keys.rotation_days).is_none_or(|due| now < due) {
            return Ok(());
        }
        let unit = keys::rotation(&present, app.master_key(), config, Takeover::Planned, now)?;
        match app.commit(unit).await {
            Ok(_) => tracing::info!("the keys are rotated: new ones are published and take over soon"),
            // Another node was quicker: the keys that it made are as good.
            Err(CommitError::Conflict { .. }) => tracing::debug!("the keys were rotated by another node"),
            Err(error) => return Err(Fault::from(error).into()),
        }
        Ok(())
    }
}

/// When the keys that are in use must be replaced; `None` if none is.
pub(crate) fn due(keys: &[SigningKey], rotation_days: i64) -> Option<Timestamp> {
    let used_since =
        keys.iter().filter(|key| key.life.retired_at.is_none()).map(|key| key.life.active_at).min()?;
    // The configuration allows 3650 days at most.
    Some(used_since.plus(Seconds::days(u32::try_from(rotation_days).unwrap_or(u32::MAX))))
}

#[cfg(test)]
mod tests {
    use mapae_protocol::jose::Algorithm;

    use super::*;
    use crate::{clock::Clock, jobs::tests::server, keys::ALGORITHMS, store::keys as rows};

    fn signing_kid(app: &App) -> String {
        app.keys().current().signing_key(Algorithm::Es256).unwrap().kid().to_owned()
    }

    fn published(app: &App) -> usize {
        app.keys().current().published().keys().len()
    }

    #[tokio::test]
    async fn me_04_keys_are_published_before_they_sign_and_kept_after() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let (app, _folder) = server(clock.clone()).await;
        let first = signing_kid(&app);
        Rotation.run(&app).await.unwrap();
        assert_eq!(published(&app), ALGORITHMS.len(), "young keys stay alone");

        clock.advance(Seconds::days(90));
        Rotation.run(&app).await.unwrap();
        assert_eq!(published(&app), 2 * ALGORITHMS.len(), "the next keys are published");
        assert_eq!(signing_kid(&app), first, "and do not sign yet");
        Rotation.run(&app).await.unwrap();
        assert_eq!(published(&app), 2 * ALGORITHMS.len(), "once is enough");

        clock.advance(Seconds::minutes(10));
        app.changes().follow(&app).await.unwrap();
        assert_ne!(signing_kid(&app), first, "the next keys took over");
        assert_eq!(published(&app), 2 * ALGORITHMS.len(), "the former ones are still published");

        clock.advance(Seconds::days(2));
        let left = rows::signing(app.db(), app.now()).await.unwrap();
        assert_eq!(left.len(), ALGORITHMS.len(), "until the last of their tokens has expired");
    }

    #[tokio::test]
    async fn me_04_what_another_node_made_after_the_decision_is_not_replaced() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let (app, _folder) = server(clock.clone()).await;
        clock.advance(Seconds::days(91));
        let decided = Present::read(app.db(), app.now()).await.unwrap();
        Rotation.run(&app).await.unwrap();
        let (master, config, now) = (app.master_key(), app.config(), app.now());
        let all = keys::rotation(&decided, master, config, Takeover::Planned, now).unwrap();
        let one = keys::rotation_of(&decided, master, config, &[Algorithm::Es256], now).unwrap();
        for unit in [all, one] {
            let second = app.commit(unit).await;
            assert!(matches!(second, Err(CommitError::Conflict { .. })), "{second:?}");
        }
        assert_eq!(rows::signing(app.db(), now).await.unwrap().len(), 2 * ALGORITHMS.len());
    }

    #[tokio::test]
    async fn me_04_an_emergency_leaves_no_key_alive_that_another_node_made_after_the_decision() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let (app, _folder) = server(clock.clone()).await;
        clock.advance(Seconds::days(91));
        let (master, config, now) = (app.master_key(), app.config(), app.now());
        let emergency =
            |present: &Present| keys::rotation(present, master, config, Takeover::Emergency, now).unwrap();
        let decided = Present::read(app.db(), now).await.unwrap();
        Rotation.run(&app).await.unwrap();
        let late = app.commit(emergency(&decided)).await;
        assert!(matches!(late, Err(CommitError::Conflict { .. })), "{late:?}");
        let there = Present::read(app.db(), now).await.unwrap();
        assert_eq!(there.signing().len(), 2 * ALGORITHMS.len(), "nothing has ended");
        app.commit(emergency(&there)).await.unwrap();
        let left = Present::read(app.db(), now).await.unwrap();
        let is_old = |key: &SigningKey| there.signing().iter().any(|old| old.kid == key.kid);
        assert_eq!(left.signing().len(), ALGORITHMS.len());
        assert!(!left.signing().iter().any(is_old), "only its own are left");
        assert_eq!(rows::seals(app.db(), now).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn me_04_two_nodes_rotate_once() {
        let clock = Clock::manual(Timestamp::from_unix(1_800_000_000));
        let (app, _folder) = server(clock.clone()).await;
        clock.advance(Seconds::days(91));
        let (one, other) = tokio::join!(Rotation.run(&app), Rotation.run(&app));
        one.and(other).unwrap();
        assert_eq!(rows::signing(app.db(), app.now()).await.unwrap().len(), 2 * ALGORITHMS.len());
    }
}
