//! `cargo xtask bench`: Mapae beside `oidc-provider` and beside bare handlers, in one run, round by round.
//!
//! The load is made by `mapae-bench`; here is what is measured in which order, and what is written about it.

mod build;
mod figures;
mod goals;
mod installation;
mod machine;
mod plan;
mod report;
mod rounds;
mod server;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use self::build::Programs;
use self::figures::Figures;
use self::machine::Machine;
use self::plan::Pace;
use self::rounds::Field;
use crate::Task;
use crate::tree::Workspace;

/// From the top folder.
const PUBLISHED: &str = "docs/benchmarks.md";
const ARTIFACTS: &str = "artifacts";

/// Measure Mapae beside oidc-provider and bare handlers
///
/// Writes docs/benchmarks.md, and what it is made of to artifacts/benchmarks.json. Takes a quarter of an hour; keep the
/// machine free of other work meanwhile.
#[derive(Args)]
pub(crate) struct Bench {
    /// Three short rounds, for work on the benchmark: writes to artifacts/ only
    #[arg(long)]
    quick: bool,

    /// The debug build, for work on the benchmark: its figures mean nothing, and it writes to artifacts/ only
    #[arg(long)]
    debug: bool,

    /// Take the programs as they were built last
    #[arg(long)]
    no_build: bool,
}

impl Task for Bench {
    const NAME: &'static str = "bench";

    fn run(self, workspace: &Workspace) -> anyhow::Result<()> {
        let programs = Programs::prepare(workspace, &self)?;
        let pace = if self.quick { Pace::QUICK } else { Pace::FULL };
        let folder = make_folder(workspace)?;
        let machine = Machine::look(workspace, &folder)?;
        println!("{machine}");
        let figures = measure(&programs, &folder, &pace)?;
        fs::remove_dir_all(&folder)?;
        let report =
            report::Report { machine: &machine, pace: &pace, figures: &figures, release: !self.debug };
        let kept = workspace.root().join(ARTIFACTS);
        fs::create_dir_all(&kept)?;
        let published = !self.quick && !self.debug;
        let page =
            if published { PathBuf::from(PUBLISHED) } else { Path::new(ARTIFACTS).join("benchmarks.md") };
        write(&kept.join("benchmarks.json"), &serde_json::to_string_pretty(&report.to_json())?)?;
        write(&workspace.root().join(&page), &report.to_string())?;
        println!("\n{}\nwritten to {} and {ARTIFACTS}/benchmarks.json", report.verdict(), page.display());
        Ok(())
    }
}

fn measure(programs: &Programs, folder: &Path, pace: &Pace) -> anyhow::Result<Figures> {
    let field = Field::open(programs, folder)?;
    let samples = rounds::run(&field, pace)?;
    let memory = field.memory()?;
    let starts = field.into_starts(pace.starts)?;
    Ok(Figures { samples, memory, starts })
}

/// An empty folder on the file system of the repository: the one for temporary files may be memory, where nothing is durable and
/// nothing waits. After a failure it stays, with what the servers said.
fn make_folder(workspace: &Workspace) -> anyhow::Result<PathBuf> {
    let path = build::target_folder(workspace).join("bench");
    if path.exists() {
        fs::remove_dir_all(&path).with_context(|| format!("{} could not be emptied", path.display()))?;
    }
    fs::create_dir_all(&path).with_context(|| format!("{} could not be made", path.display()))?;
    Ok(path)
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("{} could not be written", path.display()))
}
