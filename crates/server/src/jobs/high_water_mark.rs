//! The highest time that any node has seen, kept in the database — threats OP-13.
//!
//! A server that starts with a clock far behind it, or whose own clock steps back, issues nothing
//! ([`SteadyClock`](crate::clock)). That another node's clock is ahead is only said, loudly: which of both is wrong
//! nobody here can tell. Each says so in its own log, and the one that is ahead neither notes its time nor removes
//! anything ([`OtherClocks`](super::OtherClocks)).

use async_trait::async_trait;

use super::{Job, JobError};
use crate::{
    app::App,
    fault::Fault,
    store::{Unit, counters, server_clocks},
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
        compare_with_others(app).await?;
        // What a wrong clock shows is not noted: it would be believed for as long as it is ahead of others.
        app.other_clocks().verify()?;
        let now = app.issuing_time()?;
        let noted = counters::read(app.db()).await.map_err(Fault::from)?.clock;
        app.clock().compare(noted)?;
        app.commit(Unit::from(counters::raise_clock(now))).await.map_err(Fault::from)?;
        Ok(())
    }
}

/// Tells the other servers what this machine's clock shows, and looks at what theirs do.
async fn compare_with_others(app: &App) -> Result<(), Fault> {
    let notes = server_clocks::read(app.db()).await?;
    let look = app.other_clocks().look(notes, app.clock().shown());
    app.commit(Unit::from(server_clocks::note(&look.mine))).await?;
    for ended in &look.ended {
        app.commit(Unit::from(server_clocks::forget(ended))).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::{Seconds, Timestamp};

    use super::*;
    use crate::{
        clock::Clock,
        jobs::{sweep::Sweep, tests::server},
        store::tokens,
    };

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

    #[tokio::test]
    async fn op_13_of_two_servers_the_one_that_is_ahead_removes_nothing_and_says_so() {
        let start = Timestamp::from_unix(1_800_000_000);
        let (right, wrong) = (Clock::manual(start), Clock::manual(start.plus(Seconds::hours(3))));
        let (app, _folder) = server(right.clone()).await;
        let ahead = App::start(app.config().clone(), wrong.clone()).await.unwrap();
        let revoked = async || tokens::facts(app.db(), &[], "jti").await.unwrap().revoked;
        app.commit(tokens::revoke("jti", start.plus(Seconds::minutes(5)), start)).await.unwrap();
        for _ in 0..5 {
            // Both say that something is wrong, from the second look on.
            let _ = (HighWaterMark.run(&app).await, HighWaterMark.run(&ahead).await);
            Sweep.run(&app).await.unwrap();
            Sweep.run(&ahead).await.unwrap();
            assert!(revoked().await);
            right.advance(Seconds::minutes(1));
            wrong.advance(Seconds::minutes(1));
        }
        let alarm = HighWaterMark.run(&ahead).await.unwrap_err().to_string();
        assert!(alarm.contains("ahead of that of another server"), "{alarm}");
        let noted = server_clocks::read(app.db()).await.unwrap();
        assert_eq!(noted.iter().filter(|clock| clock.ahead > Seconds::hours(2)).count(), 1, "{noted:?}");

        wrong.set(right.now());
        for _ in 0..2 {
            let _ = HighWaterMark.run(&app).await;
            right.advance(Seconds::minutes(1));
            wrong.advance(Seconds::minutes(1));
            let _ = HighWaterMark.run(&ahead).await;
        }
        assert!(
            server_clocks::read(app.db()).await.unwrap().iter().all(|clock| clock.ahead == Seconds::ZERO)
        );
    }
}
