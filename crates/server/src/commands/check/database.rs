//! The database: whether it answers, has our tables, and can be written.

use mapae_protocol::time::Timestamp;

use super::report::Report;
use crate::{
    app,
    commands::failure::{Failure, with_causes},
    config::{Config, Database},
    private,
    store::{
        Db, Options, StoreError, counters,
        db::{MigrateError, Schema},
    },
};

const SUBJECT: &str = "database";

/// The open database, if it is one that this program can use.
pub(super) async fn inspect(config: &Config, report: &mut Report) -> Option<Db> {
    let shown = &config.database;
    if let Database::Sqlite(path) = &config.database
        && !path.exists()
    {
        report.note(SUBJECT, format!("{shown} does not exist yet; the first `mapae serve` makes it"));
        return None;
    }
    if let Database::Sqlite(path) = &config.database
        && private::open_to_others(path)
    {
        // Opening it closes it to others.
        let todo = "It is closed to others now. See who could reach it: hashes of passwords and of secrets are in it.";
        report.problem(SUBJECT, format!("everybody on this machine could read or write {shown}"), todo);
    }
    let db = match app::open_database(config, Options { connections: 2, ..Options::default() }) {
        Ok(db) => db,
        Err(fault) => {
            report.problem(
                SUBJECT,
                format!("{shown}: {}", Failure::from(fault)),
                "Mend it, or name another one.",
            );
            return None;
        }
    };
    match db.schema().await {
        Ok(schema) if inspect_schema(config, schema, report) => {
            inspect_writing(config, &db, report).await;
            return Some(db);
        }
        Ok(_) => {}
        Err(error) => report_silence(config, &error, report),
    }
    db.close().await;
    None
}

/// Whether there are tables that can be looked at.
fn inspect_schema(config: &Config, schema: Schema, report: &mut Report) -> bool {
    let shown = &config.database;
    let Schema { applied, known } = schema;
    if applied == 0 {
        report.note(SUBJECT, format!("{shown} is empty; the first `mapae serve` makes its tables"));
    } else if applied > known {
        let newer = MigrateError::Newer { found: applied, known };
        report.problem(SUBJECT, format!("{shown}: {newer}"), "Use that program here, too.");
    } else if applied < known {
        let text = format!("{shown} has schema version {applied}, and this program needs {known}");
        report.problem(
            SUBJECT,
            text,
            "Make a copy of it, then run `mapae migrate`, or start this version of the server.",
        );
    }
    applied == known
}

/// A write that changes no row still needs the right to write and a disk that takes it.
async fn inspect_writing(config: &Config, db: &Db, report: &mut Report) {
    let shown = &config.database;
    match db.commit(counters::raise_clock(Timestamp::from_unix(0))).await {
        Ok(_) => report.fine(SUBJECT, format!("{shown} answers, has our tables and can be written")),
        Err(error) => {
            let todo = "See whether it is in a read-only mode, its disk is full, or its files belong to another user.";
            report.problem(SUBJECT, format!("{shown} cannot be written: {}", with_causes(&error)), todo);
        }
    }
}

fn report_silence(config: &Config, error: &StoreError, report: &mut Report) {
    let todo = match &config.database {
        Database::Sqlite(_) => "See whether the file is one of Mapae and belongs to this user.",
        Database::Postgres(_) => {
            "See whether the server runs, whether host, user and password are right, and whether sslrootcert names who signed its \
             certificate."
        }
    };
    report.problem(SUBJECT, format!("{}: {}", config.database, with_causes(error)), todo);
}
