//! The tasks of this repository: `cargo xtask NAME`. A new task is one file and one line in `TASKS`.

mod bench;
mod fuzz;
mod items;
mod races;
mod source;
mod specs;
mod test;
mod threats;
mod tidy;
mod tree;

use std::process::ExitCode;

use clap::{ArgMatches, Args, Command};

use crate::tree::Workspace;

/// Every task, in the order in which the help shows them.
const TASKS: &[Entry] = &[
    Entry::of::<test::Test>(),
    Entry::of::<races::Races>(),
    Entry::of::<bench::Bench>(),
    Entry::of::<fuzz::Fuzz>(),
    Entry::of::<tidy::Tidy>(),
    Entry::of::<specs::Specs>(),
    Entry::of::<threats::Threats>(),
];

/// One task: its command-line arguments, whose own comment is the line in the help, and what it does with them.
trait Task: Args {
    /// The word after `cargo xtask`.
    const NAME: &'static str;

    /// Does the task; an error is printed and ends the process with a non-zero status.
    fn run(self, workspace: &Workspace) -> anyhow::Result<()>;
}

/// A task as `TASKS` holds it.
struct Entry {
    name: &'static str,
    arguments: fn(Command) -> Command,
    run: fn(&Workspace, &ArgMatches) -> anyhow::Result<()>,
}

impl Entry {
    const fn of<T: Task>() -> Self {
        Self { name: T::NAME, arguments: T::augment_args, run: start::<T> }
    }
}

fn start<T: Task>(workspace: &Workspace, matches: &ArgMatches) -> anyhow::Result<()> {
    T::from_arg_matches(matches)?.run(workspace)
}

fn main() -> ExitCode {
    match chosen_task() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chosen_task() -> anyhow::Result<()> {
    let tasks = TASKS.iter().map(|entry| (entry.arguments)(Command::new(entry.name)));
    let command = Command::new("cargo xtask")
        .about("The tasks of this repository")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(tasks);
    let matches = command.get_matches();
    let Some((name, arguments)) = matches.subcommand() else { return Ok(()) };
    let Some(entry) = TASKS.iter().find(|entry| entry.name == name) else { return Ok(()) };
    (entry.run)(&Workspace::here()?, arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_its_own_name_and_a_help_that_clap_accepts() {
        for (index, entry) in TASKS.iter().enumerate() {
            assert_eq!(TASKS.iter().position(|other| other.name == entry.name), Some(index));
            (entry.arguments)(Command::new(entry.name)).debug_assert();
        }
    }
}
