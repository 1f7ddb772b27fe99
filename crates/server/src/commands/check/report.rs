//! What was found.

use std::fmt;

use serde::Serialize;

/// All findings, in the order in which they were made.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    ok: bool,
    findings: Vec<Finding>,
}

/// What is with one thing.
#[derive(Debug, Serialize)]
struct Finding {
    subject: &'static str,
    level: Level,
    finding: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing must be done.
    Note,
    /// Something must be done.
    Problem,
}

impl Default for Report {
    fn default() -> Self {
        Self { ok: true, findings: Vec::new() }
    }
}

impl Report {
    /// It is as it should be.
    pub(super) fn fine(&mut self, subject: &'static str, finding: impl Into<String>) {
        self.add(subject, Level::Ok, finding.into(), None);
    }

    /// It is worth knowing, and nothing must be done.
    pub(super) fn note(&mut self, subject: &'static str, finding: impl Into<String>) {
        self.add(subject, Level::Note, finding.into(), None);
    }

    /// It is wrong; `todo` says what to do.
    pub(super) fn problem(
        &mut self,
        subject: &'static str,
        finding: impl Into<String>,
        todo: impl Into<String>,
    ) {
        self.ok = false;
        self.add(subject, Level::Problem, finding.into(), Some(todo.into()));
    }

    /// Whether nothing must be done.
    pub(super) const fn is_fine(&self) -> bool {
        self.ok
    }

    fn add(&mut self, subject: &'static str, level: Level, finding: String, todo: Option<String>) {
        self.findings.push(Finding { subject, level, finding, todo });
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { subject, level, finding, todo } in &self.findings {
            let level = match level {
                Level::Ok => "ok",
                Level::Note => "note",
                Level::Problem => "PROBLEM",
            };
            writeln!(f, "{level:8} {subject:14} {finding}")?;
            if let Some(todo) = todo {
                writeln!(f, "{:23} → {todo}", "")?;
            }
        }
        let problems = self.findings.iter().filter(|finding| finding.level == Level::Problem).count();
        match problems {
            0 => f.write_str("\nNothing must be done."),
            1 => f.write_str("\nOne thing must be done."),
            _ => write!(f, "\n{problems} things must be done."),
        }
    }
}
