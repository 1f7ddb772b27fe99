//! The settings and the database, opened for one command.

use std::{path::absolute, time::Duration};

use mapae_protocol::time::Timestamp;

use super::{answer::complain, failure::Failure};
use crate::{
    app,
    cli::Common,
    clock::Clock,
    config::{Config, Database, Environment, Flags, Site},
    contention, log,
    store::{
        CommitError, Db, Options, Unit, counters,
        db::{MigrateError, Schema},
        issuer,
    },
};

/// A script waits longer for a busy database than a person for a page.
const BUDGET: Duration = Duration::from_secs(10);

/// What a command works with.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) config: Config,
    pub(super) db: Db,
    pub(super) now: Timestamp,
    /// Nobody has named the issuer: it is that of the last start.
    site_is_of_last_start: bool,
}

impl Data {
    /// Opens what the options name, works with it, and closes it however that came out.
    pub(super) async fn with<T>(
        common: &Common,
        work: impl AsyncFnOnce(&Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut data = Self::open(settings(&common.flags())?)?;
        let outcome = match data.prepare().await {
            Ok(()) => work(&data).await,
            Err(failure) => Err(failure),
        };
        data.db.close().await;
        outcome
    }

    /// Opens the database, whatever is in it.
    pub(super) fn open(config: Config) -> Result<Self, Failure> {
        app::prepare_folder(&config.data)?;
        let db = app::open_database(&config, options())?;
        Ok(Self { config, db, now: Clock::System.now(), site_is_of_last_start: false })
    }

    async fn prepare(&mut self) -> Result<(), Failure> {
        self.require_schema().await?;
        if !self.config.site_is_named
            && let Some(site) = served_site(&self.db).await?
        {
            self.config.site = site;
            self.site_is_of_last_start = true;
        }
        Ok(())
    }

    /// Writes what `decide` makes of apps, APIs and providers, which it reads. When others have changed them by then, it
    /// decides again.
    pub(super) async fn write<T>(
        &self,
        decide: impl AsyncFn() -> Result<(Unit, T), Failure>,
    ) -> Result<T, Failure> {
        contention::until_done(|| async {
            let generation = counters::read(&self.db).await?.catalog;
            let (unit, told) = decide().await?;
            match self.db.commit(Unit::from(counters::guard_catalog(generation)).with(unit)).await {
                Ok(_) => Ok(Some(told)),
                Err(CommitError::Conflict { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Says of which server the addresses are that the command is about to print, if nobody has.
    pub(super) fn tell_site(&self) {
        if self.site_is_of_last_start {
            let site = &self.config.site;
            complain(&format!(
                "note: the issuer is {site}, under which this database was served last; \
                 name another one with --issuer or in mapae.toml"
            ));
        }
    }

    /// Whoever means the database of a running server and stands in another folder hears it at once.
    fn tell_new(&self) {
        let place = match &self.config.database {
            Database::Sqlite(file) => absolute(file).unwrap_or_else(|_| file.clone()).display().to_string(),
            Database::Postgres(_) => "the PostgreSQL database, which had no tables".to_owned(),
        };
        complain(&format!(
            "note: a new database was made: {place}; a server that runs with another one does not see it \
             (--data or --database names that)"
        ));
    }

    /// A database that is new gets its tables. One of an older program is left alone: that program may be
    /// serving beside this command.
    async fn require_schema(&self) -> Result<(), Failure> {
        let Schema { applied, known } = self.db.schema().await?;
        if applied == 0 {
            self.db.migrate(self.now).await?;
            self.tell_new();
        } else if applied < known {
            return Err(Failure::new(
                "old_schema",
                format!(
                    "the database has schema version {applied}, this program needs {known}: \
                     run `mapae migrate`, or start this version of the server"
                ),
            ));
        } else if applied > known {
            return Err(MigrateError::Newer { found: applied, known }.into());
        }
        Ok(())
    }
}

/// Where the database was served last: what a command says to whoever names no issuer is said of that server.
pub(super) async fn served_site(db: &Db) -> Result<Option<Site>, Failure> {
    Ok(issuer::last(db).await?.and_then(|issuer| Site::parse(&issuer).ok()))
}

/// How a command uses a database: few connections, much patience.
pub(super) fn options() -> Options {
    Options { budget: BUDGET, connections: 2, ..Options::default() }
}

/// Reads the settings and starts the log that they ask for.
pub(super) fn settings(flags: &Flags) -> Result<Config, Failure> {
    let config = Config::load(flags, &Environment::of_process())?;
    log::install(&config.log);
    Ok(config)
}
