//! `cargo xtask threats`: which rows of `docs/threats.md` have a test by their name, and which have none.

mod catalogue;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;

use anyhow::{Context, bail};
use clap::Args;

use self::catalogue::Stage;
pub(crate) use self::catalogue::{Catalogue, Id};
use crate::Task;
use crate::items::words_and_marks;
use crate::tree::{Tree, Workspace};

const PAGE: &str = "docs/threats.md";

/// Where tests are looked for.
const FOLDERS: &[&str] = &["crates/", "demo/", "e2e/", "bench/"];

/// List the rows of docs/threats.md that no test is named for (`az_07_…`)
#[derive(Args)]
pub(crate) struct Threats {
    /// Fail when a row of what is built has no test, when a test or a comment names a row that does not exist, or one of what
    /// comes later; list nothing else
    #[arg(long)]
    check: bool,
    /// List only the rows of one stage
    #[arg(long, value_enum)]
    stage: Option<Stage>,
}

impl Task for Threats {
    const NAME: &'static str = "threats";

    fn run(self, workspace: &Workspace) -> anyhow::Result<()> {
        let catalogue = catalogue(workspace)?;
        let tree = workspace.tree()?;
        let tests = tests_by_row(&tree, &catalogue);
        let list = if self.check { String::new() } else { report(&catalogue, &tests, self.stage) };
        let text = format!("{list}{}\n", totals(&catalogue, &tests));
        if std::io::stdout().write_all(text.as_bytes()).is_err() {
            // Whoever reads has seen enough, as `head` does.
            return Ok(());
        }
        let wrong: Vec<String> = strangers(&catalogue, &tests)
            .chain(unknown_in_comments(&tree, &catalogue))
            .chain(untested(&catalogue, &tests).filter(|_| self.check))
            .chain(overtaken(&tree, &catalogue, &tests).filter(|_| self.check))
            .inspect(|finding| println!("{finding}"))
            .collect();
        if self.check && !wrong.is_empty() {
            bail!(
                "threats: {} findings: write the test, or correct the id, the row or its stage",
                wrong.len()
            );
        }
        Ok(())
    }
}

/// Tests that are named for rows that do not exist.
fn strangers(catalogue: &Catalogue, tests: &Tests) -> impl Iterator<Item = String> {
    tests
        .iter()
        .filter(|(id, _)| catalogue.row(id).is_none())
        .flat_map(|(id, tests)| tests.iter().map(move |test| (id, test)))
        .map(|(id, test)| format!("{}: `{}`: {PAGE} has no row {id}", test.path, test.name))
}

/// Ids in comments that are those of no row.
fn unknown_in_comments(tree: &Tree, catalogue: &Catalogue) -> impl Iterator<Item = String> {
    in_comments(tree)
        .filter(|(_, id)| catalogue.row(id).is_none())
        .map(|(at, id)| format!("{at}: {PAGE} has no row {id}"))
}

/// Every id in a comment of the products, and where it stands.
fn in_comments(tree: &Tree) -> impl Iterator<Item = (String, Id)> {
    tree.rust().filter(|(file, _)| is_of_the_products(&file.path)).flat_map(|(file, rust)| {
        let comments = rust.lines.iter().enumerate();
        comments.filter_map(|(at, line)| Some((at, line.comment.as_ref()?))).flat_map(move |(at, comment)| {
            Id::of_text(&comment.text).map(move |id| (format!("{}:{}", file.path, at + 1), id))
        })
    })
}

/// Rows of what is built already that no test is named for.
fn untested(catalogue: &Catalogue, tests: &Tests) -> impl Iterator<Item = String> {
    catalogue
        .sections()
        .flat_map(|section| &section.rows)
        .filter(|row| row.stage == Stage::Built && !tests.contains_key(&row.id))
        .map(|row| format!("{PAGE}: {} has no test: {}", row.id, row.attack))
}

/// Rows of what is said to come later, and of which the code speaks already: in a comment, or by a test.
fn overtaken<'a>(
    tree: &'a Tree,
    catalogue: &'a Catalogue,
    tests: &'a Tests,
) -> impl Iterator<Item = String> + 'a {
    let is_later = |id: &Id| catalogue.row(id).is_some_and(|row| row.stage == Stage::Later);
    let told = |at: &str, id: &Id| format!("{at}: {PAGE} says that {id} comes later");
    let tested = tests.iter().filter(move |(id, _)| is_later(id));
    let tested = tested.flat_map(move |(id, tests)| {
        tests.iter().map(move |test| told(&format!("{}: `{}`", test.path, test.name), id))
    });
    tested.chain(in_comments(tree).filter(move |(_, id)| is_later(id)).map(move |(at, id)| told(&at, &id)))
}

/// The catalogue of this repository.
pub(crate) fn catalogue(workspace: &Workspace) -> anyhow::Result<Catalogue> {
    let page = fs::read_to_string(workspace.root().join(PAGE)).with_context(|| format!("no {PAGE}"))?;
    Catalogue::parse(&page)
}

/// A test that is named for a row.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NamedTest {
    pub(crate) path: String,
    pub(crate) name: String,
}

/// The tests of each row.
type Tests = BTreeMap<Id, BTreeSet<NamedTest>>;

/// Every name in the code that begins like the id of a row of a section that exists. Names, not only functions:
/// a test that runs on each engine is made by a macro, and stands there as its argument.
pub(crate) fn tests_by_row(tree: &Tree, catalogue: &Catalogue) -> Tests {
    let mut tests = Tests::new();
    for (file, rust) in tree.rust().filter(|(file, _)| is_of_the_products(&file.path)) {
        for word in rust.lines.iter().flat_map(|line| words_and_marks(&line.code)) {
            for id in catalogue.rows_of_test(word) {
                let test = NamedTest { path: file.path.clone(), name: word.to_owned() };
                tests.entry(id).or_default().insert(test);
            }
        }
    }
    tests
}

