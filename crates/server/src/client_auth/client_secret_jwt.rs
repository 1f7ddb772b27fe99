//! A JWT that the client's secret signs — OIDC Core §9, §10.1, RFC 7523 §2.2.

use mapae_protocol::{
    client_authentication::PresentedCredential,
    client_jwt::{ClientAlgorithm, ClientKeys},
};

use super::{
    Facts, Means, Method, Proof,
    assertion::{self, Keys},
};

/// `client_secret_jwt`.
#[derive(Debug)]
pub(super) struct ClientSecretJwt;

impl Method for ClientSecretJwt {
    fn name(&self) -> &'static str {
        "client_secret_jwt"
    }

    fn means(&self) -> Means {
        Means::SigningSecret
    }

    fn meaning(&self) -> &'static str {
        "By a JWT that its secret signs (OIDC Core §9); the secret is not sent"
    }

    fn verify(&self, credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof> {
        let Keys::Shared(secrets) = &facts.keys else { return None };
        if matches!(facts.client.metadata().assertion_algorithm, Some(ClientAlgorithm::Private(_))) {
            return None;
        }
        assertion::proof(credential, ClientKeys::Shared(secrets), facts)
    }

    fn algorithms(&self) -> Vec<ClientAlgorithm> {
        vec![ClientAlgorithm::Shared]
    }
}
