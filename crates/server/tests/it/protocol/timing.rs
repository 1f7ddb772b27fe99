//! How long a comparison takes says nothing about where two texts differ — threats JO-20.

use std::{
    fs,
    hint::black_box,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use mapae::store::Concealed;
use mapae_protocol::secret::{Secret, constant_time_eq};

/// In bytes: whoever stops at the first of them is a thousand times as fast as whoever reads all.
const LENGTH: usize = 1 << 18;
/// The shortest of so many runs is one that nothing has interrupted.
const RUNS: usize = 15;
/// How much longer the longest comparison may take than the shortest, on a machine that does other things, too.
const MOST: u32 = 8;

fn shortest(compare: impl Fn() -> bool) -> Duration {
    let run = |_| {
        let begun = Instant::now();
        assert!(!black_box(compare()));
        begun.elapsed()
    };
    (0..RUNS).map(run).min().unwrap()
}

/// A text that differs from [`LENGTH`] times `a` there.
fn differing(at: usize) -> String {
    let mut text = "a".repeat(LENGTH);
    text.replace_range(at..=at, "b");
    text
}

#[test]
fn jo_20_a_comparison_takes_as_long_wherever_the_texts_differ() {
    type Compare = fn(&str, &str) -> bool;
    let comparisons: [(&str, Compare); 3] = [
        ("what is presented and a secret", |one, other| Secret::new(one.to_owned()).matches(other)),
        ("what is presented and what is stored", |one, other| Concealed::from(one).matches(other)),
        ("tags and challenges", |one, other| constant_time_eq(one.as_bytes(), other.as_bytes())),
    ];
    let kept = "a".repeat(LENGTH);
    for (what, compare) in comparisons {
        let took = [0, LENGTH / 2, LENGTH - 1].map(|at| {
            let presented = differing(at);
            shortest(|| compare(black_box(&kept), black_box(&presented)))
        });
        let (least, most) = (took.iter().min().unwrap(), took.iter().max().unwrap());
        assert!(*most < *least * MOST, "{what}: {took:?}");
    }
}

/// Secrets have no `==` of their own, and their text is not compared in the place of them.
#[test]
fn jo_20_the_text_of_a_secret_is_not_compared() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for name in ["client", "protocol", "resource", "server"] {
        sources(&crates.join(name).join("src"), &mut files);
    }
    assert!(files.len() > 300, "{}", files.len());
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (number, line) in (1..).zip(code.lines()) {
            assert!(!compares(line), "{}:{number}: {line}", file.display());
        }
    }
    for wrong in [
        "if secret.expose() == presented {",
        "x.expose().as_bytes() != y",
        "one == *self.secret.expose()",
        "(a.expose()) == b",
        "presented != kept.expose().as_str()",
    ] {
        assert!(compares(wrong), "{wrong}");
    }
    for right in ["secret.expose().splitn(2, |byte| byte == x)", "a == b && secret.expose().is_empty()"] {
        assert!(!compares(right), "{right}");
    }
}

/// Whether what a secret exposes stands at one side of `==` or `!=`.
fn compares(line: &str) -> bool {
    const EXPOSED: &str = ".expose()";
    line.match_indices(EXPOSED).any(|(at, _)| {
        let mut after = &line[at + EXPOSED.len()..];
        while let Some(rest) =
            [".as_bytes()", ".as_str()", ")", " "].iter().find_map(|more| after.strip_prefix(more))
        {
            after = rest;
        }
        let is_path = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '&' | '*' | '(');
        let before = line[..at].trim_end_matches(is_path).trim_end();
        [after.get(..2), before.get(before.len().saturating_sub(2)..)]
            .into_iter()
            .flatten()
            .any(|sign| matches!(sign, "==" | "!="))
    })
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}
