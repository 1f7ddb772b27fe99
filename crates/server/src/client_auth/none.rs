//! A public client only names itself; PKCE and its redirect URI protect it — RFC 6749 §2.1, RFC 9700 §2.1.1.

use mapae_protocol::client_authentication::PresentedCredential;

use super::{Facts, Means, Method, Proof};

/// `none`.
#[derive(Debug)]
pub(super) struct None;

/// Its registered name.
pub(crate) const NAME: &str = "none";

impl Method for None {
    fn name(&self) -> &'static str {
        NAME
    }

    fn means(&self) -> Means {
        Means::Nothing
    }

    fn meaning(&self) -> &'static str {
        "By nothing but its name"
    }

    fn verify(&self, credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof> {
        let names_itself = matches!(credential, PresentedCredential::None { .. });
        (names_itself && facts.client.is_public()).then_some(Proof::Complete)
    }
}
