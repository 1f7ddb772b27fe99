//! What ran, how long it took, what failed: the last lines that are printed.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use super::libtest::Counts;
use super::run::{Finished, Outcome};
use super::suites::Group;

/// Collects the parts of a run.
#[derive(Default)]
pub(super) struct Summary {
    steps: Vec<(&'static str, Duration)>,
    finished: Vec<Outcome>,
    /// Cargo reported success.
    success: bool,
}

/// How the run came out.
pub(super) struct Verdict {
    pub(super) passed: bool,
    /// The closing line, after it each failure on a line of its own.
    pub(super) text: String,
}

impl Summary {
    /// Does a step and notes how long it took.
    pub(super) fn timed<T>(&mut self, step: &'static str, work: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = work();
        self.steps.push((step, began.elapsed()));
        result
    }

    /// Notes what the tests said.
    pub(super) fn add(&mut self, finished: Finished) {
        self.finished = finished.suites;
        self.success = finished.success;
    }

    /// Passed: everything that ran passed, and something ran.
    pub(super) fn verdict(&self, took: Duration) -> Verdict {
        let all = self.total(|_| true);
        let time = spoken(took);
        let failures = self.failures();
        let (passed, text) = if !failures.is_empty() || !self.success {
            let failed = failures.len().max(1);
            (false, format!("FAILED: {failed} failed, {} passed, in {time}", all.passed))
        } else if all.passed == 0 {
            (false, format!("FAILED: no test has such a name (looked for {time})"))
        } else {
            (true, format!("PASSED: {} tests, {} left out, in {time}", all.passed, all.ignored))
        };
        let lines = failures.iter().map(|failure| format!("  {failure}"));
        Verdict { passed, text: std::iter::once(text).chain(lines).collect::<Vec<_>>().join("\n") }
    }

    fn failures(&self) -> Vec<String> {
        let mut failures = Vec::new();
        for outcome in &self.finished {
            let name = &outcome.suite.name;
            failures.extend(outcome.failed.iter().map(|test| format!("{name}: {test}")));
            if outcome.counts.is_none() && outcome.suite.group != Group::Documentation {
                failures.push(format!("{name}: ended before it could say how its tests came out"));
            }
        }
        failures
    }

    fn total(&self, chosen: impl Fn(&Outcome) -> bool) -> Counts {
        let counts =
            self.finished.iter().filter(|outcome| chosen(outcome)).filter_map(|outcome| outcome.counts);
        counts.fold(Counts::default(), Counts::plus)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (step, took) in &self.steps {
            writeln!(f, "  {step:<14} {:>8}", seconds(*took))?;
        }
        let mut groups: BTreeMap<Group, (Duration, usize)> = BTreeMap::new();
        for outcome in &self.finished {
            let (took, programs) = groups.entry(outcome.suite.group).or_default();
            *took += outcome.took;
            *programs += 1;
        }
        for (group, (took, programs)) in groups {
            let counts = self.total(|outcome| outcome.suite.group == group);
            let name = group.name();
            write!(f, "  {name:<14} {:>8}  {:>5} passed", seconds(took), counts.passed)?;
            if counts.failed > 0 {
                write!(f, ", {} failed", counts.failed)?;
            }
            writeln!(f, ", in {programs} {}", if programs == 1 { "program" } else { "programs" })?;
        }
        Ok(())
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// `4 min 7 s`.
fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 { format!("{seconds} s") } else { format!("{} min {} s", seconds / 60, seconds % 60) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test::suites::Suite;

    fn outcome(name: &str, group: Group, counts: Option<(u64, u64)>, failed: &[&str]) -> Outcome {
        Outcome {
            suite: Suite { name: name.into(), group },
            counts: counts.map(|(passed, failed)| Counts { passed, failed, ignored: 0 }),
            failed: failed.iter().map(|name| (*name).to_owned()).collect(),
            took: Duration::from_millis(1500),
        }
    }

    fn verdict(suites: Vec<Outcome>, success: bool) -> (bool, String) {
        let mut summary = Summary::default();
        summary.add(Finished { suites, success });
        let verdict = summary.verdict(Duration::from_secs(247));
        (verdict.passed, verdict.text)
    }

    #[test]
    fn a_run_passes_only_when_tests_ran_and_none_failed() {
        let good = || outcome("crates/a", Group::Units, Some((3, 0)), &[]);
        assert_eq!(verdict(vec![good()], true), (true, "PASSED: 3 tests, 0 left out, in 4 min 7 s".into()));
        let (passed, text) =
            verdict(vec![good(), outcome("e2e", Group::EndToEnd, Some((1, 1)), &["x"])], false);
        assert_eq!((passed, text.as_str()), (false, "FAILED: 1 failed, 4 passed, in 4 min 7 s\n  e2e: x"));
        assert!(!verdict(vec![good()], false).0, "cargo failed for a reason of its own");
        assert!(!verdict(vec![outcome("crates/a", Group::Units, Some((0, 0)), &[])], true).0, "nothing ran");
        let (passed, text) = verdict(vec![good(), outcome("b", Group::Integration, None, &[])], true);
        assert!(!passed && text.contains("b: ended before"), "{text}");
    }

    #[test]
    fn each_group_has_one_line() {
        let mut summary = Summary::default();
        summary.timed("build", || ());
        let suites = vec![
            outcome("crates/a", Group::Units, Some((3, 0)), &[]),
            outcome("crates/b", Group::Units, Some((4, 1)), &["x"]),
            outcome("e2e", Group::EndToEnd, Some((1, 0)), &[]),
        ];
        summary.add(Finished { suites, success: true });
        assert_eq!(
            summary.to_string(),
            "  build             0.0 s\n  units             3.0 s      7 passed, 1 failed, in 2 programs\n  \
             end-to-end        1.5 s      1 passed, in 1 program\n"
        );
    }
}
