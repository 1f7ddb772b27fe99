//! What the decision about an account depends on, read from the store — OIDC Core §5.7.

use mapae_client::{
    Identity,
    linking::{Address, AddressTrust, FRESH, Facts, Holder, LATELY, Present, Purpose},
};
use mapae_protocol::time::Timestamp;

use crate::{
    accounts::EmailAddress,
    fault::Fault,
    interaction::{Errand, Step, Visit},
    store::{identities, sessions::SignedIn, users},
};

/// The facts, and what the answer to them needs.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) facts: Facts<String>,
    /// Who the identity belongs to, or belonged to.
    pub(super) row: Option<identities::Identity>,
    /// That account, as it is now.
    pub(super) owner: Option<users::User>,
    /// The address that the provider has checked.
    pub(super) email: Option<EmailAddress>,
}

/// Whether this session's person proved a moment ago who they are, as far as their provider lets them: how old a sign-in is
/// there that cannot be asked anew, nobody could change. For pages of ours alone: an app is told only what was proved.
pub(crate) fn is_fresh(signed_in: &SignedIn, now: Timestamp) -> bool {
    let session = &signed_in.session;
    session.proved_at.max(session.passed_at).is_some_and(|at| now.since(at) <= FRESH)
}

pub(super) async fn read(
    visit: &Visit,
    step: &Step,
    identity: &Identity,
    purpose: Option<Purpose<String>>,
) -> Result<Known, Fault> {
    let (db, now, person) = (visit.app.db(), visit.app.now(), identity.person());
    let email = verified_address(identity);
    let address = match &email {
        Some(email) => Some(Address {
            trust: AddressTrust::Verified,
            // Nobody registers here with an address that they did not prove or an operator did not type in.
            holder: users::by_email(db, email.as_str())
                .await?
                .map(|account| Holder { account: account.user.id, proved: true }),
            rests: false,
        }),
        None => None,
    };
    // Last: whoever made the account of this identity a moment ago has written its address with it.
    let row = identities::find(db, person.issuer(), person.subject()).await?;
    let owner = match &row {
        Some(row) => users::by_id(db, &row.user_id).await?.map(|account| account.user),
        None => None,
    };
    let living = row.as_ref().filter(|row| row.removed_at.is_none());
    let removed = row.as_ref().filter(|row| row.removed_at.is_some_and(|at| now.since(at) <= LATELY));
    let facts = Facts {
        purpose: purpose.unwrap_or_else(|| begun(step)),
        present: visit
            .session
            .as_ref()
            .map(|signed_in| Present { account: signed_in.user.id.clone(), fresh: is_fresh(signed_in, now) }),
        owner: living.map(|row| row.user_id.clone()),
        owner_is_closed: owner.as_ref().is_some_and(|owner| owner.disabled_at.is_some()),
        removed_from: removed.map(|row| row.user_id.clone()),
        address,
    };
    Ok(Known { facts, row, owner, email })
}

fn begun(step: &Step) -> Purpose<String> {
    match &step.errand {
        Errand::Connect(user_id) => Purpose::Connect(user_id.clone()),
        Errand::Authorize(_) | Errand::Visit(_) | Errand::Confirm(_) | Errand::Device(_) => Purpose::SignIn,
    }
}

/// Only an address that the provider says it has checked is of any use here: no mail goes to another, and no account
/// is known by it.
fn verified_address(identity: &Identity) -> Option<EmailAddress> {
    let email = identity.email()?;
    EmailAddress::parse(&email.address).ok().filter(|_| email.is_verified())
}
