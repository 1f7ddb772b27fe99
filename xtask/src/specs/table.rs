//! Specification → section → requirements and where; without line numbers, which would be stale at each edit.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::citation::Citation;
use super::exceptions::EXCEPTIONS;
use super::held::Held;
use super::shelf;

/// Names by file; the empty name is the file itself.
pub(super) type Places = BTreeMap<String, BTreeSet<String>>;

/// Everything that was cited or is required.
#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: BTreeMap<Key, Row>,
}

/// Sorts as the page lists.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    specification: (u8, usize, String),
    section: Vec<(Reverse<bool>, usize, String)>,
    pub(super) names: (String, String),
}

/// One section.
#[derive(Default)]
pub(super) struct Row {
    pub(super) requirements: Vec<Held>,
    pub(super) code: Places,
    pub(super) tests: Places,
}

impl Table {
    /// Notes that `name` in `path` cites a section.
    pub(super) fn add(&mut self, citation: &Citation, path: &str, name: &str, tested: bool) {
        let row = self.rows.entry(Key::of(&citation.specification, &citation.section)).or_default();
        let places = if tested { &mut row.tests } else { &mut row.code };
        places.entry(path.to_owned()).or_default().insert(name.to_owned());
    }

    /// Notes what a section demands.
    pub(super) fn require(&mut self, held: Held) {
        let key = Key::of(&held.requirement.specification, &held.requirement.section);
        self.rows.entry(key).or_default().requirements.push(held);
    }

    /// The code and the tests that cite a section.
    pub(super) fn cited(&self, specification: &str, section: &str) -> (Option<&Places>, Option<&Places>) {
        let row = self.rows.get(&Key::of(specification, section));
        (row.map(|row| &row.code), row.map(|row| &row.tests))
    }

    /// Every requirement, in the order of the page.
    pub(super) fn requirements(&self) -> impl Iterator<Item = &Held> {
        self.rows.values().flat_map(|row| &row.requirements)
    }

    /// How many specifications, sections, requirements and exceptions.
    pub(super) fn totals(&self) -> String {
        let specifications: BTreeSet<&str> = self.rows.keys().map(|key| key.names.0.as_str()).collect();
        let listed: BTreeSet<&str> =
            self.requirements().map(|held| held.requirement.specification.as_str()).collect();
        let without =
            |text: fn(&Held) -> &String| self.requirements().filter(move |held| !text(held).is_empty());
        format!(
            "{} requirements of {} specifications, {} of them held for a reason without code or test of ours, {} not kept; \
             {} specifications and {} sections are cited, {} of them without a test for a reason",
            self.requirements().count(),
            listed.len(),
            without(|held| &held.requirement.reason).count(),
            without(|held| &held.requirement.not_kept).count(),
            specifications.len(),
            self.rows.len(),
            EXCEPTIONS.len(),
        )
    }

    /// Sections with neither test nor reason, and reasons that nothing asks for.
    pub(super) fn gaps(&self) -> Vec<String> {
        let name =
            |specification: &str, section: &str| format!("{specification} {section}").trim().to_owned();
        // A section whose sentences are listed is judged by them.
        let untested =
            |row: &Row| row.tests.is_empty() && !row.code.is_empty() && row.requirements.is_empty();
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
        let required = self.requirements().filter_map(|held| held.gap(self));
        open.chain(idle).chain(required).collect()
    }
}

impl Key {
    fn of(specification: &str, section: &str) -> Self {
        Self {
            specification: shelf::order(specification),
            section: section_order(section),
            names: (specification.to_owned(), section.to_owned()),
        }
    }

    /// What specifications are sorted by, and the name.
    pub(super) fn specification(&self) -> (&(u8, usize, String), &str) {
        (&self.specification, &self.names.0)
    }

    fn is(&self, specification: &str, section: &str) -> bool {
        self.names.0 == specification && self.names.1 == section
    }
}

/// Why nothing tests a section that the code cites.
pub(super) fn reason(key: &Key) -> Option<&'static str> {
    let exception = EXCEPTIONS.iter().find(|(specification, section, _)| key.is(specification, section))?;
    Some(exception.2)
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
    use super::super::page;
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
        table.add(&citation("RFC 7636", "§4.1"), "a.rs", "x", false);
        table.add(&citation(specification, section), "a.rs", "x", false);
        let gaps = table.gaps();
        assert!(gaps[0].starts_with("RFC 7636 §4.1: cited by code and by no test"), "{gaps:?}");
        assert_eq!(gaps.len(), EXCEPTIONS.len(), "this one, and every reason but one: {gaps:?}");
        assert!(page::write(&table).contains(&format!("| {section} | `a.rs`: x | none: {reason} |")));
        table.add(&citation("RFC 7636", "§4.1"), "b.rs", "y", true);
        table.add(&citation(specification, section), "b.rs", "y", true);
        assert_eq!(table.gaps().len(), EXCEPTIONS.len(), "every reason is idle: {:?}", table.gaps());
    }
}
