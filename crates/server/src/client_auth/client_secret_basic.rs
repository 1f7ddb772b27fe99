//! The secret in the `Authorization` header — RFC 6749 §2.3.1.

use mapae_protocol::client_authentication::PresentedCredential;

use super::{Facts, Method, Proof, secret};

/// `client_secret_basic`.
#[derive(Debug)]
pub(super) struct ClientSecretBasic;

impl Method for ClientSecretBasic {
    fn name(&self) -> &'static str {
        "client_secret_basic"
    }

    fn verify(&self, credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof> {
        let PresentedCredential::Basic { secret, .. } = credential else { return None };
        secret::is_good(secret, facts.client, facts.now).then_some(Proof::Complete)
    }
}
