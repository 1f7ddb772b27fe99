//! `data` and `database`: where everything is kept.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use mapae_protocol::secret::Secret;
use url::Url;

use super::{
    setting::{Fallback, Setting},
    source::Source,
};

const DATA: Setting = Setting {
    section: "",
    key: "data",
    flag: Some("--data"),
    default: Fallback::Literal("\"./mapae-data\""),
    meaning: "The folder for the database, the master key and the mailbox; it is made when it is missing.",
    reason: "Everything that must be kept is in one place, and nothing is needed to start.",
};

const DATABASE: Setting = Setting {
    section: "",
    key: "database",
    flag: Some("--database"),
    default: Fallback::Computed {
        rule: "`sqlite:` and `mapae.db` in the data folder",
        example: "\"sqlite:./mapae-data/mapae.db\"",
    },
    meaning: "The database: sqlite:PATH, or postgres://USER:PASSWORD@HOST/NAME. On another host TLS is spoken and the certificate is \
              checked, name and all; ?sslrootcert=FILE names an authority of your own, and only ?sslmode=disable goes without TLS.",
    reason: "SQLite needs nothing beside the server; PostgreSQL is for more than one machine.",
};

pub(super) const SETTINGS: &[Setting] = &[DATA, DATABASE];

const INSTEAD: &str = "Write sqlite:PATH, or postgres://USER:PASSWORD@HOST/NAME.";

/// The database that is used.
#[derive(Clone)]
pub enum Database {
    /// A file of SQLite.
    Sqlite(PathBuf),
    /// The address of a PostgreSQL server; it may hold a password.
    Postgres(Secret<String>),
}

impl Database {
    /// Takes what an operator wrote.
    ///
    /// # Errors
    /// What is wrong with it; the text never repeats it, because it may hold a password.
    pub fn parse(text: &str) -> Result<Self, DatabaseError> {
        match text.split_once(':') {
            Some(("sqlite", path)) => parse_sqlite(path),
            Some(("postgres" | "postgresql", _)) => parse_postgres(text),
            _ => Err(DatabaseError::Unknown),
        }
    }
}

/// Without a password: for logs, `check` and errors.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(address) => match Url::parse(address.expose()) {
                Ok(url) => write!(
                    f,
                    "postgres://{}{}{}",
                    url.host_str().unwrap_or_default(),
                    url.port().map(|port| format!(":{port}")).unwrap_or_default(),
                    url.path()
                ),
                Err(_) => f.write_str("postgres://…"),
            },
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// What is wrong with the address of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// Neither of the two kinds.
    #[error("This begins with neither sqlite: nor postgres://.")]
    Unknown,
    /// `sqlite:` alone, or a database in memory.
    #[error("SQLite needs a file: what is only in memory is lost with the process.")]
    NoFile,
    /// Not an address at all.
    #[error("This is not an address; a password with special characters must be percent-encoded.")]
    NotAnAddress,
    /// Nobody to connect to.
    #[error("The host of the PostgreSQL server is missing.")]
    NoHost,
    /// No database on it.
    #[error("The name of the database is missing.")]
    NoName,
}

fn parse_sqlite(path: &str) -> Result<Database, DatabaseError> {
    // `sqlite://path` and `sqlite:///path` are what other programs write.
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains(":memory:") || path.contains("mode=memory") {
        return Err(DatabaseError::NoFile);
    }
    Ok(Database::Sqlite(PathBuf::from(path)))
}

fn parse_postgres(text: &str) -> Result<Database, DatabaseError> {
    let url = Url::parse(text).map_err(|_| DatabaseError::NotAnAddress)?;
    if !url.has_authority() {
        return Err(DatabaseError::NotAnAddress);
    }
    let host_elsewhere = url.query_pairs().any(|(name, value)| name == "host" && !value.is_empty());
    if url.host_str().is_none_or(str::is_empty) && !host_elsewhere {
        return Err(DatabaseError::NoHost);
    }
    if url.path().trim_matches('/').is_empty() {
        return Err(DatabaseError::NoName);
    }
    Ok(Database::Postgres(Secret::new(text.to_owned())))
}

/// The data folder, then what follows from it.
pub(super) fn read(source: &mut Source<'_>) -> (PathBuf, Database) {
    let data = source
        .path(&DATA)
        .map_or_else(|| PathBuf::from(DATA.literal().trim_matches('"')), |given| given.value);
    let database = source.text(&DATABASE).and_then(|given| match Database::parse(&given.value) {
        Ok(database) => Some(database),
        Err(error) => {
            source.mistake(given.place, error.to_string(), INSTEAD);
            None
        }
    });
    let database = database.unwrap_or_else(|| in_data_folder(&data));
    (data, database)
}

fn in_data_folder(data: &Path) -> Database {
    Database::Sqlite(data.join("mapae.db"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_database() {
        for (text, shown) in [
            ("sqlite:mapae.db", "sqlite:mapae.db"),
            ("sqlite:///var/lib/mapae.db", "sqlite:/var/lib/mapae.db"),
            ("postgres://mapae:hunter2@db.internal/mapae", "postgres://db.internal/mapae"),
            ("postgresql://db:5433/mapae?password=hunter2", "postgres://db:5433/mapae"),
            ("postgres:///mapae?host=/run/postgresql", "postgres:///mapae"),
        ] {
            let database = Database::parse(text).unwrap();
            assert_eq!(database.to_string(), shown);
            assert!(!format!("{database:?}").contains("hunter2"), "a password is shown");
        }
    }

    #[test]
    fn op_15_each_mistake_is_named() {
        for (text, expected) in [
            ("mapae.db", DatabaseError::Unknown),
            ("mysql://localhost/mapae", DatabaseError::Unknown),
            ("sqlite:", DatabaseError::NoFile),
            ("sqlite::memory:", DatabaseError::NoFile),
            ("sqlite:file:x?mode=memory", DatabaseError::NoFile),
            ("postgres:mapae", DatabaseError::NotAnAddress),
            ("postgres://user:pa#ss@host/db", DatabaseError::NotAnAddress),
            ("postgres:///mapae", DatabaseError::NoHost),
            ("postgres://localhost", DatabaseError::NoName),
            ("postgres://localhost/", DatabaseError::NoName),
        ] {
            assert_eq!(Database::parse(text).unwrap_err(), expected, "{text}");
        }
    }
}
