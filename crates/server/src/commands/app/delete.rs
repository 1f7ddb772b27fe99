//! `mapae app delete`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::OneApp,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, apps},
};

/// The app is gone.
#[derive(Debug, Serialize)]
struct Deleted {
    client_id: String,
    name: String,
    deleted: bool,
}

/// Deletes an app with everything that people gave it. One that is an address stays away, whatever stands there (DC-11).
pub(in crate::commands) async fn run(args: &OneApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let registered = find(data, &args.client_id).await?;
        match data.db.commit(apps::delete_for_ever(&args.client_id, data.now)).await {
            Ok(_) => {}
            // Somebody deleted it since it was found.
            Err(CommitError::Conflict { .. }) => drop(find(data, &args.client_id).await?),
            Err(error) => return Err(error.into()),
        }
        let (client_id, name) = (registered.app.id, registered.app.settings.name);
        Answer::of(&Deleted { client_id, name, deleted: true })
    })
    .await
}

impl fmt::Display for Deleted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, name, .. } = self;
        write!(f, "{client_id} ({name}) is deleted: nothing that it holds works any longer.")
    }
}
