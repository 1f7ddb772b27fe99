//! `mapae api delete`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::OneApi,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, apis},
};

/// The API is gone.
#[derive(Debug, Serialize)]
struct Deleted {
    identifier: String,
    name: String,
    deleted: bool,
}

/// Deletes an API with its scopes.
pub(in crate::commands) async fn run(args: &OneApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let api = find(data, &args.identifier).await?;
        match data.db.commit(apis::delete(&api.id)).await {
            Ok(_) => {}
            // Somebody deleted it since it was found.
            Err(CommitError::Conflict { .. }) => drop(find(data, &args.identifier).await?),
            Err(error) => return Err(error.into()),
        }
        Answer::of(&Deleted { identifier: api.identifier, name: api.name, deleted: true })
    })
    .await
}

impl fmt::Display for Deleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identifier, name, .. } = self;
        write!(
            f,
            "{identifier} ({name}) is deleted: no token is issued for it. Those that there are expire within minutes; \
             an API that asks about them is refused at once."
        )
    }
}
