//! `mapae user disable` and `mapae user enable`.

use std::fmt;

use serde::Serialize;

use crate::{
    accounts::typed,
    cli::OneUser,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{
        CommitError, Unit,
        users::{self, User},
    },
};

/// How an account stands now.
#[derive(Debug, Serialize)]
struct Switched {
    id: String,
    email: Option<String>,
    disabled: bool,
    /// Whether it stood otherwise until now.
    changed: bool,
}

/// Switches an account off. One that is off already stays so, and that is no failure.
pub(in crate::commands) async fn disable(args: &OneUser) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let User { id, email, .. } = find(data, &args.email).await?;
        let changed = match data.db.commit(users::disable(&id, data.now)).await {
            Ok(_) => true,
            Err(CommitError::Conflict { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        Answer::of(&Switched { id, email, disabled: true, changed })
    })
    .await
}

/// Switches an account on again. What had ended stays dead.
pub(in crate::commands) async fn enable(args: &OneUser) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let User { id, email, disabled_at, .. } = find(data, &args.email).await?;
        if disabled_at.is_some() {
            data.db.commit(Unit::from(users::enable(&id, data.now))).await?;
        }
        Answer::of(&Switched { id, email, disabled: false, changed: disabled_at.is_some() })
    })
    .await
}

/// The account of this address, or of this id.
pub(super) async fn find(data: &Data, text: &str) -> Result<User, Failure> {
    let missing = || {
        Failure::new("not_found", format!("nobody has an account as {text:?}; `mapae user list` shows all"))
    };
    // Who came from a provider may have no address, and is known by their id.
    let account = match typed::address(text) {
        Ok(email) => users::by_email(&data.db, email.as_str()).await?,
        Err(_) => users::by_id(&data.db, text).await?,
    };
    Ok(account.ok_or_else(missing)?.user)
}

impl fmt::Display for Switched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said = match (self.disabled, self.changed) {
            (true, true) => {
                "is switched off: signed out everywhere, and no app acts in their name any longer."
            }
            (true, false) => "was switched off already.",
            (false, true) => "is switched on again, and can sign in.",
            (false, false) => "was switched on already.",
        };
        write!(f, "{} {said}", self.email.as_deref().unwrap_or(&self.id))
    }
}
