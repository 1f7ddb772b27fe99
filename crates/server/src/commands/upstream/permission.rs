//! `mapae upstream permit` and `mapae upstream forbid`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::UpstreamApp,
    commands::{answer::Answer, app, data::Data, failure::Failure},
    store::{CommitError, Unit, upstream_permissions},
};

/// Who may have what a provider gave.
#[derive(Debug, Serialize)]
struct Permission {
    name: String,
    client_id: String,
    permitted: bool,
}

/// Permits an app.
pub(in crate::commands) async fn permit(args: &UpstreamApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let (name, client_id) = both(data, args).await?;
        data.db.commit(Unit::from(upstream_permissions::permit(&name, &client_id, data.now))).await?;
        Answer::of(&Permission { name, client_id, permitted: true })
    })
    .await
}

/// Takes the permission away. Where there is none nothing is taken, and that is no failure.
pub(in crate::commands) async fn forbid(args: &UpstreamApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let (name, client_id) = both(data, args).await?;
        match data.db.commit(Unit::from(upstream_permissions::forbid(&name, &client_id))).await {
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        Answer::of(&Permission { name, client_id, permitted: false })
    })
    .await
}

async fn both(data: &Data, args: &UpstreamApp) -> Result<(String, String), Failure> {
    let name = find(data, &args.name).await?.settings.name;
    Ok((name, app::find(data, &args.client_id).await?.app.id))
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let may = if self.permitted { "may" } else { "may not" };
        write!(f, "{} {may} have the access tokens that {} gives.", self.client_id, self.name)
    }
}
