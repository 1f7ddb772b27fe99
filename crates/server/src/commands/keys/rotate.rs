//! `mapae keys rotate`.

use std::fmt;

use mapae_protocol::jose::Algorithm;
use serde::Serialize;

use super::view::View;
use crate::{
    cli::RotateKeys,
    commands::{answer::Answer, data::Data, failure::Failure},
    keys::{self, Present, Takeover},
    store::CommitError,
};

/// The keys after the rotation.
#[derive(Debug, Serialize)]
struct Rotated {
    rotated: bool,
    emergency: bool,
    #[serde(flatten)]
    keys: View,
}

/// Makes new keys, of every kind unless some are named.
pub(in crate::commands) async fn run(args: &RotateKeys) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| rotate(data, args).await).await
}

async fn rotate(data: &Data, args: &RotateKeys) -> Result<Answer, Failure> {
    let Data { config, db, now, .. } = data;
    let emergency = args.now;
    let present = if emergency { Present::read_all(db).await? } else { Present::read(db, *now).await? };
    if present.signing().is_empty() {
        return Err(Failure::new("no_keys", "there are no keys yet: the first `mapae serve` makes them"));
    }
    let master = keys::load_master_key(&config.keys.master_key)?;
    // A server could not read keys under another master key: that it opens the present ones proves that it is this one.
    keys::load(db, &master, *now).await?;
    let algorithms: Vec<Algorithm> = keys::ALGORITHMS
        .iter()
        .copied()
        .filter(|one| args.algorithms.iter().any(|name| name == one.as_str()))
        .collect();
    let unit = if algorithms.is_empty() {
        let takeover = if emergency { Takeover::Emergency } else { Takeover::Planned };
        keys::rotation(&present, &master, config, takeover, *now)?
    } else {
        keys::rotation_of(&present, &master, config, &algorithms, *now)?
    };
    match db.commit(unit).await {
        Ok(_) => Answer::of(&Rotated { rotated: true, emergency, keys: View::read(db, *now).await? }),
        Err(CommitError::Conflict { .. }) => {
            let text = if emergency {
                "nothing was changed and nothing is void: somebody else has just rotated the keys; run it again"
            } else {
                "nothing was changed: somebody else has just rotated the keys; `mapae keys list` shows them"
            };
            Err(Failure::new("conflict", text))
        }
        Err(error) => Err(error.into()),
    }
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.emergency {
            "New keys sign and seal from now on. All that the old ones made is void: access tokens, ID tokens, refresh tokens, \
             codes and pages that are open.\n\
             People stay signed in here; apps send them here once more. APIs that follow the revocation feed refuse the old \
             signatures within a second. Others accept them until they fetch the keys anew: see that they do."
        } else {
            "New keys are published now and take over in ten minutes; the old ones are accepted as long as needed."
        };
        write!(f, "{text}\n\n{}", self.keys)
    }
}
