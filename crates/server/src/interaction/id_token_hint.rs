//! Whom an app expects: `id_token_hint` — OIDC Core §3.1.2.1; threat AZ-31.

use mapae_protocol::{
    id_token::IdTokenClaims,
    jose::{HeaderType, Unverified},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    catalog::Client,
    issue::{Sector, subject},
    keys::KeySet,
    store::{sessions::SignedIn, users::User},
};

/// The claims that make it one of our ID tokens.
const REQUIRED: &[&str] = &["iss", "sub", "aud", "exp", "iat"];

/// What the hint says. It signs nobody in: it can only stand against who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum IdTokenHint {
    /// The person with this subject identifier.
    Subject(String),
    /// One of the people with these (OIDC Core §5.5.1).
    OneOf(Vec<String>),
    /// Nobody that we know of: made up, of another issuer, or signed with a key that is gone.
    Unproven,
}

impl IdTokenHint {
    /// Reads a hint. It may have expired (OIDC Core §3.1.2.1), and is for the app and not for us. A subject
    /// identifier of another app means nobody here, so that no app can ask about what another one was told.
    pub(crate) fn read(token: &str, app: &App, keys: &KeySet) -> Self {
        Self::claims(token, app, keys).map_or(Self::Unproven, |claims| Self::Subject(claims.sub))
    }

    /// What an ID token of ours says, be it expired; `None` if it is none.
    pub(crate) fn claims(token: &str, app: &App, keys: &KeySet) -> Option<IdTokenClaims> {
        let unverified = Unverified::parse(token).ok()?;
        if unverified.typ().is_some() && !unverified.is_typed(HeaderType::Jwt) {
            return None;
        }
        let of_before = unverified.kid().is_some_and(|kid| keys.former().find(kid).is_some());
        let keys = if of_before { keys.former() } else { keys.published() };
        let claims: IdTokenClaims = unverified.verify_with(keys).ok()?.claims(REQUIRED).ok()?;
        (claims.iss == app.issuer().as_str()).then_some(claims)
    }

    /// Whether this is the person.
    pub(crate) fn names(&self, user: &User, client: &Client, keys: &KeySet) -> bool {
        match self {
            Self::Subject(expected) => *expected == subject(keys.subject_key(), Sector::of(client), &user.id),
            Self::OneOf(expected) => {
                expected.contains(&subject(keys.subject_key(), Sector::of(client), &user.id))
            }
            Self::Unproven => false,
        }
    }
}

/// Whether the hint stands against who is signed in. One that is unproven is worth nothing to a person who can be
/// asked, and no silent answer.
pub(super) fn contradicts(
    hint: Option<&IdTokenHint>,
    signed_in: Option<&SignedIn>,
    silent: bool,
    (client, keys): (&Client, &KeySet),
) -> bool {
    match (hint, signed_in) {
        (None, _) | (_, None) => false,
        (Some(IdTokenHint::Unproven), Some(_)) => silent,
        (Some(hint), Some(signed_in)) => !hint.names(&signed_in.user, client, keys),
    }
}
