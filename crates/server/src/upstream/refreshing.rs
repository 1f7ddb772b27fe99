//! What a provider gave, working now: refreshed when it is due, one refresh at a time for each person on all nodes —
//! RFC 6749 §6.
//!
//! A refresh token is spent by using it. Whoever refreshes has the turn in the person's row and gives signs of life there;
//! the others [watch](mapae_protocol::lease) and read what it brought. The new tokens are kept before anybody sees them. The
//! client library has the same story over its vault: what must stay alike, decision 0271 names.

use std::{pin::pin, sync::Arc, time::Duration};

use mapae_client::{AccessError, EndUser, Error, Tokens};
use mapae_protocol::{lease::Watch, random, time::Timestamp};
use tokio::time::{Instant, sleep};

use super::{Upstream, tokens};
use crate::{
    app::App,
    fault::Fault,
    store::{
        CommitError, Concealed, Unit,
        db::Statement,
        identities::{self, Identity, Mark, Turn},
    },
};

/// How long somebody waits for the refresh of another: longer than until they are found dead.
const PATIENCE: Duration = Duration::from_secs(12);
/// How often whoever refreshes gives a sign of life.
const SIGN: Duration = Duration::from_secs(2);
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
    upstream: &Arc<Upstream>,
    person: &EndUser,
    user_id: &str,
) -> Result<Tokens, NoToken> {
    let until = Instant::now() + PATIENCE;
    let mut watch = Watch::default();
    while Instant::now() < until {
        let row = identities::find(app.db(), person.issuer(), person.subject()).await?;
        let own = |row: &Identity| {
            row.removed_at.is_none() && row.user_id == user_id && row.upstream == upstream.name()
        };
        let row = row.filter(own).ok_or(NoToken::SignInAgain)?;
        let wrapped = row.tokens.as_ref().ok_or(NoToken::SignInAgain)?;
        let kept = tokens::unwrap(app, person, wrapped)?;
        if !upstream.provider.gave(&kept) {
            // Of another registration under this name: who is permitted here has nothing to do with them.
            return Err(NoToken::SignInAgain);
        }
        let now = app.now();
        if !kept.due(now) {
            return Ok(kept);
        }
        if !kept.can_be_refreshed() {
            return if kept.expired(now) { Err(NoToken::SignInAgain) } else { Ok(kept) };
        }
        if let Some(dead) = free(&row, &mut watch, now) {
            // Whoever asked may hang up: what the provider has given away by then is kept all the same.
            let refreshing = Refreshing {
                app: app.clone(),
                upstream: Arc::clone(upstream),
                person: person.clone(),
                row,
                holder: random::text::<16>(),
            };
            let turn = tokio::spawn(async move { refreshing.turn(dead, &kept).await });
            if let Some(tokens) = turn.await.map_err(|_| NoToken::Unavailable)?? {
                return Ok(tokens);
            }
        } else if !kept.expired(now) {
            return Ok(kept);
        }
        sleep(POLL).await;
    }
    Err(NoToken::Unavailable)
}

/// Whether the turn can be taken: from nobody, or from this holder, who is dead.
fn free(row: &Identity, watch: &mut Watch<Mark>, now: Timestamp) -> Option<Option<Mark>> {
    let Some(mark) = &row.refreshing else { return Some(None) };
    watch.found(mark.clone(), now);
    watch.dead(now).cloned().map(Some)
}

/// Somebody's turn at refreshing.
struct Refreshing {
    app: App,
    upstream: Arc<Upstream>,
    person: EndUser,
    row: Identity,
    holder: String,
}

impl Refreshing {
    /// `None`: somebody else is at it, or was.
    async fn turn(&self, dead: Option<Mark>, kept: &Tokens) -> Result<Option<Tokens>, NoToken> {
        let Self { app, upstream, person, .. } = self;
        let (mine, now) = (self.claim(), app.now());
        if !happened(app, identities::claim_refresh(mine, dead.as_ref()).into()).await? {
            return Ok((!kept.expired(now)).then(|| kept.clone()));
        }
        match self.refresh(kept).await {
            Ok(None) => Ok(None),
            Ok(Some(fresh)) => {
                let wrapped = Concealed::from(tokens::wrap(app, person, &fresh));
                let succeed = identities::refreshed(mine, &wrapped);
                Ok(happened_in_the_end(app, succeed).await?.then_some(fresh))
            }
            Err(Setback::Store(fault)) => Err(NoToken::Fault(fault)),
            Err(Setback::Provider(error)) => {
                tracing::info!(upstream = upstream.name(), %error, "tokens were not refreshed");
                if matches!(AccessError::from(error), AccessError::SignInAgain) {
                    app.commit(Unit::from(identities::bury(mine))).await?;
                    return Err(NoToken::SignInAgain);
                }
                app.commit(Unit::from(identities::give_back(mine))).await?;
                if kept.expired(now) { Err(NoToken::Unavailable) } else { Ok(Some(kept.clone())) }
            }
        }
    }

    /// Asks the provider, and gives signs of life meanwhile. `None`: somebody else has taken over.
    async fn refresh(&self, kept: &Tokens) -> Result<Option<Tokens>, Setback> {
        let has_turn = || async { self.give_sign().await.map_err(Setback::Store) };
        let now = || self.app.now();
        let mut asking = pin!(self.upstream.provider.refresh_in_turn(&self.person, kept, now, has_turn));
        loop {
            tokio::select! {
                settled = &mut asking => return settled,
                () = sleep(SIGN) => {
                    // Whether somebody has taken over shows when the successor is to be kept.
                    let _ = self.give_sign().await;
                }
            }
        }
    }

    /// Whether the turn is still this one's.
    async fn give_sign(&self) -> Result<bool, Fault> {
        happened(&self.app, identities::claim_refresh(self.claim(), None).into()).await
    }

    fn claim(&self) -> Turn<'_> {
        Turn { id: &self.row.id, version: self.row.tokens_version, holder: &self.holder }
    }
}

/// Why a refresh came to nothing.
enum Setback {
    Provider(Error),
    Store(Fault),
}

impl From<Error> for Setback {
    fn from(error: Error) -> Self {
        Self::Provider(error)
    }
}

/// What the provider gave cannot be asked for again: a store that is busy is asked again, and so is one that went away before
/// it said what became of the write. If that had happened after all, the turn is over, and who asks finds it in the row.
async fn happened_in_the_end(app: &App, statement: Statement) -> Result<bool, Fault> {
    let until = Instant::now() + PATIENCE;
    loop {
        match happened(app, Unit::from(statement.clone())).await {
            Err(fault) if fault.passes() && Instant::now() < until => sleep(POLL).await,
            settled => return settled,
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
