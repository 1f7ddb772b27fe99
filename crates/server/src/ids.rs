//! Names of rows: a prefix that says of what, and 128 random bits. They tell nothing of order or number, except where so
//! many are made that their [order in time](timed) keeps the database fast.

use mapae_protocol::{base64url, digest::sha256, random, time::Timestamp};

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
    InitialToken,
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
            Self::InitialToken => "iat",
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

    /// A name that nothing had before, beside those that were made at about the same [time](timed).
    pub(crate) fn fresh_at(self, now: Timestamp) -> String {
        format!("{}_{}", self.prefix(), base64url::encode(timed(now)))
    }
}

/// 128 bits that nothing had before: the second, and 96 random ones (as UUIDs of version 7, RFC 9562 §5.7). What is made
/// together stands together in an index, so that writing and reading what is new touches few of its pages.
pub(crate) fn timed(now: Timestamp) -> [u8; 16] {
    let mut bytes = random::bytes::<16>();
    let second = u32::try_from(now.unix()).unwrap_or(u32::MAX);
    if let Some(first) = bytes.first_chunk_mut() {
        *first = second.to_be_bytes();
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9562 §5.7.
    #[test]
    fn what_is_made_together_stands_together_and_is_never_the_same() {
        let (now, later) = (Timestamp::from_unix(1_800_000_000), Timestamp::from_unix(1_800_000_001));
        let names: Vec<String> = (0..100).map(|_| Kind::Grant.fresh_at(now)).collect();
        let beginning = &names[0][..9];
        assert!(names.iter().all(|name| name.starts_with(beginning) && name.len() == 26), "{names:?}");
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 100);
        assert!(timed(now) < timed(later));
        assert!(timed(Timestamp::from_unix(-1)) > timed(later), "a clock before 1970 harms nothing");
    }
}
