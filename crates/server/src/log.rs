//! The log: to standard error, as text for people or JSON for machines; nobody who is named in it can write
//! lines of their own or move the cursor (threats SE-30).

use std::{io, panic::PanicHookInfo};

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::{
    config::{Log, LogFormat},
    http::RequestId,
};

/// Starts logging for the rest of the process. A second call changes nothing.
pub fn install(settings: &Log) {
    if tracing::subscriber::set_global_default(subscriber(settings, io::stderr)).is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// Where it panicked and with what.
fn log_panic(info: &PanicHookInfo<'_>) {
    let location = info.location().map(ToString::to_string).unwrap_or_default();
    let message = info.payload_as_str().unwrap_or("no message");
    tracing::error!(request_id = RequestId::current(), location, message, "panic");
}

fn subscriber<W>(settings: &Log, writer: W) -> Box<dyn Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // No colours: they are control characters, and all of those are escaped below.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Escaping(writer));
    match settings.format {
        LogFormat::Text => Box::new(builder.finish()),
        LogFormat::Json => Box::new(builder.json().flatten_event(true).finish()),
    }
}

/// Writes control characters in words.
struct Escaping<W>(W);

impl<'w, W: MakeWriter<'w>> MakeWriter<'w> for Escaping<W> {
    type Writer = EscapingWriter<W::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        EscapingWriter(self.0.make_writer())
    }
}

/// Gets one event per call, of which only the last line feed is one.
struct EscapingWriter<W>(W);

impl<W: io::Write> io::Write for EscapingWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        if line.contains(must_be_escaped) {
            let mut escaped: String = line.chars().map(Escaped).map(|letter| letter.to_string()).collect();
            escaped.push('\n');
            self.0.write_all(escaped.as_bytes())?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Control characters, and what turns the direction of writing or ends a line in some programs.
fn must_be_escaped(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// In a notation that JSON understands too.
struct Escaped(char);

impl std::fmt::Display for Escaped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if must_be_escaped(self.0) {
            write!(f, "\\u{:04x}", u32::from(self.0))
        } else {
            write!(f, "{}", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what is written.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, format: LogFormat, write: impl Fn()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let settings = Log { filter: filter.to_owned(), format };
        tracing::subscriber::with_default(subscriber(&settings, move || writer.clone()), write);
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const HOSTILE: &str = "a\r\nERROR mapae: forged\x1b[2J\u{7f}\u{9b}31m\u{202e}\u{2028}\t가\"}";

    #[test]
    fn se_30_text_stays_on_one_line() {
        let text = logged("info", LogFormat::Text, || {
            tracing::info!(name = HOSTILE, shown = %HOSTILE, "said {HOSTILE}");
        });
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        assert!(text.ends_with('\n'));
        assert!(!text.trim_end_matches('\n').contains(must_be_escaped), "{text:?}");
        assert!(text.contains('가'));
    }

    #[test]
    fn se_30_json_stays_one_object_and_says_the_same() {
        let text = logged("info", LogFormat::Json, || tracing::info!(name = HOSTILE, "said"));
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        assert!(!text.trim_end_matches('\n').contains(must_be_escaped), "{text:?}");
        let object: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(object["name"], HOSTILE);
        assert_eq!(object["message"], "said");
        assert_eq!(object["level"], "INFO");
    }

    #[test]
    fn libraries_speak_up_only_when_they_warn() {
        let filter = Log::default().filter;
        let text = logged(&filter, LogFormat::Text, || {
            tracing::info!(target: "mapae::http", "ours");
            tracing::debug!(target: "mapae::http", "detail");
            tracing::info!(target: "hyper", "theirs");
            tracing::warn!(target: "hyper", "warning");
        });
        assert!(text.contains("ours") && text.contains("warning"), "{text}");
        assert!(!text.contains("detail") && !text.contains("theirs"), "{text}");
    }
}
