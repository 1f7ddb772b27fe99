//! The secret in the `Authorization` header — RFC 6749 §2.3.1.

use mapae_protocol::{client_authentication::PresentedCredential, time::Timestamp};

use super::{Method, secret};
use crate::catalog::Client;

/// `client_secret_basic`.
#[derive(Debug)]
pub(super) struct ClientSecretBasic;

impl Method for ClientSecretBasic {
    fn name(&self) -> &'static str {
        "client_secret_basic"
    }

    fn verify(&self, credential: &PresentedCredential, client: &Client, now: Timestamp) -> bool {
        matches!(credential, PresentedCredential::Basic { secret, .. } if secret::is_good(secret, client, now))
    }
}
