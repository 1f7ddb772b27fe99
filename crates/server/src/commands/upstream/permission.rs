//! `mapae upstream permit` and `mapae upstream forbid`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::UpstreamApp,
    commands::{answer::Answer, app, data::Data, failure::Failure},
    registration::Grants,
    store::{Unit, apps, upstream_permissions},
    upstream::scope_of,
};

/// Who may have what a provider gave.
#[derive(Debug, Serialize)]
struct Permission {
    name: String,
    client_id: String,
    /// By what the app asks people for it.
    scope: String,
    permitted: bool,
}

/// Permits an app.
pub(in crate::commands) async fn permit(args: &UpstreamApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        // A permission whose provider has gone meanwhile would be for whichever comes under its name.
        Answer::of(&data.write(async || permission(data, args).await).await?)
    })
    .await
}

async fn permission(data: &Data, args: &UpstreamApp) -> Result<(Unit, Permission), Failure> {
    let (name, client_id) = both(data, args).await?;
    refuse_machine(data, &client_id).await?;
    // What the operator permits, the person is asked for: both must agree.
    let unit = Unit::from(apps::add_optional_scope(&client_id, &scope_of(&name)))
        .with(upstream_permissions::permit(&name, &client_id, data.now));
    let permission = Permission { scope: scope_of(&name), name, client_id, permitted: true };
    Ok((unit.changing_catalog(), permission))
}

/// Takes the permission away. Where there is none nothing is taken, and that is no failure.
pub(in crate::commands) async fn forbid(args: &UpstreamApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let (name, client_id) = both(data, args).await?;
        let unit = Unit::from(apps::drop_scope(&client_id, &scope_of(&name)))
            .with(upstream_permissions::forbid(&name, &client_id));
        data.db.commit(unit.changing_catalog()).await?;
        Answer::of(&Permission { scope: scope_of(&name), name, client_id, permitted: false })
    })
    .await
}

async fn both(data: &Data, args: &UpstreamApp) -> Result<(String, String), Failure> {
    let name = find(data, &args.name).await?.settings.name;
    Ok((name, app::find(data, &args.client_id).await?.app.id))
}

/// An app that only acts for itself has nobody whom it could ask.
async fn refuse_machine(data: &Data, client_id: &str) -> Result<(), Failure> {
    let settings = app::find(data, client_id).await?.app.settings;
    if Grants::restore(&settings.grant_types).is_machine_only() {
        let text = format!(
            "{client_id:?} signs nobody in, so nobody could agree: name an app with the grant authorization_code"
        );
        return Err(Failure::new("no_person", text));
    }
    Ok(())
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let may = if self.permitted { "may" } else { "may not" };
        let Self { client_id, name, scope, .. } = self;
        write!(f, "{client_id} {may} have the access tokens that {name} gives")?;
        if self.permitted {
            write!(f, " to people who agree to it: let it ask for the scope {scope} beside openid")?;
        }
        f.write_str(".")
    }
}
