//! Why a command was not carried out: a code for scripts, and for people what is wrong and what to do.

use std::{error::Error, fmt, process::ExitCode};

use serde::Serialize;

use super::answer::{complain, say};
use crate::{
    StartError,
    accounts::HashError,
    config::{Mistake, Mistakes},
    fault::Fault,
    keys::MasterKeyError,
    store::{
        CommitError, StoreError,
        db::{MigrateError, OpenError},
    },
};

/// It was understood and not done, or only `check` found something.
pub(super) const NOT_DONE: u8 = 1;
/// The command line or the settings were not understood.
pub(super) const MISUNDERSTOOD: u8 = 2;

/// The end of a command that was not carried out.
#[derive(Debug, Serialize)]
pub(super) struct Failure {
    error: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mistakes: Vec<Mistake>,
    #[serde(skip)]
    exit: u8,
}

impl Failure {
    /// `error` is for scripts; the message says what is wrong and what to do.
    pub(super) fn new(error: &'static str, message: impl Into<String>) -> Self {
        Self { error, message: message.into(), mistakes: Vec::new(), exit: NOT_DONE }
    }

    /// Several things are wrong with what was asked; nothing was changed.
    pub(super) fn refused(error: &'static str, mistakes: Vec<Mistake>) -> Self {
        let message = match mistakes.len() {
            1 => "nothing was changed, because something is wrong".to_owned(),
            count => format!("nothing was changed, because {count} things are wrong"),
        };
        Self { error, message, mistakes, exit: NOT_DONE }
    }

    /// The command line is none of ours; `usage` is what clap says about it.
    pub(super) fn misunderstood(usage: &str) -> Self {
        let message = usage.trim().trim_start_matches("error: ").to_owned();
        Self { exit: MISUNDERSTOOD, ..Self::new("usage", message) }
    }

    /// To standard error, or with `--json` as the one object on standard output.
    pub(super) fn print(self, json: bool) -> ExitCode {
        let written = match serde_json::to_string(&self) {
            Ok(object) if json => say(&object).is_ok(),
            _ => false,
        };
        if !written {
            complain(&format!("error: {self}"));
        }
        ExitCode::from(self.exit)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for mistake in &self.mistakes {
            write!(f, "\n\n  {mistake}")?;
        }
        Ok(())
    }
}

/// An error with its causes, none of them twice: some repeat their cause in their own text.
pub(super) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

impl From<Mistakes> for Failure {
    fn from(mistakes: Mistakes) -> Self {
        let mistakes: Vec<Mistake> = mistakes.iter().cloned().collect();
        let message = match mistakes.len() {
            1 => "there is a mistake in the configuration".to_owned(),
            count => format!("there are {count} mistakes in the configuration"),
        };
        Self { error: "invalid_configuration", message, mistakes, exit: MISUNDERSTOOD }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let text = with_causes(&error);
        match error {
            StoreError::Unavailable(_) => {
                let what_to_do = if text.contains("TLS") {
                    "--database says whose certificate is believed (sslrootcert=FILE), or that there is no TLS (sslmode=disable)"
                } else {
                    "see whether it is running and whether --database names it"
                };
                Self::new("database_unavailable", format!("{text}; {what_to_do}"))
            }
            StoreError::Stopped(_) | StoreError::Closed => Self::new("database_unavailable", text),
            StoreError::Refused { .. }
            | StoreError::CorruptRow { .. }
            | StoreError::Missing { .. }
            | StoreError::Nul { .. }
            | StoreError::TooManyRows { .. } => Self::new(
                "database_damaged",
                format!("{text}; `mapae check` looks into it, a backup of the database mends it"),
            ),
        }
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Fault(error) => error.into(),
            CommitError::Busy(obstacle) => {
                Self::new("database_busy", format!("nothing was changed: {obstacle}; try again"))
            }
            CommitError::Unknown => Self::new(
                "outcome_unknown",
                "the database was lost while it wrote: look whether it was done before you try again",
            ),
            CommitError::Conflict { .. } => Self::new(
                "conflict",
                "nothing was changed: somebody else changed the same at the same time; look and try again",
            ),
        }
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let what_to_do = match error {
            OpenError::File { .. } => "; let this user write it, or name another with --data or --database",
            OpenError::NotADatabase { .. } => "; name another one with --data or --database, or move it away",
            OpenError::Address(_) | OpenError::Certificates(_) => "; mend it in --database",
            OpenError::Thread(_) => "",
        };
        Self::new("database_unavailable", format!("{}{what_to_do}", with_causes(&error)))
    }
}

impl From<MigrateError> for Failure {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::Store(error) => error.into(),
            MigrateError::Newer { .. } => Self::new("newer_schema", with_causes(&error)),
            MigrateError::Changed { .. } => Self::new(
                "foreign_schema",
                format!("{error}: use the program that made this database, or name another with --database"),
            ),
            MigrateError::Failed { .. } => {
                Self::new("migration_failed", format!("{}; nothing of it was kept", with_causes(&error)))
            }
        }
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error.into(),
            Fault::Commit(error) => error.into(),
            Fault::Open(error) => error.into(),
            Fault::Migrate(error) => error.into(),
            Fault::Contention => {
                Self::new("conflict", "nothing was changed: others change the same at this time; try again")
            }
            Fault::OtherMasterKey => Self::new("wrong_master_key", fault.to_string()),
            other => Self::new("internal", with_causes(&other)),
        }
    }
}

impl From<MasterKeyError> for Failure {
    fn from(error: MasterKeyError) -> Self {
        Self::new("master_key_unusable", with_causes(&error))
    }
}

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        Self::new("internal", error.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        match error {
            StartError::MasterKey(error) => error.into(),
            StartError::Fault(text, source) => match source.downcast::<Fault>() {
                Ok(fault) => (*fault).into(),
                Err(_) => Self::new("internal", text),
            },
            StartError::DataFolder { .. } | StartError::NoFolder { .. } | StartError::OpenFolder { .. } => {
                Self::new("data_folder_unusable", with_causes(&error))
            }
            StartError::Mailbox { .. } => Self::new("mailbox_unusable", with_causes(&error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("the file is gone")]
        struct Inner;
        #[derive(Debug, thiserror::Error)]
        #[error("cannot start: {0}")]
        struct Repeating(#[source] Inner);
        #[derive(Debug, thiserror::Error)]
        #[error("cannot start")]
        struct Quiet(#[source] Inner);
        assert_eq!(with_causes(&Repeating(Inner)), "cannot start: the file is gone");
        assert_eq!(with_causes(&Quiet(Inner)), "cannot start: the file is gone");
    }

    #[test]
    fn a_failure_is_one_object_without_empty_parts() {
        let failure = Failure::new("not_found", "there is no app x");
        assert_eq!(
            serde_json::to_string(&failure).unwrap(),
            r#"{"error":"not_found","message":"there is no app x"}"#
        );
    }
}
