//! `mapae-bench measure`: one scenario on one server.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;

use crate::{
    crowd::Crowd,
    process,
    scenario::{self, Scenario},
    target::Target,
};

/// Put load on a server; prints what was measured.
#[derive(Args)]
pub(crate) struct Measure {
    /// Description of the server
    #[arg(long, value_name = "FILE")]
    target: PathBuf,

    /// What to ask of it
    #[arg(long, value_enum)]
    scenario: Scenario,

    /// How many connections ask at the same time
    #[arg(long, value_name = "COUNT", default_value_t = 64)]
    connections: usize,

    /// How long nothing is measured at the beginning
    #[arg(long, value_name = "SECONDS")]
    warm_up: f64,

    /// How long to measure, where there is no end to what can be asked
    #[arg(long, value_name = "SECONDS")]
    seconds: f64,

    /// How many tokens to have made and then to show, each once, in scenarios about tokens
    #[arg(long, value_name = "COUNT")]
    tokens: usize,

    /// Description of the server that makes the tokens, when it is another one
    #[arg(long, value_name = "FILE")]
    tokens_from: Option<PathBuf>,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Measured {
    /// Pieces of work: requests, or whole flows.
    count: usize,
    seconds: f64,
    /// Of the server's process.
    cpu_seconds: f64,
    p50_seconds: f64,
    p99_seconds: f64,
}

impl Measure {
    /// Measures.
    ///
    /// # Errors
    /// Any answer that is not the one right one.
    pub(crate) async fn run(&self) -> anyhow::Result<Measured> {
        let target = Target::read(&self.target)?;
        let source = self.tokens_from.as_deref().map(Target::read).transpose()?;
        let tokens =
            scenario::Tokens::made_by(source.as_ref().unwrap_or(&target), self.scenario, self.tokens).await?;
        let scripts = self.scenario.scripts(&target, &tokens, self.connections)?;
        let mut crowd = Crowd::gather(target.address, scripts).await?;

        tokens.offer_some();
        crowd.work(Some(Instant::now() + Duration::try_from_secs_f64(self.warm_up)?)).await?;
        tokens.offer_rest();
        let end = Duration::try_from_secs_f64(self.seconds)?;
        measured(&mut crowd, target.pid, tokens.are_none().then_some(end)).await
    }
}

async fn measured(crowd: &mut Crowd, pid: u32, length: Option<Duration>) -> anyhow::Result<Measured> {
    let cpu_before = process::cpu_seconds(pid)?;
    let begun = Instant::now();
    let mut times = crowd.work(length.map(|length| begun + length)).await?;
    let seconds = begun.elapsed().as_secs_f64();
    let cpu_seconds = process::cpu_seconds(pid)? - cpu_before;
    if times.is_empty() {
        bail!("nothing was measured");
    }
    times.sort_unstable();
    Ok(Measured {
        count: times.len(),
        seconds,
        cpu_seconds,
        p50_seconds: quantile(&times, 50)?.as_secs_f64(),
        p99_seconds: quantile(&times, 99)?.as_secs_f64(),
    })
}

/// The time that so many of a hundred did not exceed.
fn quantile(sorted: &[Duration], percent: usize) -> anyhow::Result<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().context("nothing was measured")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let times: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(quantile(&times, 50).unwrap(), Duration::from_millis(100));
        assert_eq!(quantile(&times, 99).unwrap(), Duration::from_millis(198));
        assert_eq!(quantile(&times[..1], 99).unwrap(), Duration::from_millis(1));
        assert!(quantile(&[], 50).is_err());
    }
}
