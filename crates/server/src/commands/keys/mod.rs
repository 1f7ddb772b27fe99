//! `mapae keys`.

pub(super) mod list;
pub(super) mod rotate;
mod view;

use mapae_protocol::seal::MasterKey;

use crate::{
    config::MasterKeySource,
    keys::{self, MasterKeyError},
};

/// The master key as it is: a command never makes one, because the keys in the database would not be under it.
pub(super) fn existing_master_key(source: &MasterKeySource) -> Result<MasterKey, MasterKeyError> {
    match source {
        MasterKeySource::DataFolder(path) => keys::load_master_key(&MasterKeySource::File(path.clone())),
        source => keys::load_master_key(source),
    }
}
