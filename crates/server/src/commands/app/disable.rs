//! `mapae app disable`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::OneApp,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, apps},
};

/// The app is off.
#[derive(Debug, Serialize)]
struct Disabled {
    client_id: String,
    name: String,
    disabled: bool,
    /// Whether it was on until now.
    changed: bool,
}

/// Switches an app off. One that is off already stays so, and that is no failure.
pub(in crate::commands) async fn run(args: &OneApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let registered = find(data, &args.client_id).await?;
        let changed = match data.db.commit(apps::disable(&args.client_id, data.now)).await {
            Ok(_) => true,
            Err(CommitError::Conflict { .. }) => {
                // It was off, or was deleted since it was found.
                find(data, &args.client_id).await?;
                false
            }
            Err(error) => return Err(error.into()),
        };
        let (client_id, name) = (registered.app.id, registered.app.settings.name);
        Answer::of(&Disabled { client_id, name, disabled: true, changed })
    })
    .await
}

impl fmt::Display for Disabled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, name, .. } = self;
        if self.changed {
            write!(f, "{client_id} ({name}) is switched off: nothing that it holds works any longer.")
        } else {
            write!(f, "{client_id} ({name}) was switched off already.")
        }
    }
}
