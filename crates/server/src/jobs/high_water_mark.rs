//! The highest time that any node has seen, kept in the database — threats OP-13.
//!
//! A server that starts with a clock far behind it, or whose own clock steps back, issues nothing
//! ([`SteadyClock`](crate::clock)). That another node's clock is ahead is only said, loudly: which of both is wrong
//! nobody here can tell.

use async_trait::async_trait;

use super::{Job, JobError};
use crate::{
    app::App,
    fault::Fault,
    store::{Unit, counters},
};

/// Notes the time.
#[derive(Debug)]
pub(super) struct HighWaterMark;

#[async_trait]
impl Job for HighWaterMark {
    fn name(&self) -> &'static str {
        "high-water mark of the clock"
    }

    async fn run(&self, app: &App) -> Result<(), JobError> {
        // What a wrong clock shows is not noted: it would be believed for as long as it is ahead of others.
        let now = app.issuing_time()?;
        let noted = counters::read(app.db()).await.map_err(Fault::from)?.clock;
        app.clock().compare(noted)?;
        app.commit(Unit::from(counters::raise_clock(now))).await.map_err(Fault::from)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::{Seconds, Timestamp};

    use super::*;
    use crate::{clock::Clock, jobs::tests::server};

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

    #[tokio::test]
    async fn op_13_another_node_that_is_ahead_is_an_alarm_and_stops_nothing() {
        let now = Timestamp::from_unix(1_800_000_000);
        let (app, _folder) = server(Clock::manual(now)).await;
        app.commit(Unit::from(counters::raise_clock(now.plus(Seconds::hours(1))))).await.unwrap();
        assert!(HighWaterMark.run(&app).await.is_err());
        assert_eq!(app.issuing_time().unwrap(), now);
    }
}
