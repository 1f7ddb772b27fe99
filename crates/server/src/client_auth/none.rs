//! A public client only names itself; PKCE and its redirect URI protect it — RFC 6749 §2.1, RFC 9700 §2.1.1.

use mapae_protocol::{client_authentication::PresentedCredential, time::Timestamp};

use super::Method;
use crate::catalog::Client;

/// `none`.
#[derive(Debug)]
pub(super) struct None;

impl Method for None {
    fn name(&self) -> &'static str {
        "none"
    }

    fn verify(&self, credential: &PresentedCredential, client: &Client, _: Timestamp) -> bool {
        matches!(credential, PresentedCredential::None { .. }) && client.is_public()
    }
}
