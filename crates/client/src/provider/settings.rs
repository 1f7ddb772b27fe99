//! How this client deals with a provider.

use std::{fmt, sync::Arc, time::Duration};

use mapae_protocol::time::Leeway;

use crate::{
    back_channel::Limits,
    definition::Definition,
    observe::Observer,
    setting::{ConfigurationError, Setting},
};

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

    /// Does not ask UserInfo. Default: it is asked where there is one, because OIDC Core §5.4 puts the claims there. A provider
    /// whose ID tokens do not say who somebody is (`naver-oidc`) is refused with this; one without ID tokens is asked all the
    /// same.
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

    /// How long an answer may take, from connecting to the last byte: at most 5 s, which is the default. Finishing a
    /// login waits for twice that in all.
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

    /// Nobody would come in where the organisation is no domain, where the provider does not sign whose people they are, or where
    /// UserInfo alone says who they are and is not asked.
    pub(super) fn check(&self, definition: &Definition) -> Result<(), ConfigurationError> {
        if !self.user_info && definition.is_openid() && !definition.names_people_in_id_tokens() {
            let problem = "the ID tokens of this provider do not say who somebody is";
            return Err(ConfigurationError::new(Setting::UserInfo, problem));
        }
        let problem = match &self.hosted_domain {
            Some(_) if !definition.signs_hosted_domain() => {
                "the provider does not sign whose people they are"
            }
            Some(domain) if !is_domain(domain) => "it is not a domain",
            Some(_) | None => return Ok(()),
        };
        Err(ConfigurationError::new(Setting::HostedDomain, problem))
    }
}

/// Labels and dots (RFC 1123 §2.1), in the letters of whatever language; an address of numbers is none.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let (first, last) = (label.chars().next(), label.chars().next_back());
        let is_sign = |sign: char| sign.is_alphanumeric() || sign == '-';
        label.len() <= 63
            && label.chars().all(is_sign)
            && first.zip(last).is_some_and(|(one, other)| one != '-' && other != '-')
    };
    let Some((_, top)) = text.rsplit_once('.') else { return false };
    text.split('.').all(is_label) && !top.chars().all(|sign| sign.is_ascii_digit())
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

    #[test]
    fn user_info_is_left_out_only_where_an_id_token_says_who_somebody_is() {
        let check =
            |definition: &Definition| ProviderSettings::new("op").without_user_info().check(definition);
        for id in Definition::ids() {
            let definition = Definition::named(id).unwrap();
            assert_eq!(ProviderSettings::new("op").check(&definition), Ok(()), "{id}");
            let expected = if id == "naver-oidc" { Err(Setting::UserInfo) } else { Ok(()) };
            assert_eq!(check(&definition).map_err(|error| error.setting()), expected, "{id}");
        }
        assert_eq!(
            check(&Definition::named("kakao").unwrap().without_openid()),
            Ok(()),
            "it is asked all the same"
        );
    }

    /// RFC 1123 §2.1.
    #[test]
    fn rp_13_an_organisation_is_a_domain() {
        let google = Definition::named("google").unwrap();
        let check = |domain: &str| ProviderSettings::new("op").with_hosted_domain(domain).check(&google);
        let long = format!("{}.com", "a".repeat(64));
        for domain in ["example.com", "a.b-c.co.kr", "xn--o39an51b2re.kr", "회사.kr", "1.example"] {
            assert_eq!(check(domain), Ok(()), "{domain}");
        }
        for wrong in [
            "",
            ".",
            "com",
            "example.com.",
            ".example.com",
            "example..com",
            "-a.com",
            "a-.com",
            "192.0.2.1",
            long.as_str(),
            "a_b.com",
            "https://example.com",
            "@example.com",
            "example.com/",
            "a b.com",
            "a,b.com",
        ] {
            assert_eq!(check(wrong).map_err(|error| error.setting()), Err(Setting::HostedDomain), "{wrong}");
        }
        let elsewhere = ProviderSettings::new("op").with_hosted_domain("example.com");
        assert!(elsewhere.check(&Definition::named("naver").unwrap()).is_err());
        assert_eq!(ProviderSettings::new("op").check(&google), Ok(()));
    }
}
