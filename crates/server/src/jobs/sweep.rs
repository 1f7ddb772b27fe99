//! Making room: rows whose time has long been over. Nothing depends on it but the size of the database.

use async_trait::async_trait;
use mapae_protocol::time::Seconds;

use super::{Job, JobError};
use crate::{
    app::App,
    fault::Fault,
    store::sweep::{self, SLACK},
};

/// An API that was away for less finds in the feed all that it missed, also when access tokens became
/// shorter by a change of the settings: a day is the longest life that the settings allow.
const FEED_KEPT: Seconds = Seconds::days(1);

/// Removes what is over, in small commits.
#[derive(Debug)]
pub(super) struct Sweep;

#[async_trait]
impl Job for Sweep {
    fn name(&self) -> &'static str {
        "sweep"
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let feed_kept = Seconds::seconds(u32::try_from(FEED_KEPT.get() + SLACK.get()).unwrap_or(u32::MAX));
        // A clock that is wrong must not decide what is over.
        let now = app.issuing_time()?;
        if !app.other_clocks().may_remove() {
            return Ok(());
        }
        sweep::run(app.db(), feed_kept, now).await.map_err(Fault::from)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;
    use crate::{
        clock::Clock,
        jobs::{high_water_mark::HighWaterMark, tests::server},
        store::tokens,
    };

    #[tokio::test]
    async fn what_is_over_goes_and_what_is_not_stays() {
        let now = Timestamp::from_unix(1_800_000_000);
        let (app, _folder) = server(Clock::manual(now)).await;
        for (jti, expires_at) in
            [("old", now.minus(Seconds::days(1))), ("young", now.plus(Seconds::minutes(5)))]
        {
            app.commit(tokens::revoke(jti, expires_at, now)).await.unwrap();
        }
        Sweep.run(&app).await.unwrap();
        let old = async || tokens::facts(app.db(), &[], "old").await.unwrap().revoked;
        assert!(old().await, "whether other servers run is not known yet");
        for _ in 0..3 {
            HighWaterMark.run(&app).await.unwrap();
        }
        Sweep.run(&app).await.unwrap();
        for (jti, kept) in [("old", false), ("young", true)] {
            assert_eq!(tokens::facts(app.db(), &[], jti).await.unwrap().revoked, kept, "{jti}");
        }
    }
}
