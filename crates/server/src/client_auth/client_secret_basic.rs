//! The secret in the `Authorization` header — RFC 6749 §2.3.1.

use mapae_protocol::client_authentication::PresentedCredential;

use super::{Facts, Means, Method, Proof, secret};

/// `client_secret_basic`.
#[derive(Debug)]
pub(super) struct ClientSecretBasic;

/// Its registered name.
pub(crate) const NAME: &str = "client_secret_basic";

impl Method for ClientSecretBasic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn means(&self) -> Means {
        Means::SentSecret
    }

    fn meaning(&self) -> &'static str {
        "In the Authorization header (RFC 6749 §2.3.1)"
    }

    fn verify(&self, credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof> {
        let PresentedCredential::Basic { secret, .. } = credential else { return None };
        secret::is_good(secret, facts.client, facts.now).then_some(Proof::Complete)
    }
}
