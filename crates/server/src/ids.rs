//! Names of rows: a prefix that says of what, and 128 random bits. They tell nothing of order or number.

use mapae_protocol::{base64url, digest::sha256, random};

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
    MailOrder,
    Identity,
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
            Self::MailOrder => "mail",
            Self::Identity => "idn",
        }
    }

    /// The name of what one form makes: the same whenever that form is sent again, and as hard to guess as the form.
    pub(crate) fn named_by(self, form: &str) -> String {
        let digest = sha256(format!("{} {form}", self.prefix()).as_bytes());
        let short = digest.first_chunk::<16>().copied().unwrap_or_default();
        format!("{}_{}", self.prefix(), base64url::encode(short))
    }

    /// A name that nothing had before.
    pub(crate) fn fresh(self) -> String {
        format!("{}_{}", self.prefix(), base64url::encode(random::bytes::<16>()))
    }
}
