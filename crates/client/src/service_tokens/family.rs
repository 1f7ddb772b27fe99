//! What a presented refresh token means — RFC 9700 §4.14.2: at most one successor each, and a used one ends the family.

use mapae_protocol::time::{Seconds, Timestamp};

use crate::vault::Family;

/// How long the same successor is given again to whoever lost the answer, or to the other tab.
pub(crate) const OVERLAP: Seconds = Seconds::seconds(10);

/// How long a one-time code works.
pub(crate) const CODE_LIFE: Seconds = Seconds::seconds(60);

/// What is done for a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It is the one that works: the family turns to the next generation.
    Next,
    /// Its successor was given out a moment ago and has not been used: the same one again.
    Again,
    /// It was used before, by its owner or by a thief: nobody knows, so the family ends.
    Reused,
    /// No token of this generation was ever given out.
    Unknown,
}

/// Judges a refresh token of this generation. A token that was not made here never comes so far.
pub(crate) fn turn(family: &Family, presented: i64, now: Timestamp) -> Turn {
    if presented < 1 || presented > family.generation {
        return Turn::Unknown;
    }
    if presented == family.generation {
        return Turn::Next;
    }
    // The window closes at the successor's first use, which makes the generation after it.
    if presented == family.generation - 1 && now < family.turned_at.plus(OVERLAP) {
        return Turn::Again;
    }
    Turn::Reused
}

/// Whether the one-time code of this family works: once, for a minute.
pub(crate) fn is_handed_over_by_code(family: &Family, now: Timestamp) -> bool {
    family.generation == 0 && now < family.turned_at.plus(CODE_LIFE)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{identity::EndUser, session::Session};

    fn family(generation: i64, turned_at: i64) -> Family {
        let session = Session {
            person: EndUser::new("https://op.example", "alice"),
            provider_session: None,
            created_at: Timestamp::from_unix(0),
            expires_at: Timestamp::from_unix(1_000_000),
        };
        Family { session, generation, turned_at: Timestamp::from_unix(turned_at) }
    }

    #[test]
    fn re_01_a_refresh_token_works_once_and_its_successor_is_given_again_for_a_moment() {
        let family = family(5, 100);
        for (presented, now, expected) in [
            (5, 100, Turn::Next),
            (5, 9_999, Turn::Next),
            (4, 100, Turn::Again),
            (4, 109, Turn::Again),
            (4, 110, Turn::Reused),
            (3, 100, Turn::Reused),
            (1, 100, Turn::Reused),
            (0, 100, Turn::Unknown),
            (-1, 100, Turn::Unknown),
            (6, 100, Turn::Unknown),
        ] {
            assert_eq!(turn(&family, presented, Timestamp::from_unix(now)), expected, "{presented} {now}");
        }
    }

    #[test]
    fn a_code_is_no_refresh_token_and_works_for_a_minute() {
        assert_eq!(turn(&family(0, 100), 0, Timestamp::from_unix(100)), Turn::Unknown);
        assert!(is_handed_over_by_code(&family(0, 100), Timestamp::from_unix(159)));
        assert!(!is_handed_over_by_code(&family(0, 100), Timestamp::from_unix(160)));
        assert!(!is_handed_over_by_code(&family(1, 100), Timestamp::from_unix(100)));
    }

    proptest! {
        /// Whatever is presented in whatever order: one living leaf at most, and a replay outside the window ends all.
        #[test]
        fn re_01_at_most_one_leaf_lives(steps in proptest::collection::vec((0_i64..6, 0_i64..20), 1..60)) {
            let (mut family, mut now, mut alive) = (family(1, 0), 0, true);
            for (back, seconds) in steps {
                now += seconds;
                let presented = family.generation - back;
                match turn(&family, presented, Timestamp::from_unix(now)) {
                    Turn::Next => {
                        prop_assert_eq!(back, 0);
                        family.generation += 1;
                        family.turned_at = Timestamp::from_unix(now);
                    }
                    Turn::Again => prop_assert!(back == 1 && now < family.turned_at.unix() + 10),
                    Turn::Reused => alive = false,
                    Turn::Unknown => prop_assert!(presented < 1),
                }
                if !alive {
                    prop_assert!(back >= 1);
                    break;
                }
            }
        }
    }
}
