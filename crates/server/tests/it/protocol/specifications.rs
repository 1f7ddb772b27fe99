//! The table at the head of this folder names what is there, and nothing that is there is missing.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

const PAGE: &str = include_str!("mod.rs");

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it")
}

/// The text of a module that is named from this folder, or from that of all tests.
fn text(module: &str) -> Option<String> {
    let path = module.replace("::", "/");
    [tests().join("protocol"), tests()].iter().find_map(|folder| {
        let file = fs::read_to_string(folder.join(format!("{path}.rs")));
        file.or_else(|_| folder_text(&folder.join(&path))).ok()
    })
}

/// All of a module that is a folder.
fn folder_text(folder: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    for entry in fs::read_dir(folder)? {
        text.push_str(&fs::read_to_string(entry?.path())?);
    }
    Ok(text)
}

/// The words between back quotes.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_specification_has_its_module_and_every_module_its_place() {
    let about: Vec<&str> = PAGE.lines().map_while(|line| line.strip_prefix("//!")).collect();
    let mut found = BTreeSet::new();
    for row in about.iter().filter_map(|line| line.trim().strip_prefix("| ")).skip(1) {
        let (specifications, modules) = row.split_once(" | ").unwrap();
        for module in named(modules) {
            let text = text(module).unwrap_or_else(|| panic!("there is no {module}: {row}"));
            found.insert(module.to_owned());
            if named(modules).count() > 1 {
                continue;
            }
            // A section alone goes on with the document before it.
            for document in specifications.split(", ").filter(|document| !document.starts_with('§')) {
                let document = document.split(" §").next().unwrap();
                assert!(text.contains(document), "{module} says nothing of {document}");
            }
        }
    }
    found.extend(
        about
            .iter()
            .skip_while(|line| !line.contains("What concerns"))
            .flat_map(|line| named(line))
            .map(str::to_owned),
    );
    let modules = PAGE.lines().filter_map(|line| line.strip_suffix(';')?.split_once("mod "));
    for (_, module) in modules {
        assert!(found.contains(module), "{module} stands in no row");
        assert!(text(module).is_some(), "there is no {module}");
    }
    assert!(found.len() > 30, "{found:?}");
}
