//! The files of the repository, read once, Rust files already taken apart.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use crate::items::{self, Item};
use crate::source::{self, Line};

/// Where the repository is.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The workspace that Cargo runs this program for.
    pub(crate) fn here() -> anyhow::Result<Self> {
        // Asked while it runs: a target folder that came from another clone holds a program that was built there, and
        // that would look at the other clone's files.
        let manifest = env::var_os("CARGO_MANIFEST_DIR").context("start it with `cargo xtask`")?;
        let root = Path::new(&manifest).parent().context("the folder of xtask has no parent")?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// The top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A command that runs in the top folder and gets no input.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).stdin(std::process::Stdio::null());
        command
    }

    /// Every text file that git tracks or would track.
    pub(crate) fn tree(&self) -> anyhow::Result<Tree> {
        // "safe.directory": a clone that belongs to another user is normal in a container.
        let listing = self
            .command("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .output()
            .context("git could not be started; install it")?;
        if !listing.status.success() {
            bail!("git ls-files: {}", String::from_utf8_lossy(&listing.stderr).trim());
        }
        let listing = String::from_utf8(listing.stdout).context("a file name is not UTF-8")?;
        let paths: BTreeSet<&str> = listing.split('\0').filter(|path| !path.is_empty()).collect();
        let mut texts = Vec::new();
        for path in paths {
            // Deleted but not yet committed, or a link to nowhere: nothing to read. Not UTF-8: a picture.
            let Ok(bytes) = fs::read(self.root.join(path)) else { continue };
            let Ok(text) = String::from_utf8(bytes) else { continue };
            texts.push((path.to_owned(), text));
        }
        Ok(Tree::of(texts))
    }
}

/// All text files, in the order of their paths.
pub(crate) struct Tree {
    files: Vec<File>,
}

/// One text file.
pub(crate) struct File {
    /// From the top folder, with `/`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// Present for `.rs` files.
    pub(crate) rust: Option<Rust>,
}

/// A Rust file, taken apart.
pub(crate) struct Rust {
    pub(crate) lines: Vec<Line>,
    pub(crate) items: Vec<Item>,
    /// All of it is compiled for tests only.
    pub(crate) test_only: bool,
}

impl Tree {
    /// Takes (path, text) pairs.
    pub(crate) fn of(texts: Vec<(String, String)>) -> Self {
        let mut files: Vec<File> = texts.into_iter().map(|(path, text)| File::of(path, text)).collect();
        let declared: BTreeSet<String> = files.iter().flat_map(test_modules).collect();
        for file in &mut files {
            let in_test_folder = is_test_path(&file.path) || below_any(&file.path, &declared);
            if let Some(rust) = &mut file.rust {
                rust.test_only = in_test_folder;
            }
        }
        Self { files }
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The Rust files.
    pub(crate) fn rust(&self) -> impl Iterator<Item = (&File, &Rust)> {
        self.files.iter().filter_map(|file| file.rust.as_ref().map(|rust| (file, rust)))
    }
}

impl File {
    fn of(path: String, text: String) -> Self {
        let rust = path.ends_with(".rs").then(|| {
            let lines = source::scan(&text);
            let items = items::parse(&lines);
            Rust { lines, items, test_only: false }
        });
        Self { path, text, rust }
    }
}

fn is_test_path(path: &str) -> bool {
    path.starts_with("e2e/") || path.starts_with("tests/") || path.contains("/tests/")
}

/// `#[cfg(test)] mod name;` makes a file of its own test code: the paths (without `.rs`) that it may have.
fn test_modules(file: &File) -> Vec<String> {
    let Some(rust) = &file.rust else { return Vec::new() };
    let Some((folder, name)) = file.path.rsplit_once('/') else { return Vec::new() };
    let stem = name.trim_end_matches(".rs");
    let folder =
        if ["lib", "main", "mod"].contains(&stem) { folder.to_owned() } else { format!("{folder}/{stem}") };
    let declared = rust.items.iter().filter(|item| item.kind == items::Kind::Module && item.is_cfg_test());
    declared.map(|item| format!("{folder}/{}", item.name)).collect()
}

fn below_any(path: &str, modules: &BTreeSet<String>) -> bool {
    modules.iter().any(|module| {
        path.strip_prefix(module.as_str()).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_declared_for_tests_is_test_code_with_all_below_it() {
        let tree = Tree::of(vec![
            ("crates/a/src/lib.rs".into(), "mod pkce;\n#[cfg(test)]\nmod vectors;\n".into()),
            ("crates/a/src/pkce.rs".into(), "#[cfg(test)]\nmod races;\n".into()),
            ("crates/a/src/pkce/races.rs".into(), String::new()),
            ("crates/a/src/vectors.rs".into(), String::new()),
            ("crates/a/src/vectors/jws.rs".into(), String::new()),
            ("crates/a/src/vectors_of_space.rs".into(), String::new()),
            ("crates/a/tests/store/races.rs".into(), String::new()),
        ]);
        let test_only: Vec<&str> =
            tree.rust().filter(|(_, rust)| rust.test_only).map(|(file, _)| file.path.as_str()).collect();
        assert_eq!(
            test_only,
            [
                "crates/a/src/pkce/races.rs",
                "crates/a/src/vectors.rs",
                "crates/a/src/vectors/jws.rs",
                "crates/a/tests/store/races.rs"
            ]
        );
    }
}
