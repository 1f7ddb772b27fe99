//! `mapae api`.

use clap::{Args, Subcommand, ValueEnum};

use super::{Common, ScopeText};

/// Register the APIs that accept tokens: the resource servers of OAuth.
#[derive(Debug, Subcommand)]
pub enum ApiCommand {
    /// Register an API; prints its identifier and, once, the credential with which it asks about tokens
    Create(CreateApi),
    /// List all APIs with their scopes
    List(Common),
    /// Show one API
    Show(OneApi),
    /// Change an API's name and scopes
    Update(UpdateApi),
    /// Give an API a new client_secret, which is printed once; the old one is dead at once
    ///
    /// An API has one secret, and there is no overlap as an app's secrets have. Until it has the new one it can neither
    /// ask about tokens nor follow what is revoked.
    RotateSecret(OneApi),
    /// Switch an API off: no token is issued for it, and it learns nothing about tokens
    Disable(OneApi),
    /// Switch an API on again
    Enable(OneApi),
    /// Let an app exchange the tokens with which the API is called into narrower ones for it (RFC 8693)
    ///
    /// The app needs the grant token-exchange, and gets no scope that it is not registered for. Nobody else may.
    Permit(ApiApp),
    /// Take that away; tokens that it has by an exchange live until they expire
    Forbid(ApiApp),
    /// Delete an API with its scopes: no token is issued for it, and apps can ask for its scopes no longer
    Delete(OneApi),
}

/// One API.
#[derive(Args, Clone, Debug)]
pub struct OneApi {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The API's identifier, as `mapae api list` shows it
    #[arg(value_name = "IDENTIFIER")]
    pub identifier: String,
}

/// An API, and an app that may have its tokens or not.
#[derive(Args, Clone, Debug)]
pub struct ApiApp {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The API's identifier, as `mapae api list` shows it
    #[arg(value_name = "IDENTIFIER")]
    pub identifier: String,

    /// The app's client_id, as `mapae app list` shows it
    #[arg(long = "app", value_name = "CLIENT_ID")]
    pub client_id: String,
}

/// Register an API and its scopes.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  mapae api create --identifier https://calendar.example.com --name 캘린더 \\
    --scope \"calendar.read=일정 보기|See your calendar\" \\
    --scope \"calendar.write=일정 쓰기|Change your calendar\"")]
pub struct CreateApi {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// What stands in the aud of its tokens: an absolute URI (RFC 8707)
    #[arg(long, value_name = "URI")]
    pub identifier: String,

    /// Name that people see
    #[arg(long, value_name = "NAME")]
    pub name: String,

    /// A scope, and what people read when they are asked for it, in Korean and English; may be repeated
    ///
    /// One text alone is read in both languages.
    #[arg(long = "scope", value_name = "SCOPE=KOREAN|ENGLISH", required = true)]
    pub scopes: Vec<ScopeText>,

    /// jwt: the API checks tokens by itself; opaque: it asks the server about each
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = TokenFormat::Jwt)]
    pub token_format: TokenFormat,
}

/// Change an API.
///
/// What is not named stays as it is.
#[derive(Args, Clone, Debug)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true)
    .args(["name", "scopes", "removed_scopes"]))]
pub struct UpdateApi {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The API's identifier, as `mapae api list` shows it
    #[arg(value_name = "IDENTIFIER")]
    pub identifier: String,

    /// Name that people see
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// A scope to add, or one that it has, with new texts; may be repeated
    ///
    /// One text alone is read in both languages.
    #[arg(long = "scope", value_name = "SCOPE=KOREAN|ENGLISH")]
    pub scopes: Vec<ScopeText>,

    /// A scope to give up; may be repeated
    ///
    /// Apps can ask for it no longer. Tokens that carry it carry it until they expire.
    #[arg(long = "remove-scope", value_name = "SCOPE")]
    pub removed_scopes: Vec<String>,
}

/// What an API's access tokens are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TokenFormat {
    /// Signed, checked by the API itself (RFC 9068)
    Jwt,
    /// Sealed, checked by asking the server (RFC 7662)
    Opaque,
}
