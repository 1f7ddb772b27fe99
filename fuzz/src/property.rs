//! What several targets ask.

use std::fmt::{Debug, Display};

use serde::{Serialize, de::DeserializeOwned};

/// Shorter input could be a word of the text by chance.
const TELLING: usize = 32;

/// A refusal says the same whatever was sent: nothing that a peer sends comes back in it.
pub(crate) fn fixed(error: &impl Display, input: &str) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() <= 200, "no sentence: {text}");
    assert!(input.len() < TELLING || !repeats(&text, input), "the text repeats what was sent: {text}");
}

/// Whether the input stands in the text. Both are veiled: libFuzzer tries what something was compared with, and an input that it
/// has copied from the text is no echo.
fn repeats(text: &str, input: &str) -> bool {
    let veiled = |text: &str| text.bytes().map(|byte| !byte).collect::<Vec<u8>>();
    let (text, input) = (veiled(text), veiled(input));
    text.windows(input.len()).any(|part| part == input)
}

/// Written as JSON and read again, a value is the same.
pub(crate) fn survives_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let written = serde_json::to_string(value);
    assert!(written.is_ok(), "what was read cannot be written: {value:?}");
    let read = serde_json::from_str::<T>(&written.unwrap_or_default());
    assert!(read.as_ref().is_ok_and(|read| read == value), "{value:?} came back as {read:?}");
}

/// The two parts of an input that has two: before and after the first line end.
pub(crate) fn two(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (first, rest) = bytes.split_at(end);
    (first, rest.get(1..).unwrap_or_default())
}

/// The input as text; whatever is read as text is UTF-8 before it comes to a parser.
pub(crate) fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;

    #[test]
    fn a_text_that_repeats_what_was_sent_is_found_out() {
        let sent = "the name of somebody who is long enough";
        let refused = |text: String, sent: &str| catch_unwind(|| fixed(&text, sent)).is_err();
        assert!(refused(format!("nobody is called {sent}"), sent) && refused(sent.to_owned(), sent));
        assert!(!refused("nobody is called that".to_owned(), sent));
        assert!(!refused("nobody is called that".to_owned(), "that"), "a word by chance");
        assert!(refused(String::new(), sent) && refused("x".repeat(201), sent));
    }
}
