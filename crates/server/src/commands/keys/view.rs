//! Keys as the command line shows them.

use std::fmt;

use mapae_protocol::time::Timestamp;
use serde::Serialize;

use crate::{
    commands::fields::moment,
    store::{
        Db, StoreError,
        keys::{self, Life, Rank},
    },
};

/// All keys that are not expired, the oldest first.
#[derive(Debug, Serialize)]
pub(super) struct View {
    signing_keys: Vec<SigningKey>,
    sealing_keys: Vec<SealingKey>,
}

#[derive(Debug, Serialize)]
struct SigningKey {
    kid: String,
    alg: String,
    #[serde(flatten)]
    use_of: Use,
}

#[derive(Debug, Serialize)]
struct SealingKey {
    id: String,
    #[serde(flatten)]
    use_of: Use,
}

/// When a key is used.
#[derive(Debug, Serialize)]
struct Use {
    state: State,
    created_at: i64,
    active_at: i64,
    retired_at: Option<i64>,
    expires_at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    /// Published, not used yet.
    Next,
    /// Used for everything new.
    Current,
    /// What it made is still accepted.
    Former,
}

impl View {
    /// The keys at `now`.
    pub(super) async fn read(db: &Db, now: Timestamp) -> Result<Self, StoreError> {
        let signing = keys::signing(db, now).await?;
        let seals = keys::seals(db, now).await?;
        let of_alg = |alg: &str| {
            let lives = signing.iter().filter(|key| key.alg == alg).map(|key| key.life);
            current(lives, now)
        };
        let signing_keys = signing.iter().map(|key| SigningKey {
            kid: key.kid.clone(),
            alg: key.alg.clone(),
            use_of: Use::of(key.life, of_alg(&key.alg), now),
        });
        let current_seal = current(seals.iter().map(|key| key.life), now);
        let sealing_keys = seals
            .iter()
            .map(|key| SealingKey { id: key.id.clone(), use_of: Use::of(key.life, current_seal, now) });
        Ok(Self { signing_keys: signing_keys.collect(), sealing_keys: sealing_keys.collect() })
    }
}

/// The life of the key that is used now.
fn current(lives: impl Iterator<Item = Life>, now: Timestamp) -> Option<Life> {
    let usable = lives.filter(|life| !matches!(life.rank(now), Rank::Retired(_)));
    usable.min_by_key(|life| life.rank(now))
}

impl Use {
    fn of(life: Life, current: Option<Life>, now: Timestamp) -> Self {
        let state = match life.rank(now) {
            _ if Some(life) == current => State::Current,
            Rank::Next(_) => State::Next,
            Rank::Active(..) | Rank::Retired(_) => State::Former,
        };
        Self {
            state,
            created_at: life.created_at.unix(),
            active_at: life.active_at.unix(),
            retired_at: life.retired_at.map(Timestamp::unix),
            expires_at: life.expires_at.map(Timestamp::unix),
        }
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |unix: i64| moment(Timestamp::from_unix(unix));
        match self.state {
            State::Next => write!(f, "next     from {}", at(self.active_at))?,
            State::Current => write!(f, "current  since {}", at(self.active_at))?,
            State::Former => f.write_str("former ")?,
        }
        match (self.retired_at, self.expires_at) {
            (Some(retired), Some(_)) if self.state == State::Current => write!(f, " until {}", at(retired)),
            (_, Some(expires)) => write!(f, "  accepted until {}", at(expires)),
            (_, None) => Ok(()),
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.signing_keys.is_empty() {
            return f.write_str("There are no keys yet: the first `mapae serve` makes them.");
        }
        f.write_str("signing keys")?;
        for SigningKey { kid, alg, use_of } in &self.signing_keys {
            write!(f, "\n  {alg}  {kid}  {use_of}")?;
        }
        f.write_str("\nsealing keys")?;
        for SealingKey { id, use_of } in &self.sealing_keys {
            write!(f, "\n  {id}  {use_of}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn life(active_at: i64, retired_at: Option<i64>) -> Life {
        Life {
            created_at: Timestamp::from_unix(0),
            active_at: Timestamp::from_unix(active_at),
            retired_at: retired_at.map(Timestamp::from_unix),
            expires_at: retired_at.map(|end| Timestamp::from_unix(end + 1_000)),
        }
    }

    #[test]
    fn a_key_is_next_then_current_then_former() {
        let lives = [life(0, Some(100)), life(100, None)];
        for (now, expected) in [
            (50, [State::Current, State::Next]),
            (99, [State::Current, State::Next]),
            (100, [State::Former, State::Current]),
        ] {
            let now = Timestamp::from_unix(now);
            let current = current(lives.into_iter(), now);
            assert_eq!(lives.map(|life| Use::of(life, current, now).state), expected, "{now:?}");
        }
        let (replaced, new, now) = (life(7, Some(100)), life(7, None), Timestamp::from_unix(7));
        for lives in [[replaced, new], [new, replaced]] {
            assert_eq!(current(lives.into_iter(), now), Some(new), "of two of the same second");
        }
        let (first, second, now) = (life(100, Some(700)), life(700, None), Timestamp::from_unix(40));
        for lives in [[first, second], [second, first]] {
            assert_eq!(current(lives.into_iter(), now), Some(first), "there is no other: a clock was ahead");
        }
    }
}
