//! For how long a nonce is good that says when it was made — RFC 9449 §8, RFC 9449 §9. How it says so is its maker's: the
//! authorization server seals the time, an API signs it.

use crate::time::{Seconds, Timestamp};

/// For how long a nonce is taken.
pub const NONCE_LIFE: Seconds = Seconds::minutes(5);
/// From this age on a successful answer brings the next one, so that a busy client is never sent back.
const RENEWED_AFTER: Seconds = Seconds::seconds(150);
/// How far the clock of the process that made it may be ahead.
const AHEAD: Seconds = Seconds::minutes(1);

/// What a nonce is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceStanding {
    /// Taken.
    Good,
    /// Taken, and the answer brings another one.
    NearlyOver,
    /// Forged, another server's or too old: one answer for all.
    Bad,
}

impl NonceStanding {
    /// Of one that was made at this time; `None`: it is none of ours.
    #[must_use]
    pub fn of(made_at: Option<Timestamp>, now: Timestamp) -> Self {
        match made_at {
            None => Self::Bad,
            Some(made_at) if made_at > now.plus(AHEAD) || now >= made_at.plus(NONCE_LIFE) => Self::Bad,
            Some(made_at) if now >= made_at.plus(RENEWED_AFTER) => Self::NearlyOver,
            Some(_) => Self::Good,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn po_09_a_nonce_is_good_for_five_minutes_and_renewed_in_the_second_half() {
        let made_at = Timestamp::from_unix(1_800_000_000);
        for (age, standing) in [
            (-61, NonceStanding::Bad),
            (-60, NonceStanding::Good),
            (0, NonceStanding::Good),
            (149, NonceStanding::Good),
            (150, NonceStanding::NearlyOver),
            (299, NonceStanding::NearlyOver),
            (300, NonceStanding::Bad),
            (86_400, NonceStanding::Bad),
        ] {
            let now = Timestamp::from_unix(made_at.unix() + age);
            assert_eq!(NonceStanding::of(Some(made_at), now), standing, "{age}");
        }
        assert_eq!(NonceStanding::of(None, made_at), NonceStanding::Bad);
    }
}
