//! What holds each requirement: the tests and files that its entry names, or whatever cites its section.

use std::collections::{BTreeMap, BTreeSet};

use super::concerned;
use super::requirements::Requirement;
use super::table::{Places, Table};
use crate::items::{self, words_and_marks};
use crate::tree::{Rust, Tree};

/// Where tests drive `mapae-client`, or the rules that it shares with the server. What binds the client is held there.
const CLIENT: &[&str] = &["crates/client/", SHARED, "crates/server/tests/it/parties/", "e2e/", "demo/"];

/// The rules that both share, but for what `mapae-client` does not do: there it is the server's half alone.
const SHARED: &str = "crates/protocol/";
const NOT_DONE: &[&str] = &["RFC 7591", "RFC 7592", "RFC 8628", "RFC 8693", "RFC 9101"];

/// A requirement with the places that its entry names.
pub(super) struct Held {
    pub(super) requirement: Requirement,
    pub(super) code: Places,
    pub(super) tests: Places,
    /// Tests in which the server refuses or ignores what is done against it.
    pub(super) refused: Places,
}

/// Finds the named tests and files; what is not there is told in the second part.
pub(super) fn find(tree: &Tree, requirements: Vec<Requirement>) -> (Vec<Held>, Vec<String>) {
    let wanted =
        requirements.iter().flat_map(|requirement| requirement.tests.iter().chain(&requirement.refused));
    let tests = paths_of_tests(tree, &wanted.map(String::as_str).collect());
    let files: BTreeSet<&str> = tree.files().map(|file| file.path.as_str()).collect();
    let mut strange = Vec::new();
    let mut held = Vec::new();
    for requirement in requirements {
        let (mut named, mut refused, mut code) = (Places::new(), Places::new(), Places::new());
        for (names, places) in [(&requirement.tests, &mut named), (&requirement.refused, &mut refused)] {
            for name in names {
                match tests.get(name) {
                    Some(paths) => paths.iter().for_each(|path| {
                        places.entry(path.clone()).or_default().insert(name.clone());
                    }),
                    None => strange.push(format!("{}: there is no test `{name}`", requirement.name())),
                }
            }
        }
        for path in &requirement.code {
            if !files.contains(path.as_str()) {
                strange.push(format!("{}: there is no file `{path}`", requirement.name()));
            }
            code.entry(path.clone()).or_default().insert(String::new());
        }
        held.push(Held { requirement, code, tests: named, refused });
    }
    (held, strange)
}

/// Where names stand in code that is compiled for tests. Names, not only functions: a test that runs on each engine is
/// made by a macro, and stands there as its argument.
fn paths_of_tests(tree: &Tree, wanted: &BTreeSet<&str>) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, rust) in concerned(tree) {
        for (at, line) in rust.lines.iter().enumerate() {
            for word in words_and_marks(&line.code).filter(|word| wanted.contains(word)) {
                if is_tested(rust, at) {
                    found.entry(word.to_owned()).or_default().insert(file.path.clone());
                }
            }
        }
    }
    found
}

fn is_tested(rust: &Rust, line: usize) -> bool {
    let within = items::innermost(&rust.items, line);
    rust.test_only
        || within.is_some_and(|index| {
            items::ancestry(&rust.items, index).any(|item| item.is_cfg_test() || item.is_test())
        })
}

impl Held {
    /// Its entry leaves the code to whatever cites the section.
    pub(super) fn relies_on_cited_code(&self) -> bool {
        self.is_plain() && self.code.is_empty()
    }

    /// Its entry leaves the tests to whatever cites the section.
    pub(super) fn relies_on_cited_tests(&self) -> bool {
        self.is_plain() && self.tests.is_empty() && self.refused.is_empty()
    }

    fn is_plain(&self) -> bool {
        self.requirement.not_kept.is_empty() && self.requirement.reason.is_empty()
    }

    /// A test of the server alone says nothing of what the client does.
    fn nobody_holds_the_client(&self, cited: Option<&Places>) -> bool {
        let tests = if self.tests.is_empty() { cited } else { Some(&self.tests) };
        let is_shared = !NOT_DONE.contains(&self.requirement.specification.as_str());
        let drives = |path: &String| {
            CLIENT.iter().any(|folder| path.starts_with(folder) && (is_shared || *folder != SHARED))
        };
        let held = tests.is_some_and(|tests| tests.keys().any(drives));
        self.requirement.binds_the_client() && self.refused.is_empty() && !held
    }

