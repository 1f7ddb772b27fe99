//! Settings: by option, environment, file or default, in this order.
//!
//! A setting is declared once, in the file of its section, with its name, default, meaning and reason; the
//! loader, the list of unknown keys, `docs/config.md` and `config.example.toml` all read that declaration.
//! Loading takes everything as arguments and reports all mistakes together.

mod budget_table;
mod database;
mod development;
pub mod documents;
mod environment;
mod fetch;
mod file;
mod flags;
mod issuer;
mod keys;
mod limits;
mod log;
mod mail;
mod mistake;
mod registration;
mod server;
mod sessions;
mod setting;
mod source;
mod suggestion;
mod table;
mod terms;
mod tls;
mod tokens;
mod unusable;
mod upstreams;

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use mapae_protocol::issuer::Issuer;

pub use self::{
    database::{Database, DatabaseError},
    environment::Environment,
    fetch::Fetch,
    flags::Flags,
    issuer::{IssuerError, Site},
    keys::{Keys, MasterKeySource, parse_master_key},
    limits::Limits,
    log::{Log, LogFormat},
    mail::Mail,
    mistake::{Mistake, Mistakes, Place},
    registration::{Registration, RegistrationPolicy},
    server::ForwardedHeader,
    sessions::Sessions,
    tokens::Tokens,
};
use self::{file::File, server::Server, source::Source};
use crate::{http::tls::TlsFiles, upstream::UpstreamSettings};
pub(crate) use development::Development;
pub(crate) use issuer::is_loopback_literal;
pub(crate) use suggestion::nearest;
pub(crate) use unusable::{HOSTED_DOMAIN, Unusable, unusable};
pub(crate) use upstreams::read_secret;

/// The file that is read when nobody names one, if it is there.
const FILE: &str = "mapae.toml";

/// Every setting, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder of everything that is kept.
    pub data: PathBuf,
    /// Where the rows are.
    pub database: Database,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The issuer, and the origin at which browsers reach the server.
    pub site: Site,
    /// Whether somebody named it. If not, commands go by the issuer under which the database is served.
    pub site_is_named: bool,
    /// Where the certificate is, if the process ends TLS itself.
    pub tls: Option<TlsFiles>,
    /// Whose word about a client's address is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// The header in which they give it.
    pub forwarded_header: ForwardedHeader,
    /// What is logged, and how.
    pub log: Log,
    /// Lifetimes of what is issued.
    pub tokens: Tokens,
    /// How long a browser stays signed in.
    pub sessions: Sessions,
    /// The master key and the age of signing keys.
    pub keys: Keys,
    /// Where mails go.
    pub mail: Mail,
    /// How much a request may take.
    pub limits: Limits,
    /// Apps that register themselves.
    pub registration: Registration,
    /// What goes out because an app asked for it.
    pub fetch: Fetch,
    /// Providers that people sign in with.
    pub upstreams: Vec<UpstreamSettings>,
    /// What people agree to when they make an account.
    pub terms: Vec<mapae_client::Term>,
}

impl Config {
    /// Reads all settings. The only IO is reading the file, the files of secrets that it names, and the permissions of
    /// the master key's file.
    ///
    /// # Errors
    /// All mistakes together.
    pub fn load(flags: &Flags, environment: &Environment) -> Result<Self, Mistakes> {
        let mut mistakes = Vec::new();
        let file = read_file(flags, environment, &mut mistakes);
        environment.report_unknown(&mut mistakes);
        let mut source = Source::new(flags, environment, file, mistakes);
        let config = Self::read(&mut source);
        Mistakes::or(config, source.into_mistakes())
    }

    /// As [`load`](Self::load), with nothing but a file that says this.
    ///
    /// # Errors
    /// All mistakes together.
    #[doc(hidden)]
    pub fn of_text(text: &str) -> Result<Self, Mistakes> {
        let (flags, environment, mut mistakes) = (Flags::default(), Environment::default(), Vec::new());
        let file = File::parse(FILE, text, &mut mistakes);
        let mut source = Source::new(&flags, &environment, file, mistakes);
        let config = Self::read(&mut source);
        Mistakes::or(config, source.into_mistakes())
    }

    /// The issuer, as it stands in every token.
    pub fn issuer(&self) -> &Issuer {
        self.site.issuer()
    }

    /// Reads everything before it says whether there is a configuration at all, so that all mistakes are found.
    fn read(source: &mut Source<'_>) -> Option<Self> {
        let (data, database) = database::read(source);
        let Server { listen, site, tls, trusted_proxies, forwarded_header } = Server::read(source);
        let (log, tokens, sessions) = (Log::read(source), Tokens::read(source), Sessions::read(source));
        let (keys, mail, limits) =
            (Keys::read(source, &data), Mail::read(source, &data), Limits::read(source));
        let (registration, fetch) = (Registration::read(source), Fetch::read(source));
        let upstreams = upstreams::read(source, site.as_ref());
        let terms = terms::read(source);
        let site_is_named = source.names(&server::ISSUER);
        Some(Self {
            data,
            database,
            listen,
            site: site?,
            site_is_named,
            tls,
            trusted_proxies,
            forwarded_header,
            log,
            tokens,
            sessions,
            keys,
            mail,
            limits,
            registration,
            fetch,
            upstreams,
            terms,
        })
    }
}

/// The file that was named must be there; the usual one may be.
fn read_file(flags: &Flags, environment: &Environment, mistakes: &mut Vec<Mistake>) -> File {
    let (path, place) = match (&flags.config, environment.value(environment::CONFIG)) {
        (Some(path), _) => (path.as_str(), Some(Place::Flag("--config"))),
        (None, Some(path)) => (path, Some(Place::Variable(environment::CONFIG.to_owned()))),
        (None, None) => (FILE, None),
    };
    match (std::fs::read_to_string(Path::new(path)), place) {
        (Ok(text), _) => File::parse(path, &text, mistakes),
        (Err(error), None) if error.kind() == io::ErrorKind::NotFound => File::default(),
        (Err(error), place) => {
            mistakes.push(Mistake {
                place: place.unwrap_or_else(|| Place::File { path: path.to_owned(), line: None, key: None }),
                wrong: format!("The file {path:?} cannot be read: {error}."),
                instead: "Name a file of UTF-8 text that this user may read; config.example.toml is a start."
                    .to_owned(),
            });
            File::default()
        }
    }
}

#[cfg(test)]
mod tests;
