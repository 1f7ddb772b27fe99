//! The list of targets is complete, and each holds for its seeds and what is like them.

use std::{
    collections::BTreeSet,
    fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use super::*;

/// How many changed seeds are tried for each.
const MUTANTS: usize = 50;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The rows of a table of the page whose first cell is a name in code.
fn rows(heading: &str) -> Vec<(String, String)> {
    let page = fs::read_to_string(root().join("fuzz/README.md")).unwrap();
    let section = page.split_once(heading).unwrap().1.split("\n## ").next().unwrap().to_owned();
    let row = |line: &str| {
        let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
        let name = cells.next()?.trim_end_matches('`').to_owned();
        Some((name, cells.last()?.to_owned()))
    };
    section.lines().filter_map(row).collect()
}

#[test]
fn the_page_lists_every_target_with_what_it_reaches() {
    let expected: Vec<(String, String)> = TARGETS
        .iter()
        .map(|target| {
            let reached: Vec<String> = target.reaches.iter().map(|path| format!("`{path}`")).collect();
            (target.name.to_owned(), reached.join("<br>"))
        })
        .collect();
    let lines = |rows: &[(String, String)]| {
        rows.iter().map(|(name, reached)| format!("{name}: {reached}")).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(lines(&rows("## Targets")), lines(&expected));
}

/// How functions are called that read what strangers wrote; `parse` is one of them whatever it takes.
const NAMES: [&str; 4] = ["read", "open", "from_bytes", "from_str"];

/// How the names of others begin.
const BEGINNINGS: [&str; 3] = ["parse_", "open_", "from_token"];

/// What it is that a `verify` reads; others compare what was read before.
const VERIFIED: [&str; 4] = ["assertion: &str", "object: &str", "text: &str", "token: &str"];

/// As what strangers' bytes come. A value of JSON was read by `strict_json` before, and a row of the database is our own.
const UNTRUSTED: [&str; 9] =
    ["str", "[u8]", "Vec<u8>", "Bytes", "Params", "HeaderMap", "Body", "Request", "Response"];

/// Whether the function is a parser whose text after `fn` begins here.
fn is_parser(function: &str) -> bool {
    let Some(end) = function.find(['(', '<']) else { return false };
    let name = &function[..end];
    let signature = function.split(" {").next().unwrap().split(";\n").next().unwrap();
    let reads = NAMES.contains(&name) || BEGINNINGS.iter().any(|begin| name.starts_with(begin));
    match name {
        "parse" => true,
        "verify" => VERIFIED.iter().any(|parameter| signature.contains(parameter)),
        _ => reads && signature.split(':').skip(1).any(is_untrusted),
    }
}

/// Whether the type that begins here is one of [`UNTRUSTED`], or a reference to one.
fn is_untrusted(kind: &str) -> bool {
    let mut kind = kind.trim_start();
    for around in ["Option<", "Secret<", "&"] {
        kind = kind.strip_prefix(around).unwrap_or(kind);
    }
    if kind.starts_with('\'') {
        kind = kind.split_once(' ').map_or("", |(_, kind)| kind);
    }
    let kind = kind.strip_prefix("mut ").unwrap_or(kind);
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    UNTRUSTED.iter().any(|name| kind.strip_prefix(name).is_some_and(ends))
}

#[test]
fn a_parser_is_known_by_its_name_and_what_it_takes() {
    for function in [
        "parse(row: Row) -> Self {",
        "parse<'h>(headers: impl IntoIterator<Item = &'h [u8]>) -> Self {",
        "parse_port(text: &str) -> Option<u16> {",
        "read(&self, form: &[u8]) -> Answers {",
        "read<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {",
        "read(mut response: reqwest::Response) -> Vec<u8> {",
        "open(\n        text: &str,\n        app: &App,\n    ) -> Option<Self> {",
        "open_code(vault: &Vault, code: Option<&str>) -> Option<Self>;\n",
        "from_bytes(bytes: &'a mut [u8]) -> Self {",
        "from_token_answer(body: &Bytes) -> Self {",
        "from_str(text: &str) -> Result<Self, Self::Err> {",
        "verify(&self, token: &str, keys: &JwkSet) -> bool {",
    ] {
        assert!(is_parser(function), "{function}");
    }
    for function in [
        "parsed(text: &str) -> Self {",
        "read(row: &mut Row) -> Self {",
        "read(&self) -> &str {",
        "read(request: RequestBuilder, strict: bool) -> Self {",
        "open(&self) -> Option<Self>;\n\n    /// Another one.\n    fn close(text: &str) {",
        "from_bytes(digest: [u8; 32]) -> Self {",
        "verify(id: &str, at: Timestamp) -> Unit {",
        "verify(&self, data: &[u8], tag: &[u8]) -> bool {",
    ] {
        assert!(!is_parser(function), "{function}");
    }
}

/// Files of a crate with such a function.
fn files_with_a_parser(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path: PathBuf = entry.unwrap().path();
        if path.is_dir() {
            files_with_a_parser(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs")
            && !path.to_string_lossy().ends_with("tests.rs")
        {
            let code = fs::read_to_string(&path).unwrap();
            let code = code.split("#[cfg(test)]\nmod tests").next().unwrap();
            if code.split("fn ").skip(1).any(is_parser) {
                found.insert(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
}

#[test]
fn whatever_parses_is_reached_or_the_page_says_why_not() {
    let mut parsers = BTreeSet::new();
    for name in ["client", "protocol", "resource", "server"] {
        files_with_a_parser(&root().join("crates").join(name).join("src"), &mut parsers);
    }
    let reached = TARGETS.iter().flat_map(|target| target.reaches).map(|path| (*path).to_owned());
    let left_out: Vec<String> = rows("## Left out").into_iter().map(|(path, _)| path).collect();
    let listed: BTreeSet<String> = reached.clone().chain(left_out.iter().cloned()).collect();
    let unlisted: Vec<&String> = parsers.difference(&listed).collect();
    assert!(unlisted.is_empty(), "neither a target nor a reason: {unlisted:#?}");
    for path in listed {
        assert!(root().join(&path).is_file(), "{path} is gone");
    }
    let reached: BTreeSet<String> = reached.collect();
    assert!(left_out.iter().all(|path| !reached.contains(path)), "left out and reached");
    let idle: Vec<&String> = left_out.iter().filter(|path| !parsers.contains(*path)).collect();
    assert!(idle.is_empty(), "a reason for what is no parser: {idle:#?}");
}

/// What separates, ends or means something to some parser.
const ODD: &[u8] = b"\0\t\n\r \"#%&+,-./0:;=?@[\\]{}~\x7f\x80\xc3\xed\xff";

/// The same numbers in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 8).unwrap() % end.max(1)
    }

    /// A seed with a few changes, among them pieces of another one.
    fn mutant(&mut self, seed: &[u8], other: &[u8]) -> Vec<u8> {
        let mut bytes = seed.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 if at < bytes.len() => drop(bytes.remove(at)),
                2 => bytes.truncate(at),
                3 => bytes.insert(at, ODD[self.below(ODD.len())]),
                _ => {
                    let from = self.below(other.len() + 1);
                    let to = from + self.below(other.len() - from + 1);
                    bytes.splice(at..at, other[from..to].iter().copied());
                }
            }
        }
        bytes
    }
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = root().join("fuzz/seeds").join(target.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|_| panic!("{} has no seeds", target.name));
    let paths: BTreeSet<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(!paths.is_empty(), "{} has no seeds", target.name);
    paths.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Whether the target holds; if not, the input is shown as a text of Rust.
fn holds(target: &Target, bytes: &[u8]) -> Result<(), String> {
    let held = panic::catch_unwind(AssertUnwindSafe(|| (target.run)(bytes)));
    held.map_err(|_| format!("{}: b\"{}\"", target.name, bytes.escape_ascii()))
}

/// As they are, cut at several places, and changed here and there: `cargo xtask fuzz` goes on from there.
#[test]
fn every_seed_and_what_is_like_it_holds() {
    let mut numbers = Numbers(0x006d_6170_6165);
    let mut broken = Vec::new();
    for target in TARGETS {
        let seeds = seeds(target);
        // Drawing takes long without optimisation.
        let mutants = if target.name == "picture" { 5 } else { MUTANTS };
        for seed in &seeds {
            let cut = (0..8).map(|part| seed[..seed.len() * part / 8].to_vec());
            let inputs: Vec<Vec<u8>> = cut.chain([seed.clone()]).collect();
            let changed = (0..mutants).map(|_| {
                let other = &seeds[numbers.below(seeds.len())];
                numbers.mutant(seed, other)
            });
            let inputs = inputs.into_iter().chain(changed.collect::<Vec<_>>());
            broken.extend(inputs.filter_map(|input| holds(target, &input).err()).take(1));
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
