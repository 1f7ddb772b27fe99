//! `mapae app verify`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::VerifyApp,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{registrations, vouching},
};

/// Whether somebody stands behind the app.
#[derive(Debug, Serialize)]
struct Judged {
    client_id: String,
    name: String,
    verified: bool,
    /// Whether it was otherwise until now.
    changed: bool,
}

/// Vouches for an app, or no longer.
pub(in crate::commands) async fn run(args: &VerifyApp) -> Result<Answer, Failure> {
    let VerifyApp { app, withdraw } = args;
    Data::with(&app.common, async |data| {
        let before = find(data, &app.client_id).await?.app.vouched;
        let write = if *withdraw { vouching::withdraw } else { vouching::vouch };
        // Whom the operator vouches for is there to stay, whether or not somebody has agreed to it yet.
        let stays = (!*withdraw).then(|| registrations::used(&app.client_id));
        data.db.commit(write(&app.client_id, data.now).with_all(stays)).await?;
        let now = find(data, &app.client_id).await?.app;
        let changed = now.vouched != before;
        Answer::of(&Judged { client_id: now.id, name: now.settings.name, verified: now.vouched, changed })
    })
    .await
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client_id, name, verified, changed } = self;
        let already = if *changed { "" } else { " already" };
        if *verified {
            write!(f, "{client_id} ({name}) is verified{already}: its pages warn of nothing.")
        } else {
            write!(
                f,
                "{client_id} ({name}) is unverified{already}: its pages say that nobody has checked it."
            )
        }
    }
}
