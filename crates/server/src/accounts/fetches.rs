//! Who makes this server fetch something, and how much of it strangers may — threat DC-04.
//!
//! Whoever registers an app chooses its addresses, and whoever knows its id can make them be asked, before anything is
//! proven. What the operator has verified is read by a way of its own and is not counted here.

use std::net::{IpAddr, Ipv4Addr};

use super::{
    shares,
    throttle::{self, Throttled},
};
use crate::{app::App, fetch::Asker, store::apps::RegisteredApp};

/// Who asks when something of this app is fetched because of a request from this source.
pub(crate) fn asker(registered: Option<&RegisteredApp>, source: &str) -> Asker {
    let verified = registered.is_some_and(|registered| registered.app.verified);
    Asker { verified, source: source.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) }
}

/// Counts something that this one is about to make the server fetch.
///
/// # Errors
/// Strangers have had what there is for them
pub(crate) fn charge(app: &App, asker: Asker) -> Result<(), Throttled> {
    if asker.verified {
        return Ok(());
    }
    app.throttle().take(shares::FETCHES, &asker.source.to_string(), 1, app.now())
}

/// The same of the keys of an app.
///
/// # Errors
/// There are too many from one source, or as [`charge`]
pub(crate) fn charge_keys(app: &App, asker: Asker) -> Result<(), Throttled> {
    if !asker.verified {
        app.throttle().charge(throttle::FETCHED_KEYS, &asker.source.to_string(), app.now())?;
    }
    charge(app, asker)
}
