//! A JWT that a private key of the client signs — OIDC Core §9, RFC 7523 §2.2.

use mapae_protocol::{
    client_authentication::PresentedCredential,
    client_jwt::{ClientAlgorithm, ClientKeys},
    jose::Algorithm,
};

use super::{
    Facts, Means, Method, Proof,
    assertion::{self, Keys},
};

/// `private_key_jwt`.
#[derive(Debug)]
pub(super) struct PrivateKeyJwt;

/// Its registered name.
pub(crate) const NAME: &str = "private_key_jwt";

impl Method for PrivateKeyJwt {
    fn name(&self) -> &'static str {
        NAME
    }

    fn means(&self) -> Means {
        Means::SigningKey
    }

    fn meaning(&self) -> &'static str {
        "By a JWT that a private key of its own signs (OIDC Core §9); it has no secret, and names its public keys"
    }

    fn verify(&self, credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof> {
        let Keys::Public(keys) = &facts.keys else { return None };
        let only = match facts.client.metadata().assertion_algorithm {
            None => None,
            Some(ClientAlgorithm::Private(only)) => Some(only),
            // Registered for another method: no private key signs with it.
            Some(ClientAlgorithm::Shared) => return None,
        };
        let algorithms = facts.client.algorithms(only);
        assertion::proof(credential, ClientKeys::Public { keys, algorithms: &algorithms }, facts)
    }

    fn algorithms(&self) -> Vec<ClientAlgorithm> {
        Algorithm::ALL.iter().copied().map(ClientAlgorithm::Private).collect()
    }
}
