//! Grant types: one file each, one line each in [`GRANT_TYPES`].
//!
//! A grant type parses its request, reads the facts, and takes a pure decision. It writes and signs
//! nothing: the token endpoint commits what was decided and signs afterwards, so that nothing leaves
//! the server that is not on disk.

mod authorization_code;
mod beginning;
mod client_credentials;
mod decision;
mod device_code;
mod device_polls;
mod person_tokens;
mod refresh_token;
mod rotation;
mod token_exchange;
#[cfg(test)]
mod toy;

use async_trait::async_trait;
use mapae_protocol::{dpop::Thumbprint, params::Params, time::Timestamp, token::TokenRequest};

pub(crate) use decision::{Decision, Issue, Refusal};
pub(crate) use device_polls::DevicePolls;

use crate::{app::App, catalog::Client, fault::Fault, keys::KeySet};

/// Everything a grant type may look at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TokenContext<'a> {
    pub(crate) app: &'a App,
    pub(crate) keys: &'a KeySet,
    /// Authenticated by the method it registered.
    pub(crate) client: &'a Client,
    /// What every token request has.
    pub(crate) request: &'a TokenRequest,
    /// The rest.
    pub(crate) params: &'a Params,
    /// The key whose possession the request proves: to it access tokens are bound (RFC 9449 §5).
    pub(crate) key: Option<Thumbprint>,
    pub(crate) now: Timestamp,
}

impl TokenContext<'_> {
    /// The key to which refresh tokens of a new grant are bound: those of a public app, which proves itself by nothing else
    /// (RFC 9449 §5).
    pub(crate) fn refresh_key(&self) -> Option<String> {
        self.key.filter(|_| self.client.is_public()).map(|key| key.to_string())
    }
}

/// One value of `grant_type` (RFC 6749 §4).
#[async_trait]
pub(crate) trait GrantType: Sync {
    /// The value on the wire.
    fn name(&self) -> &'static str;

    /// On what terms an app is registered for it.
    fn terms(&self) -> Terms;

    /// The parameter that this server has sealed, if there is one: the keys to open it may be another node's newest.
    fn sealed(&self) -> Option<&'static str> {
        None
    }

    /// Parses, reads the facts and decides; writes nothing.
    async fn decide(&self, cx: &TokenContext<'_>) -> Result<Decision, Fault>;
}

/// What registration, the console and the command line must know of a grant type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) role: Role,
    /// What it is for, as the help of the command line says it.
    pub(crate) meaning: &'static str,
    /// Keys of its texts in the console, in `locales/`: what it is called, and what to know of it.
    pub(crate) words: [&'static str; 2],
}

/// For whom an app gets tokens by a grant type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// For a person, who is sent here.
    Begins,
    /// For a person, who comes here by themselves while the app waits elsewhere.
    BeginsElsewhere,
    /// For a person, once another grant type has begun.
    Continues,
    /// For itself: it must keep a secret (RFC 6749 §4.4).
    ForItself,
    /// For whomever a token of an API stands: it must keep a secret, and the operator permits it.
    Exchanges,
}

/// All grant types. Discovery, registration and the command line derive from this slice.
pub(crate) const GRANT_TYPES: &[&dyn GrantType] = &[
    &authorization_code::AuthorizationCodeGrant,
    &refresh_token::RefreshTokenGrant,
    &client_credentials::ClientCredentialsGrant,
    &device_code::DeviceCodeGrant,
    &token_exchange::TokenExchangeGrant,
    #[cfg(test)]
    &toy::ToyGrant,
];

/// The name without the namespace that it stands in: what an operator types.
pub(crate) fn short_name(grant_type: &dyn GrantType) -> &'static str {
    let name = grant_type.name();
    name.rsplit_once(':').map_or(name, |(_, short)| short)
}

/// The whole name of what an operator types.
pub(crate) fn whole_name(typed: &str) -> &str {
    let named = GRANT_TYPES.iter().find(|grant_type| short_name(**grant_type) == typed);
    named.map_or(typed, |grant_type| grant_type.name())
}

/// The grant type of that name.
pub(crate) fn find(name: &str) -> Option<&'static dyn GrantType> {
    GRANT_TYPES.iter().copied().find(|grant_type| grant_type.name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn to_16_there_is_no_password_grant() {
        for name in ["password", "implicit", "Authorization_Code", "refresh_token ", ""] {
            assert!(find(name).is_none(), "{name}");
        }
    }
}
