//! An access token with another signature — RFC 9068 §4, RFC 6750 §3.1.

use async_trait::async_trait;

use super::{Experiment, Finding, Lab, Setback, lab::ServiceCall};

pub(super) struct ForgedAccessToken;

#[async_trait]
impl Experiment for ForgedAccessToken {
    fn name(&self) -> &'static str {
        "forged_access_token"
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let token = lab.token().await?;
        let forged = forge(token.expose());
        Ok(match lab.as_the_service_with(&forged).await? {
            ServiceCall::Served { refused_after: Some(_) } => Finding::AsExpected(None),
            ServiceCall::SignInAgain { .. } => Finding::SignInAgain,
            ServiceCall::Served { refused_after: None } | ServiceCall::Refused => Finding::Otherwise,
        })
    }
}

/// The same token with one character in the middle of its signature changed: six bits.
pub(super) fn forge(token: &str) -> String {
    let signature = token.rfind('.').map_or(0, |dot| dot + 1);
    let at = signature + (token.len() - signature) / 2;
    let change = |(place, character): (usize, char)| match (place == at, character) {
        (false, character) => character,
        (true, 'A') => 'B',
        (true, _) => 'A',
    };
    token.char_indices().map(change).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_signature_changes() {
        for token in ["head.claims.signature", "head.claims.sigAature", "opaque"] {
            let forged = forge(token);
            assert_eq!(forged.len(), token.len());
            let differ = token.chars().zip(forged.chars()).filter(|(a, b)| a != b).count();
            assert_eq!(differ, 1, "{forged}");
            let signature = token.rfind('.').map_or(0, |dot| dot + 1);
            assert_eq!(token[..signature], forged[..signature]);
        }
    }
}
