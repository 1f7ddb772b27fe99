//! The command line: what may be written, and its help. Nothing is carried out here.

mod api;
mod app;
mod clock;
mod demo;
mod keys;
mod member_text;
mod registration;
mod scope_text;
mod security;
mod simulate;
mod update_app;
mod upstream;
mod user;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::security::ANY_METHOD;
pub use self::{
    api::{ApiApp, ApiCommand, CreateApi, OneApi, TokenFormat, UpdateApi},
    app::{AppCommand, CreateApp, OneApp, RotateSecret, VerifyApp},
    clock::ClockCommand,
    demo::Demo,
    keys::{KeysCommand, RotateKeys},
    member_text::{MemberText, MetadataChoices, NoMember, ProfileName},
    registration::{
        CreateInitialToken, InitialTokenCommand, NoSpan, OneInitialToken, RegistrationCommand, Span,
    },
    scope_text::{ItemText, ItemTextError, ScopeText, ScopeTextError},
    security::{PkceRule, RefreshTokenRule, SecurityChoices, SubjectTypeName},
    simulate::Simulate,
    update_app::UpdateApp,
    upstream::{AddUpstream, OneUpstream, UpdateUpstream, UpstreamApp, UpstreamCommand},
    user::{CreateUser, OneUser, UserClaims, UserCommand},
};
use crate::config::Flags;

/// OAuth 2.0 and OpenID Connect for all the parties: login, consent and tokens on one command.
#[derive(Debug, Parser)]
#[command(
    name = "mapae",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Try it:   mapae demo\nRun it:   mapae serve\nSettings: docs/config.md\n\n\
        Ends with 0 when all was done; with 1 when it was not, which the message explains; with 2 when the\n\
        command line or the settings were not understood. With --json every end is one JSON object on\n\
        standard output."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the authorization server
    Serve(Serve),
    /// Manage people's accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Register and manage apps: the clients of OAuth
    #[command(subcommand)]
    App(AppCommand),
    /// Register the APIs that accept tokens: the resource servers of OAuth
    #[command(subcommand)]
    Api(ApiCommand),
    /// Let apps register themselves
    #[command(subcommand)]
    Registration(RegistrationCommand),
    /// Let people sign in with Kakao, Naver, Google and others
    #[command(subcommand)]
    Upstream(UpstreamCommand),
    /// List and rotate the keys that sign tokens
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Mend what a wrong clock has left in the database
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Bring the tables of the database up to date
    ///
    /// `serve` does this by itself. With several servers over one PostgreSQL it may be wished to do it once,
    /// before they start.
    Migrate(Common),
    /// Check the settings, the database, the keys and the clock, and say what to do about each finding
    ///
    /// Changes nothing. Exits with 1 when something must be done.
    Check(Common),
    /// All parties of OAuth on this machine, with demo accounts and a live diagram of every message
    Demo(Demo),
    /// Kakao, Naver, Google, Facebook and Apple on this machine, to develop and test against
    Simulate(Simulate),
}

/// Options that every command takes after its name.
#[derive(Args, Clone, Debug, Default)]
pub struct Common {
    /// File of settings; without this MAPAE_CONFIG, else ./mapae.toml if it is there
    #[arg(long, value_name = "FILE")]
    pub config: Option<String>,

    /// Folder for the database, the master key and the mailbox [default: ./mapae-data]
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,

    /// sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: sqlite:DATA/mapae.db]
    ///
    /// A password on the command line is visible to others on this machine: give it as MAPAE_DATABASE.
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,

    /// Print one JSON object on standard output, errors too
    #[arg(long)]
    pub json: bool,
}

impl Common {
    /// These options as settings.
    pub fn flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            data: self.data.clone(),
            database: self.database.clone(),
            ..Flags::default()
        }
    }
}

/// Run the authorization server.
///
/// Without any setting it makes ./mapae-data with a SQLite database and its keys, listens on 127.0.0.1:9000,
/// and prints a link that makes the first operator's account.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  mapae serve
  mapae serve --listen 0.0.0.0:9000 --issuer https://id.example.com --trusted-proxy 10.0.0.0/8
  MAPAE_DATABASE=postgres://mapae:…@db/mapae mapae serve --issuer https://id.example.com")]
pub struct Serve {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// Address and port to listen on [default: 127.0.0.1:9000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// Address at which people and programs reach the server; https unless it is this machine's own
    /// [default: http://localhost:PORT]
    #[arg(long, value_name = "URL")]
    pub issuer: Option<String>,

    /// PEM file with the certificate and those that signed it: the server speaks TLS itself
    #[arg(long, value_name = "FILE")]
    pub tls_cert: Option<String>,

    /// PEM file with the certificate's private key
    #[arg(long, value_name = "FILE")]
    pub tls_key: Option<String>,

    /// Network of your own reverse proxies, whose word about a client's address is taken; may be repeated
    #[arg(long = "trusted-proxy", value_name = "CIDR")]
    pub trusted_proxies: Vec<String>,
}

impl Serve {
    /// These options as settings.
    pub fn flags(&self) -> Flags {
        Flags {
            listen: self.listen.clone(),
            issuer: self.issuer.clone(),
            tls_cert: self.tls_cert.clone(),
            tls_key: self.tls_key.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            ..self.common.flags()
        }
    }
}

#[cfg(test)]
mod tests;
