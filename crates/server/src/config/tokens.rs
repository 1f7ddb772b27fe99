//! `[tokens]`: how long what is issued lives.

use mapae_protocol::time::Seconds;

use super::{
    setting::{Fallback, Setting},
    source::Source,
};

const SECTION: &str = "tokens";

const ACCESS_TOKEN: Setting = Setting {
    section: SECTION,
    key: "access_token_seconds",
    flag: None,
    default: Fallback::Literal("300"),
    meaning: "Life of an access token, in seconds; 10 to 86400.",
    reason: "Five minutes: short enough that a stolen one is worth little, long enough to be refreshed seldom.",
};

const ID_TOKEN: Setting = Setting {
    section: SECTION,
    key: "id_token_seconds",
    flag: None,
    default: Fallback::Literal("300"),
    meaning: "Life of an ID token, in seconds; 10 to 86400.",
    reason: "It is read once, just after the sign-in; five minutes forgive a clock that is off.",
};

const CODE: Setting = Setting {
    section: SECTION,
    key: "code_seconds",
    flag: None,
    default: Fallback::Literal("60"),
    meaning: "Life of an authorization code, in seconds; 5 to 600.",
    reason: "A redirect takes a second; RFC 6749 §4.1.2 allows ten minutes at most.",
};

const REFRESH_IDLE: Setting = Setting {
    section: SECTION,
    key: "refresh_idle_seconds",
    flag: None,
    default: Fallback::Literal("604_800"),
    meaning: "A refresh token that is not used for this long is dead, in seconds; 60 to 31536000.",
    reason: "Seven days: who comes once a week stays signed in.",
};

const REFRESH_ABSOLUTE: Setting = Setting {
    section: SECTION,
    key: "refresh_absolute_seconds",
    flag: None,
    default: Fallback::Literal("2_592_000"),
    meaning: "However often it is used, a grant ends after this long, in seconds; 60 to 157680000.",
    reason: "Thirty days: then the person signs in again.",
};

const REFRESH_RETRY: Setting = Setting {
    section: SECTION,
    key: "refresh_retry_seconds",
    flag: None,
    default: Fallback::Literal("10"),
    meaning: "For this long a client that lost the answer to a refresh gets the same answer again, in seconds; \
              0 to 60, 0 switches it off.",
    reason: "Connections break between the commit and the answer, and nobody should be signed out by that.",
};

pub(super) const SETTINGS: &[Setting] =
    &[ACCESS_TOKEN, ID_TOKEN, CODE, REFRESH_IDLE, REFRESH_ABSOLUTE, REFRESH_RETRY];

/// Lifetimes of what is issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Life of an access token.
    pub access_token: Seconds,
    /// Life of an ID token.
    pub id_token: Seconds,
    /// Life of an authorization code (RFC 6749 §4.1.2).
    pub code: Seconds,
    /// A refresh token that is not used for this long is dead.
    pub refresh_idle: Seconds,
    /// However often it is used, a grant ends after this long.
    pub refresh_absolute: Seconds,
    /// How long a lost answer to a refresh is repeated; zero is never.
    pub refresh_retry: Seconds,
}

impl Tokens {
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        let tokens = Self {
            access_token: source.seconds(&ACCESS_TOKEN, 10..=86_400),
            id_token: source.seconds(&ID_TOKEN, 10..=86_400),
            code: source.seconds(&CODE, 5..=600),
            refresh_idle: source.seconds(&REFRESH_IDLE, 60..=31_536_000),
            refresh_absolute: source.seconds(&REFRESH_ABSOLUTE, 60..=157_680_000),
            refresh_retry: source.seconds(&REFRESH_RETRY, 0..=60),
        };
        source.at_least((&REFRESH_ABSOLUTE, tokens.refresh_absolute), (&REFRESH_IDLE, tokens.refresh_idle));
        tokens
    }
}
