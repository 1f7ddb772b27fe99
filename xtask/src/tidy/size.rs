//! How long a file may be.

use super::Findings;
use crate::tree::{File, Tree};

/// The most lines of code in one file, tests included.
const MOST_LINES: usize = 400;

/// Other texts than Rust that count as code; every line that is not blank counts.
const OTHER_CODE: &[&str] = &[".css", ".html", ".js", ".mjs", ".sh", ".sql", ".ts"];

/// A file that is too long holds more than one concept.
pub(super) fn lines_of_code(tree: &Tree, findings: &mut Findings) {
    for file in tree.files() {
        let lines = count(file);
        if lines > MOST_LINES {
            let advice = format!("{lines} lines of code, the most is {MOST_LINES}: split it by concept");
            findings.add(&file.path, 1, advice);
        }
    }
}

fn count(file: &File) -> usize {
    match &file.rust {
        Some(rust) => rust.lines.iter().filter(|line| line.is_code()).count(),
        None if OTHER_CODE.iter().any(|ending| file.path.ends_with(ending)) => {
            file.text.lines().filter(|line| !line.trim().is_empty()).count()
        }
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::places_found;

    #[test]
    fn only_lines_of_code_count() {
        let full = "x();\n".repeat(MOST_LINES);
        let files = [
            ("a.rs", format!("{full}// why\n\n")),
            ("b.rs", format!("{full}y();\n")),
            ("c.css", format!("{full}\n\ny\n")),
            ("d.md", full.repeat(3)),
        ];
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
        assert_eq!(places_found(lines_of_code, &files), ["b.rs:1", "c.css:1"]);
    }
}
