//! Revocation handles: how a token says on what it depends without saying what that is.
//!
//! An access token for an API carries one short opaque handle for each thing whose end must end the
//! token: the person, the app, the consent, the session, the grant. A handle is a MAC over the API, the
//! thing and its epoch. When an epoch moves, the revocation feed tells each API the handle of the old
//! epoch, and every token that carries it is dead. Two APIs see different handles for one person.

use mapae_protocol::{base64url, digest::HmacKey};

use super::keyed_digest::keyed_digest;
use crate::store::{alive::Epochs, revocations::Kind};

/// A maker of handles for one audience.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Handle<'a> {
    pub(crate) key: &'a HmacKey,
    pub(crate) audience: &'a str,
}

impl Handle<'_> {
    /// The handle of `id` under `epoch`: 96 bits, base64url.
    pub(crate) fn of(&self, kind: Kind, id: &str, epoch: i64) -> String {
        let mac = keyed_digest(
            self.key,
            &[self.audience.as_bytes(), kind.name().as_bytes(), id.as_bytes(), &epoch.to_be_bytes()],
        );
        base64url::encode(mac.get(..12).unwrap_or(&mac))
    }

    /// All handles of a token that a person's grant issues.
    pub(crate) fn of_grant(&self, ids: GrantIds<'_>, epochs: Epochs) -> Vec<String> {
        let mut handles = vec![
            self.of(Kind::User, ids.user, epochs.user),
            self.of(Kind::App, ids.app, epochs.app),
            self.of(Kind::Consent, ids.consent, epochs.consent),
            self.of(Kind::Grant, ids.grant, 0),
        ];
        if let (Some(session), Some(epoch)) = (ids.session, epochs.session) {
            handles.push(self.of(Kind::Session, session, epoch));
        }
        handles
    }
}

/// The things a grant depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GrantIds<'a> {
    pub(crate) user: &'a str,
    pub(crate) app: &'a str,
    pub(crate) consent: &'a str,
    pub(crate) grant: &'a str,
    pub(crate) session: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> GrantIds<'static> {
        GrantIds { user: "u", app: "a", consent: "c", grant: "g", session: Some("s") }
    }

    #[test]
    fn two_apis_cannot_compare_handles_and_an_epoch_changes_only_its_own() {
        let key = HmacKey::new(&[3; 32]);
        let calendar = Handle { key: &key, audience: "https://calendar.example" };
        let mail = Handle { key: &key, audience: "https://mail.example" };
        let epochs = Epochs { user: 1, app: 1, consent: 1, session: Some(1) };
        let before = calendar.of_grant(ids(), epochs);
        assert_eq!(before.len(), 5);
        assert!(before.iter().all(|handle| !mail.of_grant(ids(), epochs).contains(handle)));
        let after = calendar.of_grant(ids(), Epochs { consent: 2, ..epochs });
        assert_eq!(before.iter().filter(|handle| after.contains(handle)).count(), 4);
    }

    #[test]
    fn an_offline_grant_does_not_hang_on_the_session() {
        let key = HmacKey::new(&[3; 32]);
        let handle = Handle { key: &key, audience: "https://calendar.example" };
        assert_eq!(handle.of_grant(ids(), Epochs { user: 1, app: 1, consent: 1, session: None }).len(), 4);
    }
}
