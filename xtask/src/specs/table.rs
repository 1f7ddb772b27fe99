//! Specification → section → where, written as a page; without line numbers, which would be stale at each edit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::citation::Citation;
use super::exceptions::EXCEPTIONS;
use super::shelf;

const INTRODUCTION: &str = "\
# Specifications

Written by `cargo xtask specs`; do not edit. A row is one section: the code whose comments cite it, and the tests that hold it, by a
citation or by the row of `docs/threats.md` that they are named for. A path alone is the heading of that file. What no test holds has
the reason there; `cargo xtask specs` fails when there is neither.
";

/// Names by file; the empty name is the file itself.
type Places = BTreeMap<String, BTreeSet<String>>;

/// Everything that was cited.
#[derive(Default)]
pub(super) struct Table {
    rows: BTreeMap<Key, Row>,
}

/// Sorts as the page lists.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    specification: (u8, usize, String),
    section: Vec<(Reverse<bool>, usize, String)>,
    names: (String, String),
}

#[derive(Default)]
struct Row {
    code: Places,
    tests: Places,
}

impl Table {
    /// Notes that `name` in `path` cites a section.
    pub(super) fn add(&mut self, citation: Citation, path: &str, name: &str, tested: bool) {
        let key = Key {
            specification: shelf::order(&citation.specification),
            section: section_order(&citation.section),
            names: (citation.specification, citation.section),
        };
        let row = self.rows.entry(key).or_default();
        let places = if tested { &mut row.tests } else { &mut row.code };
        places.entry(path.to_owned()).or_default().insert(name.to_owned());
    }

    /// How many specifications, sections and gaps.
    pub(super) fn totals(&self) -> String {
        let specifications: BTreeSet<&str> = self.rows.keys().map(|key| key.names.0.as_str()).collect();
        let untested = self.rows.values().filter(|row| row.tests.is_empty()).count();
        format!(
            "{} specifications, {} sections, {untested} cited by no test and {} of them for a reason",
            specifications.len(),
            self.rows.len(),
            EXCEPTIONS.len(),
        )
    }

    /// Sections with neither test nor reason, and reasons that nothing asks for.
    pub(super) fn gaps(&self) -> Vec<String> {
        let name =
            |specification: &str, section: &str| format!("{specification} {section}").trim().to_owned();
        let untested = |row: &Row| row.tests.is_empty() && !row.code.is_empty();
        let open = self.rows.iter().filter(|(key, row)| untested(row) && reason(key).is_none()).map(|(key, _)| {
            let (specification, section) = &key.names;
            let name = name(specification, section);
            format!("{name}: cited by code and by no test: cite it at the test that holds it, or give a reason")
        });
        let needed = |&&(specification, section, _): &&(&str, &str, &str)| {
            self.rows.iter().any(|(key, row)| key.is(specification, section) && untested(row))
        };
        let idle = EXCEPTIONS.iter().filter(|exception| !needed(exception));
        let idle = idle.map(|(specification, section, _)| {
            format!(
                "{}: the reason is not needed: take it out of exceptions.rs",
                name(specification, section)
            )
        });
        open.chain(idle).collect()
    }

    /// The whole page.
    pub(super) fn page(&self) -> String {
        let mut page = INTRODUCTION.to_owned();
        let mut present = "";
        for (key, row) in &self.rows {
            let (specification, section) = &key.names;
            if specification != present {
                let heading = shelf::heading(specification);
                let _ = write!(page, "\n## {heading}\n\n| section | code | tests |\n|---|---|---|\n");
                present = specification;
            }
            let section = if section.is_empty() { "whole" } else { section };
            let tests = match reason(key).filter(|_| row.tests.is_empty()) {
                Some(reason) => format!("none: {reason}"),
                None => cell(&row.tests),
            };
            let _ = writeln!(page, "| {section} | {} | {tests} |", cell(&row.code));
        }
        page
    }
}

