//! `cargo xtask specs`: writes `docs/specs.md`: what the specifications demand, the code that keeps it and the tests that hold it.

mod citation;
mod exceptions;
mod held;
mod page;
mod requirements;
mod shelf;
mod table;

use std::fs;

use anyhow::{Context, bail};
use clap::Args;

use self::table::Table;
use crate::Task;
use crate::items::{self, Kind};
use crate::source::CommentKind;
use crate::threats::{self, Catalogue};
use crate::tree::{File, Rust, Tree, Workspace};

const PAGE: &str = "docs/specs.md";

/// Where citations are looked for.
const FOLDERS: &[&str] = &["crates/", "demo/", "e2e/"];

/// Write docs/specs.md: what specifications demand, with code and tests
#[derive(Args)]
pub(crate) struct Specs {
    /// Change nothing; fail when the page is not what it would be made now
    #[arg(long)]
    check: bool,
}

impl Task for Specs {
    const NAME: &'static str = "specs";

    fn run(self, workspace: &Workspace) -> anyhow::Result<()> {
        let tree = workspace.tree()?;
        let mut table = Table::default();
        add_comments(&mut table, &tree);
        add_attacks(&mut table, &tree, &threats::catalogue(workspace)?);
        let strange = add_requirements(&mut table, &tree)?;
        println!("specs: {}", table.totals());
        let misspelt = misspellings(&tree);
        let gaps = table.gaps();
        for place in misspelt.iter().chain(&strange).chain(&gaps) {
            println!("{place}");
        }
        let keep = if self.check { compare } else { write };
        keep(workspace, &page::write(&table))?;
        if !gaps.is_empty() || !strange.is_empty() {
            bail!("specs: {} requirements, sections or reasons are loose", gaps.len() + strange.len());
        }
        match misspelt.len() {
            0 => Ok(()),
            count => bail!("specs: {count} citations are not in the one spelling"),
        }
    }
}

fn compare(workspace: &Workspace, page: &str) -> anyhow::Result<()> {
    let present = fs::read_to_string(workspace.root().join(PAGE)).unwrap_or_default();
    if present != page {
        bail!("{PAGE} is stale: run `cargo xtask specs` and commit the result");
    }
    Ok(())
}

fn write(workspace: &Workspace, page: &str) -> anyhow::Result<()> {
    fs::write(workspace.root().join(PAGE), page).with_context(|| format!("{PAGE} could not be written"))
}

fn concerned(tree: &Tree) -> impl Iterator<Item = (&File, &Rust)> {
    tree.rust().filter(|(file, _)| FOLDERS.iter().any(|folder| file.path.starts_with(folder)))
}

fn misspellings(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (file, rust) in concerned(tree) {
        for block in items::comment_blocks(&rust.lines) {
            let (_, misspellings) = citation::read(&block.text);
            let place = |at| format!("{}:{}", file.path, block.line_of(at) + 1);
            found.extend(misspellings.iter().map(|wrong| {
                format!("{}: `{}`: {}", place(wrong.at), surroundings(&block.text, wrong.at), wrong.advice)
            }));
        }
    }
    found
}

/// A few words before the place and a few after it.
fn surroundings(text: &str, at: usize) -> String {
    let (before, after) = text.split_at(at);
    let before: Vec<&str> = before.split_inclusive(' ').rev().take(2).collect();
    let after: String = after.split_inclusive(' ').take(2).collect();
    before.into_iter().rev().chain([after.trim_end()]).collect()
}

/// What the lists demand; tests and files that they name and that do not exist are told.
fn add_requirements(table: &mut Table, tree: &Tree) -> anyhow::Result<Vec<String>> {
    let mut list = Vec::new();
    for file in tree.files().filter(|file| file.path.starts_with(requirements::FOLDER)) {
        list.extend(requirements::parse(&file.path, &file.text)?);
    }
    let (held, strange) = held::find(tree, list);
    held.into_iter().for_each(|held| table.require(held));
    Ok(strange)
}

/// What the comments cite.
fn add_comments(table: &mut Table, tree: &Tree) {
    for (file, rust) in concerned(tree) {
        for block in items::comment_blocks(&rust.lines) {
            let (name, tested) = place(rust, block.kind, block.last_line());
            for citation in citation::read(&block.text).0 {
                table.add(&citation, &file.path, &name, tested);
            }
        }
    }
}

/// A test that is named for an attack holds the sections that the attack would break.
fn add_attacks(table: &mut Table, tree: &Tree, catalogue: &Catalogue) {
    for (id, tests) in threats::tests_by_row(tree, catalogue) {
        let source = catalogue.row(&id).map_or("", |row| row.source.as_str());
        for citation in citation::read(source).0 {
            for test in &tests {
                table.add(&citation, &test.path, &test.name, true);
            }
        }
    }
}

