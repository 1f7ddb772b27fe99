//! The first line of a file that implements a rule says which one.

use super::Findings;
use crate::tree::Tree;

/// Folders in which every file begins with what it is and where the rule is written.
const FOLDERS: &[&str] = &[
    "crates/protocol/src/",
    "crates/server/src/endpoints/",
    "crates/server/src/grant_types/",
    "crates/server/src/client_auth/",
];

/// Whoever looks for a section of a specification finds it by reading first lines.
pub(super) fn first_line(tree: &Tree, findings: &mut Findings) {
    for (file, _) in tree.rust() {
        let concerned = FOLDERS.iter().any(|folder| file.path.starts_with(folder));
        if concerned && !file.text.lines().next().is_some_and(|line| line.starts_with("//! ")) {
            findings.add(&file.path, 1, "begin the file with `//! What it is — RFC nnnn §x.y`");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places_found;

    #[test]
    fn a_file_of_the_protocol_begins_with_its_heading() {
        let files = [
            ("crates/protocol/src/a.rs", "//! A — RFC 7636 §4.2.\n"),
            ("crates/protocol/src/b/c.rs", "use std::fmt;\n"),
            ("crates/protocol/tests/d.rs", ""),
            ("crates/server/src/endpoints/token.rs", ""),
            ("crates/server/src/router.rs", ""),
        ];
        assert_eq!(
            places_found(first_line, &files),
            ["crates/protocol/src/b/c.rs:1", "crates/server/src/endpoints/token.rs:1"]
        );
    }
}
