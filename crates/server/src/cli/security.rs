//! How an app proves itself and how its tokens behave, as the command line spells it.

use clap::{Args, ValueEnum};

/// Choices that only an app that keeps a secret has: a public one sends none, needs PKCE, and its refresh tokens
/// rotate (RFC 9700 §2.1.1, §4.14.2).
#[derive(Args, Clone, Debug, Default)]
pub struct SecurityChoices {
    /// The only way in which the app may prove who it is [default: any that sends its secret]
    #[arg(long, value_name = "METHOD", value_enum)]
    pub auth_method: Option<AuthMethodName>,

    /// Whether the app must use PKCE; optional is for clients that cannot, and weakens them [default: required]
    #[arg(long, value_name = "RULE", value_enum)]
    pub pkce: Option<PkceRule>,

    /// Whether each refresh brings a new refresh token [default: rotate]
    #[arg(long, value_name = "RULE", value_enum)]
    pub refresh_tokens: Option<RefreshTokenRule>,
}

/// A way of client authentication by its registered name (RFC 7591 §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AuthMethodName {
    /// In the Authorization header (RFC 6749 §2.3.1)
    #[value(name = "client_secret_basic")]
    Basic,
    /// In the form
    #[value(name = "client_secret_post")]
    Post,
    /// By a JWT that its secret signs (OIDC Core §9); the secret is not sent
    #[value(name = "client_secret_jwt")]
    SecretJwt,
    /// By a JWT that a private key of its own signs (OIDC Core §9); it has no secret, and names its public keys
    #[value(name = "private_key_jwt")]
    PrivateKeyJwt,
    /// In the Authorization header or in the form
    #[value(name = "any")]
    Any,
}

/// Whether codes need PKCE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PkceRule {
    /// Every request for a code has a challenge (RFC 9700 §2.1.1)
    Required,
    /// The app may leave it out
    Optional,
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RefreshTokenRule {
    /// It is replaced; an old one that comes again ends the grant
    Rotate,
    /// It stays the same until it expires
    Keep,
}

/// How people are named to an app (OIDC Core §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum SubjectTypeName {
    /// Each app knows a person by another id
    #[default]
    Pairwise,
    /// All such apps know a person by the same id
    Public,
}
