//! The secret in the form — RFC 6749 §2.3.1.

use mapae_protocol::{client_authentication::PresentedCredential, time::Timestamp};

use super::{Method, secret};
use crate::catalog::Client;

/// `client_secret_post`.
#[derive(Debug)]
pub(super) struct ClientSecretPost;

impl Method for ClientSecretPost {
    fn name(&self) -> &'static str {
        "client_secret_post"
    }

    fn verify(&self, credential: &PresentedCredential, client: &Client, now: Timestamp) -> bool {
        matches!(credential, PresentedCredential::Post { secret, .. } if secret::is_good(secret, client, now))
    }
}
