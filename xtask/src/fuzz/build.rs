//! The one program of all targets, instrumented.

use std::path::PathBuf;

use anyhow::{Context, bail};

use super::OUTPUT;
use crate::tree::Workspace;

/// What makes the compiler tell libFuzzer where it has been and what it compared. All of it is stable: the pass is LLVM's own.
const INSTRUMENTED: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1";

const PACKAGE: &str = "mapae-libfuzzer";
const PROFILE: &str = "fuzz";

/// Builds it, beside what other builds have made and without disturbing that.
pub(super) fn build(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let host = host(workspace)?;
    let mut cargo = workspace.command("cargo");
    // With a target that is named, build scripts and macros are not instrumented.
    cargo.args([
        "build",
        "--locked",
        "--package",
        PACKAGE,
        "--features",
        "instrumented",
        "--profile",
        PROFILE,
    ]);
    cargo.args(["--target", &host, "--target-dir", OUTPUT]).env("RUSTFLAGS", INSTRUMENTED);
    if !cargo.status().context("cargo could not be started")?.success() {
        bail!("the targets do not compile");
    }
    Ok(workspace.root().join(OUTPUT).join(host).join(PROFILE).join(PACKAGE))
}

fn host(workspace: &Workspace) -> anyhow::Result<String> {
    let version = workspace.command("rustc").arg("-vV").output().context("rustc could not be started")?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say what machine this is")
}
