//! `mapae upstream remove`.

use std::fmt;

use serde::Serialize;

use super::{find_own, missing};
use crate::{
    cli::OneUpstream,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, upstreams},
};

/// The provider is gone.
#[derive(Debug, Serialize)]
struct Removed {
    name: String,
    removed: bool,
}

/// Removes a provider.
pub(in crate::commands) async fn run(args: &OneUpstream) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let name = find_own(data, &args.name).await?.settings.name;
        match data.db.commit(upstreams::remove(&name)).await {
            Ok(_) => Answer::of(&Removed { name, removed: true }),
            Err(CommitError::Conflict { .. }) => Err(missing(&name)),
            Err(error) => Err(error.into()),
        }
    })
    .await
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is removed: nobody signs in with it. Added again, it opens the same accounts as before; apps must be \
             permitted anew.",
            self.name
        )
    }
}
