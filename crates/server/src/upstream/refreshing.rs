//! What a provider gave, working now: refreshed when it is due, one refresh at a time for each person on all nodes —
//! RFC 6749 §6.
//!
//! A refresh token is spent by using it. Whoever refreshes holds a lease in the person's row; the others read what it
//! brought. The new tokens are kept before anybody sees them.

use std::time::Duration;

use mapae_client::{AccessError, EndUser, Tokens};
use mapae_protocol::time::Seconds;
use tokio::time::{Instant, sleep};

use super::{Upstream, tokens};
use crate::{
    app::App,
    fault::Fault,
    store::{
        CommitError, Concealed, Unit,
        identities::{self, Identity},
    },
};

/// How long a refresh may take before another node may try: longer than the provider is waited for.
const LEASE: Seconds = Seconds::seconds(20);
/// How long somebody waits for the refresh of another.
const PATIENCE: Duration = Duration::from_secs(8);
const POLL: Duration = Duration::from_millis(50);

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum NoToken {
    /// The person must sign in with the provider again.
    SignInAgain,
    /// The provider does not work at this moment.
    Unavailable,
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for NoToken {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// The person's tokens, of which the access token works now.
pub(crate) async fn working_tokens(
    app: &App,
    upstream: &Upstream,
    person: &EndUser,
    user_id: &str,
) -> Result<Tokens, NoToken> {
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        let row = identities::find(app.db(), person.issuer(), person.subject()).await?;
        let own = |row: &Identity| {
            row.removed_at.is_none() && row.user_id == user_id && row.upstream == upstream.name()
        };
        let row = row.filter(own).ok_or(NoToken::SignInAgain)?;
        let wrapped = row.tokens.as_ref().ok_or(NoToken::SignInAgain)?;
        let kept = tokens::unwrap(app, person, wrapped)?;
        let now = app.now();
        if !kept.due(now) {
            return Ok(kept);
        }
        if !kept.can_be_refreshed() {
            return if kept.expired(now) { Err(NoToken::SignInAgain) } else { Ok(kept) };
        }
        match turn(app, upstream, (&row, person), kept).await? {
            Some(tokens) => return Ok(tokens),
            None => sleep(POLL).await,
        }
    }
    Err(NoToken::Unavailable)
}

/// One turn at refreshing. `None`: somebody else is at it, or was.
async fn turn(
    app: &App,
    upstream: &Upstream,
    (row, person): (&Identity, &EndUser),
    kept: Tokens,
) -> Result<Option<Tokens>, NoToken> {
    let now = app.now();
    let claim = identities::claim_refresh(&row.id, row.tokens_version, now.plus(LEASE), now);
    if !happened(app, claim.into()).await? {
        return Ok((!kept.expired(now)).then_some(kept));
    }
    match upstream.provider.refresh(person, &kept, now).await {
        Ok(fresh) => {
            let wrapped = Concealed::from(tokens::wrap(app, person, &fresh));
            let succeed = identities::refreshed(&row.id, row.tokens_version, &wrapped);
            Ok(happened(app, succeed.into()).await?.then_some(fresh))
        }
        Err(error) => {
            tracing::info!(upstream = upstream.name(), %error, "tokens were not refreshed");
            if matches!(AccessError::from(error), AccessError::SignInAgain) {
                app.commit(Unit::from(identities::bury(&row.id, row.tokens_version))).await?;
                return Err(NoToken::SignInAgain);
            }
            app.commit(Unit::from(identities::give_back(&row.id, row.tokens_version))).await?;
            if kept.expired(now) { Err(NoToken::Unavailable) } else { Ok(Some(kept)) }
        }
    }
}

async fn happened(app: &App, unit: Unit) -> Result<bool, Fault> {
    match app.commit(unit).await {
        Ok(_) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
