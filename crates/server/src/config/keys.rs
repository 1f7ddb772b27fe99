//! `[keys]`: where the master key is and how often signing keys change.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use mapae_protocol::secret::Secret;
use zeroize::Zeroizing;

use super::{
    mistake::Place,
    setting::{Fallback, Setting},
    source::{Given, Source},
};
use crate::private;

const MASTER_KEY_FILE: Setting = Setting {
    section: "keys",
    key: "master_key_file",
    flag: None,
    default: Fallback::Computed {
        rule: "`master.key` in the data folder, made at the first start with the mode 0600",
        example: "\"./mapae-data/master.key\"",
    },
    meaning: "A file with the key that seals all other keys in the database: 32 bytes in Base64. \
              A file that is named here must exist.",
    reason: "A copy of the database alone opens nothing.",
};

const MASTER_KEY: Setting = Setting {
    section: "keys",
    key: "master_key",
    flag: None,
    default: Fallback::EnvironmentOnly { variable: "MAPAE_MASTER_KEY", rule: "the file" },
    meaning: "The master key itself, for machines that hand out secrets in the environment: 32 bytes in Base64, \
              as `openssl rand -base64 32` prints them.",
    reason: "Files of settings are copied about and must not hold it.",
};

const ROTATION_DAYS: Setting = Setting {
    section: "keys",
    key: "rotation_days",
    flag: None,
    default: Fallback::Literal("90"),
    meaning: "Age at which a signing key is replaced by a new one, in days; 1 to 3650.",
    reason: "Often enough that replacing a key is routine and nothing breaks when it must be done at once.",
};

pub(super) const SETTINGS: &[Setting] = &[MASTER_KEY_FILE, MASTER_KEY, ROTATION_DAYS];

/// Where the master key is and how often signing keys change.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The key that seals all other keys.
    pub master_key: MasterKeySource,
    /// Age at which a signing key is replaced, in days.
    pub rotation_days: i64,
}

/// Where the master key comes from.
#[derive(Clone, Debug)]
pub enum MasterKeySource {
    /// The environment gave it.
    Value(Secret<[u8; 32]>),
    /// A file of the operator: never made, it must be there.
    File(PathBuf),
    /// The file in the data folder, made when it is missing.
    DataFolder(PathBuf),
}

/// Reads a master key: 32 bytes in Base64 of either alphabet, with or without padding.
///
/// `None` for anything else, and for bytes that nobody drew at random (OP-15: a weak secret).
pub fn parse_master_key(text: &str) -> Option<Secret<[u8; 32]>> {
    let text = text.trim().trim_end_matches('=');
    let bytes =
        STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).map(Zeroizing::new).ok()?;
    let bytes: [u8; 32] = bytes.as_slice().try_into().ok()?;
    let distinct: BTreeSet<u8> = bytes.into_iter().collect();
    // 32 random bytes have fewer than 16 different values with a chance below 2^-50.
    (distinct.len() >= 16).then(|| Secret::new(bytes))
}

impl Keys {
    pub(super) fn read(source: &mut Source<'_>, data: &Path) -> Self {
        let file = source.path(&MASTER_KEY_FILE);
        let value = source.text(&MASTER_KEY);
        let master_key = match (file, value) {
            (None, None) => in_data_folder(source, data),
            (Some(file), None) => named_file(source, file),
            (None, Some(value)) => given_value(source, &value)
                .map_or_else(|| MasterKeySource::DataFolder(data.join("master.key")), MasterKeySource::Value),
            (Some(file), Some(value)) => {
                source.mistake(
                    value.place,
                    "The master key is given here and as a file.",
                    format!("Remove this one, or {}.", file.place),
                );
                MasterKeySource::File(file.value)
            }
        };
        Self { master_key, rotation_days: source.number(&ROTATION_DAYS, 1..=3_650) }
    }
}

fn in_data_folder(source: &mut Source<'_>, data: &Path) -> MasterKeySource {
    let path = data.join("master.key");
    refuse_readable_by_others(source, &path, Place::Default(MASTER_KEY_FILE.path()));
    if private::is_strangers(&path) {
        source.mistake(
            Place::Default(MASTER_KEY_FILE.path()),
            format!("The key in {path:?} belongs to another user than its folder: whoever put it there knows it."),
            "Bring the file that was made with this database back from your backup, or give both to the user who runs \
             the server.",
        );
    }
    MasterKeySource::DataFolder(path)
}

fn named_file(source: &mut Source<'_>, file: Given<PathBuf>) -> MasterKeySource {
    if file.value.is_file() {
        refuse_readable_by_others(source, &file.value, file.place);
    } else {
        source.mistake(
            file.place,
            format!("There is no file {:?}, or it may not be read.", file.value),
            "Make it with `openssl rand -base64 32`, or remove the key and one is made in the data folder.",
        );
    }
    MasterKeySource::File(file.value)
}

fn given_value(source: &mut Source<'_>, given: &Given<String>) -> Option<Secret<[u8; 32]>> {
    let key = parse_master_key(&given.value);
    if key.is_none() {
        source.mistake(
            given.place.clone(),
            "This is no master key: it must be 32 random bytes in Base64.",
            "Make one with `openssl rand -base64 32`.",
        );
    }
    key
}

/// OP-15: a key that everybody on the machine can read is not secret. Groups may read it, because that is
/// how container platforms hand out secrets to a process that is not root.
fn refuse_readable_by_others(source: &mut Source<'_>, path: &Path, place: Place) {
    if private::open_to_others(path) {
        source.mistake(
            place,
            format!("Everybody on this machine can read the key in {path:?}."),
            format!("Run `chmod 600 {}`.", path.display()),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    #[test]
    fn reads_what_openssl_prints_and_base64url() {
        for text in
            [GOOD, &format!("{GOOD}="), &format!(" {GOOD}=\n"), "_-ECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"]
        {
            assert!(parse_master_key(text).is_some(), "{text}");
        }
        assert_eq!(parse_master_key(GOOD).unwrap().expose()[31], 31);
    }

    #[test]
    fn op_15_a_weak_master_key_is_refused() {
        let zeros = "A".repeat(43);
        for text in ["", "secret", zeros.as_str(), &GOOD[..42], &format!("{GOOD}AA")] {
            assert!(parse_master_key(text).is_none(), "{text}");
        }
    }
}
