//! `mapae app rotate-secret`.

use std::fmt;

use mapae_protocol::time::Timestamp;
use serde::Serialize;

use super::{find, new_secret, shown_once};
use crate::{
    cli::RotateSecret,
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        fields::{Fields, moment},
    },
    registration::keeps_secret,
    store::{
        Unit,
        app_secrets::{self, Before},
    },
};

/// The new secret, and what became of the one before.
#[derive(Debug, Serialize)]
struct Rotated {
    client_id: String,
    client_secret: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    former_until: Option<Timestamp>,
    #[serde(skip)]
    before: Before,
}

/// Gives the app a new secret beside the old one, or in its place when that has leaked.
pub(in crate::commands) async fn run(args: &RotateSecret) -> Result<Answer, Failure> {
    Data::with(&args.app.common, async |data| {
        let before = if args.now { Before::Stolen } else { Before::overlapping(data.now) };
        Answer::of(&data.write(async || rotation(data, &args.app.client_id, before).await).await?)
    })
    .await
}

/// A new secret of the kind that the app keeps, if it keeps any.
async fn rotation(data: &Data, id: &str, before: Before) -> Result<(Unit, Rotated), Failure> {
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
    let unit = app_secrets::rotate(id, &kept, before, data.now);
    let former_until = before.last_end(&registered.secrets, data.now);
    let client_secret = secret.expose().clone();
    Ok((unit, Rotated { client_id: registered.app.id, client_secret, former_until, before }))
}

impl Rotated {
    /// What is to be done about the secret before.
    fn former(&self) -> String {
        match (self.former_until, self.before) {
            (Some(end), _) => {
                format!("good until {}: give all of the app's servers the new one by then", moment(end))
            }
            (None, Before::Stolen) => {
                "dead, and with it all that was issued to the app so far: it sends people here once more"
                    .to_owned()
            }
            (None, Before::ValidUntil(_) | Before::EndNow) => "none was good any longer".to_owned(),
        }
    }
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Of two that are good the older one ends then: whoever lost the new one may still depend on it.
        let replace = if self.former_until.is_some() {
            "Run this again, and the former secret ends at once."
        } else {
            "Run this again."
        };
        Fields::default()
            .with("client_id", self.client_id.as_str())
            .with("client_secret", shown_once(&self.client_secret, replace))
            .with("former secret", self.former())
            .fmt(f)
    }
}
