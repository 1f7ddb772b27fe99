//! `mapae app rotate-secret`.

use std::fmt;

use serde::Serialize;

use super::{find, new_secret, shown_once};
use crate::{
    cli::OneApp,
    commands::{answer::Answer, data::Data, failure::Failure, fields::Fields},
    registration::keeps_secret,
    store::{
        Unit,
        app_secrets::{self, Before},
    },
};

/// The new secret.
#[derive(Debug, Serialize)]
struct Rotated {
    client_id: String,
    client_secret: String,
}

/// Gives the app a new secret; the old ones are dead at once.
pub(in crate::commands) async fn run(args: &OneApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        Answer::of(&data.write(async || rotation(data, &args.client_id).await).await?)
    })
    .await
}

/// A new secret of the kind that the app keeps, if it keeps any.
async fn rotation(data: &Data, id: &str) -> Result<(Unit, Rotated), Failure> {
    let registered = find(data, id).await?;
    if registered.app.settings.public {
        let wrong = format!("{id} is a public app: it has no secret, and needs none");
        return Err(Failure::new("public_app", wrong));
    }
    if !keeps_secret(&registered.app.settings) {
        let wrong = format!("{id} signs with its private key: it has no secret, and needs none");
        return Err(Failure::new("no_secret", wrong));
    }
    let (secret, kept) = new_secret(data, id, (&registered.app.settings, &registered.lists)).await?;
    let unit = app_secrets::rotate(id, &kept, Before::EndNow, data.now);
    Ok((unit, Rotated { client_id: registered.app.id, client_secret: secret.expose().clone() }))
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replace = "Run this again. Secrets before this one are dead.";
        Fields::default()
            .with("client_id", self.client_id.as_str())
            .with("client_secret", shown_once(&self.client_secret, replace))
            .fmt(f)
    }
}
