//! The account that manages an app in the console.

use crate::{
    accounts::typed,
    commands::{
        data::Data,
        failure::Failure,
        refusals::{INVALID, Refusals},
    },
    store::users::{self, User},
};

/// Whoever has this address; nobody if something is wrong, which is in `refusals` then.
pub(super) async fn find(data: &Data, text: &str, refusals: &mut Refusals) -> Result<Option<User>, Failure> {
    let Ok(email) = typed::address(text) else {
        let wrong = format!("{text:?} is no e-mail address.");
        refusals.add(INVALID, "--owner", wrong, "Write the address with which the owner signs in.");
        return Ok(None);
    };
    let account = users::by_email(&data.db, email.as_str()).await?;
    match account.map(|account| account.user) {
        Some(owner) if owner.disabled_at.is_some() => {
            refusals.add(
                INVALID,
                "--owner",
                format!("The account {email} is disabled."),
                "Name another owner.",
            );
            Ok(None)
        }
        Some(owner) => Ok(Some(owner)),
        None => {
            let instead = format!("Make it with `mapae user create --email {email}`, or name another owner.");
            refusals.add("unknown_owner", "--owner", format!("Nobody has an account as {email}."), instead);
            Ok(None)
        }
    }
}
