//! What the server does by itself, every minute. A new job is one file and one line in [`JOBS`].
//!
//! Every node runs every job: each is harmless when another node does the same at the same time, so none has
//! to be elected.

mod high_water_mark;
mod other_clocks;
mod rotation;
mod sweep;

use std::time::Duration;

use async_trait::async_trait;
use mapae_protocol::random;
use tokio::task::JoinHandle;

use self::other_clocks::ClockAhead;
pub(crate) use self::{other_clocks::OtherClocks, rotation::due as rotation_due};
use crate::{
    app::{App, WeakApp},
    clock::ClockBehind,
    fault::Fault,
};

/// The time between two runs of a job, without its share of chance.
const PERIOD: Duration = Duration::from_secs(60);

/// Nodes that start together do not stay together.
const JITTER: Duration = Duration::from_secs(6);

/// All jobs.
const JOBS: &[&dyn Job] = &[&high_water_mark::HighWaterMark, &rotation::Rotation, &sweep::Sweep];

/// One thing that is done again and again.
#[async_trait]
trait Job: Sync {
    /// For the log.
    fn name(&self) -> &'static str;

    /// Does it once. What fails is tried again at the next turn.
    async fn run(&self, app: &App) -> Result<(), JobError>;
}

/// Why a job could not be done.
#[derive(Debug, thiserror::Error)]
enum JobError {
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    ClockBehind(#[from] ClockBehind),
    #[error(transparent)]
    ClockAhead(#[from] ClockAhead),
}

/// The jobs of one server.
#[derive(Debug)]
pub(crate) struct Jobs(Vec<JoinHandle<()>>);

/// Starts all jobs; they end with the app, or when they are stopped.
pub(crate) fn start(app: &App) -> Jobs {
    Jobs(JOBS.iter().map(|job| tokio::spawn(repeat(*job, app.downgrade()))).collect())
}

impl Jobs {
    /// Ends them. What a job has given to the database is written all the same.
    pub(crate) async fn stop(self) {
        for job in self.0 {
            job.abort();
            // It was aborted: there is no other outcome.
            let _ = job.await;
        }
    }
}

async fn repeat(job: &'static dyn Job, app: WeakApp) {
    let mut failing = false;
    while let Some(app) = app.upgrade() {
        let outcome = job.run(&app).await;
        drop(app);
        // Said when it begins and when it ends, not every minute.
        match (&outcome, failing) {
            (Err(error), false) => {
                tracing::error!(job = job.name(), error = error as &dyn std::error::Error, "a job fails");
            }
            (Ok(()), true) => tracing::info!(job = job.name(), "the job works again"),
            _ => {}
        }
        failing = outcome.is_err();
        tokio::time::sleep(pause()).await;
    }
}

fn pause() -> Duration {
    let [first, second, ..] = random::number().to_le_bytes();
    PERIOD + JITTER.mul_f64(f64::from(u16::from_le_bytes([first, second])) / f64::from(u16::MAX))
}

#[cfg(test)]
pub(crate) mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::{
        clock::Clock,
        config::{Config, Environment, Flags},
    };

    /// A server in a folder of its own, whose clock stands at `clock`'s time.
    pub(crate) async fn server(clock: Clock) -> (App, TempDir) {
        let folder = TempDir::new().unwrap();
        let data = folder.path().to_str().map(str::to_owned);
        let config = Config::load(&Flags { data, ..Flags::default() }, &Environment::default()).unwrap();
        (App::start(config, clock).await.unwrap(), folder)
    }

    #[test]
    fn nodes_drift_apart() {
        let pauses: Vec<Duration> = (0..100).map(|_| pause()).collect();
        assert!(pauses.iter().all(|pause| (PERIOD..=PERIOD + JITTER).contains(pause)));
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }

    #[tokio::test]
    async fn jobs_do_not_keep_a_server_alive() {
        let (app, _folder) = server(Clock::default()).await;
        let jobs = start(&app);
        let weak = app.downgrade();
        drop(app);
        jobs.stop().await;
        assert!(weak.upgrade().is_none());
    }
}
