//! `mapae migrate`.

use std::fmt;

use serde::Serialize;

use super::{
    answer::Answer,
    data::{self, Data},
    failure::Failure,
};
use crate::{cli::Common, store::db::Schema};

/// Which schema there was and which there is.
#[derive(Debug, Serialize)]
struct Migrated {
    from: i64,
    to: i64,
    changed: bool,
}

/// Brings the schema up to date.
pub(super) async fn run(common: &Common) -> Result<Answer, Failure> {
    let data = Data::open(data::settings(&common.flags())?)?;
    let outcome = migrate(&data).await;
    data.db.close().await;
    outcome
}

async fn migrate(data: &Data) -> Result<Answer, Failure> {
    let Schema { applied: from, .. } = data.db.schema().await?;
    let Schema { applied: to, .. } = data.db.migrate(data.now).await?;
    Answer::of(&Migrated { from, to, changed: from != to })
}

impl fmt::Display for Migrated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to, .. } = self;
        match from {
            0 => write!(f, "The database was empty and has schema version {to} now."),
            _ if from == to => {
                write!(f, "The database has schema version {to}, as it should: nothing to do.")
            }
            _ => write!(f, "The database had schema version {from} and has {to} now."),
        }
    }
}
