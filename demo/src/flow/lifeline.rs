//! The four parties of OAuth as the diagram draws them, and one more: a social provider — RFC 6749 §1.1.

use serde::{Deserialize, Serialize};

/// A party, drawn as a vertical line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifeline {
    /// The person's browser (the resource owner acts through it).
    Browser,
    /// "나의 서비스", the client.
    Client,
    /// Kakao, Naver, Google and the like: an authorization server of somebody else.
    Provider,
    /// Mapae.
    AuthorizationServer,
    /// The calendar API, the resource server.
    ResourceServer,
}

impl Lifeline {
    /// From left to right.
    pub const ALL: &'static [Self] =
        &[Self::Browser, Self::Client, Self::Provider, Self::AuthorizationServer, Self::ResourceServer];

    /// The name in messages, data files and style sheets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Client => "client",
            Self::Provider => "provider",
            Self::AuthorizationServer => "authorization_server",
            Self::ResourceServer => "resource_server",
        }
    }
}
