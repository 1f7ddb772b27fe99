//! The life of a family of refresh tokens — RFC 6749 §6, rotation RFC 9700 §4.14.2.
//!
//! One `UPDATE … WHERE generation = presented` decides: of any number of simultaneous refreshes one makes
//! the successor. A client that lost the answer gets the same successor again for a short while, as long as
//! nobody has used that one. Any older generation ends the family.

use mapae_protocol::{
    dpop::Thumbprint,
    error::{ErrorCode, OAuthError},
    seal::Sealer,
    time::{Seconds, Timestamp},
};

use crate::{
    fault::Fault,
    issue::{RefreshSecret, RefreshToken},
    keys::RefreshTokens,
    store::{
        Concealed, Unit,
        alive::Dead,
        grants::{self, Grant, GrantFacts, Rotation},
    },
};

/// Why a refresh token is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("no refresh token")]
    Missing,
    #[error("not a refresh token of ours")]
    Foreign,
    #[error("no such grant")]
    NoGrant,
    #[error("issued to another client")]
    OtherClient,
    #[error("bound to a key whose possession was not proven")]
    OtherKey,
    #[error("not the token of this generation")]
    OtherSecret,
    /// Either the client or somebody else holds a copy. Nobody can tell who, so it ends for both.
    #[error("used before: the grant is revoked")]
    Replayed,
    #[error("nothing is left that the app may have")]
    NothingLeft,
    #[error(transparent)]
    Dead(#[from] Dead),
}

impl From<Refused> for OAuthError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Missing => Self::new(ErrorCode::InvalidRequest, "refresh_token is missing"),
            // All these look alike to the client: what is wrong with a token is nobody's business.
            Refused::Foreign
            | Refused::NoGrant
            | Refused::OtherClient
            | Refused::OtherKey
            | Refused::OtherSecret
            | Refused::Replayed
            | Refused::NothingLeft
            | Refused::Dead(_) => {
                Self::new(ErrorCode::InvalidGrant, "the refresh token is not valid, or not valid any more")
            }
        }
    }
}

/// Whose turn it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The presented token is the current one.
    Next,
    /// Its successor was made, but perhaps never arrived: the same one again.
    Again { successor: String },
}

/// Who presents a refresh token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Presenter<'a> {
    pub(super) client_id: &'a str,
    /// The key whose possession the request proves.
    pub(super) key: Option<Thumbprint>,
}

/// Whether a token refreshes: bound to this client and, if it is bound to a key, to this one (RFC 9449 §5), current, and its
/// grant alive. Who is somebody else, by name or by key, can neither use it nor end its family.
pub(super) fn turn(
    token: &RefreshToken,
    facts: &GrantFacts,
    presenter: Presenter<'_>,
    now: Timestamp,
) -> Result<Turn, Refused> {
    let grant = &facts.grant;
    if grant.given.app_id != presenter.client_id {
        return Err(Refused::OtherClient);
    }
    let has_key = |bound: &str| presenter.key.is_some_and(|key| key.to_string() == bound);
    if !grant.given.jkt.as_deref().is_none_or(has_key) {
        return Err(Refused::OtherKey);
    }
    let turn = by_generation(token, grant, now)?;
    facts.alive(now)?;
    Ok(turn)
}

fn by_generation(token: &RefreshToken, grant: &Grant, now: Timestamp) -> Result<Turn, Refused> {
    if token.generation == grant.generation {
        let current = grant.refresh_hash.as_ref().is_some_and(|hash| hash.matches(&token.secret.hash()));
        return if current { Ok(Turn::Next) } else { Err(Refused::OtherSecret) };
    }
    if token.generation + 1 == grant.generation
        && let Some((sealed, until)) = &grant.successor
        && now < *until
        && let Some(successor) = token.secret.open_successor(sealed.expose())
    {
        return Ok(Turn::Again { successor });
    }
    Err(Refused::Replayed)
}

/// How the refresh tokens of one app follow one another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules<'a> {
    pub(super) rotates: bool,
    /// For how long a lost answer is given again; zero: never.
    pub(super) window: Seconds,
    /// For how long a token may lie unused.
    pub(super) idle: Seconds,
    pub(super) sealer: &'a Sealer<RefreshTokens>,
}

/// What a refresh gives the client for the next time, and what it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Succession {
    /// `None`: the presented token stays.
    pub(super) token: Option<String>,
    pub(super) change: Change,
}

/// A change of a grant, on the condition that the presented generation is still the current one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// The change was made before.
    None,
    Used {
        idle_expires_at: Timestamp,
    },
    Rotated {
        refresh_hash: Concealed,
        successor: Option<(Concealed, Timestamp)>,
        idle_expires_at: Timestamp,
    },
}

/// The successor of a token whose turn it is. `fresh` becomes its secret if one is made.
pub(super) fn succession(
    token: &RefreshToken,
    turn: &Turn,
    fresh: RefreshSecret,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Result<Succession, Fault> {
    if let Turn::Again { successor } = turn {
        return Ok(Succession { token: Some(successor.clone()), change: Change::None });
    }
    let idle_expires_at = now.plus(rules.idle);
    if !rules.rotates {
        return Ok(Succession { token: None, change: Change::Used { idle_expires_at } });
    }
    let next =
        RefreshToken { grant_id: token.grant_id.clone(), generation: token.generation + 1, secret: fresh };
    let text = next.seal(rules.sealer)?;
    let kept = (rules.window.get() > 0).then(|| token.secret.seal_successor(&text)).flatten();
    let change = Change::Rotated {
        refresh_hash: next.secret.hash().into(),
        successor: kept.map(|kept| (kept.into(), now.plus(rules.window))),
        idle_expires_at,
    };
    Ok(Succession { token: Some(text), change })
}

impl Change {
    /// The conditional write.
    pub(super) fn unit(&self, token: &RefreshToken, now: Timestamp) -> Unit {
        match self {
            Self::None => Unit::new(),
            Self::Used { idle_expires_at } => {
                Unit::from(grants::touch(&token.grant_id, token.generation, *idle_expires_at, now))
            }
            Self::Rotated { refresh_hash, successor, idle_expires_at } => {
                let rotation = Rotation {
                    grant_id: &token.grant_id,
                    presented: token.generation,
                    refresh_hash,
                    successor: successor.as_ref().map(|(kept, until)| (kept, *until)),
                    idle_expires_at: *idle_expires_at,
                };
                Unit::from(grants::rotate(&rotation, now))
            }
        }
    }
}

#[cfg(test)]
#[path = "rotation/families.rs"]
mod families;
