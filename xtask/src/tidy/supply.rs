//! What the program may be linked with: one library for cryptography, none from the machine.

use anyhow::Context;

use super::Findings;
use crate::tree::{Tree, Workspace};

const LOCK: &str = "Cargo.lock";
const SYSTEM_TLS: &str = "openssl-sys";
const SECOND_LIBRARY: &str = "ring";

/// OpenSSL would come from the machine: another version on each, and no build on a bare one.
pub(super) fn lock_file(tree: &Tree, findings: &mut Findings) {
    for file in tree.files().filter(|file| file.path == LOCK) {
        if let Some(line) = line_of_package(&file.text, SYSTEM_TLS) {
            let advice = format!(
                "`{SYSTEM_TLS}` is in the tree: switch to rustls in the dependency that brings it (cargo tree -i {SYSTEM_TLS})"
            );
            findings.add(LOCK, line, advice);
        }
    }
}

/// The binary has one implementation of cryptography; tests may bring another along.
pub(super) fn one_crypto_library(workspace: &Workspace, findings: &mut Findings) -> anyhow::Result<()> {
    let tree = workspace
        .command("cargo")
        .args(["tree", "--locked", "--package", "mapae", "--edges", "normal", "--invert", SECOND_LIBRARY])
        .output()
        .context("cargo tree could not be started")?;
    let complaint = String::from_utf8_lossy(&tree.stderr);
    // Unknown to the lock file altogether: as good as not depended on.
    if !tree.status.success() && !complaint.contains("did not match any packages") {
        findings.add(LOCK, 1, format!("cargo tree failed: {}", complaint.trim()));
    }
    if !tree.stdout.is_empty() {
        let advice = format!(
            "`{SECOND_LIBRARY}` is in the server: aws-lc-rs is the one library (cargo tree -p mapae -e normal -i {SECOND_LIBRARY})"
        );
        findings.add(LOCK, 1, advice);
    }
    Ok(())
}

fn line_of_package(lock: &str, name: &str) -> Option<usize> {
    let wanted = format!("name = \"{name}\"");
    lock.lines().position(|line| line == wanted).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places_found;

    #[test]
    fn the_lock_file_is_searched_for_the_whole_name() {
        let with = "[[package]]\nname = \"openssl-probe\"\n\n[[package]]\nname = \"openssl-sys\"\n";
        assert_eq!(places_found(lock_file, &[(LOCK, with)]), ["Cargo.lock:5"]);
        assert_eq!(places_found(lock_file, &[(LOCK, "name = \"openssl-probe\"\n")]), [""; 0]);
    }
}
