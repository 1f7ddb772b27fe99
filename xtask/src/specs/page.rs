//! `docs/specs.md`: the sentences first, then the sections that are only cited.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::held::Held;
use super::shelf;
use super::table::{Key, Places, Row, Table, reason};

const INTRODUCTION: &str = "\
# Specifications

Written by `cargo xtask specs` from [`requirements/`](requirements) and from what comments in code and tests cite; do not edit. Each
sentence is a requirement in our words, and under it stand the code that keeps it and the tests that people chose for it: of what binds the
client, tests that drive `mapae-client`, or else those in which the server refuses or ignores what is done against it. What does not
stand there stands at the end of the section: whatever cites it, or is named for a row of `docs/threats.md` that does. `crates/` and `src/`
are left out of paths; a path alone is the heading of that file. The tables list further sections that the code cites, and at the end the
specifications that have no list. `cargo xtask specs` fails for a requirement without code or without test that has no reason, for one that
binds the client and that only tests of the server hold, and for a cited section of no list that has neither test nor reason.
";

/// The whole page.
pub(super) fn write(table: &Table) -> String {
    let mut page = INTRODUCTION.to_owned();
    page.push_str(&not_kept(table));
    let listed: BTreeSet<&str> =
        table.requirements().map(|held| held.requirement.specification.as_str()).collect();
    let specifications: BTreeSet<_> = table.rows.keys().map(Key::specification).collect();
    let (with_list, without): (Vec<_>, Vec<_>) =
        specifications.into_iter().map(|(_, name)| name).partition(|name| listed.contains(name));
    for specification in with_list.into_iter().chain(without) {
        let _ = write!(page, "\n## {}\n", shelf::heading(specification));
        let rows = || table.rows.iter().filter(|(key, _)| key.names.0 == *specification);
        for (key, row) in rows().filter(|(_, row)| !row.requirements.is_empty()) {
            page.push_str(&sentences(key, row));
        }
        let cited: String = rows().filter(|(_, row)| row.requirements.is_empty()).map(line).collect();
        if !cited.is_empty() {
            let _ = write!(page, "\n| section | code | tests |\n|---|---|---|\n{cited}");
        }
    }
    page
}

/// What a reader must know before anything else.
fn not_kept(table: &Table) -> String {
    let mut list = String::new();
    for held in table.requirements().filter(|held| !held.requirement.not_kept.is_empty()) {
        let _ = writeln!(list, "- {} **But** {}", held.requirement.name(), held.requirement.not_kept);
    }
    if list.is_empty() { list } else { format!("\n## Not kept\n\n{list}") }
}

fn sentences(key: &Key, row: &Row) -> String {
    let mut text = format!("\n### {}\n\n", key.names.1);
    for held in &row.requirements {
        text.push_str(&sentence(held));
    }
    let relies = |on: fn(&Held) -> bool| row.requirements.iter().any(on);
    let cited = [
        ("Code", &row.code, relies(Held::relies_on_cited_code)),
        ("Tests", &row.tests, relies(Held::relies_on_cited_tests)),
    ];
    for (title, places, needed) in cited {
        if needed && !places.is_empty() {
            let _ = write!(text, "\n{title}: {}\n", cell(places, "; "));
        }
    }
    text
}

fn sentence(held: &Held) -> String {
    let requirement = &held.requirement;
    let mut text = format!("- {}\n", requirement.sentence);
    let refused = "tests in which the server refuses or ignores it";
    for (title, places) in [("code", &held.code), ("tests", &held.tests), (refused, &held.refused)] {
        if !places.is_empty() {
            let _ = writeln!(text, "  - {title}: {}", cell(places, "; "));
        }
    }
    for (title, why) in [("for a reason", &requirement.reason), ("**not kept**", &requirement.not_kept)] {
        if !why.is_empty() {
            let _ = writeln!(text, "  - {title}: {why}");
        }
    }
    text
}

fn line((key, row): (&Key, &Row)) -> String {
    let section = if key.names.1.is_empty() { "whole" } else { &key.names.1 };
    let tests = match reason(key).filter(|_| row.tests.is_empty()) {
        Some(reason) => format!("none: {reason}"),
        None => cell(&row.tests, "<br>"),
    };
    format!("| {section} | {} | {tests} |\n", cell(&row.code, "<br>"))
}

fn cell(places: &Places, joint: &str) -> String {
    if places.is_empty() {
        return "–".to_owned();
    }
    let lines: Vec<String> = places.iter().map(|(path, names)| place(path, names)).collect();
    lines.join(joint)
}

fn place(path: &str, names: &BTreeSet<String>) -> String {
    let path = path.trim_start_matches("crates/").replacen("/src/", "/", 1);
    let named: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    // The heading of the file speaks for itself; what stands behind it cites once more.
    let joint = if names.contains("") { ", " } else { ": " };
    if named.is_empty() { format!("`{path}`") } else { format!("`{path}`{joint}{}", named.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::super::{citation::Citation, held, requirements};
    use super::*;
    use crate::tree::Tree;

    #[test]
    fn the_page_does_not_depend_on_the_order_of_reading() {
        let citation = |section: &str| Citation { specification: "RFC 7636".into(), section: section.into() };
        let notes = [("§4.1", "b.rs", "z", false), ("§4.1", "b.rs", "a", false), ("§4.1", "a.rs", "", true)];
        let page = |notes: &mut dyn Iterator<Item = &(&str, &str, &str, bool)>| {
            let mut table = Table::default();
            notes
                .for_each(|(section, path, name, tested)| table.add(&citation(section), path, name, *tested));
            write(&table)
        };
        let forwards = page(&mut notes.iter());
        assert_eq!(forwards, page(&mut notes.iter().rev()));
        assert!(forwards.ends_with("| §4.1 | `b.rs`: a, z | `a.rs` |\n"), "{forwards}");
    }

    #[test]
    fn sentences_come_first_and_what_is_not_kept_before_everything() {
        let list = "# RFC 7636\n## §4.2\n- The server MUST count.\n  tests: counts\n- The server MUST sing.\n  not kept: it cannot.\n";
        let tests = "fn counts() {}\n".to_owned();
        let tree = Tree::of(vec![("crates/a/tests/b.rs".into(), tests)]);
        let mut table = Table::default();
        let section = |section: &str| Citation { specification: "RFC 7636".into(), section: section.into() };
        table.add(&section("§4.1"), "crates/a/src/c.rs", "x", false);
        table.add(&section("§4.2"), "crates/a/src/c.rs", "y", false);
        let (held, _) = held::find(&tree, requirements::parse("a.md", list).unwrap());
        held.into_iter().for_each(|held| table.require(held));
        let page = write(&table);
        assert!(
            page.ends_with(
                "## Not kept\n\n- RFC 7636 §4.2: The server MUST sing. **But** it cannot.\n\n\
                 ## [RFC 7636](https://www.rfc-editor.org/rfc/rfc7636.html): Proof Key for Code Exchange\n\n\
                 ### §4.2\n\n- The server MUST count.\n  - tests: `a/tests/b.rs`: counts\n\
                 - The server MUST sing.\n  - **not kept**: it cannot.\n\n\
                 Code: `a/c.rs`: y\n\n\
                 | section | code | tests |\n|---|---|---|\n| §4.1 | `a/c.rs`: x | – |\n"
            ),
            "{page}"
        );
    }
}
