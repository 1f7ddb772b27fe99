//! Names that say nothing about what a module holds.

use super::Findings;
use crate::items::Kind;
use crate::tree::Tree;

const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helpers", "misc", "types", "manager", "service"];

/// A module is named for its concept; "util" and its like attract whatever has no home.
pub(super) fn modules(tree: &Tree, findings: &mut Findings) {
    for (file, rust) in tree.rust() {
        for part in file.path.trim_end_matches(".rs").split('/') {
            if EMPTY_NAMES.contains(&part) {
                findings.add(&file.path, 1, advice(part));
            }
        }
        for item in rust.items.iter().filter(|item| item.kind == Kind::Module) {
            if EMPTY_NAMES.contains(&item.name.as_str()) {
                findings.add(&file.path, item.start + 1, advice(&item.name));
            }
        }
    }
}

fn advice(name: &str) -> String {
    format!("`{name}` says nothing: name the file or module for the concept that it holds")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places_found;

    #[test]
    fn files_folders_and_modules_of_empty_names_are_found() {
        let files = [
            ("crates/a/src/lib.rs", "mod pkce;\n\npub mod helpers;\n"),
            ("crates/a/src/utils.rs", ""),
            ("crates/a/tests/common/mod.rs", ""),
            ("crates/a/src/token_types.rs", "mod tests {\n    mod misc {}\n}\n"),
            ("docs/service/note.md", ""),
        ];
        assert_eq!(
            places_found(modules, &files),
            [
                "crates/a/src/lib.rs:3",
                "crates/a/src/token_types.rs:2",
                "crates/a/src/utils.rs:1",
                "crates/a/tests/common/mod.rs:1"
            ]
        );
    }
}
