//! `mapae app rotate-secret`.

use std::fmt;

use serde::Serialize;

use super::{find, new_secret, shown_once};
use crate::{
    cli::OneApp,
    commands::{answer::Answer, data::Data, failure::Failure, fields::Fields},
    registration::keeps_secret,
    store::app_secrets::{self, Before},
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
        let registered = find(data, &args.client_id).await?;
        if registered.app.settings.public {
            let wrong = format!("{} is a public app: it has no secret, and needs none", args.client_id);
            return Err(Failure::new("public_app", wrong));
        }
        if !keeps_secret(&registered.app.settings) {
            let wrong =
                format!("{} signs with its private key: it has no secret, and needs none", args.client_id);
            return Err(Failure::new("no_secret", wrong));
        }
        let (secret, kept) =
            new_secret(data, &args.client_id, (&registered.app.settings, &registered.lists)).await?;
        data.db.commit(app_secrets::rotate(&args.client_id, &kept, Before::EndNow, data.now)).await?;
        Answer::of(&Rotated { client_id: registered.app.id, client_secret: secret.expose().clone() })
    })
    .await
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
