//! The programs that the tests need, and where they are on this machine.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{CHROMEDRIVER, CHROMIUM};
use crate::tree::Workspace;

/// Where Debian and Ubuntu keep the server programs of each version of PostgreSQL.
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";

const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const DRIVERS: &[&str] = &[
    "chromedriver",
    "chromium.chromedriver",
    "/usr/lib/chromium-browser/chromedriver",
    "/usr/lib/chromium/chromedriver",
];

/// What was found.
pub(super) struct Programs {
    /// The folder with `initdb` and `pg_ctl`.
    pub(super) postgres: PathBuf,
    pub(super) chromium: PathBuf,
    pub(super) chromedriver: PathBuf,
}

impl Programs {
    /// One line on what is used.
    pub(super) fn describe(&self) -> String {
        let server = self.postgres.join("postgres");
        let said =
            [&server, &self.chromium, &self.chromedriver].map(|program| version(program).unwrap_or_default());
        // It says `postgres (PostgreSQL) 15.18`.
        said.join(", ").replace("postgres (PostgreSQL)", "PostgreSQL")
    }
}

/// The folder of PostgreSQL's server programs, the newest version first.
pub(super) fn postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .max_by_key(|version| (has_server(&versioned(*version)), *version));
    let packaged = newest.map(versioned);
    let on_path = on_path("initdb").and_then(|initdb| Some(initdb.parent()?.to_path_buf()));
    packaged.into_iter().chain(on_path).find(|folder| has_server(folder))
}

fn versioned(version: u32) -> PathBuf {
    Path::new(POSTGRES_VERSIONS).join(version.to_string()).join("bin")
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
}

/// Chromium or Chrome: the one named by the setting, else the first on the path.
pub(super) fn chromium() -> Option<PathBuf> {
    chosen(CHROMIUM, BROWSERS)
}

/// The driver of Chromium.
pub(super) fn chromedriver() -> Option<PathBuf> {
    chosen(CHROMEDRIVER, DRIVERS)
}

fn chosen(setting: &str, names: &[&str]) -> Option<PathBuf> {
    match std::env::var_os(setting) {
        Some(path) => Some(PathBuf::from(path)).filter(|path| path.is_file()),
        None => names.iter().find_map(on_path),
    }
}

/// A font with Korean letters: without one, pages are pictures of empty boxes.
pub(super) fn korean_font() -> bool {
    let listed = Command::new("fc-list").arg(":lang=ko").output();
    listed.is_ok_and(|listed| !listed.stdout.is_empty())
}

/// The tests speak to clients written for Node: then it, and its package manager, must be there.
pub(super) fn node(workspace: &Workspace) -> bool {
    !wants_node(&workspace.root().join("e2e")) || (on_path("node").is_some() && on_path("npm").is_some())
}

fn wants_node(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .filter(|path| !path.ends_with("node_modules"))
        .any(|path| path.ends_with("package.json") || (path.is_dir() && wants_node(&path)))
}

/// A program on the path, or at the path that is given.
pub(super) fn on_path(name: impl AsRef<OsStr>) -> Option<PathBuf> {
    let name = Path::new(name.as_ref());
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// What a program says about itself, up to and with its version: `Chromium 156.0.8078.79`.
pub(super) fn version(program: &Path) -> Option<String> {
    let output =
        Command::new(program).arg("--version").output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.split_whitespace();
    let mut said = Vec::new();
    for word in words.by_ref() {
        said.push(word);
        if word.starts_with(|char: char| char.is_ascii_digit()) {
            return Some(said.join(" "));
        }
    }
    None
}

/// The first number of a version: `156` of `Chromium 156.0.8078.79`.
pub(super) fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().next_back()?;
    number.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_begins_with_its_major_number() {
        assert_eq!(major("Google Chrome 156.0.8078.79"), Some(156));
        assert_eq!(major("ChromeDriver 99"), Some(99));
        assert_eq!(major("Chromium"), None);
        assert_eq!(major(""), None);
    }

    #[test]
    fn programs_are_found_on_the_path_only_if_they_are_there() {
        assert!(on_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(on_path("no-program-has-this-name"), None);
    }
}
