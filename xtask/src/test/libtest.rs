//! What `cargo test` prints, read line by line.

/// A line that matters to the summary.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Report<'a> {
    /// The next program begins; its file name.
    Program(&'a str),
    /// The examples in the documentation of this crate begin.
    Documentation(&'a str),
    /// A test failed.
    Failed(&'a str),
    /// The program is done.
    Counts(Counts),
}

/// How many tests of a program came out how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) passed: u64,
    pub(super) failed: u64,
    pub(super) ignored: u64,
}

impl Counts {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            ignored: self.ignored + other.ignored,
        }
    }
}

/// What the line says, if it says something.
pub(super) fn report(line: &str) -> Option<Report<'_>> {
    let words = line.trim();
    if let Some(rest) = words.strip_prefix("Running ") {
        // Running tests/store/main.rs (target/debug/deps/store-0123456789abcdef)
        let path = rest.rsplit_once('(')?.1.strip_suffix(')')?;
        return Some(Report::Program(path.rsplit('/').next()?));
    }
    if let Some(name) = words.strip_prefix("Doc-tests ") {
        return Some(Report::Documentation(name));
    }
    if let Some(rest) = line.strip_prefix("test result: ") {
        return Some(Report::Counts(counts(rest)));
    }
    let failed = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(Report::Failed(failed.trim_end_matches(" - should panic")))
}

/// `ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`
fn counts(text: &str) -> Counts {
    let count = |what: &str| {
        let parts = text.split([';', '.']);
        parts
            .into_iter()
            .find_map(|part| part.trim().strip_suffix(what)?.trim().parse().ok())
            .unwrap_or_default()
    };
    Counts { passed: count("passed"), failed: count("failed"), ignored: count("ignored") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_cargo_are_understood() {
        let cases = [
            ("     Running unittests src/lib.rs (target/debug/deps/mapae-1f)", Report::Program("mapae-1f")),
            ("     Running tests/store/main.rs (/t/debug/deps/store-2a)", Report::Program("store-2a")),
            ("   Doc-tests mapae_protocol", Report::Documentation("mapae_protocol")),
            ("test pkce::tests::vector ... FAILED", Report::Failed("pkce::tests::vector")),
            ("test a - should panic ... FAILED", Report::Failed("a")),
            (
                "test result: FAILED. 12 passed; 3 failed; 1 ignored; 0 measured; 9 filtered out; finished in 0.01s",
                Report::Counts(Counts { passed: 12, failed: 3, ignored: 1 }),
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(report(line), Some(expected), "{line}");
        }
        for line in
            ["", "running 3 tests", "test a ... ok", "    Finished `test` profile", "Running on empty"]
        {
            assert_eq!(report(line), None, "{line}");
        }
    }
}
