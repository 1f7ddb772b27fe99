//! The secret in the form — RFC 6749 §2.3.1.

use mapae_protocol::client_authentication::PresentedCredential;

use super::{Facts, Means, Method, Proof, secret};

/// `client_secret_post`.
#[derive(Debug)]
pub(super) struct ClientSecretPost;

impl Method for ClientSecretPost {
    fn name(&self) -> &'static str {
        "client_secret_post"
    }

    fn means(&self) -> Means {
        Means::SentSecret
    }

    fn meaning(&self) -> &'static str {
        "In the form"
    }

    fn verify(&self, credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof> {
        let PresentedCredential::Post { secret, .. } = credential else { return None };
        secret::is_good(secret, facts.client, facts.now).then_some(Proof::Complete)
    }
}
