//! Words that must not stay: unfinished work, silenced lints, skipped tests, paths of somebody's machine.

use super::Findings;
use crate::tree::Tree;

/// Written in two halves, so that this file does not find itself.
const MARKS: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X")];

/// Folders that exist on one machine only.
const MACHINE_FOLDERS: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/")];

/// What is not done is not there: neither as a mark nor as a macro.
pub(super) fn unfinished(tree: &Tree, findings: &mut Findings) {
    for file in tree.files().filter(|file| !file.path.ends_with(".lock")) {
        for (at, line) in file.text.lines().enumerate() {
            for mark in MARKS.iter().filter(|mark| contains_word(line, mark)) {
                findings.add(&file.path, at + 1, format!("{mark}: finish it, or write down what is missing"));
            }
        }
    }
    for call in ["todo!", "unimplemented!"] {
        in_code(tree, call, findings, "finish it: nothing unfinished is called done");
    }
}

/// `expect` with a reason warns when it is no longer needed; `allow` stays for ever.
pub(super) fn silenced_lints(tree: &Tree, findings: &mut Findings) {
    for attribute in ["#[allow(", "#![allow("] {
        in_code(tree, attribute, findings, "write `expect(lint, reason = …)`, or mend what the lint found");
    }
}

/// A test that does not run protects nothing.
pub(super) fn skipped_tests(tree: &Tree, findings: &mut Findings) {
    in_code(tree, "#[ignore", findings, "make the test run everywhere, or move it to a task of its own");
}

/// A path of one machine works on that machine only.
pub(super) fn paths_of_a_machine(tree: &Tree, findings: &mut Findings) {
    for file in tree.files() {
        for (at, line) in file.text.lines().enumerate() {
            if MACHINE_FOLDERS.iter().any(|folder| names_folder(line, folder)) {
                findings.add(
                    &file.path,
                    at + 1,
                    "a path of one machine: make it relative, or take it as a setting",
                );
            }
        }
    }
}

fn in_code(tree: &Tree, wanted: &str, findings: &mut Findings, advice: &str) {
    for (file, rust) in tree.rust() {
        for (at, line) in rust.lines.iter().enumerate().filter(|(_, line)| line.code.contains(wanted)) {
            let found = line.code.trim();
            findings.add(&file.path, at + 1, format!("`{found}`: {advice}"));
        }
    }
}

fn contains_word(line: &str, word: &str) -> bool {
    line.split(|char: char| !char.is_alphanumeric() && char != '_').any(|part| part == word)
}

/// A folder at the beginning of a path that goes on: part of an address or a folder by that name elsewhere is neither.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|before| before.chars().next_back());
        let after = line.get(at + folder.len()..).and_then(|after| after.chars().next());
        let begins = !before.is_some_and(|char| char.is_alphanumeric() || "._-}*".contains(char));
        begins && after.is_some_and(|char| char.is_ascii_alphanumeric() || char == '.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places_found;

    #[test]
    fn unfinished_work_is_found_in_code_and_in_prose() {
        let marked = format!("one\n{}: two\nmktemp -t {}{}\n", MARKS[0], MARKS[1], MARKS[1]);
        let files = [
            ("README.md", marked.as_str()),
            ("a.rs", "fn f() {\n    todo!(\"x\")\n}\n// todo!\nlet x = \"todo!\";\n"),
        ];
        assert_eq!(places_found(unfinished, &files), ["README.md:2", "a.rs:2"]);
    }

    #[test]
    fn silenced_lints_and_skipped_tests_are_found() {
        let text = "#![allow(missing_docs)]\n#[allow(unused)]\n#[expect(unused, reason = \"…\")]\n#[ignore = \"slow\"]\n";
        assert_eq!(places_found(silenced_lints, &[("a.rs", text)]), ["a.rs:1", "a.rs:2"]);
        assert_eq!(places_found(skipped_tests, &[("a.rs", text)]), ["a.rs:4"]);
    }

    #[test]
    fn paths_of_a_machine_are_found_but_not_addresses() {
        let text = MACHINE_FOLDERS
            .iter()
            .map(|folder| {
                format!("`{folder}a/b`\nhttps://app.example{folder}x\n{folder} alone\nlet p = \"{folder}.cargo\";\n")
            })
            .collect::<String>();
        let lines = ["a.md:1", "a.md:4", "a.md:5", "a.md:8"];
        let mut found = places_found(paths_of_a_machine, &[("a.md", &text)]);
        found.sort();
        assert_eq!(found, lines);
    }
}
