//! Runs the test programs, shows what they print, and notes how each came out.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, PipeReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::ExitStatus;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use super::guard::Guard;
use super::libtest::{self, Counts, Report};
use super::suites::{self, Group, Suite, Suites};
use crate::tree::Workspace;

/// How long a process that outlives its test program may keep the output open.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Everything that ran.
pub(super) struct Finished {
    pub(super) suites: Vec<Outcome>,
    /// Cargo itself was content.
    pub(super) success: bool,
}

/// How one test program came out.
pub(super) struct Outcome {
    pub(super) suite: Suite,
    /// None when it ended before it could say.
    pub(super) counts: Option<Counts>,
    /// The names of failed tests.
    pub(super) failed: Vec<String>,
    pub(super) took: Duration,
}

enum Event {
    Line(String),
    Ended(std::io::Result<ExitStatus>),
}

/// Runs all of them, one after the other, also when one has failed.
pub(super) fn all(
    workspace: &Workspace,
    suites: &Suites,
    filters: &[String],
    settings: &[(&'static str, OsString)],
    guard: &mut Guard,
) -> anyhow::Result<Finished> {
    // One pipe for both outputs keeps the order of the lines.
    let (reader, writer) = std::io::pipe().context("no pipe")?;
    let mut cargo = workspace.command("cargo");
    cargo.args(suites::SELECTION).args(["--no-fail-fast", "--color=never", "--"]).args(filters);
    cargo.stdout(writer.try_clone()?).stderr(writer).process_group(0);
    for (name, _) in std::env::vars_os().filter(|(name, _)| is_own_setting(name)) {
        // Settings of a server that the developer runs are not meant for the servers of the tests.
        cargo.env_remove(name);
    }
    cargo.envs(settings.iter().map(|(name, value)| (name, value)));
    let mut child = cargo.spawn().context("cargo could not be started")?;
    // The command holds the writing end of the pipe: without this, the end of the output would never come.
    drop(cargo);
    guard.group(child.id())?;

    let (events, inbox) = mpsc::channel();
    let lines = events.clone();
    thread::spawn(move || read_lines(reader, &lines));
    thread::spawn(move || events.send(Event::Ended(child.wait())));

    let mut progress = Progress { suites, done: Vec::new(), began: Instant::now() };
    let (mut status, mut patience) = (None, Duration::MAX);
    loop {
        match inbox.recv_timeout(patience) {
            Ok(Event::Line(line)) => {
                writeln!(std::io::stdout(), "{line}").context("the output is closed")?;
                progress.line(&line);
            }
            Ok(Event::Ended(ended)) => {
                status = Some(ended.context("cargo was lost")?);
                patience = LAST_WORDS;
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    progress.close();
    Ok(Finished { suites: progress.done, success: status.is_some_and(|status| status.success()) })
}

fn is_own_setting(name: &std::ffi::OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("MAPAE_"))
}

fn read_lines(reader: PipeReader, lines: &Sender<Event>) {
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        let line = String::from_utf8_lossy(bytes.trim_ascii_end()).into_owned();
        if lines.send(Event::Line(line)).is_err() {
            return;
        }
        bytes.clear();
    }
}

struct Progress<'a> {
    suites: &'a Suites,
    done: Vec<Outcome>,
    /// When the present program began.
    began: Instant,
}

impl Progress<'_> {
    fn line(&mut self, line: &str) {
        match libtest::report(line) {
            Some(Report::Program(file)) => {
                let unknown = || Suite { name: file.to_owned(), group: Group::Integration };
                let suite = self.suites.get(file).cloned().unwrap_or_else(unknown);
                self.next(suite);
            }
            Some(Report::Documentation(name)) => {
                self.next(Suite { name: format!("{name} documentation"), group: Group::Documentation });
            }
            Some(Report::Failed(name)) => {
                if let Some(present) = self.done.last_mut() {
                    present.failed.push(name.to_owned());
                }
            }
            Some(Report::Counts(counts)) => {
                if let Some(present) = self.done.last_mut() {
                    // The documentation of one crate may run in several portions.
                    let before = present.counts.unwrap_or_default();
                    present.counts = Some(before.plus(counts));
                }
            }
            None => {}
        }
    }

    fn next(&mut self, suite: Suite) {
        self.close();
        self.done.push(Outcome { suite, counts: None, failed: Vec::new(), took: Duration::ZERO });
    }

    fn close(&mut self) {
        if let Some(present) = self.done.last_mut() {
            present.took = self.began.elapsed();
        }
        self.began = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_outcomes_and_a_program_that_died_has_no_counts() {
        let units = Suite { name: "crates/a".into(), group: Group::Units };
        let suites = Suites::from([("a-1f".to_owned(), units.clone())]);
        let mut progress = Progress { suites: &suites, done: Vec::new(), began: Instant::now() };
        for line in [
            "     Running unittests src/lib.rs (target/debug/deps/a-1f)",
            "test x ... FAILED",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "     Running tests/b.rs (target/debug/deps/b-2a)",
            "error: test failed, to rerun pass `-p a --test b`",
            "   Doc-tests a",
            "test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
        ] {
            progress.line(line);
        }
        progress.close();
        let done: Vec<_> = progress
            .done
            .iter()
            .map(|done| (done.suite.name.as_str(), done.counts, done.failed.as_slice()))
            .collect();
        assert_eq!(
            done,
            [
                ("crates/a", Some(Counts { passed: 1, failed: 1, ignored: 0 }), &["x".to_owned()][..]),
                ("b-2a", None, &[]),
                ("a documentation", Some(Counts { passed: 3, failed: 0, ignored: 0 }), &[]),
            ]
        );
        assert_eq!(progress.done[0].suite, units);
    }
}
