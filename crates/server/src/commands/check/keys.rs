//! The master key and the keys under it: whether they are there, open, and young enough — threats ME-04, OP-15.

use mapae_protocol::{
    seal::MasterKey,
    time::{Seconds, Timestamp},
};

use super::report::Report;
use crate::{
    commands::{failure::Failure, fields::moment},
    config::Config,
    jobs::rotation_due,
    keys::{self, MasterKeyError},
    store::{Db, keys as rows},
};

const MASTER_KEY: &str = "master key";
const KEYS: &str = "keys";

/// How long after its time a rotation may be late: a server that is down over a week-end is no finding.
const PATIENCE: Seconds = Seconds::days(3);

/// What there is of a master key.
#[derive(Debug)]
pub(super) enum Found {
    /// It can be used.
    Usable(MasterKey),
    /// There is none yet; the server would make one.
    Missing,
    /// It cannot be used, which was reported.
    Unusable,
}

impl Found {
    /// The key, if it can be used.
    pub(super) const fn usable(&self) -> Option<&MasterKey> {
        match self {
            Self::Usable(key) => Some(key),
            Self::Missing | Self::Unusable => None,
        }
    }
}

pub(super) fn inspect_master_key(config: &Config, report: &mut Report) -> Found {
    match keys::load_master_key(&config.keys.master_key) {
        Ok(key) => {
            report.fine(MASTER_KEY, "it can be read, and not by everybody");
            Found::Usable(key)
        }
        Err(MasterKeyError::Missing { .. }) => Found::Missing,
        Err(error) => {
            let todo = "Without it no server starts; there is no other way to open the keys in the database.";
            report.problem(MASTER_KEY, error.to_string(), todo);
            Found::Unusable
        }
    }
}

pub(super) async fn inspect(db: &Db, config: &Config, master: Found, now: Timestamp, report: &mut Report) {
    let signing = match rows::signing(db, now).await {
        Ok(signing) => signing,
        Err(error) => {
            return report.problem(
                KEYS,
                Failure::from(error).to_string(),
                "See what is said about the database.",
            );
        }
    };
    if signing.is_empty() {
        return report.note(KEYS, "there are none yet; the first `mapae serve` makes them");
    }
    match master {
        Found::Usable(master) => inspect_opening(db, &master, now, report).await,
        Found::Missing => {
            let todo = "Bring the master.key that was made with this database back from your backup.";
            report.problem(
                MASTER_KEY,
                "it is missing, and the database has keys that only it can open",
                todo,
            );
        }
        Found::Unusable => {}
    }
    match rotation_due(&signing, config.keys.rotation_days) {
        Some(due) if now > due.plus(PATIENCE) => {
            let wrong = format!(
                "they should have been rotated at {}, which a running server does by itself",
                moment(due)
            );
            report.problem(
                KEYS,
                wrong,
                "See whether a server is running; `mapae keys rotate` does it by hand.",
            );
        }
        Some(due) => report.fine(KEYS, format!("the next rotation is at {}", moment(due))),
        None => report.problem(KEYS, "all are retired", "Run `mapae keys rotate`."),
    }
}

async fn inspect_opening(db: &Db, master: &MasterKey, now: Timestamp, report: &mut Report) {
    match keys::load(db, master, now).await {
        Ok(set) => {
            for &algorithm in keys::ALGORITHMS {
                if set.signing_key(algorithm).is_err() {
                    let wrong = format!("no key can sign with {} now", algorithm.as_str());
                    report.problem(
                        KEYS,
                        wrong,
                        "Start the server, which makes one, or run `mapae keys rotate --now`.",
                    );
                }
            }
        }
        Err(fault) => {
            let todo = "Bring the master key that belongs to this database back from your backup.";
            report.problem(KEYS, Failure::from(fault).to_string(), todo);
        }
    }
}
