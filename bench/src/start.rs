//! `mapae-bench start`: from the start of a process to its first answer.

use std::{
    net::SocketAddr,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::{
    http::{self, Connection},
    target::DISCOVERY,
};

/// How often it is looked whether somebody listens: short against what is measured.
const PAUSE: Duration = Duration::from_micros(250);
/// A server that has not answered by then never will.
const PATIENCE: Duration = Duration::from_secs(30);

/// Start a server many times; prints how long it took to its first answer.
#[derive(Args)]
pub(crate) struct Start {
    /// How many times
    #[arg(long, value_name = "COUNT")]
    count: usize,

    /// Where it will listen
    #[arg(long, value_name = "ADDRESS:PORT")]
    address: SocketAddr,

    /// The command line
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// How long it took.
#[derive(Debug, Serialize)]
pub(crate) struct Started {
    /// Each time.
    seconds: Vec<f64>,
}

impl Start {
    /// Starts it.
    ///
    /// # Errors
    /// When it does not start, or answers wrongly.
    pub(crate) async fn run(&self) -> anyhow::Result<Started> {
        let mut seconds = Vec::new();
        for _ in 0..self.count {
            seconds.push(self.once().await?.as_secs_f64());
        }
        Ok(Started { seconds })
    }

    async fn once(&self) -> anyhow::Result<Duration> {
        let (program, arguments) = self.command.split_first().context("no command")?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begun = Instant::now();
        let mut child = command.spawn().with_context(|| format!("{program} does not start"))?;
        let answered = timeout(PATIENCE, self.first_answer(&mut child)).await.context("no answer").flatten();
        let taken = begun.elapsed();
        let ended = end(&mut child).await;
        answered.and(ended).map(|()| taken)
    }

    async fn first_answer(&self, child: &mut Child) -> anyhow::Result<()> {
        let mut connection = loop {
            match Connection::open(self.address).await {
                Ok(connection) => break connection,
                Err(_) if child.try_wait()?.is_none() => sleep(PAUSE).await,
                Err(_) => bail!("the server ended"),
            }
        };
        let request = http::request_head("GET", DISCOVERY, &self.address.to_string()) + "\r\n";
        connection.exchange(request.as_bytes()).await?.good().map(|_| ())
    }
}

/// As an operator would: so that the next start finds everything in order.
async fn end(child: &mut Child) -> anyhow::Result<()> {
    let told = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status()?;
    let Ok(ended) = timeout(PATIENCE, wait(child)).await else {
        child.kill()?;
        child.wait()?;
        bail!("the server does not end when it is told to");
    };
    let status = ended?;
    if told.success() && status.success() { Ok(()) } else { bail!("the server did not end well: {status}") }
}

async fn wait(child: &mut Child) -> anyhow::Result<ExitStatus> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(status),
            None => sleep(PAUSE).await,
        }
    }
}