/// The name of what the comment speaks of (empty: the whole file), and whether that is a test.
fn place(rust: &Rust, kind: CommentKind, line: usize) -> (String, bool) {
    let index = match kind {
        CommentKind::Inner => items::innermost(&rust.items, line),
        CommentKind::Outer | CommentKind::Plain => items::below_or_around(&rust.items, &rust.lines, line),
    };
    let Some(index) = index else { return (String::new(), rust.test_only) };
    let tested = rust.test_only
        || items::ancestry(&rust.items, index).any(|item| item.is_cfg_test() || item.is_test());
    let mut name = items::label(&rust.items, index);
    if rust.items.get(index).is_some_and(|item| item.kind == Kind::Enum)
        && let Some(variant) = variant_below(rust, line)
    {
        name = format!("{name}::{variant}");
    }
    (name, tested)
}

/// Within an enum, the variant that begins on the next line of code.
fn variant_below(rust: &Rust, line: usize) -> Option<&str> {
    let code = rust.lines.get(line + 1..)?.iter().map(|line| line.code.trim());
    let next = code.into_iter().find(|code| !code.is_empty() && !code.starts_with("#["))?;
    let word = items::words_and_marks(next).next()?;
    word.starts_with(char::is_uppercase).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "\
//! Proof key — RFC 7636 §4.2, §4.6.

/// Refusals.
pub enum Error {
    /// None was sent although
    /// RFC 7636 §4.6 wants one.
    #[error(\"x\")]
    Missing,
}

impl Verifier {
    /// RFC 7636 §4.1: 43 to 128 characters.
    pub fn parse() {
        // OIDC Core §3.1.2.1: not here.
        x();
    }
}

#[cfg(test)]
mod tests {
    // RFC 7636 Appendix B.
    #[test]
    fn vector() {
        let text = \"RFC 9999 §1\"; // RFC 7636 §4.1
    }
}
";

    fn page(files: Vec<(String, String)>, attacks: &str) -> String {
        let (tree, mut table) = (Tree::of(files), Table::default());
        add_comments(&mut table, &tree);
        add_attacks(&mut table, &tree, &Catalogue::parse(attacks).unwrap());
        page::write(&table)
    }

    #[test]
    fn a_test_named_for_an_attack_is_listed_with_the_sections_of_that_row() {
        let attacks = "## A (AZ)\n\n| id | stage | attack | answer | source |\n|---|---|---|---|---|\n\
                       | AZ-23 | built | no challenge | refused | RFC 7636 §4.4.1; ASVS V10.4.6 |\n";
        let code = "fn az_23_no_challenge() {}\nfn az_24_unknown() {}\n";
        let page = page(vec![("e2e/tests/a.rs".into(), code.into())], attacks);
        assert!(
            page.ends_with("|---|---|---|\n| §4.4.1 | – | `e2e/tests/a.rs`: az_23_no_challenge |\n"),
            "{page}"
        );
    }

    #[test]
    fn each_citation_is_listed_with_its_item_and_tests_apart() {
        let files = vec![
            ("crates/protocol/src/pkce.rs".into(), CODE.into()),
            ("crates/server/tests/rfc7636_pkce.rs".into(), "//! The whole — RFC 7636 §4.6.\n".into()),
            ("xtask/src/a.rs".into(), "//! RFC 1111 §1\n".into()),
        ];
        let page = page(files, "");
        let rows: Vec<&str> =
            page.lines().filter(|line| line.starts_with("| §") || line.starts_with("| Appendix")).collect();
        assert_eq!(
            rows,
            [
                "| §4.1 | `protocol/pkce.rs`: Verifier::parse | `protocol/pkce.rs`: vector |",
                "| §4.2 | `protocol/pkce.rs` | – |",
                "| §4.6 | `protocol/pkce.rs`, Error::Missing | `server/tests/rfc7636_pkce.rs` |",
                "| Appendix B | – | `protocol/pkce.rs`: vector |",
                "| §3.1.2.1 | `protocol/pkce.rs`: Verifier::parse | – |",
            ]
        );
        assert!(!page.contains("9999") && !page.contains("1111"));
    }

    #[test]
    fn other_spellings_are_reported_with_their_place() {
        let text = "//! RFC 7636 §4.2\n//! is good, RFC7636 is not.\nfn f() {} // RFC 7636 section 4.2\n";
        let tree = Tree::of(vec![("demo/src/lib.rs".into(), text.into())]);
        let places: Vec<String> = misspellings(&tree)
            .iter()
            .map(|place| place.split(": ").next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(places, ["demo/src/lib.rs:2", "demo/src/lib.rs:3"]);
    }
}
