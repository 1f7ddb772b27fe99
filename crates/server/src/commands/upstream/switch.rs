//! `mapae upstream disable` and `mapae upstream enable`.

use std::fmt;

use serde::Serialize;

use super::find_own;
use crate::{
    cli::OneUpstream,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, Unit, upstreams},
};

/// How a provider stands now.
#[derive(Debug, Serialize)]
struct Switched {
    name: String,
    disabled: bool,
    /// Whether it stood otherwise until now.
    changed: bool,
}

/// Switches a provider off. One that is off already stays so, and that is no failure.
pub(in crate::commands) async fn disable(args: &OneUpstream) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        switch(data, args, true, upstreams::disable(&args.name, data.now)).await
    })
    .await
}

/// Switches a provider on again. One that is on already stays so.
pub(in crate::commands) async fn enable(args: &OneUpstream) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| switch(data, args, false, upstreams::enable(&args.name)).await)
        .await
}

async fn switch(data: &Data, args: &OneUpstream, disabled: bool, unit: Unit) -> Result<Answer, Failure> {
    let name = find_own(data, &args.name).await?.settings.name;
    let changed = match data.db.commit(unit).await {
        Ok(_) => true,
        Err(CommitError::Conflict { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    Answer::of(&Switched { name, disabled, changed })
}

impl fmt::Display for Switched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match (self.disabled, self.changed) {
            (true, true) => "is switched off: nobody signs in with it. Who is signed in stays so.",
            (true, false) => "was switched off already.",
            (false, true) => "is switched on again.",
            (false, false) => "was switched on already.",
        };
        write!(f, "{} {said}", self.name)
    }
}
