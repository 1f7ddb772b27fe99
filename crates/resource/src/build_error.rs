//! What can be wrong with a configuration.

use mapae_protocol::{issuer, origin, resource};

/// Why a [`ResourceServer`](crate::ResourceServer) cannot be built, and what to write instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The issuer is not one.
    #[error(
        "issuer: {0}; write it exactly as the authorization server does, for example https://login.example.com"
    )]
    Issuer(issuer::Error),
    /// The audience is not an API's identifier.
    #[error(
        "audience: {0}; write this API's identifier as it is registered, for example https://api.example.com"
    )]
    Audience(resource::Error),
    /// `client_id` or secret are empty or malformed.
    #[error("credential: client_id or secret are empty or malformed; write those of this API's registration")]
    Credential,
    /// There is no credential, and nobody said that withdrawn tokens may be accepted.
    #[error(
        "without a credential this API does not learn of withdrawn tokens: call credential(client_id, secret), or \
         without_revocation() if it is acceptable that a withdrawn token works until it expires"
    )]
    NoCredential,
    /// Introspection needs a credential.
    #[error("introspection needs a credential: call credential(client_id, secret)")]
    IntrospectionWithoutCredential,
    /// Two ways to check a token were chosen that exclude each other.
    #[error("without_revocation() contradicts opaque_tokens() and introspect_all(): call one of them")]
    Contradiction,
    /// A maximum age that is too short (keys, feed).
    #[error("jwks_max_age and feed_max_age must be at least 3 seconds")]
    MaxAge,
    /// Not an origin.
    #[error("endpoint_origin: {0}")]
    Origin(origin::Malformed),
    /// Not the address of an API.
    #[error(
        "address: write where this API is reached, for example https://api.example.com/v1, without ? and #"
    )]
    Address,
    /// Tokens must be bound to a key, and no proof could be checked.
    #[error(
        "require_bound_tokens and dpop_nonces need the address at which this API is reached: call \
         address(\"https://api.example.com\")"
    )]
    NoAddress,
    /// No proof could be good.
    #[error("proof_algorithms: name at least one, or leave the call out to take all")]
    NoProofAlgorithm,
    /// The HTTP client could not be made.
    #[error(
        "the HTTP client could not be made: check the system's certificates, or bring one by http_client()"
    )]
    HttpClient,
    /// There is no runtime in which the tasks could run.
    #[error("build() must be called within a tokio runtime")]
    NoRuntime,
}
