//! `mapae app disable`, `mapae app enable`: the operator's switch of an app, beside its owner's.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::OneApp,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{CommitError, apps},
};

/// Where it is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Switch {
    Off,
    On,
}

/// How the app is now.
#[derive(Debug, Serialize)]
struct Switched {
    #[serde(skip)]
    to: Switch,
    client_id: String,
    name: String,
    /// Whether it is off, whoever switched it off.
    disabled: bool,
    /// Whether the operator's switch stood otherwise until now.
    changed: bool,
}

/// Puts the switch. One that stands so already stays so, and that is no failure.
pub(in crate::commands) async fn run(args: &OneApp, to: Switch) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        // One that is not there fails, before and after: it may be deleted meanwhile.
        find(data, &args.client_id).await?;
        let put = match to {
            Switch::Off => apps::block(&args.client_id, data.now),
            Switch::On => apps::unblock(&args.client_id, data.now),
        };
        let changed = match data.db.commit(put).await {
            Ok(_) => true,
            Err(CommitError::Conflict { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        let app = find(data, &args.client_id).await?.app;
        let disabled = app.off_by().is_some();
        Answer::of(&Switched { to, client_id: app.id, name: app.settings.name, disabled, changed })
    })
    .await
}

impl fmt::Display for Switched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { to, client_id, name, disabled, changed } = self;
        write!(f, "{client_id} ({name}) ")?;
        match (to, disabled, changed) {
            (Switch::Off, _, true) => write!(
                f,
                "is switched off: nothing that it holds works any longer, and its owner cannot switch it on. \
                 `mapae app enable {client_id}` does."
            ),
            (Switch::Off, _, false) => f.write_str("was switched off already."),
            (Switch::On, false, true) => {
                f.write_str("is on again: people can sign in to it. What had ended stays dead.")
            }
            (Switch::On, false, false) => f.write_str("was on already."),
            (Switch::On, true, _) => f.write_str(
                "stays off: its owner has switched it off, and only they can switch it on, in the console.",
            ),
        }
    }
}
