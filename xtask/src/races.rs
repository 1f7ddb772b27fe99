//! `cargo xtask races`: the durability tests with the numbers of a release instead of those of every change.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, bail};
use clap::Args;

use crate::Task;
use crate::tree::Workspace;

/// How the tests learn how often; each is optional for them.
const RACES: &str = "MAPAE_TEST_RACES";
const KILLS: &str = "MAPAE_TEST_KILLS";
const SEED: &str = "MAPAE_TEST_SEED";

/// What builds the same test programs as `cargo xtask test`, and runs those that this is about.
const CARGO: &[&str] = &["test", "--workspace", "--locked", "--test", "it"];
const TESTS: &[&str] = &["--nocapture", "durability::"];

/// The beginning of a line in which a test says how often it tried.
const MARK: &str = "durability: ";

/// Race codes and refresh tokens, and kill the server under load, until it means something
///
/// Takes about half an hour on two cores. A failure prints what led to it, and the seed to repeat it with.
#[derive(Args)]
pub(crate) struct Races {
    /// How many codes, and how many generations of refresh tokens, are raced by eight on each set-up
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    codes: u32,

    /// How often the server on SQLite is killed; a quarter of that on PostgreSQL
    #[arg(long, value_name = "N", default_value_t = 200)]
    kills: u32,

    /// Repeat the choices of an earlier run
    #[arg(long, value_name = "SEED")]
    seed: Option<u64>,
}

impl Task for Races {
    const NAME: &'static str = "races";

    fn run(self, workspace: &Workspace) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut cargo = workspace.command("cargo");
        cargo.args(CARGO).arg("--").args(TESTS).stdout(Stdio::piped());
        cargo.env(RACES, self.codes.to_string()).env(KILLS, self.kills.to_string());
        if let Some(seed) = self.seed {
            cargo.env(SEED, seed.to_string());
        }
        let mut child = cargo.spawn().context("cargo could not be started")?;
        let output = child.stdout.take().context("cargo has no output")?;
        let mut totals = Totals::default();
        for line in BufReader::new(output).lines() {
            let line = line.context("the output of the tests broke off")?;
            println!("{line}");
            totals.add(&line);
        }
        let passed = child.wait().context("cargo was lost")?.success();
        println!("\n{totals}in {} s", began.elapsed().as_secs());
        if !passed {
            bail!("something was lost, came back, or worked twice; see above");
        }
        if totals.0.is_empty() {
            bail!("no test ran");
        }
        Ok(())
    }
}

/// How often each kind of thing was tried without a violation.
#[derive(Debug, Default, PartialEq, Eq)]
struct Totals(BTreeMap<String, u32>);

impl Totals {
    /// Counts a line such as `durability: codes × 8 (SQLite, 1 server): 1000 codes, 0 violations …`.
    fn add(&mut self, line: &str) {
        let Some((what, unit, tried)) = tried(line) else { return };
        // The set-up in brackets is summed over, the unit says what was tried.
        let kind = what.split(" (").next().unwrap_or(what);
        *self.0.entry(format!("{kind}, {unit}")).or_default() += tried;
    }
}

/// What was tried, in which unit, how often.
fn tried(line: &str) -> Option<(&str, &str, u32)> {
    // The name of a test may stand before it on the same line.
    let (_, said) = line.split_once(MARK)?;
    let (what, rest) = said.split_once("): ")?;
    let (count, rest) = rest.split_once(' ')?;
    let (unit, rest) = rest.split_once(", ")?;
    rest.starts_with("0 violations").then_some((what, unit, count.parse().ok()?))
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<52} {:>8}  violations  each rarer than (3/N, 95 % certain)", "", "N")?;
        for (kind, tried) in &self.0 {
            writeln!(f, "{kind:<52} {tried:>8}           0  {:.1e}", 3.0 / f64::from(*tried))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_tests_say_is_summed_over_the_set_ups() {
        let mut totals = Totals::default();
        for line in [
            "durability: codes × 8 (SQLite, 1 server): 1002 codes, 0 violations (below 3.0e-3 each); 10 s",
            "test a ... durability: codes × 8 (PostgreSQL, 2 servers): 998 codes, 0 violations (below 3.0e-3 each); 9 s",
            "durability: kill -9 (SQLite): 20 kills, 0 violations (below 1.5e-1 each); 100 facts",
            "kill -9, SQLite: MAPAE_TEST_SEED=7",
            "durability: kill -9 (SQLite): 20 kills, 1 violations",
        ] {
            totals.add(line);
        }
        let expected = [("codes × 8, codes", 2000), ("kill -9, kills", 20)];
        assert_eq!(totals, Totals(expected.map(|(kind, tried)| (kind.to_owned(), tried)).into()));
        let table = totals.to_string();
        assert!(
            table.lines().any(|line| line.starts_with("codes × 8") && line.ends_with("0  1.5e-3")),
            "{table}"
        );
    }
}