impl Key {
    fn is(&self, specification: &str, section: &str) -> bool {
        self.names.0 == specification && self.names.1 == section
    }
}

fn reason(key: &Key) -> Option<&'static str> {
    let exception = EXCEPTIONS.iter().find(|(specification, section, _)| key.is(specification, section))?;
    Some(exception.2)
}

fn cell(places: &Places) -> String {
    if places.is_empty() {
        return "–".to_owned();
    }
    let lines: Vec<String> = places.iter().map(|(path, names)| line(path, names)).collect();
    lines.join("<br>")
}

fn line(path: &str, names: &BTreeSet<String>) -> String {
    let named: Vec<&str> = names.iter().map(String::as_str).filter(|name| !name.is_empty()).collect();
    // The heading of the file speaks for itself; what stands behind it cites once more.
    let joint = if names.contains("") { "; " } else { ": " };
    if named.is_empty() { format!("`{path}`") } else { format!("`{path}`{joint}{}", named.join(", ")) }
}

/// Numbers by value, letters after them, appendices last.
fn section_order(section: &str) -> Vec<(Reverse<bool>, usize, String)> {
    let numbered = Reverse(!section.starts_with("Appendix "));
    let number = section.trim_start_matches("Appendix ").trim_start_matches('§');
    let part = |part: &str| match part.parse() {
        Ok(value) => (numbered, value, String::new()),
        Err(_) => (numbered, usize::MAX, part.to_owned()),
    };
    if number.is_empty() { Vec::new() } else { number.split('.').map(part).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_are_sorted_by_number_appendices_last() {
        let mut sections = ["Appendix B", "§10", "§4.1.10", "§4.1.2", "", "§4", "Appendix A.1", "§4.1"];
        sections.sort_by_key(|section| section_order(section));
        assert_eq!(sections, ["", "§4", "§4.1", "§4.1.2", "§4.1.10", "§10", "Appendix A.1", "Appendix B"]);
    }

    #[test]
    fn what_no_test_holds_is_a_gap_unless_there_is_a_reason() {
        let (specification, section, reason) = EXCEPTIONS[2];
        let citation = |specification: &str, section: &str| Citation {
            specification: specification.into(),
            section: section.into(),
        };
        let mut table = Table::default();
        table.add(citation("RFC 7636", "§4.1"), "a.rs", "x", false);
        table.add(citation(specification, section), "a.rs", "x", false);
        let gaps = table.gaps();
        assert!(gaps[0].starts_with("RFC 7636 §4.1: cited by code and by no test"), "{gaps:?}");
        assert_eq!(gaps.len(), EXCEPTIONS.len(), "this one, and every reason but one: {gaps:?}");
        assert!(table.page().contains(&format!("| {section} | `a.rs`: x | none: {reason} |")));
        table.add(citation("RFC 7636", "§4.1"), "b.rs", "y", true);
        table.add(citation(specification, section), "b.rs", "y", true);
        assert_eq!(table.gaps().len(), EXCEPTIONS.len(), "every reason is idle: {:?}", table.gaps());
    }

    #[test]
    fn the_page_does_not_depend_on_the_order_of_reading() {
        let citation = |section: &str| Citation { specification: "RFC 7636".into(), section: section.into() };
        let notes = [("§4.1", "b.rs", "z", false), ("§4.1", "b.rs", "a", false), ("§4.1", "a.rs", "", true)];
        let page = |notes: &mut dyn Iterator<Item = &(&str, &str, &str, bool)>| {
            let mut table = Table::default();
            notes.for_each(|(section, path, name, tested)| table.add(citation(section), path, name, *tested));
            table.page()
        };
        let forwards = page(&mut notes.iter());
        assert_eq!(forwards, page(&mut notes.iter().rev()));
        assert!(forwards.ends_with("| §4.1 | `b.rs`: a, z | `a.rs` |\n"), "{forwards}");
    }
}
