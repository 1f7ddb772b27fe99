//! What is asked of a server.

mod bound_flow;
mod code_flow;
mod device;
mod repeat;
mod tokens;

use clap::ValueEnum;

use self::{bound_flow::BoundFlow, device::Device, repeat::Repeat, tokens::ShowTokens};
pub(crate) use self::{
    code_flow::{CodeFlow, Harvest, authorization},
    tokens::Tokens,
};
use crate::{
    crowd::Script,
    target::{Api, DISCOVERY, Target},
};

/// What is asked of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// A machine gets a signed token for one API (RFC 6749 §4.4)
    ClientCredentials,
    /// A signed-in person comes again, and the app redeems the code: two requests
    CodeFlow,
    /// The same for an app that pushes its request, signs and is bound to a key: three requests
    BoundFlow,
    /// A device begins and asks once (RFC 8628): two requests
    Device,
    /// A service exchanges the token of whoever called it (RFC 8693)
    TokenExchange,
    /// The API asks about tokens that it cannot read (RFC 7662)
    IntrospectOpaque,
    /// The API asks about JWTs
    IntrospectJwt,
    /// The app asks who the person is, with an opaque token (OIDC Core §5.3)
    UserinfoOpaque,
    /// The app asks who the person is, with a JWT
    UserinfoJwt,
    /// The metadata (OIDC Discovery §4)
    Discovery,
    /// The key set (RFC 7517 §5)
    Jwks,
}

impl Scenario {
    /// The API whose tokens are shown; none where no token is.
    fn shown(self, target: &Target) -> Option<&Api> {
        match self {
            Self::IntrospectOpaque | Self::UserinfoOpaque => Some(&target.opaque),
            Self::TokenExchange | Self::IntrospectJwt | Self::UserinfoJwt => Some(&target.signed),
            Self::ClientCredentials
            | Self::CodeFlow
            | Self::BoundFlow
            | Self::Device
            | Self::Discovery
            | Self::Jwks => None,
        }
    }

    /// One script for each connection.
    ///
    /// # Errors
    /// When nobody is signed in at the server.
    pub(crate) fn scripts(
        self,
        target: &Target,
        tokens: &Tokens,
        connections: usize,
    ) -> anyhow::Result<Vec<Box<dyn Script>>> {
        (0..connections).map(|number| self.script(target, tokens, number)).collect()
    }

    fn script(self, target: &Target, tokens: &Tokens, number: usize) -> anyhow::Result<Box<dyn Script>> {
        Ok(match self {
            Self::ClientCredentials => Box::new(Repeat::client_credentials(target)?),
            Self::CodeFlow => Box::new(CodeFlow::new(target, &target.signed, number)?),
            Self::BoundFlow => Box::new(BoundFlow::new(target, number)?),
            Self::Device => Box::new(Device::new(target)?),
            Self::TokenExchange => Box::new(ShowTokens::exchange(target, tokens)?),
            Self::IntrospectOpaque => Box::new(ShowTokens::introspection(target, &target.opaque, tokens)?),
            Self::IntrospectJwt => Box::new(ShowTokens::introspection(target, &target.signed, tokens)?),
            Self::UserinfoOpaque | Self::UserinfoJwt => Box::new(ShowTokens::userinfo(target, tokens)?),
            Self::Discovery => Box::new(Repeat::document(target, DISCOVERY)),
            Self::Jwks => Box::new(Repeat::document(target, &target.prepared()?.endpoints.jwks)),
        })
    }
}
