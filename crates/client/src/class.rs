//! What can be done about an error.

use std::fmt;

use crate::setting::Setting;

/// What can be done about an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// The person said no. Nothing is wrong.
    Cancelled,
    /// This attempt is over; a new one may well work.
    Restart,
    /// What was granted before is over: the person must sign in again.
    SignInAgain,
    /// Nobody can sign in until this setting is changed.
    Configuration(Setting),
    /// Something does not work at this moment; later it will.
    Unavailable,
    /// The provider wants fewer requests; later it will answer again.
    RateLimited,
    /// The person has not agreed to something that is needed: ask them again at the provider.
    Reconsent,
    /// The provider must show the person a page, which a login by [`Intent::Silent`](crate::Intent::Silent) does without:
    /// begin one that may show pages, when the person wants it.
    InteractionNeeded,
    /// The provider does not let this person or this app in, and asking again changes nothing.
    Denied,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancelled => "the person said no",
            Self::Restart => "this attempt is over",
            Self::SignInAgain => "what was granted is over",
            Self::Configuration(setting) => return write!(f, "`{}` is wrong", setting.name()),
            Self::Unavailable => "it does not work at this moment",
            Self::RateLimited => "it wants fewer requests",
            Self::InteractionNeeded => "the provider must show a page",
            Self::Reconsent => "something that is needed was not agreed to",
            Self::Denied => "it does not let this person or this app in",
        })
    }
}
