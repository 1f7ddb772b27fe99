//! `mapae app verify`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::VerifyApp,
    commands::{answer::Answer, data::Data, failure::Failure, fields::Fields},
    store::{
        CommitError, Unit,
        apps::{self, RegisteredApp},
        registrations, verification,
    },
};

/// Whether somebody stands behind the app, and what people see of it.
#[derive(Debug, Serialize)]
struct Judged {
    client_id: String,
    name: String,
    has_icon: bool,
    /// Where it says that it is at home.
    homepage: Option<String>,
    redirect_uris: Vec<String>,
    /// At which all this was so.
    revision: i64,
    verified: bool,
    /// Whether it was otherwise until now.
    changed: bool,
}

/// Verifies an app, or withdraws that.
pub(in crate::commands) async fn run(args: &VerifyApp) -> Result<Answer, Failure> {
    Data::with(&args.app.common, async |data| verify(args, data).await).await
}

async fn verify(args: &VerifyApp, data: &Data) -> Result<Answer, Failure> {
    let VerifyApp { app, revision, withdraw } = args;
    let id = app.client_id.as_str();
    let seen = find(data, id).await?;
    if let Some(looked_at) = revision.filter(|looked_at| *looked_at != seen.app.revision) {
        return Err(another(id, looked_at));
    }
    let unit = if *withdraw { verification::withdraw(id, data.now) } else { verified(&seen, data) };
    match data.db.commit(unit).await {
        Ok(_) => {}
        Err(CommitError::Conflict { .. }) => {
            find(data, id).await?;
            return Err(another(id, seen.app.revision));
        }
        Err(error) => return Err(error.into()),
    }
    let verified = find(data, id).await?.app.verified;
    Answer::of(&Judged::of(seen, verified))
}

/// Verifies the app as it was seen, and as nothing else.
fn verified(seen: &RegisteredApp, data: &Data) -> Unit {
    let id = seen.app.id.as_str();
    Unit::from(apps::guard(id, seen.app.revision))
        .with(verification::verify(id, data.now))
        // What the operator has verified is there to stay, whether or not somebody has agreed to it yet.
        .with(registrations::used(id))
}

fn another(id: &str, looked_at: i64) -> Failure {
    let text = format!(
        "nothing was changed: {id} has changed, and is not as it was at revision {looked_at} any more; look at it \
         again with `mapae app show {id}`, and name the revision that stands there"
    );
    Failure::new("conflict", text)
}

impl Judged {
    fn of(seen: RegisteredApp, verified: bool) -> Self {
        let RegisteredApp { app, lists, .. } = seen;
        Self {
            client_id: app.id,
            name: app.settings.name,
            has_icon: app.settings.icon.is_some(),
            homepage: app.settings.homepage,
            redirect_uris: lists.redirect_uris,
            revision: app.revision,
            verified,
            changed: app.verified != verified,
        }
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, name, verified, changed, .. } = self;
        let already = if *changed { "" } else { " already" };
        if !*verified {
            return write!(
                f,
                "{client_id} ({name}) is unverified{already}: its pages say that nobody has checked it."
            );
        }
        writeln!(
            f,
            "{client_id} ({name}) is verified{already}: its pages warn of nothing. Compare it with what you looked at:"
        )?;
        Fields::default()
            .with("name", name.as_str())
            .with("icon", if self.has_icon { "yes" } else { "none" })
            .with_some("homepage", self.homepage.as_deref())
            .with("redirect URIs", self.redirect_uris.join("\n"))
            .with("revision", self.revision.to_string())
            .fmt(f)
    }
}
