//! The programs that are measured and that measure, built as they are given to people.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

use super::Bench;
use crate::tree::Workspace;

/// From the top folder.
const PEER: &str = "bench/peer";

/// Where the programs are.
pub(super) struct Programs {
    pub(super) mapae: PathBuf,
    pub(super) bench: PathBuf,
    /// The folder of the peer, with what it depends on.
    pub(super) peer: PathBuf,
}

impl Programs {
    /// Builds what is not built yet.
    pub(super) fn prepare(workspace: &Workspace, how: &Bench) -> anyhow::Result<Self> {
        let peer = workspace.root().join(PEER);
        if !how.no_build {
            let mut cargo = workspace.command("cargo");
            cargo.args(["build", "--package", "mapae", "--package", "mapae-bench"]);
            if !how.debug {
                cargo.arg("--release");
            }
            succeed(cargo)?;
            let mut npm = workspace.command("npm");
            npm.arg("ci").current_dir(&peer);
            succeed(npm)
                .context("npm and Node are needed for the peer: install them (apt-get install nodejs npm)")?;
        }
        let folder = target_folder(workspace).join(if how.debug { "debug" } else { "release" });
        let programs = Self { mapae: folder.join("mapae"), bench: folder.join("mapae-bench"), peer };
        for program in [&programs.mapae, &programs.bench] {
            if !program.is_file() {
                bail!("{} is not there: run without --no-build", program.display());
            }
        }
        Ok(programs)
    }
}

/// Where cargo puts what it builds.
pub(super) fn target_folder(workspace: &Workspace) -> PathBuf {
    workspace
        .root()
        .join(env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from))
}

fn succeed(mut command: Command) -> anyhow::Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("{name} could not be started"))?;
    if status.success() { Ok(()) } else { bail!("{name}: {status}") }
}
