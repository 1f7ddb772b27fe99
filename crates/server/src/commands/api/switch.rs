//! `mapae api disable` and `mapae api enable`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::OneApi,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, apis},
};

/// How an API stands now.
#[derive(Debug, Serialize)]
struct Switched {
    identifier: String,
    name: String,
    disabled: bool,
    /// Whether it stood otherwise until now.
    changed: bool,
}

/// Switches an API off. One that is off already stays so, and that is no failure.
pub(in crate::commands) async fn disable(args: &OneApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let api = find(data, &args.identifier).await?;
        let changed = match data.db.commit(apis::disable(&api.id, data.now)).await {
            Ok(_) => true,
            Err(CommitError::Conflict { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        Answer::of(&Switched { identifier: api.identifier, name: api.name, disabled: true, changed })
    })
    .await
}

/// Switches an API on again. One that is on already stays so.
pub(in crate::commands) async fn enable(args: &OneApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let api = find(data, &args.identifier).await?;
        let changed = api.disabled_at.is_some();
        if changed {
            data.db.commit(apis::enable(&api.id)).await?;
        }
        Answer::of(&Switched { identifier: api.identifier, name: api.name, disabled: false, changed })
    })
    .await
}

impl fmt::Display for Switched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identifier, name, disabled, changed } = self;
        let said = match (disabled, changed) {
            (true, true) => "is switched off: no token is issued for it, and it learns nothing about tokens.",
            (true, false) => "was switched off already.",
            (false, true) => "is switched on again.",
            (false, false) => "was switched on already.",
        };
        write!(f, "{identifier} ({name}) {said}")
    }
}