    /// What is missing, or not needed.
    pub(super) fn gap(&self, table: &Table) -> Option<String> {
        let requirement = &self.requirement;
        let (code, tests) = table.cited(&requirement.specification, &requirement.section);
        let no_code = self.code.is_empty() && code.is_none_or(Places::is_empty);
        let no_tests = self.tests.is_empty() && self.refused.is_empty() && tests.is_none_or(Places::is_empty);
        // What cites the section may speak of other sentences, so a reason may stand beside it.
        let named = !self.code.is_empty() && !self.tests.is_empty();
        let open = no_code || no_tests;
        let wrong = match (open, requirement.reason.is_empty()) {
            _ if !requirement.not_kept.is_empty() => return None,
            (true, true) if no_code && no_tests => "has neither code nor test",
            (true, true) if no_code => "has no code",
            (true, true) => "has no test",
            (false, true) if self.nobody_holds_the_client(tests) => {
                "names no test that drives `mapae-client`, and none in which the server refuses it (`refused:`)"
            }
            (_, false) if named => "names code and tests: the reason is not needed",
            (_, false) | (false, true) => return None,
        };
        Some(format!("{}: {wrong}", requirement.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{add_comments, requirements};
    use super::*;

    const LIST: &str = "\
# RFC 7636
## §4.1
- The server MUST be held by what cites it.
- The server MUST be held by name.
  tests: named
  code: crates/a/src/b.rs
- The server MUST give a reason although others are cited.
  reason: none of them speaks of this.
- The server MUST give a reason that is needed by nobody.
  tests: named
  code: crates/a/src/b.rs
  reason: none
## §4.2
- The server MUST have a test.
- The server MUST have code.
  tests: made_by_a_macro
- The server MUST have a reason.
  reason: somebody else's.
- The server MUST do otherwise.
  not kept: it harms.
- The server MUST name what exists.
  tests: parse
  code: crates/a/src/c.rs
- The client MUST be held by its own tests.
  tests: named
  code: crates/a/src/b.rs
- The client MUST be held or refused.
  refused: named
  code: crates/a/src/b.rs
- The client MUST be held somewhere.
  tests: named, of_the_client
  code: crates/a/src/b.rs
";

    /// `mapae-client` signs no requests.
    #[test]
    fn a_parser_of_the_server_holds_nothing_that_the_client_does_not_do() {
        let tree = Tree::of(vec![(
            "crates/protocol/src/a.rs".into(),
            "#[cfg(test)]\nmod tests {\n    #[test]\n    fn of_the_parser() {}\n}\n".into(),
        )]);
        let gaps = |specification: &str, tests: &str| {
            let sentence = "- The client MUST do it.";
            let list = format!(
                "# {specification}\n## §4\n{sentence}\n  {tests}: of_the_parser\n  code: crates/protocol/src/a.rs\n"
            );
            let (held, strange) = find(&tree, requirements::parse("a.md", &list).unwrap());
            assert!(strange.is_empty(), "{strange:?}");
            held.iter().filter_map(|held| held.gap(&Table::default())).count()
        };
        assert_eq!(gaps("RFC 7636", "tests"), 0);
        assert_eq!(gaps("RFC 9101", "tests"), 1);
        assert_eq!(gaps("RFC 9101", "refused"), 0);
    }

    #[test]
    fn whatever_lacks_code_or_test_and_reason_is_told() {
        let code = "/// RFC 7636 §4.1\nfn parse() {}\n#[cfg(test)]\nmod tests {\n    // RFC 7636 §4.1\n    #[test]\n    fn named() {}\n    on_each_engine! { made_by_a_macro }\n}\n";
        let tree = Tree::of(vec![
            ("crates/a/src/a.rs".into(), code.into()),
            ("crates/a/src/b.rs".into(), String::new()),
            (
                "crates/client/src/a.rs".into(),
                "#[cfg(test)]\nmod tests {\n    #[test]\n    fn of_the_client() {}\n}\n".into(),
            ),
        ]);
        let mut table = Table::default();
        add_comments(&mut table, &tree);
        let (held, strange) = find(&tree, requirements::parse("a.md", LIST).unwrap());
        let strange: Vec<&str> = strange.iter().filter_map(|text| text.rsplit(": ").next()).collect();
        assert_eq!(strange, ["there is no test `parse`", "there is no file `crates/a/src/c.rs`"]);
        let gaps: Vec<String> = held.iter().filter_map(|held| held.gap(&table)).collect();
        assert_eq!(
            gaps,
            [
                "RFC 7636 §4.1: The server MUST give a reason that is needed by nobody.: names code and tests: the reason is not needed",
                "RFC 7636 §4.2: The server MUST have a test.: has neither code nor test",
                "RFC 7636 §4.2: The server MUST have code.: has no code",
                "RFC 7636 §4.2: The server MUST name what exists.: has no test",
                "RFC 7636 §4.2: The client MUST be held by its own tests.: names no test that drives `mapae-client`, and none in which the server refuses it (`refused:`)",
            ]
        );
    }
}
