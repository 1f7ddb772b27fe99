//! What the server says when it is ready.

use std::{fmt, net::SocketAddr, path::Path};

use serde::Serialize;

use super::setup_link::SetupLink;
use crate::{
    App,
    commands::{
        failure::Failure,
        fields::{Fields, moment},
    },
    config::Database,
    pages::at,
};

/// Where everything is.
#[derive(Serialize)]
pub(super) struct Welcome {
    version: &'static str,
    issuer: String,
    listen: SocketAddr,
    account: String,
    console: String,
    data: String,
    database: String,
    mailbox: String,
    /// The one-time link that makes the first operator's account.
    setup: Option<Setup>,
}

#[derive(Serialize)]
struct Setup {
    url: String,
    expires_at: i64,
    #[serde(skip)]
    until: String,
}

impl Welcome {
    pub(super) fn new(app: &App, listen: SocketAddr, link: Option<SetupLink>) -> Self {
        let (config, issuer) = (app.config(), app.issuer());
        Self {
            version: env!("CARGO_PKG_VERSION"),
            issuer: issuer.to_string(),
            listen,
            account: format!("{issuer}{}", at::ACCOUNT),
            console: format!("{issuer}{}", at::CONSOLE),
            data: whole(&config.data),
            database: match &config.database {
                Database::Sqlite(path) => format!("sqlite:{}", whole(path)),
                postgres @ Database::Postgres(_) => postgres.to_string(),
            },
            mailbox: whole(&config.mail.mailbox),
            setup: link.map(|link| Setup {
                url: link.url.expose().clone(),
                expires_at: link.expires_at.unix(),
                until: moment(link.expires_at),
            }),
        }
    }

    /// For scripts: one line.
    pub(super) fn to_json(&self) -> Result<String, Failure> {
        serde_json::to_string(self)
            .map_err(|error| Failure::new("internal", format!("the addresses cannot be written: {error}")))
    }
}

/// Wherever the reader stands.
fn whole(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

impl fmt::Display for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = Fields::default()
            .with("issuer", self.issuer.as_str())
            .with("account", self.account.as_str())
            .with("console", self.console.as_str())
            .with("listening", self.listen.to_string())
            .with("data", self.data.as_str())
            .with("database", self.database.as_str())
            .with("mailbox", format!("{}  (mails are written there)", self.mailbox));
        write!(f, "Mapae {} is ready.\n\n{fields}\n", self.version)?;
        if let Some(Setup { url, until, .. }) = &self.setup {
            write!(
                f,
                "\nNobody runs this server yet. This link makes the first operator's account, once, until {until}:\n\
                 \n  {url}\n"
            )?;
        }
        f.write_str("\nCtrl+C stops it.")
    }
}
