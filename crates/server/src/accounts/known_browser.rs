//! Browsers in which somebody has signed in before — NIST SP 800-63B-4 §3.2.2; threat SE-12.
//!
//! A sealed cookie says who. It proves nothing about who sits there now and opens no door: it only keeps strangers'
//! guesses from being charged to the owner. It ends with the password under which it was given.

use axum::http::{HeaderMap, HeaderValue};
use mapae_protocol::random;
use serde::{Deserialize, Serialize};

use super::session::Proven;
use crate::{
    app::App,
    fault::{Artefact, Fault},
    http::cookies::Life,
    keys::KNOWN_BROWSER_LIFE,
    store::users::User,
};

/// How many people one browser is known to.
const MAX_PEOPLE: usize = 4;

#[derive(Debug, Serialize, Deserialize)]
struct KnownBrowser {
    /// Random.
    name: String,
    /// The last one to sign in first.
    people: Vec<Acquaintance>,
}

/// Somebody who has signed in, under the epoch of that time: a new password raises it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Acquaintance {
    user_id: String,
    epoch: i64,
}

impl Acquaintance {
    fn of(proven: Proven<'_>) -> Self {
        Self { user_id: proven.user_id.to_owned(), epoch: proven.epoch }
    }
}

/// The name under which the attempts of this browser on the person's account are counted, if they have signed in
/// with it before.
pub(crate) fn name(app: &App, user: &User, headers: &HeaderMap) -> Option<String> {
    let known = read(app, headers)?;
    known.people.contains(&Acquaintance::of(Proven::of(user))).then(|| format!("{} {}", known.name, user.id))
}

/// The cookie that remembers that this person has signed in.
pub(crate) fn remember(app: &App, proven: Proven<'_>, headers: &HeaderMap) -> Result<HeaderValue, Fault> {
    let mut known =
        read(app, headers).unwrap_or_else(|| KnownBrowser { name: random::token(), people: Vec::new() });
    known.people.retain(|person| person.user_id != proven.user_id);
    known.people.insert(0, Acquaintance::of(proven));
    known.people.truncate(MAX_PEOPLE);
    let json = serde_json::to_vec(&known).map_err(Fault::encoding(Artefact::Cookie))?;
    let sealed = app.keys().current().seals.known_browsers.seal(&json, b"");
    app.cookies().known.set(&sealed, Life::For(KNOWN_BROWSER_LIFE)).map_err(Fault::encoding(Artefact::Cookie))
}

fn read(app: &App, headers: &HeaderMap) -> Option<KnownBrowser> {
    let sealed = app.cookies().known.read(headers)?;
    let json = app.keys().current().seals.known_browsers.open(sealed, b"").ok()?;
    serde_json::from_slice(&json).ok()
}
