//! The highest time that any node has seen, kept in the database — threats OP-13.
//!
//! A clock that steps back would make what has expired fresh again. It cannot be prevented from doing so, but
//! it is noticed: whoever is far behind the mark says so loudly.

use async_trait::async_trait;
use mapae_protocol::time::{Seconds, Timestamp};

use super::{Job, JobError};
use crate::{
    app::App,
    fault::Fault,
    store::{Unit, counters},
};

/// Honest clocks differ by less.
pub(crate) const TOLERATED_STEP_BACK: Seconds = Seconds::minutes(5);

/// This machine's clock shows a time that has passed long ago.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock of this machine is {behind} behind the time that was noted before: set it, best by a time service"
)]
pub(crate) struct ClockBehind {
    /// By how much.
    pub(crate) behind: Seconds,
}

/// Notes the time.
#[derive(Debug)]
pub(super) struct HighWaterMark;

#[async_trait]
impl Job for HighWaterMark {
    fn name(&self) -> &'static str {
        "high-water mark of the clock"
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        let now = app.now();
        let mark = counters::read(app.db()).await.map_err(Fault::from)?.clock;
        verify(mark, now)?;
        app.commit(Unit::from(counters::raise_clock(now))).await.map_err(Fault::from)?;
        Ok(())
    }
}

fn verify(mark: Timestamp, now: Timestamp) -> Result<(), ClockBehind> {
    let behind = mark.since(now);
    if behind > TOLERATED_STEP_BACK { Err(ClockBehind { behind }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Clock, jobs::tests::server};

    #[test]
    fn op_13_a_step_back_of_more_than_five_minutes_is_an_alarm() {
        let mark = Timestamp::from_unix(1_800_000_000);
        for (now, behind) in [(0, None), (300, None), (301, Some(301)), (1_800_000_000, Some(1_800_000_000))]
        {
            let now = Timestamp::from_unix(mark.unix() - now);
            assert_eq!(verify(mark, now).err().map(|error| error.behind.get()), behind, "{now:?}");
        }
        assert_eq!(verify(mark, mark.plus(Seconds::days(365))), Ok(()));
    }

    #[tokio::test]
    async fn op_13_the_mark_rises_and_never_falls() {
        let start = Timestamp::from_unix(1_800_000_000);
        let clock = Clock::manual(start);
        let (app, _folder) = server(clock.clone()).await;
        let mark = async || counters::read(app.db()).await.unwrap().clock;
        HighWaterMark.run(&app).await.unwrap();
        assert_eq!(mark().await, start);
        clock.set(start.minus(Seconds::minutes(4)));
        HighWaterMark.run(&app).await.unwrap();
        assert_eq!(mark().await, start);
        clock.set(start.minus(Seconds::hours(1)));
        let alarm = HighWaterMark.run(&app).await.unwrap_err();
        assert!(alarm.to_string().contains("3600 s behind"), "{alarm}");
        clock.set(start.plus(Seconds::hours(1)));
        HighWaterMark.run(&app).await.unwrap();
        assert_eq!(mark().await, start.plus(Seconds::hours(1)));
    }
}
