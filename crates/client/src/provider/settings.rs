//! How this client deals with a provider.

use std::{fmt, sync::Arc, time::Duration};

use mapae_protocol::time::Leeway;

use crate::{back_channel::Limits, observe::Observer};

/// How this client deals with a provider. Each default has a reason.
#[derive(Clone)]
pub struct ProviderSettings {
    pub(crate) name: String,
    pub(crate) development: bool,
    pub(crate) user_info: bool,
    pub(crate) leeway: Leeway,
    /// At most [`Limits::TIME`].
    pub(crate) answer_within: Duration,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    pub(crate) hosted_domain: Option<String>,
    pub(crate) trusts_emails: bool,
}

impl ProviderSettings {
    /// The defaults, for a provider that the application calls `name` (in `?provider=name`, and in the vault: it
    /// must stay the same).
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            development: false,
            user_info: true,
            // Two servers with synchronised clocks differ by less; a token lives this much longer at most.
            leeway: Leeway::seconds(30),
            // A person waits in front of the screen.
            answer_within: Limits::TIME,
            observer: None,
            hosted_domain: None,
            trusts_emails: true,
        }
    }

    /// Lets in only people of this organisation (Google: the domain of a Workspace). It is asked of the provider and checked
    /// on what the provider signs (`hd`), never on the end of an address. Default: whoever the provider knows.
    #[must_use]
    pub fn with_hosted_domain(mut self, domain: impl Into<String>) -> Self {
        self.hosted_domain = Some(domain.into());
        self
    }

    /// Takes no word of the provider that it has checked an address: all are unverified. Default: its word is told, as
    /// [`Verification`](crate::Verification) says whose it is.
    #[must_use]
    pub const fn without_trust_in_emails(mut self) -> Self {
        self.trusts_emails = false;
        self
    }

    /// Allows plain `http` to a provider on this machine. Default: never, because everybody on the way reads along.
    /// A definition that was moved to this machine by [`Definition::at`](crate::Definition::at) needs it not.
    #[must_use]
    pub const fn for_development(mut self) -> Self {
        self.development = true;
        self
    }

    /// Does not ask UserInfo. Default: it is asked where there is one, because OIDC Core §5.4 puts the claims there.
    #[must_use]
    pub const fn without_user_info(mut self) -> Self {
        self.user_info = false;
        self
    }

    /// How far the provider's clock may differ: at most 60 s. Default: 30 s.
    #[must_use]
    pub const fn with_leeway(mut self, leeway: Leeway) -> Self {
        self.leeway = leeway;
        self
    }

    /// How long an answer may take, from connecting to the last byte: at most 5 s, which is the default. A login waits for
    /// twice that in all.
    #[must_use]
    pub const fn answering_within(mut self, time: Duration) -> Self {
        // `Ord` is not for constants.
        self.answer_within = if time.as_nanos() < Limits::TIME.as_nanos() { time } else { Limits::TIME };
        self
    }

    /// Tells `observer` of every exchange with the provider, secrets masked.
    #[must_use]
    pub fn observed_by(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }
}

impl fmt::Debug for ProviderSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderSettings")
            .field("name", &self.name)
            .field("development", &self.development)
            .field("user_info", &self.user_info)
            .field("leeway", &self.leeway)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two requests of one refresh have one time, which a lease outlives.
    #[test]
    fn rp_18_no_answer_may_take_longer_than_five_seconds() {
        for (said, counts) in [(60_000, 5_000), (5_001, 5_000), (4_999, 4_999), (0, 0)] {
            let settings = ProviderSettings::new("op").answering_within(Duration::from_millis(said));
            assert_eq!(settings.answer_within, Duration::from_millis(counts));
        }
    }
}
