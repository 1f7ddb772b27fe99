//! `mapae clock reset` — threats OP-13.

use std::fmt;

use mapae_protocol::time::Timestamp;
use serde::Serialize;

use crate::{
    cli::Common,
    commands::{answer::Answer, data::Data, failure::Failure, fields::moment},
    store::{Unit, counters, server_clocks},
};

/// The highest time, before and now.
#[derive(Debug, Serialize)]
struct Reset {
    noted_before: i64,
    noted: i64,
}

/// Takes this machine's time for the highest that was seen.
pub(in crate::commands) async fn run(common: &Common) -> Result<Answer, Failure> {
    Data::with(common, async |data| {
        let before = counters::read(&data.db).await?.clock;
        // Nothing that happens from now on is dated by a clock that was wrong, of a server that has ended.
        let forgotten = server_clocks::forget_ahead_of(data.now);
        data.db.commit(Unit::from(counters::set_clock(data.now)).with(forgotten)).await?;
        Answer::of(&Reset { noted_before: before.unix(), noted: data.now.unix() })
    })
    .await
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [before, noted] = [self.noted_before, self.noted].map(|at| moment(Timestamp::from_unix(at)));
        write!(
            f,
            "The highest time noted was {before}; now it is {noted}.\nStart every server again: each remembers the \
             highest time that it has seen itself. What was issued while a clock was ahead lives longer by as much; \
             `mapae keys rotate --now` ends the tokens among it."
        )
    }
}
