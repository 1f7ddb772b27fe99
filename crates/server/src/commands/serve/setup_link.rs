//! The one-time link that makes the first operator's account — threats AD-11.
//!
//! There are no default credentials, and no page that gives the server to whoever comes first: only who sees
//! the terminal gets the link. Each start shows one of its own, also beside another node, and leaves those before
//! as they are: all of them end with their time, and with the first operator.

use mapae_protocol::{
    random,
    secret::Secret,
    time::{Seconds, Timestamp},
};

use crate::{
    App,
    client_auth::secret,
    fault::Fault,
    pages::at,
    store::{
        Unit,
        links::{self, Link, Purpose},
        users,
    },
};

/// How long the link can be used.
const LIFE: Seconds = Seconds::hours(24);

/// Nobody's: it is not mailed.
const ADDRESS: &str = "";

/// A link that is to be shown once.
#[derive(Debug)]
pub(super) struct SetupLink {
    /// The whole address.
    pub(super) url: Secret<String>,
    pub(super) expires_at: Timestamp,
}

/// A new link, as long as nobody runs this server. Accounts made by `mapae user create` do not.
pub(super) async fn issue(app: &App) -> Result<Option<SetupLink>, Fault> {
    if users::any_operator(app.db()).await? {
        return Ok(None);
    }
    let now = app.now();
    let expires_at = now.plus(LIFE);
    let token = Secret::new(random::token());
    let link = Link { email: ADDRESS.to_owned(), user_id: None, user_epoch: None, payload: None, expires_at };
    let insert = links::insert(&secret::digest(&token).into(), Purpose::Setup, &link, now);
    app.commit(Unit::from(insert)).await?;
    let url = format!("{}{}", app.issuer(), at::with(at::SETUP, "token", token.expose()));
    Ok(Some(SetupLink { url: Secret::new(url), expires_at }))
}
