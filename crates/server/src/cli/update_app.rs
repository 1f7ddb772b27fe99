//! `mapae app update`.

use clap::Args;

use super::{Common, ItemText, MetadataChoices, SecurityChoices, app::algorithms};

/// Change an app.
///
/// What is not named stays as it is. A list that is named is replaced by what is named. The kind of its users' ids
/// cannot change: they would all become strangers.
#[derive(Args, Clone, Debug)]
#[command(group = clap::ArgGroup::new("change").required(true).multiple(true)
    .args(["name", "redirect_uris", "origins", "no_origin", "required_scopes", "optional_scopes", "no_optional_scope",
        "owner", "auth_method", "pkce", "refresh_tokens", "id_token_alg", "metadata",
        "jwks_file", "jwks_uri", "profile"]))]
pub struct UpdateApp {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The app's client_id, as `mapae app list` shows it
    #[arg(value_name = "CLIENT_ID")]
    pub client_id: String,

    /// Name that people see when they are asked to agree
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Where codes are sent from now on, instead of all addresses before; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI")]
    pub redirect_uris: Vec<String>,

    /// Origin of pages that may read answers in the browser, instead of all before; may be repeated
    #[arg(long = "origin", value_name = "ORIGIN")]
    pub origins: Vec<String>,

    /// No page may read answers in the browser any longer
    #[arg(long, conflicts_with = "origins")]
    pub no_origin: bool,

    /// Scope without which the app does not work, instead of all required ones before; may be repeated
    ///
    /// Written as for `mapae app create`, with its purpose if it has one. Who agreed before is asked for what is new.
    #[arg(long = "required-scope", value_name = "SCOPE[=KOREAN|ENGLISH]")]
    pub required_scopes: Vec<ItemText>,

    /// Scope that people may leave out, instead of all optional ones before; may be repeated
    #[arg(long = "optional-scope", value_name = "SCOPE[=KOREAN|ENGLISH]")]
    pub optional_scopes: Vec<ItemText>,

    /// Nothing is optional any longer
    #[arg(long, conflicts_with = "optional_scopes")]
    pub no_optional_scope: bool,

    /// E-mail address of the account that manages the app in the console from now on
    ///
    /// An app of somebody who does not run this server is not verified until `mapae app verify` does.
    #[arg(long, value_name = "E-MAIL")]
    pub owner: Option<String>,

    /// What it chooses.
    #[command(flatten)]
    pub security: SecurityChoices,

    /// What else it registers from now on.
    #[command(flatten)]
    pub metadata: MetadataChoices,

    /// What its ID tokens are signed with
    #[arg(long, value_name = "ALGORITHM", value_parser = algorithms())]
    pub id_token_alg: Option<String>,
}
