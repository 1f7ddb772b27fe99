//! `mapae registration token revoke`.

use std::fmt;

use serde::Serialize;

use crate::{
    cli::OneInitialToken,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, Unit, initial_access_tokens},
};

/// The token is gone.
#[derive(Debug, Serialize)]
struct Revoked {
    id: String,
    revoked: bool,
}

/// Ends a token.
pub(in crate::commands) async fn run(args: &OneInitialToken) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        match data.db.commit(Unit::from(initial_access_tokens::revoke(&args.id))).await {
            Ok(_) => Answer::of(&Revoked { id: args.id.clone(), revoked: true }),
            Err(CommitError::Conflict { .. }) => {
                let text =
                    format!("there is no token {:?}; `mapae registration token list` shows all", args.id);
                Err(Failure::new("not_found", text))
            }
            Err(error) => Err(error.into()),
        }
    })
    .await
}

impl fmt::Display for Revoked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} is revoked. Apps that were registered with it stay: `mapae app list` shows them.",
            self.id
        )
    }
}
