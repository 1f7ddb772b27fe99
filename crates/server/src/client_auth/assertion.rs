//! What both kinds of client assertions have in common — RFC 7521 §4.2, RFC 7523 §3.

use std::sync::Arc;

use mapae_protocol::{
    client_assertion::{self, Expectations, VerifiedAssertion},
    client_authentication::PresentedCredential,
    client_jwt::ClientKeys,
    jose::{JwkSet, SharedKey},
    time::Leeway,
};

use super::{Facts, METHODS, Means, Proof, Refused, secret};
use crate::{
    accounts::rows,
    app::App,
    app_keys::{self, Unavailable},
    audit::{About, Event},
    catalog::Client,
    fault::Fault,
    store::{CommitError, Unit, used_assertions},
};

/// How far the clocks of an app and of this server may differ: FAPI 2.0 asks for ten seconds.
const LEEWAY: Leeway = Leeway::seconds(10);

/// What an assertion is verified with.
#[derive(Debug)]
pub(super) enum Keys {
    /// There is no assertion, or the client has not registered that it presents one.
    None,
    Public(Arc<JwkSet>),
    Shared(Vec<SharedKey>),
}

/// The keys of the kind that the client's registered method has, and of no other. Anybody can cause that they are fetched:
/// nothing is proven yet.
pub(super) async fn keys(
    app: &App,
    credential: &PresentedCredential,
    client: &Client,
    source: &str,
) -> Result<Keys, Refused> {
    let PresentedCredential::Assertion { assertion, .. } = credential else { return Ok(Keys::None) };
    let registered = METHODS.iter().filter(|method| client.may_authenticate_by(**method));
    match registered.map(|method| method.means()).find(|means| means.signs()) {
        Some(Means::SigningKey) => {
            let keys = app_keys::of(app, client, assertion.expose(), source).await;
            Ok(Keys::Public(keys.map_err(|unavailable| match unavailable {
                Unavailable::Unread => Refused::Unavailable,
                Unavailable::TooMany => Refused::TooMany,
            })?))
        }
        Some(Means::SigningSecret) => Ok(Keys::Shared(shared_keys(app, client)?)),
        Some(Means::Nothing | Means::SentSecret) | None => Ok(Keys::None),
    }
}

/// The secrets of the client that are good now, as keys: those that were made to sign with.
pub(crate) fn shared_keys(app: &App, client: &Client) -> Result<Vec<SharedKey>, Fault> {
    let now = app.now();
    let good = client.secrets().iter().filter(|secret| secret.valid(now));
    let opened = good.map(|kept| secret::opened(client.id(), kept, app.master_key()));
    let opened: Result<Vec<_>, Fault> = opened.collect();
    Ok(opened?.iter().flatten().filter_map(SharedKey::new).collect())
}

/// What an assertion proves with these keys.
pub(super) fn proof(
    credential: &PresentedCredential,
    keys: ClientKeys<'_>,
    facts: &Facts<'_>,
) -> Option<Proof> {
    let PresentedCredential::Assertion { assertion, .. } = credential else { return None };
    let expected = Expectations {
        client_id: facts.client.id(),
        issuer: facts.issuer,
        // Of apps on a FAPI profile the issuer alone (decision 0121).
        token_endpoint: facts.client.profile().is_none().then_some(facts.token_endpoint),
        now: facts.now,
        leeway: LEEWAY,
    };
    let verified = client_assertion::verify(assertion.expose(), keys, &expected);
    let verified = verified.map_err(|error| {
        let reason: &dyn std::error::Error = &error;
        tracing::info!(client = facts.client.id(), reason, "a client assertion was refused");
    });
    verified.ok().map(Proof::Once)
}

/// Uses the assertion up: it stays used whatever becomes of the request, on every node and after a restart (TO-11).
pub(super) async fn use_up(
    app: &App,
    client: &Client,
    assertion: &VerifiedAssertion,
    source: &str,
) -> Result<(), Refused> {
    // Each is a row, and anybody may have registered the app.
    rows::charge(app, client, rows::ASSERTIONS, source).map_err(|_| Refused::TooMany)?;
    let used = used_assertions::used(client.id(), &assertion.jti, assertion.known_until);
    match app.commit(Unit::from(used)).await {
        Ok(_) => Ok(()),
        Err(CommitError::Conflict { .. }) => {
            About::app(client.id()).note(Event::AuthenticationRefused);
            Err(Refused::NotProven { basic: false })
        }
        Err(error) => Err(Fault::from(error).into()),
    }
}
