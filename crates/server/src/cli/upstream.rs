//! `mapae upstream`.

use clap::{Args, Subcommand};

use super::Common;

/// Providers that people sign in with: Kakao, Naver, Google, Facebook, Apple, GitHub, any OpenID provider.
#[derive(Debug, Subcommand)]
pub enum UpstreamCommand {
    /// Let people sign in with a provider; prints the redirect URI to register there
    Add(Box<AddUpstream>),
    /// List all providers with their redirect URIs
    List(Common),
    /// Show one provider
    Show(OneUpstream),
    /// Change a provider: a new secret, other scopes, another label; who people are there stays known
    Update(Box<UpdateUpstream>),
    /// Ask a provider whether client id and secret are right, and say what to do if not
    Test(OneUpstream),
    /// Switch a provider off: its button goes, and nobody signs in with it
    Disable(OneUpstream),
    /// Switch a provider on again
    Enable(OneUpstream),
    /// Let an app have the access tokens that a provider gives for people who sign in to it
    Permit(UpstreamApp),
    /// Take that permission away
    Forbid(UpstreamApp),
    /// Remove a provider; who people are there stays known
    Remove(OneUpstream),
}

/// One provider.
#[derive(Args, Clone, Debug)]
pub struct OneUpstream {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The provider's name, as `mapae upstream list` shows it
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// One provider and one app.
#[derive(Args, Clone, Debug)]
pub struct UpstreamApp {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The provider's name, as `mapae upstream list` shows it
    #[arg(value_name = "NAME")]
    pub name: String,

    /// The app's client_id, as `mapae app list` shows it
    #[arg(long = "app", value_name = "CLIENT_ID")]
    pub client_id: String,
}

/// Let people sign in with a provider.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  mapae upstream add kakao --client-id 0123456789abcdef --client-secret-file kakao.secret
  mapae upstream add oidc --name company --issuer https://id.example.com \\
    --client-id mapae --client-secret-file company.secret
  mapae upstream add apple --client-id com.example.web --credential-file team_id=team.txt \\
    --credential-file key_id=key.txt --credential-file private_key=AuthKey.p8
  mapae upstream add kakao --client-id mapaekakaorestapikey000000000001 \\
    --client-secret-file kakao.secret --base-url http://localhost:9100")]
pub struct AddUpstream {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// kakao, naver, naver-oidc, google, facebook, apple, github, oidc for any OpenID provider, or that of
    /// --definition-file
    #[arg(value_name = "PROVIDER")]
    pub provider: String,

    /// What it is called here, and in its redirect URI [default: PROVIDER]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// What this server is called at the provider
    #[arg(long, value_name = "ID")]
    pub client_id: String,

    /// File that holds the client secret and nothing else; it is sealed in the database and the file not needed again
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: Option<String>,

    /// A further credential: admin_key and app_id of Kakao prove its notices, team_id, key_id and private_key of
    /// Apple sign its client secrets; may be repeated
    #[arg(long = "credential-file", value_name = "NAME=FILE")]
    pub credential_files: Vec<String>,

    /// File that says how a provider is spoken to that Mapae does not know by itself; PROVIDER is its `id`
    #[arg(long, value_name = "FILE")]
    pub definition_file: Option<String>,

    /// What is asked for, separated by spaces [default: what the provider's console says, or its usual scopes]
    #[arg(long, value_name = "SCOPES")]
    pub scopes: Option<String>,

    /// Issuer of an OpenID provider, for oidc
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,

    /// A value that the definition has otherwise, such as version of Facebook's Graph API; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<String>,

    /// Without OpenID Connect, where the provider's console has it switched off (Kakao)
    #[arg(long)]
    pub without_openid: bool,

    /// Lets in only people of this organisation, where the provider signs whose they are (Google Workspace)
    #[arg(long, value_name = "DOMAIN")]
    pub hosted_domain: Option<String>,

    /// Whose word on addresses counts.
    #[command(flatten)]
    pub emails: EmailTrust,

    /// What people read in the place of the provider's usual name
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,

    /// Address of a simulator in the place of the provider's own hosts
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
}

/// Whether the provider's word on addresses counts.
#[derive(Args, Clone, Copy, Debug)]
pub struct EmailTrust {
    /// Take an address for its owner's because the provider says that it checked it [default: for all but oidc]
    #[arg(long, conflicts_with = "distrust_emails")]
    pub trust_emails: bool,

    /// Take no address for its owner's because the provider says so
    #[arg(long)]
    pub distrust_emails: bool,
}

impl EmailTrust {
    /// What was said, if anything was.
    pub(crate) const fn choice(self) -> Option<bool> {
        match (self.trust_emails, self.distrust_emails) {
            (true, _) => Some(true),
            (false, true) => Some(false),
            (false, false) => None,
        }
    }
}

/// Change a provider. What is not named stays as it is.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "The name stands in the redirect URI; issuer, client id and address say whose ids these
are. None of them changes: remove the provider for that and add it again.

Examples:
  mapae upstream update kakao --client-secret-file new.secret
  mapae upstream update company --label 'Our company' --scopes 'openid profile email'
  mapae upstream update kakao --without-openid
  mapae upstream update facebook --var version=v26.0"
)]
pub struct UpdateUpstream {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The provider's name, as `mapae upstream list` shows it
    #[arg(value_name = "NAME")]
    pub name: String,

    /// File that holds the new client secret and nothing else
    #[arg(long, value_name = "FILE")]
    pub client_secret_file: Option<String>,

    /// A credential that is new or another now; may be repeated
    #[arg(long = "credential-file", value_name = "NAME=FILE")]
    pub credential_files: Vec<String>,

    /// A newer text of the definition that it was added with
    #[arg(long, value_name = "FILE")]
    pub definition_file: Option<String>,

    /// What is asked for, separated by spaces; an empty text asks for the usual ones again
    #[arg(long, value_name = "SCOPES")]
    pub scopes: Option<String>,

    /// A value that the definition has otherwise; without one (NAME=) that of the definition again; may be repeated
    #[arg(long = "var", value_name = "NAME=VALUE")]
    pub vars: Vec<String>,

    /// What people read in the place of the provider's usual name; an empty text gives the usual name back
    #[arg(long, value_name = "TEXT")]
    pub label: Option<String>,

    /// Lets in only people of this organisation; an empty text lets in everybody again
    #[arg(long, value_name = "DOMAIN")]
    pub hosted_domain: Option<String>,

    /// Whose word on addresses counts.
    #[command(flatten)]
    pub emails: EmailTrust,

    /// With OpenID Connect, now that the provider's console has it switched on (Kakao)
    #[arg(long, conflicts_with = "without_openid")]
    pub with_openid: bool,

    /// Without OpenID Connect, now that the provider's console has it switched off (Kakao)
    #[arg(long)]
    pub without_openid: bool,
}
