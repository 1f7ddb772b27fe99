//! What several targets ask.

use std::fmt::{Debug, Display};

use serde::{Serialize, de::DeserializeOwned};

/// Shorter input could be a word of the text by chance.
const TELLING: usize = 32;

/// A refusal says the same whatever was sent: nothing that a peer sends comes back in it.
pub(crate) fn fixed(error: &impl Display, input: &str) {
    let text = error.to_string();
    assert!(!text.is_empty() && text.len() <= 200, "no sentence: {text}");
    assert!(input.len() < TELLING || !text.contains(input), "the text repeats what was sent: {text}");
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
