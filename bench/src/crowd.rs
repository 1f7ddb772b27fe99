//! Many connections, each of which asks, waits for the answer, and asks again.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tokio::task::JoinSet;

use crate::http::{Answer, Connection};

/// What one connection does over and over.
pub(crate) trait Script: Send {
    /// Writes the next request into the empty `out`; `false` when there is nothing left to ask.
    fn request(&mut self, out: &mut Vec<u8>) -> bool;

    /// Judges the answer.
    ///
    /// # Errors
    /// Anything that is not the one right answer: wrong answers are not counted but end the measurement.
    fn judge(&mut self, answer: &Answer<'_>) -> anyhow::Result<Step>;
}

/// How far a piece of work has come with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is done, and counts as one.
    Done,
    /// Another request belongs to it.
    More,
}

/// The connections with their scripts.
pub(crate) struct Crowd {
    members: Vec<Member>,
}

struct Member {
    connection: Connection,
    script: Box<dyn Script>,
    request: Vec<u8>,
}

impl Crowd {
    /// Opens one connection for each script.
    ///
    /// # Errors
    /// When the server does not listen.
    pub(crate) async fn gather(
        address: SocketAddr,
        scripts: impl IntoIterator<Item = Box<dyn Script>>,
    ) -> anyhow::Result<Self> {
        let mut members = Vec::new();
        for script in scripts {
            let connection =
                Connection::open(address).await.with_context(|| format!("nobody listens on {address}"))?;
            members.push(Member { connection, script, request: Vec::new() });
        }
        Ok(Self { members })
    }

    /// Works on all connections at once until the moment has come and what was begun is done, or until nothing is left to ask.
    /// How long each piece of work took, in no order.
    ///
    /// # Errors
    /// The first wrong answer.
    pub(crate) async fn work(&mut self, until: Option<Instant>) -> anyhow::Result<Vec<Duration>> {
        let mut working = JoinSet::new();
        for member in self.members.drain(..) {
            working.spawn(member.work(until));
        }
        let mut all = Vec::new();
        while let Some(ended) = working.join_next().await {
            let (member, mut times) = ended??;
            all.append(&mut times);
            self.members.push(member);
        }
        Ok(all)
    }
}

impl Member {
    async fn work(mut self, until: Option<Instant>) -> anyhow::Result<(Self, Vec<Duration>)> {
        let mut times = Vec::new();
        loop {
            let begun = Instant::now();
            if until.is_some_and(|until| until <= begun) || !self.one().await? {
                return Ok((self, times));
            }
            times.push(begun.elapsed());
        }
    }

    /// Does one piece of work; `false` when there was none left.
    async fn one(&mut self) -> anyhow::Result<bool> {
        loop {
            self.request.clear();
            if !self.script.request(&mut self.request) {
                return Ok(false);
            }
            let answer = self.connection.exchange(&self.request).await?;
            if self.script.judge(&answer).with_context(|| first_line(&self.request))? == Step::Done {
                return Ok(true);
            }
        }
    }
}

fn first_line(request: &[u8]) -> String {
    String::from_utf8_lossy(request).lines().next().unwrap_or_default().to_owned()
}
