//! Why a request is not let through — RFC 6750 §3.1, RFC 9449 §7.1, §9, RFC 9470 §3.

use http::HeaderValue;
use mapae_protocol::{access_token, bearer, challenge::StepUp, dpop, jose, scope::Scopes};

/// Why a request is not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No access token: 401 without an error code.
    NoCredentials,
    /// The token cannot be taken from the request: 400.
    Malformed(bearer::Error),
    /// The token is not good: 401.
    Invalid(Invalid),
    /// The proof of possession is not good, and this is the nonce that it must have: 401.
    Proof(dpop::Error, Option<HeaderValue>),
    /// The token is good, and these scopes are needed: 403.
    InsufficientScope(Scopes),
    /// The person must sign in again, better or more recently: 401.
    InsufficientAuthentication(StepUp),
    /// Nobody can tell whether the token is good: 503.
    Unavailable,
    /// The route is not behind the layer, or demands something that cannot be: 500.
    Misconfigured,
}

/// What is wrong with a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Invalid {
    /// A rule of RFC 9068 §4 is broken, or its like for an introspected token.
    Token(access_token::Error),
    /// The scope is not a list of scope tokens.
    Scope,
    /// Something that it depends on was withdrawn.
    Withdrawn,
    /// It was issued before the time that is known about.
    TooOld,
    /// The authorization server says no (RFC 7662 §2.2).
    Inactive,
    /// It is bound to no key, and must be.
    Unbound,
    /// The introspection answer does not say whose it is or when it ends.
    Incomplete,
}

impl Invalid {
    /// A fixed text for the developer of the client.
    pub(crate) const fn description(self) -> &'static str {
        match self {
            Self::Token(error) => describe(error),
            Self::Scope => "the scope of the access token is malformed",
            Self::Withdrawn => "the access token was withdrawn",
            Self::TooOld => "the access token is older than what is known about withdrawals",
            Self::Inactive => "the access token is not active",
            Self::Unbound => "the access token must be bound to a key",
            Self::Incomplete => "the access token lacks its subject, its client or its end",
        }
    }
}

const fn describe(error: access_token::Error) -> &'static str {
    use access_token::Error;
    match error {
        Error::Token(jose::Error::Signature) => "the signature of the access token is wrong",
        Error::Token(_) => "the access token is malformed or not signed as it must be",
        Error::UnknownKey => "the access token is signed with an unknown key",
        Error::WrongType => "the token is not an access token",
        Error::Claims(_) => "a claim of the access token is missing or malformed",
        Error::Issuer => "the access token is from another issuer",
        Error::Audience => "the access token is for another audience",
        Error::Expired => "the access token has expired",
        Error::NotYetValid | Error::IssuedInFuture => "the access token is not valid yet",
        Error::SenderConstrained => "the access token is bound to a key",
        Error::OtherKey => "the access token is not bound to the key of the proof",
    }
}

impl From<bearer::Error> for Refusal {
    fn from(error: bearer::Error) -> Self {
        Self::Malformed(error)
    }
}

impl From<dpop::Error> for Refusal {
    fn from(error: dpop::Error) -> Self {
        Self::Proof(error, None)
    }
}

impl From<access_token::Error> for Refusal {
    fn from(error: access_token::Error) -> Self {
        Self::Invalid(Invalid::Token(error))
    }
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}
