//! Changing keys without anybody noticing: published before use, kept after use — OIDC Core §10.1.1.

use mapae_protocol::{
    seal::MasterKey,
    time::{Seconds, Timestamp},
};

use super::load::{ALGORITHMS, new_seal, new_signing};
use crate::{
    config::Tokens,
    fault::Fault,
    store::{Db, Unit, keys as rows},
};

/// A new key is published this long before it signs: twice the time for which clients may keep the old set.
const LEAD: Seconds = Seconds::minutes(10);
/// What was signed or sealed stays good this long beyond its life, for clocks that differ.
const MARGIN: Seconds = Seconds::hours(1);

/// When the new keys take over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeover {
    /// After everybody had time to fetch them; the old ones stay until the last of what they made has expired.
    Planned,
    /// At once, and everything that the old signing keys signed is void: for keys that were stolen.
    Emergency,
}

/// Makes new keys of every kind and retires the present ones. A conflict says that somebody else just did.
pub(crate) async fn rotation(
    db: &Db,
    master: &MasterKey,
    tokens: &Tokens,
    takeover: Takeover,
    now: Timestamp,
) -> Result<Unit, Fault> {
    let start = match takeover {
        Takeover::Planned => now.plus(LEAD),
        Takeover::Emergency => now,
    };
    let longest = tokens.access_token.max(tokens.id_token);
    let signing_end = match takeover {
        Takeover::Planned => start.plus(longest).plus(MARGIN),
        Takeover::Emergency => now,
    };
    let mut unit = Unit::new();
    for old in rows::signing(db, now).await? {
        unit = match (old.life.retired_at, takeover) {
            (None, _) => unit.with(rows::retire_signing(&old.kid, signing_end, start)),
            (Some(_), Takeover::Planned) => unit,
            // Retired by an earlier rotation, and what it signed would still be accepted.
            (Some(_), Takeover::Emergency) => unit.with(rows::withdraw_signing(&old.kid, now)),
        };
    }
    for algorithm in ALGORITHMS {
        unit = unit.with(rows::add_signing(&new_signing(algorithm, master, now, start)?));
    }
    // Refresh tokens are sealed: the old sealing keys must open them to the end of their grants.
    let seal_end = start.plus(tokens.refresh_absolute).plus(MARGIN);
    for old in rows::seals(db, now).await?.iter().filter(|old| old.life.retired_at.is_none()) {
        unit = unit.with(rows::retire_seal(&old.id, seal_end, start));
    }
    Ok(unit.with(rows::add_seal(&new_seal(master, now, start))))
}
