//! `log` and `log_format`: what is logged, and how it is written.

use super::{
    setting::{Fallback, Setting},
    source::Source,
};

const FILTER: Setting = Setting {
    section: "",
    key: "log",
    flag: None,
    default: Fallback::Literal("\"info\""),
    meaning: "What is logged: error, warn, info, debug or trace, or a filter such as \"warn,mapae::http=debug\".",
    reason: "Sign-ins, refusals and changes are worth a line; what happens within a request is not.",
};

const FORMAT: Setting = Setting {
    section: "",
    key: "log_format",
    flag: None,
    default: Fallback::Literal("\"text\""),
    meaning: "How it is written to standard error: \"text\" for people, \"json\" for machines, one object a line.",
    reason: "The first reader of a new server is a person at a terminal.",
};

pub(super) const SETTINGS: &[Setting] = &[FILTER, FORMAT];

const LEVELS: &[&str] = &["error", "warn", "info", "debug", "trace"];

/// What is logged, and how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// In the syntax of `tracing_subscriber::EnvFilter`.
    pub filter: String,
    /// How a line is written.
    pub format: LogFormat,
}

/// How a line of the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: filter_of("info"), format: LogFormat::Text }
    }
}

impl Log {
    pub(super) fn read(source: &mut Source<'_>) -> Self {
        let mut log = Self::default();
        if let Some(given) = source.text(&FILTER) {
            let filter = filter_of(&given.value);
            if tracing_subscriber::EnvFilter::try_new(&filter).is_ok() {
                log.filter = filter;
            } else {
                let wrong = format!("{:?} is neither a level nor a filter.", given.value);
                source.mistake(given.place, wrong, "Write error, warn, info, debug or trace.");
            }
        }
        if let Some(given) = source.text(&FORMAT) {
            match given.value.as_str() {
                "text" => log.format = LogFormat::Text,
                "json" => log.format = LogFormat::Json,
                other => {
                    let wrong = format!("There is no format {other:?}.");
                    source.mistake(given.place, wrong, "Write \"text\" or \"json\".");
                }
            }
        }
        log
    }
}

/// A bare level is ours; libraries speak up only when they warn.
fn filter_of(text: &str) -> String {
    if LEVELS.contains(&text) { format!("warn,mapae={text}") } else { text.to_owned() }
}