fn is_of_the_products(path: &str) -> bool {
    FOLDERS.iter().any(|folder| path.starts_with(folder))
}

fn report(catalogue: &Catalogue, tests: &Tests, only: Option<Stage>) -> String {
    let mut report = String::new();
    for section in catalogue.sections() {
        let rows: Vec<_> =
            section.rows.iter().filter(|row| only.is_none_or(|stage| row.stage == stage)).collect();
        let missing: Vec<_> = rows.iter().filter(|row| !tests.contains_key(&row.id)).collect();
        let tested = rows.len() - missing.len();
        report.push_str(&format!("{}: {tested} of {} rows have a test\n", section.title, rows.len()));
        for row in missing {
            report.push_str(&format!("  {} ({}) {}\n", row.id, row.stage, row.attack));
        }
    }
    report
}

fn totals(catalogue: &Catalogue, tests: &Tests) -> String {
    let rows = || catalogue.sections().flat_map(|section| &section.rows);
    let count = |stage: Stage, tested: bool| {
        rows().filter(|row| row.stage == stage && tests.contains_key(&row.id) == tested).count()
    };
    format!(
        "threats: {} of {} rows have a test; without one: {} of what is built, {} of what comes later",
        rows().filter(|row| tests.contains_key(&row.id)).count(),
        rows().count(),
        count(Stage::Built, false),
        count(Stage::Later, false),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOGUE: &str = "\
## Authorization endpoint (AZ)

| id | stage | attack | expected answer | source |
|---|---|---|---|---|
| AZ-01 | built | unknown app | a page | RFC 6749 §4.1 |
| AZ-02 | later | another host | a page | – |
";

    #[test]
    fn tests_are_found_by_name_wherever_they_are_declared() {
        let code = "fn az_01_unknown_app() {}\nengines!(az_99_typo, |db| db);\n// az_02_in_a_comment\nlet x = \"az_02_in_a_text\";\n\
                    fn zz_01_no_section() {}\nfn az_1_too_short() {}\nlet az_02 = 1;\n";
        let tree = Tree::of(vec![
            ("crates/server/tests/a.rs".into(), code.into()),
            ("xtask/src/b.rs".into(), "fn az_02_elsewhere() {}".into()),
        ]);
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let tests = tests_by_row(&tree, &catalogue);
        let found: Vec<String> = tests.iter().map(|(id, places)| format!("{id} {}", places.len())).collect();
        assert_eq!(found, ["AZ-01 1", "AZ-99 1"]);
        assert_eq!(
            report(&catalogue, &tests, None),
            "Authorization endpoint (AZ): 1 of 2 rows have a test\n  AZ-02 (later) another host\n"
        );
        assert_eq!(
            totals(&catalogue, &tests),
            "threats: 1 of 2 rows have a test; without one: 0 of what is built, 1 of what comes later"
        );
        assert!(report(&catalogue, &tests, Some(Stage::Built)).ends_with("1 of 1 rows have a test\n"));
    }

    #[test]
    fn a_row_of_what_is_built_must_have_a_test_and_a_test_its_row() {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let found = |code: &str| {
            let tree = Tree::of(vec![("crates/server/tests/a.rs".into(), code.into())]);
            let tests = tests_by_row(&tree, &catalogue);
            strangers(&catalogue, &tests).chain(untested(&catalogue, &tests)).collect::<Vec<_>>()
        };
        assert_eq!(found("fn az_01_unknown_app() {}"), [""; 0]);
        assert_eq!(found("fn az_02_another_host() {}"), ["docs/threats.md: AZ-01 has no test: unknown app"]);
        assert_eq!(
            found("fn az_01_az_99_typo() {}"),
            ["crates/server/tests/a.rs: `az_01_az_99_typo`: docs/threats.md has no row AZ-99"]
        );
    }

    #[test]
    fn what_comes_later_is_named_nowhere() {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let found = |code: &str| {
            let tree = Tree::of(vec![("crates/server/src/a.rs".into(), code.into())]);
            let tests = tests_by_row(&tree, &catalogue);
            overtaken(&tree, &catalogue, &tests).collect::<Vec<_>>()
        };
        assert_eq!(found("//! Who may ask: AZ-01.\nfn az_01_unknown_app() {}\n"), [""; 0]);
        assert_eq!(
            found("//! Where it leads: AZ-01, AZ-02.\nfn az_02_another_host() {}\n"),
            [
                "crates/server/src/a.rs: `az_02_another_host`: docs/threats.md says that AZ-02 comes later",
                "crates/server/src/a.rs:1: docs/threats.md says that AZ-02 comes later"
            ]
        );
    }

    #[test]
    fn a_comment_names_rows_that_exist() {
        let catalogue = Catalogue::parse(CATALOGUE).unwrap();
        let code = "//! Who may ask — AZ-01, AZ-02.\n\n/// Bounded (G-33, AZ-99).\nconst P: &str = \"AZ-98\"; // P-256\n";
        let tree = Tree::of(vec![("crates/server/src/a.rs".into(), code.into())]);
        let found: Vec<String> = unknown_in_comments(&tree, &catalogue).collect();
        assert_eq!(
            found,
            [
                "crates/server/src/a.rs:3: docs/threats.md has no row G-33",
                "crates/server/src/a.rs:3: docs/threats.md has no row AZ-99"
            ]
        );
    }
}
