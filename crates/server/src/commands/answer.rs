//! What a command says when it is done: the same for people and as one JSON object.

use std::{
    fmt::Display,
    io::{self, Write as _},
    process::ExitCode,
};

use serde::Serialize;

use super::failure::{self, Failure};

/// The end of a command that was carried out.
#[derive(Debug)]
pub(super) struct Answer {
    json: String,
    text: String,
    code: u8,
}

impl Answer {
    /// Says `what`, which is an object in JSON and ends without a line feed as text.
    pub(super) fn of(what: &(impl Serialize + Display)) -> Result<Self, Failure> {
        let json = serde_json::to_string(what)
            .map_err(|error| Failure::new("internal", format!("the answer cannot be written: {error}")))?;
        Ok(Self { json, text: what.to_string(), code: 0 })
    }

    /// Says nothing more than was said already.
    pub(super) const fn silent() -> Self {
        Self { json: String::new(), text: String::new(), code: 0 }
    }

    /// The same, as something that was not done or must be looked at.
    pub(super) fn with_failure(self) -> Self {
        Self { code: failure::NOT_DONE, ..self }
    }

    /// Writes it to standard output. What was asked for is only done when it was said: a secret that nobody
    /// saw is lost.
    pub(super) fn print(self, json: bool) -> ExitCode {
        let text = if json { self.json } else { self.text };
        if text.is_empty() {
            return ExitCode::from(self.code);
        }
        match say(&text) {
            Ok(()) => ExitCode::from(self.code),
            Err(error) => {
                complain(&format!("error: it was done, but the answer could not be written: {error}"));
                ExitCode::from(failure::NOT_DONE)
            }
        }
    }
}

/// A line, or several, on standard output, at once.
pub(super) fn say(text: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{text}")?;
    output.flush()
}

/// A line, or several, on standard error. There is nobody left to tell when that fails.
pub(super) fn complain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
