//! `cargo xtask fuzz`: the targets of `fuzz/` with libFuzzer, on stable Rust.

mod build;
mod smoke;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::Task;
use crate::tree::Workspace;

/// Where the seeds are, a folder for each target: what there is to run.
const SEEDS: &str = "fuzz/seeds";

/// What grows and what was found, with the programs: nothing of it is kept in the repository.
const OUTPUT: &str = "target/fuzz";

/// Feed the parsers bytes of libFuzzer's invention
///
/// Needs a C++ compiler. Without a target it lists them. What a run learns is kept in target/fuzz/corpus for the next one; an
/// input that breaks something is written to target/fuzz/crashes, and --input repeats it.
#[derive(Args)]
pub(crate) struct Fuzz {
    /// The target, or all that begin with this with --smoke
    target: Option<String>,

    /// Every target for a minute, as many at a time as there are processors
    #[arg(long)]
    smoke: bool,

    /// For how long each runs; without --smoke until it is stopped
    #[arg(long, value_name = "SECONDS")]
    seconds: Option<u32>,

    /// Run this one input and nothing else
    #[arg(long, value_name = "FILE", conflicts_with_all = ["smoke", "seconds"])]
    input: Option<PathBuf>,
}

impl Task for Fuzz {
    const NAME: &'static str = "fuzz";

    fn run(self, workspace: &Workspace) -> anyhow::Result<()> {
        let targets = targets(workspace.root())?;
        if self.smoke {
            let begin = self.target.unwrap_or_default();
            let chosen: Vec<String> = targets.into_iter().filter(|name| name.starts_with(&begin)).collect();
            if chosen.is_empty() {
                bail!("no target begins with `{begin}`; `cargo xtask fuzz` lists them");
            }
            return smoke::run(workspace, &chosen, self.seconds.unwrap_or(60));
        }
        let Some(name) = self.target else {
            println!("{}", targets.join("\n"));
            return Ok(());
        };
        if !targets.contains(&name) {
            bail!("there is no target `{name}`; `cargo xtask fuzz` lists them");
        }
        let program = build::build(workspace)?;
        let mut command = match &self.input {
            Some(input) => one(workspace, &program, (&name, input)),
            None => endless(workspace, &program, &name)?,
        };
        if let Some(seconds) = self.seconds {
            command.arg(format!("-max_total_time={seconds}"));
        }
        if !command.status().context("the program could not be started")?.success() {
            bail!("{}", advice(&name));
        }
        Ok(())
    }
}

fn targets(root: &Path) -> anyhow::Result<Vec<String>> {
    let folders = fs::read_dir(root.join(SEEDS)).with_context(|| format!("{SEEDS} cannot be read"))?;
    let names = folders.map(|folder| Ok(folder?.file_name().to_string_lossy().into_owned()));
    let mut names: Vec<String> = names.collect::<anyhow::Result<_>>()?;
    names.sort_unstable();
    Ok(names)
}

fn program(workspace: &Workspace, program: &Path, name: &str) -> Command {
    let mut command = workspace.command(&program.to_string_lossy());
    command.env("MAPAE_FUZZ_TARGET", name);
    command.arg("-rss_limit_mb=2048").arg("-timeout=20");
    command.arg(format!("-artifact_prefix={OUTPUT}/crashes/{name}-"));
    command
}

fn one(workspace: &Workspace, built: &Path, (name, input): (&str, &Path)) -> Command {
    let mut command = program(workspace, built, name);
    // The caller's file, wherever the caller is.
    command.arg(std::path::absolute(input).unwrap_or_else(|_| input.to_path_buf()));
    command
}

/// With all that is known to be worth trying.
fn endless(workspace: &Workspace, built: &Path, name: &str) -> anyhow::Result<Command> {
    let corpus = format!("{OUTPUT}/corpus/{name}");
    for folder in [&corpus, &format!("{OUTPUT}/crashes")] {
        fs::create_dir_all(workspace.root().join(folder))
            .with_context(|| format!("{folder} cannot be made"))?;
    }
    let mut command = program(workspace, built, name);
    command.args([corpus, format!("{SEEDS}/{name}")]);
    Ok(command)
}

fn advice(name: &str) -> String {
    format!(
        "something does not hold for an input that is in {OUTPUT}/crashes now: repeat it with \
         `cargo xtask fuzz {name} --input FILE`, make it an ordinary test beside the parser, and mend that"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_seeds_are_the_targets() {
        let names = targets(Workspace::here().unwrap().root()).unwrap();
        assert!(names.len() > 40 && names.contains(&"redirect_uri_matching".to_owned()), "{names:?}");
    }
}
