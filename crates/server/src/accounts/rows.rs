//! What clients that nobody has verified may leave behind, row by row — threat PA-02.
//!
//! Whoever knows the id of a public app can ask in its name, so that those count by where they come from. Whoever
//! registered an app that nobody has verified may have registered many: those count by app and by where they come from.
//! What the operator has verified is not counted if it proves who it is.
//! All sources together share what room there is, by network.

use super::{
    shares::{self, Room},
    throttle::{self, Budget, Throttled},
};
use crate::{app::App, catalog::Client};

/// One kind of rows, with what there is of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows {
    /// Of public apps, from one source.
    public: Budget,
    /// Of one app that nobody has verified.
    of_app: Budget,
    /// Of all of those from one source.
    of_apps: Budget,
    /// In all, in bytes.
    room: Room,
    /// How many bytes one is.
    size: u64,
}

/// Requests that are pushed.
pub(crate) const PUSHED_REQUESTS: Rows = Rows {
    public: throttle::PUSHED_BY_SOURCE,
    of_app: throttle::PUSHED_REQUESTS,
    of_apps: throttle::PUSHED_OF_APPS,
    room: shares::PUSHED,
    size: 512,
};
/// Devices that begin.
pub(crate) const DEVICES: Rows = Rows {
    public: throttle::DEVICES_BY_SOURCE,
    of_app: throttle::DEVICES_OF_APP,
    of_apps: throttle::DEVICES_OF_APPS,
    room: shares::DEVICES,
    size: 1024,
};
/// Proofs of possession that nothing else bounds.
pub(crate) const PROOFS: Rows = Rows {
    public: throttle::PROOFS_BY_SOURCE,
    of_app: throttle::PROOFS_OF_APP,
    of_apps: throttle::PROOFS_OF_APPS,
    room: shares::PROOFS,
    size: 128,
};
/// Client assertions; public apps have none.
pub(crate) const ASSERTIONS: Rows = Rows {
    public: throttle::ASSERTIONS_OF_APPS,
    of_app: throttle::ASSERTIONS,
    of_apps: throttle::ASSERTIONS_OF_APPS,
    room: shares::ASSERTIONS,
    size: 256,
};

/// Counts a row that this client is about to cause from this source.
///
/// # Errors
/// There are too many
pub(crate) fn charge(app: &App, client: &Client, rows: Rows, source: &str) -> Result<(), Throttled> {
    let (throttle, now) = (app.throttle(), app.now());
    if client.is_public() {
        throttle.charge(rows.public, source, now)?;
    } else if is_trusted(client) {
        return Ok(());
    } else {
        throttle.charge(rows.of_apps, source, now)?;
        throttle.charge(rows.of_app, client.id(), now)?;
    }
    throttle.take(rows.room, source, rows.size, now)
}

/// Counts how much longer than usual a row is, that was charged before.
///
/// # Errors
/// There is no more room
pub(crate) fn weigh(
    app: &App,
    client: &Client,
    rows: Rows,
    (source, length): (&str, usize),
) -> Result<(), Throttled> {
    if is_trusted(client) {
        return Ok(());
    }
    let length = u64::try_from(length).unwrap_or(u64::MAX);
    app.throttle().take(rows.room, source, length.saturating_sub(rows.size), app.now())
}

/// Whether what it leaves is not counted: it proves who it is, and the operator has looked at it.
const fn is_trusted(client: &Client) -> bool {
    !client.is_public() && client.record().verified
}
