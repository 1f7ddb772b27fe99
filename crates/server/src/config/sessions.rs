//! `[sessions]`: how long a browser stays signed in here.

use mapae_protocol::time::Seconds;

use super::{
    setting::{Fallback, Setting},
    source::Source,
};

const IDLE: Setting = Setting {
    section: "sessions",
    key: "idle_seconds",
    flag: None,
    default: Fallback::Literal("1_209_600"),
    meaning: "A browser that is not seen for this long is signed out, in seconds; 60 to 31536000.",
    reason: "Fourteen days: holidays do not sign anybody out, a forgotten browser is.",
};

const ABSOLUTE: Setting = Setting {
    section: "sessions",
    key: "absolute_seconds",
    flag: None,
    default: Fallback::Literal("2_592_000"),
    meaning: "However often it is seen, a browser signs in again after this long, in seconds; 60 to 31536000.",
    reason: "Thirty days, the most that NIST SP 800-63B gives to the lowest level.",
};

pub(super) const SETTINGS: &[Setting] = &[IDLE, ABSOLUTE];

/// How long a browser stays signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// Signed out when not seen for this long.
    pub idle: Seconds,
    /// Signed out after this long in any case.
    pub absolute: Seconds,
}

impl Sessions {
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        let sessions = Self {
            idle: source.seconds(&IDLE, 60..=31_536_000),
            absolute: source.seconds(&ABSOLUTE, 60..=31_536_000),
        };
        source.at_least((&ABSOLUTE, sessions.absolute), (&IDLE, sessions.idle));
        sessions
    }
}
