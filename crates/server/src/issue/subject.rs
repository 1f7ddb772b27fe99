//! Subject identifiers — OIDC Core §8.

use mapae_protocol::{base64url, client_metadata::SubjectType, digest::HmacKey};

use super::keyed_digest::keyed_digest;
use crate::catalog::Client;

/// Among whom one person has one identifier.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sector<'a> {
    /// An app registered in the console is a sector of its own, by its frozen id.
    App(&'a str),
    /// Apps that registered themselves and are at one host are one party (OIDC Core §8.1).
    Host(&'a str),
    /// An API knows one person by one identifier, whatever app calls it.
    Api(&'a str),
    /// Everybody sees the same identifier (`subject_type` public).
    Public,
}

impl<'a> Sector<'a> {
    /// An app of the console is its own; one that registered itself shares that of its host.
    pub(crate) fn of(client: &'a Client) -> Self {
        match (client.subject_type(), client.host_sector()) {
            (SubjectType::Pairwise, None) => Self::App(client.id()),
            (SubjectType::Pairwise, Some(host)) => Self::Host(host),
            (SubjectType::Public, _) => Self::Public,
        }
    }
}

/// The pairwise identifier of a person in a sector: stable, and useless for comparing notes (OIDC Core §8.1).
///
/// The key never rotates, since a changed `sub` would lose every account at every app.
pub(crate) fn subject(key: &HmacKey, sector: Sector<'_>, user_id: &str) -> String {
    let (kind, name) = match sector {
        Sector::App(id) => ("app", id),
        Sector::Host(host) => ("host", host),
        Sector::Api(identifier) => ("api", identifier),
        Sector::Public => ("public", ""),
    };
    let mac = keyed_digest(key, &[kind.as_bytes(), name.as_bytes(), user_id.as_bytes()]);
    base64url::encode(mac.get(..24).unwrap_or(&mac))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OIDC Core §8.
    #[test]
    fn ui_06_one_person_has_another_name_in_every_sector() {
        let key = HmacKey::new(&[7; 32]);
        let names = [
            subject(&key, Sector::App("app_1"), "usr_1"),
            subject(&key, Sector::App("app_2"), "usr_1"),
            subject(&key, Sector::Api("app_1"), "usr_1"),
            subject(&key, Sector::Host("app_1"), "usr_1"),
            subject(&key, Sector::Public, "usr_1"),
            subject(&key, Sector::App("app_1"), "usr_2"),
        ];
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        assert_eq!(names[0], subject(&key, Sector::App("app_1"), "usr_1"));
        assert!(names.iter().all(|name| name.len() == 32));
    }

    #[test]
    fn lk_12_parts_cannot_be_shifted_between_sector_and_person() {
        let key = HmacKey::new(&[7; 32]);
        assert_ne!(subject(&key, Sector::App("ab"), "c"), subject(&key, Sector::App("a"), "bc"));
    }
}
