//! Names of rows: a prefix that says of what, and 128 random bits. They tell nothing of order or number.

use mapae_protocol::{base64url, random};

/// The kinds of rows that people and machines refer to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    App,
    Api,
    Secret,
    Session,
    Consent,
    Grant,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::User => "usr",
            Self::App => "app",
            Self::Api => "api",
            Self::Secret => "sec",
            Self::Session => "ses",
            Self::Consent => "con",
            Self::Grant => "gra",
        }
    }

    /// A name that nothing had before.
    pub(crate) fn fresh(self) -> String {
        format!("{}_{}", self.prefix(), base64url::encode(&random::bytes::<16>()))
    }
}
