//! How an app proves itself and how its tokens behave, as the command line spells it.

use clap::{
    Args, ValueEnum,
    builder::{PossibleValue, PossibleValuesParser},
};

use crate::client_auth;

/// Choices that only an app that keeps a secret has: a public one sends none, needs PKCE, and its refresh tokens
/// rotate (RFC 9700 §2.1.1, §4.14.2).
#[derive(Args, Clone, Debug, Default)]
pub struct SecurityChoices {
    /// The only way in which the app may prove who it is [default: any that sends its secret]
    #[arg(long, value_name = "METHOD", value_parser = methods())]
    pub auth_method: Option<String>,

    /// Whether the app must use PKCE; optional is for clients that cannot, and weakens them [default: required]
    #[arg(long, value_name = "RULE", value_enum)]
    pub pkce: Option<PkceRule>,

    /// Whether each refresh brings a new refresh token [default: rotate]
    #[arg(long, value_name = "RULE", value_enum)]
    pub refresh_tokens: Option<RefreshTokenRule>,
}

/// Any way in which an app sends its secret: in the Authorization header or in the form.
pub(crate) const ANY_METHOD: &str = "any";

/// The registered names of the ways in which an app that is not public can prove itself, with what each is.
fn methods() -> PossibleValuesParser {
    let named = client_auth::of_confidential_apps();
    let named = named.map(|method| PossibleValue::new(method.name()).help(method.meaning()));
    let any = PossibleValue::new(ANY_METHOD).help("In the Authorization header or in the form");
    named.chain([any]).collect::<Vec<_>>().into()
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
