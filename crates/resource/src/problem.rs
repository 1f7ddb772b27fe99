//! What keeps the layer from knowing, in words for whoever runs the API.

use std::fmt;

/// An exchange with the authorization server that failed: what, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// No usable answer came.
    #[error("{0} {1}: check the network, the issuer's address and that the authorization server runs")]
    NoAnswer(Asked, NoAnswer),
    /// An answer came with a status that says no.
    #[error("{0} answered with status {1}: look into the authorization server's log")]
    Status(Asked, u16),
    /// The API's own credential was refused.
    #[error(
        "{0} refused this API's client_id and secret: give those of the API's registration to credential()"
    )]
    Credential(Asked),
    /// The answer is not what the specification says.
    #[error(
        "{0} answered with something else: check that the issuer's address is that of an OAuth 2.0 server"
    )]
    Malformed(Asked),
    /// The document at the issuer's address is that of another issuer (RFC 8414 §3.3).
    #[error("the metadata names another issuer: configure the issuer exactly as the server spells it")]
    OtherIssuer,
    /// The metadata lacks an address that is needed.
    #[error("the metadata does not name {0}: the server does not offer it, or it is switched off")]
    NotOffered(Asked),
    /// An address in the metadata leads to another origin.
    #[error("{0} is at another origin than the issuer: allow it with endpoint_origin() if that is right")]
    OtherOrigin(Asked),
}

/// What was asked of the authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Asked {
    /// Its metadata (RFC 8414 §3).
    Metadata,
    /// Its public keys (RFC 7517 §5).
    Keys,
    /// Its revocation feed.
    Feed,
    /// Its introspection endpoint (RFC 7662 §2).
    Introspection,
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Metadata => "the metadata document",
            Self::Keys => "the key set",
            Self::Feed => "the revocation feed",
            Self::Introspection => "the introspection endpoint",
        })
    }
}

/// Why there was no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoAnswer {
    /// No connection.
    #[error("cannot be reached")]
    Unreachable,
    /// Nothing, or not all of it, within the time allowed.
    #[error("does not answer in time")]
    TimedOut,
    /// The answer leads elsewhere; nothing is followed.
    #[error("answers with a redirect")]
    Redirect,
    /// The answer is longer than accepted.
    #[error("answers with more than is accepted")]
    TooLarge,
    /// The connection ended within the answer.
    #[error("broke off its answer")]
    BrokenOff,
}
