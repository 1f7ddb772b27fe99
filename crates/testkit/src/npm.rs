//! Clients written by others, as npm brings them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
};

/// A folder of other people's libraries below `e2e`, with what it names installed: once in a process, because npm empties
/// it first.
///
/// # Panics
/// There is no npm, or it cannot install them.
pub fn npm_folder(name: &str) -> PathBuf {
    static INSTALLED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e").join(name);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if !installed.contains(name) {
        let mut command = Command::new("npm");
        command.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"]).current_dir(&folder);
        let status = command.stdout(Stdio::null()).status().expect("these tests need npm");
        assert!(status.success(), "npm installs what {name} names");
        installed.insert(name.to_owned());
    }
    folder
}
