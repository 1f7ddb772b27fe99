//! `cargo xtask tidy`: the habits of this repository that neither `rustfmt` nor `clippy` can check.
//!
//! A new rule is one function in the file that it belongs to and one line in `RULES`.

mod headings;
mod names;
mod places;
mod size;
mod supply;
mod templates;
mod words;

use std::collections::BTreeSet;

use anyhow::bail;
use clap::Args;

use crate::Task;
use crate::tree::{Tree, Workspace};

/// Looks at all files and reports what breaks the rule.
type Rule = fn(&Tree, &mut Findings);

const RULES: &[Rule] = &[
    size::lines_of_code,
    names::modules,
    places::database_drivers,
    places::pure_protocol,
    places::random_generators,
    headings::first_line,
    templates::inline_code,
    words::unfinished,
    words::silenced_lints,
    words::skipped_tests,
    words::paths_of_a_machine,
    supply::lock_file,
];

/// Check sizes, names and places: the habits that fmt and clippy do not know
#[derive(Args)]
pub(crate) struct Tidy {}

impl Task for Tidy {
    const NAME: &'static str = "tidy";

    fn run(self, workspace: &Workspace) -> anyhow::Result<()> {
        let tree = workspace.tree()?;
        let mut findings = Findings::default();
        for rule in RULES {
            rule(&tree, &mut findings);
        }
        supply::one_crypto_library(workspace, &mut findings)?;
        for finding in &findings.0 {
            println!("{}:{}: {}", finding.path, finding.line, finding.advice);
        }
        match findings.0.len() {
            0 => println!("tidy: {} files, nothing to do", tree.files().count()),
            count => bail!("tidy: {count} things to mend"),
        }
        Ok(())
    }
}

/// What was found, by place, each once.
#[derive(Default)]
struct Findings(BTreeSet<Finding>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    /// From 1.
    line: usize,
    /// What is wrong and what to do.
    advice: String,
}

impl Findings {
    /// Adds one; lines count from 1.
    fn add(&mut self, path: &str, line: usize, advice: impl Into<String>) {
        self.0.insert(Finding { path: path.to_owned(), line, advice: advice.into() });
    }
}

/// What one rule says about files given as (path, text), as `path:line`.
#[cfg(test)]
fn places_found(rule: Rule, files: &[(&str, &str)]) -> Vec<String> {
    let texts = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
    let mut findings = Findings::default();
    rule(&Tree::of(texts), &mut findings);
    findings.0.iter().map(|finding| format!("{}:{}", finding.path, finding.line)).collect()
}
